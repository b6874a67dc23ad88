package graphfake

import (
	"slices"
	"sync"
	"time"
)

// Manual is a clock that stands still until it is turned.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	waiting []alarm
}

type alarm struct {
	at   time.Time
	ring chan time.Time
}

// NewManual returns a clock that shows start.
func NewManual(start time.Time) *Manual { return &Manual{now: start} }

// Now returns the time shown.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// After is like [time.After] on this clock.
func (m *Manual) After(d time.Duration) <-chan time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	ring := make(chan time.Time, 1)
	if d <= 0 {
		ring <- m.now
		return ring
	}
	m.waiting = append(m.waiting, alarm{m.now.Add(d), ring})
	return ring
}

// Set turns the clock to t, forward or back, and rings what has come due, in order.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t
	slices.SortStableFunc(m.waiting, func(a, b alarm) int { return a.at.Compare(b.at) })
	for len(m.waiting) > 0 && !m.waiting[0].at.After(t) {
		m.waiting[0].ring <- t
		m.waiting = m.waiting[1:]
	}
}

// Advance turns the clock on by d.
func (m *Manual) Advance(d time.Duration) { m.Set(m.Now().Add(d)) }

// Waiting returns how many wait for the clock.
func (m *Manual) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiting)
}
