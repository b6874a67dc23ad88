package server_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

var oracleChanges = flag.Int("changes", 150, "how many changes of rights the oracle's run makes")

// lag is how long after the end of a grant something may still be sent under it.
// What somebody answers for holds at once.
const lag = time.Second

// tap is a listener that keeps every frame which the server has written, with the
// moment at which the write was over.
type tap struct {
	net.Listener
	mu    sync.Mutex
	conns map[string]*tapped // by the client's address
}

type tapped struct {
	net.Conn
	mu     sync.Mutex
	buf    []byte
	up     bool // the HTTP answer is over
	frames []written
}

type written struct {
	at   time.Time
	text []byte
}

func (h *house) tap() *tap {
	h.t.Helper()
	web := httptest.NewUnstartedServer(h.service.Handler())
	t := &tap{Listener: web.Listener, conns: map[string]*tapped{}}
	web.Listener = t
	web.Start()
	h.t.Cleanup(web.Close)
	h.url = web.URL
	return t
}

func (t *tap) Accept() (net.Conn, error) {
	c, err := t.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := &tapped{Conn: c}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[c.RemoteAddr().String()] = conn
	return conn, nil
}

func (t *tap) of(l *line) *tapped {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conns[l.ws.LocalAddr().String()]
}

func (c *tapped) Write(b []byte) (int, error) {
	for range 20 {
		runtime.Gosched() // between what was decided and what is done, others may come in
	}
	n, err := c.Conn.Write(b)
	at := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.buf = append(c.buf, b...)
		c.cut(at)
	}
	return n, err
}

// cut takes whole frames off the buffer. A server's frames aren't masked.
func (c *tapped) cut(at time.Time) {
	if !c.up {
		i := bytes.Index(c.buf, []byte("\r\n\r\n"))
		if i < 0 {
			return
		}
		c.buf, c.up = c.buf[i+4:], true
	}
	for len(c.buf) >= 2 {
		size, head := int(c.buf[1]&0x7f), 2
		switch {
		case size == 126 && len(c.buf) >= 4:
			size, head = int(binary.BigEndian.Uint16(c.buf[2:])), 4
		case size == 127 && len(c.buf) >= 10:
			size, head = int(binary.BigEndian.Uint64(c.buf[2:])), 10
		case size >= 126:
			return
		}
		if len(c.buf) < head+size {
			return
		}
		if c.buf[0]&0x0f == 1 {
			c.frames = append(c.frames, written{at, bytes.Clone(c.buf[head : head+size])})
		}
		c.buf = c.buf[head+size:]
	}
}

// before takes the frames that were written up to a moment.
func (c *tapped) before(at time.Time) (list []written) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := slices.IndexFunc(c.frames, func(w written) bool { return w.at.After(at) })
	if n < 0 {
		n = len(c.frames)
	}
	list, c.frames = c.frames[:n], c.frames[n:]
	return list
}

// powers are what a role may do with what this test looks at, told in the words
// of the description of the roles.
type powers struct {
	rank                         int
	view, queue, numbers, decide desk.Scope
	people                       bool
}

func powersOf(id desk.RoleID) powers {
	switch id {
	case "owner":
		return powers{100, "all", "all", "all", "all", true}
	case "admin":
		return powers{80, "all", "all", "all", "all", true}
	case "manager":
		return powers{60, "all", "all", "all", "team", true}
	case "agent":
		return powers{40, "team", "team", "team", "", true}
	case "sales":
		return powers{40, "own", "team", "own", "", true}
	case "marketing":
		return powers{40, "team", "", "", "", false}
	case "viewer":
		return powers{20, "all", "all", "", "", false}
	case "temporary":
		return powers{10, "own", "", "", "", false}
	case auditor:
		return powers{70, "all", "all", "", "", false}
	}
	return powers{}
}

// auditor is a role of the tests: it sees everything and through all eyes, but no
// number and no address.
const auditor desk.RoleID = "auditor"

