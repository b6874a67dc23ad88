package safe_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func FuzzLine(f *testing.F) {
	for _, h := range corpus(f) {
		f.Add(h.String, 24)
	}
	f.Fuzz(func(t *testing.T, s string, cols int) {
		cols = cols & 127
		line := safe.Line(s)
		if found := faults(line.String(), false); len(found) > 0 {
			t.Fatalf("%v: %+q became %+q", found, s, line)
		}
		if again := safe.Line(line.String()); again.String() != line.String() {
			t.Fatalf("not stable: %+q became %+q, then %+q", s, line, again)
		}
		for _, m := range []safe.Model{safe.Wcwidth, safe.Graphemes} {
			if fit := m.Fit(line, cols); m.Width(fit) != cols {
				t.Fatalf("model %d fits %+q to %d columns as %d: %+q", m, line, cols, m.Width(fit), fit)
			} else if !stands(fit.String()) {
				t.Fatalf("%+q would swallow a border", fit)
			}
		}
	})
}

// stands reports whether a row keeps to itself: no cluster of it reaches into
// a border on its left or right.
func stands(row string) bool {
	const border = "│"
	first, last := "", ""
	for rest := border + row + border; len(rest) > 0; rest = rest[len(last):] {
		last, _ = ansi.FirstGraphemeCluster(rest, ansi.WcWidth)
		if first == "" {
			first = last
		}
	}
	return first == border && last == border
}

func FuzzBody(f *testing.F) {
	for _, h := range corpus(f) {
		f.Add(h.String, 24)
	}
	f.Fuzz(func(t *testing.T, s string, cols int) {
		cols = 1 + cols&127
		body := safe.Body(s)
		if found := faults(body.String(), true); len(found) > 0 {
			t.Fatalf("%v: %+q became %+q", found, s, body)
		}
		if again := safe.Body(body.String()); again.String() != body.String() {
			t.Fatalf("not stable: %+q became %+q, then %+q", s, body, again)
		}
		for _, m := range []safe.Model{safe.Wcwidth, safe.Graphemes} {
			wrapKeepsText(t, m, body, cols)
		}
	})
}

// wrapKeepsText checks the width of the rows and, where no cluster is wider
// than a row, that they hold all the text but spaces.
func wrapKeepsText(t *testing.T, m safe.Model, body safe.Text, cols int) {
	t.Helper()
	var all strings.Builder
	for _, row := range m.Wrap(body, cols) {
		if w := m.Width(row); w > cols {
			t.Fatalf("model %d wraps %+q to %d columns with a row of %d: %+q", m, body, cols, w, row)
		}
		if !stands(row.String()) {
			t.Fatalf("%+q would swallow a border", row)
		}
		all.WriteString(row.String())
	}
	bare := strings.NewReplacer(" ", "", "\n", "")
	if got, want := bare.Replace(all.String()), bare.Replace(body.String()); cols >= 64 && got != want {
		t.Fatalf("model %d wraps %+q to %d columns as %+q", m, body, cols, all.String())
	}
}

func FuzzGuard(f *testing.F) {
	for _, in := range honestKeys() {
		f.Add([]byte(in), uint64(0))
		f.Add([]byte(in), uint64(0x5555555555555555))
	}
	for _, h := range corpus(f) {
		f.Add([]byte(h.String), uint64(1)<<7|1<<3)
	}
	many := strings.Repeat(";1", 40)
	for _, in := range []string{
		"\x1b[1" + many + "m", "\x1b[<1" + many + "M", "\x1bP1" + many + "|\x1b\\", "\x1b\x1b[1" + many + "m",
		"\x1b]0;\xe2\x9c\x9b1" + many + "m\x07", "\x1b[Mab\xc9\x9b1" + many, "\x1b( [1" + many + "m",
		"\x1b\x1b[1" + many + "m[1" + many + "m",
	} {
		f.Add([]byte(in), uint64(0))
		f.Add([]byte(in), uint64(0x1234))
	}
	f.Fuzz(func(t *testing.T, in []byte, cuts uint64) {
		out, err := io.ReadAll(safe.NewGuard(&chunks{in: in, cuts: cuts}))
		if err != nil || len(out) > len(in) {
			t.Fatalf("%d bytes became %d, %v", len(in), len(out), err)
		}
		var d uv.EventDecoder
		for rest := out; len(rest) > 0; {
			n, _ := d.Decode(rest)
			if n <= 0 {
				break
			}
			rest = rest[n:]
		}
		stream(t, out)
	})
}

// stream feeds keys through the whole reader that Bubble Tea uses.
func stream(t *testing.T, keys []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	events := make(chan uv.Event)
	done := make(chan error, 1)
	go func() {
		done <- uv.NewTerminalReader(bytes.NewReader(keys), "xterm-256color").StreamEvents(ctx, events)
	}()
	for {
		select {
		case <-events:
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		case <-ctx.Done():
			t.Fatal("the reader does not come to an end")
		}
	}
}

// chunks reads in pieces whose sizes are taken from cuts, a bit for a byte.
type chunks struct {
	in   []byte
	cuts uint64
	bit  int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := 1
	for n < len(c.in) && n < len(p) && c.cuts>>(c.bit%64)&1 == 0 {
		n++
		c.bit++
	}
	c.bit++
	copy(p, c.in[:n])
	c.in = c.in[n:]
	return n, nil
}
