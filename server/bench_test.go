package server_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// times are measured durations.
type times []time.Duration

func (t times) at(q float64) time.Duration {
	slices.Sort(t)
	return t[min(len(t)-1, int(q*float64(len(t))))]
}

func (t times) report(b *testing.B, what string) {
	b.Helper()
	b.ReportMetric(float64(t.at(0.5).Nanoseconds())/1e3, what+"-p50-µs")
	b.ReportMetric(float64(t.at(0.99).Nanoseconds())/1e3, what+"-p99-µs")
}

// hop is the floor: one frame over one bare websocket.
type hop struct {
	send chan []byte
	ws   *websocket.Conn
}

func newHop(b *testing.B) *hop {
	b.Helper()
	h := &hop{send: make(chan []byte)}
	var up websocket.Upgrader
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		for data := range h.send {
			if ws.WriteMessage(websocket.TextMessage, data) != nil {
				return
			}
		}
	}))
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(web.URL, "http"), nil)
	if err != nil {
		b.Fatal(err)
	}
	h.ws = ws
	b.Cleanup(func() { close(h.send); _ = ws.Close(); web.Close() })
	return h
}

func (h *hop) once(b *testing.B) time.Duration {
	start := time.Now()
	h.send <- []byte(strings.Repeat("x", 700))
	if _, _, err := h.ws.ReadMessage(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// BenchmarkReceiveToSocket is the way of a customer's message from a delivery to
// every agent's socket, durable on the way, with nothing else to do.
func BenchmarkReceiveToSocket(b *testing.B) {
	for _, agents := range []int{1, 10} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			h := open(b, server.Options{})
			crowd := h.crowd(b, agents)
			floor := newHop(b)
			var took, hops, commits times
			for n := 0; b.Loop(); n++ {
				start := time.Now()
				h.says("447700900001", "Where is my order?", n)
				crowd.heard(int64(n + 1))
				took = append(took, time.Since(start))
				hops = append(hops, floor.once(b))
				start = time.Now()
				leftover := desk.Incoming{Other: []desk.Unhandled{{Why: "floor", Raw: []byte("x")}}}
				if err := h.service.Receive(b.Context(), leftover); err != nil {
					b.Fatal(err)
				}
				commits = append(commits, time.Since(start))
			}
			took.report(b, "receive→socket")
			hops.report(b, "bare-hop")
			commits.report(b, "bare-commit")
		})
	}
}

// crowd are sockets of one member that count what they hear.
type crowd struct {
	lines []*line
	mu    sync.Mutex
	cond  *sync.Cond
	total int64
}

// crowd opens n sockets of asha.
func (h *house) crowd(b *testing.B, n int) *crowd {
	b.Helper()
	c := &crowd{}
	c.cond = sync.NewCond(&c.mu)
	for range n {
		l := h.dial("asha", desk.Hello{Token: h.tokens["asha"]})
		l.first()
		if err := l.ws.SetReadDeadline(time.Time{}); err != nil {
			b.Fatal(err)
		}
		c.lines = append(c.lines, l)
		go func() {
			for {
				_, data, err := l.ws.ReadMessage()
				if err != nil {
					return
				}
				if got := bytes.Count(data, []byte(`"kind":"message.received"`)); got > 0 {
					c.mu.Lock()
					c.total += int64(got)
					c.cond.Broadcast()
					c.mu.Unlock()
				}
			}
		}()
	}
	return c
}

// heard waits until every socket has heard n messages.
func (c *crowd) heard(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.total < n*int64(len(c.lines)) {
		c.cond.Wait()
	}
}

// BenchmarkFanOut is how long one message takes to all of many sockets, and how
// many deliveries a second a burst of a thousand messages makes.
func BenchmarkFanOut(b *testing.B) {
	for _, sessions := range []int{100, 1000} {
		b.Run(fmt.Sprintf("sessions=%d", sessions), func(b *testing.B) {
			h := open(b, server.Options{})
			crowd := h.crowd(b, sessions)
			var took times
			n := 0
			for b.Loop() {
				start := time.Now()
				h.says("447700900001", "Where is my order?", n)
				n++
				crowd.heard(int64(n))
				took = append(took, time.Since(start))
			}
			took.report(b, "one-to-all")
			const burst, callers = 1000, 50
			start := time.Now()
			var wg sync.WaitGroup
			for c := range callers {
				wg.Go(func() {
					for i := range burst / callers {
						h.says("447700900001", "Where is my order?", n+c*burst+i)
					}
				})
			}
			wg.Wait()
			crowd.heard(int64(n + burst))
			b.ReportMetric(float64(burst*sessions)/time.Since(start).Seconds(), "deliveries/s")
		})
	}
}

