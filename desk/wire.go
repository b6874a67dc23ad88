package desk

import (
	"encoding/json"
	"time"
)

// Version is the protocol's; a server refuses a client that speaks another.
const Version = 1

// Place is a position in a thread. The zero Place is its end.
type Place struct {
	At    time.Time `json:"at,omitzero"`
	Order int64     `json:"order,omitempty"`
}

// Place returns where the message stands in its thread.
func (m *Message) Place() Place { return Place{m.At, m.Order} }

// Page answers [ListConversations]: rows below the cursor, newest first.
type Page struct {
	List List           `json:"list"`
	Seq  int64          `json:"seq"` // the log position at which the rows were read
	Rows []Conversation `json:"rows"`
	More bool           `json:"more"` // rows stand below the last one
}

// Thread answers [History]: messages before the place, newest first.
type Thread struct {
	Conversation Conversation `json:"conversation"`
	Seq          int64        `json:"seq"`
	Messages     []Message    `json:"messages"`
	More         bool         `json:"more"` // older messages exist
}

// Done answers every command that writes: the log position of its entry, so a
// reader knows which event tells of it, and the message it made, if any.
type Done struct {
	Seq     int64     `json:"seq"`
	Message MessageID `json:"message,omitempty"`
	// Member, Team, Request and Grant are what it made.
	Member  MemberID  `json:"member,omitempty"`
	Team    TeamID    `json:"team,omitempty"`
	Request RequestID `json:"request,omitempty"`
	Grant   GrantID   `json:"grant,omitempty"`
	// Code is the invitation's, told once: the same ref answers without it.
	Code string `json:"code,omitempty"`
	// Ends is until when what it gave holds.
	Ends time.Time `json:"ends,omitzero"`
}

// FrameType is the word that says what a frame is.
type FrameType string

const (
	FrameHello    FrameType = "hello"    // both ways, first
	FrameSnapshot FrameType = "snapshot" // server
	FrameEvents   FrameType = "events"   // server
	FrameDo       FrameType = "do"       // client
	FrameAnswer   FrameType = "answer"   // server
	FrameAck      FrameType = "ack"      // client: a snapshot has been applied
	FrameBye      FrameType = "bye"      // server, last
)

// Hello is the client's first frame: who it is, and where it stood when the
// link broke.
type Hello struct {
	Type    FrameType `json:"type"`
	Version int       `json:"version"`
	Token   string    `json:"token"`
	Epoch   string    `json:"epoch,omitempty"` // of the position; empty asks for a snapshot
	Seq     int64     `json:"seq,omitempty"`
	Program string    `json:"program,omitempty"` // "frontdesk/0.1", for the list of sessions
	Host    string    `json:"host,omitempty"`    // the machine's name, likewise
	// As asks to see as someone else: the link then only reads, and everything it
	// is sent is what they would be sent.
	As *ViewAs `json:"as,omitempty"`
}

// Welcome is the server's first frame. It is followed by events from the
// client's position when Resumed, else by a snapshot.
type Welcome struct {
	Type    FrameType `json:"type"` // "hello"
	Version int       `json:"version"`
	Epoch   string    `json:"epoch"`
	Seq     int64     `json:"seq"` // the head of the log
	Resumed bool      `json:"resumed"`
	PingMS  int       `json:"ping_ms"` // how often the server pings; silence of three times that is a dead link
}

// SnapshotReason says why a snapshot came.
type SnapshotReason string

const (
	SnapshotFirst  SnapshotReason = "first"  // the client had no position
	SnapshotReset  SnapshotReason = "reset"  // its position is too old, or of another epoch
	SnapshotRights SnapshotReason = "rights" // what this member may see or do changed
)

