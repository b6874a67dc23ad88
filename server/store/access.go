package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// PutVersion keeps what a role has become.
func (t *Tx) PutVersion(v desk.RoleVersion) error {
	value, err := toJSON(v.Role, false)
	if err == nil {
		_, err = t.exec(`INSERT INTO role_version (role, version, at, author, value) VALUES ($1, $2, $3, $4, $5)`,
			string(v.Role.ID), v.Role.Version, millis(v.At), string(v.By), value)
	}
	return wrap("keep a role's version", err)
}

// Versions returns what a role was, newest first. Those of a role that was
// deleted stay, and one of the same name goes on counting after them.
func (t *Tx) Versions(id desk.RoleID) ([]desk.RoleVersion, error) {
	list, err := all(t, scanVersion, `SELECT at, author, value FROM role_version WHERE role = $1 ORDER BY version DESC`, string(id))
	return list, wrap("read a role's versions", err)
}

func scanVersion(s scanner) (v desk.RoleVersion, err error) {
	var at int64
	var value string
	if err = s.Scan(&at, &v.By, &value); err != nil {
		return v, err
	}
	v.At = fromMillis(at)
	return v, fromJSON(value, &v.Role)
}

// PutRequest stores a request, new or decided.
func (t *Tx) PutRequest(r desk.Request) error {
	value, err := toJSON(r, false)
	if err == nil {
		_, err = t.exec(`INSERT INTO access_request (id, member, state, decided_at, value) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, decided_at = excluded.decided_at, value = excluded.value`,
			string(r.ID), string(r.Member), string(r.State), millis(r.DecidedAt), value)
	}
	return wrap("store a request", err)
}

// Request returns one request.
func (t *Tx) Request(id desk.RequestID) (desk.Request, error) {
	r, err := scanRequest(t.row(`SELECT value FROM access_request WHERE id = $1`, string(id)))
	return r, wrap("read a request", err)
}

// Requests returns the open requests and those decided after a time, the oldest
// first.
func (t *Tx) Requests(decidedAfter time.Time) ([]desk.Request, error) {
	list, err := all(t, scanRequest, `SELECT value FROM access_request WHERE state = $1 OR decided_at > $2 ORDER BY id`,
		string(desk.RequestOpen), millis(decidedAfter))
	return list, wrap("read the requests", err)
}

// OpenRequests returns the requests of a member that wait, the oldest first.
func (t *Tx) OpenRequests(id desk.MemberID) ([]desk.Request, error) {
	list, err := all(t, scanRequest, `SELECT value FROM access_request WHERE state = $1 AND member = $2 ORDER BY id`,
		string(desk.RequestOpen), string(id))
	return list, wrap("read a member's requests", err)
}

func scanRequest(s scanner) (r desk.Request, err error) {
	var value string
	if err = s.Scan(&value); err != nil {
		return r, err
	}
	return r, fromJSON(value, &r)
}

// Invitation is a code that lets a member choose a password, once. The code
// itself isn't kept, only its hash.
type Invitation struct {
	Member   desk.MemberID
	CodeHash []byte
	Until    time.Time
	By       desk.MemberID
}

// PutInvitation stores an invitation; a member's earlier one ends.
func (t *Tx) PutInvitation(i Invitation) error {
	_, err := t.exec(`INSERT INTO invitation (member, code_hash, until, author) VALUES ($1, $2, $3, $4)
		ON CONFLICT (member) DO UPDATE SET code_hash = excluded.code_hash, until = excluded.until, author = excluded.author`,
		string(i.Member), i.CodeHash, millis(i.Until), string(i.By))
	return wrap("store an invitation", err)
}

// Invitation finds an invitation by its code's hash, ended or not.
func (t *Tx) Invitation(hash []byte) (Invitation, error) {
	i, err := scanInvitation(t.row(`SELECT member, code_hash, until, author FROM invitation WHERE code_hash = $1`, hash))
	return i, wrap("read an invitation", err)
}

// Invitations returns every invitation, ended or not.
func (t *Tx) Invitations() ([]Invitation, error) {
	list, err := all(t, scanInvitation, `SELECT member, code_hash, until, author FROM invitation`)
	return list, wrap("read the invitations", err)
}

