package desk

import "slices"

// Perm is the key of one permission: "group.verb".
type Perm string

// The keys. Each gates at least one command, and each command names one.
const (
	ConversationView      Perm = "conversation.view"
	ConversationViewQueue Perm = "conversation.view_queue"
	ConversationClaim     Perm = "conversation.claim"
	ConversationAssign    Perm = "conversation.assign"
	ConversationTakeover  Perm = "conversation.takeover"
	ConversationSetStatus Perm = "conversation.set_status"
	ConversationLabel     Perm = "conversation.label"
	ConversationMarkRead  Perm = "conversation.mark_read"
	MessageReply          Perm = "message.reply"
	MessageReplyUnowned   Perm = "message.reply_unowned"
	MessageNote           Perm = "message.note"
	MessageRetry          Perm = "message.retry"

	ContactViewPII    Perm = "contact.view_pii"
	ContactReveal     Perm = "contact.reveal"
	ContactExport     Perm = "contact.export"
	ContactExportMany Perm = "contact.export_many"

	MemberView    Perm = "member.view"
	MemberInvite  Perm = "member.invite"
	MemberSuspend Perm = "member.suspend"
	TeamManage    Perm = "team.manage"
	SessionView   Perm = "session.view"
	SessionRevoke Perm = "session.revoke"

	RoleView       Perm = "role.view"
	RoleAssign     Perm = "role.assign"
	RoleManage     Perm = "role.manage"
	RoleViewAs     Perm = "role.view_as"
	GrantTemporary Perm = "grant.temporary"
	AccessRequest  Perm = "access.request"
	AccessDecide   Perm = "access.decide"

	LogView   Perm = "log.view"
	LogVerify Perm = "log.verify"
	LogExport Perm = "log.export"
)

// Scope says on which conversations (or people) a role may use a permission.
// Scopes are ordered: each holds the ones before it.
type Scope string

const (
	// ScopeNone is the scope of a permission that a role doesn't name.
	ScopeNone Scope = ""
	// ScopeOwn covers conversations assigned to me.
	ScopeOwn Scope = "own"
	// ScopeTeam covers own, my teams' conversations, and those that nobody has
	// yet: unassigned and in no team. For people: those who share a team with me.
	ScopeTeam Scope = "team"
	// ScopeAll covers everything.
	ScopeAll Scope = "all"
)

// Rank orders scopes: none < own < team < all. An unknown word ranks as none,
// so a scope from a newer server never grants more than this program knows.
func (s Scope) Rank() int {
	switch s {
	case ScopeOwn:
		return 1
	case ScopeTeam:
		return 2
	case ScopeAll:
		return 3
	}
	return 0
}

// Group is a heading of the catalogue.
type Group string

const (
	GroupConversation Group = "Conversations"
	GroupMessage      Group = "Messages"
	GroupContact      Group = "Contacts"
	GroupPeople       Group = "People and teams"
	GroupAccess       Group = "Roles and access"
	GroupLog          Group = "Activity log"
)

// Permission describes a key to people: the role matrix, the docs and the
// refusals are made from it.
type Permission struct {
	Key     Perm
	Group   Group
	Title   string  // as a verb phrase: "Reply to customers"
	Meaning string  // one sentence, what holding it lets a person do
	Scopes  []Scope // the scopes that make sense, narrowest first
	Danger  bool    // changes what other people may do, or takes data out
}

