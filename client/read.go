package client

import (
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Known reports whether a snapshot was ever applied. Until then nothing that
// the replica returns means anything: draw "loading", not "empty".
func (r *Replica) Known() bool { return r.known }

// Position is what the replica is up to date with; an empty epoch before the
// first snapshot, and while it shows less than it may because that wasn't kept.
func (r *Replica) Position() (epoch string, seq int64) {
	if r.part {
		return "", r.seq
	}
	return r.epoch, r.seq
}

// Me is this agent with their rights, as of the last snapshot.
func (r *Replica) Me() desk.Actor { return r.me }

// As says through whose eyes the replica sees; nil through one's own.
func (r *Replica) As() *desk.ViewAs { return r.as }

// Can is [desk.Can] for this agent; [Replica.Explain] adds whom to ask.
func (r *Replica) Can(p desk.Perm, s desk.Subject, now time.Time) error {
	return desk.Can(&r.me, p, s, now)
}

func (r *Replica) list(name desk.List) *list {
	for _, l := range r.lists {
		if l.name == name {
			return l
		}
	}
	return nil
}

// Len is how many rows of the list are here without a gap, from its top.
func (r *Replica) Len(l desk.List) int {
	if l := r.list(l); l != nil {
		return l.shown()
	}
	return 0
}

// Row is the i-th row from the top, or nil.
func (r *Replica) Row(l desk.List, i int) *desk.Conversation {
	if l := r.list(l); l != nil {
		return l.row(i)
	}
	return nil
}

// Index is the row at which the list shows the conversation, or -1.
func (r *Replica) Index(l desk.List, id desk.ConversationID) int {
	if l, c := r.list(l), r.rows[id]; l != nil && c != nil {
		return l.index(c)
	}
	return -1
}

// More reports whether the server has rows below the last one here. Ask for
// them with a [desk.ListConversations] after [Replica.Bottom], and give the
// answer to [Replica.AddPage].
func (r *Replica) More(l desk.List) bool {
	if l := r.list(l); l != nil {
		return l.more
	}
	return false
}

// Bottom is the place after which the next page begins. It may stand below the
// last row that is shown, when the row that stood there has moved away.
func (r *Replica) Bottom(l desk.List) desk.Cursor {
	if l := r.list(l); l != nil {
		return l.bottom
	}
	return desk.Cursor{}
}

// Count is the badge of the list: of all its rows, here or not.
func (r *Replica) Count(l desk.List) desk.Count { return r.counts[l] }

// Conversation is the row with this number, or nil when it isn't here: it may
// still exist and be visible.
func (r *Replica) Conversation(id desk.ConversationID) *desk.Conversation { return r.rows[id] }
