package desk

import (
	"encoding/json"
	"time"
)

// Incoming is one delivery of a channel, decoded: all of it is stored in one
// transaction, or none.
type Incoming struct {
	Channel  ChannelID // empty when the delivery names no channel of ours
	Messages []IncomingMessage
	Statuses []StatusReport
	// Other is what the desk keeps without acting on it: fields it doesn't know,
	// bodies it can't read, numbers that aren't ours.
	Other []Unhandled
}

// Empty reports whether there is nothing to store.
func (in *Incoming) Empty() bool { return len(in.Messages)+len(in.Statuses)+len(in.Other) == 0 }

// Identity is how a channel names a customer. Any field can be missing; WAID or
// UserID is there.
type Identity struct {
	WAID         string `json:"wa_id,omitempty"`   // digits
	UserID       string `json:"user_id,omitempty"` // business-scoped
	ParentUserID string `json:"parent_user_id,omitempty"`
	Username     string `json:"username,omitempty"`
	Name         string `json:"name,omitempty"`
}

// IncomingMessage is something that a customer did.
type IncomingMessage struct {
	External string // the provider's id, unique in the channel
	From     Identity
	At       time.Time // the provider's
	Type     MessageType
	Text     string
	Media    *Media
	Quote    string          // the provider's id of the message it answers, or that a reaction is to
	Raw      json.RawMessage // as the provider sent it
	// Silent is for what isn't the customer speaking (system notices): it opens
	// no window, counts as no unread message and doesn't reopen a conversation.
	Silent bool
	// Echo is for what the business sent from its own phone: it stands on the
	// team's side, without an author.
	Echo bool
	// Moved is set when the customer's identity changed to this one.
	Moved *Identity
}

// StatusReport is the provider's word on a message of ours.
type StatusReport struct {
	External string    // the provider's id of the message
	Callback MessageID // our own id, as it was given with the send; may be empty
	Delivery Delivery
	At       time.Time
	To       Identity
	Problem  *Problem
	Raw      json.RawMessage
}

// Unhandled is a piece of a delivery that is kept as it came.
type Unhandled struct {
	Why string // a word: "field", "json", "channel", "object"
	Raw []byte
}

// Outgoing is a message to hand to the channel.
type Outgoing struct {
	Message MessageID // to be echoed in the statuses
	Channel ChannelID
	To      Identity
	Text    string
	Quote   string // the provider's id of the message it answers
}

// Receipt is the provider's acceptance.
type Receipt struct {
	External string
	WAID     string // the customer's id as the provider has it; may differ from what was dialled
}

// SendClass says what to do about a send that wasn't accepted.
type SendClass string

const (
	SendRetry   SendClass = "retry"   // definitely not taken; try again later
	SendFail    SendClass = "fail"    // definitely not taken; it never will be
	SendPause   SendClass = "pause"   // nothing can be sent on this channel until a person mends it
	SendWindow  SendClass = "window"  // the provider says that the window is closed
	SendUnknown SendClass = "unknown" // it may have been taken: no machine tries again
)

// SendError is a send that wasn't accepted.
type SendError struct {
	Class      SendClass
	Problem    Problem
	RetryAfter time.Duration // at least this long; 0 when the provider didn't say
	MaxTries   int           // how often this error may be retried; 0 means the usual number
	Err        error         // the cause, for the log
}

func (e *SendError) Error() string { return e.Problem.Text }
func (e *SendError) Unwrap() error { return e.Err }
