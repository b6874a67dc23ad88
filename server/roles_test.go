package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// night is a change that makes a role like an agent's, with another name.
func night() desk.RoleChange {
	return desk.RoleChange{Role: "night", Name: "Night shift", Base: desk.RoleAgent, Rank: 40, Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: desk.ScopeTeam, desk.MessageReply: desk.ScopeTeam, desk.ConversationClaim: desk.ScopeTeam,
	}}
}

func changes(list ...desk.RoleChange) desk.ChangeRoles { return desk.ChangeRoles{Changes: list} }

// log returns the entries of these kinds since a number.
func (h *house) log(after int64, kinds ...desk.EventKind) (found []store.Entry) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
		found = nil
		for {
			entries, err := tx.Entries(after, 500)
			if err != nil || len(entries) == 0 {
				return err
			}
			for _, e := range entries {
				after = e.Seq
				if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
					found = append(found, e)
				}
			}
		}
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

// kinds is what happened since a number, refusals left out.
func (h *house) kinds(after int64) (list []desk.EventKind) {
	h.t.Helper()
	for _, e := range h.log(after) {
		if e.Kind != desk.CommandRefused {
			list = append(list, e.Kind)
		}
	}
	return list
}

func detail(t testing.TB, e store.Entry) (d desk.LogDetail) {
	t.Helper()
	if len(e.Detail) == 0 {
		return d
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// role is a role as the store has it.
func (h *house) role(id desk.RoleID) (r desk.Role, ok bool) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		r, err = tx.Role(id)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		h.t.Fatal(err)
	}
	return r, err == nil
}

func (h *house) versions(id desk.RoleID) []desk.RoleVersion {
	h.t.Helper()
	return h.must("olga", desk.ListVersions{Role: id}).(desk.Versions).Versions
}

// sentence asserts a code and a part of the sentence.
func sentence(t testing.TB, what string, err error, code desk.Code, part string) {
	t.Helper()
	if e := desk.AsError(err); e == nil || e.Code != code || !strings.Contains(e.Message, part) {
		t.Errorf("%s: %+v, want %s with %q", what, e, code, part)
	}
}

// TestARoleIsMadeChangedAndDeleted follows a custom role through its life, with
// its people, its versions and what the log keeps.
func TestARoleIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	start := h.head()
	h.must("adam", changes(night()))
	asha := h.members["asha"]
	h.must("adam", desk.AssignRole{Member: asha.ID, Role: "night"})
	second := night()
	second.Seen, second.Description = 1, "From ten to six"
	h.must("olga", changes(second))
	if got, _ := h.role("night"); got.Version != 2 || got.Description != "From ten to six" || got.Base != desk.RoleAgent || got.BuiltIn {
		t.Errorf("the role is %+v", got)
	}
	h.must("adam", changes(desk.RoleChange{Role: "night", Seen: 2, Remove: true, MoveTo: desk.RoleSales}))
	if _, ok := h.role("night"); ok {
		t.Error("the role is still there")
	}
	if m := h.member("asha"); m.Role != desk.RoleSales {
		t.Errorf("asha has the role %s", m.Role)
	}
	want := []desk.EventKind{desk.RoleCreated, desk.RoleAssigned, desk.RoleChanged, desk.RoleAssigned, desk.RoleRemoved}
	if diff := cmp.Diff(want, h.kinds(start)); diff != "" {
		t.Error(diff)
	}
	changed := detail(t, h.log(start, desk.RoleChanged)[0])
	if !strings.Contains(string(changed.After), "From ten to six") || strings.Contains(string(changed.Before), "From ten to six") || len(changed.Before) == 0 {
		t.Errorf("the log has %s and %s", changed.Before, changed.After)
	}
	moved := detail(t, h.log(start, desk.RoleAssigned)[1])
	if string(moved.Before) != `{"role":"night"}` || string(moved.After) != `{"role":"sales"}` || moved.Reason == "" {
		t.Errorf("the log has %+v", moved)
	}

	// One of the same word goes on counting, and knows who deleted the first.
	h.must("adam", changes(night()))
	v := h.versions("night")
	if len(v) != 4 || v[0].Role.Version != 4 || !v[1].Role.Removed || v[1].By != h.members["adam"].ID || v[3].Role.Version != 1 {
		t.Errorf("the versions are %+v", v)
	}
}

