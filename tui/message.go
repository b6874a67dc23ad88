package tui

import (
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// entry is one message in its thread: with what stands before it, on which
// depend the day break, the unread line and the grouping.
type entry struct {
	m       *desk.Message
	day     string // of the break above it; empty for none
	unread  int    // of the unread line above it; 0 for none
	follows bool   // an event after an event
	grouped bool   // the same speaker goes on within a few minutes
	repeats bool   // it failed like the next one, which says why
	raw     bool   // shown as escapes, if something in it was hidden
}

// groupGap is the longest silence within a group.
const groupGap = 5 * time.Minute

// entryAt looks at the message at i and the one before it.
func entryAt(l *look, ms []desk.Message, i int, v *threadView) entry {
	m := &ms[i]
	e := entry{m: m, raw: v.raw, repeats: failedAlike(ms[i:])}
	if v.unreadAt != "" && m.ID == v.unreadAt {
		e.unread = v.unread
	}
	if i == 0 {
		e.day = l.day(m.At)
		return e
	}
	before := &ms[i-1]
	if daysBetween(before.At.In(l.loc), m.At.In(l.loc)) != 0 {
		e.day = l.day(m.At)
	}
	e.follows = before.Side == desk.SideEvent
	e.grouped = e.day == "" && e.unread == 0 && before.Side == m.Side && before.Author == m.Author &&
		m.Side != desk.SideEvent && m.At.Sub(before.At) < groupGap
	return e
}

// failedAlike reports whether the first message failed for the same reason as
// the next one that was said. Events and notes between them don't count.
func failedAlike(ms []desk.Message) bool {
	m := &ms[0]
	if m.Delivery != desk.Failed {
		return false
	}
	for i := 1; i < len(ms); i++ {
		next := &ms[i]
		if next.Side == desk.SideEvent || next.Side == desk.SideNote {
			continue
		}
		return next.Delivery == desk.Failed && reasonOf(m) == reasonOf(next)
	}
	return false
}

func reasonOf(m *desk.Message) string {
	if m.Problem == nil {
		return ""
	}
	return m.Problem.Text
}

// gutter is the width of the columns left of the bar: name and time. No body
// reaches them.
func gutter(w int) int {
	switch {
	case w < 44:
		return 9
	case w < 64:
		return 13
	}
	return min(22, 13+(w-64)/4)
}

// tickCols is the width of the column right of the body, with the space before
// it. Words take more than signs.
func (l *look) tickCols() int {
	if l.wordy {
		return 6
	}
	return 4
}

// render draws an entry in rows of exactly w columns.
func (e *entry) render(l *look, w int) []string {
	var rows []string
	if e.day != "" {
		rows = append(rows, l.row(w, "").String(), centred(l, w, l.faint, l.dim, ours(e.day)))
	}
	if e.unread > 0 {
		rows = append(rows, centred(l, w, l.accent, l.accent, ours(plural(e.unread, "new message"))))
	}
	if e.m.Side == desk.SideEvent {
		if !e.follows && e.day == "" && e.unread == 0 {
			rows = append(rows, l.row(w, "").String())
		}
		return append(rows, e.event(l, w)...)
	}
	if !e.grouped && e.day == "" && e.unread == 0 {
		rows = append(rows, l.row(w, "").String())
	}
	b := bubble{look: l, entry: e, width: w, gutter: gutter(w)}
	return append(rows, b.rows()...)
}

// event is a quiet line in the middle, or as many as it takes.
func (e *entry) event(l *look, w int) []string {
	text := safe.Join(ours(" · "), l.happened(e.m), ours(e.m.At.In(l.loc).Format("15:04")))
	var rows []string
	for _, t := range l.cols.Wrap(text, max(1, w-4)) {
		rows = append(rows, l.row(w, "").gap((w-l.cols.Width(t))/2).put(l.dim, t).String())
	}
	return rows
}

// centred is a rule with words in its middle.
func centred(l *look, w int, rule, k ink, t safe.Text) string {
	t = l.cols.Cut(t, max(1, w-8))
	side := (w - l.cols.Width(t) - 2) / 2
	r := l.row(w, "").gap(1).rule(rule, side-1).gap(1).put(k, t).gap(1)
	return r.rule(rule, r.left-1).String()
}

// bubble draws the name, the time, the bar, the body and the tick of a message.
type bubble struct {
	*look
	*entry
	width, gutter int
	name, bar     safe.Text
	ink, barInk   ink
}

func (b *bubble) body() int { return max(1, b.width-b.gutter-3-b.tickCols()) }

// voice is how the speaker is told apart: name, its ink, and the bar.
func (b *bubble) voice() {
	m := b.m
	b.bar, b.ink, b.barInk = b.sign.team, b.peer, b.peer
	switch {
	case m.Side == desk.SideNote:
		b.name, b.ink, b.bar, b.barInk = b.whoName(m.Author), b.note, b.sign.note, b.note
	case m.Side == desk.SideTeam && m.Author == "":
		b.name = ours("Phone")
	case m.Side == desk.SideTeam && m.Author == b.me.Member.ID:
		b.name, b.ink, b.barInk = ours("You"), b.own, b.own
	case m.Side == desk.SideTeam:
		b.name = b.memberName(m.Author)
	default:
		b.name, b.ink, b.bar, b.barInk = ours("Customer"), b.strong, b.sign.customer, b.dim
		if c := b.rep.Conversation(m.Conversation); c != nil {
			b.name = contactName(c.Contact)
		}
	}
}

func (b *bubble) rows() []string {
	b.voice()
	lines := b.lines()
	tick, tickInk := b.tick(b.m.Delivery)
	rows := make([]string, 0, len(lines))
	for i, line := range lines {
		r := b.margin(i == 0)
		r.put(line.ink, b.cols.Fit(line.text, b.body()))
		if i == len(lines)-1 && b.m.Side == desk.SideTeam {
			r.gap(1).put(tickInk, tick)
		}
		rows = append(rows, r.String())
	}
	return rows
}

// margin begins a row with what stands left of the body.
func (b *bubble) margin(first bool) *row {
	r := b.row(b.width, "").gap(1)
	cols := b.gutter - 7
	if first && !b.grouped {
		name := b.name
		if cols < 5 {
			name = b.initials(name)
		}
		r.cell(b.ink, b.short(name, cols), cols).gap(1)
	} else {
		r.gap(cols + 1)
	}
	if first {
		r.cell(b.dim, ours(b.m.At.In(b.loc).Format("15:04")), 5)
	} else {
		r.gap(5)
	}
	return r.gap(1).put(b.barInk, b.bar).gap(1)
}

// lines are the rows of the body: quote, label, text, and what went wrong.
func (b *bubble) lines() []span {
	var lines []span
	m := b.m
	if q := m.Quote; q != nil {
		text := safe.Join(ours(": "), b.quoted(q), outside(q.Text).Or(ours("…")))
		lines = append(lines, span{b.dim, b.cols.Cut(b.sign.quote.Add(ours(" ")).Add(text), b.body())})
	}
	lines = append(lines, b.content()...)
	switch m.Delivery {
	case desk.Failed:
		if b.repeats {
			lines = append(lines, b.wrap(b.bad, ours("! Not delivered, as below."))...)
			break
		}
		lines = append(lines, b.wrap(b.bad, safe.Join(ours(" "), ours("! Not delivered."), b.problem(), ours("x settles it.")))...)
	case desk.Unknown:
		lines = append(lines, b.wrap(b.warn, ours("? Unconfirmed: nobody can say whether the customer got it. x settles it."))...)
	case desk.Queued, desk.Sending:
		lines = append(lines, span{b.dim, ours("sending…")})
	}
	return lines
}

func (b *bubble) quoted(q *desk.Quote) safe.Text {
	if q.Side == desk.SideTeam {
		if q.Author == "" {
			return ours("Phone")
		}
		return b.whoName(q.Author)
	}
	return ours("Customer")
}

func (b *bubble) problem() safe.Text {
	return outside(reasonOf(b.m))
}

// content is the text with its label. A note begins with the word, so that it
// is never taken for a reply.
func (b *bubble) content() []span {
	m, k := b.m, ink("")
	text := safe.Body(strings.TrimRight(m.Text, "\n"))
	hidden := text.Tampered()
	if hidden && b.raw {
		text = safe.Raw(m.Text)
	}
	label := mediaLabel(m.Type, m.Media)
	if m.Media != nil {
		label = safe.Join(ours(" · "), some(label, ours(size(m.Media.Size)))...)
	}
	hidden = hidden || label.Tampered()
	if b.raw && label.Tampered() {
		label = safe.Raw(m.Media.Filename)
	}
	if m.Side == desk.SideNote {
		k = b.note
		text = ours("Note · ").Add(text)
	}
	lines := b.labelled(label, text, k)
	if hidden {
		hint := "hidden characters: v shows them"
		if b.raw {
			hint = "shown with its hidden characters"
		}
		lines = append(lines, b.wrap(b.warn, b.sign.tampered.Add(ours(" "+hint)))...)
	}
	return lines
}

// labelled puts the label on the text's first row, where it fits.
func (b *bubble) labelled(label, text safe.Text, k ink) []span {
	switch {
	case label.Empty():
		return b.wrap(k, text.Or(unsaid(b.m.Type)))
	case text.Empty():
		return b.wrap(b.accent, label)
	}
	if both := safe.Join(ours(" · "), label, text); b.cols.Width(both) <= b.body() && !strings.Contains(text.String(), "\n") {
		return []span{{b.accent, both}}
	}
	return append(b.wrap(b.accent, label), b.wrap(k, text)...)
}

func (b *bubble) wrap(k ink, t safe.Text) []span {
	rows := b.cols.Wrap(t, b.body())
	spans := make([]span, 0, len(rows))
	for _, r := range rows {
		spans = append(spans, span{k, r})
	}
	return spans
}
