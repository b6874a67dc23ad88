package server

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// TestGuardForgetsTheWaitingLast makes up more networks than are remembered: the
// memory stays bounded, and an account that has to wait still has to.
func TestGuardForgetsTheWaitingLast(t *testing.T) {
	t.Parallel()
	g, now := newSignInGuard(1), time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for range accountTries {
		g.wrong("victim", "attacker", now)
	}
	for i := range 2 * trackedTries {
		g.wrong(fmt.Sprint("a", i), fmt.Sprint("n", i), now)
		if n := len(g.tries); n > trackedTries+1 {
			t.Fatalf("%d are remembered after %d tries", n, i)
		}
	}
	if g.wait("victim", "attacker", now) <= 0 {
		t.Error("a flood of others ended the wait")
	}
}

// TestGuardForgivesANetwork lets an office slip often and sign in in between.
func TestGuardForgivesANetwork(t *testing.T) {
	t.Parallel()
	g, now := newSignInGuard(1), time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for i := range networkTries - 1 {
		g.wrong(fmt.Sprint("a", i), "office", now)
	}
	g.right("a0", "office")
	for i := range networkTries / 2 {
		if g.wait("somebody", "office", now) > 0 {
			t.Fatalf("the network waits after %d more", i)
		}
		g.wrong(fmt.Sprint("b", i), "office", now)
	}
	g.wrong("c", "office", now)
	if g.wait("somebody", "office", now) <= 0 {
		t.Error("a success forgives everything")
	}
}

// TestNoTokenForWhatChangedMeanwhile changes the password, or suspends the member,
// between the check and the token.
func TestNoTokenForWhatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*store.Tx, desk.Member) error{
		"nothing":   func(*store.Tx, desk.Member) error { return nil },
		"password":  func(tx *store.Tx, m desk.Member) error { return tx.SetPasswordHash(m.ID, "another") },
		"suspended": func(tx *store.Tx, m desk.Member) error { m.Suspended = true; return tx.PutMember(m) },
	} {
		st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "desk.db"), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(t.Context(), Options{Store: st})
		if err != nil {
			t.Fatal(err)
		}
		m := desk.Member{ID: "u", Name: "Asha", Email: "asha@example.com", Role: desk.RoleAgent}
		write := func(f func(*store.Tx) error) {
			if err := st.Write(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *store.Tx) error { return tx.PutMember(m) })
		write(func(tx *store.Tx) error { return tx.SetPasswordHash(m.ID, "checked") })
		write(func(tx *store.Tx) error { return change(tx, m) })
		_, err = s.issue(t.Context(), m.ID, "checked", "password", origin{program: "test", addr: "192.0.2.1"})
		if e := desk.AsError(err); (name == "nothing") != (err == nil) || e != nil && e.Code != desk.CodeUnauthenticated {
			t.Errorf("%s: %v", name, err)
		}
		write(func(tx *store.Tx) error {
			if n, err := tx.CountSessions(m.ID); err != nil || (n == 1) != (name == "nothing") {
				t.Errorf("%s: %d sign-ins, %v", name, n, err)
			}
			return nil
		})
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}
