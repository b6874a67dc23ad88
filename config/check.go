package config

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// minSecret is the fewest characters of a secret that isn't guessed.
const minSecret = 16

func (s *Server) checkDatabase(onFlag bool, ps *Problems) {
	dsn := s.Database.Reveal()
	switch {
	case dsn == "":
		if !filepath.IsAbs(s.Data) {
			ps.add("data", "it must be a whole path, starting with /; the database is kept there.")
		}
		return
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		if _, err := url.Parse(dsn); err != nil {
			ps.add("database", "it isn't an address like postgres://user@host/name.")
			return
		}
		if onFlag && hasPassword(dsn) {
			ps.add("database", "a password on the command line is seen by everyone on the machine; give it in %s or in a file.", variable("database"))
		}
	case strings.Contains(dsn, "://"):
		ps.add("database", "it must be sqlite: with a path, or an address that starts with postgres://.")
	default:
		path, err := filepath.Abs(strings.TrimPrefix(dsn, "sqlite:"))
		if err != nil || strings.TrimPrefix(dsn, "sqlite:") == "" {
			ps.add("database", "it names no file; write sqlite: and a path.")
			return
		}
		s.Database = NewSecret("sqlite:" + path)
	}
}

// hasPassword reports whether a database's address holds one. What can't be
// read counts as if it did.
func hasPassword(dsn string) bool {
	if !strings.Contains(dsn, "://") {
		return false
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return true
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password")
}

// check says what serving needs: that nothing is missing, and that nothing
// secret would travel in the clear.
func (s Server) check() Problems {
	var ps Problems
	s.checkListen(&ps)
	s.checkTLS(&ps)
	for _, o := range s.PublicOrigins {
		if !isOrigin(o) {
			ps.add("public_origins", "%q must be https:// and a host, without a path.", o)
		}
	}
	if s.LogFormat != "text" && s.LogFormat != "json" {
		ps.add("log_format", "it must be text or json.")
	}
	s.WhatsApp.check(&ps)
	return ps
}

func (s Server) checkListen(ps *Problems) {
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil || port == "" {
		ps.add("listen", "%q must be an address and a port, like 127.0.0.1:8080.", s.Listen)
		return
	}
	if !loopback(host) && !s.BehindProxy && s.TLS == (TLS{}) {
		ps.add("listen", "%s can be reached from other machines, and passwords and messages would travel in the clear; "+
			"set tls.cert and tls.key, or behind_proxy = true when a proxy in front does TLS.", s.Listen)
	}
}

func (s Server) checkTLS(ps *Problems) {
	if (s.TLS.Cert == "") != (s.TLS.Key == "") {
		missing := "tls.key"
		if s.TLS.Cert == "" {
			missing = "tls.cert"
		}
		ps.add(missing, "it is missing; a certificate and its key belong together.")
		return
	}
	if s.TLS.Cert == "" {
		return
	}
	if _, err := os.Stat(s.TLS.Cert); err != nil {
		ps.add("tls.cert", "the file %s can't be read.", s.TLS.Cert)
	}
	info, err := os.Stat(s.TLS.Key)
	if err == nil {
		if err := checkPrivate(s.TLS.Key, info); err != nil {
			ps.add("tls.key", "%v.", err)
		}
		return
	}
	ps.add("tls.key", "the file %s can't be read.", s.TLS.Key)
}

var (
	versionPattern = regexp.MustCompile(`^v[1-9][0-9]\.[0-9]$`)
	digitsPattern  = regexp.MustCompile(`^[0-9]{5,32}$`)
)

func (w WhatsApp) check(ps *Problems) {
	base, err := url.Parse(w.BaseURL)
	switch {
	case err != nil, base.Host == "", base.User != nil, base.RawQuery != "", base.Fragment != "":
		ps.add("whatsapp.base_url", "it must be an address like https://graph.facebook.com.")
	case base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())):
		ps.add("whatsapp.base_url", "it must start with https://, because the access token travels with every call.")
	}
	if !versionPattern.MatchString(w.Version) {
		ps.add("whatsapp.version", "%q must be a version of the Graph API, like v25.0.", w.Version)
	}
	for _, id := range []struct{ key, value, where string }{
		{"whatsapp.phone_number_id", w.PhoneNumberID, "under WhatsApp, API setup; it isn't the phone number itself"},
		{"whatsapp.waba_id", w.WABAID, "under WhatsApp, API setup, as the business account's id"},
	} {
		if id.value == "" {
			ps.add(id.key, "it is missing; Meta's dashboard shows it %s.", id.where)
		} else if !digitsPattern.MatchString(id.value) {
			ps.add(id.key, "%q must be digits, as Meta's dashboard shows it %s.", id.value, id.where)
		}
	}
	for _, s := range []struct {
		key    string
		value  Secret
		needed bool
		why    string
	}{
		{"whatsapp.app_secret", w.AppSecret, true, "without it anyone could send us messages in a customer's name; Meta's dashboard shows it under App settings, Basic"},
		{"whatsapp.app_secret_previous", w.AppSecretPrevious, false, ""},
		{"whatsapp.verify_token", w.VerifyToken, true, "choose a random text and enter the same one in Meta's webhook settings"},
		{"whatsapp.access_token", w.AccessToken, true, "without it nothing can be sent; create a system user's token in Meta's business settings"},
	} {
		checkSecret(s.key, s.value, s.needed, s.why, ps)
	}
}

func checkSecret(key string, s Secret, needed bool, why string, ps *Problems) {
	text := s.Reveal()
	switch {
	case !s.Set() && needed:
		ps.add(key, "it is missing: %s. Give it as %s or in a file named by %s.", why, variable(key), key+fileSuffix)
	case !s.Set():
	case strings.ContainsAny(text, " \t\r\n"):
		ps.add(key, "it contains a space or a line break; copy it again.")
	case len(text) < minSecret:
		ps.add(key, "it is shorter than %d characters, so it could be guessed; use a longer one.", minSecret)
	}
}

// loopback reports whether only this machine reaches the host.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
}
