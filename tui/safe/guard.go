package safe

import (
	"bytes"
	"io"
	"sync/atomic"
	"unicode/utf8"
)

const (
	maxSequence   = 256      // bytes of a control sequence
	maxSeparators = 16       // ";" and ":" in it
	maxString     = 64 << 10 // bytes of an OSC, DCS, APC, PM or SOS string
	maxPaste      = 64 << 10 // bytes of a bracketed paste
	readSize      = 4 << 10
	// maxHeld is more than a Read can return beyond what it has read: a
	// sequence that was held back, a paste marker and part of a character.
	maxHeld = maxSequence + 16
)

// Guard is the input of a terminal without what no terminal sends: control
// sequences of more than 256 bytes or 16 separators, control strings of more
// than 64 KiB, bytes that are not UTF-8, C1 controls, and what a bracketed
// paste has beyond 64 KiB or that looks like a key. All that is left is passed
// byte for byte and at once: a Read never waits for the end of a sequence, so
// an Escape key on its own arrives on its own.
//
// Read is for one goroutine; Cuts is for any.
type Guard struct {
	r    io.Reader
	buf  [readSize]byte
	out  []byte // passed, and not yet returned by Read
	err  error  // of r, returned after out
	cuts atomic.Int64

	state    state
	char     []byte // the beginning of a character
	seq      []byte // the control sequence under way, as far as it may pass
	sent     int    // bytes of seq that have been passed already
	count    int    // separators in seq; bytes of a string; bytes of a paste
	isString bool   // seq introduces a device control string
	osc      bool   // the string is one that BEL ends
	dropping bool   // the sequence, string or paste is over its limit
	headless bool   // the beginning of the string was dropped, so its end is too
	wary     int    // bytes for which the reader behind may be out of step

	tail tail // what was passed last
	seps int  // separators in it
}

// NewGuard returns a guard in front of r, such as the channel of an SSH
// session.
func NewGuard(r io.Reader) *Guard {
	return &Guard{r: r}
}

// Cuts returns how many pastes were cut so far. It has risen before the end of
// the paste is read, so a program that compares it at each paste can say that
// some of the text is missing.
func (g *Guard) Cuts() int { return int(g.cuts.Load()) }

// Read returns at least one byte or an error, if p is not empty.
func (g *Guard) Read(p []byte) (int, error) {
	for len(p) > 0 && len(g.out) == 0 && g.err == nil {
		g.fill(len(g.buf))
	}
	return g.drain(p)
}

// fill reads once, at most n bytes, and filters them.
func (g *Guard) fill(n int) {
	n, g.err = g.r.Read(g.buf[:min(n, len(g.buf))])
	for _, b := range g.buf[:n] {
		g.next(b)
	}
	g.flush()
}

// drain moves what has been passed to p.
func (g *Guard) drain(p []byte) (int, error) {
	n := copy(p, g.out)
	g.out = g.out[:copy(g.out, g.out[n:])]
	if len(g.out) > 0 || n > 0 {
		return n, nil
	}
	err := g.err
	g.err = nil
	return 0, err
}

// state is where in the input the next byte is.
type state uint8

const (
	text     state = iota // between sequences
	escape                // after ESC and any intermediate bytes
	params                // after CSI or DCS, before its final byte
	str                   // in an OSC, DCS, APC, PM or SOS string
	paste                 // in a bracketed paste
	pasteEsc              // in what may be the end of the paste
)

const (
	esc      = 0x1b
	pasteEnd = "\x1b[201~"
	oldMouse = "\x1b[M" // three bytes of any value follow
)

// next takes a byte. Those that are not UTF-8 and the C1 controls are dropped
// here, so nothing after this sees them.
func (g *Guard) next(b byte) {
	if b < utf8.RuneSelf {
		g.char = g.char[:0]
		g.unit([]byte{b})
		return
	}
	if utf8.RuneStart(b) {
		g.char = g.char[:0]
	}
	g.char = append(g.char, b)
	if !utf8.FullRune(g.char) {
		return
	}
	if r, n := utf8.DecodeRune(g.char); n == len(g.char) && n > 1 && r >= 0xa0 {
		g.unit(g.char)
	}
	g.char = g.char[:0]
}

// unit takes a character. Only ASCII means anything in a sequence.
func (g *Guard) unit(c []byte) {
	switch g.state {
	case text:
		g.text(c)
	case escape:
		g.escape(c)
	case params:
		g.params(c)
	case str:
		g.str(c)
	case paste, pasteEsc:
		g.paste(c)
	}
}

// text takes a character between sequences.
func (g *Guard) text(c []byte) {
	if c[0] == esc {
		g.begin()
		return
	}
	g.emit(c)
}

// begin starts a sequence with ESC.
func (g *Guard) begin() {
	g.state = escape
	g.seq = append(g.seq[:0], esc)
	g.sent, g.count = 0, 0
	g.isString, g.osc, g.dropping = false, false, false
}

// flush passes the sequence under way as far as it has come: what is missing
// may never arrive, as after an Escape key.
func (g *Guard) flush() {
	if (g.state == escape || g.state == params) && !g.dropping {
		g.emit(g.seq[g.sent:])
		g.sent = len(g.seq)
	}
}

// pass ends the sequence, lets it through and goes on in state s.
func (g *Guard) pass(s state) {
	g.emit(g.seq[g.sent:])
	g.seq, g.sent = g.seq[:0], 0
	g.state, g.headless = s, false
}

