package graphfake_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp/graphfake"
	"github.com/google/go-cmp/cmp"
)

var (
	zoe   = graphfake.Customer{Name: "Zoë Hart", WAID: "447700900456", UserID: "GB.836"}
	mia   = graphfake.Customer{Name: "Mia", WAID: "447700900457", UserID: "GB.837", Username: "mia.k", HidesPhone: true, NoReceipts: true}
	start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
)

// desktop is the program that the fake talks to: the real decoder behind the
// real webhook.
type desktop struct {
	mu   sync.Mutex
	in   []desk.Incoming
	more chan struct{}
	busy int // so many deliveries are refused first
}

func (d *desktop) Receive(_ context.Context, in desk.Incoming) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy > 0 {
		d.busy--
		return desk.Errorf(desk.CodeBusy, "busy")
	}
	d.in = append(d.in, in)
	close(d.more)
	d.more = make(chan struct{})
	return nil
}

func (d *desktop) all() (ms []desk.IncomingMessage, ss []desk.StatusReport) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, in := range d.in {
		ms, ss = append(ms, in.Messages...), append(ss, in.Statuses...)
	}
	return ms, ss
}

// statuses waits until n statuses came.
func (d *desktop) statuses(t *testing.T, n int) []desk.StatusReport {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		d.mu.Lock()
		more := d.more
		d.mu.Unlock()
		if _, ss := d.all(); len(ss) >= n {
			return ss
		}
		select {
		case <-more:
		case <-deadline:
			_, ss := d.all()
			t.Fatalf("%d of %d statuses came", len(ss), n)
		}
	}
}

type rig struct {
	*graphfake.Fake
	desk *desktop
	send *whatsapp.Sender
	base string
	conf whatsapp.Config
}

func newRig(t *testing.T, o graphfake.Options) *rig {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return start }
	}
	d := &desktop{more: make(chan struct{})}
	f := graphfake.New(o)
	o = f.Options()
	base, err := f.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c := whatsapp.Config{BaseURL: base, PhoneNumberID: o.PhoneNumberID, WABAID: o.WABAID, Channel: "wa", AccessToken: o.AccessToken,
		VerifyToken: o.VerifyToken, AppSecrets: []string{o.AppSecret}, AllowPrivate: true, Now: o.Now}
	hook := httptest.NewServer(whatsapp.NewWebhook(c, d))
	t.Cleanup(hook.Close)
	t.Cleanup(f.Close)
	f.SetWebhook(hook.URL)
	f.Add(zoe, mia)
	return &rig{f, d, whatsapp.NewSender(c), base, c}
}

func (r *rig) reply(t *testing.T, id, to string) (desk.Receipt, error) {
	t.Helper()
	return r.send.Send(t.Context(), desk.Outgoing{Message: desk.MessageID(id), Channel: "wa", To: desk.Identity{WAID: to}, Text: "Hello"})
}

