package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
)

const (
	// The private key never leaves this package; the public one is for everybody.
	secretLogKey       = "log key"
	secretLogPublicKey = "log public key"

	chainStep = 1000 // entries of an older program that are chained at once
)

// readHead reads where the log ends: by number, and by hash.
func (t *Tx) readHead(query string) (head int64, err error) {
	var hash []byte
	if err := t.row(query).Scan(&head, &t.hashed, &hash); err != nil {
		return 0, err
	}
	copy(t.hash[:], hash)
	return head, nil
}

// moveHead stores the end of the log once for the whole batch.
func (t *Tx) moveHead() error {
	if !t.moved {
		return nil
	}
	s, _, err := t.conn.stmt(t.ctx, "UPDATE log_head SET seq = $1, hashed = $2, hash = $3")
	if err == nil {
		_, err = s.ExecContext(t.ctx, t.head, t.hashed, t.hash[:])
	}
	return wrap("move the head of the log", err)
}

// seal makes the record of an entry and moves the end of the chain to it. What is
// hashed is what will be read back.
func (t *Tx) seal(e Entry, event []byte) chain.Record {
	r := chain.Record{
		Seq: e.Seq, At: millis(e.At), Kind: storable(string(e.Kind)), Actor: storable(string(e.Actor)), Conversation: int64(about(&e.Event)),
		Target: storable(e.Target), Session: storable(e.Session), Addr: storable(e.Addr),
		Content: chain.Content{Salt: chain.NewSalt(), Event: string(event), Detail: storable(string(e.Detail))},
	}
	r.Seal(t.hash)
	t.hash, t.hashed, t.moved = r.Hash, r.Seq, true
	return r
}

func about(e *desk.Event) desk.ConversationID {
	if e.Conversation == nil {
		return 0
	}
	return e.Conversation.ID
}

// targetOf says who or what an event is about besides its conversation.
func targetOf(e *desk.Event) string {
	switch {
	case e.Member != nil:
		return string(e.Member.ID)
	case e.Role != nil:
		return string(e.Role.ID)
	case e.Team != nil:
		return string(e.Team.ID)
	case e.Request != nil:
		return string(e.Request.ID)
	}
	return ""
}

// chainSome chains up to limit entries that a program wrote which didn't know
// the chain, and reports whether all are chained.
func (t *Tx) chainSome(limit int) (done bool, err error) {
	if t.hashed >= t.head {
		return true, nil
	}
	list, err := all(t, scanRecord, recordSelect+`WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`, t.hashed, limit)
	if err != nil {
		return false, wrap("chain the log", err)
	}
	if len(list) == 0 {
		return false, fmt.Errorf("store: the log ends at %d, but its head says %d: the database is damaged; restore a backup", t.hashed, t.head)
	}
	for _, r := range list {
		if r.Seq != t.hashed+1 {
			return false, fmt.Errorf("store: the log lacks entry %d: the database is damaged; restore a backup", t.hashed+1)
		}
		var e desk.Event
		if json.Unmarshal([]byte(r.Content.Event), &e) == nil { // what an older program wrote is kept as it is
			r.Target = targetOf(&e)
		}
		r.Content.Salt = chain.NewSalt()
		r.Seal(t.hash)
		_, err := t.exec(`UPDATE entry SET target = $1, salt = $2, content_hash = $3, content_length = $4, hash = $5 WHERE seq = $6`,
			r.Target, r.Content.Salt, r.ContentHash[:], r.ContentLength, r.Hash[:], r.Seq)
		if err != nil {
			return false, wrap("chain the log", err)
		}
		t.hash, t.hashed, t.moved = r.Hash, r.Seq, true
	}
	return t.hashed == t.head, nil
}

// chainRest chains what is left: an older program may still run on the same
// database while it is being replaced.
func (t *Tx) chainRest() error {
	for {
		if done, err := t.chainSome(chainStep); done || err != nil {
			return err
		}
	}
}

// A record's predecessor's hash is not stored twice.
const recordSelect = `SELECT e.seq, e.at, e.kind, e.actor, e.conversation, e.target, e.session, e.addr, e.salt, e.event, e.detail,
	e.content_hash, e.content_length, e.hash, (SELECT p.hash FROM entry p WHERE p.seq = e.seq - 1) FROM entry e `

func scanRecord(s scanner) (r chain.Record, err error) {
	var content, hash, prev []byte
	err = s.Scan(&r.Seq, &r.At, &r.Kind, &r.Actor, &r.Conversation, &r.Target, &r.Session, &r.Addr, &r.Content.Salt, &r.Content.Event,
		&r.Content.Detail, &content, &r.ContentLength, &hash, &prev)
	copy(r.ContentHash[:], content)
	copy(r.Hash[:], hash)
	copy(r.Prev[:], prev)
	return r, err
}

