package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// The smallest screen that is drawn, and from when on there are two panes and
// three.
const (
	minWidth, minHeight = 40, 10
	twoPanes            = 72
	threePanes          = 110
)

// rect is a pane's place on the screen. One without columns isn't shown.
type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// plan is where everything stands at this size. The panes that aren't shown
// have the size that they would have, and no place.
type plan struct {
	w, h                   int
	list, thread, composer rect
	details                rect
	body                   rect // below the tabs, above the status line
	ruled, hint            bool // a rule below the tabs; the hint
	head                   int  // rows above the messages of a thread
}

func (m *Model) wide() bool { return m.width >= threePanes }

// least is the fewest rows that are drawn: what other eyes see makes room for
// the banner above it.
func (m *Model) least() int {
	if m.looking {
		return minHeight - bannerRows
	}
	return minHeight
}

func (m *Model) plan() plan {
	p := plan{w: max(m.width, minWidth), h: max(m.high, m.least())}
	p.ruled, p.hint = p.h >= 14, p.h >= 16 && m.opt.Hint != ""
	p.body = rect{0, 1, p.w, p.h - 1 - m.statusRows(p.w)}
	if p.hint {
		p.body.y, p.body.h = p.body.y+1, p.body.h-1
	}
	if p.ruled {
		p.body.y, p.body.h = p.body.y+1, p.body.h-1
	}
	listW, detailW := p.w, 0
	if p.w >= twoPanes {
		listW = min(max(p.w*34/100, 32), 46)
	}
	if m.wide() && !m.hideDetails {
		detailW = min(max(p.w/5, 26), 36)
	}
	b := p.body
	p.list = rect{0, b.y, listW, b.h}
	threadX, threadW := 0, p.w
	if p.w >= twoPanes {
		threadX, threadW = listW+1, p.w-listW-1
	}
	if detailW > 0 {
		threadW -= detailW + 1
		p.details = rect{p.w - detailW, b.y, detailW, b.h}
	}
	p.head = 1
	if b.h >= 12 {
		p.head = 2
	}
	composerH := min(m.composer.height(m.cols, m.blocked(), threadW, b.h), b.h-p.head-1)
	p.thread = rect{threadX, b.y + p.head, threadW, b.h - p.head - composerH}
	p.composer = rect{threadX, b.y + b.h - composerH, threadW, composerH}
	return p
}

// narrowThread reports whether the one pane of a narrow screen is the thread.
func (m *Model) narrowThread(p plan) bool {
	return p.w < twoPanes && m.focus == onThread && m.thread.open != 0
}

// View draws the screen.
func (m *Model) View() tea.View {
	v := tea.NewView("")
	v.AltScreen, v.ReportFocus = true, true
	v.WindowTitle = m.title()
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if m.width < 1 || m.high < 1 {
		return v
	}
	l := m.look()
	if m.width < minWidth || m.high < m.least() {
		v.Content = join(l.fill(m.tooSmall(l), m.width, m.high))
		return v
	}
	if m.eyes != nil {
		return m.eyes.view(l, m.width)
	}
	p := m.plan()
	rows := m.screen(l, p)
	if x, y, ok := m.panelCursor(l, p); ok {
		v.Cursor = tea.NewCursor(x, y)
		v.Cursor.Shape = tea.CursorBar
	} else if m.composer.focused && (p.w >= twoPanes || m.narrowThread(p)) {
		x, y := m.composer.cursor(l, p.composer.w, p.composer.h)
		v.Cursor = tea.NewCursor(p.composer.x+x, p.composer.y+y)
		v.Cursor.Shape = tea.CursorBar
	}
	if d := m.dialog(); d != nil {
		v.Cursor = nil
		inside := d.view(l, p.w-boxWidth-2, p.h-boxHeight-2)
		var x, y int
		rows, x, y = l.over(rows, l.boxed(inside), inside.width+boxWidth, p.w, p.h)
		if inside.ok {
			v.Cursor = tea.NewCursor(x+inside.x, y+inside.y)
			v.Cursor.Shape = tea.CursorBar
		}
	}
	v.Content = join(rows)
	return v
}

// title names the program in the terminal's window bar, with the count of my
// chats that have something unread.
func (m *Model) title() string {
	t := ours("Frontdesk")
	if n := m.rep.Count(desk.ListMine).Unread; n > 0 {
		t = ours("(" + strconv.Itoa(n) + ") Frontdesk")
	}
	return t.Cut(80).String()
}

func (m *Model) tooSmall(l *look) []string {
	var rows []string
	for _, t := range l.cols.Wrap(oursf("Too small: make it %d×%d or more.", minWidth, minHeight), m.width) {
		rows = append(rows, l.row(m.width, "").put("", t).String())
	}
	return rows
}

// screen draws everything but dialogs.
func (m *Model) screen(l *look, p plan) []string {
	rows := make([]string, 0, p.h)
	rows = append(rows, m.top(l, p.w))
	if p.hint {
		rows = append(rows, l.row(p.w, "").gap(1).put(l.dim, l.cols.Cut(outside(m.opt.Hint), p.w-2)).String())
	}
	if p.ruled {
		rows = append(rows, m.ruleUnder(l, p))
	}
	rows = append(rows, m.panes(l, p)...)
	return append(rows, m.status(l, p.w)...)
}

func (m *Model) ruleUnder(l *look, p plan) string {
	r := l.row(p.w, "")
	if m.panel() != nil {
		return r.rule(l.faint, p.w).String()
	}
	if p.w >= twoPanes {
		r.rule(l.faint, p.list.w).put(l.faint, ours("┬"))
	}
	if p.details.w > 0 {
		r.rule(l.faint, p.thread.w).put(l.faint, ours("┬"))
	}
	return r.rule(l.faint, r.left).String()
}

