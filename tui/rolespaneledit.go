package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// mayEdit is why the chosen role can't be edited.
func (p *rolesPanel) mayEdit(m *Model) error {
	r, ok := p.stands()
	if !ok {
		return notHere("Choose a role first.")
	}
	d := p.drafts.all[r.ID]
	if d != nil && d.saved {
		return notHere("That role is being saved. Wait a moment.")
	}
	return m.look().mayChange(&r, d)
}

// mayCycle is why the cell under the cursor can't be changed.
func (p *rolesPanel) mayCycle(m *Model) error {
	if _, ok := p.perm(); !ok {
		return notHere("Choose a permission first.")
	}
	return p.mayEdit(m)
}

// cycle gives the cell under the cursor the next scope that I may give. What I
// don't hold is passed over, with the reason.
func (p *rolesPanel) cycle(m *Model) tea.Cmd {
	r, _ := p.stands()
	perm, _ := p.perm()
	now := *p.shown(&r)
	base := r
	if d := p.drafts.all[r.ID]; d != nil {
		base = d.base
	}
	var refused error
	for next := nextScope(perm.Scopes, now.Grants[perm.Key]); next != now.Grants[perm.Key]; next = nextScope(perm.Scopes, next) {
		draft := cloneRole(now)
		grant(&draft, perm.Key, next)
		err := m.rep.Can(desk.RoleManage, desk.Subject{Role: &base, Draft: &draft}, m.opt.Now())
		if err == nil {
			p.drafts.set(r, perm.Key, next)
			break
		}
		if refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return m.refuse(refused, nil)
	}
	return nil
}

func (p *rolesPanel) mayUndo(*Model) error {
	if len(p.drafts.steps) == 0 {
		return notHere("There is nothing to undo.")
	}
	return nil
}

// undo takes the newest edit back, and goes to where it was made.
func (p *rolesPanel) undo(*Model) tea.Cmd {
	s, ok := p.drafts.undo()
	if !ok {
		return nil
	}
	p.toRole(s.role)
	if s.perm != "" {
		p.list.find(string(s.perm))
	}
	return nil
}

func (p *rolesPanel) maySave(*Model) error {
	if len(p.drafts.ids()) == 0 {
		return notHere("There is nothing to save.")
	}
	return nil
}

// save shows the effect of all that isn't saved, and does it when that is
// confirmed. When someone else was faster, it shows both changes first.
func (p *rolesPanel) save(m *Model) tea.Cmd {
	if id, ok := p.firstStale(); ok {
		p.compare(m, id)
		return nil
	}
	cmd := p.drafts.command()
	title := ours("Save " + plural(p.drafts.unsaved(), "change") + " to " + plural(len(cmd.Changes), "role") + "?")
	if len(cmd.Changes) == 1 {
		title = phrase(ours("Save "+plural(p.drafts.unsaved(), "change")+" to"), outside(cmd.Changes[0].Name)).Add(ours("?"))
	}
	c := m.confirmEffectThen(title, cmd, func(desk.Done) tea.Cmd {
		for _, ch := range cmd.Changes {
			p.accepted(m, ch)
		}
		return nil
	})
	p.saving, _ = m.dialog().(*effectDialog)
	return c
}

// accepted notes that a change was saved. Its draft stays in sight until the
// event shows the role like that, or something newer.
func (p *rolesPanel) accepted(m *Model, ch desk.RoleChange) {
	d := p.drafts.all[ch.Role]
	if d == nil {
		return
	}
	present, exists := m.rep.Role(ch.Role)
	if isStale(d, present, exists) {
		p.drafts.drop(ch.Role)
		return
	}
	d.saved = true
	p.drafts.steps = slices.DeleteFunc(p.drafts.steps, func(s roleStep) bool { return s.role == ch.Role })
}

// compare shows what someone else made of a role, and what I did, and lets me put
// mine on top or drop it. It follows what happens meanwhile.
func (p *rolesPanel) compare(m *Model, id desk.RoleID) {
	p.toRole(id)
	q := &question{at: -1}
	q.check = func(m *Model) error {
		if !p.stale(id) {
			return notHere("Nobody else's change is left to compare with yours.")
		}
		p.tellConflict(m, q, id)
		return m.rep.Can(desk.RoleManage, desk.Subject{}, m.opt.Now())
	}
	p.tellConflict(m, q, id)
	m.push(q)
}

// tellConflict fills in the question of a role that two have changed.
func (p *rolesPanel) tellConflict(m *Model, q *question, id desk.RoleID) {
	l, d := m.look(), p.drafts.all[id]
	name := outside(d.base.Name)
	q.title, q.body = p.whoChanged(l, d), nil
	onTop := ours("put mine on top")
	if theirs, exists := m.rep.Role(id); exists {
		p.tellBoth(l, q, d, theirs)
	} else {
		q.body = []para{{text: phrase(name, ours("was deleted; its people have another role. Your changes are kept here: you can make the role anew with them, or drop them."))}}
		onTop = ours("make it anew")
	}
	q.options = []option{
		{"m", onTop, func() tea.Cmd { return p.putOnTop(m, id) }},
		{"d", ours("drop mine"), func() tea.Cmd {
			p.drafts.drop(id)
			m.say(toastInfo, phrase(ours("Your changes to"), name, ours("are dropped.")))
			return m.checkPanels()
		}},
		{"l", ours("look first"), nil},
	}
}

