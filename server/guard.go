package server

import (
	"context"
	"crypto/sha256"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	checkWait    = 5 * time.Second // for a free slot to check a password in
	accountTries = 5               // wrong passwords for one account from one network
	networkTries = 60              // and for any account
	triesForget  = 15 * time.Minute
	longestDelay = time.Hour
	trackedTries = 20_000 // networks and accounts remembered at most
)

// signInGuard slows down guessing. It delays an account only for the network
// that guesses, so that nobody can lock another person out.
type signInGuard struct {
	slots chan struct{}

	mu    sync.Mutex
	tries map[string]*tries // by [guessKey]
}

type tries struct {
	wrong int
	until time.Time
	last  time.Time
}

func newSignInGuard(slots int) *signInGuard {
	return &signInGuard{slots: make(chan struct{}, slots), tries: map[string]*tries{}}
}

// enter waits for a slot to check a password in, a few at a time: each check
// costs memory. The caller leaves the slot afterwards.
func (g *signInGuard) enter(ctx context.Context) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, checkWait)
	defer cancel()
	select {
	case g.slots <- struct{}{}:
		return func() { <-g.slots }, nil
	case <-ctx.Done():
		return nil, &desk.Error{Code: desk.CodeBusy, RetryMS: 5000, Message: "Many people are signing in. Try again in a few seconds."}
	}
}

// mayTry refuses while the account or the network has to wait.
func (g *signInGuard) mayTry(account, network string, now time.Time) error {
	wait := g.wait(account, network, now)
	if wait <= 0 {
		return nil
	}
	return &desk.Error{Code: desk.CodeBusy, RetryMS: int(wait.Milliseconds()),
		Message: "Too many wrong passwords or codes. Try again in " + wait.Round(time.Second).String() + "."}
}

// wait returns how long the account or the network has to wait.
func (g *signInGuard) wait(account, network string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var wait time.Duration
	for _, key := range []string{account, network} {
		if t := g.tries[key]; t != nil {
			wait = max(wait, t.until.Sub(now))
		}
	}
	return wait
}

func (g *signInGuard) wrong(account, network string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.makeRoom(now)
	g.count(account, accountTries, now)
	g.count(network, networkTries, now)
}

// count notes a wrong try; from the limit on, each doubles the delay.
func (g *signInGuard) count(key string, limit int, now time.Time) {
	t := g.tries[key]
	if t == nil || now.Sub(t.last) > triesForget && now.After(t.until) {
		t = &tries{}
		g.tries[key] = t
	}
	t.wrong++
	t.last = now
	if over := t.wrong - limit; over >= 0 {
		t.until = now.Add(min(longestDelay, time.Minute<<min(over, 10)))
	}
}

// right forgets the account's wrong tries, and half of the network's: an office
// behind one address must not be kept out by its own slips.
func (g *signInGuard) right(account, network string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tries, account)
	if t := g.tries[network]; t != nil {
		t.wrong /= 2
	}
}

// makeRoom keeps the memory bounded. Those who must wait are forgotten last.
func (g *signInGuard) makeRoom(now time.Time) {
	if len(g.tries) < trackedTries {
		return
	}
	for key, t := range g.tries {
		if now.After(t.until) && now.Sub(t.last) > triesForget {
			delete(g.tries, key)
		}
	}
	for _, waiting := range []bool{false, true} {
		for key, t := range g.tries {
			if len(g.tries) < trackedTries*9/10 {
				return
			}
			if waiting == now.Before(t.until) {
				delete(g.tries, key)
			}
		}
	}
}

const (
	viewsAtOnce = 20 // hellos of one member that see as someone else
	viewsPerSec = 1.0
)

// viewGuard slows down who sees as others. Such a hello leaves an entry in the log,
// let in or refused, and unlike a command it is bound to no session's rate.
type viewGuard struct {
	mu   sync.Mutex
	left map[desk.MemberID]views
}

// views are how many hellos a member had left at a time.
type views struct {
	n  float64
	at time.Time
}

// enter refuses a hello over the rate. That isn't logged: it is what keeps the log
// from being filled, and whoever is refused so learns nothing.
func (g *viewGuard) enter(id desk.MemberID, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, known := g.left[id]
	if !known {
		v = views{viewsAtOnce, now}
	}
	v.n, v.at = min(viewsAtOnce, v.n+now.Sub(v.at).Seconds()*viewsPerSec), now
	ok := v.n >= 1
	wait := time.Duration((1 - v.n) / viewsPerSec * float64(time.Second))
	if ok {
		v.n--
	}
	g.left[id] = v
	if ok {
		return nil
	}
	return &desk.Error{Code: desk.CodeBusy, RetryMS: int(wait.Milliseconds()) + 1,
		Message: "You see as others too often in a row. Try again in a moment."}
}

// guessKey names who guesses, in a size that the guesser doesn't choose.
func guessKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return string(sum[:16])
}

// prefix is the network an address belongs to: /24 or /64.
func prefix(addr string) string {
	ip := net.ParseIP(addr)
	switch {
	case ip == nil:
		return addr
	case ip.To4() != nil:
		return ip.Mask(net.CIDRMask(24, 32)).String()
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}
