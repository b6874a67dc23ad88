package client

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func at(n int64) time.Time { return time.Unix(1_700_000_000+n, 0).UTC() }

// newPair is a desk of n open conversations that nobody has, and a replica that
// has its snapshot.
func newPair(n int) (*oracle, *Replica) {
	o := newOracle()
	for i := range n {
		o.change(desk.Conversation{ID: desk.ConversationID(i + 1), Status: desk.StatusOpen}, o.message(0))
	}
	r := NewReplica()
	r.Apply(o.snapshot(desk.SnapshotFirst))
	return o, r
}

// scroll loads pages until n rows of the queue are here, or all.
func scroll(o *oracle, r *Replica, n int) {
	for r.Len(desk.ListQueue) < n && r.More(desk.ListQueue) {
		after := r.Bottom(desk.ListQueue)
		r.AddPage(o.page(desk.ListQueue, after, desk.MaxPage), after)
	}
}

func ids(r *Replica, l desk.List) (ids []desk.ConversationID) {
	for i := range r.Len(l) {
		ids = append(ids, r.Row(l, i).ID)
	}
	return ids
}

func messageIDs(r *Replica, id desk.ConversationID) (ids []string) {
	messages, _, _ := r.Messages(id)
	for _, m := range messages {
		ids = append(ids, string(m.ID)+m.Ref)
	}
	return ids
}

func TestUnknownIsNotEmpty(t *testing.T) {
	r := NewReplica()
	if r.Known() || !r.More(desk.ListAll) || r.Len(desk.ListAll) != 0 || r.Row(desk.ListAll, 0) != nil || r.Len("none") != 0 {
		t.Error("a replica without a snapshot claims to know something")
	}
	if c := r.Apply(desk.Events{From: 0, To: 5}); c.Lists || r.Known() {
		t.Error("events were applied to nothing")
	}
	if r.AddPage(desk.Page{List: desk.ListAll}, desk.Cursor{}) || r.AddThread(desk.Thread{Conversation: desk.Conversation{ID: 1}}, desk.Place{}) {
		t.Error("an answer was applied to nothing")
	}
	if err := r.Can(desk.MessageReply, desk.Subject{}, at(0)); err == nil {
		t.Error("nobody may reply")
	}
}

// Rows that came by events below the bottom wait there: between them and the
// bottom stand others that aren't known.
func TestNoRowIsShownBelowAGap(t *testing.T) {
	o, r := newPair(100)
	if got := r.Len(desk.ListQueue); got != desk.WindowRows {
		t.Fatal(got)
	}
	low := o.convs[5]
	low.Labels = []string{"x"}
	o.change(low) // it stays where it is, far below
	r.Apply(o.next(1))
	if r.Index(desk.ListQueue, 5) != -1 || r.Len(desk.ListQueue) != desk.WindowRows || r.Conversation(5) == nil {
		t.Error("a row below the bottom is shown, or wasn't kept")
	}
	if far := (desk.Cursor{LastAt: at(3), ID: 3}); r.AddPage(o.page(desk.ListQueue, far, 10), far) {
		t.Error("a page that leaves a gap was taken")
	}
	scroll(o, r, 100)
	if got := ids(r, desk.ListQueue); len(got) != 100 || r.Index(desk.ListQueue, 5) != 95 || r.More(desk.ListQueue) || got[95] != 5 {
		t.Error(got)
	}
}

