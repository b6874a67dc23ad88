// Package server is the one door of a desk: commands come in through
// [Service.Do], customers through [Service.Receive], and what happened goes out
// to every session that may see it. Transports hold no rules; the rules are
// desk.Can, asked inside the transaction that acts.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// Sender hands messages to a channel.
type Sender interface {
	// Send returns the provider's acceptance, or a [*desk.SendError] that says
	// whether the message may be tried again.
	Send(ctx context.Context, o desk.Outgoing) (desk.Receipt, error)
	// MarkRead shows the customer that the message and those before it were read.
	MarkRead(ctx context.Context, ch desk.ChannelID, external string) error
}

// Options are what a Service needs. Only Store must be set.
type Options struct {
	Store  *store.Store
	Sender Sender           // nil: messages stay queued
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: discard
	// Origins are browser origins that may open a socket besides the server's own
	// host. A terminal sends none.
	Origins []string
	// TrustProxy takes the client's address from X-Forwarded-For.
	TrustProxy bool
	// ReadReceipts shows customers that their messages were read.
	ReadReceipts bool
	// Ping is how often an idle session is pinged; 0 means ten seconds. A client
	// notices within three times that that a server stands still.
	Ping time.Duration
	// Poll is how often the log's head is read, for entries that another process
	// wrote and for doorbells that were lost; 0 means one second.
	Poll time.Duration
	// SignIns bounds concurrent password checks; 0 means 2.
	SignIns int
	// SlowWrite is how long a change of rights waits for a session that is in the
	// middle of a write before it is cut; 0 means 100 ms.
	SlowWrite time.Duration
	// AckWait is how long a session has to acknowledge that it shows its new rights
	// before it is cut; 0 means ten seconds.
	AckWait time.Duration
}

// Service is a running desk. Its methods may be called from any goroutine.
type Service struct {
	store  *store.Store
	sender Sender
	o      Options
	log    *slog.Logger

	people     atomic.Pointer[directory]
	ring       *ring
	feedMu     sync.Mutex    // held while entries are fed: they go in one by one, in order
	ahead      []store.Entry // about people: they hold, and those before them were not fed yet; under feedMu
	sessions   sessions
	signIns    *signInGuard
	changes    changes
	unanswered unanswered // whose chats go on changing hands

	outbox   *outbox
	expiry   bell // rung when people change: a grant may end sooner than any before
	sending  sync.WaitGroup
	receipts chan receipt
	draining atomic.Bool
	usage    usage

	checkpointed atomic.Pointer[store.Checkpoint] // the newest that this process knows
}

// New loads the people and the newest entries of the log and starts to follow
// the store. Call Run to send messages and keep time.
func New(ctx context.Context, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Ping = orDefault(o.Ping, 10*time.Second)
	o.Poll = orDefault(o.Poll, time.Second)
	o.SlowWrite = orDefault(o.SlowWrite, 100*time.Millisecond)
	o.AckWait = orDefault(o.AckWait, 10*time.Second)
	if o.SignIns == 0 {
		o.SignIns = 2
	}
	s := &Service{
		store: o.Store, sender: o.Sender, o: o, log: o.Logger,
		signIns:  newSignInGuard(o.SignIns),
		outbox:   newOutbox(),
		expiry:   newBell(),
		receipts: make(chan receipt, 256),
	}
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("load the desk: %w", err)
	}
	o.Store.OnCommit(s.committed)
	return s, nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// load reads people and the newest entries at one position of the log.
func (s *Service) load(ctx context.Context) error {
	return s.store.Read(ctx, func(tx *store.Tx) error {
		head, err := tx.Head()
		if err != nil {
			return err
		}
		dir, err := loadDirectory(tx)
		if err != nil {
			return err
		}
		s.people.Store(dir)
		s.ring = newRing(max(0, head-ringAtStart))
		for s.ring.head() < head {
			entries, err := tx.Entries(s.ring.head(), 500)
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				return fmt.Errorf("the log ends at %d, but its head says %d: the database is damaged; restore a backup", s.ring.head(), head)
			}
			s.ring.add(entries)
			s.unanswered.note(entries)
		}
		tallies, err := tx.Tallies()
		s.unanswered.begin(tallies)
		return err
	})
}

// Run sends what is queued, follows what other processes wrote, and keeps time,
// until ctx ends. It returns when every send that was under way is settled; an
// error is one that kept it from starting.
func (s *Service) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// Before anything is sent: what ended while no server ran.
	if _, err := s.expireDue(ctx); err != nil {
		s.log.Error("the end of access can't be written down yet", "error", err)
	}
	var wg sync.WaitGroup
	for _, f := range []func(context.Context){s.follow, s.pings, s.prune, s.checkpoints, s.runReceipts, s.expire} {
		wg.Go(func() { f(ctx) })
	}
	err := s.runOutbox(ctx)
	stop() // without an outbox nothing else goes on
	wg.Wait()
	s.sending.Wait()
	return err
}

// now is the server's time in the resolution that is stored.
func (s *Service) now() time.Time { return s.o.Now().UTC().Truncate(time.Millisecond) }

// newID makes an identifier that sorts by the time of its making.
func newID(prefix string) string { return prefix + ulid.Make().String() }

// prune forgets answers and parked statuses that nobody will ask for again.
func (s *Service) prune(ctx context.Context) {
	const keep = 8 * 24 * time.Hour // a webhook is redelivered for up to seven days
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.PruneBefore(s.now().Add(-keep)) })
		if err != nil && ctx.Err() == nil {
			s.log.Warn("old answers could not be pruned", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
