package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

const hour = desk.Duration(3600)

// give is a command that gives a key to a member.
func (h *house) give(who string, p desk.Perm, s desk.Scope, d desk.Duration) desk.GiveAccess {
	h.t.Helper()
	return desk.GiveAccess{Member: h.members[who].ID, Key: p, Scope: s, For: d, Reason: "The fair is on"}
}

// asks makes a request and returns its id.
func (h *house) asks(who string, p desk.Perm, s desk.Scope, d desk.Duration) desk.RequestID {
	h.t.Helper()
	return h.must(who, desk.AskAccess{Key: p, Scope: s, For: d, Reason: "I need it"}).(desk.Done).Request
}

// request is a request as the store has it.
func (h *house) request(id desk.RequestID) (r desk.Request) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		r, err = tx.Request(id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// TestAccessForATime: a key is there from the answer on, and the log keeps who
// gave it, why, and until when.
func TestAccessForATime(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["asha"].ID, wares))[0]
	_, err := h.try("vera", desk.Note{Conversation: id, Text: "x"})
	refused(t, "before", err, desk.WhyNoKey)
	start := h.head()
	done := h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeAll, 4*hour)).(desk.Done)
	h.must("vera", desk.Note{Conversation: id, Text: "x"})
	end := h.clock.now().Add(4 * time.Hour)
	want := []desk.Grant{{ID: done.Grant, Perm: desk.MessageNote, Scope: desk.ScopeAll, Since: h.clock.now(), Until: end, By: h.members["adam"].ID, Reason: "The fair is on"}}
	if diff := cmp.Diff(want, h.member("vera").Grants); diff != "" || !done.Ends.Equal(end) {
		t.Errorf("it ends %v; %s", done.Ends, diff)
	}
	e := h.log(start, desk.AccessGranted)[0]
	if d := detail(t, e); e.Seq != done.Seq || e.Member.ID != h.members["vera"].ID || len(e.Member.Grants) != 1 || d.Reason != "The fair is on" || len(d.After) == 0 {
		t.Errorf("the log has %+v, %+v", e, d)
	}

	// A role lends its keys, and the rank stays.
	h.must("adam", desk.GiveAccess{Member: h.members["vera"].ID, Role: desk.RoleManager, Until: end, Reason: "Mona is ill"})
	h.must("vera", desk.Claim{Conversation: plant(t, h.store, h.clock.now(), open1("", wares))[0]})
	_, err = h.try("vera", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleViewer})
	refused(t, "someone of other teams and higher", err, desk.WhyNotTeammate)
}

// TestAccessHasAnEnd that is to come, and not too far.
func TestAccessHasAnEnd(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	now := h.clock.now()
	until := func(at time.Time) desk.GiveAccess {
		g := h.give("vera", desk.MessageNote, desk.ScopeAll, 0)
		g.Until = at
		return g
	}
	for _, at := range []time.Time{now, now.Add(-time.Second), now.Add(500 * time.Microsecond)} {
		_, err := h.try("adam", until(at))
		sentence(t, at.String(), err, desk.CodeInvalid, "over already")
	}
	_, err := h.try("adam", until(now.Add(desk.MaxGrant+time.Second)))
	sentence(t, "a year and more", err, desk.CodeInvalid, "366 days")
	h.must("adam", until(now.Add(desk.MaxGrant).In(time.FixedZone("CET", 3600))))
}

