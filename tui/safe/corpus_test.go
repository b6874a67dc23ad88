package safe_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// hostile is one string of the corpus, with the properties that what is made
// of it must have.
type hostile struct {
	ID       string   `json:"id"`
	Category string   `json:"category"`
	Where    []string `json:"where"`
	String   string   `json:"string"`
	B64      string   `json:"b64"`
	Property []string `json:"property"`
}

func (h hostile) has(property string) bool { return slices.Contains(h.Property, property) }

func corpus(t testing.TB) []hostile {
	t.Helper()
	data, err := os.ReadFile("testdata/hostile-strings.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Strings []hostile }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Strings) < 400 {
		t.Fatalf("corpus has %d strings", len(file.Strings))
	}
	for i, h := range file.Strings {
		if h.B64 == "" {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(h.B64)
		if err != nil {
			t.Fatalf("%s: %v", h.ID, err)
		}
		file.Strings[i].String = string(raw)
	}
	return file.Strings
}

// faults returns what is wrong with s as a text fit to print.
func faults(s string, rows bool) []string {
	var found []string
	add := func(property string) {
		if !slices.Contains(found, property) {
			found = append(found, property)
		}
	}
	if !utf8.ValidString(s) {
		add("valid-utf8")
	}
	if len(s) > 64<<10 {
		add("bounded-size")
	}
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case r == '\n' && rows:
		case r < 0x20 || r == 0x7f:
			add("no-c0")
		case r >= 0x80 && r < 0xa0:
			add("no-c1")
		case unicode.Is(unicode.Bidi_Control, r):
			add("no-bidi-ctl")
		case r != ' ' && unicode.Is(unicode.Z, r):
			add("spaces")
		case unicode.In(r, unicode.Co, unicode.Cs, unicode.Noncharacter_Code_Point):
			add("no-private-use")
		case unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			if !belongs(runes, i, rows) {
				add("no-invisible")
			}
		}
	}
	return append(found, clusterFaults(s)...)
}

// belongs reports whether the invisible character i is needed by its
// neighbours: part of an emoji, or a joiner between letters.
func belongs(rs []rune, i int, rows bool) bool {
	if i == 0 {
		return false
	}
	before, after := rs[i-1], rune(0)
	if i+1 < len(rs) {
		after = rs[i+1]
	}
	if (rs[i] == 0x200c || rs[i] == 0x200d) && before > 0x600 && unicode.In(before, unicode.L, unicode.M) && unicode.IsLetter(after) {
		return true
	}
	if !rows {
		return false
	}
	switch {
	case rs[i] == 0xfe0e, rs[i] == 0xfe0f:
		return unicode.In(before, unicode.S, unicode.P, unicode.Nd) || before == 0x2139 || before >= 0x1f000
	case rs[i] == 0x200d:
		return (before >= 0x2000 || before == 0xfe0f) && unicode.In(after, unicode.S, unicode.P) || after >= 0x1f000
	}
	return rs[i] >= 0xe0030 && rs[i] <= 0xe007f && (before == 0x1f3f4 || before >= 0xe0030)
}

func clusterFaults(s string) []string {
	marks := 0
	for i, r := range s {
		if unicode.Is(unicode.M, r) && r != 0xfe0e && r != 0xfe0f {
			marks++
		} else {
			marks = 0
		}
		if marks > 8 || marks == 1 && i == 0 {
			return []string{"marks-capped"}
		}
	}
	for len(s) > 0 {
		c, _ := ansi.FirstGraphemeCluster(s, ansi.WcWidth)
		if len(c) > 64 {
			return []string{"marks-capped"}
		}
		s = s[len(c):]
	}
	return nil
}

func TestCorpusLine(t *testing.T) {
	for _, h := range corpus(t) {
		line := safe.Line(h.String)
		check(t, h, "line", line, false)
		if strings.Contains(line.String(), "\n") {
			t.Errorf("%s: row-count: line has a line break: %+q", h.ID, line)
		}
		if again := safe.Line(line.String()); again.String() != line.String() {
			t.Errorf("%s: line changes when cleaned again:\n%+q\n%+q", h.ID, line, again)
		}
		for _, cols := range []int{1, 2, 3, 24, 80} {
			for _, m := range []safe.Model{safe.Wcwidth, safe.Graphemes} {
				if got := m.Width(m.Fit(line, cols)); got != cols {
					t.Errorf("%s: row-width: model %d fits %d columns as %d: %+q", h.ID, m, cols, got, m.Fit(line, cols))
				}
			}
		}
	}
}

func TestCorpusBody(t *testing.T) {
	for _, h := range corpus(t) {
		body := safe.Body(h.String)
		check(t, h, "body", body, true)
		if again := safe.Body(body.String()); again.String() != body.String() {
			t.Errorf("%s: body changes when cleaned again:\n%+q\n%+q", h.ID, body, again)
		}
		for _, cols := range []int{1, 2, 3, 24, 80} {
			for _, m := range []safe.Model{safe.Wcwidth, safe.Graphemes} {
				for _, row := range m.Wrap(body, cols) {
					if m.Width(row) > cols || strings.Contains(row.String(), "\n") {
						t.Errorf("%s: row-width: model %d wraps to %d columns as %+q", h.ID, m, cols, row)
					}
				}
			}
		}
	}
}

func check(t *testing.T, h hostile, kind string, text safe.Text, rows bool) {
	t.Helper()
	for _, f := range faults(text.String(), rows) {
		t.Errorf("%s: %s: %s: %+q", h.ID, kind, f, text)
	}
	if h.has("tamper-mark") && !text.Tampered() {
		t.Errorf("%s: %s: tamper-mark: %+q", h.ID, kind, text)
	}
	if text.Or(safe.Our("<empty>")).Empty() {
		t.Errorf("%s: %s: not-blank", h.ID, kind)
	}
	if (h.has("bounded-time") || h.has("bounded-size")) && len(text.String()) > max(64, 4*len(h.String)) {
		t.Errorf("%s: %s: bounded-time: %d bytes became %d", h.ID, kind, len(h.String), len(text.String()))
	}
	if raw := safe.Raw(h.String).String(); len(faults(raw[:min(len(raw), 64<<10)], false)) > 0 {
		t.Errorf("%s: raw view is not fit to print", h.ID)
	}
}

// TestLineEmojiWidth shows that both ways to count columns agree on a line of
// emoji, so that it doesn't matter which one a terminal uses.
func TestLineEmojiWidth(t *testing.T) {
	for _, h := range corpus(t) {
		if h.Category != "width-emoji" {
			continue
		}
		line := safe.Line(h.String)
		if wc, gr := safe.Wcwidth.Width(line), safe.Graphemes.Width(line); wc != gr {
			t.Errorf("%s: %d columns by code points, %d by clusters: %+q", h.ID, wc, gr, line)
		}
	}
}
