package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// window is how long after a customer's message WhatsApp takes free text.
const window = 24 * time.Hour

// Receive stores everything of one delivery, or nothing: when it returns nil the
// delivery is durable and may be acknowledged. What came before is recognised by
// the provider's ids, so any part may come any number of times, in any order.
func (s *Service) Receive(ctx context.Context, in desk.Incoming) error {
	if in.Empty() {
		return nil
	}
	slices.SortStableFunc(in.Messages, func(a, b desk.IncomingMessage) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(in.Statuses, func(a, b desk.StatusReport) int { return a.At.Compare(b.At) })
	return busy(s.store.Write(ctx, func(tx *store.Tx) error {
		r := receiver{tx: tx, channel: in.Channel, now: s.now()}
		for i := range in.Messages {
			if err := r.message(&in.Messages[i]); err != nil {
				return err
			}
		}
		for i := range in.Statuses {
			if err := r.status(&in.Statuses[i]); err != nil {
				return err
			}
		}
		for _, u := range in.Other {
			if err := tx.PutUnhandled(r.now, u); err != nil {
				return err
			}
		}
		return nil
	}))
}

// receiver is one delivery on its way into the store.
type receiver struct {
	tx      *store.Tx
	channel desk.ChannelID
	now     time.Time
}

func (r *receiver) event(kind desk.EventKind) store.Entry {
	return store.Entry{Event: desk.Event{Kind: kind, At: r.now}}
}

// message files a customer's message under its contact and conversation.
func (r *receiver) message(in *desk.IncomingMessage) error {
	id := desk.MessageID(newID("m_"))
	if added, err := r.tx.AddExternal(r.channel, in.External, id); err != nil || !added {
		return err // a repeat is answered like the first
	}
	contact, err := r.contact(in)
	if err != nil {
		return err
	}
	m := desk.Message{ID: id, At: in.At, Side: desk.SideCustomer, Type: in.Type, Text: in.Text, Media: in.Media}
	if in.Echo {
		m.Side, m.Delivery, m.SentAt = desk.SideTeam, desk.Sent, in.At
	}
	if in.Quote != "" {
		q, err := r.tx.MessageByExternal(r.channel, in.Quote)
		if err == nil {
			m.Quote = quoteOf(&q)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	c, err := r.tx.ConversationOf(r.channel, contact.ID)
	if errors.Is(err, store.ErrNotFound) {
		return r.begin(contact, in, &m)
	}
	if err != nil {
		return err
	}
	before := c.Facts()
	m.Conversation = c.ID
	if m.Quote != nil {
		if q, err := r.tx.Message(m.Quote.Message); err != nil || q.Conversation != c.ID {
			m.Quote = nil // never show a line of another customer's thread
		}
	}
	heard(&c, in, &m)
	if c.Unread > before.Unread {
		if err := r.reassign(&c); err != nil {
			return err
		}
	}
	if _, err = appendChange(r.tx, r.event(desk.MessageReceived), before, &c, &m, in.Raw); err != nil {
		return err
	}
	return r.stored(in, &m)
}

// stored does what can be done once the message has its row.
func (r *receiver) stored(in *desk.IncomingMessage, m *desk.Message) error {
	if in.Echo {
		return r.unpark(in.External, m.ID)
	}
	if in.Silent || in.Type == desk.TypeReaction {
		return r.tx.SetSilent(m.ID) // it is never counted as unread
	}
	return nil
}

// begin opens a conversation with its first message.
func (r *receiver) begin(contact desk.Contact, in *desk.IncomingMessage, m *desk.Message) error {
	id, err := r.tx.NewConversationID()
	if err != nil {
		return err
	}
	c := desk.Conversation{ID: id, Channel: r.channel, Contact: contact, Status: desk.StatusOpen}
	m.Conversation, m.Quote = id, nil
	heard(&c, in, m)
	if _, err = appendNew(r.tx, r.event(desk.MessageReceived), &c, m, in.Raw); err != nil {
		return err
	}
	return r.stored(in, m)
}

// reassign puts a conversation in which the customer waits into the queue when
// the person who has it can't answer any more.
func (r *receiver) reassign(c *desk.Conversation) error {
	if c.Assignee == "" {
		return nil
	}
	a, err := r.tx.Actor(c.Assignee)
	if err != nil {
		return err
	}
	if a = a.At(r.now); desk.CanReceive(&a) != nil {
		c.Assignee = ""
	}
	return nil
}

// heard applies to the conversation what a message of the customer means: it
// opens the window by its own time, waits for an answer, and reopens what was
// resolved. A reaction opens the window and asks for nothing.
func heard(c *desk.Conversation, in *desk.IncomingMessage, m *desk.Message) {
	answered := c.Last.Side == desk.SideTeam && !c.LastAt.Before(in.At)
	late := in.At.Before(c.LastAt)
	showLast(c, m)
	switch {
	case in.Echo && late:
		return // it says nothing about what the customer wrote after it
	case in.Echo:
		c.WaitingSince, c.Unread = time.Time{}, 0
		return
	case in.Silent:
		return
	}
	c.WindowUntil = latest(c.WindowUntil, in.At.Add(window))
	if in.Type == desk.TypeReaction {
		return
	}
	c.Unread++
	c.Status = desk.StatusOpen
	if !answered && (c.WaitingSince.IsZero() || in.At.Before(c.WaitingSince)) {
		c.WaitingSince = in.At
	}
}

// contact finds or makes the customer, by any identity that is known, and keeps
// what is new about them.
func (r *receiver) contact(in *desk.IncomingMessage) (desk.Contact, error) {
	c, err := r.tx.ContactByIdentity(r.channel, in.From)
	isNew := errors.Is(err, store.ErrNotFound)
	if err != nil && !isNew {
		return c, err
	}
	was := c
	if isNew {
		c = desk.Contact{ID: desk.ContactID(newID("c_"))}
	}
	update(&c, in.From)
	if in.Moved != nil {
		update(&c, *in.Moved)
		if in.Moved.WAID != "" {
			c.Phone = "+" + in.Moved.WAID
		}
	}
	if isNew || c != was {
		if err := r.tx.PutContact(c); err != nil {
			return c, err
		}
	}
	if err := r.tx.AddIdentity(r.channel, c.ID, in.From); err != nil {
		return c, err
	}
	if in.Moved != nil {
		return c, r.tx.MoveIdentity(r.channel, c.ID, *in.Moved)
	}
	return c, nil
}

// update takes over what a delivery says of a customer; what it leaves out stays.
func update(c *desk.Contact, id desk.Identity) {
	if id.Name != "" {
		c.Name = id.Name
	}
	if id.Username != "" {
		c.Username = id.Username
	}
	if id.UserID != "" {
		c.UserID = id.UserID
	}
	if id.WAID != "" && c.Phone == "" {
		c.Phone = "+" + id.WAID
	}
}

// status applies the provider's word on a message of ours. One that comes before
// we know the message's id is parked.
func (r *receiver) status(in *desk.StatusReport) error {
	m, err := r.tx.MessageByExternal(r.channel, in.External)
	known := err == nil
	if errors.Is(err, store.ErrNotFound) && in.Callback != "" {
		m, err = r.tx.Message(in.Callback)
		if err == nil && m.Side == desk.SideTeam {
			if _, err := r.tx.AddExternal(r.channel, in.External, m.ID); err != nil {
				return err
			}
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return r.tx.Park(r.channel, *in)
	case err != nil:
		return err
	case m.Side != desk.SideTeam:
		return nil
	case known && (m.Delivery == desk.Queued || m.Delivery == desk.Sending) && !arrived(in.Delivery):
		return nil // the try it speaks of failed; another waits or is under way
	}
	return r.report(&m, in)
}

// arrived reports whether a delivery proves that the customer has the message,
// whichever try it was.
func arrived(d desk.Delivery) bool {
	return d == desk.Delivered || d == desk.Read || d == desk.Played
}

// unpark applies the statuses that came before the message they are about.
func (r *receiver) unpark(external string, id desk.MessageID) error {
	early, err := r.tx.Unpark(r.channel, external, id)
	if err != nil {
		return err
	}
	for i := range early {
		m, err := r.tx.Message(id)
		if err != nil {
			return err
		}
		if err := r.report(&m, &early[i]); err != nil {
			return err
		}
	}
	return nil
}

// report moves a message along its way. Each time is kept even when the state
// doesn't move.
func (r *receiver) report(m *desk.Message, in *desk.StatusReport) error {
	if !arrived(in.Delivery) {
		current, err := r.tx.External(m.ID)
		if err != nil {
			return err
		}
		if current != in.External {
			return nil // the word on an earlier try; a later one counts
		}
	}
	was := *m
	stamp := map[desk.Delivery]*time.Time{desk.Sent: &m.SentAt, desk.Delivered: &m.DeliveredAt, desk.Read: &m.ReadAt}[in.Delivery]
	if stamp != nil && stamp.IsZero() {
		*stamp = in.At
	}
	next, moved := m.Delivery.Next(in.Delivery)
	if moved {
		m.Delivery, m.Problem = next, in.Problem
	}
	if !moved && m.SentAt.Equal(was.SentAt) && m.DeliveredAt.Equal(was.DeliveredAt) && m.ReadAt.Equal(was.ReadAt) {
		return nil
	}
	return r.redelivered(m, in)
}

// windowClosed is the provider's code for a message outside the window. It is
// the authority: our own clock follows it.
const windowClosed = 131047

// redelivered records a message whose delivery changed. refused is the
// provider's report when it is what changed it.
func (r *receiver) redelivered(m *desk.Message, refused *desk.StatusReport) error {
	c, err := r.tx.Conversation(m.Conversation)
	if err != nil {
		return err
	}
	before := c.Facts()
	if c.Last.Message == m.ID {
		c.Last.Delivery = m.Delivery
	}
	if refused != nil {
		closeWindow(&c, refused)
	}
	if err := recountWait(r.tx, &c, m); err != nil {
		return err
	}
	_, err = appendChange(r.tx, r.event(desk.MessageUpdated), before, &c, m, nil)
	return err
}

// recountWait corrects since when the customer waits, when a reply turns out not
// to have reached them, or to have done so after all.
func recountWait(tx *store.Tx, c *desk.Conversation, m *desk.Message) error {
	stored, err := tx.Message(m.ID)
	if err != nil || c.Status != desk.StatusOpen || (stored.Delivery == desk.Failed) == (m.Delivery == desk.Failed) {
		return err
	}
	without := m.ID
	if m.Delivery != desk.Failed {
		without = ""
		if err := tx.PutMessage(*m, nil); err != nil {
			return err
		}
	}
	c.WaitingSince, err = tx.UnansweredSince(c.ID, without)
	return err
}

// closeWindow follows the provider, unless the customer has written since it
// refused.
func closeWindow(c *desk.Conversation, refused *desk.StatusReport) {
	opened := c.WindowUntil.Add(-window)
	if p := refused.Problem; p != nil && p.Code == windowClosed && c.WindowUntil.After(refused.At) && !refused.At.Before(opened) {
		c.WindowUntil = refused.At
	}
}
