package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	signInWait = 30 * time.Second
	maxBody    = 1 << 20

	sessionPath = "/v1/session"
	joinPath    = "/v1/join"
)

// SignIn exchanges an email address and a password for a token. A refusal is an
// [*desk.Error]; a server that can't be reached is an error whose text says so
// in a sentence.
func SignIn(ctx context.Context, server, email, password, program string) (desk.SignedInAs, error) {
	in := desk.SignIn{Email: email, Password: password, Program: program, Host: Hostname()}
	return signIn(ctx, Options{Server: server}, sessionPath, in)
}

// Join takes up an invitation: it exchanges the code and a password of one's own
// choice for a token. It is otherwise like [SignIn].
func Join(ctx context.Context, server, code, password, program string) (desk.SignedInAs, error) {
	in := desk.Join{Code: code, Password: password, Program: program, Host: Hostname()}
	return signIn(ctx, Options{Server: server}, joinPath, in)
}

// maxHostname is how many characters of a machine's name are told.
const maxHostname = 64

// Hostname is this machine's name, by which people know their sign-ins apart;
// empty when it has none that can be told.
func Hostname() string {
	name, err := os.Hostname()
	if err != nil || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	runes := []rune(name)
	return string(runes[:min(len(runes), maxHostname)])
}

// SignOut ends the sign-in that the token stands for, on every screen. Signing
// out of what has ended already is no error.
func SignOut(ctx context.Context, server, token string) error {
	err := request(ctx, Options{Server: server, Token: token}, http.MethodDelete, sessionPath, nil, nil)
	if e, ok := errors.AsType[*desk.Error](err); ok && e.Code == desk.CodeUnauthenticated {
		return nil
	}
	return err
}

// signIn gives what proves who we are, for a token.
func signIn(ctx context.Context, o Options, path string, in any) (as desk.SignedInAs, _ error) {
	if err := request(ctx, o, http.MethodPost, path, in, &as); err != nil {
		return desk.SignedInAs{}, err
	}
	if as.Token == "" {
		return desk.SignedInAs{}, desk.Errorf(desk.CodeInternal, "The server at %s accepted the sign-in without giving a token. Check that the address is a Frontdesk server's.", o.Server)
	}
	return as, nil
}

// request does one request. Redirects aren't followed: they
// would carry a password or a token to who knows where.
func request(ctx context.Context, o Options, method, path string, in, out any) error {
	p, err := parsePlace(o.Server)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, signInWait)
	defer cancel()
	body := io.Reader(http.NoBody)
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("writing the request: %w", err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.base.String()+path, body)
	if err != nil {
		return p.unreachable(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+o.Token)
	}
	transport := &http.Transport{
		DialContext: p.dialer(o.Dial), Proxy: p.proxy(), TLSClientConfig: tlsConfig(o.TLS),
		ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}
	defer transport.CloseIdleConnections()
	web := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := web.Do(req)
	if err != nil {
		return p.unreachable(err)
	}
	defer resp.Body.Close()
	return p.result(resp, out)
}

// result reads what a request was answered.
func (p place) result(resp *http.Response, out any) error {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if err != nil {
		return p.unreachable(err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		if out == nil {
			return nil
		}
		if err := json.Unmarshal(data, out); err != nil {
			return desk.Errorf(desk.CodeInternal, "What answers at %s isn't a Frontdesk server, or not one of this version. Check the address.", p.name)
		}
		return nil
	}
	var refused desk.Error
	if json.Unmarshal(data, &refused) == nil && refused.Code != "" && refused.Message != "" {
		return &refused
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return desk.Errorf(desk.CodeUnauthenticated, "The server at %s doesn't know this email address with this password.", p.name)
	}
	return p.refused(resp)
}
