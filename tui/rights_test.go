package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestIdleComposerOffersWhatTheRoleHas names the key of notes to those who may
// write them.
func TestIdleComposerOffersWhatTheRoleHas(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter")
	r.shows("n note")
	s := snapshot("asha", desk.RoleManager, 101, conversations())
	delete(s.Me.Role.Grants, desk.MessageNote)
	r.send(Deliver{s})
	r.shows("r reply")
	r.hides("n note")
}

func TestRoleChangeIsToldTruly(t *testing.T) {
	for _, tt := range []struct {
		from, to desk.RoleID
		want     string
	}{
		{desk.RoleViewer, desk.RoleAgent,
			"you can now reply to customers, claim from the queue, assign and 9 more; you see your teams' chats only"},
		{desk.RoleManager, desk.RoleViewer,
			"you can no longer reply to customers, claim from the queue, assign and 19 more; less far than before, you can see sessions, end sessions and see the activity log"},
		{desk.RoleAgent, desk.RoleManager,
			"you can now reply in a colleague's chat, export contacts, invite people and 7 more; you see every chat; further than before, you can reply to customers, claim from the queue, assign and 11 more"},
		{desk.RoleSales, desk.RoleTemporary,
			"you can no longer see the queue, claim from the queue, assign and 6 more; less far than before, you can reveal one number"},
		{desk.RoleManager, desk.RoleManager, ""},
	} {
		if got := compare(&desk.Actor{Role: roleOf(tt.from)}, &desk.Actor{Role: roleOf(tt.to)}).sentence(); got != tt.want {
			t.Errorf("%s → %s:\n got %s\nwant %s", tt.from, tt.to, got, tt.want)
		}
	}
}

// TestAccessForATimeIsTold says what was lent and until when, counts it down in
// the status line, and says when it is over.
func TestAccessForATimeIsTold(t *testing.T) {
	r := live(t, desk.RoleViewer)
	r.size(160, 24)
	lend := func(gs ...desk.Grant) {
		s := snapshot("asha", desk.RoleViewer, 200, conversations())
		s.Reason = desk.SnapshotRights
		s.Me.Member.Grants = gs
		s.Me = desk.NewActor(s.Me.Member, func(id desk.RoleID) (desk.Role, bool) {
			if id == "" {
				return desk.Role{}, false
			}
			return roleOf(id), true
		})
		r.send(Deliver{s})
	}
	lend(desk.Grant{ID: "g", Role: desk.RoleAgent, Until: noon.Add(4 * time.Hour)})
	r.shows("You were given the role Agent until 16:00 (4 h): you can now reply to customers, claim from the queue, assign and 9 more.")
	r.ring(alarmToast)
	r.shows("Viewer +4 h")
	r.now = r.now.Add(4*time.Hour - 30*time.Second)
	r.shows("Viewer +30 s")
	lend()
	r.shows("The time for the role Agent is over: you can no longer reply to customers, claim from the queue, assign and 9 more.")
	r.ring(alarmToast)
	r.hides("Viewer +")
	lend(desk.Grant{ID: "k", Perm: desk.ContactExport, Scope: desk.ScopeAll, Until: noon.Add(6 * time.Hour)})
	r.shows("You were given “Export contacts” until 18:00 (2 h")
}

func TestNarrowedRoleLosesNothing(t *testing.T) {
	r := live(t, desk.RoleViewer)
	r.size(160, 24)
	rights(r, desk.RoleAgent)
	r.shows("Your role is now Agent: you can now reply to customers, claim from the queue, assign and 9 more; you see your teams' chats only.")
	r.hides("no longer")
}

func TestClosedNoteNamesTheRole(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(160, 24)
	r.keys("4", "enter", "n")
	r.kind("half a")
	rights(r, desk.RoleViewer)
	r.shows("Your role is now Viewer, so this note is closed. Your text is kept. You can no longer reply to customers,")
	if r.m.composer.focused {
		t.Error("the composer is still open")
	}
}

