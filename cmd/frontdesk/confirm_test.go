//go:build unix

package main

import (
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/rolefile"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Only a whole yes is one.
func TestConfirm(t *testing.T) {
	for typed, want := range map[string]bool{"yes\n": true, "YES\n": true, "y\n": false, "\n": false, "no\n": false, "yesterday\n": false} {
		keyboard, tty, err := pty.Open()
		if err != nil {
			t.Skipf("no pseudo-terminal here: %v", err)
		}
		go func() { _, _ = io.Copy(io.Discard, keyboard) }()
		if _, err := keyboard.WriteString(typed); err != nil {
			t.Fatal(err)
		}
		p, l, a, out := newDesk(t, desk.Effect{}, desk.Done{Seq: 9}, desk.Acks{})
		p.stdin = tty
		plan := rolefile.Plan{Steps: []rolefile.Step{{Change: desk.RoleChange{Role: "night", Name: "Night", Rank: 3}}}}
		done, err := p.carryOut(t.Context(), l, plan, false)
		if done != want || (err == nil) != want || len(a.asked) > 1 != want || strings.Contains(out.String(), "Done.") != want {
			t.Errorf("%q: done %v, %v, %d commands", typed, done, err, len(a.asked))
		}
		_ = tty.Close()
		_ = keyboard.Close()
	}
}
