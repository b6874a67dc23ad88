package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

func open1(owner desk.MemberID, team desk.TeamID) desk.Facts {
	return desk.Facts{Status: desk.StatusOpen, Assignee: owner, Team: team, Unread: 1}
}

// refused asserts that err is a refusal for this reason.
func refused(t testing.TB, what string, err error, why desk.Why) {
	t.Helper()
	d, ok := errors.AsType[*desk.Denied](err)
	if !ok || d.Why != why {
		t.Errorf("%s: %v (%T), want a refusal for %q", what, err, err, why)
	}
}

// coded asserts that err is an error with this code.
func coded(t testing.TB, what string, err error, code desk.Code) {
	t.Helper()
	if e := desk.AsError(err); e == nil || e.Code != code {
		t.Errorf("%s: %v, want code %q", what, err, code)
	}
}

func TestNobodyClimbs(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := func(who string) desk.MemberID { return h.members[who].ID }
	for _, a := range []struct {
		what, who, target string
		role              desk.RoleID
		why               desk.Why
	}{
		{"one's own role", "adam", "adam", desk.RoleOwner, desk.WhySelf},
		{"the only owner's own role", "olga", "olga", desk.RoleAgent, desk.WhySelf},
		{"someone above", "adam", "olga", desk.RoleViewer, desk.WhyAbove},
		{"a role as high as one's own", "adam", "vera", desk.RoleAdmin, desk.WhyAbove},
		{"a role above one's own", "mona", "asha", desk.RoleAdmin, desk.WhyAbove},
		{"somebody of another team", "mona", "sara", desk.RoleViewer, desk.WhyNotTeammate},
		{"without the permission", "asha", "mark", desk.RoleViewer, desk.WhyNoKey},
	} {
		_, err := h.try(a.who, desk.AssignRole{Member: id(a.target), Role: a.role})
		refused(t, a.what, err, a.why)
	}
}

// TestNobodyGivesWhatTheyLack gives a manager's teammate a custom role that is low
// in rank and still holds a key that the manager doesn't.
func TestNobodyGivesWhatTheyLack(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	trap := desk.Role{ID: "trap", Name: "Trap", Rank: 1, Grants: map[desk.Perm]desk.Scope{desk.RoleAssign: desk.ScopeAll}}
	if err := h.store.Write(t.Context(), func(tx *store.Tx) error { return tx.PutRole(trap) }); err != nil {
		t.Fatal(err)
	}
	_, err := h.try("mona", desk.AssignRole{Member: h.members["asha"].ID, Role: trap.ID})
	refused(t, "a role that holds more", err, desk.WhyBeyond)
}

