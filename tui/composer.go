package tui

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textarea"
	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// composer is where a reply or a note is written. The text area edits; what is
// shown is drawn from its text like any other, so that it keeps its columns.
type composer struct {
	area    textarea.Model
	note    bool
	focused bool
}

// maxComposer is how many rows of text the composer shows at most.
const maxComposer = 8

func newComposer() composer {
	area := textarea.New()
	area.Prompt, area.Placeholder = "", ""
	area.ShowLineNumbers = false
	area.CharLimit, area.MaxHeight = 0, 0
	area.SetVirtualCursor(false)
	area.SetStyles(textarea.Styles{})
	area.KeyMap = composerKeys()
	return composer{area: area}
}

// composerKeys leaves out what belongs to the screen (ctrl+k, page keys), what
// would read the clipboard of the machine that the program runs on, which over
// SSH is the server's, and selections, which the screen doesn't draw.
func composerKeys() textarea.KeyMap {
	k, none := textarea.DefaultKeyMap(), key.NewBinding()
	k.DeleteAfterCursor, k.PageUp, k.PageDown = none, none, none
	k.Paste, k.CopySelection, k.SelectAll = none, none, none
	k.SelectCharacterForward, k.SelectCharacterBackward = none, none
	k.SelectWordForward, k.SelectWordBackward = none, none
	k.SelectLineUp, k.SelectLineDown = none, none
	k.InsertNewline = key.NewBinding(key.WithKeys("alt+enter", "shift+enter", "ctrl+j"))
	return k
}

// editing are keys without a character of their own that the text area takes.
func editing(k tea.KeyPressMsg) bool {
	m := composerKeys()
	return key.Matches(k, m.CharacterBackward, m.CharacterForward, m.DeleteBeforeCursor, m.DeleteCharacterBackward,
		m.DeleteCharacterForward, m.DeleteWordBackward, m.DeleteWordForward, m.InsertNewline, m.LineEnd, m.LineStart,
		m.LineNext, m.LinePrevious, m.WordBackward, m.WordForward, m.InputBegin, m.InputEnd, m.UppercaseWordForward,
		m.LowercaseWordForward, m.CapitalizeWordForward, m.TransposeCharacterBackward)
}

// set replaces the text. What can't be shown can't be sent: it is cleaned first.
func (c *composer) set(text string) {
	c.area.SetValue(safe.Body(text).String())
	c.area.MoveToEnd()
}

func (c *composer) text() string { return c.area.Value() }

// inset is what stands left of the text, and the column that stays free for the
// cursor at its right.
const inset = 4

// height is how many rows the composer takes in a pane: its rule and its text.
func (c *composer) height(cols safe.Model, blocked safe.Text, w, h int) int {
	if !c.focused {
		if h >= 16 && cols.Width(blocked) > w-2 {
			return 3
		}
		return 2
	}
	n := 0
	for line := range strings.SplitSeq(c.text(), "\n") {
		n += len(breaks(cols, []rune(line), w-inset))
	}
	return 1 + max(1, min(n, maxComposer, h/3))
}

// rows are the rows of the text that are shown, at most h, how many are above
// them, and where the cursor stands in them.
func (c *composer) rows(cols safe.Model, w, h int) (rows []safe.Text, above, x, y int) {
	for i, line := range strings.Split(c.text(), "\n") {
		runes := []rune(line)
		for _, s := range breaks(cols, runes, w-inset) {
			if i == c.area.Line() && c.area.Column() >= s[0] {
				x, y = cols.Width(safe.Body(string(runes[s[0]:min(c.area.Column(), s[1])]))), len(rows)
			}
			rows = append(rows, safe.Body(string(runes[s[0]:s[1]])))
		}
	}
	if h > 0 && len(rows) > h {
		above = max(0, min(y-h+1, len(rows)-h))
		rows, y = rows[above:above+h], y-above
	}
	return rows, above, min(x, w-1), y
}

// breaks cuts a line into rows of at most cols columns, after a space where
// there is one. No character is left out, so that a cursor can stand on each.
func breaks(model safe.Model, line []rune, cols int) [][2]int {
	var rows [][2]int
	cols = max(1, cols)
	start, space := 0, 0
	for i, r := range line {
		for i > start && columns(model, line[start:i+1]) > cols {
			end := i
			if space > start {
				end = space
			}
			rows = append(rows, [2]int{start, end})
			start = end
		}
		if r == ' ' {
			space = i + 1
		}
	}
	return append(rows, [2]int{start, len(line)})
}

// columns is the width of a piece of a line. What isn't ASCII is measured as a
// whole: a mark or a skin tone has another width alone than where it stands.
func columns(model safe.Model, piece []rune) int {
	if !slices.ContainsFunc(piece, func(r rune) bool { return r >= 0x7f }) {
		return len(piece)
	}
	return model.Width(safe.Body(string(piece)))
}

