package server

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// viewAs is the word of a hello with As in the log's details: it is refused like
// a command, and isn't one.
const viewAs = "view_as"

// draftMember stands for the person of a draft role. Nobody has this id, so
// nothing is theirs; it isn't empty, or the queue would be.
const draftMember desk.MemberID = "draft"

// draft is an actor with a role that nobody has yet.
func draft(as *desk.ViewAs) *desk.Actor {
	name := as.Role.Name
	if name == "" {
		name = "Draft role"
	}
	return &desk.Actor{Role: *as.Role, Member: desk.Member{ID: draftMember, Name: name, Role: as.Role.ID, Teams: as.Teams}}
}

// subject is what [desk.RoleViewAs] is asked about.
func subject(as *desk.ViewAs, seen *desk.Actor) desk.Subject {
	if as.Role != nil {
		return desk.Subject{Draft: as.Role}
	}
	return desk.Subject{To: seen}
}

// canLook reports whether me may look through the eyes of seen, and whether those
// see anything.
func canLook(me, seen *desk.Actor, as *desk.ViewAs, now time.Time) error {
	if err := desk.Can(me, desk.RoleViewAs, subject(as, seen), now); err != nil {
		return err
	}
	switch m := seen.Member; {
	case m.Removed:
		return desk.ErrNotFound()
	case m.Suspended:
		return desk.Errorf(desk.CodeConflict, "%s is suspended and sees nothing at present. Let them back in first.", m.Name)
	}
	return nil
}

// through is the actor through whose eyes me looks, if me may.
func through(tx *store.Tx, me *desk.Actor, as desk.ViewAs, now time.Time) (desk.Actor, error) {
	if err := as.Validate(); err != nil {
		return desk.Actor{}, err
	}
	if as.Role != nil {
		seen := draft(&as)
		return *seen, canLook(me, seen, &as, now)
	}
	a, err := tx.Actor(as.Member)
	if err != nil {
		// Whoever may look through nobody's eyes learns nothing of who is there.
		if denied := desk.Can(me, desk.RoleViewAs, desk.Subject{}, now); denied != nil {
			return desk.Actor{}, denied
		}
		return desk.Actor{}, hidden(err)
	}
	a = a.At(now)
	return a, canLook(me, &a, &as, now)
}

// beginView asks whether somebody may see as the hello says, and writes into the
// log that they do, or that they were refused.
func (s *Service) beginView(sign store.Session, as *desk.ViewAs, addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	var used []desk.Usage
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		now := s.now()
		me, err := tx.Actor(sign.Member)
		if err != nil {
			return hidden(err)
		}
		me = me.At(now)
		seen, err := through(tx, &me, *as, now)
		if err != nil {
			return err
		}
		used = desk.Uses(&me, desk.RoleViewAs, subject(as, &seen))
		_, err = tx.Append(s.viewEntry(desk.ViewAsStarted, sign.Member, sign.ID, addr, as))
		return err
	})
	if denied := deniedView(err); denied != nil {
		if logErr := s.logDeniedView(ctx, sign, as, addr, denied); logErr != nil {
			return logErr // no record, no answer
		}
	}
	if err == nil {
		s.noteUses(ctx, used, s.now())
	}
	return err
}

// deniedView is the refusal that the log keeps of an error; nil for other errors.
// Who isn't there is logged like who is hidden, as [Service.refused] does.
func deniedView(err error) *desk.Denied {
	if err == nil {
		return nil
	}
	if denied, ok := errors.AsType[*desk.Denied](err); ok {
		return denied
	}
	if e := desk.AsError(err); e.Code == desk.CodeNotFound {
		return &desk.Denied{Perm: desk.RoleViewAs, Why: desk.WhyHidden, Reason: e.Message}
	}
	return nil
}

func (s *Service) viewEntry(kind desk.EventKind, by desk.MemberID, session, addr string, as *desk.ViewAs) store.Entry {
	detail, _ := json.Marshal(desk.LogDetail{As: as}) // words and scopes: can't fail
	target := string(as.Member)
	if as.Role != nil {
		target = string(as.Role.ID)
	}
	if len(target) > maxTarget {
		target = ""
	}
	return store.Entry{Event: desk.Event{Kind: kind, At: s.now(), Actor: by}, Session: session, Addr: addr, Target: target, Detail: detail}
}

func (s *Service) logDeniedView(ctx context.Context, sign store.Session, as *desk.ViewAs, addr string, d *desk.Denied) error {
	entry := s.viewEntry(desk.CommandRefused, sign.Member, sign.ID, addr, as)
	entry.Detail, _ = json.Marshal(desk.LogDetail{Command: viewAs, Denied: d, As: as}) // likewise
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(entry)
		return err
	})
}

// endView writes into the log that a link which saw as someone else has closed.
func (s *Service) endView(c *session) {
	if c.as == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(s.viewEntry(desk.ViewAsEnded, c.member, c.id, c.addr, c.as))
		return err
	})
	if err != nil {
		s.log.Error("the end of seeing as someone else wasn't logged", "member", c.member, "error", err)
	}
}

// eyes are through whom the session looks, by the rights of this moment.
func (c *session) eyes() eyes {
	me := c.s.actor(c.member)
	switch {
	case c.as == nil:
		return eyes{me: me}
	case c.draft != nil:
		return eyes{me: c.draft, by: me}
	}
	return eyes{me: c.s.actor(c.as.Member), by: me}
}

// leaveIfUnfit ends a session whose member may do nothing any more, or may not
// look through those eyes.
func (c *session) leaveIfUnfit(now eyes) {
	own := now.me
	if c.as != nil {
		own = now.by
	}
	if own == nil || own.Member.Suspended {
		c.end(desk.CodeUnauthenticated, "Your account is suspended. Ask an admin.")
		return
	}
	if c.as == nil || now == c.rights {
		return
	}
	err := error(desk.ErrNotFound())
	if now.me != nil {
		err = canLook(own, now.me, c.as, c.s.now())
	}
	if e := desk.AsError(err); e != nil {
		c.end(e.Code, e.Message)
	}
}