// TestOwnersDemoteEachOther lets two owners demote each other at the same moment,
// many times: one of them stays.
func TestOwnersDemoteEachOther(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	second := h.hire("Otto Owner", desk.RoleOwner, nil)
	h.members["otto"] = second
	pair := []string{"olga", "otto"}
	for round := range 200 {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, who := range pair {
			cmd := desk.AssignRole{Member: h.members[pair[1-i]].ID, Role: desk.RoleAgent}
			caller := h.as(who)
			wg.Go(func() { _, errs[i] = h.service.Do(t.Context(), caller, fmt.Sprintf("r%d", round), cmd) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v; want exactly one demoted", round, errs[0], errs[1])
		}
		winner, loser := pair[0], pair[1]
		if errs[0] != nil {
			winner, loser = loser, winner
		}
		if n := h.owners(); n != 1 {
			t.Fatalf("round %d: %d owners", round, n)
		}
		h.must(winner, desk.AssignRole{Member: h.members[loser].ID, Role: desk.RoleOwner})
	}
}

func (h *house) owners() (n int) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		n, err = tx.Owners()
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// TestMessagesOfAnotherConversation names a message that the asker may not see
// beside a conversation that they may.
func TestMessagesOfAnotherConversation(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	sara, tom := h.members["sara"].ID, h.members["tom"].ID
	ids := plant(t, h.store, h.clock.now(), open1(sara, ""), open1(tom, ""))
	mine, theirs := ids[0], ids[1]
	missing := func(cmd desk.Command) string {
		_, err := h.try("sara", cmd)
		coded(t, cmd.Name(), err, desk.CodeNotFound)
		return asJSON(t, desk.AsError(err))
	}
	for _, pair := range [][2]desk.Command{
		{desk.Retry{Conversation: mine, Message: failedOf(theirs)}, desk.Retry{Conversation: mine, Message: "m_none"}},
		{desk.Settle{Conversation: mine, Message: failedOf(theirs)}, desk.Settle{Conversation: mine, Message: "m_none"}},
		{desk.Reply{Conversation: mine, Text: "x", Seen: 1 << 40, Quote: heardOf(theirs)}, desk.Reply{Conversation: mine, Text: "x", Seen: 1 << 40, Quote: "m_none"}},
		{desk.History{Conversation: theirs}, desk.History{Conversation: 1 << 40}},
	} {
		if other, none := missing(pair[0]), missing(pair[1]); other != none {
			t.Errorf("%s tells the two apart: %s and %s", pair[0].Name(), other, none)
		}
	}
	if got := h.must("sara", desk.Reply{Conversation: mine, Text: "x", Seen: 1 << 40, Quote: heardOf(mine)}).(desk.Done); got.Message == "" {
		t.Error("a quote of the conversation's own message wasn't taken")
	}
}

func TestSettlingIsForRepliesThatFailed(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
	note := h.must("asha", desk.Note{Conversation: id, Text: "n"}).(desk.Done).Message
	for _, m := range []desk.MessageID{note, heardOf(id)} {
		_, err := h.try("asha", desk.Retry{Conversation: id, Message: m})
		refused(t, "retry", err, desk.WhyDelivery)
		_, err = h.try("asha", desk.Settle{Conversation: id, Message: m, Arrived: true})
		refused(t, "settle", err, desk.WhyDelivery)
	}
}

func TestSuspendedMemberDoesNothing(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	matrix := h.matrix()
	if err := h.service.Suspend(t.Context(), h.members["asha"].ID); err != nil {
		t.Fatal(err)
	}
	for _, tr := range matrix {
		if tr.who != "asha" || tr.facts == nil {
			continue
		}
		cmd := example(tr.kind, tr.id, *tr.facts, h.members["olga"].ID)
		if _, err := h.try("asha", cmd); err == nil {
			t.Errorf("a suspended member did %s on %q", cmd.Name(), tr.relation)
		}
	}
	_, err := h.try("asha", desk.ListConversations{List: desk.ListAll})
	refused(t, "a list", err, desk.WhySuspended)
}

func TestRefs(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha := h.members["asha"].ID
	id := plant(t, h.store, h.clock.now(), open1(asha, support))[0]
	do := func(who, ref string, cmd desk.Command) (any, error) {
		return h.service.Do(t.Context(), h.as(who), ref, cmd)
	}
	first, err := do("asha", "one", desk.Note{Conversation: id, Text: "Once"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := do("asha", "one", desk.Note{Conversation: id, Text: "Once"})
	if err != nil || again != first {
		t.Errorf("the same ref answers %v, %v; want %v", again, err, first)
	}
	if other, err := do("mona", "one", desk.Note{Conversation: id, Text: "Once"}); err != nil || other == first {
		t.Errorf("another member's ref of the same word: %v, %v", other, err)
	}
	_, err = do("asha", "one", desk.Resolve{Conversation: id, Seen: 1 << 40})
	coded(t, "a ref of another command", err, desk.CodeInvalid)
	for _, ref := range []string{"", strings.Repeat("r", desk.MaxRef+1)} {
		_, err = do("asha", ref, desk.Note{Conversation: id, Text: "n"})
		coded(t, fmt.Sprintf("a ref of %d bytes", len(ref)), err, desk.CodeInvalid)
	}
	_, messages := h.thread(id)
	notes := 0
	for _, m := range messages {
		if m.Side == desk.SideNote {
			notes++
		}
	}
	if notes != 2 {
		t.Errorf("%d notes in the thread, want 2", notes)
	}
}

// TestRefsAtOnce sends the same command many times at the same moment.
func TestRefsAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
	caller := h.as("asha")
	var wg sync.WaitGroup
	results, errs := make([]any, 32), make([]error, 32)
	for i := range results {
		wg.Go(func() {
			results[i], errs[i] = h.service.Do(t.Context(), caller, "once", desk.Reply{Conversation: id, Text: "Once", Seen: 1 << 40})
		})
	}
	wg.Wait()
	for i := range results {
		if errs[i] != nil || results[i] != results[0] {
			t.Errorf("try %d: %v, %v; want %v", i, results[i], errs[i], results[0])
		}
	}
	h.settled()
	if n := len(h.channel.all()); n != 1 {
		t.Errorf("%d messages were sent", n)
	}
}

// all returns what was handed to the channel so far.
func (c *channel) all() []desk.Outgoing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]desk.Outgoing(nil), c.sent...)
}

