package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
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

func (m *Model) showList(l desk.List) tea.Cmd {
	m.list.list = l
	m.list.at().stuck = false
	m.focus = onList
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
	l, p := m.look(), m.plan()
	if m.focus == onThread {
		m.thread.scroll(l, -n, p.thread.w, p.thread.h)
		return nil
	}
	m.list.at().stuck = false
	m.list.show(l, m.list.at().index+n, p.list.w, p.list.h)
	return nil
}

// page goes n screens down, less a row or two to read on from.
func (m *Model) page(n int) tea.Cmd {
	p := m.plan()
	if m.focus == onThread {
		return m.move(n * max(1, p.thread.h-2))
	}
	return m.move(n * max(1, visible(p.list.w, p.list.h)-1))
}

func (m *Model) toTop() tea.Cmd {
	l, p := m.look(), m.plan()
	if m.focus == onThread {
		m.thread.top(l, p.thread.w, p.thread.h)
	} else {
		m.list.show(l, 0, p.list.w, p.list.h)
	}
	return nil
}

func (m *Model) toBottom() tea.Cmd {
	l, p := m.look(), m.plan()
	if m.focus == onThread {
		m.thread.bottom()
	} else {
		m.list.show(l, m.rep.Len(m.list.list)-1, p.list.w, p.list.h)
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

// open shows a conversation's thread. A draft that only has a note is gone on
// with as a note.
func (m *Model) open(id desk.ConversationID) {
	m.focus = onThread
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
	case p.thread.holds(at.X, at.Y):
		m.thread.scroll(l, -3*n, p.thread.w, p.thread.h)
	case p.list.holds(at.X, at.Y):
		m.list.show(l, m.list.at().index+n, p.list.w, p.list.h)
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
	case p.list.holds(at.X, at.Y):
		m.leaveComposer()
		i := m.list.at().top + (at.Y-p.list.y)/rowHeight(p.list.w, p.list.h)
		if c := m.rep.Row(m.list.list, i); c != nil {
			m.list.show(l, i, p.list.w, p.list.h)
			m.open(c.ID)
		}
	case p.composer.holds(at.X, at.Y) && !m.composer.focused && m.thread.open != 0:
		m.focus = onThread
		return m.press("r")
	case p.thread.holds(at.X, at.Y) && m.thread.open != 0:
		m.focus = onThread
	}
	return nil
}
