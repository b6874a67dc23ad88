package tui

import (
	"errors"
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
	GroupPanels  Group = "Panels"
	GroupPanel   Group = "In every panel"
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
	Where Where
	Perm  desk.Perm // without it in one's role, the action isn't offered; empty: everyone's
	Needs Needs
	Hint  string // a word for the status line; empty: not told of there
	// Check says why it can't be done on what is chosen at this moment. A
	// [desk.Denied] by role hides the action. Nil: it always can.
	Check func(*Model) error
	Run   func(*Model) tea.Cmd
}

// Where is the place in which an action is offered. A panel's own actions have
// the place that its where method returns; they come before those that are
// shared, so a panel may give a key another meaning.
type Where string

const (
	Anywhere Where = ""      // in the inbox and in every panel
	Inbox    Where = "inbox" // the lists and the thread
	AnyPanel Where = "panel" // in every panel
)

// Actions returns the table, in the order of the help. The slice is the
// caller's own.
func Actions() []Action {
	return slices.Concat(moving(), listActions(), chatActions(), panelActions(), programActions())
}

// does makes a line of the table for what needs no check of its own.
func does(id, title string, keys []string, g Group, w Where, p desk.Perm, n Needs, hint string, run func(*Model) tea.Cmd) Action {
	return Action{ID: id, Title: title, Keys: keys, Group: g, Where: w, Perm: p, Needs: n, Hint: hint, Run: run}
}

func moving() []Action {
	return []Action{
		does("down", "Down", []string{"j", "down"}, GroupMove, Anywhere, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.move(1) }),
		does("up", "Up", []string{"k", "up"}, GroupMove, Anywhere, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.move(-1) }),
		does("page-down", "Page down", []string{"ctrl+d", "pgdown", "space"}, GroupMove, Anywhere, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.page(1) }),
		does("page-up", "Page up", []string{"ctrl+u", "pgup"}, GroupMove, Anywhere, "", NeedsNothing, "", func(m *Model) tea.Cmd { return m.page(-1) }),
		does("top", "To the top", []string{"g", "home"}, GroupMove, Anywhere, "", NeedsNothing, "", (*Model).toTop),
		does("bottom", "To the bottom", []string{"G", "end"}, GroupMove, Anywhere, "", NeedsNothing, "", (*Model).toBottom),
		does("open", "Open the chat", []string{"enter", "l", "right"}, GroupMove, Inbox, desk.ConversationView, NeedsConversation, "open", (*Model).enter),
		does("back", "Back to the list", []string{"esc", "h", "left"}, GroupMove, Inbox, "", NeedsNothing, "", (*Model).back),
	}
}

func listActions() []Action {
	actions := []Action{
		does("next-list", "Next list", []string{"tab", "]"}, GroupLists, Inbox, desk.ConversationView, NeedsNothing, "lists", func(m *Model) tea.Cmd { return m.turn(1) }),
		does("previous-list", "Previous list", []string{"shift+tab", "["}, GroupLists, Inbox, desk.ConversationView, NeedsNothing, "", func(m *Model) tea.Cmd { return m.turn(-1) }),
	}
	for i, l := range desk.Lists() {
		actions = append(actions, does("list-"+string(l), "List: "+listTitle(l), []string{string(rune('1' + i))}, GroupLists, Inbox,
			desk.ListConversations{List: l}.Perm(), NeedsNothing, "", func(m *Model) tea.Cmd { return m.showList(l) }))
	}
	return actions
}

