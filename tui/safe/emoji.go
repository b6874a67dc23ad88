package safe

import (
	"strings"
	"unicode/utf8"
)

const (
	zwj           = '\u200d'
	textStyle     = '\ufe0e' // VS15
	emojiStyle    = '\ufe0f' // VS16
	keycap        = '\u20e3'
	blackFlag     = '\U0001f3f4'
	lastTag       = '\U000e007f'
	firstRegional = '\U0001f1e6'
)

// emoji writes the emoji sequence that begins at the next character and
// returns its size in bytes. It reports false if there is none: a single
// emoji without a selector, skin tone, tag or joiner is a character like any
// other.
func (c *cleaner) emoji() (int, bool) {
	r, n := utf8.DecodeRuneInString(c.in[c.pos:])
	if n == 1 && !keycapBase(r) {
		return 0, false
	}
	if regional(r) {
		return c.flag(r, n)
	}
	size := element(c.in[c.pos:])
	if size == 0 {
		return 0, false
	}
	for strings.HasPrefix(c.in[c.pos+size:], string(zwj)) {
		more := element(c.in[c.pos+size+len(string(zwj)):])
		if more == 0 || size+len(string(zwj))+more > maxCluster {
			break
		}
		size += len(string(zwj)) + more
	}
	if size == n {
		return 0, false
	}
	c.write(r)
	if c.form == manyRows {
		c.out.WriteString(c.in[c.pos+n : c.pos+size])
		c.marks = 2 // a selector and a keycap are marks too
	}
	return size, true
}

// flag writes two regional letters, which make a flag.
func (c *cleaner) flag(r rune, n int) (int, bool) {
	second, m := utf8.DecodeRuneInString(c.in[c.pos+n:])
	if !regional(second) {
		return 0, false
	}
	c.write(r)
	c.write(second)
	return n + m, true
}

// element returns the size in bytes of the emoji at the start of s with its
// selector, skin tone, keycap or tags; 0 if s starts with no emoji. A digit is
// one only as a keycap.
func element(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if keycapBase(r) {
		rest := strings.TrimPrefix(s[n:], string(emojiStyle))
		if strings.HasPrefix(rest, string(keycap)) {
			return len(s) - len(rest) + len(string(keycap))
		}
		return 0
	}
	if !pictograph(r) {
		return 0
	}
	next, m := utf8.DecodeRuneInString(s[n:])
	if next == textStyle {
		return n + m
	}
	if next == emojiStyle {
		n += m
		next, m = utf8.DecodeRuneInString(s[n:])
	}
	switch {
	case skinTone(next):
		return n + m
	case r == blackFlag:
		return n + tags(s[n:])
	}
	return n
}

// tags returns the size of the tag letters at the start of s that name a
// region of at most six letters, with their end; 0 if they are not that.
func tags(s string) int {
	size := 0
	for range 7 {
		r, n := utf8.DecodeRuneInString(s[size:])
		size += n
		switch {
		case r == lastTag && size > n:
			return size
		case r >= 0xe0030 && r <= 0xe0039, r >= 0xe0061 && r <= 0xe007a:
		default:
			return 0
		}
	}
	return 0
}
