package safe_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func TestLineAndBody(t *testing.T) {
	tests := []struct {
		name, in   string
		line, body string
		tampered   bool
	}{
		{"ascii", "Asha K", "Asha K", "Asha K", false},
		{"empty", "", "", "", false},
		{"line-breaks", "a\nb\rc\r\nd\u0085e\u2028f\u2029g", "a b c d e f g", "a\nb\nc\nd\ne\nf\ng", false},
		{"form-feed", "a\fb\vc", "a b c", "a\nb\nc", true},
		{"tab", "a\tb", "a b", "a    b", false},
		{"c0", "a\x00\x07\x1b[31mb\x7f", "a␀␇␛[31mb␡", "a␀␇␛[31mb␡", true},
		{"c1-utf8", "a\u009b6nb", "a\ufffd6nb", "a\ufffd6nb", true},
		{"invalid-utf8", "a\xe2\x1b[6nb", "a\ufffd␛[6nb", "a\ufffd␛[6nb", true},
		{"nfc", "e\u0301", "é", "é", false},
		{"bidi-override", "pay \u202e001", "pay 001", "pay 001", true},
		{"direction-mark", "a\u200eb\u200fc\u061cd", "abcd", "abcd", false},
		{"soft-hyphen", "co\u00adop", "coop", "coop", false},
		{"zero-width-space", "ad\u200bmin", "admin", "admin", true},
		{"removal-joins-mark", "e\u200b\u0301", "é", "é", true},
		{"space-separators", "a\u00a0b\u3000c", "a b c", "a b c", false},
		{"filler", "a\u3164b\u2800c", "a b c", "a b c", true},
		{"private-use", "\ue0a0x", "\ufffdx", "\ufffdx", true},
		{"noncharacter", "a\uffffb", "a\ufffdb", "a\ufffdb", true},
		{"unassigned", "a\u0378b", "a\ufffdb", "a\ufffdb", true},
		{"new-emoji", "\U0001fae9", "\U0001fae9", "\U0001fae9", false},
		{"persian-zwnj", "می\u200cخواهم", "می\u200cخواهم", "می\u200cخواهم", false},
		{"sinhala-zwj", "ක\u0dca\u200dර", "ක\u0dca\u200dර", "ක\u0dca\u200dර", false},
		{"latin-zwj", "a\u200db", "ab", "ab", true},
		{"mark-without-base", "\u0301x \u0302", "\u25cc\u0301x \u25cc\u0302", "\u25cc\u0301x \u25cc\u0302", false},
		{"mark-flood", "Z" + strings.Repeat("\u0316", 30), "Z" + strings.Repeat("\u0316", 8), "Z" + strings.Repeat("\u0316", 8), true},
		{"jamo-run", "\u1100\u1100", "\u1100\ufffd", "\u1100\ufffd", true},
		{"jamo-syllable", "\u1112\u1161\u11ab", "한", "한", false},
		{"zwj-family", "👨\u200d👩\u200d👧", "👨", "👨\u200d👩\u200d👧", false},
		{"emoji-style", "❤\ufe0f", "❤", "❤\ufe0f", false},
		{"skin-tone", "👍🏿 ok", "👍 ok", "👍🏿 ok", false},
		{"skin-tone-alone", "🏿a🏿", "■a■", "■a■", false},
		{"skin-tone-after-selector", "☝\ufe0f🏽", "☝", "☝\ufe0f🏽", false},
		{"attached-letter", "\u0e33 \uff9e\uff76\uff9e", "\u25cc\u0e33 \u25cc\uff9e\uff76\uff9e", "\u25cc\u0e33 \u25cc\uff9e\uff76\uff9e", false},
		{"prepended-letter", "\u0d4e", "\ufffd", "\ufffd", true},
		{"keycap", "1\ufe0f\u20e3", "1", "1\ufe0f\u20e3", false},
		{"flag", "🇮🇳", "🇮🇳", "🇮🇳", false},
		{"half-flag", "🇮", "I", "🇮", false},
		{"tag-flag", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🏴", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", false},
		{"tag-flag-open", "🏴\U000e0067\U000e0062", "🏴", "🏴", true},
		{"tag-letters", "hi\U000e0068\U000e0069", "hi", "hi", true},
		{"selector-on-letter", "a\ufe0fb", "ab", "ab", true},
		{"keycap-mark-flood", "1\ufe0f\u20e3" + strings.Repeat("\u0316", 30), "1" + strings.Repeat("\u0316", 8), "1\ufe0f\u20e3" + strings.Repeat("\u0316", 6), true},
		{"zwj-without-end", strings.Repeat("👨\u200d", 12) + "👩", "👨👨", strings.Repeat("👨\u200d", 8) + "👨👨\u200d👨\u200d👨\u200d👩", true},
		{"conjunct-without-end", strings.Repeat("क\u094d", 20) + "x", strings.Repeat("क\u094d", 10) + "कx", strings.Repeat("क\u094d", 10) + "कx", true},
		{"emoji-then-mark", "👍🏿\u0301", "👍\u0301", "👍🏿\u0301", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line, body := safe.Line(tt.in), safe.Body(tt.in)
			if line.String() != tt.line {
				t.Errorf("Line = %+q, want %+q", line, tt.line)
			}
			if body.String() != tt.body {
				t.Errorf("Body = %+q, want %+q", body, tt.body)
			}
			if line.Tampered() != tt.tampered || body.Tampered() != tt.tampered {
				t.Errorf("Tampered = %v (line), %v (body), want %v", line.Tampered(), body.Tampered(), tt.tampered)
			}
		})
	}
}

