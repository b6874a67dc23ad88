package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// database is what differs between SQLite and Postgres outside the statements.
type database interface {
	migrate(ctx context.Context) error
	// connect opens a connection for the writer or for a reader.
	connect(ctx context.Context, write bool) (*conn, error)
	// begin begins a transaction and returns the head of the log; from then on a
	// writer is alone in writing, among all processes.
	begin(ctx context.Context, t *Tx) (head int64, err error)
	// bound limits how long one batch may take, where the database can't be
	// trusted to answer.
	bound(ctx context.Context) (context.Context, context.CancelFunc)
	readers() int
	// rest is called by the writer after each batch (idle 0) and when nothing
	// has been written for a while.
	rest(ctx context.Context, c *conn, idle idleness) error
	close() error
}

// idleness says how long the writer has had nothing to do.
type idleness int

const (
	idleNot   idleness = iota // a batch was just committed
	idleShort                 // nothing waits
	idleLong                  // a quiet moment
)

// conn is one connection with its prepared statements.
type conn struct {
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
}

// maxStmts bounds the cache: lists over many teams make their own statements.
const maxStmts = 256

func newConn(c *sql.Conn) *conn { return &conn{sql: c, stmts: map[string]*sql.Stmt{}} }

// stmt prepares a statement once. Past the bound the caller closes it itself.
func (c *conn) stmt(ctx context.Context, query string) (s *sql.Stmt, cached bool, err error) {
	if s := c.stmts[query]; s != nil {
		return s, true, nil
	}
	s, err = c.sql.PrepareContext(ctx, query)
	if err != nil {
		return nil, false, err
	}
	if len(c.stmts) >= maxStmts {
		return s, false, nil
	}
	c.stmts[query] = s
	return s, true, nil
}

// exec runs a statement that isn't worth preparing.
func (c *conn) exec(ctx context.Context, query string) error {
	_, err := c.sql.ExecContext(ctx, query)
	return err
}

func (c *conn) close() {
	c.forget()
	_ = c.sql.Close()
}

// discard closes a connection that failed so that no pool hands it out again.
func (c *conn) discard() {
	c.forget()
	_ = c.sql.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.sql.Close()
}

// forget closes the statements. It comes before the connection is closed: the
// SQLite driver's statements point into it.
func (c *conn) forget() {
	for query, s := range c.stmts {
		_ = s.Close() // the connection goes too
		delete(c.stmts, query)
	}
}
