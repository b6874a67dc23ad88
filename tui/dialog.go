package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// dialog is something that takes all keys until it is closed. The topmost of
// the stack is the one that is asked.
type dialog interface {
	// update acts on a key press or a paste; a dialog that is done calls
	// [Model.pop] first.
	update(m *Model, msg tea.Msg) tea.Cmd
	// view draws the inside of the box in at most w columns and h rows.
	view(l *look, w, h int) box
	// allowed returns why the dialog can't stay open, or nil, and what to do when
	// it is closed for that; that may be nil.
	allowed(m *Model) (then func() tea.Cmd, err error)
}

// box is what a dialog draws: a title, rows, and the keys in the lower edge.
type box struct {
	title safe.Text
	rows  []string
	width int // columns of each row
	foot  safe.Text
	// cursor is where the text cursor stands in rows; ok is false for none.
	x, y int
	ok   bool
}

func (m *Model) push(d dialog) { m.dialogs = append(m.dialogs, d) }

func (m *Model) pop() {
	if n := len(m.dialogs); n > 0 {
		m.dialogs = m.dialogs[:n-1]
	}
}

func (m *Model) dialog() dialog {
	if n := len(m.dialogs); n > 0 {
		return m.dialogs[n-1]
	}
	return nil
}

// checkDialogs closes the dialogs whose permission is gone, and says why.
func (m *Model) checkDialogs() tea.Cmd {
	var cmds []tea.Cmd
	kept := m.dialogs[:0:0]
	for _, d := range m.dialogs {
		then, err := d.allowed(m)
		if err == nil {
			kept = append(kept, d)
			continue
		}
		m.sayWith(m.look().reason(err, m.current()), ours("What you had open was closed."))
		m.muffle()
		if then != nil {
			cmds = append(cmds, then())
		}
	}
	m.dialogs = kept
	return tea.Batch(cmds...)
}

// boxed puts an edge around a box.
func (l *look) boxed(p box) []string {
	edge := func(s string) string { return string(l.accent) + s + reset }
	if l.accent == "" {
		edge = func(s string) string { return s }
	}
	top := l.row(p.width, "").put(l.tabOn, l.cols.Cut(p.title, p.width-2)).gap(1)
	top.rule(l.accent, top.left)
	rows := []string{edge("╭─ ") + top.String() + edge("──╮")}
	for _, r := range p.rows {
		rows = append(rows, edge("│")+"  "+r+"  "+edge("│"))
	}
	foot := l.row(p.width, "")
	if p.foot.Empty() {
		foot.rule(l.accent, foot.left)
	} else {
		t := l.cols.Cut(p.foot, p.width-2)
		foot.rule(l.accent, foot.left-l.cols.Width(t)-2).gap(1).put(l.dim, t).gap(1)
	}
	return append(rows, edge("╰──")+foot.String()+edge("──╯"))
}

// boxWidth and boxHeight are what an edge adds.
const (
	boxWidth  = 6
	boxHeight = 2
)

// over draws a box, bw columns wide, over the screen, w by h, and returns where
// its inside begins. The cells are composed as the renderer counts them.
func (l *look) over(screen, box []string, bw, w, h int) (rows []string, x, y int) {
	x, y = max(0, (w-bw)/2), max(0, (h-len(box))/3)
	method := ansi.WcWidth
	if l.cols == safe.Graphemes {
		method = ansi.GraphemeWidth
	}
	cells := uv.NewScreenBuffer(w, h)
	cells.Method = method
	uv.NewStyledString(strings.Join(screen, "\n")).Draw(cells, cells.Bounds())
	area := uv.Rect(x, y, min(bw, w), min(len(box), h))
	cells.ClearArea(area)
	uv.NewStyledString(strings.Join(box, "\n")).Draw(cells, area)
	rows = strings.Split(cells.Render(), "\n")
	for i := range rows {
		rows[i] = strings.TrimSuffix(rows[i], "\r")
	}
	return rows, x + 3, y + 1
}

// option is one answer to a question.
type option struct {
	key   string
	label safe.Text
	run   func() tea.Cmd
}

// para is a piece of a question's body. What people wrote stands behind a bar,
// so that it can't pass for our words.
type para struct {
	ink  ink
	text safe.Text
	said bool
}

// question is a dialog with a text and a few answers. Escape gives the cancel
// answer.
type question struct {
	title   safe.Text
	body    []para
	options []option
	cancel  func() tea.Cmd
	check   func(*Model) error
	at      int // the answer under the cursor; below 0, enter answers nothing
	scroll  int
}

func (q *question) allowed(m *Model) (func() tea.Cmd, error) {
	if q.check == nil {
		return nil, nil
	}
	return q.cancel, q.check(m)
}

