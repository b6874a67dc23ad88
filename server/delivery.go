package server

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// send hands one message to the channel and writes down what became of it. While
// the store doesn't take that, it goes on trying: the mark holds back every later
// message of the conversation. It gives up with ctx; then the next start settles
// the mark as unknown.
func (s *Service) send(ctx context.Context, d store.Due) {
	lasting := context.WithoutCancel(ctx) // a send that began is seen through
	sendCtx, cancel := context.WithTimeout(lasting, sendTimeout)
	defer cancel()
	receipt, err := s.sender.Send(sendCtx, desk.Outgoing{
		Message: d.Message.ID, Channel: d.Channel, To: d.To, Text: d.Message.Text, Quote: d.Quote,
	})
	if refused, ok := errors.AsType[*desk.SendError](err); !ok || refused.Class != desk.SendPause {
		s.outbox.resume(d.Channel)
	}
	if err != nil {
		s.log.Warn("a message was not accepted", "message", d.Message.ID, "attempt", d.Attempts, "error", err)
	}
	for wait := firstWait; ; wait = min(2*wait, longestSettle) {
		writeErr := s.store.Write(lasting, func(tx *store.Tx) error { return s.settleSend(tx, d, receipt, err) })
		if writeErr == nil || errors.Is(writeErr, store.ErrClosed) {
			return
		}
		s.log.Error("what became of a send can't be written down; trying again", "message", d.Message.ID, "error", writeErr)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
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
	told := m.Problem // what sessions know of it, with the state queued
	problem := fault.Problem
	m.Problem = &problem
	switch fault.Class {
	case desk.SendRetry, desk.SendPause:
		if again, err := s.requeue(tx, &m, d, fault, r.now); err != nil || again && told != nil && *told == problem {
			return err // nothing that a session doesn't know already
		}
	case desk.SendUnknown:
		m.Delivery = desk.Unknown
	default:
		m.Delivery = desk.Failed
	}
	return r.redelivered(&m, &desk.StatusReport{At: r.now, Problem: &problem})
}

// requeue puts a message back for another try, or fails it after the last.
func (s *Service) requeue(tx *store.Tx, m *desk.Message, d store.Due, fault *desk.SendError, now time.Time) (again bool, err error) {
	wait, again := retryIn(fault, d.Attempts)
	if !again {
		m.Delivery = desk.Failed
		return false, nil
	}
	m.Delivery = desk.Queued
	attempts := d.Attempts
	if fault.Class == desk.SendPause {
		attempts-- // the channel was refused, not this message
		s.outbox.pause(d.Channel, now.Add(wait))
	}
	if err := tx.PutMessage(*m, nil); err != nil {
		return true, err
	}
	return true, tx.SetTry(m.ID, attempts, now.Add(wait))
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
