package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Entry is one entry of the log: what sessions are told, and beside it what only
// the log keeps.
type Entry struct {
	desk.Event
	Session string          `json:"session,omitempty"` // of the sign-in that did it
	Addr    string          `json:"addr,omitempty"`    // where it came from
	Detail  json.RawMessage `json:"detail,omitempty"`
	// Target is who or what the entry is about besides the conversation: the id of
	// a member, a role, a team, a request. Append takes it from the event when it
	// is empty.
	Target string `json:"target,omitempty"`
	// Erased says that what the entry told is gone; of the event, only number, time,
	// kind and actor are left. It is nothing to tell sessions.
	Erased bool `json:"-"`
}

// Head returns the number of the newest entry: 0 when the log is empty. In a
// write it counts what was appended so far.
func (t *Tx) Head() (int64, error) { return t.head, nil }

// Next returns the number that the next Append gives.
func (t *Tx) Next() int64 { return t.head + 1 }

// Append adds an entry to the log and returns its number, which it also sets in
// the event. The caller sets everything else.
func (t *Tx) Append(e Entry) (int64, error) {
	if err := t.chainRest(); err != nil {
		return 0, err
	}
	e.Seq = t.head + 1
	if e.Target == "" {
		e.Target = targetOf(&e.Event)
	}
	event, err := json.Marshal(e.Event)
	if err != nil {
		return 0, wrap("append to the log", err)
	}
	r := t.seal(e, event)
	_, err = t.exec(`INSERT INTO entry (seq, at, kind, actor, conversation, session, addr, event, detail, target, salt, content_hash, content_length, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		r.Seq, r.At, r.Kind, r.Actor, r.Conversation, r.Session, r.Addr, r.Content.Event, r.Content.Detail, r.Target,
		r.Content.Salt, r.ContentHash[:], r.ContentLength, r.Hash[:])
	if err != nil {
		return 0, wrap("append to the log", err)
	}
	t.head = e.Seq
	t.entries = append(t.entries, e)
	return e.Seq, nil
}

// Entries returns up to limit entries that come after a number, oldest first.
func (t *Tx) Entries(after int64, limit int) ([]Entry, error) {
	list, err := all(t, scanEntry, `SELECT `+entryColumns+` FROM entry e WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`, after, limit)
	return list, wrap("read the log", err)
}

const entryColumns = `e.seq, e.at, e.kind, e.actor, e.session, e.addr, e.target, e.event, e.detail`

func scanEntry(s scanner) (e Entry, err error) { return scanEntryWith(s) }

// scanEntryWith scans an entry and the columns after it.
func scanEntryWith(s scanner, more ...any) (e Entry, err error) {
	var at int64
	var event, detail string
	err = s.Scan(append([]any{&e.Seq, &at, &e.Kind, &e.Actor, &e.Session, &e.Addr, &e.Target, &event, &detail}, more...)...)
	if err != nil {
		return e, err
	}
	e.At = fromMillis(at)
	if detail != "" {
		e.Detail = json.RawMessage(detail)
	}
	if event == "" {
		e.Erased = true
		return e, nil
	}
	return e, fromJSON(event, &e.Event)
}

// seed gives a new log its epoch, and the roles that every desk has their
// present meaning in this program.
func (t *Tx) seed() (epoch string, err error) {
	if epoch, err = t.epoch(); err != nil {
		return "", err
	}
	if epoch == "" {
		epoch = rand.Text()
		if _, err := t.exec(`UPDATE log_head SET epoch = $1`, epoch); err != nil {
			return "", wrap("begin the log", err)
		}
	}
	if err := t.seedKey(); err != nil {
		return "", err
	}
	for _, r := range desk.BuiltInRoles() {
		have, err := t.Role(r.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return "", err
		}
		if reflect.DeepEqual(have, r) {
			continue
		}
		isNew := err != nil
		if err := t.PutRole(r); err != nil {
			return "", err
		}
		if isNew {
			continue
		}
		// Whoever follows this log, now or later, has to learn that rights changed.
		entry := Entry{Event: desk.Event{Kind: desk.RoleChanged, At: time.Now().UTC().Truncate(time.Millisecond), Role: &r}, Session: "upgrade"}
		if _, err := t.Append(entry); err != nil {
			return "", err
		}
	}
	return epoch, nil
}
