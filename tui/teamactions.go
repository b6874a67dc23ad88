package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// GroupTeam heads the keys of the panel of people and teams.
const GroupTeam Group = "People and teams"

// teamActions are the keys of the panel: first those that act on a person, then
// those on a team.
func teamActions() []Action {
	do := func(id, title, key, hint string, perm desk.Perm, check func(*Model) error, run func(*teamPanel, *Model) tea.Cmd) Action {
		return Action{ID: id, Title: title, Keys: []string{key}, Group: GroupTeam, Where: atTeam, Perm: perm, Hint: hint, Check: check, Run: on(run)}
	}
	return []Action{
		{ID: "team-turn", Title: "People or teams", Keys: []string{"tab", "shift+tab", "[", "]"}, Group: GroupTeam, Where: atTeam, Hint: "people/teams", Run: on((*teamPanel).turn)},
		do("person-role", "Switch the role…", "r", "role", desk.RoleAssign, mayPerson(desk.RoleAssign, nil), (*teamPanel).switchRole),
		do("person-invite", "Invite someone…", "i", "invite", desk.MemberInvite, unless(inPeople), (*teamPanel).invite),
		do("person-code", "A new invitation code…", "I", "", desk.MemberInvite, unless((*teamPanel).mayRenew), (*teamPanel).renewCode),
		do("person-teams", "Teams of this person…", "t", "teams", desk.TeamManage, mayPerson(desk.TeamManage, nil), (*teamPanel).setTeams),
		do("person-give", "Give access for a time…", "a", "give access", desk.GrantTemporary, mayPerson(desk.GrantTemporary, nil), (*teamPanel).giveAccess),
		do("person-end", "End access early…", "e", "", "", unless((*teamPanel).mayEnd), (*teamPanel).endAccess),
		do("person-sessions", "End sign-ins…", "o", "", desk.SessionRevoke, mayPerson(desk.SessionRevoke, nil), (*teamPanel).endSessions),
		do("person-suspend", "Suspend…", "s", "suspend", desk.MemberSuspend, mayPerson(desk.MemberSuspend, notSuspended), (*teamPanel).suspend),
		do("person-resume", "Let back in…", "u", "", desk.MemberSuspend, unless((*teamPanel).mayResume), (*teamPanel).resume),
		do("person-remove", "Remove…", "x", "", desk.MemberSuspend, mayPerson(desk.MemberSuspend, nil), (*teamPanel).remove),
		do("team-new", "New team…", "n", "new team", desk.TeamManage, unless((*teamPanel).mayCreate), (*teamPanel).newTeam),
		do("team-rename", "Rename the team…", "c", "rename", desk.TeamManage, unless(mayTeam), (*teamPanel).renameTeam),
		do("team-members", "Who is in the team…", "m", "members", desk.TeamManage, unless(mayTeam), (*teamPanel).teamMembers),
	}
}

func inPeople(p *teamPanel, _ *Model) error {
	if p.teams {
		return notOffered("That is done in the list of people: tab shows it.")
	}
	return nil
}

// mayEnd needs no permission for what is one's own, or what one allowed.
func (p *teamPanel) mayEnd(m *Model) error {
	s, err := p.subject(m)
	if err != nil {
		return err
	}
	return m.mayEndAny(s)
}

// mayEndAny asks whether I may end some access that a person has for a time.
func (m *Model) mayEndAny(s desk.Subject) error {
	now := m.opt.Now()
	grants := current(s.To.Member.Grants, now)
	if len(grants) == 0 {
		if err := m.rep.Can(desk.GrantTemporary, desk.Subject{}, now); err != nil {
			return err
		}
		return notHere(s.To.Member.Name + " has no access for a time.")
	}
	var why error
	for i := range grants {
		s.Grant = &grants[i]
		if why = m.rep.Can(desk.GrantTemporary, s, now); why == nil {
			return nil
		}
	}
	return why
}

// stillEnds closes the choice of what to end when there is none left to choose.
func stillEnds(id desk.MemberID) func(*Model) error {
	return func(m *Model) error {
		to, ok := m.rep.Actor(id)
		if !ok || to.Member.Removed {
			return notHere("That person isn't at this desk any more.")
		}
		return m.mayEndAny(desk.Subject{To: &to})
	}
}

func notSuspended(_ *teamPanel, _ *Model, who desk.Member) error {
	if who.Suspended {
		return notOffered(who.Name + " is suspended already.")
	}
	return nil
}

// mayResume leaves the last owner aside: letting someone in takes none away.
func (p *teamPanel) mayResume(m *Model) error {
	s, err := p.subject(m)
	if err != nil {
		return err
	}
	if !s.To.Member.Suspended {
		return notOffered(s.To.Member.Name + " isn't suspended.")
	}
	s.Owners = 0
	return m.rep.Can(desk.MemberSuspend, s, m.opt.Now())
}

func (p *teamPanel) mayRenew(m *Model) error {
	s, err := p.subject(m)
	if err != nil {
		return err
	}
	if !s.To.Member.Invited {
		return notOffered(s.To.Member.Name + " has joined.")
	}
	s.Role, s.Teams = &s.To.Role, s.To.Member.Teams
	return m.rep.Can(desk.MemberInvite, s, m.opt.Now())
}

func (p *teamPanel) mayCreate(m *Model) error {
	if !p.teams {
		return notOffered("That is done in the list of teams: tab shows it.")
	}
	return m.mayDo(desk.CreateTeam{})
}
