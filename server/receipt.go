package server

import (
	"context"
	"errors"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// receipt is a customer's message that was read.
type receipt struct {
	channel  desk.ChannelID
	external string
}

// afterwards does what a command asks of the world outside and nobody waits for.
func (s *Service) afterwards(who Caller, cmd desk.Command) {
	read, ok := cmd.(desk.MarkRead)
	if !ok || s.sender == nil || !s.o.ReadReceipts {
		return
	}
	var r receipt
	err := s.store.Read(context.Background(), func(tx *store.Tx) (err error) {
		c, err := tx.Conversation(read.Conversation)
		if err != nil {
			return err
		}
		r.channel = c.Channel
		r.external, err = tx.LastInboundExternal(read.Conversation, read.Upto)
		return err
	})
	if err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			s.log.Warn("a read receipt can't be looked up", "conversation", read.Conversation, "error", err)
		}
		return
	}
	select {
	case s.receipts <- r:
	default: // a courtesy: under load the customer learns it from the next one
	}
}

// runReceipts sends read receipts, one try each.
func (s *Service) runReceipts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-s.receipts:
			sendCtx, cancel := context.WithTimeout(ctx, sendTimeout)
			if err := s.sender.MarkRead(sendCtx, r.channel, r.external); err != nil {
				s.log.Info("a read receipt was not taken", "error", err)
			}
			cancel()
		}
	}
}
