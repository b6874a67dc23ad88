//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/frontdesk-inbox/frontdesk/tui/glass"
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
	s.until("esc closes")
	s.press("\x1b")
	s.gone("esc closes")
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
	if err := s.ended(); err != nil {
		t.Errorf("the demo ended with %v:\n%s", err, s.glass.Text())
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
	t     *testing.T
	tty   *os.File
	glass *glass.Glass
	done  chan error
}

func startScreen(t *testing.T, cmd *exec.Cmd, cols, rows int) *ptyScreen {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	s := &ptyScreen{t: t, tty: tty, glass: glass.New(cols, rows), done: make(chan error, 1)}
	go func() {
		_, _ = io.Copy(s.glass, tty) // ends with the program
		s.done <- cmd.Wait()
	}()
	go func() { _, _ = io.Copy(tty, s.glass) }() // what the terminal answers
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended, unless the test failed
		_ = tty.Close()
		_ = s.glass.Close()
	})
	return s
}

// until waits for the screen to show all of the texts.
func (s *ptyScreen) until(texts ...string) {
	s.t.Helper()
	s.wait(glass.Shows(texts...), "show", texts)
}

// gone waits for the screen not to show a text any more.
func (s *ptyScreen) gone(text string) {
	s.t.Helper()
	s.wait(glass.Lacks(text), "let go of", text)
}

func (s *ptyScreen) wait(ok func(string) bool, verb string, what any) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	if shown, reached := s.glass.Until(ctx, ok); !reached {
		s.t.Fatalf("the screen doesn't %s %q:\n%s", verb, what, shown)
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
	s.glass.Resize(cols, rows)
	if err := pty.Setsize(s.tty, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
}

// ended waits for the program to end.
func (s *ptyScreen) ended() error {
	s.t.Helper()
	select {
	case err := <-s.done:
		return err
	case <-time.After(20 * time.Second):
		s.t.Fatalf("the program doesn't end:\n%s", s.glass.Text())
		return nil
	}
}
