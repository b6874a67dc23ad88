package desk_test

import (
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Each case is an attack, told from the attacker's side, or the honest act next
// to it.

const (
	own  = desk.ScopeOwn
	team = desk.ScopeTeam
	all  = desk.ScopeAll
)

// lentKeys is the actor with a lent role that holds everything.
func lentKeys(t *testing.T, a *desk.Actor) *desk.Actor {
	a.Lent = []desk.Role{{ID: "deputy", Rank: 99, Grants: builtIn(t, "x", desk.RoleOwner).Role.Grants}}
	a.Member.Grants = []desk.Grant{{ID: "g", Role: "deputy", Until: noon}}
	return a
}

// given is the actor with one key for a time.
func given(a *desk.Actor, p desk.Perm, s desk.Scope) *desk.Actor {
	a.Member.Grants = []desk.Grant{{ID: "g", Perm: p, Scope: s, Until: noon}}
	return a
}

func custom(id desk.RoleID, rank int, grants map[desk.Perm]desk.Scope) *desk.Role {
	return &desk.Role{ID: id, Name: "Role " + string(id), Rank: rank, Grants: grants}
}

func TestCanGiveAccess(t *testing.T) {
	manager, admin, owner := builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "me", desk.RoleAdmin), builtIn(t, "me", desk.RoleOwner)
	mate, stranger := builtIn(t, "eve", desk.RoleAgent, "blue"), builtIn(t, "eve", desk.RoleAgent, "red")
	key := func(to *desk.Actor, p desk.Perm, s desk.Scope) desk.Subject {
		return desk.Subject{To: to, Key: p, Scope: s}
	}
	role := func(to *desk.Actor, id desk.RoleID) desk.Subject {
		r := builtIn(t, "x", id).Role
		return desk.Subject{To: to, Role: &r}
	}
	for _, p := range []desk.Perm{desk.GrantTemporary, desk.AccessDecide} {
		checkCan(t, []canCase{
			{"about nobody yet", manager, p, desk.Subject{}, want{}},
			{"I give a teammate what I hold", manager, p, key(mate, desk.ConversationView, all), want{}},
			{"I give a teammate a lower role", manager, p, role(mate, desk.RoleSales), want{}},
			{"I help someone who stands as high", manager, p, key(builtIn(t, "max", desk.RoleManager, "blue"), desk.ConversationView, all), want{}},
			{"I give access to myself, or decide on my own request", manager, p, key(manager, desk.ConversationView, own), want{why: desk.WhySelf, has: team}},
			{"an owner gives access to themselves", owner, p, key(owner, desk.ContactExportMany, all), want{why: desk.WhySelf, has: all}},
			{"an owner helps another owner", owner, p, key(builtIn(t, "oli", desk.RoleOwner), desk.ContactExportMany, all), want{}},
			{"I reach into another team", manager, p, key(stranger, desk.ConversationView, own), want{why: desk.WhyNotTeammate, needs: all, has: team}},
			{"I give to someone above me", manager, p, key(builtIn(t, "ada", desk.RoleAdmin, "blue"), desk.ConversationView, all), want{why: desk.WhyAbove, has: team}},
			{"an admin gives to the owner", admin, p, key(builtIn(t, "oli", desk.RoleOwner), desk.ConversationView, all), want{why: desk.WhyAbove, has: all}},
			{"I give a key that I lack", manager, p, key(mate, desk.LogExport, all), want{why: desk.WhyBeyond, has: team}},
			{"I give a key further than I hold it", manager, p, key(mate, desk.ContactExport, all), want{why: desk.WhyBeyond, has: team}},
			{"I ask about a key that I lack without a scope", manager, p, key(mate, desk.LogExport, ""), want{why: desk.WhyBeyond, has: team}},
			{"I give a key that nobody knows", owner, p, key(mate, "no.such", all), want{why: desk.WhyBeyond, has: all}},
			{"I lend on what I was lent", lentKeys(t, builtIn(t, "me", desk.RoleManager)), p, key(mate, desk.LogExport, all), want{why: desk.WhyBeyond, has: all}},
			{"I lend a role with what I was lent", lentKeys(t, builtIn(t, "me", desk.RoleAgent)), p, role(mate, desk.RoleViewer), want{why: desk.WhyBeyond, has: all}},
			{"I lend a role as high as mine", manager, p, role(mate, desk.RoleManager), want{why: desk.WhyAbove, has: team}},
			{"I lend a low role that may do more", manager, p, desk.Subject{To: mate, Role: custom("odd", 1, map[desk.Perm]desk.Scope{desk.LogExport: all})}, want{why: desk.WhyBeyond, has: team}},
			{"an owner lends the owner's role", owner, p, role(mate, desk.RoleOwner), want{why: desk.WhyOwnerEnds, has: all}},
			{"an admin lends the owner's role", admin, p, role(mate, desk.RoleOwner), want{why: desk.WhyOwnerEnds, has: all}},
			{"an owner lends the admin's role", owner, p, role(mate, desk.RoleAdmin), want{}},
			{"I give a key to someone who hasn't joined", owner, p, key(invited(builtIn(t, "eve", desk.RoleAgent, "blue")), desk.ConversationView, own), want{why: desk.WhyInvited, has: all}},
			{"I lend a role to someone who hasn't joined", owner, p, role(invited(builtIn(t, "eve", desk.RoleAgent, "blue")), desk.RoleAdmin), want{why: desk.WhyInvited, has: all}},
			{"suspended, I give nothing", suspended(builtIn(t, "me", desk.RoleOwner)), p, key(mate, desk.ConversationView, own), want{why: desk.WhySuspended, byRole: true}},
		})
	}
}

