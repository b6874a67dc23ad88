package whatsapp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	vectorSecret = "test-app-secret-3f9c"
	vectorA      = `{"object":"whatsapp_business_account","entry":[]}`
	signatureA   = "sha256=0cef0cc792dde650ad6f252b1cc905dab80d941a8f856780200e77e9334411ae"
	vectorB      = `{"object":"whatsapp_business_account","entry":[{"id":"118822334455667","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"447700900123","phone_number_id":"209988776655443"},"contacts":[{"profile":{"name":"Zo\u00eb \u041f\u0435\u0442\u0440\u043e\u0432\u0430"},"wa_id":"447700900456"}],"messages":[{"from":"447700900456","id":"wamid.TEST1","timestamp":"1795420800","text":{"body":"Ol\u00e1 \ud83d\udc4b"},"type":"text"}]},"field":"messages"}]}]}`
	signatureB   = "sha256=baf4a2f3741ea0fec564aa70b70e3e2bc5edae84dbdb01ddc9f28fa745e63aeb"
)

// rawB is the JSON of vectorB in UTF-8: the same meaning, other bytes.
const rawB = `{"object":"whatsapp_business_account","entry":[{"id":"118822334455667","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"447700900123","phone_number_id":"209988776655443"},"contacts":[{"profile":{"name":"Zoë Петрова"},"wa_id":"447700900456"}],"messages":[{"from":"447700900456","id":"wamid.TEST1","timestamp":"1795420800","text":{"body":"Olá 👋"},"type":"text"}]},"field":"messages"}]}]}`

// keeper remembers what it was given, and answers with err.
type keeper struct {
	got []desk.Incoming
	err error
}

func (k *keeper) Receive(_ context.Context, in desk.Incoming) error {
	k.got = append(k.got, in)
	return k.err
}

func testConfig() Config {
	return Config{PhoneNumberID: testPhone, WABAID: "118822334455667", Channel: testChannel, AccessToken: "token",
		VerifyToken: "s3cr3t-verify", AppSecrets: []string{vectorSecret},
		Now: func() time.Time { return time.Unix(1795420900, 0) }}
}

func post(t *testing.T, c Config, k *keeper, body, signature string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp", strings.NewReader(body))
	if signature != "" {
		r.Header.Set("X-Hub-Signature-256", signature)
	}
	w := httptest.NewRecorder()
	NewWebhook(c, k).ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	busy := desk.Errorf(desk.CodeBusy, "too much")
	busy.RetryMS = 2500
	for name, tc := range map[string]struct {
		body, signature string
		secrets         []string
		err             error
		status, given   int
		retry           string
	}{
		"vector A":            {body: vectorA, signature: signatureA, status: 200},
		"vector B":            {body: vectorB, signature: signatureB, status: 200, given: 1},
		"upper case hex":      {body: vectorB, signature: "sha256=" + strings.ToUpper(signatureB[7:]), status: 200, given: 1},
		"raw UTF-8 of B":      {body: rawB, signature: signatureB, status: 401},
		"one byte more":       {body: vectorA + " ", signature: signatureA, status: 401},
		"missing":             {body: vectorA, status: 401},
		"truncated":           {body: vectorA, signature: signatureA[:70], status: 401},
		"empty hex":           {body: vectorA, signature: "sha256=", status: 401},
		"sha1":                {body: vectorA, signature: "sha1=" + signatureA[7:47], status: 401},
		"no hex":              {body: vectorA, signature: "sha256=" + strings.Repeat("z", 64), status: 401},
		"old secret":          {body: vectorA, signature: signatureA, secrets: []string{"new", vectorSecret}, status: 200},
		"neither secret":      {body: vectorA, signature: signatureA, secrets: []string{"new", "old"}, status: 401},
		"no secret":           {body: vectorA, signature: signatureA, secrets: []string{}, status: 401},
		"empty secret":        {body: vectorA, signature: signedBy("", vectorA), secrets: []string{""}, status: 401},
		"not JSON":            {body: "<html>", signature: signedBy(vectorSecret, "<html>"), status: 200, given: 1},
		"other object":        {body: `{"object":"page"}`, signature: signedBy(vectorSecret, `{"object":"page"}`), status: 200, given: 1},
		"not stored":          {body: vectorB, signature: signatureB, err: errors.New("disk full"), status: 503, given: 1, retry: "5"},
		"busy":                {body: vectorB, signature: signatureB, err: busy, status: 503, given: 1, retry: "3"},
		"quarantine not kept": {body: "<html>", signature: signedBy(vectorSecret, "<html>"), err: busy, status: 503, given: 1, retry: "3"},
	} {
		t.Run(name, func(t *testing.T) {
			c, k := testConfig(), &keeper{err: tc.err}
			if tc.secrets != nil {
				c.AppSecrets = tc.secrets
			}
			w := post(t, c, k, tc.body, tc.signature)
			if w.Code != tc.status || len(k.got) != tc.given || w.Header().Get("Retry-After") != tc.retry {
				t.Errorf("answered %d (Retry-After %q), stored %d", w.Code, w.Header().Get("Retry-After"), len(k.got))
			}
			if w.Body.Len() != 0 {
				t.Errorf("the answer has a body: %q", w.Body)
			}
		})
	}
}

