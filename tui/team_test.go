package tui

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// staffed is a rig at the panel of people, whose desk answers what the panel
// asks. Tom is lent the manager's role, Vic is suspended, Lea is invited.
func staffed(t testing.TB, role desk.RoleID, change ...func(desk.Command) (any, error)) *rig {
	r := newRig(t)
	r.do = func(cmd desk.Command) (any, error) {
		for _, f := range change {
			if v, err := f(cmd); v != nil || err != nil {
				return v, err
			}
		}
		return staffAnswer(cmd), nil
	}
	s := snapshot("asha", role, 100, conversations())
	for i := range s.Members {
		switch m := &s.Members[i]; m.ID {
		case "tom":
			m.Grants = []desk.Grant{{ID: "g1", Role: desk.RoleManager, Until: noon.Add(4 * time.Hour), Since: noon, By: "zoe", Reason: "Asha is away this afternoon"}}
		case "vic":
			m.Suspended = true
		}
	}
	s.Members = append(s.Members, desk.Member{ID: "lea", Name: "Lea Novak", Email: "lea@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{"billing"}, Invited: true})
	r.send(Deliver{client.Link{State: client.Live}, s})
	r.keys("4", "P")
	return r
}

func staffAnswer(cmd desk.Command) any {
	switch c := cmd.(type) {
	case desk.ListStaff:
		return desk.Staff{Seq: 100, Rows: []desk.StaffStatus{
			{Member: "ana", Online: 2, SeenAt: noon, Open: 14, Unread: 3, SignedIn: 2},
			{Member: "asha", Online: 1, SeenAt: noon, Open: 2, Unread: 1, SignedIn: 1},
			{Member: "lea", Code: noon.Add(28 * time.Hour)},
			{Member: "tom", SeenAt: minutes(42), Open: 1, SignedIn: 1},
			{Member: "vic", SeenAt: minutes(60 * 24 * 9)},
			{Member: "zoe"},
		}}
	case desk.ListSessions:
		if c.Member != "ana" {
			return desk.SessionList{}
		}
		return desk.SessionList{Sessions: []desk.SignInInfo{
			{ID: "s2", Program: "frontdesk/0.2", Host: "ana-laptop", Addr: "192.0.2.7", Key: "password", Since: minutes(180), SeenAt: noon, Open: 2},
			{ID: "s1", Program: "frontdesk/0.1", Host: "kiosk", Addr: "198.51.100.3", Key: "invitation", Since: minutes(60 * 26), SeenAt: minutes(90)},
		}}
	case desk.Preview:
		return effectOf(c)
	case desk.Acknowledged:
		return desk.Acks{Seq: c.Seq, Sessions: 3, Shown: 3}
	case desk.Invite:
		return desk.Done{Seq: 101, Member: "new", Code: "fdi_Zm9yIHRoZSBzY3JlZW4gb2YgdGhlIHRlc3RzIG9ubHk0", Ends: noon.Add(desk.InviteFor)}
	}
	return nil
}

// effectOf is the effect on Ana of whatever is previewed.
func effectOf(c desk.Preview) desk.Effect {
	on := desk.EffectOn{Member: "ana", Appear: 14, Vanish: 3, Returns: 2, Queued: 1, Sessions: 2}
	to := desk.RoleManager
	var assign desk.AssignRole
	if err := json.Unmarshal(c.Args, &assign); err == nil && c.Command == assign.Name() {
		to = assign.Role
	}
	before, after := desk.Actor{Role: roleOf(desk.RoleAgent)}, desk.Actor{Role: roleOf(to)}
	on.Keys = desk.KeyChanges(&before, &after)
	return desk.Effect{People: []desk.EffectOn{on, {Member: "tom", Appear: 1, Sessions: 1}}, Affected: 2, Sessions: 3}
}

// at puts the cursor of the panel on a person or a team.
func at(r *rig, key string) *rig {
	r.t.Helper()
	if !r.m.body().list.find(key) {
		r.t.Fatalf("%s isn't listed", key)
	}
	r.send(alarm{})
	return r
}

// reachedTeam are the keys of the panel of people and teams, for a manager who
// has Ana under the cursor.
func reachedTeam() map[string]func(*testing.T, *rig) {
	asks := func(want desk.Command, keys ...string) func(*testing.T, *rig) {
		return func(t *testing.T, _ *rig) {
			r := at(staffed(t, desk.RoleOwner), "ana")
			r.keys(keys...)
			r.wantAsked(want)
		}
	}
	shows := func(want string, key string, keys ...string) func(*testing.T, *rig) {
		return func(t *testing.T, _ *rig) {
			r := staffed(t, desk.RoleOwner)
			if key != "" {
				at(r, key)
			}
			r.keys(keys...)
			r.shows(want)
		}
	}
	inTeams := func(want string, keys ...string) func(*testing.T, *rig) {
		return func(t *testing.T, _ *rig) {
			r := staffed(t, desk.RoleOwner)
			r.keys("tab")
			at(r, "billing").keys(keys...)
			r.shows(want)
		}
	}
	return map[string]func(*testing.T, *rig){
		"team-turn":     shows("Teams · 2 teams", "", "tab"),
		"person-role":   asks(desk.AssignRole{Member: "ana", Role: desk.RoleViewer}, "r", "v", "i", "e", "w", "enter", "y"),
		"person-invite": shows("Invite someone", "", "i"),
		"person-code":   shows("A new code for Lea Novak?", "lea", "I"),
		"person-teams":  asks(desk.SetTeams{Member: "ana", Teams: []desk.TeamID{"billing", "shipping"}, Seen: []desk.TeamID{"billing"}}, "t", "down", "space", "enter", "y"),
		"person-give":   shows("What Ana Lima gets for a time", "ana", "a"),
		"person-end":    shows("The role Manager Asha is away", "tom", "e"),
		"person-sessions": asks(desk.EndSessions{Member: "ana", Session: "s1"},
			"o", "k", "i", "o", "s", "k", "enter"),
		"person-suspend": asks(desk.Suspend{Member: "ana", HandTo: "tom"}, "s", "t", "o", "m", "enter", "y"),
		"person-resume":  shows("Let Victor Stone back in?", "vic", "u"),
		"person-remove":  asks(desk.Remove{Member: "ana"}, "x", "enter", "y"),
		"team-new":       inTeams("what people call the team", "n"),
		"team-rename":    inTeams("Rename Billing", "c"),
		"team-members":   inTeams("Who is in Billing", "m"),
	}
}

// TestTeamGolden draws the panel, its dialogs and its forms.
func TestTeamGolden(t *testing.T) {
	scenes := []struct {
		name string
		play func(*rig)
	}{
		{"people", func(r *rig) { at(r, "ana") }},
		{"person", func(r *rig) { at(r, "tom").keys("enter") }},
		{"people-find", func(r *rig) { r.keys("/"); r.kind("shipping") }},
		{"teams", func(r *rig) { r.keys("tab") }},
		{"effect", func(r *rig) { at(r, "ana").keys("r"); r.kind("manager"); r.keys("enter") }},
		{"invite", func(r *rig) {
			r.keys("i")
			r.kind("Mia Chen")
			r.keys("enter")
			r.kind("mia@")
		}},
		{"code", func(r *rig) {
			r.keys("i")
			r.kind("Mia Chen")
			r.keys("tab")
			r.kind("mia@example.com")
			r.keys("tab", "enter")
			r.kind("agent")
			r.keys("enter", "ctrl+s")
		}},
		{"give", func(r *rig) {
			at(r, "ana").keys("a")
			r.kind("role manager")
			r.keys("enter")
			r.kind("fri 18:00")
		}},
		{"hand-over", func(r *rig) { at(r, "ana").keys("s") }},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				r := staffed(t, desk.RoleOwner)
				r.size(size[0], size[1])
				s.play(r)
				checkShape(t, r, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), r.screen()+"\n")
			})
		}
	}
}