// TestARoleIsRolledBack saves an old version's values: that is a version more.
func TestARoleIsRolledBack(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	worse := night()
	worse.Seen, worse.Grants = 1, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn}
	h.must("adam", changes(worse))
	old := h.versions("night")[1].Role
	h.must("adam", changes(desk.RoleChange{Role: old.ID, Seen: 2, Name: old.Name, Base: old.Base, Rank: old.Rank, Grants: old.Grants}))
	now, _ := h.role("night")
	if diff := cmp.Diff(night().Grants, now.Grants); diff != "" || now.Version != 3 {
		t.Errorf("version %d: %s", now.Version, diff)
	}
	if v := h.must("olga", desk.ListVersions{Role: desk.RoleAgent}).(desk.Versions); v.Versions == nil || len(v.Versions) != 0 {
		t.Errorf("a built-in role has the versions %+v", v)
	}
	_, err := h.try("olga", desk.ListVersions{Role: "none"})
	coded(t, "versions of no role", err, desk.CodeNotFound)
}

// TestTwoAdminsEditTheSameRole: the second sees who was faster, and nothing of
// either is lost.
func TestTwoAdminsEditTheSameRole(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	first, second, other := night(), night(), night()
	first.Seen, first.Name = 1, "Late shift"
	second.Seen, second.Name = 1, "Owls"
	other.Role, other.Name = "dawn", "Dawn"
	h.must("adam", changes(first))
	head := h.head()
	_, err := h.try("olga", changes(other, second))
	sentence(t, "the second save", err, desk.CodeConflict, "Adam Admin changed the role Late shift on 23 November at 10:00 UTC to version 2; you had seen version 1")
	if _, ok := h.role("dawn"); ok || h.head() != head {
		t.Error("half of the conflicting change was made")
	}
	second.Seen = 2
	h.must("olga", changes(other, second))
	if now, _ := h.role("night"); now.Name != "Owls" || now.Version != 3 {
		t.Errorf("the role is %+v", now)
	}

	_, err = h.try("adam", changes(night()))
	sentence(t, "a new one that exists", err, desk.CodeConflict, "already, at version 3")
	h.must("olga", changes(desk.RoleChange{Role: "night", Seen: 3, Remove: true, MoveTo: desk.RoleAgent}))
	_, err = h.try("adam", changes(second))
	sentence(t, "a change of a deleted one", err, desk.CodeConflict, "Olga Owner deleted the role \"night\"")
	nowhere := second
	nowhere.Role = "nowhere"
	_, err = h.try("adam", changes(nowhere))
	sentence(t, "a change of none", err, desk.CodeConflict, "There is no role")
}

func TestChangesThatChangeNothing(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	same, other := night(), night()
	same.Seen = 1
	head := h.head()
	_, err := h.try("olga", changes(same))
	sentence(t, "the same again", err, desk.CodeConflict, "Nothing would change")
	if h.head() != head {
		t.Error("it left an entry")
	}
	other.Role, other.Name = "dawn", "Dawn"
	h.must("olga", changes(same, other))
	if now, _ := h.role("night"); now.Version != 1 {
		t.Errorf("what stays the same has version %d", now.Version)
	}
}

