package tui

import (
	"github.com/frontdesk-inbox/frontdesk/desk"
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
	said, k := ours(text), l.dim
	if !l.ended.Empty() {
		said, k = l.ended, l.bad
	}
	rows := l.blank(w, 1)
	for _, t := range l.cols.Wrap(said, max(1, w-4)) {
		rows = append(rows, l.row(w, "").gap(2).put(k, t).String())
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