// TestNobodyGivesAccessBeyondTheirOwn are the attacks on grant.temporary.
func TestNobodyGivesAccessBeyondTheirOwn(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.must("adam", desk.GiveAccess{Member: h.members["mona"].ID, Role: desk.RoleAgent, For: hour, Reason: "x"})
	h.must("adam", h.give("mona", desk.LogExport, desk.ScopeAll, hour))
	role := func(who string, r desk.RoleID) desk.GiveAccess {
		return desk.GiveAccess{Member: h.members[who].ID, Role: r, For: hour, Reason: "x"}
	}
	head := h.head()
	for what, a := range map[string]struct {
		who string
		cmd desk.Command
		why desk.Why
	}{
		"to oneself":            {"adam", role("adam", desk.RoleManager), desk.WhySelf},
		"a key to oneself":      {"mona", h.give("mona", desk.MessageReply, desk.ScopeAll, hour), desk.WhySelf},
		"owner for a time":      {"olga", role("asha", desk.RoleOwner), desk.WhyOwnerEnds},
		"a role as high":        {"mona", role("asha", desk.RoleManager), desk.WhyAbove},
		"a role above":          {"mona", role("asha", desk.RoleAdmin), desk.WhyAbove},
		"to someone above":      {"adam", role("olga", desk.RoleAgent), desk.WhyAbove},
		"to another team":       {"mona", role("sara", desk.RoleAgent), desk.WhyNotTeammate},
		"a key that they lack":  {"mona", h.give("asha", desk.RoleManage, desk.ScopeAll, hour), desk.WhyBeyond},
		"what they were lent":   {"mona", h.give("asha", desk.LogExport, desk.ScopeAll, hour), desk.WhyBeyond},
		"a scope beyond theirs": {"mona", h.give("asha", desk.LogView, desk.ScopeAll, hour), desk.WhyBeyond},
		"without the right":     {"asha", h.give("tom", desk.MessageReply, desk.ScopeOwn, hour), desk.WhyNoKey},
		"an end without it":     {"asha", desk.EndAccess{Member: h.members["mona"].ID, Grant: h.member("mona").Grants[0].ID}, desk.WhyNoKey},
	} {
		_, err := h.try(a.who, a.cmd)
		refused(t, what, err, a.why)
	}
	for what, cmd := range map[string]desk.Command{
		"no such member": desk.GiveAccess{Member: "u_none", Role: desk.RoleAgent, For: hour, Reason: "x"},
		"no such role":   role("asha", "none"),
	} {
		_, err := h.try("olga", cmd)
		coded(t, what, err, desk.CodeNotFound)
	}
	if got := h.kinds(head); len(got) != 0 {
		t.Errorf("something happened: %v", got)
	}
}

// TestALaterEndReplacesAnEarlier, and what is held already as long isn't given
// twice.
func TestALaterEndReplacesAnEarlier(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	give := func(s desk.Scope, d desk.Duration) error {
		_, err := h.try("adam", h.give("vera", desk.MessageNote, s, d))
		return err
	}
	held := func() (list []string) {
		for _, g := range h.member("vera").Grants {
			list = append(list, fmt.Sprint(g.Scope, " ", g.Until.Sub(h.clock.now())))
		}
		return list
	}
	if err := give(desk.ScopeTeam, 2*hour); err != nil {
		t.Fatal(err)
	}
	sentence(t, "sooner", give(desk.ScopeTeam, hour), desk.CodeConflict, "until 23 November 12:00 UTC already")
	sentence(t, "at the same time", give(desk.ScopeTeam, 2*hour), desk.CodeConflict, "already")
	sentence(t, "narrower", give(desk.ScopeOwn, hour), desk.CodeConflict, "already")
	for _, step := range []struct {
		scope desk.Scope
		d     desk.Duration
		want  []string
	}{
		{desk.ScopeTeam, 3 * hour, []string{"team 3h0m0s"}},
		{desk.ScopeAll, hour, []string{"team 3h0m0s", "all 1h0m0s"}}, // wider but shorter: both hold
		{desk.ScopeAll, 4 * hour, []string{"all 4h0m0s"}},            // both are outlasted
		{desk.ScopeOwn, 5 * hour, []string{"all 4h0m0s", "own 5h0m0s"}},
	} {
		if err := give(step.scope, step.d); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, held()); diff != "" {
			t.Errorf("after %s for %v: %s", step.scope, step.d.Std(), diff)
		}
	}
}

func TestSoMuchAccess(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	n := 0
	for _, p := range desk.Permissions() {
		for _, s := range p.Scopes {
			_, err := h.try("olga", h.give("vera", p.Key, s, hour*desk.Duration(10-s.Rank()))) // wider, but sooner over: none replaces another
			if n++; n <= 50 && err != nil {
				t.Fatalf("grant %d: %v", n, err)
			} else if n > 50 {
				sentence(t, fmt.Sprint("grant ", n), err, desk.CodeInvalid, "50 times over")
			}
		}
	}
	if got := len(h.member("vera").Grants); n <= 50 || got != 50 {
		t.Errorf("of %d, vera has %d", n, got)
	}
	h.clock.add(48 * time.Hour)
	h.must("olga", h.give("vera", desk.MessageNote, desk.ScopeAll, hour)) // what has ended counts for nothing
}