func (q *question) update(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	for _, o := range q.options {
		if o.key == k.String() {
			return q.answer(m, o.run)
		}
	}
	switch k.String() {
	case "esc", "ctrl+c":
		return q.answer(m, q.cancel)
	case "enter":
		if len(q.options) == 0 {
			return q.answer(m, q.cancel)
		}
		if q.at < 0 {
			return nil
		}
		return q.answer(m, q.options[q.at].run)
	case "tab", "right", "l":
		q.at = (q.at + 1) % max(1, len(q.options))
	case "shift+tab", "left", "h":
		q.at = (max(0, q.at) + max(1, len(q.options)) - 1) % max(1, len(q.options))
	case "down", "j", "pgdown":
		q.scroll++
	case "up", "k", "pgup":
		q.scroll = max(0, q.scroll-1)
	}
	return nil
}

func (q *question) answer(m *Model, run func() tea.Cmd) tea.Cmd {
	m.pop()
	if run == nil {
		return nil
	}
	return run()
}

func (q *question) view(l *look, w, h int) box {
	w = min(w, 64)
	var rows []string
	for _, p := range q.body {
		rows = append(rows, p.rows(l, w)...)
	}
	answers := q.answers(l, w)
	if room := max(1, h-len(answers)-1); len(rows) > room {
		q.scroll = min(q.scroll, len(rows)-room)
		rows = rows[q.scroll : q.scroll+room]
	}
	rows = append(append(rows, l.row(w, "").String()), answers...)
	foot := ours("enter chooses · esc closes")
	if q.at < 0 {
		foot = ours("a letter chooses · esc closes")
	}
	return box{title: q.title, rows: rows, width: w, foot: foot}
}

func (p para) rows(l *look, w int) []string {
	if p.text.String() == "" {
		return []string{l.row(w, "").String()}
	}
	if !p.said {
		var rows []string
		for _, t := range l.cols.Wrap(p.text, w) {
			rows = append(rows, l.row(w, "").put(p.ink, t).String())
		}
		return rows
	}
	var rows []string
	for _, t := range l.cols.Wrap(p.text, max(1, w-2)) {
		rows = append(rows, l.row(w, "").put(l.dim, l.sign.customer).gap(1).put(p.ink, t).String())
	}
	return rows
}

// answers are drawn side by side, or below each other when they don't fit.
func (q *question) answers(l *look, w int) []string {
	total := 0
	for _, o := range q.options {
		total += l.cols.Width(o.label) + len(o.key) + 5
	}
	var rows []string
	r := l.row(w, "")
	for i, o := range q.options {
		k, mark := ink(""), ours("  ")
		if i == q.at {
			k, mark = l.strong, l.sign.cursor.Add(ours(" "))
		}
		r.put(l.accent, mark).put(l.accent, ours(o.key+" ")).put(k, o.label).gap(2)
		if total > w {
			rows = append(rows, r.String())
			r = l.row(w, "")
		}
	}
	if total <= w {
		rows = append(rows, r.String())
	}
	return rows
}

// sheet is a text to read, longer than the screen perhaps.
type sheet struct {
	title safe.Text
	lines func(l *look, w int) []string
	check func(*Model) error
	only  bool // only escape closes it
	top   int
	page  int
}

func (s *sheet) allowed(m *Model) (func() tea.Cmd, error) {
	if s.check == nil {
		return nil, nil
	}
	return nil, s.check(m)
}

func (s *sheet) update(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "esc", "ctrl+c":
		m.pop()
	case "enter", "q", "?", "i", "h", "left":
		if !s.only {
			m.pop()
		}
	case "down", "j":
		s.top++
	case "up", "k":
		s.top--
	case "pgdown", "ctrl+d", "space":
		s.top += s.page
	case "pgup", "ctrl+u":
		s.top -= s.page
	case "g", "home":
		s.top = 0
	case "G", "end":
		s.top = 1 << 20
	}
	return nil
}

func (s *sheet) view(l *look, w, h int) box {
	w = min(w, 72)
	rows := s.lines(l, w)
	foot := ours("esc closes")
	if len(rows) <= h {
		s.top, s.page = 0, 1
		return box{title: s.title, rows: rows, width: w, foot: foot}
	}
	foot = ours("j k scroll · esc closes")
	room := max(1, h-1)
	s.page = max(1, room-1)
	s.top = max(0, min(s.top, len(rows)-room))
	more := l.row(w, "")
	if s.top+room < len(rows) {
		more.put(l.accent, ours("▼ more"))
	}
	rows = append(slices.Clone(rows[s.top:s.top+room]), more.String())
	return box{title: s.title, rows: rows, width: w, foot: foot}
}
