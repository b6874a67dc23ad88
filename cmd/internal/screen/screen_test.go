//go:build unix

package screen_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/screen"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
	"github.com/frontdesk-inbox/frontdesk/tui/glass"
)

// house is a desk with two people and one chat, served on this machine.
type house struct {
	svc *server.Service
	web *httptest.Server
}

func newHouse(t *testing.T) house {
	t.Helper()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	svc, err := server.New(t.Context(), server.Options{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	in := desk.Incoming{Channel: "test", Messages: []desk.IncomingMessage{{External: "wamid.1", Type: desk.TypeText,
		Text: "Where is my parcel?", At: time.Now(), From: desk.Identity{WAID: "447700900123", Name: "Ada Customer"}}}}
	if err := svc.Receive(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	h := house{svc, httptest.NewServer(svc.Handler())}
	t.Cleanup(h.web.Close)
	return h
}

// account adds a member, signs them in, and gives them a directory.
func (h house) account(t *testing.T, name string, role desk.RoleID) screen.Account {
	t.Helper()
	m, err := h.svc.AddMember(t.Context(), server.NewMember{Name: name, Email: name + "@example.com", Password: "correct horse battery", Role: role})
	if err != nil {
		t.Fatal(err)
	}
	token, err := h.svc.Issue(t.Context(), m.ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	return screen.Account{Key: name, Name: name, Role: string(role), Server: h.web.URL, Token: token, Dir: filepath.Join(t.TempDir(), name)}
}

// seat is an agent in front of a terminal.
type seat struct {
	t        *testing.T
	keyboard *os.File
	leave    context.CancelFunc // the terminal is closed
	ended    chan error
	glass    *glass.Glass
}

const patience = 10 * time.Second

func sit(t *testing.T, o screen.Options) *seat {
	t.Helper()
	t.Setenv("TERM", "xterm-256color")
	keyboard, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { _ = keyboard.Close(); _ = tty.Close() })
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 30, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	s := &seat{t: t, keyboard: keyboard, glass: glass.New(120, 30), ended: make(chan error, 1)}
	go func() { _, _ = io.Copy(s.glass, keyboard) }() // ends when the terminal is closed
	go func() { _, _ = io.Copy(keyboard, s.glass) }() // what the terminal answers
	t.Cleanup(func() { _ = s.glass.Close() })
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s.leave = cancel
	t.Cleanup(cancel)
	o.In, o.Out = tty, tty
	go func() { s.ended <- screen.Run(ctx, o) }()
	return s
}

func (s *seat) types(keys string) {
	s.t.Helper()
	if _, err := s.keyboard.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// sees waits until the screen shows all of these.
func (s *seat) sees(texts ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if shown, reached := s.glass.Until(ctx, glass.Shows(texts...)); !reached {
		s.t.Fatalf("the screen doesn't show %q:\n%s", texts, shown)
	}
}

// ends waits for the screen to close.
func (s *seat) ends() error {
	s.t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		s.t.Fatal("the screen didn't close")
		return nil
	}
}

func TestScreenQuits(t *testing.T) {
	a := newHouse(t).account(t, "mia", desk.RoleOwner)
	s := sit(t, screen.Options{Accounts: []screen.Account{a}, Start: "mia", Hint: "A second screen: frontdesk --as sam"})
	s.sees("● live", "A second screen")
	s.types("2")
	s.sees("● live")
	s.types("2")
	s.sees("Ada Customer")
	s.types("q")
	if err := s.ends(); err != nil {
		t.Errorf("quitting: %v", err)
	}
	if _, err := os.Stat(filepath.Join(a.Dir, "screen.json")); err != nil {
		t.Errorf("the last screen wasn't kept: %v", err)
	}
}

// When the desk can't be reached, the screen opens with what was last known and
// says that it is old.
func TestScreenOpensOffline(t *testing.T) {
	h := newHouse(t)
	a := h.account(t, "mia", desk.RoleOwner)
	o := screen.Options{Accounts: []screen.Account{a}, Start: "mia"}
	s := sit(t, o)
	s.sees("● live")
	s.types("2")
	s.sees("Ada Customer")
	s.types("q")
	if err := s.ends(); err != nil {
		t.Fatal(err)
	}
	h.web.CloseClientConnections()
	h.web.Close()
	s = sit(t, o)
	s.sees("○ reconnecting", "from your last visit")
	s.types("2")
	s.sees("Ada Customer")
	s.types("q")
	if err := s.ends(); err != nil {
		t.Errorf("quitting offline: %v", err)
	}
}

// The terminal goes away in the middle of a sentence: the sentence is there
// the next time.
func TestScreenKeepsTheDraft(t *testing.T) {
	a := newHouse(t).account(t, "mia", desk.RoleOwner)
	o := screen.Options{Accounts: []screen.Account{a}, Start: "mia"}
	s := sit(t, o)
	s.sees("● live")
	s.types("2")
	s.sees("Ada Customer")
	s.types("\r")
	s.sees("Where is my parcel?")
	s.types("r")
	s.types("It left on Tues")
	s.sees("It left on Tues")
	s.leave()
	if err := s.ends(); err != nil {
		t.Errorf("leaving: %v", err)
	}
	s = sit(t, o)
	s.sees("● live")
	s.types("2")
	s.sees("Ada Customer")
	s.types("\r")
	s.sees("Where is my parcel?")
	s.types("r")
	s.sees("It left on Tues")
	s.leave()
	if err := s.ends(); err != nil {
		t.Error(err)
	}
}

// A token that the desk doesn't take is told, and what it showed is forgotten.
func TestScreenRefused(t *testing.T) {
	a := newHouse(t).account(t, "mia", desk.RoleOwner)
	o := screen.Options{Accounts: []screen.Account{a}, Start: "mia"}
	s := sit(t, o)
	s.sees("● live")
	s.types("2")
	s.sees("Ada Customer")
	s.types("q")
	if err := s.ends(); err != nil {
		t.Fatal(err)
	}
	o.Accounts[0].Token = "fd1_another"
	s = sit(t, o)
	s.sees("ign in again")
	s.types("q")
	refused, ok := errors.AsType[*desk.Error](s.ends())
	if !ok || refused.Code != desk.CodeUnauthenticated {
		t.Errorf("got %v, want a refused sign-in", refused)
	}
	if _, err := os.Stat(filepath.Join(a.Dir, "screen.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the last screen is still there: %v", err)
	}
}

// The agent goes on as somebody else in the same window, with their drafts and
// rights and not with the first one's.
func TestScreenGoesOnAs(t *testing.T) {
	h := newHouse(t)
	o := screen.Options{Accounts: []screen.Account{h.account(t, "mia", desk.RoleOwner), h.account(t, "val", desk.RoleViewer)}, Start: "mia", NoMouse: true}
	s := sit(t, o)
	s.sees("● live", "mia · Owner")
	s.types("\x0b")
	s.types("continue as val")
	s.sees("Continue as val")
	s.types("\r")
	s.sees("● live", "val · Viewer")
	s.types("q")
	if err := s.ends(); err != nil {
		t.Error(err)
	}
	for _, a := range o.Accounts {
		if _, err := os.Stat(filepath.Join(a.Dir, "screen.json")); err != nil {
			t.Errorf("%s's last screen wasn't kept: %v", a.Name, err)
		}
	}
}

func TestScreenWithoutAccount(t *testing.T) {
	if err := screen.Run(t.Context(), screen.Options{Start: "nobody"}); err == nil {
		t.Error("a screen opened for nobody")
	}
}

// A directory that others can read isn't used.
func TestScreenRefusesOpenDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	err := screen.Run(t.Context(), screen.Options{Start: "a", Accounts: []screen.Account{{Key: "a", Dir: dir}}})
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want a sentence about %s", err, dir)
	}
}
