package server

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

const (
	helloWait      = 5 * time.Second
	helloLimit     = 1 << 10 // of a hello; it comes from strangers
	viewLimit      = 8 << 10 // of one that brings a draft role to see as, and of what is read at all
	strangersPerIP = 64      // sockets of one address that haven't said hello yet
	signInLimit    = 4 << 10
)

// Handler serves sign-in, the socket, and the two questions of a load balancer:
//
//	POST   /v1/session   sign in: desk.SignIn → desk.SignedInAs
//	DELETE /v1/session   sign out (Authorization: Bearer …)
//	POST   /v1/join      join with an invitation: desk.Join → desk.SignedInAs
//	GET    /v1/socket    the socket; see docs/protocol.md
//	GET    /healthz      the process runs
//	GET    /readyz       the store answers and the server isn't stopping
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	door := &door{
		s:         s,
		strangers: map[string]int{},
		views:     viewGuard{left: map[desk.MemberID]views{}},
		upgrader: websocket.Upgrader{
			HandshakeTimeout: helloWait,
			ReadBufferSize:   1 << 10,
			WriteBufferSize:  4 << 10,
			WriteBufferPool:  &sync.Pool{},
			CheckOrigin:      s.originAllowed,
		},
	}
	mux.HandleFunc("POST /v1/session", s.handleSignIn)
	mux.HandleFunc("DELETE /v1/session", s.handleSignOut)
	mux.HandleFunc("POST /v1/join", s.handleJoin)
	mux.HandleFunc("GET /v1/socket", door.open)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", s.handleReady)
	return mux
}

func (s *Service) handleReady(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	err := s.store.Read(r.Context(), func(tx *store.Tx) error { _, err := tx.Head(); return err })
	if err != nil {
		s.log.Error("not ready: the store doesn't answer", "error", err)
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "store"})
		return
	}
	reply(w, http.StatusOK, map[string]string{"status": "ready"})
}

// door lets sockets in.
type door struct {
	s        *Service
	upgrader websocket.Upgrader
	views    viewGuard

	mu        sync.Mutex
	strangers map[string]int // by address
}

// open upgrades a request and hands the socket to a goroutine of its own, so
// that what the HTTP server holds for the request is freed.
func (d *door) open(w http.ResponseWriter, r *http.Request) {
	addr := d.s.addr(r)
	if d.s.draining.Load() || !d.knock(addr) {
		w.Header().Set("Retry-After", "2")
		fail(w, http.StatusServiceUnavailable, desk.Errorf(desk.CodeBusy, "The server takes no connections at the moment. Try again in a few seconds."))
		return
	}
	ws, err := d.upgrader.Upgrade(w, r, nil)
	if err != nil {
		d.leave(addr)
		return // the upgrader has answered
	}
	go func() {
		c := d.greet(ws, addr)
		d.leave(addr)
		if c != nil {
			c.read()
		}
	}()
}

func (d *door) knock(addr string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strangers[addr] >= strangersPerIP {
		return false
	}
	d.strangers[addr]++
	return true
}

func (d *door) leave(addr string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.strangers[addr]--; d.strangers[addr] <= 0 {
		delete(d.strangers, addr)
	}
}

// greet reads the hello, and answers with a welcome that the session's first
// frames follow. It returns nil when the client isn't let in.
func (d *door) greet(ws *websocket.Conn, addr string) *session {
	ws.SetReadLimit(viewLimit)
	hello, err := readHello(ws)
	if broke := net.Error(nil); errors.As(err, &broke) {
		_ = ws.Close() // a slow or broken link says nothing about the client: it may come back
		return nil
	}
	if err != nil {
		refuse(ws, desk.Errorf(desk.CodeInvalid, "The first frame must be a hello of at most %d bytes, or %d with a role to see as.", helloLimit, viewLimit), -1)
		return nil
	}
	if hello.Version != desk.Version {
		refuse(ws, desk.Errorf(desk.CodeInvalid, "This server speaks version %d of the protocol, and the program version %d. Update the older one.", desk.Version, hello.Version), -1)
		return nil
	}
	sign, err := d.s.recognise(hello.Token)
	if err != nil {
		e := desk.AsError(err)
		retry := -1
		if e.Code == desk.CodeInternal {
			d.s.log.Error("a sign-in can't be looked up", "error", err)
			retry = 2000
		}
		refuse(ws, e, retry)
		return nil
	}
	if hello.As != nil {
		if err := d.beginView(sign, hello.As, addr); err != nil {
			e := desk.AsError(busy(err))
			retry := -1
			switch e.Code {
			case desk.CodeInternal:
				d.s.log.Error("seeing as someone else can't begin", "error", err)
				retry = 2000
			case desk.CodeBusy:
				retry = e.RetryMS
			}
			refuse(ws, e, retry)
			return nil
		}
	}
	d.s.named(sign, hello.Host)
	return d.s.welcome(ws, hello, sign, addr)
}

// beginView is [Service.beginView], as often as a member may ask for it.
func (d *door) beginView(sign store.Session, as *desk.ViewAs, addr string) error {
	if err := as.Validate(); err != nil {
		return err
	}
	if err := d.views.enter(sign.Member, time.Now()); err != nil {
		return err
	}
	return d.s.beginView(sign, as, addr)
}

