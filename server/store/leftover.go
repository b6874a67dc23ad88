package store

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	maxUnhandled     = 10_000   // rows
	maxUnhandledSize = 64 << 10 // bytes of one
)

// Park keeps a status of a message that isn't known yet.
func (t *Tx) Park(ch desk.ChannelID, r desk.StatusReport) error {
	if len(r.Raw) > 0 && !json.Valid(r.Raw) {
		r.Raw, _ = json.Marshal(string(r.Raw)) // a string always can be
	}
	report, err := json.Marshal(r)
	if err == nil {
		_, err = t.exec(`INSERT INTO parked (ord, channel, external, callback, report, at)
			VALUES ((SELECT coalesce(max(ord), 0) + 1 FROM parked), $1, $2, $3, $4, $5)`,
			string(ch), r.External, string(r.Callback), string(report), millis(r.At))
	}
	return wrap("park a status", err)
}

// Unpark returns and removes the statuses that wait for a message, by the
// provider's id or ours, oldest first. An empty id finds nothing.
func (t *Tx) Unpark(ch desk.ChannelID, external string, callback desk.MessageID) ([]desk.StatusReport, error) {
	const mine = `channel = $1 AND ((external = $2 AND external <> '') OR (callback = $3 AND callback <> ''))`
	list, err := all(t, scanReport, `SELECT report FROM parked WHERE `+mine+` ORDER BY ord`, string(ch), external, string(callback))
	if err == nil && len(list) > 0 {
		_, err = t.exec(`DELETE FROM parked WHERE `+mine, string(ch), external, string(callback))
	}
	return list, wrap("take a parked status", err)
}

func scanReport(s scanner) (r desk.StatusReport, err error) {
	var report string
	if err = s.Scan(&report); err != nil {
		return r, err
	}
	err = fromJSON(report, &r)
	if bytes.Equal(r.Raw, []byte("null")) {
		r.Raw = nil
	}
	return r, err
}

// Answer returns what a member's ref was answered; [ErrNotFound] when it wasn't.
func (t *Tx) Answer(m desk.MemberID, ref string) (command string, result json.RawMessage, err error) {
	var text string
	err = t.row(`SELECT command, result FROM answer WHERE member = $1 AND ref = $2`, string(m), ref).Scan(&command, &text)
	if text != "" {
		result = json.RawMessage(text)
	}
	return command, result, wrap("read an answer", err)
}

// PutAnswer stores what a member's ref was answered. A ref is answered once.
func (t *Tx) PutAnswer(m desk.MemberID, ref, command string, result json.RawMessage, at time.Time) error {
	_, err := t.exec(`INSERT INTO answer (member, ref, command, result, at) VALUES ($1, $2, $3, $4, $5)`,
		string(m), ref, command, string(result), millis(at))
	return wrap("store an answer", err)
}

// PutUnhandled keeps a piece of a delivery that nothing was done with: its first
// 64 KiB, and of all such pieces the newest 10,000.
func (t *Tx) PutUnhandled(at time.Time, u desk.Unhandled) error {
	raw := u.Raw[:min(len(u.Raw), maxUnhandledSize)]
	if raw == nil {
		raw = []byte{}
	}
	_, err := t.exec(`INSERT INTO unhandled (ord, at, why, raw) VALUES ((SELECT coalesce(max(ord), 0) + 1 FROM unhandled), $1, $2, $3)`,
		millis(at), u.Why, raw)
	if err == nil {
		_, err = t.exec(`DELETE FROM unhandled WHERE ord <= (SELECT max(ord) FROM unhandled) - $1`, maxUnhandled)
	}
	return wrap("keep what wasn't handled", err)
}

// PruneBefore removes answers and parked statuses that are older than at, and
// sign-ins that expired before it.
func (t *Tx) PruneBefore(at time.Time) error {
	for _, query := range []string{
		`DELETE FROM answer WHERE at < $1`,
		`DELETE FROM parked WHERE at < $1`,
		`DELETE FROM session WHERE expires_at < $1`,
	} {
		if _, err := t.exec(query, millis(at)); err != nil {
			return wrap("prune", err)
		}
	}
	return nil
}