func TestCanEndAccess(t *testing.T) {
	manager, admin := builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "me", desk.RoleAdmin)
	agent := builtIn(t, "me", desk.RoleAgent, "blue")
	mate, stranger := builtIn(t, "eve", desk.RoleAgent, "blue"), builtIn(t, "eve", desk.RoleAgent, "red")
	decider := actor(map[desk.Perm]desk.Scope{desk.AccessDecide: team})
	decider.Member.Teams, decider.Role.Rank = []desk.TeamID{"blue"}, 50
	end := func(to *desk.Actor, by desk.MemberID) desk.Subject {
		return desk.Subject{To: to, Grant: &desk.Grant{ID: "g", Role: desk.RoleAdmin, By: by}}
	}
	p := desk.GrantTemporary
	checkCan(t, []canCase{
		{"my own", agent, p, end(agent, "ada"), want{}},
		{"my own, when I may give access", manager, p, end(manager, "ada"), want{}},
		{"my own, suspended", suspended(builtIn(t, "me", desk.RoleOwner)), p, end(builtIn(t, "me", desk.RoleOwner), "ada"), want{why: desk.WhySuspended, byRole: true}},
		{"a teammate's, of more than I hold", manager, p, end(mate, "ada"), want{}},
		{"of someone who hasn't joined", admin, p, end(invited(builtIn(t, "eve", desk.RoleAgent)), "ada"), want{}},
		{"of another team", manager, p, end(stranger, "ada"), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"of another team, which I gave", manager, p, end(stranger, "me"), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"of someone above me", manager, p, end(builtIn(t, "ada", desk.RoleAdmin, "blue"), "oli"), want{why: desk.WhyAbove, has: team}},
		{"of the owner, which I gave", admin, p, end(builtIn(t, "oli", desk.RoleOwner), "me"), want{why: desk.WhyAbove, has: all}},
		{"without the key", agent, p, end(mate, "ada"), want{why: desk.WhyNoKey, byRole: true, needs: team}},
		{"without the key, which I gave once", agent, p, end(mate, "me"), want{why: desk.WhyNoKey, byRole: true, needs: team}},
		{"which I allowed, when I only decide", decider, p, end(mate, "me"), want{}},
		{"which somebody else allowed, when I only decide", decider, p, end(mate, "ada"), want{why: desk.WhyNoKey, byRole: true, needs: team}},
		{"which I allowed someone who left my teams", decider, p, end(stranger, "me"), want{why: desk.WhyNoKey, byRole: true, needs: all}},
		{"with only the grant named", agent, p, desk.Subject{Grant: &desk.Grant{By: "me"}}, want{why: desk.WhyNoKey, byRole: true, needs: team}},
	})
}

