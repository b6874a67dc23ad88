package server

import (
	"context"
	"errors"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

const (
	checkpointEntries = 1000
	checkpointTime    = 10 * time.Minute
)

// checkpointDue reports whether the log has moved on so far since the last
// checkpoint that another is to be made.
func checkpointDue(last store.Checkpoint, head int64, now time.Time) bool {
	return head >= last.Seq+checkpointEntries || head > last.Seq && now.Sub(last.At) >= checkpointTime
}

// checkpoints signs the log now and then, and writes that into the server's own
// log as well, which may leave this machine: whoever could change the desk's log
// later can't change what has left.
func (s *Service) checkpoints(ctx context.Context) {
	tick := time.NewTicker(s.o.Poll)
	defer tick.Stop()
	failed := false
	for {
		err := s.checkpointIfDue(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			s.log.Error("the log can't be signed; trying again", "error", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) checkpointIfDue(ctx context.Context) error {
	last := s.checkpointed.Load()
	if last == nil {
		last = &store.Checkpoint{}
		err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
			*last, err = tx.LastCheckpoint()
			return err
		})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		s.checkpointed.Store(last)
	}
	if !checkpointDue(*last, s.ring.head(), s.now()) {
		return nil
	}
	_, err := s.takeCheckpoint(ctx)
	return err
}

// Checkpoint signs the log as it is now and returns the signed note. It is the
// newest one when nothing happened since.
func (s *Service) Checkpoint(ctx context.Context) (string, error) {
	c, err := s.takeCheckpoint(ctx)
	if errors.Is(err, store.ErrEmptyLog) {
		return "", desk.Errorf(desk.CodeConflict, "The log is empty. There is nothing to make a checkpoint of yet.")
	}
	return c.Note, busy(err)
}

func (s *Service) takeCheckpoint(ctx context.Context) (c store.Checkpoint, err error) {
	isNew := false
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		last, err := tx.LastCheckpoint()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		c, err = tx.TakeCheckpoint(s.now())
		isNew = c.Seq != last.Seq
		return err
	})
	if err != nil {
		return c, err
	}
	s.checkpointed.Store(&c)
	if isNew {
		s.log.Info("checkpoint of the log; kept elsewhere, it shows later that nothing is missing", "entries", c.Seq, "checkpoint", c.Line)
	}
	return c, nil
}

// TellExport writes into the log that the operator takes the log out, whole or
// with its contents withheld.
func (s *Service) TellExport(ctx context.Context, withheld bool) error {
	return busy(s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := s.fromConsole(tx).record(desk.Event{Kind: desk.LogExported}, desk.LogDetail{Before: asJSON(exportOf{Withheld: withheld})})
		return err
	}))
}
