package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

var mia = desk.SignIn{Email: "mia@x", Password: "right", Program: "test/1"}

// door is a server's /v1/session and /v1/join.
func door(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, e *desk.Error) {
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(e)
	}
	switch r.Method + " " + r.URL.String() {
	case "POST /v1/session":
		var in desk.SignIn
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Email != "mia@x" || in.Password != "right" || in.Program != "test/1" || in.Host != Hostname() && in.Host != "" {
			refuse(http.StatusUnauthorized, desk.Errorf(desk.CodeUnauthenticated, "Email address and password don't belong together."))
			return
		}
		json.NewEncoder(w).Encode(desk.SignedInAs{Token: "fd1_t", Member: desk.Member{ID: "me"}})
	case "POST /v1/join":
		var in desk.Join
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Code != "code-1" || in.Password != "my own" || in.Program != "test/1" || in.Host != Hostname() {
			refuse(http.StatusForbidden, desk.Errorf(desk.CodeDenied, "This invitation doesn't hold. Ask for a new one."))
			return
		}
		json.NewEncoder(w).Encode(desk.SignedInAs{Token: "fd1_j", Member: desk.Member{ID: "new"}})
	case "DELETE /v1/session":
		if r.Header.Get("Authorization") != "Bearer fd1_t" {
			refuse(http.StatusUnauthorized, desk.Errorf(desk.CodeUnauthenticated, "Sign in."))
		}
	default:
		http.NotFound(w, r)
	}
}

func TestSignInAndOut(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(door))
	defer web.Close()
	ctx := t.Context()
	as, err := SignIn(ctx, web.URL, "mia@x", "right", "test/1")
	if err != nil || as.Token != "fd1_t" || as.Member.ID != "me" {
		t.Fatal(as, err)
	}
	_, err = SignIn(ctx, web.URL, "mia@x", "wrong", "test/1")
	if e, ok := errors.AsType[*desk.Error](err); !ok || e.Code != desk.CodeUnauthenticated || strings.Contains(err.Error(), "wrong") {
		t.Error(err)
	}
	if err := SignOut(ctx, web.URL, "fd1_t"); err != nil {
		t.Error(err)
	}
	if err := SignOut(ctx, web.URL, "ended before"); err != nil {
		t.Error(err)
	}
	if _, err := SignIn(ctx, web.URL+"/elsewhere", "mia@x", "right", "test/1"); err == nil || !strings.Contains(err.Error(), "no Frontdesk server") {
		t.Error(err)
	}
}

func TestJoin(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(door))
	defer web.Close()
	as, err := Join(t.Context(), web.URL, "code-1", "my own", "test/1")
	if err != nil || as.Token != "fd1_j" || as.Member.ID != "new" {
		t.Fatal(as, err)
	}
	_, err = Join(t.Context(), web.URL, "code-2", "my own", "test/1")
	if e, ok := errors.AsType[*desk.Error](err); !ok || e.Code != desk.CodeDenied || strings.Contains(err.Error(), "code-2") {
		t.Error(err)
	}
	if Hostname() == "" {
		t.Error("this machine has no name to tell")
	}
}

// A server that sends us elsewhere would be handed the password there.
func TestSignInFollowsNoRedirect(t *testing.T) {
	asked := 0
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
	}))
	defer web.Close()
	if _, err := SignIn(t.Context(), web.URL, "mia@x", "right", ""); err == nil || !strings.Contains(err.Error(), "elsewhere") || asked != 1 {
		t.Error(asked, err)
	}
}

func TestSignInOverASocketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: http.HandlerFunc(door)}
	go web.Serve(l)
	defer web.Close()
	if _, err := SignIn(t.Context(), "unix:"+path, "mia@x", "right", "test/1"); err != nil {
		t.Error(err)
	}
	if _, err := SignIn(t.Context(), "unix:"+path+"x", "mia@x", "right", "test/1"); err == nil || !strings.Contains(err.Error(), "no such socket") {
		t.Error(err)
	}
}

func TestTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(http.HandlerFunc(door))
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.StartTLS()
	defer web.Close()
	_, err := SignIn(t.Context(), web.URL, "mia@x", "right", "test/1")
	if err == nil || !strings.Contains(err.Error(), "can't be trusted: its certificate was signed by nobody") {
		t.Error("a stranger's certificate:", err)
	}
	roots := web.Client().Transport.(*http.Transport).TLSClientConfig
	if _, err := signIn(t.Context(), Options{Server: web.URL, TLS: roots}, sessionPath, mia); err != nil {
		t.Error("with its root:", err)
	}
	old := roots.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if _, err := signIn(t.Context(), Options{Server: web.URL, TLS: old}, sessionPath, mia); err == nil {
		t.Error("an old TLS was taken")
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := "http://" + l.Addr().String()
	l.Close()
	_, err = SignIn(t.Context(), server, "a", "b", "")
	want := fmt.Sprintf("The server at %s can't be reached: connection refused. Is it running, and is the port right?", server)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var said []Msg
	New(Options{Server: server}).Run(ctx, func(m []Msg) {
		if said = append(said, m...); len(said) >= 2 {
			cancel()
		}
	})
	if l, ok := said[1].(Link); !ok || l.State != Offline || l.Error != want {
		t.Errorf("%+v", said)
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct{ address, name, says string }{
		{"https://desk.example.com", "https://desk.example.com", ""},
		{"https://desk.example.com:8443/inbox/", "https://desk.example.com:8443/inbox", ""},
		{"wss://desk.example.com", "https://desk.example.com", ""},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
		{"http://[::1]:8080", "http://[::1]:8080", ""},
		{"http://localhost", "http://localhost", ""},
		{"unix:/run/desk.sock", "unix:/run/desk.sock", ""},
		{"unix:///run/desk.sock", "unix:/run/desk.sock", ""},
		{"http://desk.example.com", "", "without encryption"},
		{"ws://10.0.0.7:80", "", "without encryption"},
		{"http://127.0.0.1.example.com", "", "without encryption"},
		{"http://localhost.example.com", "", "without encryption"},
		{"https://mia:pw@desk.example.com", "", "host, a port and a path only"},
		{"https://desk.example.com?token=x", "", "host, a port and a path only"},
		{"ftp://desk.example.com", "", "must begin with https://"},
		{"desk.example.com", "", "can't be read"},
		{"", "", "can't be read"},
		{"https://", "", "can't be read"},
		{"unix:desk.sock", "", "names no socket"},
	}
	for _, test := range tests {
		p, err := parsePlace(test.address)
		if p.name != test.name || (err == nil) != (test.says == "") || (err != nil && !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%q: %q, %v", test.address, p.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	err := New(Options{Server: "http://desk.example.com"}).Run(t.Context(), func([]Msg) {})
	if err == nil || !strings.Contains(err.Error(), "without encryption") {
		t.Error(err)
	}
}

// "localhost" is a name like any other: what it leads to decides.
func TestPlainOnlyToThisMachine(t *testing.T) {
	p, err := parsePlace("http://localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.To4() == nil {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(ip.IP.String(), "0"))
		if err != nil {
			continue
		}
		defer l.Close()
		if conn, err := p.dialer(nil)(t.Context(), "tcp", l.Addr().String()); err == nil {
			conn.Close()
			t.Error("dialled in the open")
		} else if !strings.Contains(err.Error(), "isn't this machine") {
			t.Error(err)
		}
		return
	}
	t.Skip("this machine has no address but loopback")
}
