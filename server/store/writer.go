package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxWaiting = 2048 // writes that wait; one more gets ErrBusy
	maxBatch   = 512  // writes committed together

	shortRest = 200 * time.Millisecond
	longRest  = 5 * time.Second
)

// A request waits, then either runs or is dropped by its caller, never both.
const (
	waiting int32 = iota
	running
	dropped
)

type request struct {
	f     func(*Tx) error
	state atomic.Int32
	err   error // set before done is closed
	done  chan struct{}
}

// start reports whether the caller still waits; from then on it waits for the
// outcome.
func (r *request) start() bool {
	return r.state.CompareAndSwap(waiting, running)
}

func (r *request) answer(err error) {
	r.err = err
	close(r.done)
}

// writer owns the one connection that writes. What comes in while a batch is
// being committed is the next batch: the disk's own time gathers it, no timer.
type writer struct {
	db    database
	log   *slog.Logger
	queue chan *request
	alone chan *request // rehearsals; it holds none, so whoever rehearses waits outside
	ended chan struct{}

	mu     sync.RWMutex // between write and close; and guards tell
	closed bool
	tell   func([]Entry)

	conn *conn // run's own; nil when it must be opened (again)
}

func newWriter(db database, log *slog.Logger) *writer {
	return &writer{db: db, log: log, queue: make(chan *request, maxWaiting), alone: make(chan *request), ended: make(chan struct{})}
}

func (w *writer) onCommit(f func([]Entry)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell = f
}

func (w *writer) write(ctx context.Context, f func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{f: f, done: make(chan struct{})}
	if err := w.enqueue(r); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(waiting, dropped) {
		return ctx.Err()
	}
	<-r.done
	return r.err
}

func (w *writer) enqueue(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.queue <- r:
		return nil
	default:
		return ErrBusy
	}
}

// rehearse hands f to the writer when it has nothing else at hand. Rehearsals wait
// for one another here, where ctx ends their wait, and not among the writes.
func (w *writer) rehearse(ctx context.Context, f func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{f: f, done: make(chan struct{})}
	select {
	case <-w.ended:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case w.alone <- r:
	}
	<-r.done
	return r.err
}

// close lets what waits be written, and returns when the writer has ended.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.ended
}

func (w *writer) run() {
	defer close(w.ended)
	defer func() {
		if w.conn != nil {
			w.conn.close()
		}
	}()
	rest := time.NewTimer(shortRest)
	idle := idleLong // nothing was written yet
	for {
		select {
		case r, open := <-w.queue:
			if !open {
				return
			}
			w.batch(w.drain(r))
			idle = idleNot
			w.rest(idle)
			rest.Reset(shortRest)
		case r := <-w.alone:
			w.undo(r)
		case <-rest.C:
			if idle == idleLong {
				continue
			}
			idle++
			w.rest(idle)
			rest.Reset(longRest)
		}
	}
}

// drain takes what waits beside first, up to maxBatch.
func (w *writer) drain(first *request) []*request {
	batch := []*request{first}
	for len(batch) < maxBatch {
		select {
		case r, open := <-w.queue:
			if !open {
				return batch
			}
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (w *writer) rest(idle idleness) {
	if w.conn == nil {
		return
	}
	if err := w.db.rest(context.Background(), w.conn, idle); err != nil {
		w.log.Warn("the database couldn't be tidied", "err", err)
	}
}

// batch commits the requests together. One that fails after it wrote something
// would leave its half in the transaction (on Postgres it ends it), so then all
// are done again one by one, each in a transaction of its own.
func (w *writer) batch(all []*request) {
	live := all[:0]
	for _, r := range all {
		if r.start() {
			live = append(live, r)
		}
	}
	if len(live) == 0 || w.commit(live) {
		return
	}
	for _, r := range live {
		w.commit([]*request{r})
	}
}

// commit runs the requests in one transaction and answers them. It returns false,
// with nobody answered, when they have to be done one by one.
func (w *writer) commit(live []*request) bool {
	ctx, cancel := w.db.bound(context.Background())
	defer cancel()
	t, err := w.begin(ctx)
	if err != nil {
		answer(live, err)
		return true
	}
	for _, r := range live {
		dirty := false
		if r.err, dirty = w.apply(t, r.f); !dirty {
			continue
		}
		w.rollback(ctx)
		if len(live) > 1 {
			return false
		}
		r.answer(r.err)
		return true
	}
	w.finish(ctx, t, live)
	return true
}

// undo runs a rehearsal, and answers it when nothing is left of it. It shares its
// transaction with nobody: what it wrote would spoil theirs.
func (w *writer) undo(r *request) {
	ctx, cancel := w.db.bound(context.Background())
	defer cancel()
	t, err := w.begin(ctx)
	if err == nil {
		err, _ = w.apply(t, r.f)
		t.over = true
		w.rollback(ctx)
	}
	r.answer(err)
}

// apply runs f and reports whether it failed in a way that spoils the transaction.
func (w *writer) apply(t *Tx, f func(*Tx) error) (err error, dirty bool) {
	t.wrote, t.failed, t.given, t.mark = false, false, 0, len(t.entries)
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("a write panicked", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("store: the write panicked: %v", p)
		}
		dirty = t.failed || err != nil && t.wrote
		if t.failed && err == nil {
			err = errors.New("store: a statement failed and the write went on; nothing was kept")
		}
	}()
	return f(t), false
}

func (w *writer) begin(ctx context.Context) (*Tx, error) {
	var err error
	if w.conn == nil {
		if w.conn, err = w.db.connect(ctx, true); err != nil {
			w.conn = nil
			return nil, err
		}
	}
	t, err := begin(ctx, w.db, w.conn, true)
	if err != nil {
		w.discard()
		return nil, err
	}
	return t, nil
}

// finish commits, tells, and answers, in this order: who is answered finds that
// the news is out already.
func (w *writer) finish(ctx context.Context, t *Tx, live []*request) {
	err := t.commit()
	if err != nil {
		w.discard()
		for _, r := range live {
			if r.err == nil {
				r.err = err
			}
			r.answer(r.err)
		}
		return
	}
	w.mu.RLock()
	tell := w.tell
	w.mu.RUnlock()
	if tell != nil && len(t.entries) > 0 {
		tell(t.entries)
	}
	for _, r := range live {
		r.answer(r.err)
	}
}

func (w *writer) rollback(ctx context.Context) {
	if err := w.conn.exec(ctx, "ROLLBACK"); err != nil {
		w.log.Warn("a rollback failed; opening another connection", "err", err)
		w.discard()
	}
}

func (w *writer) discard() {
	w.conn.discard()
	w.conn = nil
}

func answer(all []*request, err error) {
	for _, r := range all {
		r.answer(err)
	}
}
