package server_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// customers is how many conversations the run has.
const customers = 10

// audience is a socket of the run: whose eyes, and who looks through them.
type audience struct {
	who, by string // by is empty on an ordinary link
	line    *line
	conn    *tapped
	dead    chan struct{}
}

// run is a desk on which rights change at random, with an audience that is
// listened to.
type run struct {
	*house
	tap      *tap
	rng      *rand.Rand
	judge    *judge
	audience []*audience
	names    []string // whose rights change
	heard    int
	done     map[string]int // how often each change was made
}

// TestNothingAfterTheAnswer changes rights at random (roles, teams, grants and
// their ends, reveals, suspensions) while customers write, and judges every frame
// that the server wrote to anybody by the rights of the moment at which its write
// was over. From the answer to a change on, nothing goes out under what was
// before it.
func TestNothingAfterTheAnswer(t *testing.T) {
	t.Parallel()
	r := newRun(t, 11)
	for n := range *oracleChanges {
		r.change()
		r.customersWrite(2)
		if n%8 == 0 {
			r.connect()
		}
		if len(r.judge.bad) > 0 {
			t.Fatalf("after %d changes: %q", n+1, r.judge.bad[:min(5, len(r.judge.bad))])
		}
	}
	r.listen(time.Now())
	for _, bad := range r.judge.bad {
		t.Error(bad)
	}
	for _, what := range []string{"by false whole false", "by false whole true", "by true whole false", "by true whole true"} {
		if r.judge.told[what] < *oracleChanges/2 {
			t.Errorf("only %d things were told %s: %v", r.judge.told[what], what, r.judge.told)
		}
	}
	for _, what := range []string{"role", "teams", "give", "lend", "end", "reveal", "time", "suspend", "resume", "ask"} {
		if r.done[what] == 0 {
			t.Errorf("no change %q was made: %v", what, r.done)
		}
	}
	t.Log(r.done, r.judge.told)
}

func newRun(t *testing.T, seed uint64) *run {
	h := open(t, server.Options{Poll: 2 * time.Millisecond, SlowWrite: 5 * time.Second})
	h.addRole(auditorRole())
	h.members["ada"] = h.hire("Ada Auditor", auditor, nil)
	r := &run{house: h, tap: h.tap(), rng: rand.New(rand.NewPCG(seed, 3)), done: map[string]int{},
		judge: &judge{reigns: map[desk.MemberID][]reign{}, told: map[string]int{}},
		names: []string{"adam", "mona", "asha", "sara", "mark", "vera", "tom"}}
	r.crown(time.Now(), false)
	for n := range customers {
		h.hear(r.message(n + 1))
	}
	for i, who := range r.names {
		for j := range 2 {
			id := desk.ConversationID(1 + (i+j*len(r.names))%customers)
			team := []desk.TeamID{"", support, wares}[(i+j)%3]
			_, _ = h.try("olga", desk.Assign{Conversation: id, Member: ptr(h.members[who].ID), Team: &team})
		}
	}
	for _, who := range append(r.names, "olga", "ada") {
		r.audience = append(r.audience, &audience{who: who})
	}
	for _, who := range []string{"mona", "asha", "sara", "tom"} {
		r.audience = append(r.audience, &audience{who: who, by: "olga"}, &audience{who: who, by: "ada"})
	}
	r.connect()
	return r
}

// message is the next one of customer n: sometimes a contact card with their own
// number in it.
func (r *run) message(n int) desk.IncomingMessage {
	r.heard++
	m := desk.IncomingMessage{External: fmt.Sprint("run.", r.heard), From: customer(n), At: r.clock.now(), Type: desk.TypeText, Text: "Hello?"}
	if r.rng.IntN(4) == 0 {
		m.Type, m.Text = desk.TypeContacts, "My card: +"+customer(n).WAID
	}
	return m
}

// customersWrite lets some of them write, all at once.
func (r *run) customersWrite(n int) {
	r.t.Helper()
	in := desk.Incoming{Channel: shop}
	for range n {
		in.Messages = append(in.Messages, r.message(1+r.rng.IntN(customers)))
	}
	if err := r.service.Receive(r.t.Context(), in); err != nil {
		r.t.Fatal(err)
	}
}