// TestAccessEndsBeforeItsTime: by whoever may give, and by who allowed it.
func TestAccessEndsBeforeItsTime(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	vera := h.members["vera"].ID
	h.must("adam", desk.GiveAccess{Member: vera, Role: desk.RoleAgent, For: hour, Reason: "x"})
	id := plant(t, h.store, h.clock.now(), open1(vera, ""))[0]
	grant := h.member("vera").Grants[0].ID
	_, err := h.try("adam", desk.EndAccess{Member: vera, Grant: "g_none"})
	coded(t, "no such grant", err, desk.CodeConflict)
	_, err = h.try("adam", desk.EndAccess{Member: h.members["asha"].ID, Grant: grant})
	coded(t, "another's grant", err, desk.CodeConflict)
	start := h.head()
	h.must("olga", desk.EndAccess{Member: vera, Grant: grant})
	if diff := cmp.Diff([]desk.EventKind{desk.AccessEnded, desk.ConversationHandedOver}, h.kinds(start)); diff != "" {
		t.Error(diff)
	}
	_, lines := h.thread(id)
	if last := lines[len(lines)-1]; last.Text != "Vera Viewer's access for a time was ended." || last.To != vera {
		t.Errorf("the thread ends with %+v", last)
	}
	_, err = h.try("olga", desk.EndAccess{Member: vera, Grant: grant})
	coded(t, "twice", err, desk.CodeConflict)

	// A decider without the right to give takes back what they allowed, no more.
	h.must("olga", changes(desk.RoleChange{Role: "decider", Name: "Decider", Rank: 50, Grants: map[desk.Perm]desk.Scope{
		desk.AccessDecide: desk.ScopeAll, desk.MessageNote: desk.ScopeAll}}))
	h.must("olga", desk.AssignRole{Member: h.members["mark"].ID, Role: "decider"})
	h.must("olga", h.give("vera", desk.ConversationLabel, desk.ScopeAll, hour))
	mine := h.must("mark", desk.DecideRequest{Request: h.asks("vera", desk.MessageNote, desk.ScopeAll, hour), Allow: true}).(desk.Done).Grant
	_, err = h.try("mark", desk.EndAccess{Member: vera, Grant: h.member("vera").Grants[0].ID})
	refused(t, "what another gave", err, desk.WhyNoKey)
	h.must("mark", desk.EndAccess{Member: vera, Grant: mine})
	h.must("olga", h.give("mark", desk.MessageReply, desk.ScopeAll, hour))
	again := h.must("mark", desk.DecideRequest{Request: h.asks("vera", desk.MessageNote, desk.ScopeAll, hour), Allow: true}).(desk.Done).Grant
	h.must("olga", desk.AssignRole{Member: h.members["mark"].ID, Role: desk.RoleViewer})
	_, err = h.try("mark", desk.EndAccess{Member: vera, Grant: again})
	refused(t, "after the right to decide is gone", err, desk.WhyNoKey)
}

