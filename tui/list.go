package tui

import (
	"strconv"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// listPane holds where this agent is in each list. The rows are the replica's:
// only those on the screen are ever looked at.
type listPane struct {
	list  desk.List
	place map[desk.List]*listPlace
}

// listPlace is a cursor that stays on its conversation while rows move.
type listPlace struct {
	sel   desk.ConversationID
	index int  // where sel was; if it goes, the cursor stays here
	top   int  // the first row on the screen
	asked bool // a further page is on its way
	stuck bool // the last page could not be had; a key tries again
	tries
}

func newListPane() listPane {
	p := listPane{list: desk.ListMine, place: map[desk.List]*listPlace{}}
	for _, l := range desk.Lists() {
		p.place[l] = &listPlace{}
	}
	return p
}

func (p *listPane) at() *listPlace { return p.place[p.list] }

// selected returns the conversation under the cursor, or nil.
func (p *listPane) selected(l *look) *desk.Conversation {
	return l.rep.Row(p.list, p.at().index)
}

// rowHeight is how many lines a row takes: one where lines are few or long.
func rowHeight(w, h int) int {
	if h < 12 || w >= 76 {
		return 1
	}
	return 2
}

// visible is how many rows a pane of this size shows.
func visible(w, h int) int { return max(1, h/rowHeight(w, h)) }

// settle brings the cursor to where its conversation is now, and into view.
func (p *listPane) settle(l *look, w, h int) {
	at, n := p.at(), l.rep.Len(p.list)
	if i := l.rep.Index(p.list, at.sel); i >= 0 {
		at.top += i - at.index
		at.index = i
	}
	p.show(l, min(at.index, n-1), w, h)
}

// show puts the cursor on a row and scrolls no more than that needs.
func (p *listPane) show(l *look, index, w, h int) {
	at, n, page := p.at(), l.rep.Len(p.list), visible(w, h)
	at.index = max(0, min(index, n-1))
	at.sel = 0
	if c := l.rep.Row(p.list, at.index); c != nil {
		at.sel = c.ID
	}
	at.top = min(at.top, at.index)
	at.top = max(at.top, at.index-page+1)
	at.top = max(0, min(at.top, n-page))
}

// wants reports whether the cursor is near enough to the bottom that the next
// page should come.
func (p *listPane) wants(l *look, w, h int) bool {
	at := p.at()
	return !at.asked && !at.stuck && l.rep.More(p.list) && at.top+2*visible(w, h) >= l.rep.Len(p.list)
}

// View draws the rows on the screen: h lines, w columns.
func (p *listPane) View(l *look, w, h int, focused bool) []string {
	n := l.rep.Len(p.list)
	if n == 0 {
		return l.fill(p.empty(l, w), w, h)
	}
	at, tall := p.at(), rowHeight(w, h)
	rows := make([]string, 0, h)
	for i := at.top; i < n && len(rows)+tall <= h; i++ {
		c := l.rep.Row(p.list, i)
		r := listRow{look: l, c: c, width: w, base: ""}
		if i == at.index {
			r.chosen, r.base = true, l.chosenAway
			if focused {
				r.base, r.focused = l.chosen, true
			}
		}
		if tall == 1 {
			rows = append(rows, r.one())
		} else {
			rows = append(rows, r.upper(), r.lower())
		}
	}
	if len(rows) < h && l.rep.More(p.list) {
		rows = append(rows, l.row(w, "").gap(2).put(l.dim, ours("more…")).String())
	}
	return l.fill(rows, w, h)
}

func (p *listPane) empty(l *look, w int) []string {
	text := "Loading…"
	if l.rep.Known() && !(l.rep.More(p.list) && l.rep.Count(p.list).Total > 0) {
		switch p.list {
		case desk.ListMine:
			text = "No chat is yours at the moment. Take one from the queue."
		case desk.ListQueue:
			text = "The queue is empty."
		case desk.ListTeam:
			text = "Your teams have no open chats."
		case desk.ListAll:
			text = "No chat is open."
		default:
			text = "Nothing was resolved yet."
		}
	}
	rows := l.blank(w, 1)
	for _, t := range l.cols.Wrap(ours(text), max(1, w-4)) {
		rows = append(rows, l.row(w, "").gap(2).put(l.dim, t).String())
	}
	return rows
}

// listRow draws one conversation.
type listRow struct {
	*look
	c     *desk.Conversation
	width int // columns
	base  ink

	chosen, focused bool // under the cursor; and the list has the keys
}

// edge is the cursor's column and a space.
func (r *listRow) edge() []span {
	switch {
	case r.focused:
		return []span{{r.accent, r.sign.cursor}, {"", ours(" ")}}
	case r.chosen:
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
		t := outside(label)
		need := r.cols.Width(t) + 2
		if i < len(r.c.Labels)-1 {
			need += 3 // for the number
		}
		if need > room {
			if room >= 4 {
				spans = append(spans, span{r.dim, oursf("  +%d", len(r.c.Labels)-i)})
			}
			break
		}
		room -= r.cols.Width(t) + 2
		spans = append(spans, span{"", ours("  ")}, span{r.accent, t})
	}
	return spans
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

// last is who spoke last and what.
func (r *listRow) last() []span {
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

// state is the tick of the last message, the window, and whose chat it is.
func (r *listRow) state() []span {
	var spans []span
	if r.c.Last.Side == desk.SideTeam {
		if t, k := r.tick(r.c.Last.Delivery); !t.Empty() {
			spans = append(spans, span{k, t}, span{"", ours("  ")})
		}
	}
	if r.c.Status == desk.StatusOpen {
		text, k := r.window(r.c)
		spans = append(spans, span{k, ours(text)})
	} else {
		spans = append(spans, span{r.dim, ours("resolved")})
	}
	spans = append(spans, span{"", ours(" ")})
	if r.c.Assignee != "" {
		spans = append(spans, span{r.dim, r.cols.Fit(r.assignee(), 4)})
	} else {
		spans = append(spans, span{r.dim, ours("–   ")})
	}
	return spans
}

func (r *listRow) assignee() safe.Text {
	if r.c.Assignee == r.me.Member.ID {
		return ours("you")
	}
	return r.initials(r.memberName(r.c.Assignee))
}

func (r *listRow) upper() string {
	left, right := append(r.edge(), r.name()...), r.wait()
	labels := r.labels(r.width - r.look.width(left) - r.look.width(right) - 1)
	return r.split(r.width, r.base, append(left, labels...), right)
}

func (r *listRow) lower() string {
	return r.split(r.width, r.base, append(r.edge(), r.last()...), r.state())
}

// one puts everything on a line: name, last words, state, wait.
func (r *listRow) one() string {
	if r.width < 60 {
		return r.upper()
	}
	name := r.name()
	name[0].text = r.cols.Fit(name[0].text, 20)
	left := append(append(r.edge(), name...), span{"", ours("  ")})
	return r.split(r.width, r.base, append(left, r.last()...), append(r.state(), r.wait()...))
}
