package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
)

// Every page of the log, however it is filtered, is what looking through all of
// it gives.
func TestLogPages(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		rnd := rand.New(rand.NewPCG(1, 2))
		kinds := []desk.EventKind{desk.MessageReceived, desk.MessageQueued, desk.NoteAdded, desk.RoleAssigned}
		actors := []desk.MemberID{"", "ana", "ben", "cleo"}
		const n = 700
		write(t, s, func(tx *Tx) error {
			for i := range n {
				// The order is only about that of time, above all where it is sampled.
				when := at(0).Add(time.Duration(i*30+rnd.IntN(200)) * time.Second)
				switch (i + 1) % 64 {
				case 0, 1:
					when = when.Add(-disorder / 3)
				case 62, 63:
					when = when.Add(disorder / 3)
				}
				e := Entry{Event: desk.Event{At: when, Kind: kinds[rnd.IntN(4)], Actor: actors[rnd.IntN(4)]}, Target: []string{"", "x", "y"}[rnd.IntN(3)]}
				if c := rnd.IntN(4); c > 0 {
					e.Conversation = &desk.Conversation{ID: desk.ConversationID(c)}
				}
				if _, err := tx.Append(e); err != nil {
					return err
				}
			}
			return nil
		})
		var everything []Entry
		read(t, s, func(tx *Tx) (err error) { everything, err = tx.Entries(0, n); return err })
		for range 500 {
			f := randomFilter(rnd, kinds, actors)
			want, more := lookedThrough(everything, f)
			read(t, s, func(tx *Tx) error {
				got, gotMore, err := tx.Log(f)
				seqs := []int64{}
				for _, e := range got {
					seqs = append(seqs, e.Seq)
				}
				if !slices.Equal(seqs, want) || more != gotMore {
					t.Fatalf("%+v: got %v %v, want %v %v", f, seqs, gotMore, want, more)
				}
				return err
			})
		}
		read(t, s, func(tx *Tx) error {
			list, _, err := tx.Log(LogFilter{Limit: 2})
			chained, err2 := tx.Records(n-2, 2)
			same(t, "hash", list[0].Hash, chained[1].Hash[:])
			same(t, "prev", list[0].Prev, list[1].Hash)
			return errors.Join(err, err2)
		})
	})
}

func randomFilter(rnd *rand.Rand, kinds []desk.EventKind, actors []desk.MemberID) LogFilter {
	f := LogFilter{Limit: 1 + rnd.IntN(60)}
	maybe := func(set func()) {
		if rnd.IntN(3) == 0 {
			set()
		}
	}
	maybe(func() { f.Actors = slices.Clone(actors[:rnd.IntN(5)]) })
	maybe(func() { f.Actors = []desk.MemberID{actors[rnd.IntN(4)], actors[rnd.IntN(4)]} })
	maybe(func() { f.Kinds = []desk.EventKind{kinds[rnd.IntN(4)], kinds[rnd.IntN(4)], "no.such"} })
	maybe(func() { f.Target = []string{"x", "y", "z"}[rnd.IntN(3)] })
	maybe(func() { f.Conversation = desk.ConversationID(1 + rnd.IntN(4)) })
	maybe(func() { f.From = at(0).Add(time.Duration(rnd.IntN(21000)) * time.Second) })
	maybe(func() { f.To = at(0).Add(time.Duration(rnd.IntN(21000)) * time.Second) })
	maybe(func() { f.Limit = 1000 })
	maybe(func() { f.Before = 1 + rnd.Int64N(800) })
	maybe(func() { f.After = rnd.Int64N(800) })
	return f
}

func lookedThrough(all []Entry, f LogFilter) (seqs []int64, more bool) {
	seqs = []int64{}
	for i := len(all) - 1; i >= 0; i-- {
		e := &all[i]
		if f.Actors != nil && !slices.Contains(f.Actors, e.Actor) || len(f.Kinds) > 0 && !slices.Contains(f.Kinds, e.Kind) ||
			f.Target != "" && f.Target != e.Target || f.Conversation != 0 && f.Conversation != about(&e.Event) ||
			!f.From.IsZero() && e.At.Before(f.From) || !f.To.IsZero() && !e.At.Before(f.To) ||
			f.Before > 0 && e.Seq >= f.Before || e.Seq <= f.After {
			continue
		}
		if len(seqs) == f.Limit {
			return seqs, true
		}
		seqs = append(seqs, e.Seq)
	}
	return seqs, false
}

