package server

import (
	"slices"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

const (
	changesKept   = 1024    // changes of rights that can be asked about
	snapshotsKept = 64      // snapshots of one session that wait for their ack
	heldKept      = 1 << 14 // sign-ins that are known to acknowledge
)

// changes remembers which sessions the newest changes of rights concerned. The
// zero value is empty and ready.
type changes struct {
	mu   sync.Mutex
	list []change        // the oldest first
	held map[string]bool // the sign-ins of clients that acknowledge
}

// acknowledges notes that a sign-in's client is one that acknowledges.
func (cs *changes) acknowledges(signIn string) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.held == nil || len(cs.held) == heldKept {
		cs.held = map[string]bool{} // those that are still there are learned again
	}
	cs.held[signIn] = true
}

// screenOf is the screen of a new link. A client that comes back and has
// acknowledged on an earlier link of its sign-in is held to it: resumed, it is
// sent no snapshot that it could show it by.
func (cs *changes) screenOf(signIn string, back bool) *screen {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return &screen{acks: back && cs.held[signIn]}
}

// change is one act that changed rights: its entries, and the screens that were
// open then.
type change struct {
	first, last int64
	screens     []*screen
}

// screen is what one socket has acknowledged.
type screen struct {
	mu    sync.Mutex
	sent  []sentSnapshot // without an ack so far, the oldest first
	acks  bool           // it has acknowledged something, here or before it came back: it is a client that does
	shown int64          // the position whose rights it shows
	ended bool
}

// sentSnapshot is a snapshot by its own position, and by that of the rights under
// which it was written: the people may be older than the rows.
type sentSnapshot struct{ seq, rights int64 }

// wrote notes a snapshot.
func (s *screen) wrote(seq, rights int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sent) == snapshotsKept {
		s.sent = slices.Delete(s.sent, 0, 1) // this client doesn't acknowledge
	}
	s.sent = append(s.sent, sentSnapshot{seq, rights})
}

// acked takes the client's word that it shows the snapshot of seq, and reports
// whether it was sent.
func (s *screen) acked(seq int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.sent, func(have sentSnapshot) bool { return have.seq == seq })
	if i < 0 {
		return false // it was never sent
	}
	s.acks, s.shown = true, max(s.shown, s.sent[i].rights)
	s.sent = slices.Delete(s.sent, 0, i+1)
	return true
}

func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

// state says whether the screen shows the change, or was closed before it did.
// late is a client that acknowledges, and hasn't this time.
func (s *screen) state(seq int64) (shown, ended, late bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown = s.shown >= seq
	ended = s.ended && !shown
	return shown, ended, s.acks && !shown && !ended
}

// concerned remembers, for each act among the entries, the live sessions of those
// whose rights it changed, and sees to it that they acknowledge in time. Links that
// see as someone else don't count: nobody works there.
func (s *Service) concerned(entries []store.Entry, was, is *directory, changed []desk.MemberID) {
	open := map[desk.MemberID][]*session{}
	s.sessions.each(func(c *session) {
		if c.as == nil && slices.Contains(changed, c.member) {
			open[c.member] = append(open[c.member], c)
		}
	})
	if len(open) == 0 {
		return
	}
	for len(entries) > 0 {
		act := firstAct(entries)
		entries = entries[len(act):]
		var screens []*screen
		var held []*session
		for id, sessions := range open {
			if touches(act, was.actors[id]) || touches(act, is.actors[id]) {
				held = append(held, sessions...)
			}
		}
		if len(held) == 0 {
			continue
		}
		for _, c := range held {
			screens = append(screens, c.screen)
		}
		last := act[len(act)-1].Seq
		s.changes.add(change{act[0].Seq, last, screens})
		time.AfterFunc(s.o.AckWait, func() { s.cutLate(held, last) })
	}
}

// firstAct are the entries at the beginning that one command wrote: it writes
// them together, at one time.
func firstAct(entries []store.Entry) []store.Entry {
	a := &entries[0]
	n := 1
	for n < len(entries) && entries[n].Actor == a.Actor && entries[n].Session == a.Session && entries[n].At.Equal(a.At) {
		n++
	}
	return entries[:n]
}

// touches reports whether one of the entries is about the member or a role of
// theirs.
func touches(entries []store.Entry, a *desk.Actor) bool {
	return a != nil && slices.ContainsFunc(entries, func(e store.Entry) bool {
		if e.Member != nil && e.Member.ID == a.Member.ID {
			return true
		}
		return e.Role != nil && (e.Role.ID == a.Role.ID || slices.ContainsFunc(a.Lent, func(r desk.Role) bool { return r.ID == e.Role.ID }))
	})
}

// cutLate cuts sessions that go on showing what was before a change: they come
// back, and begin with a snapshot. Clients that never acknowledged anything can't
// be told from late ones and are left alone; they were sent nothing forbidden.
func (s *Service) cutLate(sessions []*session, seq int64) {
	for _, c := range sessions {
		if _, _, late := c.screen.state(seq); late {
			s.log.Info("a session didn't acknowledge its new rights and was cut", "member", c.member, "addr", c.addr)
			c.cut()
		}
	}
}

func (cs *changes) add(c change) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.list) == changesKept {
		cs.list = slices.Delete(cs.list, 0, 1)
	}
	cs.list = append(cs.list, c)
}

// of returns the screens that the act with this entry concerned.
func (cs *changes) of(seq int64) (last int64, screens []*screen) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for i := len(cs.list) - 1; i >= 0; i-- {
		if c := cs.list[i]; c.first <= seq && seq <= c.last {
			return c.last, c.screens
		}
	}
	return 0, nil
}

// acknowledged counts the screens that show a change by now. A change that
// concerned no open screen, or is too old to be remembered, counts none.
func (s *Service) acknowledged(c desk.Acknowledged) desk.Acks {
	last, screens := s.changes.of(c.Seq)
	acks := desk.Acks{Seq: c.Seq, Sessions: len(screens)}
	for _, sc := range screens {
		switch shown, ended, _ := sc.state(last); {
		case shown:
			acks.Shown++
		case ended:
			acks.Ended++
		}
	}
	return acks
}
