package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// line is a text of one line that is being typed.
type line struct {
	text  string
	at    int // where the cursor stands, in bytes
	limit int // characters; 0: maxTyped
}

// maxTyped is how long a typed line can be, in characters.
const maxTyped = 400

// set replaces the text. One that is longer than anyone could type is cut.
func (t *line) set(s string) {
	if rs := []rune(s); len(rs) > maxTyped {
		s = string(rs[:maxTyped])
	}
	t.text, t.at = s, len(s)
}

// before is how many columns stand in front of the cursor.
func (t *line) before(l *look) int { return l.cols.Width(outside(t.text[:t.at])) }

// input takes a key or a paste, and reports whether the text changed.
func (t *line) input(msg tea.Msg) bool {
	was := t.text
	switch msg := msg.(type) {
	case tea.PasteMsg:
		t.insert(outside(msg.Content).String())
	case tea.KeyPressMsg:
		t.key(msg)
	}
	return t.text != was
}

func (t *line) key(k tea.KeyPressMsg) {
	switch k.String() {
	case "left", "ctrl+b":
		t.at = t.back()
	case "right", "ctrl+f":
		t.at = t.forth()
	case "home", "ctrl+a":
		t.at = 0
	case "end", "ctrl+e":
		t.at = len(t.text)
	case "backspace", "ctrl+h":
		t.cut(t.back(), t.at)
	case "delete", "ctrl+d":
		t.cut(t.at, t.forth())
	case "ctrl+u":
		t.cut(0, t.at)
	case "ctrl+w", "alt+backspace":
		t.cut(strings.LastIndexByte(strings.TrimRight(t.text[:t.at], " "), ' ')+1, t.at)
	default:
		t.insert(k.Text)
	}
}

func (t *line) insert(s string) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	limit := t.limit
	if limit == 0 {
		limit = maxTyped
	}
	if len([]rune(t.text))+len([]rune(s)) > limit {
		return
	}
	t.text = t.text[:t.at] + s + t.text[t.at:]
	t.at += len(s)
}

func (t *line) cut(from, to int) { t.text, t.at = t.text[:from]+t.text[to:], from }

// back is where the character in front of the cursor begins. Marks that stand on
// a character belong to it.
func (t *line) back() int {
	rs := []rune(t.text[:t.at])
	n := len(rs)
	for n > 0 {
		n--
		if !unicode.Is(unicode.M, rs[n]) {
			break
		}
	}
	return len(string(rs[:n]))
}

// forth is where the character behind the cursor ends.
func (t *line) forth() int {
	rs := []rune(t.text[t.at:])
	n := 0
	for n < len(rs) {
		n++
		if n == len(rs) || !unicode.Is(unicode.M, rs[n]) {
			break
		}
	}
	return t.at + len(string(rs[:n]))
}

// over is by how many columns the text from there up to the cursor is too wide.
func (t *line) over(l *look, from, w int) int {
	return l.cols.Width(outside(t.text[from:t.at])) - w + 1
}

// view draws the line in w columns, with its end in sight, and returns where the
// cursor stands.
func (t *line) view(l *look, w int) (shown string, x int) {
	from := 0
	for over := t.over(l, from, w); over > 0 && from < t.at; over = t.over(l, from, w) {
		for i := 0; i < (over+1)/2 && from < t.at; i++ { // a character has two columns at most
			_, size := utf8.DecodeRuneInString(t.text[from:])
			from += size
		}
	}
	r := l.row(w, "")
	r.put("", l.cols.Cut(outside(t.text[from:]), w))
	return r.String(), min(l.cols.Width(outside(t.text[from:t.at])), w-1)
}
