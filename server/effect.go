package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// errPreviewed ends the transaction of a preview: everything in it is undone.
var errPreviewed = errors.New("a preview keeps nothing")

// preview does a command, looks at what it did, and undoes it. A refusal is the
// command's own. The request is there for the log, as far as it came.
func (s *Service) preview(ctx context.Context, who Caller, c desk.Preview) (*request, desk.Effect, error) {
	cmd, err := c.Decode()
	if err != nil {
		return nil, desk.Effect{}, err
	}
	var r *request
	var would outcome
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		was, err := loadDirectory(tx)
		if err != nil {
			return err
		}
		tallies, err := tx.Tallies()
		if err != nil {
			return err
		}
		if r, err = s.admit(tx, who, "", cmd); err != nil {
			return err
		}
		if _, err = r.write(cmd); err != nil {
			return err
		}
		if would, err = outcomeOf(tx, was, tallies, r.now); err != nil {
			return err
		}
		return errPreviewed
	})
	if !errors.Is(err, errPreviewed) {
		return r, desk.Effect{}, err
	}
	return r, would.effect(s.screens()), nil
}

// screens counts the open sessions of each member.
func (s *Service) screens() map[desk.MemberID]int {
	n := map[desk.MemberID]int{}
	s.sessions.each(func(c *session) { n[c.member]++ })
	return n
}

// outcome is what a command would have left behind: who would have other rights,
// and which chats would have moved.
type outcome struct {
	people []affected
	moved  map[move]int  // how many chats would move like that
	stay   []store.Tally // the open chats that wouldn't, by their facts
}

// affected is a member before and after.
type affected struct {
	was, is desk.Actor
	queued  int // messages on their way that wouldn't be sent any more
}

// move is how chats would change hands.
type move struct{ from, to desk.Facts }

func outcomeOf(tx *store.Tx, was *directory, tallies []store.Tally, now time.Time) (outcome, error) {
	o := outcome{moved: map[move]int{}}
	entries := tx.Appended()
	is, changed := was.with(entries)
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
	for i := range entries {
		if c := entries[i].Conversation; c != nil && entries[i].Before != nil {
			m := move{entries[i].Was().Facts(), c.Facts()}
			m.from.Unread, m.to.Unread = 0, 0 // nobody's sight hangs on it
			o.moved[m]++
		}
	}
	o.stay = staying(tallies, o.moved)
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

// staying are the open chats without those that move.
func staying(tallies []store.Tally, moved map[move]int) []store.Tally {
	gone := map[desk.Facts]int{}
	for m, n := range moved {
		gone[m.from] += n
	}
	var open []store.Tally
	for _, k := range tallies {
		if k.Total -= gone[k.Facts]; k.Status == desk.StatusOpen && k.Total > 0 {
			open = append(open, k)
		}
	}
	return open
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
	seen := func(from, to desk.Facts, n int) {
		switch before, after := desk.Sees(&p.was, from), desk.Sees(&p.is, to); {
		case before && !after:
			on.Vanish += n
		case after && !before:
			on.Appear += n
		}
	}
	for i := range o.stay {
		seen(o.stay[i].Facts, o.stay[i].Facts, o.stay[i].Total)
	}
	for m, n := range o.moved {
		seen(m.from, m.to, n)
		if m.from.Assignee == on.Member {
			on.Returns += n
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
