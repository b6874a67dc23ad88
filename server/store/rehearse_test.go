package store

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// TestRehearse: f runs once, sees what it does, and nothing of it is kept or told,
// whatever it returns.
func TestRehearse(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		s.OnCommit(func(list []Entry) { t.Errorf("it told of %+v", list) })
		no := errors.New("no")
		for _, want := range []error{nil, no} {
			ran := 0
			err := s.Rehearse(context.Background(), func(tx *Tx) error {
				ran++
				if err := appendOne(tx); err != nil {
					return err
				}
				if len(tx.Appended()) != 1 {
					t.Errorf("it sees %d entries of its own", len(tx.Appended()))
				}
				return want
			})
			if !errors.Is(err, want) || ran != 1 {
				t.Errorf("it ran %d times and returned %v, want %v", ran, err, want)
			}
			if log := logOf(t, s); len(log) != 0 {
				t.Errorf("it left %+v", log)
			}
		}
		s.OnCommit(func([]Entry) {})
		write(t, s, appendOne)
		gapFree(t, s)
	})
}

// TestRehearsalsDisturbNoBatch: writes that wait together are done together, once,
// however many rehearsals come in between.
func TestRehearsalsDisturbNoBatch(t *testing.T) {
	s := open(t, sqliteDSN(t))
	batches := 0
	s.OnCommit(func([]Entry) { batches++ })
	release := hold(t, s)
	var all sync.WaitGroup
	var mu sync.Mutex
	ran, rehearsed := 0, 0
	for range 20 {
		all.Go(func() {
			err := s.Write(context.Background(), func(tx *Tx) error {
				mu.Lock()
				defer mu.Unlock()
				ran++
				return appendOne(tx)
			})
			if err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			err := s.Rehearse(context.Background(), func(tx *Tx) error {
				mu.Lock()
				defer mu.Unlock()
				rehearsed++
				return appendOne(tx)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	queued(t, s, 20)
	release()
	all.Wait()
	if ran != 20 || rehearsed != 20 || batches != 1 || gapFree(t, s) != 20 {
		t.Errorf("%d writes ran in %d batches beside %d rehearsals", ran, batches, rehearsed)
	}
}

// TestARehearsalThatPanics or fails leaves a writer that works.
func TestARehearsalThatPanics(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		for what, f := range map[string]func(tx *Tx) error{
			"panic": func(*Tx) error { panic("oh") },
			"failed statement": func(tx *Tx) error {
				_, err := tx.exec(`INSERT INTO nowhere VALUES (1)`)
				return err
			},
		} {
			if err := s.Rehearse(context.Background(), f); err == nil {
				t.Errorf("%s: no error", what)
			}
			write(t, s, appendOne)
		}
		same(t, "the log", gapFree(t, s), int64(2))
	})
}

// TestARehearsalWaits for its turn no longer than its caller, and not at all once
// the store is closed.
func TestARehearsalWaits(t *testing.T) {
	s := open(t, sqliteDSN(t))
	release := hold(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error, 1)
	go func() {
		got <- s.Rehearse(ctx, func(*Tx) error { t.Error("it ran after its caller had gone"); return nil })
	}()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left was told %v", err)
	}
	release()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Rehearse(context.Background(), appendOne); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed store said %v", err)
	}
}
