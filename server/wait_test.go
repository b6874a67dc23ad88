package server_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// TestResolveConflicts resolves a chat in which the customer wrote meanwhile, and
// ones in which only something happened that asks for no answer.
func TestResolveConflicts(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		name     string
		in       desk.IncomingMessage
		conflict bool
	}{
		{"a text", desk.IncomingMessage{Text: "Wait"}, true},
		{"a reaction", desk.IncomingMessage{Type: desk.TypeReaction, Text: "👍"}, false},
		{"a notice", desk.IncomingMessage{Type: desk.TypeSystem, Silent: true, Text: "Changed"}, false},
	} {
		h := open(t, server.Options{})
		from := desk.Identity{WAID: "447700900001"}
		h.hear(desk.IncomingMessage{External: "1", From: from, Text: "Hello?"})
		seen, _ := h.thread(1)
		k.in.External, k.in.From = "2", from
		h.hear(k.in)
		_, err := h.try("olga", desk.Resolve{Conversation: 1, Seen: seen.Seq})
		e := desk.AsError(err)
		if !k.conflict {
			if e != nil {
				t.Errorf("%s: %v", k.name, e)
			}
			continue
		}
		if e == nil || e.Code != desk.CodeConflict || len(e.Since) != 1 || e.Since[0].Text != k.in.Text {
			t.Fatalf("%s: %+v", k.name, e)
		}
		h.must("olga", desk.Resolve{Conversation: 1, Seen: e.Seq})
	}
}

