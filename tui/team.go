package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// atTeam is the place of the panel of people and teams.
const atTeam Where = "team"

// GroupTeam heads the keys of the panel of people and teams.
const GroupTeam Group = "People and teams"

// teamPanel shows the people of the desk, and their teams.
type teamPanel struct {
	pair
	members []desk.Member
}

// people opens the panel of people and teams.
func (m *Model) people() tea.Cmd {
	p := &teamPanel{}
	p.list = table{
		count: func() int { return len(p.members) },
		key:   func(i int) string { return string(p.members[i].ID) },
		words: func(i int) []string { return []string{p.members[i].Name, p.members[i].Email} },
		row:   p.row,
	}
	return m.show(p)
}

func (p *teamPanel) where() Where { return atTeam }

func (p *teamPanel) title(*look) safe.Text { return ours("People") }

func (p *teamPanel) changed(m *Model) (tea.Cmd, error) {
	if err := m.mayDo(desk.ListStaff{}); err != nil {
		return nil, err
	}
	p.members = m.rep.Members()
	p.list.refresh()
	return nil, nil
}

func (p *teamPanel) view(l *look, w, h int) []string {
	return p.pair.view(l, w, h, p.details)
}

func (p *teamPanel) row(l *look, i int, r *row) {
	r.put("", l.memberName(p.members[i].ID))
}

func (p *teamPanel) details(l *look, w int) []string {
	i := p.list.index()
	if i < 0 {
		return nil
	}
	return []string{l.row(w, "").put(l.strong, l.memberName(p.members[i].ID)).String()}
}

func teamActions() []Action { return nil }

// moved are the teams that are in one of two lists only.
func moved(a, b []desk.TeamID) []desk.TeamID {
	var only []desk.TeamID
	for _, t := range a {
		if !slices.Contains(b, t) {
			only = append(only, t)
		}
	}
	for _, t := range b {
		if !slices.Contains(a, t) {
			only = append(only, t)
		}
	}
	return only
}
