package tui

import (
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// item is one line of a picker.
type item struct {
	title  safe.Text
	detail safe.Text // beside it, quiet
	right  safe.Text // at the right edge: keys, a role
	marked bool      // chosen already
	off    safe.Text // why it can't be chosen; empty when it can
	why    error     // the refusal that off tells in short; nil for none
	also   []string  // what it is found by besides its title
	named  bool      // a person or a chat: scattered letters don't find it
	flip   func()    // in a picker of many: puts its mark on, or takes it off
	run    func() tea.Cmd
}

// picker is a dialog in which typing narrows a list of items.
type picker struct {
	title  safe.Text
	prompt safe.Text
	// items returns what matches the filter, in its order; more than what is
	// listed anyway when it likes.
	items func(filter string) []item
	// among says what was looked through; nil where that is plain.
	among func(filter string) safe.Text
	check func(*Model) error
	// many makes it a picker of several: space marks items, and enter, which
	// calls many, is done.
	many  func() tea.Cmd
	stays bool // it stays open when an item is chosen

	filter string
	found  []item
	at     int
	top    int
	ready  bool
	where  safe.Text // what among said
	said   safe.Text // why the item that was chosen can't be
}

func (p *picker) allowed(m *Model) (func() tea.Cmd, error) {
	p.ready = false // what it lists may have changed with the desk
	if p.check == nil {
		return nil, nil
	}
	return nil, p.check(m)
}

func (p *picker) list() []item {
	if !p.ready {
		p.found, p.ready = p.items(p.filter), true
		p.at = max(0, min(p.at, len(p.found)-1))
		if p.among != nil {
			p.where = p.among(p.filter)
		}
	}
	return p.found
}

func (p *picker) update(m *Model, msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		p.narrow(p.filter + outside(msg.Content).String())
	case tea.KeyPressMsg:
		return p.key(m, msg)
	}
	return nil
}

func (p *picker) key(m *Model, k tea.KeyPressMsg) tea.Cmd {
	p.said = safe.Text{}
	n := len(p.list())
	switch s := k.String(); {
	case s == "esc" || s == "ctrl+c":
		m.pop()
	case s == "enter":
		return p.choose(m)
	case s == "space" && p.many != nil:
		p.mark()
	case s == "down" || s == "ctrl+n" || s == "ctrl+j" || s == "tab":
		p.at = min(p.at+1, max(0, n-1))
	case s == "up" || s == "ctrl+p" || s == "shift+tab":
		p.at = max(0, p.at-1)
	case s == "pgdown":
		p.at = min(p.at+8, max(0, n-1))
	case s == "pgup":
		p.at = max(0, p.at-8)
	case s == "backspace" && p.filter != "":
		_, size := utf8.DecodeLastRuneInString(p.filter)
		p.narrow(p.filter[:len(p.filter)-size])
	case s == "ctrl+u":
		p.narrow("")
	case k.Text != "":
		p.narrow(p.filter + k.Text)
	}
	return nil
}

func (p *picker) narrow(filter string) {
	if len(filter) > 200 {
		return
	}
	p.filter, p.at, p.top, p.ready = filter, 0, 0, false
}

// mark puts the mark on the item under the cursor or takes it off.
func (p *picker) mark() {
	if p.at >= len(p.found) {
		return
	}
	if it := p.found[p.at]; it.off.Empty() {
		it.flip()
	} else {
		p.said = it.off
	}
	p.ready = false
}

func (p *picker) choose(m *Model) tea.Cmd {
	if p.many != nil {
		m.pop()
		return p.many()
	}
	found := p.list()
	if p.at >= len(found) {
		return nil
	}
	it := found[p.at]
	if !it.off.Empty() {
		p.said = it.off
		if it.why != nil {
			p.said = m.whyNot(it.why, m.current())
			m.remember(it.why, m.current())
		}
		return nil
	}
	if !p.stays {
		m.pop()
	}
	return it.run()
}

func (p *picker) view(l *look, w, h int) box {
	w = min(w, 64)
	found := p.list()
	whyRows := 2
	if h < 12 {
		whyRows = 1
	}
	last := p.last(l, found, w, whyRows)
	room := max(1, min(h-2-len(last), 14))
	p.top = max(0, min(p.top, p.at, len(found)-room))
	p.top = max(p.top, p.at-room+1)
	count := safe.Text{}
	if len(found) > room {
		count = oursf("%d–%d of %d", p.top+1, min(p.top+room, len(found)), len(found))
	}
	filter := l.cols.Cut(outside(p.filter), max(1, w-6-l.cols.Width(count)))
	input := span{"", filter}
	if p.filter == "" {
		input = span{l.dim, p.prompt}
	}
	rows := []string{l.split(w, "", []span{{l.accent, ours("› ")}, input}, []span{{l.dim, count}}), l.row(w, "").String()}
	for i := p.top; i < len(found) && i < p.top+room; i++ {
		rows = append(rows, p.line(l, &found[i], w, i == p.at))
	}
	if len(found) == 0 {
		rows = append(rows, l.row(w, "").gap(2).put(l.dim, ours("Nothing matches.")).String())
	}
	rows = append(l.fill(rows, w, room+2), last...)
	x := 2
	if p.filter != "" {
		x += l.cols.Width(filter)
	}
	foot := ours("enter chooses · esc closes")
	if p.many != nil {
		foot = ours("space marks · enter is done · esc closes")
	}
	return box{title: p.title, rows: rows, width: w, foot: foot, x: x, y: 0, ok: true}
}

// last are the rows below the list: why the item under the cursor can't be
// chosen, in n rows, and what was looked through. Where there is one row for
// both, the reason has it.
func (p *picker) last(l *look, found []item, w, n int) []string {
	var why []string
	for _, t := range l.cols.Wrap(p.why(found), w) {
		if !t.Empty() {
			why = append(why, l.row(w, "").put(l.warn, t).String())
		}
	}
	if p.among == nil {
		return l.fill(why, w, n)
	}
	among := l.row(w, "").put(l.dim, p.where).String()
	if n > 1 {
		return append(l.fill(why, w, n), among)
	}
	if len(why) == 0 {
		why = []string{among}
	}
	return l.fill(why, w, n)
}

// why is the reason of the item under the cursor, when it has one.
func (p *picker) why(found []item) safe.Text {
	if p.at < len(found) {
		return p.said.Or(found[p.at].off)
	}
	return p.said
}

func (p *picker) line(l *look, it *item, w int, at bool) string {
	base, k := ink(""), ink("")
	edge := span{"", ours("  ")}
	if at {
		base, k, edge = l.chosen, l.strong, span{l.accent, l.sign.cursor.Add(ours(" "))}
	}
	if !it.off.Empty() {
		k = l.dim
	}
	left := []span{edge}
	if it.marked {
		left = append(left, span{l.accent, l.sign.sent.Add(ours(" "))})
	}
	left = append(left, span{k, it.title})
	if !it.detail.Empty() {
		left = append(left, span{l.dim, ours("  ")}, span{l.dim, it.detail})
	}
	right := []span{{l.dim, it.right}, {"", ours(" ")}}
	if !it.off.Empty() && it.right.Empty() {
		right = []span{{l.dim, ours("not now ")}}
	}
	return l.split(w, base, left, right)
}
