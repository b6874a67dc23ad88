package client

import (
	"slices"
	"sort"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Bounds of a list. Of what events bring, a list keeps this many rows beyond
// those that a snapshot or a page asked for, and this many below its bottom,
// where they wait for the page that reaches them.
const (
	maxExtra  = 200
	maxBelow  = 200
	trimBatch = 50 // rows over a bound before the list is cut, so that cutting is rare
)

// list holds the rows of one list of the inbox, sorted. Rows are stored oldest
// first, because nearly every change is a row that goes to the top: appending
// is cheap where inserting isn't.
//
// Above bottom the list is whole: every row that the server has there is here.
// Below it rows are held as events brought them, with unknown ones between, so
// they aren't shown.
type list struct {
	name   desk.List
	closed bool // our role may not ask for this list: it shows and counts nothing
	rows   []*desk.Conversation
	below  int         // how many rows, from the front, stand below bottom
	more   bool        // the server has rows below bottom; false: the list is whole
	bottom desk.Cursor // the lowest place that is known to be whole; zero with more: nothing is
	asked  int         // how many rows snapshot and pages brought
}

// shown is the number of rows above the bottom.
func (l *list) shown() int { return len(l.rows) - l.below }

// row returns the i-th row from the top, or nil.
func (l *list) row(i int) *desk.Conversation {
	if i < 0 || i >= l.shown() {
		return nil
	}
	return l.rows[len(l.rows)-1-i]
}

// find returns where a row at this cursor is or would stand in rows.
func (l *list) find(at desk.Cursor) (i int, found bool) {
	i = sort.Search(len(l.rows), func(i int) bool { return !at.Before(l.rows[i].Cursor()) })
	return i, i < len(l.rows) && l.rows[i].ID == at.ID && l.rows[i].LastAt.Equal(at.LastAt)
}

// holds reports whether the row is stored, shown or not.
func (l *list) holds(c *desk.Conversation) bool {
	_, found := l.find(c.Cursor())
	return found
}

// index returns how many rows stand above the row, or -1 when it isn't shown.
func (l *list) index(c *desk.Conversation) int {
	i, found := l.find(c.Cursor())
	if !found || i < l.below {
		return -1
	}
	return len(l.rows) - 1 - i
}

// put replaces old, which may be nil, with now, which may be nil. It costs two
// binary searches and the move of the rows between the two places.
func (l *list) put(old, now *desk.Conversation) {
	from, held := 0, false
	if old != nil {
		from, held = l.find(old.Cursor())
	}
	switch {
	case !held && now == nil:
		return
	case !held:
		to, _ := l.find(now.Cursor())
		l.rows = slices.Insert(l.rows, to, now)
	case now == nil:
		l.rows = slices.Delete(l.rows, from, from+1)
	default:
		l.move(from, now)
	}
	l.settle()
}

// move puts now in the stead of the row at from.
func (l *list) move(from int, now *desk.Conversation) {
	to, _ := l.find(now.Cursor())
	if to > from {
		to-- // the row itself leaves a place free
		copy(l.rows[from:to], l.rows[from+1:to+1])
	} else {
		copy(l.rows[to+1:from+1], l.rows[to:from])
	}
	l.rows[to] = now
}

// settle counts again which rows stand below the bottom.
func (l *list) settle() {
	switch {
	case !l.more:
		l.below = 0
	case top(l.bottom):
		l.below = len(l.rows)
	default:
		l.below, _ = l.find(l.bottom)
	}
}

// trim cuts what exceeds the bounds and returns it.
func (l *list) trim() []*desk.Conversation {
	cut := 0
	if l.below > maxBelow+trimBatch {
		cut = l.below - maxBelow
	}
	if most := max(l.asked, desk.WindowRows) + maxExtra; l.shown() > most+trimBatch {
		cut = len(l.rows) - most
	}
	if cut == 0 {
		return nil
	}
	gone := slices.Clone(l.rows[:cut])
	l.rows = slices.Delete(l.rows, 0, cut)
	if cut > l.below {
		l.more, l.bottom = true, l.rows[0].Cursor()
	}
	l.settle()
	return gone
}

// reach tells that the list is whole from the cursor after down to bottom, or to
// its end when more is false. It reports false when that leaves a gap.
func (l *list) reach(after, bottom desk.Cursor, more bool) bool {
	if !l.more {
		return true
	}
	if !top(after) && (top(l.bottom) || l.bottom.Before(after)) {
		return false
	}
	switch {
	case !more:
		l.more, l.bottom = false, desk.Cursor{}
	case top(l.bottom) || l.bottom.Before(bottom):
		l.bottom = bottom
	}
	l.settle()
	return true
}

// top reports whether the cursor is the one above all rows.
func top(c desk.Cursor) bool { return c.ID == 0 && c.LastAt.IsZero() }
