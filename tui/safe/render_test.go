package safe_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

const column = 24 // the width of the text column in the tests' frames

// frame draws the strings between two borders: as a line, and the first rows
// of a body.
func frame(m safe.Model, strs []hostile) string {
	var b strings.Builder
	for _, h := range strs {
		fmt.Fprintf(&b, "│%s│\n", m.Fit(safe.Line(h.String), column))
		rows := m.Wrap(safe.Body(h.String), column)
		for _, row := range rows[:min(3, len(rows))] {
			fmt.Fprintf(&b, "│%s│\n", m.Fit(row, column))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestBorderStays draws the corpus as Bubble Tea's renderer does, in both of
// its width models, and looks for the right border in its column.
func TestBorderStays(t *testing.T) {
	methods := map[safe.Model]ansi.Method{safe.Wcwidth: ansi.WcWidth, safe.Graphemes: ansi.GraphemeWidth}
	for model, method := range methods {
		for _, h := range corpus(t) {
			content := frame(model, []hostile{h})
			screen := uv.NewScreenBuffer(column+12, strings.Count(content, "\n")+1)
			screen.Method = method
			uv.NewStyledString(content).Draw(screen, screen.Bounds())
			for y := range screen.Height() {
				for x, want := range map[int]string{0: "│", column + 1: "│", column + 2: " "} {
					if cell := screen.CellAt(x, y); cell == nil || cell.Content != want {
						t.Errorf("%s: model %d, row %d: column %d holds %v, want %q", h.ID, model, y, x, cell, want)
					}
				}
			}
		}
	}
}

// ownSequence is what Bubble Tea writes of itself in these tests: style,
// cursor movement, erasing, repeating, scrolling, and its modes.
var ownSequence = regexp.MustCompile(`^\x1b(\[[?>=<]?[0-9;]*[ABCDGHJKLMPSTXbdhlmru@]|M)`)

// TestTerminalOutput runs a Bubble Tea program that shows the whole corpus and
// reads what it writes to the terminal.
func TestTerminalOutput(t *testing.T) {
	content := frame(safe.Wcwidth, corpus(t))
	var out bytes.Buffer
	p := tea.NewProgram(still(content), tea.WithInput(nil), tea.WithOutput(&out), tea.WithoutSignals(),
		tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithWindowSize(column+12, strings.Count(content, "\n")+1))
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if shown := strings.Count(out.String(), "│"); shown < 2*strings.Count(content, "\n") {
		t.Fatalf("the program drew %d borders only", shown)
	}
	for rest := out.Bytes(); len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == 0x1b:
			own := ownSequence.Find(rest)
			if own == nil {
				t.Fatalf("foreign sequence: %q", rest[:min(40, len(rest))])
			}
			n = len(own)
		case r < 0x20 && r != '\n' && r != '\r' && r != '\b' && r != '\t':
			t.Errorf("control byte %#x", r)
		case r >= 0x7f && r < 0xa0, r == utf8.RuneError && n == 1:
			t.Errorf("C1 control or invalid UTF-8: %q", rest[:n])
		}
		rest = rest[n:]
	}
}

// still is a program that shows itself and ends.
type still string

func (s still) Init() tea.Cmd                       { return tea.Quit }
func (s still) Update(tea.Msg) (tea.Model, tea.Cmd) { return s, nil }
func (s still) View() tea.View                      { return tea.NewView(string(s)) }

func BenchmarkLineASCII(b *testing.B) {
	const name = "Asha Krishnamurthy, Pune (MH) "
	for b.Loop() {
		safe.Line(name)
	}
}

func BenchmarkLineHindi(b *testing.B) {
	for b.Loop() {
		safe.Line("नमस्ते दुनिया")
	}
}

func BenchmarkFit(b *testing.B) {
	name := safe.Line("Asha Krishnamurthy, Pune (MH) ")
	for b.Loop() {
		name.Fit(24)
	}
}

func bodies() map[string]string {
	return map[string]string{
		"ascii": strings.Repeat("the quick brown fox ", 3277)[:64<<10],
		"mixed": strings.Repeat("नमस्ते 你好 👍🏿 fox\n", 2000),
		"marks": "a" + strings.Repeat("\u0316", 32<<10),
		"word":  strings.Repeat("x", 64<<10),
		"c0":    strings.Repeat("\x1b[", 32<<10),
		"conj":  strings.Repeat("क\u094d", 11000),
		"zwj":   strings.Repeat("👨\u200d", 9000),
	}
}

func BenchmarkBody64K(b *testing.B) {
	for name, s := range bodies() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				safe.Body(s)
			}
		})
	}
}

func BenchmarkWrap64K(b *testing.B) {
	for name, s := range bodies() {
		body := safe.Body(s)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				body.Wrap(60)
			}
		})
	}
}

func BenchmarkGuard64K(b *testing.B) {
	in := "\x1b[200~" + strings.Repeat("the quick brown é", 3600) + "\x1b[201~"
	buf := make([]byte, 4096)
	for b.Loop() {
		g := safe.NewGuard(strings.NewReader(in))
		for {
			if _, err := g.Read(buf); err != nil {
				break
			}
		}
	}
}
