package tui

import (
	"strconv"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *teamPanel) view(l *look, w, h int) []string {
	return p.pair.view(l, w, h, func(l *look, w int) []string {
		if t, ok := p.team(); ok {
			return p.teamDetails(l, t, w)
		}
		if who, ok := p.person(); ok {
			return p.personDetails(l, who, w)
		}
		return nil
	})
}

// columns of a row about a person: how wide each is, zero for none. The name
// has the rest.
type personColumns struct{ name, role, teams, chats, seen int }

func columnsOf(w int) personColumns {
	c := personColumns{role: 11, seen: 10}
	switch {
	case w >= 84:
		c = personColumns{role: 22, teams: 20, chats: 8, seen: 10}
	case w >= 46:
		c = personColumns{role: 16, chats: 8, seen: 10}
	}
	c.name = max(4, w-c.role-c.teams-c.chats-c.seen-2)
	return c
}

func personHead(l *look, r *row) {
	c := columnsOf(r.left)
	r.cell(l.dim, ours("  Name"), c.name+2).cell(l.dim, ours("Role"), c.role).cell(l.dim, ours("Teams"), c.teams).
		cell(l.dim, ours("Chats"), c.chats).cell(l.dim, ours("Seen"), c.seen)
}

func (p *teamPanel) personRow(l *look, i int, r *row) {
	who := p.members[i]
	c := columnsOf(r.left)
	sign, word, k := p.presence(l, who)
	name := l.memberName(who.ID)
	if who.ID == l.me.Member.ID {
		name = name.Add(ours(" (you)"))
	}
	r.put(k, sign).gap(1)
	cell := func(k ink, t safe.Text, cols int) {
		if cols > 0 {
			r.put(k, l.cols.Fit(l.cols.Cut(t, cols-1), cols-1)).gap(1)
		}
	}
	cell(l.strong, name, c.name)
	cell("", l.roleWords(who), c.role)
	cell(l.dim, l.teamNames(who.Teams), c.teams)
	cell("", p.chats(who), c.chats)
	cell(k, word, c.seen)
}

// presence is whether someone is there: a sign, a word and their ink.
func (p *teamPanel) presence(l *look, who desk.Member) (sign, word safe.Text, k ink) {
	s, known := p.staff[who.ID]
	switch {
	case who.Suspended:
		return l.sign.refused, ours("suspended"), l.bad
	case who.Invited:
		return l.sign.sending, ours("invited"), l.warn
	case !known:
		return l.sign.away, safe.Text{}, l.dim
	case s.Online > 0:
		return l.sign.live, ours("online"), l.good
	case s.SeenAt.IsZero():
		return l.sign.away, ours("never"), l.dim
	}
	return l.sign.away, ours(age(l.now.Sub(s.SeenAt)) + " ago"), l.dim
}

// chats is how many open chats someone has, and how many of them have something
// unread.
func (p *teamPanel) chats(who desk.Member) safe.Text {
	s, ok := p.staff[who.ID]
	switch {
	case !ok || s.Open == 0:
		return safe.Text{}
	case s.Unread > 0:
		return oursf("%d·%d", s.Open, s.Unread)
	}
	return ours(strconv.Itoa(s.Open))
}

// roleWords is a member's role, and how long what they have besides still holds.
func (l *look) roleWords(who desk.Member) safe.Text {
	return l.roleName(who.Role).Add(l.lentFor(who))
}

// lentFor counts down to when the first thing that someone was lent ends: " +4 h";
// empty when they have nothing of that kind.
func (l *look) lentFor(who desk.Member) safe.Text {
	if left := l.soonest(who); left > 0 {
		return ours(" +" + desk.Left(l.now.Add(left), l.now))
	}
	return safe.Text{}
}

// soonest is how long it is until the first of someone's grants ends; 0 when they
// have none.
func (l *look) soonest(who desk.Member) time.Duration {
	least := time.Duration(0)
	for _, g := range who.Grants {
		if left := g.Until.Sub(l.now); left > 0 && (least == 0 || left < least) && g.Contact == "" {
			least = left
		}
	}
	return least
}

func (l *look) roleName(id desk.RoleID) safe.Text {
	if r, ok := l.rep.Role(id); ok {
		return outside(r.Name).Or(ours("<no name>"))
	}
	return outside(string(id))
}

