package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	// walStep is how much the write-ahead log may grow between checkpoints while
	// the writer is busy; walKeep is what is left of the file when it is reused.
	walStep = 16 << 20
	walKeep = 4 << 20
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
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil || mode != "wal" {
		_ = c.Close()
		return nil, fmt.Errorf("store: %s can't keep a write-ahead log (mode %q); put it on a local disk: %w", d.path, mode, err)
	}
	pragma := fmt.Sprintf("PRAGMA journal_size_limit = %d", walKeep)
	if !write {
		pragma = "PRAGMA query_only = 1"
	}
	if _, err := c.ExecContext(ctx, pragma); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("store: %s: %w", pragma, err)
	}
	return newConn(c), nil
}

func (d *sqliteDB) begin(write bool) (string, string) {
	if write {
		return "BEGIN IMMEDIATE", "SELECT seq FROM log_head"
	}
	return "BEGIN", "SELECT seq FROM log_head"
}

// bound sets none: the file is local, and a context that can end costs a
// goroutine a statement.
func (d *sqliteDB) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithoutCancel(ctx), func() {}
}

func (d *sqliteDB) readers() int { return 4 }

// rest checkpoints. The program does it itself because SQLite would do it inside
// some caller's commit. PASSIVE waits for nobody; TRUNCATE gives the file back,
// and waits for readers only as long as they are allowed to stay.
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
