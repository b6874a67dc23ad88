package server_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// through is a hello that sees as somebody.
func (h *house) through(who string) desk.Hello {
	return desk.Hello{As: &desk.ViewAs{Member: h.members[who].ID}}
}

// entriesOf returns the entries of a kind.
func (h *house) entriesOf(kind desk.EventKind) []store.Entry {
	h.t.Helper()
	return slices.DeleteFunc(h.history().entries, func(e store.Entry) bool { return e.Kind != kind })
}

// TestSeeAsTellsWhatTheyAreTold lets an owner look through everybody's eyes while
// roles, teams and chats change: both links are told the same.
func TestSeeAsTellsWhatTheyAreTold(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	boss := h.hire("Berta Boss", desk.RoleOwner, nil)
	h.members["berta"] = boss
	names := []string{"adam", "mona", "asha", "sara", "mark", "vera", "tom"}
	type pair struct{ own, as *replica }
	pairs := map[string]pair{}
	var wg sync.WaitGroup
	for _, who := range append(names, "berta") {
		p := pair{&replica{who: h.members[who].ID}, &replica{who: h.members[who].ID}}
		for r, l := range map[*replica]*line{p.own: h.dial(who, desk.Hello{}), p.as: h.dial("olga", h.through(who))} {
			if err := r.follow(l, false); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if err := r.follow(l, true); err != nil {
					t.Errorf("%s: %v", who, err)
				}
			})
		}
		pairs[who] = p
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 250 {
		h.something(rng, names)
	}
	h.settled()
	if _, err := h.service.AddTeam(t.Context(), "End"); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	for who, p := range pairs {
		sameStory(t, who, p.own, p.as)
		own, as := h.dial(who, desk.Hello{}).first(), h.dial("olga", h.through(who)).first()
		if as.As == nil || as.As.Member != h.members[who].ID || own.As != nil {
			t.Errorf("%s: a snapshot says it is as %+v", who, as.As)
		}
		if diff := cmp.Diff(own, as, cmpopts.IgnoreFields(desk.Snapshot{}, "As", "Seq")); diff != "" {
			t.Errorf("%s is shown otherwise (-own +as):\n%s", who, diff)
		}
	}
}

// sameStory compares what two links were told. What one was told by an event, the
// other may have learnt from a snapshot.
func sameStory(t *testing.T, who string, own, as *replica) {
	t.Helper()
	if diff := cmp.Diff(own.rows, as.rows); diff != "" {
		t.Errorf("%s holds other rows (-own +as):\n%s", who, diff)
	}
	if diff := cmp.Diff(own.count, as.count); diff != "" {
		t.Errorf("%s counts otherwise (-own +as):\n%s", who, diff)
	}
	a, coveredA := story(own)
	b, coveredB := story(as)
	if len(a) < 5 {
		t.Errorf("%s was told only %d things", who, len(a))
	}
	for seq, told := range a {
		if other, ok := b[seq]; ok && told != other || !ok && !coveredB(seq) {
			t.Errorf("%s is told %s at %d, and through other eyes %q", who, told, seq, other)
		}
	}
	for seq, told := range b {
		if _, ok := a[seq]; !ok && !coveredA(seq) {
			t.Errorf("%s isn't told, but through other eyes is shown at %d: %s", who, seq, told)
		}
	}
}

// story is what a client was told, by position, and what snapshots passed over.
func story(r *replica) (told map[int64]string, covered func(int64) bool) {
	told = map[int64]string{}
	var gaps [][2]int64
	at := int64(0)
	for _, f := range r.frames {
		if f.snapshot != nil {
			gaps = append(gaps, [2]int64{at, f.snapshot.Seq})
			at = f.snapshot.Seq
			continue
		}
		for _, e := range f.events.Events {
			raw, _ := json.Marshal(e)
			told[e.Seq] = string(raw)
		}
		for _, g := range f.events.Gone {
			told[g.Seq] = fmt.Sprintf("gone %+v", g)
		}
		at = f.events.To
	}
	return told, func(seq int64) bool {
		return slices.ContainsFunc(gaps, func(g [2]int64) bool { return g[0] < seq && seq <= g[1] })
	}
}

