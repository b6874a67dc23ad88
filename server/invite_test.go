package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// join uses a code from an address.
func (h *house) join(addr, code, password string) answered {
	h.t.Helper()
	body := asJSON(h.t, desk.Join{Code: code, Password: password, Program: "test", Host: "laptop"})
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/v1/join", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", addr)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(b)}
}

// invited makes an invitation to the team support.
func (h *house) invited(by, email string, role desk.RoleID) desk.Done {
	h.t.Helper()
	return h.must(by, desk.Invite{FullName: "Ines", Email: email, Role: role, Teams: []desk.TeamID{support}}).(desk.Done)
}

func TestJoining(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	watcher := h.dial("olga", desk.Hello{})
	watcher.first()
	done := h.invited("mona", "Ines@Example.com", desk.RoleAgent)
	if !strings.HasPrefix(done.Code, "fdi_") || len(done.Code) != 47 || !done.Ends.Equal(h.clock.now().Add(48*time.Hour)) || done.Member == "" {
		t.Fatalf("the answer: %+v", done)
	}
	if m := watcher.events().Events[0]; m.Kind != desk.MemberInvited || !m.Member.Invited || m.Member.Email != "ines@example.com" {
		t.Errorf("the others are told %+v", m)
	}
	if got := h.signIn("192.0.2.1", "ines@example.com", canary); got.status != http.StatusUnauthorized {
		t.Errorf("signing in without having joined: %+v", got)
	}
	if got := h.join("192.0.2.1", done.Code, "short"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "at least 10") {
		t.Errorf("a short password: %+v", got)
	}
	got := h.join("192.0.2.1", done.Code, canary)
	var as desk.SignedInAs
	if err := json.Unmarshal([]byte(got.body), &as); err != nil || got.status != http.StatusOK || as.Member.ID != done.Member || as.Member.Invited {
		t.Fatalf("joining: %+v", got)
	}
	if me := h.dial("asha", desk.Hello{Token: as.Token}).first().Me; me.Member.ID != done.Member || me.Role.ID != desk.RoleAgent || !me.Member.In(support) {
		t.Errorf("the snapshot is of %+v", me)
	}
	if got := h.signIn("192.0.2.1", "ines@example.com", canary); got.status != http.StatusOK {
		t.Errorf("the password that they chose: %+v", got)
	}
	joined, signed := h.log(0, desk.MemberJoined)[0], h.log(0, desk.SignedIn)
	for _, e := range signed {
		if e.Session == joined.Session && (!strings.Contains(string(detail(t, e).After), `"key":"invitation"`) || !strings.Contains(string(e.Detail), `"host":"laptop"`)) {
			t.Errorf("the sign-in: %s", e.Detail)
		}
	}
	if joined.Actor != done.Member || joined.Addr != "192.0.2.1" || joined.Session == "" {
		t.Errorf("the log has %+v", joined)
	}
	if everything := asJSON(t, h.history().entries); strings.Contains(everything, done.Code) || strings.Contains(everything, canary) {
		t.Error("the code or the password stands in the log")
	}
}

// TestNobodyInvitesBeyondThemselves tells every way to let somebody in who may
// more than oneself.
func TestNobodyInvitesBeyondThemselves(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.custom("trap", 1, map[desk.Perm]desk.Scope{desk.RoleManage: desk.ScopeAll})
	before := len(h.history().members[len(h.history().members)-1])
	for _, a := range []struct {
		what, who string
		role      desk.RoleID
		teams     []desk.TeamID
		why       desk.Why
	}{
		{"a role above one's own", "adam", desk.RoleOwner, nil, desk.WhyAbove},
		{"a role as high as one's own", "adam", desk.RoleAdmin, nil, desk.WhyAbove},
		{"a low role that may more", "mona", "trap", []desk.TeamID{support}, desk.WhyBeyond},
		{"into another team", "mona", desk.RoleViewer, []desk.TeamID{support, wares}, desk.WhyNotTeammate},
		{"into no team", "mona", desk.RoleViewer, nil, desk.WhyNotTeammate},
		{"without the permission", "asha", desk.RoleViewer, []desk.TeamID{support}, desk.WhyNoKey},
	} {
		_, err := h.try(a.who, desk.Invite{FullName: "Ines", Email: "ines@example.com", Role: a.role, Teams: a.teams})
		refused(t, a.what, err, a.why)
	}
	for _, c := range []desk.Invite{
		{FullName: "Ines", Email: "ines@example.com", Role: "none"},
		{FullName: "Ines", Email: "ines@example.com", Role: desk.RoleViewer, Teams: []desk.TeamID{"t_none"}},
	} {
		_, err := h.try("olga", c)
		coded(t, "what isn't there", err, desk.CodeNotFound)
	}
	_, err := h.try("olga", desk.Invite{FullName: "Asha", Email: "ASHA@example.com", Role: desk.RoleViewer})
	coded(t, "an address that is taken", err, desk.CodeConflict)
	if after := h.history().members; len(after[len(after)-1]) != before {
		t.Errorf("%d people, were %d", len(after[len(after)-1]), before)
	}
}

