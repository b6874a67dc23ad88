package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// The server is told that a snapshot is shown when it is, not when it arrived:
// an admin reads "3 of 3 screens" and believes it.
func TestSnapshotIsAcknowledgedWhenShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.welcome(false, 0) // a desk where nothing happened yet has one too
		if seq := <-p.acks; seq != 0 {
			t.Error(seq)
		}
		pass(time.Second)
		block, before := make(chan struct{}), g.deliveries()
		g.mu.Lock()
		g.block = block
		g.mu.Unlock()
		p.send(desk.Snapshot{Type: desk.FrameSnapshot, Epoch: "e", Seq: 7, Reason: desk.SnapshotRights})
		g.said()
		if g.deliveries() != before+1 || len(p.acks) != 0 {
			t.Errorf("%d acknowledgements while the screen still takes it in", len(p.acks))
		}
		close(block)
		if seq := <-p.acks; seq != 7 {
			t.Error(seq)
		}
		p.events(7, 8)
		p.ws.Close()
		p = <-g.sockets
		p.welcome(true, 8)
		p.events(8, 9)
		pass(time.Second)
		if n := len(p.acks); n != 0 {
			t.Errorf("%d acknowledgements of nothing", n)
		}
	})
}

func TestSeeAsBeginsAnewAndIsSilent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		as := &desk.ViewAs{Member: "bo"}
		g := newRig(t, func(_ *rig, o *Options) { o.As, o.Host, o.Epoch, o.Seq = as, "laptop", "e", 5 })
		p := <-g.sockets
		for range 2 {
			if diff := cmp.Diff(as, p.hello.As); diff != "" || p.hello.Epoch != "" || p.hello.Seq != 0 || p.hello.Host != "laptop" {
				t.Errorf("hello %+v", p.hello)
			}
			p.welcome(false, 5)
			pass(time.Second)
			if n := len(p.acks); n != 0 {
				t.Error("a look through other eyes was acknowledged")
			}
			p.ws.Close()
			p = <-g.sockets
		}
	})
}

