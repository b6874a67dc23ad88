package tui

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// refusal is one that was shown, where and when.
type refusal struct {
	denied       *desk.Denied // nil: none
	conversation desk.ConversationID
	at           time.Time
}

// recent is how long a refusal counts as the one that someone asks about.
const recent = 5 * time.Minute

// refuse says why something can't be done, what it lacks and who could give it,
// and remembers it, so that it can be asked for.
func (m *Model) refuse(err error, c *desk.Conversation) tea.Cmd {
	m.say(toastBad, m.whyNot(err, c))
	m.remember(err, c)
	return nil
}

// remember keeps a refusal that more access would change.
func (m *Model) remember(err error, c *desk.Conversation) {
	e := desk.AsError(err)
	if e == nil || e.Denied == nil || !e.Denied.Askable() {
		return
	}
	m.denied = refusal{denied: e.Denied, at: m.opt.Now()}
	if c != nil {
		m.denied.conversation = c.ID
	}
}

// whyNot is a refusal in full: the reason, which key it takes and how far, how
// far it is held, and who could give it.
func (m *Model) whyNot(err error, c *desk.Conversation) safe.Text {
	l := m.look()
	text := l.reason(err, c)
	e := desk.AsError(err)
	if e == nil || e.Denied == nil || !e.Denied.Askable() || m.looking {
		return text
	}
	d, takes := m.rep.Explain(e.Denied), safe.Text{}
	if m.width >= 60 {
		takes = l.takes(e.Denied)
	}
	return safe.Join(ours(" "), some(text, takes, m.whoGives(d.Holders))...)
}

// takes says which key something takes and how far, and how far it is held;
// empty when the reason has said all of it.
func (l *look) takes(d *desk.Denied) safe.Text {
	p, _ := desk.Describe(d.Perm)
	title := ours("“").Add(outside(p.Title)).Add(ours("”"))
	if len(p.Scopes) < 2 && strings.Contains(d.Reason, p.Title) {
		return safe.Text{}
	}
	takes := safe.Join(ours(" "), ours("It takes"), title)
	if len(p.Scopes) > 1 {
		takes = takes.Add(ours(" " + scopeMine(d.Needs)))
	}
	if d.Has.Rank() == 0 {
		return takes.Add(ours("; you don't have it."))
	}
	return takes.Add(ours("; you have it " + scopeMine(d.Has) + "."))
}

// whoGives says whom to ask, and by which key.
func (m *Model) whoGives(holders []desk.MemberID) safe.Text {
	asks := ""
	if m.rep.Can(desk.AccessRequest, desk.Subject{}, m.opt.Now()) == nil {
		asks = ": ! asks for it"
	}
	if len(holders) == 0 {
		return ours("Nobody here can give it at present.")
	}
	return m.look().either(holders).Add(ours(" can give it" + asks + "."))
}

// either names at most two people and counts the rest: "Zoë Ito or Tom Becker".
func (l *look) either(ids []desk.MemberID) safe.Text {
	names := make([]safe.Text, 0, 2)
	for _, id := range ids[:min(len(ids), 2)] {
		names = append(names, l.memberName(id))
	}
	if n := len(ids) - len(names); n > 0 {
		return safe.Join(ours(", "), names...).Add(oursf(" or %d more", n))
	}
	return safe.Join(ours(" or "), names...)
}

// scopeMine says how far a permission reaches, to who has it.
func scopeMine(s desk.Scope) string {
	switch s {
	case desk.ScopeNone:
		return "nowhere"
	case desk.ScopeOwn:
		return "in your own chats"
	case desk.ScopeTeam:
		return "in your teams"
	}
	return "everywhere"
}

// mayAsk is the check of asking: there must be something that one lacks.
func (m *Model) mayAsk() error {
	if err := m.rep.Can(desk.AccessRequest, desk.Subject{}, m.opt.Now()); err != nil {
		return err
	}
	if !slices.ContainsFunc(desk.Permissions(), func(d desk.Permission) bool { return m.lacks(d.Key) }) {
		return notHere("There is nothing to ask for: you have every permission.")
	}
	return nil
}

// wish is a request for access while it is written.
type wish struct {
	key   desk.Perm
	scope desk.Scope
	where desk.ConversationID
}

// askAccess opens the form in which access is asked for: for what was refused
// last, else for what is picked.
func (m *Model) askAccess() tea.Cmd {
	w := &wish{key: m.firstLack()}
	w.scope = m.nextScope(w.key)
	if r := m.denied; r.denied != nil && m.opt.Now().Sub(r.at) < recent && m.lacks(r.denied.Perm) {
		w.key, w.scope, w.where = r.denied.Perm, r.denied.Needs, r.conversation
	}
	f := &form{
		title:  ours("Ask for access"),
		submit: "asks",
		fields: []*field{m.keyField(w), m.scopeField(w), lengthField(), reasonField()},
		check:  (*Model).mayAsk,
	}
	f.fields[2].line.set("4h")
	f.fields[3].note = needed("Say why: whoever decides reads it, and the log keeps it.")
	f.at = 3
	f.lead = []para{{text: phrase(ours("Who may give it is asked at once. When they allow it, it holds from then on for the time that you ask for."))}, {}}
	f.send = func(m *Model) tea.Cmd { return m.sendWish(f, w) }
	m.push(f)
	return nil
}

