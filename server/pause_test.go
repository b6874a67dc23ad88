package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// clog fills the writer's queue, so that every further write is refused at once,
// until the returned function is called.
func (h *house) clog() (clear func()) {
	h.t.Helper()
	running, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var first sync.Once // the store may do a write twice
	wg.Go(func() {
		_ = h.store.Write(context.Background(), func(*store.Tx) error {
			first.Do(func() { close(running) })
			<-release
			return nil
		})
	})
	<-running
	full := make(chan struct{})
	var once sync.Once
	for range 2100 { // the queue holds 2048
		wg.Go(func() {
			err := h.store.Write(context.Background(), func(*store.Tx) error { return nil })
			if errors.Is(err, store.ErrBusy) {
				once.Do(func() { close(full) })
			}
		})
	}
	<-full
	return sync.OnceFunc(func() { close(release); wg.Wait() })
}

// logging opens a desk with a quick outbox whose log can be asked for a line.
func logging(t *testing.T) (h *house, logged func(string) bool) {
	t.Helper()
	var mu sync.Mutex
	var text strings.Builder
	o := quick()
	o.Logger = slog.New(slog.NewTextHandler(locked{&mu, &text}, nil))
	return open(t, o), func(line string) bool {
		mu.Lock()
		defer mu.Unlock()
		return strings.Contains(text.String(), line)
	}
}

// stored is how a message stands in the table, the outbox's own mark included.
func (h *house) stored(id desk.MessageID) (m desk.Message) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		m, err = tx.Message(id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// updates counts the entries that told of a message's delivery.
func (h *house) updates(id desk.MessageID) (n int) {
	h.t.Helper()
	for _, e := range h.history().entries {
		if e.Kind == desk.MessageUpdated && slices.ContainsFunc(e.Messages, func(m desk.Message) bool { return m.ID == id }) {
			n++
		}
	}
	return n
}

// TestABusyStoreLosesNoResult lets a send end while the store takes nothing: the
// result is written once it does, and what waits behind it goes out.
func TestABusyStoreLosesNoResult(t *testing.T) {
	t.Parallel()
	h, logged := logging(t)
	begun, answer := make(chan struct{}), make(chan struct{})
	goOn := sync.OnceFunc(func() { close(answer) })
	defer goOn()
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
		if o.Text == "First" {
			close(begun)
			<-answer
		}
		return taken(o)
	})
	id := h.chat()
	first, second := h.reply("asha", id, "First"), h.reply("asha", id, "Second")
	<-begun
	clear := h.clog()
	defer clear()
	goOn()
	h.eventually("the store refuses the result", func() bool { return logged("can't be written down") })
	clear()
	for _, m := range []desk.MessageID{first, second} {
		h.until(id, m, 0, desk.Accepted)
	}
	if n := len(h.channel.all()); n != 2 {
		t.Errorf("two messages were sent %d times", n)
	}
}

// TestAMarkWithoutASenderIsTakenBack leaves a mark as a write does whose answer
// was lost. Once the store has failed, the outbox queues it again, and leaves
// alone what is being sent.
func TestAMarkWithoutASenderIsTakenBack(t *testing.T) {
	t.Parallel()
	h, logged := logging(t)
	later, waits := h.waiting()
	hang, begun := make(chan struct{}), make(chan struct{})
	goOn := sync.OnceFunc(func() { close(hang) })
	defer goOn()
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
		if o.Text == "Hangs" {
			close(begun)
			<-hang
		}
		return taken(o)
	})
	busy := h.chat()
	hanging := h.reply("asha", busy, "Hangs")
	<-begun
	lost := h.chat()
	m := desk.Message{ID: "m_lost", Conversation: lost, Order: 1 << 30, At: h.clock.now(), Side: desk.SideTeam, Type: desk.TypeText,
		Author: h.members["asha"].ID, Text: "Lost", Delivery: desk.Sending}
	if err := h.store.Write(t.Context(), func(tx *store.Tx) error { return tx.PutMessage(m, nil) }); err != nil {
		t.Fatal(err)
	}
	clear := h.clog()
	defer clear()
	h.clock.add(11 * time.Minute) // the one that waits is due now, and can't be marked
	h.eventually("the outbox can't mark it", func() bool { return logged("queued messages can't be read") })
	clear()
	h.until(lost, m.ID, time.Second, desk.Accepted)
	h.until(later, waits, time.Second, desk.Accepted)
	if h.stored(hanging).Delivery != desk.Sending {
		t.Errorf("what is being sent became %s", h.stored(hanging).Delivery)
	}
	goOn()
	h.until(busy, hanging, 0, desk.Accepted)
	times := map[desk.MessageID]int{}
	for _, o := range h.channel.all() {
		times[o.Message]++
	}
	if times[m.ID] != 1 || times[hanging] != 1 {
		t.Errorf("sent %v", times)
	}
}

