package tui

import (
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestConflictIsMerged has Zoë save the role while it is edited here: it is
// marked at once, and mine goes on top of hers.
func TestConflictIsMerged(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	theirs := conflict(r)
	r.shows("Zoë Ito changed Night shift while you edit. s shows both.", "Night shift was changed meanwhile: s", "unsaved: 2 changes")
	r.keys("s")
	r.shows("Theirs, saved as version 4", "+ Settle unsent messages: own → all", "− ! Export contacts: own → —",
		"Yours, not saved", "+ Claim from the queue: team → all", "+ Settle unsent messages: own → team",
		"Both changed these: on top, yours replaces theirs", "− Settle unsent messages: all → team")
	r.keys("l", "s", "m")
	r.shows("Yours stands on top of theirs.", "unsaved: 2 changes")
	r.hides("changed meanwhile")
	r.keys("s", "enter")
	want := roleChangeOf(theirs, 4)
	want.Grants[desk.MessageRetry], want.Grants[desk.ConversationClaim] = desk.ScopeTeam, desk.ScopeAll
	wantSaved(r, want)
	r.keys("enter")

	// Each merged change can be undone by itself: what is under it is hers.
	r = matrixed(t, desk.RoleOwner)
	conflict(r)
	r.keys("s", "m", "u")
	onPerm(r, desk.MessageRetry)
	r.shows("▸all*")
	r.keys("u")
	r.hides("unsaved")
}

// TestConflictFollows has a third version arrive while both are shown: what is
// read is what mine would stand on.
func TestConflictFollows(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	theirs := conflict(r)
	r.keys("s")
	theirs.Version, theirs.Name = 5, "Late shift"
	r.do = versionsFirst(r.do, theirs)
	r.roleEvent(desk.RoleChanged, "ana", theirs)
	r.shows("Theirs, saved as version 5", "Name: Night shift → Late shift")
	r.keys("m", "s")
	r.shows("Save 2 changes to Late shift?")

	r = matrixed(t, desk.RoleOwner)
	theirs = conflict(r)
	r.keys("s")
	theirs.Version = 5
	theirs.Grants = nightWith(0, map[desk.Perm]desk.Scope{desk.MessageRetry: desk.ScopeTeam, desk.ConversationClaim: desk.ScopeAll}).Grants
	r.roleEvent(desk.RoleChanged, "zoe", theirs) // what I wanted, too
	r.hides("unsaved", "put mine on top")
}

// TestConflictIsDropped leaves theirs as it is.
func TestConflictIsDropped(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	conflict(r)
	r.keys("s", "d")
	r.shows("Your changes to Night shift are dropped.")
	r.hides("unsaved", "meanwhile")
	onPerm(r, desk.MessageRetry)
	r.shows("▸all*", "Version 4")
	if _, n := last[desk.ChangeRoles](r); n > 0 {
		t.Error("something was saved")
	}
}

// TestConflictWhileTheEffectIsShown replaces the effect, which isn't that of what
// would happen any more, by both changes; so does a server that was told first.
func TestConflictWhileTheEffectIsShown(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	onPerm(r, desk.ConversationTakeover).keys("space", "s")
	r.shows("Save 1 change to Night shift?")
	conflictEvent(r)
	r.shows("Zoë Ito changed Night shift while you edit", "put mine on top")
	r.hides("Save 1 change")
	r.keys("m") // typed for the dialog that is gone
	r.shows("put mine on top")

	refused := desk.Errorf(desk.CodeConflict, "Zoë Ito changed the role Night shift to version 4; you had seen version 3.")
	r = matrixed(t, desk.RoleOwner, func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.ChangeRoles); ok {
			return nil, refused
		}
		return nil, nil
	})
	r.size(120, 40)
	onPerm(r, desk.ConversationTakeover).keys("space", "s", "enter")
	r.shows("to version 4; you had seen")
	conflictEvent(r)
	r.shows("put mine on top")
	r.now = r.now.Add(breath)
	r.keys("m")
	r.shows("unsaved: 1 change")
}

func conflictEvent(r *rig) {
	theirs := nightShift()
	theirs.Version, theirs.Description = 4, "From 21:00 on."
	r.do = versionsFirst(r.do, theirs)
	r.roleEvent(desk.RoleChanged, "zoe", theirs)
}

// TestRoleDeletedMeanwhile keeps what was edited, and can make the role anew.
func TestRoleDeletedMeanwhile(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	onPerm(r, desk.MessageRetry).keys("space")
	r.roleEvent(desk.RoleRemoved, "zoe", desk.Role{ID: "night", Removed: true})
	r.shows("deleted Night shift while you edit", "unsaved: 1 change")
	r.keys("s")
	r.shows("was deleted; its people have another role.", "make it anew")
	r.keys("m", "s", "enter")
	wantSaved(r, nightWith(0, map[desk.Perm]desk.Scope{desk.MessageRetry: desk.ScopeTeam}))
	r.keys("enter")
	anew := nightWith(4, map[desk.Perm]desk.Scope{desk.MessageRetry: desk.ScopeTeam}).Becomes()
	r.roleEvent(desk.RoleCreated, "asha", anew)
	r.hides("unsaved", "meanwhile")
	r.shows("Version 5")
}

// TestSavedAndOvertaken has a newer version arrive in place of one's own: what was
// saved isn't taken for unsaved.
func TestSavedAndOvertaken(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	onPerm(r, desk.MessageRetry).keys("space", "s", "enter", "enter")
	theirs := nightShift()
	theirs.Version = 5
	r.roleEvent(desk.RoleChanged, "zoe", theirs)
	r.hides("unsaved", "meanwhile")
	if n := len(matrixOf(r).drafts.all); n > 0 {
		t.Errorf("%d drafts are left", n)
	}
}
