package safe_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// guarded returns what a guard lets through of the chunks, which it reads one
// at a time, and how many pastes it cut.
func guarded(t testing.TB, chunks ...string) (string, int) {
	t.Helper()
	readers := make([]io.Reader, len(chunks))
	for i, c := range chunks {
		readers[i] = strings.NewReader(c)
	}
	g := safe.NewGuard(io.MultiReader(readers...))
	out, err := io.ReadAll(g)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), g.Cuts()
}

func honestKeys() map[string]string {
	return map[string]string{
		"text":             "hello é 你好 👍🏿 \t\r\n\x7f\x08",
		"control-keys":     "\x00\x01\x03\x04\x1a\x1c\x1f",
		"escape":           "\x1b",
		"escape-twice":     "\x1b\x1b",
		"alt-letter":       "\x1ba\x1bé\x1b\x7f\x1b\r",
		"alt-bracket":      "\x1b[",
		"alt-introducers":  "\x1bO\x1bP\x1b]\x1b_\x1b^\x1bX\x1b(",
		"escape-then-text": "\x1bPlease wait; é: 1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18",
		"arrows":           "\x1b[A\x1b[1;5D\x1bOB\x1b\x1b[C",
		"function-keys":    "\x1bOP\x1b[15~\x1b[24;2~\x1b[3$\x1b[7^\x1b[8@",
		"kitty-keyboard":   "\x1b[97;5u\x1b[97:65:97;2:3;65u\x1b[?1u\x1b[57441;2u\x1b[1;1:3A",
		"modify-other":     "\x1b[27;5;13~",
		"sgr-mouse":        "\x1b[<0;10;20M\x1b[<64;132;50m",
		"x10-mouse":        "\x1b[M !!",
		"focus":            "\x1b[I\x1b[O",
		"reports":          "\x1b[?62;22;52c\x1b[>1;4600;0c\x1b[24;80R\x1b[?2027;2$y\x1b[48;24;80;480;800t",
		"device-attrs":     "\x1b[?65;1;2;4;6;9;15;16;17;18;21;22;28;29;314c",
		"colour-report":    "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\\x1b]10;rgb:ff/ff/ff\x07",
		"clipboard":        "\x1b]52;c;aGVsbG8=\x07",
		"version":          "\x1bP>|kitty(0.40.0)\x1b\\",
		"termcap":          "\x1bP1+r5463=38\x1b\\",
		"graphics-reply":   "\x1b_Gi=31;OK\x1b\\",
		"paste":            "\x1b[200~two\nlines é;;;;;;;;;;;;;;;;;;;;;;\x1b[201~x",
		"paste-empty":      "\x1b[200~\x1b[201~",
	}
}

func TestGuardPassesHonestKeys(t *testing.T) {
	for name, in := range honestKeys() {
		t.Run(name, func(t *testing.T) {
			if got, cuts := guarded(t, in); got != in || cuts != 0 {
				t.Errorf("whole: %q became %q, %d cuts", in, got, cuts)
			}
			if got, _ := guarded(t, strings.Split(in, "")...); got != in {
				t.Errorf("by characters: %q became %q", in, got)
			}
			for i := range in {
				if got, _ := guarded(t, in[:i], in[i:]); got != in {
					t.Errorf("split at %d: %q became %q", i, in, got)
				}
			}
			got, err := io.ReadAll(iotest.OneByteReader(safe.NewGuard(iotest.OneByteReader(strings.NewReader(in)))))
			if err != nil || string(got) != in {
				t.Errorf("by bytes: %q became %q, %v", in, got, err)
			}
		})
	}
}

