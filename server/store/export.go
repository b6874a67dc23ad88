package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// ExportedBy counts the contacts that a member took out after a time, by what the
// log says.
func (t *Tx) ExportedBy(id desk.MemberID, after time.Time) (n int, err error) {
	rows, err := all(t, scanRows, `SELECT detail FROM entry WHERE actor = $1 AND kind = $2 AND at > $3`,
		string(id), string(desk.ContactExported), millis(after))
	for _, r := range rows {
		n += r
	}
	return n, wrap("count what was exported", err)
}

func scanRows(s scanner) (int, error) {
	var detail string
	if err := s.Scan(&detail); err != nil {
		return 0, err
	}
	var d desk.LogDetail
	if detail == "" {
		return 0, nil
	}
	err := json.Unmarshal([]byte(detail), &d)
	return d.Rows, err
}

// ContactAfter returns the id of the nth contact after one, by their ids; empty
// when there are fewer.
func (t *Tx) ContactAfter(after desk.ContactID, n int) (id desk.ContactID, err error) {
	err = t.row(`SELECT id FROM contact WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2`, string(after), n-1).Scan(&id)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return id, wrap("count contacts", err)
}

// CoveredByContact returns conversations that a scope covers for a member, in the
// order of their contacts' ids, after one contact and up to another (empty: to the
// end), at most limit. It looks at no contact beyond.
func (t *Tx) CoveredByContact(me desk.Member, s desk.Scope, after, upTo desk.ContactID, limit int) ([]desk.Conversation, error) {
	branches := covered(s, me)
	if len(branches) == 0 {
		return nil, nil
	}
	args := []any{string(after), limit}
	arms := make([]string, len(branches))
	for i, b := range branches {
		arms[i] = "1 = 1"
		if b.assignee != nil {
			args = append(args, string(*b.assignee))
			arms[i] += " AND c.assignee = " + fmt.Sprintf("$%d", len(args))
		}
		if b.team != nil {
			args = append(args, string(*b.team))
			arms[i] += " AND c.team = " + fmt.Sprintf("$%d", len(args))
		}
	}
	until := ""
	if upTo != "" {
		args = append(args, string(upTo))
		until = fmt.Sprintf(" AND p.id <= $%d", len(args))
	}
	list, err := all(t, scanConversation, `SELECT `+conversationColumns+` FROM contact p JOIN conversation c ON c.contact = p.id
		WHERE p.id > $1`+until+` AND (`+strings.Join(arms, " OR ")+`) ORDER BY p.id, c.id LIMIT $2`, args...)
	return list, wrap("read contacts", err)
}