// Records returns up to limit records that come after a number, oldest first: the
// log as [chain.Verify] takes it.
func (t *Tx) Records(after int64, limit int) ([]chain.Record, error) {
	list, err := all(t, scanRecord, recordSelect+`WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`, after, limit)
	return list, wrap("read the log", err)
}

// Checkpoint is a signed statement of what the log was: the note, and what of it
// is looked for.
type Checkpoint struct {
	Seq  int64 // the newest entry that it covers
	At   time.Time
	Note string
	// Line is the note as one word, which a line of a log holds unchanged.
	Line string
}

// ErrEmptyLog says that there is nothing to make a checkpoint of.
var ErrEmptyLog = errors.New("store: the log is empty")

// TakeCheckpoint signs the log as it is now, what this transaction appended
// included, and keeps that. It returns the newest checkpoint when nothing was
// appended since, and [ErrEmptyLog] when nothing ever was.
func (t *Tx) TakeCheckpoint(at time.Time) (Checkpoint, error) {
	if err := t.chainRest(); err != nil {
		return Checkpoint{}, err
	}
	if t.head == 0 {
		return Checkpoint{}, ErrEmptyLog
	}
	last, err := t.LastCheckpoint()
	if err == nil && last.Seq == t.head || err != nil && !errors.Is(err, ErrNotFound) {
		return last, err
	}
	private, err := t.secret(secretLogKey)
	if err != nil {
		return Checkpoint{}, err
	}
	epoch, err := t.epoch()
	if err != nil {
		return Checkpoint{}, err
	}
	c := chain.Checkpoint{Epoch: epoch, Size: t.head, Hash: t.hash, Time: at}
	if err := c.Sign(private); err != nil {
		return Checkpoint{}, wrap("make a checkpoint", err)
	}
	return t.PutCheckpoint(Checkpoint{Seq: c.Size, At: at, Note: c.Note})
}

// PutCheckpoint keeps a checkpoint.
func (t *Tx) PutCheckpoint(c Checkpoint) (Checkpoint, error) {
	_, err := t.exec(`INSERT INTO checkpoint (seq, at, note) VALUES ($1, $2, $3)`, c.Seq, millis(c.At), c.Note)
	return withLine(c), wrap("store a checkpoint", err)
}

// Checkpoints returns up to limit checkpoints that cover more than after entries,
// oldest first.
func (t *Tx) Checkpoints(after int64, limit int) ([]Checkpoint, error) {
	list, err := all(t, scanCheckpoint, `SELECT seq, at, note FROM checkpoint WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
	return list, wrap("read checkpoints", err)
}

// LastCheckpoint returns the newest one; [ErrNotFound] when there is none.
func (t *Tx) LastCheckpoint() (Checkpoint, error) {
	c, err := scanCheckpoint(t.row(`SELECT seq, at, note FROM checkpoint ORDER BY seq DESC LIMIT 1`))
	return c, wrap("read the newest checkpoint", err)
}

func scanCheckpoint(s scanner) (c Checkpoint, err error) {
	var at int64
	err = s.Scan(&c.Seq, &at, &c.Note)
	c.At = fromMillis(at)
	return withLine(c), err
}

func withLine(c Checkpoint) Checkpoint {
	c.Line = (&chain.Checkpoint{Note: c.Note}).Line()
	return c
}

func (t *Tx) epoch() (epoch string, err error) {
	err = t.row(`SELECT epoch FROM log_head`).Scan(&epoch)
	return epoch, wrap("read the epoch", err)
}

// LogKey returns the public key that checkpoints are verified by.
func (t *Tx) LogKey() (string, error) { return t.secret(secretLogPublicKey) }

func (t *Tx) secret(name string) (value string, err error) {
	err = t.row(`SELECT value FROM secret WHERE name = $1`, name).Scan(&value)
	return value, wrap("read a key", err)
}

// seedKey gives a log its key, once.
func (t *Tx) seedKey() error {
	if _, err := t.secret(secretLogKey); !errors.Is(err, ErrNotFound) {
		return err
	}
	private, public, err := chain.NewKey()
	if err != nil {
		return wrap("make a key", err)
	}
	for name, value := range map[string]string{secretLogKey: private, secretLogPublicKey: public} {
		if _, err := t.exec(`INSERT INTO secret (name, value) VALUES ($1, $2)`, name, value); err != nil {
			return wrap("store a key", err)
		}
	}
	return nil
}
