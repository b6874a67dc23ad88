package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// custom stores a role that no desk has from the beginning.
func (h *house) custom(id desk.RoleID, rank int, grants map[desk.Perm]desk.Scope) {
	h.t.Helper()
	role := desk.Role{ID: id, Name: string(id), Rank: rank, Grants: grants, Version: 1}
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutRole(role); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.RoleCreated, At: h.clock.now(), Role: &role}})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// staff is one row of the list.
func (h *house) staff(id desk.MemberID) (row desk.StaffStatus, ok bool) {
	h.t.Helper()
	for _, row := range h.must("olga", desk.ListStaff{}).(desk.Staff).Rows {
		if row.Member == id {
			return row, true
		}
	}
	return row, false
}

func TestStaff(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha := h.members["asha"].ID
	read, done := open1(asha, support), open1(asha, support)
	read.Unread, done.Status = 0, desk.StatusResolved
	plant(t, h.store, h.clock.now(), open1(asha, support), open1(asha, ""), open1("", support), done)
	h.dial("asha", desk.Hello{}).first()
	h.dial("asha", desk.Hello{Token: h.tokens["asha"]}).first()
	if _, err := h.service.Issue(t.Context(), asha, "another"); err != nil {
		t.Fatal(err)
	}
	h.clock.add(time.Minute)
	want := desk.StaffStatus{Member: asha, Online: 2, SeenAt: h.clock.now(), Open: 2, Unread: 2, SignedIn: 2}
	if got, _ := h.staff(asha); !cmp.Equal(got, want) {
		t.Errorf("asha: %s", cmp.Diff(want, got))
	}
	done2 := h.must("olga", desk.Invite{FullName: "Ines", Email: "ines@example.com", Role: desk.RoleAgent}).(desk.Done)
	if got, _ := h.staff(done2.Member); !got.Code.Equal(h.clock.now().Add(desk.InviteFor)) || got.SignedIn != 0 {
		t.Errorf("the invited: %+v", got)
	}
	h.clock.add(desk.InviteFor)
	if got, _ := h.staff(done2.Member); !got.Code.IsZero() {
		t.Errorf("a code that ended: %+v", got)
	}
	h.clock.add(31 * 24 * time.Hour)
	if got, _ := h.staff(asha); got.SignedIn != 0 {
		t.Errorf("sign-ins that ran out are counted: %+v", got)
	}
	list := h.must("olga", desk.ListStaff{}).(desk.Staff)
	names := map[desk.MemberID]string{done2.Member: "Ines"}
	for _, m := range h.members {
		names[m.ID] = m.Name
	}
	for i := range list.Rows[1:] {
		if names[list.Rows[i].Member] > names[list.Rows[i+1].Member] {
			t.Errorf("%s stands before %s", names[list.Rows[i].Member], names[list.Rows[i+1].Member])
		}
	}
	_, err := h.try("vera", desk.ListStaff{})
	refused(t, "without member.view", err, desk.WhyNoKey)
}

// TestNobodyIsShutOutFromBelow tells every way to suspend or remove someone whom
// one mustn't.
func TestNobodyIsShutOutFromBelow(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.members["ada"] = h.hire("Ada Admin", desk.RoleAdmin, nil)
	id := func(who string) desk.MemberID { return h.members[who].ID }
	for _, a := range []struct {
		what, who, target string
		why               desk.Why
	}{
		{"someone above", "adam", "olga", desk.WhyAbove},
		{"an equal", "adam", "ada", desk.WhyAbove},
		{"oneself", "adam", "adam", desk.WhySelf},
		{"the only owner, by themselves", "olga", "olga", desk.WhySelf},
		{"somebody of another team", "mona", "sara", desk.WhyNotTeammate},
		{"without the permission", "asha", "mark", desk.WhyNoKey},
	} {
		for _, cmd := range []desk.Command{desk.Suspend{Member: id(a.target)}, desk.Remove{Member: id(a.target)}, desk.Resume{Member: id(a.target)}} {
			_, err := h.try(a.who, cmd)
			refused(t, a.what+", "+cmd.Name(), err, a.why)
		}
	}
	if list := h.must("olga", desk.ListStaff{}).(desk.Staff); len(list.Rows) != len(h.members) {
		t.Errorf("%d of %d are left", len(list.Rows), len(h.members))
	}
}

// TestOwnersShutEachOtherOut lets many owners suspend and remove each other at the
// same moment, a thousand times: one of them stays.
func TestOwnersShutEachOtherOut(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	owners := []desk.MemberID{h.members["olga"].ID}
	for i := range 9 {
		owners = append(owners, h.hire(fmt.Sprint("Owner ", i), desk.RoleOwner, nil).ID)
	}
	var wg sync.WaitGroup
	for i := range 1000 {
		who, target := owners[i%10], owners[(i/10+i%10+1)%10]
		cmd := desk.Command(desk.Suspend{Member: target})
		if i%3 == 0 {
			cmd = desk.Remove{Member: target}
		}
		wg.Go(func() {
			_, _ = h.service.Do(t.Context(), server.Caller{Member: who, Session: "test"}, fmt.Sprint("shut-", i), cmd)
		})
	}
	wg.Wait()
	if n := h.owners(); n != 1 {
		t.Errorf("%d owners are left", n)
	}
}

