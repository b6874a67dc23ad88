package desk

import "maps"

// RoleID names a role. Built-in roles have fixed words; a custom role's is made
// by the server.
type RoleID string

// The built-in roles. They are data: nothing but [BuiltInRoles] and the rule of
// the last owner looks at these words.
const (
	RoleOwner     RoleID = "owner"
	RoleAdmin     RoleID = "admin"
	RoleManager   RoleID = "manager"
	RoleAgent     RoleID = "agent"
	RoleSales     RoleID = "sales"
	RoleMarketing RoleID = "marketing"
	RoleViewer    RoleID = "viewer"
	RoleTemporary RoleID = "temporary"
)

// Role maps permissions to scopes. What it doesn't name it doesn't have; there
// are no negative grants.
type Role struct {
	ID          RoleID         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	BuiltIn     bool           `json:"built_in,omitempty"` // comes with the program and can't be changed, only copied
	Rank        int            `json:"rank"`               // who stands above whom; owner is highest
	Grants      map[Perm]Scope `json:"grants"`
	Base        RoleID         `json:"base,omitempty"`    // the role that a custom one was copied from
	Version     int            `json:"version,omitempty"` // of a custom role: 1 when it is made, one more with each change
	Removed     bool           `json:"removed,omitempty"` // in an event only: it is gone
}

// Scope returns how far the role may use p; [ScopeNone] when not at all.
func (r Role) Scope(p Perm) Scope { return r.Grants[p] }

// Covers reports whether r holds everything that other holds, at the same scope
// or a wider one. It returns the first key of the catalogue that is missing.
func (r Role) Covers(other Role) (missing Perm, ok bool) {
	for p, s := range other.Grants {
		if s.Rank() > r.Grants[p].Rank() && (missing == "" || p < missing) {
			missing = p
		}
	}
	return missing, missing == ""
}

// equal reports whether two roles allow the same and read the same.
func (r Role) equal(o Role) bool {
	return r.ID == o.ID && r.Name == o.Name && r.Rank == o.Rank && maps.Equal(r.Grants, o.Grants)
}

// BuiltInRoles are the eight roles that every desk starts with, highest first.
// The values are the caller's own.
func BuiltInRoles() []Role {
	everything := map[Perm]Scope{}
	for _, p := range Permissions() {
		everything[p.Key] = ScopeAll
	}
	admin := map[Perm]Scope{}
	for p, s := range everything {
		admin[p] = s
	}
	return []Role{
		{ID: RoleOwner, Name: "Owner", Description: "Everything, and can't be locked out: a desk always has one.", BuiltIn: true, Rank: 100, Grants: everything},
		{ID: RoleAdmin, Name: "Admin", Description: "Everything, for everyone below an owner.", BuiltIn: true, Rank: 80, Grants: admin},
		{ID: RoleManager, Name: "Manager", Description: "Runs the floor: every conversation, and the roles of the people in their teams.", BuiltIn: true, Rank: 60, Grants: map[Perm]Scope{
			ConversationView: ScopeAll, ConversationViewQueue: ScopeAll, ConversationClaim: ScopeAll,
			ConversationAssign: ScopeAll, ConversationTakeover: ScopeAll, ConversationSetStatus: ScopeAll,
			ConversationLabel: ScopeAll, ConversationMarkRead: ScopeAll, MessageReply: ScopeAll, MessageReplyUnowned: ScopeAll,
			MessageNote: ScopeAll, MessageRetry: ScopeAll,
			ContactViewPII: ScopeAll, ContactReveal: ScopeAll, ContactExport: ScopeTeam,
			MemberView: ScopeAll, MemberInvite: ScopeTeam, MemberSuspend: ScopeTeam, TeamManage: ScopeTeam,
			SessionView: ScopeTeam, SessionRevoke: ScopeTeam,
			RoleView: ScopeAll, RoleAssign: ScopeTeam, RoleViewAs: ScopeTeam, GrantTemporary: ScopeTeam,
			AccessRequest: ScopeAll, AccessDecide: ScopeTeam, LogView: ScopeTeam,
		}},
		{ID: RoleAgent, Name: "Agent", Description: "Answers customers: takes chats from the queue, helps out within their teams.", BuiltIn: true, Rank: 40, Grants: map[Perm]Scope{
			ConversationView: ScopeTeam, ConversationViewQueue: ScopeTeam, ConversationClaim: ScopeTeam,
			ConversationAssign: ScopeTeam, ConversationTakeover: ScopeTeam, ConversationSetStatus: ScopeOwn,
			ConversationLabel: ScopeTeam, ConversationMarkRead: ScopeTeam, MessageReply: ScopeTeam, MessageNote: ScopeTeam, MessageRetry: ScopeOwn,
			ContactViewPII: ScopeTeam, ContactReveal: ScopeTeam, MemberView: ScopeAll,
			SessionView: ScopeOwn, SessionRevoke: ScopeOwn, AccessRequest: ScopeAll, LogView: ScopeOwn,
		}},
		{ID: RoleSales, Name: "Sales", Description: "Works their own customers, and takes new ones from the queue.", BuiltIn: true, Rank: 40, Grants: map[Perm]Scope{
			ConversationView: ScopeOwn, ConversationViewQueue: ScopeTeam, ConversationClaim: ScopeTeam,
			ConversationAssign: ScopeOwn, ConversationSetStatus: ScopeOwn, ConversationLabel: ScopeOwn, ConversationMarkRead: ScopeOwn,
			MessageReply: ScopeOwn, MessageNote: ScopeOwn, MessageRetry: ScopeOwn,
			ContactViewPII: ScopeOwn, ContactReveal: ScopeTeam, MemberView: ScopeAll,
			SessionView: ScopeOwn, SessionRevoke: ScopeOwn, AccessRequest: ScopeAll, LogView: ScopeOwn,
		}},
		{ID: RoleMarketing, Name: "Marketing", Description: "Reads along to learn what customers ask, and leaves notes.", BuiltIn: true, Rank: 40, Grants: map[Perm]Scope{
			ConversationView: ScopeTeam, ConversationLabel: ScopeTeam, MessageNote: ScopeTeam,
			SessionView: ScopeOwn, SessionRevoke: ScopeOwn, AccessRequest: ScopeAll, LogView: ScopeOwn,
		}},
		{ID: RoleViewer, Name: "Viewer", Description: "Reads everything, changes nothing.", BuiltIn: true, Rank: 20, Grants: map[Perm]Scope{
			ConversationView: ScopeAll, ConversationViewQueue: ScopeAll,
			SessionView: ScopeOwn, SessionRevoke: ScopeOwn, AccessRequest: ScopeAll, LogView: ScopeOwn,
		}},
		{ID: RoleTemporary, Name: "Temporary", Description: "Answers only the chats that were handed to them.", BuiltIn: true, Rank: 10, Grants: map[Perm]Scope{
			ConversationView: ScopeOwn, ConversationMarkRead: ScopeOwn, MessageReply: ScopeOwn, MessageNote: ScopeOwn,
			ContactReveal: ScopeOwn, SessionView: ScopeOwn, SessionRevoke: ScopeOwn, AccessRequest: ScopeAll,
		}},
	}
}
