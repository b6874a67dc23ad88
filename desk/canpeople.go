package desk

import "slices"

// The guard rails of what people do to people. They hold for every member,
// whatever their role says: nobody changes what they themselves may do, nobody
// reaches someone as high or higher (owners excepted), and nobody gives what
// they don't hold.

// rulesOfPeople returns the rule of a permission that is about people rather
// than conversations; nil for the others.
func rulesOfPeople(p Perm) func(me *Actor, held Scope, s Subject) error {
	switch p {
	case RoleAssign:
		return canAssignRole
	case RoleManage:
		return canManageRole
	case RoleViewAs:
		return canViewAs
	case GrantTemporary:
		return canGrant
	case AccessDecide:
		return canDecide
	case MemberInvite:
		return canInvite
	case MemberSuspend:
		return canSuspend
	case TeamManage:
		return canManageTeam
	case SessionView:
		return canViewSessions
	case SessionRevoke:
		return canEndSessions
	case LogView:
		return canViewLog
	}
	return nil
}

func top(me *Actor) bool { return me.Role.ID == RoleOwner }

// reaches says whom a scope covers among people: own is oneself, team who shares
// a team with me.
func reaches(p Perm, held Scope, me, to *Actor) error {
	switch {
	case held == ScopeAll, to.Member.ID == me.Member.ID:
		return nil
	case held == ScopeOwn:
		d, _ := Describe(p)
		return &Denied{Perm: p, Why: WhyScope, Needs: d.atLeast(needsFor(me.Member, to.Member)), Has: held,
			Reason: "Your role allows “" + d.Title + "” only for yourself."}
	case !me.Member.SharesTeam(to.Member):
		d, _ := Describe(p)
		return &Denied{Perm: p, Why: WhyNotTeammate, Needs: ScopeAll, Has: held,
			Reason: "Your role allows “" + d.Title + "” only for people of your own teams."}
	}
	return nil
}

// below refuses oneself, those out of reach, and those as high or higher.
func below(p Perm, held Scope, me, to *Actor, self string) error {
	if to.Member.ID == me.Member.ID {
		return &Denied{Perm: p, Why: WhySelf, Has: held, Reason: self}
	}
	if err := reaches(p, held, me, to); err != nil {
		return err
	}
	if !top(me) && to.Role.Rank >= me.Role.Rank {
		return &Denied{Perm: p, Why: WhyAbove, Has: held, Reason: to.Member.Name + " stands as high as you or higher. An owner can do this."}
	}
	return nil
}

// givable refuses a role that stands as high as one's own, or may do more in the
// hands of someone of these teams. Only the role itself counts: what one was lent
// can't be passed on.
func givable(p Perm, held Scope, me *Actor, r *Role, teams []TeamID) error {
	if !top(me) && r.Rank >= me.Role.Rank {
		return &Denied{Perm: p, Why: WhyAbove, Has: held, Reason: "The role " + r.Name + " stands as high as yours or higher. An owner can give it."}
	}
	if missing, ok := me.Role.Covers(*r); !ok {
		return beyond(p, held, missing, "The role "+r.Name+" may do more than yours")
	}
	var relative Perm
	for key, scope := range r.Grants {
		if elsewhere(me, key, scope, teams) && (relative == "" || key < relative) {
			relative = key
		}
	}
	if relative != "" {
		return notThere(p, held, relative)
	}
	return nil
}

// elsewhere reports whether a key that I hold for my teams would reach into others
// in the hands of someone of these teams: the scope team is relative.
func elsewhere(me *Actor, key Perm, scope Scope, teams []TeamID) bool {
	return scope == ScopeTeam && me.Role.Grants[key] == ScopeTeam &&
		slices.ContainsFunc(teams, func(t TeamID) bool { return !me.Member.In(t) })
}

func notThere(p Perm, held Scope, key Perm) error {
	d, _ := Describe(key)
	return &Denied{Perm: p, Why: WhyBeyond, Has: held,
		Reason: "You have “" + d.Title + "” for your own teams, and it would reach into others. Someone who has it for all teams can give this."}
}

func beyond(p Perm, held Scope, missing Perm, what string) error {
	d, _ := Describe(missing)
	return &Denied{Perm: p, Why: WhyBeyond, Has: held, Reason: what + ": “" + d.Title + "”. Nobody gives what they don't have."}
}

func canAssignRole(me *Actor, held Scope, s Subject) error {
	if s.To == nil {
		return nil
	}
	if err := below(RoleAssign, held, me, s.To, "Nobody changes their own role. Ask another admin."); err != nil || s.Role == nil {
		return err
	}
	if s.Role.ID == s.To.Role.ID {
		return &Denied{Perm: RoleAssign, Why: WhySameRole, Has: held, Reason: s.To.Member.Name + " has that role already."}
	}
	if err := keepsOwner(RoleAssign, held, s); err != nil {
		return err
	}
	return givable(RoleAssign, held, me, s.Role, s.To.Member.Teams)
}

