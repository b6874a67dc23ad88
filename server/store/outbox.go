package store

import (
	"errors"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Due is a message to hand to the channel.
type Due struct {
	Message  desk.Message
	Attempts int
	To       desk.Identity
	Channel  desk.ChannelID
	Quote    string // the provider's id of the message it answers
}

// isHead narrows to messages that nothing of their conversation is before: a
// customer gets messages in the order in which they were written. The words in
// the condition are those of the index message_outbox.
const isHead = `m.side = 'team' AND m.delivery IN ('queued', 'sending') AND m.delivery = 'queued'
	AND NOT EXISTS (SELECT 1 FROM message e WHERE e.side = 'team' AND e.delivery IN ('queued', 'sending')
		AND e.conversation = m.conversation AND (e.ord < m.ord OR (e.ord = m.ord AND e.id < m.id)))`

// Due returns up to limit messages whose time to be sent has come: of each
// conversation the oldest that is queued or being sent, if it is queued. Those
// that wait longest come first.
func (t *Tx) Due(now time.Time, limit int) ([]Due, error) {
	list, err := all(t, scanTry, `SELECT m.id, m.attempts FROM message m WHERE `+isHead+`
		AND m.next_try <= $1 ORDER BY m.next_try, m.ord, m.id LIMIT $2`, millis(now), limit)
	if err != nil {
		return nil, wrap("read the outbox", err)
	}
	for i := range list {
		if err := t.address(&list[i]); err != nil {
			return nil, wrap("read the outbox", err)
		}
	}
	return list, nil
}

func scanTry(s scanner) (d Due, err error) {
	err = s.Scan(&d.Message.ID, &d.Attempts)
	return d, err
}

// address fills in the message, where it goes and what it answers.
func (t *Tx) address(d *Due) (err error) {
	if d.Message, err = t.Message(d.Message.ID); err != nil {
		return err
	}
	var contact desk.ContactID
	err = t.row(`SELECT channel, contact FROM conversation WHERE id = $1`, int64(d.Message.Conversation)).Scan(&d.Channel, &contact)
	if err != nil {
		return err
	}
	if d.To, err = t.IdentityOf(d.Channel, contact); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if q := d.Message.Quote; q != nil {
		if d.Quote, err = t.External(q.Message); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// NextTry returns when the next message of the outbox may be sent; the zero time
// when it is empty. A message that was never tried may be sent at once: it
// counts as 1 ms after the epoch, since zero means none.
func (t *Tx) NextTry() (time.Time, error) {
	var n, next int64
	err := t.row(`SELECT count(*), coalesce(min(m.next_try), 0) FROM message m WHERE `+isHead).Scan(&n, &next)
	if err != nil || n == 0 {
		return time.Time{}, wrap("read the outbox", err)
	}
	return fromMillis(max(next, 1)), nil
}

// SetTry notes how often a message was tried, and when it may be tried next.
func (t *Tx) SetTry(m desk.MessageID, attempts int, next time.Time) error {
	_, err := t.exec(`UPDATE message SET attempts = $1, next_try = $2 WHERE id = $3`, attempts, millis(next), string(m))
	return wrap("store a try", err)
}

// Interrupted returns the messages that are being sent, oldest first. When
// nobody is sending, a crash left them.
func (t *Tx) Interrupted() ([]desk.Message, error) {
	list, err := all(t, scanMessage, messageSelect+`WHERE m.side = 'team' AND m.delivery IN ('queued', 'sending') AND m.delivery = 'sending'
		ORDER BY m.ord, m.id`)
	return list, wrap("read what was being sent", err)
}
