package tui

import (
	"fmt"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// maskedFor is what an agent sees who may reveal one number at a time, with grants
// of their own.
func maskedFor(seq int64, grants ...desk.Grant) desk.Snapshot {
	cs := conversations()
	for i := range cs {
		cs[i].Contact.ID = desk.ContactID(fmt.Sprint("c", cs[i].ID))
	}
	s := snapshot("asha", desk.RoleAgent, seq, cs)
	s.Reason = desk.SnapshotRights
	delete(s.Me.Role.Grants, desk.ContactViewPII)
	s.Me.Role.Grants[desk.ContactReveal] = desk.ScopeAll
	s.Me.Member.Grants = grants
	for i := range s.Conversations {
		s.Conversations[i] = shownTo(&s.Me, s.Conversations[i])
	}
	return s
}

// shownTo masks a conversation as the server does.
func shownTo(me *desk.Actor, c desk.Conversation) desk.Conversation {
	if desk.SeesNumbers(me, &c) {
		return c
	}
	return c.Masked()
}

func masked(t testing.TB) *rig {
	r := newRig(t)
	r.do = func(cmd desk.Command) (any, error) {
		if c, ok := cmd.(desk.History); ok {
			page, me := theThread(c.Conversation), r.m.rep.Me()
			page.Conversation.Contact.ID = desk.ContactID(fmt.Sprint("c", c.Conversation))
			page.Conversation = shownTo(&me, page.Conversation)
			_, page.Seq = r.m.rep.Position()
			return page, nil
		}
		return nil, nil
	}
	r.send(Deliver{client.Link{State: client.Live}, maskedFor(100)})
	r.keys("4")
	return r
}

func revealed() desk.Grant {
	return desk.Grant{ID: "g9", Perm: desk.ContactViewPII, Contact: "c#1", Until: noon.Add(desk.RevealFor), Since: noon, By: "asha", Reason: "She asks to be called"}
}

func reachedReveal() map[string]func(*testing.T, *rig) {
	return map[string]func(*testing.T, *rig){"reveal": func(t *testing.T, _ *rig) {
		r := masked(t)
		r.keys("N")
		r.kind("She asks to be called")
		r.keys("enter")
		r.wantAsked(desk.RevealContact{Conversation: 1, Reason: "She asks to be called"})
	}}
}

func TestRevealGolden(t *testing.T) {
	scenes := []struct {
		name string
		play func(*rig)
	}{
		{"masked-list", func(*rig) {}},
		{"masked-details", func(r *rig) { r.keys("enter", "i") }},
		{"reveal-form", func(r *rig) { r.keys("N") }},
		{"reveal-shown", func(r *rig) {
			r.keys("enter")
			r.send(Deliver{maskedFor(101, revealed())})
			r.now = r.now.Add(18 * time.Second)
			if r.m.width < threePanes {
				r.keys("i")
			}
		}},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				r := masked(t)
				r.size(size[0], size[1])
				s.play(r)
				checkShape(t, r, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), r.screen()+"\n")
			})
		}
	}
}

// TestRevealComesAndGoes shows one number for ten minutes, counted down, and says
// when it is hidden again.
func TestRevealComesAndGoes(t *testing.T) {
	r := masked(t)
	r.size(120, 40)
	r.keys("enter")
	r.shows("•••• 0001", "hidden; N")
	r.hides("+447700900001")
	r.keys("N", "enter")
	r.shows("Say why you need it")
	r.kind("She asks to be called")
	r.keys("enter")
	r.shows("The number of Maria Lopez is shown for 10 minutes.")
	r.send(Deliver{maskedFor(101, revealed())})
	r.shows("+447700900001", "Revealed for 10 min")
	r.hides("+81312345678")
	if !r.m.counting(time.Minute) {
		t.Error("nothing counts down by the second")
	}
	r.now = r.now.Add(9*time.Minute + 30*time.Second)
	r.send(alarm{kind: alarmTick})
	r.shows("Revealed for 30 s")
	r.keys("N")
	r.shows("You see this number already.")
	r.now = r.now.Add(time.Minute)
	r.send(Deliver{maskedFor(102)})
	r.shows("The number of Maria Lopez is hidden again.", "•••• 0001")
	r.hides("+447700900001")
}

// TestRevealIsRefused keeps the reason when the server says no.
func TestRevealIsRefused(t *testing.T) {
	r := masked(t)
	r.do = func(cmd desk.Command) (any, error) { // nothing else is asked here
		if _, ok := cmd.(desk.RevealContact); ok {
			return nil, desk.Errorf(desk.CodeBusy, "Too many at once. Try again in a minute.")
		}
		return nil, nil
	}
	r.keys("N")
	r.kind("to call her")
	r.keys("enter")
	r.shows("Too many at once.", "to call her")
	s := maskedFor(101)
	delete(s.Me.Role.Grants, desk.ContactReveal)
	r.send(Deliver{s})
	if r.m.dialog() != nil {
		t.Error("the form is open without the right to reveal")
	}
	r.shows("What you had open was closed.")
}

// TestMaskedIsFoundByItsEnd finds a customer by the last four digits.
func TestMaskedIsFoundByItsEnd(t *testing.T) {
	r := masked(t)
	for _, typed := range []string{"0001", "00 01", "•••• 0001"} {
		r.keys("ctrl+k")
		r.kind(typed)
		r.shows("Maria Lopez #1")
		r.hides("Bob")
		r.keys("esc")
	}
}

// TestEndIsToldBefore warns once, ten minutes before access for a time ends.
func TestEndIsToldBefore(t *testing.T) {
	r := masked(t)
	r.size(120, 24)
	g := desk.Grant{ID: "g1", Perm: desk.ConversationViewQueue, Scope: desk.ScopeAll, Since: noon, Until: noon.Add(time.Hour)}
	short := desk.Grant{ID: "g2", Perm: desk.MessageNote, Scope: desk.ScopeAll, Since: noon, Until: noon.Add(5 * time.Minute)}
	r.send(Deliver{maskedFor(101, g, short)})
	r.m.toast = toast{}
	r.send(alarm{kind: alarmTick})
	r.hides("Your time for")
	r.now = noon.Add(51 * time.Minute)
	r.send(alarm{kind: alarmTick})
	r.shows("Your time for “See the queue” ends at 13:00 (9 min). What you write stays a draft.")
	r.m.toast = toast{}
	r.now = r.now.Add(time.Minute)
	r.send(alarm{kind: alarmTick})
	r.hides("Your time for")
}

// TestHandedOverIsTold tells in the thread whose chat it was, where it went while
// that is known, and why.
func TestHandedOverIsTold(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(120, 40)
	r.keys("3", "j", "enter")
	line := desk.Message{ID: "h1", Side: desk.SideEvent, Type: desk.MessageType(desk.ConversationHandedOver), Author: "zoe", To: "ana", Text: "Ana Lima was suspended.", At: noon}
	r.event(desk.ConversationHandedOver, "zoe", 3, func(c *desk.Conversation) { c.Assignee = "" }, line)
	r.shows("Ana Lima's chat went back to the queue: Ana Lima")
	line.ID, line.At = "h2", noon.Add(time.Second)
	r.event(desk.ConversationHandedOver, "zoe", 3, func(c *desk.Conversation) { c.Assignee = "tom" }, line)
	r.shows("Ana Lima's chat went to Tom Becker: Ana Lima was")
	r.size(119, 40) // everything is drawn anew
	r.shows("Ana Lima's chat was handed over: Ana Lima", "Ana Lima's chat went to Tom Becker")
}
