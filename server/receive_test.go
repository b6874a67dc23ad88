package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// piece is one part of a delivery: a customer's message or a status, told
// without ids so that the same plan can be played to several customers.
type piece struct {
	N        int // distinct: it makes the provider's id and the time
	Type     desk.MessageType
	Silent   bool
	Delivery desk.Delivery // of a status; "" for a message
}

func drawPlan(t *rapid.T) []piece {
	var plan []piece
	for n := range rapid.IntRange(1, 7).Draw(t, "pieces") {
		p := piece{N: n + 1}
		if rapid.Bool().Draw(t, "status") {
			p.Delivery = rapid.SampledFrom([]desk.Delivery{desk.Sent, desk.Delivered, desk.Read, desk.Failed}).Draw(t, "delivery")
			if slices.ContainsFunc(plan, func(o piece) bool { return o.Delivery == p.Delivery }) {
				continue // a repeat has the same time; those come by duplication
			}
		} else {
			p.Type = rapid.SampledFrom([]desk.MessageType{desk.TypeText, desk.TypeText, desk.TypeImage, desk.TypeReaction, desk.TypeSystem}).Draw(t, "type")
			p.Silent = p.Type == desk.TypeSystem
		}
		plan = append(plan, p)
	}
	return plan
}

// play gives a new customer's conversation a message and a reply, then the pieces
// in deliveries of random sizes, and returns what became of it, without ids.
func (h *house) play(customer int, plan []piece, size func() int) outcome {
	h.t.Helper()
	waid := fmt.Sprintf("4477%08d", customer)
	h.says(waid, "Hello?", 0)
	id := h.newest()
	reply := h.must("olga", desk.Reply{Conversation: id, Text: "Yes?", Seen: 1 << 40}).(desk.Done).Message
	h.settled()
	for left := plan; len(left) > 0; {
		n := min(len(left), size())
		in := desk.Incoming{Channel: shop}
		for _, p := range left[:n] {
			at := h.clock.now().Add(time.Duration(p.N) * time.Second)
			if p.Delivery == "" {
				in.Messages = append(in.Messages, desk.IncomingMessage{External: fmt.Sprintf("wamid.%s.%d", waid, p.N),
					From: desk.Identity{WAID: waid}, At: at, Type: p.Type, Silent: p.Silent, Text: fmt.Sprintf("piece %d", p.N)})
				continue
			}
			in.Statuses = append(in.Statuses, desk.StatusReport{External: "wamid." + string(reply), Callback: reply, Delivery: p.Delivery, At: at})
		}
		if err := h.service.Receive(h.t.Context(), in); err != nil {
			h.t.Fatal(err)
		}
		left = left[n:]
	}
	return h.outcome(id)
}

type outcome struct {
	Thread                        []string
	Unread                        int
	Status                        desk.Status
	Window, Waiting, LastAt       time.Time
	Last                          string
	Delivery                      desk.Delivery
	SentAt, DeliveredAt, ReadTime time.Time
}

func (h *house) outcome(id desk.ConversationID) outcome {
	h.t.Helper()
	c, messages := h.thread(id)
	o := outcome{Unread: c.Unread, Status: c.Status, Window: c.WindowUntil, Waiting: c.WaitingSince, LastAt: c.LastAt, Last: c.Last.Text}
	for _, m := range messages {
		o.Thread = append(o.Thread, fmt.Sprintf("%s %s %s %s", m.At.Format(time.TimeOnly), m.Side, m.Type, m.Text))
		if m.Side == desk.SideTeam {
			o.Delivery, o.SentAt, o.DeliveredAt, o.ReadTime = m.Delivery, m.SentAt, m.DeliveredAt, m.ReadAt
		}
	}
	return o
}

func (h *house) newest() desk.ConversationID {
	h.t.Helper()
	rows := h.must("olga", desk.ListConversations{List: desk.ListAll, Limit: desk.MaxPage}).(desk.Page).Rows
	return slices.MaxFunc(rows, func(a, b desk.Conversation) int { return int(a.ID - b.ID) }).ID
}

