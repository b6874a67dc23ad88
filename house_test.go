package frontdesk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp/graphfake"
	"github.com/frontdesk-inbox/frontdesk/tui"
	"github.com/frontdesk-inbox/frontdesk/tui/glass"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// house is a whole desk: fake WhatsApp, server, and the screens that are open.
type house struct {
	dir, dsn  string
	fake      *graphfake.Fake
	channel   whatsapp.Config
	valve     *valve
	store     *store.Store
	service   *server.Service
	web       *http.Server
	addr      string
	stop      context.CancelFunc // nil while the server is stopped
	ran       chan struct{}
	clock     *clock
	members   map[string]desk.Member
	tokens    map[string]string // sign-ins of those who joined
	names     map[string]string // what a script writes as "@name": what answers told
	customers map[string]graphfake.Customer
	screens   map[string]*screen
}

// clock runs, and can be moved on.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// newClock begins at noon, so that no script depends on when it is played.
func newClock() *clock {
	return &clock{ahead: time.Until(time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC))}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func openHouse(dir, dsn string) (*house, error) {
	h := &house{dir: dir, dsn: dsn, addr: "127.0.0.1:0", clock: newClock(),
		members: map[string]desk.Member{}, tokens: map[string]string{}, names: map[string]string{},
		customers: map[string]graphfake.Customer{}, screens: map[string]*screen{}}
	h.fake = graphfake.New(graphfake.Options{Now: h.clock.now, Seed: 1})
	graph, err := h.fake.Listen()
	if err != nil {
		return nil, err
	}
	o := h.fake.Options()
	h.channel = whatsapp.Config{BaseURL: graph, Version: "v25.0", PhoneNumberID: o.PhoneNumberID, WABAID: o.WABAID,
		AccessToken: o.AccessToken, VerifyToken: o.VerifyToken, AppSecrets: []string{o.AppSecret}, Channel: "shop", AllowPrivate: true, Now: h.clock.now}
	h.valve = newValve(whatsapp.NewSender(h.channel))
	return h, h.start()
}

// start opens the database and serves it, at the address that it had before.
func (h *house) start() (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	h.stop, h.ran = cancel, make(chan struct{})
	if h.store, err = store.Open(ctx, h.dsn, store.Options{}); err != nil {
		return err
	}
	if len(h.members) == 0 {
		if err := h.store.Write(ctx, h.staff); err != nil {
			return err
		}
	}
	h.service, err = server.New(ctx, server.Options{Store: h.store, Sender: h.valve, Now: h.clock.now, Poll: 50 * time.Millisecond})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/whatsapp", whatsapp.NewWebhook(h.channel, h.service))
	mux.Handle("/", h.service.Handler())
	l, err := net.Listen("tcp", h.addr)
	if err != nil {
		return err
	}
	h.addr = l.Addr().String()
	h.web = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func(web *http.Server) { _ = web.Serve(l) }(h.web) // ends with halt
	h.fake.SetWebhook("http://" + h.addr + "/webhooks/whatsapp")
	go func(s *server.Service, ran chan struct{}) {
		defer close(ran)
		_ = s.Run(ctx) // what it could say, the scripts see
	}(h.service, h.ran)
	return nil
}

// halt stops the server as an operator does.
func (h *house) halt() {
	if h.stop == nil {
		return
	}
	ctx, cancel := patience()
	defer cancel()
	h.service.Drain(ctx)
	h.stop()
	h.stop = nil
	<-h.ran
	_ = h.web.Close()   // its sockets are drained
	_ = h.store.Close() // nobody uses it any more
}

func (h *house) close() {
	for _, s := range h.screens {
		s.close()
	}
	h.valve.turn(true)
	h.halt()
	h.fake.Close()
}

// valve is the way to WhatsApp. Shut, it holds what is being sent.
type valve struct {
	server.Sender
	held chan struct{} // has one for each message that had to wait

	mu      sync.Mutex
	passage chan struct{} // closed while it is open
}

func newValve(s server.Sender) *valve {
	v := &valve{Sender: s, held: make(chan struct{}, 64), passage: make(chan struct{})}
	close(v.passage)
	return v
}

func (v *valve) Send(ctx context.Context, o desk.Outgoing) (desk.Receipt, error) {
	v.mu.Lock()
	passage := v.passage
	v.mu.Unlock()
	select {
	case <-passage:
	default:
		v.held <- struct{}{}
		<-passage
	}
	return v.Sender.Send(ctx, o)
}