// TestAskingForAccess and taking it back.
func TestAskingForAccess(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	start := h.head()
	id := h.asks("vera", desk.MessageNote, desk.ScopeTeam, hour)
	want := desk.Request{ID: id, Member: h.members["vera"].ID, Perm: desk.MessageNote, Scope: desk.ScopeTeam, For: hour, Reason: "I need it",
		At: h.clock.now(), State: desk.RequestOpen}
	if diff := cmp.Diff(want, h.request(id)); diff != "" {
		t.Error(diff)
	}
	if e := h.log(start)[0]; e.Kind != desk.AccessRequested || e.Request == nil || e.Member != nil || e.Target != string(id) {
		t.Errorf("the entry is %+v", e)
	}
	ask := func(who string, p desk.Perm, s desk.Scope) error {
		_, err := h.try(who, desk.AskAccess{Key: p, Scope: s, For: hour, Reason: "x"})
		return err
	}
	sentence(t, "twice", ask("vera", desk.MessageNote, desk.ScopeTeam), desk.CodeConflict, "asked for that already")
	sentence(t, "what the role has", ask("vera", desk.ConversationView, desk.ScopeTeam), desk.CodeConflict, "have that already")
	if err := ask("vera", desk.MessageNote, desk.ScopeAll); err != nil {
		t.Errorf("further than before: %v", err)
	}
	h.must("adam", h.give("vera", desk.ConversationLabel, desk.ScopeTeam, hour))
	sentence(t, "what was lent", ask("vera", desk.ConversationLabel, desk.ScopeOwn), desk.CodeConflict, "have that already")
	for _, p := range []desk.Perm{desk.MessageReply, desk.MemberView, desk.RoleView} {
		if err := ask("vera", p, desk.ScopeAll); err != nil {
			t.Fatal(err)
		}
	}
	sentence(t, "a sixth", ask("vera", desk.LogView, desk.ScopeAll), desk.CodeInvalid, "5 of your requests wait")

	// Leave to export many comes from another person, whatever the role has.
	if err := ask("adam", desk.ContactExportMany, desk.ScopeAll); err != nil {
		t.Error(err)
	}
	h.must("olga", h.give("adam", desk.ContactExportMany, desk.ScopeAll, hour))
	sentence(t, "export many, held", ask("adam", desk.ContactExportMany, desk.ScopeAll), desk.CodeConflict, "have that already")

	hidden := plant(t, h.store, h.clock.now(), open1(h.members["sara"].ID, wares))[0]
	_, err := h.try("asha", desk.AskAccess{Key: desk.MessageNote, Scope: desk.ScopeAll, For: hour, Reason: "x", Conversation: hidden})
	coded(t, "about a chat out of sight", err, desk.CodeNotFound)

	_, err = h.try("olga", desk.WithdrawRequest{Request: id})
	coded(t, "taking back another's", err, desk.CodeNotFound)
	h.must("vera", desk.WithdrawRequest{Request: id})
	if r := h.request(id); r.State != desk.RequestWithdrawn || !r.DecidedAt.Equal(h.clock.now()) {
		t.Errorf("the request is %+v", r)
	}
	_, err = h.try("vera", desk.WithdrawRequest{Request: id})
	coded(t, "taking it back twice", err, desk.CodeNotFound)
	_, err = h.try("adam", desk.DecideRequest{Request: id, Allow: true})
	sentence(t, "deciding on it", err, desk.CodeConflict, "Vera Viewer has taken this request back")
}

// TestDecidingOnARequest: allowed less far and less long, refused with an answer,
// once.
func TestDecidingOnARequest(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := h.asks("vera", desk.MessageNote, desk.ScopeAll, 8*hour)
	for what, cmd := range map[string]desk.DecideRequest{
		"longer":                  {Request: id, Allow: true, For: 9 * hour},
		"a scope it doesn't take": {Request: h.asks("vera", desk.ConversationClaim, desk.ScopeTeam, hour), Allow: true, Scope: desk.ScopeOwn},
	} {
		_, err := h.try("adam", cmd)
		coded(t, what, err, desk.CodeInvalid)
	}
	wider := h.asks("vera", desk.ConversationLabel, desk.ScopeOwn, hour)
	_, err := h.try("adam", desk.DecideRequest{Request: wider, Allow: true, Scope: desk.ScopeAll})
	sentence(t, "further", err, desk.CodeInvalid, "more than was asked for")
	start := h.head()
	done := h.must("adam", desk.DecideRequest{Request: id, Allow: true, Scope: desk.ScopeTeam, For: hour, Answer: "For the fair"}).(desk.Done)
	end := h.clock.now().Add(time.Hour)
	r := h.request(id)
	if r.State != desk.RequestGranted || r.By != h.members["adam"].ID || !r.Until.Equal(end) || r.Answer != "For the fair" || r.Scope != desk.ScopeAll {
		t.Errorf("the request is %+v", r)
	}
	g := h.member("vera").Grants[0]
	if g.Scope != desk.ScopeTeam || !g.Until.Equal(end) || g.By != h.members["adam"].ID || g.Reason != "I need it" || g.ID != done.Grant || !done.Ends.Equal(end) {
		t.Errorf("the grant is %+v, the answer %+v", g, done)
	}
	entries := h.log(start)
	if diff := cmp.Diff([]desk.EventKind{desk.AccessDecided, desk.AccessGranted}, h.kinds(start)); diff != "" ||
		entries[0].Request == nil || entries[0].Member != nil || entries[1].Request != nil || entries[1].Seq != done.Seq {
		t.Errorf("%s %+v", diff, entries)
	}
	_, err = h.try("olga", desk.DecideRequest{Request: id})
	sentence(t, "once more", err, desk.CodeConflict, "Adam Admin has decided")

	start = h.head()
	h.must("adam", desk.DecideRequest{Request: wider, Answer: "Not today"})
	if r := h.request(wider); r.State != desk.RequestRefused || r.Answer != "Not today" || len(h.member("vera").Grants) != 1 {
		t.Errorf("the request is %+v", r)
	}
	if diff := cmp.Diff([]desk.EventKind{desk.AccessDecided}, h.kinds(start)); diff != "" {
		t.Error(diff)
	}
}

