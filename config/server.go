package config

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Server is what frontdeskd needs to know.
type Server struct {
	// Data is the directory of the SQLite database. It isn't used when Database
	// is given.
	Data string
	// Database is "sqlite:/path/file.db" or a postgres:// address, which may hold
	// a password.
	Database      Secret
	Listen        string // "127.0.0.1:8080"
	TLS           TLS
	BehindProxy   bool     // a proxy in front does TLS, and X-Forwarded-For tells who calls
	PublicOrigins []string // "https://desk.example.com": web pages that may open a socket
	ReadReceipts  bool     // tell customers that their messages were read
	LogLevel      slog.Level
	LogFormat     string // "text" or "json"
	WhatsApp      WhatsApp
}

// TLS names the files of a certificate and its key; both or none.
type TLS struct{ Cert, Key string }

// WhatsApp is one business number on the Cloud API.
type WhatsApp struct {
	BaseURL, Version      string
	PhoneNumberID, WABAID string
	AppSecret             Secret
	AppSecretPrevious     Secret // while the app's secret is being changed
	VerifyToken           Secret
	AccessToken           Secret
}

// setting is one key: how it is read and whether it is a secret.
type setting struct {
	key    string
	secret bool
	set    func(*Server, string) string // returns what is wrong, or nothing
}

func serverSettings() []setting {
	text := func(key string, field func(*Server) *string) setting {
		return setting{key, false, func(s *Server, v string) string { *field(s) = v; return "" }}
	}
	secret := func(key string, field func(*Server) *Secret) setting {
		return setting{key, true, func(s *Server, v string) string { *field(s) = NewSecret(v); return "" }}
	}
	flag := func(key string, field func(*Server) *bool) setting {
		return setting{key, false, func(s *Server, v string) string {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return "it must be true or false."
			}
			*field(s) = b
			return ""
		}}
	}
	return []setting{
		text("data", func(s *Server) *string { return &s.Data }),
		secret("database", func(s *Server) *Secret { return &s.Database }),
		text("listen", func(s *Server) *string { return &s.Listen }),
		text("tls.cert", func(s *Server) *string { return &s.TLS.Cert }),
		text("tls.key", func(s *Server) *string { return &s.TLS.Key }),
		flag("behind_proxy", func(s *Server) *bool { return &s.BehindProxy }),
		{"public_origins", false, func(s *Server, v string) string { s.PublicOrigins = list(v); return "" }},
		flag("read_receipts", func(s *Server) *bool { return &s.ReadReceipts }),
		{"log_level", false, func(s *Server, v string) string {
			if !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.ToLower(v)) ||
				s.LogLevel.UnmarshalText([]byte(v)) != nil {
				return "it must be debug, info, warn or error."
			}
			return ""
		}},
		text("log_format", func(s *Server) *string { return &s.LogFormat }),
		text("whatsapp.base_url", func(s *Server) *string { return &s.WhatsApp.BaseURL }),
		text("whatsapp.version", func(s *Server) *string { return &s.WhatsApp.Version }),
		text("whatsapp.phone_number_id", func(s *Server) *string { return &s.WhatsApp.PhoneNumberID }),
		text("whatsapp.waba_id", func(s *Server) *string { return &s.WhatsApp.WABAID }),
		secret("whatsapp.app_secret", func(s *Server) *Secret { return &s.WhatsApp.AppSecret }),
		secret("whatsapp.app_secret_previous", func(s *Server) *Secret { return &s.WhatsApp.AppSecretPrevious }),
		secret("whatsapp.verify_token", func(s *Server) *Secret { return &s.WhatsApp.VerifyToken }),
		secret("whatsapp.access_token", func(s *Server) *Secret { return &s.WhatsApp.AccessToken }),
	}
}

func list(v string) []string {
	var parts []string
	for _, p := range strings.Split(v, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

// ServerFile is where frontdeskd looks for its settings when it isn't told.
const ServerFile = "/etc/frontdesk/frontdeskd.toml"

// LoadServing reads the settings of a server that is to serve, and checks all of
// them. The error is [Problems].
func LoadServing(src Source) (Server, error) {
	s, err := LoadServer(src)
	ps, _ := errors.AsType[Problems](err)
	if unread(ps) {
		return s, err
	}
	known := slices.Clone(ps)
	for _, p := range s.check() {
		if !slices.ContainsFunc(known, p.follows) {
			ps = append(ps, p)
		}
	}
	return s, ps.err()
}

// LoadServer reads the server's settings and checks what every subcommand needs:
// that each reads well, and the database. The error is [Problems].
func LoadServer(src Source) (Server, error) {
	s := Server{
		Listen: "127.0.0.1:8080", ReadReceipts: true, LogLevel: slog.LevelInfo, LogFormat: "text",
		WhatsApp: WhatsApp{BaseURL: "https://graph.facebook.com", Version: "v25.0"},
	}
	var ps Problems
	path := src.serverFile()
	got := src.collect(path, serverSettings(), &ps)
	if unread(ps) {
		return s, ps
	}
	for _, st := range serverSettings() {
		if v, ok := got[st.key]; ok {
			if wrong := st.set(&s, v.text); wrong != "" {
				ps.add(st.key, "%s", wrong)
			}
			if st.secret && v.origin == fromFile && (st.key != "database" || hasPassword(v.text)) {
				checkHolder(path, st.key, &ps)
			}
		}
	}
	if s.Data == "" {
		s.Data = src.dataDir()
	}
	s.checkDatabase(got["database"].origin == fromFlag, &ps)
	return s, ps.err()
}

// checkHolder refuses a settings file that holds a secret and that others read.
// The file that a secret's "_file" names was checked when it was read.
func checkHolder(path, key string, ps *Problems) {
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if err := checkPrivate(path, info); err != nil {
		ps.add(key, "it is a secret, and %v.", err)
	}
}

func (s Source) serverFile() string {
	if s.File != "" {
		return s.File
	}
	if path := s.env("FRONTDESK_CONFIG"); path != "" {
		return path
	}
	if _, err := os.Stat(ServerFile); err == nil {
		return ServerFile
	}
	return ""
}

// dataDir is the service's own directory under systemd, and the user's
// elsewhere.
func (s Source) dataDir() string {
	if dir, _, _ := strings.Cut(s.env("STATE_DIRECTORY"), ":"); dir != "" {
		return dir
	}
	return filepath.Join(s.stateHome(), "frontdeskd")
}

// stateHome is XDG_STATE_HOME, or its default under the home directory.
func (s Source) stateHome() string {
	if dir := s.env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(s.env("HOME"), ".local", "state")
}

// DSN is the database as the store opens it.
func (s Server) DSN() string {
	if s.Database.Set() {
		return s.Database.Reveal()
	}
	return "sqlite:" + filepath.Join(s.Data, "frontdesk.db")
}

// DatabaseDir is the directory of the SQLite database, and empty on Postgres.
func (s Server) DatabaseDir() string {
	path, ok := strings.CutPrefix(s.DSN(), "sqlite:")
	if !ok {
		return ""
	}
	return filepath.Dir(path)
}
