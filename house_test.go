package frontdesk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
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
	dir       string
	fake      *graphfake.Fake
	store     *store.Store
	service   *server.Service
	web       *http.Server
	addr      string
	stop      context.CancelFunc
	ran       chan struct{}
	clock     *clock
	members   map[string]desk.Member
	customers map[string]graphfake.Customer
	screens   map[string]*screen
}

// clock runs, and can be moved on.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
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
	h := &house{dir: dir, clock: &clock{}, members: map[string]desk.Member{}, ran: make(chan struct{}),
		customers: map[string]graphfake.Customer{}, screens: map[string]*screen{}}
	h.fake = graphfake.New(graphfake.Options{Now: h.clock.now, Seed: 1})
	graph, err := h.fake.Listen()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.stop = cancel
	if h.store, err = store.Open(ctx, dsn, store.Options{}); err != nil {
		return nil, err
	}
	o := h.fake.Options()
	channel := whatsapp.Config{BaseURL: graph, Version: "v25.0", PhoneNumberID: o.PhoneNumberID, WABAID: o.WABAID,
		AccessToken: o.AccessToken, VerifyToken: o.VerifyToken, AppSecrets: []string{o.AppSecret}, Channel: "shop", AllowPrivate: true, Now: h.clock.now}
	h.service, err = server.New(ctx, server.Options{Store: h.store, Sender: whatsapp.NewSender(channel), Now: h.clock.now, Poll: 50 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	if err := h.staff(ctx); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/whatsapp", whatsapp.NewWebhook(channel, h.service))
	mux.Handle("/", h.service.Handler())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.addr = l.Addr().String()
	h.web = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = h.web.Serve(l) }() // ends with close
	h.fake.SetWebhook("http://" + h.addr + "/webhooks/whatsapp")
	go func() {
		defer close(h.ran)
		_ = h.service.Run(ctx) // what it could say, the scripts see
	}()
	return h, nil
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

// staff adds a member of each built-in role; the scripts call them by first name.
func (h *house) staff(ctx context.Context) error {
	support, err := h.service.AddTeam(ctx, "Support")
	if err != nil {
		return err
	}
	for _, m := range []server.NewMember{
		{Name: "Olga Ortiz", Role: desk.RoleOwner}, {Name: "Adam Abel", Role: desk.RoleAdmin},
		{Name: "Mona Marsh", Role: desk.RoleManager, Teams: []desk.TeamID{support.ID}},
		{Name: "Asha Rao", Role: desk.RoleAgent, Teams: []desk.TeamID{support.ID}},
		{Name: "Ben Okoro", Role: desk.RoleAgent, Teams: []desk.TeamID{support.ID}},
		{Name: "Sara Silva", Role: desk.RoleSales}, {Name: "Mark Mayer", Role: desk.RoleMarketing, Teams: []desk.TeamID{support.ID}},
		{Name: "Vera Vogt", Role: desk.RoleViewer}, {Name: "Tom Tran", Role: desk.RoleTemporary},
	} {
		first := strings.ToLower(strings.Fields(m.Name)[0])
		m.Email, m.Password = first+"@example.com", "a long password"
		member, err := h.service.AddMember(ctx, m)
		if err != nil {
			return err
		}
		h.members[first] = member
	}
	return nil
}

func (h *house) close() {
	for _, s := range h.screens {
		s.close()
	}
	ctx, cancel := patience()
	defer cancel()
	h.service.Drain(ctx)
	h.stop()
	<-h.ran
	h.fake.Close()
	_ = h.web.Close()   // the test is over
	_ = h.store.Close() // as above
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
	token, err := h.service.Issue(context.Background(), h.members[who].ID, "script")
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
	s.link = client.New(client.Options{Server: "http://" + h.addr, Token: token, Program: "script", Dial: s.wire.dial})
	replica := client.NewReplica()
	model := tui.New(tui.Options{Do: s.link.Do, Replica: replica, Drafts: drafts, SaveDraft: disk.SaveDraft,
		Server: h.addr, Reconnect: s.link.Retry, Now: h.clock.now, Location: time.UTC})
	input, keys := io.Pipe()
	s.keys = keys
	s.program = tea.NewProgram(model, tea.WithInput(safe.NewGuard(input)), tea.WithOutput(s), tea.WithWindowSize(cols, rows),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}), tea.WithoutSignals(), tea.WithFPS(120))
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.done.Go(func() { _, _ = s.program.Run() })                                                       // ends with Quit; what it drew is what counts
	s.done.Go(func() { _, _ = io.Copy(io.Discard, s.glass) })                                          // this terminal answers nothing
	s.done.Go(func() { _ = s.link.Run(ctx, func(m []client.Msg) { s.program.Send(tui.Deliver(m)) }) }) // ends with ctx
	h.screens[who] = s
	return nil
}

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