// connect opens what isn't open and may be.
func (r *run) connect() {
	r.t.Helper()
	for _, a := range r.audience {
		if a.dead != nil {
			select {
			case <-a.dead:
			default:
				continue
			}
		}
		if r.member(a.who).Suspended {
			continue
		}
		if a.conn != nil {
			r.judged(a, time.Now())
		}
		hello := desk.Hello{}
		dialer := a.who
		if a.by != "" {
			dialer, hello.As = a.by, &desk.ViewAs{Member: r.members[a.who].ID}
		}
		a.line, a.dead = r.dial(dialer, hello), make(chan struct{})
		go func(l *line, dead chan struct{}) {
			defer close(dead)
			for {
				if _, _, err := l.ws.ReadMessage(); err != nil {
					return
				}
			}
		}(a.line, a.dead)
		a.conn = r.tap.of(a.line)
	}
}

// listen judges what was written up to a moment.
func (r *run) listen(at time.Time) {
	for _, a := range r.audience {
		if a.conn != nil {
			r.judged(a, at)
		}
	}
}

func (r *run) judged(a *audience, at time.Time) {
	var by desk.MemberID
	if a.by != "" {
		by = r.members[a.by].ID
	}
	for _, w := range a.conn.before(at) {
		r.judge.hears(r.members[a.who].ID, by, w)
	}
}

func (r *run) crown(from time.Time, byTime bool) {
	till := time.Now()
	r.judge.crown(r.everyone(), r.clock.now(), from, till, byTime)
	r.listen(till)
}

// change makes one change of rights while a customer writes, and then judges all
// that was written up to its answer. What is refused changes nothing.
func (r *run) change() {
	r.t.Helper()
	wrote := make(chan error, 1)
	in := desk.Incoming{Channel: shop, Messages: []desk.IncomingMessage{r.message(1 + r.rng.IntN(customers)), r.message(1 + r.rng.IntN(customers))}}
	go func() { wrote <- r.service.Receive(r.t.Context(), in) }()
	from := time.Now()
	what, err := r.oneChange()
	r.crown(from, what == "time")
	if err == nil {
		r.done[what]++
	} else if desk.AsError(err).Code == desk.CodeInternal {
		r.t.Fatalf("%s: %v", what, err)
	}
	if err := <-wrote; err != nil {
		r.t.Fatal(err)
	}
}

func pick[T any](rng *rand.Rand, list ...T) T { return list[rng.IntN(len(list))] }

func (r *run) oneChange() (what string, err error) {
	who := pick(r.rng, r.names...)
	m := r.member(who)
	chat := desk.ConversationID(1 + r.rng.IntN(customers))
	do := func(what, who string, cmd desk.Command) (string, error) {
		_, err := r.try(who, cmd)
		return what, err
	}
	length := desk.Duration(60 * (1 + r.rng.IntN(10)))
	switch r.rng.IntN(14) {
	case 0, 1, 2:
		return do("role", "olga", desk.AssignRole{Member: m.ID, Role: pick(r.rng, desk.BuiltInRoles()[1:]...).ID})
	case 3:
		return "teams", r.service.SetTeams(r.t.Context(), m.ID, pick(r.rng, nil, []desk.TeamID{support}, []desk.TeamID{wares}, []desk.TeamID{support, wares}))
	case 4, 5:
		key := pick(r.rng, desk.ContactViewPII, desk.ConversationView, desk.MemberView)
		scope := pick(r.rng, desk.ScopeTeam, desk.ScopeAll)
		if key == desk.MemberView {
			scope = desk.ScopeAll
		}
		return do("give", "olga", desk.GiveAccess{Member: m.ID, Key: key, Scope: scope, For: length, Reason: "A test"})
	case 6:
		return do("lend", "olga", desk.GiveAccess{Member: m.ID, Role: pick(r.rng, desk.RoleAgent, desk.RoleManager, desk.RoleViewer), For: length, Reason: "A test"})
	case 7, 8:
		if i := slices.IndexFunc(m.Grants, func(g desk.Grant) bool { return r.clock.now().Before(g.Until) }); i >= 0 {
			return do("end", "olga", desk.EndAccess{Member: m.ID, Grant: m.Grants[i].ID})
		}
		return do("reveal", who, desk.RevealContact{Conversation: chat, Reason: "A test"})
	case 9:
		return do("reveal", who, desk.RevealContact{Conversation: chat, Reason: "A test"})
	case 10:
		r.clock.add(time.Duration(1+r.rng.IntN(6)) * time.Minute)
		return "time", nil
	case 11:
		if m.Suspended {
			return "resume", r.service.Resume(r.t.Context(), m.ID)
		}
		return "suspend", r.service.Suspend(r.t.Context(), m.ID)
	case 12:
		return do("ask", who, desk.AskAccess{Key: desk.ContactViewPII, Scope: desk.ScopeAll, For: length, Reason: "A test"})
	}
	return do("assign", "olga", desk.Assign{Conversation: chat, Member: ptr(m.ID), Team: ptr(pick(r.rng, "", support, wares))})
}
