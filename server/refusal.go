package server

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// refused writes a refusal into the log, and says in its answer who could help.
// Any other error passes as it is. r is the request as far as it came; it may be
// nil.
func (s *Service) refused(ctx context.Context, who Caller, cmd desk.Command, r *request, err error) error {
	denied, isDenied := errors.AsType[*desk.Denied](err)
	if !isDenied {
		if r == nil || r.Conversation == nil || desk.AsError(err).Code != desk.CodeNotFound {
			return err
		}
		// It is there, and was answered as if it weren't: the log knows better.
		denied = &desk.Denied{Perm: desk.ConversationView, Why: desk.WhyHidden, Reason: desk.AsError(err).Message}
	}
	if isDenied && denied.Askable() {
		told := *denied
		told.Holders = s.holders(who.Member, denied)
		denied, err = &told, &told
	}
	if logErr := s.logRefusal(ctx, who, cmd, r, denied); logErr != nil {
		// No record, no answer: whoever asks again is refused again.
		return busy(logErr)
	}
	return err
}

// holders are who could give what was missing.
func (s *Service) holders(id desk.MemberID, d *desk.Denied) []desk.MemberID {
	people := s.people.Load()
	me := people.actors[id]
	if me == nil {
		return nil
	}
	return desk.Givers(me, d.Perm, d.Needs, people.active())
}

func (s *Service) logRefusal(ctx context.Context, who Caller, cmd desk.Command, r *request, d *desk.Denied) error {
	detail, err := json.Marshal(desk.LogDetail{Command: cmd.Name(), Denied: d, As: who.As})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	entry := store.Entry{Event: desk.Event{Kind: desk.CommandRefused, At: s.now(), Actor: who.Member},
		Session: who.Session, Addr: who.Addr, Detail: detail}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(entry)
		return err
	})
}