func TestCanManageRole(t *testing.T) {
	admin, owner := builtIn(t, "me", desk.RoleAdmin), builtIn(t, "me", desk.RoleOwner)
	lead := &desk.Actor{Member: desk.Member{ID: "me", Role: "lead"}, Role: *custom("lead", 50, map[desk.Perm]desk.Scope{
		desk.RoleManage: all, desk.ConversationView: team, desk.MessageReply: team})}
	replies := func(s desk.Scope) map[desk.Perm]desk.Scope {
		return map[desk.Perm]desk.Scope{desk.MessageReply: s}
	}
	night := custom("night", 20, map[desk.Perm]desk.Scope{desk.MessageReply: own, desk.LogExport: all})
	draft := func(was, becomes *desk.Role) desk.Subject { return desk.Subject{Role: was, Draft: becomes} }
	agent := builtIn(t, "x", desk.RoleAgent).Role
	checkCan(t, []canCase{
		{"an agent manages nothing", builtIn(t, "me", desk.RoleAgent), desk.RoleManage, desk.Subject{}, want{why: desk.WhyNoKey, byRole: true, needs: all}},
		{"about no role yet", lead, desk.RoleManage, desk.Subject{}, want{}},
		{"I make a role of what I hold", lead, desk.RoleManage, draft(nil, custom("new", 20, replies(team))), want{}},
		{"I make a role that reaches further than mine", lead, desk.RoleManage, draft(nil, custom("new", 20, replies(all))), want{why: desk.WhyBeyond, has: all}},
		{"I make a role with a key that I lack", lead, desk.RoleManage, draft(nil, custom("new", 20, map[desk.Perm]desk.Scope{desk.LogView: own})), want{why: desk.WhyBeyond, has: all}},
		{"I make a role as high as mine", lead, desk.RoleManage, draft(nil, custom("new", 50, replies(own))), want{why: desk.WhyAbove, has: all}},
		{"I make a role above mine", lead, desk.RoleManage, draft(nil, custom("new", 99, nil)), want{why: desk.WhyAbove, has: all}},
		{"I make a role of what I was lent", lentKeys(t, builtIn(t, "me", desk.RoleAgent)), desk.RoleManage, draft(nil, custom("new", 20, replies(all))), want{why: desk.WhyBeyond, has: all}},
		{"I change my own role", lead, desk.RoleManage, draft(&lead.Role, custom("lead", 20, replies(team))), want{why: desk.WhySelf, has: all}},
		{"I delete my own role", lead, desk.RoleManage, draft(&lead.Role, nil), want{why: desk.WhySelf, has: all}},
		{"I change a role above mine", lead, desk.RoleManage, draft(custom("boss", 60, nil), custom("boss", 20, nil)), want{why: desk.WhyAbove, has: all}},
		{"I delete a role as high as mine", lead, desk.RoleManage, draft(custom("peer", 50, nil), nil), want{why: desk.WhyAbove, has: all}},
		{"I raise a lower role to mine", lead, desk.RoleManage, draft(night, custom("night", 50, replies(own))), want{why: desk.WhyAbove, has: all}},
		{"I widen a role within mine", lead, desk.RoleManage, draft(night, custom("night", 20, replies(team))), want{}},
		{"I widen a role beyond mine", lead, desk.RoleManage, draft(night, custom("night", 20, replies(all))), want{why: desk.WhyBeyond, has: all}},
		{"I rename a role that holds what I lack", lead, desk.RoleManage, draft(night, custom("night", 20, night.Grants)), want{}},
		{"I copy a role that holds what I lack", lead, desk.RoleManage, draft(nil, custom("copy", 20, night.Grants)), want{why: desk.WhyBeyond, has: all}},
		{"I delete a lower role", lead, desk.RoleManage, draft(night, nil), want{}},
		{"an owner changes a built-in role", owner, desk.RoleManage, draft(&agent, custom("agent", 20, nil)), want{why: desk.WhyBuiltIn, has: all}},
		{"an owner deletes a built-in role", owner, desk.RoleManage, draft(&agent, nil), want{why: desk.WhyBuiltIn, has: all}},
		{"an owner makes a role of their own rank", owner, desk.RoleManage, draft(nil, custom("new", 100, nil)), want{why: desk.WhyAbove, has: all}},
		{"an owner makes the highest custom role", owner, desk.RoleManage, draft(nil, custom("new", desk.MaxRank, builtIn(t, "x", desk.RoleOwner).Role.Grants)), want{}},
		{"an admin makes a role above the admins", admin, desk.RoleManage, draft(nil, custom("new", 81, nil)), want{why: desk.WhyAbove, has: all}},
	})
}