func TestListsAreBounded(t *testing.T) {
	o, r := newPair(3000)
	// Of what happens far below, few rows are kept.
	for i := range desk.ConversationID(1500) {
		c := o.convs[i+1]
		c.Labels = []string{"x"}
		o.change(c)
	}
	for m := o.next(50); m != nil; m = o.next(50) {
		r.Apply(m)
	}
	most := desk.WindowRows + maxExtra + maxBelow + 2*trimBatch
	if n := len(r.rows); n > most {
		t.Errorf("%d rows are kept after events below the bottom, want at most %d", n, most)
	}
	// Of what rises to the top, few more than were asked for.
	for i := range desk.ConversationID(1500) {
		o.change(o.convs[i+1], o.message(0))
	}
	for m := o.next(50); m != nil; m = o.next(50) {
		r.Apply(m)
	}
	if n := r.Len(desk.ListQueue); n < desk.WindowRows || len(r.rows) > most || !r.More(desk.ListQueue) {
		t.Errorf("%d rows are shown and %d kept, want at most %d", n, len(r.rows), most)
	}
	scroll(o, r, 3000)
	want := o.rows(desk.ListQueue)
	for i, id := range ids(r, desk.ListQueue) {
		if want[i].ID != id {
			t.Fatalf("row %d is %v, want %v", i, id, want[i].ID)
		}
	}
	if r.Len(desk.ListQueue) != 3000 {
		t.Errorf("%d rows after scrolling to the end", r.Len(desk.ListQueue))
	}
}

func TestThreadsAreBounded(t *testing.T) {
	o, r := newPair(maxThreads + 5)
	for i := range desk.ConversationID(maxThreads + 5) {
		answer, _ := o.history(i+1, desk.Place{}, 10)
		r.AddThread(answer, desk.Place{})
		r.Messages(1) // the first is read all the time
	}
	if _, _, loaded := r.Messages(1); !loaded || len(r.threads) != maxThreads {
		t.Errorf("first loaded: %v, %d threads", loaded, len(r.threads))
	}
	if _, _, loaded := r.Messages(2); loaded {
		t.Error("the second, not read since, is still here")
	}
	r.Forget(1)
	if _, _, loaded := r.Messages(1); loaded {
		t.Error("what was forgotten is here")
	}
}

// A page may be ahead of the events: they must not put rows back.
func TestOlderEventsLose(t *testing.T) {
	o, r := newPair(2)
	c := o.convs[1]
	c.Unread = 1
	o.change(c)
	c = o.convs[1]
	c.Unread = 2
	o.change(c)
	r.AddPage(o.page(desk.ListQueue, desk.Cursor{}, 10), desk.Cursor{})
	r.Apply(o.next(1))
	if got := r.Conversation(1).Unread; got != 2 {
		t.Errorf("unread %d", got)
	}
	if got := r.Count(desk.ListQueue); got != (desk.Count{Total: 2, Unread: 1}) {
		t.Errorf("count %+v", got)
	}
	// Nor does a departure that came before what the page shows.
	o.told = o.seq
	r.Apply(desk.Events{From: 3, To: 3})
	r.seq = 3
	change := r.Apply(desk.Events{From: 3, To: 4, Gone: []desk.Gone{{Seq: 3, Conversation: 1}, {Seq: 4, Conversation: 9}}})
	if r.Conversation(1) == nil || slices.Contains(change.Gone, 1) {
		t.Error("a row was dropped for what happened before it was read")
	}
}

func TestFramesThatOverlap(t *testing.T) {
	o, r := newPair(1)
	for range 3 {
		c := o.convs[1]
		c.Assignee = map[desk.MemberID]desk.MemberID{"": "me", "me": ""}[c.Assignee]
		o.change(c)
	}
	all := o.next(10).(desk.Events)
	some := all
	some.To, some.Events = all.From+2, all.Events[:2]
	r.Apply(some)
	r.Apply(all) // holds the two again
	r.Apply(some)
	if _, seq := r.Position(); seq != o.seq || r.Count(desk.ListMine).Total != 1 || r.Count(desk.ListQueue).Total != 0 {
		t.Errorf("at %d: mine %+v, queue %+v", seq, r.Count(desk.ListMine), r.Count(desk.ListQueue))
	}
	if r.Apply(desk.Events{From: 99, To: 100}); r.seq != o.seq {
		t.Error("a frame behind a gap was applied")
	}
}