func TestRequests(t *testing.T) {
	o, r := newPair(0)
	me := o.members["me"]
	me.Role = desk.RoleManager
	o.people(desk.Event{Member: &me})
	cy := desk.Member{ID: "cy", Name: "Cy", Role: desk.RoleSales, Teams: []desk.TeamID{"t1"}}
	o.people(desk.Event{Member: &cy})
	ask := func(id desk.RequestID, from desk.MemberID, asked, decided int64) {
		q := desk.Request{ID: id, Member: from, At: at(asked), State: desk.RequestOpen}
		if decided > 0 {
			q.State, q.DecidedAt = desk.RequestGranted, at(decided)
		}
		o.people(desk.Event{Request: &q})
	}
	ask("late", "cy", 9, 0)
	ask("old", "cy", 1, 5)
	r.Apply(o.snapshot(desk.SnapshotRights))
	ask("early", "me", 2, 0)
	ask("new", "cy", 3, 7)
	ask("not mine", "bo", 1, 0)
	if c := r.Apply(o.next(100)); !c.Asked || c.People {
		t.Errorf("%+v", c)
	}
	list := func() (ids []desk.RequestID) {
		for _, q := range r.Requests() {
			ids = append(ids, q.ID)
		}
		return ids
	}
	if diff := cmp.Diff([]desk.RequestID{"early", "late", "new", "old"}, list()); diff != "" {
		t.Error(diff)
	}
	cy.Teams = nil // out of my reach, and what they ask with them
	o.people(desk.Event{Member: &cy})
	if c := r.Apply(o.next(100)); !c.Asked {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff([]desk.RequestID{"early"}, list()); diff != "" {
		t.Error(diff)
	}
	for i := range 2 * maxDecided {
		ask(desk.RequestID(fmt.Sprint("q", i)), "me", 1, int64(i+1))
	}
	r.Apply(o.next(1000))
	if n, newest := len(r.Requests()), r.Requests()[1].ID; n != maxDecided+1 || newest != desk.RequestID(fmt.Sprint("q", 2*maxDecided-1)) {
		t.Errorf("%d requests are held, %s first", n, newest)
	}
}

func TestThoseWhoAreGone(t *testing.T) {
	o, r := newPair(0)
	o.people(desk.Event{Role: &desk.Role{ID: "night", Name: "Night", Rank: 5}})
	bo := o.members["bo"]
	bo.Suspended, bo.Removed = true, true
	o.people(desk.Event{Member: &bo})
	r.Apply(o.next(10))
	if _, ok := r.Role("night"); !ok || r.Owners() != 0 || len(r.Members()) != 1 {
		t.Errorf("%d owners, %v", r.Owners(), r.Members())
	}
	if m, ok := r.Member("bo"); !ok || m.Name != "Bo" {
		t.Error("old threads don't know who Bo was")
	}
	o.people(desk.Event{Role: &desk.Role{ID: "night", Removed: true}})
	r.Apply(o.next(10))
	if _, ok := r.Role("night"); ok || len(r.Roles()) != len(desk.BuiltInRoles()) {
		t.Error("a role that is gone is still offered")
	}
	if kept := r.Screen().Snapshot.Members; len(kept) != 2 {
		t.Errorf("the screen that is kept forgets names: %+v", kept)
	}
}

func TestLentRoles(t *testing.T) {
	o, r := newPair(0)
	cy := desk.Member{ID: "cy", Role: desk.RoleViewer, Grants: []desk.Grant{{ID: "g", Role: desk.RoleManager, Until: at(9)}}}
	o.people(desk.Event{Member: &cy})
	r.Apply(o.next(10))
	if a, ok := r.Actor("cy"); !ok || a.Scope(desk.MessageReply) != desk.ScopeAll || a.Role.ID != desk.RoleViewer {
		t.Errorf("%+v", a)
	}
	cy.Grants = nil
	o.people(desk.Event{Member: &cy})
	r.Apply(o.next(10))
	if a, _ := r.Actor("cy"); a.Scope(desk.MessageReply) != desk.ScopeNone {
		t.Error("what was lent stays")
	}
}

func TestExplainNamesWhomToAsk(t *testing.T) {
	o, r := newPair(0)
	o.members["al"] = desk.Member{ID: "al", Name: "Al", Role: desk.RoleManager, Teams: []desk.TeamID{"t1"}}
	o.members["far"] = desk.Member{ID: "far", Name: "Far", Role: desk.RoleManager, Teams: []desk.TeamID{"t2"}}
	o.members["off"] = desk.Member{ID: "off", Name: "Off", Role: desk.RoleAdmin, Suspended: true}
	r.Apply(o.snapshot(desk.SnapshotReset))
	c := desk.Conversation{ID: 1, Status: desk.StatusOpen, Assignee: "bo", Team: "t2"}
	err := r.Can(desk.MessageReply, desk.Subject{Conversation: &c}, at(0))
	d, _ := err.(*desk.Denied)
	if d == nil || len(d.Holders) != 0 {
		t.Fatalf("%+v", err)
	}
	whole := r.Explain(d)
	if diff := cmp.Diff([]desk.MemberID{"al", "bo"}, whole.Holders); diff != "" || len(d.Holders) != 0 {
		t.Error(diff, d)
	}
	if last := (&desk.Denied{Why: desk.WhyLastOwner}); r.Explain(last) != last || r.Explain(nil) != nil {
		t.Error("nobody can help, and someone is named")
	}
}

// A thread was sent with numbers hidden or shown, as its conversation stood
// then. When that turns, so must what is loaded.
func TestThreadFollowsItsMask(t *testing.T) {
	o, r := newPair(0)
	o.roles["agent"] = desk.Role{ID: "agent", Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: desk.ScopeAll, desk.ContactViewPII: desk.ScopeOwn}}
	r.Apply(o.snapshot(desk.SnapshotRights))
	card := desk.Message{ID: "card", At: at(1), Side: desk.SideCustomer, Type: desk.TypeContacts, Text: "Ann, +49 170 1234567"}
	c := desk.Conversation{ID: 1, Status: desk.StatusOpen, Assignee: "me", Contact: desk.Contact{ID: "c", Phone: "491709876543"}}
	o.change(c, card)
	r.Apply(o.next(10))
	mine, _ := o.history(1, desk.Place{}, 10)
	if !r.AddThread(mine, desk.Place{}) || r.Conversation(1).Contact.Phone != "491709876543" {
		t.Fatal("what is mine doesn't show")
	}
	c = o.convs[1]
	c.Assignee = "bo"
	o.change(c)
	change := r.Apply(o.next(10))
	if got, _, _ := r.Messages(1); len(got) > 0 || !slices.Contains(change.Threads, 1) || strings.Contains(fmt.Sprint(r.Conversation(1)), "98765") {
		t.Errorf("it isn't mine any more, and shows %v in %v", got, r.Conversation(1))
	}
	if r.AddThread(mine, desk.Place{}) {
		t.Error("an answer from before was taken")
	}
	theirs, _ := o.history(1, desk.Place{}, 10)
	if !r.AddThread(theirs, desk.Place{}) {
		t.Error("one from after it wasn't")
	}
	if got, _, _ := r.Messages(1); len(got) != 1 || got[0].Text != "Ann, •••• 4567" {
		t.Error(got)
	}
}

