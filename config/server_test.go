package config

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file writes a settings file that only its owner reads.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "frontdeskd.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v
			}
		}
		return ""
	}
}

const whole = `
data = "/var/lib/frontdesk"
listen = "127.0.0.1:9000"
behind_proxy = true
public_origins = ["https://desk.example.com", "http://localhost:3000"]
read_receipts = false
log_level = "debug"
log_format = "json"

[whatsapp]
version = "v24.0"
phone_number_id = "106540352242922"
waba_id = "102290129340398"
app_secret = "0123456789abcdef0123"
app_secret_previous = "fedcba9876543210fedc"
verify_token = "a long word chosen once" # replaced below
access_token = "EAAG0123456789abcdef"
`

var good = strings.Replace(whole, "a long word chosen once", "a-long-word-chosen-once", 1)

func TestLoadServer(t *testing.T) {
	got, err := LoadServing(Source{File: file(t, good), Getenv: env()})
	if err != nil {
		t.Fatal(err)
	}
	want := Server{
		Data: "/var/lib/frontdesk", Listen: "127.0.0.1:9000", BehindProxy: true,
		PublicOrigins: []string{"https://desk.example.com", "http://localhost:3000"},
		LogLevel:      slog.LevelDebug, LogFormat: "json",
		WhatsApp: WhatsApp{BaseURL: "https://graph.facebook.com", Version: "v24.0",
			PhoneNumberID: "106540352242922", WABAID: "102290129340398",
			AppSecret: NewSecret("0123456789abcdef0123"), AppSecretPrevious: NewSecret("fedcba9876543210fedc"),
			VerifyToken: NewSecret("a-long-word-chosen-once"), AccessToken: NewSecret("EAAG0123456789abcdef")},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Secret) bool { return a.Reveal() == b.Reveal() })); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if dsn := got.DSN(); dsn != "sqlite:/var/lib/frontdesk/frontdesk.db" || got.DatabaseDir() != "/var/lib/frontdesk" {
		t.Errorf("the database is %s in %s", dsn, got.DatabaseDir())
	}
}

func TestLayers(t *testing.T) {
	secretFile := file(t, "from-the-file-0123456\n")
	src := Source{
		File: file(t, good),
		Getenv: env("FRONTDESK_LISTEN=127.0.0.1:9001", "FRONTDESK_READ_RECEIPTS=true",
			"FRONTDESK_WHATSAPP_ACCESS_TOKEN_FILE="+secretFile, "FRONTDESK_DATABASE=postgres://desk:pw@db/desk"),
		Flags: map[string]string{"listen": "127.0.0.1:9002"},
	}
	got, err := LoadServer(src)
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != "127.0.0.1:9002" {
		t.Errorf("listen is %s: a flag should win over the environment", got.Listen)
	}
	if !got.ReadReceipts {
		t.Error("the environment should win over the file")
	}
	if s := got.WhatsApp.AccessToken.Reveal(); s != "from-the-file-0123456" {
		t.Errorf("the access token is %q: a secret's file named in the environment should win over the text in the settings", s)
	}
	if got.DSN() != "postgres://desk:pw@db/desk" || got.DatabaseDir() != "" {
		t.Errorf("the database is %s in %q", got.DSN(), got.DatabaseDir())
	}
}

func TestWhereTheDataIs(t *testing.T) {
	for _, c := range []struct {
		name string
		env  []string
		dsn  string
	}{
		{"under systemd", []string{"STATE_DIRECTORY=/var/lib/frontdesk:/other", "HOME=/root"}, "sqlite:/var/lib/frontdesk/frontdesk.db"},
		{"by XDG", []string{"XDG_STATE_HOME=/home/mia/state", "HOME=/home/mia"}, "sqlite:/home/mia/state/frontdeskd/frontdesk.db"},
		{"by default", []string{"HOME=/home/mia"}, "sqlite:/home/mia/.local/state/frontdeskd/frontdesk.db"},
		{"a path by itself", []string{"FRONTDESK_DATABASE=/srv/desk.db"}, "sqlite:/srv/desk.db"},
		{"as an address", []string{"FRONTDESK_DATABASE=sqlite:/srv/desk.db"}, "sqlite:/srv/desk.db"},
	} {
		got, err := LoadServer(Source{Getenv: env(append(c.env, "FRONTDESK_CONFIG="+file(t, ""))...)})
		if c.name == "as an address" || c.name == "a path by itself" {
			got, err = LoadServer(Source{File: file(t, ""), Getenv: env(c.env...)})
		}
		if err != nil || got.DSN() != c.dsn {
			t.Errorf("%s: %s, %v; want %s", c.name, got.DSN(), err, c.dsn)
		}
	}
}