// TestANewCode invites somebody a second time: the first code ends. It can't be
// used to get into an account above one's own.
func TestANewCode(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	first := h.invited("adam", "ines@example.com", desk.RoleAgent)
	second := h.invited("mona", "ines@example.com", desk.RoleAgent)
	if second.Member != first.Member || second.Code == first.Code {
		t.Errorf("the second answer: %+v after %+v", second, first)
	}
	again := desk.Invite{FullName: "Ines", Email: "ines@example.com", Role: desk.RoleViewer, Teams: []desk.TeamID{support}}
	_, err := h.try("adam", again)
	coded(t, "with another role", err, desk.CodeConflict)
	h.invited("olga", "admin@example.com", desk.RoleManager)
	_, err = h.try("mona", desk.Invite{FullName: "Ines", Email: "admin@example.com", Role: desk.RoleViewer, Teams: []desk.TeamID{support}})
	refused(t, "a code for somebody as high", err, desk.WhyAbove)
	if got := h.join("192.0.2.1", first.Code, canary); got.status != http.StatusUnauthorized {
		t.Errorf("the first code: %+v", got)
	}
	if got := h.join("192.0.2.1", second.Code, canary); got.status != http.StatusOK {
		t.Errorf("the second code: %+v", got)
	}
	_, err = h.try("adam", desk.Invite{FullName: "Ines", Email: "ines@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{support}})
	coded(t, "after joining", err, desk.CodeConflict)
}

// TestNobodyRisesByAnInvitation tells how an inviter became more than they are: they
// kept the code of somebody to whom an owner then gave access in advance, and joined
// as them.
func TestNobodyRisesByAnInvitation(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	done := h.invited("mona", "ines@example.com", desk.RoleAgent)
	_, err := h.try("olga", desk.GiveAccess{Member: done.Member, Role: desk.RoleAdmin, For: 3600, Reason: "For her first day"})
	refused(t, "a role for someone who hasn't joined", err, desk.WhyInvited)
	_, err = h.try("olga", desk.GiveAccess{Member: done.Member, Key: desk.LogExport, Scope: desk.ScopeAll, For: 3600, Reason: "For her first day"})
	refused(t, "a key for someone who hasn't joined", err, desk.WhyInvited)
	// What an earlier version allowed may stand there still.
	m := h.history().members[len(h.history().members)-1][done.Member]
	m.Grants = []desk.Grant{{ID: "g_early", Role: desk.RoleAdmin, Until: h.clock.now().Add(time.Hour), Since: h.clock.now(), By: h.members["olga"].ID}}
	if err := h.store.Write(t.Context(), func(tx *store.Tx) error { return tx.PutMember(m) }); err != nil {
		t.Fatal(err)
	}
	_, err = h.try("mona", desk.Invite{FullName: "Ines", Email: "ines@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{support}})
	refused(t, "a new code for someone who may do more", err, desk.WhyAbove)
	if got := h.join("192.0.2.1", done.Code, canary); got.status != http.StatusUnauthorized {
		t.Errorf("joining as someone who may do more than the inviter: %+v", got)
	}
	if got := h.join("192.0.2.2", h.invited("olga", "ines@example.com", desk.RoleAgent).Code, canary); got.status != http.StatusOK {
		t.Errorf("with the code of an owner: %+v", got)
	}
}

// TestACodeIsToldOnce asks for the answer again.
func TestACodeIsToldOnce(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	cmd := desk.Invite{FullName: "Ines", Email: "ines@example.com", Role: desk.RoleAgent}
	do := func() desk.Done {
		done, err := h.service.Do(t.Context(), h.as("olga"), "the same", cmd)
		if err != nil {
			t.Fatal(err)
		}
		return done.(desk.Done)
	}
	first, again := do(), do()
	if first.Code == "" || again.Code != "" || again.Member != first.Member || again.Seq != first.Seq {
		t.Errorf("%+v, then %+v", first, again)
	}
}

// TestCodesThatDontHold tries codes that let nobody in, each for another reason:
// nothing tells them apart.
func TestCodesThatDontHold(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	code := map[string]string{"made up": "fdi_" + strings.Repeat("A", 43), "not a code": "x"}
	by := func(what, who string, role desk.RoleID, spoil func(desk.Done)) {
		done := h.invited(who, strings.ReplaceAll(what, " ", ".")+"@example.com", role)
		code[what] = done.Code
		spoil(done)
	}
	late := h.invited("olga", "late@example.com", desk.RoleAgent)
	h.clock.add(desk.InviteFor - time.Millisecond)
	barely := h.invited("olga", "other@example.com", desk.RoleAgent).Code
	h.clock.add(time.Millisecond)
	code["ended"] = late.Code
	by("used", "olga", desk.RoleAgent, func(d desk.Done) {
		if got := h.join("203.0.113.1", d.Code, canary); got.status != http.StatusOK {
			t.Fatalf("the first use: %+v", got)
		}
	})
	by("invitee suspended", "olga", desk.RoleAgent, func(d desk.Done) { h.must("adam", desk.Suspend{Member: d.Member}) })
	by("invitee removed", "olga", desk.RoleAgent, func(d desk.Done) { h.must("adam", desk.Remove{Member: d.Member}) })
	by("invitee raised", "mona", desk.RoleAgent, func(d desk.Done) { h.must("olga", desk.AssignRole{Member: d.Member, Role: desk.RoleAdmin}) })
	by("invitee moved", "mona", desk.RoleAgent, func(d desk.Done) { h.must("olga", desk.SetTeams{Member: d.Member, Teams: []desk.TeamID{wares}}) })
	by("inviter demoted", "mona", desk.RoleAgent, func(desk.Done) { h.must("olga", desk.AssignRole{Member: h.members["mona"].ID, Role: desk.RoleAgent}) })
	by("inviter suspended", "adam", desk.RoleAgent, func(desk.Done) { h.must("olga", desk.Suspend{Member: h.members["adam"].ID}) })
	h.members["ada"] = h.hire("Ada", desk.RoleAdmin, nil)
	by("inviter removed", "ada", desk.RoleAgent, func(desk.Done) { h.must("olga", desk.Remove{Member: h.members["ada"].ID}) })
	want, n := h.join("192.0.2.1", code["made up"], canary), 0
	if want.status != http.StatusUnauthorized || !strings.Contains(want.body, `"unauthenticated"`) {
		t.Fatalf("a code that was made up: %+v", want)
	}
	for what, c := range code {
		n++
		if got := h.join(fmt.Sprintf("198.51.%d.1", n), c, canary); got.status != want.status || got.body != want.body {
			t.Errorf("%s is told apart: %d %s", what, got.status, got.body)
		}
	}
	if got := h.join("203.0.113.9", barely, canary); got.status != http.StatusOK {
		t.Errorf("one that holds: %+v", got)
	}
	failed := h.log(0, desk.SignInFailed)
	if len(failed) != len(code)+1 || failed[0].Addr != "192.0.2.1" || strings.Contains(asJSON(t, failed), "fdi_") {
		t.Errorf("the log has %d failures, %+v", len(failed), failed[0])
	}
}

// TestOneJoins uses a code a hundred times at the same moment, and as often with
// another password: one of them is in.
func TestOneJoins(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true, SignIns: 8})
	done := h.invited("olga", "ines@example.com", desk.RoleAgent)
	var wg sync.WaitGroup
	statuses := make([]int, 100)
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = h.join(fmt.Sprintf("198.51.%d.1", i), done.Code, fmt.Sprint("a password of ", i)).status
		})
	}
	wg.Wait()
	in := map[int]int{}
	for _, s := range statuses {
		in[s]++
	}
	if in[http.StatusOK] != 1 || in[http.StatusInternalServerError] != 0 {
		t.Errorf("by status: %v", in)
	}
	if n := len(h.log(0, desk.MemberJoined)); n != 1 {
		t.Errorf("%d joined", n)
	}
}

