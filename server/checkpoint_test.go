package server_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// signed is a log handler that passes on the checkpoints that are logged.
type signed chan map[string]string

func (signed) Enabled(context.Context, slog.Level) bool { return true }
func (c signed) WithAttrs([]slog.Attr) slog.Handler     { return c }
func (c signed) WithGroup(string) slog.Handler          { return c }
func (c signed) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]string{"level": r.Level.String()}
	r.Attrs(func(a slog.Attr) bool {
		attrs[a.Key] = a.Value.String()
		return true
	})
	if attrs["checkpoint"] != "" {
		c <- attrs
	}
	return nil
}

// next waits for a checkpoint and returns what it says.
func (c signed) next(t *testing.T, s *store.Store) chain.Checkpoint {
	t.Helper()
	select {
	case attrs := <-c:
		if attrs["level"] != "INFO" {
			t.Errorf("it was logged at %s", attrs["level"])
		}
		notes, err := chain.FindCheckpoints(strings.NewReader("a log's line: " + attrs["checkpoint"]))
		if err != nil || len(notes) != 1 {
			t.Fatalf("%q: %v", attrs["checkpoint"], err)
		}
		return opened(t, s, notes[0])
	case <-time.After(10 * time.Second):
		t.Fatal("no checkpoint was logged")
		return chain.Checkpoint{}
	}
}

func opened(t *testing.T, s *store.Store, note string) (c chain.Checkpoint) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *store.Tx) error {
		key, err := tx.LogKey()
		if err != nil {
			return err
		}
		c, err = chain.Open(note, key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Epoch != s.Epoch() {
		t.Errorf("a checkpoint of the log %q in the log %q", c.Epoch, s.Epoch())
	}
	return c
}

func TestCheckpoints(t *testing.T) {
	logged := make(signed, 16)
	h := open(t, server.Options{Logger: slog.New(logged), Poll: time.Millisecond})
	// A log that has none gets one when the server starts.
	if c := logged.next(t, h.store); c.Size != h.head() {
		t.Errorf("the first is of %d entries, want %d", c.Size, h.head())
	}
	// After ten minutes, when something was written.
	h.says("441", "hello", 1)
	h.clock.add(10 * time.Minute)
	if c := logged.next(t, h.store); c.Size != h.head() || !c.Time.Equal(h.clock.now()) {
		t.Errorf("after ten minutes: %+v, want %d at %v", c, h.head(), h.clock.now())
	}
	// After a thousand entries, however soon.
	from := h.head()
	for i := range 1000 {
		h.says("441", "hello", i+10)
	}
	c := logged.next(t, h.store)
	if c.Size < from+1 {
		t.Errorf("%d entries, want more than %d", c.Size, from)
	}
}

func TestCheckpointNow(t *testing.T) {
	h := open(t, server.Options{})
	h.says("441", "hello", 1)
	first, err := h.service.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := opened(t, h.store, first); c.Size != h.head() {
		t.Errorf("%d entries, want %d", c.Size, h.head())
	}
	again, err := h.service.Checkpoint(t.Context())
	if err != nil || again != first {
		t.Errorf("with nothing new: %q, %v", again, err)
	}
	h.says("441", "hello", 2)
	more, err := h.service.Checkpoint(t.Context())
	if err != nil || opened(t, h.store, more).Size != h.head() {
		t.Errorf("with something new: %q, %v", more, err)
	}
}
