package safe

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Model is the way in which columns are counted. Layout must count as the
// renderer does, or a border is drawn beside its column. Bubble Tea counts
// code points ([Wcwidth]) until the terminal answers that it knows mode 2027,
// and from then on [Graphemes]; see [ModelFor].
type Model uint8

const (
	// Wcwidth adds up the code points, as most terminals do. It is the model
	// of the methods of [Text].
	Wcwidth Model = iota
	// Graphemes gives each cluster one width.
	Graphemes
)

// ModelFor returns the model that Bubble Tea's renderer uses once it has seen
// a ModeReportMsg for mode 2027 ([ansi.ModeUnicodeCore]) with value v.
func ModelFor(v ansi.ModeSetting) Model {
	switch v {
	case ansi.ModeSet, ansi.ModeReset, ansi.ModePermanentlySet:
		return Graphemes
	}
	return Wcwidth
}

// Width returns how many columns t takes; of many rows, the widest.
func (t Text) Width() int { return Wcwidth.Width(t) }

// Cut returns t on one row of at most cols columns, ending in "…" if something
// is missing. Line breaks become spaces.
func (t Text) Cut(cols int) Text { return Wcwidth.Cut(t, cols) }

// Fit returns t on one row of exactly cols columns: cut as [Text.Cut] does, or
// padded with spaces.
func (t Text) Fit(cols int) Text { return Wcwidth.Fit(t, cols) }

// Wrap breaks t into rows of at most cols columns: at line breaks, between
// words and wide characters, and inside a word only if it is longer than a
// row. Spaces at a break are dropped. A cluster wider than a row becomes "…".
// There is at least one row, unless cols is less than 1.
func (t Text) Wrap(cols int) []Text { return Wcwidth.Wrap(t, cols) }

// Width is [Text.Width] in the model m.
func (m Model) Width(t Text) int {
	widest := 0
	for line := range strings.SplitSeq(t.s, "\n") {
		w := 0
		for i := 0; i < len(line); {
			n, cols := m.cluster(line, i)
			w += cols
			i += n
		}
		widest = max(widest, w)
	}
	return widest
}

// Cut is [Text.Cut] in the model m.
func (m Model) Cut(t Text, cols int) Text {
	s, _ := m.cut(t.s, cols)
	return Text{s: s, tampered: t.tampered}
}

// Fit is [Text.Fit] in the model m.
func (m Model) Fit(t Text, cols int) Text {
	s, w := m.cut(t.s, cols)
	if w < cols {
		s += strings.Repeat(" ", cols-w)
	}
	return Text{s: s, tampered: t.tampered}
}

// Wrap is [Text.Wrap] in the model m. It takes time linear in the text.
func (m Model) Wrap(t Text, cols int) []Text {
	if cols < 1 {
		return nil
	}
	var rows []Text
	for line := range strings.SplitSeq(t.s, "\n") {
		w := wrapper{model: m, cols: cols, line: m.narrow(line, cols), tampered: t.tampered, rows: rows}
		w.run()
		rows = w.rows
	}
	return rows
}

// cluster returns the size in bytes and the width of the cluster at s[i:].
func (m Model) cluster(s string, i int) (size, cols int) {
	if ascii(s, i) {
		return 1, 1
	}
	method := ansi.WcWidth
	if m == Graphemes {
		method = ansi.GraphemeWidth
	}
	c, w := ansi.FirstGraphemeCluster(s[i:], method)
	return len(c), w
}

// mark returns the sign that something was cut, at most cols wide. The usual
// one takes two columns where the environment asks for East Asian widths.
func (m Model) mark(cols int) (string, int) {
	if _, w := m.cluster(cutMark, 0); w <= cols {
		return cutMark, w
	}
	return "."[:min(1, max(0, cols))], min(1, max(0, cols))
}

// cut returns s on one row of at most cols columns, and its width.
func (m Model) cut(s string, cols int) (string, int) {
	s = strings.ReplaceAll(s, "\n", " ")
	mark, markWidth := m.mark(cols)
	width, end, endWidth := 0, 0, 0 // end is where the mark would go
	for i := 0; i < len(s); {
		n, w := m.cluster(s, i)
		if width+w > cols {
			return s[:end] + mark, endWidth + markWidth
		}
		i += n
		width += w
		if width+markWidth <= cols {
			end, endWidth = i, width
		}
	}
	return s, width
}

// narrow returns line with every cluster that is wider than cols replaced.
func (m Model) narrow(line string, cols int) string {
	if cols >= min(maxCluster, max(2, len(line))) {
		return line // no cluster is wider than it has bytes
	}
	var b strings.Builder
	kept := 0
	for i := 0; i < len(line); {
		n, w := m.cluster(line, i)
		if w > cols {
			mark, _ := m.mark(cols)
			b.WriteString(line[kept:i])
			b.WriteString(mark)
			kept = i + n
		}
		i += n
	}
	if kept == 0 {
		return line
	}
	b.WriteString(line[kept:])
	return b.String()
}

// wrapper breaks one line into rows, which are pieces of it.
type wrapper struct {
	model    Model
	cols     int
	line     string
	tampered bool
	rows     []Text

	row, word span
	gap       int // columns of spaces between the row and the word
}

// span is a piece of the line, with its width.
type span struct{ start, end, cols int }

func (w *wrapper) run() {
	for i := 0; i < len(w.line); {
		n, cols := w.model.cluster(w.line, i)
		switch {
		case w.line[i:i+n] == " ":
			w.endWord(i)
			w.gap++
		case cols > 1:
			w.endWord(i)
			w.word = span{i, i + n, cols}
			w.endWord(i + n)
		default:
			if w.word.cols+cols > w.cols {
				w.endWord(i)
			}
			w.word.end = i + n
			w.word.cols += cols
		}
		i += n
		if w.word.end == w.word.start {
			w.word.start, w.word.end = i, i
		}
	}
	w.endWord(len(w.line))
	w.emit()
}

// endWord puts the word on the row if it has room for it, else on a new one.
// The next word starts at offset next.
func (w *wrapper) endWord(next int) {
	word := w.word
	w.word = span{start: next, end: next}
	if word.start == word.end {
		return
	}
	empty := w.row.end == w.row.start
	fits := w.row.cols+w.gap+word.cols <= w.cols
	switch {
	case fits:
		w.row = span{w.row.start, word.end, w.row.cols + w.gap + word.cols}
	case empty:
		w.row = word // an indent leaves no room: drop it, not the row
	default:
		w.emit()
		w.row = word
	}
	w.gap = 0
}

func (w *wrapper) emit() {
	w.rows = append(w.rows, Text{s: w.line[w.row.start:w.row.end], tampered: w.tampered})
}