// TestCodesAreThrottled guesses codes: the network waits, as for passwords, and
// others don't.
func TestCodesAreThrottled(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha")
	done := h.invited("olga", "ines@example.com", desk.RoleAgent)
	for i := range 5 {
		if got := h.join("192.0.2.1", fmt.Sprint("fdi_guess", i), canary); got.status != http.StatusUnauthorized {
			t.Fatalf("guess %d: %+v", i, got)
		}
	}
	logged := len(h.log(0, desk.SignInFailed))
	if got := h.join("192.0.2.99", done.Code, canary); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "60" {
		t.Errorf("the sixth: %+v", got)
	}
	if n := len(h.log(0, desk.SignInFailed)); n != logged {
		t.Errorf("what the guard turns away is logged: %d after %d", n, logged)
	}
	if got := h.signIn("192.0.2.1", "asha@example.com", canary); got.status != http.StatusOK {
		t.Errorf("signing in from there: %+v", got)
	}
	if got := h.join("198.51.100.1", done.Code, canary); got.status != http.StatusOK {
		t.Errorf("joining from elsewhere: %+v", got)
	}
}

// TestAPasswordFromTheConsoleJoins gives an invited member a password on the
// server's host: they are in, and the code is gone.
func TestAPasswordFromTheConsoleJoins(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	done := h.invited("olga", "ines@example.com", desk.RoleAgent)
	if err := h.service.SetPassword(t.Context(), done.Member, canary); err != nil {
		t.Fatal(err)
	}
	if got := h.signIn("192.0.2.1", "ines@example.com", canary); got.status != http.StatusOK {
		t.Errorf("signing in: %+v", got)
	}
	if got := h.join("192.0.2.1", done.Code, canary+" of a thief"); got.status != http.StatusUnauthorized {
		t.Errorf("the code still holds: %+v", got)
	}
	if codes := h.codes(); len(codes) != 0 {
		t.Errorf("it is kept: %+v", codes)
	}
}
