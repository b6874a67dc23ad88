package client

import (
	"fmt"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// oracle is a desk that keeps everything and does everything the slow and
// obvious way: what a replica shows is compared with it. It is also the server
// of one session, which may lag behind.
type oracle struct {
	seq     int64
	clock   int64
	me      desk.MemberID
	members map[desk.MemberID]desk.Member
	roles   map[desk.RoleID]desk.Role
	teams   []desk.Team
	convs   map[desk.ConversationID]desk.Conversation
	threads map[desk.ConversationID][]desk.Message
	asked   map[desk.RequestID]desk.Request
	log     []desk.Event

	told   int64      // of the session
	rights desk.Actor // those of its last snapshot
}

func newOracle() *oracle {
	o := &oracle{
		me: "me", members: map[desk.MemberID]desk.Member{}, roles: map[desk.RoleID]desk.Role{},
		teams: []desk.Team{{ID: "t1", Name: "One"}, {ID: "t2", Name: "Two"}},
		convs: map[desk.ConversationID]desk.Conversation{}, threads: map[desk.ConversationID][]desk.Message{},
		asked: map[desk.RequestID]desk.Request{},
	}
	for _, r := range desk.BuiltInRoles() {
		o.roles[r.ID] = r
	}
	o.members["me"] = desk.Member{ID: "me", Name: "Mia", Role: desk.RoleAgent, Teams: []desk.TeamID{"t1"}}
	o.members["bo"] = desk.Member{ID: "bo", Name: "Bo", Role: desk.RoleOwner}
	return o
}

func (o *oracle) actor() desk.Actor { return o.actorOf(o.me) }

func (o *oracle) actorOf(id desk.MemberID) desk.Actor {
	return desk.NewActor(o.members[id], func(id desk.RoleID) (desk.Role, bool) {
		r, ok := o.roles[id]
		return r, ok
	})
}

// seesRequest reports whether someone with these rights may see the request.
func (o *oracle) seesRequest(me desk.Actor, q desk.Request) bool {
	from := o.actorOf(q.Member)
	return desk.SeesRequest(&me, &from)
}

// shown are the messages as someone with these rights may see them.
func shown(me desk.Actor, c desk.Conversation, messages []desk.Message) []desk.Message {
	if desk.SeesNumbers(&me, &c) {
		return messages
	}
	var masked []desk.Message
	for _, m := range messages {
		masked = append(masked, m.Masked())
	}
	return masked
}

func (o *oracle) sees(me desk.Actor, f desk.Facts) bool {
	return desk.Can(&me, desk.ConversationView, desk.Subject{Conversation: f.With(1)}, time.Time{}) == nil
}

// change appends an entry: c as it is after it, with messages that are new or
// changed.
func (o *oracle) change(c desk.Conversation, messages ...desk.Message) {
	o.seq++
	e := desk.Event{Seq: o.seq, Kind: "x.new_kind"}
	was, held := o.convs[c.ID]
	switch before := was.Facts(); {
	case !held:
		e.Before = &desk.Facts{}
	case before != c.Facts():
		e.Before = &before
	}
	c.Seq = o.seq
	for i := range messages {
		m := &messages[i]
		m.Conversation, m.Seq = c.ID, o.seq
		if m.Order == 0 {
			m.Order = o.seq
		}
		thread := slices.DeleteFunc(o.threads[c.ID], func(x desk.Message) bool { return x.ID == m.ID })
		thread = append(thread, *m)
		slices.SortFunc(thread, func(a, b desk.Message) int {
			if a.Before(&b) {
				return -1
			}
			return 1
		})
		o.threads[c.ID] = thread
		if m.At.After(c.LastAt) {
			c.LastAt = m.At
		}
	}
	o.convs[c.ID] = c
	e.Conversation, e.Messages = &c, messages
	o.log = append(o.log, e)
}

// people appends an entry about a member, a role or a request.
func (o *oracle) people(e desk.Event) {
	o.seq++
	e.Seq = o.seq
	if e.Member != nil {
		o.members[e.Member.ID] = *e.Member
	}
	if e.Role != nil {
		o.roles[e.Role.ID] = *e.Role
		if e.Role.Removed {
			delete(o.roles, e.Role.ID)
		}
	}
	if e.Request != nil {
		o.asked[e.Request.ID] = *e.Request
	}
	o.log = append(o.log, e)
}

func (o *oracle) message(late int64) desk.Message {
	o.clock++
	m := desk.Message{ID: desk.MessageID(fmt.Sprint("m", o.seq+1)), At: at(o.clock - late), Side: desk.SideCustomer, Text: fmt.Sprint(o.seq)}
	if o.seq%2 == 0 {
		m.Type, m.Text = desk.TypeContacts, fmt.Sprint("Contact: +49 30 901820 ", o.seq%10)
	}
	return m
}

// rows are all of a list, newest first.
func (o *oracle) rows(l desk.List) []desk.Conversation {
	me, rows := o.actor(), []desk.Conversation(nil)
	if desk.Can(&me, desk.ListConversations{List: l}.Perm(), desk.Subject{}, time.Time{}) != nil {
		return nil
	}
	for _, c := range o.convs {
		if o.sees(me, c.Facts()) && l.Holds(me.Member, &c) {
			rows = append(rows, c.Shown(&me))
		}
	}
	slices.SortFunc(rows, func(a, b desk.Conversation) int {
		if a.Cursor().Before(b.Cursor()) {
			return -1
		}
		return 1
	})
	return rows
}

func (o *oracle) page(l desk.List, after desk.Cursor, limit int) desk.Page {
	rows := o.rows(l)
	if !top(after) {
		rows = slices.DeleteFunc(rows, func(c desk.Conversation) bool { return !after.Before(c.Cursor()) })
	}
	n := min(limit, len(rows))
	return desk.Page{List: l, Seq: o.seq, Rows: rows[:n], More: n < len(rows)}
}

func (o *oracle) history(id desk.ConversationID, before desk.Place, limit int) (desk.Thread, bool) {
	c, ok := o.convs[id]
	me := o.actor()
	if !ok || !o.sees(me, c.Facts()) {
		return desk.Thread{}, false
	}
	all := slices.Clone(shown(me, c, o.threads[id]))
	if !end(before) {
		all = slices.DeleteFunc(all, func(m desk.Message) bool { return !placeBefore(m.Place(), before) })
	}
	slices.Reverse(all)
	n := min(limit, len(all))
	return desk.Thread{Conversation: c.Shown(&me), Seq: o.seq, Messages: all[:n], More: n < len(all)}, true
}

func (o *oracle) count(l desk.List) (n desk.Count) {
	for _, c := range o.rows(l) {
		n.Total++
		if c.Unread > 0 {
			n.Unread++
		}
	}
	return n
}

func (o *oracle) snapshot(why desk.SnapshotReason) desk.Snapshot {
	o.told, o.rights = o.seq, o.actor()
	s := desk.Snapshot{Type: desk.FrameSnapshot, Reason: why, Epoch: "e", Seq: o.seq, Me: o.rights, Teams: o.teams,
		Counts: map[desk.List]desk.Count{}, Windows: map[desk.List]desk.Window{}}
	for _, m := range o.members {
		s.Members = append(s.Members, m)
	}
	for _, r := range o.roles {
		s.Roles = append(s.Roles, r)
	}
	for _, q := range o.asked {
		if o.seesRequest(o.rights, q) {
			s.Requests = append(s.Requests, q)
		}
	}
	sent := map[desk.ConversationID]bool{}
	for _, l := range desk.Lists() {
		if desk.Can(&o.rights, desk.ListConversations{List: l}.Perm(), desk.Subject{}, time.Time{}) != nil {
			continue
		}
		p := o.page(l, desk.Cursor{}, desk.WindowRows)
		w := desk.Window{More: p.More}
		for _, c := range p.Rows {
			w.Rows = append(w.Rows, c.ID)
			if !sent[c.ID] {
				sent[c.ID] = true
				s.Conversations = append(s.Conversations, c)
			}
		}
		s.Windows[l], s.Counts[l] = w, o.count(l)
	}
	return s
}

// next is what the session is told next: at most n entries, or a snapshot when
// the rights are others by now; nil when it is at the head.
func (o *oracle) next(n int) Msg {
	now := o.actor()
	if !now.Equal(o.rights) {
		return o.snapshot(desk.SnapshotRights)
	}
	if o.told == o.seq {
		return nil
	}
	f := desk.Events{Type: desk.FrameEvents, From: o.told, To: min(o.seq, o.told+int64(n))}
	for _, e := range o.log[f.From:f.To] {
		was := e.Was()
		switch {
		case e.Request != nil && !o.seesRequest(now, *e.Request):
		case e.Conversation != nil && !desk.SeesNumbers(&now, e.Conversation) && o.sees(now, e.Conversation.Facts()):
			f.Events = append(f.Events, e.Masked())
		case e.Conversation == nil || o.sees(now, e.Conversation.Facts()):
			f.Events = append(f.Events, e)
		case o.sees(now, was.Facts()):
			f.Gone = append(f.Gone, desk.Gone{Seq: e.Seq, Conversation: was.ID, Before: was.Facts()})
		}
	}
	o.told = f.To
	return f
}
