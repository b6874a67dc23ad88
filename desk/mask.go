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

// Masked is the contact without private fields: of the number the last four
// digits stay, of a user name and the user id nothing. A customer who is called
// by a number is masked too.
func (c Contact) Masked() Contact {
	c.Phone = MaskDigits(c.Phone)
	c.Name = MaskDigits(c.Name)
	c.Username, c.UserID = "", ""
	c.Hidden = true
	return c
}

// Masked is the message as someone sees it who may not see numbers. What people
// wrote stays as it is; what we or WhatsApp wrote of numbers (contact cards, a
// changed number) doesn't.
func (m Message) Masked() Message {
	if carriesNumbers(m.Side, m.Type) {
		m.Text = MaskDigits(m.Text)
	}
	if q := m.Quote; q != nil {
		masked := *q
		masked.Text = MaskDigits(q.Text) // its type isn't known here
		m.Quote = &masked
	}
	return m
}

func carriesNumbers(side Side, t MessageType) bool {
	return side == SideCustomer && (t == TypeContacts || t == TypeSystem)
}

// numberLeast is how many digits make a number that is somebody's: a year, a
// price or an order of fewer stays readable.
const numberLeast = 7

// MaskDigits hides every phone number in a text but for its last four digits.
// Spaces and signs that people write between digits belong to the number.
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
		b.WriteString("•••• ")
		last := make([]rune, 0, 4)
		for i := end - 1; len(last) < 4; i-- {
			if unicode.IsDigit(rest[i]) {
				last = append([]rune{rest[i]}, last...)
			}
		}
		b.WriteString(string(last))
		rest = rest[end:]
	}
	return b.String()
}

// numberAt returns how many digits a number at the start of the text has, and
// where it ends.
func numberAt(s []rune) (n, end int) {
	for i, r := range s {
		switch {
		case unicode.IsDigit(r):
			n++
			end = i + 1
		case i == 0 && r == '+', n > 0 && strings.ContainsRune(" -–().\u00a0\u202f", r):
		default:
			return n, end
		}
	}
	return n, end
}

func digits(s string) (n int) {
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