// TestEveryKindIsRead: what the fake says is what the desk reads.
func TestEveryKindIsRead(t *testing.T) {
	r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{EscapeSlash: true}})
	for _, tc := range []struct {
		m    graphfake.Message
		typ  desk.MessageType
		text string
	}{
		{graphfake.Text("Olá 👋 https://example.com/a <b>"), "text", "Olá 👋 https://example.com/a <b>"},
		{graphfake.Image("Broken lid"), "image", "Broken lid"},
		{graphfake.Image(""), "image", ""},
		{graphfake.Video("unboxing"), "video", "unboxing"},
		{graphfake.Voice(), "audio", ""},
		{graphfake.Document("INV-2043 (final).pdf", "Invoice"), "document", "Invoice"},
		{graphfake.Sticker(), "sticker", ""},
		{graphfake.Location(51.5033, -0.1196, "London Eye", "London"), "location", "London Eye, London (51.5033, -0.1196)"},
		{graphfake.Contact("Omar Bell", "+44 7700 900789"), "contacts", "Omar Bell, +44 7700 900789"},
		{graphfake.Reaction("wamid.X", "👍"), "reaction", "👍"},
		{graphfake.Reaction("wamid.X", ""), "reaction", ""},
		{graphfake.ButtonReply("confirm", "Confirm"), "interactive", "Confirm"},
		{graphfake.ListReply("s", "09:00", "Morning"), "interactive", "09:00"},
		{graphfake.Form(`{"flow_token":"t","city":"Leeds","days":["Mon","Tue"]}`), "interactive", "city: Leeds\ndays: Mon, Tue"},
		{graphfake.QuickReply("STOP", "Stop promotions"), "button", "Stop promotions"},
		{graphfake.Order("after 5", graphfake.Item{SKU: "MF-12", Quantity: 2, Price: 9.5}), "order", "2 × MF-12 at 9.5 GBP\nafter 5"},
		{graphfake.Unsupported("poll_creation"), "unsupported", "A poll, which WhatsApp doesn't pass on."},
		{graphfake.Edit("wamid.X", "at 6"), "edit", "Edited: at 6"},
		{graphfake.Revoke("wamid.X"), "revoke", "Deleted a message on their side."},
		{graphfake.Text("hi").FromAd("Spring sale"), "text", "hi\n[Came from the ad “Spring sale”]"},
		{graphfake.Text("hi").Forwarded(), "text", "hi\n[Forwarded]"},
	} {
		id, err := r.Say(t.Context(), zoe, tc.m)
		if err != nil {
			t.Fatal(err)
		}
		ms, _ := r.desk.all()
		m := ms[len(ms)-1]
		if m.External != id || m.Type != tc.typ || m.Text != tc.text || m.From.Name != zoe.Name || m.From.WAID != zoe.WAID || !m.At.Equal(start) {
			t.Errorf("%s: read %+v", tc.typ, m)
		}
		if m.Media != nil && (m.Media.ID == "" || len(m.Media.SHA256) != 64) {
			t.Errorf("%s: media %+v", tc.typ, m.Media)
		}
	}
	if _, err := r.Say(t.Context(), mia, graphfake.Text("hi")); err != nil {
		t.Fatal(err)
	}
	ms, _ := r.desk.all()
	if from := ms[len(ms)-1].From; from.WAID != "" || from.UserID != mia.UserID || from.Username != "mia.k" {
		t.Errorf("a hidden number came as %+v", from)
	}
	u, _ := r.Echo(zoe, graphfake.Text("from the phone"))
	if err := r.Deliver(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	ms, _ = r.desk.all()
	if m := ms[len(ms)-1]; !m.Echo || m.From.WAID != zoe.WAID {
		t.Errorf("the echo came as %+v", m)
	}
}

func TestStatusesFollow(t *testing.T) {
	r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{IgnoreWindow: true}})
	receipt, err := r.reply(t, "m1", zoe.WAID)
	if err != nil {
		t.Fatal(err)
	}
	var words []desk.Delivery
	for _, s := range r.desk.statuses(t, 3) {
		words = append(words, s.Delivery)
		if s.External != receipt.External || s.Callback != "m1" || s.To.WAID != zoe.WAID {
			t.Errorf("status %+v", s)
		}
	}
	if d := cmp.Diff([]desk.Delivery{desk.Sent, desk.Delivered, desk.Read}, words); d != "" {
		t.Error(d)
	}
}

