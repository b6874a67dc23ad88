package whatsapp

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// DefaultBaseURL is where the Graph API lives.
const DefaultBaseURL = "https://graph.facebook.com"

// Config is one business number. It holds secrets: it is never printed.
type Config struct {
	BaseURL string // default [DefaultBaseURL]
	Version string // "v25.0"; empty leaves the choice to the app's default
	// PhoneNumberID and WABAID are Meta's ids: digits.
	PhoneNumberID string
	WABAID        string
	AccessToken   string
	VerifyToken   string   // chosen by us, repeated by Meta when the webhook is set up
	AppSecrets    []string // one, or two while the secret is being changed
	Channel       desk.ChannelID
	HTTP          *http.Client // default: connect 5 s, whole call 30 s; redirects are never followed
	Now           func() time.Time
	Logger        *slog.Logger
	// AllowPrivate permits plain http to this machine: the loopback fake.
	AllowPrivate bool
}

// Validate reports everything that is missing or malformed, one sentence each,
// joined with [errors.Join].
func (c Config) Validate() error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	need(c.Channel != "", "whatsapp: the channel has no id")
	need(digits(c.PhoneNumberID), "whatsapp: phone_number_id must be digits, as shown under API setup in Meta's dashboard (not the phone number itself)")
	need(c.WABAID == "" || digits(c.WABAID), "whatsapp: waba_id must be digits, as shown under API setup in Meta's dashboard")
	need(c.AccessToken != "", "whatsapp: access_token is missing: create a system user token with whatsapp_business_messaging")
	need(!strings.ContainsAny(c.AccessToken, " \t\r\n"), "whatsapp: access_token contains a space or a line break: copy it again")
	need(c.VerifyToken != "", "whatsapp: verify_token is missing: choose a random word and enter the same one in Meta's webhook settings")
	need(len(c.AppSecrets) == 1 || len(c.AppSecrets) == 2, "whatsapp: give one app secret, or two while it is being changed; there are %d", len(c.AppSecrets))
	for _, s := range c.AppSecrets {
		need(s != "", "whatsapp: an app secret is empty: copy it from App settings, Basic")
	}
	need(c.Version == "" || strings.HasPrefix(c.Version, "v") && !strings.ContainsAny(c.Version, "/?#"), "whatsapp: version %q isn't like v25.0", c.Version)
	if err := c.validateBase(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c Config) validateBase() error {
	u, err := url.Parse(c.base())
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("whatsapp: base_url %q isn't an address like %s", c.BaseURL, DefaultBaseURL)
	case u.Scheme == "https", u.Scheme == "http" && c.AllowPrivate && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("whatsapp: base_url %q must be https: the access token travels with every call", c.BaseURL)
}

func (c Config) base() string {
	if c.BaseURL == "" {
		return DefaultBaseURL
	}
	return strings.TrimRight(c.BaseURL, "/")
}

func (c Config) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

func loopback(host string) bool {
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
