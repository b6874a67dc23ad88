package store

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
)

// LogFilter says which entries of the log are asked for. Its zero value asks for
// the newest.
type LogFilter struct {
	Actors       []desk.MemberID // nil: everyone's; "" among them: nobody's, a customer's or the server's
	Kinds        []desk.EventKind
	Target       string
	Conversation desk.ConversationID
	From, To     time.Time // from From on, and before To
	Before       int64     // numbers below it; 0: any
	After        int64     // numbers above it
	Limit        int       // 0: 50
}

// LogEntry is an entry with its place in the chain. Of an erased one's
// conversation the number is left.
type LogEntry struct {
	Entry
	Hash, Prev []byte
}

const (
	// maxBranches is how many indexes' ranges one page is read from: the statement
	// grows with them. For more it reads the log itself, which costs little while
	// those who are asked for do a good part of what is logged, as many people do.
	maxBranches = 100
	// disorder is how far the times of two entries may differ from their order:
	// clocks are set, and several processes write.
	disorder = 10 * time.Minute
)

// Log returns up to limit entries that pass the filter, newest first; more says
// whether older ones do. It costs the same however long the log is.
func (t *Tx) Log(f LogFilter) (newestFirst []LogEntry, more bool, err error) {
	if f.Actors != nil && len(f.Actors) == 0 {
		return nil, false, nil
	}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	q, err := t.logQuery(f)
	if err != nil {
		return nil, false, wrap("read the log", err)
	}
	list, err := all(t, scanLogEntry, q.String(), q.args...)
	if err != nil {
		return nil, false, wrap("read the log", err)
	}
	if len(list) > f.Limit {
		return list[:f.Limit], true, nil
	}
	return list, false, nil
}

func scanLogEntry(s scanner) (e LogEntry, err error) {
	var about desk.ConversationID
	e.Entry, err = scanEntryWith(s, &about, &e.Hash, &e.Prev)
	if e.Erased && about != 0 {
		e.Conversation = &desk.Conversation{ID: about}
	}
	return e, err
}

// logQuery is a page of the log in the making: the ranges of an index that it is
// read from, and what else must hold.
type logQuery struct {
	args     []any // $1 and $2: between these numbers, $3: how many
	branches []string
	rest     []string
}

func (t *Tx) logQuery(f LogFilter) (q *logQuery, err error) {
	after, before, err := t.between(f)
	if err != nil {
		return nil, err
	}
	q = &logQuery{args: []any{after, before, f.Limit + 1}}
	if !f.From.IsZero() {
		q.rest = append(q.rest, "e.at >= "+q.arg(millis(f.From)))
	}
	if !f.To.IsZero() {
		q.rest = append(q.rest, "e.at < "+q.arg(millis(f.To)))
	}
	q.narrow(f.Conversation != 0, "e.conversation <> 0", "e.conversation", int64(f.Conversation))
	q.narrow(f.Target != "", "e.target <> ''", "e.target", f.Target)
	actors, kinds := texts(f.Actors), texts(f.Kinds)
	switch {
	case slices.Contains(f.Actors, ""):
		q.filter("e.actor", actors) // most entries are nobody's: no index has them
	case len(q.branches) == 0 && len(kinds) > 0 && len(actors) > 0 && len(actors)*len(kinds) <= maxBranches:
		q.pairs(actors, kinds)
		return q, nil
	default:
		q.narrow(len(actors) > 0, "e.actor <> ''", "e.actor", actors...)
	}
	q.narrow(len(kinds) > 0, "", "e.kind", kinds...)
	return q, nil
}

// texts lists words once each, as arguments.
func texts[T ~string](words []T) []any {
	words = slices.Compact(slices.Sorted(slices.Values(words)))
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return list
}

func (q *logQuery) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

// narrow adds a condition: the first one chooses the index, further ones are
// asked of what is found there. of is the index's own condition.
func (q *logQuery) narrow(wanted bool, of, column string, values ...any) {
	if !wanted {
		return
	}
	if len(q.branches) > 0 || len(values) > maxBranches {
		q.filter(column, values)
		return
	}
	if of != "" {
		of = " AND " + of
	}
	for _, v := range values {
		q.branches = append(q.branches, column+" = "+q.arg(v)+of)
	}
}

// pairs reads what each of these people did of each of these kinds.
func (q *logQuery) pairs(actors, kinds []any) {
	for _, a := range actors {
		actor := q.arg(a)
		for _, k := range kinds {
			q.branches = append(q.branches, "e.actor = "+actor+" AND e.kind = "+q.arg(k)+" AND e.actor <> ''")
		}
	}
}

func (q *logQuery) filter(column string, values []any) {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = q.arg(v)
	}
	q.rest = append(q.rest, column+" IN ("+strings.Join(names, ", ")+")")
}

