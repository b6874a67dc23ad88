package tui

import (
	"slices"
	"strconv"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *rolesPanel) title(l *look) safe.Text {
	parts := []safe.Text{ours("Roles")}
	if n := p.drafts.unsaved(); n > 0 {
		parts = append(parts, ours("unsaved: "+plural(n, "change")))
	}
	if id, ok := p.firstStale(); ok {
		parts = append(parts, outside(p.drafts.all[id].base.Name).Add(ours(" was changed meanwhile: s")))
	}
	if r, ok := p.stands(); ok {
		parts = append(parts, roleTitle(p.shown(&r)).Add(oursf(", %d of %d", p.col+1, len(p.roles))))
	}
	return safe.Join(ours(" · "), parts...)
}

func roleTitle(r *desk.Role) safe.Text { return outside(r.Name).Or(ours("<no name>")) }

func (p *rolesPanel) view(l *look, w, h int) []string { return p.pair.view(l, w, h, p.details) }

// matrix is how the columns of the list stand at a width: that of the titles,
// that of each role, and how many there are.
type matrix struct{ title, cell, n int }

// columns lays the matrix out in w columns. On a narrow screen there is one role
// at a time. The chosen role is always in sight.
func (p *rolesPanel) columns(w int) matrix {
	least, narrowest := 20, 7
	if w >= 56 {
		least = 28
	}
	c := matrix{n: max(1, (w-least)/narrowest)}
	if w < 42 {
		c.n = 1
	}
	c.n = min(c.n, max(1, len(p.roles)))
	c.cell = min(11, max(narrowest, (w-28)/c.n))
	c.title = max(0, w-c.n*c.cell)
	p.first = max(0, min(p.first, p.col, len(p.roles)-c.n))
	p.first = max(p.first, p.col-c.n+1)
	return c
}

// heads are the names of the roles in sight. The chosen one has a mark, those
// with changes a sign.
func (p *rolesPanel) heads(l *look, r *row) {
	c := p.columns(r.left)
	r.cell(l.dim, ours(p.beyond(c)), c.title)
	for i := p.first; i < min(len(p.roles), p.first+c.n); i++ {
		role := p.shown(&p.roles[i])
		k, lead := l.dim, ours(" ")
		if i == p.col {
			k, lead = l.tabOn, ours("▾")
		}
		name := roleTitle(role)
		if p.drafts.all[role.ID] != nil {
			name = ours("+").Add(name)
		}
		r.put(k, lead).cell(k, l.cols.Cut(name, c.cell-1), c.cell-1)
	}
}

// beyond says how many roles are out of sight on either side.
func (p *rolesPanel) beyond(c matrix) string {
	left, right := p.first, len(p.roles)-p.first-c.n
	switch {
	case left > 0 && right > 0:
		return "‹ " + strconv.Itoa(left) + " roles " + strconv.Itoa(right) + " ›"
	case left > 0:
		return "‹ " + plural(left, "role")
	case right > 0:
		return plural(right, "role") + " ›"
	}
	return ""
}

// row draws a permission and how far each role in sight has it.
func (p *rolesPanel) row(l *look, i int, r *row) {
	pr := &p.rows[i]
	if pr.head != "" {
		r.put(l.tabOn, outside(string(pr.head)))
		return
	}
	c := p.columns(r.left)
	chosen := i == p.list.index()
	room := c.title - 1
	if pr.perm.Danger {
		r.put(l.warn, ours("! "))
		room -= 2
	}
	r.put("", l.cols.Fit(l.cols.Cut(outside(pr.perm.Title), room), room)).gap(1)
	for col := p.first; col < min(len(p.roles), p.first+c.n); col++ {
		lead := ours(" ")
		if chosen && col == p.col {
			lead = ours("▸")
		}
		word, k := p.cell(l, &p.roles[col], pr.perm)
		if chosen && col == p.col {
			k = l.tabOn
		}
		r.put(l.accent, lead).cell(k, word, c.cell-1)
	}
}