func TestLongText(t *testing.T) {
	const limit = 64 << 10
	for _, unit := range []string{"x", "é", "你", "\x01", "e\u0316\u0317", "🇮🇳", "क\u094d", "👨\u200d👩\u200d👧 "} {
		in := strings.Repeat(unit, 200_000/len(unit))
		for kind, text := range map[string]safe.Text{"line": safe.Line(in), "body": safe.Body(in)} {
			s := text.String()
			if len(s) > limit || !strings.HasSuffix(s, "…") {
				t.Errorf("%s of %+q…: %d bytes, ends in %+q", kind, unit, len(s), s[len(s)-8:])
			}
		}
	}
	if got := safe.Line(strings.Repeat("x", limit)).String(); strings.HasSuffix(got, "…") {
		t.Error("a text of just the limit is cut")
	}
}

func TestOurIsNeverTampered(t *testing.T) {
	got := safe.Our("✓ 3 unread\x1b[2J")
	if got.Tampered() || got.String() != "✓ 3 unread␛[2J" {
		t.Errorf("Our = %+q, tampered %v", got, got.Tampered())
	}
}

func TestOrAndEmpty(t *testing.T) {
	phone := safe.Our("+44 20 7946 0000")
	for in, want := range map[string]string{
		"": phone.String(), "  ": phone.String(), "\u200b": phone.String(), "\u3164": phone.String(),
		"\n": phone.String(), "Asha": "Asha", "\u0301": "\u25cc\u0301",
	} {
		if got := safe.Line(in).Or(phone); got.String() != want {
			t.Errorf("Line(%+q).Or = %q, want %q", in, got, want)
		}
	}
	if !(safe.Text{}).Empty() {
		t.Error("the zero Text isn't empty")
	}
}

func TestJoinAndAdd(t *testing.T) {
	bad, good, sep := safe.Line("a\u200bb"), safe.Line("c"), safe.Our(", ")
	got := safe.Join(sep, good, bad, good)
	if got.String() != "c, ab, c" || !got.Tampered() {
		t.Errorf("Join = %q, tampered %v", got, got.Tampered())
	}
	if got := good.Add(sep); got.String() != "c, " || got.Tampered() {
		t.Errorf("Add = %q, tampered %v", got, got.Tampered())
	}
	if got := safe.Join(sep); got != (safe.Text{}) {
		t.Errorf("Join of nothing = %q", got)
	}
}