func TestCanViewAs(t *testing.T) {
	manager, admin := builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "me", desk.RoleAdmin)
	mate, stranger := builtIn(t, "eve", desk.RoleAgent, "blue"), builtIn(t, "eve", desk.RoleAgent, "red")
	narrow := actor(map[desk.Perm]desk.Scope{desk.RoleViewAs: all, desk.ConversationView: team, desk.ConversationViewQueue: all})
	checkCan(t, []canCase{
		{"through a teammate's eyes", manager, desk.RoleViewAs, desk.Subject{To: mate}, want{}},
		{"through a draft role's", manager, desk.RoleViewAs, desk.Subject{}, want{}},
		{"through a peer's", manager, desk.RoleViewAs, desk.Subject{To: builtIn(t, "max", desk.RoleManager, "blue")}, want{}},
		{"I see more than my own view, through others' eyes", narrow, desk.RoleViewAs, desk.Subject{To: mate}, want{why: desk.WhyBeyond, has: all}},
		{"I see more than my own view, through a draft's", narrow, desk.RoleViewAs, desk.Subject{}, want{why: desk.WhyBeyond, has: all}},
		{"through the eyes of another team", manager, desk.RoleViewAs, desk.Subject{To: stranger}, want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"through the eyes of someone above me", manager, desk.RoleViewAs, desk.Subject{To: builtIn(t, "ada", desk.RoleAdmin, "blue")}, want{why: desk.WhyAbove, has: team}},
		{"through the owner's", admin, desk.RoleViewAs, desk.Subject{To: builtIn(t, "oli", desk.RoleOwner)}, want{why: desk.WhyAbove, has: all}},
		{"an owner through an owner's", builtIn(t, "me", desk.RoleOwner), desk.RoleViewAs, desk.Subject{To: builtIn(t, "oli", desk.RoleOwner)}, want{}},
		{"an agent through anyone's", builtIn(t, "me", desk.RoleAgent, "blue"), desk.RoleViewAs, desk.Subject{To: mate}, want{why: desk.WhyNoKey, byRole: true, needs: team}},
	})
}