// TestAnyOrderGivesTheSameEnd plays deliveries in order, then shuffled, repeated
// and cut differently, to another customer: the two conversations end alike.
func TestAnyOrderGivesTheSameEnd(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	customer := 0
	next := func() int { customer++; return customer }
	rapid.Check(t, func(rt *rapid.T) {
		plan := drawPlan(rt)
		again := append(slices.Clone(plan), rapid.SliceOfN(rapid.SampledFrom(plan), 0, 4).Draw(rt, "repeats")...)
		shuffled := rapid.Permutation(again).Draw(rt, "order")
		h.clock.add(time.Minute) // the newest conversations stay on the first page
		want := h.play(next(), plan, func() int { return 1 })
		got := h.play(next(), shuffled, func() int { return rapid.IntRange(1, 4).Draw(rt, "size") })
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("plan %+v played as %+v ends differently (-in order +shuffled):\n%s", plan, shuffled, diff)
		}
	})
}

// TestDeliveryNeverTurnsBack reports states in any order and looks after each.
func TestDeliveryNeverTurnsBack(t *testing.T) {
	t.Parallel()
	way := []desk.Delivery{desk.Queued, desk.Sending, desk.Accepted, desk.Sent, desk.Delivered, desk.Read, desk.Played}
	h := open(t, server.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		id := plant(h.t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
		reply := h.must("asha", desk.Reply{Conversation: id, Text: "Yes?", Seen: 1 << 40}).(desk.Done).Message
		h.settled()
		was := desk.Accepted
		for _, to := range rapid.SliceOfN(rapid.SampledFrom(append(way[3:], desk.Failed)), 1, 6).Draw(rt, "statuses") {
			h.report(reply, to, nil)
			is := h.message(id, reply).Delivery
			switch from, next := slices.Index(way, was), slices.Index(way, is); {
			case is == desk.Failed && from > slices.Index(way, desk.Sent):
				rt.Fatalf("%s became failed", was)
			case was == desk.Failed && is != desk.Failed && next < slices.Index(way, desk.Delivered):
				rt.Fatalf("failed became %s", is)
			case was != desk.Failed && is != desk.Failed && next < from:
				rt.Fatalf("%s fell back to %s", was, is)
			}
			was = is
		}
	})
}

// report tells a status of a reply by the id that the test's channel gives.
func (h *house) report(m desk.MessageID, to desk.Delivery, p *desk.Problem) {
	h.t.Helper()
	err := h.service.Receive(h.t.Context(), desk.Incoming{Channel: shop, Statuses: []desk.StatusReport{{
		External: "wamid." + string(m), Callback: m, Delivery: to, At: h.clock.now(), Problem: p}}})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) message(id desk.ConversationID, m desk.MessageID) desk.Message {
	h.t.Helper()
	_, all := h.thread(id)
	i := slices.IndexFunc(all, func(o desk.Message) bool { return o.ID == m })
	if i < 0 {
		h.t.Fatalf("message %s isn't in %s", m, id)
	}
	return all[i]
}

// hear delivers one message of a customer.
func (h *house) hear(in desk.IncomingMessage) {
	h.t.Helper()
	if in.At.IsZero() {
		in.At = h.clock.now()
	}
	if in.Type == "" {
		in.Type = desk.TypeText
	}
	if err := h.service.Receive(h.t.Context(), desk.Incoming{Channel: shop, Messages: []desk.IncomingMessage{in}}); err != nil {
		h.t.Fatal(err)
	}
}

func TestFailedThenDelivered(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
	reply := h.must("asha", desk.Reply{Conversation: id, Text: "Yes?", Seen: 1 << 40}).(desk.Done).Message
	h.settled()
	h.report(reply, desk.Failed, &desk.Problem{Code: 1, Text: "No."})
	if m := h.message(id, reply); m.Delivery != desk.Failed || m.Problem == nil {
		t.Errorf("after failed: %+v", m)
	}
	h.report(reply, desk.Delivered, nil)
	if m := h.message(id, reply); m.Delivery != desk.Delivered || m.Problem != nil || m.DeliveredAt.IsZero() {
		t.Errorf("after delivered: %+v", m)
	}
}

