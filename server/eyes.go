package server

import (
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// eyes are through whom somebody looks. What they see, me sees by the rights of
// this moment; by is set when somebody else looks through them, and what either
// may not see stays hidden. Two eyes are equal when nothing on a screen would
// differ.
type eyes struct{ me, by *desk.Actor }

// sees reports whether a conversation with these facts is in sight.
func (e eyes) sees(f desk.Facts) bool {
	return desk.Sees(e.me, f) && (e.by == nil || desk.Sees(e.by, f))
}

// numbers reports whether the private fields of a conversation's contact are.
func (e eyes) numbers(f desk.Facts, contact desk.ContactID) bool {
	c := desk.Conversation{Status: f.Status, Assignee: f.Assignee, Team: f.Team, Contact: desk.Contact{ID: contact}}
	return desk.SeesNumbers(e.me, &c) && (e.by == nil || desk.SeesNumbers(e.by, &c))
}

func (e eyes) conversation(c desk.Conversation) desk.Conversation {
	if e.numbers(c.Facts(), c.Contact.ID) {
		return c
	}
	return c.Masked()
}

// messages are those of a conversation as they are seen. The slice is changed.
func (e eyes) messages(c *desk.Conversation, list []desk.Message) []desk.Message {
	if !e.numbers(c.Facts(), c.Contact.ID) {
		for i := range list {
			list[i] = list[i].Masked()
		}
	}
	return list
}

// knows reports whether the private fields of a member are seen.
func (e eyes) knows(id desk.MemberID) bool {
	whole := func(a *desk.Actor) bool { return a.Member.ID == id || a.Scope(desk.MemberView).Rank() > 0 }
	return whole(e.me) && (e.by == nil || whole(e.by))
}

// own reports whether it is the member who looks, with their own eyes: what is
// theirs alone isn't shown to whoever looks through them.
func (e eyes) own(id desk.MemberID) bool { return e.by == nil && id == e.me.Member.ID }

func (e eyes) member(m desk.Member) desk.Member {
	switch {
	case e.own(m.ID):
		return m
	case e.knows(m.ID):
		return m.ForOthers()
	}
	return m.Masked()
}

// request reports whether a request of that member is seen. What somebody asked
// for themselves isn't shown to whoever looks through their eyes.
func (e eyes) request(from *desk.Actor) bool {
	if from == nil || !desk.SeesRequest(e.me, from) {
		return false
	}
	return e.by == nil || from.Member.ID != e.me.Member.ID && desk.SeesRequest(e.by, from)
}

// variant is the item as it is seen; nil when there is nothing to tell.
func (e eyes) variant(it *item, people *directory) []byte {
	if it.own != nil && e.own(it.of) {
		return it.own
	}
	v := it.open
	if it.asked != "" && !e.request(people.actors[it.asked]) {
		v = it.rest
	}
	if (it.id == 0 || e.numbers(it.after, it.contact)) && (it.member == "" || e.knows(it.member)) {
		return v.whole
	}
	return v.masked
}
