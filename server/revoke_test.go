package server_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// watched is a listener whose connections look at what the server gets written.
type watched struct {
	net.Listener
	armed atomic.Bool  // from now on nothing forbidden may go out
	leaks atomic.Int64 // what did
	// hold, when it is set, is asked before a forbidden write goes on.
	hold atomic.Pointer[func()]
}

type watchedConn struct {
	net.Conn
	w *watched
}

func (w *watched) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{c, w}, nil
}

func (c *watchedConn) Write(b []byte) (int, error) {
	forbidden := bytes.Contains(b, []byte("forbidden"))
	if hold := c.w.hold.Load(); forbidden && hold != nil {
		(*hold)()
	}
	armed := c.w.armed.Load()
	n, err := c.Conn.Write(b)
	if forbidden && armed && err == nil {
		c.w.leaks.Add(1)
	}
	return n, err
}

// watch serves the desk on a second address that is watched.
func (h *house) watch() *watched {
	h.t.Helper()
	web := httptest.NewUnstartedServer(h.service.Handler())
	w := &watched{Listener: web.Listener}
	web.Listener = w
	web.Start()
	h.t.Cleanup(web.Close)
	h.url = web.URL
	return w
}

// TestRevokeRace takes a member's sight away while somebody writes as fast as it
// goes and fifty sockets of the member read: once the change is answered, the
// server writes no forbidden byte to any of them.
func TestRevokeRace(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	w := h.watch()
	id := h.chat()
	const sockets = 50
	var lines []*line
	for range sockets {
		l := h.dial("asha", desk.Hello{Token: h.tokens["asha"]})
		l.first()
		lines = append(lines, l)
	}
	var readers, writer sync.WaitGroup
	var seen atomic.Int64
	for _, l := range lines {
		readers.Go(func() {
			for {
				f, err := l.read()
				if err != nil || bytes.Contains(f.raw, []byte("the end")) {
					return
				}
				if bytes.Contains(f.raw, []byte("forbidden")) {
					seen.Add(1)
				}
			}
		})
	}
	h.must("olga", desk.Assign{Conversation: id, Member: ptr(h.members["mona"].ID)}) // asha sees it through her team
	mona := h.as("mona")
	ctx, stop := context.WithCancel(t.Context())
	for i := range 4 {
		writer.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				_, err := h.service.Do(context.Background(), mona, fmt.Sprintf("w-%d-%d", i, n), desk.Note{Conversation: id, Text: "forbidden"})
				if err != nil {
					t.Errorf("note: %v", err)
					return
				}
			}
		})
	}
	for range 6 {
		before := seen.Load()
		h.eventually("the sockets read", func() bool { return seen.Load() > before+sockets })
		h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleTemporary})
		w.armed.Store(true)
		h.must("mona", desk.Note{Conversation: id, Text: "forbidden, after the answer"})
		h.must("mona", desk.Note{Conversation: id, Text: "forbidden, once more"})
		w.armed.Store(false)
		if n := w.leaks.Load(); n != 0 {
			t.Fatalf("%d forbidden writes after the change was answered", n)
		}
		h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleAgent})
	}
	stop()
	writer.Wait()
	if _, err := h.service.AddTeam(t.Context(), "the end"); err != nil {
		t.Fatal(err)
	}
	readers.Wait()
}

// TestRevokeCutsAWriteUnderWay revokes while a socket is in the middle of a write
// that was decided on under the old rights: it is cut before the change is
// answered, and what was under way never leaves.
func TestRevokeCutsAWriteUnderWay(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{SlowWrite: 10 * time.Millisecond})
	w := h.watch()
	id := h.chat()
	l := h.dial("asha", desk.Hello{})
	l.first()
	h.must("olga", desk.Assign{Conversation: id, Member: ptr(h.members["mona"].ID)})
	l.events()
	begun, release, tried := make(chan struct{}), make(chan struct{}), make(chan struct{})
	hold := func() { close(begun); <-release; close(tried) }
	w.hold.Store(&hold)
	h.must("mona", desk.Note{Conversation: id, Text: "forbidden"})
	<-begun
	h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleTemporary})
	w.armed.Store(true)
	w.hold.Store(nil)
	close(release)
	<-tried
	if code := l.closed(); code != 1006 {
		t.Errorf("it was closed with %d, and not cut", code)
	}
	if n := w.leaks.Load(); n != 0 {
		t.Error("what was under way went out after the change was answered")
	}
	if snap := h.dial("asha", desk.Hello{}).first(); len(snap.Conversations) != 0 {
		t.Errorf("back with %+v", snap.Conversations)
	}
}

func ptr[T any](v T) *T { return &v }