func TestThreadKeepsItsGap(t *testing.T) {
	o, r := newPair(1)
	for range 10 {
		o.change(o.convs[1], o.message(0))
	}
	r.Apply(o.next(100))
	answer, _ := o.history(1, desk.Place{}, 3)
	if !r.AddThread(answer, desk.Place{}) {
		t.Fatal("not taken")
	}
	o.change(o.convs[1], o.message(8)) // it came late, and stands among what isn't loaded
	change := r.Apply(o.next(1))
	if got := messageIDs(r, 1); len(got) != 3 || len(change.Threads) != 0 {
		t.Errorf("%v, change %+v", got, change)
	}
	if far := (desk.Place{At: at(2), Order: 2}); r.AddThread(answer, far) {
		t.Error("a page that leaves a gap was taken")
	}
	for {
		have, more, _ := r.Messages(1)
		if !more {
			break
		}
		answer, _ := o.history(1, have[0].Place(), 4)
		r.AddThread(answer, have[0].Place())
	}
	have, _, _ := r.Messages(1)
	if diff := cmp.Diff(o.threads[1], have); diff != "" {
		t.Error(diff)
	}
	// A message whose time is corrected moves.
	m := o.threads[1][2]
	m.At = at(500)
	o.change(o.convs[1], m)
	r.Apply(o.next(1))
	have, _, _ = r.Messages(1)
	if diff := cmp.Diff(o.threads[1], have); diff != "" {
		t.Error(diff)
	}
}

func TestMessagesOnTheirWay(t *testing.T) {
	o, r := newPair(1)
	r.Pend(desk.Message{Ref: "a", Conversation: 1})
	if _, _, loaded := r.Messages(1); loaded {
		t.Error("a message on its way isn't a thread")
	}
	answer, _ := o.history(1, desk.Place{}, 10)
	r.AddThread(answer, desk.Place{})
	r.Pend(desk.Message{Ref: "b", Conversation: 1})
	r.Pend(desk.Message{Ref: "c", Conversation: 1})
	r.Pend(desk.Message{Ref: "b", Conversation: 1}) // again: it isn't shown twice
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, messageIDs(r, 1)); diff != "" {
			t.Error(diff)
		}
	}
	expect("m1", "a", "c", "b")
	m := o.message(0)
	m.Ref = "c"
	o.change(o.convs[1], m)
	if c := r.Apply(o.next(1)); !slices.Contains(c.Threads, 1) {
		t.Errorf("change %+v", c)
	}
	expect("m1", "m2c", "a", "b")
	r.Unpend("a")
	expect("m1", "m2c", "b")
	r.Answered("b", o.seq+1)
	expect("m1", "m2c", "b") // until its event is here
	o.people(desk.Event{})
	r.Apply(o.next(1))
	expect("m1", "m2c")
	r.Pend(desk.Message{Ref: "d", Conversation: 1})
	r.Answered("d", o.seq)
	expect("m1", "m2c")
}

// What a page was read under must not outlive the rights of that moment.
func TestRightsTakeEverythingAlong(t *testing.T) {
	o, r := newPair(30)
	answer, _ := o.history(3, desk.Place{}, 10)
	r.AddThread(answer, desk.Place{})
	late := o.page(desk.ListQueue, r.Bottom(desk.ListQueue), 10)
	bottom := r.Bottom(desk.ListQueue)
	me := o.members["me"]
	me.Role = desk.RoleTemporary
	o.people(desk.Event{Member: &me})
	change := r.Apply(o.next(1))
	if !change.Rights || change.Reason != desk.SnapshotRights || !slices.Contains(change.Threads, 3) {
		t.Errorf("change %+v", change)
	}
	if r.AddPage(late, bottom) || r.AddThread(answer, desk.Place{}) || len(r.rows) != 0 || len(r.threads) != 0 {
		t.Errorf("%d rows and %d threads came back", len(r.rows), len(r.threads))
	}
	for _, l := range desk.Lists() {
		if r.Len(l) != 0 || r.Count(l) != (desk.Count{}) {
			t.Errorf("%s: %d rows, %+v", l, r.Len(l), r.Count(l))
		}
	}
	// Even a server that tells too much isn't believed.
	c := o.convs[3]
	c.Seq = o.seq + 1
	change = r.Apply(desk.Events{From: o.seq, To: o.seq + 1, Events: []desk.Event{{Seq: o.seq + 1, Conversation: &c}}})
	if r.Conversation(3) != nil || !slices.Contains(change.Gone, 3) {
		t.Errorf("a forbidden row was taken: %+v", change)
	}
}

