package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// canary is a password that must turn up nowhere.
const canary = "canary-Tr0ub4dor-password"

// answered is what HTTP said.
type answered struct {
	status int
	header http.Header
	body   string
}

// post signs in from an address, as a proxy would tell it.
func (h *house) post(addr, body string) answered {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/v1/session", strings.NewReader(body))
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

func (h *house) signIn(addr, email, password string) answered {
	h.t.Helper()
	return h.post(addr, asJSON(h.t, desk.SignIn{Email: email, Password: password, Program: "test"}))
}

// cheap gives members a password whose hash costs next to nothing.
func (h *house) cheap(password string, who ...string) {
	h.t.Helper()
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		h.t.Fatal(err)
	}
	err = h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		for _, w := range who {
			if err := tx.SetPasswordHash(h.members[w].ID, hash); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha", "vera")
	if err := h.service.Suspend(t.Context(), h.members["vera"].ID); err != nil {
		t.Fatal(err)
	}
	got := h.signIn("192.0.2.1", " Asha@Example.com ", canary)
	var as desk.SignedInAs
	if err := json.Unmarshal([]byte(got.body), &as); err != nil || got.status != http.StatusOK || as.Member.ID != h.members["asha"].ID || !strings.HasPrefix(as.Token, "fd1_") {
		t.Fatalf("the right password: %+v", got)
	}
	if got.header.Get("Cache-Control") != "no-store" {
		t.Error("a token may be cached")
	}
	h.dial("asha", desk.Hello{Token: as.Token}).first()
	want := h.signIn("192.0.2.1", "asha@example.com", "wrong")
	if want.status != http.StatusUnauthorized || !strings.Contains(want.body, `"unauthenticated"`) {
		t.Fatalf("a wrong password: %+v", want)
	}
	for name, got := range map[string]answered{
		"nobody":      h.signIn("192.0.2.1", "nobody@example.com", canary),
		"suspended":   h.signIn("192.0.2.1", "vera@example.com", canary),
		"no password": h.signIn("192.0.2.1", "adam@example.com", canary),
	} {
		if got.status != want.status || got.body != want.body {
			t.Errorf("%s is told apart from a wrong password: %d %s", name, got.status, got.body)
		}
	}
	for _, body := range []string{"", "{}", "null", "[]", `{"email":"a","password":"b","role":"owner"}`, `{"email":"a","password":"b"} {}`,
		`{"email":"a","password":"` + strings.Repeat("x", 1025) + `"}`, `{"email":"` + strings.Repeat("x", 5000) + `"}`} {
		if got := h.post("192.0.2.1", body); got.status != http.StatusBadRequest {
			t.Errorf("body %.60q: %d", body, got.status)
		}
	}
}

// TestThrottling guesses at one account: the network that guesses waits, the same
// account from elsewhere doesn't, and the wait ends.
func TestThrottling(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha", "adam")
	for i := range 5 {
		if got := h.signIn("192.0.2.1", "asha@example.com", "wrong"); got.status != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d", i, got.status)
		}
	}
	got := h.signIn("192.0.2.77", "asha@example.com", canary) // the same /24
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "60" {
		t.Errorf("the sixth try: %d, Retry-After %q", got.status, got.header.Get("Retry-After"))
	}
	if got := h.signIn("198.51.100.1", "asha@example.com", canary); got.status != http.StatusOK {
		t.Errorf("the same account from another network: %d", got.status)
	}
	if got := h.signIn("192.0.2.1", "adam@example.com", canary); got.status != http.StatusOK {
		t.Errorf("another account from the same network: %d", got.status)
	}
	h.clock.add(61 * time.Second)
	if got := h.signIn("192.0.2.1", "asha@example.com", "wrong"); got.status != http.StatusUnauthorized {
		t.Errorf("after a minute: %d", got.status)
	}
	if got := h.signIn("192.0.2.1", "asha@example.com", canary); got.header.Get("Retry-After") != "120" {
		t.Errorf("the wait doesn't double: %q", got.header.Get("Retry-After"))
	}
	h.clock.add(121 * time.Second)
	if got := h.signIn("192.0.2.1", "asha@example.com", canary); got.status != http.StatusOK {
		t.Errorf("the right password after the wait: %d", got.status)
	}
}

