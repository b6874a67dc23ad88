package server_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// preview is the question what a command would do.
func preview(t testing.TB, cmd desk.Command) desk.Preview {
	t.Helper()
	args, err := json.Marshal(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return desk.Preview{Command: cmd.Name(), Args: args}
}

func (h *house) effect(who string, cmd desk.Command) desk.Effect {
	h.t.Helper()
	return h.must(who, preview(h.t, cmd)).(desk.Effect)
}

// rights is everything that a preview could have left behind.
func (h *house) rights() (all struct {
	Head     int64
	Members  []desk.Member
	Roles    []desk.Role
	Versions []desk.RoleVersion
	Requests []desk.Request
	Chats    []desk.Conversation
	Tallies  []store.Tally
}) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		if all.Head, err = tx.Head(); err != nil {
			return err
		}
		if all.Members, err = tx.Members(); err != nil {
			return err
		}
		if all.Roles, err = tx.Roles(); err != nil {
			return err
		}
		if all.Versions, err = tx.Versions("night"); err != nil {
			return err
		}
		if all.Requests, err = tx.Requests(h.clock.now().Add(-1e15)); err != nil {
			return err
		}
		if all.Tallies, err = tx.Tallies(); err != nil {
			return err
		}
		all.Chats, err = tx.CoveredByContact(desk.Member{}, desk.ScopeAll, "", "", 1000)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// TestAPreviewTellsWhatWouldHappen of one person's role, with everything that an
// effect has.
func TestAPreviewTellsWhatWouldHappen(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha, mona := h.members["asha"].ID, h.members["mona"].ID
	plant(t, h.store, h.clock.now(),
		open1(asha, support), open1(asha, support), open1(asha, ""), // hers: come back into the queue
		open1(mona, support), open1("", support), open1("", ""), open1(mona, wares),
		desk.Facts{Status: desk.StatusResolved, Assignee: asha, Team: support})
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
		return desk.Receipt{}, &desk.SendError{Class: desk.SendRetry, RetryAfter: 3600e9, Problem: desk.Problem{Text: "Later"}}
	})
	id := h.chat()
	m := h.reply("asha", id, "On its way")
	h.eventually("the first try is over", func() bool { return h.stored(m).Problem != nil })
	for range 2 {
		h.dial("asha", desk.Hello{}).first()
	}
	h.dial("mona", desk.Hello{}).first()
	was := h.rights()
	got := h.effect("adam", desk.AssignRole{Member: asha, Role: desk.RoleMarketing})
	if len(got.People) != 1 || got.Affected != 1 || got.Sessions != 2 {
		t.Fatalf("the effect is %+v", got)
	}
	on := got.People[0]
	// Marketing sees the team's chats and those of nobody in no team, so each of the
	// four comes back into sight.
	if on.Member != asha || on.Returns != 4 || on.Queued != 1 || on.Sessions != 2 || on.Vanish != 0 || on.Appear != 0 {
		t.Errorf("the effect is %+v", on)
	}
	agent, marketing := h.actor("asha"), h.actor("asha")
	marketing.Role = roleOf(t, desk.RoleMarketing)
	if diff := cmp.Diff(desk.KeyChanges(agent, marketing), on.Keys); diff != "" || len(on.Keys) == 0 {
		t.Error(diff)
	}
	if diff := cmp.Diff(was, h.rights()); diff != "" {
		t.Errorf("it left something behind: %s", diff)
	}
	// What it said is what happens.
	start := h.head()
	h.must("adam", desk.AssignRole{Member: asha, Role: desk.RoleMarketing})
	if n := len(h.log(start, desk.ConversationHandedOver)); n != on.Returns {
		t.Errorf("%d chats came back, %d were told", n, on.Returns)
	}
}

