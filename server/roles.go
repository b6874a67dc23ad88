package server

import (
	"maps"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// hadRole is how the log's details show which role a member had or got.
type hadRole struct {
	Role desk.RoleID `json:"role"`
}

// stored is a member as the store has them. What is changed of a member is this:
// r.To and r.actor are without the grants that have ended, and putting those back
// would swallow an end that the log has yet to tell.
func (r *request) stored(id desk.MemberID) (desk.Member, error) {
	m, err := r.tx.Member(id)
	return m, hidden(err)
}

// assignRole gives another role; what was lent for a time stays.
func (r *request) assignRole() (desk.Done, error) {
	member, err := r.stored(r.To.Member.ID)
	if err != nil {
		return desk.Done{}, err
	}
	seq, err := r.moveTo(member, r.Role.ID, "")
	if err != nil {
		return desk.Done{}, err
	}
	return desk.Done{Seq: seq}, r.handOverAs(member.ID, member.Name+"'s role changed.")
}

// moveTo stores and records that a member has another role.
func (r *request) moveTo(m desk.Member, role desk.RoleID, why string) (int64, error) {
	was := m.Role
	m.Role = role
	if err := r.tx.PutMember(m); err != nil {
		return 0, err
	}
	return r.record(desk.Event{Kind: desk.RoleAssigned, Member: &m},
		desk.LogDetail{Before: asJSON(hadRole{was}), After: asJSON(hadRole{role}), Reason: why})
}

// handOverAs puts the chats back into the queue that a member can't answer with
// the rights that are stored by now.
func (r *request) handOverAs(id desk.MemberID, why string) error {
	after, err := r.tx.Actor(id)
	if err != nil {
		return err
	}
	after = after.At(r.now)
	_, err = r.handOver(&after, "", why)
	return err
}

// roleChange is a change of several roles on its way: what stands in the store,
// and what would.
type roleChange struct {
	*request
	changes []desk.RoleChange // without those that change nothing
	before  map[desk.RoleID]desk.Role
	after   map[desk.RoleID]desk.Role
	people  []desk.Member
	were    map[desk.MemberID]desk.Actor // the people as they may act at present
	owners  int
}

// changeRoles makes, changes and deletes roles, all or nothing: it judges every
// change before it makes the first.
func (r *request) changeRoles(c desk.ChangeRoles) (desk.Done, error) {
	rc := &roleChange{request: r, before: map[desk.RoleID]desk.Role{}}
	if err := rc.load(); err != nil {
		return desk.Done{}, err
	}
	for _, ch := range c.Changes {
		if err := rc.plan(ch); err != nil {
			return desk.Done{}, err
		}
	}
	if len(rc.changes) == 0 {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "Nothing would change: the roles are like that already.")
	}
	if err := rc.judge(); err != nil {
		return desk.Done{}, err
	}
	seq, err := rc.apply()
	if err != nil {
		return desk.Done{}, err
	}
	return desk.Done{Seq: seq}, rc.handOverAll()
}

func (rc *roleChange) load() error {
	roles, err := rc.tx.Roles()
	if err != nil {
		return err
	}
	for _, role := range roles {
		rc.before[role.ID] = role
	}
	rc.after = maps.Clone(rc.before)
	if rc.owners, err = rc.tx.Owners(); err != nil {
		return err
	}
	if rc.people, err = rc.tx.Members(); err != nil {
		return err
	}
	rc.were = make(map[desk.MemberID]desk.Actor, len(rc.people))
	for _, m := range rc.people {
		rc.were[m.ID] = rc.actorOf(m, rc.before)
	}
	return nil
}

// plan compares one change with what stands in the store, and notes what the role
// would be.
func (rc *roleChange) plan(ch desk.RoleChange) error {
	present, exists := rc.before[ch.Role]
	if exists != (ch.Seen > 0) || present.Version != ch.Seen {
		return rc.conflict(ch, present, exists)
	}
	if ch.Remove {
		delete(rc.after, ch.Role)
		rc.changes = append(rc.changes, ch)
		return nil
	}
	draft := ch.Becomes()
	if exists && sameRole(present, draft) {
		return nil
	}
	if !exists {
		last, err := rc.lastVersion(ch.Role)
		if err != nil {
			return err
		}
		draft.Version = last.Role.Version + 1
	}
	rc.after[ch.Role] = draft
	rc.changes = append(rc.changes, ch)
	return nil
}

