package tui

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// theRequests: Tom's waits, so does one of Asha's, and Ana's was allowed.
func theRequests() []desk.Request {
	return []desk.Request{
		{ID: "q1", Member: "tom", Perm: desk.ContactExport, Scope: desk.ScopeTeam, For: 4 * 3600, Reason: "The courier needs the addresses of today", At: minutes(25), State: desk.RequestOpen},
		{ID: "q2", Member: "asha", Perm: desk.MessageReplyUnowned, Scope: desk.ScopeAll, For: 2 * 3600, Reason: "Tom is on a plane", At: minutes(5), State: desk.RequestOpen, Conversation: 4},
		{ID: "q3", Member: "ana", Perm: desk.ConversationAssign, Scope: desk.ScopeTeam, For: 3600, Reason: "Peak hour", At: minutes(200), State: desk.RequestGranted,
			By: "zoe", DecidedAt: minutes(190), Until: noon.Add(50 * time.Minute), Answer: "Until one o'clock"},
	}
}

// asking is a rig with requests, for a manager of billing and shipping.
func asking(t testing.TB, role desk.RoleID, requests []desk.Request, change ...func(desk.Command) (any, error)) *rig {
	r := newRig(t)
	r.do = func(cmd desk.Command) (any, error) {
		for _, f := range change {
			if v, err := f(cmd); v != nil || err != nil {
				return v, err
			}
		}
		switch c := cmd.(type) {
		case desk.Preview:
			before, after := desk.Actor{Role: roleOf(desk.RoleAgent)}, desk.Actor{Role: roleOf(desk.RoleManager)}
			return desk.Effect{People: []desk.EffectOn{{Member: "tom", Keys: desk.KeyChanges(&before, &after)[:1], Sessions: 1}}, Affected: 1, Sessions: 1}, nil
		case desk.Acknowledged:
			return desk.Acks{Seq: c.Seq, Sessions: 1, Shown: 1}, nil
		}
		return nil, nil
	}
	s := snapshot("asha", role, 100, conversations())
	s.Me.Member.Teams = []desk.TeamID{"billing", "shipping"}
	s.Requests = requests
	r.send(Deliver{client.Link{State: client.Live}, s})
	r.keys("4")
	return r
}

func reachedRequests() map[string]func(*testing.T, *rig) {
	with := func(play func(*testing.T, *rig), check func(r *rig)) func(*testing.T, *rig) {
		return func(t *testing.T, _ *rig) {
			r := asking(t, desk.RoleOwner, theRequests())
			r.keys("Q")
			play(t, r)
			check(r)
		}
	}
	return map[string]func(*testing.T, *rig){
		"requests": func(t *testing.T, _ *rig) {
			r := asking(t, desk.RoleOwner, theRequests())
			r.keys("Q")
			r.shows("Requests for access · 1 to decide", "Tom Becker")
		},
		"ask-access": func(t *testing.T, _ *rig) {
			r := asking(t, desk.RoleAgent, nil)
			r.keys("!")
			r.shows("Ask for access")
		},
		"request-allow": with(func(_ *testing.T, r *rig) { at(r, "q1").keys("a", "ctrl+s", "y") }, func(r *rig) {
			r.wantAsked(desk.DecideRequest{Request: "q1", Allow: true})
		}),
		"request-refuse": with(func(_ *testing.T, r *rig) {
			at(r, "q1").keys("x")
			r.kind("Ask Ana")
			r.keys("enter")
		}, func(r *rig) { r.wantAsked(desk.DecideRequest{Request: "q1", Answer: "Ask Ana"}) }),
		"request-withdraw": with(func(_ *testing.T, r *rig) { at(r, "q2").keys("w") }, func(r *rig) { r.wantAsked(desk.WithdrawRequest{Request: "q2"}) }),
		"request-chat":     with(func(_ *testing.T, r *rig) { at(r, "q2").keys("o") }, func(r *rig) { r.shows("+33612345678 #4") }),
	}
}

func TestRequestsGolden(t *testing.T) {
	scenes := []struct {
		name string
		play func(*rig)
	}{
		{"requests", func(r *rig) { r.keys("Q") }},
		{"requests-mine", func(r *rig) { r.keys("Q"); at(r, "q2").keys("enter") }},
		{"requests-decided", func(r *rig) { r.keys("Q"); at(r, "q3").keys("enter") }},
		{"requests-allow", func(r *rig) {
			r.keys("Q")
			at(r, "q1").keys("a")
			r.kind("5h")
		}},
		{"requests-effect", func(r *rig) {
			r.keys("Q")
			at(r, "q1").keys("a")
			r.kind("2h")
			r.keys("ctrl+s")
		}},
		{"requests-refuse", func(r *rig) { r.keys("Q"); at(r, "q1").keys("x") }},
		{"requests-waiting", func(*rig) {}},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				r := asking(t, desk.RoleOwner, theRequests())
				r.size(size[0], size[1])
				s.play(r)
				checkShape(t, r, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), r.screen()+"\n")
			})
		}
	}
}