// TestRolesThatDontFit are refused with a sentence, and nothing of the command is
// done.
func TestRolesThatDontFit(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	with := func(f func(*desk.RoleChange)) desk.RoleChange {
		c := night()
		c.Role, c.Name = "x", "X"
		f(&c)
		return c
	}
	head := h.head()
	for what, c := range map[string]struct {
		change desk.ChangeRoles
		part   string
	}{
		"a name that is taken":     {changes(with(func(c *desk.RoleChange) { c.Name = "NIGHT \u00a0Shift" })), "called Night shift already"},
		"a built-in name":          {changes(with(func(c *desk.RoleChange) { c.Name = "owner" })), "called Owner already"},
		"a base that isn't there":  {changes(with(func(c *desk.RoleChange) { c.Base = "none" })), "could be a copy of"},
		"a copy of itself":         {changes(with(func(c *desk.RoleChange) { c.Base = "x" })), "could be a copy of"},
		"people to nowhere":        {changes(desk.RoleChange{Role: "night", Seen: 1, Remove: true, MoveTo: "none"}), "Choose another one"},
		"the same name twice":      {changes(with(func(*desk.RoleChange) {}), with(func(c *desk.RoleChange) { c.Role = "y" })), "called X already"},
		"an unknown key":           {changes(with(func(c *desk.RoleChange) { c.Grants = map[desk.Perm]desk.Scope{"x.y": "all"} })), "no permission"},
		"a control character":      {changes(with(func(c *desk.RoleChange) { c.Name = "a\x1b[31m" })), "control character"},
		"a base that goes with it": {changes(desk.RoleChange{Role: "night", Seen: 1, Remove: true, MoveTo: desk.RoleAgent}, with(func(c *desk.RoleChange) { c.Base = "night" })), "could be a copy of"},
	} {
		_, err := h.try("olga", c.change)
		sentence(t, what, err, desk.CodeInvalid, c.part)
	}
	if h.head() != head {
		t.Error("something was done")
	}

	// Names may be swapped in one command, and a copy of the same command's role is one.
	h.must("adam", changes(with(func(*desk.RoleChange) {})))
	a, b := night(), with(func(c *desk.RoleChange) { c.Name, c.Seen = "Night shift", 1 })
	a.Name, a.Seen = "X", 1
	c := with(func(c *desk.RoleChange) { c.Role, c.Name, c.Base = "z", "Z", "y" })
	d := with(func(c *desk.RoleChange) { c.Role, c.Name = "y", "Y" })
	h.must("adam", changes(a, b, c, d))

	// What a role was copied from may go; the copy is changed all the same.
	h.must("adam", changes(desk.RoleChange{Role: "y", Seen: 1, Remove: true, MoveTo: desk.RoleAgent}))
	c.Seen, c.Description = 1, "Still here"
	h.must("adam", changes(c))
}

func TestSoManyRoles(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	var all []desk.RoleChange
	for i := range desk.MaxRoles {
		c := night()
		c.Role, c.Name, c.Base = desk.RoleID(fmt.Sprintf("r%d", i)), fmt.Sprintf("Role %d", i), ""
		all = append(all, c)
	}
	h.must("adam", changes(all...))
	_, err := h.try("adam", changes(night()))
	sentence(t, "one more", err, desk.CodeInvalid, "at most 250")
	h.must("adam", changes(night(), desk.RoleChange{Role: "r0", Seen: 1, Remove: true, MoveTo: "night"}))
}