// TestStatusesOnAManualClock: nothing comes before its time.
func TestStatusesOnAManualClock(t *testing.T) {
	clock := graphfake.NewManual(start)
	r := newRig(t, graphfake.Options{Now: clock.Now, After: clock.After, Knobs: graphfake.Knobs{IgnoreWindow: true,
		SentAfter: time.Second, DeliverAfter: time.Minute, ReadAfter: time.Hour}})
	if _, err := r.reply(t, "m1", zoe.WAID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for n, d := range []time.Duration{time.Second, time.Minute, time.Hour} {
		for clock.Waiting() == 0 {
			if ctx.Err() != nil {
				t.Fatal("nobody waits for the clock")
			}
			runtime.Gosched()
		}
		if _, ss := r.desk.all(); len(ss) != n {
			t.Fatalf("%d statuses before step %d", len(ss), n)
		}
		clock.Advance(d)
		r.desk.statuses(t, n+1)
	}
}

func TestFailedAndUnknownCustomers(t *testing.T) {
	r := newRig(t, graphfake.Options{})
	refuses := graphfake.Customer{Name: "Gone", WAID: "447700900999", Refuses: 131026}
	if _, err := r.Say(t.Context(), refuses, graphfake.Text("hi")); err != nil {
		t.Fatal(err)
	}
	for i, to := range []string{refuses.WAID, "447700900111"} {
		// The second never wrote and isn't known: Meta finds out later.
		if _, err := r.reply(t, to, to); err != nil {
			t.Fatal(err)
		}
		if s := r.desk.statuses(t, i+1)[i]; s.Delivery != desk.Failed || s.Problem.Code != 131026 {
			t.Errorf("status %+v", s)
		}
	}
}

func TestWindow(t *testing.T) {
	for _, async := range []bool{false, true} {
		r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{WindowAsync: async}})
		for age, open := range map[time.Duration]bool{24*time.Hour - time.Second: true, 24 * time.Hour: false} {
			c := graphfake.Customer{Name: "A", WAID: "4477009001" + age.String()[:2]}
			if _, err := r.Say(t.Context(), c, graphfake.Text("hi").Sent(start.Add(-age))); err != nil {
				t.Fatal(err)
			}
			_, before := r.desk.all()
			_, err := r.reply(t, "m", c.WAID)
			if (err == nil) != (open || async) {
				t.Errorf("async %v, age %v: %v", async, age, err)
			}
			if async && !open {
				if s := r.desk.statuses(t, len(before)+1)[len(before)]; s.Problem == nil || s.Problem.Code != 131047 {
					t.Errorf("status %+v", s)
				}
			}
			if open {
				r.desk.statuses(t, len(before)+3)
			}
		}
	}
}

func TestDeliveryKnobs(t *testing.T) {
	ctx := t.Context()
	t.Run("duplicate", func(t *testing.T) {
		r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{Duplicate: 2, Concurrent: true}})
		if _, err := r.Say(ctx, zoe, graphfake.Text("hi")); err != nil {
			t.Fatal(err)
		}
		if ms, _ := r.desk.all(); len(ms) != 3 || ms[0].External != ms[2].External {
			t.Errorf("%d came", len(ms))
		}
	})
	t.Run("drop", func(t *testing.T) {
		r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{DropEvery: 2}})
		for range 4 {
			if _, err := r.Say(ctx, zoe, graphfake.Text("hi")); err != nil {
				t.Fatal(err)
			}
		}
		if ms, _ := r.desk.all(); len(ms) != 2 {
			t.Errorf("%d came", len(ms))
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{WrongSecret: true}})
		if _, err := r.Say(ctx, zoe, graphfake.Text("hi")); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("retry", func(t *testing.T) {
		waits := []time.Duration{}
		r := newRig(t, graphfake.Options{After: func(d time.Duration) <-chan time.Time {
			waits = append(waits, d)
			c := make(chan time.Time, 1)
			c <- start
			return c
		}, Knobs: graphfake.Knobs{Retry: true}})
		r.desk.busy = 3
		if _, err := r.Say(ctx, zoe, graphfake.Text("hi")); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]time.Duration{time.Second, 2 * time.Second, 4 * time.Second}, waits); d != "" {
			t.Error(d)
		}
		if ms, _ := r.desk.all(); len(ms) != 1 {
			t.Errorf("%d came", len(ms))
		}
	})
	t.Run("batch", func(t *testing.T) {
		r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{IgnoreWindow: true, Batch: 100, Shuffle: true}})
		for _, id := range []string{"m1", "m2"} {
			if _, err := r.reply(t, id, zoe.WAID); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.WaitForPending(ctx, 6); err != nil {
			t.Fatal(err)
		}
		if err := r.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		if _, ss := r.desk.all(); len(ss) != 6 || len(r.Attempts()) != 1 {
			t.Errorf("%d statuses in %d bodies", len(ss), len(r.Attempts()))
		}
	})
	t.Run("status first", func(t *testing.T) {
		r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{IgnoreWindow: true, StatusFirst: true}})
		if _, err := r.reply(t, "m1", zoe.WAID); err != nil {
			t.Fatal(err)
		}
		// Send has just returned, and the status is there already.
		if _, ss := r.desk.all(); len(ss) == 0 || ss[0].Callback != "m1" {
			t.Error("no status came before the answer")
		}
		if ss := r.desk.statuses(t, 3); len(ss) != 3 {
			t.Errorf("%d statuses", len(ss))
		}
	})
	t.Run("thousands", func(t *testing.T) {
		r := newRig(t, graphfake.Options{})
		var us []graphfake.Update
		for i := range 2500 {
			u, _ := r.Update(zoe, graphfake.Text("hi").Sent(start.Add(-time.Duration(i)*time.Minute)))
			us = append(us, u)
		}
		if err := r.Deliver(ctx, us...); err != nil {
			t.Fatal(err)
		}
		if ms, _ := r.desk.all(); len(ms) != 2500 || len(r.Attempts()) != 3 {
			t.Errorf("%d messages in %d bodies", len(ms), len(r.Attempts()))
		}
	})
}

