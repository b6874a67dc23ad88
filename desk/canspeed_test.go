package desk_test

import (
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// withGrants is the actor with three grants: of a role, of a permission, and of
// one number.
func withGrants(a *desk.Actor, lent desk.Role) *desk.Actor {
	until := noon.Add(time.Hour)
	a.Member.Grants = []desk.Grant{
		{ID: "g1", Role: lent.ID, Until: until},
		{ID: "g2", Perm: desk.ConversationTakeover, Scope: desk.ScopeAll, Until: until},
		{ID: "g3", Perm: desk.ContactViewPII, Contact: "c1", Until: until},
	}
	a.Lent = []desk.Role{lent}
	return a
}

// allowed are questions that a manager of the team blue gets a yes to.
func allowed(t testing.TB) map[desk.Perm]desk.Subject {
	mate := builtIn(t, "eve", desk.RoleAgent, "blue")
	role := builtIn(t, "x", desk.RoleSales).Role
	taken, queued := chat("eve", "blue"), chat("", "blue")
	return map[desk.Perm]desk.Subject{
		desk.ConversationView: on(taken), desk.ConversationViewQueue: on(queued), desk.ConversationClaim: on(queued),
		desk.ConversationAssign:   {Conversation: taken, To: mate},
		desk.ConversationTakeover: on(taken), desk.ConversationSetStatus: on(taken), desk.ConversationLabel: on(taken),
		desk.ConversationMarkRead: on(queued), desk.MessageReply: on(taken), desk.MessageReplyUnowned: on(taken), desk.MessageNote: on(taken),
		desk.MessageRetry:   {Conversation: taken, Message: &desk.Message{Delivery: desk.Failed}},
		desk.ContactViewPII: on(taken), desk.ContactExport: {Rows: desk.ExportCap},
		desk.MemberView: {}, desk.MemberInvite: {Role: &role, Teams: []desk.TeamID{"blue"}}, desk.MemberSuspend: {To: mate, Owners: 1},
		desk.TeamManage: {To: mate, Teams: []desk.TeamID{"blue"}}, desk.SessionView: {To: mate}, desk.SessionRevoke: {To: mate},
		desk.RoleView: {}, desk.RoleAssign: {To: mate, Role: &role, Owners: 1}, desk.RoleViewAs: {To: mate},
		desk.GrantTemporary: {To: mate, Key: desk.ConversationTakeover, Scope: desk.ScopeAll}, desk.AccessRequest: {},
		desk.AccessDecide: {To: mate, Role: &role}, desk.LogView: {To: mate},
	}
}

func TestCanAllowedAllocatesNothing(t *testing.T) {
	plain := builtIn(t, "me", desk.RoleManager, "blue")
	lent := withGrants(builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "x", desk.RoleAgent).Role)
	owner := builtIn(t, "me", desk.RoleOwner)
	was := &desk.Role{ID: "odd", Name: "Odd", Rank: 10}
	draft := &desk.Role{ID: "odd", Name: "Odd", Rank: 20, Grants: builtIn(t, "x", desk.RoleAgent).Role.Grants}

	check := func(who string, me *desk.Actor, p desk.Perm, s desk.Subject) {
		t.Helper()
		if err := desk.Can(me, p, s, noon); err != nil {
			t.Errorf("%s: Can(%s) = %v", who, p, err)
			return
		}
		if n := testing.AllocsPerRun(100, func() { _ = desk.Can(me, p, s, noon) }); n != 0 {
			t.Errorf("%s: an allowed %s allocates %v times, want none", who, p, n)
		}
	}
	for p, s := range allowed(t) {
		check("a manager", plain, p, s)
		check("with grants", lent, p, s)
	}
	check("an owner", owner, desk.RoleManage, desk.Subject{Role: was, Draft: draft})
	check("an owner", owner, desk.LogVerify, desk.Subject{})
	check("an owner", owner, desk.LogExport, desk.Subject{})
	check("whose number is hidden", one(desk.ContactReveal, desk.ScopeOwn), desk.ContactReveal, on(chat("me", "")))
	many := builtIn(t, "me", desk.RoleManager)
	many.Member.Grants = []desk.Grant{{Perm: desk.ContactExportMany, Scope: desk.ScopeAll}}
	check("above the cap", many, desk.ContactExport, desk.Subject{Rows: desk.ExportCap + 1})
	if n := testing.AllocsPerRun(100, func() { desk.Sees(lent, chat("eve", "red").Facts()) }); n != 0 {
		t.Errorf("Sees allocates %v times", n)
	}
}

// BenchmarkCan is held to 100 ns and no allocation.
func BenchmarkCan(b *testing.B) {
	c, lent := chat("me", "blue"), builtIn(b, "x", desk.RoleSales).Role
	for _, who := range []struct {
		name        string
		me, manager *desk.Actor
	}{
		{"plain", builtIn(b, "me", desk.RoleAgent, "blue"), builtIn(b, "me", desk.RoleManager, "blue")},
		{"3grants", withGrants(builtIn(b, "me", desk.RoleAgent, "blue"), lent), withGrants(builtIn(b, "me", desk.RoleManager, "blue"), lent)},
	} {
		for _, p := range []desk.Perm{desk.ConversationView, desk.MessageReply} {
			b.Run(string(p)+"/"+who.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := desk.Can(who.me, p, on(c), noon); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		s := allowed(b)[desk.RoleAssign]
		b.Run("role.assign/"+who.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := desk.Can(who.manager, desk.RoleAssign, s, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