func chatActions() []Action {
	return []Action{
		does("reply", "Reply", []string{"r"}, GroupChat, Inbox, desk.Reply{}.Perm(), NeedsConversation, "reply", (*Model).writeReply),
		does("note", "Write a note", []string{"n"}, GroupChat, Inbox, desk.Note{}.Perm(), NeedsConversation, "note", (*Model).writeNote),
		does("claim", "Claim", []string{"c"}, GroupChat, Inbox, desk.Claim{}.Perm(), NeedsConversation, "claim", (*Model).claim),
		does("assign", "Assign to…", []string{"a"}, GroupChat, Inbox, desk.Assign{}.Perm(), NeedsConversation, "assign", (*Model).assign),
		does("take-over", "Take over", []string{"t"}, GroupChat, Inbox, desk.TakeOver{}.Perm(), NeedsConversation, "take over", (*Model).takeOver),
		does("resolve", "Resolve", []string{"e"}, GroupChat, Inbox, desk.Resolve{}.Perm(), NeedsOpen, "resolve", (*Model).resolve),
		does("reopen", "Reopen", []string{"o", "E"}, GroupChat, Inbox, desk.Reopen{}.Perm(), NeedsResolved, "reopen", (*Model).reopen),
		does("mark-read", "Mark as read", []string{"m"}, GroupChat, Inbox, desk.MarkRead{}.Perm(), NeedsUnread, "", (*Model).markRead),
		does("label", "Labels…", []string{"L"}, GroupChat, Inbox, desk.Label{}.Perm(), NeedsConversation, "", (*Model).label),
		does("settle", "Settle an unsent message…", []string{"x"}, GroupChat, Inbox, desk.Settle{}.Perm(), NeedsThread, "", (*Model).settleMessage),
		does("reveal", "Reveal the number…", []string{"N"}, GroupChat, Inbox, desk.RevealContact{}.Perm(), NeedsConversation, "", (*Model).reveal),
		does("raw", "Show hidden characters", []string{"v"}, GroupChat, Inbox, "", NeedsThread, "", (*Model).toggleRaw),
		does("details", "Details", []string{"i"}, GroupChat, Inbox, "", NeedsConversation, "", (*Model).details),
	}
}

func panelActions() []Action {
	return slices.Concat([]Action{
		does("people", "People and teams", []string{"P"}, GroupPanels, Anywhere, desk.MemberView, NeedsNothing, "", (*Model).people),
		{ID: "view-as", Title: "See as someone else…", Keys: []string{"V"}, Group: GroupPanels, Where: Anywhere, Perm: desk.RoleViewAs, Check: (*Model).mayViewAs, Run: (*Model).viewAs},
		does("activity", "Activity log", []string{"A"}, GroupPanels, Anywhere, desk.LogView, NeedsNothing, "", (*Model).activity),
		{ID: "requests", Title: "Requests for access", Keys: []string{"Q"}, Group: GroupPanels, Where: Anywhere, Check: (*Model).mayRequests, Run: (*Model).requests},
		{ID: "ask-access", Title: "Ask for access…", Keys: []string{"!"}, Group: GroupPanels, Where: Anywhere, Perm: desk.AccessRequest, Check: (*Model).mayAsk, Run: (*Model).askAccess},
		does("roles", "Roles and permissions", []string{"R"}, GroupPanels, Anywhere, desk.RoleView, NeedsNothing, "", openRoles()),
	}, sharedPanelActions(), teamActions(), rolesActions(), requestsActions(), logActions())
}

