package server_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// relation is how a conversation stands to the member who acts on it.
type relation struct {
	name  string
	facts func(me, colleague desk.MemberID) desk.Facts // nil: it doesn't exist
}

// relations are told for a member of the team support.
func relations() []relation {
	facts := func(s desk.Status, m desk.MemberID, t desk.TeamID) desk.Facts {
		return desk.Facts{Status: s, Assignee: m, Team: t, Unread: 1}
	}
	return []relation{
		{"mine", func(me, _ desk.MemberID) desk.Facts { return facts(desk.StatusOpen, me, "") }},
		{"mine in another team", func(me, _ desk.MemberID) desk.Facts { return facts(desk.StatusOpen, me, wares) }},
		{"my team's, unassigned", func(_, _ desk.MemberID) desk.Facts { return facts(desk.StatusOpen, "", support) }},
		{"my team's, with a colleague", func(_, other desk.MemberID) desk.Facts { return facts(desk.StatusOpen, other, support) }},
		{"someone else's", func(_, other desk.MemberID) desk.Facts { return facts(desk.StatusOpen, other, wares) }},
		{"someone else's, no team", func(_, other desk.MemberID) desk.Facts { return facts(desk.StatusOpen, other, "") }},
		{"another team's, unassigned", func(_, _ desk.MemberID) desk.Facts { return facts(desk.StatusOpen, "", wares) }},
		{"unassigned in no team", func(_, _ desk.MemberID) desk.Facts { return facts(desk.StatusOpen, "", "") }},
		{"resolved, mine", func(me, _ desk.MemberID) desk.Facts { return facts(desk.StatusResolved, me, support) }},
		{"resolved, someone else's", func(_, other desk.MemberID) desk.Facts { return facts(desk.StatusResolved, other, wares) }},
		{"does not exist", nil},
	}
}

// example is a command of the kind on a planted conversation, which would do
// something if it is allowed.
func example(kind desk.Command, id desk.ConversationID, f desk.Facts, to desk.MemberID) desk.Command {
	switch kind.(type) {
	case desk.History:
		return desk.History{Conversation: id}
	case desk.Reply:
		return desk.Reply{Conversation: id, Text: "Hello", Seen: 1 << 40}
	case desk.Note:
		return desk.Note{Conversation: id, Text: "Look"}
	case desk.Claim:
		return desk.Claim{Conversation: id}
	case desk.TakeOver:
		if f.Assignee == "" {
			return desk.TakeOver{Conversation: id, From: to}
		}
		return desk.TakeOver{Conversation: id, From: f.Assignee}
	case desk.Assign:
		return desk.Assign{Conversation: id, Member: &to}
	case desk.Resolve:
		return desk.Resolve{Conversation: id, Seen: 1 << 40}
	case desk.Reopen:
		return desk.Reopen{Conversation: id}
	case desk.MarkRead:
		return desk.MarkRead{Conversation: id, Upto: 1 << 40}
	case desk.Label:
		return desk.Label{Conversation: id, Add: []string{"vip"}}
	case desk.Retry:
		return desk.Retry{Conversation: id, Message: failedOf(id)}
	case desk.Settle:
		return desk.Settle{Conversation: id, Message: failedOf(id), Arrived: true}
	case desk.RevealContact:
		return desk.RevealContact{Conversation: id, Reason: "a test"}
	case desk.AskAccess:
		return desk.AskAccess{Conversation: id, Key: desk.ContactExportMany, Scope: desk.ScopeAll, For: 60, Reason: "a test"}
	}
	return nil
}

// trial is one cell of the matrix.
type trial struct {
	who      string
	relation string
	facts    *desk.Facts
	kind     desk.Command
	id       desk.ConversationID
}

