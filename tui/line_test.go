package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// TestLine edits as people are used to.
func TestLine(t *testing.T) {
	for _, tt := range []struct {
		keys []string
		want string // with | where the cursor stands
	}{
		{[]string{"a", "b", "left", "c"}, "ac|b"},
		{[]string{"a", "b", "home", "c", "end", "d"}, "cabd|"},
		{[]string{"a", "b", "c", "left", "backspace"}, "a|c"},
		{[]string{"a", "b", "c", "home", "ctrl+d"}, "|bc"},
		{[]string{"é", "\u0301", "backspace"}, "|"}, // a mark goes with its letter
		{[]string{"a", "b", "space", "c", "d", "ctrl+w"}, "ab |"},
		{[]string{"a", "b", "left", "ctrl+u"}, "|b"},
		{[]string{"backspace", "left", "right", "ctrl+d", "ctrl+w"}, "|"},
		{[]string{"a", "f1", "up", "b"}, "ab|"},
	} {
		var l line
		for _, k := range tt.keys {
			press := keyPress(k)
			if k == "space" {
				press.Text = " "
			}
			l.input(press)
		}
		if got := l.text[:l.at] + "|" + l.text[l.at:]; got != tt.want {
			t.Errorf("%v: %q, want %q", tt.keys, got, tt.want)
		}
	}
}

// TestLineTakesOnlyALine pastes what has lines and controls, and too much.
func TestLineTakesOnlyALine(t *testing.T) {
	var l line
	if !l.input(tea.PasteMsg{Content: "one\ntwo\x1b[31m\x00"}) || strings.ContainsAny(l.text, "\n\x1b\x00") {
		t.Errorf("pasted %q", l.text)
	}
	l = line{limit: 5}
	l.input(tea.PasteMsg{Content: "four"})
	if l.input(tea.PasteMsg{Content: "too much"}) || l.text != "four" {
		t.Errorf("beyond its limit it is %q", l.text)
	}
}
