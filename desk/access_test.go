package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// lookup finds a role among some, as the store does.
func lookup(roles ...desk.Role) func(desk.RoleID) (desk.Role, bool) {
	return func(id desk.RoleID) (desk.Role, bool) {
		i := slices.IndexFunc(roles, func(r desk.Role) bool { return r.ID == id })
		if i < 0 {
			return desk.Role{}, false
		}
		return roles[i], true
	}
}

func TestActorScope(t *testing.T) {
	base := *custom("base", 20, map[desk.Perm]desk.Scope{desk.MessageReply: own, desk.MessageNote: all})
	helper := *custom("helper", 90, map[desk.Perm]desk.Scope{desk.MessageReply: team, desk.MessageNote: own, desk.ConversationClaim: team})
	role := func(id desk.RoleID) desk.Grant { return desk.Grant{Role: id} }
	key := func(p desk.Perm, s desk.Scope) desk.Grant { return desk.Grant{Perm: p, Scope: s} }
	for _, c := range []struct {
		name   string
		grants []desk.Grant
		perm   desk.Perm
		want   desk.Scope
	}{
		{"the role alone", nil, desk.MessageReply, own},
		{"nothing", nil, desk.ConversationClaim, ""},
		{"a lent role widens", []desk.Grant{role("helper")}, desk.MessageReply, team},
		{"a lent role adds", []desk.Grant{role("helper")}, desk.ConversationClaim, team},
		{"a lent role takes nothing away", []desk.Grant{role("helper")}, desk.MessageNote, all},
		{"a lent role that is gone gives nothing", []desk.Grant{role("gone")}, desk.MessageReply, own},
		{"a single key", []desk.Grant{key(desk.LogView, all)}, desk.LogView, all},
		{"a single key isn't another", []desk.Grant{key(desk.LogView, all)}, desk.LogExport, ""},
		{"a narrower key takes nothing away", []desk.Grant{key(desk.MessageNote, own)}, desk.MessageNote, all},
		{"the widest of all", []desk.Grant{key(desk.MessageReply, all), role("helper"), key(desk.MessageReply, own)}, desk.MessageReply, all},
		{"an unknown scope gives nothing", []desk.Grant{key(desk.LogView, "galaxy")}, desk.LogView, ""},
		{"a reveal isn't a right to every number", []desk.Grant{{Perm: desk.ContactViewPII, Scope: all, Contact: "c1"}}, desk.ContactViewPII, ""},
	} {
		a := desk.NewActor(desk.Member{ID: "me", Role: "base", Grants: c.grants}, lookup(base, helper))
		if got := a.Scope(c.perm); got.Rank() != c.want.Rank() || c.want != "" && got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.perm, got, c.want)
		}
		if a.Role.Rank != base.Rank {
			t.Errorf("%s: the rank became %d", c.name, a.Role.Rank)
		}
	}
}

// A grant holds up to its end and not at it, however late that is noticed.
func TestActorAt(t *testing.T) {
	base, helper := *custom("base", 20, nil), *custom("helper", 30, map[desk.Perm]desk.Scope{desk.ConversationClaim: team})
	member := desk.Member{ID: "me", Role: "base", Grants: []desk.Grant{
		{ID: "g1", Role: "helper", Until: noon},
		{ID: "g2", Perm: desk.LogView, Scope: all, Until: noon.Add(time.Minute)},
		{ID: "g3", Role: "helper", Until: noon.Add(time.Hour)},
		{ID: "g4", Role: "base", Until: noon.Add(2 * time.Hour)},
	}}
	a := desk.NewActor(member, lookup(base, helper))
	for _, c := range []struct {
		at         time.Time
		grants     string
		claim, log desk.Scope
		lent       int
	}{
		{noon.Add(-time.Nanosecond), "g1 g2 g3 g4", team, all, 3},
		{noon, "g2 g3 g4", team, all, 2},
		{noon.Add(time.Minute), "g3 g4", team, "", 2},
		{noon.Add(time.Hour), "g4", "", "", 1},
		{noon.Add(24 * time.Hour), "", "", "", 0},
	} {
		got := a.At(c.at)
		var ids []string
		for _, g := range got.Member.Grants {
			ids = append(ids, string(g.ID))
		}
		if strings.Join(ids, " ") != c.grants || got.Scope(desk.ConversationClaim) != c.claim || got.Scope(desk.LogView) != c.log || len(got.Lent) != c.lent {
			t.Errorf("at %v: grants %v, claim %q, log %q, %d lent", c.at, ids, got.Scope(desk.ConversationClaim), got.Scope(desk.LogView), len(got.Lent))
		}
		if got.Role.ID != "base" || !slices.Equal(a.Member.Grants[0:1], member.Grants[0:1]) || len(a.Member.Grants) != 4 || len(a.Lent) != 3 {
			t.Errorf("at %v the actor itself changed, or lost its role", c.at)
		}
	}
	draft := desk.Actor{Role: base, Member: desk.Member{ID: "me", Role: "other", Grants: member.Grants[:1]}, Lent: []desk.Role{helper}}
	if got := draft.At(noon.Add(time.Hour)); got.Role.ID != "base" || len(got.Lent) != 0 {
		t.Errorf("an actor with a draft role became %+v", got)
	}
}

