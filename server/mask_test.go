package server_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// showsNumber reports whether a customer's private fields are in a text.
func showsNumber(raw []byte) bool { return len(numbersIn(raw)) > 0 }

// TestMasksByRole asks, for every built-in role and every way a chat stands to
// its member, for the number wherever a conversation is shown.
func TestMasksByRole(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	n := 0
	for _, role := range desk.BuiltInRoles() {
		who := "me-" + string(role.ID)
		me := h.hire("Me", role.ID, []desk.TeamID{support})
		h.members[who] = me
		r := reign{member: me}
		for _, rel := range relations() {
			if rel.facts == nil {
				continue
			}
			n++
			card := desk.IncomingMessage{External: fmt.Sprint("card", n), From: customer(n), Type: desk.TypeContacts, Text: "My card: +" + customer(n).WAID}
			h.hear(card)
			id := desk.ConversationID(n)
			f := rel.facts(me.ID, h.members["olga"].ID)
			f.Status = desk.StatusOpen
			_, _ = h.try("olga", desk.Assign{Conversation: id, Member: ptr(f.Assignee), Team: ptr(f.Team)}) // as it is already, or to who can't answer
			c, _ := h.thread(id)
			if !r.sees(c.Facts()) {
				continue
			}
			want := r.numbers(c.Facts(), c.Contact.ID)
			l := h.dial(who, desk.Hello{})
			frames := map[string]frame{"snapshot": l.until(desk.FrameSnapshot)}
			l.ask("list", desk.ListConversations{List: desk.ListAll, Limit: 1})
			frames["list"] = l.until(desk.FrameAnswer)
			l.ask("thread", desk.History{Conversation: id})
			frames["thread"] = l.until(desk.FrameAnswer)
			card.External += " again"
			h.hear(card)
			frames["event"] = l.until(desk.FrameEvents)
			if r.sees(c.Facts()) && f.Assignee == me.ID {
				l.ask("conflict", desk.Reply{Conversation: id, Text: "Too late", Seen: 1})
				frames["conflict"] = l.until(desk.FrameAnswer)
			}
			for what, got := range frames {
				shown := slices.Contains(numbersIn(got.raw), id)
				if what == "conflict" && !bytes.Contains(got.raw, []byte(`"since":[`)) {
					continue // they can't reply at all
				}
				if shown != want || !bytes.Contains(got.raw, fmt.Appendf(nil, "%04d", n)) {
					t.Errorf("%s, %s: the number in the %s is shown: %t; %s", role.ID, rel.name, what, shown, got.raw)
				}
			}
			_ = l.ws.Close()
		}
	}
	if n < 60 {
		t.Errorf("only %d chats", n)
	}
}

// TestConflictIsMasked lets somebody reply to what they haven't seen, who may
// answer and mayn't see numbers.
func TestConflictIsMasked(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.hear(desk.IncomingMessage{External: "1", From: customer(1), Type: desk.TypeText, Text: "Hello?"})
	h.must("olga", desk.Assign{Conversation: 1, Member: ptr(h.members["tom"].ID)})
	l := h.dial("tom", desk.Hello{})
	seen := l.first().Seq
	h.hear(desk.IncomingMessage{External: "2", From: customer(1), Type: desk.TypeContacts, Text: "My card: +" + customer(1).WAID})
	l.ask("late", desk.Reply{Conversation: 1, Text: "Too late", Seen: seen})
	if f := l.until(desk.FrameAnswer); showsNumber(f.raw) || !bytes.Contains(f.raw, []byte("My card: •••• 0001")) {
		t.Errorf("the conflict is %s", f.raw)
	}
}

