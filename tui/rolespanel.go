package tui

import (
	"cmp"
	"encoding/json"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// atRoles is the place of the matrix of roles and permissions.
const atRoles Where = "roles"

// rolesPanel is the matrix: a row for each permission, a column for each role.
// It draws only the cells in sight, so 200 roles cost what ten do.
type rolesPanel struct {
	pair
	drafts *roleDrafts
	rows   []permRow
	roles  []desk.Role // as they stand, the highest first; then those in drafts that are gone
	col    int         // the chosen role …
	held   desk.RoleID // … and its word, by which it is found again
	wanted desk.RoleID // the one to choose as soon as it is there
	first  int         // the leftmost role in sight
	saving *effectDialog
}

// permRow is a permission, or a heading.
type permRow struct {
	head desk.Group
	perm desk.Permission
}

func permRows() []permRow {
	var rows []permRow
	var group desk.Group
	for _, p := range desk.Permissions() {
		if p.Group != group {
			group = p.Group
			rows = append(rows, permRow{head: group})
		}
		rows = append(rows, permRow{perm: p})
	}
	return rows
}

// openRoles returns what opens the panel. The table of actions is each screen's
// own, and so are the drafts that this keeps.
func openRoles() func(*Model) tea.Cmd {
	drafts := newRoleDrafts()
	return func(m *Model) tea.Cmd {
		for i, open := range m.panels {
			if p, ok := open.(*rolesPanel); ok { // with what is chosen in it
				m.panels = m.panels[:i+1]
				p.deep = false
				return nil
			}
		}
		return m.show(newRolesPanel(drafts))
	}
}

func newRolesPanel(drafts *roleDrafts) *rolesPanel {
	p := &rolesPanel{drafts: drafts, rows: permRows()}
	p.list = table{
		count: func() int { return len(p.rows) },
		key:   func(i int) string { return string(p.rows[i].head) + string(p.rows[i].perm.Key) },
		words: p.words,
		skip:  func(i int) bool { return p.rows[i].head != "" },
		row:   p.row,
		head:  p.heads,
	}
	return p
}

// words are what a permission is found by.
func (p *rolesPanel) words(i int) []string {
	r := &p.rows[i]
	if r.head != "" {
		return nil
	}
	return []string{r.perm.Title, string(r.perm.Key), r.perm.Meaning}
}

func (p *rolesPanel) where() Where { return atRoles }

// changed takes in the roles as they are now, and looks what that means for those
// that are being edited.
func (p *rolesPanel) changed(m *Model) (tea.Cmd, error) {
	if err := m.rep.Can(desk.RoleView, desk.Subject{}, m.opt.Now()); err != nil {
		return nil, err
	}
	cmd := p.compareDrafts(m)
	p.roles = m.rep.Roles()
	if gone := p.gone(m); len(gone) > 0 {
		p.roles = append(slices.Clone(p.roles), gone...)
	}
	wanted := p.wanted
	if !p.toRole(p.held) {
		p.toColumn(p.col)
	}
	if wanted != "" {
		p.await(wanted)
	}
	p.list.refresh()
	return cmd, nil
}

// gone are the roles that are being edited here and were deleted elsewhere.
func (p *rolesPanel) gone(m *Model) []desk.Role {
	var all []desk.Role
	for _, id := range p.drafts.ids() {
		if _, ok := m.rep.Role(id); !ok {
			all = append(all, p.drafts.all[id].now)
		}
	}
	slices.SortFunc(all, func(a, b desk.Role) int { return cmp.Or(b.Rank-a.Rank, cmp.Compare(a.ID, b.ID)) })
	return all
}

// toColumn chooses a role.
func (p *rolesPanel) toColumn(i int) {
	p.col, p.wanted = max(0, min(i, len(p.roles)-1)), ""
	if p.col < len(p.roles) {
		p.held = p.roles[p.col].ID
	}
}

// toRole chooses the role with this word; false when it isn't there.
func (p *rolesPanel) toRole(id desk.RoleID) bool {
	i := slices.IndexFunc(p.roles, func(r desk.Role) bool { return r.ID == id })
	if i >= 0 {
		p.toColumn(i)
	}
	return i >= 0
}

// await chooses a role that was just made, now or when it comes.
func (p *rolesPanel) await(id desk.RoleID) {
	if !p.toRole(id) {
		p.wanted = id
	}
}

// stands is the chosen role as it stands; ok is false when there is none.
func (p *rolesPanel) stands() (_ desk.Role, ok bool) {
	if p.col >= len(p.roles) {
		return desk.Role{}, false
	}
	return p.roles[p.col], true
}

// shown is a role as the matrix shows it: with the changes that aren't saved.
func (p *rolesPanel) shown(r *desk.Role) *desk.Role {
	if d := p.drafts.all[r.ID]; d != nil {
		return &d.now
	}
	return r
}

// perm is the permission under the cursor; ok is false when none is.
func (p *rolesPanel) perm() (_ desk.Permission, ok bool) {
	i := p.list.index()
	if i < 0 || p.rows[i].head != "" {
		return desk.Permission{}, false
	}
	return p.rows[i].perm, true
}

// compareDrafts forgets drafts that have become what they wanted, and marks those
// whose role someone else has changed.
func (p *rolesPanel) compareDrafts(m *Model) tea.Cmd {
	var cmds []tea.Cmd
	for _, id := range p.drafts.edited() {
		d := p.drafts.all[id]
		present, exists := m.rep.Role(id)
		switch stale := isStale(d, present, exists); {
		case exists && len(roleDiffs(present, d.now)) == 0, stale && (d.saved || len(d.mine()) == 0):
			p.drafts.drop(id)
		case stale && d.told != versionOf(present, exists):
			d.told = versionOf(present, exists)
			cmds = append(cmds, p.askWho(m, id))
		}
	}
	return tea.Batch(cmds...)
}

// isStale reports whether a role isn't any more what it was when its draft was
// begun.
func isStale(d *roleDraft, present desk.Role, exists bool) bool {
	return exists && present.Version != d.base.Version || !exists && d.base.Version != 0
}

func versionOf(r desk.Role, exists bool) int {
	if !exists {
		return -1
	}
	return r.Version
}

// stale reports whether someone else changed a role that is edited here.
func (p *rolesPanel) stale(id desk.RoleID) bool {
	d := p.drafts.all[id]
	return d != nil && d.told != 0 && !d.saved
}

// firstStale is a role to be looked at before anything can be saved.
func (p *rolesPanel) firstStale() (_ desk.RoleID, ok bool) {
	if p.stale(p.held) {
		return p.held, true
	}
	for _, id := range p.drafts.ids() {
		if p.stale(id) {
			return id, true
		}
	}
	return "", false
}

// askWho asks who changed a role, and says so.
func (p *rolesPanel) askWho(m *Model, id desk.RoleID) tea.Cmd {
	return m.ask(client.NewRef(), desk.ListVersions{Role: id}, func(raw json.RawMessage, err error) tea.Cmd {
		var list desk.Versions
		if err == nil {
			err = json.Unmarshal(raw, &list)
		}
		d := p.drafts.all[id]
		if d == nil || d.told == 0 || d.saved {
			return nil
		}
		if err == nil { // without it, nobody is named
			d.theirs = slices.DeleteFunc(list.Versions, func(v desk.RoleVersion) bool { return v.Role.Version <= d.base.Version })
		}
		if m.isOpen(p) {
			m.say(toastGrave, p.whoChanged(m.look(), d).Add(ours(". s shows both.")))
		}
		return m.checkDialogs() // what stands there names them
	})
}

// whoChanged says who changed a role that is being edited: "Theo changed Night
// shift while you edit".
func (p *rolesPanel) whoChanged(l *look, d *roleDraft) safe.Text {
	var names []safe.Text
	for _, v := range d.theirs {
		if name := l.whoName(v.By); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	who := safe.Join(ours(", "), names...).Or(ours("Someone"))
	did := "changed"
	if d.told == -1 {
		did = "deleted"
	}
	return phrase(who, ours(did), outside(d.base.Name), ours("while you edit"))
}

// settle looks after the dialog in which the drafts are saved: when someone else
// was faster, both changes are shown instead.
func (p *rolesPanel) settle(m *Model) tea.Cmd {
	d := p.saving
	if d == nil || !m.isShown(d) || d.stage >= effectRunning {
		return nil
	}
	if _, ok := p.firstStale(); !ok {
		return nil
	}
	m.drop(d)
	m.muffle()
	return p.save(m)
}
