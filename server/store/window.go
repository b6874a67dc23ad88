package store

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// defaultPage is how many rows are read when the caller doesn't say.
const defaultPage = 50

// mostBranches is how many branches one query joins: SQLite takes a UNION of 500
// and no more. A member in as many teams as one may be in needs few more than
// [desk.MaxTeamsOf]; in a desk that is older than that limit it may be hundreds.
const mostBranches = 100

// Conversations returns up to limit rows of a list below a cursor, newest first,
// of those that me may see; more says whether others stand below them.
func (t *Tx) Conversations(me desk.Actor, l desk.List, after desk.Cursor, limit int) (rows []desk.Conversation, more bool, err error) {
	if limit <= 0 {
		limit = defaultPage
	}
	for branches := range slices.Chunk(visible(me, l), mostBranches) {
		query, args := windowQuery(branches, after, limit+1)
		part, err := all(t, scanConversation, query, args...)
		if err != nil {
			return nil, false, wrap("read a list", err)
		}
		rows = newest(rows, part)
	}
	if len(rows) > limit {
		return rows[:limit], true, nil
	}
	return rows, false, nil
}

// newest joins two lists that are newest first; a row may stand in both.
func newest(a, b []desk.Conversation) []desk.Conversation {
	if len(a) == 0 {
		return b
	}
	list := append(a, b...)
	slices.SortFunc(list, func(a, b desk.Conversation) int {
		return cmp.Or(b.LastAt.Compare(a.LastAt), cmp.Compare(b.ID, a.ID))
	})
	return slices.CompactFunc(list, func(a, b desk.Conversation) bool { return a.ID == b.ID })
}

// windowQuery finds the keys of the rows in the indexes alone, then the rows.
// UNION takes away what stands in more than one branch.
func windowQuery(branches []branch, after desk.Cursor, limit int) (string, []any) {
	at, id := int64(math.MaxInt64), int64(math.MaxInt64)
	if after != (desk.Cursor{}) {
		at, id = millis(after.LastAt), int64(after.ID)
	}
	args := []any{at, id, limit}
	parts := make([]string, len(branches))
	for i, b := range branches {
		parts[i], args = branchQuery(b, args)
	}
	keys := parts[0]
	if len(parts) > 1 {
		for i, p := range parts {
			parts[i] = fmt.Sprintf("SELECT * FROM (%s) b%d", p, i)
		}
		keys = strings.Join(parts, " UNION ") + " ORDER BY last_at DESC, id DESC LIMIT $3"
	}
	return `SELECT ` + conversationColumns + ` FROM (` + keys + `) k
		JOIN conversation c ON c.id = k.id JOIN contact p ON p.id = c.contact ORDER BY k.last_at DESC, k.id DESC`, args
}

// branchQuery is one range of one index. $1 and $2 are the cursor, $3 the limit.
func branchQuery(b branch, args []any) (string, []any) {
	add := func(v string) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := "status = " + add(string(b.status))
	if b.assignee != nil {
		where += " AND assignee = " + add(string(*b.assignee))
	}
	if b.team != nil {
		where += " AND team = " + add(string(*b.team))
	}
	return "SELECT last_at, id FROM conversation WHERE " + where +
		" AND (last_at, id) < ($1, $2) ORDER BY last_at DESC, id DESC LIMIT $3", args
}

// Counts returns the badge of every list, from the counters: a row of them holds
// all the facts that [desk.Can] and the lists look at.
func (t *Tx) Counts(me desk.Actor) (map[desk.List]desk.Count, error) {
	counters, err := t.Tallies()
	if err != nil {
		return nil, err
	}
	counts := map[desk.List]desk.Count{}
	for _, l := range desk.Lists() {
		counts[l] = desk.Count{}
	}
	for _, k := range counters {
		c := k.Facts.With(0)
		// Sight doesn't depend on the time.
		if desk.Can(&me, desk.ConversationView, desk.Subject{Conversation: c}, time.Time{}) != nil {
			continue
		}
		for _, l := range desk.Lists() {
			if l.Holds(me.Member, c) {
				sum := counts[l]
				counts[l] = desk.Count{Total: sum.Total + k.Total, Unread: sum.Unread + k.Count.Unread}
			}
		}
	}
	return counts, nil
}

// Tally is how many conversations share these facts.
type Tally struct {
	desk.Facts `json:"-"` // without Unread
	desk.Count `json:"-"`
}

// Tallies are the counters: few rows, however many conversations there are.
func (t *Tx) Tallies() ([]Tally, error) {
	list, err := all(t, scanTally, `SELECT status, assignee, team, n, unread FROM counter`)
	return list, wrap("read the counters", err)
}

func scanTally(s scanner) (k Tally, err error) {
	err = s.Scan(&k.Status, &k.Assignee, &k.Team, &k.Total, &k.Count.Unread)
	return k, err
}
