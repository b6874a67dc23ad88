package client

import (
	"cmp"
	"maps"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	screenVersion  = 1
	screenThreads  = 3
	screenMessages = 50
)

// Screen is what is kept of a replica between two runs, so that the next one
// has something to show before the server answered: the first rows of each list
// and the end of the threads that were read last. Messages on their way and
// drafts aren't in it, and neither are numbers that show for a time only: what
// is kept would outlive that time.
type Screen struct {
	Version  int           `json:"version"`
	Part     bool          `json:"part,omitempty"` // numbers were left out
	Snapshot desk.Snapshot `json:"snapshot"`
	Threads  []desk.Thread `json:"threads,omitempty"` // the one read last first
}

// Screen copies what is to be kept; the copy may go to another goroutine.
func (r *Replica) Screen() Screen {
	s := Screen{Version: screenVersion, Part: r.part, Snapshot: desk.Snapshot{
		Type: desk.FrameSnapshot, Reason: desk.SnapshotFirst, Epoch: r.epoch, Seq: r.seq, Me: r.me, As: r.as,
		Members: slices.Collect(maps.Values(r.people.members)), Teams: slices.Clone(r.people.teamList),
		Roles: slices.Clone(r.people.roleList), Requests: slices.Clone(r.people.requestList),
		Counts: map[desk.List]desk.Count{}, Windows: map[desk.List]desk.Window{},
	}}
	listed := map[desk.ConversationID]bool{}
	for _, l := range r.lists {
		if l.closed {
			continue
		}
		n := min(l.shown(), desk.WindowRows)
		w := desk.Window{More: l.more || l.shown() > n}
		for i := range n {
			c := l.row(i)
			w.Rows = append(w.Rows, c.ID)
			if !listed[c.ID] {
				listed[c.ID] = true
				s.Snapshot.Conversations = append(s.Snapshot.Conversations, *c)
			}
		}
		s.Snapshot.Windows[l.name], s.Snapshot.Counts[l.name] = w, r.counts[l.name]
	}
	s.Threads = r.lastThreads()
	s.mask()
	return s
}

// mask leaves out the numbers that I see by what I was given for a time.
func (s *Screen) mask() {
	lasting := s.Snapshot.Me
	lasting.Member.Grants, lasting.Lent = nil, nil
	for i, c := range s.Snapshot.Conversations {
		if !c.Contact.Hidden && !desk.SeesNumbers(&lasting, &c) {
			s.Snapshot.Conversations[i], s.Part = c.Masked(), true
		}
	}
	for i := range s.Threads {
		t := &s.Threads[i]
		if c := &t.Conversation; c.Contact.Hidden || desk.SeesNumbers(&lasting, c) {
			continue
		}
		t.Conversation, s.Part = t.Conversation.Masked(), true
		for j, m := range t.Messages { // a copy of its own already
			t.Messages[j] = m.Masked()
		}
	}
}

func (r *Replica) lastThreads() []desk.Thread {
	var ids []desk.ConversationID
	for id, t := range r.threads {
		if t.sure > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b desk.ConversationID) int { return cmp.Compare(r.threads[b].used, r.threads[a].used) })
	var kept []desk.Thread
	for _, id := range ids[:min(len(ids), screenThreads)] {
		t := r.threads[id]
		from := max(0, t.sure-screenMessages)
		newestFirst := slices.Clone(t.messages[from:t.sure])
		slices.Reverse(newestFirst)
		kept = append(kept, desk.Thread{Conversation: *r.rows[id], Seq: r.seq, Messages: newestFirst, More: t.more || from > 0})
	}
	return kept
}

// replica makes one that shows the screen; of another version nothing is read.
func (s *Screen) replica() *Replica {
	r := NewReplica()
	if s.Version != screenVersion || s.Snapshot.Epoch == "" {
		return r
	}
	r.Apply(s.Snapshot)
	for _, t := range slices.Backward(s.Threads) {
		r.AddThread(t, desk.Place{})
	}
	r.part = s.Part
	return r
}
