package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// field is one line of a form: a text that is typed, or a choice that is made
// elsewhere.
type field struct {
	label string
	line  line
	about string // what to write, shown while it is empty
	// note says under the field what was understood, or by an error what is wrong
	// with it. Nil: anything goes.
	note func(l *look, text string) (safe.Text, error)
	// pick makes the field a choice: it is opened by enter. chosen is what it
	// shows then.
	pick   func(m *Model) tea.Cmd
	chosen func(l *look) safe.Text
}

// form is a dialog with a few fields. What was typed stays when it is refused.
type form struct {
	title  safe.Text
	lead   []para
	fields []*field
	submit string // what the answer is called: "invite"
	// send does it, with the form still open; it closes it by [Model.drop] when
	// it was taken.
	send  func(m *Model) tea.Cmd
	check func(*Model) error

	at    int
	tried bool
	busy  bool
	said  safe.Text // why it was refused
}

func (f *form) allowed(m *Model) (func() tea.Cmd, error) {
	if f.check == nil {
		return nil, nil
	}
	return nil, f.check(m)
}

// text is what was typed into field i, without spaces at its ends.
func (f *form) text(i int) string { return strings.TrimSpace(f.fields[i].line.text) }

func (f *form) update(m *Model, msg tea.Msg) tea.Cmd {
	now := f.fields[f.at]
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch s := k.String(); {
		case s == "esc" || s == "ctrl+c":
			m.pop()
			return nil
		case s == "ctrl+s":
			return f.finish(m)
		case s == "enter" && now.pick != nil:
			return now.pick(m)
		case s == "enter" && f.at == len(f.fields)-1:
			return f.finish(m)
		case s == "enter" || s == "tab" || s == "down":
			f.at = min(f.at+1, len(f.fields)-1)
			return nil
		case s == "shift+tab" || s == "up":
			f.at = max(0, f.at-1)
			return nil
		case now.pick != nil:
			if s == "space" || s == "right" || s == "l" {
				return now.pick(m)
			}
			return nil
		}
	}
	if now.pick == nil && now.line.input(msg) {
		f.said = safe.Text{}
	}
	return nil
}

// finish sends the form when all its fields are right; else it goes to the first
// that isn't.
func (f *form) finish(m *Model) tea.Cmd {
	f.tried = true
	l := m.look()
	for i, fd := range f.fields {
		if _, err := fd.noted(l); err != nil {
			f.at = i
			return nil
		}
	}
	if f.busy {
		return nil
	}
	f.said = safe.Text{}
	return f.send(m)
}

// refused keeps the form open with a sentence.
func (f *form) refused(why safe.Text) { f.busy, f.said = false, why }

func (fd *field) noted(l *look) (safe.Text, error) {
	if fd.note == nil {
		return safe.Text{}, nil
	}
	return fd.note(l, strings.TrimSpace(fd.line.text))
}

func (f *form) view(l *look, w, h int) box {
	w = min(w, 64)
	p := box{title: f.title, width: w, foot: ours("enter goes on · ctrl+s " + f.submit + " · esc closes")}
	if f.at == len(f.fields)-1 && f.fields[f.at].pick == nil {
		p.foot = ours("enter " + f.submit + " · esc closes")
	}
	if h >= 14 {
		for _, a := range f.lead {
			p.rows = append(p.rows, a.rows(l, w)...)
		}
	}
	from := 0
	for i := range f.fields {
		if i == f.at {
			from = len(p.rows)
		}
		f.draw(l, &p, i, w)
	}
	said := f.last(l, w)
	// A small screen shows the field that is being filled in.
	if room := max(1, h-len(said)); len(p.rows) > room {
		top := max(0, min(from, len(p.rows)-room))
		p.rows, p.y = p.rows[top:top+room], p.y-top
	}
	p.rows = append(p.rows, said...)
	return p
}

func (f *form) last(l *look, w int) []string {
	text, k := f.said, l.bad
	if f.busy {
		text, k = ours("Waiting for the server…"), l.dim
	}
	if text.Empty() {
		return nil
	}
	var rows []string
	for _, t := range l.cols.Wrap(text, w) {
		rows = append(rows, l.row(w, "").put(k, t).String())
	}
	return rows
}

// labelWidth is the column in which the fields begin.
const labelWidth = 10

func (f *form) draw(l *look, p *box, i, w int) {
	fd := f.fields[i]
	r := l.row(w, "")
	mark, k := ours("  "), l.dim
	if i == f.at {
		mark, k = l.sign.cursor.Add(ours(" ")), l.strong
	}
	r.put(l.accent, mark).cell(k, ours(fd.label), labelWidth).gap(1)
	begin := w - r.left
	switch {
	case fd.pick != nil:
		r.put("", l.cols.Cut(fd.chosen(l), r.left))
	case fd.line.text == "" && i != f.at:
		r.put(l.dim, ours(fd.about))
	default:
		shown, x := fd.line.view(l, r.left)
		r.left = 0
		r.b.WriteString(shown)
		if i == f.at {
			p.x, p.y, p.ok = begin+x, len(p.rows), true
		}
	}
	p.rows = append(p.rows, r.String())
	if note, k := f.noteOf(l, i); !note.Empty() {
		for _, t := range l.cols.Wrap(note, max(1, w-begin)) {
			p.rows = append(p.rows, l.row(w, "").gap(begin).put(k, t).String())
		}
	}
}

// noteOf is the sentence under a field: what was understood; what is wrong, once
// something was typed or tried; else, in the field with the cursor, what to write.
func (f *form) noteOf(l *look, i int) (safe.Text, ink) {
	fd := f.fields[i]
	note, err := fd.noted(l)
	switch {
	case err != nil && (f.tried || fd.line.text != ""):
		return outside(err.Error()), l.bad
	case err == nil && !note.Empty():
		return note, l.dim
	case i == f.at && fd.line.text == "" && fd.about != "":
		return ours(fd.about), l.dim
	}
	return safe.Text{}, ""
}

// drop closes one dialog, wherever it stands in the stack.
func (m *Model) drop(d dialog) {
	kept := m.dialogs[:0:0]
	for _, open := range m.dialogs {
		if open != d {
			kept = append(kept, open)
		}
	}
	m.dialogs = kept
}

// isShown reports whether a dialog is still open.
func (m *Model) isShown(d dialog) bool {
	for _, open := range m.dialogs {
		if open == d {
			return true
		}
	}
	return false
}

// needed is the note of a field that can't stay empty.
func needed(sentence string) func(*look, string) (safe.Text, error) {
	return func(_ *look, s string) (safe.Text, error) {
		if s == "" {
			return safe.Text{}, errors.New(sentence)
		}
		return safe.Text{}, nil
	}
}
