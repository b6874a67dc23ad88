//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// TestDemo is the README's first command, as a person would run it: the built
// program in a pseudo-terminal, its screen read through a terminal emulator.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("building and running the program takes a few seconds")
	}
	bin := filepath.Join(t.TempDir(), "frontdeskd")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	home, tmp := t.TempDir(), t.TempDir()
	cmd := exec.Command(bin, "demo", "--chats", "12", "--pace", "300ms")
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+filepath.Join(home, "state"), "XDG_CONFIG_HOME="+filepath.Join(home, "config"),
		"TMPDIR="+tmp, "TERM=xterm-256color", "TZ=UTC")
	s := startScreen(t, cmd, 120, 40)

	s.until("Asha", "live", "Queue")
	s.press("4") // all
	s.until("enter open")
	s.press("\r")
	s.until("Details", "Phone")
	s.press("?")
	s.until("Find a command")
	s.press("\x1b")
	s.gone("Find a command")
	s.press("\x0b") // ctrl+k
	s.until("enter chooses")
	s.press("theo")
	s.until("Continue as Theo Finch")
	s.press("\r")
	s.until("Theo Finch · Admin", "live")
	s.resize(80, 24)
	s.until("Theo Finch")
	s.resize(20, 5)
	s.until("small")
	s.resize(120, 40)
	s.until("Theo Finch", "Queue")
	s.press("q")
	if err := s.wait(); err != nil {
		t.Errorf("the demo ended with %v:\n%s", err, s.text())
	}
	left, err := os.ReadDir(tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("the demo left %v behind (%v)", left, err)
	}
	signIns, err := os.ReadFile(filepath.Join(home, "state", "frontdesk", "sessions.toml"))
	if err == nil && bytes.Contains(signIns, []byte("fd1_")) {
		t.Errorf("the demo left sign-ins behind:\n%s", signIns)
	}
}

// ptyScreen is a program in a pseudo-terminal.
type ptyScreen struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	term *vt.SafeEmulator
	done chan error

	mu      sync.Mutex
	changed chan struct{}
}

func startScreen(t *testing.T, cmd *exec.Cmd, cols, rows int) *ptyScreen {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	s := &ptyScreen{t: t, cmd: cmd, tty: tty, term: vt.NewSafeEmulator(cols, rows), done: make(chan error, 1), changed: make(chan struct{})}
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := tty.Read(buf)
			_, _ = s.term.Write(buf[:n]) // an emulator takes everything
			s.mu.Lock()
			close(s.changed)
			s.changed = make(chan struct{})
			s.mu.Unlock()
			if err != nil {
				s.done <- cmd.Wait()
				return
			}
		}
	}()
	go func() { _, _ = io.Copy(tty, s.term) }() // what the terminal answers
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, unless the test failed
		_ = tty.Close()
		if p, ok := s.term.InputPipe().(io.Closer); ok {
			_ = p.Close()
		}
	})
	return s
}

func (s *ptyScreen) text() string {
	var b strings.Builder
	for y := range s.term.Height() {
		for x := 0; x < s.term.Width(); {
			c := s.term.CellAt(x, y)
			if c == nil || c.Content == "" {
				b.WriteByte(' ')
				x++
				continue
			}
			b.WriteString(c.Content)
			x += max(1, c.Width)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// until waits for the screen to show all of the texts.
func (s *ptyScreen) until(want ...string) {
	s.t.Helper()
	s.wants("shows", func(text string) string {
		for _, w := range want {
			if !strings.Contains(text, w) {
				return w
			}
		}
		return ""
	})
}

// gone waits for the screen not to show a text any more.
func (s *ptyScreen) gone(text string) {
	s.t.Helper()
	s.wants("lets go of", func(shown string) string {
		if strings.Contains(shown, text) {
			return text
		}
		return ""
	})
}

// wants waits until lacks returns nothing.
func (s *ptyScreen) wants(verb string, lacks func(string) string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		text := s.text()
		missing := lacks(text)
		if missing == "" {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.t.Fatalf("the screen never %s %q:\n%s", verb, missing, text)
		}
	}
}

func (s *ptyScreen) press(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.tty, keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *ptyScreen) resize(cols, rows int) {
	s.t.Helper()
	s.term.Resize(cols, rows)
	if err := pty.Setsize(s.tty, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for the program to end.
func (s *ptyScreen) wait() error {
	select {
	case err := <-s.done:
		return err
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the program doesn't end:\n%s", s.text())
		return nil
	}
}
