package chain

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// Check is what a log is checked against.
type Check struct {
	Key   string // the public key of its checkpoints
	Epoch string
	Size  int64 // what the log itself says that it holds; -1: it doesn't say
	// SizeAtEnd, of a log that grows while it is read, is asked for the size after
	// the last record has been read. Size is nothing then.
	SizeAtEnd func() int64
	// Withheld says that the records come without their contents, as
	// [Header.Withheld] does.
	Withheld bool
	// Own are the log's own checkpoints, Against those that were kept elsewhere:
	// signed notes. Only the latter can show that nothing is missing.
	Own, Against []string
}

// Break is where a log is broken.
type Break struct {
	Seq int64 // the first number that is bad
	Why string
}

func (b *Break) String() string { return fmt.Sprintf("entry %d: %s", b.Seq, b.Why) }

// Report is what came of a check. Integrity and completeness are separate: a log
// can be whole and yet lack its end.
type Report struct {
	Entries int64 // that were read
	Last    int64 // the number of the newest, 0 for none
	Erased  int64 // entries whose content was erased; 0 when all are withheld
	Own     int   // checkpoints of the log's own that match
	// Withheld says that no content was there to check: nothing is shown of what
	// the entries tell, nor whether all that was erased was accounted for.
	Withheld bool

	// Broken is where an entry doesn't follow from its content and its
	// predecessor; nil when every one does.
	Broken *Break
	// Missing is where the log departs from a checkpoint that was kept elsewhere.
	Missing *Break
	// Shown is the newest checkpoint that was kept elsewhere, when the log reaches
	// it and matches; nil when completeness is not shown.
	Shown *Checkpoint
}

// OK reports whether nothing speaks against the log.
func (r *Report) OK() bool { return r.Broken == nil && r.Missing == nil }

// Verify reads the records in order and checks them. An error of the iterator
// that is a [*LineError] is a finding about the log; any other, and a checkpoint
// or key that can't be read, means that the log could not be checked.
func Verify(records iter.Seq2[Record, error], o Check) (Report, error) {
	v := verifier{report: Report{Withheld: o.Withheld}, last: -1, erased: map[int64]int64{}}
	if err := v.expect(o); err != nil {
		return v.report, err
	}
	for r, err := range records {
		if bad, ok := errors.AsType[*LineError](err); ok {
			v.broken(v.next(), bad.Error())
			break
		}
		if err != nil {
			return v.report, err
		}
		v.take(&r)
	}
	v.finish(o)
	return v.report, nil
}

// expected is a checkpoint that has yet to be met.
type expected struct {
	Checkpoint
	outside bool
}

type verifier struct {
	report  Report
	waiting []expected // by size
	last    int64      // the number read last; -1 before the first
	prev    Hash
	erased  map[int64]int64 // by conversation: the first erased record that no KindErased has followed yet
	matched int64           // the size of the newest outside checkpoint that matched
}

// expect opens the checkpoints. Those that were kept elsewhere and aren't
// this log's are a finding: the log may have been replaced, with its key.
func (v *verifier) expect(o Check) error {
	if _, err := note.NewVerifier(o.Key); err != nil {
		return fmt.Errorf("%w: %w", errBadKey, err)
	}
	for i, signed := range slices.Concat(o.Own, o.Against) {
		outside := i >= len(o.Own)
		c, err := Open(signed, o.Key)
		if err == nil && c.Epoch != o.Epoch {
			err = fmt.Errorf("it is of another log, %s", c.Epoch)
		}
		switch {
		case err == nil:
			v.waiting = append(v.waiting, expected{c, outside})
		case outside:
			v.missing(1, fmt.Sprintf("the log is another than the one that the checkpoint is of: %v", err))
		default:
			v.broken(1, fmt.Sprintf("a checkpoint of the log's own isn't its own: %v", err))
		}
	}
	slices.SortStableFunc(v.waiting, func(a, b expected) int { return cmp.Compare(a.Size, b.Size) })
	return nil
}

func (v *verifier) next() int64 { return max(v.last, 0) + 1 }

