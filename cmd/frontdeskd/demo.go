package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/screen"
	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/config"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp/graphfake"
)

// demoOptions are the demo's flags.
type demoOptions struct {
	data  string        // keeps the desk; empty: a temporary folder
	as    string        // who to begin as
	chats int           // how many conversations the shop has
	pace  time.Duration // between two things that customers do
	only  bool          // serve, without a screen
}

func (p *program) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: "Try the inbox of a made-up shop, with customers who talk", Args: cobra.NoArgs,
		Long: "Try the inbox of a made-up shop, with customers who talk.\n\n" +
			"Everything is real but WhatsApp, which is played on this machine: no account, no service and no network is needed.\n" +
			"The desk is kept in a temporary folder and goes with the demo, unless --data names one.",
	}
	cmd.Flags().StringVar(&o.data, "data", "", "keep the desk in this folder, and go on with it next time")
	cmd.Flags().StringVar(&o.as, "as", "asha", "who to begin as: "+strings.Join(shopFirstNames(), ", "))
	cmd.Flags().IntVar(&o.chats, "chats", 300, "how many conversations the shop begins with")
	cmd.Flags().DurationVar(&o.pace, "pace", 3*time.Second, "the time between two things that customers do")
	cmd.Flags().BoolVar(&o.only, "serve-only", false, "serve without opening a screen here")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return p.demo(cmd.Context(), o) }
	return cmd
}

// demo opens the shop, its customers and a screen, and closes them in order.
func (p *program) demo(ctx context.Context, o demoOptions) (err error) {
	in, out := terminal.File(p.stdin), terminal.File(p.stdout)
	if !o.only && (in == nil || out == nil) {
		return errors.New("the demo needs a terminal; run it in one without a pipe, or give --serve-only and open screens with frontdesk")
	}
	if o.chats < 1 || o.chats > 5000 || o.pace < 50*time.Millisecond {
		return errors.New("--chats takes 1 to 5000, and --pace 50ms or more")
	}
	// The terminal may be closed: then, too, nothing is left behind.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer stop()
	dir, done, err := demoFolder(o.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	log, closeLog, err := demoLog(dir)
	if err != nil {
		return err
	}
	defer closeLog()
	d, err := openDemo(ctx, dir, o, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.fill(ctx, o.chats, p.stderr); err != nil {
		return err
	}
	accounts, forget, err := d.signIns(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forget()) }()
	d.talk()
	second := clientCommand() + " --server " + d.url + " --as theo"
	if o.only {
		fmt.Fprintf(p.stderr, "The shop is open. A screen: %s\nStop it with Ctrl+C.\n", second)
		<-ctx.Done()
		return nil
	}
	start, err := startAs(accounts, o.as)
	if err != nil {
		return err
	}
	return screen.Run(ctx, screen.Options{In: in, Out: out, Accounts: accounts, Start: start, Program: programName(),
		NoColor: p.getenv("NO_COLOR") != "", Hint: "Second screen: " + second})
}

// clientCommand is how the agent's program is started, from where this one was.
func clientCommand() string {
	if self, err := os.Executable(); err == nil && strings.Contains(self, "go-build") {
		return "go run ./cmd/frontdesk" // this is go run, too
	}
	return "frontdesk"
}

func programName() string { return "frontdeskd/" + terminal.Version() }

// demoFolder makes the demo's folder, and returns what takes it away again.
func demoFolder(data string) (dir string, done func() error, err error) {
	if data == "" {
		dir, err = os.MkdirTemp("", "frontdesk-demo-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", nil, fmt.Errorf("--data: %w", err)
	}
	dir, err = filepath.Abs(data)
	return dir, func() error { return nil }, err
}

// demoLog writes to a file: the terminal is the screen's.
func demoLog(dir string) (*slog.Logger, func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, "frontdeskd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return newLogger(f, slog.LevelInfo, "text"), func() { _ = f.Close() }, nil
}

// demo is a desk with its server and its WhatsApp, all in this process.
type demo struct {
	dir     string
	url     string
	log     *slog.Logger
	store   *store.Store
	service *server.Service
	fake    *graphfake.Fake
	clock   *shopClock
	isNew   bool
	stop    context.CancelFunc
	served  chan error
	talking sync.WaitGroup
	members []desk.Member
}

func openDemo(ctx context.Context, dir string, o demoOptions, log *slog.Logger) (*demo, error) {
	d := &demo{dir: dir, log: log, clock: &shopClock{}, served: make(chan error, 1)}
	d.fake = graphfake.New(graphfake.Options{Now: d.clock.now, Seed: uint64(time.Now().UnixNano()), Pace: o.pace, Logger: log})
	graph, err := d.fake.Listen()
	if err != nil {
		return nil, err
	}
	if d.store, err = store.Open(ctx, "sqlite:"+filepath.Join(dir, "desk.db"), store.Options{Logger: log}); err != nil {
		d.fake.Close()
		return nil, err
	}
	f := d.fake.Options()
	wa := whatsapp.Config{BaseURL: graph, Version: "v25.0", PhoneNumberID: f.PhoneNumberID, WABAID: f.WABAID,
		AccessToken: f.AccessToken, VerifyToken: f.VerifyToken, AppSecrets: []string{f.AppSecret},
		Channel: "shop", AllowPrivate: true, Now: d.clock.now, Logger: log}
	if err := d.serve(ctx, wa); err != nil {
		d.fake.Close()
		return nil, errors.Join(err, d.store.Close())
	}
	return d, nil
}

// serve starts the same server that the serve command runs, on a port of its own.
func (d *demo) serve(ctx context.Context, wa whatsapp.Config) (err error) {
	d.service, err = server.New(ctx, server.Options{Store: d.store, Sender: whatsapp.NewSender(wa), Now: d.clock.now, Logger: d.log, ReadReceipts: true})
	if err != nil {
		return err
	}
	if d.members, err = d.service.Members(ctx); err != nil {
		return err
	}
	d.isNew = len(d.members) == 0
	ln, err := d.listen(ctx)
	if err != nil {
		return err
	}
	d.url = "http://" + ln.Addr().String()
	d.fake.SetWebhook(d.url + webhookPath)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = cancel
	web := newWeb(routes(d.service, wa), d.log)
	go func() { d.served <- supervise(running, d.service, web, ln, d.log) }()
	return nil
}

// listen takes the port that a kept desk had last time, so that screens which were
// left open find it again; any free one otherwise.
func (d *demo) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	file := filepath.Join(d.dir, "port")
	if port, err := os.ReadFile(file); err == nil {
		if ln, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port)))); err == nil {
			return ln, nil
		}
	}
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, os.WriteFile(file, []byte(port+"\n"), 0o600)
}

