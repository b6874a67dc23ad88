package store

import "github.com/frontdesk-inbox/frontdesk/desk"

// branch is a set of conversations that one index holds in the order of a list:
// those of a status, and of an assignee, a team, or both. An empty string is
// nobody or no team; nil is any.
type branch struct {
	status   desk.Status
	assignee *desk.MemberID
	team     *desk.TeamID
}

// visible says which conversations of a list a member may see, as a union of
// branches. It says in SQL's terms what [desk.Can] says of conversation.view and
// what [desk.List.Holds] says: a property test holds them together.
//
// Branches may overlap. The newest n of a union are among the newest n of each
// branch, so a window costs as many short index scans as there are branches,
// however many conversations there are; no branch filters what it scans.
func visible(me desk.Actor, l desk.List) []branch {
	if me.Member.Suspended {
		return nil
	}
	var both []branch
	for _, b := range listed(me.Member, l) {
		for _, r := range reachable(me) {
			if x, ok := b.and(r); ok {
				both = append(both, x)
			}
		}
	}
	return outermost(both)
}

// listed is what the list holds.
func listed(me desk.Member, l desk.List) []branch {
	var nobody desk.MemberID
	b := branch{status: desk.StatusOpen}
	switch l {
	case desk.ListMine:
		b.assignee = &me.ID
	case desk.ListQueue:
		b.assignee = &nobody
	case desk.ListTeam:
		return inTeams(me, b)
	case desk.ListAll:
	case desk.ListResolved:
		b.status = desk.StatusResolved
	default:
		return nil
	}
	return []branch{b}
}

// reachable is what the role lets the member see, whatever the status.
func reachable(me desk.Actor) []branch {
	var nobody desk.MemberID
	list := covered(me.Scope(desk.ConversationView), me.Member)
	for _, b := range covered(me.Scope(desk.ConversationViewQueue), me.Member) {
		if q, ok := b.and(branch{assignee: &nobody}); ok {
			list = append(list, q)
		}
	}
	return list
}

// covered is what a scope covers.
func covered(s desk.Scope, me desk.Member) []branch {
	var nobody desk.MemberID
	var none desk.TeamID
	switch s {
	case desk.ScopeAll:
		return []branch{{}}
	case desk.ScopeTeam:
		return append(inTeams(me, branch{}), branch{assignee: &me.ID}, branch{assignee: &nobody, team: &none})
	case desk.ScopeOwn:
		return []branch{{assignee: &me.ID}}
	}
	return nil
}

// inTeams narrows b to each of the member's teams.
func inTeams(me desk.Member, b branch) []branch {
	var list []branch
	for _, id := range me.Teams {
		if id != "" {
			b.team = &id
			list = append(list, b)
		}
	}
	return list
}

// and is what two branches have in common; ok is false when that is nothing.
func (b branch) and(o branch) (_ branch, ok bool) {
	switch {
	case b.status != "" && o.status != "" && b.status != o.status,
		b.assignee != nil && o.assignee != nil && *b.assignee != *o.assignee,
		b.team != nil && o.team != nil && *b.team != *o.team:
		return branch{}, false
	}
	if b.status == "" {
		b.status = o.status
	}
	if b.assignee == nil {
		b.assignee = o.assignee
	}
	if b.team == nil {
		b.team = o.team
	}
	return b, true
}

// within reports whether all of b is in o.
func (b branch) within(o branch) bool {
	return (o.status == "" || o.status == b.status) &&
		(o.assignee == nil || b.assignee != nil && *b.assignee == *o.assignee) &&
		(o.team == nil || b.team != nil && *b.team == *o.team)
}

// outermost leaves out what is within another branch.
func outermost(list []branch) []branch {
	var kept []branch
	for i, b := range list {
		inner := false
		for j, o := range list {
			// Of two equal ones the first stays.
			if i != j && b.within(o) && (j < i || !o.within(b)) {
				inner = true
				break
			}
		}
		if !inner {
			kept = append(kept, b)
		}
	}
	return kept
}
