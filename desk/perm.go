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
	RoleAssign            Perm = "role.assign"
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
	GroupAccess       Group = "Roles and access"
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
		{RoleAssign, GroupAccess, "Switch people's roles",
			"Give another person a role, up to what one holds oneself.", wide, true},
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
