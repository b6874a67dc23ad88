package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// quick lets the outbox look at the test's clock every few milliseconds.
func quick() server.Options { return server.Options{Poll: 2 * time.Millisecond} }

func fault(class desk.SendClass, after time.Duration) error {
	return &desk.SendError{Class: class, Problem: desk.Problem{Code: 7, Text: "Not taken."}, RetryAfter: after}
}

func taken(o desk.Outgoing) (desk.Receipt, error) {
	return desk.Receipt{External: "wamid." + string(o.Message)}, nil
}

// chat plants an open conversation of asha's.
func (h *house) chat() desk.ConversationID {
	h.t.Helper()
	return plant(h.t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
}

func (h *house) reply(who string, id desk.ConversationID, text string) desk.MessageID {
	h.t.Helper()
	return h.must(who, desk.Reply{Conversation: id, Text: text, Seen: 1 << 40}).(desk.Done).Message
}

// until moves the clock on until a message has one of these states.
func (h *house) until(id desk.ConversationID, m desk.MessageID, step time.Duration, states ...desk.Delivery) desk.Message {
	h.t.Helper()
	var is desk.Message
	h.eventually(fmt.Sprint(m, " becomes ", states), func() bool {
		is = h.message(id, m)
		if slices.Contains(states, is.Delivery) {
			return true
		}
		h.clock.add(step)
		return false
	})
	return is
}

// TestOrderOfEachConversation sends much to several customers over a channel that
// is slow and refuses at random: each gets everything once, in order, and never
// two at a time; one that hangs holds up nobody else.
func TestOrderOfEachConversation(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	var mu sync.Mutex
	under, tries, got := map[string]int{}, map[desk.MessageID]int{}, map[string][]string{}
	hang := make(chan struct{})
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
		mu.Lock()
		under[o.To.WAID]++
		tries[o.Message]++
		n, first := under[o.To.WAID], tries[o.Message] == 1
		mu.Unlock()
		if n > 1 {
			t.Errorf("two messages to %s are under way", o.To.WAID)
		}
		if o.Text == "hangs" {
			<-hang
		}
		mu.Lock()
		defer mu.Unlock()
		under[o.To.WAID]--
		if first && len(tries)%3 == 0 {
			return desk.Receipt{}, fault(desk.SendRetry, 0)
		}
		got[o.To.WAID] = append(got[o.To.WAID], o.Text)
		return taken(o)
	})
	stuck := h.chat()
	h.reply("asha", stuck, "hangs")
	h.reply("asha", stuck, "after it")
	var want []string
	var chats []desk.ConversationID
	for range 4 {
		chats = append(chats, h.chat())
	}
	for n := range 10 {
		want = append(want, fmt.Sprint(n))
		for _, id := range chats {
			h.reply("asha", id, fmt.Sprint(n))
		}
	}
	h.eventually("everyone but the one that hangs is served", func() bool {
		h.clock.add(time.Second)
		mu.Lock()
		defer mu.Unlock()
		return len(got) == len(chats) && !slices.ContainsFunc(chats, func(id desk.ConversationID) bool { return len(got[number(id)]) < len(want) })
	})
	close(hang)
	h.eventually("the one that hung goes on", func() bool {
		h.clock.add(time.Second)
		mu.Lock()
		defer mu.Unlock()
		return len(got[number(stuck)]) == 2
	})
	for _, id := range chats {
		if !slices.Equal(got[number(id)], want) {
			t.Errorf("%s got %v", id, got[number(id)])
		}
	}
	if !slices.Equal(got[number(stuck)], []string{"hangs", "after it"}) {
		t.Errorf("the one that hung got %v", got[number(stuck)])
	}
}

// number is the customer's of a planted conversation.
func number(id desk.ConversationID) string { return fmt.Sprintf("4477%08d", id) }