func readHello(ws *websocket.Conn) (desk.Hello, error) {
	var h desk.Hello
	if err := ws.SetReadDeadline(time.Now().Add(helloWait)); err != nil {
		return h, err
	}
	_, data, err := ws.ReadMessage()
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return h, err
	}
	switch {
	case h.Type != desk.FrameHello:
		return h, errors.New("not a hello")
	case len(data) > helloLimit && (h.As == nil || h.As.Role == nil):
		return h, errors.New("a long hello without a draft role")
	}
	return h, nil
}

// refuse says why a client isn't let in, and closes.
func refuse(ws *websocket.Conn, e *desk.Error, retryMS int) {
	deadline := time.Now().Add(writeWait)
	_ = ws.SetWriteDeadline(deadline)
	_ = ws.WriteJSON(desk.Bye{Type: desk.FrameBye, Code: e.Code, Message: e.Message, RetryMS: retryMS}) // the close follows either way
	code := closeRefused
	if e.Code == desk.CodeUnauthenticated {
		code = closeSignIn
	}
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, string(e.Code)), deadline)
	_ = ws.Close()
}

// welcome starts the session at the client's position when that can be resumed.
func (s *Service) welcome(ws *websocket.Conn, hello desk.Hello, sign store.Session, addr string) *session {
	c := &session{
		s: s, ws: ws, id: sign.ID, token: sign.TokenHash, member: sign.Member, addr: addr, expires: sign.ExpiresAt,
		writing: make(chan struct{}, 1), reason: desk.SnapshotFirst, screen: s.changes.screenOf(sign.ID, hello.Epoch != "" && hello.As == nil),
		tokens: framesAtOnce, tokensAt: time.Now(), nextPing: time.Now().Add(s.o.Ping), nextTouch: time.Now().Add(touchEvery),
	}
	if c.as = hello.As; c.as != nil && c.as.Role != nil {
		c.draft = draft(c.as)
	}
	s.feedMu.Lock() // rights and log are of one position
	head := s.ring.head()
	rights := c.eyes()
	resumed := hello.Epoch != "" && c.as == nil && rights.me != nil && s.resumable(hello, sign.Member)
	s.feedMu.Unlock()
	switch {
	case c.as != nil: // it begins anew each time
	case resumed:
		c.rights, c.reason, c.at, c.told = rights, "", hello.Seq, hello.Seq
	case hello.Epoch != "":
		c.reason = desk.SnapshotReset
	}
	ws.SetReadLimit(desk.MaxRolesFrame)
	silence := 3 * s.o.Ping
	if err := ws.SetReadDeadline(time.Now().Add(silence)); err != nil {
		s.endView(c)
		return nil
	}
	ws.SetPongHandler(func(string) error { return ws.SetReadDeadline(time.Now().Add(silence)) })
	welcome := desk.Welcome{Type: desk.FrameHello, Version: desk.Version, Epoch: s.store.Epoch(), Seq: head,
		Resumed: resumed, PingMS: int(s.o.Ping.Milliseconds())}
	frame, err := json.Marshal(welcome)
	if err == nil {
		err = c.write(frame)
	}
	if err != nil {
		c.cut()
		s.endView(c)
		return nil
	}
	s.sessions.add(c)
	if s.draining.Load() {
		c.cut() // it came in while everyone was told to leave
	}
	s.recheck(c) // the sign-in may have ended while it came in
	c.wake()
	return c
}

// resumable reports whether a client may go on from its position: the position
// is of this log and near enough, and nothing since then changed what the member
// may see.
func (s *Service) resumable(h desk.Hello, member desk.MemberID) bool {
	if h.Epoch != s.store.Epoch() || h.Seq > s.ring.head() {
		return false
	}
	items, ok := s.ring.after(h.Seq, farBehind+1)
	if !ok || len(items) > farBehind {
		return false
	}
	if s.people.Load().unsettled(member, s.now()) {
		return false // a grant ended at a time that no entry tells yet
	}
	me := s.actor(member)
	decides := me != nil && me.Scope(desk.AccessDecide).Rank() > 0
	for i := range items {
		if items[i].rights == everyone || items[i].rights == member {
			return false
		}
		if items[i].member != "" && decides {
			return false // whose requests they see may have changed with the person
		}
	}
	return true
}

// originAllowed refuses pages of other sites. A terminal sends no origin.
func (s *Service) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(s.o.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// addr is where a request comes from, without the port.
func (s *Service) addr(r *http.Request) string {
	if s.o.TrustProxy {
		if via := r.Header.Values("X-Forwarded-For"); len(via) > 0 {
			hops := strings.Split(via[len(via)-1], ",")
			if ip := net.ParseIP(strings.TrimSpace(hops[len(hops)-1])); ip != nil {
				return ip.String()
			}
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone; nothing to do about it
}

func fail(w http.ResponseWriter, status int, err *desk.Error) {
	if err.RetryMS > 0 {
		w.Header().Set("Retry-After", strconv.Itoa((err.RetryMS+999)/1000))
	}
	reply(w, status, err)
}

// decode reads a small JSON body and nothing after it.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, signInLimit))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
