package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const settings = `
listen = "127.0.0.1:0"
log_format = "json"
[whatsapp]
base_url = "http://127.0.0.1:1"
phone_number_id = "106540352242922"
waba_id = "102290129340398"
app_secret = "canary-app-secret-0123"
verify_token = "canary-verify-token-0123"
access_token = "canary-access-token-0123"
`

// running is a server that this test started.
type running struct {
	base string
	stop func() error  // ends it and waits
	log  *bytes.Buffer // to be read after stop
}

func start(t *testing.T) running {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "frontdeskd.toml")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"frontdeskd", "serve", "--config", file, "--data", dir}, func(string) string { return "" }, strings.NewReader(""), io.Discard, w)
		ended <- errors.Join(err, w.Close())
	}()
	s := running{log: &bytes.Buffer{}}
	lines := bufio.NewScanner(r)
	for s.base == "" && lines.Scan() {
		s.log.WriteString(lines.Text() + "\n")
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			s.base = "http://" + line.Address
		}
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines.Scan() {
			s.log.WriteString(lines.Text() + "\n")
		}
	}()
	s.stop = func() error { cancel(); <-drained; return <-ended }
	if s.base == "" {
		t.Fatalf("the server didn't start: %v\n%s", s.stop(), s.log)
	}
	return s
}

func get(t *testing.T, url string, header http.Header) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestServe(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name, path string
		header     http.Header
		status     int
		says       string
	}{
		{"ready", "/readyz", nil, 200, "ready"},
		{"alive", "/healthz", nil, 200, "ok"},
		{"the webhook is set up", webhookPath + "?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=canary-verify-token-0123", nil, 200, "4711"},
		{"the webhook with a wrong token", webhookPath + "?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=x", nil, 403, ""},
		{"nothing else", "/", nil, 404, ""},
		{"a header too large", "/readyz", http.Header{"X-Large": {strings.Repeat("a", 2*headerLimit)}}, 431, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := get(t, s.base+c.path, c.header)
			if status != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%d %q, want %d and %q", status, body, c.status, c.says)
			}
		})
	}
	began := time.Now()
	if err := s.stop(); err != nil {
		t.Errorf("stopping: %v\n%s", err, s.log)
	}
	if took := time.Since(began); took > stopWait {
		t.Errorf("stopping took %s, want at most %s", took, stopWait)
	}
	if log := s.log.String(); strings.Contains(log, "canary") || !strings.Contains(log, `"msg":"stopped"`) {
		t.Errorf("the log tells a secret, or not that the server stopped:\n%s", log)
	}
}

func TestLogIsPlain(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log := newLogger(&out, slog.LevelInfo, format)
		log.With("who\x1b", "Zoë\u202e").WithGroup("g").Error("sent \x1b[2J", "err", errors.New("bad \u009b31m"),
			"list", []string{"\x07"}, "struct", struct{ Name string }{"\u2066"}, "n", 7)
		if strings.ContainsFunc(strings.TrimSuffix(out.String(), "\n"), func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s: the log holds what a terminal acts on: %q", format, out.String())
		}
		if !strings.Contains(out.String(), "Zo") || !strings.Contains(out.String(), "ERROR") {
			t.Errorf("%s: the log lost something: %q", format, out.String())
		}
	}
}
