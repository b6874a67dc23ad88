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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
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
// conversation in it. Addresses of members are found by their domain.
var (
	privateOf = regexp.MustCompile(`44770000(\d{4})|canary[a-z]+(\d{4})`)
	address   = regexp.MustCompile(`[a-z0-9]+@example\.com`)
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

// judge knows every member's rights at every moment.
type judge struct {
	reigns map[desk.MemberID][]reign
	bad    []string
	told   map[string]int // how many things were told, by whether they were whole
}

// crown notes the members' rights after a change that began at from and was
// answered at till. byTime is set when it was only the clock that moved on.
func (j *judge) crown(members []desk.Member, now time.Time, from, till time.Time, byTime bool) {
	for _, m := range members {
		m.Grants = slices.DeleteFunc(slices.Clone(m.Grants), func(g desk.Grant) bool { return !now.Before(g.Until) })
		list := j.reigns[m.ID]
		if n := len(list); n > 0 {
			if cmp.Equal(list[n-1].member, m) {
				continue
			}
			for i := range list {
				end := till
				if byTime && i == n-1 {
					end = till.Add(lag)
				}
				if list[i].until.IsZero() || list[i].until.After(end) {
					list[i].until = end
				}
			}
			list = slices.DeleteFunc(list, func(r reign) bool { return r.until.Before(from.Add(-20 * time.Second)) })
		}
		j.reigns[m.ID] = append(list, reign{from: from, member: m})
	}
}

func (j *judge) at(id desk.MemberID, at time.Time) (list []reign) {
	for _, r := range j.reigns[id] {
		if !at.Before(r.from) && (r.until.IsZero() || !at.After(r.until)) {
			list = append(list, r)
		}
	}
	return list
}

// hears judges a frame that was written to a member, or to whoever looks through
// their eyes.
func (j *judge) hears(who, by desk.MemberID, w written) {
	list, err := things(w.text)
	if err != nil {
		j.bad = append(j.bad, fmt.Sprintf("%s: %v", who, err))
		return
	}
	for _, s := range list {
		viewers := []desk.MemberID{who}
		if by != "" {
			viewers = append(viewers, by)
		}
		whole := true
		for _, v := range viewers {
			why, sure := j.allows(v, s, w.at)
			if why != "" {
				j.bad = append(j.bad, fmt.Sprintf("%s (by %q) is shown %s of %s: %s", who, by, s.what, s.chat, why))
			}
			whole = whole && sure
		}
		if by != "" && s.asked == who && s.asked != "" {
			j.bad = append(j.bad, fmt.Sprintf("%s looks through %s and is shown their own request", by, who))
		}
		if s.chat == 0 || s.bare {
			continue
		}
		private := len(numbersIn(s.raw)) > 0
		if whole && !private {
			j.bad = append(j.bad, fmt.Sprintf("%s (by %q) is shown %s of %s without its number", who, by, s.what, s.chat))
		}
		j.told[fmt.Sprint("by ", by != "", " whole ", private)]++
	}
}

// allows says why something mustn't be shown at a moment; whole reports whether
// the number certainly had to be.
func (j *judge) allows(viewer desk.MemberID, s shown, at time.Time) (why string, whole bool) {
	why, whole = "they had no rights", s.chat != 0
	reigns := j.at(viewer, at)
	for _, r := range reigns {
		whole = whole && r.numbers(s.facts, s.contact)
		if why != "" {
			why = j.refuses(r, s, at)
		}
	}
	return why, whole && len(reigns) > 0
}

func (j *judge) refuses(r reign, s shown, at time.Time) string {
	if s.chat != 0 && !r.sees(s.facts) {
		return fmt.Sprintf("not in sight, %+v", s.facts)
	}
	for _, id := range numbersIn(s.raw) {
		if s.chat == 0 || s.bare || id != s.chat || !r.numbers(s.facts, s.contact) {
			return fmt.Sprintf("the number of %s", id)
		}
	}
	if address.Match(s.raw) && !r.powers().people && s.person != r.member.ID {
		return "a colleague's address"
	}
	if s.asked != "" && s.asked != r.member.ID &&
		!slices.ContainsFunc(j.at(s.asked, at), func(from reign) bool { return r.decidesOn(from) }) {
		return "a request of " + string(s.asked)
	}
	return ""
}

// addRole puts a role into the desk, as if somebody had made it.
func (h *house) addRole(r desk.Role) {
	h.t.Helper()
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutRole(r); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.RoleCreated, At: h.clock.now(), Role: &r}})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func auditorRole() desk.Role {
	return desk.Role{ID: auditor, Name: "Auditor", Rank: 70, Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: desk.ScopeAll, desk.ConversationViewQueue: desk.ScopeAll, desk.RoleViewAs: desk.ScopeAll}}
}

// everyone are the members as the store has them.
func (h *house) everyone() (list []desk.Member) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Members()
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// TestJudge lets the judge see what it has to object to.
func TestJudge(t *testing.T) {
	t.Parallel()
	start := time.Now()
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	j := &judge{reigns: map[desk.MemberID][]reign{}, told: map[string]int{}}
	agent := desk.Member{ID: "a", Role: desk.RoleAgent, Teams: []desk.TeamID{support}}
	viewer := agent
	viewer.Role = desk.RoleViewer
	j.crown([]desk.Member{agent}, start, at(0), at(1), false)
	j.crown([]desk.Member{viewer}, start, at(10), at(11), false)
	whole := []byte(`{"type":"events","events":[{"seq":1,"conversation":{"id":7,"status":"open","team":"t_support","contact":{"id":"c","phone":"+447700000007"}}}]}`)
	masked := []byte(`{"type":"events","events":[{"seq":1,"conversation":{"id":7,"status":"open","team":"t_support","contact":{"id":"c","phone":"•••• 0007"}}}]}`)
	other := []byte(`{"type":"events","events":[{"seq":1,"conversation":{"id":7,"status":"open","team":"t_wares","assignee":"b","contact":{"id":"c"}}}]}`)
	staff := []byte(`{"type":"snapshot","members":[{"id":"b","email":"b@example.com"}]}`)
	asked := []byte(`{"type":"events","events":[{"seq":1,"request":{"id":"r","member":"a"}},{"seq":2,"request":{"id":"r","member":"b"}}]}`)
	for _, k := range []struct {
		name string
		text []byte
		at   int
		bad  int
	}{
		{"an agent sees the number", whole, 5, 0}, {"an agent's number is missing", masked, 5, 1},
		{"a viewer sees the number", whole, 12, 1}, {"a viewer's is masked", masked, 12, 0},
		{"while it changes", whole, 10, 0}, {"while it changes, masked", masked, 10, 0},
		{"an agent looks at other teams", other, 5, 1}, {"a viewer looks at other teams", other, 12, 0},
		{"an agent sees addresses", staff, 5, 0}, {"a viewer sees addresses", staff, 12, 1},
		{"before anything", other, -1, 2}, {"somebody else's request", asked, 5, 1},
	} {
		j.bad = nil
		if j.hears("a", "", written{at(k.at).Add(time.Second), k.text}); len(j.bad) != k.bad {
			t.Errorf("%s: %q", k.name, j.bad)
		}
	}
}