func TestCanInvite(t *testing.T) {
	manager, admin, owner := builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "me", desk.RoleAdmin), builtIn(t, "me", desk.RoleOwner)
	as := func(role desk.RoleID, teams ...desk.TeamID) desk.Subject {
		r := builtIn(t, "x", role).Role
		return desk.Subject{Role: &r, Teams: teams}
	}
	again := func(s desk.Subject, to *desk.Actor) desk.Subject {
		to.Member.Invited = true
		s.To = to
		return s
	}
	checkCan(t, []canCase{
		{"an agent invites nobody", builtIn(t, "me", desk.RoleAgent, "blue"), desk.MemberInvite, as(desk.RoleAgent, "blue"), want{why: desk.WhyNoKey, byRole: true, needs: team}},
		{"no role chosen yet", manager, desk.MemberInvite, desk.Subject{}, want{}},
		{"I invite into my team", manager, desk.MemberInvite, as(desk.RoleAgent, "blue"), want{}},
		{"I invite into a foreign team", manager, desk.MemberInvite, as(desk.RoleAgent, "red"), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"I invite into a foreign team behind my own", manager, desk.MemberInvite, as(desk.RoleAgent, "blue", "red"), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"I invite into no team", manager, desk.MemberInvite, as(desk.RoleAgent), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"I invite a manager", manager, desk.MemberInvite, as(desk.RoleManager, "blue"), want{why: desk.WhyAbove, has: team}},
		{"I invite with a low role that may do more", manager, desk.MemberInvite, desk.Subject{Teams: []desk.TeamID{"blue"},
			Role: custom("odd", 1, map[desk.Perm]desk.Scope{desk.LogExport: all})}, want{why: desk.WhyBeyond, has: team}},
		{"I invite with what I was lent", lentKeys(t, builtIn(t, "me", desk.RoleAgent)), desk.MemberInvite, as(desk.RoleViewer), want{why: desk.WhyBeyond, has: all}},
		{"an admin invites an admin", admin, desk.MemberInvite, as(desk.RoleAdmin), want{why: desk.WhyAbove, has: all}},
		{"an owner invites an owner", owner, desk.MemberInvite, as(desk.RoleOwner), want{}},
		{"a new code for someone I invited", manager, desk.MemberInvite, again(as(desk.RoleAgent, "blue"), builtIn(t, "eve", desk.RoleAgent, "blue")), want{}},
		{"I take an invited owner's code", admin, desk.MemberInvite, again(as(desk.RoleViewer), builtIn(t, "oli", desk.RoleOwner)), want{why: desk.WhyAbove, has: all}},
		{"I take an invited stranger's code", manager, desk.MemberInvite, again(as(desk.RoleAgent, "blue"), builtIn(t, "eve", desk.RoleAgent, "red")), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"I take the code of someone who holds what I lack", manager, desk.MemberInvite, again(as(desk.RoleAgent, "blue"),
			&desk.Actor{Member: desk.Member{ID: "eve", Teams: []desk.TeamID{"blue"}}, Role: *custom("odd", 1, map[desk.Perm]desk.Scope{desk.LogExport: all})}), want{why: desk.WhyBeyond, has: team}},
		{"I take the code of someone who was lent a role above mine", manager, desk.MemberInvite, again(as(desk.RoleAgent, "blue"),
			lentKeys(t, builtIn(t, "eve", desk.RoleAgent, "blue"))), want{why: desk.WhyAbove, has: team}},
		{"I take the code of someone who was given a key that I lack", manager, desk.MemberInvite, again(as(desk.RoleAgent, "blue"),
			given(builtIn(t, "eve", desk.RoleAgent, "blue"), desk.LogExport, all)), want{why: desk.WhyBeyond, has: team}},
		{"a new code for someone who was given what I hold", manager, desk.MemberInvite, again(as(desk.RoleAgent, "blue"),
			given(builtIn(t, "eve", desk.RoleAgent, "blue"), desk.ConversationView, all)), want{}},
	})
}

func TestCanSuspend(t *testing.T) {
	manager, admin, owner := builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "me", desk.RoleAdmin), builtIn(t, "me", desk.RoleOwner)
	about := func(to *desk.Actor, owners int) desk.Subject { return desk.Subject{To: to, Owners: owners} }
	other := builtIn(t, "oli", desk.RoleOwner)
	checkCan(t, []canCase{
		{"about nobody yet", manager, desk.MemberSuspend, desk.Subject{}, want{}},
		{"a teammate below me", manager, desk.MemberSuspend, about(builtIn(t, "eve", desk.RoleAgent, "blue"), 1), want{}},
		{"myself", owner, desk.MemberSuspend, about(owner, 2), want{why: desk.WhySelf, has: all}},
		{"someone of another team", manager, desk.MemberSuspend, about(builtIn(t, "eve", desk.RoleAgent, "red"), 1), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"someone as high", manager, desk.MemberSuspend, about(builtIn(t, "max", desk.RoleManager, "blue"), 1), want{why: desk.WhyAbove, has: team}},
		{"the owner", admin, desk.MemberSuspend, about(other, 1), want{why: desk.WhyAbove, has: all}},
		{"the last owner", owner, desk.MemberSuspend, about(other, 1), want{why: desk.WhyLastOwner, has: all}},
		{"one owner of two", owner, desk.MemberSuspend, about(other, 2), want{}},
		{"an owner who never joined", owner, desk.MemberSuspend, about(invited(builtIn(t, "oli", desk.RoleOwner)), 1), want{}},
		{"letting a suspended owner back in", owner, desk.MemberSuspend, about(suspended(builtIn(t, "oli", desk.RoleOwner)), 1), want{}},
		{"an agent, anyone", builtIn(t, "me", desk.RoleAgent, "blue"), desk.MemberSuspend, about(builtIn(t, "eve", desk.RoleViewer, "red"), 1), want{why: desk.WhyNoKey, byRole: true, needs: all}},
	})
}

