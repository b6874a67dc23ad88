package server

import (
	"bytes"
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
	rights  desk.MemberID
	contact desk.ContactID // of the conversation
	member  desk.MemberID  // whom the event shows
	asked   desk.MemberID  // who made the request that the event shows
	// open is the event's JSON; rest the same without its request, for those who
	// don't see that. rest is empty when nothing else is left to tell, and unset
	// when the event has no request.
	open, rest variants
	// own is the event's JSON as the member whom it is about sees it; nil when it is
	// the same for everyone.
	own []byte
	of  desk.MemberID
}

// variants are an event's JSON, whole and as someone sees it who may not see
// private fields. Both are the same bytes where that makes no difference.
type variants struct{ whole, masked []byte }

func (v variants) size() int {
	if len(v.whole) > 0 && len(v.masked) > 0 && &v.whole[0] == &v.masked[0] {
		return len(v.whole)
	}
	return len(v.whole) + len(v.masked)
}

func (it *item) size() int { return it.open.size() + it.rest.size() + len(it.own) }

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
		items[i].quiet = items[i].quiet || entries[i].Erased
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := erasure(entries); i >= 0 {
		// What came before it may tell of the customer. Sessions that haven't read it
		// yet get a snapshot.
		r.items, r.bytes, items = nil, 0, items[i:]
	}
	for i := range items {
		r.bytes += items[i].size()
	}
	r.items = append(r.items, items...)
	r.last = items[len(items)-1].seq
	drop := max(0, len(r.items)-ringSize)
	for i := range r.items[:drop] {
		r.bytes -= r.items[i].size()
	}
	for ; r.bytes > ringBytes && drop < len(r.items)-1; drop++ {
		r.bytes -= r.items[drop].size()
	}
	// Not cleared: a session may be reading them. They go with the next growth.
	r.items = r.items[drop:]
}

// erasure returns where the last entry stands that erased a contact; -1 when none
// did.
func erasure(entries []store.Entry) int {
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Kind == desk.ContactErased {
			return i
		}
	}
	return -1
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

// encode makes an entry ready for every kind of reader.
func encode(e *desk.Event) item {
	it := item{seq: e.Seq, quiet: e.Kind.LogOnly()}
	if c := e.Conversation; c != nil {
		it.id, it.contact, it.after, it.before = c.ID, c.Contact.ID, c.Facts(), c.Facts()
		if e.Before != nil {
			it.before, it.began = *e.Before, e.Before.Status == ""
		}
	}
	if e.Member != nil {
		it.rights, it.member = e.Member.ID, e.Member.ID
	}
	if e.Role != nil {
		it.rights = everyone
	}
	if it.quiet {
		return it
	}
	err := it.encodeOwn(e)
	if err == nil {
		told := e.ForOthers()
		err = it.encodeTold(&told)
	}
	if err != nil {
		// Times out of range are the one thing in an event that JSON can't say, and
		// the store keeps none. A quiet entry keeps positions whole all the same.
		it.quiet = true
	}
	return it
}

// encodeOwn keeps what only the member whom the event is about is told.
func (it *item) encodeOwn(e *desk.Event) (err error) {
	switch {
	case e.Conversation != nil: // about a chat, the same for all who see it
	case e.Member != nil && (len(e.Member.Grants) == 0 || e.Request != nil):
	case e.Member != nil:
		it.of = e.Member.ID
		it.own, err = json.Marshal(e)
	case e.Request != nil && e.Request.Conversation != 0:
		it.of = e.Request.Member
		it.own, err = json.Marshal(e)
	}
	return err
}

// encodeTold keeps what the others are told.
func (it *item) encodeTold(e *desk.Event) (err error) {
	if it.open, err = encodeBoth(e); err == nil && e.Request != nil {
		it.asked = e.Request.Member
		rest := *e
		rest.Request = nil
		if rest.Conversation != nil || rest.Member != nil || rest.Team != nil || rest.Role != nil {
			it.rest, err = encodeBoth(&rest)
		}
	}
	return err
}

func encodeBoth(e *desk.Event) (v variants, err error) {
	if v.whole, err = json.Marshal(e); err != nil {
		return v, err
	}
	v.masked = v.whole
	if e.Conversation == nil && e.Member == nil {
		return v, nil
	}
	masked, err := json.Marshal(e.Masked())
	if err == nil && !bytes.Equal(masked, v.whole) {
		v.masked = masked
	}
	return v, err
}
