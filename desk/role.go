package desk

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
	BuiltIn     bool           `json:"built_in,omitempty"`
	Rank        int            `json:"rank"` // who stands above whom; owner is highest
	Grants      map[Perm]Scope `json:"grants"`
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
		{RoleOwner, "Owner", "Everything, and can't be locked out: a desk always has one.", true, 100, everything},
		{RoleAdmin, "Admin", "Everything, for everyone below an owner.", true, 80, admin},
		{RoleManager, "Manager", "Runs the floor: every conversation, and the roles of the people in their teams.", true, 60, map[Perm]Scope{
			ConversationView: ScopeAll, ConversationViewQueue: ScopeAll, ConversationClaim: ScopeAll,
			ConversationAssign: ScopeAll, ConversationTakeover: ScopeAll, ConversationSetStatus: ScopeAll,
			ConversationLabel: ScopeAll, ConversationMarkRead: ScopeAll, MessageReply: ScopeAll, MessageReplyUnowned: ScopeAll,
			MessageNote: ScopeAll, MessageRetry: ScopeAll, RoleAssign: ScopeTeam,
		}},
		{RoleAgent, "Agent", "Answers customers: takes chats from the queue, helps out within their teams.", true, 40, map[Perm]Scope{
			ConversationView: ScopeTeam, ConversationViewQueue: ScopeTeam, ConversationClaim: ScopeTeam,
			ConversationAssign: ScopeTeam, ConversationTakeover: ScopeTeam, ConversationSetStatus: ScopeOwn,
			ConversationLabel: ScopeTeam, ConversationMarkRead: ScopeTeam, MessageReply: ScopeTeam, MessageNote: ScopeTeam, MessageRetry: ScopeOwn,
		}},
		{RoleSales, "Sales", "Works their own customers, and takes new ones from the queue.", true, 40, map[Perm]Scope{
			ConversationView: ScopeOwn, ConversationViewQueue: ScopeTeam, ConversationClaim: ScopeTeam,
			ConversationAssign: ScopeOwn, ConversationSetStatus: ScopeOwn, ConversationLabel: ScopeOwn, ConversationMarkRead: ScopeOwn,
			MessageReply: ScopeOwn, MessageNote: ScopeOwn, MessageRetry: ScopeOwn,
		}},
		{RoleMarketing, "Marketing", "Reads along to learn what customers ask, and leaves notes.", true, 40, map[Perm]Scope{
			ConversationView: ScopeTeam, ConversationLabel: ScopeTeam, MessageNote: ScopeTeam,
		}},
		{RoleViewer, "Viewer", "Reads everything, changes nothing.", true, 20, map[Perm]Scope{
			ConversationView: ScopeAll, ConversationViewQueue: ScopeAll,
		}},
		{RoleTemporary, "Temporary", "Answers only the chats that were handed to them.", true, 10, map[Perm]Scope{
			ConversationView: ScopeOwn, ConversationMarkRead: ScopeOwn, MessageReply: ScopeOwn, MessageNote: ScopeOwn,
		}},
	}
}