func TestANetworkIsThrottledToo(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true, SignIns: 8})
	guessed := make([]desk.Member, 12)
	for i := range guessed {
		guessed[i] = h.hire("Guessed", desk.RoleAgent, nil)
		h.members[string(guessed[i].ID)] = guessed[i]
		h.cheap(canary, string(guessed[i].ID))
	}
	h.cheap(canary, "asha")
	var wg sync.WaitGroup
	for i := range 60 { // five for each account, none of which has to wait then
		wg.Go(func() { h.signIn("2001:db8:1:2::5", guessed[i%len(guessed)].Email, "wrong") })
	}
	wg.Wait()
	if got := h.signIn("2001:db8:1:2:3::1", "asha@example.com", canary); got.status != http.StatusTooManyRequests {
		t.Errorf("the same /64: %d", got.status)
	}
	if got := h.signIn("2001:db8:1:3::5", "asha@example.com", canary); got.status != http.StatusOK {
		t.Errorf("another /64: %d", got.status)
	}
}

// TestManyGuessesAtOnce sends guesses together: few are checked.
func TestManyGuessesAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{TrustProxy: true})
	h.cheap(canary, "asha")
	var wg sync.WaitGroup
	var mu sync.Mutex
	checked := 0
	for i := range 40 {
		wg.Go(func() {
			got := h.signIn("192.0.2.1", "asha@example.com", fmt.Sprint("wrong", i))
			mu.Lock()
			defer mu.Unlock()
			if got.status == http.StatusUnauthorized {
				checked++
			}
		})
	}
	wg.Wait()
	if checked > 6 { // five, and one that was being checked beside the fifth
		t.Errorf("%d of 40 guesses were checked", checked)
	}
}

func TestTheEleventhSignInEndsTheOldest(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	oldest := h.dial("asha", desk.Hello{})
	oldest.first()
	first := h.tokens["asha"]
	var rest []string
	for range 10 {
		h.clock.add(time.Second)
		token, err := h.service.Issue(t.Context(), h.members["asha"].ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, token)
	}
	if b := oldest.bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
		t.Errorf("the socket of the oldest: %+v", b)
	}
	if b := h.dial("asha", desk.Hello{Token: first}).bye(); b.Code != desk.CodeUnauthenticated {
		t.Errorf("the oldest comes back: %+v", b)
	}
	for _, token := range rest {
		h.dial("asha", desk.Hello{Token: token}).first()
	}
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	issue := func() string {
		token, err := h.service.Issue(t.Context(), h.members["asha"].ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	unused := issue()
	h.clock.add(12 * time.Hour)
	h.dial("asha", desk.Hello{Token: unused}).first() // just in time; and it is noted
	idle := issue()
	h.clock.add(12*time.Hour + time.Second)
	if b := h.dial("asha", desk.Hello{Token: idle}).bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
		t.Errorf("unused for twelve hours: %+v", b)
	}
	used := issue()
	for range 30 * 24 / 11 {
		h.clock.add(11 * time.Hour)
		h.dial("asha", desk.Hello{Token: used}).first()
		h.eventually("the use is noted", func() bool { return h.seen(used).Equal(h.clock.now()) })
	}
	h.clock.add(11 * time.Hour)
	if b := h.dial("asha", desk.Hello{Token: used}).bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
		t.Errorf("after thirty days: %+v", b)
	}
}

// seen is when the use of a token was noted last.
func (h *house) seen(token string) (at time.Time) {
	h.t.Helper()
	hash := sha256.Sum256([]byte(token))
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
		s, err := tx.SessionByToken(hash[:])
		at = s.SeenAt
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return at
}

