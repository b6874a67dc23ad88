package server

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// TestOlderEntriesBringNothingBack: rights that hold before the entries in between
// could be read stay when these are, a few at a time; and what those say of others
// holds too.
func TestOlderEntriesBringNothingBack(t *testing.T) {
	t.Parallel()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	s, err := New(t.Context(), Options{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	head := s.ring.head()
	entry := func(n int64, id desk.MemberID, role desk.RoleID, suspended bool) store.Entry {
		m := desk.Member{ID: id, Name: string(id), Role: role, Suspended: suspended}
		return store.Entry{Event: desk.Event{Seq: head + n, At: time.Now(), Kind: desk.RoleAssigned, Member: &m}}
	}
	ana1, bob2, ana3, bob4 := entry(1, "ana", desk.RoleOwner, false), entry(2, "bob", desk.RoleViewer, false), entry(3, "ana", desk.RoleAgent, true), entry(4, "bob", desk.RoleAgent, false)
	s.feedMu.Lock()
	defer s.feedMu.Unlock()
	is := func(when string, ana, bob desk.RoleID, at int64) {
		t.Helper()
		d := s.people.Load()
		if d.members["ana"].Role != ana || d.members["bob"].Role != bob || d.at != head+at {
			t.Errorf("%s: ana is %+v, bob %+v, at %d", when, d.members["ana"], d.members["bob"], d.at-head)
		}
	}
	s.governAhead([]store.Entry{ana3})
	is("ahead", desk.RoleAgent, "", 3)
	s.feed([]store.Entry{ana1})
	is("after the first", desk.RoleAgent, "", 3)
	s.feed([]store.Entry{bob2})
	is("after the second", desk.RoleAgent, desk.RoleViewer, 3)
	if !s.people.Load().actors["ana"].Member.Suspended {
		t.Error("ana may work again")
	}
	s.feed([]store.Entry{ana3, bob4})
	is("at the end", desk.RoleAgent, desk.RoleAgent, 4)
	if len(s.ahead) != 0 {
		t.Errorf("it keeps %+v", s.ahead)
	}
}
