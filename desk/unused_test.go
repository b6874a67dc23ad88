package desk_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func TestUses(t *testing.T) {
	all := map[desk.Perm]desk.Scope{}
	for _, d := range desk.Permissions() {
		all[d.Key] = desk.ScopeAll
	}
	me := actor(all)
	noQueue := maps.Clone(all)
	delete(noQueue, desk.ConversationViewQueue)
	mate, stranger := builtIn(t, "eve", desk.RoleAgent, "blue"), builtIn(t, "zoe", desk.RoleAgent, "red")
	small := &desk.Role{ID: "small", Grants: map[desk.Perm]desk.Scope{desk.MessageNote: desk.ScopeTeam}}
	tests := []struct {
		name string
		me   *desk.Actor
		perm desk.Perm
		on   desk.Subject
		want map[desk.Perm]desk.Scope
	}{
		{"reply in my chat", me, desk.MessageReply, on(chat("me", "")),
			map[desk.Perm]desk.Scope{desk.MessageReply: "own", desk.ConversationView: "own"}},
		{"reply in a colleague's", me, desk.MessageReply, on(chat("eve", "red")),
			map[desk.Perm]desk.Scope{desk.MessageReply: "all", desk.MessageReplyUnowned: "all", desk.ConversationView: "all"}},
		{"reply in my team's", me, desk.MessageReply, on(chat("eve", "blue")),
			map[desk.Perm]desk.Scope{desk.MessageReply: "team", desk.MessageReplyUnowned: "team", desk.ConversationView: "team"}},
		{"claim from the queue", me, desk.ConversationClaim, on(chat("", "red")),
			map[desk.Perm]desk.Scope{desk.ConversationClaim: "all", desk.ConversationViewQueue: "all"}},
		{"claim without the queue's key", actor(noQueue), desk.ConversationClaim, on(chat("", "blue")),
			map[desk.Perm]desk.Scope{desk.ConversationClaim: "team", desk.ConversationView: "team"}},
		{"a scope that the key doesn't take", me, desk.ConversationTakeover, on(chat("me", "")),
			map[desk.Perm]desk.Scope{desk.ConversationTakeover: "team", desk.ConversationView: "own"}},
		{"read a thread", me, desk.ConversationView, on(chat("me", "")),
			map[desk.Perm]desk.Scope{desk.ConversationView: "own", desk.ContactViewPII: "own"}},
		{"read a thread with masks", one(desk.ConversationView, "all"), desk.ConversationView, on(chat("me", "")),
			map[desk.Perm]desk.Scope{desk.ConversationView: "own"}},
		{"list", me, desk.ConversationView, desk.Subject{},
			map[desk.Perm]desk.Scope{desk.ConversationView: "own", desk.ContactViewPII: "own"}},
		{"list the queue, masked", one(desk.ConversationViewQueue, "all"), desk.ConversationViewQueue, desk.Subject{},
			map[desk.Perm]desk.Scope{desk.ConversationViewQueue: "team"}},
		{"my sessions", me, desk.SessionView, desk.Subject{To: me}, map[desk.Perm]desk.Scope{desk.SessionView: "own"}},
		{"a teammate's sessions", me, desk.SessionView, desk.Subject{To: mate}, map[desk.Perm]desk.Scope{desk.SessionView: "team"}},
		{"a stranger's sessions", me, desk.SessionView, desk.Subject{To: stranger}, map[desk.Perm]desk.Scope{desk.SessionView: "all"}},
		{"give a role", me, desk.RoleAssign, desk.Subject{To: mate, Role: small},
			map[desk.Perm]desk.Scope{desk.RoleAssign: "team", desk.MessageNote: "team"}},
		{"give a key", me, desk.GrantTemporary, desk.Subject{To: stranger, Key: desk.MessageReply, Scope: "own"},
			map[desk.Perm]desk.Scope{desk.GrantTemporary: "all", desk.MessageReply: "own"}},
		{"invite into my team", me, desk.MemberInvite, desk.Subject{Role: small, Teams: []desk.TeamID{"blue"}},
			map[desk.Perm]desk.Scope{desk.MemberInvite: "team", desk.MessageNote: "team"}},
		{"invite elsewhere", me, desk.MemberInvite, desk.Subject{Role: small, Teams: []desk.TeamID{"blue", "red"}},
			map[desk.Perm]desk.Scope{desk.MemberInvite: "all", desk.MessageNote: "team"}},
		{"rename another team", me, desk.TeamManage, desk.Subject{Teams: []desk.TeamID{"red"}}, map[desk.Perm]desk.Scope{desk.TeamManage: "all"}},
		{"take someone without a team into mine", me, desk.TeamManage, desk.Subject{To: builtIn(t, "new", desk.RoleAgent), Teams: []desk.TeamID{"blue"}},
			map[desk.Perm]desk.Scope{desk.TeamManage: "team"}},
		{"see as someone", me, desk.RoleViewAs, desk.Subject{To: mate},
			map[desk.Perm]desk.Scope{desk.RoleViewAs: "team", desk.ConversationView: "all"}},
		{"everyone's log", me, desk.LogView, desk.Subject{}, map[desk.Perm]desk.Scope{desk.LogView: "all"}},
		{"my log", me, desk.LogView, desk.Subject{To: me}, map[desk.Perm]desk.Scope{desk.LogView: "own"}},
		{"export", one(desk.ContactExport, "team"), desk.ContactExport, desk.Subject{}, map[desk.Perm]desk.Scope{desk.ContactExport: "team"}},
		{"a yes or no", me, desk.RoleManage, desk.Subject{Role: small}, map[desk.Perm]desk.Scope{desk.RoleManage: "all"}},
		{"no key of ours", me, "no.such", desk.Subject{}, map[desk.Perm]desk.Scope{}},
	}
	for _, tt := range tests {
		got := map[desk.Perm]desk.Scope{}
		for _, u := range desk.Uses(tt.me, tt.perm, tt.on) {
			got[u.Perm] = u.Scope
			if u.Member != "me" {
				t.Errorf("%s: used by %q", tt.name, u.Member)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// do is something that somebody was allowed to do.
type do struct {
	perm desk.Perm
	on   desk.Subject
}

func goes(me *desk.Actor, d do) bool {
	return (d.on.Conversation == nil || desk.Can(me, desk.ConversationView, d.on, noon) == nil) && desk.Can(me, d.perm, d.on, noon) == nil
}

// TestSmallerRoleWillDo lets people do things, and does the same with the smaller
// role: everything still goes, and nothing that it holds could be left out.
func TestSmallerRoleWillDo(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		me := genActor(t)
		me.Member.Suspended = false
		for p, far := range me.Role.Grants {
			if d, _ := desk.Describe(p); !slices.Contains(d.Scopes, far) {
				delete(me.Role.Grants, p) // no role is stored like that
			}
		}
		var done []do
		var used []desk.Usage
		for range 20 {
			d := do{perm: genPerm().Draw(t, "key")}
			switch rapid.IntRange(0, 2).Draw(t, "on") {
			case 0:
				d.on.Conversation = genChat(t)
			case 1:
				to := genActor(t)
				to.Member.ID, to.Member.Suspended, to.Role.Rank = "eve", false, 10
				d.on.To, d.on.Teams = to, rapid.SliceOfDistinct(rapid.SampledFrom([]desk.TeamID{"blue", "red"}), rapid.ID[desk.TeamID]).Draw(t, "touched")
			}
			if goes(me, d) {
				done = append(done, d)
				used = append(used, desk.Uses(me, d.perm, d.on)...)
			}
		}
		smaller := *me
		smaller.Role = desk.Smaller(me.Role, used)
		if missing, ok := me.Role.Covers(smaller.Role); !ok {
			t.Fatalf("the smaller role has %s, and the role hasn't", missing)
		}
		for _, d := range done {
			tried++
			if !goes(&smaller, d) {
				t.Fatalf("%s of %+v went, and doesn't with %v instead of %v", d.perm, d.on, smaller.Role.Grants, me.Role.Grants)
			}
		}
		again := desk.Smaller(smaller.Role, used)
		if diff := cmp.Diff(smaller.Role, again); diff != "" {
			t.Fatalf("there is a smaller one yet:\n%s", diff)
		}
	})
	if tried < 100 {
		t.Errorf("only %d things were allowed", tried)
	}
}

func TestSmallerIsSmallest(t *testing.T) {
	r := desk.Role{ID: "r", Name: "R", Rank: 7, Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: "all", desk.MessageReply: "team", desk.ConversationTakeover: "all", desk.RoleView: "all", "gone.key": "all"}}
	used := []desk.Usage{
		{Member: "a", Perm: desk.ConversationView, Scope: "own"}, {Member: "b", Perm: desk.ConversationView, Scope: "team"},
		{Member: "a", Perm: desk.MessageReply, Scope: "all"},         // when the role was wider
		{Member: "a", Perm: desk.ConversationTakeover, Scope: "own"}, // it takes team and all
		{Member: "a", Perm: desk.MessageNote, Scope: "own"},          // lent at that time
		{Member: "a", Perm: "gone.key", Scope: "all"},
	}
	want := desk.Role{ID: "r", Name: "R", Rank: 7, Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: "team", desk.MessageReply: "team", desk.ConversationTakeover: "team"}}
	had := maps.Clone(r.Grants)
	if diff := cmp.Diff(want, desk.Smaller(r, used)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !maps.Equal(had, r.Grants) {
		t.Error("the role itself was changed")
	}
	if got := desk.Smaller(r, nil); len(got.Grants) != 0 {
		t.Errorf("what nobody used leaves %v", got.Grants)
	}
}

func TestUnused(t *testing.T) {
	a := actor(map[desk.Perm]desk.Scope{desk.ConversationView: "all", desk.MessageReply: "team", desk.MessageNote: "own"})
	a.Member.Grants = []desk.Grant{{ID: "g", Perm: desk.ContactExport, Scope: "all", Until: noon}}
	a.Member.Suspended = true // what they would have is told all the same
	used := []desk.Usage{
		{Member: "me", Perm: desk.ConversationView, Scope: "own"}, {Member: "me", Perm: desk.MessageNote, Scope: "own"},
		{Member: "eve", Perm: desk.MessageReply, Scope: "team"},
	}
	want := []desk.KeyChange{{Perm: desk.ConversationView, From: "all", To: "own"}, {Perm: desk.MessageReply, From: "team"}}
	if diff := cmp.Diff(want, desk.Unused(a, used)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	used = append(used, desk.Usage{Member: "me", Perm: desk.MessageReply, Scope: "all"}, desk.Usage{Member: "me", Perm: desk.ConversationView, Scope: "all"})
	if got := desk.Unused(a, used); !slices.Equal(got, nil) {
		t.Errorf("all was used, and is not: %v", got)
	}
}

// Giving back what is one's own takes no permission, so it is no use of one; ending
// a colleague's is.
func TestUsesOfEndingAccess(t *testing.T) {
	owner, grant := builtIn(t, "me", desk.RoleOwner), &desk.Grant{ID: "g"}
	if got := desk.Uses(owner, desk.GrantTemporary, desk.Subject{To: owner, Grant: grant}); len(got) != 0 {
		t.Errorf("my own: %+v", got)
	}
	if got := desk.Uses(owner, desk.GrantTemporary, desk.Subject{To: builtIn(t, "eve", desk.RoleAgent), Grant: grant}); len(got) != 1 {
		t.Errorf("a colleague's: %+v", got)
	}
}
