package client

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// rig is a client, linked by pipes to a server that the test plays by hand. It
// lives in a synctest bubble: time passes only when everyone waits, and a
// goroutine that outlives the test fails it.
type rig struct {
	t       *testing.T
	c       *Client
	stop    context.CancelFunc
	done    chan error // what Run returned
	sockets chan *peer
	pipes   chan net.Conn
	refuse  func() error                   // nil: dialling works
	answer  func(http.ResponseWriter) bool // true: it answered instead of upgrading

	mu      sync.Mutex
	dials   []time.Time
	batches [][]Msg
	block   chan struct{} // deliver waits for it, when set
}

// peer is the server's end of a socket.
type peer struct {
	t     *testing.T
	ws    *websocket.Conn
	req   *http.Request
	hello desk.Hello
	does  chan desk.Do
	acks  chan int64
}

func bubble(t *testing.T, f func(*testing.T)) { synctest.Test(t, f) }

// newRig starts a client whose jitter is the longest wait.
func newRig(t *testing.T, change func(*rig, *Options)) *rig {
	g := &rig{t: t, done: make(chan error, 1), sockets: make(chan *peer, 100), pipes: make(chan net.Conn)}
	o := Options{Server: "http://127.0.0.1:1", Token: "fd1_secret", Program: "test/1", Dial: g.dial,
		Jitter: func(most time.Duration) time.Duration { return most }}
	if change != nil {
		change(g, &o)
	}
	web := &http.Server{Handler: http.HandlerFunc(g.serve)}
	go web.Serve(pipeListener(g.pipes))
	ctx, cancel := context.WithCancel(t.Context())
	g.stop, g.c = cancel, New(o)
	go func() { g.done <- g.c.Run(ctx, g.deliver) }()
	t.Cleanup(func() {
		cancel()
		synctest.Wait()
		web.Close()
		for len(g.sockets) > 0 {
			(<-g.sockets).ws.Close()
		}
		synctest.Wait()
	})
	return g
}

func (g *rig) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	g.mu.Lock()
	g.dials = append(g.dials, time.Now())
	refuse := g.refuse
	g.mu.Unlock()
	if refuse != nil {
		if err := refuse(); err != nil {
			return nil, err
		}
	}
	ours, theirs := net.Pipe()
	select {
	case g.pipes <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *rig) serve(w http.ResponseWriter, r *http.Request) {
	if g.answer != nil && g.answer(w) {
		return
	}
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		g.t.Error(err)
		return
	}
	p := &peer{t: g.t, ws: ws, req: r, does: make(chan desk.Do, 100), acks: make(chan int64, 100)}
	if err := ws.ReadJSON(&p.hello); err != nil {
		ws.Close()
		return
	}
	g.sockets <- p
	go func() {
		defer ws.Close()
		for {
			var f struct {
				desk.Do
				Seq int64 `json:"seq"`
			}
			if err := ws.ReadJSON(&f); err != nil {
				return
			}
			if f.Type == desk.FrameAck {
				p.acks <- f.Seq
				continue
			}
			p.does <- f.Do
		}
	}()
}

func (g *rig) deliver(msgs []Msg) {
	g.mu.Lock()
	g.batches = append(g.batches, msgs)
	block := g.block
	g.mu.Unlock()
	if block != nil {
		<-block
	}
}

// said is everything that was delivered so far, once all is quiet.
func (g *rig) said() []Msg {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []Msg
	for _, b := range g.batches {
		all = append(all, b...)
	}
	return all
}

// deliveries is how often something was delivered.
func (g *rig) deliveries() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.batches)
}

// links are the states of the link that were delivered.
func (g *rig) links() (links []Link) {
	for _, m := range g.said() {
		if l, ok := m.(Link); ok {
			links = append(links, l)
		}
	}
	return links
}

// last is the present state of the link, once all is quiet. It lets the time of
// one delivery pass.
func (g *rig) last() Link {
	pass(gather)
	l := g.links()
	return l[len(l)-1]
}

func (g *rig) times() []time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]time.Time(nil), g.dials...)
}

func (p *peer) send(v any) {
	p.t.Helper()
	if err := p.ws.WriteJSON(v); err != nil {
		p.t.Error(err)
	}
}

// welcome lets the client in: resumed, or with a snapshot at seq.
func (p *peer) welcome(resumed bool, seq int64) {
	p.t.Helper()
	p.send(desk.Welcome{Type: desk.FrameHello, Version: desk.Version, Epoch: "e", Seq: seq, Resumed: resumed, PingMS: 10_000})
	if !resumed {
		p.send(desk.Snapshot{Type: desk.FrameSnapshot, Epoch: "e", Seq: seq, Reason: desk.SnapshotFirst})
	}
}

func (p *peer) events(from, to int64) {
	p.t.Helper()
	p.send(desk.Events{Type: desk.FrameEvents, From: from, To: to, Events: []desk.Event{{Seq: to, Kind: "what.ever"}}})
}

func (p *peer) answerTo(d desk.Do, result any, refused *desk.Error) {
	p.t.Helper()
	raw, err := json.Marshal(result)
	if err != nil {
		p.t.Error(err)
	}
	p.send(desk.Answer{Type: desk.FrameAnswer, Ref: d.Ref, Result: raw, Error: refused})
}

// pipeListener accepts what is put into it.
type pipeListener chan net.Conn

func (l pipeListener) Accept() (net.Conn, error) {
	if c, open := <-l; open {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l pipeListener) Close() error   { close(l); return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// pass lets the bubble's time pass, which takes none.
func pass(d time.Duration) { <-time.After(d) }
