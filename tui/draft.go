package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// saveDelay is how long a key waits until the draft is written; with the write
// itself it stays below 300 ms.
const saveDelay = 200 * time.Millisecond

// draft is what this agent has written to a conversation and not got rid of: a
// reply, a note, and replies that are on their way. What is on its way stays
// part of the draft until the server has accepted it.
type draft struct {
	reply, note string
	out         []outgoing
	noting      bool // the note is on its way
}

// outgoing is a reply on its way.
type outgoing struct {
	ref  string
	text string
}

// noteMark stands between the reply and the note of a saved draft. No text that
// was typed or pasted here can hold it.
const noteMark = "\x1e"

func parseDraft(s string) draft {
	reply, note, _ := strings.Cut(s, noteMark)
	return draft{reply: reply, note: note}
}

// saved is the draft as it is kept on disk.
func (d *draft) saved() string {
	s := d.whole()
	if d.note != "" {
		s += noteMark + d.note
	}
	return s
}

// whole is what is on its way and then what was typed since.
func (d *draft) whole() string {
	var parts []string
	for _, o := range d.out {
		parts = append(parts, o.text)
	}
	if d.reply != "" {
		parts = append(parts, d.reply)
	}
	return strings.Join(parts, "\n")
}

func (m *Model) draftOf(id desk.ConversationID) *draft {
	d := m.drafts[id]
	if d == nil {
		d = &draft{}
		m.drafts[id] = d
	}
	return d
}

// edited takes the composer's text into the draft and has it saved soon.
func (m *Model) edited() tea.Cmd {
	id := m.thread.open
	if id == 0 {
		return nil
	}
	d := m.draftOf(id)
	if m.composer.note {
		d.note = m.composer.text()
	} else {
		d.reply = m.composer.text()
	}
	return m.saveSoon(id)
}

// showDraft puts the open conversation's draft into the composer.
func (m *Model) showDraft() {
	d := m.draftOf(m.thread.open)
	if m.composer.note {
		m.composer.set(d.note)
	} else {
		m.composer.set(d.reply)
	}
}

// draftSaved tells that writes of drafts ended.
type draftSaved struct{ err error }

func (m *Model) saveSoon(id desk.ConversationID) tea.Cmd {
	m.unsaved[id] = true
	if m.saveDue || m.saving {
		return nil
	}
	m.saveDue = true
	return m.after(saveDelay, alarm{kind: alarmSave})
}

// save writes every unsaved draft, one write at a time, so that a later text is
// never overtaken by an earlier one.
func (m *Model) save() tea.Cmd {
	m.saveDue = false
	if m.saving || len(m.unsaved) == 0 || m.opt.SaveDraft == nil {
		return nil
	}
	m.saving = true
	texts := make(map[desk.ConversationID]string, len(m.unsaved))
	for id := range m.unsaved {
		texts[id] = m.draftOf(id).saved()
	}
	clear(m.unsaved)
	write := m.opt.SaveDraft
	return func() tea.Msg {
		var first error
		for id, text := range texts {
			if err := write(id, text); err != nil && first == nil {
				first = err
			}
		}
		return draftSaved{first}
	}
}

func (m *Model) draftSaved(msg draftSaved) tea.Cmd {
	m.saving = false
	if msg.err != nil && !m.saveFailed {
		m.saveFailed = true
		m.say(toastBad, ours("Drafts can't be saved on this machine: ").Add(m.look().reason(msg.err, nil)))
	}
	return m.save()
}