func (l *look) teamNames(ids []desk.TeamID) safe.Text {
	names := make([]safe.Text, 0, len(ids))
	for _, id := range ids {
		names = append(names, l.teamName(id))
	}
	return safe.Join(ours(", "), names...)
}

// current are the grants that haven't ended.
func current(all []desk.Grant, now time.Time) []desk.Grant {
	var rest []desk.Grant
	for _, g := range all {
		if g.Until.After(now) {
			rest = append(rest, g)
		}
	}
	return rest
}

// grantWords says what a grant gives.
func (l *look) grantWords(g desk.Grant) safe.Text {
	switch {
	case g.Contact != "":
		return ours("One customer's number")
	case g.Role != "":
		return safe.Join(ours(" "), ours("The role"), l.roleName(g.Role))
	}
	return l.keyWords(g.Perm, g.Scope)
}

// keyWords is a permission and how far it reaches, where that can differ.
func (l *look) keyWords(p desk.Perm, s desk.Scope) safe.Text {
	d, _ := desk.Describe(p)
	t := outside(d.Title)
	if len(d.Scopes) > 1 {
		t = t.Add(ours(" " + scopeWords(s)))
	}
	return t
}

// ends says when something ends: "Fri 18:00 (4 h)".
func (l *look) ends(t time.Time) string {
	at, now := t.In(l.loc), l.now.In(l.loc)
	form := "Mon 2 Jan 15:04"
	switch days := daysBetween(now, at); {
	case days == 0:
		form = "15:04"
	case days < 7:
		form = "Mon 15:04"
	case at.Year() != now.Year():
		form = "2 Jan 2006 15:04"
	}
	return at.Format(form) + " (" + desk.Left(t, l.now) + ")"
}

func (p *teamPanel) personDetails(l *look, who desk.Member, w int) []string {
	d := &details{look: l, w: w}
	d.say(l.strong, l.memberName(who.ID))
	if who.Email != "" {
		d.say(l.dim, outside(who.Email))
	}
	d.blank()
	for _, f := range p.personFacts(l, who) {
		d.fact(f)
	}
	if grants := current(who.Grants, l.now); len(grants) > 0 {
		d.head("Access for a time")
		for _, g := range grants {
			d.say(l.warn, ours("+ ").Add(l.grantWords(g)))
			d.sub("", ours("until "+l.ends(g.Until)))
			by := phrase(ours("from"), l.whoName(g.By))
			if g.Reason != "" {
				by = safe.Join(ours(": "), by, outside(g.Reason))
			}
			d.sub(l.dim, by)
		}
	}
	p.sessionDetails(d, who)
	return d.rows
}

func (p *teamPanel) personFacts(l *look, who desk.Member) []fact {
	s, known := p.staff[who.ID]
	state, k := "", l.dim
	switch {
	case who.Suspended:
		state, k = "suspended: can't sign in; u lets them back in", l.bad
	case who.Invited && s.Code.After(l.now):
		state, k = "invited; the code holds until "+l.ends(s.Code), l.warn
	case who.Invited && known:
		state, k = "invited; the code has ended: I makes a new one", l.warn
	case who.Invited:
		state, k = "invited", l.warn
	case !known:
		state = "…"
	case s.Online > 0:
		state, k = "online on "+plural(s.Online, "screen"), l.good
	case s.SeenAt.IsZero():
		state = "was never here"
	default:
		state = "last seen " + age(l.now.Sub(s.SeenAt)) + " ago"
	}
	chats := safe.Text{}
	if known {
		chats = ours("none open")
	}
	if s.Open > 0 {
		chats = oursf("%d open", s.Open)
	}
	if s.Unread > 0 {
		chats = oursf("%d open, %d with something unread", s.Open, s.Unread)
	}
	teams := l.teamNames(who.Teams)
	if teams.Empty() {
		teams = ours("none")
	}
	return []fact{{"Is", ours(state), k}, {"Role", l.roleName(who.Role), ""}, {"Teams", teams, ""}, {"Chats", chats, ""}}
}