// TestAskGolden draws refusals in full and the form in which access is asked for.
func TestAskGolden(t *testing.T) {
	scenes := []struct {
		name string
		play func(*rig)
	}{
		{"ask-refused", func(r *rig) { r.keys("3", "j", "enter", "r") }},
		{"ask-form", func(r *rig) { r.keys("3", "j", "enter", "r", "!"); r.kind("She is ill") }},
		{"ask-key", func(r *rig) { r.keys("!", "up", "up", "up", "enter") }},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				r := asking(t, desk.RoleAgent, nil)
				r.size(size[0], size[1])
				s.play(r)
				checkShape(t, r, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), r.screen()+"\n")
			})
		}
	}
}

// TestRefusalIsAskedAbout goes from a refusal to the request for what it lacked.
func TestRefusalIsAskedAbout(t *testing.T) {
	r := asking(t, desk.RoleAgent, nil)
	r.size(120, 30)
	r.keys("3", "j", "enter", "r")
	r.shows("It takes “Reply in a colleague's chat” in your teams; you don't have it. Zoë Ito can give it: ! asks for it.")
	r.keys("!")
	r.shows("“Reply in a colleague's chat”", "in your teams", "4 h from when it is allowed")
	r.keys("enter")
	r.shows("Say why: whoever decides reads it")
	r.kind("Ana is ill")
	r.keys("up")
	r.keys("ctrl+u")
	r.kind("18:00")
	r.shows("6 h from when it is allowed")
	r.keys("ctrl+s")
	r.wantAsked(desk.AskAccess{Key: desk.MessageReplyUnowned, Scope: desk.ScopeTeam, For: 6 * 3600, Reason: "Ana is ill", Conversation: 3})
	r.shows("Asked for “Reply in a colleague's chat”. Zoë Ito can decide; you are told here.")
	if r.m.dialog() != nil {
		t.Error("the form is still open")
	}
}

// TestRefusalByRoleKnowsTheChat asks as far as the chat that was refused lies, and
// names it; a refusal that is about no chat names none.
func TestRefusalByRoleKnowsTheChat(t *testing.T) {
	r := asking(t, desk.RoleViewer, nil)
	r.size(120, 30)
	r.keys("2")
	c := r.m.current()
	if c == nil || c.Assignee != "" {
		t.Fatalf("the queue shows %+v", c)
	}
	r.keys("r")
	if d := r.m.denied; d.denied == nil || d.denied.Needs != desk.ScopeTeam || d.conversation != c.ID {
		t.Errorf("remembers %+v, want %s in the teams", d, c.ID)
	}
	r.keys("!")
	r.shows("“Reply to customers”", "in your teams")
	r.keys("esc", "R")
	if d := r.m.denied; d.denied == nil || d.denied.Perm != desk.RoleView || d.conversation != 0 {
		t.Errorf("a refusal about no chat remembers %+v", d)
	}
}

// TestOwnDecisionClosesNothing has the event of a decision come before its answer:
// the form isn't closed as if somebody else had decided, and no key is swallowed.
func TestOwnDecisionClosesNothing(t *testing.T) {
	var r *rig
	r = asking(t, desk.RoleOwner, theRequests(), func(cmd desk.Command) (any, error) {
		if c, ok := cmd.(desk.DecideRequest); ok {
			q := theRequests()[0]
			q.State, q.By, q.Until = desk.RequestGranted, "asha", r.now.Add(time.Hour)
			_, seq := r.m.rep.Position()
			r.send(Deliver{desk.Events{From: seq, To: seq + 1, Events: []desk.Event{{Seq: seq + 1, Kind: desk.AccessGranted, Request: &q}}}})
			return desk.Done{Seq: seq + 1}, c.Validate()
		}
		return nil, nil
	})
	r.size(120, 30)
	r.keys("Q")
	at(r, "q1").keys("a", "ctrl+s", "enter")
	r.hides("What you had open was closed.")
	r.keys("enter")
	if d := r.m.dialog(); d != nil {
		t.Errorf("%T is still open", d)
	}
}

// TestOldRefusalIsForgotten asks in general when the last refusal was long ago.
func TestOldRefusalIsForgotten(t *testing.T) {
	r := asking(t, desk.RoleAgent, nil)
	r.size(120, 30)
	r.keys("3", "j", "enter", "r")
	r.now = r.now.Add(recent)
	r.keys("!")
	r.shows("“See conversations”")
	r.hides("“Reply in a colleague's chat” enter")
}