// without is the good file with one line replaced.
func without(key, line string) string {
	lines := strings.Split(good, "\n")
	i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, key+" =") })
	if i < 0 {
		panic("no line for " + key)
	}
	lines[i] = line
	return strings.Join(lines, "\n")
}

func TestRefusals(t *testing.T) {
	const pw = "hunter2hunter2hunter2"
	for _, c := range []struct {
		name, text string
		flags      map[string]string
		key, says  string
	}{
		{"an unknown key", good + "\napp_sekret = \"x\"", nil, "whatsapp.app_sekret", "line 19); the nearest one is whatsapp.app_secret"},
		{"an unknown table", good + "\n[tsl]\ncert = \"x\"", nil, "tsl.cert", "nearest one is tls.cert"},
		{"a number", without("listen", "listen = 9000"), nil, "listen", "line 3 must be a text"},
		{"not TOML", without("access_token", "access_token = "+pw), nil, "config", "line 17"},
		{"a key twice", good + "\nversion = \"v24.0\"", nil, "config", "line 19"},
		{"neither true nor false", without("behind_proxy", `behind_proxy = "yes"`), nil, "behind_proxy", "true or false"},
		{"an odd log level", without("log_level", `log_level = "loud"`), nil, "log_level", "debug, info"},
		{"an odd log format", without("log_format", `log_format = "xml"`), nil, "log_format", "text or json"},
		{"a relative directory", without("data", `data = "data"`), nil, "data", "whole path"},
		{"another database", good, map[string]string{"database": "mysql://x/y"}, "database", "postgres://"},
		{"a password on the command line", good, map[string]string{"database": "postgres://u:" + pw + "@h/d"}, "database", "FRONTDESK_DATABASE"},
		{"a password on the command line, as a parameter", good, map[string]string{"database": "postgres://h/d?password=" + pw}, "database", "everyone on the machine"},
		{"no port", without("listen", `listen = "127.0.0.1"`), nil, "listen", "a port"},
		{"open to others in clear", without("behind_proxy", ``), map[string]string{"listen": "0.0.0.0:80"}, "listen", "in the clear"},
		{"open to others by an empty host", without("behind_proxy", ``), map[string]string{"listen": ":80"}, "listen", "in the clear"},
		{"open to others by IPv6", without("behind_proxy", ``), map[string]string{"listen": "[::]:80"}, "listen", "in the clear"},
		{"a certificate without a key", good + "\n[tls]\ncert = \"/x\"", nil, "tls.key", "belong together"},
		{"a key without a certificate", good + "\n[tls]\nkey = \"/x\"", nil, "tls.cert", "belong together"},
		{"a certificate that isn't there", good + "\n[tls]\ncert = \"" + os.DevNull + "\"\nkey = \"/no/k\"", nil, "tls.key", "can't be read"},
		{"an origin with a path", without("public_origins", `public_origins = ["https://a.example/x"]`), nil, "public_origins", "without a path"},
		{"an origin in clear", without("public_origins", `public_origins = ["http://a.example"]`), nil, "public_origins", "https://"},
		{"every origin", without("public_origins", `public_origins = ["*"]`), nil, "public_origins", "https://"},
		{"the provider in clear", without("version", `base_url = "http://graph.example"`), nil, "whatsapp.base_url", "must start with https"},
		{"a password in the provider's address", without("version", `base_url = "https://u:p@graph.example"`), nil, "whatsapp.base_url", "address like"},
		{"an odd version", without("version", `version = "latest"`), nil, "whatsapp.version", "v25.0"},
		{"a phone number for its id", without("phone_number_id", `phone_number_id = "+44 20 7946 0000"`), nil, "whatsapp.phone_number_id", "isn't the phone number"},
		{"no phone number id", without("phone_number_id", ``), nil, "whatsapp.phone_number_id", "missing"},
		{"no account id", without("waba_id", ``), nil, "whatsapp.waba_id", "missing"},
		{"no app secret", without("app_secret", ``), nil, "whatsapp.app_secret", "FRONTDESK_WHATSAPP_APP_SECRET"},
		{"no access token", without("access_token", ``), nil, "whatsapp.access_token", "whatsapp.access_token_file"},
		{"no verify token", without("verify_token", ``), nil, "whatsapp.verify_token", "random text"},
		{"a short verify token", without("verify_token", `verify_token = "hub"`), nil, "whatsapp.verify_token", "shorter than 16"},
		{"a broken copy", without("access_token", "access_token = \""+pw+"\\n"+pw+"\""), nil, "whatsapp.access_token", "line break"},
		{"a secret twice", good + "\napp_secret_file = \"/x\"", nil, "whatsapp.app_secret_file", "keep one"},
		{"a secret file that isn't there", without("app_secret", `app_secret_file = "/no/such"`), nil, "whatsapp.app_secret_file", "there is no file /no/such"},
		{"an empty secret file", without("app_secret", `app_secret_file = "`+os.DevNull+`"`), nil, "whatsapp.app_secret_file", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := LoadServing(Source{File: file(t, c.text), Getenv: env("HOME=/home/mia"), Flags: c.flags})
			ps, ok := errors.AsType[Problems](err)
			if !ok || len(ps) != 1 {
				t.Fatalf("got %v, want one problem", err)
			}
			if p := ps[0]; p.Key != c.key || !strings.Contains(p.Sentence, c.says) || !strings.HasSuffix(p.Sentence, ".") {
				t.Errorf("got %v, want %s: something that says %q", err, c.key, c.says)
			}
			if strings.Contains(err.Error(), pw) {
				t.Errorf("a secret is in %q", err)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	text := "lisen = \"x\"\ndata = \"x\"\nbehind_proxy = \"maybe\"\nlisten = \"0.0.0.0:80\""
	_, err := LoadServing(Source{File: file(t, text), Getenv: env()})
	ps, _ := errors.AsType[Problems](err)
	var keys []string
	for _, p := range ps {
		keys = append(keys, p.Key)
	}
	want := []string{"lisen", "behind_proxy", "data", "listen", "whatsapp.phone_number_id", "whatsapp.waba_id",
		"whatsapp.app_secret", "whatsapp.verify_token", "whatsapp.access_token"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Fatalf("problems (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(err.Error(), "The settings have 9 problems:\n") {
		t.Errorf("the error reads %q", err)
	}
}

func TestPrivateFiles(t *testing.T) {
	open := file(t, "0123456789abcdef0123")
	if err := os.Chmod(open, 0o640); err != nil {
		t.Fatal(err)
	}
	settings := file(t, good)
	named := without("app_secret", `app_secret_file = "`+open+`"`)
	for _, c := range []struct {
		name string
		src  Source
		key  string // of the problem; empty for none
	}{
		{"a secret's file that the group reads", Source{File: file(t, named), Getenv: env()}, "whatsapp.app_secret_file"},
		{"the same as a credential of systemd", Source{File: file(t, named), Getenv: env("CREDENTIALS_DIRECTORY=" + filepath.Dir(open))}, ""},
		{"settings with secrets that others read", Source{File: settings, Getenv: env()}, "whatsapp.app_secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.src.File == settings {
				if err := os.Chmod(settings, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, err := LoadServer(c.src)
			if (err == nil) != (c.key == "") || err != nil && !strings.Contains(err.Error(), c.key+": ") {
				t.Errorf("got %v, want a problem with %q", err, c.key)
			}
			if err != nil && !strings.Contains(err.Error(), "chmod 600") {
				t.Errorf("%v doesn't say what to do", err)
			}
		})
	}
	harmless := file(t, "database = \"/srv/desk.db\"\nlisten = \"127.0.0.1:1\"")
	if err := os.Chmod(harmless, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadServer(Source{File: harmless, Getenv: env()}); err != nil {
		t.Errorf("settings without secrets may be read by anyone: %v", err)
	}
}

func TestSecretVariables(t *testing.T) {
	got := SecretVariables()
	for _, want := range []string{"FRONTDESK_DATABASE", "FRONTDESK_WHATSAPP_APP_SECRET", "FRONTDESK_WHATSAPP_ACCESS_TOKEN"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s isn't among %v", want, got)
		}
	}
}