// TestEffectIsShownThenConfirmedThenCounted goes the whole way of a change of
// rights.
func TestEffectIsShownThenConfirmedThenCounted(t *testing.T) {
	acks := desk.Acks{Sessions: 3, Shown: 1}
	r := staffed(t, desk.RoleOwner, func(cmd desk.Command) (any, error) {
		switch cmd.(type) {
		case desk.Acknowledged:
			return acks, nil
		case desk.AssignRole:
			return desk.Done{Seq: 117}, nil
		}
		return nil, nil
	})
	r.size(120, 50)
	at(r, "ana").keys("r")
	r.kind("viewer")
	r.keys("enter")
	r.shows("Make Ana Lima Viewer?", "2 people, 3 open screens.", "− Reply to customers (was in their teams)", "+ See conversations (in their teams → everywhere)",
		"14 open chats appear, 3 disappear.", "2 chats go back to the queue.", "1 queued message won't be sent.",
		"What they are writing stays on their screen as a draft.", "Tom Becker", "1 open chat appears.", "enter confirms")
	if _, n := last[desk.AssignRole](r); n > 0 {
		t.Fatal("it was done before it was confirmed")
	}
	r.keys("enter")
	r.wantAsked(desk.AssignRole{Member: "ana", Role: desk.RoleViewer})
	r.wantAsked(desk.Acknowledged{Seq: 117})
	r.shows("Done. 1 of 3 sessions acknowledged…")
	acks.Shown = 2
	r.ring(alarmEffect)
	r.shows("Done. 2 of 3 sessions acknowledged…")
	acks.Ended = 1
	r.ring(alarmEffect)
	r.shows("Done. 3 of 3 sessions acknowledged.")
	_, asked := last[desk.Acknowledged](r)
	r.ring(alarmEffect)
	if _, n := last[desk.Acknowledged](r); n != asked {
		t.Error("it is asked on and on after everyone has acknowledged")
	}
	r.keys("enter")
	if r.m.dialog() != nil {
		t.Error("enter doesn't close what is done")
	}
}

