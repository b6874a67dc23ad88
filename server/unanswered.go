package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// unanswered remembers who may have open chats that they can't answer any more.
// The command that took their rights away handed over the first of them; the rest
// follows its example, a batch at a time, so that nobody's write waits for a
// thousand chats. The zero value is empty and ready.
type unanswered struct {
	mu      sync.Mutex
	waiting map[desk.MemberID]bool
	how     map[desk.MemberID]example
}

// example is how a member's newest chat changed hands.
type example struct {
	by  store.Entry // who did it, from where
	to  desk.MemberID
	why string
}

// begin puts everyone who has open chats on the list: a server may have stopped
// in the middle.
func (u *unanswered) begin(tallies []store.Tally) {
	for _, k := range tallies {
		if k.Assignee != "" && k.Status == desk.StatusOpen && k.Total > 0 {
			u.wait(k.Assignee)
		}
	}
}

func (u *unanswered) wait(id desk.MemberID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.waiting == nil {
		u.waiting = map[desk.MemberID]bool{}
	}
	u.waiting[id] = true
}

// note learns from entries whose chats change hands, and how. It reports whether
// there were any.
func (u *unanswered) note(entries []store.Entry) (any bool) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != desk.ConversationHandedOver || e.Conversation == nil || len(e.Messages) != 1 {
			continue
		}
		from := e.Messages[0].To
		by := store.Entry{Event: desk.Event{Kind: e.Kind, Actor: e.Actor}, Session: e.Session, Addr: e.Addr}
		u.follow(from, example{by, e.Conversation.Assignee, e.Messages[0].Text})
		u.wait(from)
		any = true
	}
	return any
}

func (u *unanswered) follow(from desk.MemberID, how example) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.how == nil {
		u.how = map[desk.MemberID]example{}
	}
	u.how[from] = how
}

// of is how a member's chats change hands. When nothing tells, they go into the
// queue by themselves.
func (u *unanswered) of(m desk.Member) example {
	u.mu.Lock()
	defer u.mu.Unlock()
	if how, known := u.how[m.ID]; known {
		return how
	}
	by := store.Entry{Event: desk.Event{Kind: desk.ConversationHandedOver}, Session: expirySession}
	return example{by: by, why: m.Name + " can't answer customers any more."}
}

// take empties the list. Whoever isn't done with one of them puts them back.
func (u *unanswered) take() []desk.MemberID {
	u.mu.Lock()
	defer u.mu.Unlock()
	ids := slices.Sorted(maps.Keys(u.waiting))
	clear(u.waiting)
	return ids
}

// handOverRest hands over one batch of each member who can't answer what they
// have, and rings the bell when that may not have been all. What fails is tried
// again with the next call, and stops nobody else's.
func (s *Service) handOverRest(ctx context.Context) (failed error) {
	for _, id := range s.unanswered.take() {
		n, err := s.handOverOf(ctx, id)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("of %s: %w", id, err))
		}
		if err != nil || n > 0 {
			s.unanswered.wait(id)
		}
		if n > 0 {
			s.expiry.ring()
		}
	}
	return failed
}

// handOverOf hands over a batch of a member's chats, if they can't answer them,
// and tells how many it were. Most of the time a look finds that none are left.
func (s *Service) handOverOf(ctx context.Context, id desk.MemberID) (n int, err error) {
	var chats []desk.Conversation
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		chats, err = tx.HeldBy(id, 1)
		return err
	})
	if err != nil || len(chats) == 0 {
		return 0, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		n, err = s.handOverBatchOf(tx, id)
		return err
	})
	return n, err
}

func (s *Service) handOverBatchOf(tx *store.Tx, id desk.MemberID) (int, error) {
	now := s.now()
	after, err := tx.Actor(id)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	after = after.At(now)
	how := s.unanswered.of(after.Member)
	how.by.At = now
	h := handover{tx: tx, now: now, entry: how.by, why: how.why}
	if _, err := h.receiver(how.to); err != nil {
		if desk.AsError(err).Code == desk.CodeInternal {
			return 0, err
		}
		how.to = "" // who was to have them can't answer either
	}
	return h.from(&after, how.to, handOverBatch)
}
