package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// brisk makes a service look at its clock often: a test's clock jumps.
func brisk() server.Options { return server.Options{Poll: 5 * time.Millisecond} }

// expired waits until so many ends stand in the log, and returns them.
func (h *house) expired(n int) (list []store.Entry) {
	h.t.Helper()
	h.eventually("access expires", func() bool {
		list = h.log(0, desk.AccessExpired)
		return len(list) >= n
	})
	return list
}

// TestAccessExpires: at its time, and not before, a lent role is gone; the open
// chats are back in the queue with a line that says why, and the log says that
// the time did it, nobody.
func TestAccessExpires(t *testing.T) {
	t.Parallel()
	h := open(t, brisk())
	vera := h.members["vera"].ID
	done := h.must("adam", desk.GiveAccess{Member: vera, Role: desk.RoleAgent, For: 4 * hour, Reason: "The fair"}).(desk.Done)
	h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeAll, 8*hour))
	id := plant(t, h.store, h.clock.now(), open1(vera, support))[0]
	line := h.dial("vera", desk.Hello{})
	if me := line.first().Me; len(me.Lent) != 1 || len(me.Member.Grants) != 2 {
		t.Errorf("vera's screen shows %+v", me)
	}
	start := h.head()
	h.clock.add(4*time.Hour - time.Millisecond)
	h.reply("vera", id, "Until the last moment")
	h.settled()
	if n := len(h.log(start, desk.AccessExpired)); n != 0 {
		t.Fatal("it ended too soon")
	}
	h.clock.add(time.Millisecond)
	_, err := h.try("vera", desk.Reply{Conversation: id, Text: "And after", Seen: 1 << 40})
	refused(t, "at its end, whatever the timer does", err, desk.WhyNoKey)

	e := h.expired(1)[0]
	if e.Actor != "" || e.Session != "expiry" || e.Member.ID != vera || len(e.Member.Grants) != 1 || !before(t, e, done.Grant) {
		t.Errorf("the log has %+v, %s", e, e.Detail)
	}
	c, lines := h.thread(id)
	last := lines[len(lines)-1]
	if c.Assignee != "" || c.Team != support || last.Side != desk.SideEvent || last.Author != "" || last.To != vera || last.Text != "Vera Viewer's access for a time ended." {
		t.Errorf("%s has it; the thread ends with %+v", c.Assignee, last)
	}
	for { // and her screen learns it
		var snap desk.Snapshot
		if line.until(desk.FrameSnapshot).into(t, &snap); len(snap.Me.Lent) == 0 {
			break
		}
	}
	if diff := cmp.Diff([]desk.EventKind{desk.AccessExpired, desk.ConversationHandedOver}, onlyEnds(h.kinds(start))); diff != "" {
		t.Error(diff)
	}
}

// before reports whether the log says that it was this grant.
func before(t testing.TB, e store.Entry, id desk.GrantID) bool {
	t.Helper()
	return strings.Contains(string(detail(t, e).Before), string(id))
}

func onlyEnds(kinds []desk.EventKind) (list []desk.EventKind) {
	for _, k := range kinds {
		if k == desk.AccessExpired || k == desk.ConversationHandedOver {
			list = append(list, k)
		}
	}
	return list
}

// TestAccessThatEndsSooner than everything before wakes the timer: nothing but
// the new grant tells it.
func TestAccessThatEndsSooner(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeAll, hour))
	g := h.give("vera", desk.ConversationLabel, desk.ScopeAll, 0)
	g.Until = h.clock.now().Add(50 * time.Millisecond)
	h.must("adam", g)
	h.clock.add(50 * time.Millisecond)
	if e := h.expired(1)[0]; len(e.Member.Grants) != 1 || e.Member.Grants[0].Perm != desk.MessageNote {
		t.Errorf("it ended with %+v", e)
	}
}

// TestSeveralEndAtOnce, and each has its own entry, in the order of their ends.
func TestSeveralEndAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, brisk())
	late := h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeAll, 2*hour)).(desk.Done).Grant
	early := h.must("adam", h.give("vera", desk.ConversationLabel, desk.ScopeAll, hour)).(desk.Done).Grant
	h.must("adam", h.give("tom", desk.ConversationLabel, desk.ScopeAll, hour))
	h.must("tom", desk.RevealContact{Conversation: plant(t, h.store, h.clock.now(), open1(h.members["tom"].ID, ""))[0], Reason: "x"})
	h.clock.add(3 * time.Hour)
	var veras []store.Entry
	for _, e := range h.expired(4) {
		if e.Member.ID == h.members["vera"].ID {
			veras = append(veras, e)
		}
	}
	if len(veras) != 2 || !before(t, veras[0], early) || !before(t, veras[1], late) || len(veras[0].Member.Grants) != 1 || len(veras[1].Member.Grants) != 0 {
		t.Errorf("the log has %+v", veras)
	}
}

