package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// view is a rig whose screen can open views through other eyes.
type view struct {
	*rig
	opened []desk.ViewAs
	asked  []desk.Command // over the link of the view
	closed int
}

func viewing(t testing.TB, role desk.RoleID, change ...func(*Options)) *view {
	v := &view{}
	open := func(o *Options) {
		o.Open = func(as desk.ViewAs, _ func([]client.Msg)) (func(context.Context, string, desk.Command) (json.RawMessage, error), func()) {
			v.opened = append(v.opened, as)
			return v.do, func() { v.closed++ }
		}
	}
	v.rig = live(t, role, append(change, open)...)
	return v
}

func (v *view) do(_ context.Context, _ string, cmd desk.Command) (json.RawMessage, error) {
	v.asked = append(v.asked, cmd)
	switch c := cmd.(type) {
	case desk.History:
		page := theThread(c.Conversation)
		page.Conversation = page.Conversation.Masked()
		return json.Marshal(page)
	case desk.ListConversations:
		return json.Marshal(desk.Page{List: c.List, Seq: 100})
	}
	return nil, &desk.Denied{Why: desk.WhyReadOnly, Reason: "nothing can be done here"}
}

// tell delivers what the link of the view says.
func (v *view) tell(msgs ...client.Msg) { v.send(seen{v.m.eyes.n, Deliver(msgs)}) }

// asAna opens the view through Ana's eyes, who sees no numbers.
func (v *view) asAna() *view {
	v.run(v.m.seeAs(desk.ViewAs{Member: "ana"}))
	cs := conversations()
	for i := range cs {
		cs[i] = cs[i].Masked()
	}
	s := snapshot("ana", desk.RoleAgent, 100, cs)
	s.As = &desk.ViewAs{Member: "ana"}
	v.tell(client.Link{State: client.Live}, s)
	return v
}

// reachedEyes is how a view is opened.
func reachedEyes() map[string]func(*testing.T, *rig) {
	return map[string]func(*testing.T, *rig){
		"view-as": func(t *testing.T, _ *rig) {
			v := viewing(t, desk.RoleOwner)
			v.keys("V")
			v.shows("See the inbox as", "name of a person")
		},
	}
}

func TestSeeAsGolden(t *testing.T) {
	scenes := []struct {
		name string
		play func(*view)
	}{
		{"eyes-list", func(v *view) { v.asAna().keys("4") }},
		{"eyes-thread", func(v *view) { v.asAna().keys("1", "enter") }},
		{"eyes-help", func(v *view) { v.asAna().keys("1", "?") }},
		{"eyes-pick", func(v *view) { v.keys("V") }},
		{"eyes-draft", func(v *view) {
			role := roleOf(desk.RoleAgent)
			role.ID, role.Name = "", "Night shift"
			v.run(v.m.seeAs(desk.ViewAs{Role: &role, Teams: []desk.TeamID{"billing"}}))
		}},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				v := viewing(t, desk.RoleOwner)
				v.size(size[0], size[1])
				s.play(v)
				checkShape(t, v.rig, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), v.screen()+"\n")
			})
		}
	}
}

// TestSeeAsShowsAndDoesNothing walks through what Ana sees, and tries all that
// she could do.
func TestSeeAsShowsAndDoesNothing(t *testing.T) {
	v := viewing(t, desk.RoleOwner)
	v.size(120, 40)
	v.keys("4", "enter")
	before := len(v.rig.asked)
	v.asAna()
	v.shows("Seeing as Ana Lima · Agent", "read-only · esc to leave")
	v.keys("1", "enter")
	v.shows("Fatima", "•••• 0000")
	v.hides("+212600000000")
	for _, key := range []string{"r", "n", "e", "a", "c", "L", "m"} {
		v.keys(key)
		if v.m.eyes == nil || v.m.eyes.screen.composer.focused || v.m.eyes.screen.dialog() != nil {
			t.Fatalf("%s does something", key)
		}
	}
	v.keys("r")
	v.shows("You are looking through other eyes.")
	v.send(tea.PasteMsg{Content: "pasted"})
	v.hides("pasted")
	v.ring(alarmRead)
	for _, cmd := range v.asked {
		switch cmd.(type) {
		case desk.History, desk.ListConversations:
		default:
			t.Errorf("the view asked %s", cmd.Name())
		}
	}
	if after := len(v.rig.asked); after != before {
		t.Errorf("one's own link was asked %v", v.rig.asked[before:])
	}
	v.keys("ctrl+k")
	v.kind("resolve")
	v.shows("You are looking through other eyes.")
	v.keys("esc", "esc")
	if v.m.eyes == nil {
		t.Fatal("esc in a thread left the view")
	}
	v.keys("esc")
	if v.m.eyes != nil || v.closed != 1 || v.quit {
		t.Errorf("esc at the top didn't leave: closed %d", v.closed)
	}
	v.hides("Seeing as")
}

