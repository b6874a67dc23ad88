package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Client is what frontdesk needs to know.
type Client struct {
	Default  string             // the profile to use when none is named
	Profiles map[string]Profile // by name
	// State is the directory of sign-ins, drafts and last screens.
	State string
}

// Profile is a desk and who one is there.
type Profile struct {
	Server string // "https://desk.example.com"
	Email  string
}

// LoadClient reads the client's settings: default_profile, and per profile a
// table [profile.NAME] with server and email. The environment gives
// FRONTDESK_PROFILE. The error is [Problems].
func LoadClient(src Source) (Client, error) {
	c := Client{Profiles: map[string]Profile{}, State: filepath.Join(src.stateHome(), "frontdesk")}
	var ps Problems
	if !filepath.IsAbs(c.State) {
		ps.add("state", "neither XDG_STATE_HOME nor HOME says where to keep sign-ins; set HOME.")
	}
	if path := src.clientFile(); path != "" {
		c.read(path, &ps)
	}
	if name := src.env("FRONTDESK_PROFILE"); name != "" {
		c.Default = name
	}
	if _, ok := c.Profiles[c.Default]; c.Default != "" && !ok {
		ps.add("default_profile", "there is no profile %q; add a table [profile.%s] or choose %s.", c.Default, c.Default, c.names())
	}
	return c, ps.err()
}

func (c *Client) read(path string, ps *Problems) {
	entries, err := readTOML(path)
	if err != nil {
		ps.add(fileKey, "%v.", err)
		return
	}
	for _, e := range entries {
		if e.key == "default_profile" && e.ok {
			c.Default = e.text
			continue
		}
		rest, inProfile := strings.CutPrefix(e.key, "profile.")
		dot := strings.LastIndex(rest, ".")
		if !inProfile || dot <= 0 {
			ps.add(e.key, "%s", unknown(e, []string{"default_profile", "profile.NAME.server", "profile.NAME.email"}))
			continue
		}
		if !e.ok {
			ps.add(e.key, "the value on line %d must be a text in double quotes.", e.line)
			continue
		}
		c.set(rest[:dot], rest[dot+1:], e, ps)
	}
	for name, p := range c.Profiles {
		if p.Server == "" {
			ps.add("profile."+name+".server", "it is missing; write the address of the desk.")
		}
	}
	slices.SortFunc(*ps, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
}

func (c *Client) set(name, field string, e entry, ps *Problems) {
	p := c.Profiles[name]
	switch field {
	case "server":
		server, err := ServerAddress(e.text)
		if err != nil {
			ps.add(e.key, "%v", err)
		}
		p.Server = server
	case "email":
		p.Email = e.text
	default:
		prefix := "profile." + name + "."
		ps.add(e.key, "%s", unknown(e, []string{prefix + "server", prefix + "email"}))
	}
	c.Profiles[name] = p
}

func (c *Client) names() string {
	var names []string
	for name := range c.Profiles {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, " or ")
}

func (s Source) clientFile() string {
	if s.File != "" {
		return s.File
	}
	dir := s.env("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.env("HOME"), ".config")
	}
	path := filepath.Join(dir, "frontdesk", "config.toml")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// ServerAddress returns an address of a desk in its one form, "https://host" or
// "https://host:port", from what a person writes. Plain http is taken only for
// this machine: the password and every message would be readable on the way.
// "unix:/path" is a socket on this machine.
func ServerAddress(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", fmt.Errorf("the address of the desk is empty; write it like desk.example.com")
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok && filepath.IsAbs(path) {
		return "unix:" + filepath.Clean(path), nil
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Hostname() == "", u.User != nil, u.RawQuery != "", u.Fragment != "", strings.Trim(u.Path, "/") != "":
		return "", fmt.Errorf("%q isn't the address of a desk; write it like desk.example.com", s)
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return u.Scheme + "://" + strings.ToLower(u.Host), nil
	case u.Scheme == "http":
		return "", fmt.Errorf("%s is http, and your password could be read on the way; use https", u.Host)
	}
	return "", fmt.Errorf("%q must start with https", s)
}

// DeskDir is the directory for what the client keeps of one member at one desk.
func (c Client) DeskDir(server, email string) string {
	sum := sha256.Sum256([]byte(server + "\x00" + strings.ToLower(email)))
	return filepath.Join(c.State, "desks", hex.EncodeToString(sum[:12]))
}
