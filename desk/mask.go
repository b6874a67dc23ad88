package desk

import (
	"strings"
	"unicode"
)

// SeesNumbers reports whether me may see the private fields of a conversation's
// contact: by the scope of [ContactViewPII], or because this contact was
// revealed to them.
func SeesNumbers(me *Actor, c *Conversation) bool {
	if covers(me.Scope(ContactViewPII), &me.Member, c.Facts()) {
		return true
	}
	for i := range me.Member.Grants {
		if g := &me.Member.Grants[i]; g.Contact == c.Contact.ID && g.Perm == ContactViewPII && g.Contact != "" {
			return true
		}
	}
	return false
}

// Shown is the conversation as me may see it: masked unless [SeesNumbers].
func (c Conversation) Shown(me *Actor) Conversation {
	if SeesNumbers(me, &c) {
		return c
	}
	return c.Masked()
}

// Masked is the conversation without its contact's private fields.
func (c Conversation) Masked() Conversation {
	c.Contact = c.Contact.Masked()
	if carriesNumbers(c.Last.Side, c.Last.Type) {
		c.Last.Text = MaskDigits(c.Last.Text)
	}
	return c
}

// Masked is the contact without private fields: of the number, however short, the
// last four digits stay, of a user name and the user id nothing. A customer who is
// called by a number is masked too.
func (c Contact) Masked() Contact {
	if c.Hidden {
		return c // masked once already
	}
	if c.Phone != "" {
		c.Phone = lastFour([]rune(c.Phone))
	}
	c.Name = MaskDigits(c.Name)
	c.Username, c.UserID = "", ""
	c.Hidden = true
	return c
}

// Masked is the message as someone sees it who may not see numbers. What people
// wrote stays as it is; what we or WhatsApp wrote of numbers (contact cards, a
// changed number, why it wasn't sent) doesn't, nor do the names of files, which
// programs make.
func (m Message) Masked() Message {
	if carriesNumbers(m.Side, m.Type) {
		m.Text = MaskDigits(m.Text)
	}
	if q := m.Quote; q != nil {
		masked := *q
		masked.Text = MaskDigits(q.Text) // its type isn't known here
		m.Quote = &masked
	}
	if p := m.Problem; p != nil {
		masked := *p
		masked.Text = MaskDigits(p.Text)
		m.Problem = &masked
	}
	if f := m.Media; f != nil {
		masked := *f
		masked.Filename = MaskDigits(f.Filename)
		m.Media = &masked
	}
	return m
}

// carriesNumbers reports whether the text of a message was made from numbers: a
// contact card, whoever sent it, or a notice of WhatsApp.
func carriesNumbers(side Side, t MessageType) bool {
	return t == TypeContacts || side == SideCustomer && t == TypeSystem
}

// numberLeast is how many digits make a number that is somebody's: a year, a
// price or an order of fewer stays readable.
const numberLeast = 7

// MaskDigits hides every phone number in a text but for its last four digits.
// Spaces and signs that people write between digits, and what doesn't show at all,
// belong to the number; digits are those of any script.
func MaskDigits(s string) string {
	if digits(s) < numberLeast {
		return s
	}
	var b strings.Builder
	rest := []rune(s)
	for len(rest) > 0 {
		n, end := numberAt(rest)
		if n < numberLeast {
			b.WriteString(string(rest[:max(end, 1)]))
			rest = rest[max(end, 1):]
			continue
		}
		b.WriteString(lastFour(rest[:end]))
		rest = rest[end:]
	}
	return b.String()
}

// lastFour is what stays of a number. Of four digits or fewer nothing does.
func lastFour(number []rune) string {
	var all []rune
	for _, r := range number {
		if digit(r) {
			all = append(all, r)
		}
	}
	if len(all) <= 4 {
		return "••••"
	}
	return "•••• " + string(all[len(all)-4:])
}

// digit reports whether r counts in a number: a digit of any script, plain or
// dressed up (①, ²).
func digit(r rune) bool { return unicode.In(r, unicode.Nd, unicode.No) }

// between reports whether r may stand between the digits of one number. A comma
// or a line break ends it, and a plus begins the next.
func between(r rune) bool {
	return unicode.In(r, unicode.Zs, unicode.Pd, unicode.Ps, unicode.Pe, unicode.Cf, unicode.M) ||
		strings.ContainsRune("\t./\\·•_*~|−", r)
}

// numberAt returns how many digits a number at the start of the text has, and
// where it ends.
func numberAt(s []rune) (n, end int) {
	for i, r := range s {
		switch {
		case digit(r):
			n++
			end = i + 1
		case i == 0 && (r == '+' || r == '＋'), n > 0 && between(r):
		default:
			return n, end
		}
	}
	return n, end
}

func digits(s string) (n int) {
	for _, r := range s {
		if digit(r) {
			n++
		}
	}
	return n
}
