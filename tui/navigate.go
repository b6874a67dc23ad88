package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func listTitle(l desk.List) string {
	switch l {
	case desk.ListMine:
		return "Mine"
	case desk.ListQueue:
		return "Queue"
	case desk.ListTeam:
		return "Team"
	case desk.ListAll:
		return "All"
	}
	return "Resolved"
}

// shows reports whether this agent's role lets them see a list.
func (m *Model) shows(l desk.List) bool {
	return m.rep.Can(desk.ListConversations{List: l}.Perm(), desk.Subject{}, m.opt.Now()) == nil
}

// lists are those that this agent may see; all of them while nothing is known.
func (m *Model) lists() []desk.List {
	if !m.rep.Known() {
		return desk.Lists()
	}
	return slices.DeleteFunc(desk.Lists(), func(l desk.List) bool { return !m.shows(l) })
}

// startList begins on the first list that has something, of those that this
// agent may see: for who answers nobody, their own chats are no place to begin.
func (m *Model) startList() {
	m.firstList()
	if m.list.taken || !m.rep.Known() {
		return
	}
	for _, l := range m.lists() {
		if l != desk.ListResolved && (m.rep.Len(l) > 0 || m.rep.Count(l).Total > 0) {
			m.list.list = l
			return
		}
	}
}

func (m *Model) showList(l desk.List) tea.Cmd {
	m.list.list, m.list.taken = l, true
	m.list.at().stuck, m.list.at().end = false, 0
	m.focus = onList
	m.panels = nil
	return nil
}

// turn goes n lists on, round and round.
func (m *Model) turn(n int) tea.Cmd {
	lists := m.lists()
	if len(lists) == 0 {
		return nil
	}
	i := slices.Index(lists, m.list.list)
	return m.showList(lists[(i+n+len(lists))%len(lists)])
}

// move goes n rows down in the pane with the focus.
func (m *Model) move(n int) tea.Cmd {
	if b := m.body(); b != nil {
		b.move(n)
		return nil
	}
	l, p := m.look(), m.plan()
	if m.focus == onThread {
		m.thread.scroll(l, -n, p.thread.w, p.thread.h)
		return nil
	}
	m.list.at().stuck = false
	m.choose(l, p, m.list.at().index+n)
	return nil
}

// choose puts the list's cursor on a row, to stay.
func (m *Model) choose(l *look, p plan, index int) {
	m.list.at().end = 0
	m.list.show(l, index, p.list.w, p.list.h)
}

// page goes n screens down, less a row or two to read on from.
func (m *Model) page(n int) tea.Cmd {
	if b := m.body(); b != nil {
		b.move(n * b.pageRows())
		return nil
	}
	p := m.plan()
	if m.focus == onThread {
		return m.move(n * max(1, p.thread.h-2))
	}
	return m.move(n * max(1, below(p.list.w, p.list.h)-1))
}

func (m *Model) toTop() tea.Cmd {
	if b := m.body(); b != nil {
		b.move(-farthest)
		return nil
	}
	l, p := m.look(), m.plan()
	if m.focus == onThread {
		m.thread.top(l, p.thread.w, p.thread.h)
	} else {
		m.choose(l, p, 0)
	}
	return nil
}

// toBottom goes to the last row; in a list of which more is to come, on and on
// as the pages come.
func (m *Model) toBottom() tea.Cmd {
	if b := m.body(); b != nil {
		b.move(farthest)
		return nil
	}
	l, p := m.look(), m.plan()
	if m.focus == onThread {
		m.thread.bottom()
	} else {
		n := m.rep.Len(m.list.list)
		m.choose(l, p, n-1)
		m.list.at().stuck = false
		if m.rep.More(m.list.list) {
			m.list.at().end = n + maxEnd
		}
	}
	return nil
}

// enter opens the conversation under the cursor; in its thread it begins to
// write, if that is allowed.
func (m *Model) enter() tea.Cmd {
	if m.focus == onThread {
		return m.writeReply()
	}
	if c := m.current(); c != nil {
		m.open(c.ID)
	}
	return nil
}

// open shows a conversation's thread, and puts the cursor of the list on it, if
// it is there. A draft that only has a note is gone on with as a note.
func (m *Model) open(id desk.ConversationID) {
	m.panels = nil
	m.focus = onThread
	if i := m.rep.Index(m.list.list, id); i >= 0 {
		m.choose(m.look(), m.plan(), i)
	}
	if id == m.thread.open {
		return
	}
	m.thread.opened(id)
	m.reading = reading{}
	d := m.draftOf(id)
	m.composer.focused = false
	m.composer.note = d.reply == "" && d.note != ""
	m.showDraft()
}

// back goes from the thread to the list.
func (m *Model) back() tea.Cmd {
	m.focus = onList
	return nil
}

// wheel scrolls the pane under the pointer.
func (m *Model) wheel(at tea.Mouse) {
	n := 0
	switch at.Button {
	case tea.MouseWheelDown:
		n = 1
	case tea.MouseWheelUp:
		n = -1
	}
	if n == 0 || m.dialog() != nil {
		return
	}
	l, p := m.look(), m.plan()
	switch {
	case m.panel() != nil:
		m.panel().body().wheel(at.X-p.body.x, n)
	case p.thread.holds(at.X, at.Y):
		m.thread.scroll(l, -3*n, p.thread.w, p.thread.h)
	case p.list.holds(at.X, at.Y):
		m.choose(l, p, m.list.at().index+n)
	}
}

// click chooses the list, the row or the pane under the pointer.
func (m *Model) click(at tea.Mouse) tea.Cmd {
	if at.Button != tea.MouseLeft || m.dialog() != nil {
		return nil
	}
	l, p := m.look(), m.plan()
	switch {
	case at.Y == 0:
		for _, t := range m.tabs(l, p.w) {
			if at.X >= t.x && at.X < t.x+t.w {
				m.leaveComposer()
				return m.showList(t.list)
			}
		}
	case m.panel() != nil:
		m.panel().body().click(at.X-p.body.x, at.Y-p.body.y-panelHead)
	case p.list.holds(at.X, at.Y):
		m.leaveComposer()
		i := m.list.under(at.Y-p.list.y, p.list.w, p.list.h)
		if c := m.rep.Row(m.list.list, i); c != nil {
			m.open(c.ID)
		} else if i < 0 {
			m.focus = onList
			return m.toTop()
		}
	case p.composer.holds(at.X, at.Y) && !m.composer.focused && m.thread.open != 0:
		m.focus = onThread
		return m.press("r")
	case p.thread.holds(at.X, at.Y) && m.thread.open != 0:
		m.focus = onThread
	}
	return nil
}

// aside says whom the keys act on while the thread beside the list isn't that of
// the chat under the cursor; empty when it is.
func (m *Model) aside() safe.Text {
	c := m.current()
	if m.focus == onThread || m.thread.open == 0 || c == nil || c.ID == m.thread.open {
		return safe.Text{}
	}
	return safe.Join(ours(" "), ours("The keys act on"), contactName(c.Contact)).Add(ours(", in the list."))
}