func TestEscapedAndRawBodies(t *testing.T) {
	for raw, want := range map[bool]string{false: `Ol\u00e1 \ud83d\udc4b`, true: `Olá 👋`} {
		r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{RawUTF8: raw, SHA1: true}})
		if _, err := r.Say(t.Context(), zoe, graphfake.Text("Olá 👋")); err != nil {
			t.Fatal(err)
		}
		a := r.Attempts()[0]
		if !strings.Contains(string(a.Body), want) || a.Header.Get("X-Hub-Signature") == "" {
			t.Errorf("raw %v: %s", raw, a.Body)
		}
		if ms, _ := r.desk.all(); ms[0].Text != "Olá 👋" {
			t.Errorf("read %q", ms[0].Text)
		}
	}
}

func TestSignatureVectors(t *testing.T) {
	const secret, body = "test-app-secret-3f9c", `{"object":"whatsapp_business_account","entry":[]}`
	if got := graphfake.Sign(secret, []byte(body)); got != "sha256=0cef0cc792dde650ad6f252b1cc905dab80d941a8f856780200e77e9334411ae" {
		t.Error(got)
	}
	if got := string(graphfake.Escape([]byte(`"a/ë👋"`), true)); got != `"a\/\u00eb\ud83d\udc4b"` {
		t.Error(got)
	}
}

func TestVerify(t *testing.T) {
	r := newRig(t, graphfake.Options{})
	if err := r.Verify(t.Context(), "1158201444"); err != nil {
		t.Error(err)
	}
}

func TestLoopbackOnly(t *testing.T) {
	f := graphfake.New(graphfake.Options{Webhook: "http://192.0.2.1/hook"})
	defer f.Close()
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "localhost:0", "192.0.2.1:0"} {
		if _, err := f.ListenOn(addr); err == nil {
			t.Errorf("listens on %s", addr)
		}
	}
	if _, err := f.Say(t.Context(), zoe, graphfake.Text("hi")); err == nil || len(f.Attempts()) != 0 {
		t.Errorf("delivered beyond this machine: %v", err)
	}
}

func TestSameSeedSameIDs(t *testing.T) {
	ids := func(seed uint64) (out []string) {
		f := graphfake.New(graphfake.Options{Seed: seed, Now: func() time.Time { return start }})
		defer f.Close()
		for range 3 {
			_, id := f.Update(zoe, graphfake.Text("hi"))
			out = append(out, id)
		}
		return out
	}
	if !slices.Equal(ids(1), ids(1)) || slices.Equal(ids(1), ids(2)) || ids(1)[0] == ids(1)[1] {
		t.Errorf("%v %v", ids(1), ids(2))
	}
}

