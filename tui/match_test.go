package tui

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

func TestMatchesInClasses(t *testing.T) {
	for _, tt := range []struct {
		filter, text string
		want         match
	}{
		{"reply", "Reply", whole},
		{"re", "Reply", atStart},
		{"re", "List: Resolved", atWord},
		{"continue asha", "Continue as Asha Rao", atWord},
		{"continue asha", "Continue as Shane Ash", scattered},
		{"asha as", "Continue as Asha", apart}, // in the text's order
		{"solv", "Resolve", within},
		{"rsv", "Resolve", scattered},
		{"13", "1 of 3", apart},
		{"#13", "#1003", apart},
		{"#2", "#232", atStart},
		{"zoë", "ZOË Ito", atStart},
		{"xyz", "Reply", apart},
	} {
		if got := matches(tt.filter, tt.text); got != tt.want {
			t.Errorf("%q in %q: %d, want %d", tt.filter, tt.text, got, tt.want)
		}
	}
}

// many is a desk on which numbers and names are easily taken for each other.
func many(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, func(o *Options) {
		o.Accounts = []Account{{Name: "Nat Sahar", Role: "Agent", Key: "nat"}, {Name: "Asha Rao", Role: "Manager", Key: "asha"}}
	})
	cs := conversations()
	for _, id := range []desk.ConversationID{2321, 1232, 232, 77} {
		cs = append(cs, desk.Conversation{ID: id, Contact: desk.Contact{Name: "Customer " + strconv.Itoa(int(id)%7), Phone: "+44 7700 90" + strconv.Itoa(int(id))},
			Status: desk.StatusOpen, Assignee: "asha", LastAt: minutes(int(id)), Seq: 50})
	}
	cs = append(cs, desk.Conversation{ID: 8, Contact: desk.Contact{Name: "Peter Riley Yates"}, Status: desk.StatusOpen, LastAt: minutes(3), Seq: 50})
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleManager, 100, cs)})
	r.keys("4")
	return r
}

func found(r *rig) []string {
	var titles []string
	for _, it := range r.m.dialog().(*picker).list() {
		titles = append(titles, it.title.Add(ours(" ")).Add(it.detail).String())
	}
	return titles
}

func TestPaletteFindsTheRightOne(t *testing.T) {
	for _, tt := range []struct{ filter, first string }{
		{"#232", "Customer 1 #232 +44 7700 90232"},
		{"232", "Customer 1 #232 +44 7700 90232"},
		{"4477009077", "Customer 0 #77 +44 7700 9077"},
		{"continue asha", "Continue as Asha Rao "},
		{"reply", "Reply "},
		{"bob", "Bob #5 +15550100"},
		{"@maria", "Maria Lopez #1 +447700900001"},
	} {
		r := many(t)
		r.keys("ctrl+k")
		r.kind(tt.filter)
		if got := found(r); len(got) == 0 || got[0] != tt.first {
			t.Errorf("%q finds %q, want %q first", tt.filter, got, tt.first)
		}
	}
}

// TestNobodyIsFoundByScatteredLetters types a name and a number that aren't
// there: enter must open nobody else.
func TestNobodyIsFoundByScatteredLetters(t *testing.T) {
	r := many(t)
	for _, filter := range []string{"priya", "#23#", "#13", "98765", "continue nash"} {
		r.keys("ctrl+k")
		r.kind(filter)
		if got := found(r); len(got) > 0 {
			t.Errorf("%q finds %q", filter, got)
		}
		r.shows("No such chat among the 11 chats loaded here.")
		r.keys("esc")
	}
	r.keys("ctrl+k")
	r.kind("rsv") // a command may be found so
	if got := found(r); len(got) == 0 || got[0] != "Resolve " {
		t.Errorf("rsv finds %q", got)
	}
}

func TestPaletteOpensWithTheChat(t *testing.T) {
	r := many(t)
	r.size(100, 30)
	r.keys("ctrl+k")
	var got []string
	for _, title := range found(r) {
		title = strings.TrimSpace(title)
		switch title {
		case "Reply", "Details", "People and teams", "Quit", "Continue as Nat Sahar", "Continue as Asha Rao", "Next list", "List: Resolved":
			got = append(got, title)
		}
	}
	want := []string{"Reply", "Details", "People and teams", "Quit", "Continue as Nat Sahar", "Continue as Asha Rao", "Next list", "List: Resolved"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the order (-want +got):\n%s", d)
	}
	n := len(found(r))
	r.shows("1–14 of " + strconv.Itoa(n))
	r.hides("loaded here")
	for range n {
		r.keys("down")
	}
	r.shows(strconv.Itoa(n-13) + "–" + strconv.Itoa(n) + " of " + strconv.Itoa(n))
	r.kind("bob")
	r.shows("Found among the 11 chats loaded here.")
}
