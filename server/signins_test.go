package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// listed asks over a socket where a member is signed in.
func (l *line) listed(ref string, id desk.MemberID) (list []desk.SignInInfo) {
	l.t.Helper()
	a := l.do(ref, desk.ListSessions{Member: id})
	var got desk.SessionList
	if err := json.Unmarshal(a.Result, &got); err != nil || a.Error != nil {
		l.t.Fatalf("the list: %+v, %v", a, err)
	}
	return got.Sessions
}

func TestSessionsAreListed(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha")
	asha := h.members["asha"].ID
	body := asJSON(t, desk.SignIn{Email: "asha@example.com", Password: canary, Program: "frontdesk/9\x00\x1b" + strings.Repeat("ü", 60), Host: "laptop"})
	got := h.post("192.0.2.7", body)
	var as desk.SignedInAs
	if err := json.Unmarshal([]byte(got.body), &as); err != nil || got.status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	h.clock.add(time.Minute)
	l := h.dial("asha", desk.Hello{Host: "desktop"})
	l.first()
	h.dial("asha", desk.Hello{Token: h.tokens["asha"], Host: "desktop"}).first()
	list := l.listed("1", asha)
	if len(list) != 2 {
		t.Fatalf("listed: %+v", list)
	}
	here, there := list[0], list[1] // the newest first
	if !here.Yours || here.Open != 2 || here.Key != "console" || here.Host != "desktop" || here.Program != "test" {
		t.Errorf("the one that asks: %+v", here)
	}
	since := h.clock.now().Add(-time.Minute)
	if there.Yours || there.Open != 0 || there.Key != "password" || there.Host != "laptop" || there.Addr != "192.0.2.7" || !there.Since.Equal(since) || !there.Ends.After(since) ||
		len(there.Program) != 63 || !strings.HasPrefix(there.Program, "frontdesk/9ü") {
		t.Errorf("the other: %+v", there)
	}
	h.clock.add(12 * time.Hour) // the other wasn't used for longer than that
	if list := l.listed("2", asha); len(list) != 1 {
		t.Errorf("one that doesn't hold any more is listed: %+v", list)
	}
	for _, a := range []struct {
		what, who, target string
		why               desk.Why
	}{
		{"a colleague's", "asha", "mark", desk.WhyScope},
		{"another team's", "mona", "sara", desk.WhyNotTeammate},
	} {
		_, err := h.try(a.who, desk.ListSessions{Member: h.members[a.target].ID})
		refused(t, a.what, err, a.why)
	}
}

func TestSessionsAreEnded(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha, mona := h.members["asha"].ID, h.members["mona"].ID
	one, two := h.dial("asha", desk.Hello{}), h.dial("asha", desk.Hello{})
	one.first()
	two.first()
	var first, second string // the ids
	for _, i := range one.listed("1", asha) {
		if i.Yours {
			first = i.ID
		} else {
			second = i.ID
		}
	}
	seq := h.must("mona", desk.EndSessions{Member: asha, Session: second}).(desk.Done).Seq
	if b := two.bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 || b.Message != "Your session was ended by Mona Manager. Sign in again." {
		t.Errorf("bye = %+v", b)
	}
	e := h.log(0, desk.SessionsEnded)[0]
	if e.Seq != seq || e.Actor != mona || e.Target != string(asha) || e.Member != nil || !strings.Contains(string(detail(t, e).Before), second) {
		t.Errorf("the log has %+v %s", e, e.Detail)
	}
	if list := one.listed("2", asha); len(list) != 1 || list[0].ID != first {
		t.Errorf("left: %+v", list)
	}
	one.ask("3", desk.EndSessions{Member: asha, Session: first}) // its own
	if b := one.bye(); b.Message != "You ended this session. Sign in again." {
		t.Errorf("one's own: %+v", b)
	}
	if b := h.dial("asha", desk.Hello{Token: h.tokens["asha"]}).bye(); b.Code != desk.CodeUnauthenticated {
		t.Errorf("coming back: %+v", b)
	}
	_, err := h.try("mona", desk.EndSessions{Member: asha})
	coded(t, "nothing left", err, desk.CodeConflict)
	three, four, other := h.dial("asha", desk.Hello{}), h.dial("asha", desk.Hello{}), h.dial("mona", desk.Hello{})
	three.first()
	four.first()
	other.first()
	h.must("mona", desk.EndSessions{Member: asha})
	three.bye()
	four.bye()
	other.do("still-here", desk.ListConversations{List: desk.ListAll})
}

