package whatsapp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	// maxBody is more than Meta's 3 MB: refusing an oversized batch would have it
	// repeated for days.
	maxBody      = 4 << 20
	maxChallenge = 256
	readTimeout  = 20 * time.Second
	// maxAhead is how far a message's time may lie in the future before it is
	// taken for now: its window would otherwise stay open for as long as it says.
	maxAhead = 5 * time.Minute
	// maxReading is how many bodies are read at once. Whether a sender is Meta is
	// known only when the last byte is there, so strangers must not fill the memory.
	maxReading = 32
)

// Receiver stores a delivery. When it returns nil the delivery is durable.
type Receiver interface {
	Receive(ctx context.Context, in desk.Incoming) error
}

// NewWebhook returns the handler that Meta calls: GET to set the webhook up,
// POST for every delivery. It answers 200 only for what the receiver has stored.
func NewWebhook(c Config, r Receiver) http.Handler {
	return &webhook{c, r, c.logger(), make(chan struct{}, maxReading)}
}

type webhook struct {
	c       Config
	to      Receiver
	log     *slog.Logger
	reading chan struct{}
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	switch r.Method {
	case http.MethodGet:
		h.verify(w, r)
	case http.MethodPost:
		h.receive(w, r)
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// verify answers Meta's question whether this address is ours.
func (h *webhook) verify(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("hub.mode") != "subscribe" || !sameSecret(q.Get("hub.verify_token"), h.c.VerifyToken) {
		h.log.Warn("webhook verification refused: the verify token differs from the configured one", "from", r.RemoteAddr)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	challenge := q.Get("hub.challenge")
	if !shortToken(challenge) {
		h.log.Warn("webhook verification refused: the challenge isn't a short token", "from", r.RemoteAddr, "bytes", len(challenge))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, challenge)
}

func (h *webhook) receive(w http.ResponseWriter, r *http.Request) {
	given, ok := signature(r.Header.Values("X-Hub-Signature-256"))
	if !ok {
		h.refuseSigner(w, r)
		return
	}
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	default:
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	// Not every ResponseWriter has deadlines; the server's own then applies.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		h.refuseBody(w, r, err)
		return
	}
	if !signed(body, given, h.c.AppSecrets) {
		h.refuseSigner(w, r)
		return
	}
	in, err := Decode(h.c.Channel, h.c.PhoneNumberID, body)
	if err != nil {
		h.log.Warn("webhook delivery kept unread", "bytes", len(body), "error", err)
	}
	for _, u := range in.Other {
		h.log.Info("part of a webhook delivery kept without acting on it", "why", u.Why, "bytes", len(u.Raw))
	}
	settleTimes(&in, h.c.now())
	if !in.Empty() {
		if err := h.to.Receive(r.Context(), in); err != nil {
			h.unavailable(w, in, err)
			return
		}
	}
	w.WriteHeader(http.StatusOK)
}

func (h *webhook) refuseSigner(w http.ResponseWriter, r *http.Request) {
	h.log.Warn("webhook delivery refused: its signature is missing or wrong", "from", r.RemoteAddr, "bytes", r.ContentLength)
	w.WriteHeader(http.StatusUnauthorized)
}

func (h *webhook) refuseBody(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		h.log.Error("webhook delivery refused: it is larger than Meta ever sends", "from", r.RemoteAddr, "limit", maxBody)
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	h.log.Warn("webhook delivery broke off", "from", r.RemoteAddr, "error", err)
	w.WriteHeader(http.StatusBadRequest)
}

// unavailable asks Meta to come again: nothing was stored.
func (h *webhook) unavailable(w http.ResponseWriter, in desk.Incoming, err error) {
	wait := 5
	if e, ok := errors.AsType[*desk.Error](err); ok && e.RetryMS > 0 {
		wait = (e.RetryMS + 999) / 1000
	}
	h.log.Error("webhook delivery not stored; Meta will repeat it",
		"messages", len(in.Messages), "statuses", len(in.Statuses), "error", err)
	w.Header().Set("Retry-After", strconv.Itoa(wait))
	w.WriteHeader(http.StatusServiceUnavailable)
}

// settleTimes gives a message without a time, or with one too far ahead, the
// time of now.
func settleTimes(in *desk.Incoming, now time.Time) {
	settle := func(t *time.Time) {
		if t.IsZero() || t.After(now.Add(maxAhead)) {
			*t = now.UTC().Truncate(time.Second)
		}
	}
	for i := range in.Messages {
		settle(&in.Messages[i].At)
	}
	for i := range in.Statuses {
		settle(&in.Statuses[i].At)
	}
}

// signature reads the header of the signature: "sha256=" and 64 hex digits, once.
func signature(header []string) (given []byte, ok bool) {
	if len(header) != 1 {
		return nil, false
	}
	word, ok := strings.CutPrefix(header[0], "sha256=")
	given, err := hex.DecodeString(word)
	return given, ok && err == nil && len(given) == sha256.Size
}

// signed checks the HMAC over the bytes as they came; all secrets are tried, so
// the time taken doesn't tell which one fitted.
func signed(body, given []byte, secrets []string) bool {
	match := 0
	for _, s := range secrets {
		if s == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(s))
		mac.Write(body)
		match |= subtle.ConstantTimeCompare(mac.Sum(nil), given)
	}
	return match == 1
}

// sameSecret compares without telling the length.
func sameSecret(given, ours string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(ours))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ours != ""
}

func shortToken(s string) bool {
	if s == "" || len(s) > maxChallenge {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_' || r == '.')
	}) < 0
}
