package desk_test

import (
	"slices"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// The model of who may give what to whom, written from the guard rails in words
// and not from canpeople.go: the two are compared over every pair of built-in
// roles and everything that can be given.

// standing is who stands above whom, lowest first; the three in the middle stand
// side by side.
var standing = map[desk.RoleID]int{
	desk.RoleTemporary: 1, desk.RoleViewer: 2, desk.RoleAgent: 3, desk.RoleSales: 3, desk.RoleMarketing: 3,
	desk.RoleManager: 4, desk.RoleAdmin: 5, desk.RoleOwner: 6,
}

var reachOrder = []desk.Scope{desk.ScopeNone, desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll}

// asFar reports whether a scope reaches as far as another.
func asFar(have, want desk.Scope) bool {
	return slices.Index(reachOrder, have) >= slices.Index(reachOrder, want)
}

// world is one question: who asks, about whom, and what stands between them.
type world struct {
	me, to         desk.RoleID
	self, teammate bool
	deputy         bool // I was lent the owner's keys for a time
}

func (w world) reaches(t *testing.T, p desk.Perm) bool {
	reach := builtIn(t, "x", w.me).Role.Grants[p]
	if w.deputy {
		reach = desk.ScopeAll
	}
	return reach == desk.ScopeAll || reach == desk.ScopeTeam && (w.teammate || w.self)
}

// actors are the two people of the question. Whatever was lent is a role with
// every key, of no rank.
func (w world) actors(t *testing.T) (me, to *desk.Actor) {
	me = builtIn(t, "me", w.me, "blue")
	if w.deputy {
		me.Lent = []desk.Role{{ID: "deputy", Grants: builtIn(t, "x", desk.RoleOwner).Role.Grants}}
		me.Member.Grants = []desk.Grant{{ID: "g", Role: "deputy"}}
	}
	team := desk.TeamID("red")
	if w.teammate {
		team = "blue"
	}
	to = builtIn(t, "eve", w.to, team)
	if w.self {
		to = me
	}
	return me, to
}

// worlds are all pairs of built-in roles, in each relation.
func worlds() (all []world) {
	for _, me := range desk.BuiltInRoles() {
		for _, deputy := range []bool{false, true} {
			all = append(all, world{me: me.ID, to: me.ID, self: true, deputy: deputy})
			for _, to := range desk.BuiltInRoles() {
				all = append(all, world{me: me.ID, to: to.ID, deputy: deputy}, world{me: me.ID, to: to.ID, teammate: true, deputy: deputy})
			}
		}
	}
	return all
}

// within reports whether a role holds no more than another by itself.
func within(small, large map[desk.Perm]desk.Scope) bool {
	for p, s := range small {
		if !asFar(large[p], s) {
			return false
		}
	}
	return true
}

// tally counts the answers, so that a comparison that only ever saw one of them
// fails.
type tally struct{ yes, no int }

func (n *tally) compare(t *testing.T, want bool, got error, what string, args ...any) {
	t.Helper()
	if want != (got == nil) {
		t.Errorf("the model says %v and Can says %v: "+what, append([]any{want, got}, args...)...)
	}
	if want {
		n.yes++
	} else {
		n.no++
	}
}

func (n *tally) check(t *testing.T) {
	t.Helper()
	if n.yes < 500 || n.no < 500 {
		t.Errorf("only %d succeeded and %d didn't: that compares too little", n.yes, n.no)
	}
}

func TestEscalationByAssigning(t *testing.T) {
	var n tally
	for _, w := range worlds() {
		for _, given := range desk.BuiltInRoles() {
			for _, owners := range []int{1, 2} {
				me, to := w.actors(t)
				want := w.reaches(t, desk.RoleAssign) && !w.self && given.ID != w.to &&
					(w.to != desk.RoleOwner || owners > 1)
				if w.me != desk.RoleOwner {
					want = want && standing[w.to] < standing[w.me] && standing[given.ID] < standing[w.me] &&
						within(given.Grants, builtIn(t, "x", w.me).Role.Grants)
				}
				n.compare(t, want, desk.Can(me, desk.RoleAssign, desk.Subject{To: to, Role: &given, Owners: owners}, noon),
					"%+v gives %s, %d owners", w, given.ID, owners)
			}
		}
	}
	n.check(t)
}

func TestEscalationByLending(t *testing.T) {
	for _, p := range []desk.Perm{desk.GrantTemporary, desk.AccessDecide} {
		var n tally
		for _, w := range worlds() {
			me, to := w.actors(t)
			mine := builtIn(t, "x", w.me).Role.Grants
			may := w.reaches(t, p) && !w.self && standing[w.to] <= standing[w.me]
			for _, key := range desk.Permissions() {
				for _, scope := range key.Scopes {
					n.compare(t, may && asFar(mine[key.Key], scope),
						desk.Can(me, p, desk.Subject{To: to, Key: key.Key, Scope: scope}, noon), "%s: %+v gives %s %s", p, w, key.Key, scope)
				}
			}
			for _, given := range desk.BuiltInRoles() {
				want := may && given.ID != desk.RoleOwner && within(given.Grants, mine) &&
					(w.me == desk.RoleOwner || standing[given.ID] < standing[w.me])
				n.compare(t, want, desk.Can(me, p, desk.Subject{To: to, Role: &given}, noon), "%s: %+v lends %s", p, w, given.ID)
			}
		}
		n.check(t)
	}
}

// Every role tries to make, and to change into, a role with each single key at
// each scope, at each rank that matters. What the role held before it may keep.
func TestEscalationByManaging(t *testing.T) {
	var n tally
	for _, mine := range desk.BuiltInRoles() {
		for _, deputy := range []bool{false, true} {
			me, _ := world{me: mine.ID, to: mine.ID, deputy: deputy}.actors(t)
			manages := deputy || mine.ID == desk.RoleOwner || mine.ID == desk.RoleAdmin
			for _, was := range copies() {
				reaches := was == nil || mine.ID == desk.RoleOwner || was.Rank < mine.Rank
				n.compare(t, manages && reaches, desk.Can(me, desk.RoleManage, desk.Subject{Role: was}, noon), "%s deletes %+v", mine.ID, was)
				for _, key := range desk.Permissions() {
					for _, scope := range key.Scopes {
						for _, rank := range []int{1, mine.Rank - 1, mine.Rank, 99} {
							draft := &desk.Role{ID: "odd", Name: "Odd", Rank: rank, Grants: map[desk.Perm]desk.Scope{key.Key: scope}}
							kept := was != nil && asFar(was.Grants[key.Key], scope)
							want := manages && reaches && rank < mine.Rank && (kept || asFar(mine.Grants[key.Key], scope))
							n.compare(t, want, desk.Can(me, desk.RoleManage, desk.Subject{Role: was, Draft: draft}, noon),
								"%s (deputy %v) makes %+v of %+v", mine.ID, deputy, draft, was)
						}
					}
				}
			}
		}
	}
	n.check(t)
}

// copies are a role that is new (nil) and custom ones as each built-in role is.
func copies() []*desk.Role {
	all := []*desk.Role{nil}
	for _, r := range desk.BuiltInRoles() {
		r.ID, r.BuiltIn, r.Base = "odd", false, r.ID
		all = append(all, &r)
	}
	return all
}

// Built-in roles stay as they are, whoever tries.
func TestNobodyChangesABuiltInRole(t *testing.T) {
	for _, mine := range desk.BuiltInRoles() {
		for _, was := range desk.BuiltInRoles() {
			me, _ := world{me: mine.ID, deputy: true, to: mine.ID}.actors(t)
			for _, draft := range []*desk.Role{nil, {ID: was.ID, Name: was.Name, Rank: 1}} {
				if desk.Can(me, desk.RoleManage, desk.Subject{Role: &was, Draft: draft}, noon) == nil {
					t.Errorf("%s changes %s", mine.ID, was.ID)
				}
			}
		}
	}
}