// String is the statement. It finds the numbers first, then the rows.
func (q *logQuery) String() string {
	const page = " ORDER BY seq DESC LIMIT $3"
	branches := q.branches
	if len(branches) == 0 {
		branches = []string{"e.seq > 0"}
	}
	parts := make([]string, len(branches))
	for i, b := range branches {
		where := strings.Join(append([]string{b, "e.seq > $1", "e.seq < $2"}, q.rest...), " AND ")
		parts[i] = "SELECT e.seq FROM entry e WHERE " + where + page
	}
	keys := parts[0]
	if len(parts) > 1 {
		for i, p := range parts {
			parts[i] = fmt.Sprintf("SELECT seq FROM (%s) b%d", p, i)
		}
		keys = strings.Join(parts, " UNION ALL ") + page
	}
	return `SELECT ` + entryColumns + `, e.conversation, e.hash, (SELECT p.hash FROM entry p WHERE p.seq = e.seq - 1)
		FROM (` + keys + `) k JOIN entry e ON e.seq = k.seq ORDER BY k.seq DESC`
}

// between turns times into numbers, by the sample of entries that is indexed by
// time. The range is as wide as disorder may make it; the times themselves
// are asked of each entry as well.
func (t *Tx) between(f LogFilter) (after, before int64, err error) {
	after, before = f.After, f.Before
	if before == 0 {
		before = math.MaxInt64
	}
	if !f.From.IsZero() {
		var seq int64
		err := t.row(`SELECT coalesce((SELECT seq FROM entry WHERE seq % 64 = 0 AND at < $1 ORDER BY at DESC, seq DESC LIMIT 1), 0)`,
			millis(f.From.Add(-disorder))).Scan(&seq)
		if err != nil {
			return 0, 0, err
		}
		after = max(after, seq)
	}
	if !f.To.IsZero() {
		var seq int64
		err := t.row(`SELECT coalesce((SELECT seq FROM entry WHERE seq % 64 = 0 AND at >= $1 ORDER BY at, seq LIMIT 1), 0)`,
			millis(f.To.Add(disorder))).Scan(&seq)
		if err != nil {
			return 0, 0, err
		}
		if seq > 0 {
			before = min(before, seq)
		}
	}
	return after, before, nil
}

// LinesOptions are what an export of the log may ask for.
type LinesOptions struct {
	Withhold    bool  // the contents, which hold all that the log has of customers' texts and numbers
	Until       int64 // the last record, and what the header tells; 0: the newest
	Checkpoints int   // how many of the checkpoints, the newest; 0: all
}

// LogLines returns up to limit records that come after a number, oldest first,
// as lines of an exported log; next is the number to go on after, and more says
// whether there are some up to the end. Before the first record stand the header
// and the checkpoints. The header tells how many records the export has: whoever
// asks for more pages gives that as the end, as an export that is written into
// the log would never end otherwise.
func (t *Tx) LogLines(after int64, limit int, o LinesOptions) (lines []string, next int64, more bool, err error) {
	end := t.head
	if o.Until > 0 {
		end = min(end, o.Until)
	}
	records, err := t.Records(after, int(max(0, min(int64(limit), end-after))))
	if err != nil {
		return nil, 0, false, err
	}
	var b bytes.Buffer
	w, err := t.exportHeader(&b, after, end, o)
	if err != nil {
		return nil, 0, false, err
	}
	next = after
	for _, r := range records {
		if err := w.Record(r); err != nil {
			return nil, 0, false, wrap("export the log", err)
		}
		next = r.Seq
	}
	if text := strings.TrimSuffix(b.String(), "\n"); text != "" {
		lines = strings.Split(text, "\n")
	}
	return lines, next, len(records) > 0 && next < end, nil
}

// exportHeader begins an export of so many entries; what begins in the middle has
// no header.
func (t *Tx) exportHeader(b *bytes.Buffer, after, end int64, o LinesOptions) (*chain.Writer, error) {
	key, err := t.LogKey()
	if err != nil {
		return nil, err
	}
	epoch, err := t.epoch()
	if err != nil {
		return nil, err
	}
	w, err := chain.NewWriter(b, chain.Header{Epoch: epoch, Key: key, Entries: end, Withheld: o.Withhold})
	if err != nil {
		return nil, wrap("export the log", err)
	}
	if after > 0 {
		b.Reset()
		return w, nil
	}
	checkpoints, err := t.newestCheckpoints(end, o.Checkpoints)
	for _, c := range checkpoints {
		if err == nil {
			err = w.Checkpoint(c.Note)
		}
	}
	return w, wrap("export the log", err)
}

// newestCheckpoints returns the newest checkpoints that cover at most end entries,
// oldest first: all, or so many.
func (t *Tx) newestCheckpoints(end int64, limit int) ([]Checkpoint, error) {
	if limit == 0 {
		limit = math.MaxInt32
	}
	list, err := all(t, scanCheckpoint, `SELECT seq, at, note FROM checkpoint WHERE seq <= $1 ORDER BY seq DESC LIMIT $2`, end, limit)
	slices.Reverse(list)
	return list, wrap("read checkpoints", err)
}
