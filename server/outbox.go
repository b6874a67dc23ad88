package server

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// The messages table is the outbox. Per conversation one message is under way at
// a time, so they arrive in the order in which they were written. A try is
// marked before it is made: whatever a crash leaves marked may have been taken,
// and is settled by a status or by a person, never sent again on a guess.
const (
	sendsAtOnce = 16
	sendTimeout = 40 * time.Second
	maxTries    = 8
	firstWait   = time.Second
	longestWait = 5 * time.Minute
	pauseWait   = time.Minute // between tries when the channel itself is refused
	// longestSettle is how long a result waits at most for the store to come back.
	longestSettle = 10 * time.Second
)

// outbox is what the running process knows of the sending beside the table.
type outbox struct {
	bell chan struct{}

	mu       sync.Mutex
	underWay map[desk.MessageID]desk.ChannelID
	// paused says until when a channel takes nothing at all: an expired token
	// would otherwise be tried once for every message. It stays, so that one
	// message tries for all, until a try isn't refused in that way.
	paused map[desk.ChannelID]time.Time
}

func newOutbox() *outbox {
	return &outbox{bell: make(chan struct{}, 1), underWay: map[desk.MessageID]desk.ChannelID{}, paused: map[desk.ChannelID]time.Time{}}
}

func (o *outbox) ring() {
	select {
	case o.bell <- struct{}{}:
	default:
	}
}

func (o *outbox) begin(id desk.MessageID, ch desk.ChannelID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.underWay[id] = ch
}

func (o *outbox) end(id desk.MessageID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.underWay, id)
}

func (o *outbox) sending() map[desk.MessageID]desk.ChannelID {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.underWay)
}

func (o *outbox) pause(ch desk.ChannelID, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.paused[ch] = until
}

// resume ends a pause: the channel takes messages again.
func (o *outbox) resume(ch desk.ChannelID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.paused, ch)
}

// room is how many messages the channel may be given now, at most limit, and when
// to ask again if none; zero when a try that is under way will tell.
func (o *outbox) room(ch desk.ChannelID, limit int, now time.Time) (n int, next time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	until, paused := o.paused[ch]
	switch {
	case !paused:
		return limit, time.Time{}
	case until.After(now):
		return 0, until
	case slices.Contains(slices.Collect(maps.Values(o.underWay)), ch):
		return 0, time.Time{}
	}
	return min(1, limit), time.Time{}
}

// runOutbox sends what is due until ctx ends. What is under way then is left to
// finish; Run waits for it.
func (s *Service) runOutbox(ctx context.Context) error {
	if err := s.settleInterrupted(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("settle what a crash left half sent: %w", err)
	}
	if s.sender == nil {
		<-ctx.Done()
		return nil
	}
	slots := make(chan struct{}, sendsAtOnce)
	timer := time.NewTimer(0)
	defer timer.Stop()
	unsure := false // a write may have left marks that nobody works on
	for {
		due, next, err := s.takeDue(ctx, cap(slots)-len(slots), unsure)
		if unsure = err != nil; unsure && ctx.Err() == nil {
			s.log.Error("queued messages can't be read; trying again", "error", err)
			next = s.now().Add(time.Second)
		}
		for _, d := range due {
			slots <- struct{}{}
			s.outbox.begin(d.Message.ID, d.Channel)
			s.sending.Go(func() {
				defer func() { s.outbox.end(d.Message.ID); <-slots; s.outbox.ring() }()
				s.send(ctx, d)
			})
		}
		if !next.IsZero() {
			timer.Reset(max(0, next.Sub(s.now())))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.outbox.bell:
		case <-timer.C:
		}
	}
}

