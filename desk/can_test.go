package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// actor is a member "me" of the team "blue" with these grants.
func actor(grants map[desk.Perm]desk.Scope) *desk.Actor {
	return &desk.Actor{
		Member: desk.Member{ID: "me", Name: "Mia", Role: "custom", Teams: []desk.TeamID{"blue"}},
		Role:   desk.Role{ID: "custom", Name: "Custom", Rank: 50, Grants: grants},
	}
}

// builtIn is a member with a built-in role, in the given teams.
func builtIn(t testing.TB, id desk.MemberID, role desk.RoleID, teams ...desk.TeamID) *desk.Actor {
	t.Helper()
	for _, r := range desk.BuiltInRoles() {
		if r.ID == role {
			return &desk.Actor{Member: desk.Member{ID: id, Name: "Person " + string(id), Role: role, Teams: teams}, Role: r}
		}
	}
	t.Fatalf("there is no built-in role %q", role)
	return nil
}

func one(p desk.Perm, s desk.Scope) *desk.Actor {
	return actor(map[desk.Perm]desk.Scope{p: s})
}

// chat is an open conversation with an open window.
func chat(assignee desk.MemberID, team desk.TeamID) *desk.Conversation {
	return &desk.Conversation{ID: 7, Status: desk.StatusOpen, Assignee: assignee, Team: team, WindowUntil: noon.Add(time.Hour)}
}

func resolved(c *desk.Conversation) *desk.Conversation { c.Status = desk.StatusResolved; return c }

func window(c *desk.Conversation, until time.Time) *desk.Conversation {
	c.WindowUntil = until
	return c
}

func invited(a *desk.Actor) *desk.Actor { a.Member.Invited = true; return a }

func suspended(a *desk.Actor) *desk.Actor { a.Member.Suspended = true; return a }

func on(c *desk.Conversation) desk.Subject { return desk.Subject{Conversation: c} }

// want is what a refusal must be; the zero want is an allowed answer.
type want struct {
	perm       desk.Perm // when it isn't the permission that was asked for
	why        desk.Why
	byRole     bool
	needs, has desk.Scope
}

type canCase struct {
	name string
	me   *desk.Actor
	perm desk.Perm
	on   desk.Subject
	want want
}

func checkCan(t *testing.T, cases []canCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := desk.Can(c.me, c.perm, c.on, noon)
			if c.want == (want{}) {
				if err != nil {
					t.Fatalf("Can(%s) = %v, want allowed", c.perm, err)
				}
				return
			}
			var got *desk.Denied
			if !errors.As(err, &got) {
				t.Fatalf("Can(%s) = %v, want a refusal with %q", c.perm, err, c.want.why)
			}
			expect := &desk.Denied{Perm: c.want.perm, Why: c.want.why, ByRole: c.want.byRole,
				Needs: c.want.needs, Has: c.want.has, Reason: got.Reason}
			if expect.Perm == "" {
				expect.Perm = c.perm
			}
			if diff := cmp.Diff(expect, got); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
			if !strings.HasSuffix(got.Reason, ".") || got.Error() != got.Reason {
				t.Errorf("the reason isn't a sentence: %q", got.Reason)
			}
		})
	}
}

func TestCanRole(t *testing.T) {
	all := desk.ScopeAll
	checkCan(t, []canCase{
		{"a suspended owner may nothing", suspended(builtIn(t, "me", desk.RoleOwner)), desk.MessageNote, on(chat("me", "")), want{why: desk.WhySuspended, byRole: true}},
		{"a suspended owner sees nothing", suspended(builtIn(t, "me", desk.RoleOwner)), desk.ConversationView, on(chat("me", "")), want{why: desk.WhySuspended, byRole: true}},
		{"a key that isn't named is refused by role", actor(nil), desk.MessageNote, on(chat("me", "blue")), want{why: desk.WhyNoKey, byRole: true, needs: desk.ScopeOwn}},
		{"an unknown key is refused by role", one(desk.MessageNote, all), "contact.erase", on(chat("me", "blue")), want{why: desk.WhyNoKey, byRole: true}},
		{"an unknown scope word grants nothing", one(desk.MessageNote, "galaxy"), desk.MessageNote, on(chat("me", "blue")), want{why: desk.WhyNoKey, byRole: true, needs: desk.ScopeOwn}},
		{"in a colleague's chat it would take the team", actor(nil), desk.MessageNote, on(chat("eve", "blue")), want{why: desk.WhyNoKey, byRole: true, needs: desk.ScopeTeam}},
		{"in a foreign chat it would take all", actor(nil), desk.MessageNote, on(chat("eve", "red")), want{why: desk.WhyNoKey, byRole: true, needs: all}},
		{"no scope is narrower than the catalogue's", actor(nil), desk.ConversationClaim, on(chat("me", "")), want{why: desk.WhyNoKey, byRole: true, needs: desk.ScopeTeam}},
		{"without a subject only the role is asked: held", one(desk.MessageNote, desk.ScopeOwn), desk.MessageNote, desk.Subject{}, want{}},
		{"without a subject only the role is asked: not held", actor(nil), desk.MessageNote, desk.Subject{}, want{why: desk.WhyNoKey, byRole: true, needs: desk.ScopeOwn}},
	})
}

