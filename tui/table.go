package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// table is a list of rows with a cursor. It draws only the rows in sight, so it
// costs the same with ten rows and with a million. Filtering and
// [table.refresh] look at every row, once for each change.
type table struct {
	// count is how many rows there are, and row draws row i after the sign of the
	// cursor. Both are required.
	count func() int
	row   func(l *look, i int, r *row)
	words func(i int) []string    // what row i is found by; nil: there is no filter
	key   func(i int) string      // what row i is called while others come and go; nil: it has only its place
	skip  func(i int) bool        // rows on which the cursor doesn't rest: headings; nil: none
	head  func(l *look, r *row)   // the titles of the columns; nil: none
	none  func(l *look) safe.Text // what is said when there are no rows at all

	at, top, page int // the row under the cursor, the first in sight, how many are in sight; of those shown
	held          string
	shown         []int // the rows that match the filter, in their order; only while filtered
	filtered      bool
	filter        line
	typing        bool // the filter has the keys
	lines         int  // above the first row, as last drawn
}

// len is how many rows are shown.
func (t *table) len() int {
	if t.filtered {
		return len(t.shown)
	}
	return t.count()
}

// index is the row under the cursor as count and row number it; -1 when there is
// none.
func (t *table) index() int {
	t.at = max(0, min(t.at, t.len()-1))
	return t.real(t.at)
}

func (t *table) real(at int) int {
	if at < 0 || at >= t.len() {
		return -1
	}
	if t.filtered {
		return t.shown[at]
	}
	return at
}

// choose puts the cursor on the row at, or as near as it can rest.
func (t *table) choose(at int) {
	down := at >= t.at
	n := t.len()
	at = max(0, min(at, n-1))
	i := t.restAt(at, down)
	if i < 0 {
		i = t.restAt(at, !down)
	}
	t.at = max(0, i)
	t.hold()
}

// restAt is the first row from at on, downwards or up, where the cursor rests;
// -1 when there is none.
func (t *table) restAt(at int, down bool) int {
	step := -1
	if down {
		step = 1
	}
	for ; at >= 0 && at < t.len(); at += step {
		if t.skip == nil || !t.skip(t.real(at)) {
			return at
		}
	}
	return -1
}

func (t *table) hold() {
	t.held = ""
	if i := t.index(); t.key != nil && i >= 0 {
		t.held = t.key(i)
	}
}

// find puts the cursor on the row with a key; false when it isn't shown.
func (t *table) find(key string) bool {
	for at := range t.len() {
		if t.key(t.real(at)) == key {
			t.at, t.held = at, key
			return true
		}
	}
	return false
}

// refresh is to be called when the rows have changed: the filter is applied
// again, and the cursor stays on its row.
func (t *table) refresh() {
	held := t.held
	if t.filtered {
		t.match()
	}
	if held != "" && t.key != nil {
		if i := t.index(); i >= 0 && t.key(i) == held || t.find(held) {
			return
		}
	}
	t.choose(t.at)
}

// narrow shows only what matches; all rows when the filter is empty.
func (t *table) narrow(filter string) {
	t.filter.set(filter)
	t.refilter()
}

func (t *table) refilter() {
	held := t.held
	t.filtered, t.shown = strings.TrimSpace(t.filter.text) != "", nil
	if t.filtered {
		t.match()
	}
	if held == "" || t.key == nil || !t.find(held) {
		t.top = 0
		t.at = 0
		t.choose(0)
	}
}

// match finds the rows that the filter fits. Scattered letters count only when
// nothing matches better.
func (t *table) match() {
	var better, loose []int
	for i := range t.count() {
		best := apart
		for _, w := range t.words(i) {
			best = max(best, matches(t.filter.text, w))
		}
		switch {
		case best > scattered:
			better = append(better, i)
		case best == scattered:
			loose = append(loose, i)
		}
	}
	if t.shown = better; len(better) == 0 {
		t.shown = loose
	}
}

// input gives a key or a paste to the filter.
func (t *table) input(msg tea.Msg) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "enter":
			t.typing = false
			return
		case "esc", "ctrl+c":
			t.typing = false
			t.narrow("")
			return
		case "down":
			t.choose(t.at + 1)
			return
		case "up":
			t.choose(t.at - 1)
			return
		}
	}
	if t.filter.input(msg) {
		t.refilter()
	}
}

// under is the row at a line of the drawn table; -1 when there is none.
func (t *table) under(y int) int {
	at := t.top + y - t.lines
	if y < t.lines || at >= t.len() {
		return -1
	}
	return at
}

// view draws what is in sight: h lines, w columns. Focused, the cursor shows
// that the keys move it.
func (t *table) view(l *look, w, h int, focused bool) []string {
	rows := make([]string, 0, h)
	n := t.len()
	if t.typing || t.filtered {
		rows = append(rows, t.filterLine(l, w))
	}
	if t.head != nil && h >= 6 {
		r := l.row(w, "").gap(2)
		t.head(l, r)
		rows = append(rows, r.String())
	}
	t.lines, t.page = len(rows), max(1, h-len(rows))
	t.at = max(0, min(t.at, n-1))
	t.top = max(0, min(t.top, t.at, n-t.page))
	t.top = max(t.top, t.at-t.page+1)
	if t.top == 1 && t.at < t.page && t.skip != nil && t.skip(t.real(0)) {
		t.top = 0 // the heading above the first row
	}
	if n == 0 {
		for _, s := range l.cols.Wrap(t.nothing(l), max(1, w-4)) {
			rows = append(rows, l.row(w, "").gap(2).put(l.dim, s).String())
		}
		return l.fill(rows, w, h)
	}
	for at := t.top; at < min(n, t.top+t.page); at++ {
		rows = append(rows, t.line(l, at, w, focused))
	}
	return l.fill(rows, w, h)
}

func (t *table) line(l *look, at, w int, focused bool) string {
	r := l.row(w, "")
	switch {
	case at != t.at:
		r.gap(2)
	case focused:
		r.base = l.chosen
		r.put(l.accent, l.sign.cursor).gap(1)
	default:
		r.base = l.chosenAway
		r.put(l.dim, l.sign.cursorAway).gap(1)
	}
	t.row(l, t.real(at), r)
	return r.String()
}

func (t *table) nothing(l *look) safe.Text {
	if t.filtered {
		return ours("Nothing matches.")
	}
	if t.none != nil {
		return t.none(l)
	}
	return ours("Nothing is here.")
}

func (t *table) filterLine(l *look, w int) string {
	count := oursf("%d of %d ", t.len(), t.count())
	return l.split(w, "", []span{{l.accent, ours("/ ")}, {"", outside(t.filter.text)}}, []span{{l.dim, count}})
}
