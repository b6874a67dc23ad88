package server

import (
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// directory is who works here, at one position of the log. It is never changed:
// an entry about people makes a new one. A member whose rights stay the same
// keeps the same *desk.Actor, so that a session sees a change of rights by
// comparing two pointers.
type directory struct {
	members map[desk.MemberID]desk.Member
	roles   map[desk.RoleID]desk.Role
	teams   map[desk.TeamID]desk.Team
	actors  map[desk.MemberID]*desk.Actor
	at      int64 // the newest entry that it knows of
	// asOf is the time for which the actors hold: what had ended by then is no
	// longer theirs. The members keep it until the log tells of the end.
	asOf time.Time
}

func loadDirectory(tx *store.Tx) (*directory, error) {
	members, err := tx.Members()
	if err != nil {
		return nil, err
	}
	roles, err := tx.Roles()
	if err != nil {
		return nil, err
	}
	teams, err := tx.Teams()
	if err != nil {
		return nil, err
	}
	d := &directory{map[desk.MemberID]desk.Member{}, map[desk.RoleID]desk.Role{}, map[desk.TeamID]desk.Team{}, nil, 0, time.Time{}}
	for _, m := range members {
		d.members[m.ID] = m
	}
	for _, r := range roles {
		d.roles[r.ID] = r
	}
	for _, t := range teams {
		d.teams[t.ID] = t
	}
	d.resolve(nil)
	return d, nil
}

// with returns the directory after the entries, and the members whose rights
// are not what they were.
func (d *directory) with(entries []store.Entry) (*directory, []desk.MemberID) {
	about := false
	for i := range entries {
		about = about || aboutPeople(&entries[i])
	}
	if !about {
		return d, nil
	}
	next := &directory{copied(d.members), copied(d.roles), copied(d.teams), nil, entries[len(entries)-1].Seq, d.asOf}
	for i := range entries {
		e := &entries[i]
		if e.Member != nil {
			next.members[e.Member.ID] = *e.Member
		}
		if e.Role != nil {
			next.roles[e.Role.ID] = *e.Role
			if e.Role.Removed {
				delete(next.roles, e.Role.ID)
			}
		}
		if e.Team != nil {
			next.teams[e.Team.ID] = *e.Team
		}
	}
	return next, next.resolve(d.actors)
}

// aboutPeople reports whether an entry changes the directory.
func aboutPeople(e *store.Entry) bool { return e.Member != nil || e.Role != nil || e.Team != nil }

// resolve joins members with their roles, keeping what stayed equal.
func (d *directory) resolve(old map[desk.MemberID]*desk.Actor) (changed []desk.MemberID) {
	d.actors = make(map[desk.MemberID]*desk.Actor, len(d.members))
	for id, m := range d.members {
		a := desk.NewActor(m, d.role).At(d.asOf)
		if was := old[id]; was != nil && was.Equal(a) {
			d.actors[id] = was
			continue
		}
		d.actors[id] = &a
		if old[id] != nil {
			changed = append(changed, id)
		}
	}
	return changed
}

func (d *directory) role(id desk.RoleID) (desk.Role, bool) {
	r, ok := d.roles[id]
	return r, ok
}

// active are the actors who can do anything at all.
func (d *directory) active() []*desk.Actor {
	list := make([]*desk.Actor, 0, len(d.actors))
	for _, a := range d.actors {
		if !a.Member.Suspended && !a.Member.Invited {
			list = append(list, a)
		}
	}
	return list
}

func copied[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m)+1)
	for k, v := range m {
		out[k] = v
	}
	return out
}

// actor returns what the member may do now; nil when there is no such member. It
// is the same pointer for as long as that stays the same.
func (s *Service) actor(id desk.MemberID) *desk.Actor {
	for {
		d := s.people.Load()
		a := d.actors[id]
		if a == nil || len(a.Member.Grants) == 0 {
			return a
		}
		now := s.now()
		if !lapsed(a, now) {
			return a
		}
		if s.people.CompareAndSwap(d, d.asAt(now, id)) {
			// Whatever is being written to them was decided on before.
			go func() {
				s.sessions.bar([]desk.MemberID{id}, s.o.SlowWrite)
				s.sessions.wake()
			}()
		}
	}
}

// lapsed reports whether a grant of theirs has ended by now.
func lapsed(a *desk.Actor, now time.Time) bool {
	return slices.ContainsFunc(a.Member.Grants, func(g desk.Grant) bool { return !now.Before(g.Until) })
}

// asAt is the directory with a member's actor as they are at a time.
func (d *directory) asAt(now time.Time, id desk.MemberID) *directory {
	next := *d
	next.actors = copied(d.actors)
	a := d.actors[id].At(now)
	next.actors[id] = &a
	if now.After(next.asOf) {
		next.asOf = now
	}
	return &next
}

// unsettled reports whether a grant of the member has ended without the log
// having told of it yet.
func (d *directory) unsettled(id desk.MemberID, now time.Time) bool {
	a := desk.Actor{Member: d.members[id]}
	return lapsed(&a, now)
}
