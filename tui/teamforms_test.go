package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestInviteForm fills in the form, with what it says on the way.
func TestInviteForm(t *testing.T) {
	refuse := true
	r := staffed(t, desk.RoleManager, func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.Invite); ok && refuse {
			return nil, desk.Errorf(desk.CodeConflict, "There is a member with the address mia@example.com already.")
		}
		return nil, nil
	})
	r.size(120, 40)
	r.keys("i", "ctrl+s")
	r.shows("The name of a person can't be empty")
	r.kind("Mia Chen")
	r.keys("enter")
	r.kind("mia@")
	r.shows(`"mia@" is no e-mail address.`)
	r.kind("example.com")
	r.hides("is no e-mail address")
	r.keys("enter", "enter")
	r.kind("admin")
	r.shows("stands as high as yours or higher")
	r.keys("ctrl+u")
	r.kind("agent")
	r.keys("enter", "ctrl+s")
	r.shows("Your role invites people into your own teams only.")
	r.keys("tab", "enter", "space", "enter", "ctrl+s")
	want := desk.Invite{FullName: "Mia Chen", Email: "mia@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{"billing"}}
	r.wantAsked(want)
	r.shows("There is a member with the address mia@example.com already.", "Mia Chen", "Billing")
	refuse = false
	r.keys("ctrl+s")
	r.shows("Mia Chen is invited", "fdi_Zm9yIHRoZSBzY3JlZW4gb2YgdGhlIHRlc3RzIG9ubHk0", "Wed 12:00 (2 d).", "frontdesk login --invite CODE")
	r.keys("enter", "q", "i")
	r.shows("fdi_")
	r.keys("esc")
	r.hides("fdi_")
}

func TestNewCode(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	at(r, "lea").keys("I", "y")
	r.wantAsked(desk.Invite{FullName: "Lea Novak", Email: "lea@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{"billing"}})
	r.shows("fdi_")
	r.keys("esc")
	at(r, "ana").keys("I")
	r.shows("Ana Lima has joined.")
}

// TestGiveAccess picks a key, how far, until when and why.
func TestGiveAccess(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	r.size(120, 40)
	at(r, "ana").keys("a")
	r.kind("export contacts")
	r.keys("enter")
	r.shows("How far: Export contacts", "in their own chats", "everywhere")
	r.keys("down", "enter")
	r.kind("yesterday")
	r.shows(`"yesterday" isn't a time.`)
	r.keys("ctrl+u")
	r.kind("fri 18:00")
	r.shows("ends Fri 18:00 (4 d 6 h)")
	r.keys("enter", "enter")
	r.shows("Say why")
	r.kind("the yearly letter")
	r.keys("enter")
	r.shows("Give Ana Lima access?", "Export contacts in their teams, until Fri 18:00 (4 d 6 h).", "│ the yearly letter")
	r.keys("y")
	end := time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC)
	r.wantAsked(desk.GiveAccess{Member: "ana", Key: desk.ContactExport, Scope: desk.ScopeTeam, Until: end, Reason: "the yearly letter"})
	r.keys("enter")
	if r.m.dialog() != nil {
		t.Error("the form is still open after it was done")
	}
}

// TestRefusedAccessKeepsTheForm has the server refuse: what was typed is still
// there.
func TestRefusedAccessKeepsTheForm(t *testing.T) {
	r := staffed(t, desk.RoleOwner, func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.Preview); ok {
			return nil, &desk.Denied{Reason: "Not at this hour."}
		}
		return nil, nil
	})
	at(r, "ana").keys("a")
	r.kind("role manager")
	r.keys("enter")
	r.kind("4h")
	r.keys("tab")
	r.kind("stock taking")
	r.keys("enter")
	r.shows("Not at this hour.")
	r.keys("esc")
	r.shows("4h", "ends 16:00 (4 h)", "stock taking")
}

