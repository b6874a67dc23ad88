package tui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// write opens #1 and types a reply.
func write(r *rig, text string) {
	r.keys("4", "g", "enter", "r")
	r.kind(text)
}

func TestReplyIsShownAtOnceAndKeptUntilAccepted(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "r")
	r.kind("On its way.")
	r.ring(alarmSave)
	if r.saved[1] != "On its way." {
		t.Fatalf("saved %q", r.saved[1])
	}
	r.hold = true
	r.keys("enter")
	r.shows("On its way.", "sending…")
	if got := r.m.draftOf(1).saved(); got != "On its way." {
		t.Errorf("while it is on its way, the draft is %q", got)
	}
	r.release()
	r.event(desk.MessageQueued, "asha", 1, func(c *desk.Conversation) { c.LastAt = r.now },
		desk.Message{ID: "real", Side: desk.SideTeam, Type: desk.TypeText, Author: "asha", Text: "On its way.", Ref: r.refs[len(r.refs)-1], Delivery: desk.Sent, At: r.now})
	r.ring(alarmSave)
	if got, ok := r.saved[1]; got != "" || !ok {
		t.Errorf("accepted, and the saved draft is %q", got)
	}
	if n := strings.Count(r.screen(), "On its way."); n != 1 {
		t.Errorf("it is shown %d times:\n%s", n, r.screen())
	}
	r.hides("sending…")
}

func TestRefusedReplyKeepsTheText(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(120, 30)
	r.do = func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.Reply); ok {
			return nil, desk.Errorf(desk.CodeBusy, "The desk is busy. Try again.")
		}
		return nil, nil
	}
	write(r, "Hello")
	r.keys("enter")
	r.shows("Not sent; your text is kept. The desk is busy. Try again.", "┃ Hello")
	r.hides("sending…")
	r.ring(alarmSave)
	if r.saved[1] != "Hello" {
		t.Errorf("saved %q", r.saved[1])
	}
}

// TestRepliesGoOutInOrder sends the second reply only when the first was
// accepted, and gives both back when it wasn't.
func TestRepliesGoOutInOrder(t *testing.T) {
	r := live(t, desk.RoleManager)
	write(r, "one")
	r.hold = true
	r.keys("enter")
	r.kind("two")
	r.keys("enter")
	if _, n := last[desk.Reply](r); n != 0 {
		t.Fatal("something went out while everything was held")
	}
	r.release()
	var texts []string
	for _, c := range r.asked {
		if c, ok := c.(desk.Reply); ok {
			texts = append(texts, c.Text)
		}
	}
	if got := strings.Join(texts, ","); got != "one,two" {
		t.Errorf("sent %q", got)
	}

	r = live(t, desk.RoleManager)
	r.do = func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.Reply); ok {
			return nil, errors.New("the link broke")
		}
		return nil, nil
	}
	write(r, "one")
	r.hold = true
	r.keys("enter")
	r.kind("two")
	r.keys("enter")
	r.release()
	if got := r.m.composer.text(); got != "one\ntwo" {
		t.Errorf("given back %q", got)
	}
}

func conflicted(t *testing.T) *rig {
	r := live(t, desk.RoleManager)
	r.do = func(cmd desk.Command) (any, error) {
		if c, ok := cmd.(desk.Reply); ok && c.Seen == 100 {
			return nil, &desk.Error{Code: desk.CodeConflict, Message: "Someone wrote.", Seq: 107,
				Since: []desk.Message{{Side: desk.SideCustomer, Type: desk.TypeText, Text: "It has just arrived!", At: noon}}}
		}
		return nil, nil
	}
	write(r, "It is late")
	r.keys("enter")
	r.shows("Not sent yet: Maria Lopez", "12:00 Customer: It has just arrived!", "It is late")
	r.now = r.now.Add(breath)
	return r
}

