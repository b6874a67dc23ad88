package tui

import (
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// listPane holds where this agent is in each list. The rows are the replica's:
// only those on the screen are ever looked at.
type listPane struct {
	list  desk.List
	taken bool // the agent chose the list
	place map[desk.List]*listPlace
}

// listPlace is a cursor that stays on its conversation while rows move.
type listPlace struct {
	sel   desk.ConversationID
	index int           // where sel was; if it goes, the cursor stays here
	top   int           // the first row on the screen
	seen  []desk.Cursor // the rows on the screen, as they were last settled
	end   int           // the cursor goes on to the bottom while there are fewer rows; zero: it stays
	asked bool          // a further page is on its way
	stuck bool          // the last page could not be had; a key tries again
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

// visible is how many rows a pane of this size shows at the top of the list.
func visible(w, h int) int { return max(1, h/rowHeight(w, h)) }

// below is how many it shows further down, where the first line tells what is
// above.
func below(w, h int) int { return max(1, (h-1)/rowHeight(w, h)) }

// maxEnd is how many rows one key goes towards the bottom of a long list.
const maxEnd = 2000

// settle brings the cursor to where its conversation is now, and into view. At
// the top the view stays there, and what is new comes into sight; further down
// the rows stay where they are.
func (p *listPane) settle(l *look, w, h int) {
	at, n := p.at(), l.rep.Len(p.list)
	if at.top > 0 {
		moved := p.moved(l)
		at.top += moved
		at.index += moved
	}
	if i := l.rep.Index(p.list, at.sel); i >= 0 {
		at.index = i
	}
	if at.end > 0 {
		at.index = n - 1
		if n >= at.end || at.stuck || !l.rep.More(p.list) {
			at.end = 0
		}
	}
	p.show(l, at.index, w, h)
}

// moved is by how many rows those on the screen stand lower in the list than
// when they were last settled. The first one whose own place is what it was
// decides: rows that go to the top say nothing about the others.
func (p *listPane) moved(l *look) int {
	at := p.at()
	for j, was := range at.seen {
		i := l.rep.Index(p.list, was.ID)
		if c := l.rep.Row(p.list, i); c != nil && c.LastAt.Equal(was.LastAt) {
			return i - j - at.top
		}
	}
	return 0
}

// show puts the cursor on a row and scrolls no more than that needs.
func (p *listPane) show(l *look, index, w, h int) {
	at, n := p.at(), l.rep.Len(p.list)
	at.index = max(0, min(index, n-1))
	at.sel = 0
	if c := l.rep.Row(p.list, at.index); c != nil {
		at.sel = c.ID
	}
	at.top = max(0, min(at.top, at.index))
	if page := below(w, h); at.top > 0 || at.index >= visible(w, h) {
		at.top = max(at.top, at.index-page+1)
		at.top = min(at.top, n-page)
	}
	if n <= visible(w, h) {
		at.top = 0
	}
	at.seen = at.seen[:0]
	for i := at.top; i < min(n, at.top+visible(w, h)); i++ {
		at.seen = append(at.seen, l.rep.Row(p.list, i).Cursor())
	}
}

// under is the index of the row in a line of the pane; -1 in the line that tells
// what is above.
func (p *listPane) under(line, w, h int) int {
	at := p.at()
	if at.top > 0 {
		line--
	}
	if line < 0 {
		return -1
	}
	return at.top + line/rowHeight(w, h)
}

// wants reports whether the cursor is near enough to the bottom that the next
// page should come.
func (p *listPane) wants(l *look, w, h int) bool {
	at := p.at()
	return !at.asked && !at.stuck && l.rep.More(p.list) && at.top+2*visible(w, h) >= l.rep.Len(p.list)
}

// listSight is what a list shows beside its rows.
type listSight struct {
	focused bool // the list has the keys
	open    desk.ConversationID
	drafts  map[desk.ConversationID]*draft
	writing bool // the draft of the open conversation is in the composer, in sight
}

// listView draws the list with its marks of what is open and what is begun.
func (m *Model) listView(l *look, p plan, focused bool) []string {
	return m.list.View(l, p.list.w, p.list.h, listSight{focused, m.thread.open, m.drafts, m.composer.focused})
}

// View draws the rows on the screen: h lines, w columns.
func (p *listPane) View(l *look, w, h int, sight listSight) []string {
	n := l.rep.Len(p.list)
	if n == 0 {
		return l.fill(p.empty(l, w), w, h)
	}
	at, tall := p.at(), rowHeight(w, h)
	rows := make([]string, 0, h)
	if at.top > 0 {
		rows = append(rows, p.above(l, w))
	}
	for i := at.top; i < n && len(rows)+tall <= h; i++ {
		r := p.row(l, l.rep.Row(p.list, i), w, sight)
		if i == at.index && sight.focused {
			r.base, r.cursor = l.chosen, true
		}
		if tall == 1 {
			rows = append(rows, r.one())
		} else {
			rows = append(rows, r.upper(), r.lower())
		}
	}
	if len(rows) < h && l.rep.More(p.list) {
		text := "more…"
		if at.asked {
			text = "loading older chats…"
		}
		rows = append(rows, l.row(w, "").gap(2).put(l.dim, ours(text)).String())
	}
	return l.fill(rows, w, h)
}

// above tells how many rows are above the screen, and what G waits for.
func (p *listPane) above(l *look, w int) string {
	at := p.at()
	left := []span{{"", ours("  ")}, {l.accent, oursf("↑ %d newer", at.top)}, {l.dim, ours(" · ")}, {l.accent, ours("g")}}
	var right []span
	if at.end > 0 && at.asked {
		right = []span{{l.dim, ours("loading older… ")}}
	}
	return l.split(w, "", left, right)
}

func (p *listPane) row(l *look, c *desk.Conversation, w int, sight listSight) listRow {
	r := listRow{look: l, c: c, list: p.list, width: w, open: c.ID == sight.open}
	if r.open && !sight.focused {
		r.base = l.chosenAway
	}
	if d := sight.drafts[c.ID]; d != nil && !(r.open && sight.writing) {
		r.draft = d
	}
	return r
}

func (p *listPane) empty(l *look, w int) []string {
	text := "Loading…"
	if l.rep.Known() && !(l.rep.More(p.list) && l.rep.Count(p.list).Total > 0) {
		switch p.list {
		case desk.ListMine:
			text = l.noneMine()
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

// noneMine says that this agent has no chat, and how one comes by one.
func (l *look) noneMine() string {
	may := func(p desk.Perm) bool { return l.rep.Can(p, desk.Subject{}, l.now) == nil }
	switch {
	case may(desk.Claim{}.Perm()) && may(desk.ListConversations{List: desk.ListQueue}.Perm()):
		return "No chat is yours at the moment. Take one from the queue."
	case may(desk.MessageReply):
		return "No chat is yours at the moment. One that a colleague gives you comes here."
	}
	return "No chat is yours: your role doesn't answer customers. Press tab for the other lists."
}

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
