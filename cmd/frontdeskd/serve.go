package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/config"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp"
)

const (
	headerWait  = 5 * time.Second
	headerLimit = 16 << 10
	bodyWait    = 30 * time.Second
	idleWait    = 2 * time.Minute
	// stopWait is how long stopping takes at most; drainWait of it is for the
	// screens to hear when to come back.
	stopWait  = 10 * time.Second
	drainWait = 4 * time.Second

	webhookPath = "/webhooks/whatsapp"
)

func (p *program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the desk", Args: cobra.NoArgs,
		Long: "Serve the desk: the screens of the team, and the webhook that WhatsApp calls at " + webhookPath + ".\n" +
			"It stops on SIGTERM or Ctrl+C, and tells every screen when to come back.",
	}
	cmd.Flags().String("listen", "", "the address to listen on (127.0.0.1:8080)")
	cmd.Flags().String("data", "", "the directory of the SQLite database")
	cmd.Flags().String("log-level", "", "debug, info, warn or error (info)")
	cmd.Flags().String("log-format", "", "text or json (text)")
	cmd.Flags().Bool("behind-proxy", false, "a proxy in front does TLS and sets X-Forwarded-For")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.LoadServing(p.source(cmd, map[string]string{
			"listen": "listen", "data": "data", "database": "database",
			"log-level": "log_level", "log-format": "log_format", "behind-proxy": "behind_proxy",
		}))
		if err != nil {
			return err
		}
		for _, name := range config.SecretVariables() {
			if err := os.Unsetenv(name); err != nil {
				return fmt.Errorf("unset %s: %w", name, err)
			}
		}
		return serve(cmd.Context(), cfg, newLogger(p.stderr, cfg.LogLevel, cfg.LogFormat))
	}
	return cmd
}

// openStore opens the database and makes the directory of a SQLite one.
func openStore(ctx context.Context, cfg config.Server, log *slog.Logger) (*store.Store, error) {
	if dir := cfg.DatabaseDir(); dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("the directory of the database can't be made: %w", err)
		}
	}
	st, err := store.Open(ctx, cfg.DSN(), store.Options{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("the database can't be opened: %w", err)
	}
	return st, nil
}

// channel is the business number as the WhatsApp package wants it.
func channel(w config.WhatsApp, log *slog.Logger) whatsapp.Config {
	secrets := []string{w.AppSecret.Reveal()}
	if w.AppSecretPrevious.Set() {
		secrets = append(secrets, w.AppSecretPrevious.Reveal())
	}
	return whatsapp.Config{
		BaseURL: w.BaseURL, Version: w.Version, PhoneNumberID: w.PhoneNumberID, WABAID: w.WABAID,
		AccessToken: w.AccessToken.Reveal(), VerifyToken: w.VerifyToken.Reveal(), AppSecrets: secrets,
		Channel:      desk.ChannelID("whatsapp:" + w.PhoneNumberID),
		AllowPrivate: strings.HasPrefix(w.BaseURL, "http://"), // the settings take it for this machine only
		Logger:       log,
	}
}

// serve runs the server until ctx ends, and then stops it in order.
func serve(ctx context.Context, cfg config.Server, log *slog.Logger) (err error) {
	wa := channel(cfg.WhatsApp, log)
	if err := wa.Validate(); err != nil {
		return err
	}
	st, err := openStore(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	svc, err := server.New(ctx, server.Options{
		Store: st, Sender: whatsapp.NewSender(wa), Logger: log,
		Origins: cfg.PublicOrigins, TrustProxy: cfg.BehindProxy, ReadReceipts: cfg.ReadReceipts,
	})
	if err != nil {
		return err
	}
	ln, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	web := newWeb(routes(svc, wa), log)
	log.Info("serving", "address", ln.Addr().String(), "tls", cfg.TLS.Cert != "", "program", terminal.Version(), "graph", wa.Version)
	return supervise(ctx, svc, web, ln, log)
}

// listen opens the socket, with TLS when there is a certificate.
func listen(ctx context.Context, cfg config.Server) (net.Listener, error) {
	var tlsConfig *tls.Config
	if cfg.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(cfg.TLS.Cert, cfg.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("tls.cert and tls.key don't make a certificate: %w", err)
		}
		tlsConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w; choose another address, or stop what listens there", err)
	}
	if tlsConfig != nil {
		ln = tls.NewListener(ln, tlsConfig)
	}
	return ln, nil
}

func routes(svc *server.Service, wa whatsapp.Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(webhookPath, whatsapp.NewWebhook(wa, svc))
	mux.Handle("/", svc.Handler())
	return mux
}

func newWeb(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerWait, ReadTimeout: bodyWait, WriteTimeout: bodyWait, IdleTimeout: idleWait,
		MaxHeaderBytes: headerLimit, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// supervise runs the service and the web server until ctx ends or one of them
// fails. Then: no new screens and readyz says so; the screens hear when to come
// back; requests under way end; messages under way are settled.
func supervise(ctx context.Context, svc *server.Service, web *http.Server, ln net.Listener, log *slog.Logger) error {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	service, listener := make(chan error, 1), make(chan error, 1)
	go func() { service <- svc.Run(running) }()
	go func() { listener <- web.Serve(ln) }()

	var failed error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case failed = <-listener:
		failed = fmt.Errorf("the web server failed: %w", failed)
	case failed = <-service:
		failed = fmt.Errorf("the service failed: %w", failed)
		service <- nil
	}
	limit, done := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
	defer done()
	drain, drained := context.WithTimeout(limit, drainWait)
	svc.Drain(drain)
	drained()
	if err := web.Shutdown(limit); err != nil {
		log.Warn("requests were cut", "error", err)
		failed = errors.Join(failed, web.Close())
	}
	cancel()
	select {
	case err := <-service:
		if err != nil && !errors.Is(err, context.Canceled) {
			failed = errors.Join(failed, err)
		}
	case <-limit.Done():
		log.Warn("messages were still being sent; they are settled at the next start")
	}
	log.Info("stopped")
	return failed
}
