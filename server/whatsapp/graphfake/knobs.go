package graphfake

import "time"

// Knobs are the ways in which the fake may misbehave, and Meta does. The zero
// value is the best of worlds. They can be turned while it runs: [Fake.Tune].
type Knobs struct {
	// How webhooks are delivered.

	Duplicate    int           // every delivery comes so many times more
	Shuffle      bool          // updates of one batch come in any order
	Batch        int           // so many statuses wait for each other and come in one POST; see [Fake.Flush]
	Delay        time.Duration // before every POST of statuses
	DropEvery    int           // every so manyth POST is lost
	Concurrent   bool          // copies and repeats come at the same time
	Retry        bool          // what wasn't answered with 200 comes again, for seven days
	WrongSecret  bool
	RawUTF8      bool // bodies in UTF-8 instead of escapes
	EscapeSlash  bool // "\/", as older versions do
	SHA1         bool // an X-Hub-Signature beside the real one
	StatusFirst  bool // the status is delivered before the send is answered
	OldStatuses  bool // with the conversation object of v23 and older
	NoStatuses   bool
	SentAfter    time.Duration // from acceptance
	DeliverAfter time.Duration // from sent
	ReadAfter    time.Duration // from delivered, times the customer's slowness

	// How Graph calls are answered.

	IgnoreWindow bool // free text is taken at any time
	WindowAsync  bool // 131047 comes as a status instead of an answer
	PairLimit    bool // 131056 as Meta does: one per 6 s and customer, 45 at once
	Faults       []Fault
}

// FaultKind is what goes wrong with a Graph call.
type FaultKind string

const (
	FaultError       FaultKind = "error"        // Code and HTTP in Graph's shape; the message isn't taken
	FaultAsync       FaultKind = "async"        // taken; then a failed status with Code
	FaultHTML        FaultKind = "html"         // an HTML page with HTTP (default 502); not taken
	FaultHang        FaultKind = "hang"         // no answer until the caller gives up; not taken
	FaultResetBefore FaultKind = "reset-before" // the connection breaks; not taken
	FaultResetAfter  FaultKind = "reset-after"  // taken; then the connection breaks
	FaultHangAfter   FaultKind = "hang-after"   // taken; no answer
	FaultTruncated   FaultKind = "truncated"    // taken; half of the answer
	FaultDrip        FaultKind = "drip"         // taken; the answer never ends coming
	FaultHuge        FaultKind = "huge"         // taken; an answer of 2 MiB
	FaultEmpty       FaultKind = "empty"        // taken; 200 with nothing
	FaultRedirect    FaultKind = "redirect"     // 307 to another address
)

// Fault is one thing to go wrong. Of several that apply, the first does.
type Fault struct {
	Kind FaultKind
	// Which calls to POST …/messages: the next Times ones that match (0: all),
	// of those only every Every-th (0: each).
	Times int
	Every int
	To    string // only to this customer: wa_id or user id
	Read  bool   // only read receipts; else only messages

	Code       int
	HTTP       int // default: Meta's own for the code
	Details    string
	RetryAfter string // header
	Usage      int    // minutes, in X-Business-Use-Case-Usage

	seen int
}

// Tune changes the knobs.
func (f *Fake) Tune(change func(*Knobs)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.knobs)
}

// Fail adds a fault after those there are.
func (f *Fake) Fail(fault Fault) {
	f.Tune(func(k *Knobs) { k.Faults = append(k.Faults[:len(k.Faults):len(k.Faults)], fault) })
}

// fault returns what goes wrong with a call to this customer, and uses it up.
// The caller holds f.mu.
func (f *Fake) fault(to string, read bool) (Fault, bool) {
	for i := range f.knobs.Faults {
		ft := &f.knobs.Faults[i]
		if ft.Read != read || ft.To != "" && ft.To != to || ft.Times < 0 {
			continue
		}
		ft.seen++
		if ft.Every > 1 && ft.seen%ft.Every != 0 {
			continue
		}
		if ft.Times > 0 {
			if ft.Times--; ft.Times == 0 {
				ft.Times = -1 // used up
			}
		}
		return *ft, true
	}
	return Fault{}, false
}
