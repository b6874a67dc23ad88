package tui

import (
	"strconv"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *usagePanel) view(l *look, w, h int) []string { return p.pair.view(l, w, h, p.details) }

// usedWidth is the column of how much was used.
const usedWidth = 10

func (p *usagePanel) head(l *look, r *row) {
	r.cell(l.dim, ours("Role, and who has it"), r.left-usedWidth).put(l.dim, ours("Used"))
}

func (p *usagePanel) row(l *look, i int, r *row) {
	u := &p.rows[i]
	room := r.left - usedWidth
	name, k := phrase(roleTitle(&u.role), ours("· "+people(u.people))), l.strong
	if u.who.ID != "" {
		name, k = ours("  ").Add(l.whoName(u.who.ID)), ink("")
	}
	r.cell(k, l.cols.Cut(name, room-1), room)
	if !p.known || u.who.ID == "" && u.people == 0 {
		return
	}
	hue := l.dim
	if u.used < len(u.role.Grants) {
		hue = l.warn
	}
	r.put(hue, ours(strconv.Itoa(u.used)+" of "+strconv.Itoa(len(u.role.Grants))))
}

// details tell what was used, what not, and which role would do.
func (p *usagePanel) details(l *look, w int) []string {
	u, ok := p.chosen()
	if !ok {
		return nil
	}
	d := &details{look: l, w: w}
	if u.who.ID != "" {
		d.say(l.strong, phrase(l.whoName(u.who.ID), ours("·"), roleTitle(&u.role)))
	} else {
		d.say(l.strong, roleTitle(&u.role))
	}
	switch {
	case p.failed != nil:
		d.say(l.bad, l.reason(p.failed, nil))
		return d.rows
	case !p.known:
		d.say(l.dim, ours("Asking what was used…"))
		return d.rows
	}
	d.say(l.dim, oursf("%s. The last %d days; %s.", plural(len(u.role.Grants), "permission"), p.days, p.sinceWords(l)))
	if u.who.ID == "" && u.people == 0 {
		d.say(l.dim, ours("Nobody has this role."))
		return d.rows
	}
	uses := p.uses(u)
	p.smallerDetails(d, &u, desk.Smaller(u.role, uses))
	p.usedDetails(d, &u, uses)
	return d.rows
}

// smallerDetails list what wasn't used, and what was held further than needed.
func (p *usagePanel) smallerDetails(d *details, u *usageRow, smaller desk.Role) {
	var never, wide []roleDiff
	for _, diff := range roleDiffs(u.role, smaller) {
		if diff.to == "" {
			never = append(never, diff)
		} else {
			wide = append(wide, diff)
		}
	}
	section := func(head string, all []roleDiff) {
		if len(all) == 0 {
			return
		}
		d.head(head + ": " + strconv.Itoa(len(all)))
		d.diffs(all)
	}
	section("Held but never used", never)
	section("Wider than was needed", wide)
	d.head("The smaller role that would do")
	switch {
	case len(never)+len(wide) == 0:
		d.say(d.dim, ours("None: all of it was used."))
	case len(smaller.Grants) == 0:
		d.say(d.dim, ours("None: nothing of it was used."))
	default:
		t := plural(len(smaller.Grants), "permission")
		if len(never) > 0 {
			t += ", " + strconv.Itoa(len(never)) + " fewer"
		}
		if len(wide) > 0 {
			t += ", " + strconv.Itoa(len(wide)) + " narrower"
		}
		d.say("", ours(t+". c makes it, as a copy."))
	}
}

// usedDetails list what was used: how far at most, and when last.
func (p *usagePanel) usedDetails(d *details, u *usageRow, uses []desk.Usage) {
	far, at := map[desk.Perm]desk.Scope{}, map[desk.Perm]time.Time{}
	for _, use := range uses {
		if far[use.Perm].Rank() < use.Scope.Rank() {
			far[use.Perm] = use.Scope
		}
		if use.LastAt.After(at[use.Perm]) {
			at[use.Perm] = use.LastAt
		}
	}
	d.head("Used: " + strconv.Itoa(u.used))
	for _, perm := range desk.Permissions() {
		if far[perm.Key] == desk.ScopeNone || u.role.Grants[perm.Key] == desk.ScopeNone {
			continue
		}
		title := outside(perm.Title)
		if len(perm.Scopes) > 1 {
			title = title.Add(ours(", " + scopeCell(perm, far[perm.Key])))
		}
		last := safe.Text{}
		if t := at[perm.Key]; !t.IsZero() {
			last = ours(age(d.now.Sub(t)) + " ago")
		}
		d.rows = append(d.rows, d.split(d.w, "", []span{{"", title}}, []span{{d.dim, last}}))
	}
}