// turn opens or shuts it.
func (v *valve) turn(open bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.passage:
		if !open {
			v.passage = make(chan struct{})
		}
	default:
		if open {
			close(v.passage)
		}
	}
}

// ownSchema makes a schema of a Postgres database that is gone after the test.
func ownSchema(t *testing.T, base string) (string, error) {
	ctx, cancel := patience()
	defer cancel()
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	name := "scenario_" + strings.ToLower(client.NewRef())
	if _, err := conn.Exec(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", err
	}
	t.Cleanup(func() {
		ctx, cancel := patience()
		defer cancel()
		conn, err := pgx.Connect(ctx, base)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// staff adds a member of each built-in role; the scripts call them by first name,
// and in arguments by ids like u_tom.
func (h *house) staff(tx *store.Tx) error {
	support := desk.Team{ID: "t_support", Name: "Support"}
	if err := tx.PutTeam(support); err != nil {
		return err
	}
	if _, err := tx.Append(store.Entry{Event: desk.Event{At: h.clock.now(), Kind: desk.TeamAdded, Team: &support}}); err != nil {
		return err
	}
	for _, m := range []desk.Member{
		{Name: "Olga Ortiz", Role: desk.RoleOwner}, {Name: "Adam Abel", Role: desk.RoleAdmin},
		{Name: "Mona Marsh", Role: desk.RoleManager, Teams: []desk.TeamID{support.ID}},
		{Name: "Asha Rao", Role: desk.RoleAgent, Teams: []desk.TeamID{support.ID}},
		{Name: "Ben Okoro", Role: desk.RoleAgent, Teams: []desk.TeamID{support.ID}},
		{Name: "Sara Silva", Role: desk.RoleSales}, {Name: "Mark Mayer", Role: desk.RoleMarketing, Teams: []desk.TeamID{support.ID}},
		{Name: "Vera Vogt", Role: desk.RoleViewer}, {Name: "Tom Tran", Role: desk.RoleTemporary},
	} {
		first := strings.ToLower(strings.Fields(m.Name)[0])
		m.ID, m.Email = desk.MemberID("u_"+first), first+"@example.com"
		if err := tx.PutMember(m); err != nil {
			return err
		}
		if _, err := tx.Append(store.Entry{Event: desk.Event{At: h.clock.now(), Kind: desk.MemberAdded, Member: &m}}); err != nil {
			return err
		}
		h.members[first] = m
	}
	return nil
}

func (h *house) customer(name, number string) {
	c := graphfake.Customer{Name: strings.ToUpper(name[:1]) + name[1:], WAID: number}
	h.customers[name] = c
	h.fake.Add(c)
}

// do does a command as a member without a screen.
func (h *house) do(who string, cmd desk.Command) (any, error) {
	ctx, cancel := patience()
	defer cancel()
	return h.service.Do(ctx, server.Caller{Member: h.members[who].ID, Session: "script", Addr: "127.0.0.1"}, client.NewRef(), cmd)
}

// join takes up an invitation, as the program does.
func (h *house) join(name, code string) error {
	ctx, cancel := patience()
	defer cancel()
	as, err := client.Join(ctx, "http://"+h.addr, code, "a long password", "script")
	if err != nil {
		return err
	}
	h.members[name], h.tokens[name] = as.Member, as.Token
	return nil
}

func (h *house) token(who string) (string, error) {
	if t, ok := h.tokens[who]; ok {
		return t, nil
	}
	return h.service.Issue(context.Background(), h.members[who].ID, "script")
}

// ask asks over a socket of its own, and returns the answer as it stands on the
// wire, but for its ref. as may be nil.
func (h *house) ask(who string, as *desk.ViewAs, command string, args json.RawMessage) ([]byte, error) {
	token, err := h.token(who)
	if err != nil {
		return nil, err
	}
	ctx, cancel := patience()
	defer cancel()
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, "ws://"+h.addr+"/v1/socket", nil)
	if err != nil {
		return nil, err
	}
	defer ws.Close()
	if err := ws.WriteJSON(desk.Hello{Type: desk.FrameHello, Version: desk.Version, Token: token, Program: "script", As: as}); err != nil {
		return nil, err
	}
	ref := client.NewRef()
	if err := ws.WriteJSON(desk.Do{Type: desk.FrameDo, Ref: ref, Command: command, Args: args}); err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	ws.SetReadDeadline(deadline)
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return nil, err
		}
		var frame struct {
			Type desk.FrameType `json:"type"`
		}
		if err := json.Unmarshal(data, &frame); err != nil {
			return nil, err
		}
		if frame.Type == desk.FrameAnswer || frame.Type == desk.FrameBye {
			return bytes.ReplaceAll(data, []byte(ref), []byte("REF")), nil
		}
	}
}

