package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// chainOld chains what an older program wrote, in steps that others can write
// between.
func (s *Store) chainOld(ctx context.Context) error {
	told := false
	for done := false; !done; {
		err := s.Write(ctx, func(t *Tx) (err error) {
			if n := t.head - t.hashed; n > chainStep && !told {
				told = true
				s.log.Info("chaining the log of an older version; this is done once", "entries", n)
			}
			done, err = t.chainSome(chainStep)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// startReading is start for a store that changes nothing.
func (s *Store) startReading(ctx context.Context) error {
	if err := upToDate(ctx, s.db); err != nil {
		return err
	}
	s.writer = newWriter(s.db, s.log)
	go s.writer.run()
	s.writer.close()
	s.reader = newReader(s.db)
	err := s.Read(ctx, func(t *Tx) (err error) {
		s.epoch, err = t.epoch()
		return err
	})
	if err != nil {
		s.reader.close()
		return fmt.Errorf("store: open the database: %w", err)
	}
	return nil
}

// exists refuses a SQLite file that isn't there: connect would make one.
func exists(dsn string) error {
	path, sqlite := strings.CutPrefix(dsn, "sqlite:")
	if !sqlite {
		return nil
	}
	_, err := os.Stat(strings.TrimPrefix(path, "//"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: there is no database at %s; check the path", path)
	}
	return err
}

// upToDate refuses a schema that isn't the one this program knows.
func upToDate(ctx context.Context, db database) error {
	c, err := db.connect(ctx, false)
	if err != nil {
		return err
	}
	defer c.close()
	var has int64
	if err := c.sql.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&has); err != nil {
		return fmt.Errorf("store: this is no database of frontdeskd: %w", err)
	}
	switch knows := schemaVersion(); {
	case has > knows:
		return fmt.Errorf("store: the database has schema %d and this program knows %d; run a newer frontdeskd", has, knows)
	case has < knows:
		return fmt.Errorf("store: the database has the older schema %d; start frontdeskd serve once, which brings it up to %d", has, knows)
	}
	return nil
}

// schemaVersion is the number of the newest migration.
func schemaVersion() (newest int64) {
	files, _ := fs.Glob(migrations, "migrations/sqlite/*.sql") // the pattern is good
	for _, f := range files {
		word, _, _ := strings.Cut(f[strings.LastIndexByte(f, '/')+1:], "_")
		n, _ := strconv.ParseInt(word, 10, 64) // goose has refused other names
		newest = max(newest, n)
	}
	return newest
}