// TestSessionsOfOthers tries to end sessions that one mustn't.
func TestSessionsOfOthers(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := func(who string) desk.MemberID { return h.members[who].ID }
	lines := map[string]*line{}
	for _, who := range []string{"olga", "adam", "sara", "mark", "asha"} {
		lines[who] = h.dial(who, desk.Hello{})
		lines[who].first()
	}
	for _, a := range []struct {
		what, who, target string
		why               desk.Why
	}{
		{"someone above", "adam", "olga", desk.WhyAbove},
		{"another team's", "mona", "sara", desk.WhyNotTeammate},
		{"a colleague's", "asha", "mark", desk.WhyScope},
	} {
		_, err := h.try(a.who, desk.EndSessions{Member: id(a.target)})
		refused(t, a.what, err, a.why)
	}
	olgas := lines["olga"].listed("1", id("olga"))[0].ID
	for _, session := range []string{olgas, "s_none"} { // named beside somebody whose sessions one may end
		_, err := h.try("asha", desk.EndSessions{Member: id("asha"), Session: session})
		if got := asJSON(t, desk.AsError(err)); got != asJSON(t, desk.ErrNotFound()) {
			t.Errorf("session %s: %s", session, got)
		}
	}
	for _, l := range lines {
		l.do("still-here", desk.ListConversations{List: desk.ListMine})
	}
}

// TestAnotherProcessEndsSessions ends a session through another process: the
// socket here closes once the log is read.
func TestAnotherProcessEndsSessions(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: 5 * time.Millisecond})
	l := h.dial("asha", desk.Hello{})
	l.first()
	if _, err := h.other().Do(t.Context(), h.as("mona"), "elsewhere", desk.EndSessions{Member: h.members["asha"].ID}); err != nil {
		t.Fatal(err)
	}
	if b := l.bye(); b.Code != desk.CodeUnauthenticated || !strings.Contains(b.Message, "Mona Manager") {
		t.Errorf("bye = %+v", b)
	}
}

// TestFailedSignInsAreLogged looks what stands in the log about those who didn't
// get in.
func TestFailedSignInsAreLogged(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha", "vera")
	h.must("olga", desk.Suspend{Member: h.members["vera"].ID})
	long := strings.Repeat("x", 64) + "@" + strings.Repeat("y", 180) + ".com"
	for i, a := range []struct{ tried, target, email string }{
		{"asha@example.com", string(h.members["asha"].ID), "asha@example.com"},
		{"vera@example.com", string(h.members["vera"].ID), "vera@example.com"},
		{"nobody@example.com", "", "nobody@example.com"},
		{long, "", long[:200]},
		{"my password 123", "", ""}, // in the wrong field
	} {
		password := "wrong"
		if strings.HasPrefix(a.tried, "vera") {
			password = canary
		}
		if got := h.signIn("192.0.2.1", a.tried, password); got.status != http.StatusUnauthorized {
			t.Fatalf("%q: %+v", a.tried, got)
		}
		failed := h.log(0, desk.SignInFailed)
		if len(failed) != i+1 {
			t.Fatalf("%q: %d failures in the log", a.tried, len(failed))
		}
		if e := failed[i]; e.Target != a.target || e.Addr != "192.0.2.1" || e.Actor != "" || detail(t, e).Email != a.email {
			t.Errorf("%q: %+v %s", a.tried, e, e.Detail)
		}
	}
	for range 20 {
		h.signIn("192.0.2.1", "asha@example.com", "wrong")
	}
	if n := len(h.log(0, desk.SignInFailed)); n != 9 { // four more, then the guard
		t.Errorf("%d failures in the log after a flood", n)
	}
}
