package server_test

import (
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// many are the facts of so many open chats of a member.
func many(id desk.MemberID, n int) []desk.Facts {
	return slices.Repeat([]desk.Facts{open1(id, support)}, n)
}

// TestManyChatsFollow: of someone with many chats, the command hands over the
// first ones itself and the rest follows, to whom it named, in its words and by
// the hand of whoever gave it.
func TestManyChatsFollow(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour}) // nothing but the entries wakes it
	asha, mona, adam := h.members["asha"].ID, h.members["mona"].ID, h.members["adam"].ID
	ids := plant(t, h.store, h.clock.now(), many(asha, 450)...)
	start := h.head()
	if told := h.effect("adam", desk.Suspend{Member: asha, HandTo: mona}); told.People[0].Returns != 450 {
		t.Errorf("a preview says that %d come back", told.People[0].Returns)
	}
	h.must("adam", desk.Suspend{Member: asha, HandTo: mona})
	h.eventually("the rest follows", func() bool { return h.holds(asha) == 0 })
	if n := h.holds(mona); n != 450 {
		t.Errorf("mona has %d", n)
	}
	log := h.log(start, desk.ConversationHandedOver)
	for _, e := range log {
		if m := e.Messages[0]; e.Actor != adam || e.Session != "test" || m.Author != adam || m.To != asha || m.Text != "Asha Agent was suspended." {
			t.Fatalf("an entry is %+v", e)
		}
	}
	if len(log) != len(ids) {
		t.Errorf("%d entries for %d chats", len(log), len(ids))
	}
}

// TestManyPeopleWithChats lose theirs by one change of their role; each has a
// sentence of their own.
func TestManyPeopleWithChats(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	h.must("adam", changes(night()))
	nina, nick := h.hire("Nina Night", "night", nil).ID, h.hire("Nick Night", "night", nil).ID
	plant(t, h.store, h.clock.now(), append(many(nina, 205), many(nick, 205)...)...)
	c := night()
	c.Seen, c.Grants = 1, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll}
	start := h.head()
	h.must("adam", changes(c))
	h.eventually("all have left", func() bool { return h.holds(nina)+h.holds(nick) == 0 })
	said := map[string]int{}
	for _, e := range h.log(start, desk.ConversationHandedOver) {
		said[e.Messages[0].Text]++
	}
	if diff := cmp.Diff(map[string]int{"Nina Night's role changed.": 205, "Nick Night's role changed.": 205}, said); diff != "" {
		t.Error(diff)
	}
}

// TestTheRestFollowsAfterARestart, to whom it was going, unless they can't answer
// either by then; and without an example into the queue.
func TestTheRestFollowsAfterARestart(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	asha, sara, vera, mona := h.members["asha"].ID, h.members["sara"].ID, h.members["vera"].ID, h.members["mona"].ID
	plant(t, h.store, h.clock.now(), open1(asha, support), open1(sara, support))
	h.must("adam", desk.Suspend{Member: asha, HandTo: mona})
	h.must("adam", desk.Suspend{Member: sara, HandTo: mona})
	h.eventually("they follow", func() bool { return h.holds(asha)+h.holds(sara) == 0 })
	// As if the server had stopped before the rest: it doesn't look without a reason.
	plant(t, h.store, h.clock.now(), append(many(asha, 203), open1(vera, support), open1("u_stranger", support))...)
	stop := h.another(server.Options{Now: h.clock.now, Poll: time.Hour})
	h.eventually("the rest follows", func() bool { return h.holds(asha)+h.holds(vera) == 0 })
	stop()
	if n := h.holds(mona); n != 205 {
		t.Errorf("mona has %d", n)
	}
	log := h.log(0, desk.ConversationHandedOver)
	i := slices.IndexFunc(log, func(e store.Entry) bool { return e.Messages[0].To == vera })
	if e := log[i]; e.Actor != "" || e.Conversation.Assignee != "" || e.Messages[0].Text != "Vera Viewer can't answer customers any more." {
		t.Errorf("without an example the log has %+v", e)
	}
	if h.holds("u_stranger") != 1 {
		t.Error("someone it doesn't know lost a chat")
	}

	h.must("adam", desk.Suspend{Member: mona})
	plant(t, h.store, h.clock.now(), open1(sara, support))
	stop = h.another(server.Options{Now: h.clock.now, Poll: time.Hour})
	h.eventually("all follow", func() bool { return h.holds(sara)+h.holds(mona) == 0 })
	stop()
}

// TestWhoeverIsBackKeepsTheirChats: the rest stays with a member who may answer
// again by the time.
func TestWhoeverIsBackKeepsTheirChats(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	asha := h.members["asha"].ID
	plant(t, h.store, h.clock.now(), open1(asha, support))
	h.must("adam", desk.Suspend{Member: asha})
	h.must("adam", desk.Resume{Member: asha})
	vera := h.members["vera"].ID // they go by their ids: when she was looked at, asha was
	plant(t, h.store, h.clock.now(), append(many(asha, 3), open1(vera, support))...)
	stop := h.another(server.Options{Now: h.clock.now, Poll: time.Hour})
	h.eventually("vera was looked at", func() bool { return h.holds(vera) == 0 })
	stop()
	if n := h.holds(asha); n != 3 {
		t.Errorf("asha has %d", n)
	}
}

// TestOneEndThatFailsStopsNoOther: a member whose row can't be read any more
// doesn't keep others' access from ending, or their chats from coming back.
func TestOneEndThatFailsStopsNoOther(t *testing.T) {
	t.Parallel()
	h := open(t, brisk())
	adam, vera := h.members["adam"].ID, h.members["vera"].ID
	h.must("olga", h.give("adam", desk.ContactExportMany, desk.ScopeAll, hour)) // of the first id
	h.must("olga", desk.GiveAccess{Member: vera, Role: desk.RoleAgent, For: hour, Reason: "x"})
	plant(t, h.store, h.clock.now(), open1(vera, support))
	h.damage(adam)
	h.clock.add(2 * time.Hour)
	if e := h.expired(1)[0]; e.Member.ID != vera {
		t.Errorf("the log has %+v", e)
	}
	h.eventually("vera's chat comes back", func() bool { return h.holds(vera) == 0 })
}

// damage makes a member's row unreadable.
func (h *house) damage(id desk.MemberID) {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(h.t.Context(), `UPDATE member SET grants = '{' WHERE id = ?`, string(id)); err != nil {
		h.t.Fatal(err)
	}
}
