//go:build unix

package terminal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
)

// person types on a terminal what each prompt asks for.
type person struct {
	keyboard, tty *os.File
	mu            sync.Mutex
	seen          string
	changed       *sync.Cond
}

func newPerson(t *testing.T) *person {
	t.Helper()
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close(); _ = tty.Close() })
	p := &person{keyboard: keyboard, tty: tty}
	p.changed = sync.NewCond(&p.mu)
	go func() {
		buf := make([]byte, 1024)
		for {
			n, err := keyboard.Read(buf)
			p.mu.Lock()
			p.seen += string(buf[:n])
			p.mu.Unlock()
			p.changed.Broadcast()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// types waits for the question and then types an answer.
func (p *person) types(question, keys string) {
	p.sees(question)
	_, _ = p.keyboard.WriteString(keys)
}

func (p *person) sees(text string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !strings.Contains(p.seen, text) {
		p.changed.Wait()
	}
	return p.seen
}

func TestNewPasswordOnATerminal(t *testing.T) {
	for _, c := range []struct{ name, first, second, says string }{
		{"twice the same", "correct horse\n", "correct horse\n", ""},
		{"a slip", "correct horse\n", "correct hose\n", "the two passwords differ; nothing was changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			p := newPerson(t)
			ask := terminal.NewPrompt(p.tty, p.tty)
			if !ask.Asks() {
				t.Fatal("a terminal isn't taken for one")
			}
			go func() { p.types("Password: ", c.first); p.types("The same again: ", c.second) }()
			got, err := ask.NewPassword(ctx, "Password")
			if c.says != "" {
				if err == nil || err.Error() != c.says {
					t.Errorf("got %v, want %q", err, c.says)
				}
			} else if err != nil || got != "correct horse" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// Ctrl+C ends a question that nobody answers.
func TestPasswordIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := newPerson(t)
	go func() { p.sees("Password: "); cancel() }()
	if _, err := terminal.NewPrompt(p.tty, p.tty).Password(ctx, "Password"); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v, want an interruption", err)
	}
}

func TestPipedAnswers(t *testing.T) {
	var out bytes.Buffer
	ask := terminal.NewPrompt(strings.NewReader("desk.example.com\r\n pass word \nlast"), &out)
	for _, want := range []string{"desk.example.com", " pass word ", "last"} {
		if got, err := ask.NewPassword(t.Context(), "Password"); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	if _, err := ask.Password(t.Context(), "Password"); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := terminal.NewPrompt(strings.NewReader(strings.Repeat("x", 1<<20)), &out).Line(t.Context(), "E-mail"); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("an endless line: %v", err)
	}
	if out.Len() > 0 {
		t.Errorf("nobody was there to be asked %q", out.String())
	}
}

func TestPrintError(t *testing.T) {
	var out bytes.Buffer
	terminal.PrintError(&out, "frontdesk", errors.New("no \x1b]0;owned\x07desk\n  \u202eevil \x9b2J"))
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e\u009b") {
		t.Errorf("what a terminal acts on was printed: %q", out.String())
	}
	if !strings.HasPrefix(out.String(), "frontdesk: no ") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("the error reads %q", out.String())
	}
}