func TestCanScope(t *testing.T) {
	own, team, all := desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll
	tooNarrow := func(needs, has desk.Scope) want { return want{why: desk.WhyScope, needs: needs, has: has} }
	note := func(s desk.Scope) *desk.Actor { return one(desk.MessageNote, s) }
	checkCan(t, []canCase{
		{"own covers what is assigned to me", note(own), desk.MessageNote, on(chat("me", "red")), want{}},
		{"own doesn't cover my team's", note(own), desk.MessageNote, on(chat("eve", "blue")), tooNarrow(team, own)},
		{"own doesn't cover the queue", note(own), desk.MessageNote, on(chat("", "")), tooNarrow(team, own)},
		{"own doesn't cover a foreign chat", note(own), desk.MessageNote, on(chat("eve", "red")), tooNarrow(all, own)},
		{"team covers what is assigned to me elsewhere", note(team), desk.MessageNote, on(chat("me", "red")), want{}},
		{"team covers a colleague's chat in my team", note(team), desk.MessageNote, on(chat("eve", "blue")), want{}},
		{"team covers my team's queue", note(team), desk.MessageNote, on(chat("", "blue")), want{}},
		{"team covers what is nobody's and in no team", note(team), desk.MessageNote, on(chat("", "")), want{}},
		{"team doesn't cover another team's queue", note(team), desk.MessageNote, on(chat("", "red")), tooNarrow(all, team)},
		{"team doesn't cover a colleague's chat in no team", note(team), desk.MessageNote, on(chat("eve", "")), tooNarrow(all, team)},
		{"team doesn't cover another team's chat", note(team), desk.MessageNote, on(chat("eve", "red")), tooNarrow(all, team)},
		{"all covers another team's chat", note(all), desk.MessageNote, on(chat("eve", "red")), want{}},
	})
}

func TestCanView(t *testing.T) {
	view := func(v, q desk.Scope) *desk.Actor {
		return actor(map[desk.Perm]desk.Scope{desk.ConversationView: v, desk.ConversationViewQueue: q})
	}
	own, team, all, none := desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll, desk.ScopeNone
	checkCan(t, []canCase{
		{"neither key: by role", view(none, none), desk.ConversationView, on(chat("me", "blue")), want{why: desk.WhyNoKey, byRole: true, needs: own}},
		{"the queue key alone lets in", view(none, team), desk.ConversationView, desk.Subject{}, want{}},
		{"the queue key alone shows the queue", view(none, team), desk.ConversationView, on(chat("", "blue")), want{}},
		{"the queue key alone doesn't show what is taken", view(none, all), desk.ConversationView, on(chat("eve", "blue")), want{why: desk.WhyScope, needs: team}},
		{"own and the team's queue: mine", view(own, team), desk.ConversationView, on(chat("me", "red")), want{}},
		{"own and the team's queue: the queue", view(own, team), desk.ConversationView, on(chat("", "")), want{}},
		{"own and the team's queue: not a colleague's", view(own, team), desk.ConversationView, on(chat("eve", "blue")), want{why: desk.WhyScope, needs: team, has: own}},
		{"own and the team's queue: not another team's queue", view(own, team), desk.ConversationView, on(chat("", "red")), want{why: desk.WhyScope, needs: all, has: own}},
		{"a team view shows its own queue without the queue key", view(team, none), desk.ConversationView, on(chat("", "blue")), want{}},
		{"resolved chats are seen like open ones", view(own, none), desk.ConversationView, on(resolved(chat("me", ""))), want{}},
	})
}