// TestWhoIsntThere names people who don't exist, and one who was removed: the
// answers are the same.
func TestWhoIsntThere(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	gone := h.members["mark"].ID
	h.must("olga", desk.Remove{Member: gone})
	asha := h.members["asha"].ID
	for _, cmds := range [][2]desk.Command{
		{desk.Suspend{Member: "u_none"}, desk.Suspend{Member: gone}},
		{desk.Suspend{Member: asha, HandTo: "u_none"}, desk.Suspend{Member: asha, HandTo: gone}},
		{desk.Remove{Member: "u_none"}, desk.Remove{Member: gone}},
		{desk.Resume{Member: "u_none"}, desk.Resume{Member: gone}},
		{desk.SetTeams{Member: "u_none"}, desk.SetTeams{Member: gone}},
		{desk.ListSessions{Member: "u_none"}, desk.ListSessions{Member: gone}},
		{desk.EndSessions{Member: "u_none"}, desk.EndSessions{Member: gone}},
	} {
		for _, who := range []string{"olga", "mona", "asha"} {
			_, none := h.try(who, cmds[0])
			_, removed := h.try(who, cmds[1])
			if asJSON(t, desk.AsError(none)) != asJSON(t, desk.AsError(removed)) || none == nil {
				t.Errorf("%s, %s: %v and %v", who, cmds[0].Name(), none, removed)
			}
		}
	}
	if _, ok := h.staff(gone); ok {
		t.Error("the list shows who was removed")
	}
}

// lend gives a member a key for a time, and an open wish, straight in the store.
func (h *house) lend(who string) {
	h.t.Helper()
	m := h.members[who]
	m.Grants = []desk.Grant{{ID: "g_1", Perm: desk.ConversationView, Scope: desk.ScopeAll, Since: h.clock.now(), Until: h.clock.now().Add(time.Hour)}}
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutMember(m); err != nil {
			return err
		}
		wish := desk.Request{ID: "q_" + desk.RequestID(who), Member: m.ID, Perm: desk.MessageNote, Scope: desk.ScopeAll, At: h.clock.now(), State: desk.RequestOpen}
		if err := tx.PutRequest(wish); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.AccessGranted, At: h.clock.now(), Member: &m}})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestSuspensionEndsEverything(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha")
	asha, mona := h.members["asha"], h.members["mona"]
	id := plant(t, h.store, h.clock.now(), open1(asha.ID, support))[0]
	h.lend("asha")
	here, there := h.dial("asha", desk.Hello{}), h.dial("asha", desk.Hello{})
	here.first()
	there.first()
	seq := h.must("mona", desk.Suspend{Member: asha.ID, HandTo: mona.ID}).(desk.Done).Seq
	for _, l := range []*line{here, there} {
		if b := l.bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
			t.Errorf("bye = %+v", b)
		}
	}
	if got := h.signIn("192.0.2.1", asha.Email, canary); got.status != http.StatusUnauthorized {
		t.Errorf("a suspended member signs in: %+v", got)
	}
	if c, messages := h.thread(id); c.Assignee != mona.ID || messages[len(messages)-1].Text != "Asha Agent was suspended." {
		t.Errorf("the chat: %+v %+v", c.Facts(), messages[len(messages)-1])
	}
	e := h.log(0, desk.MemberSuspended)[0]
	if d := detail(t, e); e.Seq != seq || e.Actor != mona.ID || e.Target != string(asha.ID) || !strings.Contains(string(d.Before), `"signed_in":2`) ||
		!strings.Contains(string(d.Before), `"g_1"`) || !strings.Contains(string(d.After), `"hand_to":"`+string(mona.ID)) {
		t.Errorf("the log has %+v %s", e, e.Detail)
	}
	_, err := h.try("mona", desk.Suspend{Member: asha.ID})
	coded(t, "once more", err, desk.CodeConflict)
	h.must("mona", desk.Resume{Member: asha.ID})
	_, err = h.try("mona", desk.Resume{Member: asha.ID})
	coded(t, "resuming once more", err, desk.CodeConflict)
	if got := h.signIn("192.0.2.1", asha.Email, canary); got.status != http.StatusOK {
		t.Errorf("after resuming: %+v", got)
	}
	if b := h.dial("asha", desk.Hello{Token: h.tokens["asha"]}).bye(); b.Code != desk.CodeUnauthenticated {
		t.Errorf("a sign-in of before holds again: %+v", b)
	}
	if me := h.dial("asha", desk.Hello{}).first().Me; len(me.Member.Grants) != 0 {
		t.Errorf("what was lent came back: %+v", me.Member.Grants)
	}
}

