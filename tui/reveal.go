package tui

import (
	"encoding/json"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// reveal asks for a reason and shows one customer's number for a while.
func (m *Model) reveal() tea.Cmd {
	c := m.current()
	id, name := c.ID, contactName(c.Contact)
	why := reasonField()
	why.note = needed("Say why you need it: the log keeps it.")
	f := &form{
		title:  phrase(ours("Reveal the number of"), name),
		lead:   []para{{text: oursf("You see it for %s; then it is hidden again by itself. That you looked, and why, stands in the log.", tenMinutes())}, {}},
		submit: "reveals",
		fields: []*field{why},
		check:  m.still(desk.ContactReveal, id),
	}
	f.send = func(m *Model) tea.Cmd {
		cmd := desk.RevealContact{Conversation: id, Reason: f.text(0)}
		if err := cmd.Validate(); err != nil {
			f.refused(m.look().reason(err, nil))
			return nil
		}
		f.busy, f.check = true, nil // once it is shown, it can't be revealed again
		return m.ask(client.NewRef(), cmd, func(raw json.RawMessage, err error) tea.Cmd {
			if err != nil {
				f.check = m.still(desk.ContactReveal, id)
				f.refused(m.sentence(err, id))
				return nil
			}
			m.drop(f)
			m.say(toastInfo, safe.Join(ours(" "), ours("The number of"), name, ours("is shown "+m.look().shownUntil(raw)+".")))
			return nil
		})
	}
	m.push(f)
	return nil
}

// tenMinutes is [desk.RevealFor] in words.
func tenMinutes() string { return plural(int(desk.RevealFor/time.Minute), "minute") }

func (l *look) shownUntil(raw json.RawMessage) string {
	var done desk.Done
	if json.Unmarshal(raw, &done) != nil || done.Ends.IsZero() {
		return "for " + tenMinutes()
	}
	return "until " + l.ends(done.Ends)
}

// revealed is how long the number of a contact is still shown by a reveal; 0 when
// none is under way.
func (l *look) revealed(id desk.ContactID) time.Duration {
	longest := time.Duration(0)
	for _, g := range l.me.Member.Grants {
		if g.Contact == id && id != "" {
			longest = max(longest, g.Until.Sub(l.now))
		}
	}
	return longest
}

// numbers says of a conversation that its numbers are hidden and how to see them,
// or for how long they are shown; empty when there is nothing to say.
func (l *look) numbers(c *desk.Conversation) fact {
	if left := l.revealed(c.Contact.ID); left > 0 && !c.Contact.Hidden {
		return fact{"Revealed", ours("for " + desk.Left(l.now.Add(left), l.now)), l.warn}
	}
	if !c.Contact.Hidden {
		return fact{}
	}
	if desk.Can(&l.me, desk.ContactReveal, desk.Subject{Conversation: c}, l.now) == nil {
		return fact{"Numbers", ours("hidden; N reveals them for " + tenMinutes()), l.dim}
	}
	return fact{"Numbers", ours("hidden from your role"), l.dim}
}

// counting reports whether something that is shown counts down by the second: the
// end of access, or of a reveal of the customer who is looked at.
func (m *Model) counting(within time.Duration) bool {
	l := m.look()
	if left := l.soonest(l.me.Member); left > 0 && left <= within {
		return true
	}
	c := m.current()
	return c != nil && l.revealed(c.Contact.ID) > 0
}

// forewarned is how long before the end of access it is told.
const forewarned = 10 * time.Minute

// warnOfEnds tells, once, that access for a time ends soon. What was given for
// less than that needs no word: its beginning has just said so.
func (m *Model) warnOfEnds() {
	l := m.look()
	held := map[desk.GrantID]bool{}
	for _, g := range l.me.Member.Grants {
		left := g.Until.Sub(l.now)
		if g.Contact != "" || left > forewarned || left <= 0 || g.Until.Sub(g.Since) <= forewarned {
			continue
		}
		held[g.ID] = true
		if !m.warned[g.ID] && !m.looking {
			m.sayAlso(toastGrave, safe.Join(ours(" "), ours("Your time for"), outside(l.lentWords(g)), ours("ends at "+l.ends(g.Until)+". What you write stays a draft.")))
		}
	}
	m.warned = held
}

// hiddenAgain says whose number was revealed and isn't any more; empty when none
// was.
func (m *Model) hiddenAgain(before []desk.Grant) string {
	l := m.look()
	for _, g := range before {
		if g.Contact == "" || l.revealed(g.Contact) > 0 {
			continue
		}
		for _, c := range m.rows() {
			if c.Contact.ID == g.Contact && c.Contact.Hidden {
				return "The number of " + contactName(c.Contact).String() + " is hidden again"
			}
		}
	}
	return ""
}
