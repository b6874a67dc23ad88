package client

import (
	"cmp"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// maxThreads is how many threads are held; the least recently read goes first.
const maxThreads = 20

// thread is the end of a conversation's thread, without a gap: from a place on,
// every message is here. Messages on their way stand after it.
type thread struct {
	messages []desk.Message // oldest first
	sure     int            // how many of them the server told us of; the rest are on their way
	places   map[desk.MessageID]desk.Place
	more     bool  // older ones exist
	read     int64 // the log position at which its end was read
	used     int64
}

// pending is a message of ours that no event has told of yet.
type pending struct {
	message desk.Message
	done    int64 // the log position that its answer named; 0 while unanswered
}

// find returns where the message is or would stand among the sure ones.
func (t *thread) find(at desk.Place, id desk.MessageID) (int, bool) {
	return slices.BinarySearchFunc(t.messages[:t.sure], id, func(m desk.Message, id desk.MessageID) int {
		return cmp.Or(m.At.Compare(at.At), cmp.Compare(m.Order, at.Order), cmp.Compare(m.ID, id))
	})
}

// put takes in a message that is new or changed; it reports false when the one
// that is held is newer.
func (t *thread) put(m desk.Message) bool {
	if at, held := t.places[m.ID]; held {
		i, found := t.find(at, m.ID)
		if !found || m.Seq < t.messages[i].Seq {
			return false
		}
		if at == m.Place() {
			t.messages[i] = m
			return true
		}
		t.messages = slices.Delete(t.messages, i, i+1)
		t.sure--
	}
	i, _ := t.find(m.Place(), m.ID)
	t.messages = slices.Insert(t.messages, i, m)
	t.places[m.ID] = m.Place()
	t.sure++
	return true
}

// beyond reports whether the message stands in the part that isn't loaded: it
// comes with the page that holds it.
func (t *thread) beyond(m *desk.Message) bool {
	return t.more && (t.sure == 0 || m.Before(&t.messages[0]))
}

// Messages are the loaded messages of a conversation, oldest first, and after
// them those of ours that are on their way. More reports that older ones exist:
// ask with a [desk.History] before the first one's place, and give the answer to
// [Replica.AddThread]. Loaded is false when nothing of the thread is here.
func (r *Replica) Messages(id desk.ConversationID) (oldestFirst []desk.Message, more, loaded bool) {
	t := r.threads[id]
	if t == nil {
		return nil, false, false
	}
	r.used++
	t.used = r.used
	return t.messages, t.more, true
}

// AddThread takes in the answer to a [desk.History] that asked for what stands
// before a place. It reports false, and changes nothing, when the answer is
// older than what the replica can bring up to date, when it doesn't join on to
// what is loaded, when numbers were hidden or shown since it was read, or when we may not see the conversation or didn't for a while
// since: ask again from the end of the thread.
func (r *Replica) AddThread(answer desk.Thread, before desk.Place) bool {
	c := &answer.Conversation
	t := r.threads[c.ID]
	if !r.known || answer.Seq < r.recent.floor || !r.visible(c) {
		return false
	}
	if !end(before) && (t == nil || (t.sure > 0 && placeBefore(before, t.messages[0].Place()))) {
		return false
	}
	if r.recent.left(c.ID, answer.Seq) {
		return false
	}
	if r.recent.remasked(c, answer.Seq) {
		return false
	}
	if row := r.rows[c.ID]; row != nil && row.Contact.Hidden != c.Contact.Hidden {
		if !end(before) || row.Seq > c.Seq {
			return false
		}
		r.void(c.ID)
		t = nil
	}
	if t == nil {
		t = &thread{places: map[desk.MessageID]desk.Place{}, more: true, read: answer.Seq}
		r.threads[c.ID] = t
	}
	r.used++
	t.used = r.used
	r.upsert(c)
	t.add(answer.Messages, answer.More)
	for i := range answer.Messages {
		r.unpend(answer.Messages[i].Ref)
	}
	r.replay(answer.Seq, c.ID)
	r.tail(c.ID)
	r.evict()
	return true
}

// add merges a page, newest first, that joins on to what is loaded.
func (t *thread) add(page []desk.Message, more bool) {
	if len(page) == 0 {
		t.more = false
		return
	}
	oldest := page[len(page)-1]
	reaches := t.sure == 0 || !t.messages[0].Before(&oldest)
	var older []desk.Message
	for _, m := range slices.Backward(page) {
		if _, held := t.places[m.ID]; !held && t.sure > 0 && m.Before(&t.messages[0]) {
			older = append(older, m)
			t.places[m.ID] = m.Place()
			continue
		}
		t.put(m)
	}
	slices.SortFunc(older, func(a, b desk.Message) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})
	t.messages = slices.Insert(t.messages, 0, older...)
	t.sure += len(older)
	if reaches {
		t.more = more
	}
}