// sameRole reports whether two roles differ in nothing but their versions.
func sameRole(a, b desk.Role) bool {
	return a.Name == b.Name && a.Description == b.Description && a.Base == b.Base && a.Rank == b.Rank && maps.Equal(a.Grants, b.Grants)
}

// lastVersion is the newest one of a role, deleted or not; zero when there was
// none.
func (r *request) lastVersion(id desk.RoleID) (desk.RoleVersion, error) {
	versions, err := r.tx.Versions(id)
	if err != nil || len(versions) == 0 {
		return desk.RoleVersion{}, err
	}
	return versions[0], nil
}

// conflict says who was faster, so that the asker can look and save anew.
func (rc *roleChange) conflict(ch desk.RoleChange, present desk.Role, exists bool) error {
	last, err := rc.lastVersion(ch.Role)
	if err != nil {
		return err
	}
	by := "Someone"
	if i := slices.IndexFunc(rc.people, func(m desk.Member) bool { return m.ID == last.By }); i >= 0 {
		by = rc.people[i].Name
	}
	when := ""
	if !last.At.IsZero() {
		when = " on " + last.At.UTC().Format("2 January at 15:04 UTC")
	}
	const again = " Nothing was saved: look at what is there now, then save again."
	switch {
	case !exists && last.Role.Version == 0:
		return desk.Errorf(desk.CodeConflict, "There is no role %q to change."+again, ch.Role)
	case !exists:
		return desk.Errorf(desk.CodeConflict, "%s deleted the role %q%s."+again, by, ch.Role, when)
	case ch.Seen == 0:
		return desk.Errorf(desk.CodeConflict, "There is a role %q already, at version %d. Give the new one another word.", ch.Role, present.Version)
	}
	return desk.Errorf(desk.CodeConflict, "%s changed the role %s%s to version %d; you had seen version %d."+again,
		by, present.Name, when, present.Version, ch.Seen)
}

// judge asks whether the asker may make each of the changes, and whether the
// roles fit together afterwards.
func (rc *roleChange) judge() error {
	for _, ch := range rc.changes {
		s := desk.Subject{}
		if present, ok := rc.before[ch.Role]; ok {
			s.Role = &present
		}
		if draft, ok := rc.after[ch.Role]; ok {
			s.Draft = &draft
		}
		if err := rc.ask(desk.RoleManage, s); err != nil {
			return err
		}
		if err := rc.fits(ch); err != nil {
			return err
		}
	}
	custom := 0
	for _, role := range rc.after {
		if !role.BuiltIn {
			custom++
		}
	}
	if custom > desk.MaxRoles && len(rc.after) > len(rc.before) {
		return desk.Errorf(desk.CodeInvalid, "A desk has at most %d roles of its own. Delete one that nobody needs first.", desk.MaxRoles)
	}
	return nil
}

// fits checks a change against the other roles as they would be.
func (rc *roleChange) fits(ch desk.RoleChange) error {
	if ch.Remove {
		return rc.movable(ch)
	}
	draft := rc.after[ch.Role]
	for _, other := range rc.after {
		if other.ID != draft.ID && desk.NameKey(other.Name) == desk.NameKey(draft.Name) {
			return desk.Errorf(desk.CodeInvalid, "Another role is called %s already. Choose another name.", other.Name)
		}
	}
	_, there := rc.after[ch.Base]
	kept := rc.before[ch.Role].Base == ch.Base // the role that it was copied from may be gone since
	if ch.Base != "" && !kept && (!there || ch.Base == ch.Role) {
		return desk.Errorf(desk.CodeInvalid, "There is no role %q that %s could be a copy of.", ch.Base, ch.Name)
	}
	return nil
}

// movable asks whether the asker may give the people of a deleted role the other
// one. Someone who is removed does nothing with either.
func (rc *roleChange) movable(ch desk.RoleChange) error {
	to, ok := rc.after[ch.MoveTo]
	if !ok {
		return desk.Errorf(desk.CodeInvalid, "There is no role %q for the people of %q. Choose another one.", ch.MoveTo, ch.Role)
	}
	for _, m := range rc.people {
		if m.Role != ch.Role || m.Removed {
			continue
		}
		a := rc.were[m.ID]
		if err := rc.ask(desk.RoleAssign, desk.Subject{To: &a, Role: &to, Owners: rc.owners}); err != nil {
			return err
		}
	}
	return nil
}