// TestEffectIsLookedAtAgain asks anew when the people change before it was
// confirmed.
func TestEffectIsLookedAtAgain(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	at(r, "ana").keys("r")
	r.kind("viewer")
	r.keys("enter")
	person := func(seq int64) {
		zoe := members()[3]
		zoe.Name = fmt.Sprint("Zoë ", seq)
		r.send(Deliver{desk.Events{From: seq - 1, To: seq, Events: []desk.Event{{Seq: seq, Kind: desk.MemberTeamed, Member: &zoe}}}})
	}
	person(101)
	if _, n := last[desk.Preview](r); n != 2 {
		t.Errorf("previewed %d times, want 2", n)
	}
	r.keys("enter")
	person(102)
	if _, n := last[desk.Preview](r); n != 2 {
		t.Errorf("previewed %d times, the last after it was done", n)
	}
}

func TestEffectStopsWaiting(t *testing.T) {
	r := staffed(t, desk.RoleOwner, func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.Acknowledged); ok {
			return desk.Acks{Sessions: 3, Shown: 2}, nil
		}
		return nil, nil
	})
	at(r, "ana").keys("r")
	r.kind("viewer")
	r.keys("enter", "enter")
	r.now = r.now.Add(ackFor)
	r.ring(alarmEffect)
	r.shows("2 of 3 sessions acknowledged; the rest is cut off")
	r.keys("esc")
	_, asked := last[desk.Acknowledged](r)
	r.ring(alarmEffect)
	if _, n := last[desk.Acknowledged](r); n != asked {
		t.Error("it asks on after it was given up")
	}
}