func (m *Model) sendWish(f *form, w *wish) tea.Cmd {
	end, err := desk.ParseEnd(f.text(2), m.clock())
	if err != nil {
		f.refused(outside(err.Error()))
		return nil
	}
	cmd := desk.AskAccess{Key: w.key, Scope: w.scope, For: lasting(end, m.opt.Now()), Reason: f.text(3), Conversation: w.where}
	if err := cmd.Validate(); err != nil {
		f.refused(m.look().reason(err, nil))
		return nil
	}
	f.busy = true
	return m.ask(client.NewRef(), cmd, func(_ json.RawMessage, err error) tea.Cmd {
		if err != nil {
			f.refused(m.sentence(err, 0))
			return nil
		}
		m.drop(f)
		m.denied = refusal{}
		said := m.look().titled(w.key)
		m.say(toastInfo, safe.Join(ours(" "), ours("Asked for"), said.Add(ours(".")), m.whoDecides(m.rep.Givers(w.key, w.scope))))
		return nil
	})
}

func (m *Model) whoDecides(ids []desk.MemberID) safe.Text {
	if len(ids) == 0 {
		return ours("Nobody here can decide on it at present.")
	}
	return m.look().either(ids).Add(ours(" can decide; you are told here. Q shows it."))
}

// titled is the title of a permission in quotation marks.
func (l *look) titled(p desk.Perm) safe.Text {
	d, _ := desk.Describe(p)
	return ours("“").Add(outside(d.Title)).Add(ours("”"))
}

// lasting is how long it is until then, in whole seconds.
func lasting(end, now time.Time) desk.Duration {
	return desk.Duration((end.Sub(now) + time.Second - 1) / time.Second)
}

// lengthField is how long access shall last, counted from when it is allowed.
func lengthField() *field {
	return &field{label: "How long", about: "4h · 2d · fri 18:00", note: func(l *look, s string) (safe.Text, error) {
		end, err := desk.ParseEnd(s, l.now.In(l.loc))
		if err != nil {
			return safe.Text{}, err
		}
		return ours(desk.Left(end, l.now) + " from when it is allowed"), nil
	}}
}

func (m *Model) keyField(w *wish) *field {
	return &field{label: "Access",
		chosen: func(l *look) safe.Text {
			return safe.Join(ours("  "), l.titled(w.key), ours("enter picks another"))
		},
		note: func(l *look, _ string) (safe.Text, error) {
			d, _ := desk.Describe(w.key)
			return outside(d.Meaning), nil
		},
		pick: func(m *Model) tea.Cmd {
			m.push(&picker{title: ours("Access to what?"), prompt: ours("a permission that you lack"), items: func(filter string) []item {
				return narrowed(m.lackItems(w), filter)
			}})
			return nil
		}}
}

// lackItems are the permissions that I don't have as far as they reach.
func (m *Model) lackItems(w *wish) []item {
	me := m.rep.Me()
	var items []item
	for _, d := range desk.Permissions() {
		if !m.lacks(d.Key) {
			continue
		}
		it := item{title: outside(d.Title), right: ours(string(d.Group)), marked: d.Key == w.key, also: []string{string(d.Key), d.Meaning},
			run: func() tea.Cmd {
				w.key, w.scope, w.where = d.Key, m.nextScope(d.Key), 0
				return nil
			}}
		if has := me.Scope(d.Key); has.Rank() > 0 && len(d.Scopes) > 1 {
			it.detail = ours("you have it " + scopeMine(has))
		}
		if len(m.rep.Givers(d.Key, m.nextScope(d.Key))) == 0 {
			it.off = ours("Nobody here can give it at present.")
		}
		items = append(items, it)
	}
	return items
}

func (m *Model) scopeField(w *wish) *field {
	return &field{label: "Reach",
		chosen: func(*look) safe.Text { return ours(scopeMine(w.scope)) },
		pick: func(m *Model) tea.Cmd {
			d, _ := desk.Describe(w.key)
			m.push(&picker{title: phrase(ours("How far:"), outside(d.Title)), prompt: ours("how far it reaches"), items: func(filter string) []item {
				var items []item
				me := m.rep.Me()
				for _, s := range d.Scopes {
					it := item{title: ours(scopeMine(s)), right: ours(string(s)), marked: s == w.scope, run: func() tea.Cmd { w.scope = s; return nil }}
					if me.Scope(w.key).Rank() >= s.Rank() && w.key != desk.ContactExportMany {
						it.off = ours("You reach that far already.")
					}
					items = append(items, it)
				}
				return narrowed(items, filter)
			}})
			return nil
		}}
}

// lacks reports whether I could have more of a permission. What only a second
// person gives, a role doesn't make mine.
func (m *Model) lacks(p desk.Perm) bool {
	d, ok := desk.Describe(p)
	me := m.rep.Me()
	if p == desk.ContactExportMany {
		return !slices.ContainsFunc(current(me.Member.Grants, m.opt.Now()), func(g desk.Grant) bool { return g.Perm == p })
	}
	return ok && me.Scope(p).Rank() < d.Scopes[len(d.Scopes)-1].Rank()
}

// nextScope is the narrowest scope of a permission that is more than I have.
func (m *Model) nextScope(p desk.Perm) desk.Scope {
	d, _ := desk.Describe(p)
	me := m.rep.Me()
	for _, s := range d.Scopes {
		if s.Rank() > me.Scope(p).Rank() {
			return s
		}
	}
	return desk.ScopeAll
}

// firstLack is the first permission of the catalogue that I lack and somebody
// can give; else one that I lack; empty when I lack none.
func (m *Model) firstLack() desk.Perm {
	var some desk.Perm
	for _, d := range desk.Permissions() {
		if !m.lacks(d.Key) {
			continue
		}
		if some == "" {
			some = d.Key
		}
		if len(m.rep.Givers(d.Key, m.nextScope(d.Key))) > 0 {
			return d.Key
		}
	}
	return some
}
