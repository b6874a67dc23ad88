package client

import (
	"cmp"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Replica is what this agent may see of the desk, as of one position in the
// log. It is owned by one goroutine; nothing in it locks.
//
// Its memory is bounded: of each list it holds the rows that were asked for by
// pages and at most 500 more; at most 20 threads, the least recently read going
// first, each with the messages that were asked for and those that came since;
// and the last 512 events, against which late pages are brought up to date.
//
// What it returns is its own: pointers and slices are to be read, not changed,
// and hold until the next call that changes the replica.
type Replica struct {
	known bool
	epoch string
	seq   int64
	me    desk.Actor
	as    *desk.ViewAs
	part  bool // numbers were left out of what it was loaded from

	rows    map[desk.ConversationID]*desk.Conversation // those that a list or a thread holds
	lists   []*list
	counts  map[desk.List]desk.Count
	threads map[desk.ConversationID]*thread
	used    int64 // a clock of thread reads, for evicting the least recent
	pending []pending
	people  people
	recent  recent
	voided  []desk.ConversationID // threads that were dropped since the last change was told
}

// Change tells what an [Replica.Apply] moved.
type Change struct {
	Lists   bool                  // rows, their order or the counts
	Threads []desk.ConversationID // threads with new or changed messages, and those that were dropped
	Gone    []desk.ConversationID // conversations that left our sight: close them
	People  bool                  // members, teams or roles
	Asked   bool                  // requests for access
	Rights  bool                  // Me is another than before
	Reason  desk.SnapshotReason   // of a snapshot: why it came; empty otherwise
}

// NewReplica returns a replica that knows nothing yet.
func NewReplica() *Replica {
	r := &Replica{}
	r.clear()
	return r
}

// Empty forgets everything: what was seen is no longer this person's to see.
func (r *Replica) Empty() {
	*r = Replica{}
	r.clear()
}

func (r *Replica) clear() {
	r.rows = map[desk.ConversationID]*desk.Conversation{}
	r.counts = map[desk.List]desk.Count{}
	r.threads = map[desk.ConversationID]*thread{}
	r.people = newPeople()
	r.recent = recent{}
	r.lists, r.voided = nil, nil
	for _, name := range desk.Lists() {
		r.lists = append(r.lists, &list{name: name, more: true})
	}
}

// Apply takes in what the link delivered. Messages other than snapshots and
// events change nothing. Events that were applied before are ignored, and so is
// a frame that doesn't join on to the position: the link never delivers one.
func (r *Replica) Apply(m Msg) Change {
	switch m := m.(type) {
	case desk.Snapshot:
		return r.applySnapshot(&m)
	case desk.Events:
		return r.applyEvents(&m)
	}
	return Change{}
}

// applySnapshot starts anew. Threads go too, whatever the reason: rights may
// have changed while we were away, and what the server doesn't show again must
// not stay on the screen. Messages on their way are kept.
func (r *Replica) applySnapshot(s *desk.Snapshot) Change {
	change := Change{Lists: true, People: true, Asked: true, Reason: s.Reason, Rights: !r.known || !r.me.Equal(s.Me)}
	for id := range r.threads {
		change.Threads = append(change.Threads, id)
	}
	slices.Sort(change.Threads)
	r.clear()
	r.known, r.epoch, r.seq, r.me, r.as, r.part = true, s.Epoch, s.Seq, s.Me, s.As, false
	r.recent.floor = s.Seq
	r.people.set(s)
	r.sortRequests()
	places := make(map[desk.ConversationID]desk.Cursor, len(s.Conversations))
	for _, c := range s.Conversations {
		places[c.ID] = c.Cursor()
	}
	for _, l := range r.lists {
		need := desk.ListConversations{List: l.name}.Perm()
		if l.closed = r.Can(need, desk.Subject{}, time.Time{}) != nil; l.closed {
			l.more = false
			continue
		}
		r.counts[l.name] = s.Counts[l.name]
		w, sent := s.Windows[l.name]
		l.more, l.asked = w.More || (!sent && s.Counts[l.name].Total > 0), len(w.Rows)
		if l.more && len(w.Rows) > 0 {
			l.bottom = places[w.Rows[len(w.Rows)-1]]
		}
	}
	for _, c := range s.Conversations { // each a copy of its own, so that one row doesn't keep all in memory
		r.upsert(&c)
	}
	r.dropAnswered()
	return change
}

// applyEvents applies events and departures in the order of the log.
func (r *Replica) applyEvents(f *desk.Events) Change {
	var change Change
	if !r.known || f.From > r.seq || f.To <= r.seq {
		return change
	}
	gone := slices.SortedStableFunc(slices.Values(f.Gone), func(a, b desk.Gone) int { return cmp.Compare(a.Seq, b.Seq) })
	for i := range f.Events {
		e := &f.Events[i]
		for len(gone) > 0 && gone[0].Seq <= e.Seq {
			r.applyGone(gone[0], &change)
			gone = gone[1:]
		}
		r.applyEvent(e, &change)
	}
	for _, g := range gone {
		r.applyGone(g, &change)
	}
	for _, id := range r.voided {
		change.Threads = appendOnce(change.Threads, id)
	}
	r.voided = nil
	r.seq = f.To
	r.dropAnswered()
	return change
}

func (r *Replica) applyEvent(e *desk.Event, change *Change) {
	if e.Seq <= r.seq {
		return
	}
	if r.people.apply(e) {
		change.People = true
	}
	if r.applyRequest(e) {
		change.Asked = true
	}
	c := e.Conversation
	if c == nil {
		return
	}
	r.count(e.Was(), -1)
	r.count(c, +1)
	change.Lists = true
	if e.Kind == desk.ContactErased {
		// Nothing that was read before may come back, neither from here nor with a late answer.
		r.void(c.ID)
		r.recent = recent{floor: e.Seq}
	}
	if !r.visible(c) {
		r.forget(c.ID, e.Seq, change)
		return
	}
	r.recent.add(entry{seq: e.Seq, id: c.ID, row: c, messages: e.Messages})
	r.upsert(c)
	if r.merge(c.ID, e.Messages) {
		change.Threads = appendOnce(change.Threads, c.ID)
	}
}

func (r *Replica) applyGone(g desk.Gone, change *Change) {
	if g.Seq <= r.seq {
		return
	}
	r.count(g.Before.With(g.Conversation), -1)
	change.Lists = true
	r.forget(g.Conversation, g.Seq, change)
}

// forget drops a conversation that left our sight at a log position, unless a
// page already showed it again.
func (r *Replica) forget(id desk.ConversationID, seq int64, change *Change) {
	r.recent.add(entry{seq: seq, id: id})
	if r.remove(id, seq) {
		change.Gone = appendOnce(change.Gone, id)
	} else if t := r.threads[id]; t != nil && t.read < seq {
		delete(r.threads, id) // nobody told us what was written until it came back
		change.Threads = appendOnce(change.Threads, id)
	}
}

// count adds n for the conversation to every list that shows it.
func (r *Replica) count(c *desk.Conversation, n int) {
	if !r.visible(c) {
		return
	}
	for _, l := range r.lists {
		if l.closed || !l.name.Holds(r.me.Member, c) {
			continue
		}
		was := r.counts[l.name]
		was.Total = max(0, was.Total+n)
		if c.Unread > 0 {
			was.Unread = max(0, was.Unread+n)
		}
		r.counts[l.name] = was
	}
}

// visible asks the one permission function. It looks at nothing that depends on
// the hour, so the zero time does.
func (r *Replica) visible(c *desk.Conversation) bool {
	return desk.Can(&r.me, desk.ConversationView, desk.Subject{Conversation: c}, time.Time{}) == nil
}

// upsert takes in a conversation as it is now, or as it was at a position that
// the held one is past; then it loses.
func (r *Replica) upsert(c *desk.Conversation) {
	old := r.rows[c.ID]
	if old != nil && c.Seq < old.Seq {
		return
	}
	if !r.visible(c) {
		r.remove(c.ID, c.Seq)
		return
	}
	if old != nil && old.Contact.Hidden != c.Contact.Hidden {
		r.void(c.ID)
	}
	r.rows[c.ID] = c
	for _, l := range r.lists {
		now := c
		if l.closed || !l.name.Holds(r.me.Member, c) {
			now = nil
		}
		l.put(old, now)
	}
	for _, l := range r.lists {
		for _, cut := range l.trim() {
			r.release(cut.ID)
		}
	}
	r.release(c.ID)
}

// void drops a thread whose messages were sent under other rights to its numbers
// than those that hold now: they are asked for again.
func (r *Replica) void(id desk.ConversationID) {
	if r.threads[id] != nil {
		delete(r.threads, id)
		r.voided = append(r.voided, id)
	}
}

// remove takes a conversation out of everything, unless what is held is newer
// than the position; then it reports false.
func (r *Replica) remove(id desk.ConversationID, seq int64) bool {
	if old := r.rows[id]; old != nil {
		if old.Seq > seq {
			return false
		}
		for _, l := range r.lists {
			l.put(old, nil)
		}
	}
	delete(r.rows, id)
	delete(r.threads, id)
	r.pending = slices.DeleteFunc(r.pending, func(p pending) bool { return p.message.Conversation == id })
	return true
}

// release lets go of a row that neither a list nor a thread holds.
func (r *Replica) release(id desk.ConversationID) {
	c := r.rows[id]
	if c == nil || r.threads[id] != nil {
		return
	}
	if !slices.ContainsFunc(r.lists, func(l *list) bool { return l.holds(c) }) {
		delete(r.rows, id)
	}
}

// AddPage takes in the answer to a [desk.ListConversations] that asked for the
// rows after a cursor. It reports false, and changes nothing, when the page is
// older than what the replica can bring up to date or doesn't join on to what
// the list holds: ask again after [Replica.Bottom].
func (r *Replica) AddPage(p desk.Page, after desk.Cursor) bool {
	l := r.list(p.List)
	if l == nil || l.closed || !r.known || p.Seq < r.recent.floor {
		return false
	}
	bottom := after
	if len(p.Rows) > 0 {
		bottom = p.Rows[len(p.Rows)-1].Cursor()
	}
	if !l.reach(after, bottom, p.More && len(p.Rows) > 0) {
		return false
	}
	l.asked = max(l.asked, l.shown()+len(p.Rows))
	for _, c := range p.Rows {
		r.upsert(&c)
	}
	r.replay(p.Seq, 0)
	return true
}

// replay brings rows that were read at a log position up to ours: changes since
// then may have passed when nothing here held them. With an id, only that
// conversation's.
func (r *Replica) replay(after int64, only desk.ConversationID) {
	for _, c := range r.recent.since(after) {
		switch {
		case only != 0 && c.id != only:
		case c.row == nil:
			r.remove(c.id, c.seq)
		default:
			r.upsert(c.row)
			r.merge(c.id, c.messages)
		}
	}
}

func appendOnce(ids []desk.ConversationID, id desk.ConversationID) []desk.ConversationID {
	if slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}