// sessionDetails lists where someone is signed in, or says why that isn't shown.
func (p *teamPanel) sessionDetails(d *details, who desk.Member) {
	l := d.look
	if p.sessionsOf != who.ID || (p.loading && p.sessions == nil) {
		return
	}
	d.head("Signed in")
	if p.noSessions != nil {
		d.say(l.dim, l.reason(p.noSessions, nil))
		return
	}
	if len(p.sessions) == 0 {
		d.say(l.dim, ours("nowhere"))
	}
	for _, s := range p.sessions {
		k, sign := l.dim, l.sign.away
		if s.Open > 0 {
			k, sign = l.good, l.sign.live
		}
		d.say(k, sign.Add(ours(" ")).Add(l.sessionWords(s)))
		d.sub(l.dim, safe.Join(ours(" · "), ours(l.sinceWords(s)), outside(s.Addr), outside(s.Key)))
	}
}

// sessionWords names a sign-in: the program, its machine, and whether it is open.
func (l *look) sessionWords(s desk.SignInInfo) safe.Text {
	t := outside(s.Program).Or(ours("a program"))
	if s.Host != "" {
		t = safe.Join(ours(" "), t, ours("on"), outside(s.Host))
	}
	switch {
	case s.Open > 1:
		t = t.Add(oursf(", %d screens", s.Open))
	case s.Open == 1:
		t = t.Add(ours(", open"))
	}
	if s.Yours {
		t = t.Add(ours(", this one"))
	}
	return t
}

func (l *look) sinceWords(s desk.SignInInfo) string {
	at := s.Since.In(l.loc)
	switch days := daysBetween(at, l.now.In(l.loc)); {
	case days == 0:
		return "since " + at.Format("15:04")
	case days < 7:
		return "since " + at.Format("Mon 15:04")
	}
	return "since " + at.Format("2 Jan 2006")
}

func teamHead(l *look, r *row) {
	r.cell(l.dim, ours("Name"), max(8, r.left/3)).cell(l.dim, ours("People"), 8).put(l.dim, ours("Who"))
}

func (p *teamPanel) teamRow(l *look, i int, r *row) {
	t := p.groups[i]
	in := p.in(t.ID)
	name := max(8, r.left/3)
	r.put(l.strong, l.cols.Fit(l.cols.Cut(l.teamName(t.ID), name-1), name-1)).gap(1)
	r.cell("", ours(strconv.Itoa(len(in))), 8)
	for j, m := range in {
		if r.left <= 0 {
			break
		}
		if j > 0 {
			r.put(l.dim, ours(", "))
		}
		r.put(l.dim, l.firstName(l.memberName(m.ID)))
	}
}

func (p *teamPanel) teamDetails(l *look, t desk.Team, w int) []string {
	d := &details{look: l, w: w}
	d.say(l.strong, l.teamName(t.ID))
	in := p.in(t.ID)
	d.say(l.dim, ours(people(len(in))+". Who may see or do something “in their teams” may do it here."))
	d.blank()
	for _, m := range in {
		sign, word, k := p.presence(l, m)
		d.rows = append(d.rows, l.split(w, "", []span{{k, sign}, {"", ours(" ")}, {"", l.memberName(m.ID)}, {"", ours("  ")}, {l.dim, l.roleName(m.Role)}}, []span{{k, word}}))
	}
	return d.rows
}

// details is a text about one thing under construction.
type details struct {
	*look
	w    int
	rows []string
}

func (d *details) blank() { d.rows = append(d.rows, d.row(d.w, "").String()) }

// say adds a paragraph.
func (d *details) say(k ink, t safe.Text) {
	for _, s := range d.cols.Wrap(t, max(1, d.w)) {
		d.rows = append(d.rows, d.row(d.w, "").put(k, s).String())
	}
}

// sub adds a paragraph that belongs to what stands above it.
func (d *details) sub(k ink, t safe.Text) {
	for _, s := range d.cols.Wrap(t, max(1, d.w-2)) {
		d.rows = append(d.rows, d.row(d.w, "").gap(2).put(k, s).String())
	}
}

// head begins a section.
func (d *details) head(title string) {
	d.blank()
	d.rows = append(d.rows, d.row(d.w, "").put(d.tabOn, ours(title)).String())
}

// fact adds a line with what it is in front.
func (d *details) fact(f fact) {
	if f.value.Empty() {
		return
	}
	for i, t := range d.cols.Wrap(f.value, max(1, d.w-9)) {
		what := ""
		if i == 0 {
			what = f.what
		}
		d.rows = append(d.rows, d.row(d.w, "").cell(d.dim, ours(what), 8).gap(1).put(f.ink, t).String())
	}
}