// TestWhoDecides: never the asker, nobody who doesn't see the request, and to
// allow it one must hold what is asked for. To refuse takes less.
func TestWhoDecides(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	ashas := h.asks("asha", desk.LogExport, desk.ScopeAll, hour)
	saras := h.asks("sara", desk.MessageNote, desk.ScopeTeam, hour)
	adams := h.asks("adam", desk.ContactExportMany, desk.ScopeAll, hour)
	for what, a := range map[string]struct {
		who string
		cmd desk.DecideRequest
		why desk.Why
	}{
		"one's own":            {"adam", desk.DecideRequest{Request: adams, Allow: true}, desk.WhySelf},
		"refusing one's own":   {"adam", desk.DecideRequest{Request: adams}, desk.WhySelf},
		"what they don't hold": {"mona", desk.DecideRequest{Request: ashas, Allow: true}, desk.WhyBeyond},
		"the asker, an agent":  {"asha", desk.DecideRequest{Request: ashas, Allow: true}, desk.WhyNoKey},
	} {
		_, err := h.try(a.who, a.cmd)
		refused(t, what, err, a.why)
	}
	for what, a := range map[string]struct {
		who string
		id  desk.RequestID
	}{
		"of another team": {"mona", saras}, "of someone above": {"mona", adams}, "without the right": {"vera", ashas}, "none": {"olga", "r_none"},
	} {
		for _, allow := range []bool{true, false} {
			_, err := h.try(a.who, desk.DecideRequest{Request: a.id, Allow: allow})
			coded(t, what, err, desk.CodeNotFound)
		}
	}
	h.must("mona", desk.DecideRequest{Request: ashas}) // refusing gives nothing
	h.must("olga", desk.DecideRequest{Request: adams, Allow: true})
}

// TestARevealOpensOneNumberForAWhile.
func TestARevealOpensOneNumberForAWhile(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	tom := h.members["tom"].ID
	ids := plant(t, h.store, h.clock.now(), open1(tom, ""), open1(tom, ""), open1(h.members["asha"].ID, support))
	shown := func(id desk.ConversationID) bool {
		return !h.must("tom", desk.History{Conversation: id}).(desk.Thread).Conversation.Contact.Hidden
	}
	if shown(ids[0]) {
		t.Fatal("tom sees the number without asking")
	}
	start := h.head()
	done := h.must("tom", desk.RevealContact{Conversation: ids[0], Reason: "The courier asks"}).(desk.Done)
	if !shown(ids[0]) || shown(ids[1]) {
		t.Error("it must show one number, and only that")
	}
	if want := h.clock.now().Add(desk.RevealFor); !done.Ends.Equal(want) {
		t.Errorf("it ends %v", done.Ends)
	}
	e := h.log(start)[0]
	g := e.Member.Grants[0]
	if e.Kind != desk.ContactRevealed || e.Conversation != nil || g.Contact == "" || g.Conversation != ids[0] || g.By != tom || detail(t, e).Reason != "The courier asks" {
		t.Errorf("the log has %+v", e)
	}
	_, err := h.try("tom", desk.RevealContact{Conversation: ids[0], Reason: "Again"})
	refused(t, "what is shown", err, desk.WhyShown)
	_, err = h.try("tom", desk.RevealContact{Conversation: ids[2], Reason: "x"})
	coded(t, "a chat out of sight", err, desk.CodeNotFound)
	_, err = h.try("mark", desk.RevealContact{Conversation: ids[2], Reason: "x"})
	refused(t, "without the key", err, desk.WhyNoKey)
	if sees := h.member("tom").Grants; len(sees) != 1 || sees[0].Scope != desk.ScopeNone {
		t.Errorf("a reveal reaches further than its contact: %+v", sees)
	}
	h.clock.add(desk.RevealFor)
	if shown(ids[0]) {
		t.Error("the number shows after its time")
	}
}

