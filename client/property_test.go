package client

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// pair is a desk, a replica of it, and answers that the server gave and the
// replica hasn't taken in yet.
type pair struct {
	o    *oracle
	r    *Replica
	late []func()
	refs int
	open map[string]bool // refs of commands that no answer came to yet
}

// TestReplicaShowsTheDesk lets people work, rights change, frames lag and
// answers arrive late, in any order. Whenever the replica has caught up, it
// shows what the desk holds, no less above its bottoms and nothing else.
func TestReplicaShowsTheDesk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{o: newOracle(), r: NewReplica(), open: map[string]bool{}}
		p.o.members["cy"] = desk.Member{ID: "cy", Name: "Cy", Role: desk.RoleSales, Teams: []desk.TeamID{"t1"}}
		p.o.members["di"] = desk.Member{ID: "di", Name: "Di", Role: desk.RoleAdmin, Teams: []desk.TeamID{"t2"}}
		p.o.roles["night"] = desk.Role{ID: "night", Name: "Night", Rank: 30, Version: 1, Grants: map[desk.Perm]desk.Scope{
			desk.ConversationView: desk.ScopeAll, desk.ContactViewPII: desk.ScopeOwn}}
		if me := p.o.members["me"]; rapid.Bool().Draw(t, "works at night") {
			me.Role = "night"
			p.o.members["me"] = me
		}
		for range rapid.IntRange(0, 60).Draw(t, "conversations") {
			p.begin(t)
		}
		p.r.Apply(p.o.snapshot(desk.SnapshotFirst))
		t.Repeat(map[string]func(*rapid.T){
			"begin":   p.begin,
			"write":   p.write,
			"assign":  p.assign,
			"settle":  p.settle,
			"deliver": p.deliver,
			"page":    p.page,
			"thread":  p.thread,
			"arrive":  p.arrive,
			"rights":  p.rights,
			"reset":   func(t *rapid.T) { p.r.Apply(p.o.snapshot(desk.SnapshotReset)) },
			"people":  p.people,
			"role":    p.role,
			"request": p.request,
			"":        p.check,
		})
	})
}

func (p *pair) any(t *rapid.T) (desk.Conversation, bool) {
	if len(p.o.convs) == 0 {
		return desk.Conversation{}, false
	}
	most := len(p.o.convs)
	if rapid.Bool().Draw(t, "one of the first") { // so that several things happen to the same one
		most = min(most, 2)
	}
	n := rapid.IntRange(1, most).Draw(t, "conversation")
	return p.o.convs[desk.ConversationID(n)], true
}

func (p *pair) begin(t *rapid.T) {
	n := len(p.o.convs) + 1
	c := desk.Conversation{ID: desk.ConversationID(n), Status: desk.StatusOpen, Unread: 1,
		Contact: desk.Contact{ID: desk.ContactID(fmt.Sprint("c", n)), Name: "Ann", Phone: fmt.Sprint("49170123", 1000+n)}}
	draw(t, &c)
	p.o.change(c, p.o.message(0))
}

func draw(t *rapid.T, c *desk.Conversation) {
	c.Assignee = rapid.SampledFrom([]desk.MemberID{"", "", "me", "bo"}).Draw(t, "assignee")
	c.Team = rapid.SampledFrom([]desk.TeamID{"", "t1", "t2"}).Draw(t, "team")
}

// write is a customer's message, on time or late, or one of ours, which may be
// on its way here.
func (p *pair) write(t *rapid.T) {
	c, ok := p.any(t)
	if !ok {
		return
	}
	m := p.o.message(int64(rapid.SampledFrom([]int{0, 0, 0, 3, 40}).Draw(t, "late")))
	if c.Unread++; rapid.Bool().Draw(t, "ours") {
		p.refs++
		c.Unread, m.Side, m.Author, m.Ref = 0, desk.SideTeam, "me", fmt.Sprint("ref", p.refs)
		p.r.Pend(desk.Message{Ref: m.Ref, Conversation: c.ID, Text: m.Text, Delivery: desk.Sending})
	}
	p.o.change(c, m)
	if m.Ref != "" {
		seq := p.o.seq
		p.open[m.Ref] = true
		p.late = append(p.late, func() { p.r.Answered(m.Ref, seq); delete(p.open, m.Ref) })
	}
}

func (p *pair) assign(t *rapid.T) {
	if c, ok := p.any(t); ok {
		draw(t, &c)
		p.o.change(c)
	}
}