func TestCanManageTeam(t *testing.T) {
	manager, admin, owner := builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "me", desk.RoleAdmin, "blue"), builtIn(t, "me", desk.RoleOwner)
	mate, newcomer := builtIn(t, "eve", desk.RoleAgent, "blue"), builtIn(t, "eve", desk.RoleAgent)
	touching := func(to *desk.Actor, teams ...desk.TeamID) desk.Subject {
		return desk.Subject{To: to, Teams: teams}
	}
	checkCan(t, []canCase{
		{"I make a team", manager, desk.TeamManage, desk.Subject{}, want{}},
		{"I rename my team", manager, desk.TeamManage, touching(nil, "blue"), want{}},
		{"I rename another team", manager, desk.TeamManage, touching(nil, "red"), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"an agent renames their team", builtIn(t, "me", desk.RoleAgent, "blue"), desk.TeamManage, touching(nil, "blue"), want{why: desk.WhyNoKey, byRole: true, needs: team}},
		{"an agent renames another team", builtIn(t, "me", desk.RoleAgent, "blue"), desk.TeamManage, touching(nil, "red"), want{why: desk.WhyNoKey, byRole: true, needs: all}},
		{"I take a teammate out of my team", manager, desk.TeamManage, touching(mate, "blue"), want{}},
		{"I put a teammate into another team", manager, desk.TeamManage, touching(mate, "blue", "red"), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"I take in someone who has no team", manager, desk.TeamManage, touching(newcomer, "blue"), want{}},
		{"I pull a stranger into my team, to rule over them", manager, desk.TeamManage, touching(builtIn(t, "eve", desk.RoleAgent, "red"), "blue"), want{why: desk.WhyNotTeammate, needs: all, has: team}},
		{"I change my own teams, to see more", admin, desk.TeamManage, touching(admin, "red"), want{why: desk.WhySelf, has: all}},
		{"an owner changes their own teams", owner, desk.TeamManage, touching(owner, "red"), want{}},
		{"I move someone as high", manager, desk.TeamManage, touching(builtIn(t, "max", desk.RoleManager, "blue"), "blue"), want{why: desk.WhyAbove, has: team}},
		{"I move the owner", admin, desk.TeamManage, touching(builtIn(t, "oli", desk.RoleOwner), "blue"), want{why: desk.WhyAbove, has: all}},
		{"an owner moves an owner", owner, desk.TeamManage, touching(builtIn(t, "oli", desk.RoleOwner), "blue"), want{}},
	})
}