// TestOnesOwnIsGivenBack ends one's own access, which takes no permission at all;
// what was never there is no secret, and nothing else goes.
func TestOnesOwnIsGivenBack(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	vera := h.members["vera"].ID
	mine := h.must("adam", h.give("vera", desk.MessageNote, desk.ScopeTeam, hour)).(desk.Done).Grant
	theirs := h.must("adam", h.give("asha", desk.ConversationTakeover, desk.ScopeAll, hour)).(desk.Done).Grant
	_, err := h.try("vera", desk.EndAccess{Member: h.members["asha"].ID, Grant: theirs})
	refused(t, "a colleague's", err, desk.WhyNoKey)
	_, err = h.try("vera", desk.EndAccess{Member: vera, Grant: theirs})
	coded(t, "a colleague's under one's own name", err, desk.CodeConflict)
	h.must("vera", desk.EndAccess{Member: vera, Grant: mine})
	if len(h.member("vera").Grants) != 0 || len(h.member("asha").Grants) != 1 {
		t.Errorf("left: %+v and %+v", h.member("vera").Grants, h.member("asha").Grants)
	}
	_, err = h.try("vera", desk.EndAccess{Member: vera, Grant: mine})
	coded(t, "what was given back", err, desk.CodeConflict)
	if e := h.log(0, desk.AccessEnded); len(e) != 1 || e[0].Actor != vera {
		t.Errorf("the log has %+v", e)
	}
}

// TestOthersArentToldWhere reveals a number, and asks for access, in a chat: to
// colleagues, even to those who see everything about people, neither says which
// chat or whose number it was. Oneself is told, and the log.
func TestOthersArentToldWhere(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	tom := h.members["tom"].ID
	id := plant(t, h.store, h.clock.now(), open1(tom, ""))[0]
	watching, asking := h.dial("olga", desk.Hello{}), h.dial("tom", desk.Hello{})
	watching.first()
	asking.first()
	h.must("tom", desk.RevealContact{Conversation: id, Reason: "The courier asks"})
	wish := h.must("tom", desk.AskAccess{Key: desk.ConversationTakeover, Scope: desk.ScopeAll, For: 3600, Reason: "Peak hour", Conversation: id}).(desk.Done)
	h.must("olga", desk.DecideRequest{Request: wish.Request, Allow: true})
	told := 0
	for told < 4 {
		f := watching.until(desk.FrameEvents)
		var e desk.Events
		f.into(t, &e)
		told += len(e.Events)
		if place.Match(f.raw) || strings.Contains(string(f.raw), "courier") {
			t.Errorf("the owner is told %s", f.raw)
		}
	}
	for _, who := range []string{"olga", "asha", "mark"} {
		snap := h.dial(who, desk.Hello{}).first()
		for _, m := range snap.Members {
			if m.ID == tom && (len(m.Grants) != 1 || m.Grants[0].Conversation != 0) {
				t.Errorf("%s sees tom with %+v", who, m.Grants)
			}
		}
		for _, r := range snap.Requests {
			if r.Conversation != 0 {
				t.Errorf("%s sees where tom asked: %+v", who, r)
			}
		}
		if n := len(snap.Requests); n != map[string]int{"olga": 1}[who] {
			t.Errorf("%s sees %d requests", who, n)
		}
	}
	snap := h.dial("tom", desk.Hello{}).first()
	if g := snap.Me.Member.Grants; len(g) != 2 || g[0].Contact == "" || g[0].Conversation != id || g[1].Conversation != id {
		t.Errorf("tom himself has %+v", g)
	}
	if r := snap.Requests; len(r) != 1 || r[0].Conversation != id {
		t.Errorf("tom himself asked %+v", r)
	}
	through := h.dial("olga", desk.Hello{As: &desk.ViewAs{Member: tom}}).first()
	for _, m := range append(through.Members, through.Me.Member) {
		if m.ID == tom && (len(m.Grants) != 1 || m.Grants[0].Conversation != 0) {
			t.Errorf("through his eyes the owner sees %+v", m.Grants)
		}
	}
	for _, e := range h.log(0, desk.ContactRevealed) {
		if g := e.Member.Grants; g[0].Contact == "" || g[0].Conversation != id {
			t.Errorf("the log has %+v", g)
		}
	}
}