func TestConflict(t *testing.T) {
	t.Run("send anyway", func(t *testing.T) {
		r := conflicted(t)
		r.keys("s")
		r.wantAsked(desk.Reply{Conversation: 1, Text: "It is late", Seen: 107})
		if n := len(r.refs); r.refs[n-1] == r.refs[n-2] {
			t.Error("it was sent with the ref of the one that was refused")
		}
	})
	t.Run("keep editing", func(t *testing.T) {
		r := conflicted(t)
		r.keys("e")
		if got := r.m.composer.text(); got != "It is late" {
			t.Errorf("the composer holds %q", got)
		}
	})
	t.Run("escape keeps it", func(t *testing.T) {
		r := conflicted(t)
		r.keys("esc")
		if got := r.m.draftOf(1).saved(); got != "It is late" {
			t.Errorf("the draft is %q", got)
		}
	})
	t.Run("drop", func(t *testing.T) {
		r := conflicted(t)
		r.keys("d")
		if got := r.m.draftOf(1).saved(); got != "" {
			t.Errorf("the draft is %q", got)
		}
	})
}

func TestPasteNeverSends(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "r")
	r.send(tea.PasteMsg{Content: "one\ntwo\r\nthree\x1b[201~\n"})
	if got := r.m.composer.text(); got != "one\ntwo\nthree␛[201~\n" {
		t.Errorf("pasted %q", got)
	}
	if _, n := last[desk.Reply](r); n != 0 {
		t.Error("a paste sent something")
	}
	r.keys("esc")
	r.send(tea.PasteMsg{Content: "eq"})
	if _, n := last[desk.Resolve](r); n != 0 || r.quit {
		t.Error("a paste ran a key's action")
	}
}

func TestDraftsPerConversation(t *testing.T) {
	r := live(t, desk.RoleManager, func(o *Options) {
		o.Drafts = map[desk.ConversationID]string{2: "kept from yesterday"}
	})
	write(r, "to Maria")
	r.keys("esc", "esc", "j", "enter")
	r.shows("Draft: kept from yesterday")
	r.keys("n")
	r.kind("a note")
	r.keys("esc", "r")
	r.shows("┃ kept from yesterday")
	r.keys("esc", "esc", "k", "enter", "r")
	r.shows("┃ to Maria")
	r.ring(alarmSave)
	if r.saved[2] != "kept from yesterday"+noteMark+"a note" {
		t.Errorf("saved %q", r.saved[2])
	}
	if d := parseDraft(r.saved[2]); d.reply != "kept from yesterday" || d.note != "a note" {
		t.Errorf("read back %+v", d)
	}
}

func TestDraftFailureIsSaidOnce(t *testing.T) {
	r := live(t, desk.RoleManager, func(o *Options) {
		o.SaveDraft = func(desk.ConversationID, string) error { return errors.New("disk full") }
	})
	write(r, "x")
	r.ring(alarmSave)
	r.shows("Drafts can't be saved on this machine")
	r.ring(alarmToast)
	r.kind("y")
	r.ring(alarmSave)
	r.hides("Drafts can't be saved on this machine")
}

func TestQuitSavesTheDraft(t *testing.T) {
	r := live(t, desk.RoleManager)
	write(r, "unsaved")
	r.keys("esc", "q")
	if r.saved[1] != "unsaved" || !r.quit {
		t.Errorf("saved %q, quit %v", r.saved[1], r.quit)
	}
}

func rights(r *rig, role desk.RoleID) {
	s := snapshot("asha", role, 200, conversations())
	s.Reason = desk.SnapshotRights
	r.send(Deliver{s})
}

func TestRoleChangeWhileWriting(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(160, 30)
	write(r, "half a")
	rights(r, desk.RoleViewer)
	r.shows("Your role is now Viewer, so this reply is closed. Your text is kept. You can no longer reply to customers,", "and 19 more", "Your role doesn't include “Reply to customers”.")
	if r.m.composer.focused {
		t.Error("the composer is still open")
	}
	if got := r.m.draftOf(1).saved(); got != "half a" {
		t.Errorf("the draft is %q", got)
	}
	rights(r, desk.RoleManager) // a frame of the same position again: ignored or not, nothing breaks
}