// TestHandingOver tells how suspending could be used to get at chats, or to push
// them on somebody.
func TestHandingOver(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha, id := h.members["asha"].ID, h.plantFor("asha")
	h.custom("warden", 50, map[desk.Perm]desk.Scope{desk.MemberSuspend: desk.ScopeAll, desk.MessageReply: desk.ScopeOwn, desk.ConversationView: desk.ScopeOwn})
	h.custom("narrow", 50, map[desk.Perm]desk.Scope{desk.MemberSuspend: desk.ScopeAll, desk.MessageReply: desk.ScopeOwn,
		desk.ConversationView: desk.ScopeAll, desk.ConversationAssign: desk.ScopeOwn})
	h.members["wally"], h.members["nora"] = h.hire("Wally", "warden", nil), h.hire("Nora", "narrow", nil)
	for _, who := range []string{"wally", "nora"} {
		for _, cmd := range []desk.Command{desk.Suspend{Member: asha, HandTo: h.members[who].ID}, desk.Remove{Member: asha, HandTo: h.members[who].ID}} {
			_, err := h.try(who, cmd)
			refused(t, who+" takes what they don't see or mustn't assign", err, desk.WhyScope)
		}
	}
	_, err := h.try("olga", desk.Suspend{Member: asha, HandTo: h.members["vera"].ID})
	refused(t, "to someone who can't answer", err, desk.WhyAssignee)
	invited := h.must("olga", desk.Invite{FullName: "Ines", Email: "ines@example.com", Role: desk.RoleAgent}).(desk.Done).Member
	_, err = h.try("olga", desk.Suspend{Member: asha, HandTo: invited})
	coded(t, "to someone who isn't there yet", err, desk.CodeConflict)
	if c, _ := h.thread(id); c.Assignee != asha {
		t.Errorf("after refusals alone %q has the chat", c.Assignee)
	}
	h.must("wally", desk.Suspend{Member: asha})
	if c, _ := h.thread(id); c.Assignee != "" {
		t.Errorf("into the queue, but %q has it", c.Assignee)
	}
}

// plantFor makes a chat that a member has.
func (h *house) plantFor(who string) desk.ConversationID {
	h.t.Helper()
	return plant(h.t, h.store, h.clock.now(), open1(h.members[who].ID, support))[0]
}

func TestRemoving(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha")
	asha := h.members["asha"]
	id := h.plantFor("asha")
	h.lend("asha")
	l := h.dial("asha", desk.Hello{})
	l.first()
	h.must("mona", desk.Suspend{Member: asha.ID})
	h.must("mona", desk.Remove{Member: asha.ID}) // a suspended one too
	l.bye()
	if c, _ := h.thread(id); c.Assignee != "" {
		t.Errorf("%q has the chat", c.Assignee)
	}
	var wishes []desk.Request
	var hash error
	err := h.store.Read(t.Context(), func(tx *store.Tx) (err error) {
		_, hash = tx.PasswordHash(asha.ID)
		wishes, err = tx.Requests(time.Time{})
		return err
	})
	if err != nil || len(wishes) != 1 || wishes[0].State != desk.RequestWithdrawn || hash == nil {
		t.Errorf("left of them: %+v, %v, %v", wishes, hash, err)
	}
	got := h.must("olga", desk.Invite{FullName: "Asha Again", Email: "ASHA@example.com", Role: desk.RoleViewer}).(desk.Done)
	if got.Member == asha.ID || got.Code == "" {
		t.Errorf("somebody new with the address: %+v", got)
	}
	members := map[desk.MemberID]desk.Member{}
	for _, m := range h.snapshotOf("olga").Members {
		members[m.ID] = m
	}
	if m := members[asha.ID]; !m.Removed || !m.Suspended || m.Email != "" || m.Name != "Asha Agent" || len(m.Grants) != 0 {
		t.Errorf("what is left: %+v", m)
	}
	h.must("olga", desk.Remove{Member: got.Member}) // before she has joined
	if codes := h.codes(); len(codes) != 0 {
		t.Errorf("codes are left: %+v", codes)
	}
	if list, err := h.service.Members(t.Context()); err != nil || len(list) != len(h.members)-1 {
		t.Errorf("the console lists %d members, %v", len(list), err)
	}
	coded(t, "resuming from the console", h.service.Resume(t.Context(), asha.ID), desk.CodeNotFound)
}

// codes are the invitations that are kept.
func (h *house) codes() (list []store.Invitation) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Invitations()
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// TestTheConsoleSuspendsLikeACommand does it without a member who asks.
func TestTheConsoleSuspendsLikeACommand(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := h.plantFor("asha")
	if err := h.service.Suspend(t.Context(), h.members["asha"].ID); err != nil {
		t.Fatal(err)
	}
	if c, messages := h.thread(id); c.Assignee != "" || messages[len(messages)-1].Author != "" {
		t.Errorf("the chat: %+v, by %q", c.Facts(), messages[len(messages)-1].Author)
	}
	for _, kind := range []desk.EventKind{desk.MemberSuspended, desk.ConversationHandedOver} {
		if e := h.log(0, kind)[0]; e.Actor != "" || e.Session != "console" {
			t.Errorf("%s: by %q in %q", kind, e.Actor, e.Session)
		}
	}
}