func signedBy(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestVectorBIsRead(t *testing.T) {
	k := &keeper{}
	post(t, testConfig(), k, vectorB, signatureB)
	m := k.got[0].Messages[0]
	if m.Text != "Olá 👋" || m.From.Name != "Zoë Петрова" || m.External != "wamid.TEST1" || !m.At.Equal(time.Unix(1795420800, 0)) {
		t.Errorf("read %+v", m)
	}
}

func TestTwoSignaturesAreRefused(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(vectorA))
	r.Header["X-Hub-Signature-256"] = []string{signatureA, signatureA}
	w := httptest.NewRecorder()
	NewWebhook(testConfig(), &keeper{}).ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("answered %d", w.Code)
	}
}

func TestOversizedBodyIsRefused(t *testing.T) {
	for size, want := range map[int]int{maxBody: 200, maxBody + 1: 413} {
		body := vectorA + strings.Repeat(" ", size-len(vectorA))
		k := &keeper{}
		if w := post(t, testConfig(), k, body, signedBy(vectorSecret, body)); w.Code != want {
			t.Errorf("%d bytes: answered %d, want %d", size, w.Code, want)
		}
	}
}

func TestOtherMethods(t *testing.T) {
	for _, method := range []string{"PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"} {
		w := httptest.NewRecorder()
		NewWebhook(testConfig(), &keeper{}).ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if w.Code != 405 || w.Header().Get("Allow") != "GET, POST" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestVerification(t *testing.T) {
	for name, tc := range map[string]struct {
		mode, token, challenge string
		ours                   string
		status                 int
	}{
		"good":           {"subscribe", "s3cr3t-verify", "1158201444", "s3cr3t-verify", 200},
		"wrong token":    {"subscribe", "s3cr3t-verifx", "1", "s3cr3t-verify", 403},
		"no token":       {"subscribe", "", "1", "s3cr3t-verify", 403},
		"none of ours":   {"subscribe", "", "1", "", 403},
		"other mode":     {"unsubscribe", "s3cr3t-verify", "1", "s3cr3t-verify", 403},
		"script":         {"subscribe", "s3cr3t-verify", "<script>alert(1)</script>", "s3cr3t-verify", 400},
		"empty":          {"subscribe", "s3cr3t-verify", "", "s3cr3t-verify", 400},
		"very long":      {"subscribe", "s3cr3t-verify", strings.Repeat("1", 257), "s3cr3t-verify", 400},
		"line break":     {"subscribe", "s3cr3t-verify", "1\r\nX: y", "s3cr3t-verify", 400},
		"word and marks": {"subscribe", "s3cr3t-verify", "aZ-_.9", "s3cr3t-verify", 200},
	} {
		t.Run(name, func(t *testing.T) {
			c := testConfig()
			c.VerifyToken = tc.ours
			q := url.Values{"hub.mode": {tc.mode}, "hub.verify_token": {tc.token}, "hub.challenge": {tc.challenge}}
			w := httptest.NewRecorder()
			NewWebhook(c, &keeper{}).ServeHTTP(w, httptest.NewRequest("GET", "/?"+q.Encode(), nil))
			want := ""
			if tc.status == 200 {
				want = tc.challenge
			}
			if w.Code != tc.status || w.Body.String() != want {
				t.Fatalf("answered %d %q", w.Code, w.Body)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Error("no nosniff")
			}
			if tc.status == 200 && !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
				t.Errorf("content type %q", w.Header().Get("Content-Type"))
			}
		})
	}
}

// TestTimes: a message from the future would hold its window open for as long as
// it likes; one from the past keeps its time.
func TestTimes(t *testing.T) {
	now := time.Unix(1795420900, 0).UTC()
	for name, tc := range map[string]struct{ given, want time.Time }{
		"past":         {now.Add(-20 * time.Hour), now.Add(-20 * time.Hour)},
		"clocks apart": {now.Add(4 * time.Minute), now.Add(4 * time.Minute)},
		"future":       {now.Add(time.Hour), now},
		"missing":      {time.Time{}, now},
	} {
		in := desk.Incoming{Messages: []desk.IncomingMessage{{At: tc.given}}, Statuses: []desk.StatusReport{{At: tc.given}}}
		settleTimes(&in, now)
		if !in.Messages[0].At.Equal(tc.want) || !in.Statuses[0].At.Equal(tc.want) {
			t.Errorf("%s: %v, %v; want %v", name, in.Messages[0].At, in.Statuses[0].At, tc.want)
		}
	}
}

// TestLogsHoldNoBodies: neither what customers write nor secrets reach the log.
func TestLogsHoldNoBodies(t *testing.T) {
	var log strings.Builder
	c := testConfig()
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	post(t, c, &keeper{err: errors.New("disk full")}, vectorB, signatureB)
	post(t, c, &keeper{}, rawB, signatureB)
	post(t, c, &keeper{}, "Olá <html>", signedBy(vectorSecret, "Olá <html>"))
	if log.Len() == 0 {
		t.Fatal("nothing was logged")
	}
	for _, secret := range []string{"Ol", "Zo", "447700900456", vectorSecret, signatureB[7:], "<html>"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, &log)
		}
	}
}

