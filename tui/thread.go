package tui

import (
	"sort"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// threadView holds how this agent is looking at the open conversation. Its
// place is a message and the rows of it that are hidden below the edge, so that
// what comes at the end doesn't move what is being read.
type threadView struct {
	open     desk.ConversationID
	anchor   desk.Place // the lowest message on the screen; zero: the end
	below    int        // rows of it that are hidden
	unreadAt desk.MessageID
	unread   int
	counted  bool // the unread line was placed
	raw      bool
	asked    bool // a page is on its way
	stuck    bool // the last page could not be had
	tries

	cache map[drawnKey][]string
}

// drawnKey is all that a drawn message depends on. The people's names and the
// theme are not in it: the cache is dropped when they change.
type drawnKey struct {
	id       desk.MessageID
	seq      int64
	delivery desk.Delivery
	width    int
	cols     safe.Model
	day      string
	unread   int
	grouped  bool
	follows  bool
	repeats  bool
	raw      bool
}

// maxDrawn is how many drawn messages are kept.
const maxDrawn = 1000

// opened starts to look at a conversation at its end.
func (v *threadView) opened(id desk.ConversationID) {
	*v = threadView{open: id, cache: v.cache}
	v.forgetDrawn()
}

func (v *threadView) forgetDrawn() { v.cache = map[drawnKey][]string{} }

// drawn returns the rows of the i-th message.
func (v *threadView) drawn(l *look, ms []desk.Message, i, w int) []string {
	e := entryAt(l, ms, i, v)
	key := drawnKey{e.m.ID, e.m.Seq, e.m.Delivery, w, l.cols, e.day, e.unread, e.grouped, e.follows, e.repeats, e.raw}
	if rows, ok := v.cache[key]; ok {
		return rows
	}
	if len(v.cache) >= maxDrawn {
		v.forgetDrawn()
	}
	rows := e.render(l, w)
	v.cache[key] = rows
	return rows
}

// at returns the index of the anchor's message, or of the last one.
func (v *threadView) at(ms []desk.Message) int {
	if v.anchor == (desk.Place{}) {
		return len(ms) - 1
	}
	mark := desk.Message{At: v.anchor.At, Order: v.anchor.Order}
	i := sort.Search(len(ms), func(i int) bool { return mark.Before(&ms[i]) }) - 1
	return max(0, i)
}

// markUnread places the unread line once the messages are there.
func (v *threadView) markUnread(l *look) {
	ms, _, loaded := l.rep.Messages(v.open)
	c := l.rep.Conversation(v.open)
	if v.counted || !loaded || c == nil {
		return
	}
	v.counted = true
	left := c.Unread
	for i := len(ms) - 1; i >= 0 && left > 0; i-- {
		if ms[i].Side == desk.SideCustomer {
			left--
			v.unreadAt, v.unread = ms[i].ID, c.Unread-left
		}
	}
}

// scroll moves by rows, up when positive. It stops at both ends.
func (v *threadView) scroll(l *look, rows, w, h int) {
	ms, _, _ := l.rep.Messages(v.open)
	if len(ms) == 0 {
		return
	}
	i := v.at(ms)
	below := v.below + rows
	for below >= len(v.drawn(l, ms, i, w)) && i > 0 {
		below -= len(v.drawn(l, ms, i, w))
		i--
	}
	for below < 0 && i < len(ms)-1 {
		i++
		below += len(v.drawn(l, ms, i, w))
	}
	v.settleAt(l, ms, i, max(0, below), w, h)
}

// settleAt keeps the first row at the top edge or above it, and follows the end
// when it is reached.
func (v *threadView) settleAt(l *look, ms []desk.Message, i, below, w, h int) {
	above := len(v.drawn(l, ms, i, w)) - below
	for k := i - 1; k >= 0 && above < h; k-- {
		above += len(v.drawn(l, ms, k, w))
	}
	for above < h {
		if below > 0 {
			n := min(below, h-above)
			below, above = below-n, above+n
			continue
		}
		if i == len(ms)-1 {
			break
		}
		i++
		below = len(v.drawn(l, ms, i, w))
	}
	v.anchor, v.below = ms[i].Place(), below
	if i == len(ms)-1 && below == 0 {
		v.anchor = desk.Place{}
	}
}

// top goes to the first message that is loaded.
func (v *threadView) top(l *look, w, h int) {
	ms, _, _ := l.rep.Messages(v.open)
	if len(ms) > 0 {
		v.settleAt(l, ms, 0, max(0, len(v.drawn(l, ms, 0, w))-1), w, h)
	}
}

// bottom follows the end again.
func (v *threadView) bottom() { v.anchor, v.below = desk.Place{}, 0 }

// nearTop reports whether older messages should come.
func (v *threadView) nearTop(ms []desk.Message, h int) bool { return v.at(ms) < 2*h }

// View draws the rows on the screen, h lines of w columns, from the bottom up.
func (v *threadView) View(l *look, w, h int) []string {
	ms, more, loaded := l.rep.Messages(v.open)
	if !loaded || len(ms) == 0 {
		text := "Loading…"
		if loaded && !more {
			text = "Nothing was said yet."
		} else if v.stuck {
			text = "The messages couldn't be loaded. Press ctrl+r to try again."
		}
		return l.fill([]string{l.row(w, "").String(), l.row(w, "").gap(2).put(l.dim, ours(text)).String()}, w, h)
	}
	parts, n := [][]string{}, -v.below
	for i := v.at(ms); i >= 0 && n < h; i-- {
		rows := v.drawn(l, ms, i, w)
		parts = append(parts, rows)
		n += len(rows)
	}
	rows := make([]string, 0, n+v.below)
	for i := len(parts) - 1; i >= 0; i-- {
		rows = append(rows, parts[i]...)
	}
	rows = rows[:max(0, len(rows)-v.below)]
	if len(rows) < h && more {
		rows = append([]string{l.row(w, "").gap(2).put(l.dim, ours("older messages…")).String()}, rows...)
	}
	if len(rows) > h {
		rows = rows[len(rows)-h:]
	}
	if v.anchor != (desk.Place{}) && h > 3 {
		rows = l.fill(rows, w, h)
		rows[h-1] = centred(l, w, l.faint, l.accent, ours("G goes to the newest"))
	}
	return l.fill(rows, w, h)
}

// heading is the row above the thread: whose it is.
func (v *threadView) heading(l *look, w int, alone bool) string {
	c := l.rep.Conversation(v.open)
	if c == nil {
		return l.row(w, "").gap(1).put(l.strong, ours(v.open.String())).String()
	}
	name := contactName(c.Contact)
	left := []span{{"", ours(" ")}, {l.strong, name}}
	if name.Tampered() {
		left = append(left, span{l.warn, ours(" ").Add(l.sign.tampered)})
	}
	left = append(left, span{l.dim, ours("  " + c.ID.String())})
	if phone := outside(c.Contact.Phone); alone && !phone.Empty() && phone != name {
		left = append(left, span{l.dim, ours("  ")}, span{l.dim, phone})
	}
	return l.split(w, "", left, v.holder(l, c))
}

// holder says whose chat it is and that it is resolved.
func (v *threadView) holder(l *look, c *desk.Conversation) []span {
	var right []span
	switch {
	case c.Status == desk.StatusResolved:
		right = append(right, span{l.dim, ours("resolved")})
	case c.Assignee == "":
		right = append(right, span{l.warn, ours("in the queue")})
	case c.Assignee == l.me.Member.ID:
		right = append(right, span{l.own, ours("yours")})
	default:
		right = append(right, span{l.peer, l.short(l.memberName(c.Assignee), 14).Add(ours(" has it"))})
	}
	return append(right, span{"", ours(" ")})
}