// TestSeeAsMarksNothingOfOnesOwn leaves unread what stands open behind the view.
func TestSeeAsMarksNothingOfOnesOwn(t *testing.T) {
	v := viewing(t, desk.RoleOwner)
	v.keys("4", "enter")
	v.asAna()
	v.ring(alarmRead)
	if _, n := last[desk.MarkRead](v.rig); n > 0 {
		t.Error("a chat was marked as read behind the view")
	}
	v.keys("q")
	v.ring(alarmRead)
	if _, n := last[desk.MarkRead](v.rig); n != 1 || v.quit {
		t.Errorf("marked %d times after the view was left, want once", n)
	}
}

func TestSeeAsEndsWithItsReason(t *testing.T) {
	v := viewing(t, desk.RoleOwner).asAna()
	v.tell(client.Link{State: client.Refused, Error: "Ana Lima is suspended and sees nothing at present."})
	v.shows("You no longer see as Ana Lima · Agent. Ana Lima is suspended")
	if v.m.eyes != nil || v.closed != 1 {
		t.Error("the view is still open")
	}
	v.run(v.m.seeAs(desk.ViewAs{Member: "ana"}))
	old := v.m.eyes.n
	v.now = v.now.Add(time.Minute)
	v.send(Deliver{snapshot("asha", desk.RoleAgent, 101, conversations())})
	if v.m.eyes != nil || v.closed != 2 {
		t.Error("the view is open without the right to it")
	}
	v.size(120, 24)
	v.shows("You no longer see as Ana Lima.")
	v.send(seen{old, Deliver{snapshot("ana", desk.RoleAgent, 100, nil)}}) // late
	if got := v.m.rep.Me().Member.ID; got != "asha" {
		t.Errorf("a late snapshot of the view made this the screen of %s", got)
	}
	v.send(Deliver{snapshot("asha", desk.RoleOwner, 102, conversations())})
	v.run(v.m.seeAs(desk.ViewAs{Member: "tom"}))
	v.send(seen{old, Deliver{snapshot("ana", desk.RoleAgent, 100, nil)}})
	if v.m.eyes.screen.rep.Known() {
		t.Error("what came for Ana's eyes is seen by Tom's")
	}
}

func TestSeeAsIsRefused(t *testing.T) {
	v := viewing(t, desk.RoleAgent)
	v.run(v.m.seeAs(desk.ViewAs{Member: "ana"}))
	v.shows("Your role doesn't include “See as someone else”.")
	v = viewing(t, desk.RoleOwner)
	v.run(v.m.seeAs(desk.ViewAs{Member: "nobody"}))
	v.shows("That person is no longer known here.")
	if len(v.opened) > 0 {
		t.Errorf("opened %v", v.opened)
	}
	if hidden, _ := v.m.available(&v.m.table[v.m.action("V")]); hidden {
		t.Error("an owner isn't offered the view")
	}
	if r := live(t, desk.RoleOwner); r.m.opt.Open == nil {
		if hidden, _ := r.m.available(&r.m.table[r.m.action("V")]); !hidden {
			t.Error("the view is offered where none can be opened")
		}
	}
}