// TestBodyThatBreaksOff: half a body is no delivery.
func TestBodyThatBreaksOff(t *testing.T) {
	k := &keeper{}
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader(vectorA[:9]), brokenReader{}))
	r.Header.Set("X-Hub-Signature-256", signatureA)
	w := httptest.NewRecorder()
	NewWebhook(testConfig(), k).ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || len(k.got) != 0 {
		t.Errorf("answered %d, stored %d", w.Code, len(k.got))
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestUnsignedBodiesAreNotRead: what can't be Meta's costs no reading.
func TestUnsignedBodiesAreNotRead(t *testing.T) {
	for _, signature := range []string{"", "sha256=", signatureA[:70], "sha1=" + signatureA[7:47], "sha256=" + strings.Repeat("z", 64)} {
		body := &countedReader{}
		r := httptest.NewRequest(http.MethodPost, "/", body)
		if signature != "" {
			r.Header.Set("X-Hub-Signature-256", signature)
		}
		w := httptest.NewRecorder()
		NewWebhook(testConfig(), &keeper{}).ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized || body.reads != 0 {
			t.Errorf("signature %q: answered %d after %d reads", signature, w.Code, body.reads)
		}
	}
}

type countedReader struct{ reads int }

func (c *countedReader) Read([]byte) (int, error) { c.reads++; return 0, io.EOF }

// TestBodiesAtOnceAreBounded holds as many bodies half read as may be: one more is
// to come back later, and is taken once there is room.
func TestBodiesAtOnceAreBounded(t *testing.T) {
	h := NewWebhook(testConfig(), &keeper{})
	send := func(body io.Reader) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/", body)
		r.Header.Set("X-Hub-Signature-256", signatureA)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	var wg sync.WaitGroup
	var held []*io.PipeWriter
	for range maxReading {
		body, writer := io.Pipe()
		wg.Go(func() {
			if w := send(body); w.Code != http.StatusOK {
				t.Errorf("a held body: answered %d", w.Code)
			}
		})
		if _, err := writer.Write([]byte(vectorA[:9])); err != nil { // returns once it is read
			t.Fatal(err)
		}
		held = append(held, writer)
	}
	if w := send(strings.NewReader(vectorA)); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("one more: answered %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	for _, writer := range held {
		_, err := writer.Write([]byte(vectorA[9:]))
		if err = errors.Join(err, writer.Close()); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if w := send(strings.NewReader(vectorA)); w.Code != http.StatusOK {
		t.Errorf("afterwards: answered %d", w.Code)
	}
}
