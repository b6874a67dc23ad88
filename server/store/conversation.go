package store

import (
	"fmt"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const conversationColumns = `c.id, c.seq, c.channel, c.status, c.assignee, c.team, c.labels, c.last_at,
	c.last_message, c.last_side, c.last_type, c.last_author, c.last_text, c.last_delivery,
	c.unread, c.waiting_since, c.window_until, p.id, p.name, p.phone, p.username, p.user_id`

// NewConversationID returns the next number. Numbers of transactions that were
// committed have no gap, provided that a conversation is put under each.
func (t *Tx) NewConversationID() (desk.ConversationID, error) {
	var newest desk.ConversationID
	if err := t.row(`SELECT coalesce(max(id), 0) FROM conversation`).Scan(&newest); err != nil {
		return 0, wrap("number a conversation", err)
	}
	t.given = max(newest, t.given) + 1
	return t.given, nil
}

// Conversation returns one conversation, with its contact as it is now.
func (t *Tx) Conversation(id desk.ConversationID) (desk.Conversation, error) {
	c, err := scanConversation(t.row(`SELECT `+conversationColumns+`
		FROM conversation c JOIN contact p ON p.id = c.contact WHERE c.id = $1`, int64(id)))
	return c, wrap("read a conversation", err)
}

// ConversationOf returns a contact's conversation on a channel.
func (t *Tx) ConversationOf(ch desk.ChannelID, contact desk.ContactID) (desk.Conversation, error) {
	c, err := scanConversation(t.row(`SELECT `+conversationColumns+`
		FROM conversation c JOIN contact p ON p.id = c.contact WHERE c.contact = $1 AND c.channel = $2`, string(contact), string(ch)))
	return c, wrap("read a contact's conversation", err)
}

// PutConversation stores a conversation and keeps the counters. before is nil for
// a new one, else the facts that are stored now: with others it fails, so that
// the counters can't drift. Of the contact only the ID is stored.
func (t *Tx) PutConversation(c desk.Conversation, before *desk.Facts) error {
	labels, err := toJSON(c.Labels, len(c.Labels) == 0)
	if err != nil {
		return wrap("store a conversation", err)
	}
	args := []any{int64(c.ID), c.Seq, string(c.Channel), string(c.Contact.ID), string(c.Status), string(c.Assignee), string(c.Team),
		labels, millis(c.LastAt), string(c.Last.Message), string(c.Last.Side), string(c.Last.Type), string(c.Last.Author),
		c.Last.Text, string(c.Last.Delivery), c.Unread, millis(c.WaitingSince), millis(c.WindowUntil)}
	if before == nil {
		_, err = t.exec(`INSERT INTO conversation (id, seq, channel, contact, status, assignee, team, labels, last_at, last_message,
			last_side, last_type, last_author, last_text, last_delivery, unread, waiting_since, window_until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`, args...)
		if err == nil {
			err = t.count(c.Facts(), 1)
		}
		return wrap("store a conversation", err)
	}
	n, err := t.exec(`UPDATE conversation SET seq = $2, channel = $3, contact = $4, status = $5, assignee = $6, team = $7, labels = $8,
		last_at = $9, last_message = $10, last_side = $11, last_type = $12, last_author = $13, last_text = $14, last_delivery = $15,
		unread = $16, waiting_since = $17, window_until = $18
		WHERE id = $1 AND status = $19 AND assignee = $20 AND team = $21 AND unread = $22`,
		append(args, string(before.Status), string(before.Assignee), string(before.Team), before.Unread)...)
	if err == nil && n != 1 {
		err = fmt.Errorf("conversation %s isn't stored with the facts %+v", c.ID, *before)
	}
	if err == nil {
		err = t.recount(*before, c.Facts())
	}
	return wrap("store a conversation", err)
}

func (t *Tx) recount(before, after desk.Facts) error {
	was, is := before, after
	was.Unread, is.Unread = min(was.Unread, 1), min(is.Unread, 1)
	if was == is {
		return nil
	}
	if err := t.count(before, -1); err != nil {
		return err
	}
	return t.count(after, 1)
}

// count adds a conversation with these facts to the counters, or takes it away.
func (t *Tx) count(f desk.Facts, n int) error {
	unread := 0
	if f.Unread > 0 {
		unread = n
	}
	_, err := t.exec(`INSERT INTO counter (status, assignee, team, n, unread) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (status, assignee, team) DO UPDATE SET n = counter.n + excluded.n, unread = counter.unread + excluded.unread`,
		string(f.Status), string(f.Assignee), string(f.Team), n, unread)
	if err == nil && n < 0 {
		_, err = t.exec(`DELETE FROM counter WHERE status = $1 AND assignee = $2 AND team = $3 AND n = 0`,
			string(f.Status), string(f.Assignee), string(f.Team))
	}
	return err
}

func scanConversation(s scanner) (c desk.Conversation, err error) {
	var labels string
	var lastAt, waiting, window int64
	l, p := &c.Last, &c.Contact
	err = s.Scan(&c.ID, &c.Seq, &c.Channel, &c.Status, &c.Assignee, &c.Team, &labels, &lastAt,
		&l.Message, &l.Side, &l.Type, &l.Author, &l.Text, &l.Delivery,
		&c.Unread, &waiting, &window, &p.ID, &p.Name, &p.Phone, &p.Username, &p.UserID)
	if err != nil {
		return desk.Conversation{}, err
	}
	c.LastAt, c.WaitingSince, c.WindowUntil = fromMillis(lastAt), fromMillis(waiting), fromMillis(window)
	return c, fromJSON(labels, &c.Labels)
}
