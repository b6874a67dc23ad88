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
	elsewhere      bool // the teammate is in a team besides, which isn't mine
	deputy         bool // I was lent the owner's keys for a time
}

// mayPass reports whether a key that I hold may be given that far. "My teams'" means
// other chats to someone who is in other teams.
func (w world) mayPass(mine map[desk.Perm]desk.Scope, p desk.Perm, s desk.Scope) bool {
	if s == desk.ScopeTeam && mine[p] == desk.ScopeTeam && w.strays() {
		return false
	}
	return asFar(mine[p], s)
}

// strays reports whether the other one works in a team that isn't mine.
func (w world) strays() bool { return !w.self && (!w.teammate || w.elsewhere) }

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
	teams := []desk.TeamID{"red"}
	switch {
	case w.elsewhere:
		teams = []desk.TeamID{"blue", "red"}
	case w.teammate:
		teams = []desk.TeamID{"blue"}
	}
	to = builtIn(t, "eve", w.to, teams...)
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
				all = append(all, world{me: me.ID, to: to.ID, deputy: deputy}, world{me: me.ID, to: to.ID, teammate: true, deputy: deputy},
					world{me: me.ID, to: to.ID, teammate: true, elsewhere: true, deputy: deputy})
			}
		}
	}
	return all
}

// within reports whether a role does no more, in the other one's hands, than mine
// does by itself.
func (w world) within(small, mine map[desk.Perm]desk.Scope) bool {
	for p, s := range small {
		if !w.mayPass(mine, p, s) {
			return false
		}
	}
	return true
}

// givenRoles are what people try to give: the built-in roles, and low ones that
// hold one key for "my teams" each.
func givenRoles() []desk.Role {
	all := desk.BuiltInRoles()
	for _, key := range desk.Permissions() {
		if slices.Contains(key.Scopes, desk.ScopeTeam) {
			all = append(all, desk.Role{ID: "one " + desk.RoleID(key.Key), Name: "One", Rank: 1, Grants: map[desk.Perm]desk.Scope{key.Key: desk.ScopeTeam}})
		}
	}
	return all
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
	roles := givenRoles()
	for _, w := range worlds() {
		me, to := w.actors(t)
		mine, reaches := builtIn(t, "x", w.me).Role.Grants, w.reaches(t, desk.RoleAssign)
		for _, given := range roles {
			for _, owners := range []int{1, 2} {
				want := reaches && !w.self && given.ID != w.to && (w.to != desk.RoleOwner || owners > 1)
				if w.me != desk.RoleOwner {
					want = want && standing[w.to] < standing[w.me] && standing[given.ID] < standing[w.me] && w.within(given.Grants, mine)
				}
				n.compare(t, want, desk.Can(me, desk.RoleAssign, desk.Subject{To: to, Role: &given, Owners: owners}, noon),
					"%+v gives %s, %d owners", w, given.ID, owners)
			}
		}
	}
	n.check(t)
}

func TestEscalationByLending(t *testing.T) {
	roles := givenRoles()
	for _, p := range []desk.Perm{desk.GrantTemporary, desk.AccessDecide} {
		var n tally
		for _, w := range worlds() {
			me, to := w.actors(t)
			mine := builtIn(t, "x", w.me).Role.Grants
			may := w.reaches(t, p) && !w.self && standing[w.to] <= standing[w.me]
			for _, key := range desk.Permissions() {
				for _, scope := range key.Scopes {
					n.compare(t, may && w.mayPass(mine, key.Key, scope),
						desk.Can(me, p, desk.Subject{To: to, Key: key.Key, Scope: scope}, noon), "%s: %+v gives %s %s", p, w, key.Key, scope)
				}
			}
			for _, given := range roles {
				want := may && given.ID != desk.RoleOwner && w.within(given.Grants, mine) &&
					(w.me == desk.RoleOwner || standing[given.ID] < standing[w.me])
				n.compare(t, want, desk.Can(me, p, desk.Subject{To: to, Role: &given}, noon), "%s: %+v lends %s", p, w, given.ID)
			}
		}
		n.check(t)
	}
}

// Every role tries to invite, with each role, into teams of its own, others' and
// both, also with a role of its own that invites into all teams.
func TestEscalationByInviting(t *testing.T) {
	var n tally
	for _, mine := range desk.BuiltInRoles() {
		for _, everywhere := range []bool{false, true} {
			for _, teams := range [][]desk.TeamID{nil, {"blue"}, {"red"}, {"blue", "red"}} {
				w := world{me: mine.ID, teammate: true, elsewhere: slices.Contains(teams, "red")}
				me, _ := world{me: mine.ID, to: mine.ID, self: true}.actors(t)
				if everywhere {
					me.Role.Grants[desk.MemberInvite] = desk.ScopeAll
				}
				reach := me.Role.Grants[desk.MemberInvite]
				for _, given := range givenRoles() {
					want := reach == desk.ScopeAll || reach == desk.ScopeTeam && len(teams) > 0 && !w.elsewhere
					if mine.ID != desk.RoleOwner {
						want = want && standing[given.ID] < standing[w.me] && w.within(given.Grants, me.Role.Grants)
					}
					n.compare(t, want, desk.Can(me, desk.MemberInvite, desk.Subject{Role: &given, Teams: teams}, noon),
						"%s (everywhere %v) invites a %s into %v", mine.ID, everywhere, given.ID, teams)
				}
			}
		}
	}
	n.check(t)
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
