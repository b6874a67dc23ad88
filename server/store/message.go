package store

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// messageSelect reads messages with the start of what they quote.
const messageSelect = `SELECT m.id, m.conversation, m.seq, m.at, m.ord, m.side, m.type, m.author, m.body, m.media,
	m.to_member, m.to_team, m.ref, m.delivery, m.sent_at, m.delivered_at, m.read_at, m.problem,
	coalesce(q.id, ''), coalesce(q.side, ''), coalesce(q.author, ''), coalesce(q.body, '')
	FROM message m LEFT JOIN message q ON m.quote <> '' AND q.id = m.quote `

// Message returns one message.
func (t *Tx) Message(id desk.MessageID) (desk.Message, error) {
	m, err := scanMessage(t.row(messageSelect+`WHERE m.id = $1`, string(id)))
	return m, wrap("read a message", err)
}

// PutMessage stores a message, new or changed. raw is what the provider sent;
// nil leaves what is stored. Of the quote only the message's id is stored. A
// customer's system notice is stored as silent, see [Tx.SetSilent].
func (t *Tx) PutMessage(m desk.Message, raw json.RawMessage) error {
	media, err := toJSON(m.Media, m.Media == nil)
	if err != nil {
		return wrap("store a message", err)
	}
	problem, err := toJSON(m.Problem, m.Problem == nil)
	if err != nil {
		return wrap("store a message", err)
	}
	var quote desk.MessageID
	if m.Quote != nil {
		quote = m.Quote.Message
	}
	_, err = t.exec(`INSERT INTO message (id, conversation, seq, at, ord, side, type, author, body, media, quote, to_member, to_team, ref,
			delivery, sent_at, delivered_at, read_at, problem, raw, silent, attempts, next_try)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 0, 0)
		ON CONFLICT (id) DO UPDATE SET conversation = excluded.conversation, seq = excluded.seq, at = excluded.at, ord = excluded.ord,
			side = excluded.side, type = excluded.type, author = excluded.author, body = excluded.body, media = excluded.media,
			quote = excluded.quote, to_member = excluded.to_member, to_team = excluded.to_team, ref = excluded.ref,
			delivery = excluded.delivery, sent_at = excluded.sent_at, delivered_at = excluded.delivered_at, read_at = excluded.read_at,
			problem = excluded.problem, raw = CASE WHEN excluded.raw = '' THEN message.raw ELSE excluded.raw END`,
		string(m.ID), int64(m.Conversation), m.Seq, millis(m.At), m.Order, string(m.Side), string(m.Type), string(m.Author), m.Text, media,
		string(quote), string(m.To), string(m.ToTeam), m.Ref, string(m.Delivery), millis(m.SentAt), millis(m.DeliveredAt), millis(m.ReadAt),
		problem, string(raw), flag(m.Side == desk.SideCustomer && m.Type == desk.TypeSystem))
	return wrap("store a message", err)
}

// SetSilent marks a customer's message as one in which the customer didn't
// speak: [Tx.UnreadSince] and [Tx.LastInboundExternal] pass it over.
func (t *Tx) SetSilent(id desk.MessageID) error {
	_, err := t.exec(`UPDATE message SET silent = 1 WHERE id = $1`, string(id))
	return wrap("store a message", err)
}

// Raw returns a message as the provider sent it; nil when it didn't come from there.
func (t *Tx) Raw(id desk.MessageID) (json.RawMessage, error) {
	var raw string
	err := t.row(`SELECT raw FROM message WHERE id = $1`, string(id)).Scan(&raw)
	if err != nil || raw == "" {
		return nil, wrap("read a message", err)
	}
	return json.RawMessage(raw), nil
}

func scanMessage(s scanner) (m desk.Message, err error) {
	var media, problem string
	var at, sent, delivered, read int64
	var q desk.Quote
	err = s.Scan(&m.ID, &m.Conversation, &m.Seq, &at, &m.Order, &m.Side, &m.Type, &m.Author, &m.Text, &media,
		&m.To, &m.ToTeam, &m.Ref, &m.Delivery, &sent, &delivered, &read, &problem,
		&q.Message, &q.Side, &q.Author, &q.Text)
	if err != nil {
		return desk.Message{}, err
	}
	m.At, m.SentAt, m.DeliveredAt, m.ReadAt = fromMillis(at), fromMillis(sent), fromMillis(delivered), fromMillis(read)
	if q.Message != "" {
		q.Text = desk.Excerpt(q.Text)
		m.Quote = &q
	}
	if err = fromJSON(media, &m.Media); err != nil {
		return desk.Message{}, err
	}
	return m, fromJSON(problem, &m.Problem)
}

// maxTies is how many messages of one entry of the log may share a place in a
// thread. A page isn't cut between them, so it can be longer by as many.
const maxTies = 16

// maxPageBytes bounds the text of a page: a customer decides how long messages
// are, and a client takes only so much at once.
const maxPageBytes = 256 << 10

// maxSince is how many messages MessagesSince returns at most.
const maxSince = 50

