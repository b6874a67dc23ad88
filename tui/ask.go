package tui

import (
	"context"
	"encoding/json"
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// tries counts answers that came too late to join on to what is here: asking
// again, from where things stand now, is right a few times and a loop for ever
// with a server that is out of its mind.
type tries int

// missed counts one, and reports whether it is time to stop.
func (t *tries) missed() bool {
	*t++
	return *t >= 3
}

// pageRows is how many rows of a list or a thread are asked for at once.
const pageRows = 50

// ask sends a command, and gives what comes of it to then, in Update.
func (m *Model) ask(ref string, cmd desk.Command, then func(json.RawMessage, error) tea.Cmd) tea.Cmd {
	_, reads := cmd.(desk.Reader)
	if !reads {
		m.writes++
	}
	do, ctx := m.opt.Do, m.opt.Context
	return func() tea.Msg {
		raw, err := do(ctx, ref, cmd)
		return answer{raw: raw, err: err, write: !reads, then: then}
	}
}

func (m *Model) answered(a answer) tea.Cmd {
	if a.write {
		m.writes--
	}
	return a.then(a.raw, a.err)
}

// act sends a command whose effect the events will show, and says done when it
// was done.
func (m *Model) act(id desk.ConversationID, cmd desk.Command, done safe.Text) tea.Cmd {
	if err := cmd.Validate(); err != nil {
		m.say(toastBad, m.look().reason(err, nil))
		return nil
	}
	return m.ask(client.NewRef(), cmd, func(_ json.RawMessage, err error) tea.Cmd {
		if err != nil {
			m.sayOf(id, toastBad, "", m.sentence(err, id))
		} else if !done.Empty() {
			m.say(toastInfo, done)
		}
		return nil
	})
}

// sentence is an error as the screen says it.
func (m *Model) sentence(err error, id desk.ConversationID) safe.Text {
	if errors.Is(err, context.Canceled) {
		return ours("The program is ending.")
	}
	if _, ok := errors.AsType[*desk.Error](err); !ok {
		if _, ok := errors.AsType[*desk.Denied](err); !ok {
			return outside(err.Error())
		}
	}
	c := m.rep.Conversation(id)
	m.remember(err, c)
	return m.whyNot(err, c)
}

// loadList asks for the next page of the list when the cursor nears its end.
func (m *Model) loadList(p plan) tea.Cmd {
	l := m.look()
	if !m.rep.Known() || m.link.State != client.Live || !m.shows(m.list.list) || !m.list.wants(l, p.list.w, p.list.h) {
		return nil
	}
	list, at := m.list.list, m.list.at()
	after := m.rep.Bottom(list)
	at.asked = true
	return m.ask(client.NewRef(), desk.ListConversations{List: list, After: after, Limit: pageRows}, func(raw json.RawMessage, err error) tea.Cmd {
		at.asked = false
		var page desk.Page
		if err == nil {
			err = json.Unmarshal(raw, &page)
		}
		if err != nil {
			at.stuck = true
			m.say(toastBad, m.sentence(err, 0))
			return nil
		}
		at.stuck = !m.rep.AddPage(page, after) && at.missed()
		return nil
	})
}

// loadThread asks for the end of the open thread, or for older messages when
// the view nears its top.
func (m *Model) loadThread(p plan) tea.Cmd {
	v := &m.thread
	ms, more, loaded := m.rep.Messages(v.open)
	if v.open == 0 || v.asked || v.stuck || m.link.State != client.Live {
		return nil
	}
	var before desk.Place
	switch {
	case !loaded:
	case more && len(ms) > 0 && v.nearTop(ms, p.thread.h):
		before = ms[0].Place()
	default:
		return nil
	}
	id := v.open
	v.asked = true
	return m.ask(client.NewRef(), desk.History{Conversation: id, Before: before, Limit: pageRows}, func(raw json.RawMessage, err error) tea.Cmd {
		if m.thread.open == id {
			m.thread.asked = false
		}
		return m.threadLoaded(id, before, raw, err)
	})
}

func (m *Model) threadLoaded(id desk.ConversationID, before desk.Place, raw json.RawMessage, err error) tea.Cmd {
	var page desk.Thread
	if err == nil {
		err = json.Unmarshal(raw, &page)
	}
	if err == nil && m.rep.AddThread(page, before) {
		return nil
	}
	if m.thread.open != id {
		return nil
	}
	if err == nil {
		m.thread.stuck = m.thread.missed()
		return nil
	}
	if e, ok := errors.AsType[*desk.Error](err); ok && e.Code == desk.CodeNotFound {
		m.closeGone(id)
		return nil
	}
	m.thread.stuck = true
	m.say(toastBad, m.sentence(err, id))
	return nil
}