// matrix plants a conversation for every command, role and relation.
func (h *house) matrix() (trials []trial) {
	h.t.Helper()
	var facts []desk.Facts
	for who, me := range h.members {
		if err := h.service.SetTeams(h.t.Context(), me.ID, []desk.TeamID{support}); err != nil {
			h.t.Fatal(err)
		}
		me.Teams = []desk.TeamID{support}
		h.members[who] = me
		colleague := h.members["mona"].ID
		if who == "mona" {
			colleague = h.members["asha"].ID
		}
		for _, kind := range desk.Commands() {
			if example(kind, 1, desk.Facts{}, "u") == nil {
				continue
			}
			for _, r := range relations() {
				tr := trial{who: who, relation: r.name, kind: kind, id: 999_999}
				if r.facts != nil {
					f := r.facts(me.ID, colleague)
					tr.facts = &f
					facts = append(facts, f)
				}
				trials = append(trials, tr)
			}
		}
	}
	ids := plant(h.t, h.store, h.clock.now(), facts...)
	for i := range trials {
		if trials[i].facts != nil {
			trials[i].id, ids = ids[0], ids[1:]
		}
	}
	return trials
}

func roleOf(t testing.TB, id desk.RoleID) desk.Role {
	t.Helper()
	for _, r := range desk.BuiltInRoles() {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("there is no role %q", id)
	return desk.Role{}
}

func (h *house) actor(who string) *desk.Actor {
	return &desk.Actor{Member: h.members[who], Role: roleOf(h.t, h.members[who].Role)}
}

// verdict is what the gate has to answer: "not_found", "denied" with a reason, or "".
func (h *house) verdict(tr trial, to desk.MemberID) desk.Error {
	if tr.facts == nil {
		return *desk.ErrNotFound()
	}
	now := h.clock.now()
	me, c := h.actor(tr.who), tr.facts.With(tr.id)
	c.WindowUntil = now.Add(20 * 3600e9)
	if desk.Can(me, desk.ConversationView, desk.Subject{Conversation: c}, now) != nil {
		return *desk.ErrNotFound()
	}
	s := desk.Subject{Conversation: c, Message: &desk.Message{ID: failedOf(tr.id), Delivery: desk.Failed}, Status: tr.kind.Target().Status}
	if _, ok := tr.kind.(desk.Assign); ok {
		for name, m := range h.members {
			if m.ID == to {
				s.To = h.actor(name)
			}
		}
	}
	if err := desk.Can(me, tr.kind.Perm(), s, now); err != nil {
		return *desk.AsError(err)
	}
	return desk.Error{}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRefusedCommandsLeaveNoTrace does what desk.Can refuses, and looks whether
// anything was written but the refusals themselves.
func TestRefusedCommandsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	trials := h.matrix()
	before := h.head()
	hidden := 0
	for i, tr := range trials {
		to := h.members["asha"].ID
		want := h.verdict(tr, to)
		if want.Code == "" {
			continue
		}
		facts := desk.Facts{}
		if tr.facts != nil {
			facts = *tr.facts
		} else {
			hidden++
		}
		if _, err := h.service.Do(t.Context(), h.as(tr.who), fmt.Sprintf("trial-%d", i), example(tr.kind, tr.id, facts, to)); err == nil {
			t.Errorf("%s %s %q was done", tr.who, tr.kind.Name(), tr.relation)
		}
	}
	entries := h.log(before)
	for _, e := range entries {
		if e.Kind != desk.CommandRefused || len(e.Messages) > 0 || e.Member != nil {
			t.Errorf("a refusal left %s: %+v", e.Kind, e)
		}
	}
	if len(entries) < 100 || hidden < 50 {
		t.Errorf("%d refusals were logged, and %d chats didn't exist", len(entries), hidden)
	}
}

func (h *house) head() (head int64) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		head, err = tx.Head()
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return head
}

