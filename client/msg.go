package client

import (
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Msg is one thing that [Client.Run] delivers: a [Link], a [desk.Welcome], a
// [desk.Snapshot], a [desk.Events] or a [desk.Bye], always as a value.
type Msg any

// State says how the link to the server stands.
type State string

const (
	Connecting State = "connecting" // a try is under way
	Live       State = "live"       // the server greeted us; what it says next is new
	Offline    State = "offline"    // waiting until Link.Retry
	Refused    State = "refused"    // final: the server will not take this sign-in again
)

// Link tells that the state of the link changed.
type Link struct {
	State State
	Error string    // a sentence; empty while nothing is wrong
	Retry time.Time // of Offline: when the next try begins
	Code  desk.Code // of Refused: the server's word for it
}

// Ended reports whether the sign-in is over, by whatever reason: what it showed is
// no longer this person's to see.
func (l Link) Ended() bool { return l.State == Refused && l.Code == desk.CodeUnauthenticated }

func (l Link) String() string {
	if l.Error == "" {
		return string(l.State)
	}
	return string(l.State) + ": " + l.Error
}