// settle resolves, reopens, reads, or reports on the delivery of a message.
func (p *pair) settle(t *rapid.T) {
	c, ok := p.any(t)
	if !ok {
		return
	}
	switch rapid.IntRange(0, 2).Draw(t, "what") {
	case 0:
		c.Status = rapid.SampledFrom([]desk.Status{desk.StatusOpen, desk.StatusResolved}).Draw(t, "status")
		p.o.change(c)
	case 1:
		c.Unread = 0
		p.o.change(c)
	case 2:
		m := rapid.SampledFrom(p.o.threads[c.ID]).Draw(t, "message")
		m.Delivery = desk.Read
		p.o.change(c, m)
	}
}

func (p *pair) rights(t *rapid.T) {
	me := p.o.members["me"]
	roles := slices.Sorted(maps.Keys(p.o.roles))
	me.Role = rapid.SampledFrom(roles).Draw(t, "role")
	me.Teams = rapid.SampledFrom([][]desk.TeamID{nil, {"t1"}, {"t1", "t2"}}).Draw(t, "teams")
	grant := desk.Grant{ID: "g", Until: at(1e6)}
	switch rapid.IntRange(0, 4).Draw(t, "grant") {
	case 0:
		grant.Role = desk.RoleManager
	case 1:
		grant.Perm, grant.Scope = desk.ContactViewPII, desk.ScopeAll
	case 2: // a reveal
		grant.Perm, grant.Scope, grant.Contact = desk.ContactViewPII, desk.ScopeOwn, "c1"
	case 3:
		grant.Perm, grant.Scope = desk.AccessDecide, desk.ScopeTeam
	}
	if me.Grants = nil; grant.Role != "" || grant.Perm != "" {
		me.Grants = []desk.Grant{grant}
	}
	p.o.people(desk.Event{Member: &me})
}

func (p *pair) people(t *rapid.T) {
	bo := p.o.members["bo"]
	bo.Name += "o"
	bo.Removed = rapid.Bool().Draw(t, "removed")
	bo.Suspended = bo.Removed
	p.o.people(desk.Event{Member: &bo})
}

// role makes a custom role, changes it, or takes it away after its people.
func (p *pair) role(t *rapid.T) {
	night, there := p.o.roles["night"]
	if !there {
		night = desk.Role{ID: "night", Name: "Night", Rank: 30}
	}
	if there && rapid.Bool().Draw(t, "remove") {
		if me := p.o.members["me"]; me.Role == night.ID {
			me.Role = desk.RoleAgent
			p.o.people(desk.Event{Member: &me})
		}
		night.Removed = true
		p.o.people(desk.Event{Role: &night})
		return
	}
	scope := rapid.SampledFrom([]desk.Scope{desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll})
	night.Version++
	night.Grants = map[desk.Perm]desk.Scope{desk.ConversationView: scope.Draw(t, "view"), desk.ContactViewPII: scope.Draw(t, "numbers")}
	p.o.people(desk.Event{Role: &night})
}

// request is somebody's wish for access, or what became of one.
func (p *pair) request(t *rapid.T) {
	if q, ok := p.o.asked[desk.RequestID(fmt.Sprint("q", rapid.IntRange(0, 9).Draw(t, "which")))]; ok {
		q.State = rapid.SampledFrom([]desk.RequestState{desk.RequestGranted, desk.RequestRefused, desk.RequestWithdrawn}).Draw(t, "state")
		q.DecidedAt = at(p.o.clock)
		p.o.people(desk.Event{Request: &q})
		return
	}
	from := rapid.SampledFrom([]desk.MemberID{"me", "cy", "di"}).Draw(t, "from")
	p.o.people(desk.Event{Request: &desk.Request{
		ID: desk.RequestID(fmt.Sprint("q", len(p.o.asked))), Member: from, State: desk.RequestOpen, At: at(p.o.clock),
		Perm: desk.MessageReply, Scope: desk.ScopeTeam}})
}

func (p *pair) deliver(t *rapid.T) {
	m := p.o.next(rapid.IntRange(1, 5).Draw(t, "entries"))
	if m == nil {
		return
	}
	p.r.Apply(m)
	if rapid.Bool().Draw(t, "twice") {
		if _, ok := m.(desk.Events); ok {
			p.r.Apply(m)
		}
	}
}

func (p *pair) page(t *rapid.T) {
	l := rapid.SampledFrom(desk.Lists()).Draw(t, "list")
	after := p.r.Bottom(l)
	if rapid.IntRange(0, 9).Draw(t, "from the top") == 0 {
		after = desk.Cursor{}
	}
	answer := p.o.page(l, after, rapid.IntRange(1, 30).Draw(t, "limit"))
	p.late = append(p.late, func() { p.r.AddPage(answer, after) })
}