// TestAPausedChannelIsTriedOnceAMinute queues more than is sent at once on a
// channel that refuses everything: it is one try a minute, whatever waits, and
// sessions are told of each message once. When the channel is mended, all goes out.
func TestAPausedChannelIsTriedOnceAMinute(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) { return desk.Receipt{}, fault(desk.SendPause, 0) })
	id := h.chat()
	probe := h.reply("asha", id, "Probe")
	h.eventually("the channel is paused", func() bool { return h.stored(probe).Problem != nil })
	const chats, minutes = 40, 10
	waiting := map[desk.MessageID]desk.ConversationID{probe: id}
	for n := range chats {
		c := h.chat()
		waiting[h.reply("asha", c, fmt.Sprint(n))] = c
	}
	for range minutes {
		before := len(h.channel.all())
		h.clock.add(time.Minute + time.Second)
		h.eventually("another try", func() bool { return len(h.channel.all()) > before })
		h.eventually("its result", func() bool { return h.marks() == 0 })
	}
	if n := len(h.channel.all()); n < minutes || n > minutes+2 {
		t.Errorf("tried %d times in %d minutes", n, minutes)
	}
	for m := range waiting {
		if n := h.updates(m); n > 1 {
			t.Errorf("sessions were told of %s %d times", m, n)
		}
	}
	if n := h.updates(probe); n != 1 {
		t.Errorf("sessions were told of the first try %d times", n)
	}
	h.channel.answers(nil)
	for m, c := range waiting {
		h.until(c, m, time.Minute, desk.Accepted)
	}
}

// marks counts what is marked as being sent.
func (h *house) marks() (n int) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
		list, err := tx.Interrupted()
		n = len(list)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// TestTheSameProblemIsToldOnce fails every try in the same way, and the last but
// one in another.
func TestTheSameProblemIsToldOnce(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	var mu sync.Mutex
	tries := 0
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		switch tries++; {
		case tries <= 5:
			return desk.Receipt{}, fault(desk.SendRetry, 0)
		case tries == 6:
			return desk.Receipt{}, &desk.SendError{Class: desk.SendRetry, Problem: desk.Problem{Code: 8, Text: "Still not."}}
		}
		return taken(o)
	})
	id := h.chat()
	m := h.reply("asha", id, "Hi")
	h.until(id, m, 10*time.Second, desk.Accepted)
	if n := h.updates(m); n != 3 { // the problem, the other problem, accepted
		t.Errorf("sessions were told %d times", n)
	}
}

// TestAManagerRetriesForSomeoneWhoLeft sends again what somebody wrote who may not
// answer customers any more: the manager answers for it.
func TestAManagerRetriesForSomeoneWhoLeft(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) { return desk.Receipt{}, fault(desk.SendFail, 0) })
	id := h.chat()
	m := h.reply("asha", id, "Hi")
	h.until(id, m, 0, desk.Failed)
	h.channel.answers(nil)
	h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleMarketing})
	h.must("mona", desk.Retry{Conversation: id, Message: m})
	is := h.until(id, m, 0, desk.Accepted, desk.Failed)
	if is.Delivery != desk.Accepted || is.Author != h.members["mona"].ID {
		t.Errorf("after the manager's retry: %s by %s, %+v", is.Delivery, is.Author, is.Problem)
	}
	other := h.chat()
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) { return desk.Receipt{}, fault(desk.SendFail, 0) })
	own := h.reply("olga", other, "Mine")
	h.until(other, own, 0, desk.Failed)
	h.channel.answers(nil)
	h.must("mona", desk.Retry{Conversation: other, Message: own})
	if is := h.until(other, own, 0, desk.Accepted); is.Author != h.members["olga"].ID {
		t.Errorf("a retry took the message from its author: %s", is.Author)
	}
}