func TestRetriesBackOffAndEnd(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	var mu sync.Mutex
	var at []time.Time
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, h.clock.now())
		return desk.Receipt{}, fault(desk.SendRetry, 30*time.Second)
	})
	id := h.chat()
	m := h.until(id, h.reply("asha", id, "Hi"), 5*time.Second, desk.Failed)
	if m.Problem == nil || m.Problem.Code != 7 {
		t.Errorf("it failed with %+v", m.Problem)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(at) != 8 {
		t.Errorf("it was tried %d times", len(at))
	}
	for i := 1; i < len(at); i++ {
		if gap := at[i].Sub(at[i-1]); gap < 30*time.Second {
			t.Errorf("try %d came %v after the one before", i+1, gap)
		}
	}
}

func TestFewerTriesWhenTheFaultSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
		return desk.Receipt{}, &desk.SendError{Class: desk.SendRetry, MaxTries: 2}
	})
	id := h.chat()
	h.until(id, h.reply("asha", id, "Hi"), 5*time.Second, desk.Failed)
	if n := len(h.channel.all()); n != 2 {
		t.Errorf("it was tried %d times", n)
	}
}

// TestPauseCostsNoTries refuses the channel itself for longer than a message may
// be tried.
func TestPauseCostsNoTries(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	var mu sync.Mutex
	var at []time.Time
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		if at = append(at, h.clock.now()); len(at) <= 15 {
			return desk.Receipt{}, fault(desk.SendPause, 0)
		}
		return taken(o)
	})
	id := h.chat()
	h.until(id, h.reply("asha", id, "Hi"), 20*time.Second, desk.Accepted)
	mu.Lock()
	defer mu.Unlock()
	for i := 1; i < len(at); i++ {
		if gap := at[i].Sub(at[i-1]); gap < time.Minute {
			t.Errorf("try %d came %v after the one before", i+1, gap)
		}
	}
}

func TestFinalRefusals(t *testing.T) {
	t.Parallel()
	for _, class := range []desk.SendClass{desk.SendFail, desk.SendWindow, "a class of a newer program"} {
		h := open(t, quick())
		h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) { return desk.Receipt{}, fault(class, 0) })
		id := h.chat()
		m := h.until(id, h.reply("asha", id, "Hi"), time.Hour, desk.Failed)
		if n := len(h.channel.all()); n != 1 || m.Problem == nil {
			t.Errorf("%s: %d tries, problem %v", class, n, m.Problem)
		}
	}
}

// TestUnknownIsNeverSentAgainByItself loses the answer to a send, in each way that
// it can be settled.
func TestUnknownIsNeverSentAgainByItself(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		name   string
		settle func(h *house, id desk.ConversationID, m desk.MessageID)
		want   desk.Delivery
		sends  int
	}{
		{"a status", func(h *house, _ desk.ConversationID, m desk.MessageID) { h.report(m, desk.Sent, nil) }, desk.Sent, 1},
		{"a failed status", func(h *house, _ desk.ConversationID, m desk.MessageID) { h.report(m, desk.Failed, nil) }, desk.Failed, 1},
		{"retry", func(h *house, id desk.ConversationID, m desk.MessageID) {
			h.must("asha", desk.Retry{Conversation: id, Message: m})
		}, desk.Accepted, 2},
		{"it arrived", func(h *house, id desk.ConversationID, m desk.MessageID) {
			h.must("asha", desk.Settle{Conversation: id, Message: m, Arrived: true})
		}, desk.Sent, 1},
		{"it didn't", func(h *house, id desk.ConversationID, m desk.MessageID) {
			h.must("asha", desk.Settle{Conversation: id, Message: m})
		}, desk.Failed, 1},
	} {
		h := open(t, quick())
		h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
			return desk.Receipt{}, errors.New("connection reset after the request was written")
		})
		id := h.chat()
		m := h.reply("asha", id, "Hi")
		h.until(id, m, time.Minute, desk.Unknown)
		h.channel.answers(nil)
		h.until(id, h.reply("asha", id, "The next one isn't held up"), time.Minute, desk.Accepted)
		k.settle(h, id, m)
		h.until(id, m, time.Minute, k.want)
		if n := len(h.channel.all()) - 1; n != k.sends {
			t.Errorf("%s: sent %d times", k.name, n)
		}
	}
}

