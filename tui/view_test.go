package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

var sizes = [][2]int{{40, 10}, {80, 24}, {120, 40}}

// TestGolden draws what an agent sees most, at three sizes. Every golden was
// looked at.
func TestGolden(t *testing.T) {
	scenes := []struct {
		name string
		play func(*rig)
	}{
		{"list", func(r *rig) { r.keys("4") }},
		{"thread", func(r *rig) { r.keys("4", "enter") }},
		{"reply", func(r *rig) {
			r.keys("4", "enter", "r")
			r.kind("Dear Maria,")
			r.keys("alt+enter")
			r.kind("it is on its way.")
		}},
		{"note", func(r *rig) { r.keys("4", "enter", "n"); r.kind("Call her back") }},
		{"blocked", func(r *rig) { r.keys("4", "j", "j", "j", "j", "enter") }},
		{"palette", func(r *rig) { r.keys("4", "ctrl+k"); r.kind("re") }},
		{"help", func(r *rig) { r.keys("?") }},
		{"assign", func(r *rig) { r.keys("4", "a") }},
		{"offline", func(r *rig) {
			r.keys("4", "enter")
			r.send(Deliver{client.Link{State: client.Offline, Retry: noon.Add(4e9), Error: "no route"}})
		}},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				r := live(t, desk.RoleManager)
				r.size(size[0], size[1])
				s.play(r)
				checkShape(t, r, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), r.screen()+"\n")
			})
		}
	}
}

// TestGoldenStyles pins the styles in colours, light and dark, and without any.
func TestGoldenStyles(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"dark": func(*Options) {}, "light": func(o *Options) { o.Dark = false }, "plain": func(o *Options) { o.NoColor = true },
	} {
		t.Run(name, func(t *testing.T) {
			r := live(t, desk.RoleManager, change)
			r.keys("4", "enter")
			golden(t, "styles-"+name, strings.ReplaceAll(r.m.View().Content, "\x1b", "␛")+"\n")
		})
	}
}

func TestColourlessHasNoColours(t *testing.T) {
	r := live(t, desk.RoleManager, func(o *Options) { o.NoColor = true })
	r.keys("4", "enter")
	for _, colour := range []string{"\x1b[38;", "\x1b[48;", "[38;", ";38;", "[3", ";48;"} {
		if strings.Contains(r.m.View().Content, colour) {
			t.Errorf("the screen without colours has %q", colour)
		}
	}
	r.shows("read", "! Not delivered", "? Unconfirmed")
}

// checkShape holds every row to the screen's width, as the renderer counts.
func checkShape(t testing.TB, r *rig, w, h int) {
	t.Helper()
	rows := strings.Split(r.m.View().Content, "\n")
	if len(rows) != h {
		t.Errorf("%d rows, want %d", len(rows), h)
	}
	for i, row := range rows {
		if got := ansi.StringWidthWc(row); got != w {
			t.Errorf("row %d is %d columns wide, want %d: %q", i, got, w, ansi.Strip(row))
		}
	}
}

// TestEverySize draws every size that a terminal can be dragged through, and
// keeps what is being written.
func TestEverySize(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "r")
	r.kind("kept")
	for w := 0; w < 130; w += 3 {
		for h := 0; h < 45; h += 2 {
			r.size(w, h)
			v := r.m.View()
			if w >= minWidth && h >= minHeight {
				checkShape(t, r, w, h)
				if c := v.Cursor; c == nil || c.X < 0 || c.X >= w || c.Y < 0 || c.Y >= h {
					t.Fatalf("%dx%d: cursor at %v", w, h, c)
				}
			}
		}
	}
	r.size(1, 1)
	r.m.View()
	r.size(30, 8)
	r.shows("Too small: make it 40×10 or more.")
	r.size(80, 24)
	r.shows("kept")
}

func TestFirstPaintAsksNothing(t *testing.T) {
	r := newRig(t)
	r.shows("connecting…", "Loading…")
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleManager, 100, conversations())})
	r.shows("Maria L…", "live")
}

func TestTitle(t *testing.T) {
	r := live(t, desk.RoleManager)
	if got := r.m.View().WindowTitle; got != "(1) Frontdesk" {
		t.Errorf("title %q", got)
	}
}