// Thread returns the newest limit messages that stand before a place, newest
// first; the zero place is the end.
func (t *Tx) Thread(id desk.ConversationID, before desk.Place, limit int) (newestFirst []desk.Message, more bool, err error) {
	at, order := int64(math.MaxInt64), int64(math.MaxInt64)
	if before != (desk.Place{}) {
		at, order = millis(before.At), before.Order
	}
	if limit <= 0 {
		limit = defaultPage
	}
	list, err := all(t, scanMessage, messageSelect+`WHERE m.conversation = $1 AND (m.at, m.ord) < ($2, $3)
		ORDER BY m.at DESC, m.ord DESC LIMIT $4`, int64(id), at, order, limit+maxTies)
	if err != nil {
		return nil, false, wrap("read a thread", err)
	}
	slices.SortStableFunc(list, func(a, b desk.Message) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Order, a.Order), cmp.Compare(b.ID, a.ID))
	})
	cut := min(limit, len(list))
	for i, size := 0, 0; i < cut; i++ {
		if size += len(list[i].Text); size > maxPageBytes && i > 0 {
			cut = i
		}
	}
	for cut < len(list) && list[cut].Place() == list[cut-1].Place() {
		cut++
	}
	return list[:cut], cut < len(list), nil
}

// MessagesSince returns the newest of what customer and team wrote after log
// position seq, except what notBy wrote and what asks for no answer, oldest first.
func (t *Tx) MessagesSince(id desk.ConversationID, seq int64, notBy desk.MemberID) ([]desk.Message, error) {
	list, err := all(t, scanMessage, messageSelect+`WHERE m.conversation = $1 AND m.ord > $2 AND m.side IN ('customer', 'team')
		AND m.silent = 0 AND (m.author <> $3 OR m.author = '') ORDER BY m.ord DESC, m.at DESC, m.id DESC LIMIT $4`,
		int64(id), seq, string(notBy), maxSince)
	slices.Reverse(list)
	return list, wrap("read what was written since", err)
}

// UnansweredSince returns the time of the customer's first message that is later
// than the newest reply that didn't fail, leaving one reply out; zero when there
// is none.
func (t *Tx) UnansweredSince(id desk.ConversationID, without desk.MessageID) (time.Time, error) {
	var at int64
	err := t.row(`SELECT coalesce(min(m.at), 0) FROM message m WHERE m.conversation = $1 AND m.side = 'customer' AND m.silent = 0
		AND m.at > coalesce((SELECT r.at FROM message r WHERE r.conversation = $1 AND r.side = 'team' AND r.delivery <> 'failed' AND r.id <> $2
			ORDER BY r.at DESC LIMIT 1), -1)`, int64(id), string(without)).Scan(&at)
	return fromMillis(at), wrap("read since when the customer waits", err)
}

// UnreadSince counts the customer's messages that were stored after log position
// upto.
func (t *Tx) UnreadSince(id desk.ConversationID, upto int64) (n int, err error) {
	err = t.row(`SELECT count(*) FROM message WHERE conversation = $1 AND ord > $2 AND side = 'customer' AND silent = 0`,
		int64(id), upto).Scan(&n)
	return n, wrap("count what is unread", err)
}

// AddExternal notes the provider's id of a message. added is false when the
// channel has that id already: the message was stored before.
func (t *Tx) AddExternal(ch desk.ChannelID, external string, m desk.MessageID) (added bool, err error) {
	n, err := t.exec(`INSERT INTO external (channel, external, message, ord)
		VALUES ($1, $2, $3, (SELECT coalesce(max(o.ord), 0) + 1 FROM external o WHERE o.message = $3))
		ON CONFLICT (channel, external) DO NOTHING`, string(ch), external, string(m))
	return n == 1, wrap("store a provider's id", err)
}

// MessageByExternal finds a message by the provider's id.
func (t *Tx) MessageByExternal(ch desk.ChannelID, external string) (desk.Message, error) {
	m, err := scanMessage(t.row(messageSelect+`WHERE m.id = (SELECT e.message FROM external e WHERE e.channel = $1 AND e.external = $2)`,
		string(ch), external))
	return m, wrap("read a message by the provider's id", err)
}

// External returns the newest provider's id of a message; [ErrNotFound] when it
// has none yet.
func (t *Tx) External(m desk.MessageID) (external string, err error) {
	err = t.row(`SELECT external FROM external WHERE message = $1 ORDER BY ord DESC LIMIT 1`, string(m)).Scan(&external)
	return external, wrap("read a provider's id", err)
}

// LastInboundExternal returns the provider's id of the newest message of the
// customer that was stored at or before log position upto.
func (t *Tx) LastInboundExternal(id desk.ConversationID, upto int64) (external string, err error) {
	err = t.row(`SELECT e.external FROM message m JOIN external e ON e.message = m.id
		WHERE m.conversation = $1 AND m.ord <= $2 AND m.side = 'customer' AND m.silent = 0
		ORDER BY m.ord DESC, e.ord DESC LIMIT 1`, int64(id), upto).Scan(&external)
	return external, wrap("read the newest provider's id", err)
}
