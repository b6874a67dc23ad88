package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// nightShift is a custom role: Agent, with three differences.
func nightShift() desk.Role {
	r := desk.Role{ID: "night", Name: "Night shift", Description: "Answers from 22:00 to 6:00.", Rank: 30, Base: desk.RoleAgent, Version: 3}
	r.Grants = maps.Clone(roleOf(desk.RoleAgent).Grants)
	r.Grants[desk.ConversationView] = desk.ScopeAll
	r.Grants[desk.ContactExport] = desk.ScopeOwn
	delete(r.Grants, desk.ConversationTakeover)
	return r
}

func teamLead() desk.Role {
	r := desk.Role{ID: "lead", Name: "Team lead", Rank: 50, Base: desk.RoleManager, Version: 1}
	r.Grants = maps.Clone(roleOf(desk.RoleManager).Grants)
	return r
}

// matrixed is a rig at the matrix, with Night shift chosen, which Tom has.
func matrixed(t testing.TB, role desk.RoleID, change ...func(desk.Command) (any, error)) *rig {
	return matrixedAs(t, role, nil, change...)
}

func matrixedAs(t testing.TB, role desk.RoleID, options []func(*Options), change ...func(desk.Command) (any, error)) *rig {
	r := newRig(t, options...)
	r.do = func(cmd desk.Command) (any, error) {
		for _, f := range change {
			if v, err := f(cmd); v != nil || err != nil {
				return v, err
			}
		}
		return rolesAnswer(cmd), nil
	}
	s := snapshot("asha", role, 100, conversations())
	s.Roles = append(s.Roles, nightShift(), teamLead())
	for i := range s.Members {
		if s.Members[i].ID == "tom" {
			s.Members[i].Role = "night"
		}
		if s.Members[i].ID == "vic" {
			s.Members[i].Grants = []desk.Grant{{ID: "g", Role: "night", Until: noon.Add(time.Hour)}}
		}
	}
	r.send(Deliver{client.Link{State: client.Live}, s})
	r.keys("4", "R")
	if p := matrixOf(r); p != nil {
		p.toRole("night")
	}
	return r
}

func matrixOf(r *rig) *rolesPanel {
	for _, open := range r.m.panels {
		if p, ok := open.(*rolesPanel); ok {
			return p
		}
	}
	return nil
}

func rolesAnswer(cmd desk.Command) any {
	switch c := cmd.(type) {
	case desk.Preview:
		on := desk.EffectOn{Member: "tom", Vanish: 2, Sessions: 1, Keys: []desk.KeyChange{{Perm: desk.MessageRetry, From: desk.ScopeOwn, To: desk.ScopeTeam}}}
		return desk.Effect{People: []desk.EffectOn{on}, Affected: 1, Sessions: 1}
	case desk.Acknowledged:
		return desk.Acks{Seq: c.Seq, Sessions: 1, Shown: 1}
	case desk.ListVersions:
		return nightVersions()
	case desk.ListUsage:
		return nightUsage()
	}
	return nil
}

func nightVersions() desk.Versions {
	first, second := nightShift(), nightShift()
	first.Version, second.Version = 1, 2
	first.Grants, second.Grants = maps.Clone(roleOf(desk.RoleAgent).Grants), maps.Clone(second.Grants)
	second.Grants[desk.ConversationTakeover] = desk.ScopeTeam
	first.Description = ""
	return desk.Versions{Versions: []desk.RoleVersion{
		{Role: nightShift(), At: minutes(90), By: "zoe"}, {Role: second, At: minutes(60 * 30), By: "asha"}, {Role: first, At: minutes(60 * 24 * 20), By: "zoe"},
	}}
}

func nightUsage() desk.Usages {
	use := func(who desk.MemberID, p desk.Perm, s desk.Scope, ago int) desk.Usage {
		return desk.Usage{Member: who, Perm: p, Scope: s, LastAt: minutes(ago)}
	}
	return desk.Usages{Since: time.Date(2026, 11, 12, 9, 0, 0, 0, time.UTC), Used: []desk.Usage{
		use("tom", desk.ConversationView, desk.ScopeTeam, 3), use("tom", desk.ConversationViewQueue, desk.ScopeTeam, 3),
		use("tom", desk.ConversationClaim, desk.ScopeTeam, 60), use("tom", desk.MessageReply, desk.ScopeOwn, 2),
		use("tom", desk.MemberView, desk.ScopeAll, 60*26), use("ana", desk.ConversationView, desk.ScopeTeam, 1),
		use("asha", desk.RoleManage, desk.ScopeAll, 9),
	}}
}

// roleEvent tells that someone made another version of a role.
func (r *rig) roleEvent(kind desk.EventKind, by desk.MemberID, role desk.Role) {
	_, seq := r.m.rep.Position()
	seq++
	r.send(Deliver{desk.Events{From: seq - 1, To: seq, Events: []desk.Event{{Seq: seq, At: r.now, Kind: kind, Actor: by, Role: &role}}}})
}

// on puts the cursor on a permission.
func onPerm(r *rig, p desk.Perm) *rig { return at(r, string(p)) }