func TestCanTakeAndGive(t *testing.T) {
	all := desk.ScopeAll
	claim, takeover, assign := one(desk.ConversationClaim, all), one(desk.ConversationTakeover, all), one(desk.ConversationAssign, all)
	replier := builtIn(t, "eve", desk.RoleAgent)
	to := func(a *desk.Actor) desk.Subject { return desk.Subject{Conversation: chat("", ""), To: a} }
	checkCan(t, []canCase{
		{"claim from the queue", claim, desk.ConversationClaim, on(chat("", "red")), want{}},
		{"claim what is mine", claim, desk.ConversationClaim, on(chat("me", "")), want{why: desk.WhyMine}},
		{"claim what someone has", claim, desk.ConversationClaim, on(chat("eve", "")), want{why: desk.WhyHeld}},
		{"claim what is resolved", claim, desk.ConversationClaim, on(resolved(chat("", ""))), want{why: desk.WhyResolved}},
		{"take over from a colleague", takeover, desk.ConversationTakeover, on(chat("eve", "")), want{}},
		{"take over what is mine", takeover, desk.ConversationTakeover, on(chat("me", "")), want{why: desk.WhyMine}},
		{"take over what nobody has", takeover, desk.ConversationTakeover, on(chat("", "")), want{why: desk.WhyUnheld}},
		{"take over a resolved chat", takeover, desk.ConversationTakeover, on(resolved(chat("eve", ""))), want{}},
		{"assign to nobody in particular", assign, desk.ConversationAssign, on(chat("", "")), want{}},
		{"assign to someone who replies", assign, desk.ConversationAssign, to(replier), want{}},
		{"assign to someone who can't reply", assign, desk.ConversationAssign, to(builtIn(t, "val", desk.RoleViewer)), want{why: desk.WhyAssignee}},
		{"assign to someone suspended", assign, desk.ConversationAssign, to(suspended(builtIn(t, "sue", desk.RoleAgent))), want{why: desk.WhyAssignee}},
		{"assign to someone who has not joined", assign, desk.ConversationAssign, to(invited(builtIn(t, "ivy", desk.RoleAgent))), want{why: desk.WhyAssignee}},
		{"label a resolved chat", one(desk.ConversationLabel, all), desk.ConversationLabel, on(resolved(chat("eve", ""))), want{}},
		{"resolve and reopen know no state", one(desk.ConversationSetStatus, all), desk.ConversationSetStatus, on(resolved(chat("eve", ""))), want{}},
	})
}

// Reading isn't writing: neither the window nor the status stands in its way, but
// what a colleague hasn't read stays theirs to see.
func TestCanMarkRead(t *testing.T) {
	me := one(desk.ConversationMarkRead, desk.ScopeTeam)
	checkCan(t, []canCase{
		{"my own", me, desk.ConversationMarkRead, on(chat("me", "")), want{}},
		{"my team's that nobody has", me, desk.ConversationMarkRead, on(chat("", "blue")), want{}},
		{"after the window", me, desk.ConversationMarkRead, on(window(chat("me", ""), noon)), want{}},
		{"resolved", me, desk.ConversationMarkRead, on(resolved(chat("me", ""))), want{}},
		{"a colleague's", me, desk.ConversationMarkRead, on(chat("eve", "blue")), want{why: desk.WhyHeld}},
		{"another team's", me, desk.ConversationMarkRead, on(chat("", "red")), want{why: desk.WhyScope, needs: desk.ScopeAll, has: desk.ScopeTeam}},
	})
}

