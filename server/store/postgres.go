package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// batchLimit is how long a batch may take on Postgres before the connection is
// given up: the other end of a broken network never answers.
const batchLimit = 30 * time.Second

type postgresDB struct{ db *sql.DB }

func openPostgres(dsn string) (*postgresDB, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("store: read the database's URL: %w", err)
	}
	return &postgresDB{db: stdlib.OpenDB(*cfg)}, nil
}

func (d *postgresDB) connect(ctx context.Context, _ bool) (*conn, error) {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: connect to Postgres: %w", err)
	}
	return newConn(c), nil
}

// begin locks the head of the log before anything else is read. Several nodes
// are serialised by that: numbers are given in commit order, and a rule that
// was checked inside f (the last owner, a free conversation) still holds when f
// commits. READ COMMITTED is what makes the statements after the lock see what
// the node before us committed; a snapshot taken at BEGIN would not.
func (d *postgresDB) begin(ctx context.Context, t *Tx) (head int64, err error) {
	word, query := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SELECT seq, hashed, hash FROM log_head"
	if t.write {
		word, query = "BEGIN ISOLATION LEVEL READ COMMITTED", "SELECT seq, hashed, hash FROM log_head FOR UPDATE"
	}
	if err := t.conn.exec(ctx, word); err != nil {
		return 0, err
	}
	return t.readHead(query)
}

func (d *postgresDB) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), batchLimit)
}

func (d *postgresDB) readers() int { return 8 }

func (d *postgresDB) rest(context.Context, *conn, idleness) error { return nil }

func (d *postgresDB) close() error { return d.db.Close() }
