package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

var (
	// ErrNotFound says that the row asked for doesn't exist.
	ErrNotFound = errors.New("store: no such row")
	// ErrBusy says that too many writes wait already; try again later.
	ErrBusy = errors.New("store: too many writes are waiting; try again in a moment")
	// ErrClosed says that the store was closed before the work began.
	ErrClosed = errors.New("store: closed")
	// ErrTaken says that another row has what must be unique.
	ErrTaken = errors.New("store: taken already")
)

// Options are what [Open] can do without.
type Options struct {
	Logger *slog.Logger // nil: discard
	// ReadOnly opens a database that exists and is up to date, and changes nothing
	// in it: Write gets [ErrClosed].
	ReadOnly bool
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	db     database
	epoch  string
	log    *slog.Logger
	writer *writer
	reader *reader
}

// readLimit bounds one read transaction: on SQLite a reader that stays keeps the
// write-ahead log from being reused, on Postgres it keeps dead rows alive.
const readLimit = 5 * time.Second

// Open opens the database that dsn names, "sqlite:/path/file.db" or a
// "postgres://…" URL, brings its schema up to date and the built-in roles up to
// this program's catalogue. A SQLite file is created if it is missing, its
// directory isn't. It refuses a schema that is newer than the program.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ReadOnly {
		if err := exists(dsn); err != nil {
			return nil, err
		}
	}
	db, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, log: o.Logger}
	start := s.start
	if o.ReadOnly {
		start = s.startReading
	}
	if err := start(ctx); err != nil {
		return nil, errors.Join(err, db.close())
	}
	return s, nil
}

func connect(dsn string) (database, error) {
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		return openSQLite(strings.TrimPrefix(strings.TrimPrefix(dsn, "sqlite:"), "//"))
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return openPostgres(dsn)
	}
	return nil, errors.New(`store: the database must be given as "sqlite:/path/file.db" or "postgres://…"`)
}

func (s *Store) start(ctx context.Context) error {
	if err := s.db.migrate(ctx); err != nil {
		return err
	}
	s.writer = newWriter(s.db, s.log)
	s.reader = newReader(s.db)
	go s.writer.run()
	err := s.chainOld(ctx)
	if err == nil {
		err = s.Write(ctx, func(t *Tx) (err error) {
			s.epoch, err = t.seed()
			return err
		})
	}
	if err != nil {
		s.writer.close()
		s.reader.close()
		return fmt.Errorf("store: prepare the database: %w", err)
	}
	return nil
}

// Close lets the writes that wait finish, then closes the database. Writes that
// come later get [ErrClosed].
func (s *Store) Close() error {
	s.writer.close()
	s.reader.close()
	return s.db.close()
}

// Epoch is a random word that was given to this log when it began. A position
// from another epoch means nothing here.
func (s *Store) Epoch() string { return s.epoch }

// OnCommit sets what is told of every commit that appended to the log: the new
// entries, in order. It is called on the writer's goroutine after the commit and
// before the callers are answered, so it must be quick and mustn't write. Set it
// once, before the first Write. Entries that another process appended aren't
// told: a jump in the numbers shows them.
func (s *Store) OnCommit(f func([]Entry)) { s.writer.onCommit(f) }

// Write runs f in a transaction that is committed together with other callers'.
// When it returns nil, what f wrote is durable. When f returns an error, nothing
// that it wrote is kept, and Write returns that error. It returns [ErrBusy] at
// once when too many wait.
//
// f runs on the writer's goroutine, perhaps twice: it has no effects but through
// the transaction, assigns its results, and doesn't call Write. If ctx ends
// before f has begun, f isn't run and ctx's error is returned; once f has begun,
// Write waits and tells what came of it.
func (s *Store) Write(ctx context.Context, f func(*Tx) error) error {
	return s.writer.write(ctx, f)
}

// Rehearse runs f once in a transaction of its own, and keeps nothing of what f
// wrote, whatever it returns. Writes aren't disturbed by more than the time that f
// takes: one rehearsal runs at a time, and none together with a write. OnCommit's
// function isn't told. f follows the rules of [Store.Write].
func (s *Store) Rehearse(ctx context.Context, f func(*Tx) error) error {
	return s.writer.rehearse(ctx, f)
}

// Read runs f in a transaction that sees one state of the desk and can't change
// it. It is bounded to five seconds.
func (s *Store) Read(ctx context.Context, f func(*Tx) error) error {
	return s.reader.read(ctx, f)
}
