package safe

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/norm"
)

const (
	// maxBytes bounds what is cleaned and what comes out.
	maxBytes = 64 << 10
	// maxMarks is how many combining marks a base may carry. Honest text has
	// up to four; a flood of them crashed terminals.
	maxMarks = 8
	// maxCluster is the size of the largest grapheme cluster, in bytes. A
	// family of four with skin tones takes 41.
	maxCluster = 64
	// maxPasses bounds the search for a text that cleaning no longer changes.
	// Real text needs one pass and a second that finds nothing to do.
	maxPasses = 16

	cutMark     = "…"
	replacement = utf8.RuneError
	noBase      = '\u25cc' // dotted circle, carries a mark that has no base
)

// form is the shape of the result: one row or many.
type form bool

const (
	oneRow   form = false
	manyRows form = true
)

// clean applies the rule until it changes nothing more: removing a character
// can bring a base and a mark, or two halves of a flag, together.
func clean(s string, f form) Text {
	s, tampered := firstBytes(s), false
	if !utf8.ValidString(s) {
		s, tampered = strings.ToValidUTF8(s, string(replacement)), true
	}
	for range maxPasses {
		c := cleaner{in: norm.NFC.String(s), form: f}
		c.run()
		out, capped := capClusters(c.out.String())
		out = lastCut(out)
		tampered = tampered || c.tampered || capped
		if out == s {
			return Text{s: s, tampered: tampered}
		}
		s = out
	}
	return Text{s: firstBytes(strconv.QuoteToASCII(s)), tampered: true}
}

// firstBytes cuts s to what is cleaned at all, at the start of a character.
func firstBytes(s string) string {
	if len(s) <= maxBytes {
		return s
	}
	n := maxBytes - len(cutMark)
	for n > maxBytes-len(cutMark)-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + cutMark
}

// lastCut cuts cleaned text, which can be longer than what it was made from,
// in front of a character that begins a cluster.
func lastCut(s string) string {
	if len(s) <= maxBytes {
		return s
	}
	n := maxBytes - len(cutMark)
	for n > 0 {
		r, _ := utf8.DecodeRuneInString(s[n:])
		if utf8.RuneStart(s[n]) && !continues(r) {
			if last, _ := utf8.DecodeLastRuneInString(s[:n]); !joiner(last) {
				break
			}
		}
		n--
	}
	return s[:n] + cutMark
}

// capClusters shortens clusters of more than maxCluster bytes, such as an
// endless conjunct of consonants, and reports whether it found one.
func capClusters(s string) (string, bool) {
	var b strings.Builder
	kept := 0 // everything before this offset is in b, once b is in use
	for i := 0; i < len(s); {
		if ascii(s, i) {
			i++
			continue
		}
		cluster, _ := ansi.FirstGraphemeCluster(s[i:], ansi.WcWidth)
		if len(cluster) > maxCluster {
			n := maxCluster
			for !utf8.RuneStart(cluster[n]) {
				n--
			}
			b.WriteString(s[kept : i+n])
			kept = i + len(cluster)
		}
		i += len(cluster)
	}
	if kept == 0 {
		return s, false
	}
	b.WriteString(s[kept:])
	return b.String(), true
}

// ascii reports whether the byte at i is a cluster of its own, being ASCII and
// followed by ASCII or nothing.
func ascii(s string, i int) bool {
	return s[i] < utf8.RuneSelf && (i+1 == len(s) || s[i+1] < utf8.RuneSelf)
}

// cleaner carries one pass over a text in NFC.
type cleaner struct {
	in       string
	form     form
	pos      int // offset in in of the next character
	out      strings.Builder
	last     rune // the last character written, 0 at the start
	marks    int  // marks written since the last base
	tampered bool
}

func (c *cleaner) run() {
	c.out.Grow(len(c.in))
	for c.pos < len(c.in) {
		if n, ok := c.emoji(); ok {
			c.pos += n
			continue
		}
		r, n := utf8.DecodeRuneInString(c.in[c.pos:])
		c.pos += n
		c.char(r)
	}
}

// char writes what stands for r, which is not part of an emoji sequence.
func (c *cleaner) char(r rune) {
	switch {
	case r == ' ' || r > 0x20 && r < 0x7f:
		c.write(r)
	case r < 0x20 || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029:
		c.control(r)
	case r == 0x200e || r == 0x200f || r == 0x61c || r == 0xad:
		// Honest text has these; nothing shows that they are gone.
	case joiner(r):
		c.joiner(r)
	case filler(r):
		c.replace(' ')
	case unicode.Is(unicode.Zs, r):
		c.write(' ')
	case ignorable(r):
		c.tampered = true
	case !printable(r):
		c.replace(replacement)
	case unicode.Is(unicode.M, r) || attached(r):
		c.mark(r)
	case jamo(r):
		c.jamo(r)
	case regional(r) && c.form == oneRow:
		c.write('A' + r - firstRegional)
	case skinTone(r):
		c.write('■') // a swatch that leaves the character before it alone
	default:
		c.write(r)
	}
}

// control writes what stands for a control character or a line break.
func (c *cleaner) control(r rune) {
	switch r {
	case '\r':
		if strings.HasPrefix(c.in[c.pos:], "\n") {
			c.pos++
		}
		c.lineBreak()
	case '\n', 0x85, 0x2028, 0x2029:
		c.lineBreak()
	case '\v', '\f':
		c.tampered = true
		c.lineBreak()
	case '\t':
		c.write(' ')
		if c.form == manyRows {
			c.out.WriteString("   ")
		}
	case 0x7f:
		c.replace('\u2421')
	default:
		c.replace('\u2400' + r)
	}
}

func (c *cleaner) lineBreak() {
	if c.form == manyRows {
		c.write('\n')
	} else {
		c.write(' ')
	}
}

// joiner keeps ZWJ and ZWNJ where a script is written with them: between a
// letter, or the mark on it, and a letter of the same script.
func (c *cleaner) joiner(r rune) {
	next, _ := utf8.DecodeRuneInString(c.in[c.pos:])
	if joins(c.last, next) {
		c.out.WriteRune(r)
		c.last = r
		return
	}
	c.tampered = true
}

// mark writes a combining mark, unless its base has enough of them already.
func (c *cleaner) mark(r rune) {
	if c.last == 0 || c.last == ' ' || c.last == '\n' {
		c.write(noBase)
	}
	if c.marks == maxMarks {
		c.tampered = true
		return
	}
	c.marks++
	c.last = r
	c.out.WriteRune(r)
}

// jamo writes a Hangul letter that NFC left alone. Vowels and finals belong
// to the syllable before them and count as its marks; without one they, and a
// second leading consonant in a row, are of different widths everywhere.
func (c *cleaner) jamo(r rune) {
	leading := leadingJamo(r)
	switch {
	case leading && !leadingJamo(c.last):
		c.write(r)
	case !leading && (jamo(c.last) || c.last >= 0xac00 && c.last <= 0xd7a3):
		c.mark(r)
	default:
		c.replace(replacement)
	}
}

// write appends a base character.
func (c *cleaner) write(r rune) {
	c.out.WriteRune(r)
	c.last, c.marks = r, 0
}

// replace appends a stand-in for something that does not belong in a text.
func (c *cleaner) replace(r rune) {
	c.tampered = true
	c.write(r)
}
