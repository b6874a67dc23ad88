package main

import (
	"context"
	"maps"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// nightShift is the shop's own role: an agent who sees their team's chats and the
// queue, but takes nothing from a colleague and no number home.
const nightShift desk.RoleID = "night-shift"

// govern does what admins did in these days: a role of the shop's own with
// someone in it, access for a time, a request that waits for an answer.
func (r *replay) govern(ctx context.Context) error {
	var grants map[desk.Perm]desk.Scope
	for _, role := range desk.BuiltInRoles() {
		if role.ID == desk.RoleAgent {
			grants = maps.Clone(role.Grants)
		}
	}
	for _, p := range []desk.Perm{desk.ConversationTakeover, desk.ConversationAssign, desk.ContactViewPII} {
		delete(grants, p)
	}
	grants[desk.ContactReveal] = desk.ScopeOwn
	nora, theo, maya, chloe, tom := r.people["nora"].ID, r.people["theo"], r.people["maya"], r.people["chloe"], r.people["tom"]
	acts := []struct {
		by  desk.Member
		cmd desk.Command
	}{
		{theo, desk.ChangeRoles{Changes: []desk.RoleChange{{Role: nightShift, Name: "Night shift", Base: desk.RoleAgent, Rank: 30, Grants: grants,
			Description: "Answers what comes in at night; takes nothing from colleagues, sees no numbers."}}}},
		{theo, desk.Invite{FullName: "Iris Vega", Email: "iris" + shopDomain, Role: nightShift, Teams: []desk.TeamID{r.teams["orders"]}}},
		{maya, desk.GiveAccess{Member: chloe.ID, Key: desk.ContactViewPII, Scope: desk.ScopeTeam, For: desk.Duration(3 * 24 * time.Hour / time.Second),
			Reason: "Autumn campaign: matching answers to orders"}},
		{tom, desk.AskAccess{Key: desk.ConversationViewQueue, Scope: desk.ScopeTeam, For: desk.Duration(4 * time.Hour / time.Second),
			Reason: "Asha is away this afternoon, I can take new ones"}},
	}
	for _, a := range acts {
		if err := r.do(ctx, a.by, a.cmd); err != nil {
			return err
		}
	}
	// What isn't allowed stands in the log, too.
	for _, a := range []struct {
		by  desk.Member
		cmd desk.Command
	}{
		{tom, desk.AssignRole{Member: tom.ID, Role: desk.RoleAdmin}},
		{chloe, desk.AssignRole{Member: nora, Role: desk.RoleViewer}},
	} {
		_ = r.do(ctx, a.by, a.cmd) // refused
	}
	return nil
}