// TestCrashBetweenMarkAndResult starts a second service on the store while the
// first one's send hangs, as if that had died.
func TestCrashBetweenMarkAndResult(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	hang := make(chan struct{})
	begun := make(chan struct{})
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
		if o.Text == "Hi" {
			close(begun)
			<-hang
		}
		return taken(o)
	})
	id := h.chat()
	m := h.reply("asha", id, "Hi")
	<-begun
	after := &channel{}
	stop := h.another(server.Options{Sender: after, Now: h.clock.now, Poll: 2 * time.Millisecond})
	is := h.until(id, m, time.Minute, desk.Unknown)
	if is.Problem == nil {
		t.Error("nobody says why it is unknown")
	}
	h.until(id, h.reply("asha", id, "Next"), time.Second, desk.Accepted)
	stop()
	for _, o := range after.all() {
		if o.Message == m {
			t.Error("it was sent a second time")
		}
	}
	close(hang) // the first one's answer comes after all: that settles it
	h.until(id, m, time.Minute, desk.Accepted)
}

// another runs a second service on the same store.
func (h *house) another(o server.Options) (stop func()) {
	h.t.Helper()
	o.Store = h.store
	s, err := server.New(h.t.Context(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		if err := s.Run(ctx); err != nil {
			h.t.Errorf("Run: %v", err)
		}
	}()
	return func() { cancel(); <-ran }
}

// waiting queues a reply that the channel has put off for ten minutes.
func (h *house) waiting() (desk.ConversationID, desk.MessageID) {
	h.t.Helper()
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
		return desk.Receipt{}, fault(desk.SendRetry, 10*time.Minute)
	})
	id := h.chat()
	m := h.reply("asha", id, "Hi")
	h.eventually("the first try", func() bool { return h.message(id, m).Problem != nil })
	h.channel.answers(nil)
	return id, m
}

func TestWhatMayNotBeSentAnyMore(t *testing.T) {
	t.Parallel()
	for _, k := range []struct {
		name string
		do   func(h *house, id desk.ConversationID) error
		want string
	}{
		{"the author's role changed", func(h *house, id desk.ConversationID) error {
			_, err := h.try("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleMarketing})
			return err
		}, "may not reply"},
		{"the author was suspended", func(h *house, id desk.ConversationID) error {
			return h.service.Suspend(h.t.Context(), h.members["asha"].ID)
		}, "may not reply"},
		{"the chat went to a team that the author isn't in", func(h *house, id desk.ConversationID) error {
			_, err := h.try("olga", desk.Assign{Conversation: id, Member: ptr(desk.MemberID("")), Team: ptr(wares)})
			return err
		}, "may not answer this chat"},
		{"the author left the team of the chat", func(h *house, id desk.ConversationID) error {
			h.must("olga", desk.Assign{Conversation: id, Member: ptr(desk.MemberID(""))})
			_, err := h.try("olga", desk.SetTeams{Member: h.members["asha"].ID, Teams: []desk.TeamID{wares}})
			return err
		}, "may not answer this chat"},
		{"the window closed", func(h *house, id desk.ConversationID) error { h.clock.add(21 * time.Hour); return nil }, "window closed"},
	} {
		h := open(t, quick())
		id, m := h.waiting()
		if err := k.do(h, id); err != nil {
			t.Fatal(err)
		}
		is := h.until(id, m, time.Minute, desk.Failed, desk.Accepted)
		if is.Delivery != desk.Failed || len(h.channel.all()) != 1 || is.Problem == nil || !strings.Contains(is.Problem.Text, k.want) {
			t.Errorf("%s: %s, %+v, %d sends", k.name, is.Delivery, is.Problem, len(h.channel.all()))
		}
		if c, _ := h.thread(id); c.Last.Delivery != desk.Failed {
			t.Errorf("%s: the list shows %s", k.name, c.Last.Delivery)
		}
		if k.want != "may not answer this chat" {
			continue
		}
		h.must("mona", desk.Retry{Conversation: id, Message: m})
		if is := h.until(id, m, time.Minute, desk.Failed, desk.Accepted); is.Delivery != desk.Accepted || is.Author != h.members["mona"].ID {
			t.Errorf("%s: sent again by a colleague it is %s, %+v", k.name, is.Delivery, is.Problem)
		}
	}
}

// TestAColleagueHasItNow gives the chat to a colleague of the same team while an
// answer waits: the author's role covers it as before, so it is sent.
func TestAColleagueHasItNow(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	id, m := h.waiting()
	h.must("olga", desk.Assign{Conversation: id, Member: ptr(h.members["mona"].ID)})
	if is := h.until(id, m, time.Minute, desk.Failed, desk.Accepted); is.Delivery != desk.Accepted {
		t.Errorf("%s, %+v", is.Delivery, is.Problem)
	}
}

func TestStatusBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, callback := range []bool{true, false} {
		h := open(t, quick())
		h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) {
			s := desk.StatusReport{External: "wamid." + string(o.Message), Delivery: desk.Delivered, At: h.clock.now()}
			if callback {
				s.Callback = o.Message
			}
			if err := h.service.Receive(context.Background(), desk.Incoming{Channel: shop, Statuses: []desk.StatusReport{s}}); err != nil {
				t.Errorf("Receive: %v", err)
			}
			return taken(o)
		})
		id := h.chat()
		m := h.until(id, h.reply("asha", id, "Hi"), time.Second, desk.Delivered)
		h.settled()
		if m = h.message(id, m.ID); m.Delivery != desk.Delivered || m.DeliveredAt.IsZero() || len(h.channel.all()) != 1 {
			t.Errorf("callback %t: %+v, %d sends", callback, m, len(h.channel.all()))
		}
	}
}