// TestOneClaimWins lets everyone claim the same conversation at the same moment.
func TestOneClaimWins(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	claimers := []string{"olga", "adam", "mona", "asha", "sara"}
	for round := range 20 {
		id := plant(t, h.store, h.clock.now(), open1("", ""))[0]
		var wg sync.WaitGroup
		errs := make([]error, len(claimers))
		for i, who := range claimers {
			caller := h.as(who)
			wg.Go(func() {
				_, errs[i] = h.service.Do(t.Context(), caller, fmt.Sprintf("claim-%d", round), desk.Claim{Conversation: id})
			})
		}
		wg.Wait()
		winner := ""
		for i, err := range errs {
			if err == nil {
				winner += claimers[i]
			}
		}
		c, _ := h.thread(id)
		if h.members[winner].ID == "" || c.Assignee != h.members[winner].ID {
			t.Fatalf("round %d: %q claimed it, %s has it", round, winner, c.Assignee)
		}
	}
}

func TestReplyConflict(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
	c, _ := h.thread(id)
	seen := c.Seq
	h.must("mona", desk.Note{Conversation: id, Text: "A note is no conflict"})
	h.must("mona", desk.Reply{Conversation: id, Text: "Mine first", Seen: seen})
	_, err := h.try("asha", desk.Reply{Conversation: id, Text: "Mine too", Seen: seen})
	e := desk.AsError(err)
	if e == nil || e.Code != desk.CodeConflict || len(e.Since) != 1 || e.Since[0].Text != "Mine first" {
		t.Fatalf("the second reply: %+v", e)
	}
	h.must("asha", desk.Reply{Conversation: id, Text: "Mine too", Seen: e.Seq})
	h.must("asha", desk.Reply{Conversation: id, Text: "And more", Seen: e.Seq}) // one's own are no conflict
}

func TestUnknownFieldsAndCommands(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
	l := h.dial("asha", desk.Hello{})
	for i, args := range []string{
		`{"conversation":%d,"text":"x","actor":"u_0_olga"}`, `{"conversation":%d,"text":"x","member":"u_0_olga"}`,
		`{"conversation":%d,"text":""}`, `[%d]`, `"%d"`, `null`,
	} {
		ref := fmt.Sprintf("r%d", i)
		if strings.Contains(args, "%d") {
			args = fmt.Sprintf(args, id)
		}
		l.send(desk.Do{Type: desk.FrameDo, Ref: ref, Command: "message.note", Args: json.RawMessage(args)})
		if a := l.answer(ref); a.Error == nil || a.Error.Code != desk.CodeInvalid {
			t.Errorf("args %s: %+v", args, a)
		}
	}
	l.send(desk.Do{Type: desk.FrameDo, Ref: "none", Command: "role.create"})
	if a := l.answer("none"); a.Error == nil || a.Error.Code != desk.CodeInvalid {
		t.Errorf("an unknown command: %+v", a)
	}
}
