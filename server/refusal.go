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
// Any other error passes as it is.
//
// What is answered as if it weren't there is logged as hidden, whether it is there
// or not: the asker sees the log's head move and reads their own entries, so if
// only refusals about what exists had one, the log would tell what the answer
// doesn't. For the same reason the entry holds what the asker named and nothing
// that was loaded.
//
// Every refusal has its entry, however often the same is tried: a member who
// tries at the rate that a session allows fills the log no faster than with
// notes, and how often somebody tried is what the log is asked for.
func (s *Service) refused(ctx context.Context, who Caller, cmd desk.Command, err error) error {
	denied, isDenied := errors.AsType[*desk.Denied](err)
	if !isDenied {
		e := desk.AsError(err)
		if e.Code != desk.CodeNotFound {
			return err
		}
		denied = &desk.Denied{Perm: shownBy(cmd), Why: desk.WhyHidden, Reason: e.Message}
	}
	if isDenied && denied.Askable() {
		told := *denied
		told.Holders = s.holders(who.Member, denied)
		denied, err = &told, &told
	}
	if logErr := s.logRefusal(ctx, who, cmd, denied); logErr != nil {
		// No record, no answer: whoever asks again is refused again.
		return busy(logErr)
	}
	return err
}

// shownBy is the permission that shows what a command names, by the command alone.
func shownBy(cmd desk.Command) desk.Perm {
	switch t := cmd.Target(); {
	case t.Conversation != 0:
		return desk.ConversationView
	case t.Request != "":
		return desk.AccessDecide
	}
	return cmd.Perm()
}

// holders are who could give what was missing. Only those who give anything at all
// are asked about, or a refusal would cost more than the command.
func (s *Service) holders(id desk.MemberID, d *desk.Denied) []desk.MemberID {
	people := s.people.Load()
	me := people.actors[id]
	if me == nil {
		return nil
	}
	var able []*desk.Actor
	for _, a := range people.active() {
		if a.Scope(desk.AccessDecide).Rank() > 0 || a.Scope(desk.GrantTemporary).Rank() > 0 {
			able = append(able, a)
		}
	}
	return desk.Givers(me, d.Perm, d.Needs, able)
}

// logRefusal writes what was refused to whom, and why. The entry is about the
// conversation that was named, also when it isn't there; no session is sent it.
func (s *Service) logRefusal(ctx context.Context, who Caller, cmd desk.Command, d *desk.Denied) error {
	detail, err := json.Marshal(desk.LogDetail{Command: cmd.Name(), Denied: d, As: who.As})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	entry := store.Entry{Event: desk.Event{Kind: desk.CommandRefused, At: s.now(), Actor: who.Member},
		Session: who.Session, Addr: who.Addr, Target: targetOf(cmd), Detail: detail}
	if id := cmd.Target().Conversation; id != 0 {
		entry.Conversation = &desk.Conversation{ID: id}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(entry)
		return err
	})
}

// maxTarget bounds what a client may write into the log's index; our own
// identifiers are shorter.
const maxTarget = 64

// targetOf names the member, request, role, team or message that a command is
// about.
func targetOf(cmd desk.Command) string {
	t := cmd.Target()
	ids := []string{string(t.Member), string(t.Request), string(t.Role), string(t.Team)}
	for _, id := range t.Teams {
		ids = append(ids, string(id))
	}
	switch c := cmd.(type) {
	case desk.ChangeRoles:
		if len(c.Changes) == 1 {
			ids = append(ids, string(c.Changes[0].Role))
		}
	case desk.Preview:
		if of, err := c.Decode(); err == nil {
			return targetOf(of)
		}
	case desk.ListVersions:
		ids = append(ids, string(c.Role))
	case desk.WithdrawRequest:
		ids = append(ids, string(c.Request))
	case desk.Reply:
		ids = append(ids, string(c.Quote))
	}
	ids = append(ids, string(t.Message))
	for _, id := range ids {
		if id != "" && len(id) <= maxTarget {
			return id
		}
	}
	return ""
}