// TestEndOwnAccess gives back what is one's own, without the right to give any;
// what a colleague has isn't offered.
func TestEndOwnAccess(t *testing.T) {
	r := staffed(t, desk.RoleAgent)
	s := snapshot("asha", desk.RoleAgent, 101, conversations())
	grants := []desk.Grant{{ID: "g7", Perm: desk.ContactExport, Scope: desk.ScopeOwn, Until: noon.Add(time.Hour), Since: noon, By: "zoe"}}
	s.Me.Member.Grants = grants
	for i := range s.Members {
		if id := s.Members[i].ID; id == "asha" || id == "tom" {
			s.Members[i].Grants = grants
		}
	}
	r.send(Deliver{s})
	at(r, "tom").keys("e")
	if r.m.dialog() != nil {
		t.Fatal("an agent is offered to end a colleague's access")
	}
	at(r, "asha").keys("e", "enter", "y")
	r.wantAsked(desk.EndAccess{Member: "asha", Grant: "g7"})
}

func TestEndAccess(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	at(r, "tom").keys("e", "enter", "y")
	r.wantAsked(desk.EndAccess{Member: "tom", Grant: "g1"})
	at(staffed(t, desk.RoleOwner), "ana")
	r = staffed(t, desk.RoleOwner)
	at(r, "ana").keys("e")
	r.shows("Ana Lima has no access for a time.")
}

// TestGrantsCountDown shows what is left, less as time goes by, and nothing once
// it is over, even before the server has said so.
func TestGrantsCountDown(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	r.size(120, 40)
	at(r, "tom")
	r.shows("Agent +4 h", "The role Manager", "until 16:00 (4 h)", "from Zoë Ito: Asha is away this afternoon")
	r.now = r.now.Add(3*time.Hour + 59*time.Minute)
	r.shows("Agent +1 min", "until 16:00 (1 min)")
	r.now = r.now.Add(time.Minute)
	r.hides("+0", "The role Manager", "until 16:00")
}

func TestTeams(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	r.size(120, 40)
	r.keys("tab")
	r.shows("Teams · 2 teams", "Billing", "Shipping")
	r.keys("n")
	r.kind("Billing")
	r.keys("enter")
	r.shows("There is a team of that name already.")
	r.kind(" 2")
	r.keys("enter")
	r.wantAsked(desk.CreateTeam{TeamName: "Billing 2"})
	at(r, "shipping").keys("c", "ctrl+u")
	r.kind("Logistics")
	r.keys("enter")
	r.wantAsked(desk.RenameTeam{Team: "shipping", TeamName: "Logistics"})
	r.keys("m")
	r.kind("ana")
	r.keys("enter")
	r.shows("Put Ana Lima into Shipping?")
	r.keys("y")
	r.wantAsked(desk.SetTeams{Member: "ana", Teams: []desk.TeamID{"billing", "shipping"}, Seen: []desk.TeamID{"billing"}})
	r.keys("enter")
	r.shows("Who is in Shipping")
	r.keys("esc", "r")
	r.shows("tab shows it")
}

// TestHandOverIsAskedForChats asks who gets the chats only when there are any.
func TestHandOverIsAskedForChats(t *testing.T) {
	r := staffed(t, desk.RoleOwner)
	r.size(120, 40)
	at(r, "ana").keys("s")
	r.shows("Who gets the 14 open chats of Ana Lima?", "Back to the queue", "Tom Becker")
	r.hides("Victor Stone Viewer") // can't answer them
	r.keys("esc")
	at(r, "vic").keys("x")
	r.shows("Remove Victor Stone?", "This can't be undone")
	r.keys("enter")
	if _, n := last[desk.Remove](r); n > 0 {
		t.Error("enter alone removed someone")
	}
	r.keys("y")
	r.wantAsked(desk.Remove{Member: "vic"})
}

// TestPanelKeepsTheInbox comes back to where one was.
func TestPanelKeepsTheInbox(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "j", "enter")
	before := r.screen()
	r.keys("P", "j", "tab", "esc")
	if r.screen() != before {
		t.Errorf("the inbox isn't as it was:\n%s", r.screen())
	}
	r.keys("P", "ctrl+k")
	r.kind("maria")
	r.keys("enter")
	if r.m.panel() != nil || r.m.thread.open != 1 {
		t.Error("a chat that is found isn't opened")
	}
	r.keys("P")
	r.send(tea.MouseClickMsg{X: 3, Y: 0, Button: tea.MouseLeft})
	if r.m.panel() != nil {
		t.Error("a click on a list's tab leaves the panel open")
	}
}