// keepsOwner refuses to take the last owner away. One who is suspended, or hasn't
// joined yet, isn't among those who count.
func keepsOwner(p Perm, held Scope, s Subject) error {
	if s.To.Role.ID == RoleOwner && s.Owners <= 1 && !s.To.Member.Suspended && !s.To.Member.Invited {
		return &Denied{Perm: p, Why: WhyLastOwner, Has: held, Reason: s.To.Member.Name + " is the last owner. Make someone else an owner first."}
	}
	return nil
}

// canManageRole judges one change: Role as it is (nil: it is new), Draft as it
// would be (nil: nothing yet, or it would be deleted).
func canManageRole(me *Actor, held Scope, s Subject) error {
	deny := func(why Why, reason string) error {
		return &Denied{Perm: RoleManage, Why: why, Has: held, Reason: reason}
	}
	if r := s.Role; r != nil {
		switch {
		case r.BuiltIn:
			return deny(WhyBuiltIn, "The role "+r.Name+" comes with the program and stays as it is. Copy it and change the copy.")
		case r.ID == me.Role.ID:
			return deny(WhySelf, "Nobody changes their own role. Ask another admin.")
		case !top(me) && r.Rank >= me.Role.Rank:
			return deny(WhyAbove, "The role "+r.Name+" stands as high as yours or higher. An owner can change it.")
		}
	}
	d := s.Draft
	if d == nil {
		return nil
	}
	if d.Rank >= me.Role.Rank {
		return deny(WhyAbove, "A role's rank stays below one's own. Give "+d.Name+" a lower one.")
	}
	if missing := gains(me, s.Role, d); missing != "" {
		return beyond(RoleManage, held, missing, "The role "+d.Name+" would do more than yours")
	}
	return nil
}

// gains is the first key that a draft adds or widens beyond what my own role
// holds. What the role was before (nil: nothing) it may keep.
func gains(me *Actor, was, draft *Role) (missing Perm) {
	for p, scope := range draft.Grants {
		kept := was != nil && scope.Rank() <= was.Grants[p].Rank()
		if !kept && scope.Rank() > me.Role.Grants[p].Rank() && (missing == "" || p < missing) {
			missing = p
		}
	}
	return missing
}

// canViewAs lets nobody see through other eyes what they couldn't see with their
// own: it takes a view of everything, so only masks remain, and those add up.
func canViewAs(me *Actor, held Scope, s Subject) error {
	if me.Scope(ConversationView) != ScopeAll {
		return &Denied{Perm: RoleViewAs, Why: WhyBeyond, Has: held,
			Reason: "Seeing as someone else needs a role that sees every conversation: it mustn't show more than your own."}
	}
	if s.To != nil {
		if err := reaches(RoleViewAs, held, me, s.To); err != nil {
			return err
		}
		if !top(me) && s.To.Role.Rank > me.Role.Rank {
			return &Denied{Perm: RoleViewAs, Why: WhyAbove, Has: held, Reason: s.To.Member.Name + " stands higher than you. An owner can do this."}
		}
	}
	return nil
}

func canGrant(me *Actor, held Scope, s Subject) error {
	if s.Grant != nil && s.To != nil {
		return over(GrantTemporary, me, held, s.To)
	}
	return canLend(GrantTemporary, me, held, s, "Nobody gives access to themselves. Ask for it instead.")
}

func canDecide(me *Actor, held Scope, s Subject) error {
	return canLend(AccessDecide, me, held, s, "Nobody decides on their own request.")
}

func canLend(p Perm, me *Actor, held Scope, s Subject, self string) error {
	if s.To == nil {
		return nil
	}
	if s.To.Member.ID == me.Member.ID {
		return &Denied{Perm: p, Why: WhySelf, Has: held, Reason: self}
	}
	if err := over(p, me, held, s.To); err != nil {
		return err
	}
	// Whoever invited them has the way into their account still, and may do less.
	if s.To.Member.Invited {
		return &Denied{Perm: p, Why: WhyInvited, Has: held, Reason: s.To.Member.Name + " hasn't joined yet. Give them access once they have."}
	}
	return lendable(p, held, me, s)
}

// endsByItself reports whether me ends a grant without the right to give any:
// everyone gives back what is their own, and whoever allowed something takes it
// back while they may decide on what its holder asks for.
func endsByItself(me *Actor, s Subject) bool {
	if s.To == nil || s.To.Member.ID == me.Member.ID {
		return s.To != nil
	}
	decides := me.Scope(AccessDecide)
	return s.Grant.By == me.Member.ID && decides.Rank() > 0 && over(AccessDecide, me, decides, s.To) == nil
}

// over refuses those out of reach, and those who stand higher. An equal may help an
// equal, or no owner could allow another owner's export.
func over(p Perm, me *Actor, held Scope, to *Actor) error {
	if err := reaches(p, held, me, to); err != nil {
		return err
	}
	if !top(me) && to.Role.Rank > me.Role.Rank {
		return &Denied{Perm: p, Why: WhyAbove, Has: held, Reason: to.Member.Name + " stands higher than you. An owner can do this."}
	}
	return nil
}

