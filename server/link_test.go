package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// first returns the next snapshot.
func (l *line) first() desk.Snapshot {
	l.t.Helper()
	var snap desk.Snapshot
	l.until(desk.FrameSnapshot).into(l.t, &snap)
	return snap
}

func (l *line) welcome() desk.Welcome {
	l.t.Helper()
	var w desk.Welcome
	l.until(desk.FrameHello).into(l.t, &w)
	return w
}

func (l *line) events() desk.Events {
	l.t.Helper()
	var ev desk.Events
	l.until(desk.FrameEvents).into(l.t, &ev)
	return ev
}

func (l *line) bye() desk.Bye {
	l.t.Helper()
	var b desk.Bye
	l.until(desk.FrameBye).into(l.t, &b)
	return b
}

// closed reads to the end and returns the close code; 1006 when there was none.
func (l *line) closed() int {
	l.t.Helper()
	for {
		_, err := l.read()
		if err == nil {
			continue
		}
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			return closed.Code
		}
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			l.t.Fatal("the socket stays open")
		}
		return websocket.CloseAbnormalClosure
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.says("447700900001", "One", 1)
	l := h.dial("asha", desk.Hello{})
	snap := l.first()
	_ = l.ws.Close()
	h.says("447700900001", "Two", 2)
	h.says("447700900001", "Three", 3)
	back := h.dial("asha", desk.Hello{Epoch: snap.Epoch, Seq: snap.Seq})
	if w := back.welcome(); !w.Resumed || w.Epoch != snap.Epoch {
		t.Fatalf("welcome = %+v", w)
	}
	var texts []string
	for from := snap.Seq; len(texts) < 2; {
		ev := back.events()
		if ev.From != from {
			t.Errorf("events from %d, want %d", ev.From, from)
		}
		from = ev.To
		for _, e := range ev.Events {
			texts = append(texts, e.Messages[0].Text)
		}
	}
	if fmt.Sprint(texts) != "[Two Three]" {
		t.Errorf("resumed with %v", texts)
	}
}

