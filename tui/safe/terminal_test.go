//go:build unix

package safe_test

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// TestTerminalReadsOnce shows that a Read which may pass nothing returns,
// rather than wait for a file that nobody said is ready.
func TestTerminalReadsOnce(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	in := safe.NewTerminal(r)
	buf := make([]byte, 4096)
	for _, step := range []struct{ send, want string }{
		{"a", "a"},
		{"\x9b\x9b", ""},
		{"\x1b[1" + strings.Repeat(";1", 40) + "m", ""},
		{strings.Repeat("x", 3000), strings.Repeat("x", 3000)},
	} {
		if _, err := w.WriteString(step.send); err != nil {
			t.Fatal(err)
		}
		n, err := in.Read(buf)
		if err != nil || string(buf[:n]) != step.want {
			t.Fatalf("sent %q, read %q, %v", step.send, buf[:n], err)
		}
	}
}

// TestTerminalInProgram runs a Bubble Tea program on a pseudo-terminal behind
// the guard: keys arrive, what no keyboard sends does not crash it, and it
// ends at once although a Read is under way.
func TestTerminalInProgram(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	defer keyboard.Close()
	defer tty.Close()
	go io.Copy(io.Discard, keyboard)

	in := safe.NewTerminal(tty)
	seen := make(chan string, 16)
	p := tea.NewProgram(listener(seen), tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(tty),
		tea.WithWindowSize(80, 24), tea.WithEnvironment([]string{"TERM=xterm-256color"}))
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run()
		ended <- err
	}()
	receive(t, ctx, seen, "ready")

	many := "\x1b[1" + strings.Repeat(";1", 40) + "m"
	for _, step := range []struct{ send, want string }{
		{"a", "a"},
		{"é", "é"},
		{"\x03", "ctrl+c"}, // a key, not a signal: the terminal is in raw mode
		{"\x1b", "esc"},
		{"\x1b[A", "up"},
		{"\x1b[97;5u", "ctrl+a"},
		{many + "b", "b"},
		{"\x1b[200~two\nlines\x1b[201~", "paste two\nlines"},
		{"q", "q"},
	} {
		if _, err := keyboard.WriteString(step.send); err != nil {
			t.Fatal(err)
		}
		receive(t, ctx, seen, step.want)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-ctx.Done():
		t.Fatal("the program does not end")
	}
}

func receive(t *testing.T, ctx context.Context, seen <-chan string, want string) {
	t.Helper()
	select {
	case got := <-seen:
		if got != want {
			t.Fatalf("saw %q, want %q", got, want)
		}
	case <-ctx.Done():
		t.Fatalf("never saw %q", want)
	}
}

// listener is a program that tells which keys it sees, and ends at q.
type listener chan string

func (l listener) Init() tea.Cmd {
	return func() tea.Msg { return readyMsg{} }
}

func (l listener) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case readyMsg:
		l <- "ready"
	case tea.PasteMsg:
		l <- "paste " + msg.Content
	case tea.KeyPressMsg:
		l <- msg.String()
		if msg.String() == "q" {
			return l, tea.Quit
		}
	}
	return l, nil
}

func (l listener) View() tea.View { return tea.NewView("listening") }

type readyMsg struct{}
