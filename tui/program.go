package tui

import (
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// palette finds an action, a conversation that is known here, or another account.
func (m *Model) palette() tea.Cmd {
	m.push(&picker{title: ours("Find"), prompt: ours("a command, a customer's name, a number"), items: m.findable, among: m.lookedThrough})
	return nil
}

// maxFound is how many conversations the palette lists.
const maxFound = 20

// findable lists the actions on the current chat, those of the program, the
// accounts and the lists, and with a filter the chats; the best match first.
func (m *Model) findable(filter string) []item {
	items := slices.Concat(m.ownItems(), m.actionItems(GroupChat), m.actionItems(GroupPanels), m.actionItems(GroupProgram))
	for _, acc := range m.opt.Accounts {
		items = append(items, item{title: safe.Join(ours(" "), ours("Continue as"), outside(acc.Name)), right: outside(acc.Role), named: true, run: func() tea.Cmd {
			m.next = acc.Key
			return m.end()
		}})
	}
	items = append(items, m.actionItems(GroupLists)...)
	if strings.TrimSpace(filter) != "" {
		chats := narrowed(m.chats(), filter)
		items = append(items, chats[:min(len(chats), maxFound)]...)
	}
	return narrowed(items, filter)
}

// ownItems are the actions of the panel that is open.
func (m *Model) ownItems() []item {
	p := m.panel()
	if p == nil {
		return nil
	}
	return m.itemsOf(func(a *Action) bool { return a.Where == p.where() })
}

// actionItems are the actions of a group that are offered here.
func (m *Model) actionItems(g Group) []item {
	return m.itemsOf(func(a *Action) bool { return a.Group == g })
}

// itemsOf are the actions that are offered here, with why one can't be done now.
func (m *Model) itemsOf(of func(*Action) bool) []item {
	l := m.look()
	var items []item
	for _, a := range m.here() {
		hidden, why := m.available(a)
		if hidden || !of(a) || a.ID == "palette" {
			continue
		}
		it := item{title: ours(a.Title), right: ours(m.keys(a)[0]), run: func() tea.Cmd { return m.run(a) }}
		if why != nil {
			it.off, it.right, it.why = l.reason(why, m.current()), safe.Text{}, why
		}
		items = append(items, it)
	}
	return items
}

// chats are the conversations that are known here, to be found by name, phone,
// username and number.
func (m *Model) chats() []item {
	var items []item
	for _, c := range m.rows() {
		id := c.ID
		it := item{title: contactName(c.Contact), detail: ours(id.String()).Add(ours(" ")).Add(outside(c.Contact.Phone)), right: ours("chat"), named: true,
			also: []string{id.String(), strings.TrimPrefix(id.String(), "#")},
			run:  func() tea.Cmd { m.leaveComposer(); m.open(id); return nil }}
		if c.Contact.Phone != "" {
			it.also = append(it.also, c.Contact.Phone)
		}
		if c.Contact.Username != "" {
			it.also = append(it.also, "@"+c.Contact.Username)
		}
		items = append(items, it)
	}
	return items
}

// lookedThrough says among how many chats the palette looked, for there may be
// more on the server.
func (m *Model) lookedThrough(filter string) safe.Text {
	if strings.TrimSpace(filter) == "" {
		return safe.Text{}
	}
	chats := m.chats()
	among := "among the " + plural(len(chats), "chat") + " loaded here"
	for i := range chats {
		if chats[i].fits(filter) != apart {
			return ours("Found " + among + ".")
		}
	}
	return ours("No such chat " + among + ".")
}

// help lists every action with its keys, and what can't be done now with why.
func (m *Model) help() tea.Cmd {
	m.push(&sheet{title: ours("Keys"), lines: func(l *look, w int) []string {
		var rows []string
		var group Group
		for _, a := range m.here() {
			hidden, why := m.available(a)
			if hidden {
				continue
			}
			if a.Group != group {
				if group != "" {
					rows = append(rows, l.row(w, "").String())
				}
				group = a.Group
				rows = append(rows, l.row(w, "").put(l.tabOn, ours(string(group))).String())
			}
			r := l.row(w, "").cell(l.accent, ours(strings.Join(m.keys(a), " ")), 22).gap(1)
			if why != nil {
				r.put(l.dim, ours(a.Title)).gap(2).put(l.dim, l.cols.Cut(l.reason(why, m.current()), r.left))
			} else {
				r.put("", ours(a.Title))
			}
			rows = append(rows, r.String())
		}
		if m.panel() != nil {
			return rows
		}
		return append(rows, helpWriting(l, w)...)
	}})
	return nil
}

func helpWriting(l *look, w int) []string {
	rows := []string{l.row(w, "").String(), l.row(w, "").put(l.tabOn, ours("While writing")).String()}
	for _, k := range [][2]string{{"enter", "Send"}, {"alt+enter ctrl+j", "New line"}, {"pgup pgdown", "Scroll the thread"}, {"esc", "Leave; the text is kept"}} {
		rows = append(rows, l.row(w, "").cell(l.accent, ours(k[0]), 22).gap(1).put("", ours(k[1])).String())
	}
	signs := safe.Join(ours("  "), l.sign.sent.Add(ours(" sent")), l.sign.delivered.Add(ours(" delivered")), l.sign.read.Add(ours(" read")),
		ours("! failed"), ours("? unconfirmed"), ours("… sending"))
	rows = append(rows, l.row(w, "").String(), l.row(w, "").put(l.tabOn, ours("Signs")).String())
	for _, t := range l.cols.Wrap(signs, w) {
		rows = append(rows, l.row(w, "").put("", t).String())
	}
	return append(rows, l.row(w, "").put(l.warn, l.sign.tampered).put("", ours(" hidden characters were left out; v shows them")).String())
}

// details shows the contact over the screen where there is no pane for it.
func (m *Model) details() tea.Cmd {
	c := m.current()
	if m.plan().details.w > 0 && m.thread.open == c.ID {
		m.hideDetails = true
		return nil
	}
	if m.hideDetails && m.wide() {
		m.hideDetails = false
		m.open(c.ID)
		return nil
	}
	id := c.ID
	m.push(&sheet{title: ours("Details"), lines: func(l *look, w int) []string { return detailRows(l, l.rep.Conversation(id), w) },
		check: func(m *Model) error {
			if m.rep.Conversation(id) == nil {
				return errors.New("that chat is no longer in your view")
			}
			return nil
		}})
	return nil
}

func (m *Model) refresh() tea.Cmd {
	m.unstick()
	m.thread.asked = false
	m.list.at().asked = false
	// What is known stays until something newer can come.
	if id := m.thread.open; id != 0 && m.link.State == client.Live {
		m.rep.Forget(id)
		m.say(toastInfo, ours("Loading again."))
	} else {
		m.say(toastInfo, ours("Trying to connect."))
	}
	if m.opt.Reconnect == nil {
		return nil
	}
	again := m.opt.Reconnect
	return func() tea.Msg { again(); return nil }
}

func (m *Model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	if m.mouse {
		m.say(toastInfo, ours("The mouse is on: click and scroll."))
	} else {
		m.say(toastInfo, ours("The mouse is off: your terminal selects text again."))
	}
	return nil
}

// quit ends the program, and asks first while something is under way.
func (m *Model) quit() tea.Cmd {
	if m.writes == 0 {
		return m.end()
	}
	m.push(&question{
		title: ours("Quit now?"),
		body:  []para{{text: ours(m.unanswered() + " been answered yet. If you quit, look later whether it was done. What you wrote is kept as a draft.")}},
		options: []option{
			{"n", ours("stay"), nil},
			{"y", ours("quit"), m.end},
		},
	})
	return nil
}

// unanswered counts what is under way, as the begin of a sentence: "2 messages
// haven't".
func (m *Model) unanswered() string {
	messages := 0
	for _, d := range m.drafts {
		if len(d.out) > 0 {
			messages++ // of one chat, they go out one by one
		}
		if d.noting {
			messages++
		}
	}
	messages = min(messages, m.writes)
	verb := " haven't"
	if m.writes == 1 {
		verb = " hasn't"
	}
	switch changes := m.writes - messages; {
	case messages == 0:
		return plural(changes, "change") + verb
	case changes == 0:
		return plural(messages, "message") + verb
	default:
		return plural(messages, "message") + " and " + plural(changes, "change") + verb
	}
}

// end saves what isn't saved yet, and ends the program.
func (m *Model) end() tea.Cmd {
	m.saving = false
	save := m.save()
	return func() tea.Msg {
		if save != nil {
			save()
		}
		return tea.QuitMsg{}
	}
}
