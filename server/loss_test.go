package server_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// loss is a right that asha has for a while, and how it goes.
type loss struct {
	name   string
	give   func(*house)
	lose   func(h *house, by service) error
	number bool // what goes is the number, not the sight
}

// service is what can be asked to change something: this process or another.
type service interface {
	do(h *house, who string, cmd desk.Command) error
	teams(h *house, who string, teams []desk.TeamID) error
}

type process struct{ *server.Service }

func (p process) do(h *house, who string, cmd desk.Command) error {
	h.refs++
	_, err := p.Do(h.t.Context(), h.as(who), fmt.Sprint("p", h.refs), cmd)
	return err
}

func (p process) teams(h *house, who string, teams []desk.TeamID) error {
	return p.SetTeams(h.t.Context(), h.members[who].ID, teams)
}

// grantOf is the newest grant of a member.
func (h *house) grantOf(who string) desk.GrantID {
	g := h.member(who).Grants
	return g[len(g)-1].ID
}

func losses() []loss {
	give := func(cmd desk.GiveAccess) func(*house) {
		return func(h *house) {
			cmd.Member, cmd.Reason, cmd.For = h.members["asha"].ID, "A test", 600
			h.must("olga", cmd)
		}
	}
	role := func(id desk.RoleID) func(*house) {
		return func(h *house) { h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: id}) }
	}
	end := func(h *house, by service) error {
		return by.do(h, "olga", desk.EndAccess{Member: h.members["asha"].ID, Grant: h.grantOf("asha")})
	}
	time10 := func(h *house, _ service) error { h.clock.add(601 * time.Second); return nil }
	blind := func(then func(*house)) func(*house) { // sees the chat, but not its number
		return func(h *house) { role(desk.RoleMarketing)(h); then(h) }
	}
	reveal := func(h *house) { h.must("asha", desk.RevealContact{Conversation: 1, Reason: "A test"}) }
	return []loss{
		{"a role", func(*house) {}, func(h *house, by service) error {
			return by.do(h, "olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleTemporary})
		}, false},
		{"a team", func(*house) {}, func(h *house, by service) error { return by.teams(h, "asha", []desk.TeamID{wares}) }, false},
		{"a suspension", func(*house) {}, func(h *house, by service) error {
			return by.do(h, "olga", desk.Suspend{Member: h.members["asha"].ID})
		}, false},
		{"a lent role is ended", func(h *house) { role(desk.RoleTemporary)(h); give(desk.GiveAccess{Role: desk.RoleViewer})(h) }, end, false},
		{"a lent key is ended", func(h *house) {
			role(desk.RoleTemporary)(h)
			give(desk.GiveAccess{Key: desk.ConversationView, Scope: desk.ScopeAll})(h)
		}, end, false},
		{"a lent key's time is over", func(h *house) {
			role(desk.RoleTemporary)(h)
			give(desk.GiveAccess{Key: desk.ConversationView, Scope: desk.ScopeAll})(h)
		}, time10, false},
		{"a role without numbers", func(*house) {}, func(h *house, by service) error {
			return by.do(h, "olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer})
		}, true},
		{"numbers for a time are ended", blind(give(desk.GiveAccess{Key: desk.ContactViewPII, Scope: desk.ScopeAll})), end, true},
		{"the time of numbers is over", blind(give(desk.GiveAccess{Key: desk.ContactViewPII, Scope: desk.ScopeAll})), time10, true},
		{"a reveal is ended", reveals(reveal), end, true},
		{"a reveal's time is over", reveals(reveal), time10, true},
	}
}

// reveals makes asha somebody who may reveal and doesn't see the number by role.
func reveals(then func(*house)) func(*house) {
	return func(h *house) {
		h.addRole(desk.Role{ID: "r_teller", Name: "Teller", Rank: 5, Grants: map[desk.Perm]desk.Scope{
			desk.ConversationView: desk.ScopeAll, desk.ContactReveal: desk.ScopeAll}})
		h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: "r_teller"})
		then(h)
	}
}

// TestNothingAfterALoss takes each kind of right away, in this process and in
// another one that rings no bell here. What is written from then on, here or
// there, reaches no session that lost it.
func TestNothingAfterALoss(t *testing.T) {
	t.Parallel()
	for _, elsewhere := range []bool{false, true} {
		for _, k := range losses() {
			t.Run(fmt.Sprintf("%s, elsewhere %t", k.name, elsewhere), func(t *testing.T) {
				t.Parallel()
				loseOne(t, k, elsewhere)
			})
		}
	}
}

func loseOne(t *testing.T, k loss, elsewhere bool) {
	h := open(t, server.Options{Poll: 5 * time.Millisecond})
	h.hear(desk.IncomingMessage{External: "1", From: customer(1), Type: desk.TypeText, Text: "Hello?"})
	h.must("olga", desk.Assign{Conversation: 1, Member: ptr(h.members["mona"].ID), Team: ptr(support)})
	k.give(h)
	var by service = process{h.service}
	if elsewhere {
		by = process{h.other()}
	}
	l := h.dial("asha", desk.Hello{})
	if snap := l.until(desk.FrameSnapshot); !bytes.Contains(snap.raw, []byte(`"id":1,`)) || k.number && !showsNumber(snap.raw) {
		t.Fatalf("it doesn't begin with what is lost: %s", snap.raw)
	}
	h.must("mona", desk.Note{Conversation: 1, Text: "allowed"})
	if f := l.until(desk.FrameEvents); !bytes.Contains(f.raw, []byte("allowed")) {
		t.Fatalf("before the loss: %s", f.raw)
	}
	if err := k.lose(h, by); err != nil {
		t.Fatal(err)
	}
	if err := by.do(h, "mona", desk.Note{Conversation: 1, Text: "forbidden"}); err != nil {
		t.Fatal(err)
	}
	h.must("mona", desk.Note{Conversation: 1, Text: "forbidden too"})
	if _, err := h.service.AddTeam(t.Context(), "End"); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := l.read()
		if err != nil || f.Type == desk.FrameBye {
			return // a suspended member is told why, and nothing else
		}
		if showsNumber(f.raw) || !k.number && bytes.Contains(f.raw, []byte("forbidden")) {
			t.Errorf("after the loss: %s", f.raw)
		}
		if bytes.Contains(f.raw, []byte(`"name":"End"`)) {
			break
		}
	}
	l.ask("thread", desk.History{Conversation: 1})
	f := l.until(desk.FrameAnswer)
	if showsNumber(f.raw) || bytes.Contains(f.raw, []byte("forbidden too")) != k.number {
		t.Errorf("the thread after the loss: %s", f.raw)
	}
}