func (v *verifier) broken(seq int64, why string) {
	if v.report.Broken == nil || seq < v.report.Broken.Seq {
		v.report.Broken = &Break{seq, why}
	}
}

func (v *verifier) missing(seq int64, why string) {
	if v.report.Missing == nil {
		v.report.Missing = &Break{seq, why}
	}
}

// take checks one record against the one before it. After the first break it
// goes on: how far the log reaches is another question than whether it is whole.
func (v *verifier) take(r *Record) {
	if v.report.Broken == nil {
		if seq, why := v.fault(r); why != "" {
			v.broken(seq, why)
		}
	}
	v.erasures(r)
	v.report.Entries++
	v.last, v.prev = r.Seq, r.Hash
	v.report.Last = max(v.report.Last, r.Seq)
	v.meet(r)
}

// fault says what is wrong with a record, and which number is the bad one.
func (v *verifier) fault(r *Record) (seq int64, why string) {
	switch want := v.next(); {
	case r.Seq > want:
		return want, fmt.Sprintf("it is missing; %d follows", r.Seq)
	case r.Seq < want:
		return want, fmt.Sprintf("it is out of order; %d stands in its place", r.Seq)
	case r.Prev != v.prev:
		return r.Seq, "it doesn't follow from the entry before it"
	case r.Sum() != r.Hash:
		return r.Seq, "what it says was changed: its hash is another"
	case r.Content.Erased():
		return 0, ""
	case v.report.Withheld:
		return r.Seq, "it has a content, and this log says that contents are withheld"
	case r.Content.Len() != r.ContentLength || r.Content.Sum() != r.ContentHash:
		return r.Seq, "its content was changed: the content's hash is another"
	}
	return 0, ""
}

// erasures keeps account of contents that are gone: an entry has to tell of it.
// Where all are withheld, none can be told from those that are gone.
func (v *verifier) erasures(r *Record) {
	if v.report.Withheld {
		return
	}
	if r.Kind == KindErased {
		delete(v.erased, r.Conversation)
	}
	if !r.Content.Erased() {
		return
	}
	v.report.Erased++
	if _, known := v.erased[r.Conversation]; !known {
		v.erased[r.Conversation] = r.Seq
	}
}

// meet compares the checkpoints of this size.
func (v *verifier) meet(r *Record) {
	for len(v.waiting) > 0 && v.waiting[0].Size <= r.Seq {
		c := v.waiting[0]
		v.waiting = v.waiting[1:]
		switch same := c.Size == r.Seq && c.Hash == r.Hash; {
		case same && c.outside:
			v.matched, v.report.Shown = c.Size, &c.Checkpoint
		case same:
			v.report.Own++
		case c.outside:
			v.missing(v.matched+1, fmt.Sprintf("the log departs from the checkpoint of %d entries made at %s; "+
				"something from here to %d was changed, removed or put in since", c.Size, stamp(&c.Checkpoint), c.Size))
		default:
			v.broken(c.Size, fmt.Sprintf("the log's own checkpoint of %d entries says otherwise", c.Size))
		}
	}
}

// finish judges what only the end can show.
func (v *verifier) finish(o Check) {
	for _, c := range v.waiting {
		why := fmt.Sprintf("it is missing; the checkpoint made at %s is of %d entries, and the log ends at %d", stamp(&c.Checkpoint), c.Size, v.report.Last)
		if c.outside {
			v.missing(v.next(), why)
		} else if v.report.Broken == nil {
			v.broken(v.next(), why)
		}
	}
	if o.SizeAtEnd != nil {
		o.Size = o.SizeAtEnd()
	}
	if v.report.Broken == nil && o.Size >= 0 && o.Size != v.report.Last {
		v.broken(min(o.Size, v.report.Last)+1, fmt.Sprintf("the log says that it has %d entries, and has %d", o.Size, v.report.Last))
	}
	for _, seq := range v.erased {
		v.broken(seq, "its content is gone, and no later entry tells that it was erased")
	}
	if v.report.Missing != nil {
		v.report.Shown = nil
	}
}

func stamp(c *Checkpoint) string { return c.Time.UTC().Format("2006-01-02 15:04:05 UTC") }
