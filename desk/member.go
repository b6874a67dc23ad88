package desk

import (
	"slices"
	"time"
)

// MemberID and TeamID are made by the server and mean nothing by themselves.
type (
	MemberID string
	TeamID   string
)

// Member is a person who works at the desk.
type Member struct {
	ID        MemberID `json:"id"`
	Name      string   `json:"name"`
	Email     string   `json:"email,omitempty"`
	Role      RoleID   `json:"role"`
	Teams     []TeamID `json:"teams,omitempty"`
	Suspended bool     `json:"suspended,omitempty"` // may not sign in; their name stays in old threads
	Removed   bool     `json:"removed,omitempty"`   // suspended for good: no list shows them
	Invited   bool     `json:"invited,omitempty"`   // has not set a password yet
	// Grants are what they hold besides the role, each until its end.
	Grants []Grant `json:"grants,omitempty"`
}

// In reports whether the member belongs to the team. Nobody is in "no team".
func (m Member) In(t TeamID) bool { return t != "" && slices.Contains(m.Teams, t) }

// SharesTeam reports whether two people have a team in common.
func (m Member) SharesTeam(other Member) bool { return slices.ContainsFunc(other.Teams, m.In) }

// Team is a named group of members. A conversation belongs to at most one.
type Team struct {
	ID   TeamID `json:"id"`
	Name string `json:"name"`
}

// ForOthers is the member as anyone but themselves sees them: which customer's
// number they revealed, and in which chat they were refused what they were then
// given, tells of chats that aren't in everyone's sight. The log has both.
func (m Member) ForOthers() Member {
	if len(m.Grants) > 0 {
		// Without its contact, a reveal would read as a right to every number.
		m.Grants = slices.DeleteFunc(slices.Clone(m.Grants), func(g Grant) bool { return g.Contact != "" })
		for i := range m.Grants {
			m.Grants[i].Conversation = 0
		}
	}
	return m
}

// Masked is the member as someone else without [MemberView] sees them: their
// address and the reasons of their grants are nobody's business either.
func (m Member) Masked() Member {
	m = m.ForOthers()
	m.Email = ""
	for i := range m.Grants {
		m.Grants[i].Reason = ""
	}
	return m
}

// Actor is a member together with what they may do: what [Can] decides on. The
// server loads it anew for every command; the screen has it from its snapshot.
type Actor struct {
	Member Member `json:"member"`
	Role   Role   `json:"role"`
	// Lent are the roles that grants name, as they are now.
	Lent []Role `json:"lent,omitempty"`
}

// NewActor joins a member with their role and the roles that they were lent.
func NewActor(m Member, role func(RoleID) (Role, bool)) Actor {
	a := Actor{Member: m}
	a.Role, _ = role(m.Role)
	for _, g := range m.Grants {
		if r, ok := role(g.Role); ok && g.Role != "" {
			a.Lent = append(a.Lent, r)
		}
	}
	return a
}

// Scope is how far the actor may use p: the widest of their role's, of the roles
// lent to them and of single grants. Grants add up; none takes away.
func (a *Actor) Scope(p Perm) Scope {
	s := a.Role.Grants[p]
	if len(a.Member.Grants) == 0 || s == ScopeAll {
		return s
	}
	for i := range a.Lent {
		s = wider(s, a.Lent[i].Grants[p])
	}
	for i := range a.Member.Grants {
		if g := &a.Member.Grants[i]; g.Perm == p && g.Contact == "" {
			s = wider(s, g.Scope)
		}
	}
	return s
}

// At is the actor without the grants that have ended by now: a grant holds no
// longer than it says, however late its end is noticed.
func (a Actor) At(now time.Time) Actor {
	ended := func(g Grant) bool { return !now.Before(g.Until) }
	if !slices.ContainsFunc(a.Member.Grants, ended) {
		return a
	}
	own, lent := a.Role, a.Lent
	a.Member.Grants = slices.DeleteFunc(slices.Clone(a.Member.Grants), ended)
	rest := NewActor(a.Member, func(id RoleID) (Role, bool) {
		if id == own.ID {
			return own, true
		}
		i := slices.IndexFunc(lent, func(r Role) bool { return r.ID == id })
		if i < 0 {
			return Role{}, false
		}
		return lent[i], true
	})
	rest.Role = own // also of a draft, which no member has
	return rest
}

// Equal reports whether two actors have the same rights and the same name, so
// that nothing on a screen would differ between them.
func (a Actor) Equal(b Actor) bool {
	return a.Member.ID == b.Member.ID && a.Member.Name == b.Member.Name && a.Member.Email == b.Member.Email &&
		a.Member.Role == b.Member.Role && a.Member.Suspended == b.Member.Suspended && a.Member.Removed == b.Member.Removed &&
		slices.Equal(a.Member.Teams, b.Member.Teams) && slices.EqualFunc(a.Member.Grants, b.Member.Grants, Grant.equal) &&
		a.Role.equal(b.Role) && slices.EqualFunc(a.Lent, b.Lent, Role.equal)
}