// TestExpiryCatchesUp after the server stood still at the time: when it runs
// again, before it sends anything.
func TestExpiryCatchesUp(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour}) // its own timer never comes to it
	vera := h.members["vera"].ID
	h.must("adam", desk.GiveAccess{Member: vera, Role: desk.RoleAgent, For: hour, Reason: "x"})
	id := plant(t, h.store, h.clock.now(), open1(vera, ""))[0]
	h.clock.add(24 * time.Hour)
	if n := len(h.log(0, desk.AccessExpired)); n != 0 {
		t.Fatal("nothing ran, and yet it is told")
	}
	stop := h.another(server.Options{Now: h.clock.now, Poll: time.Hour})
	h.expired(1)
	stop()
	if c, _ := h.thread(id); c.Assignee != "" {
		t.Error("the chat didn't come back")
	}
	h.another(server.Options{Now: h.clock.now, Poll: time.Hour})()
	if n := len(h.log(0, desk.AccessExpired)); n != 1 {
		t.Errorf("the end is told %d times", n)
	}
}

// TestTwoProcessesTellAnEndOnce.
func TestTwoProcessesTellAnEndOnce(t *testing.T) {
	t.Parallel()
	h := open(t, brisk())
	stop := h.another(server.Options{Now: h.clock.now, Poll: 5 * time.Millisecond})
	defer stop()
	for range 10 {
		h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeAll, hour))
		before := len(h.log(0, desk.AccessExpired))
		h.clock.add(time.Hour)
		if n := len(h.expired(before + 1)); n != before+1 {
			t.Fatalf("%d ends for %d grants", n, before+1)
		}
	}
}

// TestWhatEndedIsntGivenBack: changing a person whose access has ended, before
// the log has told of it, neither swallows the end nor prolongs it.
func TestWhatEndedIsntGivenBack(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeAll, hour))
	h.clock.add(2 * time.Hour)
	h.must("adam", desk.AssignRole{Member: h.members["vera"].ID, Role: desk.RoleTemporary})
	h.must("adam", h.give("vera", desk.ConversationLabel, desk.ScopeAll, hour)) // a change of people makes the timer look
	if e := h.expired(1)[0]; !strings.Contains(string(e.Detail), string(desk.MessageNote)) {
		t.Errorf("the log has %s", e.Detail)
	}
	if left := h.member("vera").Grants; len(left) != 1 || left[0].Perm != desk.ConversationLabel {
		t.Errorf("vera has %+v", left)
	}
}

// TestNothingIsSentAfterAccessEnded: a message waits for the channel, its
// author's access ends, the channel comes back.
func TestNothingIsSentAfterAccessEnded(t *testing.T) {
	t.Parallel()
	for what, poll := range map[string]time.Duration{"told": 5 * time.Millisecond, "not told yet": time.Hour} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := open(t, server.Options{Poll: poll})
			h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
				return desk.Receipt{}, &desk.SendError{Class: desk.SendRetry, RetryAfter: 2 * time.Hour, Problem: desk.Problem{Text: "Later"}}
			})
			vera := h.members["vera"].ID
			h.must("adam", desk.GiveAccess{Member: vera, Role: desk.RoleAgent, For: hour, Reason: "x"})
			id := plant(t, h.store, h.clock.now(), open1(vera, ""))[0]
			m := h.reply("vera", id, "Wait for me")
			tries := func() (n int) {
				for _, o := range h.channel.all() {
					if o.Message == m {
						n++
					}
				}
				return n
			}
			h.eventually("the first try", func() bool { return tries() == 1 && h.stored(m).Delivery == desk.Queued })
			h.clock.add(time.Hour)
			if poll < time.Hour {
				h.expired(1)
			}
			h.clock.add(2 * time.Hour)
			h.reply("asha", h.chat(), "This wakes the outbox")
			if got := h.until(id, m, 0, desk.Failed); got.Problem == nil || !strings.Contains(got.Problem.Text, "may not reply") || tries() != 1 {
				t.Errorf("it was tried %d times: %+v", tries(), got)
			}
			if told := len(h.log(0, desk.AccessExpired)); poll == time.Hour && told != 0 {
				t.Error("the test means to ask before the log has told of the end")
			}
		})
	}
}