// Permissions is the catalogue, in the order in which it is shown. The slice is
// the caller's own.
func Permissions() []Permission {
	all := []Scope{ScopeOwn, ScopeTeam, ScopeAll}
	wide := []Scope{ScopeTeam, ScopeAll}
	yes := []Scope{ScopeAll} // held or not
	return []Permission{
		{ConversationView, GroupConversation, "See conversations",
			"See conversations in the lists, open them and read their history.", all, false},
		{ConversationViewQueue, GroupConversation, "See the queue",
			"See conversations that nobody has taken yet, besides those that the view scope covers.", wide, false},
		{ConversationClaim, GroupConversation, "Claim from the queue",
			"Take a conversation that nobody has.", wide, false},
		{ConversationAssign, GroupConversation, "Assign",
			"Give a conversation to a person or a team, or put it back into the queue.", all, false},
		{ConversationTakeover, GroupConversation, "Take over",
			"Take a conversation from the colleague who has it.", wide, false},
		{ConversationSetStatus, GroupConversation, "Resolve and reopen",
			"Close a conversation that is done, or open it again.", all, false},
		{ConversationLabel, GroupConversation, "Label",
			"Put labels on a conversation and take them off.", all, false},
		{ConversationMarkRead, GroupConversation, "Mark as read",
			"Tell colleagues, and the customer, that what the customer wrote was read.", all, false},
		{MessageReply, GroupMessage, "Reply to customers",
			"Write to the customer.", all, false},
		{MessageReplyUnowned, GroupMessage, "Reply in a colleague's chat",
			"Write to the customer of a conversation that someone else has.", wide, false},
		{MessageNote, GroupMessage, "Write notes",
			"Add notes that colleagues see and the customer doesn't.", all, false},
		{MessageRetry, GroupMessage, "Settle unsent messages",
			"Send a failed or unconfirmed message again, or settle what became of it.", all, false},

		{ContactViewPII, GroupContact, "See customers' numbers",
			"See phone numbers and user names whole. Without it only the last four digits show.", all, false},
		{ContactReveal, GroupContact, "Reveal one number",
			"See one customer's number for ten minutes, with a reason that stands in the log.", all, false},
		{ContactExport, GroupContact, "Export contacts",
			"Take names and numbers out of the desk, a limited number a day.", all, true},
		{ContactExportMany, GroupContact, "Export many contacts",
			"Take out more than the daily limit. A role that has it may only give it: it takes a second person, who gives it for a time.", yes, true},

		{MemberView, GroupPeople, "See the people",
			"See colleagues' addresses, presence, open chats and the reasons of their temporary access; that they have it is no secret.", yes, false},
		{MemberInvite, GroupPeople, "Invite people",
			"Invite a person with a role, up to what one holds oneself.", wide, true},
		{MemberSuspend, GroupPeople, "Suspend and remove people",
			"Suspend a person, let them back in, or remove them; their open chats are handed over.", wide, true},
		{TeamManage, GroupPeople, "Manage teams",
			"Create and rename teams, and say who is in them.", wide, true},
		{SessionView, GroupPeople, "See sessions",
			"See where a person is signed in: program, address, since when.", all, false},
		{SessionRevoke, GroupPeople, "End sessions",
			"Sign a person out of one session or of all.", all, true},

		{RoleView, GroupAccess, "See the roles",
			"Look through the roles, their history, and which permissions people never use; what a role may do is no secret, since every screen decides with it.", yes, false},
		{RoleAssign, GroupAccess, "Switch people's roles",
			"Give another person a role, up to what one holds oneself.", wide, true},
		{RoleManage, GroupAccess, "Manage roles",
			"Create, change and delete custom roles, up to what one holds oneself.", yes, true},
		{RoleViewAs, GroupAccess, "See as someone else",
			"See the inbox exactly as a person or a role would, without touching anything.", wide, true},
		{GrantTemporary, GroupAccess, "Give access for a time",
			"Give a role or a single permission to a person until a time, up to what one holds oneself.", wide, true},
		{AccessRequest, GroupAccess, "Ask for access",
			"Ask for a permission for a time, with a reason.", yes, false},
		{AccessDecide, GroupAccess, "Decide on requests",
			"Allow or refuse what people ask for, up to what one holds oneself.", wide, true},

		{LogView, GroupLog, "See the activity log",
			"Read who did what and when: oneself, one's teams, or everyone.", all, false},
		{LogVerify, GroupLog, "Keep the log's checkpoints",
			"Take signed checkpoints, by which anyone can check later that the log is whole.", yes, false},
		{LogExport, GroupLog, "Export the activity log",
			"Take the log out of the desk, without what was written, in a form that can be checked.", yes, true},
	}
}

// Describe returns the catalogue's entry for a key; ok is false for a key that
// this program doesn't know.
func Describe(p Perm) (_ Permission, ok bool) {
	all := Permissions()
	i := slices.IndexFunc(all, func(d Permission) bool { return d.Key == p })
	if i < 0 {
		return Permission{Key: p, Title: string(p)}, false
	}
	return all[i], true
}

// wider is the one of two scopes that reaches further.
func wider(a, b Scope) Scope {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}