// lendable refuses a role or a key, for a time, that may do more than mine.
func lendable(p Perm, held Scope, me *Actor, s Subject) error {
	if s.Role != nil {
		if s.Role.ID == RoleOwner {
			return &Denied{Perm: p, Why: WhyOwnerEnds, Has: held, Reason: "An owner's role has no end: give it for good, or not."}
		}
		return givable(p, held, me, s.Role, s.To.Member.Teams)
	}
	if mine := me.Role.Scope(s.Key).Rank(); s.Key != "" && (mine == 0 || mine < s.Scope.Rank()) {
		return beyond(p, held, s.Key, "That is more than your role holds")
	}
	if elsewhere(me, s.Key, s.Scope, s.To.Member.Teams) {
		return notThere(p, held, s.Key)
	}
	return nil
}

// canInvite judges the role and the teams to begin with. To is someone who was
// invited already: a new code is a way into their account, so it takes as much as
// giving them all that they have.
func canInvite(me *Actor, held Scope, s Subject) error {
	if s.To != nil {
		if err := below(MemberInvite, held, me, s.To, "You have joined already."); err != nil {
			return err
		}
		if err := givesAll(MemberInvite, held, me, s.To); err != nil {
			return err
		}
	}
	if s.Role == nil {
		return nil
	}
	if held != ScopeAll {
		if len(s.Teams) == 0 {
			return &Denied{Perm: MemberInvite, Why: WhyNotTeammate, Needs: ScopeAll, Has: held,
				Reason: "Your role invites people into your own teams only. Choose a team."}
		}
		if err := inTeams(MemberInvite, held, me, s.Teams); err != nil {
			return err
		}
	}
	return givable(MemberInvite, held, me, s.Role, s.Teams)
}

// givesAll refuses a person whose role, or whatever was given to them for a time,
// I couldn't give myself.
func givesAll(p Perm, held Scope, me, to *Actor) error {
	if err := givable(p, held, me, &to.Role, to.Member.Teams); err != nil {
		return err
	}
	for i := range to.Lent {
		if err := lendable(p, held, me, Subject{To: to, Role: &to.Lent[i]}); err != nil {
			return err
		}
	}
	for i := range to.Member.Grants {
		g := &to.Member.Grants[i]
		if err := lendable(p, held, me, Subject{To: to, Key: g.Perm, Scope: g.Scope}); err != nil {
			return err
		}
	}
	return nil
}

func inTeams(p Perm, held Scope, me *Actor, teams []TeamID) error {
	for _, t := range teams {
		if !me.Member.In(t) {
			return &Denied{Perm: p, Why: WhyNotTeammate, Needs: ScopeAll, Has: held,
				Reason: "Your role reaches your own teams only."}
		}
	}
	return nil
}

func canSuspend(me *Actor, held Scope, s Subject) error {
	if s.To == nil {
		return nil
	}
	if err := below(MemberSuspend, held, me, s.To, "Nobody suspends or removes themselves. Ask another admin."); err != nil {
		return err
	}
	// 0 is what a screen says that doesn't know: it offers the action then. The server
	// always counts, and to an active owner it never comes to 0.
	if s.Owners > 0 {
		return keepsOwner(MemberSuspend, held, s)
	}
	return nil
}

// canManageTeam judges teams by Teams (those that are touched) and, when their
// members change, the person by To. Who reaches only their own teams doesn't pull
// people of other teams into them: they would come under them by that.
func canManageTeam(me *Actor, held Scope, s Subject) error {
	if held != ScopeAll {
		if err := inTeams(TeamManage, held, me, s.Teams); err != nil {
			return err
		}
	}
	switch to := s.To; {
	case to == nil:
		return nil
	case to.Member.ID == me.Member.ID && !top(me):
		return &Denied{Perm: TeamManage, Why: WhySelf, Has: held, Reason: "Nobody changes their own teams: that would change what they see. Ask another admin."}
	case held != ScopeAll && len(to.Member.Teams) > 0 && !me.Member.SharesTeam(to.Member):
		return &Denied{Perm: TeamManage, Why: WhyNotTeammate, Needs: ScopeAll, Has: held, Reason: to.Member.Name + " works in other teams. Someone who manages all teams can do this."}
	case !top(me) && to.Member.ID != me.Member.ID && to.Role.Rank >= me.Role.Rank:
		return &Denied{Perm: TeamManage, Why: WhyAbove, Has: held, Reason: to.Member.Name + " stands as high as you or higher. An owner can do this."}
	}
	return nil
}

func canViewSessions(me *Actor, held Scope, s Subject) error {
	if s.To == nil {
		return nil
	}
	return reaches(SessionView, held, me, s.To)
}

func canEndSessions(me *Actor, held Scope, s Subject) error {
	if s.To == nil || s.To.Member.ID == me.Member.ID {
		return nil
	}
	return below(SessionRevoke, held, me, s.To, "")
}

func canViewLog(me *Actor, held Scope, s Subject) error {
	if s.To == nil {
		return nil
	}
	return reaches(LogView, held, me, s.To)
}
