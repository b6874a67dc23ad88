package tui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// wantSaved checks the newest change of roles that was asked.
func wantSaved(r *rig, change desk.RoleChange) {
	r.t.Helper()
	r.wantAsked(desk.ChangeRoles{Changes: []desk.RoleChange{change}})
}

// nightWith is the change that saves Night shift with some keys otherwise.
func nightWith(seen int, keys map[desk.Perm]desk.Scope) desk.RoleChange {
	role := cloneRole(nightShift())
	for p, s := range keys {
		grant(&role, p, s)
	}
	return roleChangeOf(role, seen)
}

// TestRoleIsEditedAndSaved cycles cells, takes one back, and saves after the
// effect was seen.
func TestRoleIsEditedAndSaved(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	onPerm(r, desk.MessageRetry).keys("space")
	r.shows("▸team*+", "unsaved: 1 change", "+ Not saved. Before: own, in their own chats")
	r.keys("enter")
	r.shows("▸all*+")
	r.keys("space")
	r.shows("▸—*-", "− Not saved.")
	r.keys("space")
	r.shows("▸own")
	r.hides("unsaved")
	r.keys("space")
	onPerm(r, desk.RoleView).keys("space") // yes or no
	r.shows("▸yes*+", "unsaved: 2 changes")
	onPerm(r, desk.MessageReply).keys("space")
	r.shows("unsaved: 3 changes")
	r.keys("g", "u")
	r.shows("unsaved: 2 changes")
	if p, _ := matrixOf(r).perm(); p.Key != desk.MessageReply {
		t.Errorf("undo leaves the cursor on %s", p.Key)
	}
	r.keys("s")
	r.shows("Save 2 changes to Night shift?", "1 person, 1 open screen.", "Tom Becker", "2 open chats disappear.")
	if _, n := last[desk.ChangeRoles](r); n > 0 {
		t.Fatal("it was saved before it was confirmed")
	}
	r.keys("enter")
	keys := map[desk.Perm]desk.Scope{desk.MessageRetry: desk.ScopeTeam, desk.RoleView: desk.ScopeAll}
	wantSaved(r, nightWith(3, keys))
	r.shows("Done. 1 of 1 session acknowledged.")
	r.keys("enter", "space")
	r.shows("That role is being saved.")
	r.hides("unsaved")
	saved := nightWith(3, keys).Becomes()
	r.roleEvent(desk.RoleChanged, "asha", saved)
	if n := len(matrixOf(r).drafts.all); n > 0 {
		t.Errorf("%d drafts are left after the change was seen", n)
	}
	onPerm(r, desk.MessageRetry)
	r.shows("▸team*", "Version 4")
	r.hides("changed meanwhile", "team*+")
}

// TestUndoGoesBackToTheBeginning takes every edit back, also those of a name.
func TestUndoGoesBackToTheBeginning(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	onPerm(r, desk.MessageRetry).keys("space", "space")
	r.keys("n", "end")
	r.kind("s")
	r.keys("tab", "tab", "ctrl+u")
	r.kind("31")
	r.keys("enter")
	r.shows("Roles · unsaved: 3 changes · Night shifts", "Name: Night shift → Night shifts", "Rank: 30 → 31")
	r.keys("u")
	r.shows("unsaved: 1 change · Night shift,")
	r.keys("u", "u")
	r.hides("unsaved")
	r.keys("u")
	r.shows("There is nothing to undo.")
	r.keys("s")
	r.shows("There is nothing to save.")
}

// TestRefusedCells says why a role or a key can't be changed, and changes nothing.
func TestRefusedCells(t *testing.T) {
	for _, tt := range []struct {
		me, role desk.RoleID
		perm     desk.Perm
		want     string
	}{
		{desk.RoleOwner, desk.RoleAgent, desk.MessageRetry, "The role Agent comes with the program and stays as it is. Copy it and change the copy."},
		{desk.RoleManager, "night", desk.MessageRetry, "Your role doesn't include “Manage roles”."},
		{"keeper", "keeper", desk.MessageRetry, "Nobody changes their own role. Ask another admin."},
		{"keeper", "lead", desk.MessageRetry, "The role Team lead stands as high as yours or higher. An owner can change it."},
		{"keeper", "night", desk.LogExport, "The role Night shift would do more than yours: “Export the activity log”. Nobody gives what they don't have."},
	} {
		r := keeper(t, tt.me)
		r.size(120, 40)
		matrixOf(r).toRole(tt.role)
		onPerm(r, tt.perm).keys("space")
		r.size(200, 40)
		r.shows(tt.want)
		r.hides("unsaved")
	}
}

