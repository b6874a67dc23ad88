package graphfake

import (
	"context"
	"strconv"
	"time"
)

// Status makes an update of a status; a code other than 0 says why it failed.
func (f *Fake) Status(a Accepted, word string, at time.Time, code int) Update {
	f.mu.Lock()
	old := f.knobs.OldStatuses
	f.mu.Unlock()
	s := object{"id": a.ID, "status": word, "timestamp": strconv.FormatInt(at.Unix(), 10)}
	if !a.Customer.HidesPhone {
		s["recipient_id"] = a.Customer.WAID
	}
	if a.Callback != "" {
		s["biz_opaque_callback_data"] = a.Callback
	}
	u := Update{key: "statuses", piece: s, at: at}
	if word == "failed" {
		s["errors"] = []any{asyncError(code)}
		return u
	}
	u.contact = contact(a.Customer)
	if a.Customer.UserID != "" {
		s["recipient_user_id"] = a.Customer.UserID
	}
	if word != "delivered" {
		s["pricing"] = object{"billable": true, "pricing_model": "PMP", "type": "regular", "category": "service"}
	}
	if old {
		c := object{"id": "c0" + a.ID[len(a.ID)-12:], "origin": object{"type": "service"}}
		if word == "sent" {
			c["expiration_timestamp"] = strconv.FormatInt(at.Add(24*time.Hour).Unix(), 10)
		}
		s["conversation"] = c
	}
	return u
}

// follow sends the statuses of a message that was taken, as its customer and the
// knobs will have it.
func (f *Fake) follow(ctx context.Context, a Accepted, failing int, sentAlready bool) {
	k := f.look()
	if k.NoStatuses || !f.wait(ctx, k.SentAfter) {
		return
	}
	at := f.o.Now()
	if failing != 0 {
		f.emit(ctx, f.Status(a, "failed", at, failing))
		return
	}
	if !sentAlready {
		f.emit(ctx, f.Status(a, "sent", at, 0))
	}
	if !f.wait(ctx, k.DeliverAfter) {
		return
	}
	f.emit(ctx, f.Status(a, "delivered", f.o.Now(), 0))
	slowness := a.Customer.Temper.Slowness
	if slowness == 0 {
		slowness = 1
	}
	if a.Customer.NoReceipts || !f.wait(ctx, time.Duration(slowness*float64(k.ReadAfter))) {
		return
	}
	f.emit(ctx, f.Status(a, "read", f.o.Now(), 0))
}

func (f *Fake) look() Knobs {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.knobs
}

// emit delivers a status, or lets it wait for its batch.
func (f *Fake) emit(ctx context.Context, u Update) {
	f.mu.Lock()
	delay := f.knobs.Delay
	batch := []Update{u}
	if n := f.knobs.Batch; n > 1 {
		f.pending = append(f.pending, u)
		batch = nil
		if len(f.pending) >= n {
			batch, f.pending = f.pending, nil
		}
		f.signal()
	}
	f.mu.Unlock()
	if len(batch) == 0 || !f.wait(ctx, delay) {
		return
	}
	if err := f.Deliver(ctx, batch...); err != nil {
		f.o.Logger.Warn("the program didn't take a status", "error", err)
	}
}

// Flush delivers the statuses that wait for their batch to fill.
func (f *Fake) Flush(ctx context.Context) error {
	f.mu.Lock()
	batch := f.pending
	f.pending = nil
	f.mu.Unlock()
	return f.Deliver(ctx, batch...)
}