func TestRoleChangeClosesDialogs(t *testing.T) {
	for _, open := range [][]string{{"a"}, {"L"}, {"j", "j", "t"}} {
		r := live(t, desk.RoleManager)
		r.keys("4")
		r.keys(open...)
		if r.m.dialog() == nil {
			t.Fatalf("%v opens no dialog", open)
		}
		rights(r, desk.RoleViewer)
		if r.m.dialog() != nil {
			t.Errorf("%v: its permission is gone, and it is still open", open)
		}
		r.size(160, 24)
		r.shows("Your role is now Viewer", "What you had open was closed.")
	}
}

func TestRoleChangeMovesOffAHiddenList(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("2")
	rights(r, desk.RoleTemporary)
	if r.m.list.list != desk.ListMine {
		t.Errorf("shows %s", r.m.list.list)
	}
	r.hides("Queue")
}

func TestConflictKeepsTheTextWhenTheRoleGoes(t *testing.T) {
	r := conflicted(t)
	rights(r, desk.RoleViewer)
	if r.m.dialog() != nil {
		t.Error("the dialog is still open")
	}
	if got := r.m.draftOf(1).saved(); got != "It is late" {
		t.Errorf("the draft is %q", got)
	}
}

func TestGoneConversation(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(160, 24)
	write(r, "half a")
	c := *r.m.rep.Conversation(1)
	r.send(Deliver{desk.Events{From: 100, To: 101, Gone: []desk.Gone{{Seq: 101, Conversation: 1, Before: c.Facts()}}}})
	r.shows("Chat #1 is no longer in your view", "Your draft is kept.", "Choose a chat")
	if got := r.m.draftOf(1).saved(); got != "half a" {
		t.Errorf("the draft is %q", got)
	}
}

func TestGoneWhileAway(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(160, 24)
	r.keys("4", "enter")
	r.do = func(cmd desk.Command) (any, error) {
		if _, ok := cmd.(desk.History); ok {
			return nil, desk.ErrNotFound()
		}
		return nil, nil
	}
	s := snapshot("asha", desk.RoleManager, 300, conversations()[1:])
	s.Reason = desk.SnapshotReset
	r.send(Deliver{s})
	r.shows("Chat #1 is no longer in your view")
}

func TestTakenOver(t *testing.T) {
	r := live(t, desk.RoleAgent)
	r.size(160, 24)
	write(r, "half a")
	r.event(desk.ConversationTakenOver, "ana", 1, func(c *desk.Conversation) { c.Assignee = "ana" })
	r.shows("Ana Lima took over Maria Lopez #1.", "Your text is kept.")
	if r.m.composer.focused {
		t.Error("an agent may go on writing in a colleague's chat")
	}
}

func TestReadIsMarkedAfterAWhile(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter")
	if _, n := last[desk.MarkRead](r); n != 0 {
		t.Fatal("marked at once")
	}
	r.ring(alarmRead)
	r.wantAsked(desk.MarkRead{Conversation: 1, Upto: 100})
	r.keys("j", "k")
	r.ring(alarmRead)
	if _, n := last[desk.MarkRead](r); n != 1 {
		t.Errorf("marked %d times", n)
	}

	r = live(t, desk.RoleViewer)
	r.keys("4", "enter")
	r.ring(alarmRead)
	if _, n := last[desk.MarkRead](r); n != 0 {
		t.Error("a viewer marked it as read")
	}

	r = live(t, desk.RoleManager)
	r.send(tea.BlurMsg{})
	r.keys("4", "enter")
	r.ring(alarmRead)
	if _, n := last[desk.MarkRead](r); n != 0 {
		t.Error("marked although nobody looks at the terminal")
	}
}

func TestLink(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(120, 24)
	r.send(Deliver{client.Link{State: client.Offline, Retry: noon.Add(4e9)}})
	r.shows("reconnecting in 4 s", "stale since 12:00")
	r.now = noon.Add(2e9)
	r.ring(alarmTick)
	r.shows("reconnecting in 2 s")
	r.send(Deliver{client.Link{State: client.Refused, Error: "Your session ended."}})
	r.shows("sign in again", "Your session ended.")
	r.send(Deliver{client.Link{State: client.Live}})
	r.hides("stale since")
}