func TestCanSessionsAndLog(t *testing.T) {
	agent, manager, admin := builtIn(t, "me", desk.RoleAgent, "blue"), builtIn(t, "me", desk.RoleManager, "blue"), builtIn(t, "me", desk.RoleAdmin)
	mate, stranger := builtIn(t, "eve", desk.RoleViewer, "blue"), builtIn(t, "eve", desk.RoleViewer, "red")
	about := func(to *desk.Actor) desk.Subject { return desk.Subject{To: to} }
	peer := builtIn(t, "max", desk.RoleManager, "blue")
	for _, p := range []desk.Perm{desk.SessionView, desk.SessionRevoke, desk.LogView} {
		checkCan(t, []canCase{
			{"about nobody in particular", agent, p, desk.Subject{}, want{}},
			{"my own", agent, p, about(agent), want{}},
			{"a teammate's, with own", agent, p, about(mate), want{why: desk.WhyScope, needs: team, has: own}},
			{"a stranger's, with own", agent, p, about(stranger), want{why: desk.WhyScope, needs: all, has: own}},
			{"a teammate's, with team", manager, p, about(mate), want{}},
			{"a stranger's, with team", manager, p, about(stranger), want{why: desk.WhyNotTeammate, needs: all, has: team}},
			{"a stranger's, with all", admin, p, about(stranger), want{}},
		})
	}
	checkCan(t, []canCase{
		{"I see where a peer is signed in", manager, desk.SessionView, about(peer), want{}},
		{"I sign a peer out", manager, desk.SessionRevoke, about(peer), want{why: desk.WhyAbove, has: team}},
		{"I sign the owner out", admin, desk.SessionRevoke, about(builtIn(t, "oli", desk.RoleOwner)), want{why: desk.WhyAbove, has: all}},
		{"I sign myself out", admin, desk.SessionRevoke, about(admin), want{}},
		{"an owner signs an owner out", builtIn(t, "me", desk.RoleOwner), desk.SessionRevoke, about(builtIn(t, "oli", desk.RoleOwner)), want{}},
	})
}

// The rule of two people: what a role says isn't enough above the cap.
func TestCanExportMany(t *testing.T) {
	rows := func(n int) desk.Subject { return desk.Subject{Rows: n} }
	with := func(g ...desk.Grant) *desk.Actor {
		a := builtIn(t, "me", desk.RoleOwner)
		a.Member.Grants = g
		return a
	}
	many := want{perm: desk.ContactExportMany, why: desk.WhyCap, needs: all}
	byRole := with(desk.Grant{ID: "g", Role: "deputy"})
	byRole.Lent = []desk.Role{*custom("deputy", 1, map[desk.Perm]desk.Scope{desk.ContactExportMany: all})}
	checkCan(t, []canCase{
		{"up to the cap alone", with(), desk.ContactExport, rows(desk.ExportCap), want{}},
		{"an owner above the cap, alone", with(), desk.ContactExport, rows(desk.ExportCap + 1), many},
		{"above the cap with another grant", with(desk.Grant{Perm: desk.ContactExport, Scope: all}), desk.ContactExport, rows(desk.ExportCap + 1), many},
		{"above the cap with a lent role that has the key", byRole, desk.ContactExport, rows(desk.ExportCap + 1), many},
		{"above the cap with somebody's word", with(desk.Grant{Perm: desk.ContactExportMany, Scope: all}), desk.ContactExport, rows(desk.ExportCap + 1), want{}},
		{"somebody's word without the right to export", func() *desk.Actor {
			a := builtIn(t, "me", desk.RoleAgent)
			a.Member.Grants = []desk.Grant{{Perm: desk.ContactExportMany, Scope: all}}
			return a
		}(), desk.ContactExport, rows(1), want{why: desk.WhyNoKey, byRole: true, needs: own}},
	})
}

func TestCanReveal(t *testing.T) {
	agent := builtIn(t, "me", desk.RoleTemporary)
	c := chat("me", "")
	c.Contact = desk.Contact{ID: "c1", Phone: "+442079460958"}
	revealed := builtIn(t, "me", desk.RoleTemporary)
	revealed.Member.Grants = []desk.Grant{{Perm: desk.ContactViewPII, Contact: "c1"}}
	checkCan(t, []canCase{
		{"a number that is hidden", agent, desk.ContactReveal, on(c), want{}},
		{"one that I see by my role", builtIn(t, "me", desk.RoleAgent), desk.ContactReveal, on(c), want{why: desk.WhyShown}},
		{"one that is revealed already", revealed, desk.ContactReveal, on(c), want{why: desk.WhyShown}},
		{"in a chat that isn't mine", agent, desk.ContactReveal, on(chat("eve", "")), want{why: desk.WhyScope, needs: all, has: own}},
	})
}
