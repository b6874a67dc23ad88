package server_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// history is the desk's log retold: who worked in which role and teams, and whose
// each conversation was, at every position.
type history struct {
	members []map[desk.MemberID]desk.Member // by position
	chats   []map[desk.ConversationID]desk.Facts
	entries []store.Entry // entries[i] has position i+1
}

func (h *house) history() history {
	h.t.Helper()
	w := history{members: []map[desk.MemberID]desk.Member{{}}, chats: []map[desk.ConversationID]desk.Facts{{}}}
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		w.entries, err = tx.Entries(0, 1<<20)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range w.entries {
		members, chats := w.members[len(w.members)-1], w.chats[len(w.chats)-1]
		if e.Member != nil {
			members = with(members, e.Member.ID, *e.Member)
		}
		if c := e.Conversation; c != nil && !e.Kind.LogOnly() && chats[c.ID] != c.Facts() {
			chats = with(chats, c.ID, c.Facts())
		}
		w.members, w.chats = append(w.members, members), append(w.chats, chats)
	}
	return w
}

func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	next := make(map[K]V, len(m)+1)
	for key, value := range m {
		next[key] = value
	}
	next[k] = v
	return next
}

// maySee says in the test's own words who sees a conversation. It is written
// against the description of the roles, not against desk.Can.
func maySee(m desk.Member, f desk.Facts) bool {
	mine := f.Assignee == m.ID
	unassigned := f.Assignee == ""
	ourTeam := f.Team != "" && slices.Contains(m.Teams, f.Team)
	anybodys := unassigned && f.Team == ""
	if m.Suspended {
		return false
	}
	switch m.Role {
	case "owner", "admin", "manager", "viewer":
		return true
	case "agent", "marketing":
		return mine || ourTeam || anybodys
	case "sales":
		return mine || unassigned && (ourTeam || anybodys)
	case "temporary":
		return mine
	}
	return false
}

// replica is a client that believes what it is told, and notes what it must not
// have been told.
type replica struct {
	who   desk.MemberID
	at    int64
	rows  map[desk.ConversationID]desk.Conversation
	count map[desk.List]desk.Count
	me    desk.Actor

	frames []told
}

// told is one frame: a snapshot or events.
type told struct {
	snapshot *desk.Snapshot
	events   *desk.Events
}

func (r *replica) snapshot(s desk.Snapshot) {
	r.at, r.me, r.count, r.rows = s.Seq, s.Me, s.Counts, map[desk.ConversationID]desk.Conversation{}
	for _, c := range s.Conversations {
		r.rows[c.ID] = c
	}
}

func (r *replica) apply(ev desk.Events) error {
	if ev.From != r.at {
		return fmt.Errorf("events from %d, but the client stands at %d", ev.From, r.at)
	}
	r.at = ev.To
	for _, e := range ev.Events {
		if e.Conversation == nil {
			continue
		}
		r.move(e.Was(), e.Conversation)
		if have, ok := r.rows[e.Conversation.ID]; !ok || have.Seq <= e.Conversation.Seq {
			r.rows[e.Conversation.ID] = *e.Conversation
		}
	}
	for _, g := range ev.Gone {
		r.move(g.Before.With(g.Conversation), nil)
		delete(r.rows, g.Conversation)
	}
	return nil
}

// move corrects the counts as docs/protocol.md says.
func (r *replica) move(from, to *desk.Conversation) {
	for l := range r.count {
		n := r.count[l]
		for c, by := range map[*desk.Conversation]int{from: -1, to: 1} {
			if from == to || c == nil || c.Status == "" || !l.Holds(r.me.Member, c) || !maySee(r.me.Member, c.Facts()) {
				continue
			}
			n.Total += by
			if c.Unread > 0 {
				n.Unread += by
			}
		}
		r.count[l] = n
	}
}

// follow reads a socket until a snapshot came, or until the team "End" did.
func (r *replica) follow(l *line, toTheEnd bool) error {
	for {
		f, err := l.read()
		if err != nil {
			return err
		}
		ended := false
		switch f.Type {
		case desk.FrameSnapshot:
			var s desk.Snapshot
			f.into(l.t, &s)
			r.frames = append(r.frames, told{snapshot: &s})
			r.snapshot(s)
			ended = !toTheEnd || slices.ContainsFunc(s.Teams, func(t desk.Team) bool { return t.Name == "End" })
		case desk.FrameEvents:
			var ev desk.Events
			f.into(l.t, &ev)
			r.frames = append(r.frames, told{events: &ev})
			if err := r.apply(ev); err != nil {
				return err
			}
			ended = slices.ContainsFunc(ev.Events, func(e desk.Event) bool { return e.Team != nil && e.Team.Name == "End" })
		}
		if ended {
			return nil
		}
	}
}

// check compares everything that a client was told with what it was allowed to
// see then.
func (w history) check(r *replica) (bad []string) {
	complain := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	for _, f := range r.frames {
		if s := f.snapshot; s != nil {
			for _, c := range s.Conversations {
				if !maySee(w.members[s.Seq][r.who], w.chats[s.Seq][c.ID]) && !maySee(s.Me.Member, w.chats[s.Seq][c.ID]) {
					complain("the snapshot at %d shows %s", s.Seq, c.ID)
				}
			}
			continue
		}
		// The rights at an entry's own position are the oldest that may decide on it.
		for _, e := range f.events.Events {
			if e.Conversation == nil {
				continue
			}
			if !maySee(w.members[e.Seq][r.who], e.Conversation.Facts()) {
				complain("event %d (%s) shows %s, %+v", e.Seq, e.Kind, e.Conversation.ID, e.Conversation.Facts())
			}
			if e.Conversation.Facts() != w.chats[e.Seq][e.Conversation.ID] {
				complain("event %d tells other facts than the log", e.Seq)
			}
			for _, m := range e.Messages {
				if m.Conversation != e.Conversation.ID {
					complain("event %d carries a message of %s in %s", e.Seq, m.Conversation, e.Conversation.ID)
				}
			}
		}
		for _, g := range f.events.Gone {
			if !maySee(w.members[g.Seq-1][r.who], w.chats[g.Seq-1][g.Conversation]) {
				complain("gone at %d names %s, which wasn't in sight", g.Seq, g.Conversation)
			}
		}
	}
	return bad
}