// keeper is the matrix as someone sees it whose role may change roles, and has
// little else.
func keeper(t *testing.T, me desk.RoleID) *rig {
	r := matrixed(t, desk.RoleOwner)
	if me != "keeper" {
		return matrixed(t, me)
	}
	s := snapshot("asha", desk.RoleManager, 200, conversations())
	role := desk.Role{ID: "keeper", Name: "Keeper", Rank: 45, Version: 1, Grants: map[desk.Perm]desk.Scope{
		desk.RoleView: desk.ScopeAll, desk.RoleManage: desk.ScopeAll, desk.MessageReply: desk.ScopeTeam, desk.MessageRetry: desk.ScopeTeam, desk.ConversationView: desk.ScopeTeam}}
	s.Roles = append(s.Roles, nightShift(), teamLead(), role)
	s.Me.Role, s.Me.Member.Role = role, role.ID
	r.send(Deliver{s})
	return r
}

// TestCyclePassesOverWhatIDontHold goes from own to team, which is as far as I
// may give it, and then back to none, saying why not to all.
func TestCyclePassesOverWhatIDontHold(t *testing.T) {
	r := keeper(t, "keeper")
	r.size(120, 40)
	matrixOf(r).toRole("night")
	onPerm(r, desk.MessageRetry).keys("space")
	r.shows("▸team*+")
	r.keys("space")
	r.shows("▸—*-", "Nobody gives what they don't have.")
	r.keys("space")
	r.shows("▸own")
	// What it has beyond mine it may keep, and get back.
	onPerm(r, desk.ConversationView).keys("space")
	r.shows("▸—*-")
	r.keys("space", "space", "space")
	r.shows("▸all*")
	r.hides("unsaved")
}

// TestLeavingAsks offers to save, keep and drop what isn't saved.
func TestLeavingAsks(t *testing.T) {
	edited := func() *rig {
		r := matrixed(t, desk.RoleOwner)
		r.size(120, 40)
		onPerm(r, desk.MessageRetry).keys("space")
		return r
	}
	r := edited()
	r.keys("q")
	r.shows("Leave without saving?", "1 change to roles is not saved.")
	r.keys("esc")
	r.shows("unsaved: 1 change")
	r.keys("esc", "s")
	r.shows("Save 1 change to Night shift?")

	r = edited()
	r.keys("esc", "k")
	if r.m.panel() != nil {
		t.Fatal("the panel is still open")
	}
	r.keys("R")
	r.shows("unsaved: 1 change")
	r.keys("P", "R") // another panel above it, and back
	r.shows("unsaved: 1 change", "Roles ·")

	r = edited()
	r.keys("esc", "d", "R")
	r.hides("unsaved")

	r = edited()
	r.keys("ctrl+c")
	r.shows("Quit without saving?")
	if r.quit {
		t.Fatal("it quit")
	}
	r.keys("n", "ctrl+c", "d")
	if !r.quit {
		t.Error("it didn't quit")
	}
	r = edited()
	r.keys("u", "ctrl+c")
	if !r.quit {
		t.Error("with nothing unsaved, it asks")
	}
}

// TestDraftsAreEachScreensOwn edits on one screen, and opens another.
func TestDraftsAreEachScreensOwn(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	onPerm(r, desk.MessageRetry).keys("space")
	other := matrixed(t, desk.RoleOwner)
	other.hides("unsaved")
}

