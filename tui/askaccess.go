package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// refusal is one that was shown, and where.
type refusal struct {
	denied       *desk.Denied // nil: none
	conversation desk.ConversationID
}

// refuse says why something can't be done, and remembers it, so that what it
// lacks can be asked for.
func (m *Model) refuse(err error, c *desk.Conversation) tea.Cmd {
	m.remember(err, c)
	m.say(toastBad, m.look().reason(err, c))
	return nil
}

func (m *Model) remember(err error, c *desk.Conversation) {
	e := desk.AsError(err)
	if e == nil || e.Denied == nil {
		return
	}
	m.denied = refusal{denied: e.Denied}
	if c != nil {
		m.denied.conversation = c.ID
	}
}