// TestRevealInTime reveals a number and follows it: before, during, and after its
// ten minutes, live, in answers and after a reconnect. The server isn't told of
// the end by its own timer, so it is the clock alone that counts.
func TestRevealInTime(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	h.hear(desk.IncomingMessage{External: "1", From: customer(1), Type: desk.TypeText, Text: "Hello?"})
	h.hear(desk.IncomingMessage{External: "2", From: customer(2), Type: desk.TypeText, Text: "Hello?"})
	for id := range desk.ConversationID(2) {
		h.must("olga", desk.Assign{Conversation: id + 1, Member: ptr(h.members["tom"].ID)})
	}
	l := h.dial("tom", desk.Hello{})
	said := 2
	look := func(when string, f frame, want bool) {
		t.Helper()
		check := func(what string, raw []byte) {
			t.Helper()
			if got := slices.Contains(numbersIn(raw), 1); got != want || slices.Contains(numbersIn(raw), 2) {
				t.Errorf("%s: in the %s, %t is shown of the first and %v of all: %s", when, what, got, numbersIn(raw), raw)
			}
		}
		if f.raw != nil {
			check(string(f.Type), f.raw)
		}
		for _, cmd := range []desk.Command{desk.ListConversations{List: desk.ListMine}, desk.History{Conversation: 1}, desk.History{Conversation: 2}} {
			l.ask("look", cmd)
			answer := l.until(desk.FrameAnswer)
			if h, ok := cmd.(desk.History); !ok || h.Conversation == 1 {
				check(cmd.Name(), answer.raw)
			} else if showsNumber(answer.raw) {
				t.Errorf("%s: the other thread: %s", when, answer.raw)
			}
		}
		said++
		h.hear(desk.IncomingMessage{External: fmt.Sprint(said), From: customer(1), Type: desk.TypeText, Text: "Hello?"})
		check("event", l.until(desk.FrameEvents).raw)
	}
	look("before", l.until(desk.FrameSnapshot), false)
	h.must("tom", desk.RevealContact{Conversation: 1, Reason: "A call back"})
	during := l.until(desk.FrameSnapshot)
	look("during", during, true)
	var shown desk.Snapshot
	during.into(t, &shown)
	h.clock.add(desk.RevealFor - time.Millisecond)
	look("at the last moment", frame{}, true)
	h.clock.add(time.Millisecond)
	h.hear(desk.IncomingMessage{External: "after", From: customer(1), Type: desk.TypeText, Text: "Hello?"})
	look("after", l.until(desk.FrameSnapshot), false)
	if n := len(h.entriesOf(desk.AccessExpired)); n != 0 {
		t.Fatalf("the log told of the end already: %d", n)
	}
	l = h.dial("tom", desk.Hello{Epoch: shown.Epoch, Seq: shown.Seq})
	if l.welcome().Resumed {
		t.Error("whoever was shown the number goes on with it after its time")
	}
	look("after a reconnect", l.until(desk.FrameSnapshot), false)
}

// TestWhomTheyRevealedIsTheirs tells of a reveal to who may see the people, and to
// who mayn't.
func TestWhomTheyRevealedIsTheirs(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.hear(desk.IncomingMessage{External: "1", From: customer(1), Type: desk.TypeText, Text: "Hello?"})
	c, _ := h.thread(1)
	h.must("olga", desk.Assign{Conversation: 1, Member: ptr(h.members["tom"].ID)})
	lines := map[string]*line{}
	for _, who := range []string{"olga", "vera"} {
		lines[who] = h.dial(who, desk.Hello{})
		lines[who].first()
	}
	h.must("tom", desk.RevealContact{Conversation: 1, Reason: "A call back"})
	for who, want := range map[string]bool{"olga": true, "vera": false} {
		f := lines[who].until(desk.FrameEvents)
		if bytes.Contains(f.raw, []byte(c.Contact.ID)) || bytes.Contains(f.raw, []byte("A call back")) {
			t.Errorf("%s is told whom, or why: %s", who, f.raw)
		}
		if bytes.Contains(f.raw, []byte("tom@example.com")) != want {
			t.Errorf("%s is told the address: %s", who, f.raw)
		}
	}
}
