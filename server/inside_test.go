package server

import (
	"testing"

	"github.com/alexedwards/argon2id"
)

// TestNobodysHash holds the hash that unknown addresses are checked against: it
// must cost what a member's costs, or the time tells the two apart.
func TestNobodysHash(t *testing.T) {
	params, salt, key, err := argon2id.DecodeHash(nobodysHash)
	if err != nil {
		t.Fatal(err)
	}
	want := passwordCost()
	if *params != *want || len(salt) != int(want.SaltLength) || len(key) != int(want.KeyLength) {
		t.Errorf("it costs %+v, a member's %+v", params, want)
	}
}