// TestAnOldRefusalLeavesANewWindow delays the word that the window was closed
// until the customer has written again.
func TestAnOldRefusalLeavesANewWindow(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	from := desk.Identity{WAID: "447700900001"}
	h.hear(desk.IncomingMessage{External: "1", From: from, Text: "Hello?"})
	refuse := func(m desk.MessageID, at time.Time) {
		err := h.service.Receive(t.Context(), desk.Incoming{Channel: shop, Statuses: []desk.StatusReport{{External: "wamid." + string(m),
			Callback: m, Delivery: desk.Failed, At: at, Problem: &desk.Problem{Code: 131047, Text: "Closed."}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	first := h.reply("olga", 1, "Yes?")
	h.settled()
	refused := h.clock.now().Add(time.Minute)
	h.clock.add(23 * time.Hour)
	h.hear(desk.IncomingMessage{External: "2", From: from, Text: "Still there?"})
	refuse(first, refused)
	if c, _ := h.thread(1); !c.WindowOpen(h.clock.now()) {
		t.Errorf("a refusal of before closed the window: until %v", c.WindowUntil)
	}
	second := h.reply("olga", 1, "Here I am")
	h.settled()
	h.clock.add(time.Minute)
	refuse(second, h.clock.now())
	if c, _ := h.thread(1); c.WindowOpen(h.clock.now()) {
		t.Errorf("a refusal of now left the window open until %v", c.WindowUntil)
	}
}

// TestWhoCantAnswerLosesTheChat writes to chats whose person lost the key, or is
// suspended: they go to the queue. Others stay.
func TestWhoCantAnswerLosesTheChat(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		name   string
		do     func(*house) error
		queued bool
	}{
		{"nothing", func(*house) error { return nil }, false},
		{"viewer", func(h *house) error {
			_, err := h.try("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer})
			return err
		}, true},
		{"suspended", func(h *house) error { return h.service.Suspend(h.t.Context(), h.members["asha"].ID) }, true},
	} {
		for _, resolved := range []bool{true, false} {
			h := open(t, server.Options{})
			from := desk.Identity{WAID: "447700900001"}
			h.hear(desk.IncomingMessage{External: "1", From: from, Text: "Hello?"})
			h.must("asha", desk.Claim{Conversation: 1})
			if resolved {
				h.must("asha", desk.Resolve{Conversation: 1, Seen: 1 << 40})
			}
			if err := k.do(h); err != nil {
				t.Fatal(err)
			}
			h.hear(desk.IncomingMessage{External: "2", From: from, Text: "Again"})
			if c, _ := h.thread(1); (c.Assignee == "") != k.queued || c.Status != desk.StatusOpen {
				t.Errorf("%s, resolved %t: %s of %q", k.name, resolved, c.Status, c.Assignee)
			}
		}
	}
}

// TestAFailedReplyLeavesTheCustomerWaiting since the first message that it was to
// answer, until it turns out to have arrived or is sent again.
func TestAFailedReplyLeavesTheCustomerWaiting(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	from := desk.Identity{WAID: "447700900001"}
	waits := func(what string, since time.Time) {
		t.Helper()
		if c, _ := h.thread(1); !c.WaitingSince.Equal(since) {
			t.Errorf("%s: the customer waits since %v, want %v", what, c.WaitingSince, since)
		}
	}
	h.hear(desk.IncomingMessage{External: "1", From: from, Text: "One"})
	h.clock.add(time.Minute)
	h.reply("olga", 1, "Answer to one")
	h.clock.add(time.Minute)
	since := h.clock.now()
	h.hear(desk.IncomingMessage{External: "2", From: from, Text: "Two"})
	h.clock.add(time.Minute)
	h.hear(desk.IncomingMessage{External: "3", From: from, Text: "Three"})
	h.clock.add(time.Minute)
	m := h.reply("olga", 1, "Answer to two and three")
	h.settled()
	waits("answered", time.Time{})
	h.report(m, desk.Failed, nil)
	waits("it failed", since)
	h.report(m, desk.Delivered, nil)
	waits("it arrived after all", time.Time{})
	again := h.reply("olga", 1, "And more")
	h.settled()
	h.report(again, desk.Failed, nil)
	waits("nothing was unanswered", time.Time{})

	h.clock.add(time.Minute)
	since = h.clock.now()
	h.hear(desk.IncomingMessage{External: "4", From: from, Text: "Four"})
	h.clock.add(time.Minute)
	last := h.reply("olga", 1, "Answer to four")
	h.settled()
	h.report(last, desk.Failed, nil)
	waits("the last failed", since)
	h.must("olga", desk.Retry{Conversation: 1, Message: last})
	h.settled()
	waits("it was sent again", time.Time{})
}

// TestSlowAndWrongHellos: a link that is slow says nothing about the client, so
// it isn't told to stay away; a client that can't be let in is.
func TestSlowAndWrongHellos(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	slow := h.raw()
	for _, k := range []struct {
		hello desk.Hello
		bye   desk.Code
		code  int
	}{
		{desk.Hello{Version: 99}, desk.CodeInvalid, 4000}, {desk.Hello{Token: "fd1_wrong"}, desk.CodeUnauthenticated, 4001},
	} {
		l := h.dial("asha", k.hello)
		if b := l.bye(); b.Code != k.bye || b.RetryMS >= 0 {
			t.Errorf("%+v: %+v", k.hello, b)
		}
		if code := l.closed(); code != k.code {
			t.Errorf("%+v: closed with %d", k.hello, code)
		}
	}
	if f, err := slow.read(); err == nil {
		t.Errorf("a slow hello was answered with %s", f.raw)
	} else if !websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
		t.Errorf("a slow hello: %v", err)
	}
}

// TestThePositionMovesOnUnseen writes a thousand entries that a member may not
// see: the client is told the position, and takes it.
func TestThePositionMovesOnUnseen(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	l := h.dial("tom", desk.Hello{})
	rep, snap := client.NewReplica(), l.first()
	rep.Apply(snap)
	in := desk.Incoming{Channel: shop}
	for n := range 1500 {
		in.Messages = append(in.Messages, desk.IncomingMessage{External: fmt.Sprint("u", n), From: desk.Identity{WAID: "44"}, At: h.clock.now(), Type: desk.TypeText, Text: "x"})
	}
	if err := h.service.Receive(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	ev := l.events()
	if ev.From != snap.Seq || ev.To < snap.Seq+1000 || len(ev.Events)+len(ev.Gone) != 0 {
		t.Errorf("told %d to %d with %d events", ev.From, ev.To, len(ev.Events))
	}
	rep.Apply(ev)
	if _, at := rep.Position(); at != ev.To {
		t.Errorf("the replica stands at %d, told %d", at, ev.To)
	}
}

// TestAnUpgradedRoleIsntResumedOver restarts the server with a program in which a
// built-in role means something else.
func TestAnUpgradedRoleIsntResumedOver(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	snap := h.dial("asha", desk.Hello{}).first()
	old := roleOf(t, desk.RoleAgent)
	old.Grants = map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn}
	if err := h.store.Write(t.Context(), func(tx *store.Tx) error { return tx.PutRole(old) }); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h.other().Handler())
	t.Cleanup(web.Close)
	h.url = web.URL
	back := h.dial("asha", desk.Hello{Epoch: snap.Epoch, Seq: snap.Seq, Token: h.tokens["asha"]})
	if back.welcome().Resumed {
		t.Error("resumed over a change of its role")
	}
	back.first()
}