// tellBoth lists both changes, and last where they clash.
func (p *rolesPanel) tellBoth(l *look, q *question, d *roleDraft, theirs desk.Role) {
	list := func(head string, diffs []roleDiff) {
		q.body = append(q.body, para{ink: l.strong, text: ours(head)})
		if len(diffs) == 0 {
			q.body = append(q.body, para{ink: l.dim, text: ours("nothing that is left")})
		}
		for _, diff := range diffs {
			q.body = append(q.body, l.diff(diff))
		}
		q.body = append(q.body, para{})
	}
	list(oursVersion("Theirs", theirs.Version), roleDiffs(d.base, theirs))
	list("Yours, not saved", d.mine())
	if both := clashes(d.base, d.now, theirs); len(both) > 0 {
		list("Both changed these: on top, yours replaces theirs", both)
	}
	q.body = q.body[:len(q.body)-1]
}

func oursVersion(what string, n int) string { return what + counted(n, ", saved as version ", "") }

// putOnTop merges: theirs with my changes over them, to be saved.
func (p *rolesPanel) putOnTop(m *Model, id desk.RoleID) tea.Cmd {
	d := p.drafts.all[id]
	if d == nil {
		return nil
	}
	theirs, exists := m.rep.Role(id)
	p.drafts.ontop(id, theirs, exists)
	m.say(toastInfo, ours("Yours stands on top of theirs. Nothing is saved yet: s saves."))
	return m.checkPanels()
}

// back goes to the list, to all rows, or out of the panel; with changes that
// aren't saved, it asks first.
func (p *rolesPanel) back(m *Model) tea.Cmd {
	if p.deep || p.list.filter.text != "" || p.drafts.unsaved() == 0 {
		return m.leavePanel()
	}
	n := plural(p.drafts.unsaved(), "change")
	m.push(&question{
		title: ours("Leave without saving?"),
		body:  []para{{text: ours(n + " to roles " + isAre(p.drafts.unsaved()) + " not saved. Kept, they are here again when you come back, until the program ends.")}},
		options: []option{
			{"s", ours("save"), func() tea.Cmd { return p.save(m) }},
			{"k", ours("keep and leave"), m.leavePanel},
			{"d", ours("drop and leave"), func() tea.Cmd {
				p.dropAll()
				return m.leavePanel()
			}},
		},
	})
	return nil
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func (p *rolesPanel) dropAll() {
	for _, id := range p.drafts.ids() {
		p.drafts.drop(id)
	}
}

// press asks before the program ends with changes that aren't saved.
func (p *rolesPanel) press(m *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	if k.String() != "ctrl+c" || p.drafts.unsaved() == 0 {
		return nil, false
	}
	m.push(&question{
		title: ours("Quit without saving?"),
		body:  []para{{text: ours(plural(p.drafts.unsaved(), "change") + " to roles " + isAre(p.drafts.unsaved()) + " not saved, and lost when you quit.")}},
		options: []option{
			{"s", ours("save"), func() tea.Cmd { return p.save(m) }},
			{"d", ours("drop and quit"), func() tea.Cmd { p.dropAll(); return m.quit() }},
			{"n", ours("stay"), nil},
		},
	})
	return nil, true
}

// eyes are those of the chosen role, with what isn't saved, in my teams.
func (p *rolesPanel) eyes(m *Model) desk.ViewAs {
	r, _ := p.stands()
	draft := cloneRole(*p.shown(&r))
	return desk.ViewAs{Role: &draft, Teams: m.rep.Me().Member.Teams}
}

func (p *rolesPanel) maySeeAs(m *Model) error {
	if _, ok := p.stands(); !ok {
		return notHere("Choose a role first.")
	}
	return m.maySeeAs(p.eyes(m))
}

// seeAs shows the inbox as the role would see it that is being made.
func (p *rolesPanel) seeAs(m *Model) tea.Cmd { return m.seeAs(p.eyes(m)) }

// The columns.

func (p *rolesPanel) left(*Model) tea.Cmd {
	if p.deep {
		p.deep = false
		return nil
	}
	p.toColumn(p.col - 1)
	p.detail.top = 0
	return nil
}

func (p *rolesPanel) right(*Model) tea.Cmd {
	p.toColumn(p.col + 1)
	p.detail.top = 0
	return nil
}

// turn goes to the details and back.
func (p *rolesPanel) turn(*Model) tea.Cmd {
	p.deep = !p.deep
	return nil
}

// findRole lets pick the column.
func (p *rolesPanel) findRole(m *Model) tea.Cmd {
	pick := &picker{title: ours("Which role?"), prompt: ours("name of a role"), items: func(filter string) []item {
		var items []item
		for i := range p.roles {
			r := p.shown(&p.roles[i])
			items = append(items, item{title: roleTitle(r), detail: outside(r.Description), marked: r.ID == p.held,
				run: func() tea.Cmd { p.toRole(r.ID); return nil }})
		}
		return narrowed(items, filter)
	}}
	pick.at = p.col
	m.push(pick)
	return nil
}