func widest(a, b desk.Scope) desk.Scope {
	order := []desk.Scope{"", "own", "team", "all"}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// reign is a time in which a member had these rights. Both ends are moments of
// the real clock; the grants count by the desk's.
type reign struct {
	from, until time.Time
	member      desk.Member // without the grants that had ended
}

func (r reign) powers() powers {
	p := powersOf(r.member.Role)
	for _, g := range r.member.Grants {
		lent := powersOf(g.Role)
		switch {
		case g.Contact != "":
		case g.Perm == "conversation.view":
			lent.view = g.Scope
		case g.Perm == "contact.view_pii":
			lent.numbers = g.Scope
		case g.Perm == "member.view":
			lent.people = true
		}
		p.view, p.queue = widest(p.view, lent.view), widest(p.queue, lent.queue)
		p.numbers, p.decide = widest(p.numbers, lent.numbers), widest(p.decide, lent.decide)
		p.people = p.people || lent.people
	}
	return p
}

func (r reign) reaches(s desk.Scope, f desk.Facts) bool {
	mine := f.Assignee == r.member.ID
	switch s {
	case "all":
		return true
	case "team":
		return mine || f.Team != "" && slices.Contains(r.member.Teams, f.Team) || f.Assignee == "" && f.Team == ""
	case "own":
		return mine
	}
	return false
}

func (r reign) sees(f desk.Facts) bool {
	p := r.powers()
	return !r.member.Suspended && (r.reaches(p.view, f) || f.Assignee == "" && r.reaches(p.queue, f))
}

func (r reign) numbers(f desk.Facts, who desk.ContactID) bool {
	revealed := slices.ContainsFunc(r.member.Grants, func(g desk.Grant) bool { return g.Contact == who })
	return revealed || r.reaches(r.powers().numbers, f)
}

func (r reign) decidesOn(from reign) bool {
	p := r.powers()
	shared := slices.ContainsFunc(from.member.Teams, func(t desk.TeamID) bool { return slices.Contains(r.member.Teams, t) })
	below := r.member.Role == "owner" || powersOf(from.member.Role).rank <= powersOf(r.member.Role).rank
	return !r.member.Suspended && below && (p.decide == "all" || p.decide == "team" && shared)
}

// shown is one thing that a frame shows.
type shown struct {
	what    string
	chat    desk.ConversationID // 0: about none
	contact desk.ContactID
	facts   desk.Facts
	bare    bool   // it is only told that it went
	raw     []byte // all of it
	person  desk.MemberID
	asked   desk.MemberID
}

// privateOf find the private fields of the customers: each has the number of their
// conversation in it. Addresses of members are found by their domain. In a member
// or a request, place finds the chat or the customer that it was about.
var (
	privateOf = regexp.MustCompile(`44770000(\d{4})|canary[a-z]+(\d{4})`)
	address   = regexp.MustCompile(`[a-z0-9]+@example\.com`)
	place     = regexp.MustCompile(`"(contact|conversation)":("|[1-9])`)
)

// customer is the identity of the customer of conversation n.
func customer(n int) desk.Identity {
	return desk.Identity{WAID: fmt.Sprintf("44770000%04d", n), UserID: fmt.Sprintf("canaryuser%04d", n),
		Username: fmt.Sprintf("canaryname%04d", n), Name: fmt.Sprintf("Customer 44770000%04d", n)}
}

func numbersIn(raw []byte) (ids []desk.ConversationID) {
	for _, m := range privateOf.FindAllSubmatch(raw, -1) {
		n, _ := strconv.Atoi(string(slices.Concat(m[1], m[2])))
		if id := desk.ConversationID(n); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// things are what a frame shows, and the rest of it, which must show nothing.
func things(text []byte) (list []shown, err error) {
	var f struct {
		Type                                  desk.FrameType
		Events, Gone, Conversations           []json.RawMessage
		Members, Requests                     []json.RawMessage
		Me, As, Windows, Counts, Roles, Teams json.RawMessage
		Result, Error                         json.RawMessage
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	row := func(what string, raw []byte) error {
		var c desk.Conversation
		err := json.Unmarshal(raw, &c)
		list = append(list, shown{what: what, chat: c.ID, contact: c.Contact.ID, facts: c.Facts(), raw: raw})
		return err
	}
	for _, raw := range f.Events {
		var e desk.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		s := shown{what: fmt.Sprintf("event %d (%s)", e.Seq, e.Kind), raw: raw}
		if c := e.Conversation; c != nil {
			s.chat, s.contact, s.facts = c.ID, c.Contact.ID, c.Facts()
		}
		if e.Member != nil {
			s.person = e.Member.ID
		}
		if e.Request != nil {
			s.asked = e.Request.Member
		}
		list = append(list, s)
	}
	for _, raw := range f.Gone {
		var g desk.Gone
		if err := json.Unmarshal(raw, &g); err != nil {
			return nil, err
		}
		list = append(list, shown{what: "gone", chat: g.Conversation, facts: g.Before, bare: true, raw: raw})
	}
	for _, raw := range f.Conversations {
		if err := row("row", raw); err != nil {
			return nil, err
		}
	}
	for _, raw := range append(f.Members, f.Me) {
		var m struct {
			ID     desk.MemberID
			Member struct{ ID desk.MemberID } // of me
		}
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &m); err != nil {
				return nil, err
			}
			list = append(list, shown{what: "member", person: m.ID + m.Member.ID, raw: raw})
		}
	}
	for _, raw := range f.Requests {
		var r desk.Request
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, err
		}
		list = append(list, shown{what: "request", asked: r.Member, raw: raw})
	}
	rest := slices.Concat(f.As, f.Windows, f.Counts, f.Roles, f.Teams, f.Error)
	list = append(list, shown{what: "the rest", raw: rest})
	if len(f.Result) > 0 {
		return withAnswer(list, f.Result)
	}
	return list, nil
}

// withAnswer adds what an answer shows.
func withAnswer(list []shown, result json.RawMessage) ([]shown, error) {
	var r struct {
		Rows         []desk.Conversation
		Conversation json.RawMessage
	}
	if err := json.Unmarshal(result, &r); err != nil {
		return nil, err
	}
	for _, c := range r.Rows {
		raw, _ := json.Marshal(c)
		list = append(list, shown{what: "listed row", chat: c.ID, contact: c.Contact.ID, facts: c.Facts(), raw: raw})
	}
	if len(r.Conversation) > 0 && r.Conversation[0] == '{' {
		var c desk.Conversation
		if err := json.Unmarshal(r.Conversation, &c); err != nil {
			return nil, err
		}
		list = append(list, shown{what: "thread", chat: c.ID, contact: c.Contact.ID, facts: c.Facts(), raw: result})
	}
	return list, nil
}
