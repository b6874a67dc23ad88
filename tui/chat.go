package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (m *Model) writeReply() tea.Cmd { return m.write(false) }
func (m *Model) writeNote() tea.Cmd  { return m.write(true) }

// write opens the composer for a reply or a note in the current conversation.
func (m *Model) write(note bool) tea.Cmd {
	c := m.current()
	if c == nil {
		return nil
	}
	m.open(c.ID)
	if err := m.mayWrite(note); err != nil {
		return m.refuse(err, c)
	}
	m.composer.note = note
	m.showDraft()
	m.composer.focused = true
	return m.composer.area.Focus()
}

func (m *Model) leaveComposer() {
	m.composer.focused = false
	m.composer.area.Blur()
}

// compose gives a key press or a paste to the composer. What it doesn't take
// goes on to the actions table.
func (m *Model) compose(msg tea.Msg) (cmd tea.Cmd, taken bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		clean := tea.PasteMsg{Content: safe.Body(msg.Content).String()}
		m.composer.area, cmd = m.composer.area.Update(clean)
		return tea.Batch(cmd, m.edited()), true
	case tea.KeyPressMsg:
		return m.composeKey(msg)
	}
	return nil, false
}

func (m *Model) composeKey(k tea.KeyPressMsg) (cmd tea.Cmd, taken bool) {
	p := m.plan()
	switch k.String() {
	case "enter":
		return m.send(), true
	case "esc":
		m.leaveComposer()
		return nil, true
	case "pgup", "pgdown":
		n := max(1, p.thread.h-2)
		if k.String() == "pgdown" {
			n = -n
		}
		m.thread.scroll(m.look(), n, p.thread.w, p.thread.h)
		return nil, true
	}
	if k.Text == "" && !editing(k) {
		i := m.action(k.String())
		return nil, i < 0 || m.table[i].Group != GroupProgram
	}
	m.composer.area, cmd = m.composer.area.Update(k)
	return tea.Batch(cmd, m.edited()), true
}

func (m *Model) claim() tea.Cmd {
	c := m.current()
	return m.act(c.ID, desk.Claim{Conversation: c.ID}, safe.Join(ours(" "), ours("You have"), contactName(c.Contact), ours("now.")))
}

func (m *Model) resolve() tea.Cmd {
	c := m.current()
	_, seen := m.rep.Position()
	return m.act(c.ID, desk.Resolve{Conversation: c.ID, Seen: seen}, contactName(c.Contact).Add(ours(": resolved.")))
}

func (m *Model) reopen() tea.Cmd {
	c := m.current()
	return m.act(c.ID, desk.Reopen{Conversation: c.ID}, contactName(c.Contact).Add(ours(": open again.")))
}

func (m *Model) markRead() tea.Cmd {
	c := m.current()
	_, upto := m.rep.Position()
	return m.act(c.ID, desk.MarkRead{Conversation: c.ID, Upto: upto}, safe.Text{})
}

// still returns a check that the permission on a conversation still stands.
func (m *Model) still(p desk.Perm, id desk.ConversationID) func(*Model) error {
	return func(m *Model) error {
		c := m.rep.Conversation(id)
		if c == nil {
			return &desk.Denied{Perm: p, Reason: "That chat is no longer in your view."}
		}
		return m.rep.Can(p, desk.Subject{Conversation: c}, m.opt.Now())
	}
}

func (m *Model) takeOver() tea.Cmd {
	c, l := m.current(), m.look()
	id, from := c.ID, c.Assignee
	holder := l.memberName(from)
	m.push(&question{
		title: safe.Join(ours(" "), ours("Take over"), contactName(c.Contact)),
		body: []para{
			{text: safe.Join(ours(" "), holder, ours("has this chat. It becomes yours, and"), holder, ours("is told."))},
		},
		options: []option{
			{"y", safe.Join(ours(" "), ours("take over from"), holder), func() tea.Cmd {
				return m.act(id, desk.TakeOver{Conversation: id, From: from}, ours("This chat is yours now."))
			}},
			{"n", ours("leave it"), nil},
		},
		check: m.still(desk.ConversationTakeover, id),
	})
	return nil
}

