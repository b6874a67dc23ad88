package tui

import (
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *requestsPanel) view(l *look, w, h int) []string { return p.pair.view(l, w, h, p.details) }

// requestState is a sign, a word and their ink.
func (l *look) requestState(s desk.RequestState) (sign, word safe.Text, k ink) {
	switch s {
	case desk.RequestOpen:
		return l.sign.away, ours("waits"), l.warn
	case desk.RequestGranted:
		return l.sign.sent, ours("allowed"), l.good
	case desk.RequestRefused:
		return l.sign.refused, ours("refused"), l.bad
	case desk.RequestWithdrawn:
		return ours("−"), ours("taken back"), l.dim
	}
	return ours("?"), outside(string(s)), l.dim
}

// row draws a request: its state, who, what, and since when or by whom.
func (p *requestsPanel) row(l *look, i int, r *row) {
	q := &p.rows[i]
	if q.head != "" {
		r.put(l.tabOn, ours(q.head))
		return
	}
	sign, word, k := l.requestState(q.State)
	last := ours(age(l.now.Sub(q.At)) + " ago")
	if q.State != desk.RequestOpen {
		last = word
	}
	name := min(16, r.left/3)
	r.put(k, sign).gap(1).cell(l.strong, l.short(l.whoName(q.Member), name), name).gap(1)
	room := max(1, r.left-l.cols.Width(last)-2)
	r.cell("", l.cols.Cut(l.keyWords(q.Perm, q.Scope), room), room).gap(1).put(k, last)
}

// details tell all of one request.
func (p *requestsPanel) details(l *look, w int) []string {
	d := &details{look: l, w: w}
	r, ok := p.chosen()
	if !ok {
		return nil
	}
	who := l.memberName(r.Member)
	asks := "asks for"
	if r.Member == l.me.Member.ID {
		who, asks = ours("You"), "ask for"
	}
	d.say(l.strong, phrase(who, ours(asks), l.titled(r.Perm)))
	perm, known := desk.Describe(r.Perm)
	if known {
		d.say(l.dim, outside(perm.Meaning))
	} else {
		d.say(l.dim, outside(string(r.Perm)))
	}
	if perm.Danger {
		d.say(l.warn, ours("! It lets them change what other people may do, or take data out."))
	}
	d.blank()
	for _, f := range l.requestFacts(&r) {
		d.fact(f)
	}
	d.head("Reason")
	d.rows = append(d.rows, para{text: outside(r.Reason), said: true}.rows(l, w)...)
	if r.Answer != "" {
		d.head("Answer")
		d.rows = append(d.rows, para{text: outside(r.Answer), said: true}.rows(l, w)...)
	}
	if r.State == desk.RequestOpen {
		p.next(d, &r)
	}
	return d.rows
}

func (l *look) requestFacts(r *desk.Request) []fact {
	where, reach := safe.Text{}, safe.Text{}
	if r.Conversation != 0 {
		where = ours("chat " + r.Conversation.String())
		if c := l.rep.Conversation(r.Conversation); c != nil {
			where = phrase(contactName(c.Contact), ours(r.Conversation.String()))
		}
	}
	if d, _ := desk.Describe(r.Perm); len(d.Scopes) != 1 {
		reach = ours(scopeWords(r.Scope))
	}
	_, word, k := l.requestState(r.State)
	state := word
	if r.By != "" {
		state = phrase(word, ours("by"), l.whoName(r.By))
	}
	facts := []fact{
		{"Is", state, k}, {"Reach", reach, ""}, {"For", ours(l.length(r.For)), ""},
		{"Since", ours(l.moment(r.At)), ""}, {"Where", where, ""},
	}
	if !r.DecidedAt.IsZero() {
		facts = append(facts, fact{"Decided", ours(l.moment(r.DecidedAt)), ""})
	}
	if !r.Until.IsZero() {
		until := "ended " + l.moment(r.Until)
		if r.Until.After(l.now) {
			until = "until " + l.ends(r.Until)
		}
		facts = append(facts, fact{"Holds", ours(until), ""})
	}
	return facts
}

// moment is a time that has passed: of today the hour, else the day too.
func (l *look) moment(t time.Time) string {
	at, now := t.In(l.loc), l.now.In(l.loc)
	switch days := daysBetween(at, now); {
	case days == 0:
		return at.Format("15:04")
	case days > 0 && days < 7:
		return at.Format("Mon 15:04")
	case at.Year() == now.Year():
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

// next says what can be done about a request that waits.
func (p *requestsPanel) next(d *details, r *desk.Request) {
	d.blank()
	l := d.look
	if r.Member != l.me.Member.ID {
		d.say(l.dim, ours("a allows it, for as long or shorter; x refuses it."))
		return
	}
	givers := l.rep.Givers(r.Perm, r.Scope)
	if len(givers) == 0 {
		d.say(l.warn, ours("Nobody here can decide on it at present. w takes it back."))
		return
	}
	d.say(l.dim, l.either(givers).Add(ours(" can decide. w takes it back.")))
}
