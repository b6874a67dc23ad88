package desk

import "strings"

// ListConversations asks for the rows of a list after a cursor; answered by [Page].
type ListConversations struct {
	List  List   `json:"list"`
	After Cursor `json:"after,omitzero"`
	Limit int    `json:"limit,omitempty"` // 1 to MaxPage; 0 means 50
}

// History asks for the messages of a conversation that stand before a place in
// the thread, newest first; answered by [Thread].
type History struct {
	Conversation ConversationID `json:"conversation"`
	Before       Place          `json:"before,omitzero"` // the zero Place is the end of the thread
	Limit        int            `json:"limit,omitempty"` // 1 to MaxPage; 0 means 50
}

// MaxPage is the most rows that one answer carries.
const MaxPage = 200

// Reply writes to the customer. It conflicts when the customer or a colleague
// wrote after Seen, the log position of what the author's screen showed.
type Reply struct {
	Conversation ConversationID `json:"conversation"`
	Text         string         `json:"text"`
	Quote        MessageID      `json:"quote,omitempty"`
	Seen         int64          `json:"seen"`
}

// MaxText is the longest message that WhatsApp takes, in UTF-16 code units: the
// strictest reading of its "characters".
const MaxText = 4096

// Note writes to colleagues.
type Note struct {
	Conversation ConversationID `json:"conversation"`
	Text         string         `json:"text"`
}

// Claim takes a conversation that nobody has.
type Claim struct {
	Conversation ConversationID `json:"conversation"`
}

// TakeOver takes a conversation from the colleague From, as the screen showed
// it. It conflicts when somebody else has it by now.
type TakeOver struct {
	Conversation ConversationID `json:"conversation"`
	From         MemberID       `json:"from"`
}

// Assign gives a conversation to a member, to a team, or both. A nil field is
// left as it is; an empty one clears it, so Member "" puts the conversation back
// into the queue.
type Assign struct {
	Conversation ConversationID `json:"conversation"`
	Member       *MemberID      `json:"member,omitempty"`
	Team         *TeamID        `json:"team,omitempty"`
}

// Resolve closes a conversation that is done. The next message of the customer
// opens it again. It conflicts, like [Reply], when somebody wrote after Seen.
type Resolve struct {
	Conversation ConversationID `json:"conversation"`
	Seen         int64          `json:"seen"`
}

// Reopen opens a resolved conversation.
type Reopen struct {
	Conversation ConversationID `json:"conversation"`
}

// MarkRead says that what the customer wrote up to log position Upto was read,
// and lets the customer see that. What came later stays unread.
type MarkRead struct {
	Conversation ConversationID `json:"conversation"`
	Upto         int64          `json:"upto"`
}

// Label puts labels on a conversation and takes others off.
type Label struct {
	Conversation ConversationID `json:"conversation"`
	Add          []string       `json:"add,omitempty"`
	Remove       []string       `json:"remove,omitempty"`
}

// Limits of labels: characters each, and how many on one conversation.
const (
	MaxLabel  = 32
	MaxLabels = 12
)

// Retry sends a failed or unconfirmed message once more. For an unconfirmed one
// a person decides that: the customer may get it twice.
type Retry struct {
	Conversation ConversationID `json:"conversation"`
	Message      MessageID      `json:"message"`
}

// Settle says what became of an unconfirmed or failed message without sending
// anything: it arrived, or it didn't and nobody will try again.
type Settle struct {
	Conversation ConversationID `json:"conversation"`
	Message      MessageID      `json:"message"`
	Arrived      bool           `json:"arrived"`
}

func (ListConversations) Name() string { return "conversation.list" }
func (History) Name() string           { return "conversation.history" }
func (Reply) Name() string             { return "message.reply" }
func (Note) Name() string              { return "message.note" }
func (Claim) Name() string             { return "conversation.claim" }
func (TakeOver) Name() string          { return "conversation.take_over" }
func (Assign) Name() string            { return "conversation.assign" }
func (Resolve) Name() string           { return "conversation.resolve" }
func (Reopen) Name() string            { return "conversation.reopen" }
func (MarkRead) Name() string          { return "conversation.mark_read" }
func (Label) Name() string             { return "conversation.label" }
func (Retry) Name() string             { return "message.retry" }
func (Settle) Name() string            { return "message.settle" }