// TestClosedEffectIsToldByAToast closes the dialog while the command is on its
// way: what became of it is still said, and nothing is polled.
func TestClosedEffectIsToldByAToast(t *testing.T) {
	for _, refused := range []bool{false, true} {
		r := staffed(t, desk.RoleOwner, func(cmd desk.Command) (any, error) {
			if _, ok := cmd.(desk.AssignRole); ok && refused {
				return nil, desk.Errorf(desk.CodeConflict, "Someone changed it first.")
			}
			return nil, nil
		})
		r.size(120, 40)
		at(r, "ana").keys("r")
		r.kind("viewer")
		r.keys("enter")
		r.hold = true
		r.keys("enter", "esc")
		r.release()
		if refused {
			r.shows("Make Ana Lima Viewer?: Someone changed it first.")
		} else {
			r.shows("Make Ana Lima Viewer?: done.")
		}
		if _, n := last[desk.Acknowledged](r); n > 0 {
			t.Error("screens are counted for nobody")
		}
	}
}

// TestDangerousEffectNeedsALetter gives a role that may change what others may
// do: enter must not.
func TestDangerousEffectNeedsALetter(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	r.size(120, 50)
	at(r, "ana").keys("r")
	r.kind("manager")
	r.keys("enter")
	r.shows("+ ! Switch people's roles (people of their teams)", "y confirms")
	if s := r.screen(); strings.Index(s, "! Switch people's roles") > strings.Index(s, "+ See conversations") {
		t.Errorf("the dangerous one isn't first:\n%s", s)
	}
	r.keys("enter", "enter")
	if _, n := last[desk.AssignRole](r); n > 0 || r.m.dialog() == nil {
		t.Fatalf("enter gave a dangerous role; dialog %v", r.m.dialog())
	}
	r.keys("y")
	r.wantAsked(desk.AssignRole{Member: "ana", Role: desk.RoleManager})
}

// TestEffectThatIsntKnownIsntConfirmed presses enter while the preview is on its
// way, and after it was refused.
func TestEffectThatIsntKnownIsntConfirmed(t *testing.T) {
	r := staffed(t, desk.RoleOwner, func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.Preview); ok {
			return nil, desk.Errorf(desk.CodeConflict, "The role was changed meanwhile. Look at it again.")
		}
		return nil, nil
	})
	at(r, "ana").keys("r")
	r.kind("viewer")
	r.hold = true
	r.keys("enter")
	r.keys("enter", "y")
	r.shows("Asking what this would do…")
	r.release()
	r.shows("The role was changed meanwhile. Look at it again.", "enter looks again")
	r.keys("y", "enter")
	if _, n := last[desk.AssignRole](r); n > 0 {
		t.Error("what nobody saw was done")
	}
	if _, n := last[desk.Preview](r); n != 2 {
		t.Errorf("it was previewed %d times, want 2", n)
	}
}

func TestRolePickerBeginsWhereItCan(t *testing.T) {
	r := staffed(t, desk.RoleManager)
	r.size(120, 40)
	at(r, "ana").keys("r")
	p := r.m.dialog().(*picker)
	if it := p.list()[p.at]; !it.off.Empty() || it.title.String() != "Marketing" {
		t.Errorf("the cursor begins on %s (%s)", it.title, it.off)
	}
	r.kind("floor") // in the manager's description
	r.shows("Nothing matches.")
	r.keys("ctrl+u")
	r.kind("admin")
	r.shows("stands as high as yours or higher")
	r.keys("enter")
	if _, n := last[desk.Preview](r); n > 0 {
		t.Error("a role beyond one's own was asked for")
	}
}