// settleInterrupted marks what was being sent when the last process died.
func (s *Service) settleInterrupted(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		left, err := tx.Interrupted()
		if err != nil {
			return err
		}
		r := receiver{tx: tx, now: s.now()}
		for _, m := range left {
			m.Delivery = desk.Unknown
			m.Problem = &desk.Problem{Text: "The server stopped while this was being sent. It may have arrived."}
			if err := r.redelivered(&m, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// takeDue marks up to limit due messages as being sent, and says when the next
// one falls due. Rights and the window are those of this moment, not of when the
// message was written.
func (s *Service) takeDue(ctx context.Context, limit int, unsure bool) (due []store.Due, next time.Time, err error) {
	if limit <= 0 {
		return nil, time.Time{}, nil // a slot that comes free rings
	}
	now := s.now()
	waiting := unsure
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.Due(now, 1)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			room := 0
			room, next = s.outbox.room(found[0].Channel, limit, now)
			waiting = waiting || room > 0
			return nil
		}
		next, err = tx.NextTry()
		return err
	})
	if err != nil || !waiting {
		return nil, next, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if unsure {
			if err := s.unmark(tx); err != nil {
				return err
			}
		}
		due, err = s.mark(tx, limit, now)
		return err
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	return due, now, nil // look again at once: these may have uncovered others
}

// unmark queues again what is marked without anybody sending it: its try never
// began.
func (s *Service) unmark(tx *store.Tx) error {
	marked, err := tx.Interrupted()
	if err != nil {
		return err
	}
	underWay := s.outbox.sending()
	for _, m := range marked {
		if _, ok := underWay[m.ID]; ok {
			continue
		}
		m.Delivery = desk.Queued
		if err := tx.PutMessage(m, nil); err != nil {
			return err
		}
	}
	return nil
}

// mark takes what is due. The mark is the outbox's own: no session is told of it.
func (s *Service) mark(tx *store.Tx, limit int, now time.Time) (due []store.Due, err error) {
	found, err := tx.Due(now, limit)
	if err != nil {
		return nil, err
	}
	taken := map[desk.ChannelID]int{}
	for _, d := range found {
		if room, _ := s.outbox.room(d.Channel, limit, now); taken[d.Channel] >= room {
			continue
		}
		ok, err := s.mayStillSend(tx, &d, now)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		d.Message.Delivery = desk.Sending
		if err := tx.PutMessage(d.Message, nil); err != nil {
			return nil, err
		}
		d.Attempts++
		if err := tx.SetTry(d.Message.ID, d.Attempts, now); err != nil {
			return nil, err
		}
		due = append(due, d)
		taken[d.Channel]++
	}
	return due, nil
}

// mayStillSend fails a message whose author may not answer the conversation any
// more, as it is and by the rights that they have now, or whose window closed while
// it waited.
func (s *Service) mayStillSend(tx *store.Tx, d *store.Due, now time.Time) (bool, error) {
	c, err := tx.Conversation(d.Message.Conversation)
	if err != nil {
		return false, err
	}
	why := ""
	if !c.WindowOpen(now) {
		why = "The 24-hour window closed before this could be sent."
	}
	if d.Message.Author != "" {
		author, err := tx.Actor(d.Message.Author)
		if err != nil {
			return false, err
		}
		author = author.At(now) // access that has ended sends nothing
		switch {
		case desk.Can(&author, desk.MessageReply, desk.Subject{}, now) != nil:
			why = "Its author may not reply to customers any more, so it was not sent."
		case desk.MaySend(&author, &c) != nil:
			why = "Its author may not answer this chat any more, so it was not sent. Whoever has it now can send it again."
		}
	}
	if why == "" {
		return true, nil
	}
	d.Message.Delivery, d.Message.Problem = desk.Failed, &desk.Problem{Text: why}
	r := receiver{tx: tx, channel: d.Channel, now: now}
	return false, r.redelivered(&d.Message, nil)
}

// Idle waits until no message is queued or being sent.
func (s *Service) Idle(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var busy bool
		err := s.store.Read(ctx, func(tx *store.Tx) error {
			left, err := tx.Interrupted()
			if err != nil {
				return err
			}
			next, err := tx.NextTry()
			busy = len(left) > 0 || !next.IsZero()
			return err
		})
		if err != nil || !busy {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
