package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func appendOne(tx *Tx) error {
	_, err := tx.Append(Entry{Event: desk.Event{At: at(0), Kind: desk.NoteAdded}})
	return err
}

func logOf(t testing.TB, s *Store) []Entry {
	t.Helper()
	var list []Entry
	read(t, s, func(tx *Tx) (err error) {
		list, err = tx.Entries(0, 1<<20)
		return err
	})
	return list
}

// gapFree checks that the log is 1, 2, 3 … up to its head.
func gapFree(t testing.TB, s *Store) int64 {
	t.Helper()
	var head int64
	for i, e := range logOf(t, s) {
		if head = int64(i) + 1; e.Seq != head {
			t.Fatalf("entry %d of the log has number %d", i+1, e.Seq)
		}
	}
	read(t, s, func(tx *Tx) error {
		got, err := tx.Head()
		same(t, "head", got, head)
		return err
	})
	return head
}

// hold keeps the writer busy until the returned function is called, so that what
// is written meanwhile is one batch.
func hold(t testing.TB, s *Store) (release func()) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.Write(context.Background(), func(*Tx) error {
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered
	return func() {
		close(leave)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// queued waits until n writes wait.
func queued(t testing.TB, s *Store, n int) {
	t.Helper()
	ctx := within(t)
	for len(s.writer.queue) < n {
		if ctx.Err() != nil {
			t.Fatalf("%d writes wait, want %d", len(s.writer.queue), n)
		}
		runtime.Gosched()
	}
}

func TestWriteTogether(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		const callers, each = 32, 8
		var told atomic.Int64 // newest number that was told
		var batches [][]Entry
		s.OnCommit(func(list []Entry) {
			for range 50 {
				runtime.Gosched() // so that a caller who was answered too early is seen
			}
			for _, e := range list {
				if !told.CompareAndSwap(e.Seq-1, e.Seq) {
					t.Errorf("%d was told after %d", e.Seq, told.Load())
				}
			}
			batches = append(batches, slices.Clone(list))
		})
		release := hold(t, s)
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for range each {
					var seq int64
					err := s.Write(context.Background(), func(tx *Tx) (err error) {
						next := tx.Next()
						seq, err = tx.Append(Entry{Event: desk.Event{At: at(0), Kind: desk.NoteAdded}, Addr: "here"})
						if next != seq {
							t.Errorf("Next said %d, Append gave %d", next, seq)
						}
						return err
					})
					if err != nil || told.Load() < seq {
						t.Errorf("answered %d, %v when %d was told", seq, err, told.Load())
					}
				}
			})
		}
		queued(t, s, callers)
		release()
		wg.Wait()
		same(t, "head", gapFree(t, s), int64(callers*each))
		if len(batches) == 0 || len(batches[0]) < callers {
			t.Error("the writes that waited weren't committed together")
		}
	})
}

// writeAll runs the functions as one batch and returns their errors.
func writeAll(t *testing.T, s *Store, fs ...func(*Tx) error) []error {
	t.Helper()
	release := hold(t, s)
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Go(func() { errs[i] = s.Write(context.Background(), f) })
		queued(t, s, i+1)
	}
	release()
	wg.Wait()
	return errs
}

func TestWritePoisoned(t *testing.T) {
	mine := errors.New("mine")
	bad := map[string]func(*Tx) error{
		"refused before writing": func(*Tx) error { return mine },
		"failed after writing": func(tx *Tx) error {
			return errors.Join(appendOne(tx), tx.PutTeam(desk.Team{ID: "poison"}), mine)
		},
		"panicked after writing": func(tx *Tx) error {
			if err := tx.PutTeam(desk.Team{ID: "poison"}); err != nil {
				return err
			}
			panic("poison")
		},
		"statement failed": func(tx *Tx) error { return tx.PutMember(desk.Member{ID: "poison", Role: "no such role"}) },
		"statement failed and was ignored": func(tx *Tx) error {
			_ = tx.PutTeam(desk.Team{ID: "poison"})
			_ = tx.PutMember(desk.Member{ID: "poison", Role: "no such role"})
			if err := appendOne(tx); !errors.Is(err, errFailed) {
				panic("a transaction went on after a statement failed")
			}
			return nil
		},
	}
	for name, f := range bad {
		t.Run(name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, s *Store) {
				var told []int64
				s.OnCommit(func(list []Entry) {
					for _, e := range list {
						told = append(told, e.Seq)
					}
				})
				errs := writeAll(t, s, appendOne, f, appendOne, appendOne)
				for i, err := range errs {
					if (err != nil) != (i == 1) {
						t.Errorf("caller %d: %v", i, err)
					}
				}
				if name == "statement failed and was ignored" && strings.Contains(errs[1].Error(), "panicked") {
					t.Error(errs[1])
				}
				same(t, "head", gapFree(t, s), int64(3))
				same(t, "told", told, []int64{1, 2, 3})
				read(t, s, func(tx *Tx) error {
					teams, err := tx.Teams()
					same(t, "what the poisoned one wrote", len(teams), 0)
					return err
				})
			})
		})
	}
}