func TestGoneTakesTheThreadAlong(t *testing.T) {
	o, r := newPair(3)
	answer, _ := o.history(2, desk.Place{}, 10)
	r.AddThread(answer, desk.Place{})
	r.Pend(desk.Message{Ref: "a", Conversation: 2})
	c := o.convs[2]
	c.Assignee, c.Team = "bo", "t2"
	o.change(c)
	change := r.Apply(o.next(1))
	_, _, loaded := r.Messages(2)
	if loaded || r.Conversation(2) != nil || len(r.pending) != 0 || !slices.Equal(change.Gone, []desk.ConversationID{2}) || r.Count(desk.ListQueue).Total != 2 {
		t.Errorf("loaded %v, %d on the way, change %+v, queue %+v", loaded, len(r.pending), change, r.Count(desk.ListQueue))
	}
	if r.AddThread(answer, desk.Place{}) {
		t.Error("an answer from before the departure brought it back")
	}
	if r.Conversation(2) != nil {
		t.Error("it is back")
	}
}

func TestAnswersOlderThanMemoryAreRefused(t *testing.T) {
	o, r := newPair(40)
	bottom := r.Bottom(desk.ListQueue)
	page := o.page(desk.ListQueue, bottom, 10)
	answer, _ := o.history(1, desk.Place{}, 10)
	for range 3 * maxRecent {
		o.change(o.convs[1], o.message(0))
	}
	r.Apply(o.next(10 * maxRecent))
	if r.AddPage(page, bottom) || r.AddThread(answer, desk.Place{}) {
		t.Error("an answer was taken that can't be brought up to date")
	}
	if n := len(r.recent.changes); n > 2*maxRecent {
		t.Errorf("%d changes are remembered", n)
	}
}

func TestPeople(t *testing.T) {
	o, r := newPair(1)
	o.members["al"] = desk.Member{ID: "al", Name: "Al", Role: desk.RoleOwner, Suspended: true}
	r.Apply(o.snapshot(desk.SnapshotReset))
	bo, ok := r.Actor("bo")
	if !ok || bo.Role.ID != desk.RoleOwner || r.Owners() != 1 || r.Members()[0].ID != "al" || r.Roles()[0].ID != desk.RoleOwner || len(r.Teams()) != 2 {
		t.Errorf("%+v, %d owners", bo, r.Owners())
	}
	if _, ok := r.Actor("nobody"); ok {
		t.Error("nobody is someone")
	}
	me := r.Me().Member
	me.Role = desk.RoleOwner
	r.Apply(desk.Events{From: o.seq, To: o.seq + 1, Events: []desk.Event{{Seq: o.seq + 1, Member: &me}}})
	if a, _ := r.Actor("me"); a.Role.ID != desk.RoleAgent || r.Me().Role.ID != desk.RoleAgent {
		t.Error("an event gave me rights; only a snapshot does")
	}
	if m, _ := r.Member("me"); m.Role != desk.RoleOwner {
		t.Error("the member isn't shown with the new role")
	}
	al := desk.Member{ID: "al", Name: "Zoe", Role: desk.RoleOwner}
	team, role := desk.Team{ID: "t3", Name: "A"}, desk.Role{ID: "r", Name: "R", Rank: 999}
	c := r.Apply(desk.Events{From: o.seq + 1, To: o.seq + 2, Events: []desk.Event{{Seq: o.seq + 2, Member: &al, Team: &team, Role: &role}}})
	if !c.People || r.Owners() != 3 || r.Members()[2].Name != "Zoe" || r.Teams()[0].ID != "t3" || r.Roles()[0].ID != "r" {
		t.Errorf("%+v, %d owners, %v", c, r.Owners(), r.Members())
	}
	al.Invited = true
	r.Apply(desk.Events{From: o.seq + 2, To: o.seq + 3, Events: []desk.Event{{Seq: o.seq + 3, Member: &al}}})
	if r.Owners() != 2 {
		t.Errorf("with one who hasn't joined: %d owners", r.Owners())
	}
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := benchReplica(n)
			seq := r.seq
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				id := desk.ConversationID(1 + (i*7919)%n) // any row goes to the top
				c := *r.rows[id]
				before := c.Facts()
				seq++
				c.Seq, c.LastAt, c.Unread = seq, at(seq), c.Unread+1
				r.Apply(desk.Events{From: seq - 1, To: seq, Events: []desk.Event{{Seq: seq, Conversation: &c, Before: &before}}})
			}
		})
	}
}