// panes draws the panes side by side, or the panel that takes their place.
func (m *Model) panes(l *look, p plan) []string {
	if pn := m.panel(); pn != nil {
		return m.panelView(l, pn, p)
	}
	if p.w < twoPanes {
		if m.narrowThread(p) {
			return m.threadPane(l, p)
		}
		return m.listView(l, p, true)
	}
	list := m.listView(l, p, m.focus == onList)
	thread := m.threadPane(l, p)
	rows := make([]string, p.body.h)
	for i := range rows {
		rows[i] = list[i] + l.sign.wall + thread[i]
	}
	if p.details.w > 0 {
		side := m.detailsPane(l, p)
		for i := range rows {
			rows[i] += l.sign.wall + side[i]
		}
	}
	return rows
}

// threadPane draws the heading, the messages and the composer.
func (m *Model) threadPane(l *look, p plan) []string {
	w, h := p.thread.w, p.body.h
	if m.thread.open == 0 {
		text := "Choose a chat and press enter to read it."
		if !m.rep.Known() {
			text = "Waiting for the desk…"
		}
		if !l.ended.Empty() {
			text = "Nothing is shown any more."
		}
		rows := l.blank(w, h/3)
		rows = append(rows, l.row(w, "").gap((w-len(text))/2).put(l.dim, ours(text)).String())
		return l.fill(rows, w, h)
	}
	rows := []string{m.thread.heading(l, w, p.details.w == 0)}
	if p.head == 2 {
		rows = append(rows, l.row(w, "").rule(l.faint, w).String())
	}
	rows = append(rows, m.thread.View(l, w, p.thread.h)...)
	c := m.rep.Conversation(m.thread.open)
	rows = append(rows, m.composer.View(l, c, m.blocked(), w, p.composer.h)...)
	if t := m.aside(); !t.Empty() && p.composer.h > 1 {
		rows[len(rows)-1] = l.sentence(l.dim, t, w, 1)[0]
	}
	return rows
}

// blocked says why no reply can be written; empty when one can.
func (m *Model) blocked() safe.Text {
	if m.thread.open == 0 {
		return safe.Text{}
	}
	if err := m.mayWrite(false); err != nil {
		return m.look().reason(err, m.rep.Conversation(m.thread.open))
	}
	return safe.Text{}
}

func (m *Model) detailsPane(l *look, p plan) []string {
	w, h := p.details.w, p.details.h
	c := m.rep.Conversation(m.thread.open)
	rows := []string{l.row(w, "").gap(1).put(l.dim, ours("Details")).String()}
	if p.head == 2 {
		rows = append(rows, l.row(w, "").rule(l.faint, w).String())
	}
	for _, r := range detailRows(l, c, w-2) {
		rows = append(rows, " "+r+" ")
	}
	return l.fill(rows, w, h)
}

// tab is a list's name in the first row, and where it stands.
type tab struct {
	list  desk.List
	spans []span
	x, w  int
}

// tabs lays out as many lists as fit, the present one always.
func (m *Model) tabs(l *look, w int) []tab {
	room := w - l.width(m.corner(l)) - 3
	tabs := m.allTabs(l)
	for len(tabs) > 1 && total(tabs) > room {
		if n := len(tabs) - 1; tabs[n].list != m.list.list {
			tabs = tabs[:n]
		} else {
			tabs = tabs[1:]
		}
	}
	x := 1
	for i := range tabs {
		tabs[i].x = x
		x += tabs[i].w
	}
	return tabs
}

func total(tabs []tab) int {
	n := 1
	for _, t := range tabs {
		n += t.w
	}
	return n
}

func (m *Model) allTabs(l *look) []tab {
	var tabs []tab
	for _, list := range m.lists() {
		count := m.rep.Count(list)
		k := l.dim
		if list == m.list.list && m.panel() == nil {
			k = l.tabOn
		}
		spans := []span{{k, ours(listTitle(list))}}
		if m.rep.Known() {
			spans = append(spans, span{l.dim, ours(" " + strconv.Itoa(count.Total))})
		}
		if count.Unread > 0 && list != desk.ListResolved {
			spans = append(spans, span{l.accent, ours("·" + strconv.Itoa(count.Unread))})
		}
		spans = append(spans, span{"", ours("   ")})
		tabs = append(tabs, tab{list: list, spans: spans, w: l.width(spans)})
	}
	return tabs
}

// corner is the right end of the first row: where, and the link.
func (m *Model) corner(l *look) []span {
	var spans []span
	if m.opt.Server != "" && m.width >= threePanes && m.link.State == client.Live {
		spans = append(spans, span{l.dim, l.short(outside(m.opt.Server), 30)}, span{"", ours("  ")})
	}
	return append(append(spans, m.linkSpans(l)...), span{"", ours(" ")})
}

func (m *Model) top(l *look, w int) string {
	left := []span{{"", ours(" ")}}
	for _, t := range m.tabs(l, w) {
		left = append(left, t.spans...)
	}
	return l.split(w, "", left, m.corner(l))
}

func join(rows []string) string {
	n := len(rows)
	for _, r := range rows {
		n += len(r)
	}
	b := make([]byte, 0, n)
	for i, r := range rows {
		if i > 0 {
			b = append(b, '\n')
		}
		b = append(b, r...)
	}
	return string(b)
}