// TestStream is the promise of the whole service: whatever happens, each client is
// told all of what it may see, nothing else, and ends with what a fresh snapshot
// shows.
func TestStream(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			runStream(t, rand.New(rand.NewPCG(seed, 7)))
		})
	}
}

func runStream(t *testing.T, rng *rand.Rand) {
	h := open(t, server.Options{})
	names := []string{"asha", "sara", "mark", "mona", "tom", "vera"}
	var clients []*replica
	var lines []*line
	for _, who := range append(names, "asha", "olga") {
		l := h.dial(who, desk.Hello{})
		l.until(desk.FrameHello)
		r := &replica{who: h.members[who].ID}
		clients, lines = append(clients, r), append(lines, l)
		if err := r.follow(l, false); err != nil {
			t.Fatal(err)
		}
	}
	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, r := range clients {
		wg.Go(func() { errs[i] = r.follow(lines[i], true) })
	}
	for range 300 {
		h.something(rng, names)
	}
	h.settled()
	if _, err := h.service.AddTeam(t.Context(), "End"); err != nil { // everyone is told of a new team
		t.Fatal(err)
	}
	wg.Wait()
	w := h.history()
	for i, r := range clients {
		if errs[i] != nil {
			t.Errorf("%s: %v", r.who, errs[i])
			continue
		}
		for _, bad := range w.check(r) {
			t.Errorf("%s: %s", r.who, bad)
		}
		h.compare(r)
	}
}

// compare holds a client against a fresh snapshot of the same member.
func (h *house) compare(r *replica) {
	h.t.Helper()
	for who, m := range h.members {
		if m.ID != r.who {
			continue
		}
		fresh := h.snapshotOf(who)
		if diff := cmp.Diff(fresh.Counts, r.count); diff != "" {
			h.t.Errorf("%s counts otherwise than a fresh snapshot (-fresh +client):\n%s", who, diff)
		}
		for _, c := range fresh.Conversations {
			if diff := cmp.Diff(c, r.rows[c.ID]); diff != "" {
				h.t.Errorf("%s holds another %s (-fresh +client):\n%s", who, c.ID, diff)
			}
		}
		for id, c := range r.rows {
			if !maySee(h.member(who), c.Facts()) {
				h.t.Errorf("%s still holds %s, %+v", who, id, c.Facts())
			}
		}
	}
}

// member is the member as the store has them now.
func (h *house) member(who string) (m desk.Member) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		m, err = tx.Member(h.members[who].ID)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// something happens at random; what isn't allowed is refused, which is fine.
func (h *house) something(rng *rand.Rand, names []string) {
	h.t.Helper()
	who := append(names, "olga")[rng.IntN(len(names)+1)]
	target := h.members[names[rng.IntN(len(names))]].ID
	id := desk.ConversationID(1 + rng.IntN(8))
	team := []desk.TeamID{"", support, wares}[rng.IntN(3)]
	h.clock.add(time.Second)
	var cmd desk.Command
	switch rng.IntN(14) {
	case 0, 1, 2:
		h.says(fmt.Sprintf("4477%08d", rng.IntN(8)), "secret", int(h.clock.now().Unix()))
		return
	case 3:
		roles := desk.BuiltInRoles()[2:]
		who, cmd = "olga", desk.AssignRole{Member: target, Role: roles[rng.IntN(len(roles))].ID}
	case 4:
		m := h.member(names[rng.IntN(len(names))])
		if err := h.service.SetTeams(h.t.Context(), m.ID, [][]desk.TeamID{nil, {support}, {wares}, {support, wares}}[rng.IntN(4)]); err != nil {
			h.t.Fatal(err)
		}
		return
	case 5:
		cmd = desk.Claim{Conversation: id}
	case 6, 7:
		who, cmd = "olga", desk.Assign{Conversation: id, Member: &target, Team: &team}
	case 8:
		nobody := desk.MemberID("")
		who, cmd = "olga", desk.Assign{Conversation: id, Member: &nobody, Team: &team}
	case 9:
		cmd = desk.Resolve{Conversation: id, Seen: 1 << 40}
	case 10:
		cmd = desk.Reply{Conversation: id, Text: "secret answer", Seen: 1 << 40}
	case 11:
		cmd = desk.Note{Conversation: id, Text: "secret note"}
	case 12:
		cmd = desk.Label{Conversation: id, Add: []string{fmt.Sprint("l", rng.IntN(5))}, Remove: []string{fmt.Sprint("l", rng.IntN(5))}}
	case 13:
		cmd = desk.MarkRead{Conversation: id, Upto: 1 << 40}
	}
	if _, err := h.try(who, cmd); err != nil && desk.AsError(err).Code == desk.CodeInternal {
		h.t.Errorf("%s %+v: %v", who, cmd, err)
	}
}