func TestGraphRoutes(t *testing.T) {
	r := newRig(t, graphfake.Options{})
	o := r.Options()
	if _, err := r.Say(t.Context(), zoe, graphfake.Image("x")); err != nil {
		t.Fatal(err)
	}
	ms, _ := r.desk.all()
	media := ms[0].Media.ID
	for _, tc := range []struct {
		method, path, token, body string
		status                    int
		has                       string
	}{
		{"GET", "/v25.0/" + o.PhoneNumberID, o.AccessToken, "", 200, `"status":"CONNECTED"`},
		{"GET", "/" + o.PhoneNumberID, o.AccessToken, "", 200, `"quality_rating":"GREEN"`},
		{"GET", "/v25.0/" + o.WABAID + "/phone_numbers", o.AccessToken, "", 200, o.PhoneNumberID},
		{"POST", "/v25.0/" + o.WABAID + "/subscribed_apps", o.AccessToken, "", 200, `"success":true`},
		{"GET", "/v25.0/" + media, o.AccessToken, "", 200, `"sha256":"` + ms[0].Media.SHA256},
		{"GET", "/v25.0/" + media + "?phone_number_id=1", o.AccessToken, "", 400, `"error_subcode":33`},
		{"GET", "/v25.0/" + o.PhoneNumberID, "bad", "", 401, `"code":190`},
		{"GET", "/v25.0/12345", o.AccessToken, "", 400, `"error_subcode":33`},
		{"POST", "/" + o.PhoneNumberID + "/messages", o.AccessToken, "{", 400, `"code":100`},
		{"POST", "/" + o.PhoneNumberID + "/messages", o.AccessToken, `{"to":"+447700900456"}`, 400, "messaging_product"},
		{"POST", "/" + o.PhoneNumberID + "/messages", o.AccessToken, `{"messaging_product":"whatsapp","to":"+447700900456","type":"image","text":{"body":"x"}}`, 400, "The parameter image is required"},
		{"POST", "/" + o.PhoneNumberID + "/messages", o.AccessToken, `{"messaging_product":"whatsapp","to":"+447700900456","text":{"body":"` + strings.Repeat("x", 4097) + `"}}`, 400, "at most 4096"},
		{"POST", "/" + o.PhoneNumberID + "/messages", o.AccessToken, `{"messaging_product":"whatsapp","to":"nobody","text":{"body":"x"}}`, 400, "131009"},
		{"POST", "/" + o.PhoneNumberID + "/messages", o.AccessToken, `{"messaging_product":"whatsapp","to":"+447700900456","text":{"body":" "}}`, 400, "131008"},
	} {
		status, body := call(t, tc.method, r.base+tc.path, tc.token, tc.body)
		if status != tc.status || !strings.Contains(body, tc.has) {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, status, body)
		}
	}
	if n := len(r.Taken()); n != 0 {
		t.Errorf("%d messages were taken", n)
	}
}

func call(t *testing.T, method, address, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestPairLimit(t *testing.T) {
	r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{IgnoreWindow: true, PairLimit: true, NoStatuses: true}})
	for i := range 46 {
		if _, err := r.reply(t, "m", zoe.WAID); (err != nil) != (i == 45) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
}

func TestFaultsAreUsedUp(t *testing.T) {
	r := newRig(t, graphfake.Options{Knobs: graphfake.Knobs{IgnoreWindow: true, NoStatuses: true}})
	r.Fail(graphfake.Fault{Kind: graphfake.FaultError, Code: 131000, To: zoe.WAID, Every: 2, Times: 2})
	var failed []int
	for i := range 8 {
		if _, err := r.reply(t, "m", zoe.WAID); err != nil {
			failed = append(failed, i)
		}
	}
	if d := cmp.Diff([]int{1, 3}, failed); d != "" {
		t.Error(d)
	}
	if _, err := r.reply(t, "m", "447700900457"); err != nil {
		t.Error(err)
	}
}
