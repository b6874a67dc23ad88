package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const epoch = "EPOCH"

// made is a log for tests: its records, its key, and checkpoints by size.
type made struct {
	private, public string
	records         []Record
}

func newLog(t testing.TB, n int) *made {
	t.Helper()
	private, public, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	m := &made{private: private, public: public}
	var prev Hash
	for i := 1; i <= n; i++ {
		r := Record{Seq: int64(i), At: 1_700_000_000_000 + int64(i), Kind: "message.received", Actor: "u_1", Conversation: int64(i%7 + 1),
			Target: "t", Session: "s", Addr: "192.0.2.1", Content: Content{Salt: NewSalt(), Event: fmt.Sprintf(`{"seq":%d,"text":"<é>"}`, i), Detail: "{}"}}
		r.Seal(prev)
		prev = r.Hash
		m.records = append(m.records, r)
	}
	return m
}

func (m *made) checkpoint(t testing.TB, size int) string {
	t.Helper()
	c := Checkpoint{Epoch: epoch, Size: int64(size), Hash: m.records[size-1].Hash, Time: time.Unix(1_700_000_000, 0)}
	if err := c.Sign(m.private); err != nil {
		t.Fatal(err)
	}
	return c.Note
}

// reseal computes the chain anew from a position on, as somebody who rewrites
// the log would.
func (m *made) reseal(from int) {
	prev := m.records[from-1].Prev
	for i := from - 1; i < len(m.records); i++ {
		r := &m.records[i]
		r.Seq = int64(i + 1)
		if r.Content.Erased() {
			r.Prev = prev
			r.Hash = r.Sum()
		} else {
			r.Seal(prev)
		}
		prev = r.Hash
	}
}

func (m *made) copy() *made {
	c := *m
	c.records = slices.Clone(m.records)
	return &c
}