func BenchmarkRowWindow(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := benchReplica(n)
			b.ReportAllocs()
			for b.Loop() {
				for i := range 40 {
					if c := r.Row(desk.ListAll, n/2+i); c == nil || r.Index(desk.ListAll, c.ID) != n/2+i {
						b.Fatal(i)
					}
				}
			}
		})
	}
}

// benchReplica has n rows, which stand in three lists each.
func benchReplica(n int) *Replica {
	o := newOracle()
	o.members["me"] = desk.Member{ID: "me", Role: desk.RoleOwner, Teams: []desk.TeamID{"t1"}}
	s := o.snapshot(desk.SnapshotFirst)
	s.Windows = map[desk.List]desk.Window{}
	for i := range n {
		s.Conversations = append(s.Conversations, desk.Conversation{ID: desk.ConversationID(i + 1), Status: desk.StatusOpen, Team: "t1", LastAt: at(int64(i))})
	}
	s.Seq = int64(n)
	for _, l := range desk.Lists() {
		s.Windows[l] = desk.Window{Rows: make([]desk.ConversationID, n)}
	}
	r := NewReplica()
	r.Apply(s)
	return r
}

// What is written while a conversation is out of our sight is never told, so a
// thread from before has a hole, however soon the conversation is back.
func TestThreadDoesNotOutliveAnAbsence(t *testing.T) {
	o, r := newPair(1)
	early, _ := o.history(1, desk.Place{}, 10)
	c := o.convs[1]
	c.Team, c.Assignee = "t2", "bo"
	o.change(c)
	o.change(o.convs[1], o.message(0))
	c.Team, c.Assignee, c.LastAt = "t1", "", o.convs[1].LastAt
	o.change(c)

	ahead := o.page(desk.ListQueue, desk.Cursor{}, 10)
	r.AddThread(early, desk.Place{})
	r.AddPage(ahead, desk.Cursor{}) // shows it back before we hear that it went
	change := r.Apply(o.next(100))
	if _, _, loaded := r.Messages(1); loaded || !slices.Contains(change.Threads, 1) || r.Conversation(1) == nil {
		t.Errorf("loaded %v, change %+v, row %v", loaded, change, r.Conversation(1))
	}
	if r.AddThread(early, desk.Place{}) {
		t.Error("an answer from before the absence was taken")
	}
	now, _ := o.history(1, desk.Place{}, 10)
	if !r.AddThread(now, desk.Place{}) || len(messageIDs(r, 1)) != 2 {
		t.Error("one from after it wasn't")
	}
}
