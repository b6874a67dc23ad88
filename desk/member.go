package desk

import "slices"

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

// Actor is a member together with what they may do: what [Can] decides on. The
// server loads it anew for every command; the screen has it from its snapshot.
type Actor struct {
	Member Member `json:"member"`
	Role   Role   `json:"role"`
}

// Equal reports whether two actors have the same rights and the same name, so
// that nothing on a screen would differ between them.
func (a Actor) Equal(b Actor) bool {
	if a.Member.ID != b.Member.ID || a.Member.Name != b.Member.Name || a.Member.Email != b.Member.Email ||
		a.Member.Role != b.Member.Role || a.Member.Suspended != b.Member.Suspended ||
		!slices.Equal(a.Member.Teams, b.Member.Teams) ||
		a.Role.ID != b.Role.ID || a.Role.Name != b.Role.Name || a.Role.Rank != b.Role.Rank || len(a.Role.Grants) != len(b.Role.Grants) {
		return false
	}
	for p, s := range a.Role.Grants {
		if b.Role.Grants[p] != s {
			return false
		}
	}
	return true
}