// Snapshot is a window on the desk as this member may see it: everything that
// the client knew before is void. Further rows come by [ListConversations],
// threads by [History].
type Snapshot struct {
	Type    FrameType      `json:"type"`
	Reason  SnapshotReason `json:"reason"`
	Epoch   string         `json:"epoch"`
	Seq     int64          `json:"seq"` // the position that it shows; events go on after it
	Me      Actor          `json:"me"`
	Members []Member       `json:"members"`
	Teams   []Team         `json:"teams"`
	Roles   []Role         `json:"roles"`
	// Requests are those for access that this member sees: open ones, and those
	// decided within a day.
	Requests []Request `json:"requests,omitempty"`
	// As is set on a link that sees as someone else; Me is then that person.
	As     *ViewAs        `json:"as,omitempty"`
	Counts map[List]Count `json:"counts"`
	// Conversations holds each row once; Windows names the rows of each list,
	// newest first.
	Conversations []Conversation  `json:"conversations"`
	Windows       map[List]Window `json:"windows"`
}

// Window is the first screenful of a list.
type Window struct {
	Rows []ConversationID `json:"rows"`
	More bool             `json:"more"`
}

// WindowRows is how many rows of each list a snapshot carries.
const WindowRows = 20

// Events is what happened after From up to and with To, as far as this member
// may see it. From is always the last To (or the snapshot's Seq) the client was
// given; To moves on even when nothing in between was visible.
type Events struct {
	Type   FrameType `json:"type"`
	From   int64     `json:"from"`
	To     int64     `json:"to"`
	Events []Event   `json:"events"`
	// Gone are conversations that left the member's sight between From and To,
	// by their last known facts; the client forgets them.
	Gone []Gone `json:"gone,omitempty"`
}

// Gone tells that a conversation is no longer visible.
type Gone struct {
	Seq          int64          `json:"seq"`
	Conversation ConversationID `json:"conversation"`
	Before       Facts          `json:"before"` // by which the client corrects its counts
}

// Do is a command on its way. The ref is the client's own, unique for its
// member: the same ref is answered as it was the first time and done once.
type Do struct {
	Type    FrameType       `json:"type"`
	Ref     string          `json:"ref"`
	Command string          `json:"command"`
	Args    json.RawMessage `json:"args"`
}

// Ack is the client's word that it shows the snapshot of Seq and has forgotten
// what was before it: a change of rights has arrived.
type Ack struct {
	Type FrameType `json:"type"`
	Seq  int64     `json:"seq"`
}

// Answer is what became of a command: Result is a [Page], [Thread] or [Done].
type Answer struct {
	Type   FrameType       `json:"type"`
	Ref    string          `json:"ref"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// Bye is the last frame before the server closes: why, and when to come back.
// A negative RetryMS means not at all with this token.
type Bye struct {
	Type    FrameType `json:"type"`
	Code    Code      `json:"code"`
	Message string    `json:"message"`
	RetryMS int       `json:"retry_ms"`
}

// MaxRef is the longest ref in bytes; MaxFrame the largest frame that a client
// may send, in bytes; MaxRolesFrame that of a command which changes roles, or
// previews it: [MaxChanges] roles stand in one, whatever they say.
const (
	MaxRef        = 64
	MaxFrame      = 64 << 10
	MaxRolesFrame = 1 << 20
)

// FrameLimit is how many bytes a frame with this command may have.
func FrameLimit(command string) int {
	switch command {
	case ChangeRoles{}.Name(), Preview{}.Name():
		return MaxRolesFrame
	}
	return MaxFrame
}

// SignIn and SignedInAs are the bodies of POST /v1/session.
type SignIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Program  string `json:"program,omitempty"`
	Host     string `json:"host,omitempty"`
}

// Join is the body of POST /v1/join: an invitation's code and the password that
// its member chooses. It is answered by [SignedInAs].
type Join struct {
	Code     string `json:"code"`
	Password string `json:"password"`
	Program  string `json:"program,omitempty"`
	Host     string `json:"host,omitempty"`
}

// SignedInAs answers [SignIn] once: the token isn't kept anywhere in clear, so
// it can't be told again.
type SignedInAs struct {
	Token  string `json:"token"`
	Member Member `json:"member"`
}