// apply makes the changes: roles first, then the people of those that go, and
// last the deletions, so that at no entry anyone has a role that isn't there. It
// returns the number of the last entry.
func (rc *roleChange) apply() (seq int64, err error) {
	for _, ch := range rc.changes {
		if !ch.Remove {
			if seq, err = rc.put(rc.after[ch.Role]); err != nil {
				return 0, err
			}
		}
	}
	for _, ch := range rc.changes {
		if ch.Remove {
			if seq, err = rc.drop(ch); err != nil {
				return 0, err
			}
		}
	}
	return seq, nil
}

func (rc *roleChange) put(role desk.Role) (int64, error) {
	if err := rc.tx.PutRole(role); err != nil {
		return 0, err
	}
	if err := rc.tx.PutVersion(desk.RoleVersion{Role: role, At: rc.now, By: rc.who.Member}); err != nil {
		return 0, err
	}
	before, exists := rc.before[role.ID]
	if !exists {
		return rc.record(desk.Event{Kind: desk.RoleCreated, Role: &role}, desk.LogDetail{After: asJSON(role)})
	}
	return rc.record(desk.Event{Kind: desk.RoleChanged, Role: &role}, desk.LogDetail{Before: asJSON(before), After: asJSON(role)})
}

// drop moves a role's people, ends what was lent of it, and deletes it. The
// deletion is a version too: it says who did it, and what was there.
func (rc *roleChange) drop(ch desk.RoleChange) (int64, error) {
	role := rc.before[ch.Role]
	why := "The role " + role.Name + " was deleted."
	for i := range rc.people {
		m := &rc.people[i]
		if err := rc.endLent(m, ch.Role, why); err != nil {
			return 0, err
		}
		if m.Role != ch.Role {
			continue
		}
		if _, err := rc.moveTo(*m, ch.MoveTo, why); err != nil {
			return 0, err
		}
		m.Role = ch.MoveTo
	}
	if err := rc.tx.DeleteRole(ch.Role); err != nil {
		return 0, err
	}
	last := role
	last.Version, last.Removed = role.Version+1, true
	if err := rc.tx.PutVersion(desk.RoleVersion{Role: last, At: rc.now, By: rc.who.Member}); err != nil {
		return 0, err
	}
	return rc.record(desk.Event{Kind: desk.RoleRemoved, Role: &desk.Role{ID: ch.Role, Removed: true}},
		desk.LogDetail{Before: asJSON(role), After: asJSON(map[string]desk.RoleID{"move_to": ch.MoveTo})})
}

// endLent ends a member's grants of a role that goes. One that has ended by
// itself is left to be told as that.
func (rc *roleChange) endLent(m *desk.Member, role desk.RoleID, why string) error {
	for _, g := range m.Grants {
		if g.Role != role || !rc.now.Before(g.Until) {
			continue
		}
		after := without(*m, g.ID)
		if err := rc.tx.PutMember(after); err != nil {
			return err
		}
		if _, err := rc.record(desk.Event{Kind: desk.AccessEnded, Member: &after}, desk.LogDetail{Before: asJSON(g), Reason: why}); err != nil {
			return err
		}
		*m = after
	}
	return nil
}

// handOverAll looks at everyone whose rights are others now, by their role or by
// one that they were lent.
func (rc *roleChange) handOverAll() error {
	people, err := rc.tx.Members()
	if err != nil {
		return err
	}
	for _, m := range people {
		after := rc.actorOf(m, rc.after)
		if was, ok := rc.were[m.ID]; ok && was.Equal(after) {
			continue
		}
		if _, err := rc.handOver(&after, "", m.Name+"'s role changed."); err != nil {
			return err
		}
	}
	return nil
}

// actorOf joins a member with these roles, as of now.
func (rc *roleChange) actorOf(m desk.Member, roles map[desk.RoleID]desk.Role) desk.Actor {
	return desk.NewActor(m, func(id desk.RoleID) (desk.Role, bool) { role, ok := roles[id]; return role, ok }).At(rc.now)
}

// listVersions tells what a role was, deleted ones too: its deletion is the last
// version, marked as removed.
func (r *request) listVersions(c desk.ListVersions) (desk.Versions, error) {
	list, err := r.tx.Versions(c.Role)
	if err != nil || len(list) > 0 {
		return desk.Versions{Versions: list}, err
	}
	_, err = r.tx.Role(c.Role) // a built-in one has no versions
	return desk.Versions{Versions: []desk.RoleVersion{}}, hidden(err)
}
