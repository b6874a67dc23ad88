// Package glass is a terminal for tests: a program draws on it, and the test
// reads what a person would see.
package glass

import (
	"context"
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/vt"
)

// Glass is a terminal of some size. Its methods may be called from any
// goroutine.
type Glass struct {
	mu      sync.Mutex
	term    *vt.Emulator
	changed chan struct{} // closed and replaced with everything that is drawn
}

// New returns an empty terminal.
func New(cols, rows int) *Glass {
	return &Glass{term: vt.NewEmulator(cols, rows), changed: make(chan struct{})}
}

// Write draws. It never fails.
func (g *Glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, err := g.term.Write(p)
	close(g.changed)
	g.changed = make(chan struct{})
	return n, err
}

// Read returns what the terminal answers to the program's questions. Somebody
// has to read it, or Write waits.
func (g *Glass) Read(p []byte) (int, error) { return g.term.Read(p) }

// Close ends Read.
func (g *Glass) Close() error {
	if p, ok := g.term.InputPipe().(io.Closer); ok {
		return p.Close()
	}
	return nil
}

// Resize changes the size; telling the program is the caller's.
func (g *Glass) Resize(cols, rows int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.term.Resize(cols, rows)
}

// Text is what the terminal shows, row by row, without colours.
func (g *Glass) Text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text()
}

func (g *Glass) text() string {
	var b strings.Builder
	for y := range g.term.Height() {
		for x := 0; x < g.term.Width(); {
			c := g.term.CellAt(x, y)
			if c == nil || c.Content == "" {
				b.WriteByte(' ')
				x++
				continue
			}
			b.WriteString(c.Content)
			x += max(1, c.Width)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Until waits for the screen to be as ok wants it, or for ctx to end, and returns
// what it shows then.
func (g *Glass) Until(ctx context.Context, ok func(text string) bool) (text string, reached bool) {
	for {
		g.mu.Lock()
		text, changed := g.text(), g.changed
		g.mu.Unlock()
		if ok(text) {
			return text, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return text, false
		}
	}
}

// Shows returns what Until takes to wait for all of the texts.
func Shows(texts ...string) func(string) bool {
	return func(shown string) bool {
		for _, t := range texts {
			if !strings.Contains(shown, t) {
				return false
			}
		}
		return true
	}
}

// Lacks returns what Until takes to wait for a text to be gone.
func Lacks(text string) func(string) bool {
	return func(shown string) bool { return !strings.Contains(shown, text) }
}