// TestListsHoldNothingHidden reads every list as every role.
func TestListsHoldNothingHidden(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.matrix()
	for who := range h.members {
		me := h.actor(who)
		for _, l := range desk.Lists() {
			cmd := desk.ListConversations{List: l, Limit: desk.MaxPage}
			got, err := h.try(who, cmd)
			want := desk.Can(me, cmd.Perm(), desk.Subject{}, h.clock.now())
			if (err == nil) != (want == nil) {
				t.Errorf("%s reads %s: %v, want %v", who, l, err, want)
			}
			if err != nil {
				continue
			}
			for _, c := range got.(desk.Page).Rows {
				if !desk.Sees(me, c.Facts()) || !l.Holds(me.Member, &c) {
					t.Errorf("%s reads %s and gets %+v", who, l, c.Facts())
				}
			}
		}
	}
}

// TestRoleMatrix lets every role give every role to someone of every role, in the
// same team and in another.
func TestRoleMatrix(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.members["rita"] = h.hire("Rita Root", desk.RoleOwner, nil) // puts things back
	var did, denied int
	for who := range h.members {
		for target := range h.members {
			if who == "rita" || target == "rita" {
				continue
			}
			for _, teams := range [][]desk.TeamID{{support}, {wares}, nil} {
				h.setTeams(target, teams)
				for _, give := range desk.BuiltInRoles() {
					cmd := desk.AssignRole{Member: h.members[target].ID, Role: give.ID}
					want := desk.Can(h.actor(who), desk.RoleAssign, desk.Subject{To: h.actor(target), Role: &give, Owners: 2}, h.clock.now())
					_, err := h.try(who, cmd)
					if asJSON(t, unheld(err)) != asJSON(t, desk.AsError(want)) {
						t.Errorf("%s makes %s of %v %s: %v, want %v", who, target, teams, give.ID, err, want)
					}
					if err != nil {
						denied++
						continue
					}
					did++
					h.must("rita", desk.AssignRole{Member: h.members[target].ID, Role: h.members[target].Role})
				}
			}
		}
	}
	if did < 100 || denied < 500 {
		t.Errorf("%d role changes were done and %d refused", did, denied)
	}
}

// unheld is an answer without who could help, which desk.Can doesn't know.
func unheld(err error) *desk.Error {
	e := desk.AsError(err)
	if e != nil && e.Denied != nil {
		told, denied := *e, *e.Denied
		denied.Holders, told.Denied = nil, &denied
		return &told
	}
	return e
}

func (h *house) setTeams(who string, teams []desk.TeamID) {
	h.t.Helper()
	m := h.members[who]
	if err := h.service.SetTeams(h.t.Context(), m.ID, teams); err != nil {
		h.t.Fatal(err)
	}
	m.Teams = teams
	h.members[who] = m
}

// hire adds a member straight to the store: a password would cost time.
func (h *house) hire(name string, role desk.RoleID, teams []desk.TeamID) desk.Member {
	h.t.Helper()
	return h.add(desk.Member{Name: name, Role: role, Teams: teams})
}

// add gives a member an id and an address, and adds them like hire.
func (h *house) add(m desk.Member) desk.Member {
	h.t.Helper()
	h.refs++
	m.ID, m.Email = desk.MemberID(fmt.Sprintf("u_hired_%d", h.refs)), fmt.Sprintf("hired%d@example.com", h.refs)
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutMember(m); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.MemberAdded, At: h.clock.now(), Member: &m}})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// do sends a command and waits for its answer, passing over everything else.
func (l *line) do(ref string, cmd desk.Command) desk.Answer {
	l.t.Helper()
	l.ask(ref, cmd)
	return l.answer(ref)
}

func (l *line) ask(ref string, cmd desk.Command) {
	l.t.Helper()
	l.send(desk.Do{Type: desk.FrameDo, Ref: ref, Command: cmd.Name(), Args: json.RawMessage(asJSON(l.t, cmd))})
}

func (l *line) answer(ref string) desk.Answer {
	l.t.Helper()
	for {
		var a desk.Answer
		if l.until(desk.FrameAnswer).into(l.t, &a); a.Ref == ref {
			return a
		}
	}
}