// TestSeveralRolesAreSavedAtOnce edits two roles: one save, all or nothing.
func TestSeveralRolesAreSavedAtOnce(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	onPerm(r, desk.MessageRetry).keys("space")
	matrixOf(r).toRole("lead")
	onPerm(r, desk.ContactExportMany).keys("space")
	r.keys("s")
	r.shows("Save 2 changes to 2 roles?")
	r.keys("enter")
	lead := teamLead()
	lead.Grants[desk.ContactExportMany] = desk.ScopeAll
	r.wantAsked(desk.ChangeRoles{Changes: []desk.RoleChange{roleChangeOf(lead, 1), nightWith(3, map[desk.Perm]desk.Scope{desk.MessageRetry: desk.ScopeTeam})}})
}

func TestCopyRole(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	r.keys("c", "ctrl+u")
	r.kind("night SHIFT")
	r.shows("Another role is called Night shift already.")
	r.keys("ctrl+u")
	r.kind("night  SHIFT")
	r.shows("Another role is called Night shift already.")
	r.keys("ctrl+u")
	r.kind("Nachtschicht Köln")
	r.shows("nachtschicht-koln (made from the name)")
	r.keys("tab", "tab", "ctrl+u")
	r.kind("100")
	r.shows("The rank is a number from 1 to 99")
	r.keys("ctrl+u")
	r.kind("25")
	r.keys("tab")
	r.kind("night")
	r.shows("Night shift has that word already.")
	r.keys("ctrl+u")
	r.kind("Köln")
	r.shows(`"Köln" can't name a role`)
	r.keys("ctrl+u", "enter")
	r.shows("Make the role Nachtschicht Köln?")
	r.keys("enter")
	want := nightShift()
	want.ID, want.Name, want.Rank, want.Base = "nachtschicht-koln", "Nachtschicht Köln", 25, "night"
	wantSaved(r, roleChangeOf(want, 0))
	r.keys("enter")
	if r.m.dialog() != nil {
		t.Error("something is still open")
	}
	r.roleEvent(desk.RoleChanged, "zoe", desk.Role{ID: "other", Name: "Other", Rank: 5, Version: 1})
	want.Version = 1
	r.roleEvent(desk.RoleCreated, "asha", want)
	r.shows("Roles · Nachtschicht Köln", "copied from Night shift")
}

// TestCopyLeavesOutWhatIDontHold copies a role that may do more than the copier.
func TestCopyLeavesOutWhatIDontHold(t *testing.T) {
	r := keeper(t, "keeper")
	r.size(120, 40)
	matrixOf(r).toRole("night")
	r.keys("c")
	r.shows("3 permissions to begin with", "Left out or narrowed, since your role doesn't reach as far:", "queue, Claim from the queue and 13 more.")
	r.keys("ctrl+s", "enter")
	c, _ := last[desk.ChangeRoles](r)
	want := map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeTeam, desk.MessageReply: desk.ScopeTeam, desk.MessageRetry: desk.ScopeOwn}
	if d := cmp.Diff(want, c.Changes[0].Grants); d != "" {
		t.Errorf("the copy (-want +got):\n%s", d)
	}
}

func TestWordFor(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	for name, want := range map[string]string{
		"Night": "night-2", "Team  lead!": "team-lead", "Élève": "eleve", "24 hours": "role-24-hours", "夜勤": "role", "": "role",
		"Owner": "owner-2", strings.Repeat("long ", 12): "long-long-long-long-long-long-lo",
	} {
		got := r.m.wordFor(name)
		if string(got) != want {
			t.Errorf("the word for %q is %q, want %q", name, got, want)
		}
		if err := r.m.freeWord(got); err != nil {
			t.Errorf("the word for %q: %v", name, err)
		}
	}
}

