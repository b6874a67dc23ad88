package server_test

import (
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// ack says that a snapshot is shown.
func (l *line) ack(snap desk.Snapshot) {
	l.t.Helper()
	l.send(desk.Ack{Type: desk.FrameAck, Seq: snap.Seq})
}

func (h *house) acks(seq int64) desk.Acks {
	h.t.Helper()
	return h.must("olga", desk.Acknowledged{Seq: seq}).(desk.Acks)
}

func TestAcknowledged(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	var lines []*line
	for range 3 {
		l := h.dial("asha", desk.Hello{})
		l.ack(l.first())
		lines = append(lines, l)
	}
	h.dial("mona", desk.Hello{}).first() // it doesn't concern her
	seq := h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer}).(desk.Done).Seq
	if got, want := h.acks(seq), (desk.Acks{Seq: seq, Sessions: 3}); got != want {
		t.Errorf("before any ack: %+v", got)
	}
	lines[0].send(desk.Ack{Type: desk.FrameAck, Seq: seq + 1000}) // of a snapshot that was never sent
	lines[0].send(desk.Ack{Type: desk.FrameAck, Seq: 1})
	lines[0].do("read", desk.ListConversations{List: desk.ListAll}) // so that both were read
	if got := h.acks(seq); got.Shown != 0 {
		t.Errorf("acks of nothing count: %+v", got)
	}
	for i, l := range lines[1:] {
		l.ack(l.first())
		h.eventually("an ack counts", func() bool { return h.acks(seq).Shown == i+1 })
	}
	_ = lines[0].ws.Close()
	h.eventually("a closed one counts as ended", func() bool {
		return h.acks(seq) == desk.Acks{Seq: seq, Sessions: 3, Shown: 2, Ended: 1}
	})
	_ = lines[1].ws.Close() // it showed the change before it went
	next := h.must("olga", desk.Suspend{Member: h.members["asha"].ID}).(desk.Done).Seq
	h.eventually("suspended ones end", func() bool { a := h.acks(next); return a.Sessions > 0 && a.Ended == a.Sessions })
	if got := h.acks(seq); got.Shown != 2 || got.Ended != 1 {
		t.Errorf("the first change, later: %+v", got)
	}
	for _, unknown := range []int64{1, 1 << 40} {
		if got := h.acks(unknown); got != (desk.Acks{Seq: unknown}) {
			t.Errorf("a change that concerned nobody: %+v", got)
		}
	}
}

// TestARoleConcernsEverybodyWhoHasIt changes people through a role.
func TestARoleConcernsEverybodyWhoHasIt(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.custom("night", 20, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn})
	h.members["nora"], h.members["nils"] = h.hire("Nora", "night", nil), h.hire("Nils", "night", nil)
	for _, who := range []string{"nora", "nils", "asha"} {
		l := h.dial(who, desk.Hello{})
		l.ack(l.first())
	}
	change := desk.RoleChange{Role: "night", Seen: 1, Name: "Night", Rank: 20, Grants: map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll}}
	seq := h.must("olga", desk.ChangeRoles{Changes: []desk.RoleChange{change}}).(desk.Done).Seq
	if got := h.acks(seq); got.Sessions != 2 {
		t.Errorf("concerned: %+v", got)
	}
}

// TestWhoDoesntAcknowledgeIsCut keeps one client silent that has acknowledged
// before, and one that never did: the second may be an older program.
func TestWhoDoesntAcknowledgeIsCut(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{AckWait: 20 * time.Millisecond})
	held, minimal := h.dial("asha", desk.Hello{}), h.dial("asha", desk.Hello{})
	snap := held.first()
	held.ack(snap)
	minimal.first()
	held.do("1", desk.ListConversations{List: desk.ListMine}) // its ack has been read by then
	seq := h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer}).(desk.Done).Seq
	if code := held.closed(); code != 1006 {
		t.Errorf("the silent one was closed with %d, and not cut", code)
	}
	minimal.do("2", desk.ListConversations{List: desk.ListAll})
	h.eventually("the cut one counts as ended", func() bool { return h.acks(seq) == desk.Acks{Seq: seq, Sessions: 2, Ended: 1} })
	if back := h.dial("asha", desk.Hello{Token: h.tokens["asha"], Epoch: snap.Epoch, Seq: snap.Seq}); back.welcome().Resumed || back.first().Me.Role.ID != desk.RoleViewer {
		t.Error("back without its new rights")
	}
}

// TestWhoComesBackStillAcknowledges resumes links on which nothing is acknowledged:
// one of a client that did before is cut, one of a client that never did isn't.
func TestWhoComesBackStillAcknowledges(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{AckWait: 20 * time.Millisecond})
	back := func(who string, acks bool) *line {
		before := h.dial(who, desk.Hello{})
		snap := before.first()
		if acks {
			before.ack(snap)
		}
		before.do("1", desk.ListConversations{List: desk.ListMine}) // its ack has been read by then
		_ = before.ws.Close()
		l := h.dial(who, desk.Hello{Token: h.tokens[who], Epoch: snap.Epoch, Seq: snap.Seq})
		if !l.welcome().Resumed {
			t.Fatalf("%s doesn't resume", who)
		}
		return l
	}
	held, minimal := back("asha", true), back("sara", false)
	seq := h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer}).(desk.Done).Seq
	h.must("olga", desk.AssignRole{Member: h.members["sara"].ID, Role: desk.RoleViewer})
	if code := held.closed(); code != 1006 {
		t.Errorf("the silent one was closed with %d, and not cut", code)
	}
	h.eventually("it counts as ended", func() bool { a := h.acks(seq); return a.Sessions > 0 && a.Ended == a.Sessions })
	minimal.first()
	minimal.do("2", desk.ListConversations{List: desk.ListAll})
}
