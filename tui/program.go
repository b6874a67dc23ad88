package tui

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
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
	items := slices.Concat(m.actionItems(GroupChat), m.actionItems(GroupProgram))
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

// actionItems are the actions of a group that are offered, with why one can't
// be done now.
func (m *Model) actionItems(g Group) []item {
	l := m.look()
	var items []item
	for i := range m.table {
		a := &m.table[i]
		hidden, why := m.available(a)
		if hidden || a.Group != g || a.ID == "palette" {
			continue
		}
		it := item{title: ours(a.Title), right: ours(a.Keys[0]), run: func() tea.Cmd { return m.run(a) }}
		if why != nil {
			it.off, it.right = l.reason(why, m.current()), safe.Text{}
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
		for i := range m.table {
			a := &m.table[i]
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
			r := l.row(w, "").cell(l.accent, ours(a.shownKeys()), 22).gap(1)
			if why != nil {
				r.put(l.dim, ours(a.Title)).gap(2).put(l.dim, l.cols.Cut(l.reason(why, m.current()), r.left))
			} else {
				r.put("", ours(a.Title))
			}
			rows = append(rows, r.String())
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

// people lets pick a member, then a role, and shows the effect before it is
// applied.
func (m *Model) people() tea.Cmd {
	m.push(&picker{title: ours("People and roles"), prompt: ours("name of a person"), check: mayAssignRoles, items: func(filter string) []item {
		l := m.look()
		var items []item
		for _, member := range m.rep.Members() {
			to, ok := m.rep.Actor(member.ID)
			if !ok {
				continue
			}
			id := member.ID
			it := item{title: l.memberName(id), detail: outside(member.Email), right: outside(to.Role.Name), named: true, run: func() tea.Cmd { return m.chooseRole(id) }}
			if member.Suspended {
				it.detail = ours("suspended")
			}
			if err := m.rep.Can(desk.RoleAssign, desk.Subject{To: &to, Owners: m.rep.Owners()}, m.opt.Now()); err != nil {
				it.off = l.reason(err, nil)
			}
			items = append(items, it)
		}
		return narrowed(items, filter)
	}})
	return nil
}

func mayAssignRoles(m *Model) error { return m.rep.Can(desk.RoleAssign, desk.Subject{}, m.opt.Now()) }

func (m *Model) chooseRole(id desk.MemberID) tea.Cmd {
	name := m.look().memberName(id)
	p := &picker{title: safe.Join(ours(" "), ours("A role for"), name), prompt: ours("name of a role"), check: mayAssignRoles, items: func(filter string) []item {
		to, ok := m.rep.Actor(id)
		if !ok {
			return nil
		}
		var items []item
		for _, role := range m.rep.Roles() {
			it := item{title: outside(role.Name), detail: outside(role.Description), marked: role.ID == to.Role.ID,
				run: func() tea.Cmd { m.push(m.confirmRole(to, role)); return nil }}
			if err := m.rep.Can(desk.RoleAssign, desk.Subject{To: &to, Role: &role, Owners: m.rep.Owners()}, m.opt.Now()); err != nil {
				it.off = m.look().reason(err, nil)
			}
			items = append(items, it)
		}
		return narrowed(items, filter)
	}}
	p.at = max(0, slices.IndexFunc(p.list(), func(it item) bool { return it.off.Empty() }))
	m.push(p)
	return nil
}

// confirmRole shows which keys a person gains and loses, with their scopes.
func (m *Model) confirmRole(to desk.Actor, role desk.Role) dialog {
	l := m.look()
	name := l.memberName(to.Member.ID)
	body := []para{{text: safe.Join(ours(" "), name, ours("is"), outside(to.Role.Name), ours("now and becomes"), outside(role.Name)).Add(ours(". It takes effect at once, on every screen of theirs."))}, {}}
	changes, danger := l.roleChanges(to.Role, role)
	at := 0
	if danger {
		at = -1
		body = append(body, para{ink: l.warn, text: ours("What is marked ! lets them change what other people may do: answer with y or n.")}, para{})
	}
	return &question{
		title: safe.Join(ours(" "), ours("Make"), name, outside(role.Name)).Add(ours("?")),
		body:  slices.Concat(body, changes),
		at:    at,
		options: []option{
			{"y", ours("give the role"), func() tea.Cmd {
				return m.act(0, desk.AssignRole{Member: to.Member.ID, Role: role.ID}, safe.Join(ours(" "), name, ours("is"), outside(role.Name), ours("now.")))
			}},
			{"n", ours("leave it"), nil},
		},
		check: func(m *Model) error {
			now, ok := m.rep.Actor(to.Member.ID)
			if !ok {
				return errors.New("that person is no longer known here")
			}
			return m.rep.Can(desk.RoleAssign, desk.Subject{To: &now, Role: &role, Owners: m.rep.Owners()}, m.opt.Now())
		},
	}
}

// roleChanges are the lines of what a person gains and loses, the dangerous
// first; danger tells whether one of these is gained.
func (l *look) roleChanges(from, to desk.Role) (changes []para, danger bool) {
	gained, lost := 0, 0
	all := desk.Permissions()
	slices.SortStableFunc(all, func(p, q desk.Permission) int { return cautious(p) - cautious(q) })
	for _, p := range all {
		was, is := from.Scope(p.Key), to.Scope(p.Key)
		title := p.Title + " " + scopes(was, is)
		if p.Danger {
			title = "! " + title
		}
		switch {
		case is.Rank() > was.Rank():
			gained++
			danger = danger || p.Danger
			k := l.good
			if p.Danger {
				k = l.warn
			}
			changes = append(changes, para{ink: k, text: ours("+ " + title)})
		case is.Rank() < was.Rank():
			lost++
			changes = append(changes, para{ink: l.bad, text: ours("− " + title)})
		}
	}
	if len(changes) == 0 {
		return []para{{ink: l.dim, text: ours("Nothing that they may do changes.")}}, false
	}
	return append([]para{{ink: l.strong, text: ours("+" + strconv.Itoa(gained) + "  −" + strconv.Itoa(lost))}}, changes...), danger
}

// cautious orders dangerous permissions before the others.
func cautious(p desk.Permission) int {
	if p.Danger {
		return 0
	}
	return 1
}

// scopes says how far a permission reached and will reach.
func scopes(was, is desk.Scope) string {
	word := func(s desk.Scope) string {
		switch s {
		case desk.ScopeNone:
			return "not"
		case desk.ScopeTeam:
			return "in their teams"
		case desk.ScopeOwn:
			return "in their own chats"
		}
		return "everywhere"
	}
	switch {
	case was == desk.ScopeNone:
		return "(" + word(is) + ")"
	case is == desk.ScopeNone:
		return "(was " + word(was) + ")"
	}
	return "(" + word(was) + " → " + word(is) + ")"
}
