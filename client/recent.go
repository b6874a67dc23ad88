package client

import (
	"slices"
	"sort"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// maxRecent is how many changes are remembered.
const maxRecent = 512

// recent remembers the latest changes of conversations. A page or a thread is
// read by the server at one log position and arrives here at another: what
// happened between the two is applied to it again from here.
type recent struct {
	floor   int64 // changes up to this log position are forgotten
	changes []entry
}

// entry is what one log entry did to one conversation.
type entry struct {
	seq      int64
	id       desk.ConversationID
	row      *desk.Conversation // nil: it left our sight
	messages []desk.Message
}

// add remembers a change; they come in the order of the log.
func (r *recent) add(c entry) {
	if len(r.changes) >= 2*maxRecent {
		r.floor = r.changes[maxRecent-1].seq
		r.changes = slices.Delete(r.changes, 0, maxRecent)
	}
	r.changes = append(r.changes, c)
}

// left reports whether the conversation was out of our sight after a log
// position, even if it came back: what was written meanwhile wasn't told.
func (r *recent) left(id desk.ConversationID, seq int64) bool {
	return slices.ContainsFunc(r.since(seq), func(e entry) bool { return e.id == id && e.row == nil })
}

// remasked reports whether the numbers of the conversation were hidden or shown
// after a log position at which it was read as c.
func (r *recent) remasked(c *desk.Conversation, seq int64) bool {
	return slices.ContainsFunc(r.since(seq), func(e entry) bool {
		return e.id == c.ID && e.row != nil && e.row.Contact.Hidden != c.Contact.Hidden
	})
}

// since returns the changes after a log position, which isn't below the floor.
func (r *recent) since(seq int64) []entry {
	return r.changes[sort.Search(len(r.changes), func(i int) bool { return r.changes[i].seq > seq }):]
}