// end reports whether the place is the one after all messages.
func end(p desk.Place) bool { return p.Order == 0 && p.At.IsZero() }

func placeBefore(a, b desk.Place) bool {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Order, b.Order)) < 0
}

// merge takes the messages of an event into a loaded thread, and ours off the
// way. It reports whether anything that is loaded changed.
func (r *Replica) merge(id desk.ConversationID, messages []desk.Message) bool {
	t, changed := r.threads[id], false
	for _, m := range messages {
		changed = r.unpend(m.Ref) && t != nil || changed
		if t != nil && m.Conversation == id && !t.beyond(&m) {
			changed = t.put(m) || changed
		}
	}
	return changed
}

// Pend shows a message of ours before the server told of it. Its Ref is the
// command's; it is replaced by the first message that comes with the same one.
func (r *Replica) Pend(m desk.Message) {
	if m.Ref == "" {
		return
	}
	r.unpend(m.Ref)
	r.pending = append(r.pending, pending{message: m})
	r.tail(m.Conversation)
}

// Unpend takes back a message that will not go out.
func (r *Replica) Unpend(ref string) { r.unpend(ref) }

// Answered tells that the command with this ref was done at a log position. Its
// message is shown as on its way until the replica is past that position, so
// that it neither flickers nor stays for ever.
func (r *Replica) Answered(ref string, seq int64) {
	for i := range r.pending {
		if r.pending[i].message.Ref == ref {
			r.pending[i].done = seq
		}
	}
	r.dropAnswered()
}

func (r *Replica) dropAnswered() {
	for i := len(r.pending) - 1; i >= 0; i-- {
		if p := r.pending[i]; p.done > 0 && p.done <= r.seq {
			r.unpend(p.message.Ref)
		}
	}
}

func (r *Replica) unpend(ref string) bool {
	i := slices.IndexFunc(r.pending, func(p pending) bool { return ref != "" && p.message.Ref == ref })
	if i < 0 {
		return false
	}
	id := r.pending[i].message.Conversation
	r.pending = slices.Delete(r.pending, i, i+1)
	r.tail(id)
	return true
}

// tail puts the messages on their way after the sure ones.
func (r *Replica) tail(id desk.ConversationID) {
	t := r.threads[id]
	if t == nil {
		return
	}
	t.messages = t.messages[:t.sure]
	for _, p := range r.pending {
		if p.message.Conversation == id {
			t.messages = append(t.messages, p.message)
		}
	}
}

// Forget lets go of a thread; its row stays in the lists.
func (r *Replica) Forget(id desk.ConversationID) {
	delete(r.threads, id)
	r.release(id)
}

// evict keeps the number of threads within its bound.
func (r *Replica) evict() {
	for len(r.threads) > maxThreads {
		var oldest desk.ConversationID
		for id, t := range r.threads {
			if oldest == 0 || t.used < r.threads[oldest].used {
				oldest = id
			}
		}
		r.Forget(oldest)
	}
}
