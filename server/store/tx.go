package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
)

// Tx is a transaction. It is valid until the function that was given it
// returns, and is used by one goroutine. A row that isn't there is
// [ErrNotFound]; any other error of a method that writes spoils the write.
type Tx struct {
	ctx     context.Context
	conn    *conn
	write   bool
	over    bool
	head    int64
	entries []Entry // of the whole batch
	hash    chain.Hash
	hashed  int64 // whose hash that is: head's, unless an older program appended
	moved   bool  // head, hash or hashed

	// Of the function that runs now:
	wrote  bool
	failed bool
	mark   int                 // how many entries the batch had before it
	given  desk.ConversationID // the newest number that NewConversationID gave
}

func begin(ctx context.Context, db database, c *conn, write bool) (_ *Tx, err error) {
	t := &Tx{ctx: ctx, conn: c, write: write}
	if t.head, err = db.begin(ctx, t); err != nil {
		return nil, fmt.Errorf("store: begin: %w", err)
	}
	return t, nil
}

// commit stores the head of the log last and once for the whole batch.
func (t *Tx) commit() error {
	t.over = true
	if err := t.moveHead(); err != nil {
		return err
	}
	if err := t.conn.exec(t.ctx, "COMMIT"); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	return nil
}

var (
	errOver   = errors.New("store: the transaction is over")
	errFailed = errors.New("store: an earlier statement of this transaction failed")
)

// usable refuses what comes after a failed statement. Postgres does so itself;
// SQLite may have ended the transaction (a full disk does), and would then
// commit each further statement on its own.
func (t *Tx) usable() error {
	switch {
	case t.over:
		return errOver
	case t.failed:
		return errFailed
	}
	return nil
}

// exec runs a statement that writes, and returns how many rows it touched.
func (t *Tx) exec(query string, args ...any) (int64, error) {
	if err := t.usable(); err != nil {
		return 0, err
	}
	if !t.write {
		return 0, errors.New("store: this transaction only reads")
	}
	t.wrote = true
	s, cached, err := t.conn.stmt(t.ctx, query)
	if err != nil {
		t.failed = true
		return 0, err
	}
	if !cached {
		defer s.Close()
	}
	res, err := s.ExecContext(t.ctx, clean(args)...)
	if err != nil {
		t.failed = true
		return 0, err
	}
	return res.RowsAffected()
}

// row is what [sql.Row] is, with our errors.
type row struct {
	t    *Tx
	rows *sql.Rows
	err  error
}

func (t *Tx) row(query string, args ...any) row {
	rows, err := t.query(query, args...)
	return row{t, rows, err}
}

func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			r.t.failed = true
			return err
		}
		return ErrNotFound
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

func (t *Tx) query(query string, args ...any) (*sql.Rows, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	s, cached, err := t.conn.stmt(t.ctx, query)
	if err != nil {
		t.failed = true
		return nil, err
	}
	rows, err := s.QueryContext(t.ctx, clean(args)...)
	if !cached {
		_ = s.Close() // database/sql keeps it until the rows are closed
	}
	if err != nil {
		t.failed = true
	}
	return rows, err
}

// scanner is a row that can be scanned: one of many, or the only one.
type scanner interface{ Scan(dest ...any) error }

// all reads every row of a query.
func all[T any](t *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		t.failed = true
		return nil, err
	}
	return list, nil
}

// clean replaces what a text column can't hold: Postgres refuses a NUL and bytes
// that aren't UTF-8, and a customer's message must not fail for it.
func clean(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok {
			if kept := storable(s); kept != s {
				args[i] = kept
			}
		}
	}
	return args
}

// storable is a text as it will be read back.
func storable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// toJSON returns the text that stands for v; "" for a nil pointer or an empty slice
// or map, so that a missing value is a missing text.
func toJSON[T any](v T, missing bool) (string, error) {
	if missing {
		return "", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// fromJSON reads what toJSON wrote.
func fromJSON(s string, v any) error {
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), v)
}