// escape takes the character after ESC, which says what kind of sequence it is.
func (g *Guard) escape(c []byte) {
	b := c[0]
	switch {
	case b < 0x20 || b >= 0x7f: // Alt with a control key or a character
		g.pass(text)
		g.text(c)
		return
	case b <= 0x2f: // an intermediate byte
		if len(g.seq) < maxSequence-1 {
			g.seq = append(g.seq, b)
		}
		return
	case b == '\\' && g.headless && g.sent == 0:
		g.state, g.headless = text, false
		return
	}
	g.seq = append(g.seq, b)
	switch b {
	case '[', 'P':
		g.isString = b == 'P'
		g.state = params
	case ']', '_', '^', 'X':
		g.osc = b == ']'
		g.pass(str)
	default:
		g.pass(text)
	}
}

// params takes a character of a control sequence.
func (g *Guard) params(c []byte) {
	b := c[0]
	switch {
	case b < 0x20 || b >= 0x7f: // not a sequence after all
		if g.dropping {
			g.state = text
		} else {
			g.pass(text)
		}
		g.text(c)
	case b >= 0x40:
		g.final(b)
	case g.dropping:
	case len(g.seq) >= maxSequence-1, separator(b) && g.count == maxSeparators:
		g.dropping = true
	default:
		if separator(b) {
			g.count++
		}
		g.seq = append(g.seq, b)
	}
}

func separator(b byte) bool { return b == ';' || b == ':' }

// final ends a control sequence. One that is over the limit vanishes, unless
// its beginning has been passed: then what was kept of it is ended, so that
// the reader behind does not wait for more.
func (g *Guard) final(b byte) {
	if g.dropping && g.sent == 0 {
		g.state, g.count = text, 0
		if g.isString {
			g.state, g.headless = str, true
		}
		return
	}
	g.seq = append(g.seq, b)
	g.dropping, g.count = false, 0
	switch {
	case g.isString:
		g.pass(str)
	case b == '~' && g.number() == 200:
		g.pass(paste)
	case string(g.seq) == pasteEnd && g.sent == 0:
		g.state = text // an end without a beginning
	case string(g.seq) == oldMouse:
		g.pass(text)
		g.wary = 3 + utf8.UTFMax - 1
	default:
		g.pass(text)
	}
}

// number returns the first parameter of the sequence.
func (g *Guard) number() int {
	n := 0
	for _, b := range g.seq[bytes.IndexByte(g.seq, '[')+1:] {
		if b < '0' || b > '9' {
			break
		}
		n = n*10 + int(b-'0')
	}
	return n
}

// str takes a character of a control string. ESC begins what ends it, or
// another sequence. Someone who types Alt+P gets here too, so all is passed
// that would be in a text.
func (g *Guard) str(c []byte) {
	switch b := c[0]; {
	case b == esc:
		headless := g.headless
		g.begin()
		g.headless = headless
		return
	case b == 0x07 && g.osc, (b == 0x18 || b == 0x1a) && !g.isString:
		g.state, g.dropping = text, false
		g.emit(c)
		return
	case g.count+len(c) > maxString:
		g.dropping = true
	}
	if g.dropping {
		return
	}
	g.count += len(c)
	g.wary = len(c)
	g.emit(c)
}

// paste takes a character of a bracketed paste. ESC is dropped, so nothing in
// the text is a key, and its end is what it seems.
func (g *Guard) paste(c []byte) {
	if g.state == pasteEsc {
		if c[0] == pasteEnd[len(g.seq)] {
			g.seq = append(g.seq, c[0])
			if len(g.seq) == len(pasteEnd) {
				g.pass(text)
			}
			return
		}
		g.state = paste
		for _, b := range g.seq[1:] {
			g.pasted([]byte{b})
		}
	}
	if c[0] == esc {
		g.state, g.sent = pasteEsc, 0
		g.seq = append(g.seq[:0], esc)
		return
	}
	g.pasted(c)
}

// pasted takes a character of the text of a paste.
func (g *Guard) pasted(c []byte) {
	if g.dropping {
		return
	}
	if g.count+len(c) > maxPaste {
		g.dropping = true
		g.cuts.Add(1)
		return
	}
	g.count += len(c)
	g.emit(c)
}

// tail is what the last bytes that were passed are the beginning of.
type tail uint8

const (
	nothing tail = iota
	afterEscape
	inParams
)

// emit passes bytes. Whatever was dropped between them and those before, the
// result never has more separators in a sequence than it may: the limit holds
// here, for the sequence that the reader behind will see.
func (g *Guard) emit(c []byte) {
	for _, b := range c {
		switch {
		case b == esc:
			g.tail = afterEscape
		case g.tail == afterEscape && b >= 0x20 && b <= 0x2f:
		case g.tail == afterEscape && (b == '[' || b == 'P'):
			g.tail, g.seps = inParams, 0
		case g.tail == inParams && separator(b):
			if g.seps == maxSeparators {
				continue
			}
			g.seps++
		case g.tail == inParams && b >= 0x30 && b <= 0x3f:
		case g.wary > 0 && (b == 0x9b || b == 0x90): // half a character, or CSI
			g.tail, g.seps = inParams, 0
		default:
			g.tail = nothing
		}
		g.out = append(g.out, b)
		g.wary = max(0, g.wary-1)
	}
}
