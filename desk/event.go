package desk

import (
	"slices"
	"time"
)

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
	// ConversationHandedOver: whoever had it can't answer any more; Text of its
	// message says why.
	ConversationHandedOver EventKind = "conversation.handed_over"

	MemberAdded     EventKind = "member.added"
	MemberSuspended EventKind = "member.suspended"
	MemberResumed   EventKind = "member.resumed"
	MemberTeamed    EventKind = "member.teamed" // their teams changed
	MemberInvited   EventKind = "member.invited"
	MemberJoined    EventKind = "member.joined"
	MemberRemoved   EventKind = "member.removed"
	RoleAssigned    EventKind = "role.assigned"
	RoleChanged     EventKind = "role.changed" // what a role may do
	RoleCreated     EventKind = "role.created"
	RoleRemoved     EventKind = "role.removed"
	TeamAdded       EventKind = "team.added"
	TeamRenamed     EventKind = "team.renamed"

	AccessGranted   EventKind = "access.granted" // a role or a permission until a time
	AccessEnded     EventKind = "access.ended"   // before its time
	AccessExpired   EventKind = "access.expired" // at its time
	AccessRequested EventKind = "access.requested"
	AccessDecided   EventKind = "access.decided"
	AccessWithdrawn EventKind = "access.withdrawn"
	ContactRevealed EventKind = "contact.revealed"
	ContactErased   EventKind = "contact.erased"

	// These stand in the log only; no session is told.
	SignedIn        EventKind = "session.signed_in"
	SignInFailed    EventKind = "session.failed"
	SignedOut       EventKind = "session.signed_out"
	SessionsEnded   EventKind = "session.ended" // by someone with the right to
	PasswordChanged EventKind = "member.password_changed"
	CommandRefused  EventKind = "command.refused"
	ContactExported EventKind = "contact.exported"
	LogExported     EventKind = "log.exported"
	CheckpointTaken EventKind = "log.checkpoint"
	ViewAsStarted   EventKind = "view_as.started"
	ViewAsEnded     EventKind = "view_as.ended"
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
	// Request is for those who see it ([SeesRequest]).
	Request *Request `json:"request,omitempty"`
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
	switch k {
	case SignedIn, SignInFailed, SignedOut, SessionsEnded, PasswordChanged, CommandRefused,
		ContactExported, LogExported, CheckpointTaken, ViewAsStarted, ViewAsEnded:
		return true
	}
	return false
}

// ForOthers is the event as anyone sees it but the member whom it is about.
func (e Event) ForOthers() Event {
	if e.Member != nil {
		m := e.Member.ForOthers()
		e.Member = &m
	}
	if e.Request != nil {
		r := e.Request.ForOthers()
		e.Request = &r
	}
	return e
}

// Masked is the event as someone else sees it who may not see the contact's numbers,
// or, of a member, without [MemberView].
func (e Event) Masked() Event {
	if e.Conversation != nil {
		masked := e.Conversation.Masked()
		e.Conversation = &masked
	}
	if len(e.Messages) > 0 {
		e.Messages = slices.Clone(e.Messages)
		for i := range e.Messages {
			e.Messages[i] = e.Messages[i].Masked()
		}
	}
	if e.Member != nil {
		masked := e.Member.Masked()
		e.Member = &masked
	}
	return e
}