func TestGuardLimits(t *testing.T) {
	many := func(n int, sep string) string { return "1" + strings.Repeat(sep+"1", n) }
	long := strings.Repeat("A", 64<<10)
	tests := []struct {
		name   string
		chunks []string
		want   string
	}{
		{"csi-many-parameters", []string{"a\x1b[" + many(40, ";") + "mb"}, "ab"},
		{"csi-many-subparameters", []string{"a\x1b[" + many(40, ":") + "mb"}, "ab"},
		{"sgr-mouse-many-parameters", []string{"a\x1b[<" + many(40, ";") + "Mb"}, "ab"},
		{"csi-most-parameters", []string{"\x1b[" + many(16, ";") + "m"}, "\x1b[" + many(16, ";") + "m"},
		{"csi-many-parameters-in-pieces", []string{"\x1b[1;", many(40, ";") + "mb"}, "\x1b[1;" + many(15, ";") + "mb"},
		{"csi-many-parameters-after-escape", []string{"\x1b", "[" + many(40, ";") + "m"}, "\x1b[" + many(16, ";") + "m"},
		{"csi-many-parameters-resumed", []string{"\x1b[" + many(16, ";") + "\xff" + many(40, ";") + "m"}, ""},
		{"csi-after-dropped-byte", []string{"\x1b\xff[" + many(40, ";") + "m"}, ""},
		{"csi-after-half-character", []string{"\xe2\x1b[" + many(40, ";") + "mb"}, "b"},
		{"text-after-escape-and-dropped-csi", []string{"\x1b\x1b[" + many(40, ";") + "m[" + many(40, ";")}, "\x1b[" + many(16, ";") + strings.Repeat("1", 24)},
		{"csi-long", []string{"a\x1b[" + strings.Repeat("1", 300) + "mb"}, "ab"},
		{"dcs-many-parameters", []string{"a\x1bP" + many(40, ";") + "|x\x1b\\b"}, "ab"},
		{"string-long", []string{"\x1b]0;" + long + "AAAA\x07b"}, "\x1b]0;" + long[:len(long)-2] + "\x07b"},
		{"c1-bytes", []string{"a\x9b6n\x90\x80b"}, "a6nb"},
		{"c1-utf8", []string{"a\u009b6nb"}, "a6nb"},
		{"invalid-utf8", []string{"a\xff\xc3b\xed\xa0\x80c"}, "abc"},
		{"character-after-half-of-one", []string{"\xc3é\xe4\xbdé\xe4a\xbd\xa0"}, "ééa"},
		{"utf8-in-pieces", []string{"\xe4", "\xbd", "\xa0"}, "你"},
		{"paste-end-alone", []string{"a\x1b[201~b"}, "ab"},
		{"paste-with-keys", []string{"\x1b[200~a\x1b[31mb\x1b[A\x1b\x1b[201~c"}, "\x1b[200~a[31mb[A\x1b[201~c"},
		{"paste-many-parameters", []string{"\x1b[200~\x1b[" + many(40, ";") + "m\x1b[201~"}, "\x1b[200~[" + many(40, ";") + "m\x1b[201~"},
		{"paste-end-in-pieces", []string{"\x1b[20", "0~a\x1b", "[2", "01", "~b"}, "\x1b[200~a\x1b[201~b"},
		{"paste-almost-end", []string{"\x1b[200~a\x1b[20\x1b[201~b"}, "\x1b[200~a[20\x1b[201~b"},
		{"paste-c1-end", []string{"\x1b[200~a\u009b201~b\x1b[201~"}, "\x1b[200~a201~b\x1b[201~"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := guarded(t, tt.chunks...); got != tt.want {
				t.Errorf("got  %q\nwant %q", short(got), short(tt.want))
			}
		})
	}
}

func short(s string) string {
	if len(s) > 400 {
		return s[:200] + "…" + s[len(s)-200:]
	}
	return s
}

func TestGuardCutsPaste(t *testing.T) {
	const limit = 64 << 10
	text := strings.Repeat("é", limit) // twice the limit
	got, cuts := guarded(t, "\x1b[200~"+text+"\x1b[201~q\x1b[200~short\x1b[201~")
	want := "\x1b[200~" + text[:limit] + "\x1b[201~q\x1b[200~short\x1b[201~"
	if got != want {
		t.Errorf("got %d bytes, want %d: %q", len(got), len(want), short(got))
	}
	if cuts != 1 {
		t.Errorf("Cuts = %d, want 1", cuts)
	}
}

// TestGuardIsPrompt reads key by key from a pipe: every one must arrive before
// the next is sent.
func TestGuardIsPrompt(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	g := safe.NewGuard(r)
	buf := make([]byte, 64)
	for _, key := range []string{"q", "\x1b", "\x1b[", "A", "\x1b[1", ";5D", "\x1bP", "x", "é", "\x1b"} {
		go io.WriteString(w, key)
		n, err := g.Read(buf)
		if err != nil || string(buf[:n]) != key {
			t.Fatalf("sent %q, read %q, %v", key, buf[:n], err)
		}
	}
}

func TestGuardError(t *testing.T) {
	g := safe.NewGuard(iotest.DataErrReader(strings.NewReader("ab")))
	buf := make([]byte, 1)
	var got bytes.Buffer
	for {
		n, err := g.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			if err != io.EOF || got.String() != "ab" {
				t.Errorf("read %q, then %v", got.String(), err)
			}
			return
		}
	}
}