// assign lets pick who or which team gets the chat.
func (m *Model) assign() tea.Cmd {
	c := m.current()
	id := c.ID
	m.push(&picker{
		title:  safe.Join(ours(" "), ours("Assign"), contactName(c.Contact)),
		prompt: ours("name of a person or a team"),
		items:  func(filter string) []item { return m.assignees(id, filter) },
		check:  m.still(desk.ConversationAssign, id),
	})
	return nil
}

func (m *Model) assignees(id desk.ConversationID, filter string) []item {
	c, l := m.rep.Conversation(id), m.look()
	if c == nil {
		return nil
	}
	give := func(member *desk.MemberID, team *desk.TeamID, to safe.Text) func() tea.Cmd {
		return func() tea.Cmd {
			return m.act(id, desk.Assign{Conversation: id, Member: member, Team: team}, safe.Join(ours(" "), ours("Given to"), to).Add(ours(".")))
		}
	}
	var items []item
	if c.Assignee != "" {
		nobody := desk.MemberID("")
		items = append(items, item{title: ours("Back to the queue"), run: give(&nobody, nil, ours("the queue"))})
	}
	for _, member := range m.rep.Members() {
		to, ok := m.rep.Actor(member.ID)
		if !ok || desk.CanReceive(&to) != nil {
			continue // who can't answer customers isn't offered
		}
		mid := member.ID
		it := item{title: l.memberName(mid), right: outside(to.Role.Name), named: true, run: give(&mid, nil, l.memberName(mid))}
		if mid == c.Assignee {
			it.marked, it.off = true, l.whoName(mid).Add(ours(" has it already."))
			if mid == l.me.Member.ID {
				it.off = ours("You have it already.")
			}
		} else if err := m.rep.Can(desk.ConversationAssign, desk.Subject{Conversation: c, To: &to}, m.opt.Now()); err != nil {
			it.off = l.reason(err, c)
		}
		items = append(items, it)
	}
	for _, team := range m.rep.Teams() {
		tid := team.ID
		it := item{title: l.teamName(tid), right: ours("team"), run: give(nil, &tid, l.teamName(tid))}
		if tid == c.Team {
			it.marked, it.off = true, ours("It is in this team already.")
		}
		items = append(items, it)
	}
	return narrowed(items, filter)
}

// label lets pick a label to put on or take off; one that isn't known yet is
// made by typing it.
func (m *Model) label() tea.Cmd {
	c := m.current()
	id := c.ID
	m.push(&picker{
		title:  safe.Join(ours(" "), ours("Labels of"), contactName(c.Contact)),
		prompt: ours("a label, known or new"),
		items:  func(filter string) []item { return m.labels(id, filter) },
		check:  m.still(desk.ConversationLabel, id),
	})
	return nil
}

// maxScan is how many rows are looked through for labels and names.
const maxScan = 2000

func (m *Model) labels(id desk.ConversationID, filter string) []item {
	c := m.rep.Conversation(id)
	if c == nil {
		return nil
	}
	known := slices.Clone(c.Labels)
	for _, row := range m.rows() {
		for _, label := range row.Labels {
			if !slices.Contains(known, label) && len(known) < 200 {
				known = append(known, label)
			}
		}
	}
	slices.Sort(known[len(c.Labels):])
	var items []item
	for _, label := range known {
		has := slices.Contains(c.Labels, label)
		cmd := desk.Label{Conversation: id, Add: []string{label}}
		if has {
			cmd = desk.Label{Conversation: id, Remove: []string{label}}
		}
		it := item{title: outside(label).Or(ours("<empty>")), marked: has, run: func() tea.Cmd { return m.act(id, cmd, safe.Text{}) }}
		if has {
			it.right = ours("enter takes it off")
		}
		items = append(items, it)
	}
	items = narrowed(items, filter)
	if fresh := strings.TrimSpace(filter); fresh != "" && !slices.Contains(known, fresh) {
		cmd := desk.Label{Conversation: id, Add: []string{fresh}}
		it := item{title: safe.Join(ours(" "), ours("New label"), outside(fresh)), run: func() tea.Cmd { return m.act(id, cmd, safe.Text{}) }}
		if err := cmd.Validate(); err != nil {
			it.off = m.look().reason(err, nil)
		} else if len(c.Labels) >= desk.MaxLabels {
			it.off = oursf("A chat has at most %d labels. Take one off first.", desk.MaxLabels)
		}
		items = append(items, it)
	}
	return items
}