// View draws the composer in h rows; blocked says why nothing can be written.
func (c *composer) View(l *look, conv *desk.Conversation, blocked safe.Text, w, h int) []string {
	if h < 1 {
		return nil
	}
	text, above, _, _ := c.rows(l.cols, w, h-1)
	rows := []string{c.rule(l, conv, blocked, above, w)}
	if !c.focused {
		return l.fill(append(rows, c.idle(l, blocked, w, h-1)...), w, h)
	}
	k := ink("")
	prompt := l.sign.team
	bar := l.accent
	if c.note {
		k, prompt, bar = l.note, l.sign.note, l.note
	}
	for _, t := range text {
		rows = append(rows, l.row(w, "").gap(1).put(bar, prompt).gap(1).put(k, t).String())
	}
	return l.fill(rows, w, h)
}

// rule is the line above the text: what is being written, to whom, and how long
// that goes; and how many rows of the text are above those that are shown.
func (c *composer) rule(l *look, conv *desk.Conversation, blocked safe.Text, above, w int) string {
	k, title := l.faint, span{l.dim, ours("Reply")}
	switch {
	case c.focused && c.note:
		k, title = l.note, span{l.note, ours("Note: only colleagues see it")}
	case c.focused:
		k, title = l.accent, span{l.accent, ours("Reply to the customer")}
	case !blocked.Empty():
		title = span{l.dim, ours("No reply")}
	}
	var right []span
	if n := len(utf16.Encode([]rune(c.text()))); c.focused && n > desk.MaxText-500 {
		ki := l.warn
		if n > desk.MaxText {
			ki = l.bad
		}
		right = append(right, span{ki, ours(strconv.Itoa(n) + " of " + strconv.Itoa(desk.MaxText))})
	} else if conv != nil && !(c.focused && c.note) {
		right = append(right, c.window(l, conv))
	}
	if c.focused && above > 0 {
		title.text = title.text.Add(ours(" ↑" + strconv.Itoa(above)))
	}
	r := l.row(w, "").rule(k, 1).gap(1).put(title.ink, l.cols.Cut(title.text, w-4)).gap(1)
	if rw := l.width(right); rw > 0 && rw+4 < r.left {
		r.rule(k, r.left-rw-3).gap(1)
		for _, s := range right {
			r.put(s.ink, s.text)
		}
		r.gap(1)
	}
	return r.rule(k, r.left).String()
}

func (c *composer) window(l *look, conv *desk.Conversation) span {
	if !conv.WindowOpen(l.now) {
		return span{l.bad, ours("window closed")}
	}
	k := l.dim
	left := conv.WindowUntil.Add(-desk.WindowMargin).Sub(l.now)
	if left < 2*time.Hour {
		k = l.warn
	}
	return span{k, ours("window open " + length(left))}
}

// length is a span of time in two units: "4h 12m".
func length(d time.Duration) string {
	d = d.Truncate(time.Minute)
	if d < time.Hour {
		return strconv.Itoa(int(d.Minutes())) + "m"
	}
	return strconv.Itoa(int(d.Hours())) + "h " + strconv.Itoa(int(d.Minutes())%60) + "m"
}

// idle is what stands there while nobody writes: the reason why not, the draft,
// or the keys.
func (c *composer) idle(l *look, blocked safe.Text, w, h int) []string {
	if !blocked.Empty() {
		return l.sentence(l.warn, blocked, w, h)
	}
	r := l.row(w, "").gap(1)
	if draft := outside(strings.TrimSpace(c.text())); !draft.Empty() {
		what := "Draft: "
		if c.note {
			what = "Draft of a note: "
		}
		r.put(l.accent, ours(what)).put(l.dim, l.cols.Cut(draft, max(0, r.left-1)))
	} else {
		r.put(l.accent, ours("r"))
		if l.rep.Can(desk.Note{}.Perm(), desk.Subject{}, l.now) == nil {
			r.put(l.dim, ours(" reply   ")).put(l.accent, ours("n")).put(l.dim, ours(" note"))
		} else {
			r.put(l.dim, ours(" reply"))
		}
	}
	return []string{r.String()}
}

// sentence draws a text in at most h rows; the last is cut if that isn't enough.
func (l *look) sentence(k ink, t safe.Text, w, h int) []string {
	if h <= 1 {
		return []string{l.row(w, "").gap(1).put(k, l.cols.Cut(t, w-2)).String()}
	}
	var rows []string
	for _, part := range l.cols.Wrap(t, max(1, w-2)) {
		rows = append(rows, l.row(w, "").gap(1).put(k, part).String())
	}
	return rows
}

// cursor is where the text cursor stands within the composer's rows.
func (c *composer) cursor(l *look, w, h int) (x, y int) {
	_, _, x, y = c.rows(l.cols, w, h-1)
	return min(x+inset-1, w-1), min(y+1, h-1)
}