func TestResumeIsRefusedWithASnapshot(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	epoch := h.store.Epoch()
	for _, k := range []struct {
		name   string
		hello  desk.Hello
		reason desk.SnapshotReason
	}{
		{"no position", desk.Hello{}, desk.SnapshotFirst},
		{"another epoch", desk.Hello{Epoch: "other", Seq: h.head()}, desk.SnapshotReset},
		{"a position that isn't there yet", desk.Hello{Epoch: epoch, Seq: h.head() + 1000}, desk.SnapshotReset},
		{"a negative position", desk.Hello{Epoch: epoch, Seq: -5}, desk.SnapshotReset},
	} {
		l := h.dial("asha", k.hello)
		if w := l.welcome(); w.Resumed {
			t.Errorf("%s was resumed", k.name)
		}
		if snap := l.first(); snap.Reason != k.reason {
			t.Errorf("%s: a snapshot for %q", k.name, snap.Reason)
		}
	}
	start := h.head()
	var in desk.Incoming
	for n := range 5001 {
		in.Channel = shop
		in.Messages = append(in.Messages, desk.IncomingMessage{External: fmt.Sprint("far.", n), From: desk.Identity{WAID: "44"}, At: h.clock.now(), Type: desk.TypeText, Text: "x"})
	}
	if err := h.service.Receive(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if l := h.dial("asha", desk.Hello{Epoch: epoch, Seq: start}); l.welcome().Resumed || l.first().Reason != desk.SnapshotReset {
		t.Error("a position 5001 entries back was resumed")
	}
	if l := h.dial("asha", desk.Hello{Epoch: epoch, Seq: start + 100}); !l.welcome().Resumed {
		t.Error("a position 4900 entries back was not resumed")
	}
}

func TestRightsChangedWhileAway(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	l := h.dial("asha", desk.Hello{})
	snap := l.first()
	_ = l.ws.Close()
	h.must("olga", desk.AssignRole{Member: h.members["asha"].ID, Role: desk.RoleMarketing})
	back := h.dial("asha", desk.Hello{Epoch: snap.Epoch, Seq: snap.Seq})
	if back.welcome().Resumed {
		t.Error("resumed over a change of its own rights")
	}
	if snap := back.first(); snap.Me.Role.ID != desk.RoleMarketing {
		t.Errorf("me = %+v", snap.Me)
	}
}

// TestOthersRolesDontDisturb changes somebody else's role: one event, no snapshot.
func TestOthersRolesDontDisturb(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	l := h.dial("asha", desk.Hello{})
	snap := l.first()
	h.must("olga", desk.AssignRole{Member: h.members["vera"].ID, Role: desk.RoleAgent})
	f := l.next()
	var ev desk.Events
	if f.into(t, &ev); f.Type != desk.FrameEvents || len(ev.Events) != 1 || ev.Events[0].Kind != desk.RoleAssigned || ev.Events[0].Member.Role != desk.RoleAgent {
		t.Errorf("the next frame is %s", f.raw)
	}
	_ = l.ws.Close()
	if back := h.dial("asha", desk.Hello{Epoch: snap.Epoch, Seq: snap.Seq}); !back.welcome().Resumed {
		t.Error("somebody else's role was in the way of resuming")
	}
}

// TestOutOfSightAndBack takes a chat away from a sales member and gives it back.
func TestOutOfSightAndBack(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	sara, asha := h.members["sara"].ID, h.members["asha"].ID
	id := plant(t, h.store, h.clock.now(), open1(sara, wares))[0]
	l := h.dial("sara", desk.Hello{})
	if snap := l.first(); len(snap.Conversations) != 1 {
		t.Fatalf("snapshot holds %+v", snap.Conversations)
	}
	h.must("olga", desk.Assign{Conversation: id, Member: &asha})
	ev := l.events()
	if len(ev.Events) != 0 || len(ev.Gone) != 1 || ev.Gone[0].Conversation != id || ev.Gone[0].Before != open1(sara, wares) {
		t.Errorf("after it went: %+v", ev)
	}
	h.must("asha", desk.Note{Conversation: id, Text: "Not for Sara"})
	h.must("asha", desk.Label{Conversation: id, Add: []string{"hidden"}})
	h.must("olga", desk.Assign{Conversation: id, Member: &sara})
	f := l.next()
	var back desk.Events
	f.into(t, &back)
	if len(back.Events) != 1 || len(back.Gone) != 0 || back.Events[0].Kind != desk.ConversationAssigned || back.From != ev.To {
		t.Fatalf("after it came back: %s", f.raw)
	}
	if c := back.Events[0].Conversation; c == nil || c.Contact.Name == "" || len(c.Labels) != 1 || c.Assignee != sara {
		t.Errorf("the row isn't whole: %+v", c)
	}
}

func TestByes(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	signOut := func(who string) func() {
		return func() {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, h.url+"/v1/session", nil)
			req.Header.Set("Authorization", "Bearer "+h.tokens[who])
			resp, err := http.DefaultClient.Do(req)
			if err != nil || resp.StatusCode != http.StatusNoContent {
				t.Fatalf("sign out: %v %v", resp, err)
			}
			_ = resp.Body.Close()
		}
	}
	for _, k := range []struct {
		who string
		do  func()
	}{
		{"asha", func() {
			if err := h.service.Suspend(t.Context(), h.members["asha"].ID); err != nil {
				t.Fatal(err)
			}
		}},
		{"vera", signOut("vera")},
		{"mona", func() {
			if err := h.service.SetPassword(t.Context(), h.members["mona"].ID, "a new password"); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		other := h.dial("adam", desk.Hello{})
		other.first()
		l := h.dial(k.who, desk.Hello{})
		l.first()
		k.do()
		if b := l.bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
			t.Errorf("%s: bye = %+v", k.who, b)
		}
		if code := l.closed(); code != 4001 {
			t.Errorf("%s: closed with %d", k.who, code)
		}
		if b := h.dial(k.who, desk.Hello{Token: h.tokens[k.who]}).bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
			t.Errorf("%s comes back: %+v", k.who, b)
		}
		other.do("still-here", desk.ListConversations{List: desk.ListAll})
	}
}

