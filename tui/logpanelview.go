package tui

import (
	"strconv"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *logPanel) title(l *look) safe.Text {
	title := ours("Activity log")
	switch {
	case !p.loaded:
		return title
	case p.lo > 0 || p.list.top > 0:
		return title.Add(ours(" · newer entries above: g"))
	case !p.filter.to.IsZero() && p.filter.to.Before(l.now):
		return title
	}
	return title.Add(ours(" · live"))
}

// view draws the filter above the entries.
func (p *logPanel) view(l *look, w, h int) []string {
	p.above = 0
	var rows []string
	if chips := p.filter.chips(l); len(chips) > 0 {
		r := l.row(w, "").gap(1)
		for _, c := range chips {
			r.put(l.badge, ours(" ").Add(l.cols.Cut(c, 30)).Add(ours(" "))).gap(1)
		}
		r.put(l.dim, ours("x shows all"))
		rows = []string{r.String()}
		p.above = 1
	}
	return append(rows, p.pair.view(l, w, h-p.above, p.details)...)
}

// row draws an entry: when, and what happened.
func (p *logPanel) row(l *look, i int, r *row) {
	e := p.rows[i]
	at, now := e.At.In(l.loc), l.now.In(l.loc)
	when := at.Format("15:04:05")
	if daysBetween(at, now) != 0 {
		when = at.Format("2 Jan 15:04")
	}
	if r.left < 50 {
		when = l.clock(e.At)
		r.cell(l.dim, ours(when), 7)
	} else {
		r.cell(l.dim, ours(when), 13)
	}
	k := ink("")
	switch e.Kind {
	case desk.CommandRefused, desk.SignInFailed:
		r.put(l.warn, ours("! "))
		k = l.warn
	case desk.ContactRevealed, desk.ContactExported, desk.LogExported, desk.ViewAsStarted:
		k = l.accent
	}
	r.put(k, l.cols.Cut(l.logged(e), r.left))
}

// details tell all of one entry.
func (p *logPanel) details(l *look, w int) []string {
	e := p.entry()
	if e == nil {
		return nil
	}
	d := &details{look: l, w: w}
	d.say(l.strong, l.logged(e))
	d.blank()
	for _, f := range l.entryFacts(e) {
		d.fact(f)
	}
	if x := e.Detail; x != nil {
		l.refusalDetails(d, x.Denied)
		if x.Reason != "" {
			d.head("Reason")
			d.rows = append(d.rows, para{text: outside(x.Reason), said: true}.rows(l, w)...)
		}
	}
	l.changeDetails(d, e)
	l.textDetails(d, e)
	if e.Hash != "" {
		d.head("Hash")
		d.say(l.dim, outside(e.Hash))
	}
	return d.rows
}

func (l *look) entryFacts(e *desk.LogEntry) []fact {
	x := e.Detail
	if x == nil {
		x = &desk.LogDetail{}
	}
	who, chat, target, rows, erased := ours("nobody: Frontdesk, or a customer"), safe.Text{}, safe.Text{}, safe.Text{}, safe.Text{}
	if e.Actor != "" {
		who = l.named(string(e.Actor))
	}
	if e.Conversation != 0 {
		chat = ours(e.Conversation.String())
		if c := l.rep.Conversation(e.Conversation); c != nil {
			chat = phrase(chat, contactName(c.Contact))
		}
	}
	if e.Target != "" {
		target = l.named(e.Target)
	}
	if x.Rows > 0 {
		rows = ours(strconv.Itoa(x.Rows))
	}
	if e.Erased {
		erased = ours("the content; that it happened stays")
	}
	as := safe.Text{}
	if x.As != nil {
		as = l.eyesName(*x.As)
	}
	return []fact{
		{"Number", ours(strconv.FormatInt(e.Seq, 10)), ""}, {"Time", ours(l.second(e.At)), ""}, {"Who", who, ""},
		{"Session", outside(e.Session), l.dim}, {"Address", outside(e.Addr), ""}, {"Program", outside(x.Program), ""},
		{"Kind", outside(string(e.Kind)), l.dim}, {"Command", outside(x.Command), l.dim}, {"Target", target, ""},
		{"Chat", chat, ""}, {"As", as, ""}, {"E-mail", outside(x.Email), ""}, {"Rows", rows, ""}, {"Erased", erased, l.warn},
	}
}

// refusalDetails tell what a refused command lacked.
func (l *look) refusalDetails(d *details, x *desk.Denied) {
	if x == nil {
		return
	}
	d.head("Refused")
	d.say(l.warn, outside(x.Reason))
	d.fact(fact{"Key", phrase(l.titled(x.Perm), outside(string(x.Perm))), ""})
	if x.Needs != "" {
		d.fact(fact{"Needs", outside(string(x.Needs)), ""})
		d.fact(fact{"Has", outside(string(x.Has)).Or(ours("none")), ""})
	}
	d.fact(fact{"Why", outside(string(x.Why)), l.dim})
}

// changeDetails tell before and after.
func (l *look) changeDetails(d *details, e *desk.LogEntry) {
	all := l.differences(e.Detail)
	if len(all) == 0 {
		return
	}
	switch {
	case len(e.Detail.Before) == 0:
		d.head("What it is")
	case len(e.Detail.After) == 0:
		d.head("What it was")
	default:
		d.head("Before → after")
	}
	for _, x := range all {
		value := safe.Join(ours(" → "), x.was.Or(ours("—")), x.is.Or(ours("—")))
		switch {
		case len(e.Detail.Before) == 0:
			value = x.is
		case len(e.Detail.After) == 0:
			value = x.was
		}
		d.labelled(x.what, value)
	}
}

// labelled puts a value behind what it is, or below it where there is no room.
func (d *details) labelled(what, value safe.Text) {
	if what.Empty() {
		d.sub("", value)
		return
	}
	if what = what.Add(ours(": ")); d.cols.Width(what)+d.cols.Width(value) <= d.w {
		d.rows = append(d.rows, d.row(d.w, "").put(d.dim, what).put("", value).String())
		return
	}
	d.say(d.dim, what)
	d.sub("", value)
}

// textDetails tell of messages how long they were: the log keeps their words for
// nobody to read here.
func (l *look) textDetails(d *details, e *desk.LogEntry) {
	if len(e.Texts) == 0 {
		return
	}
	d.head("Messages")
	for _, t := range e.Texts {
		line := safe.Join(ours(" · "), some(outside(string(t.Side)), outside(string(t.Type)), ours(plural(t.Length, "character")), outside(string(t.Delivery)))...)
		d.say("", line)
	}
}