func TestSeeAsOneUnderTheCursor(t *testing.T) {
	v := viewing(t, desk.RoleOwner)
	v.keys("P")
	at(v.rig, "tom").keys("V")
	if len(v.opened) != 1 || v.opened[0].Member != "tom" {
		t.Errorf("opened %+v, want Tom's", v.opened)
	}
	v.shows("Seeing as Tom Becker")
	v.keys("esc")
	v.shows("People")
}

// TestSeeAsEverySize drags the terminal with the view open.
func TestSeeAsEverySize(t *testing.T) {
	v := viewing(t, desk.RoleOwner).asAna()
	v.keys("1", "enter", "ctrl+k")
	for w := 1; w < 130; w += 7 {
		for h := 1; h < 45; h += 3 {
			v.size(w, h)
			got := v.m.View()
			if w >= minWidth && h >= minHeight {
				checkShape(t, v.rig, w, h)
				inside := v.m.eyes.screen.View().Cursor
				if c := got.Cursor; c == nil || inside == nil || c.Y != inside.Y+bannerRows || c.Y >= h {
					t.Fatalf("%dx%d: cursor at %v", w, h, c)
				}
			}
		}
	}
	v.size(80, 24)
	v.send(tea.MouseClickMsg{X: 3, Y: 0, Button: tea.MouseLeft})
	v.keys("esc", "esc")
	v.send(tea.MouseClickMsg{X: 3, Y: 5, Button: tea.MouseLeft})
	if v.m.thread.open != 0 {
		t.Error("a click on the view reached one's own screen")
	}
	v.keys("4")
	s := v.m.eyes.screen
	first := s.plan().list.y + bannerRows                                // its row on the terminal
	v.send(tea.MouseClickMsg{X: 3, Y: first + 1, Button: tea.MouseLeft}) // a row has two lines
	if want := s.rep.Row(s.list.list, 0); want == nil || s.thread.open != want.ID {
		t.Errorf("a click on the first row opened %v", s.thread.open)
	}
}

// TestEyesHostile puts hostile names into the banner and what is seen below it.
func TestEyesHostile(t *testing.T) {
	all := hostileStrings(t)
	for n, id := range slices.Sorted(maps.Keys(all)) {
		if n%4 != 0 {
			continue
		}
		v := viewing(t, desk.RoleOwner)
		v.size(120, 40)
		role := desk.Role{Name: all[id]}
		v.run(v.m.seeAs(desk.ViewAs{Role: &role, Teams: []desk.TeamID{"billing"}}))
		checkSafe(t, v.rig, id+"/draft", false, false)
		snap, _ := poisoned(all[id])
		v.run(v.m.seeAs(desk.ViewAs{Member: "ana"}))
		v.tell(client.Link{State: client.Live}, snap)
		checkSafe(t, v.rig, id+"/member", false, false)
		v.tell(client.Link{State: client.Refused, Error: all[id]})
		checkSafe(t, v.rig, id+"/refused", false, false)
	}
}

// TestEyesHear passes what the link says through a waiting command, and ends with
// the view.
func TestEyesHear(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	e := &eyes{n: 3, ctx: ctx, said: make(chan []client.Msg), left: make(chan struct{})}
	go e.deliver([]client.Msg{client.Link{State: client.Live}})
	if got, ok := hear(e)().(seen); !ok || got.n != 3 || len(got.msg.(Deliver)) != 1 {
		t.Errorf("heard %v", got)
	}
	close(e.left)
	e.deliver([]client.Msg{client.Link{}}) // nobody listens any more
	if got := hear(e)(); got != nil {
		t.Errorf("heard %v after the end", got)
	}
	if ctx.Err() != nil {
		t.Error("it waited for the end of the program")
	}
	quits := e.wrap(tea.Batch(tea.Quit, tea.Quit))().(tea.BatchMsg)
	if got, ok := quits[0]().(seen); !ok || !strings.Contains(fmt.Sprintf("%T", got.msg), "Quit") {
		t.Errorf("the view's own end came as %T", quits[0]())
	}
}