func TestLogActorless(t *testing.T) {
	s := open(t, sqliteDSN(t))
	appendSome(t, s, 3)
	read(t, s, func(tx *Tx) error {
		list, more, err := tx.Log(LogFilter{Actors: []desk.MemberID{}})
		if len(list) > 0 || more {
			t.Error("who may see nobody's entries sees some")
		}
		return err
	})
}

// What is exported a page at a time is one file that verifies, with its contents
// or without, up to where the log was when the export began.
func TestLogLines(t *testing.T) {
	for _, withheld := range []bool{false, true} {
		t.Run(fmt.Sprint("withheld ", withheld), func(t *testing.T) {
			eachStore(t, func(t *testing.T, s *Store) {
				appendSome(t, s, 25)
				write(t, s, func(tx *Tx) error { _, err := tx.TakeCheckpoint(at(0)); return err })
				file := exported(t, s, LinesOptions{Withhold: withheld})
				if strings.Contains(file, "because") == withheld || strings.Contains(file, `"salt"`) == withheld {
					t.Error(file)
				}
				x, err := chain.NewReader(strings.NewReader(file))
				must(t, err)
				h := x.Header()
				r, err := chain.Verify(x.Records(), chain.Check{Key: h.Key, Epoch: h.Epoch, Size: h.Entries, Own: x.Checkpoints(), Withheld: h.Withheld})
				if err != nil || !r.OK() || r.Entries != 25 || r.Own != 1 || r.Withheld != withheld {
					t.Errorf("%+v, %v", r, err)
				}
			})
		})
	}
}

// exported takes the log out in pages, as others write into it.
func exported(t *testing.T, s *Store, o LinesOptions) string {
	var file []string
	var end int64
	read(t, s, func(tx *Tx) (err error) { end, err = tx.Head(); return err })
	o.Until = end
	for after, more := int64(0), true; more; {
		read(t, s, func(tx *Tx) error {
			lines, next, left, err := tx.LogLines(after, 10, o)
			if err == nil && left != (next < end) {
				t.Fatalf("after %d of %d there is more: %v", next, end, left)
			}
			file, after, more = append(file, lines...), next, left
			return err
		})
		appendSome(t, s, 1)
	}
	return strings.Join(file, "\n") + "\n"
}

// The first page of an export has so many checkpoints as are asked for, the newest,
// and none of what comes after its end.
func TestLogLinesCheckpoints(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		for i := range 5 {
			appendSome(t, s, 2)
			write(t, s, func(tx *Tx) error { _, err := tx.TakeCheckpoint(at(i)); return err })
		}
		for _, tt := range []struct {
			o    LinesOptions
			want []int64
		}{
			{LinesOptions{}, []int64{2, 4, 6, 8, 10}},
			{LinesOptions{Checkpoints: 2}, []int64{8, 10}},
			{LinesOptions{Checkpoints: 2, Until: 7}, []int64{4, 6}},
		} {
			read(t, s, func(tx *Tx) error {
				lines, _, _, err := tx.LogLines(0, 100, tt.o)
				must(t, err)
				x, err := chain.NewReader(strings.NewReader(strings.Join(lines, "\n") + "\n"))
				must(t, err)
				h := x.Header()
				var got []int64
				for _, signed := range x.Checkpoints() {
					c, err := chain.Open(signed, h.Key)
					must(t, err)
					got = append(got, c.Size)
				}
				same(t, "checkpoints", got, tt.want)
				r, err := chain.Verify(x.Records(), chain.Check{Key: h.Key, Epoch: h.Epoch, Size: h.Entries, Own: x.Checkpoints()})
				if !r.OK() {
					t.Errorf("%+v: %v", tt.o, r.Broken)
				}
				return err
			})
		}
	})
}