// TestNobodyRaisesThemselvesByARole are the ways up through role.manage.
func TestNobodyRaisesThemselvesByARole(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	lead := desk.RoleChange{Role: "lead", Name: "Lead", Rank: 50, Grants: map[desk.Perm]desk.Scope{
		desk.RoleManage: desk.ScopeAll, desk.RoleAssign: desk.ScopeTeam, desk.ConversationView: desk.ScopeTeam, desk.MessageReply: desk.ScopeTeam,
	}}
	low, high := night(), night()
	low.Rank, low.Grants = 10, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn}
	high.Role, high.Name, high.Rank = "high", "High", 60
	h.must("olga", changes(lead, low, high))
	h.must("olga", desk.AssignRole{Member: h.members["mona"].ID, Role: "lead"})
	head := h.head()
	edit := func(c desk.RoleChange, f func(*desk.RoleChange)) desk.ChangeRoles {
		c.Seen = 1
		f(&c)
		return changes(c)
	}
	for what, a := range map[string]struct {
		cmd desk.ChangeRoles
		why desk.Why
	}{
		"their own role":           {edit(lead, func(c *desk.RoleChange) { c.Grants = map[desk.Perm]desk.Scope{desk.LogExport: desk.ScopeAll} }), desk.WhySelf},
		"their own role, removed":  {changes(desk.RoleChange{Role: "lead", Seen: 1, Remove: true, MoveTo: desk.RoleOwner}), desk.WhySelf},
		"a role above":             {edit(high, func(c *desk.RoleChange) { c.Rank = 10 }), desk.WhyAbove},
		"a role above, removed":    {changes(desk.RoleChange{Role: "high", Seen: 1, Remove: true, MoveTo: "night"}), desk.WhyAbove},
		"a rank as high as theirs": {edit(low, func(c *desk.RoleChange) { c.Rank = 50 }), desk.WhyAbove},
		"a key that they lack":     {edit(low, func(c *desk.RoleChange) { c.Grants = map[desk.Perm]desk.Scope{desk.LogExport: desk.ScopeAll} }), desk.WhyBeyond},
		"a scope wider than theirs": {edit(low, func(c *desk.RoleChange) { c.Grants = map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll} }),
			desk.WhyBeyond},
		"a new role with a key that they lack": {changes(desk.RoleChange{Role: "puppet", Name: "Puppet", Rank: 10,
			Grants: map[desk.Perm]desk.Scope{desk.MemberSuspend: desk.ScopeAll}}), desk.WhyBeyond},
	} {
		_, err := h.try("mona", a.cmd)
		refused(t, what, err, a.why)
	}
	_, err := h.try("asha", changes(night()))
	refused(t, "an agent", err, desk.WhyNoKey)
	for _, r := range desk.BuiltInRoles() {
		_, err := h.try("olga", changes(desk.RoleChange{Role: r.ID, Name: "Mine", Rank: 10}))
		sentence(t, "the built-in role "+string(r.ID), err, desk.CodeInvalid, "comes with the program")
	}
	if got := h.kinds(head); len(got) != 0 {
		t.Errorf("something happened: %v", got)
	}
	if n := len(h.log(head, desk.CommandRefused)); n != 9 {
		t.Errorf("%d refusals stand in the log, want 9", n)
	}
}

// TestARoleIsDeletedOnlyWithARoleThatOneMayGive: moving people is giving them a
// role, by the same rules.
func TestARoleIsDeletedOnlyWithARoleThatOneMayGive(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	lead := desk.RoleChange{Role: "lead", Name: "Lead", Rank: 50, Grants: map[desk.Perm]desk.Scope{
		desk.RoleManage: desk.ScopeAll, desk.RoleAssign: desk.ScopeTeam, desk.ConversationView: desk.ScopeTeam, desk.MessageReply: desk.ScopeTeam,
	}}
	low, lower := night(), night()
	low.Rank, low.Grants = 10, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn}
	lower.Role, lower.Name, lower.Rank, lower.Grants = "lower", "Lower", 5, low.Grants
	h.must("olga", changes(lead, low, lower))
	h.must("olga", desk.AssignRole{Member: h.members["mona"].ID, Role: "lead"})
	h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: "night"})
	drop := func(to desk.RoleID) desk.ChangeRoles {
		return changes(desk.RoleChange{Role: "night", Seen: 1, Remove: true, MoveTo: to})
	}
	_, err := h.try("mona", drop(desk.RoleOwner))
	refused(t, "to owner", err, desk.WhyAbove)
	_, err = h.try("mona", drop(desk.RoleAgent))
	refused(t, "to a role that may do more", err, desk.WhyBeyond)

	// The same command can't widen the target first.
	wider := lower
	wider.Seen, wider.Grants = 1, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll}
	_, err = h.try("mona", changes(wider, drop("lower").Changes[0]))
	refused(t, "to a role that is widened on the way", err, desk.WhyBeyond)

	// Sara is in no team of Mona's.
	h.must("olga", desk.AssignRole{Member: h.members["sara"].ID, Role: "night"})
	_, err = h.try("mona", drop("lower"))
	refused(t, "people of other teams", err, desk.WhyNotTeammate)
	h.must("olga", desk.AssignRole{Member: h.members["sara"].ID, Role: desk.RoleSales})
	h.must("mona", drop("lower"))
	if m := h.member("asha"); m.Role != "lower" {
		t.Errorf("asha has %s", m.Role)
	}
}

