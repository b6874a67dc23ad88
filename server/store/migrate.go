package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Two folders, because the dialects differ where it matters: SQLite keeps a row
// in its INTEGER PRIMARY KEY and needs no second index for it, Postgres has
// BYTEA, collations and fill factors. A test holds their tables and columns
// together.
//
//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

func (d *sqliteDB) migrate(ctx context.Context) error {
	var err error
	// Another process may be migrating the same new file. SQLite has no lock that
	// outlasts a transaction, so the loser looks again.
	for range 5 {
		if err = migrate(ctx, d.db, goose.DialectSQLite3, "migrations/sqlite"); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (d *postgresDB) migrate(ctx context.Context) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, uint64(time.Minute/time.Second)))
	if err != nil {
		return fmt.Errorf("store: prepare the migration lock: %w", err)
	}
	return migrate(ctx, d.db, goose.DialectPostgres, "migrations/postgres", goose.WithSessionLocker(locker))
}

func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, dir string, opts ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return fmt.Errorf("store: read the migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, files, append(opts, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return fmt.Errorf("store: read the migrations: %w", err)
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("store: open the database: %w", err)
	}
	if has > knows {
		return fmt.Errorf("store: the database has schema %d and this program knows %d; run a newer frontdeskd", has, knows)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate the database: %w", err)
	}
	return nil
}