// reachedRoles are the keys of the matrix and of what it opens.
func reachedRoles() map[string]func(*testing.T, *rig) {
	shows := func(want string, keys ...string) func(*testing.T, *rig) {
		return func(t *testing.T, _ *rig) {
			r := onPerm(matrixed(t, desk.RoleOwner), desk.MessageRetry)
			r.keys(keys...)
			r.shows(want)
		}
	}
	return map[string]func(*testing.T, *rig){
		"roles":         shows("Roles · Night shift"),
		"role-left":     shows("Roles · Viewer", "left", "left", "right", "right", "right"),
		"role-right":    shows("Roles · Viewer, 9 of 10", "right"),
		"role-cycle":    shows("unsaved: 1 change", "space"),
		"role-undo":     shows("Roles · Night shift", "space", "space", "u", "u"),
		"role-save":     shows("Save 1 change to Night shift?", "space", "s"),
		"role-copy":     shows("A copy of Night shift", "c"),
		"role-name":     shows("Rename Night shift", "n"),
		"role-delete":   shows("Which role do the people of Night shift get?", "d"),
		"role-detail":   shows("▸own", "tab", "tab"),
		"role-find":     shows("Which role?", "f"),
		"role-versions": shows("Versions of Night shift · 3 versions", "v"),
		"role-usage":    shows("What people use · last 30 days · counted since 12 Nov", "U"),
		"role-see": func(t *testing.T, _ *rig) {
			v := &view{}
			r := matrixedAs(t, desk.RoleOwner, []func(*Options){func(o *Options) {
				o.Open = func(as desk.ViewAs, _ func([]client.Msg)) (func(context.Context, string, desk.Command) (json.RawMessage, error), func()) {
					v.opened = append(v.opened, as)
					return v.do, func() { v.closed++ }
				}
			}})
			r.hold = true // the link of the eyes would be waited for
			onPerm(r, desk.MessageRetry).keys("space", "a")
			draft := nightWith(3, map[desk.Perm]desk.Scope{desk.MessageRetry: desk.ScopeTeam}).Becomes()
			draft.Version = 3
			if d := cmp.Diff([]desk.ViewAs{{Role: &draft, Teams: []desk.TeamID{"billing"}}}, v.opened); d != "" {
				t.Errorf("seen through (-want +got):\n%s", d)
			}
			r.shows("a draft of Night shift")
			r.keys("esc")
			r.shows("unsaved: 1 change")
			r.release()
		},
		"role-back":       shows("Where is my parcel?", "esc"),
		"version-restore": shows("Restore Night shift as of version 2?", "v", "j", "r"),
		"usage-smaller":   shows("A copy of Night shift", "U", "c"),
		"usage-days":      shows("last 90 days", "U", "d"),
	}
}

// TestRolesGolden draws the matrix, its dialogs and the panels that it opens.
func TestRolesGolden(t *testing.T) {
	scenes := []struct {
		name string
		play func(*rig)
	}{
		{"roles", func(r *rig) { onPerm(r, desk.MessageRetry) }},
		{"roles-detail", func(r *rig) { onPerm(r, desk.ContactExport).keys("tab") }},
		{"roles-edited", func(r *rig) {
			onPerm(r, desk.MessageRetry).keys("space", "j", "j", "j", "space", "G", "k", "k", "space", "g")
			onPerm(r, desk.ContactExport)
		}},
		{"roles-find", func(r *rig) { r.keys("/"); r.kind("last four") }},
		{"roles-effect", func(r *rig) { onPerm(r, desk.MessageRetry).keys("space", "s") }},
		{"roles-conflict", func(r *rig) { conflict(r); r.keys("s") }},
		{"roles-copy", func(r *rig) { r.keys("c") }},
		{"roles-delete", func(r *rig) { r.keys("d") }},
		{"roles-versions", func(r *rig) { r.keys("v", "j") }},
		{"roles-usage", func(r *rig) { r.keys("U") }},
		{"roles-viewer", func(r *rig) { onPerm(r, desk.MessageRetry) }},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				role := desk.RoleOwner
				if s.name == "roles-viewer" {
					role = desk.RoleManager // sees the roles and can't change them
				}
				r := matrixed(t, role)
				r.size(size[0], size[1])
				s.play(r)
				r.m.toast = toast{}
				checkShape(t, r, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), r.screen()+"\n")
			})
		}
	}
}

func TestRolesStyles(t *testing.T) {
	for name, dark := range map[string]bool{"dark": true, "light": false} {
		t.Run(name, func(t *testing.T) {
			r := matrixedAs(t, desk.RoleOwner, []func(*Options){func(o *Options) { o.Dark = dark }})
			onPerm(r, desk.MessageRetry).keys("space")
			golden(t, "roles-styles-"+name, strings.ReplaceAll(r.m.View().Content, "\x1b", "␛")+"\n")
		})
	}
}

// conflict edits Night shift here, while Zoë changes it: one clash, and one
// change on each side that the other doesn't touch.
func conflict(r *rig) desk.Role {
	onPerm(r, desk.MessageRetry).keys("space")      // own → team
	onPerm(r, desk.ConversationClaim).keys("space") // team → all
	theirs := nightShift()
	theirs.Version = 4
	theirs.Grants[desk.MessageRetry] = desk.ScopeAll
	delete(theirs.Grants, desk.ContactExport)
	r.do = versionsFirst(r.do, theirs)
	r.roleEvent(desk.RoleChanged, "zoe", theirs)
	return theirs
}

// versionsFirst answers with one more version than before.
func versionsFirst(do func(desk.Command) (any, error), newest desk.Role) func(desk.Command) (any, error) {
	return func(cmd desk.Command) (any, error) {
		v, err := do(cmd)
		if list, ok := v.(desk.Versions); ok {
			list.Versions = append([]desk.RoleVersion{{Role: newest, At: noon, By: "zoe"}}, list.Versions...)
			return list, err
		}
		return v, err
	}
}
