package tui

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

func TestKeysAreUnique(t *testing.T) {
	ids, keys := map[string]bool{}, map[Where]map[string]string{}
	for _, a := range Actions() {
		if ids[a.ID] {
			t.Errorf("two actions are called %q", a.ID)
		}
		ids[a.ID] = true
		if len(a.Keys) == 0 || a.Title == "" || a.Group == "" || a.Run == nil {
			t.Errorf("%s: an action needs a key, a title, a group and something to run", a.ID)
		}
		for _, k := range a.Keys {
			if keys[a.Where] == nil {
				keys[a.Where] = map[string]string{}
			}
			if other, taken := keys[a.Where][k]; taken {
				t.Errorf("%s and %s both have %q", a.ID, other, k)
			}
			keys[a.Where][k] = a.ID
			if other, taken := keys[Anywhere][k]; taken && a.Where == Inbox {
				t.Errorf("%s in the inbox and %s everywhere both have %q", a.ID, other, k)
			}
		}
		if _, ok := desk.Describe(a.Perm); a.Perm != "" && !ok {
			t.Errorf("%s needs the permission %q, which doesn't exist", a.ID, a.Perm)
		}
	}
}

func TestKeysMarkdown(t *testing.T) { golden(t, "keys.md", KeysMarkdown()) }

// reached is, for every action, what its first key does on the screen of a
// manager who stands on #1 in the list of all.
func reached() map[string]func(*testing.T, *rig) {
	all := map[string]func(*testing.T, *rig){}
	for _, some := range []map[string]func(*testing.T, *rig){reachedInbox(), reachedPanel(), reachedTeam(), reachedRoles(), reachedEyes(), reachedRequests(), reachedReveal(), reachedLog()} {
		maps.Copy(all, some)
	}
	return all
}

func reachedInbox() map[string]func(*testing.T, *rig) {
	on := func(keys ...string) func(*rig) { return func(r *rig) { r.keys(keys...) } }
	asks := func(before func(*rig), key string, want desk.Command) func(*testing.T, *rig) {
		return func(_ *testing.T, r *rig) {
			before(r)
			r.keys(key)
			r.wantAsked(want)
		}
	}
	list := func(key string, want desk.List) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			r.keys(key)
			if r.m.list.list != want {
				t.Errorf("%s shows %s, want %s", key, r.m.list.list, want)
			}
		}
	}
	cursor := func(want desk.ConversationID, keys ...string) func(*testing.T, *rig) {
		return func(t *testing.T, r *rig) {
			r.keys(keys...)
			if c := r.m.current(); c.ID != want {
				t.Errorf("%v: the cursor is on %v, want %v", keys, c.ID, want)
			}
		}
	}
	says := func(want string, keys ...string) func(*testing.T, *rig) {
		return func(_ *testing.T, r *rig) { r.keys(keys...); r.shows(want) }
	}
	return map[string]func(*testing.T, *rig){
		"down": cursor(2, "j"), "up": cursor(1, "j", "k"), "page-down": cursor(4, "ctrl+d"), "page-up": cursor(1, "ctrl+d", "ctrl+u"),
		"top": cursor(1, "G", "g"), "bottom": cursor(4, "G"),
		"open": says("2 new messages", "enter"),
		"back": func(t *testing.T, r *rig) {
			r.keys("enter", "esc")
			if r.m.focus != onList {
				t.Error("the list doesn't have the focus")
			}
		},
		"next-list": list("tab", desk.ListResolved), "previous-list": list("shift+tab", desk.ListTeam),
		"list-mine": list("1", desk.ListMine), "list-queue": list("2", desk.ListQueue), "list-team": list("3", desk.ListTeam),
		"list-all": list("4", desk.ListAll), "list-resolved": list("5", desk.ListResolved),
		"reply": func(_ *testing.T, r *rig) {
			r.keys("r")
			r.kind("On its way.")
			r.keys("enter")
			r.wantAsked(desk.Reply{Conversation: 1, Text: "On its way.", Seen: 100})
		},
		"note": func(_ *testing.T, r *rig) {
			r.keys("n")
			r.kind("Call her.")
			r.keys("enter")
			r.wantAsked(desk.Note{Conversation: 1, Text: "Call her."})
		},
		"claim":     asks(on("2"), "c", desk.Claim{Conversation: 2}),
		"take-over": asks(on("j", "j", "t"), "y", desk.TakeOver{Conversation: 3, From: "ana"}),
		"assign": func(_ *testing.T, r *rig) {
			r.keys("a")
			r.kind("tom")
			r.keys("enter")
			tom := desk.MemberID("tom")
			r.wantAsked(desk.Assign{Conversation: 1, Member: &tom})
		},
		"resolve":   asks(on(), "e", desk.Resolve{Conversation: 1, Seen: 100}),
		"reopen":    asks(on("5"), "o", desk.Reopen{Conversation: 5}),
		"mark-read": asks(on(), "m", desk.MarkRead{Conversation: 1, Upto: 100}),
		"label": func(_ *testing.T, r *rig) {
			r.keys("L")
			r.kind("urgent")
			r.keys("enter")
			r.wantAsked(desk.Label{Conversation: 1, Add: []string{"urgent"}})
		},
		"settle": func(_ *testing.T, r *rig) {
			r.keys("enter", "x", "enter", "s")
			r.wantAsked(desk.Retry{Conversation: 1, Message: "m1.8"})
		},
		"raw": func(_ *testing.T, r *rig) {
			r.size(120, 40)
			r.keys("enter", "v")
			r.shows(`invoice\u202efdp.exe`)
		},
		"details": says("Username @maria", "i"),
		"palette": says("a command, a customer's name, a number", "ctrl+k"),
		"help":    says("Moving", "?"),
		"refresh": func(t *testing.T, r *rig) {
			r.keys("enter")
			_, before := last[desk.History](r)
			r.keys("ctrl+r")
			if _, n := last[desk.History](r); n != before+1 {
				t.Errorf("the thread was asked for %d times, want %d", n, before+1)
			}
		},
		"mouse": says("The mouse is off", "M"),
		"quit": func(t *testing.T, r *rig) {
			r.keys("q")
			if !r.quit {
				t.Error("it doesn't quit")
			}
		},
	}
}

