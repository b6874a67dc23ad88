package server

import (
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// exportDay is the time in which [desk.ExportCap] counts.
const exportDay = 24 * time.Hour

// exportContacts answers a page of contacts. Whether the asker may take them out
// is asked for each page, with all that left by their hand within a day; what
// leaves stands in the log before it is answered.
func (r *request) exportContacts(c desk.ExportContacts) (desk.ContactPage, error) {
	before, err := r.tx.ExportedBy(r.actor.Member.ID, r.now.Add(-exportDay))
	if err != nil {
		return desk.ContactPage{}, err
	}
	// Before anything is looked for: who may take out nothing more costs nothing.
	if err := r.ask(desk.ContactExport, desk.Subject{Rows: before + 1}); err != nil {
		return desk.ContactPage{}, err
	}
	page, err := r.contactPage(c.After, orPage(c.Limit))
	if err != nil {
		return desk.ContactPage{}, err
	}
	page.Today = before + len(page.Contacts)
	if err := r.ask(desk.ContactExport, desk.Subject{Rows: page.Today}); err != nil {
		return desk.ContactPage{}, err
	}
	_, err = r.record(desk.Event{Kind: desk.ContactExported}, desk.LogDetail{Command: c.Name(), Rows: len(page.Contacts)})
	return page, err
}

const (
	// exportBatch is the least that is read at once: more conversations than one
	// contact has channels to write on.
	exportBatch = 100
	// exportLook is how many contacts are looked at for one page: a write, which
	// others wait for. Whoever may take out few of many gets short pages.
	exportLook = 2000
)

// contactPage reads the next contacts that the asker sees and may take out, each
// once.
func (r *request) contactPage(after desk.ContactID, limit int) (desk.ContactPage, error) {
	page := desk.ContactPage{Contacts: []desk.Contact{}}
	upTo, err := r.tx.ContactAfter(after, exportLook)
	if err != nil {
		return page, err
	}
	size := max(limit+1, exportBatch)
	for {
		rows, err := r.tx.CoveredByContact(r.actor.Member, r.actor.Scope(desk.ContactExport), after, upTo, size)
		if err != nil {
			return page, err
		}
		groups := byContact(rows)
		if len(rows) == size && len(groups) > 1 {
			groups = groups[:len(groups)-1] // it may go on: the next batch begins with it
		}
		for _, g := range groups {
			contact, ok := r.exportable(g)
			if ok && len(page.Contacts) == limit {
				page.More, page.Next = true, page.Contacts[limit-1].ID
				return page, nil
			}
			if after = g[0].Contact.ID; ok {
				page.Contacts = append(page.Contacts, contact)
			}
		}
		if len(rows) < size {
			page.More, page.Next = upTo != "", upTo
			return page, nil
		}
	}
}

// exportable is the contact of these conversations as the asker may take it out.
// It is there by any of them, and whole by any in which its number shows.
func (r *request) exportable(of []desk.Conversation) (contact desk.Contact, ok bool) {
	for i := range of {
		s := desk.Subject{Conversation: &of[i]}
		if r.ask(desk.ConversationView, s) != nil || r.ask(desk.ContactExport, s) != nil {
			continue
		}
		if seen := r.eyes().conversation(of[i]).Contact; !ok || !seen.Hidden {
			contact, ok = seen, true
		}
	}
	return contact, ok
}

// byContact cuts rows, which are in the order of their contacts, into those of
// each contact.
func byContact(rows []desk.Conversation) (groups [][]desk.Conversation) {
	for len(rows) > 0 {
		id := rows[0].Contact.ID
		n := slices.IndexFunc(rows, func(c desk.Conversation) bool { return c.Contact.ID != id })
		if n < 0 {
			n = len(rows)
		}
		groups, rows = append(groups, rows[:n]), rows[n:]
	}
	return groups
}