// What a person may do at a moment is never more than what the role and the grants
// of that moment say, one by one.
func TestActorScopeIsTheWidest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		me := genActor(t)
		roles := []desk.Role{me.Role, *custom("r1", 1, genActor(t).Role.Grants), *custom("r2", 1, genActor(t).Role.Grants)}
		for range rapid.IntRange(0, 4).Draw(t, "grants") {
			g := desk.Grant{Until: noon.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "until")) * time.Minute)}
			if rapid.Bool().Draw(t, "role") {
				g.Role = rapid.SampledFrom([]desk.RoleID{"r1", "r2", "gone"}).Draw(t, "which")
			} else {
				g.Perm, g.Scope = genPerm().Draw(t, "key"), genScope().Draw(t, "scope")
			}
			me.Member.Grants = append(me.Member.Grants, g)
		}
		a, p := desk.NewActor(me.Member, lookup(roles...)).At(noon), genPerm().Draw(t, "asked")
		want := me.Role.Grants[p]
		for _, g := range me.Member.Grants {
			scope := g.Scope
			if r, ok := lookup(roles...)(g.Role); ok {
				scope = r.Grants[p]
			} else if g.Perm != p {
				continue
			}
			if g.Until.After(noon) && !asFar(want, scope) {
				want = scope
			}
		}
		if got := a.Scope(p); got != want {
			t.Fatalf("%s is %q, want %q, with %+v", p, got, want, me.Member.Grants)
		}
	})
}

func TestSeesAgreesWithCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		me, c := genActor(t), genChat(t)
		if sees, can := desk.Sees(me, c.Facts()), desk.Can(me, desk.ConversationView, on(c), noon) == nil; sees != can {
			t.Fatalf("Sees says %v and Can says %v of %+v", sees, can, c.Facts())
		}
	})
}

