package graphfake

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

const (
	maxBody     = 1 << 20
	window      = 24 * time.Hour
	pairBurst   = 45
	pairSeconds = 6
)

// Handler is the Graph side.
func (f *Fake) Handler() http.Handler {
	version := regexp.MustCompile(`^/v\d+(\.\d+)?/`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil {
			return
		}
		f.record(r, body)
		if len(body) > maxBody {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		if r.Header.Get("Authorization") != "Bearer "+f.o.AccessToken {
			f.refuse(w, 190, 463, 0, "")
			return
		}
		path := version.ReplaceAllString(r.URL.Path, "/")
		node, edge, _ := strings.Cut(strings.Trim(path, "/"), "/")
		f.route(w, r, node, edge, body)
	})
}

func (f *Fake) route(w http.ResponseWriter, r *http.Request, node, edge string, body []byte) {
	get, post := r.Method == http.MethodGet, r.Method == http.MethodPost
	number := node == f.o.PhoneNumberID
	waba := node == f.o.WABAID
	switch {
	case number && edge == "messages" && post:
		f.messages(w, r, body)
	case number && edge == "" && get:
		writeJSON(w, http.StatusOK, f.numberObject())
	case waba && edge == "phone_numbers" && get:
		writeJSON(w, http.StatusOK, object{"data": []any{f.numberObject()}, "paging": object{"cursors": object{"before": "MAZDZD", "after": "MAZDZD"}}})
	case waba && edge == "subscribed_apps" && get:
		writeJSON(w, http.StatusOK, object{"data": []any{object{"whatsapp_business_api_data": object{
			"id": "670843887433847", "link": "https://www.facebook.com/games/?app_id=670843887433847", "name": "Frontdesk"}}}})
	case waba && edge == "subscribed_apps":
		writeJSON(w, http.StatusOK, object{"success": true})
	case !number && !waba && edge == "" && (get || r.Method == http.MethodDelete):
		f.describe(w, r, node)
	default:
		f.unknownObject(w, node)
	}
}

func (f *Fake) numberObject() object {
	return object{"id": f.o.PhoneNumberID, "display_phone_number": "+" + f.o.DisplayNumber, "verified_name": "Marlow & Finch",
		"quality_rating": "GREEN", "status": "CONNECTED", "name_status": "APPROVED", "code_verification_status": "VERIFIED",
		"platform_type": "CLOUD_API", "throughput": object{"level": "STANDARD"},
		"whatsapp_business_manager_messaging_limit": "TIER_2K"}
}

// messages takes a message or a read receipt.
func (f *Fake) messages(w http.ResponseWriter, r *http.Request, body []byte) {
	var m outgoing
	if err := json.Unmarshal(body, &m); err != nil {
		f.refuse(w, 100, 0, 0, "The request body isn't valid JSON of a message.")
		return
	}
	reading := m.Status != ""
	to := m.recipient()
	f.mu.Lock()
	p := f.customers[to]
	fault, faulty := f.fault(to, reading)
	f.mu.Unlock()
	if faulty && f.before(w, r, fault) {
		return
	}
	if code, details := m.invalid(); code != 0 {
		f.refuse(w, code, 0, 0, details)
		return
	}
	if reading {
		writeJSON(w, http.StatusOK, object{"success": true})
		return
	}
	if p == nil {
		// Meta takes it and finds out later that the number isn't on WhatsApp.
		p = &person{Customer: Customer{WAID: to, Refuses: 131026}, lastWrote: f.o.Now()}
	}
	failing, code := f.limits(p)
	if code != 0 {
		f.refuse(w, code, 0, 0, "")
		return
	}
	if faulty && fault.Kind == FaultAsync {
		failing = fault.Code
	}
	f.accept(w, r, m, p, failing, fault)
}

// limits checks the window and the pair's rate: code refuses now, failing later.
func (f *Fake) limits(p *person) (failing, code int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.o.Now()
	if !f.knobs.IgnoreWindow && !now.Before(p.lastWrote.Add(window)) {
		if f.knobs.WindowAsync {
			return 131047, 0
		}
		return 0, 131047
	}
	if f.knobs.PairLimit {
		p.tokens = min(pairBurst, p.tokens+now.Sub(p.filledAt).Seconds()/pairSeconds)
		p.filledAt = now
		if p.tokens < 1 {
			return 0, 131056
		}
		p.tokens--
	}
	return p.Refuses, 0
}

func (f *Fake) accept(w http.ResponseWriter, r *http.Request, m outgoing, p *person, failing int, fault Fault) {
	f.mu.Lock()
	a := Accepted{ID: f.wamid(p.WAID, false), Callback: m.Callback, To: key(p.Customer), Type: m.kind(),
		Text: m.Text.Body, Quote: m.Context.MessageID, At: f.o.Now(), Customer: p.Customer}
	f.accepted = append(f.accepted, a)
	p.lastReply = a.ID
	heard, first := f.heard, f.knobs.StatusFirst && failing == 0
	f.signal()
	f.mu.Unlock()
	if first {
		f.emit(r.Context(), f.Status(a, "sent", a.At, 0))
	}
	contact := object{"input": m.To, "wa_id": p.WAID}
	if m.To == "" {
		contact = object{"input": m.Recipient, "user_id": p.UserID}
	}
	answer := object{"messaging_product": "whatsapp", "contacts": []any{contact}, "messages": []any{object{"id": a.ID}}}
	if !f.after(w, r, fault, answer) {
		writeJSON(w, http.StatusOK, answer)
	}
	f.spawn(func(ctx context.Context) { f.follow(ctx, a, failing, first) })
	if heard != nil && failing == 0 {
		heard(a)
	}
}

// before plays the faults of calls that aren't taken; false when the call goes on.
func (f *Fake) before(w http.ResponseWriter, r *http.Request, fault Fault) bool {
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
	if fault.Usage > 0 {
		usage, _ := json.Marshal(object{f.o.WABAID: []any{object{"type": "whatsapp", "call_count": 100, "total_cputime": 25, "total_time": 25, "estimated_time_to_regain_access": fault.Usage}}})
		w.Header().Set("X-Business-Use-Case-Usage", string(usage))
	}
	switch fault.Kind {
	case FaultError:
		f.refuse(w, fault.Code, 0, fault.HTTP, fault.Details)
	case FaultHTML:
		status := fault.HTTP
		if status == 0 {
			status = http.StatusBadGateway
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><body><h1>Sorry, something went wrong.</h1></body></html>")
	case FaultRedirect:
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	case FaultHang:
		f.hang(r)
	case FaultResetBefore:
		reset(w)
	default:
		return false
	}
	return true
}

// after plays the faults of calls that were taken; false when the answer is whole.
func (f *Fake) after(w http.ResponseWriter, r *http.Request, fault Fault, answer object) bool {
	switch fault.Kind {
	case FaultResetAfter:
		reset(w)
	case FaultHangAfter:
		f.hang(r)
	case FaultTruncated:
		whole, _ := json.Marshal(answer)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(whole[:len(whole)/2])
	case FaultDrip:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"messaging_product":`)
		_ = http.NewResponseController(w).Flush()
		f.hang(r)
	case FaultHuge:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"pad":"`+strings.Repeat("x", 2<<20)+`"}`)
	case FaultEmpty:
		w.WriteHeader(http.StatusOK)
	default:
		return false
	}
	return true
}

// hang keeps the caller waiting until one of both goes.
func (f *Fake) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-f.ctx.Done():
	}
}

// reset breaks the connection as a crash would: no answer, no farewell.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
