package tui

import (
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// ink is a style as the bytes that switch it on; reset switches it off. The
// zero ink is the terminal's own. Inks add up by concatenation. Styling a
// screen costs most of a frame when it is done anew for every word, so a style
// is rendered once, here.
type ink string

const reset = "\x1b[m"

// theme is the look of the screen: a handful of inks and the signs that don't
// need any. Every state differs in a sign or a word, so a screen without
// colours says the same.
type theme struct {
	strong, dim, faint ink // names, side remarks, rules
	accent, tabOn      ink
	warn, bad, good    ink
	own, peer          ink // who speaks: me, a colleague; a customer is strong
	note               ink
	badge              ink
	chosen, chosenAway ink  // background of the row under the cursor, with and without the focus
	wordy              bool // without colours, ticks become words

	sign signs
}

// signs are the marks that the screen itself draws.
type signs struct {
	cursor, cursorAway, tampered  safe.Text
	customer, team, note, quote   safe.Text
	wall                          string // between panes
	sent, delivered, read, failed safe.Text
	unknown, sending              safe.Text
	live, away, refused           safe.Text
}

// newTheme returns the theme for a dark or light background. With plain set it
// has no colours, only weight.
func newTheme(dark, plain bool) theme {
	t := colourless()
	if !plain {
		t = coloured(dark)
	}
	t.sign = newSigns(t)
	return t
}

// coloured chooses colours that the palette of 256 has too, so that the screen
// looks the same where there is no more.
func coloured(dark bool) theme {
	pick := lipgloss.LightDark(dark)
	hue := func(light, dark string) color.Color { return pick(lipgloss.Color(light), lipgloss.Color(dark)) }
	accent := hue("#00875F", "#5FD7AF")
	muted := hue("#6C6C6C", "#8A8A8A")
	chosen := hue("#D7EEE4", "#303030")
	away := hue("#EEEEEE", "#262626")
	text := hue("#121212", "#E4E4E4")
	fore := func(c color.Color) ink { return inkOf(lipgloss.NewStyle().Foreground(c)) }
	return theme{
		strong: inkOf(lipgloss.NewStyle().Bold(true)),
		dim:    fore(muted),
		faint:  fore(hue("#D0D0D0", "#444444")),
		accent: fore(accent),
		tabOn:  inkOf(lipgloss.NewStyle().Foreground(accent).Bold(true)),
		warn:   fore(hue("#875F00", "#D7AF5F")),
		bad:    fore(hue("#AF0000", "#FF8787")),
		good:   fore(accent),
		own:    inkOf(lipgloss.NewStyle().Foreground(accent).Bold(true)),
		peer:   inkOf(lipgloss.NewStyle().Foreground(hue("#005FAF", "#87AFFF")).Bold(true)),
		note:   fore(hue("#5F5F00", "#D7D787")),
		badge:  inkOf(lipgloss.NewStyle().Foreground(hue("#FFFFFF", "#121212")).Background(accent).Bold(true)),
		// With a colour of its own: on a terminal that doesn't tell its background
		// the guess may be wrong, and the row must be legible all the same.
		chosen:     inkOf(lipgloss.NewStyle().Foreground(text).Background(chosen)),
		chosenAway: inkOf(lipgloss.NewStyle().Foreground(text).Background(away)),
	}
}

func colourless() theme {
	bold, faint := inkOf(lipgloss.NewStyle().Bold(true)), inkOf(lipgloss.NewStyle().Faint(true))
	return theme{
		strong: bold, dim: faint, faint: faint, accent: bold, tabOn: inkOf(lipgloss.NewStyle().Bold(true).Underline(true)),
		warn: bold, bad: bold, own: bold, peer: bold, badge: inkOf(lipgloss.NewStyle().Reverse(true)), wordy: true,
	}
}

func newSigns(t theme) signs {
	s := signs{
		cursor: safe.Our("▌"), cursorAway: safe.Our("▏"), tampered: safe.Our("◊"),
		customer: safe.Our("│"), team: safe.Our("┃"), note: safe.Our("┊"), quote: safe.Our("▏"),
		wall: string(t.faint) + "│",
		sent: safe.Our("✓"), delivered: safe.Our("✓✓"), read: safe.Our("✔✔"),
		failed: safe.Our("!"), unknown: safe.Our("?"), sending: safe.Our("…"),
		live: safe.Our("●"), away: safe.Our("○"), refused: safe.Our("×"),
	}
	if t.faint != "" {
		s.wall += reset
	}
	if t.wordy {
		s.read = safe.Our("read")
	}
	return s
}

// inkOf takes the bytes that a Lip Gloss style puts in front of a text.
func inkOf(s lipgloss.Style) ink {
	before, _, _ := strings.Cut(s.Render("x"), "x")
	return ink(before)
}