// TestStatusBeforeItsMessage reports on ids that nobody knows yet.
func TestStatusBeforeItsMessage(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	from := desk.Identity{WAID: "447700900001"}
	h.hear(desk.IncomingMessage{External: "first", From: from, Text: "Hello?"})
	err := h.service.Receive(t.Context(), desk.Incoming{Channel: shop, Statuses: []desk.StatusReport{
		{External: "from-the-phone", Delivery: desk.Read, At: h.clock.now()}}})
	if err != nil {
		t.Fatal(err)
	}
	h.hear(desk.IncomingMessage{External: "from-the-phone", From: from, Echo: true, Text: "Yes?", At: h.clock.now().Add(time.Second)})
	_, thread := h.thread(1)
	if m := thread[len(thread)-1]; m.Side != desk.SideTeam || m.Delivery != desk.Read {
		t.Errorf("the message from the phone: %+v", m)
	}
}

func TestWindowFollowsTheMessagesTime(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	from := desk.Identity{WAID: "447700900001"}
	sent := h.clock.now().Add(-10 * time.Hour)
	h.hear(desk.IncomingMessage{External: "1", From: from, At: sent, Text: "It was held up"})
	if c, _ := h.thread(1); !c.WindowUntil.Equal(sent.Add(24 * time.Hour)) {
		t.Errorf("the window ends at %v", c.WindowUntil)
	}
	h.hear(desk.IncomingMessage{External: "2", From: from, At: sent.Add(-30 * time.Hour), Text: "Older still"})
	c, thread := h.thread(1)
	if !c.WindowUntil.Equal(sent.Add(24*time.Hour)) || !c.LastAt.Equal(sent) || c.Last.Text != "It was held up" {
		t.Errorf("after an older message: window %v, last %v %q", c.WindowUntil, c.LastAt, c.Last.Text)
	}
	if thread[0].Text != "Older still" || c.Unread != 2 || !c.WaitingSince.Equal(sent.Add(-30*time.Hour)) {
		t.Errorf("the older message has no place: %+v, %+v", thread, c)
	}
}

func TestWhatAsksForNothing(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		name   string
		in     desk.IncomingMessage
		opens  bool
		closed bool // the window stays as it was
	}{
		{"reaction", desk.IncomingMessage{Type: desk.TypeReaction, Text: "👍"}, false, false},
		{"notice", desk.IncomingMessage{Type: desk.TypeSystem, Silent: true, Text: "Changed"}, false, true},
		{"echo", desk.IncomingMessage{Echo: true, Text: "From the phone"}, false, true},
		{"text", desk.IncomingMessage{Text: "Again"}, true, false},
	} {
		h := open(t, server.Options{})
		from := desk.Identity{WAID: "447700900001"}
		h.hear(desk.IncomingMessage{External: "1", From: from, Text: "Hello?"})
		h.must("olga", desk.Resolve{Conversation: 1, Seen: 1 << 40})
		before, _ := h.thread(1)
		k.in.External, k.in.From, k.in.At = "2", from, h.clock.now().Add(time.Hour)
		h.hear(k.in)
		c, _ := h.thread(1)
		if (c.Status == desk.StatusOpen) != k.opens || (c.Unread > 0) != k.opens || c.WaitingSince.IsZero() == k.opens {
			t.Errorf("%s: %+v", k.name, c)
		}
		if c.WindowUntil.Equal(before.WindowUntil) != k.closed {
			t.Errorf("%s: the window ends at %v, before at %v", k.name, c.WindowUntil, before.WindowUntil)
		}
	}
}

// TestReactionsDontKeepUnread marks a text as read after which a reaction came.
func TestReactionsDontKeepUnread(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	from := desk.Identity{WAID: "447700900001"}
	h.hear(desk.IncomingMessage{External: "1", From: from, Text: "Hello?"})
	c, _ := h.thread(1)
	h.hear(desk.IncomingMessage{External: "2", From: from, Type: desk.TypeReaction, Text: "👍"})
	h.must("olga", desk.MarkRead{Conversation: 1, Upto: c.Seq})
	if c, _ := h.thread(1); c.Unread != 0 {
		t.Errorf("unread = %d after everything was read", c.Unread)
	}
}

