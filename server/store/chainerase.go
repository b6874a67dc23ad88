package store

import (
	"errors"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// ErrSending says that a message to the customer is being sent.
var ErrSending = errors.New("store: a message is being sent")

// EraseContact blanks what the desk keeps of a customer: the contact's name and
// numbers, the texts and files of the messages with them, and what the log tells
// of their conversations, whose proofs stay. It returns those conversations, as
// they are now, and how many entries were blanked. While a message is being sent
// it is [ErrSending]: its outcome would bring the customer's number back.
//
// The caller appends an entry of the kind [desk.ContactErased] about each
// conversation, in the same transaction: a log in which contents are gone without
// a word doesn't verify.
func (t *Tx) EraseContact(id desk.ContactID) (conversations []desk.Conversation, entries int, err error) {
	conversations, err = all(t, scanConversation, `SELECT `+conversationColumns+`
		FROM conversation c JOIN contact p ON p.id = c.contact WHERE c.contact = $1 ORDER BY c.id`, string(id))
	if err != nil {
		return nil, 0, wrap("erase a contact", err)
	}
	for i := range conversations {
		n, err := t.eraseConversation(conversations[i].ID)
		if err != nil {
			return nil, 0, err
		}
		entries += n
		conversations[i].Contact, conversations[i].Last.Text = desk.Contact{ID: id}, ""
	}
	for _, query := range []string{
		`DELETE FROM identity WHERE contact = $1`,
		`UPDATE contact SET name = '', phone = '', username = '', user_id = '' WHERE id = $1`,
	} {
		if _, err := t.exec(query, string(id)); err != nil {
			return nil, 0, wrap("erase a contact", err)
		}
	}
	return conversations, entries, nil
}

func (t *Tx) eraseConversation(id desk.ConversationID) (entries int, err error) {
	var sending int
	err = t.row(`SELECT count(*) FROM message m WHERE m.conversation = $1 AND m.side = 'team' AND m.delivery IN ('queued', 'sending')
		AND m.delivery = 'sending'`, int64(id)).Scan(&sending)
	if err != nil {
		return 0, wrap("erase a contact", err)
	}
	if sending > 0 {
		return 0, ErrSending
	}
	problem, err := toJSON(desk.Problem{Text: "The customer was erased before this message was sent."}, false)
	if err != nil {
		return 0, wrap("erase a contact", err)
	}
	queries := []struct {
		query string
		args  []any
	}{
		// A quote is read from the message that it quotes. The provider may repeat
		// a number in what it says is wrong.
		{`UPDATE message SET body = '', media = '', raw = '', problem = '' WHERE conversation = $1`, []any{int64(id)}},
		{`UPDATE message SET delivery = 'failed', problem = $2 WHERE conversation = $1 AND side = 'team' AND delivery = 'queued'`, []any{int64(id), problem}},
		{`UPDATE conversation SET last_text = '' WHERE id = $1`, []any{int64(id)}},
	}
	for _, q := range queries {
		if _, err := t.exec(q.query, q.args...); err != nil {
			return 0, wrap("erase a contact", err)
		}
	}
	// What was refused holds nothing of the customer, and is also logged about
	// chats that don't exist: blanked, it would tell the refused that this one did.
	empty := []byte{}
	n, err := t.exec(`UPDATE entry SET event = '', detail = '', salt = $2
		WHERE conversation = $1 AND conversation <> 0 AND event <> '' AND kind <> $3`, int64(id), empty, string(desk.CommandRefused))
	return int(n), wrap("erase what the log tells of a contact", err)
}
