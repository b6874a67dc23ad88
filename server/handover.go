package server

import (
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// handOverBatch is how many chats are read at a time.
const handOverBatch = 200

// handOver gives away the open chats that a member can't answer any more with
// the rights of after: to a colleague, or back into the queue. why is a sentence
// that stands in each thread. It returns how many they were.
func (r *request) handOver(after *desk.Actor, to desk.MemberID, why string) (returned int, err error) {
	h := handover{tx: r.tx, now: r.now, entry: r.entry(desk.Event{Kind: desk.ConversationHandedOver}), why: why}
	return h.from(after, to)
}

// handover is what all chats that change hands have in common. It needs nobody
// who asks: access ends by itself too.
type handover struct {
	tx    *store.Tx
	now   time.Time
	entry store.Entry // who did it and when, without a conversation
	why   string
}

// from gives away what the member of after can't answer any more. The team of a
// chat stays, so those who could help see it come back.
func (h handover) from(after *desk.Actor, to desk.MemberID) (returned int, err error) {
	colleague, err := h.receiver(to)
	if err != nil || answersOwn(after, h.now) {
		return 0, err
	}
	for {
		chats, err := h.tx.HeldBy(after.Member.ID, handOverBatch)
		if err != nil || len(chats) == 0 {
			return returned, err
		}
		for i := range chats {
			if err := h.give(&chats[i], colleague); err != nil {
				return returned, err
			}
			returned++
		}
	}
}

// answersOwn reports whether a member still sees and answers the chats that they
// have. Every scope reaches the chats of one's own, so one stands for all.
func answersOwn(a *desk.Actor, now time.Time) bool {
	own := desk.Facts{Status: desk.StatusOpen, Assignee: a.Member.ID}.With(0)
	return desk.CanReceive(a) == nil && desk.Can(a, desk.ConversationView, desk.Subject{Conversation: own}, now) == nil
}

// receiver is who gets the chats; nil is the queue.
func (h handover) receiver(id desk.MemberID) (*desk.Member, error) {
	if id == "" {
		return nil, nil
	}
	a, err := h.tx.Actor(id)
	if err != nil {
		return nil, hidden(err)
	}
	if a = a.At(h.now); a.Member.Removed {
		return nil, desk.ErrNotFound()
	}
	return &a.Member, desk.CanReceive(&a)
}

func (h handover) give(c *desk.Conversation, colleague *desk.Member) error {
	line := desk.Message{
		ID: desk.MessageID(newID("m_")), Conversation: c.ID, At: latest(h.now, c.LastAt), Side: desk.SideEvent,
		Type: desk.MessageType(desk.ConversationHandedOver), Author: h.entry.Actor, To: c.Assignee, Text: h.why,
	}
	before, after := c.Facts(), *c
	after.Assignee = ""
	if colleague != nil {
		give(&after, *colleague)
	}
	_, err := appendChange(h.tx, h.entry, before, &after, &line, nil)
	return err
}