// cell is how far a role has a permission: the scope, * where that is otherwise
// than in the role it was copied from, and + or - for a change that isn't saved.
func (p *rolesPanel) cell(l *look, r *desk.Role, perm desk.Permission) (safe.Text, ink) {
	role := p.shown(r)
	is := role.Grants[perm.Key]
	word, k := scopeCell(perm, is), l.dim
	if is != desk.ScopeNone {
		k = ""
	}
	if base, ok := l.rep.Role(role.Base); ok && role.Base != "" && base.Grants[perm.Key] != is {
		word += "*"
	}
	if d := p.drafts.all[r.ID]; d != nil {
		switch was := d.base.Grants[perm.Key]; {
		case is.Rank() > was.Rank():
			word, k = word+"+", l.good
		case is.Rank() < was.Rank():
			word, k = word+"-", l.bad
		}
	}
	return ours(word), k
}

// scopeCell is a scope in a word.
func scopeCell(p desk.Permission, s desk.Scope) string {
	switch {
	case s == desk.ScopeNone:
		return "—"
	case len(p.Scopes) == 1:
		return "yes"
	}
	return string(s)
}

// details tell of the permission and the role under the cursor.
func (p *rolesPanel) details(l *look, w int) []string {
	d := &details{look: l, w: w}
	r, ok := p.stands()
	if !ok {
		return nil
	}
	if perm, ok := p.perm(); ok {
		p.permDetails(d, perm, &r)
	}
	p.roleDetails(d, &r)
	return d.rows
}

func (p *rolesPanel) permDetails(d *details, perm desk.Permission, r *desk.Role) {
	l, role := d.look, p.shown(r)
	d.say(l.strong, outside(perm.Title))
	d.say(l.dim, outside(string(perm.Key)))
	d.say("", outside(perm.Meaning))
	if perm.Danger {
		d.say(l.warn, ours("! Dangerous: it changes what other people may do, or takes data out."))
	}
	d.blank()
	is := role.Grants[perm.Key]
	d.say("", phrase(roleTitle(role).Add(ours(":")), ours(scopeLong(perm, is))))
	if base, ok := l.rep.Role(role.Base); ok && base.Grants[perm.Key] != is {
		d.say("", phrase(ours("*"), roleTitle(&base).Add(ours(", which it was copied from:")), ours(scopeLong(perm, base.Grants[perm.Key]))))
	}
	if dr := p.drafts.all[r.ID]; dr != nil && dr.base.Grants[perm.Key] != is {
		sign, k := "−", l.bad
		if is.Rank() > dr.base.Grants[perm.Key].Rank() {
			sign, k = "+", l.good
		}
		d.say(k, oursf("%s Not saved. Before: %s", sign, scopeLong(perm, dr.base.Grants[perm.Key])))
	}
	if err := l.mayChange(r, p.drafts.all[r.ID]); err != nil {
		d.say(l.dim, l.reason(err, nil))
	} else {
		d.say(l.dim, ours("space changes it: "+scopeCycle(perm)))
	}
}

// scopeLong is a scope in words, behind the word of the cell.
func scopeLong(p desk.Permission, s desk.Scope) string {
	if s == desk.ScopeNone || len(p.Scopes) == 1 {
		return scopeCell(p, s)
	}
	return scopeCell(p, s) + ", " + scopeWords(s)
}

func scopeCycle(p desk.Permission) string {
	cycle := "—"
	for _, s := range p.Scopes {
		cycle += " " + scopeCell(p, s)
	}
	return cycle
}

// mayChange asks whether this agent may edit a role.
func (l *look) mayChange(r *desk.Role, d *roleDraft) error {
	if d != nil {
		r = &d.base
	}
	return l.rep.Can(desk.RoleManage, desk.Subject{Role: r}, l.now)
}

