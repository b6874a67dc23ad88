package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// look is what the panes draw from: the desk, the hour, the theme, and how
// columns are counted. It is made anew for each frame and holds no state.
type look struct {
	theme
	cols safe.Model
	rep  *client.Replica
	me   desk.Actor
	now  time.Time
	loc  *time.Location
	// ended says why nothing is shown any more; empty while the sign-in stands.
	ended safe.Text
}

// ours is short for what the screen itself says.
func ours(s string) safe.Text { return safe.Our(s) }

func oursf(format string, args ...any) safe.Text { return safe.Our(fmt.Sprintf(format, args...)) }

// maxLine is how much of a name or a sentence from outside is looked at for one
// line of the screen, in bytes. A longer one is cut anyway, and cleaning all of
// it would cost every frame.
const maxLine = 1024

// outside is the border where a name, a label or a sentence that someone else
// wrote enters a view, to be drawn on one line.
func outside(s string) safe.Text {
	if len(s) > maxLine {
		n := maxLine
		for n > maxLine-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return safe.Line(s)
}

// contactName is what a customer is called: by name, else phone, else username.
func contactName(c desk.Contact) safe.Text {
	t := outside(c.Name).Or(outside(c.Phone))
	if t.Empty() && c.Username != "" {
		t = outside("@" + c.Username)
	}
	return t.Or(ours("<no name>"))
}

// memberName is what a colleague is called.
func (l *look) memberName(id desk.MemberID) safe.Text {
	if id == "" {
		return ours("Nobody")
	}
	if m, ok := l.rep.Member(id); ok {
		return outside(m.Name).Or(outside(m.Email)).Or(ours("<no name>"))
	}
	return ours("someone")
}

// whoName is memberName, and "You" for this agent.
func (l *look) whoName(id desk.MemberID) safe.Text {
	if id != "" && id == l.me.Member.ID {
		return ours("You")
	}
	return l.memberName(id)
}

func (l *look) teamName(id desk.TeamID) safe.Text {
	if t, ok := l.rep.Team(id); ok {
		return outside(t.Name).Or(ours("<no name>"))
	}
	return ours("a team")
}

// short returns a name in at most cols columns: whole, else its first word.
func (l *look) short(t safe.Text, cols int) safe.Text {
	if l.cols.Width(t) <= cols {
		return t
	}
	if word, _, ok := strings.Cut(t.String(), " "); ok {
		if w := outside(word); l.cols.Width(w) <= cols && !w.Empty() {
			return w
		}
	}
	return l.cols.Cut(t, cols)
}

// firstName is the first word of a name, for where there is little room.
func (l *look) firstName(t safe.Text) safe.Text {
	word, _, _ := strings.Cut(t.String(), " ")
	return l.cols.Cut(outside(word).Or(t), 10)
}

// initials are the first letters of the first and the last word of a name.
func (l *look) initials(t safe.Text) safe.Text {
	words := strings.Fields(t.String())
	if len(words) == 0 {
		return ours("?")
	}
	first := strings.ToUpper(firstLetter(words[0]))
	if len(words) > 1 {
		both := outside(first + strings.ToUpper(firstLetter(words[len(words)-1])))
		if l.cols.Width(both) <= 2 {
			return both
		}
	}
	return l.cols.Cut(outside(first), 2)
}

func firstLetter(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// span of time in one unit: "now", "12m", "3h", "2d".
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "<1m"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// window says how long free text may still be sent: "4h left" or "closed".
func (l *look) window(c *desk.Conversation) (text string, k ink) {
	if !c.WindowOpen(l.now) {
		return "closed", l.bad
	}
	left := c.WindowUntil.Add(-desk.WindowMargin).Sub(l.now)
	if left < 2*time.Hour {
		return age(left) + " left", l.warn
	}
	return age(left) + " left", l.dim
}

// clock is a time as a list shows it: of today the hour, else the day.
func (l *look) clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now := t.In(l.loc), l.now.In(l.loc)
	switch days := daysBetween(t, now); {
	case days == 0:
		return t.Format("15:04")
	case days > 0 && days < 7:
		return t.Format("Mon")
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 06")
}

// day is a day as a thread's break shows it.
func (l *look) day(t time.Time) string {
	t, now := t.In(l.loc), l.now.In(l.loc)
	switch days := daysBetween(t, now); {
	case days == 0:
		return "Today"
	case days == 1:
		return "Yesterday"
	case t.Year() == now.Year():
		return t.Format("Monday 2 January")
	}
	return t.Format("Monday 2 January 2006")
}

// daysBetween counts calendar days from a to b, both in one zone.
func daysBetween(a, b time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(day(b).Sub(day(a)).Hours() / 24)
}

// mediaLabel names content that isn't text; empty for text and for what the
// message's own sentence stands for.
func mediaLabel(t desk.MessageType, m *desk.Media) safe.Text {
	switch t {
	case desk.TypeImage:
		return ours("Photo")
	case desk.TypeVideo:
		return ours("Video")
	case desk.TypeAudio:
		if m != nil && m.Voice {
			return ours("Voice message")
		}
		return ours("Audio")
	case desk.TypeSticker:
		return ours("Sticker")
	case desk.TypeDocument:
		label := ours("Document")
		if m != nil && m.Filename != "" {
			label = safe.Join(ours(" · "), label, outside(m.Filename))
		}
		return label
	}
	return safe.Text{}
}

// size of an attachment: "120 kB"; empty when unknown.
func size(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1_000_000:
		return strconv.FormatInt(n/1000, 10) + " kB"
	}
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
}

// unsaid stands for a message that has no text and no label.
func unsaid(t desk.MessageType) safe.Text {
	switch t {
	case desk.TypeText, "":
		return ours("<empty>")
	case desk.TypeUnsupported:
		return ours("A kind of message that can't be shown here")
	}
	return safe.Join(ours(" "), outside(string(t)), ours("message"))
}

// tick is the sign of how far a message of the team has come.
func (l *look) tick(d desk.Delivery) (safe.Text, ink) {
	switch d {
	case desk.Queued, desk.Sending:
		return l.sign.sending, l.dim
	case desk.Accepted, desk.Sent:
		return l.sign.sent, l.dim
	case desk.Delivered:
		return l.sign.delivered, l.dim
	case desk.Read, desk.Played:
		return l.sign.read, l.good
	case desk.Failed:
		return l.sign.failed, l.bad
	case desk.Unknown:
		return l.sign.unknown, l.warn
	}
	return safe.Text{}, ""
}

// happened tells an event of a thread as a sentence.
func (l *look) happened(m *desk.Message) safe.Text {
	who := ours("Frontdesk")
	if m.Author != "" {
		who = l.whoName(m.Author)
	}
	to := l.whoName(m.To)
	if to.String() == "You" {
		to = ours("you")
	}
	switch desk.EventKind(m.Type) {
	case desk.ConversationClaimed:
		return who.Add(ours(" claimed this chat"))
	case desk.ConversationTakenOver:
		if m.To == "" || m.To == m.Author {
			return who.Add(ours(" took this chat over"))
		}
		return safe.Join(ours(" "), who, ours("took this chat over from"), to)
	case desk.ConversationResolved:
		return who.Add(ours(" resolved this chat"))
	case desk.ConversationReopened:
		if m.Author == "" {
			return ours("Reopened: the customer wrote again")
		}
		return who.Add(ours(" reopened this chat"))
	case desk.ConversationAssigned:
		return l.assigned(m, who, to)
	case desk.ConversationHandedOver:
		return l.handedOver(m)
	case desk.ConversationLabelled:
		if m.Text != "" {
			return safe.Join(ours(" "), who, ours("changed the labels:"), outside(m.Text))
		}
		return who.Add(ours(" changed the labels"))
	}
	if m.Text != "" {
		return outside(m.Text)
	}
	return outside(strings.NewReplacer(".", " ", "_", " ").Replace(string(m.Type)))
}

// handedOver tells that a chat was taken from someone who can't answer it any
// more, and where it went as long as that is known here.
func (l *look) handedOver(m *desk.Message) safe.Text {
	why := outside(m.Text)
	if m.To == "" {
		return why.Or(ours("This chat was handed over"))
	}
	whose := l.memberName(m.To).Add(ours("'s chat"))
	if m.To == l.me.Member.ID {
		whose = ours("Your chat")
	}
	went := ours("was handed over")
	if c := l.rep.Conversation(m.Conversation); c != nil && c.Seq == m.Seq {
		went = ours("went back to the queue")
		if c.Assignee != "" {
			went = phrase(ours("went to"), l.memberName(c.Assignee))
		}
	}
	return safe.Join(ours(": "), some(phrase(whose, went), why)...)
}

func (l *look) assigned(m *desk.Message, who, to safe.Text) safe.Text {
	team := safe.Join(ours(" "), ours("team"), l.teamName(m.ToTeam))
	switch {
	case m.To != "" && m.ToTeam != "":
		return safe.Join(ours(" "), who, ours("gave this chat to"), to, ours("and"), team)
	case m.To != "":
		return safe.Join(ours(" "), who, ours("gave this chat to"), to)
	case m.ToTeam != "":
		return safe.Join(ours(" "), who, ours("gave this chat to"), team)
	}
	return who.Add(ours(" put this chat back into the queue"))
}

// reason is a refusal as this screen says it: with the colleague's name, where
// the rule only knows that there is one.
func (l *look) reason(err error, c *desk.Conversation) safe.Text {
	e := desk.AsError(err)
	text := e.Message
	if e.Denied != nil && e.Denied.Why == desk.WhyHeld && c != nil && c.Assignee != "" {
		name := l.memberName(c.Assignee).String()
		text = strings.Replace(text, "Someone else", name, 1)
		text = strings.Replace(text, "Someone", name, 1)
	}
	return outside(text)
}

// plural is "1 message", "2 messages".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