// DeleteInvitation uses an invitation up; used is false when it was gone.
func (t *Tx) DeleteInvitation(id desk.MemberID) (used bool, err error) {
	n, err := t.exec(`DELETE FROM invitation WHERE member = $1`, string(id))
	return n > 0, wrap("use an invitation", err)
}

func scanInvitation(s scanner) (i Invitation, err error) {
	var until int64
	if err = s.Scan(&i.Member, &i.CodeHash, &until, &i.By); err != nil {
		return Invitation{}, err
	}
	i.Until = fromMillis(until)
	return i, nil
}

// day is how usage is kept: one row a day for each permission.
const day = 24 * time.Hour

// rankSQL is [desk.Scope.Rank] of a column.
func rankSQL(column string) string {
	var b strings.Builder
	for _, s := range []desk.Scope{desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll} {
		fmt.Fprintf(&b, " WHEN '%s' THEN %d", s, s.Rank())
	}
	return "CASE " + column + b.String() + " ELSE 0 END"
}

// NoteUse notes that a member used a permission, as far as scope. Of one day, the
// widest scope and the newest time stay, whoever notes them: several processes
// may.
func (t *Tx) NoteUse(u desk.Usage) error {
	_, err := t.exec(`INSERT INTO key_use (member, perm, day, scope, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (member, perm, day) DO UPDATE SET
			scope = CASE WHEN `+rankSQL("excluded.scope")+` > `+rankSQL("key_use.scope")+` THEN excluded.scope ELSE key_use.scope END,
			at = CASE WHEN excluded.at > key_use.at THEN excluded.at ELSE key_use.at END`,
		string(u.Member), string(u.Perm), u.LastAt.UnixMilli()/day.Milliseconds(), string(u.Scope), millis(u.LastAt))
	return wrap("note a use", err)
}

// Uses returns what members used on days from since on: one row for each member
// and permission, with the widest scope and the newest time.
func (t *Tx) Uses(since time.Time) ([]desk.Usage, error) {
	rows, err := all(t, scanUse, `SELECT member, perm, scope, at FROM key_use WHERE day >= $1 ORDER BY member, perm, day`,
		since.UnixMilli()/day.Milliseconds())
	if err != nil {
		return nil, wrap("read the uses", err)
	}
	var list []desk.Usage
	for _, u := range rows {
		if n := len(list); n > 0 && list[n-1].Member == u.Member && list[n-1].Perm == u.Perm {
			last := &list[n-1]
			if u.Scope.Rank() > last.Scope.Rank() {
				last.Scope = u.Scope
			}
			last.LastAt = u.LastAt
			continue
		}
		list = append(list, u)
	}
	return list, nil
}

// FirstUse is when the desk began to note uses; zero when it hasn't.
func (t *Tx) FirstUse() (time.Time, error) {
	var first int64
	err := t.row(`SELECT coalesce(min(at), 0) FROM key_use WHERE day = (SELECT min(day) FROM key_use)`).Scan(&first)
	return fromMillis(first), wrap("read the first use", err)
}

func scanUse(s scanner) (u desk.Usage, err error) {
	var at int64
	if err = s.Scan(&u.Member, &u.Perm, &u.Scope, &at); err != nil {
		return u, err
	}
	u.LastAt = fromMillis(at)
	return u, nil
}

// HeldBy returns the open conversations of a member, at most limit.
func (t *Tx) HeldBy(id desk.MemberID, limit int) ([]desk.Conversation, error) {
	list, err := all(t, scanConversation, `SELECT `+conversationColumns+` FROM conversation c JOIN contact p ON p.id = c.contact
		WHERE c.status = $1 AND c.assignee = $2 ORDER BY c.last_at DESC, c.id DESC LIMIT $3`, string(desk.StatusOpen), string(id), limit)
	return list, wrap("read a member's conversations", err)
}

// QueuedBy counts a member's messages that have not been sent yet.
func (t *Tx) QueuedBy(id desk.MemberID) (n int, err error) {
	err = t.row(`SELECT count(*) FROM message WHERE side = 'team' AND delivery IN ('queued', 'sending') AND author = $1`, string(id)).Scan(&n)
	return n, wrap("count queued messages", err)
}

// Appended returns what the function that runs now has appended to the log.
func (t *Tx) Appended() []Entry { return t.entries[t.mark:] }