func TestCanReply(t *testing.T) {
	own, team, all := desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll
	reply := func(s, unowned desk.Scope) *desk.Actor {
		return actor(map[desk.Perm]desk.Scope{desk.MessageReply: s, desk.MessageReplyUnowned: unowned})
	}
	held := func(needs, has desk.Scope) want {
		return want{perm: desk.MessageReplyUnowned, why: desk.WhyHeld, needs: needs, has: has}
	}
	margin := noon.Add(desk.WindowMargin)
	checkCan(t, []canCase{
		{"in my own chat", reply(own, ""), desk.MessageReply, on(chat("me", "")), want{}},
		{"in a chat that nobody has", reply(team, ""), desk.MessageReply, on(chat("", "blue")), want{}},
		{"in a colleague's chat without the key", reply(all, ""), desk.MessageReply, on(chat("eve", "blue")), held(team, "")},
		{"in a foreign colleague's chat without the key", reply(all, ""), desk.MessageReply, on(chat("eve", "red")), held(all, "")},
		{"in a colleague's chat with the key", reply(all, team), desk.MessageReply, on(chat("eve", "blue")), want{}},
		{"in a foreign colleague's chat with a narrow key", reply(all, team), desk.MessageReply, on(chat("eve", "red")), held(all, team)},
		{"the key alone isn't enough", reply("", all), desk.MessageReply, on(chat("me", "")), want{why: desk.WhyNoKey, byRole: true, needs: own}},
		{"the scope comes before whose chat it is", reply(own, all), desk.MessageReply, on(chat("eve", "blue")), want{why: desk.WhyScope, needs: team, has: own}},
		{"in a resolved chat", reply(own, ""), desk.MessageReply, on(resolved(chat("me", ""))), want{why: desk.WhyResolved}},
		{"after the window", reply(own, ""), desk.MessageReply, on(window(chat("me", ""), noon)), want{why: desk.WhyWindow}},
		{"within the margin before the window's end", reply(own, ""), desk.MessageReply, on(window(chat("me", ""), margin)), want{why: desk.WhyWindow}},
		{"just before the margin", reply(own, ""), desk.MessageReply, on(window(chat("me", ""), margin.Add(time.Nanosecond))), want{}},
		{"to a customer who never wrote", reply(own, ""), desk.MessageReply, on(window(chat("me", ""), time.Time{})), want{why: desk.WhyWindow}},
		{"a note needs no window", one(desk.MessageNote, own), desk.MessageNote, on(window(chat("me", ""), time.Time{})), want{}},
	})
}

func TestCanRetry(t *testing.T) {
	me := one(desk.MessageRetry, desk.ScopeOwn)
	subject := func(d desk.Delivery) desk.Subject {
		return desk.Subject{Conversation: chat("me", ""), Message: &desk.Message{Delivery: d}}
	}
	for _, d := range []desk.Delivery{desk.Queued, desk.Sending, desk.Accepted, desk.Sent, desk.Delivered, desk.Read, desk.Played, ""} {
		checkCan(t, []canCase{{"a message that is " + string(d), me, desk.MessageRetry, subject(d), want{why: desk.WhyDelivery}}})
	}
	checkCan(t, []canCase{
		{"a failed message", me, desk.MessageRetry, subject(desk.Failed), want{}},
		{"an unconfirmed message", me, desk.MessageRetry, subject(desk.Unknown), want{}},
		{"no message in particular", me, desk.MessageRetry, on(chat("me", "")), want{}},
	})
}

func TestMaySend(t *testing.T) {
	agent, sales := builtIn(t, "me", desk.RoleAgent, "blue"), builtIn(t, "me", desk.RoleSales)
	resolved := chat("me", "blue")
	resolved.Status = desk.StatusResolved
	for _, k := range []struct {
		name   string
		author *desk.Actor
		chat   *desk.Conversation
		why    desk.Why
	}{
		{"it is mine still", sales, chat("me", ""), ""},
		{"a teammate has it", agent, chat("eve", "blue"), ""},
		{"it is resolved", agent, resolved, ""},
		{"it is in my team's queue", agent, chat("", "blue"), ""},
		{"it went to another team", agent, chat("", "red"), desk.WhyScope},
		{"a colleague has it, and my role answers only its own", sales, chat("eve", ""), desk.WhyScope},
		{"I see it in the queue and don't answer it there", sales, chat("", ""), desk.WhyScope},
		{"I answer nobody any more", builtIn(t, "me", desk.RoleViewer), chat("me", ""), desk.WhyNoKey},
		{"I am suspended", suspended(builtIn(t, "me", desk.RoleOwner)), chat("me", ""), desk.WhySuspended},
	} {
		err := desk.MaySend(k.author, k.chat)
		denied, _ := err.(*desk.Denied)
		if (err == nil) != (k.why == "") || denied != nil && denied.Why != k.why {
			t.Errorf("%s: %v", k.name, err)
		}
	}
}
