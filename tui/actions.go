package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Needs says what must be there for an action to make sense. Whether it is
// allowed is another question, which [desk.Can] answers.
type Needs string

const (
	NeedsNothing      Needs = ""
	NeedsConversation Needs = "conversation" // one under the cursor, or open
	NeedsOpen         Needs = "open"         // one that is open, not resolved
	NeedsResolved     Needs = "resolved"     // one that is resolved
	NeedsUnread       Needs = "unread"       // one with unread messages
	NeedsThread       Needs = "thread"       // a thread on the screen
)

// Group is a heading of the help.
type Group string

const (
	GroupMove    Group = "Moving"
	GroupLists   Group = "Lists"
	GroupChat    Group = "This chat"
	GroupProgram Group = "Program"
)

// Action is something that a key, the palette or the help offers. The table of
// them is the key map, the help, the palette, the reasons why something can't
// be done, and the reference of keys.
type Action struct {
	ID    string
	Title string
	Keys  []string // the first is the one that is shown
	Group Group
	Perm  desk.Perm // without it in one's role, the action isn't offered; empty: everyone's
	Needs Needs
	Hint  string // a word for the status line; empty: not told of there
	Run   func(*Model) tea.Cmd
}

// Actions returns the table, in the order of the help. The slice is the
// caller's own.
func Actions() []Action {
	return slices.Concat(moving(), listActions(), chatActions(), programActions())
}

func moving() []Action {
	return []Action{
		{"down", "Down", []string{"j", "down"}, GroupMove, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.move(1) }},
		{"up", "Up", []string{"k", "up"}, GroupMove, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.move(-1) }},
		{"page-down", "Page down", []string{"ctrl+d", "pgdown", "space"}, GroupMove, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.page(1) }},
		{"page-up", "Page up", []string{"ctrl+u", "pgup"}, GroupMove, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.page(-1) }},
		{"top", "To the top", []string{"g", "home"}, GroupMove, "", NeedsNothing, "", (*Model).toTop},
		{"bottom", "To the bottom", []string{"G", "end"}, GroupMove, "", NeedsNothing, "", (*Model).toBottom},
		{"open", "Open the chat", []string{"enter", "l", "right"}, GroupMove, desk.ConversationView, NeedsConversation, "open", (*Model).enter},
		{"back", "Back to the list", []string{"esc", "h", "left"}, GroupMove, "", NeedsNothing, "", (*Model).back},
	}
}

func listActions() []Action {
	actions := []Action{
		{"next-list", "Next list", []string{"tab", "]"}, GroupLists, desk.ConversationView, NeedsNothing, "lists", func(m *Model) tea.Cmd { return m.turn(1) }},
		{"previous-list", "Previous list", []string{"shift+tab", "["}, GroupLists, desk.ConversationView, NeedsNothing, "", func(m *Model) tea.Cmd { return m.turn(-1) }},
	}
	for i, l := range desk.Lists() {
		actions = append(actions, Action{"list-" + string(l), "List: " + listTitle(l), []string{string(rune('1' + i))}, GroupLists,
			desk.ListConversations{List: l}.Perm(), NeedsNothing, "", func(m *Model) tea.Cmd { return m.showList(l) }})
	}
	return actions
}

func chatActions() []Action {
	return []Action{
		{"reply", "Reply", []string{"r"}, GroupChat, desk.Reply{}.Perm(), NeedsConversation, "reply", (*Model).writeReply},
		{"note", "Write a note", []string{"n"}, GroupChat, desk.Note{}.Perm(), NeedsConversation, "note", (*Model).writeNote},
		{"claim", "Claim", []string{"c"}, GroupChat, desk.Claim{}.Perm(), NeedsConversation, "claim", (*Model).claim},
		{"assign", "Assign to…", []string{"a"}, GroupChat, desk.Assign{}.Perm(), NeedsConversation, "assign", (*Model).assign},
		{"take-over", "Take over", []string{"t"}, GroupChat, desk.TakeOver{}.Perm(), NeedsConversation, "take over", (*Model).takeOver},
		{"resolve", "Resolve", []string{"e"}, GroupChat, desk.Resolve{}.Perm(), NeedsOpen, "resolve", (*Model).resolve},
		{"reopen", "Reopen", []string{"o", "E"}, GroupChat, desk.Reopen{}.Perm(), NeedsResolved, "reopen", (*Model).reopen},
		{"mark-read", "Mark as read", []string{"m"}, GroupChat, desk.MarkRead{}.Perm(), NeedsUnread, "", (*Model).markRead},
		{"label", "Labels…", []string{"L"}, GroupChat, desk.Label{}.Perm(), NeedsConversation, "", (*Model).label},
		{"settle", "Settle an unsent message…", []string{"x"}, GroupChat, desk.Settle{}.Perm(), NeedsThread, "", (*Model).settleMessage},
		{"raw", "Show hidden characters", []string{"v"}, GroupChat, "", NeedsThread, "", (*Model).toggleRaw},
		{"details", "Details", []string{"i"}, GroupChat, "", NeedsConversation, "", (*Model).details},
	}
}