// TestAPreviewCountsAsTheListsDo compares Appear and Vanish with the counts of
// the lists before and after, for many commands.
func TestAPreviewCountsAsTheListsDo(t *testing.T) {
	t.Parallel()
	for i, cmd := range []func(h *house) desk.Command{
		func(h *house) desk.Command {
			return desk.AssignRole{Member: h.members["vera"].ID, Role: desk.RoleSales}
		},
		func(h *house) desk.Command {
			return desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer}
		},
		func(h *house) desk.Command {
			return desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleTemporary}
		},
		func(h *house) desk.Command { return desk.AssignRole{Member: h.members["tom"].ID, Role: desk.RoleAgent} },
		func(h *house) desk.Command { return h.give("tom", desk.ConversationView, desk.ScopeAll, hour) },
		func(h *house) desk.Command {
			return desk.GiveAccess{Member: h.members["sara"].ID, Role: desk.RoleManager, For: hour, Reason: "x"}
		},
		func(h *house) desk.Command {
			c := night()
			c.Seen, c.Grants = 1, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn}
			return changes(c)
		},
		func(h *house) desk.Command { // what one has goes out of sight, and comes back with the queue
			c := night()
			c.Seen, c.Grants = 1, map[desk.Perm]desk.Scope{desk.ConversationViewQueue: desk.ScopeAll}
			return changes(c)
		},
		func(h *house) desk.Command {
			return changes(desk.RoleChange{Role: "night", Seen: 1, Remove: true, MoveTo: desk.RoleViewer})
		},
		func(h *house) desk.Command {
			return desk.EndAccess{Member: h.members["mark"].ID, Grant: h.member("mark").Grants[0].ID}
		},
		func(h *house) desk.Command {
			return desk.DecideRequest{Request: h.asks("tom", desk.ConversationView, desk.ScopeAll, hour), Allow: true}
		},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			h := open(t, server.Options{})
			h.must("adam", changes(night()))
			nina := h.hire("Nina Night", "night", []desk.TeamID{wares})
			h.members["nina"] = nina
			h.must("adam", desk.GiveAccess{Member: h.members["mark"].ID, Role: desk.RoleSales, For: hour, Reason: "x"})
			var facts []desk.Facts
			for _, team := range []desk.TeamID{"", support, wares} {
				facts = append(facts, open1("", team), desk.Facts{Status: desk.StatusResolved, Team: team})
				for _, who := range []string{"asha", "sara", "mark", "tom", "nina"} {
					facts = append(facts, open1(h.members[who].ID, team))
				}
			}
			plant(t, h.store, h.clock.now(), facts...)
			c := cmd(h)
			told := h.effect("adam", c)
			before := h.sights()
			h.must("adam", c)
			after := h.sights()
			if told.Affected == 0 || told.Affected != len(told.People) {
				t.Fatalf("%s concerns %+v", c.Name(), told)
			}
			for _, on := range told.People {
				appear, vanish := 0, 0
				for id := range after[on.Member] {
					if !before[on.Member][id] {
						appear++
					}
				}
				for id := range before[on.Member] {
					if !after[on.Member][id] {
						vanish++
					}
				}
				if on.Appear != appear || on.Vanish != vanish {
					t.Errorf("%s: %s was told +%d −%d, and it was +%d −%d", c.Name(), on.Member, on.Appear, on.Vanish, appear, vanish)
				}
			}
		})
	}
}