func each(records []Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (m *made) verify(t testing.TB, own, against []string) Report {
	t.Helper()
	r, err := Verify(each(m.records), Check{Key: m.public, Epoch: epoch, Size: -1, Own: own, Against: against})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const many = 10_000

func TestWhole(t *testing.T) {
	m := newLog(t, many)
	r := m.verify(t, []string{m.checkpoint(t, 1000), m.checkpoint(t, many)}, []string{m.checkpoint(t, 7000)})
	if !r.OK() || r.Entries != many || r.Last != many || r.Own != 2 || r.Erased != 0 || r.Shown == nil || r.Shown.Size != 7000 {
		t.Errorf("%+v", r)
	}
	if r := m.verify(t, []string{m.checkpoint(t, many)}, nil); !r.OK() || r.Shown != nil {
		t.Errorf("the log's own checkpoint showed that it is complete: %+v", r)
	}
	empty := &made{public: m.public}
	if r := empty.verify(t, nil, nil); !r.OK() || r.Entries != 0 {
		t.Errorf("an empty log: %+v", r)
	}
}

// Somebody who can't sign changes one thing.
func TestTampered(t *testing.T) {
	base := newLog(t, many)
	const at = 4711
	change := func(f func(r *Record)) func(*made) { return func(m *made) { f(&m.records[at-1]) } }
	for name, tc := range map[string]struct {
		f   func(*made)
		bad int64
	}{
		"number":         {change(func(r *Record) { r.Seq = 4712 }), at},
		"time":           {change(func(r *Record) { r.At++ }), at},
		"kind":           {change(func(r *Record) { r.Kind = "note.added" }), at},
		"actor":          {change(func(r *Record) { r.Actor = "u_2" }), at},
		"conversation":   {change(func(r *Record) { r.Conversation++ }), at},
		"target":         {change(func(r *Record) { r.Target = "" }), at},
		"session":        {change(func(r *Record) { r.Session = "x" }), at},
		"address":        {change(func(r *Record) { r.Addr = "192.0.2.2" }), at},
		"between fields": {change(func(r *Record) { r.Session, r.Addr = r.Session+r.Addr[:1], r.Addr[1:] }), at},
		"event":          {change(func(r *Record) { r.Content.Event += " " }), at},
		"detail":         {change(func(r *Record) { r.Content.Detail = "[]" }), at},
		"event to detail": {change(func(r *Record) {
			r.Content.Event, r.Content.Detail = r.Content.Event[:3], r.Content.Event[3:]+r.Content.Detail
		}), at},
		"salt":           {change(func(r *Record) { r.Content.Salt = NewSalt() }), at},
		"no salt":        {change(func(r *Record) { r.Content.Salt = nil }), at},
		"content hash":   {change(func(r *Record) { r.ContentHash[5] ^= 1 }), at},
		"content length": {change(func(r *Record) { r.ContentLength++ }), at},
		"prev":           {change(func(r *Record) { r.Prev[0] ^= 1 }), at},
		"hash":           {change(func(r *Record) { r.Hash[31] ^= 1 }), at},
		"sealed anew":    {change(func(r *Record) { r.Actor = "u_2"; r.Seal(r.Prev) }), at + 1},
		"blanked":        {change(func(r *Record) { r.Content = Content{} }), at},
		"deleted":        {func(m *made) { m.records = slices.Delete(m.records, at-1, at) }, at},
		"the first":      {func(m *made) { m.records = m.records[1:] }, 1},
		"put in": {func(m *made) {
			r := Record{Seq: at, Kind: "x", Content: Content{Salt: NewSalt(), Event: "{}"}}
			r.Seal(m.records[at-2].Hash)
			m.records = slices.Insert(m.records, at-1, r)
		}, at + 1},
		"put in twice": {func(m *made) { m.records = slices.Insert(m.records, at, m.records[at-1]) }, at + 1},
		"reordered":    {func(m *made) { m.records[at-1], m.records[at] = m.records[at], m.records[at-1] }, at},
	} {
		t.Run(name, func(t *testing.T) {
			m := base.copy()
			tc.f(m)
			r := m.verify(t, nil, nil)
			if r.Broken == nil || r.Broken.Seq != tc.bad {
				t.Errorf("broken %v, want %d", r.Broken, tc.bad)
			}
		})
	}
}

// What a chain alone can't show, an older checkpoint does.
func TestAgainst(t *testing.T) {
	base := newLog(t, many)
	old := []string{base.checkpoint(t, 3000), base.checkpoint(t, 6000), base.checkpoint(t, 9000)}
	for name, tc := range map[string]struct {
		f       func(*made)
		missing int64
		why     string
	}{
		"truncated": {func(m *made) { m.records = m.records[:8000] }, 8001, "9000 entries, and the log ends at 8000"},
		"emptied":   {func(m *made) { m.records = nil }, 1, "ends at 0"},
		"rewritten": {func(m *made) { m.records[4999].Actor = "u_2"; m.reseal(5000) }, 3001, "departs from the checkpoint of 6000"},
		"one taken out": {func(m *made) {
			m.records = slices.Delete(m.records, 6500, 6501)
			m.records[6500].Prev = m.records[6499].Hash
			m.reseal(6501)
		}, 6001, "departs from the checkpoint of 9000"},
		"after the newest": {func(m *made) { m.records[9499].Actor = "u_2"; m.reseal(9500) }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := base.copy()
			tc.f(m)
			if r := m.verify(t, nil, nil); !r.OK() {
				t.Fatalf("the chain alone found it: %v %v", r.Broken, r.Missing)
			}
			r := m.verify(t, nil, old)
			switch {
			case r.Broken != nil:
				t.Errorf("integrity: %v", r.Broken)
			case tc.missing == 0:
				if r.Missing != nil || r.Shown == nil || r.Shown.Size != 9000 {
					t.Errorf("%+v", r)
				}
			case r.Missing == nil || r.Missing.Seq != tc.missing || !strings.Contains(r.Missing.Why, tc.why) || r.Shown != nil:
				t.Errorf("missing %v, shown %v", r.Missing, r.Shown)
			}
		})
	}
}

func TestOwnCheckpoints(t *testing.T) {
	m := newLog(t, 100)
	own := []string{m.checkpoint(t, 50), m.checkpoint(t, 100)}
	cut := m.copy()
	cut.records = cut.records[:80]
	if r := cut.verify(t, own, nil); r.Broken == nil || r.Broken.Seq != 81 {
		t.Errorf("shorter than its own checkpoint: %v", r.Broken)
	}
	anew := m.copy()
	anew.records[9].Kind = "x"
	anew.reseal(10)
	if r := anew.verify(t, own, nil); r.Broken == nil || r.Broken.Seq != 50 {
		t.Errorf("other than its own checkpoint: %v", r.Broken)
	}
}

// Who takes over the host has the key too, and can make another: then the
// checkpoint that was kept isn't of this log.
func TestReplaced(t *testing.T) {
	m, other := newLog(t, 100), newLog(t, 100)
	if r := other.verify(t, nil, []string{m.checkpoint(t, 50)}); r.Missing == nil || !strings.Contains(r.Missing.Why, "isn't signed by this log's key") {
		t.Errorf("another key: %v", r.Missing)
	}
	r, err := Verify(each(m.records), Check{Key: m.public, Epoch: "OTHER", Size: -1, Against: []string{m.checkpoint(t, 50)}})
	if err != nil || r.Missing == nil || !strings.Contains(r.Missing.Why, "of another log") {
		t.Errorf("another epoch: %v, %v", r.Missing, err)
	}
	forged := strings.Replace(m.checkpoint(t, 50), "\n50\n", "\n51\n", 1)
	if r := m.verify(t, nil, []string{forged}); r.Missing == nil {
		t.Error("a changed checkpoint was taken")
	}
}

func TestErased(t *testing.T) {
	m := newLog(t, 100)
	tell := Record{Seq: 101, Kind: KindErased, Conversation: 3, Content: Content{Salt: NewSalt(), Event: "{}"}}
	tell.Seal(m.records[99].Hash)
	m.records = append(m.records, tell)
	before := m.checkpoint(t, 100)
	n := int64(0)
	for i := range m.records[:100] {
		if r := &m.records[i]; r.Conversation == 3 {
			r.Content = Content{}
			n++
		}
	}
	if r := m.verify(t, []string{m.checkpoint(t, 101)}, []string{before}); !r.OK() || r.Erased != n || n < 10 || r.Shown == nil {
		t.Errorf("%+v", r)
	}
	m.records[10].Content = Content{} // of another conversation
	if r := m.verify(t, nil, nil); r.Broken == nil || r.Broken.Seq != 11 || !strings.Contains(r.Broken.Why, "no later entry tells") {
		t.Errorf("blanked without a word: %v", r.Broken)
	}
}

func TestSize(t *testing.T) {
	m := newLog(t, 10)
	for size, want := range map[int64]int64{10: 0, 12: 11, 8: 9} {
		r, err := Verify(each(m.records), Check{Key: m.public, Epoch: epoch, Size: size})
		if err != nil || (want == 0) != (r.Broken == nil) || want > 0 && r.Broken.Seq != want {
			t.Errorf("size %d: %v, %v", size, r.Broken, err)
		}
	}
}

func TestCouldNotCheck(t *testing.T) {
	if _, err := Verify(each(nil), Check{Key: "frontdesk-log+1+2", Size: -1}); !errors.Is(err, errBadKey) {
		t.Errorf("bad key: %v", err)
	}
	m, broken := newLog(t, 3), errors.New("the disk is gone")
	_, err := Verify(func(yield func(Record, error) bool) { yield(Record{}, broken) }, Check{Key: m.public, Size: -1})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func (m *made) export(t testing.TB, notes ...string) []byte { return m.write(t, false, notes) }

func (m *made) write(t testing.TB, withheld bool, notes []string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, Header{Epoch: epoch, Key: m.public, Entries: int64(len(m.records)), Withheld: withheld})
	for _, n := range notes {
		err = errors.Join(err, w.Checkpoint(n))
	}
	for _, r := range m.records {
		err = errors.Join(err, w.Record(r))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func verifyFile(file []byte, against ...string) (Report, error) {
	x, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return Report{}, err
	}
	h := x.Header()
	return Verify(x.Records(), Check{Key: h.Key, Epoch: h.Epoch, Size: h.Entries, Own: x.Checkpoints(), Against: against, Withheld: h.Withheld})
}

func TestExport(t *testing.T) {
	m := newLog(t, 20)
	m.records[3].Content.Event = "{\"a\":\"\u2028<&>\"}"
	m.reseal(4)
	note := m.checkpoint(t, 20)
	x, err := NewReader(bytes.NewReader(m.export(t, note)))
	if err != nil {
		t.Fatal(err)
	}
	var got []Record
	for r, err := range x.Records() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if d := cmp.Diff(m.records, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{note}, x.Checkpoints()); d != "" {
		t.Error(d)
	}
}

// Whatever bit of an exported log is flipped, and wherever it is cut, the check
// says so; in a record it names the record.
func TestEveryByte(t *testing.T) {
	m := newLog(t, 200)
	everyByte(t, m.export(t, m.checkpoint(t, 100)), m.checkpoint(t, 200))
}

func everyByte(t *testing.T, file []byte, outside string) {
	t.Helper()
	if r, err := verifyFile(file, outside); err != nil || !r.OK() {
		t.Fatalf("%+v, %v", r, err)
	}
	firstRecord := bytes.Index(file, []byte(`{"seq":1,`))
	seqAt := make([]int64, len(file))
	for i, seq := firstRecord, int64(1); i < len(file); i++ {
		seqAt[i] = seq
		if file[i] == '\n' {
			seq++
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		i, bit := rapid.IntRange(0, len(file)-1).Draw(t, "byte"), rapid.IntRange(0, 7).Draw(t, "bit")
		bad := bytes.Clone(file)
		bad[i] ^= 1 << bit
		r, err := verifyFile(bad, outside)
		if err == nil && r.OK() {
			t.Fatalf("a flipped bit at %d wasn't found", i)
		}
		if i >= firstRecord && (r.Broken == nil || r.Broken.Seq != seqAt[i]) {
			t.Fatalf("a flipped bit in record %d was found as %v, %v", seqAt[i], r.Broken, err)
		}
		cut := rapid.IntRange(0, len(file)-1).Draw(t, "cut")
		if r, err := verifyFile(file[:cut], outside); err == nil && r.OK() {
			t.Fatalf("cut off at %d wasn't found", cut)
		}
	})
}

func TestStrictReader(t *testing.T) {
	m := newLog(t, 3)
	good := string(m.export(t))
	lines := strings.SplitAfter(good, "\n")
	for name, tc := range map[string]struct{ file, why string }{
		"space":           {lines[0] + lines[1] + " " + lines[2] + lines[3], "line 3 isn't a record"},
		"empty line":      {lines[0] + lines[1] + "\n" + lines[2], "line 3 isn't a record"},
		"another field":   {lines[0] + strings.Replace(lines[1], `{"seq"`, `{"x":1,"seq"`, 1), "line 2 isn't a record"},
		"field twice":     {lines[0] + strings.Replace(lines[1], `{"seq":1`, `{"seq":1,"seq":1`, 1), "line 2 isn't a record"},
		"CRLF":            {lines[0] + strings.Replace(lines[1], "\n", "\r\n", 1), "line 2 isn't a record"},
		"cut off":         {strings.TrimSuffix(good, "\n"), "line 4 is cut off"},
		"upper-case hex":  {lines[0] + strings.Replace(lines[1], m.hex(0), strings.ToUpper(m.hex(0)), 1), "line 2 has a hash"},
		"short hash":      {lines[0] + strings.Replace(lines[1], m.hex(0), m.hex(0)[2:], 1), "line 2 has a hash"},
		"checkpoint":      {lines[0] + `{"checkpoint":"x" }` + "\n", "line 2 isn't a checkpoint"},
		"late checkpoint": {good + `{"checkpoint":"x"}` + "\n", "line 5 isn't a record"},
	} {
		r, err := verifyFile([]byte(tc.file))
		if err != nil || r.Broken == nil || !strings.Contains(r.Broken.Why, tc.why) {
			t.Errorf("%s: %v, %v, want %q", name, r.Broken, err, tc.why)
		}
	}
	for _, file := range []string{"", "\n", "{}\n", "x", strings.Replace(lines[0], "log 1", "log 2", 1)} {
		if _, err := verifyFile([]byte(file)); err == nil || !strings.Contains(err.Error(), "no exported log") {
			t.Errorf("%q: %v", file, err)
		}
	}
	gone := io.MultiReader(strings.NewReader(lines[0]+lines[1]), failing{})
	x, err := NewReader(gone)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(x.Records(), Check{Key: m.public, Size: -1}); !errors.Is(err, errGone) {
		t.Errorf("a file that can't be read on: %v", err)
	}
}

func (m *made) hex(i int) string { return fmt.Sprintf("%x", m.records[i].Hash[:]) }

var errGone = errors.New("gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errGone }

// A checkpoint is found in whatever it was kept in.
func TestFindCheckpoints(t *testing.T) {
	m := newLog(t, 30)
	a, b := m.checkpoint(t, 10), m.checkpoint(t, 20)
	c, err := Open(b, m.public)
	if err != nil {
		t.Fatal(err)
	}
	logged, err := json.Marshal(map[string]string{"msg": "checkpoint", "checkpoint": c.Line()})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"notes":       {a + "\n" + b, []string{a, b}},
		"a note":      {a, []string{a}},
		"mail":        {"Dear me,\n\n" + strings.ReplaceAll(a, "\n", "\r\n") + "\nbye\n", []string{a}},
		"server log":  {"time=1 level=INFO msg=x\n" + string(logged) + "\ntime=2 checkpoint=" + c.Line() + " n=1\n", []string{b, b}},
		"none in it":  {"frontdesk log\n", nil},
		"nothing":     {"", nil},
		"half a note": {a[:40], nil},
	} {
		got, err := FindCheckpoints(strings.NewReader(tc.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if c.Size != 20 || c.Epoch != epoch || c.Hash != m.records[19].Hash || c.Time.Unix() != 1_700_000_000 {
		t.Errorf("%+v", c)
	}
}

// The bytes that are hashed are promised to whoever writes another verifier.
func TestCanonical(t *testing.T) {
	r := Record{Seq: 1, At: 2, Kind: "k", Actor: "a", Conversation: 3, Target: "t", Session: "s", Addr: "d",
		Content: Content{Salt: []byte("0123456789abcdef"), Event: "{}", Detail: "[]"}}
	r.Seal(Hash{1})
	if got, want := fmt.Sprintf("%x", r.ContentHash), "708634358cac0dd9c5ec7191c61ff2a80239a61046f52ce6c3389a784a6ec7bf"; got != want {
		t.Errorf("content hash %s", got)
	}
	if got, want := fmt.Sprintf("%x", r.Hash), "7597d5d8d4bfb576971f112e857add8439e418d8681eda9b7591f4145765e6ac"; got != want {
		t.Errorf("hash %s", got)
	}
}

func BenchmarkSeal(b *testing.B) {
	r := Record{Kind: "message.received", Content: Content{Salt: NewSalt(), Event: strings.Repeat("x", 800)}}
	for b.Loop() {
		r.Seal(r.Hash)
	}
}
