// Package sheet writes CSV that is safe to open in a spreadsheet. Names and
// numbers come from customers: a cell that begins like a formula would be
// computed on the machine of whoever opens the file.
package sheet

import (
	"bufio"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Writer writes rows. Every cell is quoted, rows end in CRLF, and the text is
// UTF-8.
type Writer struct{ w *bufio.Writer }

// NewWriter returns a Writer to w. Call [Writer.Flush] when a row has to be
// there.
func NewWriter(w io.Writer) *Writer { return &Writer{bufio.NewWriter(w)} }

// Row writes one row. An error comes with Flush at the latest.
func (w *Writer) Row(cells ...string) error {
	quoted := make([]string, len(cells))
	for i, cell := range cells {
		quoted[i] = `"` + strings.ReplaceAll(Guard(cell), `"`, `""`) + `"`
	}
	_, err := w.w.WriteString(strings.Join(quoted, ",") + "\r\n")
	return err
}

// Flush writes what is held back.
func (w *Writer) Flush() error { return w.w.Flush() }

// Guard is the cell as plain text for a spreadsheet: one that it would read as a
// formula gets an apostrophe in front. A cell stands on one line, and never holds
// a NUL or a text that isn't UTF-8.
func Guard(cell string) string {
	cell = strings.NewReplacer("\x00", "\uFFFD", "\r", " ", "\n", " ").Replace(strings.ToValidUTF8(cell, "\uFFFD"))
	for _, r := range cell {
		switch {
		case trigger(r):
			return "'" + cell
		case !skipped(r):
			return cell
		}
	}
	return cell
}

// trigger reports whether a formula begins with r, or with what a spreadsheet
// makes of it: the full-width and small forms count as well.
func trigger(r rune) bool {
	if r == '\t' {
		return true
	}
	plain := []rune(norm.NFKC.String(string(r)))
	return len(plain) > 0 && strings.ContainsRune("=+-@|", plain[0]) || r == '−'
}

// skipped reports whether a program may pass over r in front of a formula:
// spaces, quotes, and what can't be seen.
func skipped(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r) || unicode.In(r, unicode.Mn, unicode.Me) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point) || r == '\'' || r == '"' || r == 0x2800
}
