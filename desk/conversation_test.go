package desk_test

import (
	"slices"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/google/go-cmp/cmp"
)

func TestListHolds(t *testing.T) {
	me := desk.Member{ID: "me", Teams: []desk.TeamID{"blue"}}
	for _, c := range []struct {
		name  string
		chat  *desk.Conversation
		lists []desk.List
	}{
		{"mine, in no team", chat("me", ""), []desk.List{desk.ListMine, desk.ListAll}},
		{"mine, in my team", chat("me", "blue"), []desk.List{desk.ListMine, desk.ListTeam, desk.ListAll}},
		{"nobody's, in no team", chat("", ""), []desk.List{desk.ListQueue, desk.ListAll}},
		{"nobody's, in my team", chat("", "blue"), []desk.List{desk.ListQueue, desk.ListTeam, desk.ListAll}},
		{"a colleague's, in another team", chat("eve", "red"), []desk.List{desk.ListAll}},
		{"mine, resolved", resolved(chat("me", "blue")), []desk.List{desk.ListResolved}},
		{"nobody's, resolved", resolved(chat("", "")), []desk.List{desk.ListResolved}},
		{"in a state from the future", &desk.Conversation{Status: "snoozed", Assignee: "me"}, nil},
	} {
		var got []desk.List
		for _, l := range desk.Lists() {
			if l.Holds(me, c.chat) {
				got = append(got, l)
			}
		}
		if !slices.Equal(got, c.lists) {
			t.Errorf("%s stands in %v, want %v", c.name, got, c.lists)
		}
	}
	if desk.List("spam").Valid() || desk.List("spam").Holds(me, chat("me", "")) {
		t.Error("a list that doesn't exist is valid or holds something")
	}
	for _, l := range desk.Lists() {
		if !l.Valid() {
			t.Errorf("%s isn't valid", l)
		}
	}
}

func TestFactsRoundTrip(t *testing.T) {
	c := &desk.Conversation{ID: 7, Status: desk.StatusOpen, Assignee: "me", Team: "blue", Unread: 3}
	if diff := cmp.Diff(c, c.Facts().With(7)); diff != "" {
		t.Errorf("facts lose something (-want +got):\n%s", diff)
	}
}

func TestCursorOrder(t *testing.T) {
	a := desk.Cursor{LastAt: noon.Add(time.Minute), ID: 1}
	b := desk.Cursor{LastAt: noon, ID: 9}
	tie := desk.Cursor{LastAt: noon.In(time.FixedZone("elsewhere", 3600)), ID: 8}
	got := []desk.Cursor{tie, b, a}
	slices.SortFunc(got, func(x, y desk.Cursor) int {
		if x.Before(y) {
			return -1
		}
		return 1
	})
	if got[0] != a || got[1] != b || got[2] != tie {
		t.Errorf("order is %v, want newer first, then the higher number, whatever the time zone", got)
	}
	if a.Before(a) {
		t.Error("a row stands above itself")
	}
}

func TestTeams(t *testing.T) {
	blue, red := desk.Member{Teams: []desk.TeamID{"blue"}}, desk.Member{Teams: []desk.TeamID{"red", "blue"}}
	none := desk.Member{Teams: []desk.TeamID{""}}
	if !blue.SharesTeam(red) || blue.SharesTeam(desk.Member{}) || none.In("") || none.SharesTeam(none) {
		t.Error("sharing a team is wrong: no team is nobody's team")
	}
}

func TestActorEqual(t *testing.T) {
	base := func() desk.Actor { return *builtIn(t, "me", desk.RoleAgent, "blue") }
	if !base().Equal(base()) {
		t.Fatal("an actor differs from itself")
	}
	for name, change := range map[string]func(*desk.Actor){
		"name":      func(a *desk.Actor) { a.Member.Name = "x" },
		"teams":     func(a *desk.Actor) { a.Member.Teams = nil },
		"suspended": func(a *desk.Actor) { a.Member.Suspended = true },
		"role":      func(a *desk.Actor) { a.Role.ID = "x" },
		"rank":      func(a *desk.Actor) { a.Role.Rank++ },
		"scope":     func(a *desk.Actor) { a.Role.Grants[desk.MessageReply] = desk.ScopeAll },
		"less":      func(a *desk.Actor) { delete(a.Role.Grants, desk.MessageReply) },
		"swapped": func(a *desk.Actor) {
			delete(a.Role.Grants, desk.MessageReply)
			a.Role.Grants[desk.MessageReplyUnowned] = desk.ScopeTeam
		},
	} {
		changed := base()
		change(&changed)
		if base().Equal(changed) || changed.Equal(base()) {
			t.Errorf("a different %s reads as equal", name)
		}
	}
}
