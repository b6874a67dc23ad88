package server

import (
	"context"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// committed is called by the store's writer after each commit, before the
// callers are answered. When it returns, every session has the rights that the
// entries gave it, so an admin's answer means that a change holds.
func (s *Service) committed(entries []store.Entry) {
	s.feedMu.Lock()
	defer s.feedMu.Unlock()
	if len(entries) == 0 || entries[len(entries)-1].Seq <= s.ring.head() {
		return
	}
	if entries[0].Seq == s.ring.head()+1 {
		s.feed(entries)
		return
	}
	s.catchUp(context.Background()) // another process wrote in between
	if s.ring.head() < entries[len(entries)-1].Seq {
		s.governAhead(entries) // it can't be read now; the rights hold all the same
	}
}

// governAhead makes the rights of entries hold before those that come first could
// be read. When these are fed, they don't bring back what was before.
func (s *Service) governAhead(entries []store.Entry) {
	s.govern(entries)
	for i := range entries {
		if aboutPeople(&entries[i]) {
			s.ahead = append(s.ahead, entries[i])
		}
	}
}

// follow reads the log's head now and then: a doorbell may be lost, and another
// process may have written.
func (s *Service) follow(ctx context.Context) {
	tick := time.NewTicker(s.o.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.feedMu.Lock()
			s.catchUp(ctx)
			s.feedMu.Unlock()
			s.outbox.ring() // another process may have queued something
		}
	}
}

// catchUp feeds everything that stands in the log and isn't in the ring yet.
// The caller holds feedMu.
func (s *Service) catchUp(ctx context.Context) {
	for {
		var entries []store.Entry
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			entries, err = tx.Entries(s.ring.head(), 500)
			return err
		})
		if err != nil {
			if ctx.Err() == nil {
				s.log.Error("the log can't be read; trying again", "error", err)
			}
			return
		}
		if len(entries) == 0 {
			return
		}
		s.feed(entries)
	}
}

// feed takes entries into memory: first the rights, then the entries, then the
// wake-ups. So no entry is ever delivered under rights older than itself.
func (s *Service) feed(entries []store.Entry) {
	last := entries[len(entries)-1].Seq
	s.ahead = slices.DeleteFunc(s.ahead, func(e store.Entry) bool { return e.Seq <= last })
	s.govern(entries)
	s.ring.add(entries)
	queued := false
	for i := range entries {
		e := &entries[i]
		queued = queued || e.Kind == desk.MessageQueued || e.Kind == desk.MessageUpdated
		switch e.Kind {
		case desk.SignedIn:
			s.sessions.each(func(c *session) {
				if c.member == e.Actor && c.id != e.Session {
					go s.recheck(c) // an eleventh sign-in ended the oldest
				}
			})
		case desk.SignedOut:
			s.sessions.end(func(c *session) bool { return c.id == e.Session }, "You signed out.")
		case desk.SessionsEnded:
			s.closeEnded(e)
		case desk.PasswordChanged:
			if e.Member != nil {
				s.sessions.end(func(c *session) bool { return c.member == e.Member.ID }, "The password was changed. Sign in again.")
			}
		}
	}
	s.sessions.wake()
	if s.unanswered.note(entries) {
		s.expiry.ring()
	}
	if queued {
		s.outbox.ring()
	}
}

// govern makes the rights of entries hold on every session, and after them those
// that hold ahead of their turn. Applying entries a second time, in order, ends in
// the same.
func (s *Service) govern(entries []store.Entry) {
	all := slices.Concat(entries, s.ahead)
	for {
		was := s.people.Load()
		next, changed := was.with(all)
		if !s.people.CompareAndSwap(was, next) {
			continue // somebody's grant ended just now
		}
		if len(changed) > 0 {
			s.concerned(entries, was, next, changed)
			s.sessions.bar(changed, s.o.SlowWrite)
			s.sessions.reconsider(was, next, changed)
			s.expiry.ring()
		}
		return
	}
}
