package chain

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func (m *made) withhold(t testing.TB, notes ...string) []byte { return m.write(t, true, notes) }

// A log whose contents are withheld verifies, and nothing of them is in it, nor
// the salt, by which a short one could be found by trying.
func TestWithheld(t *testing.T) {
	m := newLog(t, 50)
	m.records[3].Content.Event = `{"text":"my allergy"}`
	m.records[3].Content.Detail = `{"reason":"my allergy"}`
	m.reseal(4)
	outside := m.checkpoint(t, 40)
	file := m.withhold(t, m.checkpoint(t, 50))
	for _, word := range []string{"allergy", `"event"`, `"detail"`, `"salt"`} {
		if bytes.Contains(file, []byte(word)) {
			t.Errorf("%s is in the file", word)
		}
	}
	r, err := verifyFile(file, outside)
	if err != nil || !r.OK() || !r.Withheld || r.Entries != 50 || r.Erased != 0 || r.Own != 1 || r.Shown == nil || r.Shown.Size != 40 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := verifyFile(m.export(t), outside); err != nil || !r.OK() || r.Withheld {
		t.Errorf("with its contents: %+v, %v", r, err)
	}
}

// Which contents were erased can't be told, and needs no account.
func TestWithheldErasure(t *testing.T) {
	m := newLog(t, 50)
	m.records[9].Content = Content{}
	if r, err := verifyFile(m.export(t)); err != nil || r.Broken == nil {
		t.Fatalf("blanked without a word: %+v, %v", r, err)
	}
	if r, err := verifyFile(m.withhold(t)); err != nil || !r.OK() || r.Erased != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWithheldEveryByte(t *testing.T) {
	m := newLog(t, 200)
	everyByte(t, m.withhold(t, m.checkpoint(t, 100)), m.checkpoint(t, 200))
}

// Somebody who can't sign changes one thing.
func TestWithheldTampered(t *testing.T) {
	base := newLog(t, 100)
	const at = 47
	change := func(f func(r *Record)) func(*made) { return func(m *made) { f(&m.records[at-1]) } }
	for name, tc := range map[string]struct {
		f   func(*made)
		bad int64
	}{
		"number":         {change(func(r *Record) { r.Seq++ }), at},
		"time":           {change(func(r *Record) { r.At++ }), at},
		"kind":           {change(func(r *Record) { r.Kind = "note.added" }), at},
		"actor":          {change(func(r *Record) { r.Actor = "u_2" }), at},
		"conversation":   {change(func(r *Record) { r.Conversation++ }), at},
		"target":         {change(func(r *Record) { r.Target = "" }), at},
		"session":        {change(func(r *Record) { r.Session = "x" }), at},
		"address":        {change(func(r *Record) { r.Addr = "" }), at},
		"content hash":   {change(func(r *Record) { r.ContentHash[5] ^= 1 }), at},
		"content length": {change(func(r *Record) { r.ContentLength++ }), at},
		"link":           {change(func(r *Record) { r.Prev[0] ^= 1 }), at},
		"hash":           {change(func(r *Record) { r.Hash[31] ^= 1 }), at},
		"sealed anew":    {change(func(r *Record) { r.Actor = "u_2"; r.Hash = r.Sum() }), at + 1},
		"deleted":        {func(m *made) { m.records = slices.Delete(m.records, at-1, at) }, at},
		"put in twice":   {func(m *made) { m.records = slices.Insert(m.records, at, m.records[at-1]) }, at + 1},
		"reordered":      {func(m *made) { m.records[at-1], m.records[at] = m.records[at], m.records[at-1] }, at},
		"cut":            {func(m *made) { m.records = m.records[:at-1] }, at},
	} {
		t.Run(name, func(t *testing.T) {
			m := base.copy()
			tc.f(m)
			r, err := verifyFile(m.withhold(t), base.checkpoint(t, 100))
			if bad := r.Broken; name == "cut" && bad == nil {
				r.Broken = r.Missing // the header was cut to fit: only the checkpoint tells
			}
			if err != nil || r.Broken == nil || r.Broken.Seq != tc.bad {
				t.Errorf("broken %v, %v, want %d", r.Broken, err, tc.bad)
			}
		})
	}
}

// What a header says of the contents has to be so.
func TestWithheldOrNot(t *testing.T) {
	m := newLog(t, 20)
	const said = `,"withheld":true`
	without := m.withhold(t)
	r, err := verifyFile(bytes.Replace(without, []byte(said), nil, 1))
	if err != nil || r.Broken == nil || r.Broken.Seq != 1 || !strings.Contains(r.Broken.Why, "its content is gone") {
		t.Errorf("said to have contents: %+v, %v", r, err)
	}
	for name, c := range map[string]Content{"whole": m.records[6].Content, "half": {Event: "{}"}, "salt": {Salt: NewSalt()}} {
		var file bytes.Buffer
		w, err := NewWriter(&file, Header{Epoch: epoch, Key: m.public, Entries: 20, Withheld: true})
		for _, r := range m.records {
			if w.withheld = r.Seq != 7; !w.withheld {
				r.Content = c
			}
			err = errors.Join(err, w.Record(r))
		}
		r, err2 := verifyFile(file.Bytes())
		if err != nil || err2 != nil || r.Broken == nil || r.Broken.Seq != 7 || !strings.Contains(r.Broken.Why, "contents are withheld") {
			t.Errorf("one content is there, %s: %+v, %v, %v", name, r, err, err2)
		}
	}
}