// sights are the open chats that each member sees.
func (h *house) sights() map[desk.MemberID]map[desk.ConversationID]bool {
	h.t.Helper()
	all := map[desk.MemberID]map[desk.ConversationID]bool{}
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
		chats, err := tx.CoveredByContact(desk.Member{}, desk.ScopeAll, "", "", 1000)
		if err != nil {
			return err
		}
		for _, m := range h.members {
			a, err := tx.Actor(m.ID)
			if err != nil {
				return err
			}
			all[m.ID] = map[desk.ConversationID]bool{}
			for i := range chats {
				if chats[i].Status == desk.StatusOpen && desk.Sees(&a, chats[i].Facts()) {
					all[m.ID][chats[i].ID] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// TestAPreviewKeepsNothing of any command that can be previewed: no row, no entry,
// no event on a socket, not even a number that is missing.
func TestAPreviewKeepsNothing(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	asha, mark := h.members["asha"].ID, h.members["mark"].ID
	h.must("adam", h.give("mark", desk.MessageReply, desk.ScopeAll, hour))
	plant(t, h.store, h.clock.now(), open1(asha, support), open1(mark, support))
	id := h.asks("tom", desk.ConversationView, desk.ScopeAll, hour)
	second := night()
	second.Seen, second.Rank = 1, 30
	other := night()
	other.Role, other.Name = "dawn", "Dawn"
	line := h.dial("asha", desk.Hello{})
	line.first()
	was := h.rights()
	cmds := []desk.Command{
		desk.AssignRole{Member: asha, Role: desk.RoleViewer}, changes(second, other), desk.SetTeams{Member: asha, Teams: []desk.TeamID{wares}},
		desk.GiveAccess{Member: asha, Role: desk.RoleManager, For: hour, Reason: "x"}, desk.EndAccess{Member: mark, Grant: h.member("mark").Grants[0].ID},
		desk.DecideRequest{Request: id, Allow: true}, desk.Suspend{Member: asha}, desk.Remove{Member: asha},
	}
	for _, cmd := range cmds {
		h.effect("adam", cmd)
		if diff := cmp.Diff(was, h.rights()); diff != "" {
			t.Errorf("%s left something behind: %s", cmd.Name(), diff)
		}
	}
	h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeAll, hour))
	ev := line.events()
	if ev.From != was.Head || ev.To != was.Head+1 || len(ev.Events) != 1 || ev.Events[0].Kind != desk.AccessGranted {
		t.Errorf("the socket was told %+v", ev)
	}
}

// TestAPreviewIsRefusedAsTheCommand, and told nothing; the refusal stands in the
// log.
func TestAPreviewIsRefusedAsTheCommand(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	start := h.head()
	for what, a := range map[string]struct {
		who string
		cmd desk.Command
		why desk.Why
	}{
		"no key":     {"asha", desk.AssignRole{Member: h.members["tom"].ID, Role: desk.RoleViewer}, desk.WhyNoKey},
		"oneself":    {"adam", desk.AssignRole{Member: h.members["adam"].ID, Role: desk.RoleViewer}, desk.WhySelf},
		"last owner": {"olga", desk.AssignRole{Member: h.members["olga"].ID, Role: desk.RoleAdmin}, desk.WhySelf},
		"beyond":     {"mona", h.give("asha", desk.RoleManage, desk.ScopeAll, hour), desk.WhyBeyond},
	} {
		_, err := h.try(a.who, preview(t, a.cmd))
		refused(t, what, err, a.why)
	}
	stale := night()
	stale.Seen = 7
	_, err := h.try("adam", preview(t, changes(stale)))
	coded(t, "a conflict", err, desk.CodeConflict)
	_, err = h.try("adam", preview(t, desk.Reply{Conversation: 1, Text: "x"}))
	coded(t, "a command that changes no rights", err, desk.CodeInvalid)
	_, err = h.try("adam", preview(t, desk.GiveAccess{Member: "u", Key: "x.y", For: hour, Reason: "x"}))
	coded(t, "bad arguments", err, desk.CodeInvalid)
	log := h.log(start)
	if len(log) != 4 || log[0].Kind != desk.CommandRefused || detail(t, log[0]).Command != "preview" {
		t.Errorf("the log has %+v", log)
	}
}

// TestAPreviewOfManyPeople names the most affected, and counts all.
func TestAPreviewOfManyPeople(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", changes(night()))
	var last desk.Member
	for i := range desk.EffectPeople + 20 {
		last = h.hire(fmt.Sprintf("Agent %d", i), "night", nil)
	}
	some := h.hire("Agent with one", "night", nil)
	plant(t, h.store, h.clock.now(), open1(last.ID, ""), open1(last.ID, ""), open1(some.ID, ""))
	c := night()
	c.Seen, c.Grants = 1, map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll}
	got := h.effect("adam", changes(c))
	if got.Affected != desk.EffectPeople+21 || len(got.People) != desk.EffectPeople ||
		got.People[0].Member != last.ID || got.People[0].Returns != 2 || got.People[1].Member != some.ID {
		t.Errorf("%d affected, %d named, first %+v", got.Affected, len(got.People), got.People[:2])
	}

	// Another name alone changes nobody's rights.
	c = night()
	c.Seen, c.Name = 1, "Owls"
	if got := h.effect("adam", changes(c)); got.Affected != 0 || got.People == nil {
		t.Errorf("another name concerns %+v", got)
	}
}

// TestAPreviewCountsNoBorrowedEyes: a link that sees as someone else is nobody's
// screen.
func TestAPreviewCountsNoBorrowedEyes(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.dial("adam", desk.Hello{}).first()
	h.dial("adam", desk.Hello{As: &desk.ViewAs{Member: h.members["asha"].ID}}).first()
	got := h.effect("olga", desk.AssignRole{Member: h.members["adam"].ID, Role: desk.RoleViewer})
	if got.Sessions != 1 || got.People[0].Sessions != 1 {
		t.Errorf("it reaches %d screens, of adam %d", got.Sessions, got.People[0].Sessions)
	}
}