func TestGivers(t *testing.T) {
	invited := builtIn(t, "ivy", desk.RoleOwner)
	invited.Member.Invited = true
	people := []*desk.Actor{
		builtIn(t, "oli", desk.RoleOwner), builtIn(t, "ben", desk.RoleAdmin), builtIn(t, "ada", desk.RoleAdmin),
		builtIn(t, "max", desk.RoleManager, "blue"), builtIn(t, "mia", desk.RoleManager, "red"),
		suspended(builtIn(t, "sue", desk.RoleOwner)), invited, builtIn(t, "val", desk.RoleViewer, "blue"),
		lentKeys(t, builtIn(t, "len", desk.RoleAgent, "blue")),
	}
	eve := builtIn(t, "eve", desk.RoleAgent, "blue")
	for _, c := range []struct {
		name  string
		to    *desk.Actor
		perm  desk.Perm
		scope desk.Scope
		want  string
	}{
		{"what a team's manager can give", eve, desk.ConversationView, all, "max ada ben oli"},
		{"what one holds oneself can be passed on by whoever may give", eve, desk.ConversationView, team, "len max ada ben oli"},
		{"what only admins hold", eve, desk.LogExport, all, "ada ben oli"},
		{"an admin's wish", people[1], desk.LogExport, all, "ada oli"},
		{"an owner's wish", people[0], desk.ContactExportMany, all, ""},
		{"what nobody has", eve, "no.such", all, ""},
	} {
		var got []string
		for _, id := range desk.Givers(c.to, c.perm, c.scope, people) {
			got = append(got, string(id))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestSeesRequest(t *testing.T) {
	eve := builtIn(t, "eve", desk.RoleAgent, "blue")
	for _, c := range []struct {
		name string
		me   *desk.Actor
		want bool
	}{
		{"one's own", eve, true},
		{"a teammate's", builtIn(t, "me", desk.RoleAgent, "blue"), false},
		{"for the team's manager", builtIn(t, "me", desk.RoleManager, "blue"), true},
		{"for another team's manager", builtIn(t, "me", desk.RoleManager, "red"), false},
		{"for an admin", builtIn(t, "me", desk.RoleAdmin), true},
		{"for a suspended admin", suspended(builtIn(t, "me", desk.RoleAdmin)), false},
	} {
		if got := desk.SeesRequest(c.me, eve); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if desk.SeesRequest(builtIn(t, "me", desk.RoleAdmin), builtIn(t, "oli", desk.RoleOwner)) {
		t.Error("an admin sees the owner's request, which they can't decide")
	}
}

func TestKeyChanges(t *testing.T) {
	viewer, agent := builtIn(t, "me", desk.RoleViewer), one(desk.ConversationView, own)
	agent.Member.Grants = []desk.Grant{{Perm: desk.MessageReply, Scope: team}}
	got := desk.KeyChanges(viewer, agent)
	want := []desk.KeyChange{
		{Perm: desk.ConversationView, From: all, To: own}, {Perm: desk.ConversationViewQueue, From: all},
		{Perm: desk.MessageReply, To: team},
		{Perm: desk.SessionView, From: own}, {Perm: desk.SessionRevoke, From: own},
		{Perm: desk.AccessRequest, From: all}, {Perm: desk.LogView, From: own},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got := desk.KeyChanges(viewer, viewer); got != nil {
		t.Errorf("nothing changed and %v did", got)
	}
	off := suspended(builtIn(t, "me", desk.RoleViewer))
	if got := desk.KeyChanges(viewer, off); len(got) != len(viewer.Role.Grants) || got[0].To != "" {
		t.Errorf("a suspension takes %v", got)
	}
	if got := desk.KeyChanges(off, viewer); len(got) != len(viewer.Role.Grants) || got[0].From != "" {
		t.Errorf("and gives back %v", got)
	}
}

func TestViewAsValidate(t *testing.T) {
	draft := func(r desk.Role, teams ...desk.TeamID) desk.ViewAs { return desk.ViewAs{Role: &r, Teams: teams} }
	good := *custom("odd", 1, map[desk.Perm]desk.Scope{desk.MessageReply: team})
	for _, c := range []struct {
		name string
		as   desk.ViewAs
		ok   bool
	}{
		{"nobody", desk.ViewAs{}, false},
		{"a member", desk.ViewAs{Member: "eve"}, true},
		{"a draft", draft(good), true},
		{"a draft in teams", draft(good, "blue", "red"), true},
		{"both", desk.ViewAs{Member: "eve", Role: &good}, false},
		{"a member in other teams", desk.ViewAs{Member: "eve", Teams: []desk.TeamID{"blue"}}, false},
		{"a team twice", draft(good, "blue", "blue"), false},
		{"an unknown key", draft(*custom("odd", 1, map[desk.Perm]desk.Scope{"no.such": all})), false},
		{"a scope that the key doesn't have", draft(*custom("odd", 1, map[desk.Perm]desk.Scope{desk.RoleView: own})), false},
		{"a name that moves the cursor", draft(desk.Role{Name: "Odd\x1b[2J"}), false},
		{"a description of two lines", draft(desk.Role{Description: "a\u2028b"}), false},
		{"a draft without a word", draft(desk.Role{Name: "Odd"}), true},
		{"a copy", draft(desk.Role{ID: "odd", Base: desk.RoleAgent}), true},
		{"a word that moves the cursor", draft(desk.Role{ID: "odd\x1b[2J"}), false},
		{"a word of many letters", draft(desk.Role{ID: desk.RoleID(strings.Repeat("x", 7000))}), false},
		{"a copy of many letters", draft(desk.Role{ID: "odd", Base: desk.RoleID(strings.Repeat("x", 7000))}), false},
		{"a team of many letters", draft(good, desk.TeamID(strings.Repeat("x", 65))), false},
		{"a member of many letters", desk.ViewAs{Member: desk.MemberID(strings.Repeat("x", 65))}, false},
		{"a member that moves the cursor", desk.ViewAs{Member: "eve\x1b[2J"}, false},
	} {
		if err := c.as.Validate(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestMemberAsOthersSeeThem(t *testing.T) {
	eve := desk.Member{ID: "eve", Name: "Eve", Email: "eve@example.com", Grants: []desk.Grant{
		{ID: "g1", Perm: desk.MessageReply, Scope: team, Reason: "She covers for Ben.", Conversation: 7},
		{ID: "g2", Perm: desk.ContactViewPII, Scope: all, Contact: "c1", Conversation: 7, Reason: "Calls back."},
	}}
	others := desk.Member{ID: "eve", Name: "Eve", Email: "eve@example.com", Grants: []desk.Grant{
		{ID: "g1", Perm: desk.MessageReply, Scope: team, Reason: "She covers for Ben."}}}
	masked := desk.Member{ID: "eve", Name: "Eve", Grants: []desk.Grant{{ID: "g1", Perm: desk.MessageReply, Scope: team}}}
	whole := eve
	whole.Grants = slices.Clone(eve.Grants)
	if diff := cmp.Diff(others, eve.ForOthers()); diff != "" {
		t.Errorf("for others (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(masked, eve.Masked()); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(whole, eve); diff != "" {
		t.Errorf("it changed the member itself (-want +got):\n%s", diff)
	}
	colleague := desk.NewActor(eve.Masked(), lookup())
	if colleague.Scope(desk.ContactViewPII) != "" {
		t.Error("a masked reveal reads as a right to every number")
	}
}
