package server

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// sessions are the live sockets. The zero value is empty and ready.
type sessions struct {
	mu   sync.RWMutex
	live map[*session]struct{}
	left chan struct{} // closed when the last one has gone, while someone waits
}

func (ss *sessions) add(c *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.live == nil {
		ss.live = map[*session]struct{}{}
	}
	ss.live[c] = struct{}{}
}

func (ss *sessions) remove(c *session) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.live, c)
	if len(ss.live) == 0 && ss.left != nil {
		close(ss.left)
		ss.left = nil
	}
}

func (ss *sessions) len() int {
	ss.mu.RLock()
	defer ss.mu.RUnlock()
	return len(ss.live)
}

func (ss *sessions) each(f func(*session)) {
	ss.mu.RLock()
	defer ss.mu.RUnlock()
	for c := range ss.live {
		f(c)
	}
}

func (ss *sessions) wake() { ss.each((*session).wake) }

// end makes the sessions that match leave for good.
func (ss *sessions) end(match func(*session) bool, message string) {
	ss.each(func(c *session) {
		if match(c) {
			c.end(desk.CodeUnauthenticated, message)
			c.wake()
		}
	})
}

// bar waits for every write that is under way to a session of these members: it
// was decided under rights that are gone, and nothing is written under them
// afterwards. A session that doesn't finish in time is cut.
func (ss *sessions) bar(members []desk.MemberID, patience time.Duration) {
	about := make(map[desk.MemberID]bool, len(members))
	for _, m := range members {
		about[m] = true
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	out := false
	ss.each(func(c *session) {
		if !about[c.member] && !(c.as != nil && about[c.as.Member]) {
			return
		}
		select {
		case c.writing <- struct{}{}:
			<-c.writing
			return
		default:
		}
		if !out {
			select {
			case c.writing <- struct{}{}:
				<-c.writing
				return
			case <-timeout.C:
				out = true
			}
		}
		c.cut()
	})
}

// reconsider makes sessions begin anew for which requests come into sight, or go,
// because of what those who asked for them have become.
func (ss *sessions) reconsider(was, is *directory, changed []desk.MemberID) {
	ss.each(func(c *session) {
		now := c.eyes()
		if now.me == nil || now.me.Scope(desk.AccessDecide).Rank() == 0 {
			return
		}
		for _, id := range changed {
			if before, after := was.actors[id], is.actors[id]; now.request(before) != now.request(after) {
				c.anew.Store(true)
				return
			}
		}
	})
}

// spreadPerClient is how far apart clients come back after a restart: two
// thousand a second.
const spreadPerClient = time.Second / 2000

// Drain tells every client that the server restarts, and when to come back,
// spread so that they don't all come at once. It returns when all have gone or
// ctx ends; after it, no socket is accepted.
func (s *Service) Drain(ctx context.Context) {
	s.draining.Store(true)
	spread := time.Second + time.Duration(s.sessions.len())*spreadPerClient
	s.sessions.mu.Lock()
	gone := make(chan struct{})
	if len(s.sessions.live) == 0 {
		close(gone)
	} else {
		s.sessions.left = gone
	}
	s.sessions.mu.Unlock()
	s.sessions.each(func(c *session) {
		retry := time.Duration(rand.Int64N(int64(spread)))
		c.bye.CompareAndSwap(nil, &desk.Bye{Type: desk.FrameBye, Code: desk.CodeBusy, RetryMS: int(retry.Milliseconds()),
			Message: "The server restarts. Coming back by itself."})
		c.wake()
	})
	select {
	case <-gone:
	case <-ctx.Done():
		s.sessions.each((*session).cut)
	}
}
