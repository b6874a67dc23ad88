package client

import (
	"cmp"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// people are the members, teams and roles of the desk: everyone's names, since
// old threads and lists show them, also of those who are gone. The slices are
// sorted as a screen shows them, and without those who are gone.
type people struct {
	members  map[desk.MemberID]desk.Member
	teams    map[desk.TeamID]desk.Team
	roles    map[desk.RoleID]desk.Role
	requests map[desk.RequestID]desk.Request

	memberList  []desk.Member
	teamList    []desk.Team
	roleList    []desk.Role
	requestList []desk.Request
}

func newPeople() people {
	return people{
		members:  map[desk.MemberID]desk.Member{},
		teams:    map[desk.TeamID]desk.Team{},
		roles:    map[desk.RoleID]desk.Role{},
		requests: map[desk.RequestID]desk.Request{},
	}
}

func (p *people) set(s *desk.Snapshot) {
	for _, m := range s.Members {
		p.members[m.ID] = m
	}
	for _, t := range s.Teams {
		p.teams[t.ID] = t
	}
	for _, r := range s.Roles {
		p.role(r)
	}
	for _, q := range s.Requests {
		p.requests[q.ID] = q
	}
	p.sort()
}

func (p *people) role(r desk.Role) {
	if r.Removed {
		delete(p.roles, r.ID)
		return
	}
	p.roles[r.ID] = r
}

// apply takes in what the event says of people; false when it says nothing.
func (p *people) apply(e *desk.Event) bool {
	if e.Member == nil && e.Team == nil && e.Role == nil {
		return false
	}
	if e.Member != nil {
		p.members[e.Member.ID] = *e.Member
	}
	if e.Team != nil {
		p.teams[e.Team.ID] = *e.Team
	}
	if e.Role != nil {
		p.role(*e.Role)
	}
	p.sort()
	return true
}

// actor joins a member with their roles; ok is false when one of them isn't
// known here.
func (p *people) actor(id desk.MemberID) (_ desk.Actor, ok bool) {
	m, ok := p.members[id]
	if !ok {
		return desk.Actor{}, false
	}
	a := desk.NewActor(m, func(id desk.RoleID) (desk.Role, bool) {
		r, ok := p.roles[id]
		return r, ok
	})
	return a, a.Role.ID != ""
}

func (p *people) sort() {
	p.memberList, p.teamList, p.roleList = nil, nil, nil
	for _, m := range p.members {
		if !m.Removed {
			p.memberList = append(p.memberList, m)
		}
	}
	for _, t := range p.teams {
		p.teamList = append(p.teamList, t)
	}
	for _, r := range p.roles {
		p.roleList = append(p.roleList, r)
	}
	slices.SortFunc(p.memberList, func(a, b desk.Member) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(p.teamList, func(a, b desk.Team) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(p.roleList, func(a, b desk.Role) int {
		return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
}

// Member is the member with this id, also one who was removed; ok is false for
// one who isn't known here.
func (r *Replica) Member(id desk.MemberID) (_ desk.Member, ok bool) {
	m, ok := r.people.members[id]
	return m, ok
}

// Members are all members who weren't removed, by name.
func (r *Replica) Members() []desk.Member { return r.people.memberList }

// Team is the team with this id.
func (r *Replica) Team(id desk.TeamID) (_ desk.Team, ok bool) {
	t, ok := r.people.teams[id]
	return t, ok
}

// Teams are all teams, by name.
func (r *Replica) Teams() []desk.Team { return r.people.teamList }

// Role is the role with this id.
func (r *Replica) Role(id desk.RoleID) (_ desk.Role, ok bool) {
	role, ok := r.people.roles[id]
	return role, ok
}

// Roles are all roles, the highest first.
func (r *Replica) Roles() []desk.Role { return r.people.roleList }

// Actor is a member with their roles, to be asked about by [desk.Can]. This
// agent's own is [Replica.Me]: an event about oneself is followed by a snapshot,
// and only that changes one's rights here.
func (r *Replica) Actor(id desk.MemberID) (_ desk.Actor, ok bool) {
	if r.known && id == r.me.Member.ID {
		return r.me, true
	}
	return r.people.actor(id)
}

// Owners is how many members are owners who can do something about it: neither
// suspended nor removed, and not only invited.
func (r *Replica) Owners() int {
	n := 0
	for _, m := range r.people.memberList {
		if m.Role == desk.RoleOwner && !m.Suspended && !m.Invited {
			n++
		}
	}
	return n
}
