// Package safe makes text from outside fit to print on a terminal, and keys
// from outside fit to read.
//
// Every name, message, file name, link and title that a customer, a colleague
// or a server wrote enters a view through [Line] or [Body] and comes out as a
// [Text]. View code takes nothing else, so the compiler finds a way around it.
// A Text holds no control character, no direction control, nothing invisible
// beyond what a script or an emoji needs, and no cluster that is larger than a
// person would type. The text that is stored stays as it was received.
//
// A [Guard] stands in front of the terminal's input and lets every honest key
// through byte for byte, but no control sequence of a size that no terminal
// sends.
package safe

import (
	"strconv"
	"strings"
)

// Text is text that is fit to print. It can be compared with ==. The zero Text
// is empty.
type Text struct {
	s        string
	tampered bool
}

// Line makes s fit to print on one row: line breaks and tabs become a space,
// and emoji are reduced to a form on whose width all terminals agree. The
// result is at most 64 KiB; a longer s ends in "…".
func Line(s string) Text {
	if plain(s, false) {
		return Text{s: s}
	}
	return clean(s, oneRow)
}

// Body makes s fit to print on many rows. LF is the only line break in the
// result, a tab is four spaces, and emoji sequences stay whole. The result is
// at most 64 KiB; a longer s ends in "…".
func Body(s string) Text {
	if plain(s, true) {
		return Text{s: s}
	}
	return clean(s, manyRows)
}

// Our is for what the program itself says: its constants, numbers and dates.
// It never counts as tampered with. It is still cleaned as a Body is, so text
// from outside that slips in does no harm; such text should come through
// [Line] or [Body] all the same.
func Our(s string) Text {
	return Text{s: Body(s).s}
}

// Raw shows s as ASCII in quotes, with everything else escaped as %+q does:
// the view behind the mark that [Text.Tampered] asks for. It shows the first
// 64 KiB of s.
func Raw(s string) Text {
	if len(s) <= maxBytes {
		return Text{s: strconv.QuoteToASCII(s)}
	}
	return Text{s: strconv.QuoteToASCII(s[:maxBytes]) + cutMark}
}

// String returns the text. It holds no line break but LF, and that only when
// it came from [Body] or [Our].
func (t Text) String() string { return t.s }

// Empty reports whether nothing of the text can be seen.
func (t Text) Empty() bool {
	return strings.Trim(t.s, " \n") == ""
}

// Or returns t, or alt if t is [Text.Empty]: a phone number for a name of
// spaces.
func (t Text) Or(alt Text) Text {
	if t.Empty() {
		return alt
	}
	return t
}

// Tampered reports whether something that does not belong in honest text was
// removed or replaced. The screen then shows a mark beside the text, and a key
// shows [Raw]. Spaces, line breaks, soft hyphens and plain direction marks
// (LRM, RLM, ALM) are changed without this.
func (t Text) Tampered() bool { return t.tampered }

// Add returns t followed by u. It is tampered with if one of them is. Its
// width is to be measured on the whole, not summed.
func (t Text) Add(u Text) Text {
	return Text{s: t.s + u.s, tampered: t.tampered || u.tampered}
}

// Join returns the parts with sep between them.
func Join(sep Text, parts ...Text) Text {
	var b strings.Builder
	tampered := sep.tampered && len(parts) > 1
	for i, p := range parts {
		if i > 0 {
			b.WriteString(sep.s)
		}
		b.WriteString(p.s)
		tampered = tampered || p.tampered
	}
	return Text{s: b.String(), tampered: tampered}
}

// plain reports whether s is short printable ASCII, which needs no cleaning.
// Line feeds count as printable if rows is set.
func plain(s string, rows bool) bool {
	if len(s) > maxBytes {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c < 0x20 && (c != '\n' || !rows) || c > 0x7e {
			return false
		}
	}
	return true
}
