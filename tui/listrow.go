package tui

import (
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// listRow draws one conversation.
type listRow struct {
	*look
	c     *desk.Conversation
	list  desk.List // the one that it stands in
	width int       // columns
	base  ink
	draft *draft // nil: none, or it is in sight elsewhere

	cursor, open bool // under the cursor of a list with the keys; in the thread pane
}

// edge is the column of the cursor, else of the open chat, and a space.
func (r *listRow) edge() []span {
	switch {
	case r.cursor:
		return []span{{r.accent, r.sign.cursor}, {"", ours(" ")}}
	case r.open:
		return []span{{r.accent, r.sign.cursorAway}, {"", ours(" ")}}
	}
	return []span{{"", ours("  ")}}
}

func (r *listRow) name() []span {
	k := ink("")
	if r.c.Unread > 0 {
		k = r.strong
	}
	name := contactName(r.c.Contact)
	spans := []span{{k, name}}
	if name.Tampered() {
		spans = append(spans, span{r.warn, ours(" ")}, span{r.warn, r.sign.tampered})
	}
	return spans
}

// labels are as many as fit whole in room columns, and the number of the rest.
func (r *listRow) labels(room int) []span {
	var spans []span
	for i, label := range r.c.Labels {
		t, rest := outside(label), len(r.c.Labels)-i
		need := r.cols.Width(t) + 2
		if rest > 1 {
			need += r.cols.Width(others(rest-1)) + 2
		}
		if need > room {
			if n := others(rest); room >= r.cols.Width(n)+2 {
				spans = append(spans, span{"", ours("  ")}, span{r.dim, n})
			}
			break
		}
		room -= r.cols.Width(t) + 2
		spans = append(spans, span{"", ours("  ")}, span{r.accent, t})
	}
	return spans
}

// others is the number of labels that aren't shown.
func others(n int) safe.Text { return oursf("+%d", n) }

// The name and the first label share what is too little for both.
const (
	leastName  = 7
	mostLabel  = 8 // of a label that doesn't fit
	leastLabel = 3
)

// named is the name and the labels in room columns. The first label and the
// number of the others are always there; the name is cut for them.
func (r *listRow) named(room int) []span {
	name := r.name()
	free := room - r.look.width(name)
	if len(r.c.Labels) == 0 {
		return name
	}
	first, more := outside(r.c.Labels[0]), []span(nil)
	if n := len(r.c.Labels) - 1; n > 0 {
		more = []span{{"", ours(" ")}, {r.dim, others(n)}}
	}
	if free >= 2+r.cols.Width(first)+r.look.width(more)+1 {
		return append(name, r.labels(free)...)
	}
	marks := r.look.width(name[1:])
	room -= marks + r.look.width(more) + 1
	cols := max(min(r.cols.Width(first), mostLabel, room-leastName), min(leastLabel, r.cols.Width(first)))
	name[0].text = r.cols.Cut(name[0].text, max(1, room-cols))
	return append(append(name, span{"", ours(" ")}, span{r.accent, r.cols.Cut(first, cols)}), more...)
}

// wait is how long the customer has been waiting, else when something was last
// said, and the badge of what is unread.
func (r *listRow) wait() []span {
	var spans []span
	if since := r.c.WaitingSince; !since.IsZero() && r.c.Status == desk.StatusOpen {
		spans = append(spans, span{r.warn, oursf("waits %s", age(r.now.Sub(since)))})
	} else {
		spans = append(spans, span{r.dim, ours(r.clock(r.c.LastAt))})
	}
	if r.c.Unread > 0 {
		n := strconv.Itoa(r.c.Unread)
		if r.c.Unread > 99 {
			n = "99+"
		}
		spans = append(spans, span{"", ours(" ")}, span{r.badge, ours(" " + n + " ")})
	}
	return append(spans, span{"", ours(" ")})
}

// begun is the draft as the row shows it, and whether it is a note; empty when
// there is none. What is on its way isn't a draft here: the row will show it.
func (r *listRow) begun() (text safe.Text, note bool) {
	if r.draft == nil {
		return safe.Text{}, false
	}
	if t := outside(strings.TrimSpace(r.draft.reply)); !t.Empty() {
		return t, false
	}
	return outside(strings.TrimSpace(r.draft.note)), true
}

// lost is the sign and the word of a last message that failed or is unconfirmed.
func (r *listRow) lost() (sign safe.Text, word string, k ink) {
	if r.c.Last.Side != desk.SideTeam {
		return safe.Text{}, "", ""
	}
	switch r.c.Last.Delivery {
	case desk.Failed:
		return r.sign.failed, "failed", r.bad
	case desk.Unknown:
		return r.sign.unknown, "unconfirmed", r.warn
	}
	return safe.Text{}, "", ""
}

// last is the draft that waits here, else who spoke last and what.
func (r *listRow) last() []span {
	if t, note := r.begun(); !t.Empty() {
		what := "Draft: "
		if note {
			what = "Draft of a note: "
		}
		return []span{{r.tabOn, ours(what)}, {"", t}}
	}
	if sign, word, k := r.lost(); word != "" {
		text := safe.Join(ours(" · "), some(mediaLabel(r.c.Last.Type, nil), outside(r.c.Last.Text))...)
		return []span{{k, sign.Add(ours(" " + word + ": "))}, {r.dim, text.Or(unsaid(r.c.Last.Type))}}
	}
	return r.said()
}

// said is who spoke last and what.
func (r *listRow) said() []span {
	m := &r.c.Last
	var who safe.Text
	switch m.Side {
	case desk.SideCustomer:
		who = safe.Text{}
	case desk.SideNote:
		who = safe.Join(ours(" "), ours("note,"), r.firstName(r.whoName(m.Author)))
	case desk.SideTeam:
		who = ours("Phone")
		if m.Author != "" {
			who = r.firstName(r.whoName(m.Author))
		}
	case desk.SideEvent:
		e := desk.Message{Type: m.Type, Author: m.Author, Text: m.Text}
		return []span{{r.dim, r.happened(&e)}}
	default:
		return []span{{r.dim, ours("No messages yet")}}
	}
	text := safe.Join(ours(" · "), some(mediaLabel(m.Type, nil), outside(m.Text))...)
	k := r.dim
	if r.c.Unread > 0 && m.Side == desk.SideCustomer {
		k = ""
	}
	if who.Empty() {
		return []span{{k, text.Or(unsaid(m.Type))}}
	}
	return []span{{r.dim, who.Add(ours(": "))}, {k, text.Or(unsaid(m.Type))}}
}

// some drops empty texts.
func some(texts ...safe.Text) []safe.Text {
	var kept []safe.Text
	for _, t := range texts {
		if !t.Empty() {
			kept = append(kept, t)
		}
	}
	return kept
}

// nearlyShut is how long before the window closes a row says so.
const nearlyShut = 4 * time.Hour

// state is the tick of the last message, the window when it matters, and in the
// lists of several people whose chat it is.
func (r *listRow) state() []span {
	var spans []span
	add := func(k ink, t safe.Text) {
		if len(spans) > 0 {
			spans = append(spans, span{"", ours("  ")})
		}
		spans = append(spans, span{k, t})
	}
	draft, _ := r.begun()
	if _, word, _ := r.lost(); r.c.Last.Side == desk.SideTeam && (word == "" || !draft.Empty()) {
		if t, k := r.tick(r.c.Last.Delivery); !t.Empty() {
			add(k, t)
		}
	}
	if r.c.Status == desk.StatusOpen && !r.c.WindowOpen(r.now.Add(nearlyShut)) {
		text, k := r.window(r.c)
		add(k, ours(text))
	}
	if r.c.Assignee != "" && r.list != desk.ListMine && r.list != desk.ListQueue {
		add(r.dim, r.assignee())
	}
	if len(spans) > 0 {
		spans = append(spans, span{"", ours(" ")})
	}
	return spans
}

func (r *listRow) assignee() safe.Text {
	if r.c.Assignee == r.me.Member.ID {
		return ours("you")
	}
	return r.initials(r.memberName(r.c.Assignee))
}

func (r *listRow) upper() string { return r.headed(nil) }

// headed is the name and the labels, and at the right more and how long it waits.
func (r *listRow) headed(more []span) string {
	left, right := r.edge(), append(more, r.wait()...)
	return r.split(r.width, r.base, append(left, r.named(r.width-r.look.width(left)-r.look.width(right)-1)...), right)
}

func (r *listRow) lower() string {
	return r.split(r.width, r.base, append(r.edge(), r.last()...), r.state())
}

// one puts everything on a line: name, last words, state, wait. Where that is
// too much, a word tells of a draft and of a message that didn't get through.
func (r *listRow) one() string {
	if r.width < 60 {
		return r.headed(r.alert())
	}
	name := r.name()
	name[0].text = r.cols.Fit(name[0].text, 20)
	left := append(append(r.edge(), name...), span{"", ours("  ")})
	state := r.state()
	if len(state) > 0 {
		state = append(state, span{"", ours(" ")})
	}
	return r.split(r.width, r.base, append(left, r.last()...), append(state, r.wait()...))
}

func (r *listRow) alert() []span {
	if sign, word, k := r.lost(); word != "" {
		return []span{{k, sign.Add(ours(" " + word))}, {"", ours("  ")}}
	}
	if t, _ := r.begun(); !t.Empty() {
		return []span{{r.tabOn, ours("draft")}, {"", ours("  ")}}
	}
	return nil
}