// TestServersRefusalIsAskedAbout takes the holders from the server's answer.
func TestServersRefusalIsAskedAbout(t *testing.T) {
	denied := &desk.Denied{Perm: desk.ConversationAssign, Why: desk.WhyScope, Needs: desk.ScopeAll, Has: desk.ScopeTeam, Reason: "Not that far.", Holders: []desk.MemberID{"zoe", "ana", "tom"}}
	r := asking(t, desk.RoleManager, nil, func(cmd desk.Command) (any, error) {
		switch cmd.(type) {
		case desk.Resolve:
			return nil, &desk.Error{Code: desk.CodeDenied, Message: denied.Reason, Denied: denied}
		case desk.AskAccess:
			return nil, errors.New("the link broke")
		}
		return nil, nil
	})
	r.size(120, 40)
	r.keys("e")
	r.shows("Not that far. It takes “Assign” everywhere; you have it in your teams. Zoë Ito, Ana Lima or 1 more can give it")
	r.keys("!")
	r.kind("kept")
	r.keys("enter")
	r.shows("the link broke", "kept")
}

func TestAskingWithoutTheRight(t *testing.T) {
	r := asking(t, desk.RoleAgent, nil)
	s := snapshot("asha", desk.RoleAgent, 101, conversations())
	s.Me.Role.Grants = map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll, desk.ConversationViewQueue: desk.ScopeAll}
	r.send(Deliver{s})
	r.size(120, 24)
	r.keys("4", "r")
	r.shows("Your role doesn't include “Reply to customers”.", "Zoë Ito can give it.")
	r.hides("! asks")
	r.keys("!")
	if r.m.dialog() != nil {
		t.Error("one who may not ask is asked for a reason")
	}
	r.keys("Q")
	if r.m.panel() != nil {
		t.Error("one who may neither ask nor decide has requests")
	}
}

// TestDecisionsAreTold tells the one who asked what became of it, and those who
// decide that there is something to decide.
func TestDecisionsAreTold(t *testing.T) {
	r := asking(t, desk.RoleOwner, theRequests()[1:2])
	r.size(120, 30)
	tell := func(q desk.Request) {
		t.Helper()
		r.now = r.now.Add(time.Minute)
		_, seq := r.m.rep.Position()
		r.send(Deliver{desk.Events{From: seq, To: seq + 1, Events: []desk.Event{{Seq: seq + 1, Kind: desk.AccessRequested, Request: &q}}}})
	}
	mine := theRequests()[1]
	mine.State, mine.By, mine.Until, mine.DecidedAt = desk.RequestGranted, "zoe", noon.Add(6*time.Hour), noon
	tell(mine)
	r.shows("Zoë Ito allowed “Reply in a colleague's chat” until 18:00")
	tell(theRequests()[0])
	r.shows("Tom Becker asks for “Export contacts” for 4 h: The courier needs the addresses of today · Q decides.")
	r.ring(alarmToast)
	r.shows("1 request (Q) · Asha Rao")
	gone := theRequests()[0]
	gone.State = desk.RequestWithdrawn
	tell(gone)
	r.hides("1 request (Q)")
	r.m.toast = toast{}
	tell(mine) // again
	late := theRequests()[2]
	tell(late)
	r.hides("allowed", "asks for")

	r = asking(t, desk.RoleAgent, theRequests()[1:2])
	mine.State, mine.Until, mine.Answer = desk.RequestRefused, time.Time{}, "Ana does it"
	r.size(120, 30)
	tell(mine)
	r.shows("Zoë Ito refused “Reply in a colleague's chat”: Ana does it")
}

// TestAllowIsNotLonger holds a decision to what was asked for, and closes it when
// someone else was faster.
func TestAllowIsNotLonger(t *testing.T) {
	r := asking(t, desk.RoleOwner, theRequests())
	r.size(120, 40)
	r.keys("Q")
	at(r, "q1").keys("a")
	r.kind("5h")
	r.shows("They ask for 4 h: give as long or shorter.")
	r.keys("ctrl+s")
	if _, n := last[desk.Preview](r); n > 0 {
		t.Error("more than was asked for came to the effect")
	}
	r.keys("ctrl+u")
	r.kind("90m")
	r.keys("tab")
	r.kind("For today")
	r.keys("up", "up", "enter", "up", "enter", "ctrl+s")
	r.shows("Export contacts in their own chats, for 1 h 30 min.")
	r.keys("y")
	r.wantAsked(desk.DecideRequest{Request: "q1", Allow: true, Scope: desk.ScopeOwn, For: 90 * 60, Answer: "For today"})
	r.shows("1 of 1 session acknowledged")

	r = asking(t, desk.RoleOwner, theRequests())
	r.keys("Q")
	at(r, "q1").keys("a")
	q := theRequests()[0]
	q.State, q.By = desk.RequestRefused, "zoe"
	r.send(Deliver{desk.Events{From: 100, To: 101, Events: []desk.Event{{Seq: 101, Kind: desk.AccessDecided, Request: &q}}}})
	r.shows("That request is refused by now.")
	if r.m.dialog() != nil {
		t.Error("the form of a decided request is still open")
	}
}