// TestNobodySeesTheMark looks everywhere while a message is being tried: it is
// queued for everyone but the outbox.
func TestNobodySeesTheMark(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	begun, hang := make(chan struct{}), make(chan struct{})
	goOn := sync.OnceFunc(func() { close(hang) })
	defer goOn()
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
		close(begun)
		<-hang
		return taken(o)
	})
	id := h.chat()
	l := h.dial("asha", desk.Hello{})
	l.first()
	c, _ := h.thread(id)
	m := h.reply("mona", id, "Hi")
	<-begun
	if is := h.stored(m); is.Delivery != desk.Sending {
		t.Fatalf("the message is %s: nothing to hide", is.Delivery)
	}
	h.must("asha", desk.Label{Conversation: id, Add: []string{"vip"}})
	_, err := h.try("asha", desk.Reply{Conversation: id, Text: "Me too", Seen: c.Seq})
	e := desk.AsError(err)
	if e == nil || len(e.Since) != 1 || e.Since[0].ID != m {
		t.Fatalf("the conflict: %+v", e)
	}
	_, since := h.try("asha", desk.Resolve{Conversation: id, Seen: c.Seq})
	said := map[string]string{
		"a conflict": asJSON(t, e), "a conflict of resolve": asJSON(t, desk.AsError(since)),
		"the history": asJSON(t, h.must("asha", desk.History{Conversation: id})), "a snapshot": asJSON(t, h.snapshotOf("asha")),
		"a list": asJSON(t, h.must("asha", desk.ListConversations{List: desk.ListAll})),
	}
	goOn()
	h.settled()
	said["the log"] = asJSON(t, h.history().entries)
	ev := l.events()
	for ev.To < h.head() {
		next := l.events()
		ev.To, ev.Events = next.To, append(ev.Events, next.Events...)
	}
	said["events"] = asJSON(t, ev)
	for where, s := range said {
		if !strings.Contains(s, string(m)) || strings.Contains(s, `"sending"`) {
			t.Errorf("%s: %s", where, s)
		}
	}
}

// TestARefHoldsItsArguments uses one ref for two notes.
func TestARefHoldsItsArguments(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := h.chat()
	do := func(text string) (any, error) {
		return h.service.Do(t.Context(), h.as("asha"), "one", desk.Note{Conversation: id, Text: text})
	}
	if _, err := do("First"); err != nil {
		t.Fatal(err)
	}
	_, err := do("Second")
	coded(t, "the same ref with another text", err, desk.CodeInvalid)
	if _, err := do("First"); err != nil {
		t.Errorf("the same ref with the same text: %v", err)
	}
}

// TestHalfACursorIsRefused asks over the socket for what would silently be the
// first page.
func TestHalfACursorIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.chat()
	l := h.dial("asha", desk.Hello{})
	for i, k := range []struct {
		after string
		ok    bool
	}{
		{`{"id":7}`, false}, {`{"last_at":"2026-11-23T10:00:00Z"}`, false},
		{`{"id":7,"last_at":"2026-11-23T10:00:00Z"}`, true}, {`{}`, true},
	} {
		ref := fmt.Sprint(i)
		l.send(desk.Do{Type: desk.FrameDo, Ref: ref, Command: "conversation.list", Args: json.RawMessage(`{"list":"all","after":` + k.after + `}`)})
		a := l.answer(ref)
		if k.ok != (a.Error == nil) || a.Error != nil && a.Error.Code != desk.CodeInvalid {
			t.Errorf("after %s: %+v", k.after, a.Error)
		}
	}
}
