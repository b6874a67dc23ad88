package store

import (
	"context"
	"sync"
)

// reader keeps a few connections for reading. A nil in the pool is one that has
// yet to be opened.
type reader struct {
	db   database
	pool chan *conn
	once sync.Once
	stop chan struct{}
}

func newReader(db database) *reader {
	r := &reader{db: db, pool: make(chan *conn, db.readers()), stop: make(chan struct{})}
	for range cap(r.pool) {
		r.pool <- nil
	}
	return r
}

func (r *reader) read(ctx context.Context, f func(*Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	c, err := r.take(ctx)
	if err != nil {
		return err
	}
	// Whatever f does, a panic included, the place in the pool comes back; the
	// connection only if its transaction ended cleanly.
	healthy := false
	defer func() {
		if !healthy && c != nil {
			c.discard()
			c = nil
		}
		r.pool <- c
	}()
	if c == nil {
		if c, err = r.db.connect(ctx, false); err != nil {
			return err
		}
	}
	t, err := begin(ctx, r.db, c, false)
	if err != nil {
		return err
	}
	err = f(t)
	t.over = true
	healthy = c.exec(context.WithoutCancel(ctx), "ROLLBACK") == nil
	return err
}

func (r *reader) take(ctx context.Context) (*conn, error) {
	select {
	case <-r.stop:
		return nil, ErrClosed
	default:
	}
	select {
	case c := <-r.pool:
		return c, nil
	case <-r.stop:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close waits for the reads under way.
func (r *reader) close() {
	r.once.Do(func() {
		close(r.stop)
		for range cap(r.pool) {
			if c := <-r.pool; c != nil {
				c.close()
			}
		}
	})
}
