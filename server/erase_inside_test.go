package server

import (
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// What was erased before the server started is no news to anybody, and no gap.
func TestRingErased(t *testing.T) {
	entry := func(seq int64, kind desk.EventKind) store.Entry {
		return store.Entry{Event: desk.Event{Seq: seq, Kind: kind, Conversation: &desk.Conversation{ID: 1}}}
	}
	blank := store.Entry{Event: desk.Event{Seq: 2, Kind: desk.MessageReceived}, Erased: true}
	r := newRing(0)
	r.add([]store.Entry{entry(1, desk.MessageReceived), blank, entry(3, desk.NoteAdded)})
	items, ok := r.after(0, 10)
	if !ok || len(items) != 3 || items[0].quiet || !items[1].quiet || items[2].quiet {
		t.Errorf("%+v, %v", items, ok)
	}
	r.add([]store.Entry{entry(4, desk.NoteAdded), entry(5, desk.ContactErased), entry(6, desk.NoteAdded)})
	for seq := range int64(4) {
		if _, ok := r.after(seq, 10); ok {
			t.Errorf("from %d on the ring still tells what was before the erasure", seq)
		}
	}
	if items, ok := r.after(4, 10); !ok || len(items) != 2 || items[0].seq != 5 || r.head() != 6 {
		t.Errorf("after the erasure: %+v, %v", items, ok)
	}
}

func TestCheckpointDue(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		head int64
		ago  time.Duration
		want bool
	}{
		{100, time.Hour, false}, // nothing new
		{101, checkpointTime - 1, false},
		{101, checkpointTime, true},
		{100 + checkpointEntries - 1, 0, false},
		{100 + checkpointEntries, 0, true},
	} {
		last := store.Checkpoint{Seq: 100, At: now.Add(-tc.ago)}
		if got := checkpointDue(last, tc.head, now); got != tc.want {
			t.Errorf("head %d after %v: %v", tc.head, tc.ago, got)
		}
	}
	if checkpointDue(store.Checkpoint{}, 0, now) {
		t.Error("an empty log is to be signed")
	}
}