// BenchmarkSnapshot is a new socket's way to its first screen, with more and more
// conversations in the database.
func BenchmarkSnapshot(b *testing.B) {
	var first time.Duration
	for _, size := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("conversations=%d", size), func(b *testing.B) {
			h := open(b, server.Options{})
			who := []desk.MemberID{h.members["asha"].ID, h.members["sara"].ID, "", h.members["mona"].ID}
			teams := []desk.TeamID{support, wares, ""}
			for at := 0; at < size; {
				var facts []desk.Facts
				for len(facts) < 2000 && at < size {
					f := open1(who[at%len(who)], teams[at%len(teams)])
					if at%5 == 0 {
						f.Status = desk.StatusResolved
					}
					facts = append(facts, f)
					at++
				}
				plant(b, h.store, h.clock.now(), facts...)
			}
			h.snapshotOf("asha")
			var took times
			for b.Loop() {
				start := time.Now()
				l := h.dial("asha", desk.Hello{Token: h.tokens["asha"]})
				l.first()
				took = append(took, time.Since(start))
				_ = l.ws.Close()
			}
			took.report(b, "dial→snapshot")
			if first == 0 {
				first = took.at(0.5)
			}
			b.ReportMetric(float64(took.at(0.5))/float64(first), "×smallest")
		})
	}
}

// BenchmarkRoleChange is how long a change of a role takes to be answered (from
// then on it holds), and to stand on the member's screen, with a thousand others
// connected.
func BenchmarkRoleChange(b *testing.B) {
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("busy=%t", busy), func(b *testing.B) {
			h := open(b, server.Options{})
			crowd := h.crowd(b, 1000)
			ctx, stop := context.WithCancel(b.Context())
			var writer sync.WaitGroup
			var wrote atomic.Int64
			if busy {
				writer.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						h.says("447700900001", "Where is my order?", n)
						crowd.heard(wrote.Add(1))
					}
				})
			}
			target := h.dial("mark", desk.Hello{})
			target.first()
			roles := []desk.RoleID{desk.RoleViewer, desk.RoleMarketing}
			var answered, shown times
			for n := 0; b.Loop(); n++ {
				start := time.Now()
				h.must("olga", desk.AssignRole{Member: h.members["mark"].ID, Role: roles[n%2]})
				answered = append(answered, time.Since(start))
				for target.first().Me.Role.ID != roles[n%2] {
				}
				shown = append(shown, time.Since(start))
			}
			b.StopTimer()
			stop()
			writer.Wait()
			answered.report(b, "answered")
			shown.report(b, "on-screen")
		})
	}
}

// BenchmarkIdleSession is the memory of the server for each idle session. The
// clients are bare TCP connections, which cost next to nothing.
func BenchmarkIdleSession(b *testing.B) {
	const n = 1000
	h := open(b, server.Options{})
	token, err := h.service.Issue(b.Context(), h.members["vera"].ID, "bench")
	if err != nil {
		b.Fatal(err)
	}
	before := memory()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = bareClient(b, strings.TrimPrefix(h.url, "http://"), token)
		defer func() { _ = conns[i].Close() }()
	}
	used := memory() - before
	for b.Loop() {
		_ = memory() // the figure doesn't depend on how often it is taken
	}
	b.ReportMetric(float64(used)/n/1024, "KiB/session")
}

func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// bareClient says hello with as little as it takes, and reads up to the snapshot.
func bareClient(b *testing.B, addr, token string) net.Conn {
	b.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	hello := []byte(`{"type":"hello","version":1,"token":"` + token + `"}`)
	frame := append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...) // masked with zeros
	_, err = fmt.Fprintf(c, "GET /v1/socket HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
	if err == nil {
		err = readTo(c, "\r\n\r\n")
	}
	if err == nil {
		_, err = c.Write(frame)
	}
	if err == nil {
		err = readTo(c, `"windows":`)
	}
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func readTo(c net.Conn, word string) error {
	var got []byte
	for buf := make([]byte, 16<<10); !bytes.Contains(got, []byte(word)); {
		n, err := c.Read(buf)
		if err != nil {
			return err
		}
		got = append(got, buf[:n]...)
	}
	return nil
}
