package server

import (
	"encoding/json"
	"sync"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

const (
	ringSize    = 1 << 16  // entries kept in memory
	ringBytes   = 64 << 20 // and their encoded bytes
	ringAtStart = 8192     // entries loaded when the server starts
)

// item is one entry of the log, ready to be written to any session.
type item struct {
	seq    int64
	id     desk.ConversationID // 0 when the entry isn't about a conversation
	after  desk.Facts
	before desk.Facts // as after, when no fact changed
	began  bool       // the conversation is new: nobody saw it before
	quiet  bool       // log only
	// rights is whose rights the entry changed: a member, everyone, or "".
	rights desk.MemberID
	raw    []byte // the event's JSON
}

// everyone stands in item.rights when a role itself changed.
const everyone desk.MemberID = "*"

// ring is the newest part of the log, in memory. Every session reads from it by
// its own position; one whose position is no longer in it gets a snapshot.
type ring struct {
	mu    sync.RWMutex
	items []item // in order, without gaps; items[0] is the oldest
	last  int64  // the newest entry's number
	bytes int
}

func newRing(head int64) *ring { return &ring{last: head} }

func (r *ring) head() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.last
}

// add appends entries, which follow the head without a gap.
func (r *ring) add(entries []store.Entry) {
	items := make([]item, len(entries))
	for i := range entries {
		items[i] = encode(&entries[i].Event)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range items {
		r.bytes += len(items[i].raw)
	}
	r.items = append(r.items, items...)
	r.last = items[len(items)-1].seq
	drop := max(0, len(r.items)-ringSize)
	for i := range r.items[:drop] {
		r.bytes -= len(r.items[i].raw)
	}
	for ; r.bytes > ringBytes && drop < len(r.items)-1; drop++ {
		r.bytes -= len(r.items[drop].raw)
	}
	// Not cleared: a session may be reading them. They go with the next growth.
	r.items = r.items[drop:]
}

// after returns what follows a position, oldest first, at most limit entries.
// ok is false when the position is older than what the ring holds or newer than
// the log. The items are shared: nobody changes them.
func (r *ring) after(seq int64, limit int) (items []item, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	oldest := r.last - int64(len(r.items)) // the position before the first item
	if seq < oldest || seq > r.last {
		return nil, seq > r.last
	}
	items = r.items[seq-oldest:]
	return items[:min(limit, len(items))], true
}

func encode(e *desk.Event) item {
	it := item{seq: e.Seq, quiet: e.Kind.LogOnly()}
	if c := e.Conversation; c != nil {
		it.id, it.after, it.before = c.ID, c.Facts(), c.Facts()
		if e.Before != nil {
			it.before, it.began = *e.Before, e.Before.Status == ""
		}
	}
	switch {
	case e.Role != nil:
		it.rights = everyone
	case e.Member != nil:
		it.rights = e.Member.ID
	}
	raw, err := json.Marshal(e)
	if err != nil {
		// Times out of range are the one thing in an event that JSON can't say, and
		// the store keeps none. A quiet entry keeps positions whole all the same.
		it.quiet = true
	}
	it.raw = raw
	return it
}