// screen is a member's program: a link through a wire that can be cut, the real
// model in a real program, and a terminal that is read.
type screen struct {
	wire    *wire
	link    *client.Client
	program *tea.Program
	glass   *glass.Glass
	keys    *io.PipeWriter
	stop    context.CancelFunc
	done    sync.WaitGroup
}

func (h *house) open(who string, cols, rows int) error {
	token, err := h.token(who)
	if err != nil {
		return err
	}
	disk, err := client.OpenDisk(filepath.Join(h.dir, who))
	if err != nil {
		return err
	}
	drafts, err := disk.Drafts()
	if err != nil {
		return err
	}
	s := &screen{wire: newWire(h.addr), glass: glass.New(cols, rows)}
	link := client.Options{Server: "http://" + h.addr, Token: token, Program: "script", Dial: s.wire.dial}
	s.link = client.New(link)
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	replica := client.NewReplica()
	model := tui.New(tui.Options{Do: s.link.Do, Replica: replica, Drafts: drafts, SaveDraft: disk.SaveDraft,
		Server: h.addr, Reconnect: s.link.Retry, Open: s.looking(ctx, link), Context: ctx, Now: h.clock.now, Location: time.UTC})
	input, keys := io.Pipe()
	s.keys = keys
	s.program = tea.NewProgram(model, tea.WithInput(safe.NewGuard(input)), tea.WithOutput(s), tea.WithWindowSize(cols, rows),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}), tea.WithoutSignals(), tea.WithFPS(120))
	s.done.Go(func() { _, _ = s.program.Run() })              // ends with Quit; what it drew is what counts
	s.done.Go(func() { _, _ = io.Copy(io.Discard, s.glass) }) // this terminal answers nothing
	live := make(chan struct{})
	isLive := sync.OnceFunc(func() { close(live) })
	s.done.Go(func() { // ends with ctx
		_ = s.link.Run(ctx, func(m []client.Msg) {
			s.program.Send(tui.Deliver(m))
			if slices.ContainsFunc(m, func(one client.Msg) bool { _, ok := one.(desk.Snapshot); return ok }) {
				isLive()
			}
		})
	})
	h.screens[who] = s
	return s.wait(live)
}

// wait returns once the screen has what it shows first: keys that are pressed
// before that find nothing to act on.
func (s *screen) wait(live <-chan struct{}) error {
	ctx, cancel := patience()
	defer cancel()
	select {
	case <-live:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the screen isn't live yet, and shows:\n%s", s.glass.Text())
	}
}

// looking opens the links that see as someone else.
func (s *screen) looking(ctx context.Context, o client.Options) func(desk.ViewAs, func([]client.Msg)) (doing, func()) {
	return func(as desk.ViewAs, deliver func([]client.Msg)) (doing, func()) {
		o.As = &as
		link := client.New(o)
		ctx, cut := context.WithCancel(ctx)
		s.done.Go(func() { _ = link.Run(ctx, deliver) }) // ends with ctx
		return link.Do, cut
	}
}

type doing = func(ctx context.Context, ref string, cmd desk.Command) (json.RawMessage, error)

// Write draws. A program whose input is no terminal counts on the line discipline
// to return the carriage with each line feed.
func (s *screen) Write(p []byte) (int, error) {
	_, err := s.glass.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

func (s *screen) key(raw string) error {
	_, err := io.WriteString(s.keys, raw)
	return err
}

func (s *screen) resize(cols, rows int) {
	s.glass.Resize(cols, rows)
	s.program.Send(tea.WindowSizeMsg{Width: cols, Height: rows})
}

func (s *screen) close() {
	s.stop()
	s.program.Quit()
	s.program.Wait()
	_ = s.keys.Close()
	_ = s.glass.Close()
	s.done.Wait()
	s.wire.cut()
}

// wire is the network between one screen and the server.
type wire struct {
	addr string
	mu   sync.Mutex
	down bool
	open []net.Conn
}

func newWire(addr string) *wire { return &wire{addr: addr} }

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return nil, errors.New("the network is unreachable")
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err == nil {
		w.open = append(w.open, c)
	}
	return c, err
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for _, c := range w.open {
		_ = c.Close()
	}
	w.open = nil
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}
