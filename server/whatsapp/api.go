package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	connectTimeout = 5 * time.Second
	callTimeout    = 30 * time.Second
	maxAnswer      = 1 << 20
	maxWait        = 24 * time.Hour // the longest that we believe of a Retry-After
)

// api is the Graph API as one token sees it.
type api struct {
	root  string
	token string
	http  *http.Client
	now   func() time.Time
}

func newAPI(c Config) *api {
	client := http.Client{Transport: newTransport(), Timeout: callTimeout}
	if c.HTTP != nil {
		client = *c.HTTP
		if client.Timeout == 0 {
			client.Timeout = callTimeout
		}
	}
	// A redirect would carry a customer's message, and maybe the token, elsewhere.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	root := c.base() + "/"
	if c.Version != "" {
		root += c.Version + "/"
	}
	return &api{root: root, token: c.AccessToken, http: &client, now: c.now}
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: connectTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		// Short: a connection that the other side has just closed is where a
		// message gets lost between sent and not sent.
		IdleConnTimeout: 20 * time.Second,
	}
}

// post sends v and returns the body of an answer that says yes, an object. The
// error is a [*desk.SendError].
func (a *api) post(ctx context.Context, path string, v any) (json.RawMessage, error) {
	body, err := encode(v)
	if err != nil {
		return nil, &desk.SendError{Class: desk.SendFail, Problem: desk.Problem{Text: "The message couldn't be written for WhatsApp."}, Err: err}
	}
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// A connection that was found dead before anything was written is
		// replaced by another: the count begins anew.
		GotConn:      func(httptrace.GotConnInfo) { written.Store(false) },
		WroteHeaders: func() { written.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.root+path, bytes.NewReader(body))
	if err != nil {
		return nil, pause("The address of WhatsApp in the settings can't be used.", err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "frontdesk")
	res, err := a.http.Do(req)
	if err != nil {
		if written.Load() {
			return nil, unknown(fmt.Errorf("graph: %w", err))
		}
		return nil, retry("WhatsApp can't be reached; it is tried again.", 0, fmt.Errorf("graph: %w", err))
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = errors.New("the answer is larger than 1 MiB")
	}
	return a.judge(res, answer, err)
}

// judge decides what an answer means. A body that Meta wrote decides by its
// code; the HTTP status only speaks when there is none.
func (a *api) judge(res *http.Response, answer []byte, readErr error) (json.RawMessage, error) {
	var g struct {
		Error json.RawMessage `json:"error"`
	}
	whole := readErr == nil && json.Valid(answer)
	if whole && read(answer, &g) && isObject(g.Error) {
		var e reported
		read(g.Error, &e)
		return nil, a.refusal(res, e)
	}
	cause := fmt.Errorf("graph: HTTP %d, %d bytes that aren't a Graph answer", res.StatusCode, len(answer))
	if readErr != nil {
		cause = fmt.Errorf("graph: HTTP %d, then: %w", res.StatusCode, readErr)
	}
	switch code := res.StatusCode; {
	case code >= 200 && code <= 299 && whole && isObject(answer):
		return answer, nil
	case code >= 200 && code <= 299, code >= 500, code == http.StatusRequestTimeout:
		return nil, unknown(cause)
	case code == http.StatusTooManyRequests:
		return nil, retry(tooBusy, a.wait(res.Header), cause)
	case code >= 300 && code <= 399:
		return nil, pause("The address of WhatsApp in the settings points elsewhere.", cause)
	case code == 401, code == 403, code == 404, code == 405, code == 407:
		return nil, pause("Something between the desk and WhatsApp refuses the call.", cause)
	}
	return nil, &desk.SendError{Class: desk.SendFail, Problem: desk.Problem{Text: "WhatsApp refused the message and doesn't say why."}, Err: cause}
}

func (a *api) refusal(res *http.Response, e reported) *desk.SendError {
	code := e.Code.int()
	cause := fmt.Errorf("graph: HTTP %d, code %q, subcode %q, trace %q", res.StatusCode,
		clip(string(e.Code), maxWord), clip(string(e.Subcode), maxWord), clip(string(e.Trace), maxWord))
	if e.Code == "" {
		code = -1 // 0 is a code of its own
	}
	p, known := policies(code)
	switch {
	case code == 100 && e.Subcode == "33":
		return &desk.SendError{Class: desk.SendPause, Err: cause, Problem: desk.Problem{Code: 100,
			Text: "WhatsApp doesn't know the business number, or the access token can't see it." + askAdmin}}
	case !known && res.StatusCode >= 500:
		return unknown(cause)
	case !known:
		p.class = desk.SendFail
	}
	out := &desk.SendError{Class: p.class, Problem: problem(code, e.details()), MaxTries: p.maxTries, Err: cause}
	out.Problem.Code = max(0, out.Problem.Code)
	if p.class == desk.SendRetry {
		out.RetryAfter = a.wait(res.Header)
		if code == 131057 {
			out.RetryAfter = max(out.RetryAfter, time.Minute)
		}
	}
	return out
}

// wait is how long the answer's headers ask us to stay away; 0 when they don't.
func (a *api) wait(h http.Header) time.Duration {
	var wait time.Duration
	if after := strings.TrimSpace(h.Get("Retry-After")); after != "" {
		if n, err := strconv.Atoi(after); err == nil {
			wait = time.Duration(min(max(n, 0), int(maxWait/time.Second))) * time.Second
		} else if t, err := http.ParseTime(after); err == nil {
			wait = t.Sub(a.now())
		}
	}
	var usage map[string]list
	_ = json.Unmarshal([]byte(h.Get("X-Business-Use-Case-Usage")), &usage)
	for _, l := range usage {
		for _, u := range each[usageEntry](l) {
			minutes := min(max(u.Minutes.int(), 0), int64(maxWait/time.Minute))
			wait = max(wait, time.Duration(minutes)*time.Minute)
		}
	}
	return min(max(wait, 0), maxWait)
}

type usageEntry struct {
	Minutes scalar `json:"estimated_time_to_regain_access"`
}
