package tui

import (
	"encoding/json"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// send sends what the composer holds. The thread shows it at once; it stays in
// the draft until the server has accepted it.
func (m *Model) send() tea.Cmd {
	id, text := m.thread.open, m.composer.text()
	if strings.TrimSpace(text) == "" {
		m.say(toastInfo, ours("There is nothing to send yet."))
		return nil
	}
	if m.composer.note {
		return m.sendNote(id, text)
	}
	cmd := desk.Reply{Conversation: id, Text: text}
	if err := cmd.Validate(); err != nil {
		m.say(toastBad, m.look().reason(err, nil))
		return nil
	}
	d := m.draftOf(id)
	d.reply = ""
	d.out = append(d.out, outgoing{ref: client.NewRef(), text: text})
	m.composer.set("")
	o := d.out[len(d.out)-1]
	m.pend(id, o)
	m.thread.bottom()
	if len(d.out) > 1 {
		return m.saveSoon(id) // goes out when the one before it is accepted
	}
	_, seen := m.rep.Position()
	return tea.Batch(m.saveSoon(id), m.reply(id, o, seen))
}

// pend shows a reply in the thread before the server told of it.
func (m *Model) pend(id desk.ConversationID, o outgoing) {
	m.rep.Pend(desk.Message{
		ID: desk.MessageID("ref:" + o.ref), Conversation: id, At: m.opt.Now(), Side: desk.SideTeam, Type: desk.TypeText,
		Author: m.rep.Me().Member.ID, Text: o.text, Ref: o.ref, Delivery: desk.Sending,
	})
}

// reply asks the server to send; seen is what the screen showed.
func (m *Model) reply(id desk.ConversationID, o outgoing, seen int64) tea.Cmd {
	return m.ask(o.ref, desk.Reply{Conversation: id, Text: o.text, Seen: seen}, func(raw json.RawMessage, err error) tea.Cmd {
		if err != nil {
			return m.refused(id, o, err)
		}
		return m.accepted(id, o, raw)
	})
}

// accepted takes the reply out of the draft and sends the next one.
func (m *Model) accepted(id desk.ConversationID, o outgoing, raw json.RawMessage) tea.Cmd {
	var done desk.Done
	if json.Unmarshal(raw, &done) == nil {
		m.rep.Answered(o.ref, done.Seq)
	}
	m.takeOut(id, o.ref)
	return tea.Batch(m.saveSoon(id), m.sendNext(id))
}

func (m *Model) sendNext(id desk.ConversationID) tea.Cmd {
	d := m.draftOf(id)
	if len(d.out) == 0 {
		return nil
	}
	_, seen := m.rep.Position()
	return m.reply(id, d.out[0], seen)
}

func (m *Model) takeOut(id desk.ConversationID, ref string) {
	d := m.draftOf(id)
	for i := range d.out {
		if d.out[i].ref == ref {
			d.out = append(d.out[:i:i], d.out[i+1:]...)
			return
		}
	}
}

// refused gives the text back, with everything that waited behind it, and says
// why. A conflict is asked about first.
func (m *Model) refused(id desk.ConversationID, o outgoing, err error) tea.Cmd {
	e, ok := errors.AsType[*desk.Error](err)
	if ok && e.Code == desk.CodeConflict && len(e.Since) > 0 {
		m.rep.Unpend(o.ref)
		if m.composer.focused {
			m.muffle()
		}
		m.push(m.conflict(id, o, e))
		return nil
	}
	cmd := m.giveBack(id)
	m.sayOf(id, toastBad, "Not sent; your text is kept. ", m.sentence(err, id))
	return cmd
}

// giveBack puts every reply that didn't go out back in front of the draft.
func (m *Model) giveBack(id desk.ConversationID) tea.Cmd {
	d := m.draftOf(id)
	for _, o := range d.out {
		m.rep.Unpend(o.ref)
	}
	d.reply, d.out = d.whole(), nil
	if id == m.thread.open && !m.composer.note {
		m.composer.set(d.reply)
	}
	return m.saveSoon(id)
}

// sendNote adds a note. It isn't shown before the server has it, and the text
// stays until then.
func (m *Model) sendNote(id desk.ConversationID, text string) tea.Cmd {
	cmd := desk.Note{Conversation: id, Text: text}
	if err := cmd.Validate(); err != nil {
		m.say(toastBad, m.look().reason(err, nil))
		return nil
	}
	d := m.draftOf(id)
	if d.noting {
		m.say(toastInfo, ours("The note is on its way."))
		return nil
	}
	d.noting = true
	return m.ask(client.NewRef(), cmd, func(_ json.RawMessage, err error) tea.Cmd {
		d.noting = false
		if err != nil {
			m.sayOf(id, toastBad, "The note was not added; your text is kept. ", m.sentence(err, id))
			return nil
		}
		if d.note == text {
			d.note = ""
		}
		if id == m.thread.open && m.composer.note {
			m.composer.set(d.note)
			if d.note == "" {
				m.leaveComposer()
			}
		}
		return m.saveSoon(id)
	})
}

// conflict asks what to do with a reply that crossed with someone else's words.
func (m *Model) conflict(id desk.ConversationID, o outgoing, e *desk.Error) dialog {
	l := m.look()
	body := []para{{text: ours("This was written while you were typing:")}, {}}
	for i := range e.Since {
		body = append(body, para{text: sinceLine(l, &e.Since[i]), said: true})
	}
	body = append(body, para{}, para{text: ours("Your reply:")}, para{}, para{ink: l.dim, text: safe.Body(o.text), said: true})
	return &question{
		title:  ours("Not sent yet: ").Add(m.nameOf(id)),
		body:   body,
		cancel: func() tea.Cmd { return m.giveBack(id) },
		check:  m.still(desk.MessageReply, id),
		options: []option{
			{"e", ours("keep editing"), func() tea.Cmd { return m.giveBack(id) }},
			{"s", ours("send anyway"), func() tea.Cmd {
				return m.again(id, o, e.Seq)
			}},
			{"d", ours("drop my reply"), func() tea.Cmd {
				m.takeOut(id, o.ref)
				return tea.Batch(m.saveSoon(id), m.sendNext(id))
			}},
		},
	}
}

// again sends a reply although something was written since.
func (m *Model) again(id desk.ConversationID, o outgoing, seen int64) tea.Cmd {
	d := m.draftOf(id)
	fresh := outgoing{ref: client.NewRef(), text: o.text}
	for i := range d.out {
		if d.out[i].ref == o.ref {
			d.out[i] = fresh
		}
	}
	m.pend(id, fresh)
	return m.reply(id, fresh, seen)
}

func sinceLine(l *look, s *desk.Message) safe.Text {
	who := ours("Customer")
	if s.Side != desk.SideCustomer {
		who = l.whoName(s.Author)
	}
	text := safe.Join(ours(" · "), some(mediaLabel(s.Type, s.Media), outside(s.Text))...)
	return safe.Join(ours(" "), ours(s.At.In(l.loc).Format("15:04")), who.Add(ours(":")), text.Or(unsaid(s.Type)))
}