// TestEndOfSignInEmptiesTheScreen leaves nothing of a desk with someone who may
// no longer see it, at any width, and keeps what they wrote.
func TestEndOfSignInEmptiesTheScreen(t *testing.T) {
	over := client.Link{State: client.Refused, Code: desk.CodeUnauthenticated, Error: "Your account is suspended. Ask an admin."}
	for _, size := range [][2]int{{60, 24}, {100, 24}, {140, 30}} {
		for _, open := range []string{"", "P", "a"} {
			r := live(t, desk.RoleManager)
			r.size(size[0], size[1])
			write(r, "half a")
			if r.keys("esc"); open != "" {
				r.keys(open)
			} else {
				r.keys("r")
			}
			r.send(Deliver{over})
			r.shows("Your account is suspended.", "is kept as a draft.", "sign in again")
			for _, gone := range []string{"Maria", "447700", "山田", "parcel", "Ana Lima", "half a", "Asha"} {
				r.hides(gone)
			}
			if got := r.m.drafts[1].saved(); got != "half a" {
				t.Errorf("the draft is %q", got)
			}
			late := theThread(1)
			late.Seq = 100
			r.m.rep.AddThread(late, desk.Place{})
			r.now = r.now.Add(time.Minute)
			r.keys("4", "j", "enter", "r", "i", "P", "1")
			r.hides("Maria")
			r.ring(alarmToast)
			r.shows("Your account is suspended.")
		}
	}
}

// TestOtherRefusalsKeepTheScreen goes on showing what is known when it is only the
// program that is too old.
func TestOtherRefusalsKeepTheScreen(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4")
	r.send(Deliver{client.Link{State: client.Refused, Code: desk.CodeInvalid, Error: "Update the program."}})
	r.shows("Maria L", "Update the program.")
}

func TestFurtherPagesAreAskedForOnce(t *testing.T) {
	r := newRig(t)
	cs := conversations()
	s := snapshot("asha", desk.RoleManager, 100, cs)
	w := s.Windows[desk.ListAll]
	w.More = true
	s.Windows[desk.ListAll] = w
	bottom := cs[3].Cursor() // #4 is the oldest that is open
	r.hold = true
	r.send(Deliver{client.Link{State: client.Live}, s})
	r.keys("4", "j", "j", "j")
	r.release()
	c, n := last[desk.ListConversations](r)
	if n != 1 || c.After != bottom || c.List != desk.ListAll {
		t.Errorf("asked %d times, last %+v", n, c)
	}
}

func TestToastsGo(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "o")
	r.shows("This chat is open already.")
	r.ring(alarmToast)
	r.hides("This chat is open already.")
}

// TestTheRestOfAWordDoesNothing types on after the composer was taken away: no
// letter of a text may resolve a chat or answer a dialog.
func TestTheRestOfAWordDoesNothing(t *testing.T) {
	calm := func(t *testing.T, r *rig) {
		t.Helper()
		for range 3 {
			r.kind("este aces")
			r.keys("enter")
			r.now = r.now.Add(breath / 2)
		}
		for _, c := range r.asked {
			switch c.(type) {
			case desk.History, desk.ListConversations, desk.Reply:
			default:
				t.Errorf("the rest of a word asked for %s", c.Name())
			}
		}
		r.now = r.now.Add(breath)
	}
	t.Run("taken over", func(t *testing.T) {
		r := live(t, desk.RoleAgent)
		write(r, "half a")
		r.event(desk.ConversationTakenOver, "ana", 1, func(c *desk.Conversation) { c.Assignee = "ana" })
		calm(t, r)
		r.keys("t")
		if r.m.dialog() == nil {
			t.Error("after a pause, keys still do nothing")
		}
	})
	t.Run("conflict", func(t *testing.T) {
		r := live(t, desk.RoleManager)
		r.do = func(cmd desk.Command) (any, error) {
			if _, ok := cmd.(desk.Reply); ok {
				return nil, &desk.Error{Code: desk.CodeConflict, Seq: 107, Since: []desk.Message{{Side: desk.SideCustomer, Text: "x", At: noon}}}
			}
			return nil, nil
		}
		write(r, "half a")
		r.keys("enter")
		calm(t, r)
		if _, n := last[desk.Reply](r); n != 1 || r.m.dialog() == nil {
			t.Errorf("sent %d times, dialog %v", n, r.m.dialog())
		}
	})
}