func TestMarkReadLeavesWhatCameLater(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{ReadReceipts: true})
	from := desk.Identity{WAID: "447700900001"}
	h.hear(desk.IncomingMessage{External: "1", From: from, Text: "One"})
	c, _ := h.thread(1)
	h.hear(desk.IncomingMessage{External: "2", From: from, Text: "Two"})
	h.must("olga", desk.MarkRead{Conversation: 1, Upto: c.Seq})
	if c, _ := h.thread(1); c.Unread != 1 {
		t.Errorf("unread = %d, want the one that came later", c.Unread)
	}
	h.eventually("the receipt", func() bool {
		h.channel.mu.Lock()
		defer h.channel.mu.Unlock()
		return slices.Equal(h.channel.read, []string{"1"})
	})
}

func TestLateEchoLeavesNewerMessagesUnread(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	from := desk.Identity{WAID: "447700900001"}
	h.hear(desk.IncomingMessage{External: "1", From: from, Text: "Hello?"})
	h.hear(desk.IncomingMessage{External: "2", From: from, Echo: true, Text: "Earlier", At: h.clock.now().Add(-time.Minute)})
	if c, _ := h.thread(1); c.Unread != 1 || c.WaitingSince.IsZero() {
		t.Errorf("a late echo answered a newer message: %+v", c)
	}
}

