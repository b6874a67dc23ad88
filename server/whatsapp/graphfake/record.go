package graphfake

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// keepRecords is how many requests and attempts are remembered, newest first to
// stay: a demo runs for days.
const keepRecords = 4096

// Request is a call that the Graph side got.
type Request struct {
	At     time.Time
	Method string
	Path   string
	Header http.Header
	Body   []byte
}

// Accepted is a message that the fake took.
type Accepted struct {
	ID       string // wamid
	Callback string // biz_opaque_callback_data
	To       string // wa_id, or user id when the number is hidden
	Type     string
	Text     string
	Quote    string
	At       time.Time
	Customer Customer
}

// Attempt is a POST to the webhook.
type Attempt struct {
	At     time.Time
	Header http.Header
	Body   []byte
	Status int // 0: no answer
	Err    error
}

func (f *Fake) record(r *http.Request, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = newest(append(f.requests, Request{f.o.Now(), r.Method, r.URL.RequestURI(), r.Header.Clone(), bytes.Clone(body)}))
	f.signal()
}

func newest[T any](s []T) []T {
	if len(s) <= keepRecords {
		return s
	}
	return slices.Clone(s[len(s)-keepRecords/2:])
}

// Requests returns the calls so far, oldest first.
func (f *Fake) Requests() []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// Attempts returns the POSTs to the webhook so far, oldest first.
func (f *Fake) Attempts() []Attempt {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.attempts)
}

// Taken returns the messages taken so far, oldest first.
func (f *Fake) Taken() []Accepted {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.accepted)
}

// Accepted returns how often a message with this callback data was taken: more
// than once means that a customer got it twice.
func (f *Fake) Accepted(callback string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.countAccepted(callback)
}

func (f *Fake) countAccepted(callback string) (n int) {
	for _, a := range f.accepted {
		if a.Callback == callback {
			n++
		}
	}
	return n
}

// WaitForAccepted waits until a message with this callback data was taken.
func (f *Fake) WaitForAccepted(ctx context.Context, callback string) (Accepted, error) {
	var found Accepted
	err := f.waitFor(ctx, "an accepted message "+callback, func() bool {
		i := slices.IndexFunc(f.accepted, func(a Accepted) bool { return a.Callback == callback })
		if i >= 0 {
			found = f.accepted[i]
		}
		return i >= 0
	})
	return found, err
}

// WaitForTaken waits until n messages were taken.
func (f *Fake) WaitForTaken(ctx context.Context, n int) ([]Accepted, error) {
	err := f.waitFor(ctx, fmt.Sprintf("%d accepted messages", n), func() bool { return len(f.accepted) >= n })
	return f.Taken(), err
}

// WaitForRequests waits until n calls came.
func (f *Fake) WaitForRequests(ctx context.Context, n int) ([]Request, error) {
	err := f.waitFor(ctx, fmt.Sprintf("%d requests", n), func() bool { return len(f.requests) >= n })
	return f.Requests(), err
}

// WaitForAttempts waits until n POSTs to the webhook were answered or failed.
func (f *Fake) WaitForAttempts(ctx context.Context, n int) ([]Attempt, error) {
	err := f.waitFor(ctx, fmt.Sprintf("%d webhook deliveries", n), func() bool { return len(f.attempts) >= n })
	return f.Attempts(), err
}

// WaitForPending waits until n statuses wait for their batch.
func (f *Fake) WaitForPending(ctx context.Context, n int) error {
	return f.waitFor(ctx, fmt.Sprintf("%d waiting statuses", n), func() bool { return len(f.pending) >= n })
}

func (f *Fake) waitFor(ctx context.Context, what string, done func() bool) error {
	for {
		f.mu.Lock()
		ok, changed := done(), f.changed
		f.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("graphfake: waiting for %s: %w", what, ctx.Err())
		}
	}
}