// talk lets the customers go on by themselves.
func (d *demo) talk() {
	ctx, cancel := context.WithCancel(context.Background())
	stop := d.stop
	d.stop = func() { cancel(); stop() }
	d.talking.Go(func() { d.fake.Talk(ctx) })
}

func (d *demo) close() error {
	d.stop()
	d.talking.Wait()
	err := errors.Join(<-d.served, d.keepCustomers())
	d.fake.Close()
	return errors.Join(err, d.store.Close())
}

// signIns signs every member in, for the palette here and for frontdesk beside
// it, and returns what forgets them again.
func (d *demo) signIns(ctx context.Context, p *program) (accounts []screen.Account, forget func() error, err error) {
	c, err := config.LoadClient(config.Source{Getenv: p.getenv})
	if err != nil {
		return nil, nil, err
	}
	kept := c.SignIns()
	if err := forgetDead(ctx, kept); err != nil {
		return nil, nil, err
	}
	forget = func() (err error) {
		for _, m := range d.members {
			err = errors.Join(err, kept.Remove(d.url, m.Email))
		}
		return err
	}
	for _, m := range d.members {
		token, err := d.service.Issue(ctx, m.ID, "demo")
		if err != nil {
			return nil, nil, errors.Join(err, forget())
		}
		if err := kept.Put(config.SignIn{Server: d.url, Email: m.Email, Name: m.Name, Token: config.NewSecret(token)}); err != nil {
			return nil, nil, errors.Join(err, forget())
		}
		accounts = append(accounts, screen.Account{Key: m.Email, Name: m.Name, Role: roleName(m.Role), Server: d.url, Token: token,
			Dir: filepath.Join(d.dir, "screens", firstName(m.Name))})
	}
	return accounts, forget, nil
}

// forgetDead removes the sign-ins of demos that were killed.
func forgetDead(ctx context.Context, kept config.SignIns) error {
	all, err := kept.All()
	if err != nil {
		return err
	}
	dial := net.Dialer{Timeout: time.Second}
	for _, in := range all {
		u, err := url.Parse(in.Server)
		if err != nil || !strings.HasSuffix(in.Email, shopDomain) {
			continue
		}
		if c, err := dial.DialContext(ctx, "tcp", u.Host); err == nil {
			_ = c.Close() // someone is there
			continue
		}
		if err := kept.Remove(in.Server, in.Email); err != nil {
			return err
		}
	}
	return nil
}

func roleName(id desk.RoleID) string {
	for _, r := range desk.BuiltInRoles() {
		if r.ID == id {
			return r.Name
		}
	}
	return string(id)
}

func startAs(accounts []screen.Account, who string) (string, error) {
	for _, a := range accounts {
		if strings.EqualFold(firstName(a.Name), who) || strings.EqualFold(a.Key, who) {
			return a.Key, nil
		}
	}
	return "", fmt.Errorf("--as %s: nobody in the shop is called so; there are %s", who, strings.Join(shopFirstNames(), ", "))
}

func firstName(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return strings.ToLower(first)
}
