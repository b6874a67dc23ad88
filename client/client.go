package client

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Options configure a [Client]. Only Server and Token are needed.
type Options struct {
	Server  string // "https://desk.example.com", "http://127.0.0.1:8080" or "unix:/run/frontdesk/desk.sock"
	Token   string // from [SignIn]; it is sent in the first frame, never in an address
	Program string // "frontdesk/0.1", for the server's list of sessions
	Host    string // the machine's name, likewise; see [Hostname]

	// As asks to see the desk as someone else: the link then only reads, and a
	// snapshot says how the desk looks to them. Such a link always begins anew
	// and acknowledges nothing; what it shows is nobody's to keep.
	As *desk.ViewAs

	// Epoch and Seq are the position to go on from, as [Replica.Position] gave
	// it. An empty Epoch asks for a snapshot.
	Epoch string
	Seq   int64

	TLS *tls.Config // nil: the system's roots; at least TLS 1.2 in any case
	// Dial replaces how a connection is opened; nil opens a plain one.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Jitter picks a wait up to most; nil picks evenly.
	Jitter func(most time.Duration) time.Duration
}

// Client keeps a link to the server alive and carries commands over it. Its
// methods may be called from any goroutine.
type Client struct {
	o     Options
	place place
	err   error // the address can't be used

	retry chan struct{}
	calls calls

	// The position, owned by the goroutine that runs the link.
	epoch string
	seq   int64
}

// New returns a client. It does nothing until [Client.Run]; an address that
// can't be used is Run's error.
func New(o Options) *Client {
	if o.Jitter == nil {
		o.Jitter = func(most time.Duration) time.Duration { return rand.N(most) }
	}
	c := &Client{o: o, epoch: o.Epoch, seq: o.Seq, retry: make(chan struct{}, 1)}
	c.calls.init()
	c.place, c.err = parsePlace(o.Server)
	return c
}

// Retry ends a wait between two tries.
func (c *Client) Retry() {
	select {
	case c.retry <- struct{}{}:
	default:
	}
}

const (
	inbox  = 256                   // deliveries that may wait before the link isn't read any more
	gather = 16 * time.Millisecond // least time between two deliveries
)

// Run keeps a link until ctx ends, and then returns its error; or until the
// server refuses the sign-in for good, and then returns an [*desk.Error]. It is
// to be called once.
//
// It calls deliver, always on the calling goroutine and in order, with what the
// link says: at once when nothing was said for a while, else together with what
// else came meanwhile, at most every 16 ms. While deliver doesn't return the
// link isn't read; the server then lets us fall behind, and nothing is lost.
func (c *Client) Run(ctx context.Context, deliver func([]Msg)) error {
	said := make(chan word, inbox)
	var err error
	go func() {
		defer close(said)
		err = c.keep(ctx, func(w word) {
			select {
			case said <- w:
			case <-ctx.Done():
			}
		})
		c.calls.end(err)
	}()
	pace := time.NewTimer(0)
	defer pace.Stop()
	for w := range said {
		batch := []word{w}
		for more := true; more && len(batch) < inbox; {
			select {
			case w, open := <-said:
				if more = open; open {
					batch = append(batch, w)
				}
			default:
				more = false
			}
		}
		if ctx.Err() == nil {
			hand(batch, deliver)
		}
		pace.Reset(gather)
		select {
		case <-pace.C:
		case <-ctx.Done():
		}
	}
	return err // written before said was closed
}

// word is what the link says; shown, if set, is called when it was delivered.
type word struct {
	msg   Msg
	shown func()
}

func hand(batch []word, deliver func([]Msg)) {
	msgs := make([]Msg, len(batch))
	for i, w := range batch {
		msgs[i] = w.msg
	}
	deliver(msgs)
	for _, w := range batch {
		if w.shown != nil {
			w.shown()
		}
	}
}

const (
	firstWait = time.Second
	mostWait  = 30 * time.Second
	stable    = time.Minute
	askedMost = 10 * time.Minute // the longest wait that a server may ask for
)

// keep dials, serves and waits, over and over.
func (c *Client) keep(ctx context.Context, tell func(word)) error {
	say := func(m Msg) { tell(word{msg: m}) }
	if c.err != nil {
		say(Link{State: Refused, Error: c.err.Error()})
		return c.err
	}
	tries := 0
	for {
		say(Link{State: Connecting})
		lived, err := c.attempt(ctx, tell)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if final, ok := errors.AsType[*refusal](err); ok {
			say(Link{State: Refused, Error: final.Error(), Code: final.Err.Code})
			return final.Err
		}
		if lived >= stable {
			tries = 0
		}
		wait := c.o.Jitter(min(firstWait<<min(tries, 10), mostWait))
		if asked, ok := errors.AsType[*comeBack](err); ok {
			wait += min(asked.least, askedMost)
			if asked.wait > 0 {
				wait = min(asked.wait, askedMost)
			}
		}
		tries++
		say(Link{State: Offline, Error: err.Error(), Retry: time.Now().Add(wait)})
		if !c.pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// pause waits; it reports false when ctx ended.
func (c *Client) pause(ctx context.Context, d time.Duration) bool {
	select { // a Retry from before the wait isn't meant for it
	case <-c.retry:
	default:
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.retry:
	case <-ctx.Done():
		return false
	}
	return true
}

// attempt makes one link and serves it until it breaks. It returns how long the
// link was live, and always an error.
func (c *Client) attempt(ctx context.Context, tell func(word)) (lived time.Duration, _ error) {
	conn, err := c.open(ctx)
	if err != nil {
		return 0, err
	}
	s := &session{client: c, conn: conn, tell: tell}
	defer s.close()
	stop := context.AfterFunc(ctx, s.close)
	defer stop()
	if err := s.greet(); err != nil {
		return 0, s.sentence(err)
	}
	began := time.Now()
	var writing sync.WaitGroup
	done := make(chan struct{})
	writing.Go(func() { s.write(done) })
	err = s.read()
	close(done)
	s.close()
	writing.Wait()
	return time.Since(began), s.sentence(err)
}

// refusal is the server's final word.
type refusal struct{ Err *desk.Error }

func (r *refusal) Error() string { return r.Err.Message }

// comeBack is a refusal for now. The server may have said when to come back,
// wait, which it chose for us alone; or how long not to, least, which it says to
// everyone, so that our own wait goes on top.
type comeBack struct {
	text        string
	wait, least time.Duration
}

func (e *comeBack) Error() string { return e.text }
