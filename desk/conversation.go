package desk

import (
	"strconv"
	"time"
)

// ConversationID is the number that people see: #4711. It is given in the order
// in which conversations began.
type ConversationID int64

// String is the number with its sign: "#4711".
func (id ConversationID) String() string { return "#" + strconv.FormatInt(int64(id), 10) }

type (
	ContactID string
	ChannelID string
)

// Contact is a customer. Any of the identities can be missing: a customer with
// a username may hide the phone number.
type Contact struct {
	ID       ContactID `json:"id"`
	Name     string    `json:"name,omitempty"`     // as the customer chose it; any text
	Phone    string    `json:"phone,omitempty"`    // E.164 with +
	Username string    `json:"username,omitempty"` // display only: customers change it
	UserID   string    `json:"user_id,omitempty"`  // business-scoped user id
	Hidden   bool      `json:"hidden,omitempty"`   // private fields are masked for this reader
}

// Status says whether a conversation still needs someone.
type Status string

const (
	StatusOpen     Status = "open"
	StatusResolved Status = "resolved"
)

// Conversation is one customer's thread on one channel. It carries all that a
// list line shows, so a list needs no other table.
type Conversation struct {
	ID       ConversationID `json:"id"`
	Seq      int64          `json:"seq"` // log position of the last change; a row with a lower one is older
	Channel  ChannelID      `json:"channel"`
	Contact  Contact        `json:"contact"`
	Status   Status         `json:"status"`
	Assignee MemberID       `json:"assignee,omitempty"`
	Team     TeamID         `json:"team,omitempty"`
	Labels   []string       `json:"labels,omitempty"`

	LastAt time.Time `json:"last_at"` // of the newest message; lists are ordered by it, then by ID, newest first
	Last   Last      `json:"last"`

	// Unread counts the customer's messages that nobody has marked read.
	Unread int `json:"unread,omitempty"`
	// WaitingSince is when the customer wrote the first message that has no
	// reply yet; zero when nobody waits.
	WaitingSince time.Time `json:"waiting_since,omitzero"`
	// WindowUntil is when the customer-service window closes: 24 hours after the
	// newest message of the customer, by that message's own time. Zero when the
	// customer never wrote.
	WindowUntil time.Time `json:"window_until,omitzero"`
}

// Last is the newest message as a list line shows it.
type Last struct {
	Message  MessageID   `json:"message,omitempty"`
	Side     Side        `json:"side,omitempty"`
	Type     MessageType `json:"type,omitempty"`
	Author   MemberID    `json:"author,omitempty"`
	Text     string      `json:"text,omitempty"` // at most 160 characters
	Delivery Delivery    `json:"delivery,omitempty"`
}

// Excerpt is as much of a text as a list line keeps, cut between characters.
func Excerpt(text string) string {
	n := 0
	for i := range text {
		if n == PreviewLimit {
			return text[:i]
		}
		n++
	}
	return text
}

// PreviewLimit is how many characters of a message a list line keeps.
const PreviewLimit = 160

// WindowMargin is how long before the computed end we call the window closed:
// the provider's clock decides, and a refusal costs the customer's patience.
const WindowMargin = time.Minute

// WindowOpen reports whether a free-form message may still be sent.
func (c *Conversation) WindowOpen(now time.Time) bool {
	return now.Before(c.WindowUntil.Add(-WindowMargin))
}

// Facts are what decides who sees a conversation and in which lists it stands.
// An event carries them as they were before, when they changed.
type Facts struct {
	Status   Status   `json:"status"`
	Assignee MemberID `json:"assignee,omitempty"`
	Team     TeamID   `json:"team,omitempty"`
	Unread   int      `json:"unread,omitempty"`
}

// Facts returns the conversation's present facts.
func (c *Conversation) Facts() Facts { return Facts{c.Status, c.Assignee, c.Team, c.Unread} }

// With returns a conversation that has only an ID and these facts: enough for
// [Can] and [List.Holds].
func (f Facts) With(id ConversationID) *Conversation {
	return &Conversation{ID: id, Status: f.Status, Assignee: f.Assignee, Team: f.Team, Unread: f.Unread}
}

// List is one of the lists of the inbox. Each shows only what its reader may see.
type List string

const (
	ListMine     List = "mine"     // open, assigned to me
	ListQueue    List = "queue"    // open, assigned to nobody
	ListTeam     List = "team"     // open, in one of my teams
	ListAll      List = "all"      // open
	ListResolved List = "resolved" // resolved
)

// Lists returns every list, in the order of the screen.
func Lists() []List { return []List{ListMine, ListQueue, ListTeam, ListAll, ListResolved} }

// Valid reports whether l is one of [Lists].
func (l List) Valid() bool {
	switch l {
	case ListMine, ListQueue, ListTeam, ListAll, ListResolved:
		return true
	}
	return false
}

// Holds reports whether c stands in the list for this member. It says nothing
// about rights: ask [Can] for those.
func (l List) Holds(me Member, c *Conversation) bool {
	if l == ListResolved {
		return c.Status == StatusResolved
	}
	if c.Status != StatusOpen {
		return false
	}
	switch l {
	case ListMine:
		return c.Assignee == me.ID
	case ListQueue:
		return c.Assignee == ""
	case ListTeam:
		return me.In(c.Team)
	}
	return l == ListAll
}

// Count is the badge of a list.
type Count struct {
	Total  int `json:"total"`
	Unread int `json:"unread"` // conversations with something unread
}

// Cursor is a place in a list: after this row. The zero Cursor is the top.
type Cursor struct {
	LastAt time.Time      `json:"last_at,omitzero"`
	ID     ConversationID `json:"id,omitempty"`
}

// Cursor returns the place of the conversation in any list that holds it.
func (c *Conversation) Cursor() Cursor { return Cursor{c.LastAt, c.ID} }

// Before reports whether a row at a stands above a row at b: newer first.
func (a Cursor) Before(b Cursor) bool {
	if a.LastAt.Equal(b.LastAt) {
		return a.ID > b.ID
	}
	return a.LastAt.After(b.LastAt)
}