// Perm of a list: the queue has its own key, since a role may see the queue and
// nothing else.
func (c ListConversations) Perm() Perm {
	if c.List == ListQueue {
		return ConversationViewQueue
	}
	return ConversationView
}
func (History) Perm() Perm               { return ConversationView }
func (Reply) Perm() Perm                 { return MessageReply }
func (Note) Perm() Perm                  { return MessageNote }
func (Claim) Perm() Perm                 { return ConversationClaim }
func (TakeOver) Perm() Perm              { return ConversationTakeover }
func (Assign) Perm() Perm                { return ConversationAssign }
func (Resolve) Perm() Perm               { return ConversationSetStatus }
func (Reopen) Perm() Perm                { return ConversationSetStatus }
func (MarkRead) Perm() Perm              { return ConversationMarkRead }
func (Label) Perm() Perm                 { return ConversationLabel }
func (Retry) Perm() Perm                 { return MessageRetry }
func (Settle) Perm() Perm                { return MessageRetry }
func (ListConversations) Target() Target { return Target{} }
func (c History) Target() Target         { return Target{Conversation: c.Conversation} }
func (c Reply) Target() Target           { return Target{Conversation: c.Conversation} }
func (c Note) Target() Target            { return Target{Conversation: c.Conversation} }
func (c Claim) Target() Target           { return Target{Conversation: c.Conversation} }
func (c TakeOver) Target() Target        { return Target{Conversation: c.Conversation} }
func (c Resolve) Target() Target         { return Target{Conversation: c.Conversation, Status: StatusResolved} }
func (c Reopen) Target() Target          { return Target{Conversation: c.Conversation, Status: StatusOpen} }
func (c MarkRead) Target() Target        { return Target{Conversation: c.Conversation} }
func (c Label) Target() Target           { return Target{Conversation: c.Conversation} }
func (c Retry) Target() Target           { return Target{Conversation: c.Conversation, Message: c.Message} }
func (c Settle) Target() Target          { return Target{Conversation: c.Conversation, Message: c.Message} }
func (c Assign) Target() Target {
	t := Target{Conversation: c.Conversation}
	if c.Member != nil {
		t.Member = *c.Member
	}
	if c.Team != nil {
		t.Team = *c.Team
	}
	return t
}

func (ListConversations) reads() {}
func (History) reads()           {}

func (c ListConversations) Validate() error {
	if !c.List.Valid() {
		return Errorf(CodeInvalid, "There is no list %q.", c.List)
	}
	if (c.After.ID == 0) != c.After.LastAt.IsZero() {
		return Errorf(CodeInvalid, "A cursor has both last_at and id, as a row has them, or neither.")
	}
	return page(c.Limit)
}
func (c History) Validate() error { return first(conversation(c.Conversation), page(c.Limit)) }
func (c Reply) Validate() error   { return first(conversation(c.Conversation), text(c.Text)) }
func (c Note) Validate() error    { return first(conversation(c.Conversation), text(c.Text)) }
func (c Claim) Validate() error   { return conversation(c.Conversation) }
func (c TakeOver) Validate() error {
	if c.From == "" {
		return Errorf(CodeInvalid, "Taking over needs the member who has the conversation.")
	}
	return conversation(c.Conversation)
}
func (c Assign) Validate() error {
	if c.Member == nil && c.Team == nil {
		return Errorf(CodeInvalid, "Assigning needs a member or a team.")
	}
	return conversation(c.Conversation)
}
func (c Resolve) Validate() error  { return conversation(c.Conversation) }
func (c Reopen) Validate() error   { return conversation(c.Conversation) }
func (c MarkRead) Validate() error { return conversation(c.Conversation) }
func (c Label) Validate() error {
	if len(c.Add)+len(c.Remove) == 0 {
		return Errorf(CodeInvalid, "Labelling needs at least one label.")
	}
	for _, l := range c.Add {
		if l == "" || l != strings.TrimSpace(l) || len([]rune(l)) > MaxLabel {
			return Errorf(CodeInvalid, "A label has 1 to %d characters and no space at its ends.", MaxLabel)
		}
		if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return Errorf(CodeInvalid, "A label has no control characters.")
		}
	}
	return conversation(c.Conversation)
}
func (c Retry) Validate() error  { return first(conversation(c.Conversation), message(c.Message)) }
func (c Settle) Validate() error { return first(conversation(c.Conversation), message(c.Message)) }