// TestSeeAsMasksAddUp looks through the eyes of people who see numbers, as
// somebody who doesn't, and the other way round.
func TestSeeAsMasksAddUp(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.addRole(auditorRole())
	h.members["ada"] = h.hire("Ada Auditor", auditor, nil)
	h.hear(desk.IncomingMessage{External: "1", From: customer(1), Type: desk.TypeContacts, Text: "My card: +" + customer(1).WAID})
	for _, k := range []struct {
		by, who           string
		numbers, addesses bool
	}{
		{"olga", "asha", true, true}, {"olga", "vera", false, false}, {"olga", "mark", false, false},
		{"ada", "asha", false, false}, {"ada", "vera", false, false}, {"olga", "mona", true, true},
	} {
		l := h.dial(k.by, h.through(k.who))
		snap := l.until(desk.FrameSnapshot)
		l.ask("list", desk.ListConversations{List: desk.ListAll})
		list := l.until(desk.FrameAnswer)
		l.ask("thread", desk.History{Conversation: 1})
		thread := l.until(desk.FrameAnswer)
		h.says(customer(1).WAID, "Hello?", h.refs)
		h.refs++
		event := l.until(desk.FrameEvents)
		for what, f := range map[string]frame{"snapshot": snap, "list": list, "thread": thread, "event": event} {
			if got := len(numbersIn(f.raw)) > 0; got != k.numbers || !strings.Contains(string(f.raw), "0001") {
				t.Errorf("%s through %s, %s: number shown %t: %s", k.by, k.who, what, got, f.raw)
			}
		}
		var s desk.Snapshot
		snap.into(t, &s)
		for _, m := range s.Members {
			own := m.ID == h.members[k.who].ID && k.by == "olga" || m.ID == h.members[k.by].ID && k.who == "asha"
			if got := m.Email != ""; got != (k.addesses || own) {
				t.Errorf("%s through %s: %s's address is shown: %t", k.by, k.who, m.Name, got)
			}
		}
		if hidden := s.Me.Member.Email == ""; hidden != (k.by == "ada") {
			t.Errorf("%s through %s: me is %+v", k.by, k.who, s.Me.Member)
		}
		_ = l.ws.Close()
	}
}

// TestSeeAsHidesOnesOwnRequests asks for something, and looks at who asked and at
// who decides.
func TestSeeAsHidesOnesOwnRequests(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("asha", desk.AskAccess{Key: desk.ContactViewPII, Scope: desk.ScopeAll, For: 60, Reason: "A test"})
	for who, n := range map[string]int{"asha": 0, "mona": 1, "sara": 0} {
		if snap := h.dial("olga", h.through(who)).first(); len(snap.Requests) != n {
			t.Errorf("through %s: %+v", who, snap.Requests)
		}
	}
	for who, n := range map[string]int{"asha": 1, "mona": 1, "sara": 0, "olga": 1} {
		if snap := h.dial(who, desk.Hello{}).first(); len(snap.Requests) != n {
			t.Errorf("%s: %+v", who, snap.Requests)
		}
	}
}