// What was written while numbers were hidden came without them: an answer from
// before that can't be completed with it, even if they show again.
func TestLateThreadMissesWhatWasMasked(t *testing.T) {
	o, r := newPair(0)
	o.roles["agent"] = desk.Role{ID: "agent", Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: desk.ScopeAll, desk.ContactViewPII: desk.ScopeOwn}}
	r.Apply(o.snapshot(desk.SnapshotRights))
	give := func(to desk.MemberID, messages ...desk.Message) {
		c := o.convs[1]
		c.ID, c.Status, c.Assignee = 1, desk.StatusOpen, to
		o.change(c, messages...)
	}
	give("me", o.message(0))
	early, _ := o.history(1, desk.Place{}, 10)
	give("bo", desk.Message{ID: "card", At: at(9), Side: desk.SideCustomer, Type: desk.TypeContacts, Text: "Ann, +49 170 1234567"})
	give("me")
	r.Apply(o.next(10))
	if r.AddThread(early, desk.Place{}) {
		got, _, _ := r.Messages(1)
		t.Errorf("it was taken: %v", got)
	}
}

// When a customer's data is erased, what they wrote goes from every screen, and
// no late answer brings it back.
func TestErasedThreadIsForgotten(t *testing.T) {
	o, r := newPair(0)
	c := desk.Conversation{ID: 1, Status: desk.StatusOpen, Assignee: "me", Contact: desk.Contact{ID: "c", Name: "Ann"}}
	o.change(c, desk.Message{ID: "secret", At: at(1), Side: desk.SideCustomer, Type: desk.TypeText, Text: "My secret"})
	r.Apply(o.next(10))
	early, _ := o.history(1, desk.Place{}, 10)
	if !r.AddThread(early, desk.Place{}) {
		t.Fatal("the thread wasn't taken")
	}
	_, seq := r.Position()
	c = *r.Conversation(1)
	c.Seq, c.Contact = seq+1, desk.Contact{ID: "c"}
	before := c.Facts()
	change := r.Apply(desk.Events{From: seq, To: seq + 1, Events: []desk.Event{
		{Seq: seq + 1, Kind: desk.ContactErased, Conversation: &c, Before: &before}}})
	if got, _, _ := r.Messages(1); len(got) > 0 || !slices.Contains(change.Threads, 1) {
		t.Errorf("still there: %v", got)
	}
	if r.AddThread(early, desk.Place{}) {
		t.Error("an answer from before brought it back")
	}
}
