package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// The messages table is the outbox. Per conversation one message is under way at
// a time, so they arrive in the order in which they were written. A try is
// marked before it is made: whatever a crash leaves marked may have been taken,
// and is settled by a status or by a person, never sent again on a guess.
const (
	sendsAtOnce = 16
	sendTimeout = 40 * time.Second
	maxTries    = 8
	firstWait   = time.Second
	longestWait = 5 * time.Minute
	pauseWait   = time.Minute // between tries when the channel itself is refused
)

// runOutbox sends what is due until ctx ends. What is under way then is left to
// finish; Run waits for it.
func (s *Service) runOutbox(ctx context.Context) error {
	if err := s.settleInterrupted(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("settle what a crash left half sent: %w", err)
	}
	if s.sender == nil {
		<-ctx.Done()
		return nil
	}
	slots := make(chan struct{}, sendsAtOnce)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, next, err := s.takeDue(ctx, cap(slots)-len(slots))
		if err != nil && ctx.Err() == nil {
			s.log.Error("queued messages can't be read; trying again", "error", err)
			next = s.now().Add(time.Second)
		}
		for _, d := range due {
			slots <- struct{}{}
			s.sending.Go(func() {
				defer func() { <-slots; s.ringOutbox() }()
				s.send(context.WithoutCancel(ctx), d)
			})
		}
		if !next.IsZero() {
			timer.Reset(max(0, next.Sub(s.now())))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.outboxBell:
		case <-timer.C:
		}
	}
}

func (s *Service) ringOutbox() {
	select {
	case s.outboxBell <- struct{}{}:
	default:
	}
}