// TestEveryActionIsReached presses the first key of every action of the table.
func TestEveryActionIsReached(t *testing.T) {
	cases := reached()
	for _, a := range Actions() {
		f, ok := cases[a.ID]
		if !ok {
			t.Errorf("%s: no test reaches it", a.ID)
			continue
		}
		t.Run(a.ID, func(t *testing.T) {
			r := live(t, desk.RoleManager)
			r.keys("4")
			f(t, r)
		})
	}
	for id := range cases {
		if !slices.ContainsFunc(Actions(), func(a Action) bool { return a.ID == id }) {
			t.Errorf("%s isn't in the table", id)
		}
	}
}

// TestActionsWhileLoading says that nothing is known yet, not that the role lacks
// something.
func TestActionsWhileLoading(t *testing.T) {
	for _, key := range []string{"P", "A", "R", "Q", "V", "!", "r", "enter", "i"} {
		r := newRig(t)
		r.keys(key)
		r.shows("The desk is still loading.")
		if r.m.panel() != nil || r.m.dialog() != nil {
			t.Errorf("%s opened something", key)
		}
	}
}

// TestActionsByRole hides what a role doesn't include and disables, with the
// reason, what can't be done now.
func TestActionsByRole(t *testing.T) {
	r := live(t, desk.RoleViewer)
	r.keys("4")
	var offered []string
	for i := range r.m.table {
		if hidden, _ := r.m.available(&r.m.table[i]); !hidden && r.m.table[i].Perm != "" {
			offered = append(offered, r.m.table[i].ID)
		}
	}
	want := "open next-list previous-list list-mine list-queue list-team list-all list-resolved activity ask-access"
	if got := strings.Join(offered, " "); got != want {
		t.Errorf("a viewer is offered %q, want %q", got, want)
	}
	r.keys("r")
	r.shows("Your role doesn't include “Reply to customers”.")

	for _, tt := range []struct {
		keys []string
		want string
	}{
		{[]string{"4", "j", "j", "c"}, "Ana Lima has this chat already. Take it over instead, or ask them."},
		{[]string{"4", "o"}, "This chat is open already."},
		{[]string{"5", "e"}, "This chat is resolved already."},
		{[]string{"4", "x"}, "Open a chat first."},
		{[]string{"2", "t"}, "Nobody has this chat. Claim it instead."},
		{[]string{"4", "j", "j", "m"}, "Everything in this chat is read."},
	} {
		r := live(t, desk.RoleManager)
		r.keys(tt.keys...)
		r.size(120, 24)
		r.shows(tt.want)
		if _, n := last[desk.Claim](r); n > 0 {
			t.Errorf("%v: it was asked all the same", tt.keys)
		}
	}
}

func TestHeldChatNamesItsHolder(t *testing.T) {
	r := live(t, desk.RoleAgent) // may not reply in a colleague's chat
	r.size(120, 30)
	r.keys("3", "j", "enter", "r")
	r.shows("Ana Lima is answering this chat. Take it over to reply, or leave them a note.")
}

func TestPaletteGoesToAChatAndAnAccount(t *testing.T) {
	r := live(t, desk.RoleManager, func(o *Options) {
		o.Accounts = []Account{{Name: "Ana Lima", Role: "Agent", Key: "ana"}}
	})
	r.keys("ctrl+k")
	r.kind("#3")
	r.keys("enter")
	if r.m.thread.open != 3 {
		t.Errorf("opened %v, want #3", r.m.thread.open)
	}
	r.keys("ctrl+k")
	r.kind("continue ana")
	r.keys("enter")
	if r.m.Continue() != "ana" || !r.quit {
		t.Errorf("goes on as %q, quit %v", r.m.Continue(), r.quit)
	}
}

func TestPaletteSaysWhyNot(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "ctrl+k")
	r.kind("reopen")
	r.keys("enter")
	r.shows("This chat is open already.")
	if r.m.dialog() == nil {
		t.Error("the palette closed on something that can't be done")
	}
}

func TestSettleUnconfirmed(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "x", "enter")
	r.shows("Nobody", "customer may get it twice.")
	r.keys("a")
	r.wantAsked(desk.Settle{Conversation: 1, Message: "m1.8", Arrived: true})
}

func TestQuitAsksWhileSomethingIsUnderWay(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4")
	r.hold = true
	r.keys("e", "q")
	r.shows("Quit now?")
	if r.quit {
		t.Fatal("it quit")
	}
	r.keys("y")
	r.release()
	if !r.quit {
		t.Error("it didn't quit")
	}
}

func TestReconnect(t *testing.T) {
	tried := 0
	r := live(t, desk.RoleManager, func(o *Options) { o.Reconnect = func() { tried++ } })
	r.send(Deliver{client.Link{State: client.Offline}})
	r.keys("ctrl+r")
	if tried != 1 {
		t.Errorf("tried %d times", tried)
	}
}