func TestWriteBusy(t *testing.T) {
	s := open(t, sqliteDSN(t))
	release := hold(t, s)
	var all []*request
	for range maxWaiting {
		r := &request{f: appendOne, done: make(chan struct{})}
		if err := s.writer.enqueue(r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := s.Write(within(t), appendOne); !errors.Is(err, ErrBusy) {
		t.Errorf("one more than may wait: %v", err)
	}
	release()
	for _, r := range all {
		if <-r.done; r.err != nil {
			t.Fatal(r.err)
		}
	}
	same(t, "head", gapFree(t, s), int64(maxWaiting))
}

func TestWriteContext(t *testing.T) {
	s := open(t, sqliteDSN(t))
	t.Run("ended before it ran", func(t *testing.T) {
		release := hold(t, s)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			done <- s.Write(ctx, func(*Tx) error { t.Error("it ran"); return nil })
		}()
		queued(t, s, 1)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		release()
	})
	t.Run("ended while it ran", func(t *testing.T) {
		before := gapFree(t, s)
		ctx, cancel := context.WithCancel(context.Background())
		err := s.Write(ctx, func(tx *Tx) error { cancel(); return appendOne(tx) })
		if err != nil {
			t.Errorf("it was committed, and answered %v", err)
		}
		same(t, "head", gapFree(t, s), before+1)
	})
	t.Run("ended already", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Write(ctx, appendOne); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// A commit that fails tells every caller, and nobody else. Constraints that are
// checked late make one fail.
func TestWriteCommitFails(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		spoil := func(tx *Tx) error {
			if _, err := tx.exec("PRAGMA defer_foreign_keys = 1"); err != nil {
				return err
			}
			return tx.PutMember(desk.Member{ID: "x", Role: "no such role"})
		}
		if strings.HasPrefix(dsn, "postgres") {
			admin(t, dsn, `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$spoilt$$; END';
				CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON team DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION spoil()`)
			spoil = func(tx *Tx) error { return tx.PutTeam(desk.Team{ID: "x"}) }
		}
		s.OnCommit(func([]Entry) { t.Error("told of what wasn't committed") })
		mine := errors.New("mine")
		errs := writeAll(t, s, appendOne, spoil, func(*Tx) error { return mine })
		for i, err := range errs {
			if err == nil || errors.Is(err, mine) != (i == 2) {
				t.Errorf("caller %d was told %v", i, err)
			}
		}
		s.OnCommit(nil)
		same(t, "head", gapFree(t, s), int64(0))
		write(t, s, appendOne)
		same(t, "head", gapFree(t, s), int64(1))
	})
}

func TestClosed(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		s, err := Open(within(t), dsn, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var kept *Tx
		if err := s.Write(within(t), func(tx *Tx) error { kept = tx; return appendOne(tx) }); err != nil {
			t.Fatal(err)
		}
		if err := appendOne(kept); !errors.Is(err, errOver) {
			t.Errorf("a transaction that is over: %v", err)
		}
		if err := s.Read(within(t), appendOne); err == nil {
			t.Error("a reader wrote")
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(within(t), appendOne); !errors.Is(err, ErrClosed) {
			t.Errorf("write: %v", err)
		}
		if err := s.Read(within(t), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("read: %v", err)
		}
	})
}

// Two stores on one database stand for two processes: the server and the member
// command, or two nodes.
func TestTwoStores(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		stores := []*Store{open(t, dsn), open(t, dsn)}
		same(t, "epoch", stores[0].Epoch(), stores[1].Epoch())
		const callers, each = 8, 10
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for k := range each {
					err := stores[i%2].Write(context.Background(), func(tx *Tx) error {
						return errors.Join(appendOne(tx), tx.PutTeam(desk.Team{ID: desk.TeamID(fmt.Sprint(i, "-", k))}))
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, s := range stores {
			same(t, "head", gapFree(t, s), int64(callers*each))
			read(t, s, func(tx *Tx) error {
				teams, err := tx.Teams()
				same(t, "teams", len(teams), callers*each)
				return err
			})
		}
	})
}

// The story: two owners demote each other at the same moment, each having seen
// that there are two. Then nobody is left who could undo it.
func TestLastOwner(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		stores := []*Store{open(t, dsn), open(t, dsn)}
		ids := []desk.MemberID{"ana", "ben"}
		write(t, stores[0], func(tx *Tx) error {
			return errors.Join(tx.PutMember(desk.Member{ID: "ana", Role: desk.RoleOwner}), tx.PutMember(desk.Member{ID: "ben", Role: desk.RoleOwner}))
		})
		refused := errors.New("the last owner")
		demote := func(me, other desk.MemberID) func(*Tx) error {
			return func(tx *Tx) error {
				n, err := tx.Owners()
				if err != nil {
					return err
				}
				if n < 1 {
					t.Error("nobody owns the desk")
				}
				a, err := tx.Actor(me)
				if err != nil {
					return err
				}
				if a.Role.ID != desk.RoleOwner {
					return tx.PutMember(desk.Member{ID: me, Role: desk.RoleOwner}) // so that the race goes on
				}
				if n <= 1 {
					return refused
				}
				return tx.PutMember(desk.Member{ID: other, Role: desk.RoleAdmin})
			}
		}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := stores[i/2%2].Write(context.Background(), demote(ids[i%2], ids[1-i%2]))
				if err != nil && !errors.Is(err, refused) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		read(t, stores[0], func(tx *Tx) error {
			n, err := tx.Owners()
			if n < 1 {
				t.Errorf("%d owners are left", n)
			}
			return err
		})
	})
}