// TestExpiryEndsAnOpenSocket lets a sign-in run out while its socket is open.
func TestExpiryEndsAnOpenSocket(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Ping: 400 * time.Millisecond})
	l := h.dial("asha", desk.Hello{})
	l.first()
	h.clock.add(31 * 24 * time.Hour)
	if b := l.bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
		t.Errorf("bye = %+v", b)
	}
}

// TestNoSecretsInLogsOrAnswers does everything that touches secrets and looks for
// them in what was logged, answered, sent and stored in the log.
func TestNoSecretsInLogsOrAnswers(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var logged bytes.Buffer
	h := open(t, server.Options{TrustProxy: true, Logger: slog.New(slog.NewTextHandler(locked{&mu, &logged}, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	m, err := h.service.AddMember(t.Context(), server.NewMember{Name: "Cleo", Email: "cleo@example.com", Password: canary, Role: desk.RoleAgent})
	if err != nil {
		t.Fatal(err)
	}
	watcher := h.dial("olga", desk.Hello{})
	watcher.first()
	var as desk.SignedInAs
	if err := json.Unmarshal([]byte(h.signIn("192.0.2.1", "cleo@example.com", canary).body), &as); err != nil || as.Token == "" {
		t.Fatal(err)
	}
	said := []string{
		h.signIn("192.0.2.1", "cleo@example.com", canary+"x").body,
		h.signIn("192.0.2.1", canary, "wrong").body,
		h.post("192.0.2.1", `{"password":"`+canary+`"`).body,
		string(h.dial("olga", desk.Hello{Token: as.Token + "x"}).until(desk.FrameBye).raw),
	}
	if err := h.service.SetPassword(t.Context(), m.ID, canary+" again"); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Suspend(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.AddMember(t.Context(), server.NewMember{Name: "Cleo", Email: "cleo@example.com", Password: canary, Role: desk.RoleAgent}); err == nil {
		t.Error("an address was given twice")
	} else {
		said = append(said, err.Error())
	}
	said = append(said, asJSON(t, watcher.events()), asJSON(t, h.snapshotOf("olga")), asJSON(t, h.history().entries))
	mu.Lock()
	said = append(said, logged.String())
	mu.Unlock()
	for _, s := range said {
		for _, secret := range []string{canary, as.Token, "$argon2id"} {
			if strings.Contains(s, secret) {
				t.Errorf("%q stands in %.300q", secret, s)
			}
		}
	}
}

type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func TestMembersFromTheConsole(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	for name, n := range map[string]server.NewMember{
		"no name":         {Email: "x@example.com", Password: canary, Role: desk.RoleAgent},
		"a control":       {Name: "a\x1b[31m", Email: "x@example.com", Password: canary, Role: desk.RoleAgent},
		"no address":      {Name: "X", Email: "x", Password: canary, Role: desk.RoleAgent},
		"short password":  {Name: "X", Email: "x@example.com", Password: "short", Role: desk.RoleAgent},
		"no such role":    {Name: "X", Email: "x@example.com", Password: canary, Role: "boss"},
		"a taken address": {Name: "X", Email: "ASHA@example.com", Password: canary, Role: desk.RoleAgent},
	} {
		if _, err := h.service.AddMember(context.Background(), n); err == nil || desk.AsError(err).Code == desk.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
	coded(t, "suspending the last owner", h.service.Suspend(t.Context(), h.members["olga"].ID), desk.CodeConflict)
	coded(t, "suspending nobody", h.service.Suspend(t.Context(), "u_none"), desk.CodeNotFound)
	if err := h.service.Suspend(t.Context(), h.members["asha"].ID); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Resume(t.Context(), h.members["asha"].ID); err != nil {
		t.Fatal(err)
	}
	h.dial("asha", desk.Hello{}).first()
}
