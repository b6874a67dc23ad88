package desk

import "time"

// EventKind says what happened, in the past tense.
type EventKind string

const (
	MessageReceived EventKind = "message.received"
	MessageQueued   EventKind = "message.queued"
	MessageUpdated  EventKind = "message.updated" // delivery, problem
	NoteAdded       EventKind = "note.added"

	ConversationClaimed   EventKind = "conversation.claimed"
	ConversationAssigned  EventKind = "conversation.assigned"
	ConversationTakenOver EventKind = "conversation.taken_over"
	ConversationResolved  EventKind = "conversation.resolved"
	ConversationReopened  EventKind = "conversation.reopened"
	ConversationRead      EventKind = "conversation.read"
	ConversationLabelled  EventKind = "conversation.labelled"

	MemberAdded     EventKind = "member.added"
	MemberSuspended EventKind = "member.suspended"
	MemberResumed   EventKind = "member.resumed"
	MemberTeamed    EventKind = "member.teamed" // their teams changed
	RoleAssigned    EventKind = "role.assigned"
	RoleChanged     EventKind = "role.changed" // what a role may do
	TeamAdded       EventKind = "team.added"

	// These stand in the log only; no session is told.
	SignedIn        EventKind = "session.signed_in"
	SignedOut       EventKind = "session.signed_out"
	PasswordChanged EventKind = "member.password_changed"
)

// Event is one entry of the log as sessions see it. It carries whole entities,
// as they are after it: applying one is an upsert, and a reader never fetches
// anything because of it.
type Event struct {
	Seq   int64     `json:"seq"`
	At    time.Time `json:"at"`
	Kind  EventKind `json:"kind"`
	Actor MemberID  `json:"actor,omitempty"` // empty: the customer, the provider or the server itself

	Conversation *Conversation `json:"conversation,omitempty"`
	// Before is set when a fact of the conversation changed: what it was.
	Before *Facts `json:"before,omitempty"`
	// Messages are those that are new or changed. Usually one.
	Messages []Message `json:"messages,omitempty"`

	Member *Member `json:"member,omitempty"`
	Team   *Team   `json:"team,omitempty"`
	Role   *Role   `json:"role,omitempty"`
}

// Was returns the conversation as it was before the event, with its facts only.
// It returns the present one when no fact changed, and nil when the event isn't
// about a conversation.
func (e *Event) Was() *Conversation {
	if e.Conversation == nil || e.Before == nil {
		return e.Conversation
	}
	return e.Before.With(e.Conversation.ID)
}

// LogOnly reports whether the event stands in the log without being told to
// sessions.
func (k EventKind) LogOnly() bool {
	return k == SignedIn || k == SignedOut || k == PasswordChanged
}
