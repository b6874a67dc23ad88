package server

import (
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// handOverBatch is how many chats change hands in one transaction: everybody
// else's writes wait meanwhile. What remains follows (see unanswered).
const handOverBatch = 200

// hands are the chats that change hands by one command.
type hands struct {
	given int
	book  *ledger // of a rehearsal: there they change hands by the number
}

// handOver gives away the open chats that a member can't answer any more with
// the rights of after: to a colleague, or back into the queue. why is a sentence
// that stands in each thread. It returns how many they were: of a command's first
// handOverBatch all, then one of each member, from which the rest takes its
// example.
func (r *request) handOver(after *desk.Actor, to desk.MemberID, why string) (returned int, err error) {
	h := handover{tx: r.tx, now: r.now, entry: r.entry(desk.Event{Kind: desk.ConversationHandedOver}), why: why, book: r.hands.book}
	returned, err = h.from(after, to, max(handOverBatch-r.hands.given, 1))
	r.hands.given += returned
	return returned, err
}

// handover is what all chats that change hands have in common. It needs nobody
// who asks: access ends by itself too.
type handover struct {
	tx    *store.Tx
	now   time.Time
	entry store.Entry // who did it and when, without a conversation
	why   string
	book  *ledger
}

// from gives away what the member of after can't answer any more, at most so many
// chats. The team of a chat stays, so those who could help see it come back.
func (h handover) from(after *desk.Actor, to desk.MemberID, most int) (returned int, err error) {
	colleague, err := h.receiver(to)
	if err != nil || answersOwn(after, h.now) {
		return 0, err
	}
	if h.book != nil {
		return h.book.handOver(after.Member.ID, colleague), nil
	}
	chats, err := h.tx.HeldBy(after.Member.ID, most)
	if err != nil {
		return 0, err
	}
	for i := range chats {
		if err := h.give(&chats[i], colleague); err != nil {
			return 0, err
		}
	}
	return len(chats), nil
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
	handed(&after, colleague)
	_, err := appendChange(h.tx, h.entry, before, &after, &line, nil)
	return err
}

// handed gives a chat to a colleague; nil is the queue.
func handed(c *desk.Conversation, colleague *desk.Member) {
	c.Assignee = ""
	if colleague != nil {
		give(c, *colleague)
	}
}
