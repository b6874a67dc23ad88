package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// house is a desk for tests: a real store and service, a channel that does as it
// is told, and a clock that stands still.
type house struct {
	t       testing.TB
	store   *store.Store
	file    string // the database
	service *server.Service
	url     string
	channel *channel
	clock   *clock
	members map[string]desk.Member // by the name's first word, lower case
	tokens  map[string]string      // the newest of each
	refs    int
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// channel is a Sender under the test's control.
type channel struct {
	mu   sync.Mutex
	sent []desk.Outgoing
	read []string
	// answer decides, and may take its time; nil accepts everything.
	answer func(desk.Outgoing) (desk.Receipt, error)
}

func (c *channel) Send(_ context.Context, o desk.Outgoing) (desk.Receipt, error) {
	c.mu.Lock()
	c.sent = append(c.sent, o)
	answer := c.answer
	c.mu.Unlock()
	if answer != nil {
		return answer(o)
	}
	return desk.Receipt{External: "wamid." + string(o.Message)}, nil
}

// answers sets what decides from now on.
func (c *channel) answers(f func(desk.Outgoing) (desk.Receipt, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = f
}

func (c *channel) MarkRead(_ context.Context, _ desk.ChannelID, external string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = append(c.read, external)
	return nil
}

const (
	shop    desk.ChannelID = "shop"
	support desk.TeamID    = "t_support"
	wares   desk.TeamID    = "t_wares"
)

// open builds a desk with one member of each built-in role: olga is the owner,
// then adam, mona, asha (agent), sara, mark, vera and tom. Asha, Mona and Mark are in
// support, Sara in wares.
func open(t testing.TB, o server.Options) *house {
	t.Helper()
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "desk.db")
	s, err := store.Open(ctx, "sqlite:"+file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: s, file: file, channel: &channel{}, members: map[string]desk.Member{}, tokens: map[string]string{},
		clock: &clock{t: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}}
	o.Store, o.Sender, o.Now = s, h.channel, h.clock.now
	if h.service, err = server.New(ctx, o); err != nil {
		t.Fatal(err)
	}
	h.people()
	web := httptest.NewServer(h.service.Handler())
	h.url = web.URL
	runCtx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		if err := h.service.Run(runCtx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	t.Cleanup(func() {
		drained, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		h.service.Drain(drained)
		stop()
		<-ran
		web.Close()
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return h
}

func (h *house) people() {
	h.t.Helper()
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		for _, team := range []desk.Team{{ID: support, Name: "Support"}, {ID: wares, Name: "Wares"}} {
			if err := tx.PutTeam(team); err != nil {
				return err
			}
			if _, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.TeamAdded, At: h.clock.now(), Team: &team}}); err != nil {
				return err
			}
		}
		for i, m := range []desk.Member{
			{Name: "Olga Owner", Role: desk.RoleOwner}, {Name: "Adam Admin", Role: desk.RoleAdmin},
			{Name: "Mona Manager", Role: desk.RoleManager, Teams: []desk.TeamID{support}},
			{Name: "Asha Agent", Role: desk.RoleAgent, Teams: []desk.TeamID{support}},
			{Name: "Sara Sales", Role: desk.RoleSales, Teams: []desk.TeamID{wares}},
			{Name: "Mark Marketing", Role: desk.RoleMarketing, Teams: []desk.TeamID{support}},
			{Name: "Vera Viewer", Role: desk.RoleViewer}, {Name: "Tom Temporary", Role: desk.RoleTemporary},
		} {
			first := strings.ToLower(strings.Fields(m.Name)[0])
			m.ID, m.Email = desk.MemberID(fmt.Sprintf("u_%d_%s", i, first)), first+"@example.com"
			if err := tx.PutMember(m); err != nil {
				return err
			}
			if _, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.MemberAdded, At: h.clock.now(), Member: &m}}); err != nil {
				return err
			}
			h.members[first] = m
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// says makes a customer write; the external id is made from n.
func (h *house) says(waid, text string, n int) {
	h.t.Helper()
	in := desk.Incoming{Channel: shop, Messages: []desk.IncomingMessage{{
		External: fmt.Sprintf("wamid.in.%s.%d", waid, n), From: desk.Identity{WAID: waid, Name: "Customer " + waid},
		At: h.clock.now(), Type: desk.TypeText, Text: text, Raw: json.RawMessage(`{}`),
	}}}
	if err := h.service.Receive(h.t.Context(), in); err != nil {
		h.t.Fatal(err)
	}
}

