package whatsapp_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp/graphfake"
)

const channel = desk.ChannelID("wa")

var zoe = graphfake.Customer{Name: "Zoë Hart", WAID: "447700900456", UserID: "GB.83614029571830264417"}

// start returns a fake in which nobody receives webhooks, and the settings for a
// sender to it.
func start(t *testing.T, knobs graphfake.Knobs) (*graphfake.Fake, whatsapp.Config) {
	t.Helper()
	knobs.NoStatuses = true
	f := graphfake.New(graphfake.Options{Knobs: knobs})
	base, err := f.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	f.Add(zoe)
	o := f.Options()
	c := whatsapp.Config{BaseURL: base, Version: "v25.0", PhoneNumberID: o.PhoneNumberID, WABAID: o.WABAID,
		AccessToken: o.AccessToken, VerifyToken: o.VerifyToken, AppSecrets: []string{o.AppSecret},
		Channel: channel, AllowPrivate: true}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return f, c
}

func hello() desk.Outgoing {
	return desk.Outgoing{Message: "m_1", Channel: channel, To: desk.Identity{WAID: zoe.WAID}, Text: "Left today: https://example.com <3"}
}

func TestSend(t *testing.T) {
	f, c := start(t, graphfake.Knobs{IgnoreWindow: true})
	o := hello()
	o.Quote = "wamid.Q=="
	r, err := whatsapp.NewSender(c).Send(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	got := f.Taken()[0]
	if r.External != got.ID || r.WAID != zoe.WAID || got.Callback != "m_1" || got.Text != o.Text || got.Quote != o.Quote {
		t.Errorf("receipt %+v for %+v", r, got)
	}
	req := f.Requests()[0]
	if req.Path != "/v25.0/"+c.PhoneNumberID+"/messages" || req.Header.Get("Authorization") != "Bearer "+c.AccessToken {
		t.Errorf("asked for %s as %q", req.Path, req.Header.Get("Authorization"))
	}
	for _, want := range []string{`"to":"+447700900456"`, `"preview_url":true`, `<3`, `"biz_opaque_callback_data":"m_1"`} {
		if !strings.Contains(string(req.Body), want) {
			t.Errorf("the body lacks %s: %s", want, req.Body)
		}
	}
}

func TestSendToAHiddenNumber(t *testing.T) {
	f, c := start(t, graphfake.Knobs{IgnoreWindow: true})
	o := hello()
	o.To = desk.Identity{UserID: zoe.UserID}
	r, err := whatsapp.NewSender(c).Send(t.Context(), o)
	if err != nil || r.External == "" || r.WAID != "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if body := string(f.Requests()[0].Body); !strings.Contains(body, `"recipient":"`+zoe.UserID) || strings.Contains(body, `"to"`) {
		t.Error(body)
	}
}

// TestPolicy is the table of what each way of failing means. taken says whether
// the customer got it: where they may have, no class but unknown will do.
func TestPolicy(t *testing.T) {
	code := func(code, status int) graphfake.Fault {
		return graphfake.Fault{Kind: graphfake.FaultError, Code: code, HTTP: status}
	}
	kind := func(k graphfake.FaultKind) graphfake.Fault { return graphfake.Fault{Kind: k} }
	html := func(status int) graphfake.Fault { return graphfake.Fault{Kind: graphfake.FaultHTML, HTTP: status} }
	for name, tc := range map[string]struct {
		fault graphfake.Fault
		class desk.SendClass
		taken int
		after time.Duration
		tries int
	}{
		"token expired":            {fault: code(190, 401), class: desk.SendPause},
		"code nought":              {fault: code(0, 401), class: desk.SendPause},
		"permission":               {fault: code(200, 403), class: desk.SendPause},
		"payment":                  {fault: code(131042, 400), class: desk.SendPause},
		"number not registered":    {fault: code(133010, 400), class: desk.SendPause},
		"policy block":             {fault: code(368, 403), class: desk.SendPause},
		"window closed":            {fault: code(131047, 400), class: desk.SendWindow},
		"invalid parameter":        {fault: code(100, 400), class: desk.SendFail},
		"undeliverable":            {fault: code(131026, 400), class: desk.SendFail},
		"unknown code, 400":        {fault: code(999999, 400), class: desk.SendFail},
		"unknown code, 500":        {fault: code(999999, 500), class: desk.SendUnknown},
		"something went wrong":     {fault: code(131000, 500), class: desk.SendRetry, tries: 3},
		"unknown to Meta":          {fault: code(1, 500), class: desk.SendRetry, tries: 2},
		"downtime":                 {fault: code(2, 503), class: desk.SendRetry},
		"throughput as 400":        {fault: code(130429, 400), class: desk.SendRetry},
		"throughput as 429":        {fault: graphfake.Fault{Kind: graphfake.FaultError, Code: 130429, HTTP: 429, RetryAfter: "7"}, class: desk.SendRetry, after: 7 * time.Second},
		"usage header":             {fault: graphfake.Fault{Kind: graphfake.FaultError, Code: 80007, Usage: 19}, class: desk.SendRetry, after: 19 * time.Minute},
		"absurd Retry-After":       {fault: graphfake.Fault{Kind: graphfake.FaultError, Code: 4, RetryAfter: "99999999999"}, class: desk.SendRetry, after: 24 * time.Hour},
		"long Retry-After":         {fault: graphfake.Fault{Kind: graphfake.FaultError, Code: 4, RetryAfter: "9999999"}, class: desk.SendRetry, after: 24 * time.Hour},
		"pair":                     {fault: code(131056, 400), class: desk.SendRetry, after: time.Second},
		"number in maintenance":    {fault: code(131057, 500), class: desk.SendRetry, after: time.Minute},
		"proxy 429":                {fault: graphfake.Fault{Kind: graphfake.FaultHTML, HTTP: 429, RetryAfter: "3"}, class: desk.SendRetry, after: 3 * time.Second},
		"proxy 502":                {fault: html(502), class: desk.SendUnknown},
		"proxy 504":                {fault: html(504), class: desk.SendUnknown},
		"proxy 200":                {fault: html(200), class: desk.SendUnknown},
		"proxy 404":                {fault: html(404), class: desk.SendPause},
		"proxy 413":                {fault: html(413), class: desk.SendFail},
		"redirect":                 {fault: kind(graphfake.FaultRedirect), class: desk.SendPause},
		"reset before taking":      {fault: kind(graphfake.FaultResetBefore), class: desk.SendUnknown},
		"reset after taking":       {fault: kind(graphfake.FaultResetAfter), class: desk.SendUnknown, taken: 1},
		"no answer":                {fault: kind(graphfake.FaultHang), class: desk.SendUnknown},
		"no answer after taking":   {fault: kind(graphfake.FaultHangAfter), class: desk.SendUnknown, taken: 1},
		"truncated answer":         {fault: kind(graphfake.FaultTruncated), class: desk.SendUnknown, taken: 1},
		"answer that drips":        {fault: kind(graphfake.FaultDrip), class: desk.SendUnknown, taken: 1},
		"huge answer":              {fault: kind(graphfake.FaultHuge), class: desk.SendUnknown, taken: 1},
		"empty answer":             {fault: kind(graphfake.FaultEmpty), class: desk.SendUnknown, taken: 1},
		"details are for a person": {fault: graphfake.Fault{Kind: graphfake.FaultError, Code: 131009, Details: "Parameter to is odd"}, class: desk.SendFail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, c := start(t, graphfake.Knobs{IgnoreWindow: true, Faults: []graphfake.Fault{tc.fault}})
			c.HTTP = &http.Client{Timeout: 300 * time.Millisecond, Transport: &http.Transport{}}
			_, err := whatsapp.NewSender(c).Send(t.Context(), hello())
			e, ok := errors.AsType[*desk.SendError](err)
			if !ok {
				t.Fatalf("no send error: %v", err)
			}
			if e.Class != tc.class || e.RetryAfter != tc.after || e.MaxTries != tc.tries {
				t.Errorf("got %s after %v, %d tries (%v); want %s after %v, %d tries", e.Class, e.RetryAfter, e.MaxTries, e.Err, tc.class, tc.after, tc.tries)
			}
			if n := f.Accepted("m_1"); n != tc.taken {
				t.Errorf("taken %d times, want %d", n, tc.taken)
			}
			if e.Problem.Text == "" || e.Err == nil || strings.Contains(e.Err.Error(), c.AccessToken) {
				t.Errorf("problem %q, cause %v", e.Problem.Text, e.Err)
			}
			if d := tc.fault.Details; d != "" && !strings.Contains(e.Problem.Text, d) {
				t.Errorf("%q doesn't say %q", e.Problem.Text, d)
			}
		})
	}
}

// TestUnreachable: where no connection came about, nothing was sent.
func TestUnreachable(t *testing.T) {
	f, c := start(t, graphfake.Knobs{})
	f.Close()
	_, err := whatsapp.NewSender(c).Send(t.Context(), hello())
	if e, ok := errors.AsType[*desk.SendError](err); !ok || e.Class != desk.SendRetry {
		t.Errorf("got %v", err)
	}
}

// TestCancelledBeforeAndAfter: a shutdown before the request is a retry, one
// while waiting for the answer leaves it unknown.
func TestCancelledBeforeAndAfter(t *testing.T) {
	f, c := start(t, graphfake.Knobs{IgnoreWindow: true})
	s := whatsapp.NewSender(c)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Send(ctx, hello())
	if e, ok := errors.AsType[*desk.SendError](err); !ok || e.Class != desk.SendRetry {
		t.Errorf("before: %v", err)
	}
	f.Fail(graphfake.Fault{Kind: graphfake.FaultHangAfter})
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		_, _ = f.WaitForAccepted(t.Context(), "m_1")
		cancel()
	}()
	_, err = s.Send(ctx, hello())
	if e, ok := errors.AsType[*desk.SendError](err); !ok || e.Class != desk.SendUnknown {
		t.Errorf("after: %v", err)
	}
}

// TestDeadIdleConnection: the other side closes a kept connection; the next
// message still arrives once, or is reported as unknown, but never twice.
func TestDeadIdleConnection(t *testing.T) {
	f, c := start(t, graphfake.Knobs{IgnoreWindow: true})
	s := whatsapp.NewSender(c)
	for i := range 20 {
		o := hello()
		o.Message = desk.MessageID("idle_" + string(rune('a'+i)))
		if i%2 == 1 {
			f.Fail(graphfake.Fault{Kind: graphfake.FaultResetAfter, Times: 1})
		}
		_, err := s.Send(t.Context(), o)
		if n := f.Accepted(string(o.Message)); n > 1 || n == 0 && err == nil {
			t.Fatalf("%s was taken %d times, error %v", o.Message, n, err)
		}
	}
}

func TestPairBackOffGrows(t *testing.T) {
	f, c := start(t, graphfake.Knobs{IgnoreWindow: true})
	s := whatsapp.NewSender(c)
	f.Fail(graphfake.Fault{Kind: graphfake.FaultError, Code: 131056, Times: 6})
	var got []time.Duration
	for range 6 {
		_, err := s.Send(t.Context(), hello())
		e, _ := errors.AsType[*desk.SendError](err)
		got = append(got, e.RetryAfter/time.Second)
	}
	want := []time.Duration{1, 4, 16, 64, 256, 256}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("waits of %v, want %v", got, want)
		}
	}
	if _, err := s.Send(t.Context(), hello()); err != nil {
		t.Fatal(err)
	}
	f.Fail(graphfake.Fault{Kind: graphfake.FaultError, Code: 131056, Times: 1})
	_, err := s.Send(t.Context(), hello())
	if e, _ := errors.AsType[*desk.SendError](err); e.RetryAfter != time.Second {
		t.Errorf("after a success the wait is %v", e.RetryAfter)
	}
}

func TestMarkRead(t *testing.T) {
	f, c := start(t, graphfake.Knobs{})
	s := whatsapp.NewSender(c)
	if err := s.MarkRead(t.Context(), channel, "wamid.X=="); err != nil {
		t.Fatal(err)
	}
	if body := string(f.Requests()[0].Body); !strings.Contains(body, `"status":"read"`) || !strings.Contains(body, `"message_id":"wamid.X=="`) {
		t.Error(body)
	}
	if err := s.MarkRead(t.Context(), channel, "x"); err == nil {
		t.Error("an odd id was taken")
	}
	if err := s.MarkRead(t.Context(), "other", "wamid.X=="); err == nil {
		t.Error("another channel's message was taken")
	}
}

func TestSendsThatNeverLeave(t *testing.T) {
	f, c := start(t, graphfake.Knobs{})
	for name, change := range map[string]func(*desk.Outgoing){
		"other channel": func(o *desk.Outgoing) { o.Channel = "other" },
		"nobody":        func(o *desk.Outgoing) { o.To = desk.Identity{Name: "Zoë"} },
		"long id":       func(o *desk.Outgoing) { o.Message = desk.MessageID(strings.Repeat("m", 513)) },
	} {
		o := hello()
		change(&o)
		_, err := whatsapp.NewSender(c).Send(t.Context(), o)
		if e, ok := errors.AsType[*desk.SendError](err); !ok || e.Class != desk.SendFail {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(f.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestWrongNumberPauses(t *testing.T) {
	_, c := start(t, graphfake.Knobs{})
	c.PhoneNumberID = "1"
	_, err := whatsapp.NewSender(c).Send(t.Context(), hello())
	if e, ok := errors.AsType[*desk.SendError](err); !ok || e.Class != desk.SendPause {
		t.Errorf("got %v", err)
	}
}

func TestValidate(t *testing.T) {
	_, good := start(t, graphfake.Knobs{})
	for name, change := range map[string]func(*whatsapp.Config){
		"plain http outside": func(c *whatsapp.Config) { c.BaseURL = "http://graph.example.com" },
		"http not permitted": func(c *whatsapp.Config) { c.AllowPrivate = false },
		"no address":         func(c *whatsapp.Config) { c.BaseURL = "graph" },
		"number, not id":     func(c *whatsapp.Config) { c.PhoneNumberID = "+44 7700" },
		"no token":           func(c *whatsapp.Config) { c.AccessToken = "" },
		"token with a break": func(c *whatsapp.Config) { c.AccessToken = "a\nb" },
		"no verify token":    func(c *whatsapp.Config) { c.VerifyToken = "" },
		"no secret":          func(c *whatsapp.Config) { c.AppSecrets = nil },
		"three secrets":      func(c *whatsapp.Config) { c.AppSecrets = []string{"a", "b", "c"} },
		"empty secret":       func(c *whatsapp.Config) { c.AppSecrets = []string{""} },
		"odd version":        func(c *whatsapp.Config) { c.Version = "25/0" },
		"no channel":         func(c *whatsapp.Config) { c.Channel = "" },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("%s is taken for valid", name)
		}
	}
}