func TestReopeningWithoutItsPerson(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	from := desk.Identity{WAID: "447700900001"}
	h.hear(desk.IncomingMessage{External: "1", From: from, Text: "Hello?"})
	h.must("asha", desk.Claim{Conversation: 1})
	h.must("asha", desk.Resolve{Conversation: 1, Seen: 1 << 40})
	h.hear(desk.IncomingMessage{External: "2", From: from, Text: "One more thing"})
	if c, _ := h.thread(1); c.Status != desk.StatusOpen || c.Assignee != h.members["asha"].ID {
		t.Errorf("it came back to nobody: %+v", c)
	}
	h.must("asha", desk.Resolve{Conversation: 1, Seen: 1 << 40})
	if err := h.service.Suspend(t.Context(), h.members["asha"].ID); err != nil {
		t.Fatal(err)
	}
	h.hear(desk.IncomingMessage{External: "3", From: from, Type: desk.TypeReaction, Text: "👍"})
	if c, _ := h.thread(1); c.Status != desk.StatusResolved || c.Assignee == "" {
		t.Errorf("a reaction moved a resolved chat: %+v", c)
	}
	h.hear(desk.IncomingMessage{External: "4", From: from, Text: "And another"})
	if c, _ := h.thread(1); c.Status != desk.StatusOpen || c.Assignee != "" {
		t.Errorf("it came back to someone who is suspended: %+v", c)
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.hear(desk.IncomingMessage{External: "1", From: desk.Identity{UserID: "GB.1", Username: "ann"}, Text: "No phone"})
	h.hear(desk.IncomingMessage{External: "2", From: desk.Identity{UserID: "GB.1", WAID: "447700900001"}, Text: "Both"})
	h.hear(desk.IncomingMessage{External: "3", From: desk.Identity{WAID: "447700900001"}, Text: "Phone only"})
	c, thread := h.thread(1)
	if len(thread) != 3 || c.Contact.Phone != "+447700900001" || c.Contact.UserID != "GB.1" || c.Contact.Username != "ann" {
		t.Errorf("one customer became several: %+v, %d messages", c.Contact, len(thread))
	}
	h.hear(desk.IncomingMessage{External: "4", From: desk.Identity{WAID: "447700900001"}, Type: desk.TypeSystem, Silent: true,
		Text: "Changed number", Moved: &desk.Identity{WAID: "447700900002"}})
	h.hear(desk.IncomingMessage{External: "5", From: desk.Identity{WAID: "447700900002"}, Text: "From the new number"})
	c, thread = h.thread(1)
	if len(thread) != 5 || c.Contact.Phone != "+447700900002" {
		t.Errorf("after the number changed: %+v, %d messages", c.Contact, len(thread))
	}
	h.must("olga", desk.Reply{Conversation: 1, Text: "To the new one", Seen: 1 << 40})
	h.settled()
	if sent := h.channel.all(); len(sent) != 1 || sent[0].To.WAID != "447700900002" || sent[0].To.UserID != "GB.1" {
		t.Errorf("sent %+v", sent)
	}
}

// TestQuoteOfAnotherCustomer answers a message of another customer's thread.
func TestQuoteOfAnotherCustomer(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.hear(desk.IncomingMessage{External: "secret", From: desk.Identity{WAID: "1"}, Text: "Mine alone"})
	h.hear(desk.IncomingMessage{External: "first", From: desk.Identity{WAID: "2"}, Text: "x", Quote: "secret"})
	h.hear(desk.IncomingMessage{External: "second", From: desk.Identity{WAID: "2"}, Text: "y", Quote: "secret"})
	h.hear(desk.IncomingMessage{External: "third", From: desk.Identity{WAID: "2"}, Text: "z", Quote: "first"})
	_, thread := h.thread(2)
	if thread[0].Quote != nil || thread[1].Quote != nil || thread[2].Quote == nil || thread[2].Quote.Text != "x" {
		t.Errorf("quotes: %+v", thread)
	}
}

func TestBatchOfAThousand(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	in := desk.Incoming{Channel: shop}
	for n := range 1000 {
		in.Messages = append(in.Messages, desk.IncomingMessage{External: fmt.Sprintf("big.%d", n), From: desk.Identity{WAID: fmt.Sprint(n % 50)},
			At: h.clock.now().Add(time.Duration(n) * time.Second), Type: desk.TypeText, Text: fmt.Sprint(n), Raw: json.RawMessage(`{}`)})
	}
	slices.Reverse(in.Messages)
	for range 2 {
		if err := h.service.Receive(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	count := h.snapshotOf("olga").Counts[desk.ListAll]
	if c, thread := h.thread(1); count.Total != 50 || len(thread) != 20 || c.Unread != 20 {
		t.Errorf("%d conversations, %d messages in the first, %d unread", count.Total, len(thread), c.Unread)
	}
}

// snapshotOf is what a fresh socket is told.
func (h *house) snapshotOf(who string) (snap desk.Snapshot) {
	h.t.Helper()
	l := h.dial(who, desk.Hello{})
	l.until(desk.FrameSnapshot).into(h.t, &snap)
	_ = l.ws.Close()
	return snap
}

// TestUnhandledIsDurable gives a delivery that holds nothing but leftovers.
func TestUnhandledIsDurable(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	before := h.head()
	err := h.service.Receive(t.Context(), desk.Incoming{Other: []desk.Unhandled{{Why: "json", Raw: []byte("\xff not json")}}})
	if err != nil || h.head() != before {
		t.Errorf("Receive: %v; the log moved by %d", err, h.head()-before)
	}
	if err := h.service.Receive(t.Context(), desk.Incoming{}); err != nil {
		t.Errorf("an empty delivery: %v", err)
	}
}

// TestBusyStore fills the writer's queue: a delivery that can't be stored isn't
// acknowledged.
func TestBusyStore(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	clear := h.clog()
	defer clear()
	err := h.service.Receive(t.Context(), desk.Incoming{Channel: shop, Messages: []desk.IncomingMessage{{External: "1", At: h.clock.now()}}})
	coded(t, "a delivery", err, desk.CodeBusy)
	if e := desk.AsError(err); e.RetryMS <= 0 {
		t.Errorf("no time to come back: %+v", e)
	}
	_, err = h.try("olga", desk.AssignRole{Member: h.members["vera"].ID, Role: desk.RoleAgent})
	coded(t, "a command", err, desk.CodeBusy)
	clear()
	h.says("447700900001", "Now?", 1)
}

// eventually waits for a condition of another goroutine.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	timeout := time.NewTimer(10 * time.Second)
	defer timeout.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-timeout.C:
			h.t.Fatalf("it never came: %s", what)
		}
	}
}