// TestTeamPanelFollowsTheRole hides what a role doesn't include, and says why the
// rest can't be done to whom.
func TestTeamPanelFollowsTheRole(t *testing.T) {
	for _, tt := range []struct {
		role desk.RoleID
		who  string
		want string
	}{
		{desk.RoleManager, "ana", "role invite teams give access suspend"},
		{desk.RoleManager, "zoe", "invite"},                      // stands higher
		{desk.RoleManager, "asha", "invite"},                     // oneself
		{desk.RoleManager, "tom", "invite"},                      // in another team
		{desk.RoleAgent, "ana", ""},                              // may look only
		{desk.RoleOwner, "vic", "role invite teams give access"}, // suspended already
	} {
		r := staffed(t, tt.role)
		at(r, tt.who)
		var got []string
		for _, a := range r.m.here() {
			if hidden, why := r.m.available(a); a.Where == atTeam && a.ID != "team-turn" && a.Hint != "" && !hidden && why == nil {
				got = append(got, a.Hint)
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("a %s with %s chosen is told of %q, want %q", tt.role, tt.who, s, tt.want)
		}
	}
	r := staffed(t, desk.RoleManager)
	at(r, "zoe").keys("r")
	r.shows("only for people of your own teams")
	at(r, "asha").keys("s")
	r.shows("Nobody suspends or removes themselves.")
	r = staffed(t, desk.RoleAgent)
	at(r, "ana").keys("r")
	r.shows("Your role doesn't include “Switch people's roles”.")
	r.keys("?")
	r.hides("Switch the role", "Suspend")
}

// TestHelpBeginsWithThePanel shows the keys of the panel first, with why not, and
// none of the inbox.
func TestHelpBeginsWithThePanel(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	r.size(120, 60)
	at(r, "ana").keys("?")
	r.shows("Switch the role…", "End access early… Ana Lima has no access for a", "Go to the details", "People and teams", "Quit")
	r.hides("Reply", "Rename the team", "While writing")
	if s := r.screen(); strings.Index(s, "Switch the role") > strings.Index(s, "Go to the details") {
		t.Errorf("its own keys don't come first:\n%s", s)
	}
}

func TestTeamPanelNeedsItsPermission(t *testing.T) {
	r := live(t, desk.RoleViewer)
	r.keys("P")
	r.shows("Your role doesn't include “See the people”.")
	if r.m.panel() != nil {
		t.Error("it is open")
	}
	r = staffed(t, desk.RoleManager)
	at(r, "ana").keys("r")
	r.size(160, 24)
	rights(r, desk.RoleViewer)
	r.shows("Your role is now Viewer", "What you had open was closed.")
	if r.m.panel() != nil || r.m.dialog() != nil {
		t.Error("something is still open")
	}
}

// TestStaffIsAskedWhileOpen asks how everyone is doing while the panel is open,
// and never otherwise.
func TestStaffIsAskedWhileOpen(t *testing.T) {
	r := staffed(t, desk.RoleManager)
	asked := func() int { _, n := last[desk.ListStaff](r); return n }
	if asked() != 1 {
		t.Fatalf("asked %d times at the beginning", asked())
	}
	r.ring(alarmPanel)
	r.ring(alarmPanel)
	if asked() != 3 {
		t.Errorf("asked %d times after two rings, want 3", asked())
	}
	r.send(Deliver{client.Link{State: client.Offline}})
	r.ring(alarmPanel)
	if asked() != 3 {
		t.Error("asked without a link")
	}
	r.send(Deliver{client.Link{State: client.Live}})
	r.keys("esc")
	r.ring(alarmPanel)
	r.ring(alarmPanel)
	if asked() != 3 {
		t.Errorf("asked %d times, the panel being closed", asked())
	}
}

func TestSessionsAreAskedOfWhoIsInSight(t *testing.T) {
	r := staffed(t, desk.RoleManager)
	r.size(120, 40)
	at(r, "ana")
	r.shows("frontdesk/0.2 on ana-laptop, 2 screens", "since 09:00 · 192.0.2.7 · password", "frontdesk/0.1 on kiosk")
	at(r, "tom")
	r.shows("Your role allows “See sessions” only")
	if c, _ := last[desk.ListSessions](r); c.Member != "ana" {
		t.Errorf("the sign-ins of %s were asked for", c.Member)
	}
	narrow := newRig(t)
	narrow.size(60, 20)
	narrow.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleManager, 100, nil)})
	narrow.keys("P")
	if _, n := last[desk.ListSessions](narrow); n > 0 {
		t.Error("sign-ins were asked for that nobody sees")
	}
	narrow.keys("enter")
	if _, n := last[desk.ListSessions](narrow); n != 1 {
		t.Error("in sight, they weren't asked for")
	}
}