// TestOldStatusesDontUndoARetry repeats the statuses of a first try while the
// second one waits: webhooks come twice.
func TestOldStatusesDontUndoARetry(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	id := h.chat()
	m := h.reply("asha", id, "Hi")
	h.until(id, m, 0, desk.Accepted)
	h.report(m, desk.Sent, nil)
	h.report(m, desk.Failed, &desk.Problem{Text: "No."})
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
		return desk.Receipt{}, fault(desk.SendRetry, 10*time.Minute)
	})
	h.must("asha", desk.Retry{Conversation: id, Message: m})
	h.eventually("the second try", func() bool { return len(h.channel.all()) == 2 && h.message(id, m).Delivery == desk.Queued })
	for _, old := range []desk.Delivery{desk.Sent, desk.Failed} {
		if h.report(m, old, nil); h.message(id, m).Delivery != desk.Queued {
			t.Errorf("an old %q turned a waiting retry into %q", old, h.message(id, m).Delivery)
		}
	}
	h.channel.answers(func(o desk.Outgoing) (desk.Receipt, error) { return desk.Receipt{External: "second"}, nil })
	h.until(id, m, time.Minute, desk.Accepted)
	if h.report(m, desk.Failed, nil); h.message(id, m).Delivery != desk.Accepted {
		t.Error("the first try's failure failed the second")
	}
	if h.report(m, desk.Delivered, nil); h.message(id, m).Delivery != desk.Delivered {
		t.Error("a delivery of the first try is a delivery")
	}
}

// TestProviderClosesTheWindow learns from a refusal that our clock was wrong.
func TestProviderClosesTheWindow(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
		return desk.Receipt{}, &desk.SendError{Class: desk.SendWindow, Problem: desk.Problem{Code: 131047, Text: "Closed."}}
	})
	id := h.chat()
	h.until(id, h.reply("asha", id, "Hi"), 0, desk.Failed)
	_, err := h.try("asha", desk.Reply{Conversation: id, Text: "Again", Seen: 1 << 40})
	refused(t, "a reply after the window closed", err, desk.WhyWindow)
}
