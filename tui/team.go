package tui

import (
	"encoding/json"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// atTeam is the place of the panel of people and teams.
const atTeam Where = "team"

// staffEvery is how often the panel asks how everyone is doing, while it is open.
const staffEvery = 3 * time.Second

// teamPanel shows the people of the desk and their teams, one of the two at a
// time. Who they are is the replica's; how they are doing is asked for.
type teamPanel struct {
	pair
	other   table // of the two lists, the one that isn't shown
	teams   bool  // the list of teams is shown
	members []desk.Member
	groups  []desk.Team

	staff   map[desk.MemberID]desk.StaffStatus
	started bool // the clock runs
	asked   bool // how everyone is doing is on its way
	failed  bool // it couldn't be had the last time

	// The sign-ins of one person, asked for when their details come into sight.
	sessionsOf desk.MemberID
	sessions   []desk.SignInInfo
	noSessions error
	loading    bool
	stale      bool
}

// people opens the panel of people and teams.
func (m *Model) people() tea.Cmd {
	p := &teamPanel{staff: map[desk.MemberID]desk.StaffStatus{}}
	p.list = table{
		count: func() int { return len(p.members) },
		key:   func(i int) string { return string(p.members[i].ID) },
		words: func(i int) []string { return m.wordsOf(p.members[i]) },
		row:   p.personRow,
		head:  personHead,
	}
	p.other = table{
		count: func() int { return len(p.groups) },
		key:   func(i int) string { return string(p.groups[i].ID) },
		words: func(i int) []string { return []string{p.groups[i].Name} },
		row:   p.teamRow,
		head:  teamHead,
		none:  func(*look) safe.Text { return ours("There are no teams yet. n makes one.") },
	}
	return m.show(p)
}

// wordsOf are what a person is found by: name, address, role, teams.
func (m *Model) wordsOf(of desk.Member) []string {
	words := []string{of.Name, of.Email}
	if r, ok := m.rep.Role(of.Role); ok {
		words = append(words, r.Name)
	}
	for _, id := range of.Teams {
		if t, ok := m.rep.Team(id); ok {
			words = append(words, t.Name)
		}
	}
	return words
}

func (p *teamPanel) where() Where { return atTeam }

func (p *teamPanel) title(l *look) safe.Text {
	if p.teams {
		return ours("Teams · " + plural(len(p.groups), "team") + " · tab shows people")
	}
	online := 0
	for _, s := range p.staff {
		if s.Online > 0 {
			online++
		}
	}
	if len(p.staff) == 0 {
		return ours("People · " + people(len(p.members)) + " · tab shows teams")
	}
	return oursf("People · %s, %d online · tab shows teams", people(len(p.members)), online)
}

func (p *teamPanel) changed(m *Model) (tea.Cmd, error) {
	if err := m.mayDo(desk.ListStaff{}); err != nil {
		return nil, err
	}
	p.members, p.groups = m.rep.Members(), m.rep.Teams()
	p.list.refresh()
	p.other.refresh()
	if p.started {
		return nil, nil
	}
	p.started = true
	return p.ask(m), nil
}

// turn shows the other list.
func (p *teamPanel) turn(*Model) tea.Cmd {
	p.list.typing = false
	p.list, p.other = p.other, p.list
	p.teams, p.deep, p.detail = !p.teams, false, scroll{}
	return nil
}

// person is the one under the cursor; ok is false in the list of teams.
func (p *teamPanel) person() (_ desk.Member, ok bool) {
	i := p.list.index()
	if p.teams || i < 0 || i >= len(p.members) {
		return desk.Member{}, false
	}
	return p.members[i], true
}

// team is the one under the cursor; ok is false in the list of people.
func (p *teamPanel) team() (_ desk.Team, ok bool) {
	i := p.list.index()
	if !p.teams || i < 0 || i >= len(p.groups) {
		return desk.Team{}, false
	}
	return p.groups[i], true
}

func (p *teamPanel) rang(m *Model) tea.Cmd {
	if m.link.State != client.Live || p.asked || m.panel() != panel(p) {
		return m.wake(p, staffEvery)
	}
	return p.ask(m)
}

// ask asks how everyone is doing, and again a while after the answer.
func (p *teamPanel) ask(m *Model) tea.Cmd {
	p.asked = true
	return m.ask(client.NewRef(), desk.ListStaff{}, func(raw json.RawMessage, err error) tea.Cmd {
		p.asked = false
		if !m.isOpen(p) {
			return nil
		}
		var staff desk.Staff
		if err == nil {
			err = json.Unmarshal(raw, &staff)
		}
		if err != nil {
			if !p.failed {
				m.say(toastBad, m.sentence(err, 0))
			}
			p.failed = true
			return m.wake(p, staffEvery)
		}
		p.failed, p.stale = false, true
		p.staff = make(map[desk.MemberID]desk.StaffStatus, len(staff.Rows))
		for _, s := range staff.Rows {
			p.staff[s.Member] = s
		}
		return m.wake(p, staffEvery)
	})
}

// settle asks for the sign-ins of the person whose details are in sight.
func (p *teamPanel) settle(m *Model) tea.Cmd {
	who, ok := p.person()
	if !ok || p.loading || m.link.State != client.Live || (!p.deep && m.plan().body.w < twoPanes) {
		return nil
	}
	if p.sessionsOf == who.ID && !p.stale {
		return nil
	}
	if p.sessionsOf != who.ID {
		p.sessions = nil
	}
	p.sessionsOf, p.stale = who.ID, false
	if p.noSessions = m.mayDo(desk.ListSessions{Member: who.ID}); p.noSessions != nil {
		p.sessions = nil
		return nil
	}
	p.loading = true
	return m.ask(client.NewRef(), desk.ListSessions{Member: who.ID}, func(raw json.RawMessage, err error) tea.Cmd {
		p.loading = false
		if p.sessionsOf != who.ID {
			return nil
		}
		var list desk.SessionList
		if err == nil {
			err = json.Unmarshal(raw, &list)
		}
		p.noSessions, p.sessions = err, list.Sessions
		return nil
	})
}

// subject is the person under the cursor as [desk.Can] is asked about them.
func (p *teamPanel) subject(m *Model) (desk.Subject, error) {
	who, ok := p.person()
	if !ok {
		if p.teams {
			return desk.Subject{}, notOffered("That is done in the list of people: tab shows it.")
		}
		return desk.Subject{}, notHere("Choose a person first.")
	}
	to, ok := m.rep.Actor(who.ID)
	if !ok {
		return desk.Subject{}, notHere("That person's role isn't known here yet.")
	}
	return desk.Subject{To: &to, Owners: m.rep.Owners()}, nil
}

// mayPerson is the check of an action on the person under the cursor.
func mayPerson(perm desk.Perm, also func(p *teamPanel, m *Model, who desk.Member) error) func(*Model) error {
	return unless(func(p *teamPanel, m *Model) error {
		s, err := p.subject(m)
		if err != nil {
			return err
		}
		if also != nil {
			if err := also(p, m, s.To.Member); err != nil {
				return err
			}
		}
		return m.rep.Can(perm, s, m.opt.Now())
	})
}

// mayTeam is the check of an action on the team under the cursor.
func mayTeam(p *teamPanel, m *Model) error {
	t, ok := p.team()
	switch {
	case !p.teams:
		return notOffered("That is done in the list of teams: tab shows it.")
	case !ok:
		return notHere("Choose a team first.")
	}
	return m.rep.Can(desk.TeamManage, desk.Subject{Teams: []desk.TeamID{t.ID}}, m.opt.Now())
}

// in are a team's members, by name.
func (p *teamPanel) in(id desk.TeamID) []desk.Member {
	var all []desk.Member
	for _, m := range p.members {
		if m.In(id) {
			all = append(all, m)
		}
	}
	return all
}

// moved are the teams that are in one of two lists only: those that a change
// touches.
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
