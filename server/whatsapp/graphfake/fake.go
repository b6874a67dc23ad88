package graphfake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Options describe the business number that the fake plays, and the program to
// deliver to. Zero values are filled in by [New].
type Options struct {
	PhoneNumberID string
	WABAID        string
	DisplayNumber string // digits
	AccessToken   string
	AppSecret     string
	VerifyToken   string
	Webhook       string // where to deliver; must be on this machine
	// Now and After are the clock; nil: the real one. [Manual] has a pair that
	// tests turn by hand.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	// Seed decides all ids and all that [Fake.Talk] says. Give another one for
	// each run that shares a database: the program would take a message with a
	// known id for a repetition.
	Seed   uint64
	Pace   time.Duration // between two things that [Fake.Talk] does; default 3 s
	Logger *slog.Logger
	Knobs  Knobs
}

func (o Options) filled() Options {
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
	}
	set(&o.PhoneNumberID, "209988776655443")
	set(&o.WABAID, "118822334455667")
	set(&o.DisplayNumber, "447700900123")
	set(&o.AccessToken, "EAAfake0token")
	set(&o.AppSecret, "fake-app-secret")
	set(&o.VerifyToken, "fake-verify-token")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Pace == 0 {
		o.Pace = 3 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Fake is one business number with its customers. All methods may be called by
// many goroutines.
type Fake struct {
	o      Options
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // what goes on by itself: statuses, repeats
	client *http.Client

	mu        sync.Mutex
	closed    bool
	rng       *rand.Rand
	serial    uint64
	knobs     Knobs
	customers map[string]*person // by wa_id and by user id
	byName    []*person
	media     map[string]file
	mediaURL  string
	requests  []Request
	accepted  []Accepted
	attempts  []Attempt
	pending   []Update
	posts     int           // bodies for the webhook so far, lost ones too
	changed   chan struct{} // closed and replaced whenever something is recorded
	servers   []*http.Server
	heard     func(Accepted) // what Talk wants to know
}

// person is a customer and what the fake remembers of them.
type person struct {
	Customer
	lastWrote time.Time // newest message by its own time: the window
	lastReply string    // id of what they got last
	tokens    float64   // of the pair bucket
	filledAt  time.Time
}

// New returns a fake that neither listens nor delivers yet.
func New(o Options) *Fake {
	o = o.filled()
	ctx, cancel := context.WithCancel(context.Background())
	return &Fake{
		o: o, ctx: ctx, cancel: cancel, knobs: o.Knobs,
		rng:       rand.New(rand.NewPCG(o.Seed, 0x66616b65)),
		customers: map[string]*person{},
		media:     map[string]file{},
		changed:   make(chan struct{}),
		client: &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport:     &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute},
		},
	}
}

// Options returns what the fake was made with, defaults filled in.
func (f *Fake) Options() Options { return f.o }

// SetWebhook tells where to deliver from now on.
func (f *Fake) SetWebhook(address string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.o.Webhook = address
}

// Listen serves the Graph side on a free port of 127.0.0.1, and media bytes on
// another. The returned address is the base URL to configure.
func (f *Fake) Listen() (string, error) { return f.ListenOn("127.0.0.1:0") }

// ListenOn is Listen at an address of one's own, which must be on 127.0.0.1.
func (f *Fake) ListenOn(addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host != "127.0.0.1" {
		return "", fmt.Errorf("graphfake: %q: the fake listens on 127.0.0.1 only", addr)
	}
	media, err := f.serve("127.0.0.1:0", f.MediaHandler())
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	f.mediaURL = media
	f.mu.Unlock()
	return f.serve(addr, f.Handler())
}

func (f *Fake) serve(addr string, h http.Handler) (string, error) {
	l, err := net.Listen("tcp4", addr)
	if err != nil {
		return "", fmt.Errorf("graphfake: %w", err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		l.Close()
		return "", errors.New("graphfake: it is closed")
	}
	f.servers = append(f.servers, s)
	f.work.Go(func() { _ = s.Serve(l) })
	return "http://" + l.Addr().String(), nil
}

// Close stops everything and waits for it. Statuses that were still to come
// don't come.
func (f *Fake) Close() {
	f.mu.Lock()
	f.closed = true
	servers := f.servers
	f.mu.Unlock()
	f.cancel()
	for _, s := range servers {
		_ = s.Close()
	}
	f.work.Wait()
	f.client.CloseIdleConnections()
}

// spawn runs do until the fake closes.
func (f *Fake) spawn(do func(ctx context.Context)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.work.Go(func() { do(f.ctx) })
	}
}

// wait lets d pass on the fake's clock; false when ctx ended first.
func (f *Fake) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-f.o.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// signal wakes whoever waits for a record. The caller holds f.mu.
func (f *Fake) signal() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// onLoopback refuses addresses beyond this machine.
func onLoopback(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("graphfake: webhook address: %w", err)
	}
	if h := u.Hostname(); h != "127.0.0.1" && h != "::1" && h != "localhost" {
		return fmt.Errorf("graphfake: webhook address %q: the fake delivers to this machine only", address)
	}
	return nil
}