// TestSeeAsIsRefused tries to look where one mustn't.
func TestSeeAsIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.setTeams("adam", []desk.TeamID{support})
	gone := h.hire("Gina Gone", desk.RoleAgent, []desk.TeamID{support})
	h.members["gina"] = gone
	h.must("olga", desk.Remove{Member: gone.ID})
	off := h.hire("Otto Off", desk.RoleAgent, []desk.TeamID{support})
	h.members["otto"] = off
	h.must("olga", desk.Suspend{Member: off.ID})
	draft := desk.ViewAs{Role: &desk.Role{Name: "Draft"}}
	for _, k := range []struct {
		name, by string
		as       desk.ViewAs
		code     desk.Code
		why      desk.Why
	}{
		{"without the key", "vera", desk.ViewAs{Member: h.members["tom"].ID}, desk.CodeDenied, desk.WhyNoKey},
		{"without the key, at nobody", "vera", desk.ViewAs{Member: "u_nobody"}, desk.CodeDenied, desk.WhyNoKey},
		{"without the key, a draft", "asha", draft, desk.CodeDenied, desk.WhyNoKey},
		{"outside one's teams", "mona", desk.ViewAs{Member: h.members["sara"].ID}, desk.CodeDenied, desk.WhyNotTeammate},
		{"above oneself", "mona", desk.ViewAs{Member: h.members["adam"].ID}, desk.CodeDenied, desk.WhyAbove},
		{"an owner as an admin", "adam", desk.ViewAs{Member: h.members["olga"].ID}, desk.CodeDenied, desk.WhyAbove},
		{"at nobody", "olga", desk.ViewAs{Member: "u_nobody"}, desk.CodeNotFound, desk.WhyHidden},
		{"at someone removed", "olga", desk.ViewAs{Member: gone.ID}, desk.CodeNotFound, desk.WhyHidden},
		{"at someone suspended", "olga", desk.ViewAs{Member: off.ID}, desk.CodeConflict, ""},
		{"at nothing", "olga", desk.ViewAs{}, desk.CodeInvalid, ""},
		{"at two things", "olga", desk.ViewAs{Member: h.members["asha"].ID, Role: draft.Role}, desk.CodeInvalid, ""},
		{"a role of nonsense", "olga", desk.ViewAs{Role: &desk.Role{Grants: map[desk.Perm]desk.Scope{"all.of_it": "all"}}}, desk.CodeInvalid, ""},
		{"a long role", "olga", desk.ViewAs{Role: &desk.Role{Description: strings.Repeat("x", 5000)}}, desk.CodeInvalid, ""},
	} {
		before := len(h.entriesOf(desk.CommandRefused))
		l := h.dial(k.by, desk.Hello{As: &k.as})
		b := l.bye()
		if b.Code != k.code || b.RetryMS >= 0 || b.Message == "" {
			t.Errorf("%s: %+v", k.name, b)
		}
		if code := l.closed(); code != 4000 {
			t.Errorf("%s: closed with %d", k.name, code)
		}
		refusals := h.entriesOf(desk.CommandRefused)[before:]
		var d desk.LogDetail
		if k.why != "" {
			if len(refusals) != 1 || json.Unmarshal(refusals[0].Detail, &d) != nil || d.Denied == nil || d.Denied.Why != k.why ||
				d.As == nil || refusals[0].Actor != h.members[k.by].ID || refusals[0].Target != string(k.as.Member) {
				t.Errorf("%s: the log tells %+v %s", k.name, refusals, refusals[0].Detail)
			}
		} else if len(refusals) != 0 {
			t.Errorf("%s: the log tells %+v", k.name, refusals)
		}
	}
	if n := len(h.entriesOf(desk.ViewAsStarted)); n != 0 {
		t.Errorf("%d views began", n)
	}
}

// TestSeeAsDoesNotFloodTheLog says hello as others over and over, allowed and not:
// the log gets so many entries and no more, and whoever waits is let in again.
func TestSeeAsDoesNotFloodTheLog(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	long := desk.ViewAs{Role: &desk.Role{ID: desk.RoleID("\x1b[2J" + strings.Repeat("x", 7000)), Name: "Odd"}}
	before := h.head()
	if b := h.dial("asha", desk.Hello{As: &long}).bye(); b.Code != desk.CodeInvalid {
		t.Errorf("a word of 7000 letters: %+v", b)
	}
	if e := h.log(before, desk.CommandRefused, desk.ViewAsStarted); len(e) > 0 {
		t.Errorf("it stands in the log: %+v", e)
	}
	const tries = 60
	begin, busy := time.Now(), 0
	for range tries {
		switch b := h.dial("asha", h.through("tom")).bye(); {
		case b.Code == desk.CodeBusy && b.RetryMS > 0 && b.RetryMS <= 1001:
			busy++
		case b.Code != desk.CodeDenied:
			t.Fatalf("%+v", b)
		}
	}
	logged := len(h.log(before, desk.CommandRefused))
	if most := 21 + int(time.Since(begin).Seconds()); logged < 20 || logged > most || logged+busy != tries {
		t.Errorf("of %d hellos %d are in the log, at most %d should be; %d had to wait", tries, logged, most, busy)
	}
	if l := h.dial("olga", h.through("asha")); l.first().As == nil {
		t.Error("someone else can't see as others either")
	}
}