func programActions() []Action {
	return []Action{
		does("palette", "Find a command or a chat", []string{"ctrl+k", "ctrl+p"}, GroupProgram, Anywhere, "", NeedsNothing, "find", (*Model).palette),
		does("help", "Help", []string{"?", "f1"}, GroupProgram, Anywhere, "", NeedsNothing, "help", (*Model).help),
		does("refresh", "Load again and reconnect", []string{"ctrl+r"}, GroupProgram, Anywhere, "", NeedsNothing, "", (*Model).refresh),
		does("mouse", "Mouse on or off", []string{"M"}, GroupProgram, Anywhere, "", NeedsNothing, "", (*Model).toggleMouse),
		does("quit", "Quit", []string{"q", "ctrl+c"}, GroupProgram, Anywhere, "", NeedsNothing, "quit", (*Model).quit),
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

// action is the index of the action that a key belongs to at this place, or -1.
func (m *Model) action(key string) int {
	for _, place := range m.places() {
		i := slices.IndexFunc(m.table, func(a Action) bool { return a.Where == place && slices.Contains(a.Keys, key) })
		if i >= 0 {
			return i
		}
	}
	return -1
}

// places are where this agent is, the nearest first.
func (m *Model) places() []Where {
	if p := m.panel(); p != nil {
		return []Where{p.where(), AnyPanel, Anywhere}
	}
	return []Where{Inbox, Anywhere}
}

// here are the actions of this place that keys reach, in the order of the help:
// in a panel its own first.
func (m *Model) here() []*Action {
	var all []*Action
	add := func(at func(Where) bool) {
		for i := range m.table {
			if a := &m.table[i]; at(a.Where) && m.reaches(a) {
				all = append(all, a)
			}
		}
	}
	places := m.places()
	if m.panel() == nil {
		add(func(w Where) bool { return slices.Contains(places, w) })
		return all
	}
	for _, place := range places {
		add(func(w Where) bool { return w == place })
	}
	return all
}

// reaches reports whether a key of the action isn't taken here by another one.
func (m *Model) reaches(a *Action) bool {
	return slices.ContainsFunc(a.Keys, func(k string) bool { i := m.action(k); return i >= 0 && m.table[i].ID == a.ID })
}

func (m *Model) run(a *Action) tea.Cmd {
	hidden, why := m.available(a)
	if why != nil {
		return m.refuse(why, m.about(a))
	}
	if hidden {
		return nil
	}
	return a.Run(m)
}

// available tells whether an action is offered at all, and if so, why it can't
// be done at this moment; nil when it can. A hidden one has its reason too.
// Through other eyes one sees what those could do, and can do nothing.
func (m *Model) available(a *Action) (hidden bool, why error) {
	hidden, why = m.judged(a)
	if m.looking && !hidden && why == nil && !lookable(a) {
		return false, readOnly()
	}
	return hidden, why
}

func (m *Model) judged(a *Action) (hidden bool, why error) {
	if !slices.Contains(m.places(), a.Where) {
		return true, notOffered("That is done elsewhere.")
	}
	if !m.rep.Known() && a.aboutDesk() {
		return false, notHere(m.ended().Or(ours("The desk is still loading.")).String())
	}
	now := m.opt.Now()
	if a.Perm != "" && m.rep.Known() {
		if err := m.rep.Can(a.Perm, desk.Subject{}, now); err != nil {
			return true, m.inFull(a, err)
		}
	}
	c := m.current()
	if err := missing(a.Needs, c, m.thread.open); err != nil {
		return false, err
	}
	if a.Check != nil {
		err := a.Check(m)
		d, ok := errors.AsType[*desk.Denied](err)
		return ok && d.ByRole, err
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

// aboutDesk reports whether an action needs to know the desk. Turning to another
// list doesn't: it shows what comes.
func (a *Action) aboutDesk() bool {
	return a.Group != GroupLists && (a.Perm != "" || a.Needs != NeedsNothing || a.Group == GroupPanels)
}

// about is the conversation that an action is about; nil when it is about none.
func (m *Model) about(a *Action) *desk.Conversation {
	if a.Needs == NeedsNothing {
		return nil
	}
	return m.current()
}

// inFull is a refusal by role with how far the permission would have to reach
// for the conversation that the action is about, so that asking for it helps.
func (m *Model) inFull(a *Action, err error) error {
	c := m.about(a)
	if c == nil {
		return err
	}
	if on := m.rep.Can(a.Perm, desk.Subject{Conversation: c}, m.opt.Now()); on != nil {
		return on
	}
	return err
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

// keys are those of an action that reach it here: in a panel another action may
// have one of them.
func (m *Model) keys(a *Action) []string {
	return slices.DeleteFunc(slices.Clone(a.Keys), func(k string) bool { i := m.action(k); return i < 0 || m.table[i].ID != a.ID })
}

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