// TestDeletingARoleEndsWhatWasLentOfIt, and moves those who were removed too: no
// one is left with a role that isn't there.
func TestDeletingARoleEndsWhatWasLentOfIt(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	gone := h.hire("Gone Gently", "night", nil)
	err := h.store.Write(t.Context(), func(tx *store.Tx) error {
		gone.Suspended, gone.Removed = true, true
		return tx.PutMember(gone)
	})
	if err != nil {
		t.Fatal(err)
	}
	tom := h.members["tom"].ID
	h.must("adam", desk.GiveAccess{Member: tom, Role: "night", For: 3600, Reason: "Rush"})
	start := h.head()
	h.must("adam", changes(desk.RoleChange{Role: "night", Seen: 1, Remove: true, MoveTo: desk.RoleAgent}))
	if m := h.member("tom"); len(m.Grants) != 0 || m.Role != desk.RoleTemporary {
		t.Errorf("tom is %+v", m)
	}
	if diff := cmp.Diff([]desk.EventKind{desk.AccessEnded, desk.RoleAssigned, desk.RoleRemoved}, h.kinds(start)); diff != "" {
		t.Error(diff)
	}
}

// TestWhoCantAnswerAnyMoreGivesTheirChatsBack: by another role, by a change of
// the role, and by one that lets them answer but not see.
func TestWhoCantAnswerAnyMoreGivesTheirChatsBack(t *testing.T) {
	t.Parallel()
	blind := night()
	blind.Seen, blind.Grants = 1, map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeAll}
	mute := night()
	mute.Seen, mute.Grants = 1, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll}
	for what, change := range map[string]func(h *house, asha desk.MemberID){
		"another role": func(h *house, asha desk.MemberID) {
			h.must("adam", desk.AssignRole{Member: asha, Role: desk.RoleViewer})
		},
		"a change of the role": func(h *house, _ desk.MemberID) { h.must("adam", changes(mute)) },
		"sight lost":           func(h *house, _ desk.MemberID) { h.must("adam", changes(blind)) },
		"a role that is deleted": func(h *house, _ desk.MemberID) {
			h.must("adam", changes(desk.RoleChange{Role: "night", Seen: 1, Remove: true, MoveTo: desk.RoleMarketing}))
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := open(t, server.Options{})
			h.must("adam", changes(night()))
			asha := h.members["asha"].ID
			h.must("adam", desk.AssignRole{Member: asha, Role: "night"})
			var facts []desk.Facts
			for range 250 { // more than change hands at a time
				facts = append(facts, open1(asha, support))
			}
			ids := plant(t, h.store, h.clock.now(), append(facts, desk.Facts{Status: desk.StatusResolved, Assignee: asha}, open1(h.members["mona"].ID, support))...)
			start := h.head()
			change(h, asha)
			h.eventually("250 chats come back", func() bool { return h.holds(asha) == 0 })
			handed := h.log(start, desk.ConversationHandedOver)
			if len(handed) != 250 {
				t.Fatalf("%d chats came back, want 250", len(handed))
			}
			e := handed[0]
			line := e.Messages[0]
			if e.Before.Assignee != asha || e.Conversation.Assignee != "" || e.Conversation.Team != support || e.Actor != h.members["adam"].ID ||
				line.Side != desk.SideEvent || line.To != asha || line.ToTeam != "" || line.Text != "Asha Agent's role changed." {
				t.Errorf("the entry is %+v with %+v", e.Event, line)
			}
			if c, _ := h.thread(ids[250]); c.Assignee != asha {
				t.Error("a resolved chat was taken away")
			}
			if c, _ := h.thread(ids[251]); c.Assignee != h.members["mona"].ID {
				t.Error("a colleague's chat was taken away")
			}
		})
	}
}

// TestWhoStillAnswersKeepsTheirChats: fewer keys alone take nothing away.
func TestWhoStillAnswersKeepsTheirChats(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := h.chat()
	h.must("adam", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleTemporary})
	if c, _ := h.thread(id); c.Assignee != h.members["asha"].ID {
		t.Error("the chat was taken away")
	}
	// A key that was lent outlives the switch, and so do the chats.
	h.must("adam", desk.GiveAccess{Member: h.members["asha"].ID, Role: desk.RoleSales, For: 3600, Reason: "Handing over"})
	h.must("adam", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer})
	if c, _ := h.thread(id); c.Assignee != h.members["asha"].ID || len(h.member("asha").Grants) != 1 {
		t.Errorf("%s has it; asha is %+v", c.Assignee, h.member("asha"))
	}
}