// rows are the conversations that are known here, each once, at most maxScan.
func (m *Model) rows() []*desk.Conversation {
	seen := map[desk.ConversationID]bool{}
	var rows []*desk.Conversation
	for _, l := range desk.Lists() {
		for i := range m.rep.Len(l) {
			c := m.rep.Row(l, i)
			if c == nil || seen[c.ID] {
				continue
			}
			if len(rows) == maxScan {
				return rows
			}
			seen[c.ID] = true
			rows = append(rows, c)
		}
	}
	return rows
}

// settleMessage asks what to do with a failed or unconfirmed message: the only
// one at once, else which.
func (m *Model) settleMessage() tea.Cmd {
	found := m.unsettled()
	switch len(found) {
	case 0:
		m.say(toastInfo, ours("No message in this chat failed or is unconfirmed."))
	case 1:
		m.push(m.settleQuestion(found[0]))
	default:
		m.push(&picker{
			title: ours("Which message?"), prompt: ours("words of the message"),
			items: func(filter string) []item {
				var items []item
				for _, msg := range m.unsettled() {
					t, _ := m.look().tick(msg.Delivery)
					items = append(items, item{
						title: outside(msg.Text), right: ours(msg.At.In(m.opt.Location).Format("2 Jan 15:04 ")).Add(t),
						run: func() tea.Cmd { m.push(m.settleQuestion(msg)); return nil },
					})
				}
				return narrowed(items, filter)
			},
			check: m.still(desk.MessageRetry, m.thread.open),
		})
	}
	return nil
}

// unsettled are the loaded messages that failed or are unconfirmed, newest first.
func (m *Model) unsettled() []desk.Message {
	ms, _, _ := m.rep.Messages(m.thread.open)
	var found []desk.Message
	for i := len(ms) - 1; i >= 0; i-- {
		if d := ms[i].Delivery; d == desk.Failed || d == desk.Unknown {
			found = append(found, ms[i])
		}
	}
	return found
}

func (m *Model) settleQuestion(msg desk.Message) dialog {
	id := msg.Conversation
	what := ours("This message failed: as far as WhatsApp says, the customer doesn't have it.")
	again := ours("send it again: WhatsApp gets one more try")
	if msg.Delivery == desk.Unknown {
		what = ours("The link broke while this message was being handed over. Nobody can say whether the customer has it. If you send it again, the customer may get it twice.")
		again = ours("send it again: the customer may have it twice")
	}
	body := []para{{ink: m.theme.dim, text: safe.Body(msg.Text).Or(unsaid(msg.Type)), said: true}, {}, {text: what}}
	if msg.Problem != nil {
		body = append(body, para{ink: m.theme.bad, text: outside(msg.Problem.Text)})
	}
	settle := func(arrived bool, said string) func() tea.Cmd {
		return func() tea.Cmd {
			return m.act(id, desk.Settle{Conversation: id, Message: msg.ID, Arrived: arrived}, ours(said))
		}
	}
	options := []option{{"s", again, func() tea.Cmd {
		return m.act(id, desk.Retry{Conversation: id, Message: msg.ID}, ours("It is being sent again."))
	}}}
	if msg.Delivery == desk.Unknown {
		options = append(options, option{"a", ours("it arrived: it counts as sent from now on"), settle(true, "Noted as arrived.")},
			option{"f", ours("it didn't arrive: it counts as failed"), settle(false, "Noted as not arrived.")},
			option{"n", ours("decide later: it stays unconfirmed"), nil})
	} else {
		options = append(options, option{"a", ours("it did arrive: it counts as sent from now on"), settle(true, "Noted as arrived.")},
			option{"n", ours("leave it: it stays marked as failed"), nil})
	}
	return &question{title: ours("Settle a message"), body: body, options: options, check: func(m *Model) error {
		return m.rep.Can(desk.MessageRetry, desk.Subject{Conversation: m.rep.Conversation(id)}, m.opt.Now())
	}}
}

func (m *Model) toggleRaw() tea.Cmd {
	m.thread.raw = !m.thread.raw
	if m.thread.raw {
		m.say(toastInfo, ours("Where something was hidden, the text is shown as it came. v hides it again."))
	}
	return nil
}
