package tui

import (
	"context"
	"sync"
	"testing"
	"time"
)

// counter is a terminal that counts what is written to it.
type counter struct {
	mu    sync.Mutex
	n     int
	wrote chan struct{}
}

func (c *counter) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += len(p)
	if c.wrote != nil {
		close(c.wrote)
		c.wrote = nil
	}
	return len(p), nil
}

func (c *counter) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// settle waits until something has been written, and then for the quiet of two
// frames.
func (c *counter) settle(t *testing.T) {
	t.Helper()
	patience := 5 * time.Second
	for {
		c.mu.Lock()
		ch := make(chan struct{})
		c.wrote = ch
		c.mu.Unlock()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		select {
		case <-ch:
			patience = 25 * time.Millisecond
			cancel()
		case <-ctx.Done():
			cancel()
			if patience > time.Second {
				t.Fatal("nothing was written")
			}
			return
		}
	}
}
