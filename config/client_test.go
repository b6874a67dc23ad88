package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadClient(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "frontdesk")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := "default_profile = \"work\"\n[profile.work]\nserver = \"Desk.Example.com/\"\nemail = \"mia@example.com\"\n[profile.\"test\"]\nserver = \"http://127.0.0.1:8080\"\n"
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := LoadClient(Source{Getenv: env("HOME="+home, "XDG_STATE_HOME=relative")})
	want := Client{Default: "work", State: filepath.Join(home, ".local/state/frontdesk"), Profiles: map[string]Profile{
		"work": {"https://desk.example.com", "mia@example.com"}, "test": {Server: "http://127.0.0.1:8080"}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, settings (-want +got):\n%s", err, diff)
	}
	if got, err := LoadClient(Source{Getenv: env("HOME="+home, "FRONTDESK_PROFILE=test")}); err != nil || got.Default != "test" {
		t.Errorf("the environment's profile is %q, %v", got.Default, err)
	}
	if _, err := LoadClient(Source{Getenv: env("HOME=" + t.TempDir())}); err != nil {
		t.Errorf("no settings at all: %v", err)
	}
}

func TestLoadClientRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"an unknown setting", "colour = \"red\"", "colour: there is no such setting (line 1)"},
		{"an unknown setting of a profile", "[profile.work]\nserver = \"a.example\"\nserwer = \"x\"", "(line 3); the nearest one is profile.work.server"},
		{"a profile without a desk", "[profile.work]\nemail = \"a@b.example\"", "profile.work.server: it is missing"},
		{"a default that isn't there", "default_profile = \"home\"\n[profile.work]\nserver = \"a.example\"", `no profile "home"; add a table [profile.home] or choose work`},
		{"a desk in clear", "[profile.work]\nserver = \"http://a.example\"", "use https"},
		{"a number", "[profile.work]\nserver = 7", "text in double quotes"},
		{"not TOML", "[profile", "line 1"},
	} {
		if _, err := LoadClient(Source{File: file(t, c.text), Getenv: env("HOME=/home/mia")}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
	if _, err := LoadClient(Source{Getenv: env()}); err == nil || !strings.Contains(err.Error(), "set HOME") {
		t.Errorf("without a home: %v", err)
	}
	if _, err := LoadClient(Source{File: "/no/such", Getenv: env("HOME=/home/mia")}); err == nil || !strings.Contains(err.Error(), "there is no file /no/such") {
		t.Errorf("a file that isn't there: %v", err)
	}
}

func TestServerAddress(t *testing.T) {
	for in, want := range map[string]string{
		"desk.example.com":           "https://desk.example.com",
		" https://Desk.Example.com/": "https://desk.example.com",
		"https://desk.example:8443":  "https://desk.example:8443",
		"http://localhost:8080":      "http://localhost:8080",
		"http://[::1]:8080":          "http://[::1]:8080",
		"unix:/run/desk/desk.sock":   "unix:/run/desk/desk.sock",
		"unix:desk.sock":             "",
		"http://desk.example.com":    "",
		"http://localhost.evil.com":  "",
		"ws://desk.example.com":      "",
		"https://u:p@desk.example":   "",
		"https://desk.example/path":  "",
		"https://desk.example?x=1":   "",
		"https://":                   "",
		"":                           "",
		"https://a b":                "",
	} {
		got, err := ServerAddress(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ServerAddress(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestSignIns(t *testing.T) {
	c := Client{State: filepath.Join(t.TempDir(), "state", "frontdesk")}
	s := c.SignIns()
	if all, err := s.All(); err != nil || len(all) != 0 {
		t.Fatalf("before any sign-in: %v, %v", all, err)
	}
	const a, b = "https://a.example", "https://b.example"
	for _, in := range []SignIn{
		{a, "mia@example.com", "Mia", NewSecret("one")}, {b, "mia@example.com", "Mia", NewSecret("two")},
		{a, "Mia@Example.com", "Mia \"M\" Ünal", NewSecret("three")},
	} {
		if err := s.Put(in); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.All()
	if err != nil || len(all) != 2 || all[0].Token.Reveal() != "two" || all[1].Token.Reveal() != "three" || all[1].Name != "Mia \"M\" Ünal" {
		t.Fatalf("kept %d sign-ins, %v; want the second and the third", len(all), err)
	}
	if err := s.Remove(b, "MIA@example.com"); err != nil {
		t.Fatal(err)
	}
	if all, _ := s.All(); len(all) != 1 || all[0].Server != a {
		t.Errorf("after signing out, %d sign-ins are left", len(all))
	}
	for path, mode := range map[string]os.FileMode{c.State: 0o700, s.path(): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode().Perm(), err, mode)
		}
	}
}

func TestSignInsRefuses(t *testing.T) {
	setUp := func(t *testing.T) SignIns {
		s := Client{State: t.TempDir()}.SignIns()
		if err := s.Put(SignIn{"https://a.example", "mia@example.com", "Mia", NewSecret("one")}); err != nil {
			t.Fatal(err)
		}
		return s
	}
	check := func(t *testing.T, s SignIns, says string) {
		t.Helper()
		if _, err := s.All(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("reading: %v, want %q", err, says)
		}
		if err := s.Put(SignIn{"https://b.example", "x@example.com", "X", NewSecret("two")}); err == nil {
			t.Error("writing went on all the same")
		}
		if _, err := os.Lstat(s.path() + ".new"); err == nil {
			t.Error("the new file was left behind")
		}
	}
	t.Run("a file that others read", func(t *testing.T) {
		s := setUp(t)
		if err := os.Chmod(s.path(), 0o604); err != nil {
			t.Fatal(err)
		}
		check(t, s, "chmod 600")
	})
	t.Run("a link to another file", func(t *testing.T) {
		s := setUp(t)
		if err := os.Rename(s.path(), s.path()+".real"); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(s.path()+".real", s.path()); err != nil {
			t.Fatal(err)
		}
		check(t, s, "can't be read")
	})
	t.Run("a damaged file", func(t *testing.T) {
		s := setUp(t)
		if err := os.WriteFile(s.path(), []byte("[[signin"), 0o600); err != nil {
			t.Fatal(err)
		}
		check(t, s, "sign in again")
	})
	t.Run("another program is writing", func(t *testing.T) {
		s := setUp(t)
		if err := os.WriteFile(s.path()+".new", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove("https://a.example", "mia@example.com"); err == nil || !strings.Contains(err.Error(), "try again") {
			t.Errorf("writing at the same time: %v", err)
		}
	})
}

func TestSignInMatches(t *testing.T) {
	in := SignIn{Email: "Mia@example.com"}
	for who, want := range map[string]bool{"mia": true, "mia@example.com": true, "mi": false, "example.com": false, "": false} {
		if in.Matches(who) != want {
			t.Errorf("%q matches: %v", who, !want)
		}
	}
}

func TestDeskDir(t *testing.T) {
	c := Client{State: "/s"}
	a, b := c.DeskDir("https://a.example", "mia@example.com"), c.DeskDir("https://a.example", "eve@example.com")
	if a == b || a != c.DeskDir("https://a.example", "MIA@example.com") || filepath.Dir(filepath.Dir(a)) != "/s" {
		t.Errorf("directories: %s, %s", a, b)
	}
}
