package server

import (
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// ledger has the open chats of a rehearsal, not one by one but by what decides
// who sees them. So what a preview costs doesn't grow with the chats.
type ledger struct{ rows []holding }

// holding is a number of chats that had the same facts and have the same facts.
type holding struct {
	was, is desk.Facts
	n       int
}

func newLedger(tallies []store.Tally) *ledger {
	l := &ledger{}
	for _, k := range tallies {
		if k.Status == desk.StatusOpen && k.Total > 0 {
			l.rows = append(l.rows, holding{k.Facts, k.Facts, k.Total})
		}
	}
	return l
}

// handOver does to the numbers what [handover.give] does to each chat.
func (l *ledger) handOver(from desk.MemberID, colleague *desk.Member) (returned int) {
	for i := range l.rows {
		row := &l.rows[i]
		if row.is.Assignee != from {
			continue
		}
		c := row.is.With(0)
		handed(c, colleague)
		row.is = c.Facts()
		returned += row.n
	}
	return returned
}
