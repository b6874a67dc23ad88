package tui

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// TestBreaks holds that no character of a line is left out or drawn twice, and
// that no row is wider than it may be.
func TestBreaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := []rune(safe.Body(rapid.StringOf(rapid.RuneFrom([]rune("ab c日本👍🏽é\u200d\u0301नम ते"))).Draw(t, "line")).String())
		cols := rapid.IntRange(4, 20).Draw(t, "cols")
		at := 0
		for _, s := range breaks(safe.Wcwidth, line, cols) {
			if s[0] != at || s[1] < s[0] {
				t.Fatalf("a row begins at %d, want %d", s[0], at)
			}
			at = s[1]
			if w := safe.Body(string(line[s[0]:s[1]])).Width(); w > cols {
				t.Fatalf("row %q is %d columns wide, want at most %d", string(line[s[0]:s[1]]), w, cols)
			}
		}
		if at != len(line) {
			t.Fatalf("the rows end at %d of %d", at, len(line))
		}
	})
}

func TestComposerCursor(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "r")
	r.kind("one")
	r.keys("shift+enter")
	r.kind("日本x")
	p := r.m.plan()
	if c := r.m.View().Cursor; c == nil || c.X != p.composer.x+3+5 || c.Y != p.composer.y+2 {
		t.Errorf("the cursor is at %v; the composer at %v", c, p.composer)
	}
	r.keys("left", "ctrl+j")
	if got := r.m.composer.text(); got != "one\n日本\nx" {
		t.Errorf("the text is %q", got)
	}
}

func TestComposerStaysSmall(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "r")
	for range 30 {
		r.keys("ctrl+j")
	}
	r.kind("last line")
	checkShape(t, r, 80, 24)
	r.shows("┃ last line", "Where is my parcel? It was")
}

func TestComposerCountsNearTheLimit(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "r")
	r.m.composer.set(strings.Repeat("x", desk.MaxText+1))
	r.shows("4097 of 4096")
	r.keys("enter")
	r.shows("WhatsApp takes at most 4096")
	if _, n := last[desk.Reply](r); n != 0 {
		t.Error("it was sent")
	}
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		filter, better, worse string
	}{
		{"re", "Reply", "List: Resolved"},
		{"tb", "Tom Becker", "Take back"},
		{"ana", "Ana Lima", "Back to the anaconda"},
	} {
		if a, b := matches(tt.filter, tt.better), matches(tt.filter, tt.worse); a < b {
			t.Errorf("%q: %q scores %d, %q %d", tt.filter, tt.better, a, tt.worse, b)
		}
	}
	if matches("xyz", "Reply") != 0 {
		t.Error("letters that aren't there match")
	}
}

func TestLastVisit(t *testing.T) {
	r := live(t, desk.RoleManager)
	kept := r.m.rep
	r = newRig(t, func(o *Options) { o.Replica = kept })
	r.shows("from your last visit", "Maria L…", "connecting…")
	r = newRig(t, func(o *Options) { o.Replica, o.Since = kept, noon.AddDate(0, 0, -2) })
	r.shows("stale since 21 Nov 12:00")
}

// TestComposerKeepsItsKeys: while writing, only the keys of the program itself
// do something else.
func TestComposerKeepsItsKeys(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4", "enter", "r", "tab", "shift+tab", "ctrl+v", "home", "end")
	r.kind("q?5e")
	if got := r.m.composer.text(); got != "q?5e" || r.m.list.list != desk.ListAll || !r.m.composer.focused {
		t.Errorf("the text is %q, the list %s", got, r.m.list.list)
	}
	r.keys("ctrl+k")
	if r.m.dialog() == nil {
		t.Error("ctrl+k doesn't open the palette")
	}
	r.keys("esc")
	r.kind("!")
	r.shows("┃ q?5e!")
}