// settleInterrupted marks what was being sent when the last process died.
func (s *Service) settleInterrupted(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		left, err := tx.Interrupted()
		if err != nil {
			return err
		}
		r := receiver{tx: tx, now: s.now()}
		for _, m := range left {
			m.Delivery = desk.Unknown
			m.Problem = &desk.Problem{Text: "The server stopped while this was being sent. It may have arrived."}
			if err := r.redelivered(&m, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeDue marks up to limit due messages as being sent, and says when the next
// one falls due. Rights and the window are those of this moment, not of when the
// message was written.
func (s *Service) takeDue(ctx context.Context, limit int) (due []store.Due, next time.Time, err error) {
	if limit <= 0 {
		return nil, time.Time{}, nil // a slot that comes free rings
	}
	now := s.now()
	var waiting bool
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.Due(now, 1)
		if err != nil {
			return err
		}
		if waiting = len(found) > 0; !waiting {
			next, err = tx.NextTry()
		}
		return err
	})
	if err != nil || !waiting {
		return nil, next, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		due = nil
		found, err := tx.Due(now, limit)
		if err != nil {
			return err
		}
		for _, d := range found {
			ok, err := s.mayStillSend(tx, &d, now)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			// The mark is the outbox's own: no session is told of it.
			d.Message.Delivery = desk.Sending
			if err := tx.PutMessage(d.Message, nil); err != nil {
				return err
			}
			d.Attempts++
			if err := tx.SetTry(d.Message.ID, d.Attempts, now); err != nil {
				return err
			}
			due = append(due, d)
		}
		return nil
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	return due, now, nil // look again at once: these may have uncovered others
}

// mayStillSend fails a message whose author may not reply any more, or whose
// window closed while it waited.
func (s *Service) mayStillSend(tx *store.Tx, d *store.Due, now time.Time) (bool, error) {
	c, err := tx.Conversation(d.Message.Conversation)
	if err != nil {
		return false, err
	}
	why := ""
	if !c.WindowOpen(now) {
		why = "The 24-hour window closed before this could be sent."
	}
	if d.Message.Author != "" {
		author, err := tx.Actor(d.Message.Author)
		if err != nil {
			return false, err
		}
		// The chat may have changed hands since; what counts is whether the role
		// still answers customers at all.
		if desk.Can(&author, desk.MessageReply, desk.Subject{}, now) != nil {
			why = "Its author may not reply to customers any more, so it was not sent."
		}
	}
	if why == "" {
		return true, nil
	}
	d.Message.Delivery, d.Message.Problem = desk.Failed, &desk.Problem{Text: why}
	r := receiver{tx: tx, channel: d.Channel, now: now}
	return false, r.redelivered(&d.Message, nil)
}

// send hands one message to the channel and writes down what became of it.
func (s *Service) send(ctx context.Context, d store.Due) {
	sendCtx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	receipt, err := s.sender.Send(sendCtx, desk.Outgoing{
		Message: d.Message.ID, Channel: d.Channel, To: d.To, Text: d.Message.Text, Quote: d.Quote,
	})
	if err != nil {
		s.log.Warn("a message was not accepted", "message", d.Message.ID, "attempt", d.Attempts, "error", err)
	}
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		writeErr := s.store.Write(ctx, func(tx *store.Tx) error { return s.settleSend(tx, d, receipt, err) })
		if writeErr == nil {
			return
		}
		s.log.Error("what became of a send can't be written down; trying again", "message", d.Message.ID, "error", writeErr)
		if !errors.Is(writeErr, store.ErrBusy) {
			return // the mark stays; the next start settles it as unknown
		}
		time.Sleep(wait)
	}
}

func (s *Service) settleSend(tx *store.Tx, d store.Due, receipt desk.Receipt, sendErr error) error {
	m, err := tx.Message(d.Message.ID)
	if err != nil {
		return err
	}
	r := receiver{tx: tx, channel: d.Channel, now: s.now()}
	if sendErr == nil {
		return r.accepted(&m, receipt)
	}
	if m.Delivery != desk.Sending {
		return nil // a status settled it while we waited for the answer
	}
	fault, ok := errors.AsType[*desk.SendError](sendErr)
	if !ok {
		fault = &desk.SendError{Class: desk.SendUnknown, Problem: desk.Problem{Text: "It is not known whether WhatsApp took this message."}}
	}
	problem := fault.Problem
	m.Problem = &problem
	switch fault.Class {
	case desk.SendRetry, desk.SendPause:
		wait, again := retryIn(fault, d.Attempts)
		m.Delivery = desk.Queued
		if !again {
			m.Delivery = desk.Failed
			break
		}
		attempts := d.Attempts
		if fault.Class == desk.SendPause {
			attempts-- // the channel was refused, not this message
		}
		if err := tx.SetTry(m.ID, attempts, r.now.Add(wait)); err != nil {
			return err
		}
	case desk.SendUnknown:
		m.Delivery = desk.Unknown
	default:
		m.Delivery = desk.Failed
	}
	return r.redelivered(&m, &problem)
}

// retryIn is how long to wait before the next try, with full jitter, and whether
// there is one.
func retryIn(fault *desk.SendError, attempts int) (time.Duration, bool) {
	if fault.Class == desk.SendPause {
		return max(pauseWait, fault.RetryAfter), true
	}
	most := maxTries
	if fault.MaxTries > 0 {
		most = fault.MaxTries
	}
	ceiling := min(longestWait, firstWait<<min(attempts, 10))
	return fault.RetryAfter + time.Duration(rand.Int64N(int64(ceiling))), attempts < most
}

// accepted links the message to the provider's id and applies the statuses that
// came before this answer.
func (r *receiver) accepted(m *desk.Message, receipt desk.Receipt) error {
	if _, err := r.tx.AddExternal(r.channel, receipt.External, m.ID); err != nil {
		return err
	}
	if receipt.WAID != "" {
		c, err := r.tx.Conversation(m.Conversation)
		if err != nil {
			return err
		}
		if err := r.tx.AddIdentity(r.channel, c.Contact.ID, desk.Identity{WAID: receipt.WAID}); err != nil {
			return err
		}
	}
	if next, moved := m.Delivery.Next(desk.Accepted); moved {
		m.Delivery, m.Problem = next, nil
		if err := r.redelivered(m, nil); err != nil {
			return err
		}
	}
	return r.unpark(receipt.External, m.ID)
}

// Idle waits until no message is queued or being sent.
func (s *Service) Idle(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var busy bool
		err := s.store.Read(ctx, func(tx *store.Tx) error {
			left, err := tx.Interrupted()
			if err != nil {
				return err
			}
			next, err := tx.NextTry()
			busy = len(left) > 0 || !next.IsZero()
			return err
		})
		if err != nil || !busy {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

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
