package desk_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"pgregory.net/rapid"
)

func TestCanAssignRole(t *testing.T) {
	owner, admin := builtIn(t, "me", desk.RoleOwner), builtIn(t, "me", desk.RoleAdmin)
	manager := builtIn(t, "me", desk.RoleManager, "blue")
	mate, stranger := builtIn(t, "eve", desk.RoleAgent, "blue"), builtIn(t, "eve", desk.RoleAgent, "red")
	give := func(to *desk.Actor, role desk.RoleID, owners int) desk.Subject {
		r := builtIn(t, "x", role).Role
		return desk.Subject{To: to, Role: &r, Owners: owners}
	}
	beyond := desk.Subject{To: mate, Role: &desk.Role{ID: "odd", Name: "Odd", Rank: 1,
		Grants: map[desk.Perm]desk.Scope{desk.RoleAssign: desk.ScopeAll}}}
	team, all := desk.ScopeTeam, desk.ScopeAll
	checkCan(t, []canCase{
		{"an agent gives nobody anything", builtIn(t, "me", desk.RoleAgent), desk.RoleAssign, give(mate, desk.RoleViewer, 1), want{why: desk.WhyNoKey, byRole: true, needs: all}},
		{"about nobody yet", manager, desk.RoleAssign, desk.Subject{}, want{}},
		{"about a person, no role chosen yet", manager, desk.RoleAssign, desk.Subject{To: mate}, want{}},
		{"a manager gives a teammate a lower role", manager, desk.RoleAssign, give(mate, desk.RoleSales, 1), want{}},
		{"a manager doesn't reach into other teams", manager, desk.RoleAssign, give(stranger, desk.RoleSales, 1), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"a manager doesn't touch a manager", manager, desk.RoleAssign, give(builtIn(t, "max", desk.RoleManager, "blue"), desk.RoleAgent, 1), want{why: desk.WhyAbove, has: team}},
		{"a manager doesn't touch an admin", manager, desk.RoleAssign, desk.Subject{To: builtIn(t, "ada", desk.RoleAdmin, "blue")}, want{why: desk.WhyAbove, has: team}},
		{"a manager doesn't make a manager", manager, desk.RoleAssign, give(mate, desk.RoleManager, 1), want{why: desk.WhyAbove, has: team}},
		{"nobody gives what they don't have, however low it ranks", manager, desk.RoleAssign, beyond, want{why: desk.WhyBeyond, has: team}},
		{"an admin doesn't make themselves an owner", admin, desk.RoleAssign, give(builtIn(t, "me", desk.RoleAdmin), desk.RoleOwner, 1), want{why: desk.WhySelf, has: all}},
		{"an admin doesn't make anyone an owner", admin, desk.RoleAssign, give(stranger, desk.RoleOwner, 1), want{why: desk.WhyAbove, has: all}},
		{"an admin doesn't make anyone an admin", admin, desk.RoleAssign, give(stranger, desk.RoleAdmin, 1), want{why: desk.WhyAbove, has: all}},
		{"an admin doesn't demote the owner", admin, desk.RoleAssign, give(builtIn(t, "oli", desk.RoleOwner), desk.RoleViewer, 2), want{why: desk.WhyAbove, has: all}},
		{"an admin reaches every team", admin, desk.RoleAssign, give(stranger, desk.RoleManager, 1), want{}},
		{"the same role again", admin, desk.RoleAssign, give(stranger, desk.RoleAgent, 1), want{why: desk.WhySameRole, has: all}},
		{"an owner doesn't change their own", owner, desk.RoleAssign, give(builtIn(t, "me", desk.RoleOwner), desk.RoleViewer, 2), want{why: desk.WhySelf, has: all}},
		{"an owner makes an owner", owner, desk.RoleAssign, give(stranger, desk.RoleOwner, 1), want{}},
		{"an owner demotes one of two", owner, desk.RoleAssign, give(builtIn(t, "oli", desk.RoleOwner), desk.RoleAdmin, 2), want{}},
		{"the last active owner stays", owner, desk.RoleAssign, give(builtIn(t, "oli", desk.RoleOwner), desk.RoleAdmin, 1), want{why: desk.WhyLastOwner, has: all}},
		{"a suspended owner isn't the last one", owner, desk.RoleAssign, give(suspended(builtIn(t, "oli", desk.RoleOwner)), desk.RoleAdmin, 1), want{}},
	})
}

