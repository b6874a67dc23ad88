package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// expirySession stands in the log where a person's sign-in would: nobody ended
// the access, its time did.
const expirySession = "expiry"

// bell wakes one goroutine. Ringing it twice is ringing it once.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// expire tells the log of access that has reached its end, and hands over the
// chats that whoever has them can't answer any more, until ctx ends. It sleeps
// until the earliest end; a change of the people wakes it, and so does every poll,
// because clocks are set and machines sleep.
//
// No right hangs on it: a grant that has ended counts for nothing, whether the
// log has told of it or not (desk.Actor.At).
func (s *Service) expire(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait := s.o.Poll
		select {
		case <-ctx.Done():
			return
		case <-s.expiry:
		case <-timer.C:
		}
		next, err := s.expireDue(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Error("the end of access can't be written down; trying again", "error", err)
		case err == nil && !next.IsZero():
			wait = min(wait, max(next.Sub(s.now()), 0))
		}
		if err := s.handOverRest(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("chats that nobody can answer can't be handed over; trying again", "error", err)
		}
		timer.Reset(wait)
	}
}

// expireDue tells of everything that has ended by now, and returns when the next
// grant ends; zero when there is none. After a restart it catches up with what
// ended meanwhile. What fails for one member stops nobody else's end.
func (s *Service) expireDue(ctx context.Context) (next time.Time, failed error) {
	now := s.now()
	var due []desk.MemberID
	for id, m := range s.people.Load().members {
		for i := range m.Grants {
			switch until := m.Grants[i].Until; {
			case !now.Before(until):
				if !slices.Contains(due, id) {
					due = append(due, id)
				}
			case next.IsZero() || until.Before(next):
				next = until
			}
		}
	}
	slices.Sort(due) // the order of a map isn't one
	for _, id := range due {
		if err := s.store.Write(ctx, func(tx *store.Tx) error { return s.expireOf(tx, id, now) }); err != nil {
			failed = errors.Join(failed, fmt.Errorf("of %s: %w", id, err))
		}
	}
	return next, failed
}

// expireOf takes the ended grants away from a member, the one that ended first
// first, each with its own entry. Another process may have done so already.
func (s *Service) expireOf(tx *store.Tx, id desk.MemberID, now time.Time) error {
	m, err := tx.Member(id)
	if err != nil {
		return err
	}
	ended := slices.DeleteFunc(slices.Clone(m.Grants), func(g desk.Grant) bool { return now.Before(g.Until) })
	if len(ended) == 0 {
		return nil
	}
	slices.SortStableFunc(ended, func(a, b desk.Grant) int { return a.Until.Compare(b.Until) })
	entry := store.Entry{Event: desk.Event{At: now}, Session: expirySession}
	for _, g := range ended {
		m = without(m, g.ID)
		after := m
		told := entry
		told.Kind, told.Member = desk.AccessExpired, &after
		if told.Detail, err = json.Marshal(desk.LogDetail{Before: asJSON(g)}); err != nil {
			return err
		}
		if _, err := tx.Append(told); err != nil {
			return err
		}
	}
	if err := tx.PutMember(m); err != nil {
		return err
	}
	rest, err := tx.Actor(id)
	if err != nil {
		return err
	}
	entry.Kind = desk.ConversationHandedOver
	_, err = handover{tx: tx, now: now, entry: entry, why: m.Name + "'s access for a time ended."}.from(&rest, "", handOverBatch)
	return err
}