// TestOnlyOneSignOutEnds signs one of two sessions of a member out.
func TestOnlyOneSignOutEnds(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	stays := h.dial("asha", desk.Hello{})
	stays.first()
	leaves := h.dial("asha", desk.Hello{})
	leaves.first()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, h.url+"/v1/session", nil)
	req.Header.Set("Authorization", "Bearer "+h.tokens["asha"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	leaves.bye()
	stays.do("still-here", desk.ListConversations{List: desk.ListAll})
}

func TestBadBeginnings(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	if b := h.dial("asha", desk.Hello{Version: 99}).bye(); b.Code != desk.CodeInvalid || b.RetryMS >= 0 || !strings.Contains(b.Message, "Update") {
		t.Errorf("another version: %+v", b)
	}
	if b := h.dial("asha", desk.Hello{Token: "fd1_wrong"}).bye(); b.Code != desk.CodeUnauthenticated || b.RetryMS >= 0 {
		t.Errorf("a wrong token: %+v", b)
	}
	for name, data := range map[string][]byte{
		"a command first": []byte(`{"type":"do","ref":"1","command":"conversation.list","args":{"list":"all"}}`),
		"no JSON":         []byte("hello"),
		"a long hello":    fmt.Appendf(nil, `{"type":"hello","version":1,"token":"%s"}`, strings.Repeat("x", 2000)),
	} {
		l := h.raw()
		if err := l.ws.WriteMessage(websocket.TextMessage, data); err != nil {
			t.Fatal(err)
		}
		for {
			f, err := l.read()
			if err != nil {
				break
			}
			if f.Type != desk.FrameBye {
				t.Errorf("%s: answered with %s", name, f.raw)
			}
		}
	}
}

// raw opens a socket and says nothing.
func (h *house) raw() *line {
	h.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(h.socket(), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = ws.Close() })
	return &line{h.t, ws}
}

func (h *house) socket() string { return "ws" + strings.TrimPrefix(h.url, "http") + "/v1/socket" }

func TestBadFrames(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	for _, k := range []struct {
		name string
		data []byte
		code int
	}{
		{"too large", []byte(`{"type":"do","ref":"` + strings.Repeat("x", desk.MaxFrame) + `"}`), websocket.CloseMessageTooBig},
		{"bad UTF-8", []byte("{\"type\":\"do\",\"ref\":\"\xff\xfe\"}"), websocket.CloseInvalidFramePayloadData},
		{"no JSON", []byte("]["), websocket.CloseInvalidFramePayloadData},
		{"no object", []byte(`"do"`), websocket.CloseInvalidFramePayloadData},
	} {
		l := h.dial("asha", desk.Hello{})
		l.first()
		if err := l.ws.WriteMessage(websocket.TextMessage, k.data); err != nil {
			t.Fatal(err)
		}
		if code := l.closed(); code != k.code {
			t.Errorf("%s: closed with %d, want %d", k.name, code, k.code)
		}
	}
	l := h.dial("asha", desk.Hello{})
	l.send(map[string]any{"type": "from a newer client", "x": 1})
	if a := l.do("1", desk.ListConversations{List: desk.ListAll}); a.Error != nil {
		t.Errorf("after a frame of an unknown type: %+v", a.Error)
	}
}

func TestTooManyCommands(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	l := h.dial("asha", desk.Hello{})
	l.first()
	const n = 120
	for i := range n {
		l.ask(fmt.Sprint(i), desk.ListConversations{List: desk.ListMine, Limit: 1})
	}
	busy := 0
	for i := range n {
		a := l.answer(fmt.Sprint(i))
		if a.Error != nil {
			if a.Error.Code != desk.CodeBusy || a.Error.RetryMS <= 0 {
				t.Fatalf("answer %d: %+v", i, a.Error)
			}
			busy++
		}
	}
	if busy == 0 || busy > n-60 {
		t.Errorf("%d of %d commands were answered busy", busy, n)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Origins: []string{"https://desk.example.com"}})
	for origin, ok := range map[string]bool{"": true, h.url: true, "https://desk.example.com": true,
		"https://evil.example.com": false, "null": false, "https://desk.example.com.evil.com": false, "https://desk.example.com:444": false, "file://": false} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, resp, err := websocket.DefaultDialer.Dial(h.socket(), header)
		if (err == nil) != ok || !ok && resp.StatusCode != http.StatusForbidden {
			t.Errorf("origin %q: %v", origin, err)
		}
		if err == nil {
			_ = ws.Close()
		}
	}
}