func TestScopeOrder(t *testing.T) {
	order := []desk.Scope{desk.ScopeNone, desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll}
	for i, s := range order {
		if s.Rank() != i {
			t.Errorf("%q ranks %d, want %d", s, s.Rank(), i)
		}
	}
	if got := desk.Scope("everything").Rank(); got != 0 {
		t.Errorf("an unknown scope ranks %d, want 0", got)
	}
}

func TestRoleCovers(t *testing.T) {
	role := func(grants map[desk.Perm]desk.Scope) desk.Role { return desk.Role{Grants: grants} }
	note, reply := desk.MessageNote, desk.MessageReply
	for _, c := range []struct {
		name    string
		a, b    desk.Role
		missing desk.Perm
	}{
		{"anything covers nothing", role(nil), role(nil), ""},
		{"the same", role(map[desk.Perm]desk.Scope{note: "team"}), role(map[desk.Perm]desk.Scope{note: "team"}), ""},
		{"wider", role(map[desk.Perm]desk.Scope{note: "all"}), role(map[desk.Perm]desk.Scope{note: "team"}), ""},
		{"narrower", role(map[desk.Perm]desk.Scope{note: "own"}), role(map[desk.Perm]desk.Scope{note: "team"}), note},
		{"missing", role(map[desk.Perm]desk.Scope{note: "all"}), role(map[desk.Perm]desk.Scope{reply: "own"}), reply},
		{"the first of two", role(nil), role(map[desk.Perm]desk.Scope{reply: "own", note: "own"}), note},
		{"an empty grant asks for nothing", role(nil), role(map[desk.Perm]desk.Scope{note: ""}), ""},
	} {
		if missing, ok := c.a.Covers(c.b); missing != c.missing || ok != (c.missing == "") {
			t.Errorf("%s: Covers = %q, %v; want %q", c.name, missing, ok, c.missing)
		}
	}
}

// TestBuiltInRoles holds what the rest of the house relies on: who stands above
// whom, that nobody can give what they lack, and that the values are copies.
func TestBuiltInRoles(t *testing.T) {
	roles := desk.BuiltInRoles()
	if len(roles) != 8 || roles[0].ID != desk.RoleOwner {
		t.Fatalf("there are %d built-in roles and the first is %s, want 8 and owner", len(roles), roles[0].ID)
	}
	if !slices.IsSortedFunc(roles, func(a, b desk.Role) int { return b.Rank - a.Rank }) {
		t.Error("the built-in roles aren't in the order of their rank")
	}
	for _, r := range roles {
		if _, ok := roles[0].Covers(r); !ok {
			t.Errorf("the owner may do less than %s", r.ID)
		}
		for p, s := range r.Grants {
			d, known := desk.Describe(p)
			if !known || !slices.Contains(d.Scopes, s) {
				t.Errorf("%s grants %s with scope %q, which the catalogue doesn't have", r.ID, p, s)
			}
		}
	}
	for p := range roles[0].Grants {
		roles[0].Grants[p] = desk.ScopeNone
	}
	if again := desk.BuiltInRoles(); again[0].Scope(desk.MessageReply) != desk.ScopeAll || again[1].Scope(desk.MessageReply) != desk.ScopeAll {
		t.Error("changing a returned role changed the next one")
	}
}

func genScope() *rapid.Generator[desk.Scope] {
	return rapid.SampledFrom([]desk.Scope{desk.ScopeNone, desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll})
}

