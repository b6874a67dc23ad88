package tui

import (
	"fmt"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// longPanel is a panel with n rows.
type longPanel struct {
	pair
	drawn int
}

func newLongPanel(n int) *longPanel {
	p := &longPanel{}
	p.list = table{
		count: func() int { return n },
		key:   func(i int) string { return fmt.Sprint(i) },
		words: func(i int) []string { return []string{fmt.Sprintf("row %d", i)} },
		row:   func(_ *look, i int, r *row) { p.drawn++; r.put("", oursf("row %d", i)) },
		head:  func(_ *look, r *row) { r.put("", ours("ROW")) },
		skip:  func(i int) bool { return i%10 == 0 },
	}
	return p
}

func (p *longPanel) where() Where                    { return "long" }
func (p *longPanel) title(*look) safe.Text           { return ours("Long") }
func (p *longPanel) changed(*Model) (tea.Cmd, error) { return nil, nil }
func (p *longPanel) view(l *look, w, h int) []string { return p.pair.view(l, w, h, p.details) }
func (p *longPanel) details(l *look, w int) []string {
	var rows []string
	for i := range 60 {
		rows = append(rows, l.row(w, "").put("", oursf("detail %d of %d", i, p.list.index())).String())
	}
	return rows
}

// reachedPanel are the keys that every panel has.
func reachedPanel() map[string]func(*testing.T, *rig) {
	return map[string]func(*testing.T, *rig){
		"people": func(_ *testing.T, r *rig) { r.keys("P"); r.shows("People", "Asha Rao") },
		"panel-detail": func(t *testing.T, r *rig) {
			r.keys("P", "enter")
			if !r.m.body().deep {
				t.Error("the detail doesn't have the keys")
			}
		},
		"panel-find": func(t *testing.T, r *rig) {
			r.keys("P", "/")
			r.kind("tom")
			r.shows("/ tom", "1 of 5")
		},
		"panel-back": func(t *testing.T, r *rig) {
			r.keys("P", "esc")
			if r.m.panel() != nil {
				t.Error("the panel is still open")
			}
		},
	}
}

func TestPanelMoves(t *testing.T) {
	r := live(t, desk.RoleManager)
	p := newLongPanel(100)
	r.run(r.m.show(p))
	at := func(want int) {
		t.Helper()
		if got := p.list.index(); got != want {
			t.Errorf("the cursor is on %d, want %d\n%s", got, want, r.screen())
		}
	}
	r.screen()
	r.keys("g")
	at(1) // 0 is a heading
	for range 9 {
		r.keys("j")
	}
	at(11)
	r.keys("k")
	at(9)
	r.keys("G")
	at(99)
	r.shows("row 99", "detail 0 of 99")
	r.keys("/")
	r.kind("row 42")
	at(42)
	r.shows("/ row 42", "1 of 100")
	r.keys("enter", "esc")
	at(42)
	r.shows("row 41")
	r.keys("enter", "G")
	r.shows("detail 59 of 42")
	at(42)
	r.keys("esc", "q")
	if r.m.panel() != nil || r.quit {
		t.Error("q doesn't go back to the inbox")
	}
}

// TestTableDrawsWhatIsInSight holds the work of a frame to the rows in sight.
func TestTableDrawsWhatIsInSight(t *testing.T) {
	for _, n := range []int{100, 100_000} {
		r := live(t, desk.RoleManager)
		p := newLongPanel(n)
		r.run(r.m.show(p))
		r.keys("G")
		p.drawn = 0
		r.screen()
		if p.drawn > 24 {
			t.Errorf("of %d rows, %d were drawn", n, p.drawn)
		}
	}
}

// BenchmarkTable draws a panel after its cursor has moved: what a key costs must
// not grow with the list.
func BenchmarkTable(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := live(b, desk.RoleManager)
			r.size(120, 40)
			r.run(r.m.show(newLongPanel(n)))
			r.keys("G")
			for i := 0; b.Loop(); i++ {
				r.m.Update(keyPress([]string{"k", "j"}[i%2]))
				r.m.View()
			}
		})
	}
}

// TestPanelEverySize draws panels, and what stands above them, at every size
// that a terminal can be dragged through.
func TestPanelEverySize(t *testing.T) {
	for _, keys := range [][]string{nil, {"enter"}, {"/", "a"}, {"tab"}, {"i"}, {"a"}, {"r"}, {"r", "v", "i", "e", "w", "enter"}, {"s"}} {
		r := at(staffed(t, desk.RoleOwner), "ana")
		r.keys(keys...)
		for w := minWidth; w < 130; w += 7 {
			for h := minHeight; h < 45; h += 5 {
				r.size(w, h)
				v := r.m.View()
				checkShape(t, r, w, h)
				if c := v.Cursor; c != nil && (c.X < 0 || c.X >= w || c.Y < 0 || c.Y >= h) {
					t.Fatalf("%v: %dx%d: cursor at %v", keys, w, h, c)
				}
			}
		}
	}
}

func TestPanelMouse(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(120, 24)
	p := newLongPanel(100)
	r.run(r.m.show(p))
	r.screen()
	y := r.m.plan().body.y + panelHead
	r.send(tea.MouseClickMsg{X: 5, Y: y + 1 + 7, Button: tea.MouseLeft}) // below the titles of the columns
	if got := p.list.index(); got != 7 {
		t.Errorf("a click on row 7 chose %d", got)
	}
	r.send(tea.MouseWheelMsg{X: 5, Y: y + 3, Button: tea.MouseWheelDown})
	if got := p.list.index(); got != 8 {
		t.Errorf("the wheel went to %d, want 8", got)
	}
	r.send(tea.MouseWheelMsg{X: 100, Y: y + 3, Button: tea.MouseWheelDown})
	r.shows("detail 3 of 8")
	r.hides("detail 2 of 8")
	r.send(tea.MouseClickMsg{X: 100, Y: y + 3, Button: tea.MouseLeft})
	if !p.deep {
		t.Error("a click on the detail doesn't give it the keys")
	}
}

// TestTableKeepsItsRow moves rows about under the cursor.
func TestTableKeepsItsRow(t *testing.T) {
	rows := []string{"a", "b", "c", "d"}
	tb := table{count: func() int { return len(rows) }, key: func(i int) string { return rows[i] }, words: func(i int) []string { return rows[i : i+1] }}
	on := func(want string) {
		t.Helper()
		if i := tb.index(); i < 0 || rows[i] != want {
			t.Errorf("the cursor is on row %d of %v, want %q", i, rows, want)
		}
	}
	tb.choose(2)
	rows = []string{"x", "a", "b", "c", "d"}
	tb.refresh()
	on("c")
	rows = []string{"x", "a", "b", "d"} // it is gone: the place stays
	tb.refresh()
	on("d")
	tb.narrow("a")
	on("a")
	rows = []string{"b", "d"}
	tb.refresh()
	if i := tb.index(); i != -1 {
		t.Errorf("nothing matches, and the cursor is on %d", i)
	}
	tb.narrow("")
	on("b")
	rows = nil
	tb.refresh()
	if i := tb.index(); i != -1 {
		t.Errorf("of no rows, the cursor is on %d", i)
	}
}

// TestPanelsStack opens one panel from another, and the same again.
func TestPanelsStack(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("P")
	r.run(r.m.show(newLongPanel(9)))
	r.shows("Long")
	r.keys("esc")
	r.shows("People")
	r.run(r.m.show(newLongPanel(9)))
	r.keys("P")
	if n := len(r.m.panels); n != 1 {
		t.Errorf("%d panels are open, want the one of people alone", n)
	}
}