func TestDrainSpreads(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	var lines []*line
	for range 20 {
		l := h.dial("asha", desk.Hello{Token: h.tokens["asha"]})
		l.first()
		lines = append(lines, l)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		h.service.Drain(ctx)
	}()
	times := map[int]bool{}
	for _, l := range lines {
		b := l.bye()
		if b.Code != desk.CodeBusy || b.RetryMS < 0 || b.RetryMS > 2000 {
			t.Errorf("bye = %+v", b)
		}
		times[b.RetryMS] = true
		if code := l.closed(); code != websocket.CloseServiceRestart {
			t.Errorf("closed with %d", code)
		}
	}
	if len(times) < 10 {
		t.Errorf("%d clients come back at only %d moments", len(lines), len(times))
	}
	<-done
	resp, err := http.Get(h.url + "/readyz")
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("readyz: %v %v", resp, err)
	}
	_ = resp.Body.Close()
	_, resp, err = websocket.DefaultDialer.Dial(h.socket(), nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a new socket: %v %v", resp, err)
	}
}

func TestPings(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{Ping: 200 * time.Millisecond})
	alive := h.dial("asha", desk.Hello{})
	alive.first()
	silent := h.dial("mona", desk.Hello{})
	silent.first()
	gone := make(chan struct{})
	silent.ws.SetPingHandler(func(string) error { return nil }) // it hears, and doesn't answer
	go func() {
		defer close(gone)
		for {
			if _, _, err := silent.ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	pings := 0
	alive.ws.SetPingHandler(func(data string) error {
		if pings++; pings == 8 { // longer than twice the silence that closes
			alive.send(desk.Do{Type: desk.FrameDo, Ref: "after", Command: "conversation.list", Args: json.RawMessage(`{"list":"mine"}`)})
		}
		return alive.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
	if a := alive.answer("after"); a.Error != nil {
		t.Errorf("after 8 pings: %+v", a)
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("a session that answers no ping stays")
	}
}

func TestConflictOverTheSocket(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := h.chat()
	l := h.dial("asha", desk.Hello{})
	seen := l.first().Seq
	h.reply("mona", id, "I was faster")
	a := l.do("slow", desk.Reply{Conversation: id, Text: "Too late", Seen: seen})
	if a.Error == nil || a.Error.Code != desk.CodeConflict || len(a.Error.Since) != 1 || a.Error.Since[0].Text != "I was faster" || a.Error.Seq <= seen {
		t.Fatalf("the conflict: %+v", a.Error)
	}
	if a := l.do("slow again", desk.Reply{Conversation: id, Text: "Too late", Seen: a.Error.Seq}); a.Error != nil {
		t.Errorf("after reading it: %+v", a.Error)
	}
}

// TestRefAfterAReconnect cuts the link before the answer is read.
func TestRefAfterAReconnect(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := h.chat()
	reply := desk.Reply{Conversation: id, Text: "Once", Seen: 1 << 40}
	l := h.dial("asha", desk.Hello{})
	l.first()
	l.ask("mine", reply)
	h.eventually("the reply", func() bool { c, _ := h.thread(id); return c.Last.Text == "Once" })
	_ = l.ws.Close()
	back := h.dial("asha", desk.Hello{})
	a := back.do("mine", reply)
	var done desk.Done
	if err := json.Unmarshal(a.Result, &done); err != nil || a.Error != nil || h.message(id, done.Message).Text != "Once" {
		t.Errorf("the answer after the reconnect: %+v", a)
	}
	h.settled()
	if n := len(h.channel.all()); n != 1 {
		t.Errorf("%d messages were sent", n)
	}
}
