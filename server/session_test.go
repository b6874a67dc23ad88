package server_test

import (
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

func TestFirstConnection(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.says("447700900001", "Hello?", 1)
	l := h.dial("asha", desk.Hello{})
	var w desk.Welcome
	l.until(desk.FrameHello).into(t, &w)
	if w.Resumed || w.Epoch != h.store.Epoch() || w.Version != desk.Version {
		t.Errorf("welcome = %+v", w)
	}
	var snap desk.Snapshot
	l.until(desk.FrameSnapshot).into(t, &snap)
	if len(snap.Conversations) != 1 || snap.Counts[desk.ListQueue] != (desk.Count{Total: 1, Unread: 1}) {
		t.Errorf("snapshot = %+v", snap)
	}
	h.says("447700900001", "Anyone there?", 2)
	var ev desk.Events
	l.until(desk.FrameEvents).into(t, &ev)
	if ev.From != snap.Seq || len(ev.Events) != 1 || ev.Events[0].Messages[0].Text != "Anyone there?" {
		t.Errorf("events = %+v", ev)
	}
}

func TestRoleChangeReachesTheOtherScreen(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.says("447700900001", "Hello?", 1)
	h.must("asha", desk.Claim{Conversation: 1})
	l := h.dial("asha", desk.Hello{})
	l.until(desk.FrameSnapshot)
	h.must("adam", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleMarketing})
	if _, err := h.try("asha", desk.Reply{Conversation: 1, Text: "Hi", Seen: 1 << 40}); err == nil {
		t.Error("the reply went through after the role was gone")
	}
	var snap desk.Snapshot
	l.until(desk.FrameSnapshot).into(t, &snap)
	if snap.Reason != desk.SnapshotRights || snap.Me.Role.ID != desk.RoleMarketing {
		t.Errorf("snapshot = %s, role %s", snap.Reason, snap.Me.Role.ID)
	}
}

func TestReplyGoesOut(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.says("447700900001", "Hello?", 1)
	h.must("asha", desk.Claim{Conversation: 1})
	c, _ := h.thread(1)
	h.must("asha", desk.Reply{Conversation: 1, Text: "Hi there", Seen: c.Seq})
	h.settled()
	c, thread := h.thread(1)
	last := thread[len(thread)-1]
	if last.Delivery != desk.Accepted || c.Last.Delivery != desk.Accepted || !c.WaitingSince.IsZero() || c.Unread != 0 {
		t.Errorf("after the reply: %+v, conversation %+v", last, c)
	}
	if len(h.channel.sent) != 1 || h.channel.sent[0].To.WAID != "447700900001" {
		t.Errorf("sent = %+v", h.channel.sent)
	}
}
