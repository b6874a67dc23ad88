package tui

import (
	"encoding/json"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// phrase joins words that people wrote with ours.
func phrase(parts ...safe.Text) safe.Text { return safe.Join(ours(" "), parts...) }

// stillMay closes a dialog about a person who is gone, or when the permission
// is.
func stillMay(perm desk.Perm, id desk.MemberID) func(*Model) error {
	return func(m *Model) error {
		to, ok := m.rep.Actor(id)
		if !ok || to.Member.Removed {
			return notHere("That person isn't at this desk any more.")
		}
		return m.rep.Can(perm, desk.Subject{To: &to}, m.opt.Now())
	}
}

// switchRole lets pick one of the roles that I may give.
func (p *teamPanel) switchRole(m *Model) tea.Cmd {
	who, _ := p.person()
	name := m.look().memberName(who.ID)
	pick := &picker{title: phrase(ours("A role for"), name), prompt: ours("name of a role"), check: stillMay(desk.RoleAssign, who.ID), items: func(filter string) []item {
		now, _ := m.rep.Member(who.ID)
		var items []item
		for _, role := range m.rep.Roles() {
			cmd := desk.AssignRole{Member: who.ID, Role: role.ID}
			it := item{title: outside(role.Name), detail: outside(role.Description), marked: role.ID == now.Role,
				run: func() tea.Cmd {
					return m.confirmEffect(phrase(ours("Make"), name, outside(role.Name)).Add(ours("?")), cmd)
				}}
			if err := m.mayDo(cmd); err != nil {
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

// setTeams marks the teams of a person.
func (p *teamPanel) setTeams(m *Model) tea.Cmd {
	who, _ := p.person()
	chosen := slices.Clone(who.Teams)
	m.push(&picker{
		title: phrase(ours("Teams of"), m.look().memberName(who.ID)), prompt: ours("name of a team"), check: stillMay(desk.TeamManage, who.ID),
		items: func(filter string) []item { return m.teamItems(&chosen, &who, filter) },
		many: func() tea.Cmd {
			if len(moved(who.Teams, chosen)) == 0 {
				return nil
			}
			return m.confirmEffect(phrase(ours("Change the teams of"), m.look().memberName(who.ID)).Add(ours("?")), putInto(who, chosen))
		},
	})
	return nil
}

// putInto puts somebody who is shown in their teams into these.
func putInto(who desk.Member, teams []desk.TeamID) desk.SetTeams {
	return desk.SetTeams{Member: who.ID, Teams: teams, Seen: append([]desk.TeamID{}, who.Teams...)}
}

// teamItems are all teams, those of chosen marked; of is the person whose they
// would be, or nil for someone who isn't here yet.
func (m *Model) teamItems(chosen *[]desk.TeamID, of *desk.Member, filter string) []item {
	var items []item
	for _, t := range m.rep.Teams() {
		it := item{title: m.look().teamName(t.ID), marked: slices.Contains(*chosen, t.ID), flip: func() { *chosen = moved(*chosen, []desk.TeamID{t.ID}) }}
		var err error
		if of != nil {
			err = m.mayDo(desk.SetTeams{Member: of.ID, Teams: moved(of.Teams, []desk.TeamID{t.ID})})
		}
		if err != nil {
			it.off = m.look().reason(err, nil)
		}
		items = append(items, it)
	}
	return narrowed(items, filter)
}

// suspend and remove ask who gets the open chats, when there are any, and show
// the effect.
func (p *teamPanel) suspend(m *Model) tea.Cmd {
	who, _ := p.person()
	return p.handOver(m, who, "Suspend", func(to desk.MemberID) desk.Command { return desk.Suspend{Member: who.ID, HandTo: to} })
}

func (p *teamPanel) remove(m *Model) tea.Cmd {
	who, _ := p.person()
	return p.handOver(m, who, "Remove", func(to desk.MemberID) desk.Command { return desk.Remove{Member: who.ID, HandTo: to} })
}

func (p *teamPanel) handOver(m *Model, who desk.Member, does string, cmd func(to desk.MemberID) desk.Command) tea.Cmd {
	name := m.look().memberName(who.ID)
	confirm := func(to desk.MemberID) tea.Cmd {
		return m.confirmEffect(phrase(ours(does), name).Add(ours("?")), cmd(to))
	}
	s, known := p.staff[who.ID]
	if known && s.Open == 0 || who.Suspended {
		return confirm("")
	}
	title := phrase(ours("Who gets the open chats of"), name).Add(ours("?"))
	if known {
		title = phrase(ours("Who gets the "+plural(s.Open, "open chat")+" of"), name).Add(ours("?"))
	}
	m.push(&picker{title: title, prompt: ours("name of a colleague"), check: stillMay(desk.MemberSuspend, who.ID), items: func(filter string) []item {
		l := m.look()
		items := []item{{title: ours("Back to the queue"), detail: ours("whoever takes them next"), run: func() tea.Cmd { return confirm("") }}}
		for _, other := range m.rep.Members() {
			to, ok := m.rep.Actor(other.ID)
			if !ok || other.ID == who.ID || other.Invited || desk.CanReceive(&to) != nil {
				continue // who can't answer customers, or isn't there yet, isn't offered
			}
			items = append(items, item{title: l.memberName(other.ID), right: l.roleName(other.Role), named: true, run: func() tea.Cmd { return confirm(other.ID) }})
		}
		return narrowed(items, filter)
	}})
	return nil
}

func (p *teamPanel) resume(m *Model) tea.Cmd {
	who, _ := p.person()
	return m.confirmEffect(phrase(ours("Let"), m.look().memberName(who.ID), ours("back in?")), desk.Resume{Member: who.ID})
}

// endSessions lets pick one sign-in of a person, or all.
func (p *teamPanel) endSessions(m *Model) tea.Cmd {
	who, _ := p.person()
	name := m.look().memberName(who.ID)
	m.push(&picker{title: phrase(ours("End sign-ins of"), name), prompt: ours("program, machine or address"), check: stillMay(desk.SessionRevoke, who.ID), items: func(filter string) []item {
		items := []item{{title: ours("All of them"), detail: ours("wherever they are signed in"), run: func() tea.Cmd { return p.endAll(m, who) }}}
		if p.sessionsOf != who.ID {
			return narrowed(items, filter)
		}
		l := m.look()
		for _, s := range p.sessions {
			items = append(items, item{title: l.sessionWords(s), detail: outside(s.Addr), right: ours(l.sinceWords(s)), also: []string{s.Host, s.Addr},
				run: func() tea.Cmd { return p.end(m, who, s.ID, ours("That sign-in is ended.")) }})
		}
		return narrowed(items, filter)
	}})
	return nil
}

func (p *teamPanel) endAll(m *Model, who desk.Member) tea.Cmd {
	name := m.look().memberName(who.ID)
	m.push(&question{
		title: phrase(ours("Sign"), name, ours("out everywhere?")),
		body:  []para{{text: phrase(ours("Every screen of"), name, ours("closes at once. What they are writing stays with them as a draft. They can sign in again."))}},
		options: []option{
			{"y", ours("sign them out"), func() tea.Cmd { return p.end(m, who, "", phrase(name, ours("is signed out everywhere."))) }},
			{"n", ours("leave it"), nil},
		},
		check: stillMay(desk.SessionRevoke, who.ID),
	})
	return nil
}

func (p *teamPanel) end(m *Model, who desk.Member, session string, done safe.Text) tea.Cmd {
	return m.ask(client.NewRef(), desk.EndSessions{Member: who.ID, Session: session}, func(_ json.RawMessage, err error) tea.Cmd {
		if p.stale = true; err != nil {
			m.say(toastBad, m.sentence(err, 0))
		} else {
			m.say(toastInfo, done)
		}
		return nil
	})
}
