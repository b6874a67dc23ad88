package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// giveAccess lets pick a role or a permission, how far it reaches, until when and
// why, and shows the effect.
func (p *teamPanel) giveAccess(m *Model) tea.Cmd {
	who, _ := p.person()
	pick := &picker{
		title: phrase(ours("What"), m.look().memberName(who.ID), ours("gets for a time")), prompt: ours("a role or a permission"),
		check: stillMay(desk.GrantTemporary, who.ID),
		items: func(filter string) []item {
			return narrowed(slices.Concat(m.lendRoles(who.ID), m.lendKeys(who.ID)), filter)
		},
	}
	pick.at = max(0, slices.IndexFunc(pick.list(), func(it item) bool { return it.off.Empty() }))
	m.push(pick)
	return nil
}

// offered is an item to give, off when it can't be given.
func (m *Model) offered(it item, cmd desk.GiveAccess) item {
	if err := m.mayDo(cmd); err != nil {
		it.off = m.look().reason(err, nil)
	}
	return it
}

func (m *Model) lendRoles(id desk.MemberID) []item {
	has, _ := m.rep.Member(id)
	var items []item
	for _, r := range m.rep.Roles() {
		cmd := desk.GiveAccess{Member: id, Role: r.ID}
		it := m.offered(item{title: phrase(ours("Role"), outside(r.Name)), detail: outside(r.Description), run: func() tea.Cmd { return m.lendUntil(cmd) }}, cmd)
		if r.ID == has.Role {
			it.off = ours("It is their role already.")
		}
		items = append(items, it)
	}
	return items
}

func (m *Model) lendKeys(id desk.MemberID) []item {
	to, ok := m.rep.Actor(id)
	if !ok {
		return nil
	}
	var items []item
	for _, d := range desk.Permissions() {
		title := outside(d.Title)
		if d.Danger {
			title = ours("! ").Add(title)
		}
		it := item{title: title, right: ours(string(d.Group)), also: []string{string(d.Key), d.Meaning}, run: func() tea.Cmd { return m.lendScope(id, d) }}
		first := d.Scopes[0]
		for _, s := range d.Scopes {
			if s.Rank() > to.Scope(d.Key).Rank() {
				first = s
				break
			}
		}
		it = m.offered(it, desk.GiveAccess{Member: id, Key: d.Key, Scope: first})
		if to.Scope(d.Key).Rank() >= d.Scopes[len(d.Scopes)-1].Rank() {
			it.off = ours("They have it already.")
		}
		items = append(items, it)
	}
	return items
}

// lendScope asks how far a permission shall reach, where there is a choice.
func (m *Model) lendScope(id desk.MemberID, d desk.Permission) tea.Cmd {
	if len(d.Scopes) == 1 {
		return m.lendUntil(desk.GiveAccess{Member: id, Key: d.Key, Scope: d.Scopes[0]})
	}
	pick := &picker{title: phrase(ours("How far:"), outside(d.Title)), prompt: ours("how far it reaches"), check: stillMay(desk.GrantTemporary, id), items: func(filter string) []item {
		to, _ := m.rep.Actor(id)
		var items []item
		for _, s := range d.Scopes {
			cmd := desk.GiveAccess{Member: id, Key: d.Key, Scope: s}
			it := m.offered(item{title: ours(scopeWords(s)), right: ours(string(s)), run: func() tea.Cmd { return m.lendUntil(cmd) }}, cmd)
			if to.Scope(d.Key).Rank() >= s.Rank() {
				it.off = ours("They reach that far already.")
			}
			items = append(items, it)
		}
		return narrowed(items, filter)
	}}
	pick.at = max(0, slices.IndexFunc(pick.list(), func(it item) bool { return it.off.Empty() }))
	m.push(pick)
	return nil
}

// lendUntil asks for the end and the reason.
func (m *Model) lendUntil(cmd desk.GiveAccess) tea.Cmd {
	l := m.look()
	what := l.grantWords(desk.Grant{Role: cmd.Role, Perm: cmd.Key, Scope: cmd.Scope})
	f := &form{
		title:  phrase(ours("For a time:"), what),
		lead:   []para{{text: phrase(l.memberName(cmd.Member), ours("gets this until the end that you give. Then it ends by itself, and their screens change at once."))}, {}},
		submit: "shows the effect",
		fields: []*field{untilField(), reasonField()},
		check:  stillMay(desk.GrantTemporary, cmd.Member),
	}
	f.send = func(m *Model) tea.Cmd {
		end, err := desk.ParseEnd(f.text(0), m.clock())
		if err != nil {
			f.refused(outside(err.Error()))
			return nil
		}
		cmd.Until, cmd.Reason = end, f.text(1)
		return m.confirmEffectThen(phrase(ours("Give"), l.memberName(cmd.Member), ours("access?")), cmd, func(desk.Done) tea.Cmd { m.drop(f); return nil })
	}
	m.push(f)
	return nil
}

// clock is now in the zone in which times are shown and typed.
func (m *Model) clock() time.Time { return m.opt.Now().In(m.opt.Location) }

// untilField is the end of access, read as it is typed.
func untilField() *field {
	return &field{label: "Until", about: "4h · fri 18:00 · tomorrow 9am · 24 dec", note: func(l *look, s string) (safe.Text, error) {
		end, err := desk.ParseEnd(s, l.now.In(l.loc))
		if err != nil {
			return safe.Text{}, err
		}
		return ours("ends " + l.ends(end)), nil
	}}
}

// reasonField is why, for the log and for whoever asks later.
func reasonField() *field {
	f := &field{label: "Reason", about: "it stands in the log", note: needed("Say why: the log keeps it, and they can read it.")}
	f.line.limit = desk.MaxReason
	return f
}

// endAccess lets pick what ends before its time.
func (p *teamPanel) endAccess(m *Model) tea.Cmd {
	who, _ := p.person()
	name := m.look().memberName(who.ID)
	m.push(&picker{title: phrase(ours("End access of"), name), prompt: ours("what they were given"), check: stillEnds(who.ID), items: func(filter string) []item {
		l := m.look()
		now, _ := m.rep.Member(who.ID)
		var items []item
		for _, g := range current(now.Grants, l.now) {
			cmd := desk.EndAccess{Member: who.ID, Grant: g.ID}
			it := item{title: l.grantWords(g), detail: outside(g.Reason), right: ours(desk.Left(g.Until, l.now) + " left"),
				run: func() tea.Cmd { return m.confirmEffect(phrase(ours("End this access of"), name).Add(ours("?")), cmd) }}
			if err := m.mayDo(cmd); err != nil {
				it.off = l.reason(err, nil)
			}
			items = append(items, it)
		}
		return narrowed(items, filter)
	}})
	return nil
}