// TestSeeAsOnlyReads sends every command through other eyes.
func TestSeeAsOnlyReads(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{ReadReceipts: true})
	asha := h.members["asha"].ID
	id := plant(t, h.store, h.clock.now(), open1(asha, support))[0]
	before, _ := h.thread(id)
	l := h.dial("olga", h.through("asha"))
	l.first()
	l.send(desk.Ack{Type: desk.FrameAck, Seq: h.head()})
	for i, kind := range desk.Commands() {
		cmd := example(kind, id, open1(asha, support), h.members["mona"].ID)
		if cmd == nil {
			cmd = kind
		}
		if cmd.Validate() != nil {
			continue
		}
		a := l.do(fmt.Sprint("ref", i), cmd)
		switch cmd.(type) {
		case desk.ListConversations, desk.History:
			if a.Error != nil {
				t.Errorf("%s: %+v", cmd.Name(), a.Error)
			}
		default:
			if a.Error == nil || a.Error.Denied == nil || a.Error.Denied.Why != desk.WhyReadOnly {
				t.Errorf("%s: %s %+v", cmd.Name(), a.Result, a.Error)
			}
		}
	}
	after, thread := h.thread(id)
	if diff := cmp.Diff(before, after); diff != "" || len(thread) != 2 {
		t.Errorf("it left a trace:\n%s%+v", diff, thread)
	}
	if len(h.channel.read) != 0 || len(h.channel.all()) != 0 {
		t.Error("the customer was told something")
	}
}

// TestSeeAsFollowsBothsRights changes the rights of whoever is looked through, and
// then takes the right to look.
func TestSeeAsFollowsBothsRights(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.says("447700900001", "Hello?", 1)
	l := h.dial("mona", h.through("asha"))
	if snap := l.first(); snap.Reason != desk.SnapshotFirst || len(snap.Conversations) != 1 || snap.Me.Member.ID != h.members["asha"].ID {
		t.Fatalf("first: %+v", snap)
	}
	h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleTemporary})
	if snap := l.first(); snap.Reason != desk.SnapshotRights || snap.Me.Role.ID != desk.RoleTemporary || len(snap.Conversations) != 0 || snap.As == nil {
		t.Errorf("after their role changed: %+v", snap)
	}
	h.must("olga", desk.AssignRole{Member: h.members["mona"].ID, Role: desk.RoleAgent})
	if b := l.bye(); b.Code != desk.CodeDenied || b.RetryMS >= 0 || !strings.Contains(b.Message, "See as someone else") {
		t.Errorf("after the looker's role changed: %+v", b)
	}
	if code := l.closed(); code != 4000 {
		t.Errorf("closed with %d", code)
	}
	own := h.dial("mona", desk.Hello{}) // only the view has ended
	own.first()

	l = h.dial("olga", h.through("asha"))
	l.first()
	h.must("olga", desk.Suspend{Member: h.members["asha"].ID})
	if b := l.bye(); b.Code != desk.CodeConflict || !strings.Contains(b.Message, "suspended") {
		t.Errorf("after they were suspended: %+v", b)
	}
}

// TestSeeAsEndsWithALentRight lends the right to look for a time.
func TestSeeAsEndsWithALentRight(t *testing.T) {
	t.Parallel()
	h := open(t, quick())
	h.must("olga", desk.GiveAccess{Member: h.members["vera"].ID, Key: desk.RoleViewAs, Scope: desk.ScopeAll, For: 60, Reason: "A test"})
	l := h.dial("vera", h.through("tom"))
	l.first()
	h.clock.add(61e9)
	if b := l.bye(); b.Code != desk.CodeDenied || b.RetryMS >= 0 {
		t.Errorf("at its end: %+v", b)
	}
}