func (p *pair) thread(t *rapid.T) {
	c, ok := p.any(t)
	if !ok {
		return
	}
	var before desk.Place
	if have, _, loaded := p.r.Messages(c.ID); loaded && len(have) > 0 && rapid.Bool().Draw(t, "older") {
		before = have[0].Place()
	}
	answer, ok := p.o.history(c.ID, before, rapid.IntRange(1, 4).Draw(t, "limit"))
	if ok {
		p.late = append(p.late, func() { p.r.AddThread(answer, before) })
	}
}

func (p *pair) arrive(t *rapid.T) {
	if len(p.late) > 0 {
		i := rapid.IntRange(0, len(p.late)-1).Draw(t, "answer")
		p.late[i]()
		p.late = slices.Delete(p.late, i, i+1)
	}
}

// check brings the replica to the head, sometimes, and compares. What it never
// shows, caught up or not, is what its present rights forbid.
func (p *pair) check(t *rapid.T) {
	for id, c := range p.r.rows {
		if me := p.r.Me(); !p.o.sees(me, c.Facts()) {
			t.Fatalf("#%d is here and forbidden", id)
		}
		// An answer may know more than the snapshot that is on its way, never less.
		if me, now := p.r.Me(), p.o.actor(); !c.Contact.Hidden && !desk.SeesNumbers(&me, c) && !desk.SeesNumbers(&now, c) {
			t.Fatalf("#%d shows its number", id)
		}
	}
	for _, q := range p.r.Requests() {
		if !p.o.seesRequest(p.r.Me(), q) {
			t.Fatalf("the request %s is here and forbidden", q.ID)
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "catch up") != 0 {
		return
	}
	for m := p.o.next(100); m != nil; m = p.o.next(100) {
		p.r.Apply(m)
	}
	for _, l := range desk.Lists() {
		p.compareList(t, l)
	}
	for id := range p.r.threads {
		p.compareThread(t, id)
	}
	p.comparePeople(t)
}

func (p *pair) comparePeople(t *rapid.T) {
	members := maps.Clone(p.o.members)
	maps.DeleteFunc(members, func(_ desk.MemberID, m desk.Member) bool { return m.Removed })
	if diff := cmp.Diff(len(p.r.Members()), len(members)); diff != "" {
		t.Fatal(diff)
	}
	if bo, _ := p.r.Member("bo"); bo.Name != p.o.members["bo"].Name {
		t.Fatalf("Bo is called %q", bo.Name)
	}
	for id := range p.o.members {
		want := p.o.actorOf(id)
		if got, ok := p.r.Actor(id); !ok || !got.Equal(want) {
			t.Fatalf("%s is %+v, want %+v", id, got, want)
		}
	}
	if got, want := len(p.r.Roles()), len(p.o.roles); got != want {
		t.Fatalf("%d roles, want %d", got, want)
	}
	want := maps.Clone(p.o.asked)
	maps.DeleteFunc(want, func(_ desk.RequestID, q desk.Request) bool { return !p.o.seesRequest(p.o.actor(), q) })
	got := map[desk.RequestID]desk.Request{}
	for _, q := range p.r.Requests() {
		got[q.ID] = q
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("requests (-want +got):\n%s", diff)
	}
}

func (p *pair) compareList(t *rapid.T, l desk.List) {
	want := p.o.rows(l)
	if got, want := p.r.Count(l), p.o.count(l); got != want {
		t.Fatalf("%s counts %+v, want %+v", l, got, want)
	}
	if p.r.More(l) {
		bottom := p.r.Bottom(l)
		want = slices.DeleteFunc(want, func(c desk.Conversation) bool { return top(bottom) || bottom.Before(c.Cursor()) })
	}
	var got []desk.Conversation
	for i := range p.r.Len(l) {
		c := p.r.Row(l, i)
		got = append(got, *c)
		if at := p.r.Index(l, c.ID); at != i {
			t.Fatalf("%s: row %d has index %d", l, i, at)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", l, diff)
	}
	if r := p.r.list(l); len(r.rows) > 0 && p.r.Row(l, p.r.Len(l)) != nil {
		t.Fatalf("%s: a row below the bottom is shown", l)
	}
}

func (p *pair) compareThread(t *rapid.T, id desk.ConversationID) {
	got, more, _ := p.r.Messages(id)
	for len(got) > 0 && got[len(got)-1].ID == "" {
		// Its event may have passed while we weren't to see it: only the answer ends that.
		if ref := got[len(got)-1].Ref; !p.open[ref] {
			t.Fatalf("#%d: %q is shown as on its way though it was answered", id, ref)
		}
		got = got[:len(got)-1]
	}
	want := shown(p.o.actor(), p.o.convs[id], p.o.threads[id])
	if more {
		want = want[max(0, len(want)-len(got)):]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("#%d (-want +got):\n%s", id, diff)
	}
}