// TestListsFollowTheRole shows only the lists that a role may see.
func TestListsFollowTheRole(t *testing.T) {
	queueOnly := desk.Role{ID: "q", Name: "Queue", Grants: map[desk.Perm]desk.Scope{}}
	for _, tt := range []struct {
		role desk.RoleID
		want string
	}{
		{desk.RoleManager, "Mine Queue Team All Resolved"},
		{desk.RoleTemporary, "Mine Team All Resolved"},
		{desk.RoleMarketing, "Mine Team All Resolved"},
	} {
		r := live(t, tt.role)
		if got := tabNames(r); got != tt.want {
			t.Errorf("%s: lists %q, want %q", tt.role, got, tt.want)
		}
	}
	r := newRig(t)
	s := snapshot("asha", desk.RoleViewer, 100, nil)
	s.Me.Role = queueOnly
	r.send(Deliver{client.Link{State: client.Live}, s})
	if got := tabNames(r); got != "" {
		t.Errorf("a role that sees nothing has lists %q", got)
	}
}

func tabNames(r *rig) string {
	var names []string
	for _, l := range r.m.lists() {
		names = append(names, listTitle(l))
	}
	return strings.Join(names, " ")
}

func TestCursorFollowsItsConversation(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "j", "j") // #3
	if c := r.m.current(); c.ID != 3 {
		t.Fatalf("the cursor is on %v", c.ID)
	}
	r.event(desk.MessageReceived, "", 6, func(c *desk.Conversation) { c.LastAt = noon })
	if c := r.m.current(); c.ID != 3 {
		t.Errorf("a row moved up, and the cursor is on %v, want #3", c.ID)
	}
	r.event(desk.ConversationResolved, "ana", 3, func(c *desk.Conversation) { c.Status = desk.StatusResolved })
	if c := r.m.current(); c == nil || c.ID != 4 {
		t.Errorf("its row left the list, and the cursor is on %v, want the next, #4", c)
	}
}

func TestMouse(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(120, 40)
	r.keys("4")
	p := r.m.plan()
	r.send(tea.MouseClickMsg{X: 5, Y: p.list.y + 2, Button: tea.MouseLeft})
	if r.m.thread.open != 2 {
		t.Errorf("a click on the second row opened %v", r.m.thread.open)
	}
	for _, tab := range r.m.tabs(r.m.look(), 120) {
		r.send(tea.MouseClickMsg{X: tab.x, Y: 0, Button: tea.MouseLeft})
		if r.m.list.list != tab.list {
			t.Errorf("a click on %s shows %s", tab.list, r.m.list.list)
		}
	}
	r.keys("4", "enter")
	r.size(120, 14)
	p = r.m.plan()
	r.send(tea.MouseWheelMsg{X: p.thread.x + 2, Y: p.thread.y + 1, Button: tea.MouseWheelUp})
	if r.m.thread.anchor == (desk.Place{}) {
		t.Error("the wheel over the thread didn't scroll it")
	}
	r.keys("M")
	if r.m.View().MouseMode != tea.MouseModeNone {
		t.Error("the mouse is still on")
	}
}

func TestThreadScroll(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter")
	bottom := r.screen()
	r.keys("g")
	r.shows("Ana Lima claimed this chat")
	r.keys("G")
	if r.screen() != bottom {
		t.Error("G isn't where the thread began")
	}
	for range 60 {
		r.keys("k")
	}
	r.shows("Ana Lima claimed this chat")
	r.event(desk.MessageReceived, "", 1, func(c *desk.Conversation) { c.LastAt = noon },
		desk.Message{ID: "new", Side: desk.SideCustomer, Type: desk.TypeText, Text: "brand new words", At: noon})
	r.shows("Ana Lima claimed this chat")
	r.hides("brand new words │")
	for range 60 {
		r.keys("j")
	}
	r.shows("brand new words")
}

func TestBackgroundColour(t *testing.T) {
	r := live(t, desk.RoleManager)
	dark := r.m.View().Content
	r.send(tea.BackgroundColorMsg{Color: white{}})
	if r.m.View().Content == dark {
		t.Error("the screen on white is as on black")
	}
}

type white struct{}

func (white) RGBA() (r, g, b, a uint32) { return 0xffff, 0xffff, 0xffff, 0xffff }