func genPerm() *rapid.Generator[desk.Perm] {
	return rapid.Custom(func(t *rapid.T) desk.Perm { return rapid.SampledFrom(desk.Permissions()).Draw(t, "permission").Key })
}

func genActor(t *rapid.T) *desk.Actor {
	me := actor(map[desk.Perm]desk.Scope{})
	for _, p := range desk.Permissions() {
		if s := genScope().Draw(t, string(p.Key)); s != desk.ScopeNone {
			me.Role.Grants[p.Key] = s
		}
	}
	me.Member.Suspended = rapid.IntRange(0, 9).Draw(t, "suspended") == 0
	me.Member.Teams = rapid.SliceOfDistinct(rapid.SampledFrom([]desk.TeamID{"blue", "red"}), rapid.ID[desk.TeamID]).Draw(t, "teams")
	return me
}

func genChat(t *rapid.T) *desk.Conversation {
	c := chat(
		rapid.SampledFrom([]desk.MemberID{"", "me", "eve"}).Draw(t, "assignee"),
		rapid.SampledFrom([]desk.TeamID{"", "blue", "red", "green"}).Draw(t, "team"))
	c.Status = rapid.SampledFrom([]desk.Status{desk.StatusOpen, desk.StatusResolved}).Draw(t, "status")
	return c
}

// A wider scope shows at least what a narrower one showed.
func TestWideningNeverHides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		me, c := genActor(t), genChat(t)
		before := desk.Can(me, desk.ConversationView, on(c), noon)
		p, s := genPerm().Draw(t, "widened"), genScope().Draw(t, "to")
		if s.Rank() < me.Role.Scope(p).Rank() {
			return
		}
		me.Role.Grants = maps.Clone(me.Role.Grants)
		me.Role.Grants[p] = s
		if after := desk.Can(me, desk.ConversationView, on(c), noon); before == nil && after != nil {
			t.Fatalf("widening %s to %q hid %+v: %v", p, s, c.Facts(), after)
		}
	})
}

// What is refused by role is refused on every conversation, so a screen that
// hides the action because of one hides nothing that would have worked.
func TestByRoleHoldsEverywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		me, p := genActor(t), genPerm().Draw(t, "permission")
		first, second := genChat(t), genChat(t)
		d, refused := errors.AsType[*desk.Denied](desk.Can(me, p, on(first), noon))
		if !refused || !d.ByRole {
			return
		}
		for _, s := range []desk.Subject{on(second), {}} {
			if err := desk.Can(me, p, s, noon); err == nil {
				t.Fatalf("%s was refused by role on %+v and allowed on %+v", p, first.Facts(), s)
			}
		}
	})
}

// Nobody gets more out of a role assignment than the assigner has, and nobody
// as high or higher is touched, unless an owner does it.
func TestRoleAssignNeverEscalates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := desk.BuiltInRoles()
		pick := func(label string) desk.Role { return rapid.SampledFrom(roles).Draw(t, label) }
		me := &desk.Actor{Member: desk.Member{ID: "me", Teams: []desk.TeamID{"blue"}}, Role: pick("mine")}
		to := &desk.Actor{Member: desk.Member{ID: "eve", Teams: []desk.TeamID{"blue"}}, Role: pick("theirs")}
		role, owners := pick("given"), rapid.IntRange(1, 3).Draw(t, "owners")
		if desk.Can(me, desk.RoleAssign, desk.Subject{To: to, Role: &role, Owners: owners}, noon) != nil {
			return
		}
		if _, ok := me.Role.Covers(role); !ok {
			t.Fatalf("%s gave %s, which may do more", me.Role.ID, role.ID)
		}
		if me.Role.ID != desk.RoleOwner && (to.Role.Rank >= me.Role.Rank || role.Rank >= me.Role.Rank) {
			t.Fatalf("%s turned %s into %s", me.Role.ID, to.Role.ID, role.ID)
		}
		if to.Role.ID == desk.RoleOwner && owners == 1 {
			t.Fatalf("the last owner became %s", role.ID)
		}
	})
}
