package desk

import "time"

// MessageID is made by the server before a message is sent; it travels with the
// send so that a status can name it before the send's own answer arrives.
type MessageID string

// Side says who is speaking in a thread.
type Side string

const (
	SideCustomer Side = "customer"
	SideTeam     Side = "team"  // to the customer, by a member (or from the business's phone: no author)
	SideNote     Side = "note"  // between colleagues; the customer never sees it
	SideEvent    Side = "event" // something happened: Type is an [EventKind] word
)

// MessageType is the kind of content. The set is open: an unknown word is shown
// as unsupported and kept.
type MessageType string

const (
	TypeText        MessageType = "text"
	TypeImage       MessageType = "image"
	TypeVideo       MessageType = "video"
	TypeAudio       MessageType = "audio"
	TypeDocument    MessageType = "document"
	TypeSticker     MessageType = "sticker"
	TypeLocation    MessageType = "location"
	TypeContacts    MessageType = "contacts"
	TypeInteractive MessageType = "interactive"
	TypeButton      MessageType = "button"
	TypeReaction    MessageType = "reaction"
	TypeOrder       MessageType = "order"
	TypeSystem      MessageType = "system"
	TypeUnsupported MessageType = "unsupported"
)

// Message is one line of a thread. What the provider sent is kept whole beside
// it in the store; Text is what a person reads.
type Message struct {
	ID           MessageID      `json:"id"`
	Conversation ConversationID `json:"conversation"`
	Seq          int64          `json:"seq"` // log position of the last change
	At           time.Time      `json:"at"`  // the provider's time for a customer's message; threads are ordered by it, then by Order
	Order        int64          `json:"order"`
	Side         Side           `json:"side"`
	Type         MessageType    `json:"type"`
	Author       MemberID       `json:"author,omitempty"`
	// Text is the body, the caption, or for content that isn't text a sentence
	// that stands for it ("Location: London Eye, …").
	Text  string `json:"text,omitempty"`
	Media *Media `json:"media,omitempty"`
	// Quote is the message that this one answers, when it is known here.
	Quote *Quote `json:"quote,omitempty"`
	// To and ToTeam name who an event was about: the new assignee, the new team.
	To     MemberID `json:"to,omitempty"`
	ToTeam TeamID   `json:"to_team,omitempty"`

	// Of a team message only:
	Ref         string    `json:"ref,omitempty"` // the command's ref, by which the author's screen knows its own message
	Delivery    Delivery  `json:"delivery,omitempty"`
	SentAt      time.Time `json:"sent_at,omitzero"`
	DeliveredAt time.Time `json:"delivered_at,omitzero"`
	ReadAt      time.Time `json:"read_at,omitzero"`
	Problem     *Problem  `json:"problem,omitempty"` // why it failed, or still waits
}

// Before orders a thread: by time, then by arrival.
func (m *Message) Before(o *Message) bool {
	if m.At.Equal(o.At) {
		return m.Order < o.Order
	}
	return m.At.Before(o.At)
}

// Media describes an attachment; its bytes are fetched by ID.
type Media struct {
	ID       string `json:"id,omitempty"`
	MIME     string `json:"mime,omitempty"`
	Filename string `json:"filename,omitempty"`
	SHA256   string `json:"sha256,omitempty"` // hex
	Size     int64  `json:"size,omitempty"`   // bytes; 0 when unknown
	Voice    bool   `json:"voice,omitempty"`
}

// Quote is the start of a quoted message.
type Quote struct {
	Message MessageID `json:"message"`
	Side    Side      `json:"side"`
	Author  MemberID  `json:"author,omitempty"`
	Text    string    `json:"text"`
}

// Delivery is how far a team message has come.
type Delivery string

const (
	Queued    Delivery = "queued"    // durable here, not yet tried
	Sending   Delivery = "sending"   // a try is under way
	Accepted  Delivery = "accepted"  // the provider took it
	Sent      Delivery = "sent"      // it left the provider
	Delivered Delivery = "delivered" // it is on the customer's phone
	Read      Delivery = "read"
	Played    Delivery = "played" // a voice message, listened to
	Failed    Delivery = "failed" // it will not arrive; Problem says why
	// Unknown means that nobody can say whether the provider took it: the link
	// broke after the request was written. Only a status or a person settles it;
	// no machine sends it a second time.
	Unknown Delivery = "unknown"
)

// rank orders the way of a message that goes well; 0 for states beside the way.
func (d Delivery) rank() int {
	switch d {
	case Queued:
		return 1
	case Sending:
		return 2
	case Accepted:
		return 3
	case Sent:
		return 4
	case Delivered:
		return 5
	case Read:
		return 6
	case Played:
		return 7
	}
	return 0
}

// Next returns the state after the provider reports `to`, and whether that is a
// change. The way forward never turns back: a late "sent" changes nothing, and
// "failed" holds until the customer's phone proves otherwise.
func (d Delivery) Next(to Delivery) (Delivery, bool) {
	switch {
	case to == d:
		return d, false
	case to == Failed:
		return pick(d, Failed, d == Unknown || (d.rank() > 0 && d.rank() <= Sent.rank()))
	case to.rank() == 0:
		return d, false
	case d == Failed:
		return pick(d, to, to.rank() >= Delivered.rank())
	}
	return pick(d, to, to.rank() > d.rank())
}

func pick(from, to Delivery, change bool) (Delivery, bool) {
	if change {
		return to, true
	}
	return from, false
}

// Problem is why the provider refused a message, in its own code and in a
// sentence for the agent.
type Problem struct {
	Code int    `json:"code,omitempty"`
	Text string `json:"text"`
}
