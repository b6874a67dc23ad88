package tui

import (
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// fact is one line of the details: what, and its value.
type fact struct {
	what  string
	value safe.Text
	ink   ink
}

// detailRows draws what is known of a conversation and its customer.
func detailRows(l *look, c *desk.Conversation, w int) []string {
	if c == nil {
		return nil
	}
	name := contactName(c.Contact)
	rows := []string{}
	for _, t := range l.cols.Wrap(name, w) {
		rows = append(rows, l.row(w, "").put(l.strong, t).String())
	}
	if name.Tampered() {
		rows = append(rows, l.row(w, "").put(l.warn, l.sign.tampered).put(l.warn, ours(" hidden characters")).String())
		for _, t := range l.cols.Wrap(safe.Raw(c.Contact.Name), w) {
			rows = append(rows, l.row(w, "").put(l.dim, t).String())
		}
	}
	rows = append(rows, l.row(w, "").String())
	d := &details{look: l, w: w, rows: rows}
	for _, f := range facts(l, c) {
		d.fact(f)
	}
	return d.rows
}

func facts(l *look, c *desk.Conversation) []fact {
	assignee, team := ours("nobody"), safe.Text{}
	if c.Assignee != "" {
		assignee = l.whoName(c.Assignee)
	}
	if c.Team != "" {
		team = l.teamName(c.Team)
	}
	status := "open"
	if c.Status == desk.StatusResolved {
		status = "resolved"
	}
	window, k := l.window(c)
	if c.WindowOpen(l.now) {
		window = "until " + c.WindowUntil.In(l.loc).Format("Mon 15:04")
	}
	waits, waitInk := "nobody waits", l.dim
	if !c.WaitingSince.IsZero() {
		waits, waitInk = "for "+age(l.now.Sub(c.WaitingSince)), l.warn
	}
	labels := make([]safe.Text, 0, len(c.Labels))
	for _, s := range c.Labels {
		labels = append(labels, outside(s))
	}
	username := safe.Text{}
	if c.Contact.Username != "" {
		username = outside("@" + c.Contact.Username)
	}
	return []fact{
		{"Phone", outside(c.Contact.Phone), ""},
		{"Username", username, ""},
		l.numbers(c),
		{"Chat", ours(c.ID.String()), ""},
		{"Status", ours(status), ""},
		{"Assigned", assignee, ""},
		{"Team", team, ""},
		{"Labels", safe.Join(ours(", "), labels...), l.accent},
		{"Waiting", ours(waits), waitInk},
		{"Window", ours(window), k},
	}
}
