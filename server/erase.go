package server

import (
	"context"
	"errors"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// EraseContact erases a customer, named by one of their conversations: the name,
// the numbers, what was written with them, and what the log tells of it. It is
// the act of the operator, who answers to the customer and to the law. The
// entries' proofs stay, and one entry for each conversation tells that it was done. It
// returns how many entries were blanked.
//
// It can't be undone, and doesn't reach backups, or what has left this desk.
func (s *Service) EraseContact(ctx context.Context, id desk.ConversationID) (n int, err error) {
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Conversation(id)
		if err != nil {
			return hidden(err)
		}
		var conversations []desk.Conversation
		if conversations, n, err = tx.EraseContact(c.Contact.ID); err != nil {
			return err
		}
		for i := range conversations {
			if err := s.tellErased(tx, &conversations[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrSending) {
		return 0, &desk.Error{Code: desk.CodeBusy, RetryMS: 5000,
			Message: "A message to this customer is being sent, and its answer would bring the number back. Try again in a minute."}
	}
	return n, busy(err)
}

// tellErased closes a conversation that nobody can write to any more, and tells
// every session that shows it.
func (s *Service) tellErased(tx *store.Tx, c *desk.Conversation) error {
	before := c.Facts()
	c.Status, c.Unread = desk.StatusResolved, 0
	c.WaitingSince, c.WindowUntil = time.Time{}, time.Time{}
	e := store.Entry{Event: desk.Event{Kind: desk.ContactErased, At: s.now()}, Session: console}
	_, err := appendChange(tx, e, before, c, nil, nil)
	return err
}
