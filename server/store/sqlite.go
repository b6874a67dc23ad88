package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// walStep is how much the write-ahead log may grow between checkpoints while
	// the writer is busy; walKeep is what is left of the file when it is reused.
	walStep = 16 << 20
	walKeep = 4 << 20
	// lockLimit is how long the writer waits for another process's writes.
	lockLimit = 10 * time.Second
)

// sqliteDB opens the file through database/sql only: POSIX locks are dropped
// when anything in the process closes the file, so nothing else may open it.
type sqliteDB struct {
	path string
	db   *sql.DB
	wal  int64 // size of the write-ahead log at the last checkpoint; the writer's
}

func openSQLite(path string) (*sqliteDB, error) {
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	name := (&url.URL{Path: path}).EscapedPath()
	db, err := sql.Open("sqlite", "file:"+name+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"+
		"&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(0)")
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	return &sqliteDB{path: path, db: db}, nil
}

// prepareFile checks the directory and creates a missing file for its owner
// alone. A file that exists is only looked at, never opened.
func prepareFile(path string) error {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return errors.New("store: the database needs a file; give its path after “sqlite:”")
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("store: the database's directory can't be used; create it first: %w", err)
	case !info.IsDir():
		return fmt.Errorf("store: %s isn't a directory; choose another path for the database", dir)
	case info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0:
		return fmt.Errorf("store: anyone may write to %s; take that right away (chmod o-w) before keeping customers' messages there", dir)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("store: create the database: %w", err)
	}
	if info, err = os.Stat(path); err != nil {
		return fmt.Errorf("store: open the database: %w", err)
	}
	if info.IsDir() {
		return fmt.Errorf("store: %s is a directory; give the path of a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("store: others on this machine may read %s; make it yours alone (chmod 600)", path)
	}
	return nil
}

func (d *sqliteDB) connect(ctx context.Context, write bool) (*conn, error) {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", d.path, err)
	}
	var mode string
	err = d.patiently(ctx, func() error {
		return c.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
	})
	if err != nil || mode != "wal" {
		_ = c.Close()
		return nil, fmt.Errorf("store: %s can't keep a write-ahead log (mode %q); put it on a local disk: %w", d.path, mode, err)
	}
	pragma := "PRAGMA query_only = 1"
	if write {
		// The writer waits in seize alone: a checkpoint must not hold it up. What is
		// erased is written over with zeros.
		pragma = fmt.Sprintf("PRAGMA journal_size_limit = %d; PRAGMA busy_timeout = 0; PRAGMA secure_delete = 1", walKeep)
	}
	if _, err := c.ExecContext(ctx, pragma); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("store: %s: %w", pragma, err)
	}
	return newConn(c), nil
}

func (d *sqliteDB) begin(ctx context.Context, t *Tx) (head int64, err error) {
	if t.write {
		err = d.seize(ctx, t.conn)
	} else {
		err = t.conn.exec(ctx, "BEGIN")
	}
	if err != nil {
		return 0, err
	}
	return t.readHead("SELECT seq, hashed, hash FROM log_head")
}

// seize takes the file's write lock, which another process may hold.
func (d *sqliteDB) seize(ctx context.Context, c *conn) error {
	return d.patiently(ctx, func() error { return c.exec(ctx, "BEGIN IMMEDIATE") })
}

// patiently tries again while another process has the file. SQLite's own way of
// waiting isn't used for changing the journal at all, and elsewhere soon looks
// only every 100 ms: beside a busy server, which gives the lock up for
// microseconds, that can take longer than anyone waits. Looking every millisecond
// finds a gap soon.
func (d *sqliteDB) patiently(ctx context.Context, try func() error) error {
	for deadline := time.Now().Add(lockLimit); ; {
		err := try()
		if e, ok := errors.AsType[*sqlite.Error](err); !ok || e.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		// Not quite in step with the other's commits.
		wait := time.NewTimer(time.Duration(200+rand.IntN(1200)) * time.Microsecond)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
}

// bound sets none: the file is local, and a context that can end costs a
// goroutine a statement.
func (d *sqliteDB) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithoutCancel(ctx), func() {}
}

func (d *sqliteDB) readers() int { return 4 }

// rest checkpoints. The program does it itself because SQLite would do it inside
// some caller's commit. It waits for nobody: what a reader still needs stays for
// the next time. TRUNCATE also gives the file's room back.
func (d *sqliteDB) rest(ctx context.Context, c *conn, idle idleness) error {
	mode := "PASSIVE"
	switch idle {
	case idleNot:
		if !d.grown() {
			return nil
		}
	case idleLong:
		mode = "TRUNCATE"
	}
	var busy, frames, done int
	err := c.sql.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &frames, &done)
	if err != nil {
		return fmt.Errorf("store: checkpoint: %w", err)
	}
	d.wal = d.walSize()
	return nil
}

// grown reports whether the log has grown by a step since the last checkpoint.
// Once a checkpoint was complete the file starts anew, at walKeep or less.
func (d *sqliteDB) grown() bool {
	size := d.walSize()
	d.wal = min(d.wal, size)
	return size-d.wal >= walStep
}

func (d *sqliteDB) walSize() int64 {
	info, err := os.Stat(d.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

func (d *sqliteDB) close() error { return d.db.Close() }