// failing is a thread of a customer who got nothing: the same reason twice,
// with an event between, and another one.
func failing(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.do = func(cmd desk.Command) (any, error) {
		h, ok := cmd.(desk.History)
		if !ok {
			return nil, nil
		}
		page := theThread(h.Conversation)
		fail := func(i int, text, why string) desk.Message {
			m := page.Messages[0]
			m.ID, m.Order, m.Side, m.Author, m.Text = desk.MessageID("f"+text), int64(20+i), desk.SideTeam, "asha", text
			m.Delivery, m.Problem = desk.Failed, &desk.Problem{Text: why}
			return m
		}
		between := page.Messages[0]
		between.ID, between.Order, between.Side, between.Type = "e", 22, desk.SideEvent, desk.MessageType(desk.ConversationResolved)
		page.Messages = []desk.Message{fail(4, "four", "The phone is off."), fail(3, "three", "The number is blocked."), between, fail(1, "one", "The number is blocked.")}
		return page, nil
	}
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleManager, 100, conversations())})
	r.size(70, 40) // the thread alone
	r.keys("4", "enter")
	return r
}

func TestFailureIsExplainedOnce(t *testing.T) {
	r := failing(t)
	r.shows("! Not delivered, as below.", "! Not delivered. The number is blocked.", "! Not delivered. The phone is off.")
	if n := strings.Count(r.screen(), "is blocked"); n != 1 {
		t.Errorf("one reason is told %d times:\n%s", n, r.screen())
	}
}

func TestSettleFailed(t *testing.T) {
	r := failing(t)
	r.keys("x", "enter")
	r.shows("This message failed", "s send it again: WhatsApp gets one more try", "a it did arrive: it counts as sent from now on", "n leave it: it stays marked as failed")
	r.keys("a")
	r.wantAsked(desk.Settle{Conversation: 1, Message: "ffour", Arrived: true})
	asked := len(r.asked)
	r.keys("x", "enter", "n")
	if len(r.asked) != asked || r.m.dialog() != nil {
		t.Errorf("n asked for %v", r.asked[asked:])
	}
}

func TestHelpSaysThatThereIsMore(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("?")
	r.shows("▼ more")
	r.keys("G")
	r.hides("▼ more")
	r.shows("v shows them")
	r.keys("esc")
	r.size(120, 200)
	r.keys("?")
	r.hides("▼ more")
}

func TestQuitCountsWhatIsUnderWay(t *testing.T) {
	for _, tt := range []struct {
		play func(*rig)
		want string
	}{
		{func(r *rig) { r.keys("m") }, "1 change hasn't been answered yet."},
		{func(r *rig) { r.keys("m", "m") }, "2 changes haven't been answered yet."},
		{func(r *rig) { write(r, "a"); r.keys("enter", "esc") }, "1 message hasn't been answered yet."},
		{func(r *rig) { write(r, "a"); r.keys("enter", "esc", "m") }, "1 message and 1 change haven't been answered yet."},
	} {
		r := live(t, desk.RoleManager)
		r.keys("4")
		r.hold = true
		tt.play(r)
		r.keys("q")
		r.shows(tt.want)
	}
}

// TestKeyChangeWords says how far a key reaches in the words of what it is about.
func TestKeyChangeWords(t *testing.T) {
	l := newRig(t).m.look()
	for _, tt := range []struct {
		change desk.KeyChange
		want   string
	}{
		{desk.KeyChange{Perm: desk.MemberView, From: desk.ScopeAll}, "− See the people"},
		{desk.KeyChange{Perm: desk.LogView, From: desk.ScopeTeam, To: desk.ScopeOwn}, "(people of their teams → their own)"},
		{desk.KeyChange{Perm: desk.MemberSuspend, To: desk.ScopeAll}, "(everyone)"},
		{desk.KeyChange{Perm: desk.MessageReply, From: desk.ScopeOwn}, "(was in their own chats)"},
	} {
		got := l.keyChange(tt.change).text.String()
		if !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %q, want it to end in %q", tt.change.Perm, got, tt.want)
		}
	}
}
