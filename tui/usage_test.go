package tui

import (
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestUsageOffersTheSmallerRole goes from what was used to a role that would do.
func TestUsageOffersTheSmallerRole(t *testing.T) {
	r := matrixed(t, desk.RoleOwner)
	r.size(120, 40)
	r.keys("U")
	r.wantAsked(desk.ListUsage{Days: 30})
	r.shows("counted since 12 Nov", "Night shift · 1 person 5 of 18", "Held but never used: 13", "Wider than was needed: 2", "− See conversations: all → team",
		"5 permissions, 13 fewer, 2 narrower. c makes it,", "Reply to customers, own 2m ago")
	r.keys("d", "d")
	r.wantAsked(desk.ListUsage{Days: 7})
	at(r, "night tom").keys("c")
	r.shows("Night shift for Tom Becker")
	r.keys("ctrl+s", "enter")
	want := nightShift()
	want.ID, want.Name, want.Base = "night-shift-for-tom-becker", "Night shift for Tom Becker", "night"
	want.Grants = map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeTeam, desk.ConversationViewQueue: desk.ScopeTeam, desk.ConversationClaim: desk.ScopeTeam,
		desk.MessageReply: desk.ScopeOwn, desk.MemberView: desk.ScopeAll}
	wantSaved(r, roleChangeOf(want, 0))
	r.keys("enter")
	want.Version = 1
	r.roleEvent(desk.RoleCreated, "asha", want)
	r.shows("Roles · Night shift for Tom Becker")

	r.keys("U")
	_, seq := r.m.rep.Position()
	r.send(Deliver{desk.Events{From: seq, To: seq + 1, Events: []desk.Event{{Seq: seq + 1, At: r.now, Kind: desk.RoleAssigned, Actor: "zoe",
		Member: &desk.Member{ID: "ana", Name: "Ana Lima", Role: "night"}}}}})
	r.shows("Agent · 0 people", "Night shift · 2 people")
	at(r, "viewer vic").keys("c")
	r.shows("Nothing of this role was used")
	at(r, "sales").keys("c")
	r.shows("Nobody has this role")
}

func TestUsageThatFails(t *testing.T) {
	r := matrixed(t, desk.RoleOwner, func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.ListUsage); ok {
			return nil, desk.Errorf(desk.CodeBusy, "Too much at once. Try again.")
		}
		return nil, nil
	})
	r.keys("U")
	r.shows("Too much at once.")
	r.keys("c")
	r.shows("What was used isn't known yet.")
}
