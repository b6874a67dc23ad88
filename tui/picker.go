package tui

import (
	"strings"
	"unicode"
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
	run    func() tea.Cmd
}

// picker is a dialog in which typing narrows a list of items.
type picker struct {
	title  safe.Text
	prompt safe.Text
	// items returns what matches the filter, in its order; more than what is
	// listed anyway when it likes.
	items func(filter string) []item
	check func(*Model) error

	filter string
	found  []item
	at     int
	top    int
	ready  bool
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

func (p *picker) choose(m *Model) tea.Cmd {
	found := p.list()
	if p.at >= len(found) {
		return nil
	}
	it := found[p.at]
	if !it.off.Empty() {
		p.said = it.off
		return nil
	}
	m.pop()
	return it.run()
}

func (p *picker) view(l *look, w, h int) panel {
	w = min(w, 64)
	found := p.list()
	whyRows := 2
	if h < 12 {
		whyRows = 1
	}
	room := max(1, min(h-2-whyRows, 14))
	p.top = max(0, min(p.top, p.at, len(found)-room))
	p.top = max(p.top, p.at-room+1)
	filter := l.cols.Cut(outside(p.filter), max(1, w-4))
	input := l.row(w, "").put(l.accent, ours("› "))
	if p.filter == "" {
		input.put(l.dim, p.prompt)
	} else {
		input.put("", filter)
	}
	rows := []string{input.String(), l.row(w, "").String()}
	for i := p.top; i < len(found) && i < p.top+room; i++ {
		rows = append(rows, p.line(l, &found[i], w, i == p.at))
	}
	if len(found) == 0 {
		rows = append(rows, l.row(w, "").gap(2).put(l.dim, ours("Nothing matches.")).String())
	}
	rows = l.fill(rows, w, room+2)
	var why []string
	for _, t := range l.cols.Wrap(p.why(found), w) {
		why = append(why, l.row(w, "").put(l.warn, t).String())
	}
	rows = append(rows, l.fill(why, w, whyRows)...)
	x := 2
	if p.filter != "" {
		x += l.cols.Width(filter)
	}
	return panel{title: p.title, rows: rows, width: w, foot: ours("enter chooses · esc closes"), x: x, y: 0, ok: true}
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
	if !it.off.Empty() {
		right = []span{{l.dim, ours("not now ")}}
	}
	return l.split(w, base, left, right)
}

// matches scores a text against a filter whose letters must all occur in
// order: 0 when they don't, higher when they stand together or begin words.
func matches(filter, text string) int {
	if filter == "" {
		return 1
	}
	want := []rune(strings.ToLower(filter))
	score, i, run := 1, 0, 0
	before, at := ' ', 0
	for _, r := range text {
		if i == len(want) {
			break
		}
		if unicode.ToLower(r) == want[i] {
			i++
			run++
			score += run
			if !unicode.IsLetter(before) && !unicode.IsDigit(before) {
				score += 4
			}
			if at == i-1 {
				score += 3 // the text begins with it
			}
		} else {
			run = 0
		}
		before, at = r, at+1
	}
	if i < len(want) {
		return 0
	}
	return score
}
