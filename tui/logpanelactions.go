package tui

import (
	"encoding/json"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// GroupLog heads the keys of the activity log.
const GroupLog Group = "Activity log"

func logActions() []Action {
	do := func(id, title, key, hint string, run func(*logPanel, *Model) tea.Cmd) Action {
		return Action{ID: id, Title: title, Keys: []string{key}, Group: GroupLog, Where: atLog, Hint: hint, Run: on(run)}
	}
	return []Action{
		do("log-person", "Only what one person did…", "p", "person", (*logPanel).filterPerson),
		do("log-kind", "Only one kind of entry…", "f", "kind", (*logPanel).filterKinds),
		do("log-about", "Only what is about someone or something…", "b", "about", (*logPanel).filterTarget),
		do("log-chat", "Only one chat…", "c", "", (*logPanel).filterChat),
		do("log-time", "Only a time…", "t", "time", (*logPanel).filterTime),
		{ID: "log-all", Title: "Show everything", Keys: []string{"x"}, Group: GroupLog, Where: atLog, Hint: "all",
			Check: unless((*logPanel).filtered), Run: on((*logPanel).clear)},
		{ID: "log-open", Title: "Open the chat of the entry", Keys: []string{"o"}, Group: GroupLog, Where: atLog, Perm: desk.ConversationView,
			Check: unless((*logPanel).mayOpen), Run: on((*logPanel).openChat)},
		{ID: "log-checkpoint", Title: "Take a checkpoint…", Keys: []string{"v"}, Group: GroupLog, Where: atLog, Perm: desk.LogVerify, Run: on((*logPanel).checkpoint)},
	}
}

func (p *logPanel) mayOpen(m *Model) error {
	e := p.entry()
	switch {
	case e == nil:
		return notHere("Choose an entry first.")
	case e.Conversation == 0:
		return notHere("The entry isn't about a chat.")
	case m.rep.Conversation(e.Conversation) == nil:
		return notHere("That chat isn't loaded here, or not in your view.")
	}
	return nil
}

func (p *logPanel) openChat(m *Model) tea.Cmd {
	m.open(p.entry().Conversation)
	return nil
}

// checkpoint asks for a signed statement of what the log is now, to be kept
// elsewhere.
func (p *logPanel) checkpoint(m *Model) tea.Cmd {
	return m.ask(client.NewRef(), desk.TakeCheckpoint{}, func(raw json.RawMessage, err error) tea.Cmd {
		var c desk.Checkpoint
		if err == nil {
			err = json.Unmarshal(raw, &c)
		}
		if err != nil {
			m.say(toastBad, m.sentence(err, 0))
			return nil
		}
		m.push(&noteSheet{sheet: sheet{title: oursf("Checkpoint at entry %d", c.Seq), only: true,
			lines: func(l *look, w int) []string { return checkpointRows(l, c, w) },
			check: func(m *Model) error { return m.rep.Can(desk.LogVerify, desk.Subject{}, m.opt.Now()) }}, note: c.Note})
		return nil
	})
}

func checkpointRows(l *look, c desk.Checkpoint, w int) []string {
	d := &details{look: l, w: w}
	d.say("", ours("Keep this note outside of the desk. With it anyone can check later that the log up to here wasn't rewritten: frontdeskd log verify --against NOTE."))
	d.blank()
	for _, t := range l.cols.Wrap(safe.Body(c.Note), w) {
		d.rows = append(d.rows, l.row(w, "").put(l.accent, t).String())
	}
	d.head("Key")
	d.say(l.dim, outside(c.Key))
	d.blank()
	d.say(l.dim, ours("c copies the note."))
	return d.rows
}

// noteSheet is a sheet whose note can be copied.
type noteSheet struct {
	sheet
	note string
}

func (s *noteSheet) update(m *Model, msg tea.Msg) tea.Cmd {
	if k, ok := msg.(tea.KeyPressMsg); ok && k.String() == "c" {
		m.say(toastInfo, ours("Copied, if your terminal lets programs copy."))
		return tea.SetClipboard(safe.Body(s.note).String())
	}
	return s.sheet.update(m, msg)
}