// TestSeeAsADraft looks through a role that nobody has.
func TestSeeAsADraft(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	ids := plant(t, h.store, h.clock.now(), desk.Facts{Status: desk.StatusOpen}, desk.Facts{Status: desk.StatusOpen, Team: support},
		desk.Facts{Status: desk.StatusOpen, Team: wares}, open1(h.members["asha"].ID, support))
	for _, k := range []struct {
		name string
		view desk.Scope
		as   []desk.TeamID
		want []desk.ConversationID
	}{
		{"own", desk.ScopeOwn, nil, nil},
		{"team, in none", desk.ScopeTeam, nil, ids[:1]},
		{"team, in one", desk.ScopeTeam, []desk.TeamID{support}, []desk.ConversationID{ids[0], ids[1], ids[3]}},
		{"all", desk.ScopeAll, nil, ids},
	} {
		grants := map[desk.Perm]desk.Scope{}
		for _, p := range desk.Permissions() { // as many as a role can have: a long hello
			grants[p.Key] = p.Scopes[len(p.Scopes)-1]
		}
		grants[desk.ConversationView] = k.view
		delete(grants, desk.ConversationViewQueue)
		delete(grants, desk.ContactViewPII)
		role := &desk.Role{ID: "r-new", Name: "Night shift", Grants: grants}
		l := h.dial("olga", desk.Hello{Epoch: h.store.Epoch(), Seq: h.head(), As: &desk.ViewAs{Role: role, Teams: k.as}})
		if l.welcome().Resumed {
			t.Errorf("%s: it was resumed", k.name)
		}
		snap := l.first()
		var got []desk.ConversationID
		for _, c := range snap.Conversations {
			if !c.Contact.Hidden {
				t.Errorf("%s: the number of %s shows", k.name, c.ID)
			}
			got = append(got, c.ID)
		}
		slices.Sort(got)
		if !slices.Equal(got, k.want) {
			t.Errorf("%s: %v, want %v", k.name, got, k.want)
		}
		if len(snap.Windows[desk.ListMine].Rows) != 0 || snap.Counts[desk.ListMine].Total != 0 || snap.Me.Member.ID == "" ||
			snap.Me.Member.Name != "Night shift" || snap.Reason != desk.SnapshotFirst {
			t.Errorf("%s: it has %+v and is %+v", k.name, snap.Windows[desk.ListMine], snap.Me.Member)
		}
		for _, c := range snap.Conversations {
			if c.Assignee == snap.Me.Member.ID {
				t.Errorf("%s is the draft's", c.ID)
			}
		}
		_ = l.ws.Close()
	}
}

// TestSeeAsIsLogged holds what the log tells of a view, and that it has an end.
func TestSeeAsIsLogged(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	l := h.dial("mona", h.through("asha"))
	l.first()
	check := func(what string, list []store.Entry) {
		t.Helper()
		var d desk.LogDetail
		if len(list) != 1 || json.Unmarshal(list[0].Detail, &d) != nil || d.As == nil || d.As.Member != h.members["asha"].ID ||
			list[0].Actor != h.members["mona"].ID || list[0].Target != string(h.members["asha"].ID) || list[0].Session == "" || list[0].Addr == "" {
			t.Errorf("%s: %+v", what, list)
		}
	}
	check("started", h.entriesOf(desk.ViewAsStarted))
	if n := len(h.entriesOf(desk.ViewAsEnded)); n != 0 {
		t.Errorf("it has ended %d times already", n)
	}
	_ = l.ws.Close()
	h.eventually("the end of the view", func() bool { return len(h.entriesOf(desk.ViewAsEnded)) > 0 })
	check("ended", h.entriesOf(desk.ViewAsEnded))
}
