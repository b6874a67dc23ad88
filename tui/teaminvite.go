package tui

import (
	"encoding/json"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// invite asks for a new person's name, address, role and teams.
func (p *teamPanel) invite(m *Model) tea.Cmd {
	var c desk.Invite
	f := &form{title: ours("Invite someone"), submit: "invites", check: func(m *Model) error { return m.mayDo(desk.Invite{}) }}
	name := &field{label: "Name", about: "as colleagues see it", note: noted(func(s string) error { c.FullName = s; return checkInvite(c, "name") })}
	email := &field{label: "E-mail", about: "what they sign in with", note: noted(func(s string) error { c.Email = s; return checkInvite(c, "email") })}
	role := &field{label: "Role", pick: func(m *Model) tea.Cmd { return m.pickRole(&c) },
		chosen: func(l *look) safe.Text { return l.chosenRole(c.Role) },
		note:   func(*look, string) (safe.Text, error) { return safe.Text{}, m.mayInvite(c) }}
	teams := &field{label: "Teams", pick: func(m *Model) tea.Cmd { return m.pickTeams(&c) },
		chosen: func(l *look) safe.Text { return l.teamNames(c.Teams).Or(ours("none: enter chooses")) }}
	f.fields = []*field{name, email, role, teams}
	f.send = func(m *Model) tea.Cmd { return p.sendInvite(m, f, c) }
	m.push(f)
	return nil
}

// noted makes the note of a field from a check.
func noted(check func(string) error) func(*look, string) (safe.Text, error) {
	return func(_ *look, s string) (safe.Text, error) { return safe.Text{}, check(s) }
}

// checkInvite asks the command itself about one of its fields, the others being
// right.
func checkInvite(c desk.Invite, field string) error {
	probe := desk.Invite{FullName: "A", Email: "a@example.com", Role: "r"}
	switch field {
	case "name":
		probe.FullName = c.FullName
	case "email":
		probe.Email = c.Email
	}
	return probe.Validate()
}

// mayInvite asks whether the role and the teams may be given.
func (m *Model) mayInvite(c desk.Invite) error {
	if c.Role == "" {
		return errors.New("Choose a role: enter opens the list.")
	}
	return m.mayDo(c)
}

func (l *look) chosenRole(id desk.RoleID) safe.Text {
	if id == "" {
		return ours("none yet: enter chooses")
	}
	return l.roleName(id)
}

func (m *Model) pickRole(c *desk.Invite) tea.Cmd {
	pick := &picker{title: ours("The role to begin with"), prompt: ours("name of a role"), items: func(filter string) []item {
		var items []item
		for _, r := range m.rep.Roles() {
			it := item{title: outside(r.Name), detail: outside(r.Description), marked: r.ID == c.Role, run: func() tea.Cmd { c.Role = r.ID; return nil }}
			s := desk.Subject{Role: &r, Teams: m.rep.Me().Member.Teams} // which teams is asked for later
			if err := m.rep.Can(desk.MemberInvite, s, m.opt.Now()); err != nil {
				it.off = m.look().reason(err, nil)
			}
			items = append(items, it)
		}
		return narrowed(items, filter)
	}}
	pick.at = max(0, slices.IndexFunc(pick.list(), func(it item) bool { return it.off.Empty() }))
	m.push(pick)
	return nil
}

func (m *Model) pickTeams(c *desk.Invite) tea.Cmd {
	chosen := slices.Clone(c.Teams)
	m.push(&picker{title: ours("Their teams"), prompt: ours("name of a team"),
		items: func(filter string) []item { return m.teamItems(&chosen, nil, filter) },
		many:  func() tea.Cmd { c.Teams = chosen; return nil }})
	return nil
}

// sendInvite invites; the form stays open until it was taken.
func (p *teamPanel) sendInvite(m *Model, f *form, c desk.Invite) tea.Cmd {
	f.busy = true
	return m.ask(client.NewRef(), c, func(raw json.RawMessage, err error) tea.Cmd {
		var done desk.Done
		if err == nil {
			err = json.Unmarshal(raw, &done)
		}
		if err != nil {
			if f.refused(m.sentence(err, 0)); !m.isShown(f) {
				m.say(toastBad, phrase(ours("Not invited:"), f.said))
			}
			return nil
		}
		m.drop(f)
		m.showCode(outside(c.FullName), done)
		return nil
	})
}

// renewCode makes a new code for someone who was invited and hasn't joined.
func (p *teamPanel) renewCode(m *Model) tea.Cmd {
	who, _ := p.person()
	name := m.look().memberName(who.ID)
	c := desk.Invite{FullName: who.Name, Email: who.Email, Role: who.Role, Teams: who.Teams}
	m.push(&question{
		title: phrase(ours("A new code for"), name).Add(ours("?")),
		body:  []para{{text: ours("The code that they have ends with it.")}},
		options: []option{
			{"y", ours("make a new code"), func() tea.Cmd {
				return m.ask(client.NewRef(), c, func(raw json.RawMessage, err error) tea.Cmd {
					var done desk.Done
					if err == nil {
						err = json.Unmarshal(raw, &done)
					}
					if err != nil {
						m.say(toastBad, m.sentence(err, 0))
						return nil
					}
					m.showCode(name, done)
					return nil
				})
			}},
			{"n", ours("leave it"), nil},
		},
	})
	return nil
}

// showCode tells an invitation's code, which is told only once, and what to do
// with it. Only escape closes it, so that no stray key does.
func (m *Model) showCode(name safe.Text, done desk.Done) {
	if done.Code == "" {
		m.say(toastInfo, phrase(name, ours("is invited.")))
		return
	}
	m.push(&sheet{title: phrase(name, ours("is invited")), only: true, lines: func(l *look, w int) []string {
		d := &details{look: l, w: w}
		d.say(l.strong, outside(done.Code))
		d.blank()
		d.say("", ours("This is their code. It is shown this once, works once, and holds until "+l.ends(done.Ends)+"."))
		d.blank()
		how := ours("frontdesk login --invite CODE")
		if m.opt.Server != "" {
			how = phrase(ours("frontdesk login --server"), outside(m.opt.Server), ours("--invite CODE"))
		}
		d.say("", ours("With Frontdesk on their machine, they join by"))
		d.say(l.accent, ours("  ").Add(how))
		d.say("", ours("and choose a password."))
		return d.rows
	}})
}
