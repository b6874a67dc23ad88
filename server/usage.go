package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// usage notes which permissions people use. It remembers what was noted today,
// so that a member's use of a key is written once a day, and again when it
// reaches further. The zero value is ready.
type usage struct {
	mu      sync.Mutex
	day     int64                 // since 1970; of what is noted
	read    bool                  // noted has what the store has of this day
	noted   map[useKey]desk.Scope // written, or waiting
	waiting []desk.Usage
	writing bool // a goroutine writes what waits
}

type useKey struct {
	member desk.MemberID
	perm   desk.Perm
}

func keyOf(u desk.Usage) useKey { return useKey{u.Member, u.Perm} }

const (
	maxNoted  = 1 << 17 // uses remembered at most: some thousand people's
	useWait   = 10 * time.Second
	dayMillis = int64(24 * time.Hour / time.Millisecond)
)

// used notes what a command took that was done. It costs the caller a look into
// memory: what is new is written by and by. Previews take nothing, and neither
// does who looks through other eyes.
func (s *Service) used(ctx context.Context, cmd desk.Command, r *request) {
	if r == nil || r.who.As != nil {
		return // a repeated answer was noted the first time
	}
	if _, only := cmd.(desk.Preview); only {
		return
	}
	p, on := r.took(cmd)
	uses := desk.Uses(&r.actor, p, on)
	if l, ok := cmd.(desk.ListConversations); ok && l.List == desk.ListTeam {
		uses = widened(uses, desk.ScopeTeam)
	}
	if c, ok := cmd.(desk.ChangeRoles); ok {
		for _, ch := range c.Changes {
			uses = append(uses, held(&r.actor, ch.Grants)...)
		}
	}
	s.noteUses(ctx, uses, r.now)
}

// took is the permission that a command took, and its subject, as far as it was
// needed: saying no to a request gives nothing, and whoever allowed something
// takes it back by the same right.
func (r *request) took(cmd desk.Command) (desk.Perm, desk.Subject) {
	p, on := cmd.Perm(), r.Subject
	switch c := cmd.(type) {
	case desk.DecideRequest:
		if !c.Allow {
			on.Key, on.Scope = "", desk.ScopeNone
		}
	case desk.EndAccess:
		if r.actor.Scope(p) == desk.ScopeNone {
			p = desk.AccessDecide
		}
	}
	return p, on
}

// widened are uses that reached at least so far.
func widened(uses []desk.Usage, least desk.Scope) []desk.Usage {
	for i := range uses {
		if uses[i].Scope.Rank() < least.Rank() {
			uses[i].Scope = least
		}
	}
	return uses
}

// held are the keys of a role that were given away, as far as the giver has them:
// what the role had before, it may keep without them.
func held(me *desk.Actor, grants map[desk.Perm]desk.Scope) (uses []desk.Usage) {
	for p, far := range grants {
		if mine := me.Role.Scope(p); mine.Rank() < far.Rank() {
			far = mine
		}
		if far != desk.ScopeNone {
			uses = append(uses, desk.Usage{Member: me.Member.ID, Perm: p, Scope: far})
		}
	}
	return uses
}

// noteUses takes up what isn't noted yet.
func (s *Service) noteUses(ctx context.Context, uses []desk.Usage, now time.Time) {
	u := &s.usage
	u.mu.Lock()
	defer u.mu.Unlock()
	if day := now.UnixMilli() / dayMillis; day != u.day || u.noted == nil || len(u.noted) > maxNoted {
		u.day, u.read, u.noted = day, false, map[useKey]desk.Scope{}
	}
	for _, use := range uses {
		if use.Scope.Rank() <= u.noted[keyOf(use)].Rank() {
			continue
		}
		use.LastAt = now
		u.noted[keyOf(use)] = use.Scope
		u.waiting = append(u.waiting, use)
	}
	if len(u.waiting) > 0 && !u.writing {
		u.writing = true
		go s.writeUses(context.WithoutCancel(ctx))
	}
}

// writeUses writes until nothing waits. What can't be written is said and
// forgotten, so that the next use of it is noted instead.
func (s *Service) writeUses(ctx context.Context) {
	for {
		uses, day := s.usage.take()
		if len(uses) == 0 {
			return
		}
		if err := s.putUses(ctx, uses, day); err != nil {
			s.usage.forget(uses)
			if !errors.Is(err, store.ErrClosed) {
				s.log.Warn("which permissions people use could not be noted; it is tried with the next use", "uses", len(uses), "error", err)
				continue
			}
			s.log.Warn("the last uses of permissions were not noted: the store was closed", "uses", len(uses))
		}
	}
}

// take empties what waits; the writer ends when that is nothing.
func (u *usage) take() ([]desk.Usage, int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	uses := u.waiting
	u.waiting = nil
	u.writing = len(uses) > 0
	return uses, u.day
}

func (u *usage) forget(uses []desk.Usage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, use := range uses {
		delete(u.noted, keyOf(use))
	}
}

// putUses writes uses, unless the store has them from before this program
// started.
func (s *Service) putUses(ctx context.Context, uses []desk.Usage, day int64) error {
	ctx, cancel := context.WithTimeout(ctx, useWait)
	defer cancel()
	known, err := s.readUses(ctx, day)
	if err != nil {
		return err
	}
	uses = slices.DeleteFunc(slices.Clone(uses), func(use desk.Usage) bool { return use.Scope.Rank() <= known[keyOf(use)].Rank() })
	if len(uses) == 0 {
		return nil
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		for _, use := range uses {
			if err := tx.NoteUse(use); err != nil {
				return err
			}
		}
		return nil
	})
}

// readUses returns what the store has of a day, the first time it is asked for.
func (s *Service) readUses(ctx context.Context, day int64) (map[useKey]desk.Scope, error) {
	u := &s.usage
	u.mu.Lock()
	read := u.read && u.day == day
	u.mu.Unlock()
	if read {
		return nil, nil
	}
	known := map[useKey]desk.Scope{}
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		uses, err := tx.Uses(time.UnixMilli(day * dayMillis))
		for _, use := range uses[:min(len(uses), maxNoted/2)] {
			known[keyOf(use)] = use.Scope
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.day != day {
		return known, nil
	}
	u.read = true
	for key, scope := range known {
		if u.noted[key].Rank() < scope.Rank() {
			u.noted[key] = scope
		}
	}
	return known, nil
}

// listUsage tells what people used, and since when that is known.
func (r *request) listUsage(c desk.ListUsage) (desk.Usages, error) {
	used, err := r.tx.Uses(r.now.AddDate(0, 0, -c.Days))
	if err != nil {
		return desk.Usages{}, err
	}
	since, err := r.tx.FirstUse()
	if since.IsZero() {
		since = r.now // it begins with this
	}
	return desk.Usages{Since: since, Used: used}, err
}
