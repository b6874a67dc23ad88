package server

import (
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// TestAnAckStandsForTheRightsItWasWrittenUnder acknowledges a snapshot whose rows
// are newer than its rights: another process changed the rights, and this one
// hadn't heard of it when it wrote.
func TestAnAckStandsForTheRightsItWasWrittenUnder(t *testing.T) {
	t.Parallel()
	const change = 10
	var s screen
	s.wrote(12, 9)
	s.acked(12)
	if shown, ended, late := s.state(change); shown || ended || !late {
		t.Errorf("old rights count: shown %t, ended %t, late %t", shown, ended, late)
	}
	s.wrote(12, change) // the same position, under the new rights
	s.acked(12)
	if shown, ended, late := s.state(change); !shown || ended || late {
		t.Errorf("after the new ones: shown %t, ended %t, late %t", shown, ended, late)
	}
	s.end()
	if shown, ended, late := s.state(change); !shown || ended || late {
		t.Errorf("closed afterwards: shown %t, ended %t, late %t", shown, ended, late)
	}
	if _, ended, late := s.state(change + 1); !ended || late {
		t.Errorf("closed before the next: ended %t, late %t", ended, late)
	}
}

// TestWhoNeverAcknowledgesCostsLittle sends snapshots to a client that keeps
// silent, and then speaks.
func TestWhoNeverAcknowledgesCostsLittle(t *testing.T) {
	t.Parallel()
	var s screen
	for i := range int64(1000) {
		s.wrote(i, i)
	}
	if len(s.sent) > snapshotsKept {
		t.Errorf("%d snapshots are remembered", len(s.sent))
	}
	if _, _, late := s.state(999); late {
		t.Error("a client that never acknowledged is late")
	}
	s.acked(998)
	if shown, _, late := s.state(999); shown || !late || len(s.sent) != 1 {
		t.Errorf("after an ack of the last but one: shown %t, late %t, %d wait", shown, late, len(s.sent))
	}
}

// TestOnlySoManyChangesAreRemembered asks about changes that are too old.
func TestOnlySoManyChangesAreRemembered(t *testing.T) {
	t.Parallel()
	var cs changes
	for i := range int64(changesKept + 10) {
		cs.add(change{2 * i, 2*i + 1, []*screen{{}}})
	}
	if _, screens := cs.of(5); screens != nil {
		t.Error("an old change is remembered")
	}
	for _, seq := range []int64{40, 41} {
		if last, screens := cs.of(seq); last != 41 || len(screens) != 1 {
			t.Errorf("entry %d: up to %d, %d screens", seq, last, len(screens))
		}
	}
}

// TestActsAreToldApart splits what was committed together: one command's entries
// stay together.
func TestActsAreToldApart(t *testing.T) {
	t.Parallel()
	of := func(session string) store.Entry {
		return store.Entry{Event: desk.Event{Actor: "u"}, Session: session}
	}
	entries := []store.Entry{of("a"), of("a"), of("b"), of("a")}
	for _, want := range []int{2, 1, 1} {
		act := firstAct(entries)
		if len(act) != want {
			t.Fatalf("an act of %d entries, want %d", len(act), want)
		}
		entries = entries[len(act):]
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"laptop": "laptop", "": "", "a\x00b\x1b[31m\nc": "ab[31mc", "\xff\xfe": "", "12345678": "1234567", "123456ü": "123456", "üüüü": "üüü",
	} {
		if got := clip(in, 7); got != want {
			t.Errorf("clip(%q) = %q, want %q", in, got, want)
		}
	}
}