func TestDeleteRole(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	r.keys("d")
	r.shows("Which role do the people of Night shift get?", "▌ Agent")
	r.kind("sales")
	r.keys("enter")
	r.shows("Delete the role Night shift?")
	r.keys("enter")
	wantSaved(r, desk.RoleChange{Role: "night", Seen: 3, Remove: true, MoveTo: desk.RoleSales})
	r.keys("enter")
	r.roleEvent(desk.RoleRemoved, "asha", desk.Role{ID: "night", Removed: true})
	r.hides("Night shift")

	// What was edited of it goes with it.
	r = matrixed(t, desk.RoleOwner)
	onPerm(r, desk.MessageRetry).keys("space", "d", "enter", "enter", "enter")
	r.roleEvent(desk.RoleRemoved, "asha", desk.Role{ID: "night", Removed: true})
	r.hides("Night shift", "unsaved")

	// Nobody has it: there is nobody to ask for.
	r = matrixed(t, desk.RoleOwner)
	matrixOf(r).toRole("lead")
	r.keys("d")
	r.shows("Delete the role Team lead?")
	r.keys("enter")
	wantSaved(r, desk.RoleChange{Role: "lead", Seen: 1, Remove: true, MoveTo: desk.RoleManager})
	matrixOf(r).toRole(desk.RoleAgent)
	r.keys("enter", "d")
	r.shows("comes with the program")
}

func TestVersionIsRestored(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	onPerm(r, desk.MessageRetry).keys("space", "v")
	r.shows("Save or undo your changes to Night shift first.")
	r.keys("u", "v")
	r.shows("Versions of Night shift · 3 versions", "Zoë Ito holds now 1 change", "It holds now")
	r.keys("r")
	r.shows("The role is like that now.")
	r.keys("j")
	r.shows("From now to it", "+ Take over: — → team", "Sun 22 November 2026 06:00 by You")
	r.keys("r")
	r.shows("Restore Night shift as of version 2?")
	r.keys("enter")
	wantSaved(r, nightWith(3, map[desk.Perm]desk.Scope{desk.ConversationTakeover: desk.ScopeTeam}))
	r.keys("enter")
	newest := nightShift()
	newest.Version = 4
	r.do = versionsFirst(r.do, newest)
	r.roleEvent(desk.RoleChanged, "asha", newest)
	r.shows("4 versions")
	matrixed(t, desk.RoleOwner)

	r = matrixed(t, desk.RoleOwner)
	matrixOf(r).toRole(desk.RoleAgent)
	r.keys("v")
	r.shows("comes with the program and has no versions.")
}

// TestRolesAreReadable opens the panel for someone who may only look.
func TestRolesAreReadable(t *testing.T) {
	r := matrixed(t, desk.RoleManager)
	r.size(120, 40)
	onPerm(r, desk.ContactExport)
	r.shows("▸own*", "Dangerous", "Your role doesn't include “Manage roles”.", "Tom Becker")
	r.keys("?")
	r.hides("Change how far", "Save the changes", "Copy the role", "Delete")
	r.keys("esc", "c")
	r.shows("Your role doesn't include “Manage roles”.")
	r.keys("v", "j")
	r.shows("From now to it")
	r.keys("r")
	r.shows("Your role doesn't include “Manage roles”.")
	r.keys("esc", "U")
	r.shows("Held but never used")

	r = live(t, desk.RoleAgent)
	r.keys("R")
	r.shows("Your role doesn't include “See the roles”.")
	if r.m.panel() != nil {
		t.Error("it is open")
	}
}

// TestRolesFollowTheRights closes the panel when roles may not be seen any more,
// and keeps what wasn't saved.
func TestRolesFollowTheRights(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	onPerm(r, desk.MessageRetry).keys("space", "s")
	r.size(160, 24)
	rights(r, desk.RoleAgent)
	if r.m.panel() != nil || r.m.dialog() != nil {
		t.Fatal("something is still open")
	}
	s := snapshot("asha", desk.RoleOwner, 400, conversations())
	s.Roles = append(s.Roles, nightShift())
	r.send(Deliver{client.Link{State: client.Live}, s})
	r.now = r.now.Add(breath)
	r.keys("R")
	r.shows("unsaved: 1 change")
}

func TestFindPermissionAndRole(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	for text, want := range map[string]desk.Perm{"take over": desk.ConversationTakeover, "contact.view_pii": desk.ContactViewPII, "put it back into the queue": desk.ConversationAssign} {
		r.keys("/")
		r.kind(text)
		r.keys("enter")
		if p, _ := matrixOf(r).perm(); p.Key != want {
			t.Errorf("%q finds %s, want %s", text, p.Key, want)
		}
		r.keys("esc")
	}
	r.keys("f")
	r.kind("market")
	r.keys("enter")
	r.shows("Roles · Marketing")
}