func programActions() []Action {
	return []Action{
		{"palette", "Find a command or a chat", []string{"ctrl+k", "ctrl+p"}, GroupProgram, "", NeedsNothing, "find", (*Model).palette},
		{"people", "People and roles…", []string{"R"}, GroupProgram, desk.AssignRole{}.Perm(), NeedsNothing, "", (*Model).people},
		{"help", "Help", []string{"?", "f1"}, GroupProgram, "", NeedsNothing, "help", (*Model).help},
		{"refresh", "Load again and reconnect", []string{"ctrl+r"}, GroupProgram, "", NeedsNothing, "", (*Model).refresh},
		{"mouse", "Mouse on or off", []string{"M"}, GroupProgram, "", NeedsNothing, "", (*Model).toggleMouse},
		{"quit", "Quit", []string{"q", "ctrl+c"}, GroupProgram, "", NeedsNothing, "quit", (*Model).quit},
	}
}

// press runs the action of a key, or says why it can't be done.
func (m *Model) press(key string) tea.Cmd {
	i := m.action(key)
	if i < 0 {
		return nil
	}
	return m.run(&m.table[i])
}

// action is the index of the action that a key belongs to, or -1.
func (m *Model) action(key string) int {
	return slices.IndexFunc(m.table, func(a Action) bool { return slices.Contains(a.Keys, key) })
}

func (m *Model) run(a *Action) tea.Cmd {
	hidden, why := m.available(a)
	if why != nil {
		m.say(toastBad, m.look().reason(why, m.current()))
		return nil
	}
	if hidden {
		return nil
	}
	return a.Run(m)
}

// available tells whether an action is offered at all, and if so, why it can't
// be done at this moment; nil when it can. A hidden one has its reason too.
func (m *Model) available(a *Action) (hidden bool, why error) {
	now := m.opt.Now()
	if a.Perm != "" && m.rep.Known() {
		if err := m.rep.Can(a.Perm, desk.Subject{}, now); err != nil {
			return true, err
		}
	}
	c := m.current()
	if err := missing(a.Needs, c, m.thread.open); err != nil {
		return false, err
	}
	if a.Perm == "" || a.Needs == NeedsNothing || c == nil {
		return false, nil
	}
	if err := m.rep.Can(a.Perm, desk.Subject{Conversation: c, Status: a.Needs.status()}, now); err != nil {
		d := desk.AsError(err).Denied
		return d != nil && d.ByRole, err
	}
	return false, nil
}

// status is the one that an action would give.
func (n Needs) status() desk.Status {
	switch n {
	case NeedsOpen:
		return desk.StatusResolved
	case NeedsResolved:
		return desk.StatusOpen
	}
	return ""
}

// missing says what an action needs and doesn't find.
func missing(n Needs, c *desk.Conversation, open desk.ConversationID) error {
	deny := func(why desk.Why, reason string) error { return &desk.Denied{Why: why, Reason: reason} }
	switch {
	case n == NeedsNothing:
		return nil
	case n == NeedsThread && open == 0:
		return deny("", "Open a chat first.")
	case n == NeedsThread:
		return nil
	case c == nil:
		return deny("", "Choose a chat first.")
	case n == NeedsUnread && c.Unread == 0:
		return deny("", "Everything in this chat is read.")
	}
	return nil
}

// shownKeys are the keys of an action as help shows them.
func (a *Action) shownKeys() string { return strings.Join(a.Keys, " ") }

// KeysMarkdown returns the reference of keys, made from the table.
func KeysMarkdown() string {
	var b strings.Builder
	b.WriteString("# Keys\n\nAn action whose permission your role doesn't include isn't offered. One that can't be done now says why.\n")
	var group Group
	for _, a := range Actions() {
		if a.Group != group {
			group = a.Group
			b.WriteString("\n## " + string(group) + "\n\n| key | does | needs |\n|---|---|---|\n")
		}
		keys := make([]string, len(a.Keys))
		for i, k := range a.Keys {
			keys[i] = "`" + k + "`"
		}
		perm := ""
		if a.Perm != "" {
			perm = "`" + string(a.Perm) + "`"
		}
		b.WriteString("| " + strings.Join(keys, " ") + " | " + a.Title + " | " + perm + " |\n")
	}
	b.WriteString("\n## While writing\n\n| key | does |\n|---|---|\n" +
		"| `enter` | send |\n| `alt+enter` `shift+enter` `ctrl+j` | new line |\n| `pgup` `pgdown` | scroll the thread |\n| `esc` | leave; the text is kept |\n")
	return b.String()
}
