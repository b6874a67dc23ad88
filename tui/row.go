package tui

import (
	"strings"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// row is one line of a pane under construction. It takes safe text only, and
// comes out exactly as wide as it was asked for.
type row struct {
	cols safe.Model
	base ink // under every ink of the row: the background of a chosen line
	left int // columns that are still free
	b    strings.Builder
}

func (l *look) row(width int, base ink) *row {
	return &row{cols: l.cols, base: base, left: max(0, width)}
}

// put adds as much of t as the row has room for.
func (r *row) put(k ink, t safe.Text) *row {
	if r.left <= 0 {
		return r
	}
	w := r.cols.Width(t)
	if w > r.left || strings.Contains(t.String(), "\n") {
		t = r.cols.Cut(t, r.left)
		w = r.cols.Width(t)
	}
	r.left -= w
	r.write(k, t.String())
	return r
}

// cell adds t in exactly cols columns, or in what the row has left.
func (r *row) cell(k ink, t safe.Text, cols int) *row {
	cols = min(cols, r.left)
	if cols <= 0 {
		return r
	}
	r.left -= cols
	r.write(k, r.cols.Fit(t, cols).String())
	return r
}

// gap adds n spaces.
func (r *row) gap(n int) *row {
	if n = min(n, r.left); n > 0 {
		r.left -= n
		r.write("", strings.Repeat(" ", n))
	}
	return r
}

// rule fills cols columns with a line.
func (r *row) rule(k ink, cols int) *row {
	if cols = min(cols, r.left); cols > 0 {
		r.left -= cols
		r.write(k, strings.Repeat("─", cols))
	}
	return r
}

func (r *row) write(k ink, s string) {
	if r.base == "" && k == "" {
		r.b.WriteString(s)
		return
	}
	r.b.WriteString(string(r.base))
	r.b.WriteString(string(k))
	r.b.WriteString(s)
	r.b.WriteString(reset)
}

// String pads the row to its width.
func (r *row) String() string {
	r.gap(r.left)
	return r.b.String()
}

// span is a piece of text with its ink, for what is laid out from the right.
type span struct {
	ink  ink
	text safe.Text
}

// width returns the columns of the spans, which stand side by side.
func (l *look) width(spans []span) int {
	n := 0
	for _, s := range spans {
		n += l.cols.Width(s.text)
	}
	return n
}

// split lays out left spans, cut where the right ones begin, which stand at
// the right edge. The right ones give way when there is no room for both.
func (l *look) split(width int, base ink, left, right []span) string {
	r := l.row(width, base)
	rw := l.width(right)
	if rw > width-8 {
		right, rw = nil, 0
	}
	room := width - rw
	if rw > 0 {
		room--
	}
	for _, s := range left {
		if free := room - (width - r.left); free > 0 {
			r.put(s.ink, l.cols.Cut(s.text, free))
		}
	}
	r.gap(r.left - rw)
	for _, s := range right {
		r.put(s.ink, s.text)
	}
	return r.String()
}

// blank returns n empty rows.
func (l *look) blank(width, n int) []string {
	rows := make([]string, 0, max(0, n))
	for range n {
		rows = append(rows, l.row(width, "").String())
	}
	return rows
}

// fill makes rows exactly h long.
func (l *look) fill(rows []string, width, h int) []string {
	if len(rows) > h {
		return rows[:max(0, h)]
	}
	return append(rows, l.blank(width, h-len(rows))...)
}