func TestRaw(t *testing.T) {
	if got, want := safe.Raw("a\x1b\u202eé\xff").String(), `"a\x1b\u202e\u00e9\xff"`; got != want {
		t.Errorf("Raw = %s, want %s", got, want)
	}
}

func TestFitAndCut(t *testing.T) {
	tests := []struct {
		in       string
		cols     int
		cut, fit string
	}{
		{"abc", 3, "abc", "abc"},
		{"abc", 5, "abc", "abc  "},
		{"abcd", 3, "ab…", "ab…"},
		{"abc", 1, "…", "…"},
		{"abc", 0, "", ""},
		{"abc", -1, "", ""},
		{"", 2, "", "  "},
		{"你好吗", 5, "你好…", "你好…"},
		{"你好吗", 4, "你…", "你… "},
		{"你", 1, "…", "…"},
		{"a\nb", 5, "a b", "a b  "},
		{"नमस्ते", 4, "नमस्ते", "नमस्ते"},
		{"e\u0316\u0317x", 2, "e\u0316\u0317x", "e\u0316\u0317x"},
	}
	for _, tt := range tests {
		text := safe.Body(tt.in)
		if got := text.Cut(tt.cols).String(); got != tt.cut {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.cols, got, tt.cut)
		}
		if got := text.Fit(tt.cols).String(); got != tt.fit {
			t.Errorf("Fit(%q, %d) = %q, want %q", tt.in, tt.cols, got, tt.fit)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		name, in string
		cols     int
		want     []string
	}{
		{"empty", "", 5, []string{""}},
		{"no-room", "abc", 0, nil},
		{"words", "the quick brown fox", 10, []string{"the quick", "brown fox"}},
		{"exact", "abcde fghij", 5, []string{"abcde", "fghij"}},
		{"hard-breaks", "a\n\nb\n", 5, []string{"a", "", "b", ""}},
		{"long-word", "see https://example.com/abc ok", 10, []string{"see", "https://ex", "ample.com/", "abc ok"}},
		{"inner-spaces", "a  b   c", 8, []string{"a  b   c"}},
		{"indent", "  a b", 5, []string{"  a b"}},
		{"indent-too-wide", strings.Repeat(" ", 40) + "x", 5, []string{"x"}},
		{"spaces-at-break", "abc     def", 5, []string{"abc", "def"}},
		{"only-spaces", "        ", 5, []string{""}},
		{"wide", "你好世界", 5, []string{"你好", "世界"}},
		{"wide-beside-words", "ab 你好", 5, []string{"ab 你", "好"}},
		{"wide-in-one-column", "你a", 1, []string{"…", "a"}},
		{"wide-after-word", "ab你好", 4, []string{"ab你", "好"}},
		{"marks", "e\u0316e\u0316e\u0316", 2, []string{"e\u0316e\u0316", "e\u0316"}},
		{"zwj-wider-than-row", "👨\u200d👩\u200d👧 x", 4, []string{"… x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, row := range safe.Body(tt.in).Wrap(tt.cols) {
				got = append(got, row.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestModels(t *testing.T) {
	family := safe.Body("👨\u200d👩\u200d👧\nab")
	if got := safe.Wcwidth.Width(family); got != 6 {
		t.Errorf("by code points the family takes %d columns, want 6", got)
	}
	if got := safe.Graphemes.Width(family); got != 2 {
		t.Errorf("by clusters the family takes %d columns, want 2", got)
	}
	for v, want := range map[ansi.ModeSetting]safe.Model{
		ansi.ModeNotRecognized: safe.Wcwidth, ansi.ModePermanentlyReset: safe.Wcwidth,
		ansi.ModeSet: safe.Graphemes, ansi.ModeReset: safe.Graphemes, ansi.ModePermanentlySet: safe.Graphemes,
	} {
		if got := safe.ModelFor(v); got != want {
			t.Errorf("ModelFor(%d) = %d, want %d", v, got, want)
		}
	}
}
