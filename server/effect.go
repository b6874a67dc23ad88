package server

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// preview does a command in a rehearsal, looks at what it did, and keeps nothing.
// A refusal is the command's own; most of them are told by a look that holds
// nobody up. The request is there for the log, as far as it came.
func (s *Service) preview(ctx context.Context, who Caller, c desk.Preview) (r *request, _ desk.Effect, err error) {
	cmd, err := c.Decode()
	if err != nil {
		return nil, desk.Effect{}, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		r, err = s.admit(tx, who, "", cmd)
		return err
	})
	if err != nil {
		return r, desk.Effect{}, err
	}
	var would outcome
	err = s.store.Rehearse(ctx, func(tx *store.Tx) error {
		if r, err = s.admit(tx, who, "", cmd); err != nil {
			return err // the rights are others since
		}
		would, err = r.rehearse(cmd)
		return err
	})
	if err != nil {
		return r, desk.Effect{}, err
	}
	return r, would.effect(s.screens()), nil
}

// rehearse does a command and tells what came of it.
func (r *request) rehearse(cmd desk.Command) (o outcome, err error) {
	was, err := loadDirectory(r.tx)
	if err != nil {
		return o, err
	}
	tallies, err := r.tx.Tallies()
	if err != nil {
		return o, err
	}
	r.hands.book = newLedger(tallies)
	if _, err := r.write(cmd); err != nil {
		return o, err
	}
	return outcomeOf(r.tx, was, r.hands.book, r.now)
}

// screens counts the open sessions of each member. Links that see as someone else
// don't count: nobody works there, and none acknowledges.
func (s *Service) screens() map[desk.MemberID]int {
	n := map[desk.MemberID]int{}
	s.sessions.each(func(c *session) {
		if c.as == nil {
			n[c.member]++
		}
	})
	return n
}

// outcome is what a command would have left behind: who would have other rights,
// and where the open chats would be.
type outcome struct {
	people []affected
	chats  []holding
}

// affected is a member before and after.
type affected struct {
	was, is desk.Actor
	queued  int // messages on their way that wouldn't be sent any more
}

func outcomeOf(tx *store.Tx, was *directory, book *ledger, now time.Time) (outcome, error) {
	o := outcome{chats: book.rows}
	is, changed := was.with(tx.Appended())
	for _, id := range changed {
		p := affected{was: was.actors[id].At(now), is: is.actors[id].At(now)}
		if !p.different() {
			continue
		}
		if replies(&p.was, now) && !replies(&p.is, now) {
			n, err := tx.QueuedBy(id)
			if err != nil {
				return o, err
			}
			p.queued = n
		}
		o.people = append(o.people, p)
	}
	return o, nil
}

// replies reports whether a member answers customers at all: what the outbox asks
// before it sends.
func replies(a *desk.Actor, now time.Time) bool {
	return desk.Can(a, desk.MessageReply, desk.Subject{}, now) == nil
}

// different reports whether the rights differ, and not only a name.
func (p *affected) different() bool {
	was, is := &p.was.Member, &p.is.Member
	return was.Role != is.Role || was.Suspended != is.Suspended || was.Removed != is.Removed ||
		!slices.Equal(was.Teams, is.Teams) || p.was.Role.Rank != p.is.Role.Rank || len(desk.KeyChanges(&p.was, &p.is)) > 0
}

// effect counts what the outcome means for each of the people.
func (o *outcome) effect(sessions map[desk.MemberID]int) desk.Effect {
	e := desk.Effect{People: []desk.EffectOn{}, Affected: len(o.people)}
	for i := range o.people {
		on := o.on(&o.people[i])
		on.Sessions = sessions[on.Member]
		e.Sessions += on.Sessions
		e.People = append(e.People, on)
	}
	slices.SortFunc(e.People, mostAffected)
	if len(e.People) > desk.EffectPeople {
		e.People = e.People[:desk.EffectPeople]
	}
	return e
}

func (o *outcome) on(p *affected) desk.EffectOn {
	on := desk.EffectOn{Member: p.is.Member.ID, Keys: desk.KeyChanges(&p.was, &p.is), Queued: p.queued}
	for _, c := range o.chats {
		switch before, after := desk.Sees(&p.was, c.was), desk.Sees(&p.is, c.is); {
		case before && !after:
			on.Vanish += c.n
		case after && !before:
			on.Appear += c.n
		}
		if c.was.Assignee == on.Member && c.is != c.was {
			on.Returns += c.n
		}
	}
	return on
}

// mostAffected orders people: who loses chats first, then who loses sight, then
// who loses keys, then by how much changes at all.
func mostAffected(a, b desk.EffectOn) int {
	return cmp.Or(
		cmp.Compare(b.Returns+b.Queued, a.Returns+a.Queued), cmp.Compare(b.Vanish, a.Vanish), cmp.Compare(lost(b), lost(a)),
		cmp.Compare(b.Appear, a.Appear), cmp.Compare(len(b.Keys), len(a.Keys)), cmp.Compare(a.Member, b.Member))
}

func lost(e desk.EffectOn) (n int) {
	for _, k := range e.Keys {
		if k.To.Rank() < k.From.Rank() {
			n++
		}
	}
	return n
}