// TestSlowReaderHarmsNobody lets one client stop reading while much is written.
// The others get everything; it is cut, and comes back whole.
func TestSlowReaderHarmsNobody(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Ping: 300 * time.Millisecond})
	id := h.chat()
	slow := h.dial("mona", desk.Hello{})
	snap := slow.first() // and never reads again
	healthy := h.dial("asha", desk.Hello{})
	healthy.first()
	const n = 400 // 1.6 MB
	var wg sync.WaitGroup
	wg.Go(func() {
		for got := 0; got < n; {
			f, err := healthy.read()
			if err != nil {
				t.Errorf("the healthy one: %v after %d", err, got)
				return
			}
			got += bytes.Count(f.raw, []byte(`"kind":"note.added"`))
		}
	})
	asha := h.as("asha")
	for i := range n {
		_, err := h.service.Do(t.Context(), asha, fmt.Sprint("n", i), desk.Note{Conversation: id, Text: strings.Repeat("x", 4000)})
		if err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	closed := make(chan struct{})
	slow.ws.SetPingHandler(func(string) error { return nil })
	// It reads what the kernel kept, so slowly that it misses the pings.
	go func() {
		defer close(closed)
		for {
			if _, err := slow.read(); err != nil {
				return
			}
		}
	}()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Fatal("a client that answers no ping is kept")
	}
	back := h.dial("mona", desk.Hello{Epoch: snap.Epoch, Seq: snap.Seq})
	if !back.welcome().Resumed {
		t.Fatal("it can't resume")
	}
	got, at := 0, snap.Seq
	for got < n {
		ev := back.events()
		if ev.From != at {
			t.Fatalf("events from %d, want %d", ev.From, at)
		}
		at = ev.To
		for _, e := range ev.Events {
			if e.Kind == desk.NoteAdded {
				got++
			}
		}
	}
	if got != n {
		t.Errorf("it got %d notes of %d", got, n)
	}
}

// other opens the same database a second time, as the console's commands do while
// the server runs.
func (h *house) other() *server.Service {
	h.t.Helper()
	s, err := store.Open(h.t.Context(), "sqlite:"+h.file, store.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = s.Close() })
	service, err := server.New(h.t.Context(), server.Options{Store: s, Now: h.clock.now})
	if err != nil {
		h.t.Fatal(err)
	}
	return service
}

// TestAnotherProcessSuspends changes people through another process: the doorbell
// doesn't ring here, the poll finds it.
func TestAnotherProcessSuspends(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: 5 * time.Millisecond})
	console := h.other()
	asha, vera := h.dial("asha", desk.Hello{}), h.dial("vera", desk.Hello{})
	asha.first()
	vera.first()
	if err := console.Suspend(t.Context(), h.members["asha"].ID); err != nil {
		t.Fatal(err)
	}
	if b := asha.bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
		t.Errorf("bye = %+v", b)
	}
	if ev := vera.events(); len(ev.Events) != 1 || ev.Events[0].Kind != desk.MemberSuspended {
		t.Errorf("the others are told %+v", ev)
	}
	if _, err := console.Do(t.Context(), h.as("olga"), "elsewhere", desk.AssignRole{Member: h.members["vera"].ID, Role: desk.RoleTemporary}); err != nil {
		t.Fatal(err)
	}
	if snap := vera.first(); snap.Reason != desk.SnapshotRights || snap.Me.Role.ID != desk.RoleTemporary {
		t.Errorf("after a role change elsewhere: %s, %+v", snap.Reason, snap.Me)
	}
	h.must("olga", desk.AssignRole{Member: h.members["mona"].ID, Role: desk.RoleAgent}) // both write to one log
}

// TestLostDoorbell writes here after another process wrote: the gap is noticed
// without any poll, and nothing is told out of order.
func TestLostDoorbell(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	console := h.other()
	l := h.dial("olga", desk.Hello{})
	at := l.first().Seq
	if _, err := console.AddTeam(t.Context(), "Elsewhere"); err != nil {
		t.Fatal(err)
	}
	h.says("447700900001", "Here", 1)
	var kinds []desk.EventKind
	for len(kinds) < 2 {
		ev := l.events()
		if ev.From != at {
			t.Errorf("events from %d, want %d", ev.From, at)
		}
		at = ev.To
		for _, e := range ev.Events {
			kinds = append(kinds, e.Kind)
		}
	}
	if fmt.Sprint(kinds) != "[team.added message.received]" {
		t.Errorf("told %v", kinds)
	}
}

// TestSnapshotShowsThePeopleOfItsPosition takes a snapshot while an entry of
// another process hasn't been heard of: it won't be told later either.
func TestSnapshotShowsThePeopleOfItsPosition(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Poll: time.Hour})
	token, err := h.service.Issue(t.Context(), h.members["asha"].ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.other().Do(t.Context(), h.as("olga"), "elsewhere", desk.AssignRole{Member: h.members["vera"].ID, Role: desk.RoleTemporary}); err != nil {
		t.Fatal(err)
	}
	snap := h.dial("asha", desk.Hello{Token: token}).first()
	for _, m := range snap.Members {
		if m.ID == h.members["vera"].ID && m.Role != desk.RoleTemporary {
			t.Errorf("the snapshot at %d of %d shows %+v", snap.Seq, h.head(), m)
		}
	}
}
