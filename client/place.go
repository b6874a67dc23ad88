package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// dialWait is how long a connection with its handshakes may take.
const dialWait = 15 * time.Second

// place is where a server listens.
type place struct {
	name   string // as people know it, without anything secret
	base   url.URL
	socket string // a unix socket's path
}

// parsePlace reads a server's address. Without TLS it takes only addresses that
// don't leave this machine: a token on an open line is a token given away.
func parsePlace(address string) (place, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		if !strings.HasPrefix(path, "/") {
			return place{}, desk.Errorf(desk.CodeInvalid, "The server address %q names no socket. Write it as unix:/path/to/socket.", address)
		}
		return place{name: "unix:" + path, base: url.URL{Scheme: "http", Host: "localhost"}, socket: path}, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return place{}, desk.Errorf(desk.CodeInvalid, "The server address can't be read. Write it as https://desk.example.com.")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return place{}, desk.Errorf(desk.CodeInvalid, "The server address may have a host, a port and a path only. Sign in with a password or token instead of putting one there.")
	}
	switch u.Scheme {
	case "https", "wss":
		u.Scheme = "https"
	case "http", "ws":
		u.Scheme = "http"
		if !local(u.Hostname()) {
			return place{}, desk.Errorf(desk.CodeInvalid, "The server at %s would be reached without encryption. Use https://%s, or http only for this machine itself.", u.Host, u.Host)
		}
	default:
		return place{}, desk.Errorf(desk.CodeInvalid, "The server address must begin with https://, not %s://.", u.Scheme)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return place{name: u.Scheme + "://" + u.Host + u.Path, base: *u}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

// dialer opens connections to the place. Where there is no TLS it looks at what
// the name led to: "localhost" is only a name.
func (p place) dialer(dial func(ctx context.Context, network, addr string) (net.Conn, error)) func(ctx context.Context, network, addr string) (net.Conn, error) {
	if dial != nil {
		return dial
	}
	d := net.Dialer{Timeout: dialWait, KeepAlive: 15 * time.Second}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if p.socket != "" {
			return d.DialContext(ctx, "unix", p.socket)
		}
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil || p.base.Scheme != "http" {
			return conn, err
		}
		if to, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !to.IP.IsLoopback() {
			conn.Close()
			return nil, fmt.Errorf("%s isn't this machine, and the connection isn't encrypted", addr)
		}
		return conn, nil
	}
}

// proxy is the environment's, but never for what doesn't leave this machine.
func (p place) proxy() func(*http.Request) (*url.URL, error) {
	if p.base.Scheme == "http" {
		return nil
	}
	return http.ProxyFromEnvironment
}

func tlsConfig(c *tls.Config) *tls.Config {
	if c == nil {
		c = &tls.Config{}
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	return c
}

// open dials and upgrades.
func (c *Client) open(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	d := websocket.Dialer{
		NetDialContext:  c.place.dialer(c.o.Dial),
		Proxy:           c.place.proxy(),
		TLSClientConfig: tlsConfig(c.o.TLS),
	}
	to := c.place.base
	to.Scheme = map[string]string{"http": "ws", "https": "wss"}[to.Scheme]
	to.Path += "/v1/socket"
	conn, resp, err := d.DialContext(ctx, to.String(), nil)
	if resp != nil && errors.Is(err, websocket.ErrBadHandshake) {
		return nil, c.place.refused(resp)
	}
	if err != nil {
		return nil, c.place.unreachable(err)
	}
	return conn, nil
}

// refused says what an HTTP status means that came instead of a link.
func (p place) refused(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		return &refusal{desk.Errorf(desk.CodeUnauthenticated, "The server at %s doesn't know this sign-in any more. Sign in again.", p.name)}
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return &comeBack{text: fmt.Sprintf("The server at %s is busy or restarting. Trying again by itself.", p.name), least: retryAfter(resp)}
	case code == http.StatusNotFound:
		return &comeBack{text: fmt.Sprintf("There is no Frontdesk server at %s. Check the address.", p.name)}
	case code == http.StatusForbidden:
		return &comeBack{text: fmt.Sprintf("The server at %s, or a proxy before it, forbids the connection. Ask whoever runs it.", p.name)}
	case code >= 300 && code < 400:
		return &comeBack{text: fmt.Sprintf("The server at %s sends us elsewhere, which isn't followed. Use the address that it has now.", p.name)}
	default:
		return &comeBack{text: fmt.Sprintf("The server at %s answered %d instead of a connection. Trying again by itself.", p.name, code)}
	}
}

// retryAfter reads the header in seconds; the form with a date counts as absent.
func retryAfter(resp *http.Response) time.Duration {
	n, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, 1<<20))*time.Second, askedMost)
}

// trouble is a connection that failed, as a sentence.
type trouble struct {
	text string
	err  error
}

func (e *trouble) Error() string { return e.text }
func (e *trouble) Unwrap() error { return e.err }

// readable reports whether the error's text is a sentence of ours.
func readable(err error) bool {
	_, broke := errors.AsType[*trouble](err)
	_, final := errors.AsType[*refusal](err)
	_, later := errors.AsType[*comeBack](err)
	return broke || final || later
}

// unreachable is for a connection that couldn't be opened.
func (p place) unreachable(err error) error {
	var text string
	dns, isDNS := errors.AsType[*net.DNSError](err)
	cert, isCert := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case isDNS && dns.IsNotFound:
		text = fmt.Sprintf("The server at %s can't be found: nothing is known under that name. Check the name and your network.", p.name)
	case isCert:
		text = fmt.Sprintf("The server at %s can't be trusted: %s. Ask whoever runs it; don't go on.", p.name, certificate(cert.Err))
	case errors.Is(err, syscall.ECONNREFUSED):
		text = fmt.Sprintf("The server at %s can't be reached: connection refused. Is it running, and is the port right?", p.name)
	case errors.Is(err, os.ErrNotExist):
		text = fmt.Sprintf("The server at %s can't be reached: there is no such socket. Is it running?", p.name)
	case errors.Is(err, os.ErrPermission):
		text = fmt.Sprintf("The server at %s can't be reached: this account may not use the socket. Ask whoever runs it.", p.name)
	case timeout(err):
		text = fmt.Sprintf("The server at %s didn't answer in time. Check your network.", p.name)
	default:
		text = fmt.Sprintf("The server at %s can't be reached: %v. Check the address and your network.", p.name, err)
	}
	return &trouble{text, err}
}

// broken is for a connection that was open.
func (p place) broken(err error) error {
	text := fmt.Sprintf("The connection to %s broke. Trying again by itself.", p.name)
	switch {
	case timeout(err):
		text = fmt.Sprintf("The server at %s went silent. Trying again by itself.", p.name)
	case errors.Is(err, websocket.ErrReadLimit):
		text = fmt.Sprintf("The server at %s sent more at once than this program takes. Update this program.", p.name)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), websocket.IsCloseError(err, websocket.CloseAbnormalClosure):
		text = fmt.Sprintf("The server at %s closed the connection. Trying again by itself.", p.name)
	}
	return &trouble{text, err}
}

func timeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || (ok && t.Timeout())
}

func certificate(err error) string {
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is for another name than " + host.Host
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		return "its certificate has expired or isn't valid yet"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its certificate was signed by nobody whom this machine knows"
	}
	return "its certificate is not in order"
}