func (p *rolesPanel) roleDetails(d *details, r *desk.Role) {
	l, role := d.look, p.shown(r)
	d.blank()
	d.rows = append(d.rows, l.row(d.w, "").put(l.tabOn, l.cols.Cut(phrase(ours("Role"), roleTitle(role)), d.w)).String())
	if p.stale(r.ID) {
		d.say(l.warn, ours("! ").Add(p.whoChanged(l, p.drafts.all[r.ID])).Add(ours(". s shows both.")))
	}
	if role.Description != "" {
		d.say("", outside(role.Description))
	}
	for _, f := range l.roleFacts(role) {
		d.fact(f)
	}
	if dr := p.drafts.all[r.ID]; dr != nil {
		p.draftDetails(d, dr)
	}
	l.holderDetails(d, r.ID)
}

func (l *look) roleFacts(r *desk.Role) []fact {
	from := safe.Text{}
	switch base, ok := l.rep.Role(r.Base); {
	case r.BuiltIn:
		from = ours("comes with the program")
	case ok:
		from = phrase(ours("copied from"), roleTitle(&base))
	case r.Base != "":
		from = ours("copied from a role that is gone")
	}
	facts := []fact{{"Is", from, l.dim}, {"Rank", ours(strconv.Itoa(r.Rank)), ""}}
	if !r.BuiltIn {
		facts = append(facts, fact{"Word", outside(string(r.ID)), l.dim}, fact{"Version", ours(strconv.Itoa(r.Version)), l.dim})
	}
	return facts
}

// draftDetails list what isn't saved.
func (p *rolesPanel) draftDetails(d *details, dr *roleDraft) {
	mine := dr.mine()
	if len(mine) == 0 {
		return
	}
	if dr.saved {
		d.head("Saved")
	} else {
		d.head("Not saved: " + plural(len(mine), "change"))
	}
	for _, diff := range mine {
		para := d.diff(diff)
		d.say(para.ink, para.text)
	}
}

// diff is a difference between two roles in words.
func (l *look) diff(d roleDiff) para {
	if d.field != "" {
		from, to := outside(d.from).Or(ours("none")), outside(d.to).Or(ours("none"))
		return para{text: phrase(ours(string(d.field)+":"), from, ours("→"), to)}
	}
	perm, ok := desk.Describe(d.perm)
	if !ok {
		perm.Scopes = []desk.Scope{desk.ScopeTeam, desk.ScopeAll} // its scope is told as it is
	}
	title := outside(perm.Title)
	if perm.Danger {
		title = ours("! ").Add(title)
	}
	title = title.Add(oursf(": %s → %s", scopeCell(perm, desk.Scope(d.from)), scopeCell(perm, desk.Scope(d.to))))
	if d.more() {
		return para{ink: l.good, text: ours("+ ").Add(title)}
	}
	return para{ink: l.bad, text: ours("− ").Add(title)}
}

// shownHolders is how many people a role's details name.
const shownHolders = 30

// holderDetails say who has a role, for good or for a time.
func (l *look) holderDetails(d *details, id desk.RoleID) {
	holders, lent := l.holders(id)
	d.head("Who has it")
	if len(holders)+len(lent) == 0 {
		d.say(l.dim, ours("nobody"))
		return
	}
	d.say(l.dim, ours(people(len(holders))+counted(len(lent), ", ", " for a time")))
	for i, who := range slices.Concat(holders, lent) {
		if i == shownHolders {
			d.say(l.dim, ours("… and "+people(len(holders)+len(lent)-i)+" more."))
			return
		}
		name := l.whoName(who.ID)
		switch {
		case i >= len(holders):
			name = name.Add(ours(", for a time"))
		case who.Suspended:
			name = name.Add(ours(", suspended"))
		case who.Invited:
			name = name.Add(ours(", invited"))
		}
		d.say("", name)
	}
}

// holders are the members who have a role, and those who are lent it.
func (l *look) holders(id desk.RoleID) (has, lent []desk.Member) {
	for _, who := range l.rep.Members() {
		if who.Role == id {
			has = append(has, who)
			continue
		}
		for _, g := range who.Grants {
			if g.Role == id && g.Until.After(l.now) {
				lent = append(lent, who)
				break
			}
		}
	}
	return has, lent
}

// counted is a number with words around it; nothing for none.
func counted(n int, before, after string) string {
	if n == 0 {
		return ""
	}
	return before + strconv.Itoa(n) + after
}
