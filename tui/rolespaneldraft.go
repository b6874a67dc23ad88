package tui

import (
	"maps"
	"slices"
	"strconv"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// roleDrafts are the changes to roles that aren't saved. They outlive the panel:
// however it is left, nothing of them is lost while the program runs.
type roleDrafts struct {
	all   map[desk.RoleID]*roleDraft
	steps []roleStep // the newest last, to be undone one by one
}

// roleDraft is a role that is being edited.
type roleDraft struct {
	base  desk.Role // as it was when the first change was made, or when mine were put on top
	now   desk.Role // as it shall be
	saved bool      // it was accepted; the event that shows it is on its way

	theirs []desk.RoleVersion // what others made of it since, newest first
	told   int                // the version that theirs was asked for; -1: of its deletion
}

// roleStep is one edit: a permission with its scope before, or, with no
// permission, the name, description and rank before.
type roleStep struct {
	role desk.RoleID
	perm desk.Perm
	was  desk.Scope
	meta desk.Role
}

func newRoleDrafts() *roleDrafts {
	return &roleDrafts{all: map[desk.RoleID]*roleDraft{}}
}

// edit returns the draft of a role, which begins as the role is.
func (ds *roleDrafts) edit(role desk.Role) *roleDraft {
	d := ds.all[role.ID]
	if d == nil {
		d = &roleDraft{base: cloneRole(role), now: cloneRole(role)}
		ds.all[role.ID] = d
	}
	return d
}

// set gives a key of a role another scope.
func (ds *roleDrafts) set(role desk.Role, p desk.Perm, s desk.Scope) {
	d := ds.edit(role)
	ds.steps = append(ds.steps, roleStep{role: role.ID, perm: p, was: d.now.Grants[p]})
	grant(&d.now, p, s)
	ds.tidy(role.ID)
}

// describe gives a role another name, description and rank.
func (ds *roleDrafts) describe(role desk.Role, name, description string, rank int) {
	d := ds.edit(role)
	if d.now.Name != name || d.now.Description != description || d.now.Rank != rank {
		ds.steps = append(ds.steps, roleStep{role: role.ID, meta: d.now})
		d.now.Name, d.now.Description, d.now.Rank = name, description, rank
	}
	ds.tidy(role.ID)
}

// undo takes the newest edit back and returns it; ok is false when there is none.
func (ds *roleDrafts) undo() (s roleStep, ok bool) {
	n := len(ds.steps)
	if n == 0 {
		return roleStep{}, false
	}
	s, ds.steps = ds.steps[n-1], ds.steps[:n-1]
	d := ds.all[s.role]
	if d == nil { // the edits before it had cancelled each other out
		return s, false
	}
	if s.perm != "" {
		grant(&d.now, s.perm, s.was)
	} else {
		d.now.Name, d.now.Description, d.now.Rank = s.meta.Name, s.meta.Description, s.meta.Rank
	}
	ds.tidy(s.role)
	return s, true
}

// tidy forgets a draft that says what the role is anyway. One that somebody else
// has touched since stays until that was looked at.
func (ds *roleDrafts) tidy(id desk.RoleID) {
	if d := ds.all[id]; d != nil && len(d.mine()) == 0 && d.told == 0 {
		ds.drop(id)
	}
}

func (ds *roleDrafts) drop(id desk.RoleID) {
	delete(ds.all, id)
	ds.steps = slices.DeleteFunc(ds.steps, func(s roleStep) bool { return s.role == id })
}

// unsaved counts the changes.
func (ds *roleDrafts) unsaved() int {
	n := 0
	for _, d := range ds.all {
		if !d.saved {
			n += len(d.mine())
		}
	}
	return n
}

// ids are the roles that have unsaved changes, in a fixed order.
func (ds *roleDrafts) ids() []desk.RoleID {
	return slices.DeleteFunc(ds.edited(), func(id desk.RoleID) bool { return ds.all[id].saved })
}

// edited are all roles that have a draft, in a fixed order.
func (ds *roleDrafts) edited() []desk.RoleID { return slices.Sorted(maps.Keys(ds.all)) }

// command saves all drafts, all or nothing.
func (ds *roleDrafts) command() desk.ChangeRoles {
	var c desk.ChangeRoles
	for _, id := range ds.ids() {
		d := ds.all[id]
		c.Changes = append(c.Changes, roleChangeOf(d.now, d.base.Version))
	}
	return c
}

func roleChangeOf(r desk.Role, seen int) desk.RoleChange {
	return desk.RoleChange{Role: r.ID, Seen: seen, Name: r.Name, Description: r.Description, Base: r.Base, Rank: r.Rank, Grants: maps.Clone(r.Grants)}
}

// mine are the changes of a draft.
func (d *roleDraft) mine() []roleDiff { return roleDiffs(d.base, d.now) }

// ontop puts mine over what stands there now. A role that is gone is made anew,
// as it stands in the draft.
func (ds *roleDrafts) ontop(id desk.RoleID, theirs desk.Role, exists bool) {
	d := ds.all[id]
	ds.steps = slices.DeleteFunc(ds.steps, func(s roleStep) bool { return s.role == id })
	d.theirs, d.told = nil, 0
	if !exists {
		d.base = desk.Role{ID: id}
		return
	}
	merged := mergeRoles(d.base, d.now, theirs)
	d.base, d.now = cloneRole(theirs), cloneRole(theirs)
	for _, diff := range roleDiffs(theirs, merged) {
		if diff.perm != "" {
			ds.set(d.base, diff.perm, merged.Grants[diff.perm])
		}
	}
	ds.describe(theirs, merged.Name, merged.Description, merged.Rank)
}

// mergeRoles is theirs with what mine changed since base.
func mergeRoles(base, mine, theirs desk.Role) desk.Role {
	merged := cloneRole(theirs)
	for _, d := range roleDiffs(base, mine) {
		switch d.field {
		case roleName:
			merged.Name = mine.Name
		case roleDescription:
			merged.Description = mine.Description
		case roleRank:
			merged.Rank = mine.Rank
		default:
			grant(&merged, d.perm, mine.Grants[d.perm])
		}
	}
	return merged
}

// clashes are what both changed, and not to the same: from is theirs, to mine.
func clashes(base, mine, theirs desk.Role) []roleDiff {
	both := roleDiffs(theirs, mine)
	changed := func(all []roleDiff, d roleDiff) bool {
		return slices.ContainsFunc(all, func(o roleDiff) bool { return o.perm == d.perm && o.field == d.field })
	}
	i, they := roleDiffs(base, mine), roleDiffs(base, theirs)
	return slices.DeleteFunc(both, func(d roleDiff) bool { return !changed(i, d) || !changed(they, d) })
}

// roleField is what of a role can differ besides its permissions.
type roleField string

const (
	roleName        roleField = "Name"
	roleDescription roleField = "Description"
	roleRank        roleField = "Rank"
)

// roleDiff is one difference between two roles: of a permission, with scopes in
// from and to, or of a field.
type roleDiff struct {
	perm     desk.Perm
	field    roleField
	from, to string
}

// more reports whether a permission reaches further afterwards.
func (d roleDiff) more() bool { return desk.Scope(d.to).Rank() > desk.Scope(d.from).Rank() }

// roleDiffs are the differences, fields first, then the permissions in the order
// of the catalogue; those that this program doesn't know come last.
func roleDiffs(a, b desk.Role) []roleDiff {
	var all []roleDiff
	field := func(f roleField, from, to string) {
		if from != to {
			all = append(all, roleDiff{field: f, from: from, to: to})
		}
	}
	field(roleName, a.Name, b.Name)
	field(roleDescription, a.Description, b.Description)
	field(roleRank, strconv.Itoa(a.Rank), strconv.Itoa(b.Rank))
	if maps.Equal(a.Grants, b.Grants) {
		return all
	}
	known := map[desk.Perm]bool{}
	add := func(p desk.Perm) {
		if from, to := a.Grants[p], b.Grants[p]; from != to {
			all = append(all, roleDiff{perm: p, from: string(from), to: string(to)})
		}
	}
	for _, p := range desk.Permissions() {
		known[p.Key] = true
		add(p.Key)
	}
	others := maps.Clone(a.Grants)
	if others == nil {
		others = map[desk.Perm]desk.Scope{}
	}
	maps.Copy(others, b.Grants)
	for _, p := range slices.Sorted(maps.Keys(others)) {
		if !known[p] {
			add(p)
		}
	}
	return all
}

func cloneRole(r desk.Role) desk.Role {
	r.Grants = maps.Clone(r.Grants)
	if r.Grants == nil {
		r.Grants = map[desk.Perm]desk.Scope{}
	}
	return r
}

func grant(r *desk.Role, p desk.Perm, s desk.Scope) {
	if s == desk.ScopeNone {
		delete(r.Grants, p)
		return
	}
	r.Grants[p] = s
}

// nextScope is the one after s in the cycle of those that a permission takes.
func nextScope(scopes []desk.Scope, s desk.Scope) desk.Scope {
	for _, next := range scopes {
		if next.Rank() > s.Rank() {
			return next
		}
	}
	return desk.ScopeNone
}
