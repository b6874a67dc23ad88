package tui

import (
	"encoding/json"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// newTeam asks for the name of a new team.
func (p *teamPanel) newTeam(m *Model) tea.Cmd {
	return p.nameTeam(m, ours("New team"), "makes it", "", func(name string) desk.Command { return desk.CreateTeam{TeamName: name} },
		func(m *Model) error { return m.mayDo(desk.CreateTeam{}) })
}

func (p *teamPanel) renameTeam(m *Model) tea.Cmd {
	t, _ := p.team()
	return p.nameTeam(m, phrase(ours("Rename"), m.look().teamName(t.ID)), "renames it", t.Name,
		func(name string) desk.Command { return desk.RenameTeam{Team: t.ID, TeamName: name} },
		func(m *Model) error { return m.mayDo(desk.RenameTeam{Team: t.ID}) })
}

// nameTeam is a form with a name. Two teams of one name couldn't be told apart.
func (p *teamPanel) nameTeam(m *Model, title safe.Text, submit, was string, cmd func(name string) desk.Command, check func(*Model) error) tea.Cmd {
	f := &form{title: title, submit: submit, check: check}
	name := &field{label: "Name", about: "what people call the team", note: noted(func(s string) error {
		for _, t := range m.rep.Teams() {
			if t.Name == s && s != was {
				return desk.Errorf(desk.CodeInvalid, "There is a team of that name already. Choose another name.")
			}
		}
		return cmd(s).Validate()
	})}
	name.line.set(was)
	f.fields = []*field{name}
	f.send = func(m *Model) tea.Cmd {
		if f.text(0) == was {
			m.drop(f)
			return nil
		}
		f.busy = true
		return m.ask(client.NewRef(), cmd(f.text(0)), func(_ json.RawMessage, err error) tea.Cmd {
			if err == nil {
				m.drop(f)
				m.say(toastInfo, phrase(ours("The team is called"), outside(f.text(0)), ours("now.")))
				return nil
			}
			if f.refused(m.sentence(err, 0)); !m.isShown(f) {
				m.say(toastBad, f.said)
			}
			return nil
		})
	}
	m.push(f)
	return nil
}

// teamMembers lists everyone, those in the team marked; choosing one puts them
// in or takes them out, after the effect was seen.
func (p *teamPanel) teamMembers(m *Model) tea.Cmd {
	t, _ := p.team()
	m.push(&picker{title: phrase(ours("Who is in"), m.look().teamName(t.ID)), prompt: ours("name of a person"), stays: true,
		check: func(m *Model) error { return m.mayDo(desk.RenameTeam{Team: t.ID}) },
		items: func(filter string) []item {
			l := m.look()
			name := l.teamName(t.ID)
			var items []item
			for _, who := range m.rep.Members() {
				cmd := putInto(who, moved(who.Teams, []desk.TeamID{t.ID}))
				it := item{title: l.memberName(who.ID), right: l.roleName(who.Role), marked: who.In(t.ID), named: true}
				title := phrase(ours("Put"), it.title, ours("into"), name).Add(ours("?"))
				if who.In(t.ID) {
					title = phrase(ours("Take"), it.title, ours("out of"), name).Add(ours("?"))
				}
				it.run = func() tea.Cmd { return m.confirmEffect(title, cmd) }
				if err := m.mayDo(cmd); err != nil {
					it.off = l.reason(err, nil)
				}
				items = append(items, it)
			}
			return narrowed(items, filter)
		}})
	return nil
}
