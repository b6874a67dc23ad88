package tui

import (
	"encoding/json"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// atUsage is the place of the list of what people use of what they may.
const atUsage Where = "usage"

// usagePanel shows, per role and per person, which permissions were used within
// some days, and makes the smaller role that would do.
type usagePanel struct {
	pair
	matrix *rolesPanel
	days   int
	known  bool
	asked  bool
	failed error
	since  desk.Usages // what was answered; Used is taken apart into used
	used   map[desk.MemberID][]desk.Usage
	rows   []usageRow
	people []desk.Member // that rows were made of
	roles  []desk.Role
}

// usageRow is a role, or one of its people.
type usageRow struct {
	role   desk.Role
	who    desk.Member // empty ID: the role as a whole
	people int
	used   int // of the role's permissions
}

func usageActions() []Action {
	return []Action{
		{ID: "usage-smaller", Title: "Make the smaller role that would do…", Keys: []string{"c"}, Group: GroupRoles, Where: atUsage, Perm: desk.RoleManage, Hint: "smaller role",
			Check: unless((*usagePanel).mayShrink), Run: on((*usagePanel).shrink)},
		{ID: "usage-days", Title: "7, 30 or 90 days", Keys: []string{"d"}, Group: GroupRoles, Where: atUsage, Hint: "days", Run: on((*usagePanel).turnDays)},
	}
}

// usage opens the panel, at the chosen role.
func (p *rolesPanel) usage(m *Model) tea.Cmd {
	u := &usagePanel{matrix: p, days: 30, used: map[desk.MemberID][]desk.Usage{}}
	u.list = table{
		count: func() int { return len(u.rows) },
		key:   func(i int) string { return u.rows[i].key() },
		words: func(i int) []string { return u.rows[i].words() },
		row:   u.row,
		head:  u.head,
	}
	cmd := m.show(u)
	u.list.find(string(p.held))
	return cmd
}

func (r *usageRow) key() string {
	if r.who.ID == "" {
		return string(r.role.ID)
	}
	return string(r.role.ID) + " " + string(r.who.ID)
}

func (r *usageRow) words() []string {
	if r.who.ID == "" {
		return []string{r.role.Name}
	}
	return []string{r.who.Name, r.role.Name}
}

func (p *usagePanel) where() Where { return atUsage }

func (p *usagePanel) title(l *look) safe.Text {
	t := oursf("What people use · last %d days", p.days)
	switch {
	case p.failed != nil:
		return t.Add(ours(" · ")).Add(l.reason(p.failed, nil))
	case !p.known:
		return t.Add(ours(" · asking…"))
	}
	return t.Add(ours(" · " + p.sinceWords(l)))
}

// sinceWords says since when it was counted.
func (p *usagePanel) sinceWords(l *look) string {
	at := p.since.Since.In(l.loc)
	if at.Year() != l.now.In(l.loc).Year() {
		return "counted since " + at.Format("2 Jan 2006")
	}
	return "counted since " + at.Format("2 Jan")
}

func (p *usagePanel) changed(m *Model) (tea.Cmd, error) {
	if err := m.mayDo(desk.ListUsage{Days: p.days}); err != nil {
		return nil, err
	}
	// Most changes of the desk are none of its people.
	if !sameList(p.people, m.rep.Members()) || !sameList(p.roles, m.rep.Roles()) {
		p.build(m)
	}
	if p.known || p.asked || p.failed != nil {
		return nil, nil
	}
	return p.ask(m), nil
}

func (p *usagePanel) ask(m *Model) tea.Cmd {
	days := p.days
	p.asked, p.failed = true, nil
	return m.ask(client.NewRef(), desk.ListUsage{Days: days}, func(raw json.RawMessage, err error) tea.Cmd {
		if days != p.days {
			return nil // another number of days was asked for since
		}
		p.asked = false
		var list desk.Usages
		if err == nil {
			err = json.Unmarshal(raw, &list)
		}
		if p.failed = err; err != nil {
			return nil
		}
		p.known, p.since, p.used = true, desk.Usages{Since: list.Since}, map[desk.MemberID][]desk.Usage{}
		for _, u := range list.Used {
			p.used[u.Member] = append(p.used[u.Member], u)
		}
		p.build(m)
		return nil
	})
}

// turnDays counts over another number of days.
func (p *usagePanel) turnDays(m *Model) tea.Cmd {
	all := []int{7, 30, 90}
	p.days = all[(slices.Index(all, p.days)+1)%len(all)]
	p.known = false
	return p.ask(m)
}

// build lists each role, with its people below it.
func (p *usagePanel) build(m *Model) {
	byRole := map[desk.RoleID][]desk.Member{}
	p.people, p.roles = m.rep.Members(), m.rep.Roles()
	for _, who := range p.people {
		byRole[who.Role] = append(byRole[who.Role], who)
	}
	p.rows = nil
	for _, role := range p.roles {
		people := byRole[role.ID]
		at := len(p.rows)
		p.rows = append(p.rows, usageRow{role: role, people: len(people)})
		whole := map[desk.Perm]bool{}
		for _, who := range people {
			theirs := map[desk.Perm]bool{}
			for _, u := range p.used[who.ID] {
				if role.Grants[u.Perm] != desk.ScopeNone {
					whole[u.Perm], theirs[u.Perm] = true, true
				}
			}
			p.rows = append(p.rows, usageRow{role: role, who: who, used: len(theirs)})
		}
		p.rows[at].used = len(whole)
	}
	p.list.refresh()
}

// sameList reports whether two lists are one: the replica makes a new one when
// something in it changes.
func sameList[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (p *usagePanel) chosen() (_ usageRow, ok bool) {
	i := p.list.index()
	if i < 0 {
		return usageRow{}, false
	}
	return p.rows[i], true
}

// uses are what a role's people used, or one of them.
func (p *usagePanel) uses(r usageRow) []desk.Usage {
	if r.who.ID != "" {
		return p.used[r.who.ID]
	}
	var all []desk.Usage
	for _, other := range p.rows {
		if other.role.ID == r.role.ID && other.who.ID != "" {
			all = append(all, p.used[other.who.ID]...)
		}
	}
	return all
}

func (p *usagePanel) mayShrink(m *Model) error {
	r, ok := p.chosen()
	switch {
	case !ok:
		return notHere("Choose a role or a person first.")
	case !p.known:
		return notHere("What was used isn't known yet.")
	case r.who.ID == "" && r.people == 0:
		return notHere("Nobody has this role, so nothing of it was used.")
	}
	smaller := desk.Smaller(r.role, p.uses(r))
	switch {
	case len(smaller.Grants) == 0:
		return notHere("Nothing of this role was used: no role would do.")
	case len(roleDiffs(r.role, smaller)) == 0:
		return notHere("All of this role was used: no smaller one would do.")
	}
	return m.rep.Can(desk.RoleManage, desk.Subject{}, m.opt.Now())
}

// shrink offers the smaller role as a new one; who gets it is said elsewhere.
func (p *usagePanel) shrink(m *Model) tea.Cmd {
	r, _ := p.chosen()
	name := r.role.Name + ", smaller"
	if r.who.ID != "" {
		name = r.role.Name + " for " + r.who.Name
	}
	return m.newRole(desk.Smaller(r.role, p.uses(r)), name, func(id desk.RoleID) {
		if i := slices.Index(m.panels, panel(p.matrix)); i >= 0 {
			m.panels = m.panels[:i+1]
		}
		p.matrix.await(id)
	})
}