// try does a command as a member with a fresh ref.
func (h *house) try(who string, cmd desk.Command) (any, error) {
	h.refs++
	return h.service.Do(h.t.Context(), h.as(who), fmt.Sprintf("ref-%d", h.refs), cmd)
}

func (h *house) as(who string) server.Caller {
	h.t.Helper()
	m, ok := h.members[who]
	if !ok {
		h.t.Fatalf("there is no member %q in the test's desk", who)
	}
	return server.Caller{Member: m.ID, Session: "test", Addr: "127.0.0.1"}
}

// must does a command that has to succeed.
func (h *house) must(who string, cmd desk.Command) any {
	h.t.Helper()
	result, err := h.try(who, cmd)
	if err != nil {
		h.t.Fatalf("%s does %s %+v: %v", who, cmd.Name(), cmd, err)
	}
	return result
}

// thread returns a conversation's messages, oldest first, and the row.
func (h *house) thread(id desk.ConversationID) (desk.Conversation, []desk.Message) {
	h.t.Helper()
	t := h.must("olga", desk.History{Conversation: id, Limit: desk.MaxPage}).(desk.Thread)
	for i, j := 0, len(t.Messages)-1; i < j; i, j = i+1, j-1 {
		t.Messages[i], t.Messages[j] = t.Messages[j], t.Messages[i]
	}
	return t.Conversation, t.Messages
}

// settled waits until nothing is queued or being sent.
func (h *house) settled() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	if err := h.service.Idle(ctx); err != nil {
		h.t.Fatalf("the outbox doesn't come to rest: %v", err)
	}
}

// line is a client's socket in a test.
type line struct {
	t  testing.TB
	ws *websocket.Conn
}

// frame is any frame of the server.
type frame struct {
	Type desk.FrameType `json:"type"`
	raw  json.RawMessage
}

// into decodes the frame.
func (f frame) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(f.raw, v); err != nil {
		t.Fatalf("frame %s: %v", f.raw, err)
	}
}

// dial opens a socket and says hello.
func (h *house) dial(who string, hello desk.Hello) *line {
	h.t.Helper()
	if hello.Token == "" {
		token, err := h.service.Issue(h.t.Context(), h.members[who].ID, "test")
		if err != nil {
			h.t.Fatal(err)
		}
		hello.Token, h.tokens[who] = token, token
	}
	hello.Type = desk.FrameHello
	if hello.Version == 0 {
		hello.Version = desk.Version
	}
	ws, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.url, "http")+"/v1/socket", nil)
	if err != nil {
		h.t.Fatalf("dial: %v (%v)", err, resp)
	}
	h.t.Cleanup(func() { _ = ws.Close() })
	l := &line{h.t, ws}
	l.send(hello)
	return l
}

func (l *line) send(v any) {
	l.t.Helper()
	if err := l.ws.WriteJSON(v); err != nil {
		l.t.Fatalf("write: %v", err)
	}
}

// next reads a frame; the test fails when none comes.
func (l *line) next() frame {
	l.t.Helper()
	f, err := l.read()
	if err != nil {
		l.t.Fatalf("read: %v", err)
	}
	return f
}

func (l *line) read() (frame, error) {
	var f frame
	if err := l.ws.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return f, err
	}
	_, data, err := l.ws.ReadMessage()
	if err != nil {
		return f, err
	}
	f.raw = data
	return f, json.Unmarshal(data, &f)
}

// until reads frames up to the first of a type.
func (l *line) until(typ desk.FrameType) frame {
	l.t.Helper()
	for {
		if f := l.next(); f.Type == typ {
			return f
		}
	}
}
