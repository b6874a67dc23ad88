package store

import (
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Session is a sign-in. The token itself isn't kept, only its hash.
type Session struct {
	ID                           string
	Member                       desk.MemberID
	TokenHash                    []byte
	Program, Host, Addr          string
	Proof                        string // how it was proven: "password", "invitation", "console"
	CreatedAt, SeenAt, ExpiresAt time.Time
}

// PasswordHash returns a member's password hash; [ErrNotFound] when none is set.
func (t *Tx) PasswordHash(id desk.MemberID) (hash string, err error) {
	err = t.row(`SELECT hash FROM credential WHERE member = $1`, string(id)).Scan(&hash)
	return hash, wrap("read a password hash", err)
}

// SetPasswordHash sets or replaces it.
func (t *Tx) SetPasswordHash(id desk.MemberID, hash string) error {
	_, err := t.exec(`INSERT INTO credential (member, hash) VALUES ($1, $2) ON CONFLICT (member) DO UPDATE SET hash = excluded.hash`,
		string(id), hash)
	return wrap("store a password hash", err)
}

// DeletePasswordHash takes a member's password away.
func (t *Tx) DeletePasswordHash(id desk.MemberID) error {
	_, err := t.exec(`DELETE FROM credential WHERE member = $1`, string(id))
	return wrap("delete a password hash", err)
}

// PutSession stores a new sign-in.
func (t *Tx) PutSession(s Session) error {
	_, err := t.exec(`INSERT INTO session (id, member, token_hash, program, host, addr, proof, created_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		s.ID, string(s.Member), s.TokenHash, s.Program, s.Host, s.Addr, s.Proof, millis(s.CreatedAt), millis(s.SeenAt), millis(s.ExpiresAt))
	return wrap("store a sign-in", err)
}

const sessionColumns = `id, member, token_hash, program, host, addr, proof, created_at, seen_at, expires_at`

// SessionByToken finds a sign-in by its token's hash, expired or not: the caller
// has the clock.
func (t *Tx) SessionByToken(hash []byte) (Session, error) {
	s, err := scanSession(t.row(`SELECT `+sessionColumns+` FROM session WHERE token_hash = $1`, hash))
	return s, wrap("read a sign-in", err)
}

// SessionsOf returns a member's sign-ins, the newest first, expired or not.
func (t *Tx) SessionsOf(id desk.MemberID) ([]Session, error) {
	list, err := all(t, scanSession, `SELECT `+sessionColumns+` FROM session WHERE member = $1 ORDER BY created_at DESC, id DESC`, string(id))
	return list, wrap("read a member's sign-ins", err)
}

// Sessions returns everyone's sign-ins, expired or not.
func (t *Tx) Sessions() ([]Session, error) {
	list, err := all(t, scanSession, `SELECT `+sessionColumns+` FROM session ORDER BY member, created_at DESC, id DESC`)
	return list, wrap("read the sign-ins", err)
}

func scanSession(row scanner) (s Session, err error) {
	var created, seen, expires int64
	err = row.Scan(&s.ID, &s.Member, &s.TokenHash, &s.Program, &s.Host, &s.Addr, &s.Proof, &created, &seen, &expires)
	if err != nil {
		return Session{}, err
	}
	s.CreatedAt, s.SeenAt, s.ExpiresAt = fromMillis(created), fromMillis(seen), fromMillis(expires)
	return s, nil
}

// TouchSession says when a sign-in was last used. One that is gone stays gone.
func (t *Tx) TouchSession(id string, seen time.Time) error {
	_, err := t.exec(`UPDATE session SET seen_at = $1 WHERE id = $2`, millis(seen), id)
	return wrap("touch a sign-in", err)
}

// NameSession says on what machine a sign-in is used.
func (t *Tx) NameSession(id, host string) error {
	_, err := t.exec(`UPDATE session SET host = $1 WHERE id = $2`, host, id)
	return wrap("name a sign-in", err)
}

// DeleteSession ends a sign-in; nothing happens if it ended already.
func (t *Tx) DeleteSession(id string) error {
	_, err := t.exec(`DELETE FROM session WHERE id = $1`, id)
	return wrap("end a sign-in", err)
}

// DeleteSessionsOf ends every sign-in of a member.
func (t *Tx) DeleteSessionsOf(id desk.MemberID) error {
	_, err := t.exec(`DELETE FROM session WHERE member = $1`, string(id))
	return wrap("end a member's sign-ins", err)
}

// CountSessions counts a member's sign-ins.
func (t *Tx) CountSessions(id desk.MemberID) (n int, err error) {
	err = t.row(`SELECT count(*) FROM session WHERE member = $1`, string(id)).Scan(&n)
	return n, wrap("count a member's sign-ins", err)
}

// DeleteOldestSession ends the member's oldest sign-in, if there is one.
func (t *Tx) DeleteOldestSession(id desk.MemberID) error {
	_, err := t.exec(`DELETE FROM session WHERE id =
		(SELECT s.id FROM session s WHERE s.member = $1 ORDER BY s.created_at, s.id LIMIT 1)`, string(id))
	return wrap("end a member's oldest sign-in", err)
}
