package server

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// TestNobodysHash holds the hash that unknown addresses are checked against: it
// must cost what a member's costs, or the time tells the two apart.
func TestNobodysHash(t *testing.T) {
	t.Parallel()
	params, salt, key, err := argon2id.DecodeHash(nobodysHash)
	if err != nil {
		t.Fatal(err)
	}
	want := passwordCost()
	if *params != *want || len(salt) != int(want.SaltLength) || len(key) != int(want.KeyLength) {
		t.Errorf("it costs %+v, a member's %+v", params, want)
	}
}

// TestRunEndsWhenItCantStart closes the store first: Run says so instead of
// keeping time for nobody.
func TestRunEndsWhenItCantStart(t *testing.T) {
	t.Parallel()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), Options{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Run: %v", err)
	}
}
