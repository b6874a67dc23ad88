package tui

import (
	"encoding/json"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// atVersions is the place of the list of a role's versions.
const atVersions Where = "role-versions"

// versionsPanel lists what a role was, newest first, and restores it.
type versionsPanel struct {
	pair
	role     desk.RoleID
	now      desk.Role // as it stands
	exists   bool
	versions []desk.RoleVersion
	asked    bool
	got      int // the version of the role that versions were asked for
	failed   error
}

func versionsActions() []Action {
	return []Action{{ID: "version-restore", Title: "Restore this version…", Keys: []string{"r"}, Group: GroupRoles, Where: atVersions, Perm: desk.RoleManage, Hint: "restore",
		Check: unless((*versionsPanel).mayRestore), Run: on((*versionsPanel).restore)}}
}

func (p *rolesPanel) mayVersions(m *Model) error {
	r, ok := p.stands()
	switch {
	case !ok:
		return notHere("Choose a role first.")
	case r.BuiltIn:
		return notHere("The role " + r.Name + " comes with the program and has no versions.")
	case p.drafts.all[r.ID] != nil && len(p.drafts.all[r.ID].mine()) > 0:
		return notHere("Save or undo your changes to " + r.Name + " first.")
	}
	return nil
}

func (p *rolesPanel) versions(m *Model) tea.Cmd {
	r, _ := p.stands()
	v := &versionsPanel{role: r.ID, now: r, exists: true, got: -1}
	v.list = table{
		count: func() int { return len(v.versions) },
		key:   func(i int) string { return strconv.Itoa(v.versions[i].Role.Version) },
		row:   v.row,
		none:  v.nothing,
	}
	return m.show(v)
}

func (p *versionsPanel) where() Where { return atVersions }

func (p *versionsPanel) title(l *look) safe.Text {
	return phrase(ours("Versions of"), roleTitle(&p.now)).Add(ours(" · " + plural(len(p.versions), "version")))
}

func (p *versionsPanel) nothing(l *look) safe.Text {
	switch {
	case p.failed != nil:
		return l.reason(p.failed, nil)
	case p.asked:
		return ours("Asking for the versions…")
	}
	return ours("No version is known.")
}

// changed follows the role: a new version of it is asked for.
func (p *versionsPanel) changed(m *Model) (tea.Cmd, error) {
	if err := m.mayDo(desk.ListVersions{Role: p.role}); err != nil {
		return nil, err
	}
	present, ok := m.rep.Role(p.role)
	if p.exists = ok; ok {
		p.now = present
	}
	p.list.refresh()
	if want := versionOf(present, ok); want != p.got && !p.asked {
		p.got = want
		return p.ask(m), nil
	}
	return nil, nil
}

func (p *versionsPanel) ask(m *Model) tea.Cmd {
	p.asked = true
	return m.ask(client.NewRef(), desk.ListVersions{Role: p.role}, func(raw json.RawMessage, err error) tea.Cmd {
		p.asked = false
		var list desk.Versions
		if err == nil {
			err = json.Unmarshal(raw, &list)
		}
		if p.failed = err; err == nil {
			p.versions = list.Versions
		}
		if !m.isOpen(p) {
			return nil
		}
		return m.checkPanels() // it may have changed again meanwhile
	})
}

func (p *versionsPanel) version() (_ desk.RoleVersion, ok bool) {
	i := p.list.index()
	if i < 0 || i >= len(p.versions) {
		return desk.RoleVersion{}, false
	}
	return p.versions[i], true
}

func (p *versionsPanel) row(l *look, i int, r *row) {
	v := p.versions[i]
	r.cell(l.strong, ours(strconv.Itoa(v.Role.Version)), 4).gap(1)
	r.cell(l.dim, ours(l.stamp(v)), 14).gap(1)
	r.put("", l.whoMade(v))
	switch {
	case v.Role.Removed:
		r.put(l.warn, ours("  deleted"))
	case p.exists && v.Role.Version == p.now.Version:
		r.put(l.good, ours("  holds now"))
	}
	r.put(l.dim, ours("  "+p.countWords(i)))
}

// countWords is how much a version changed.
func (p *versionsPanel) countWords(i int) string {
	if i+1 >= len(p.versions) {
		return "the first"
	}
	return plural(len(roleDiffs(p.versions[i+1].Role, p.versions[i].Role)), "change")
}

func (l *look) stamp(v desk.RoleVersion) string {
	at := v.At.In(l.loc)
	if at.Year() != l.now.In(l.loc).Year() {
		return at.Format("2 Jan 2006")
	}
	return at.Format("2 Jan 15:04")
}

func (l *look) whoMade(v desk.RoleVersion) safe.Text {
	if v.By == "" {
		return ours("Frontdesk")
	}
	return l.whoName(v.By)
}

func (p *versionsPanel) view(l *look, w, h int) []string { return p.pair.view(l, w, h, p.details) }

// details tell what a version changed, and what restoring it would.
func (p *versionsPanel) details(l *look, w int) []string {
	v, ok := p.version()
	if !ok {
		return nil
	}
	d := &details{look: l, w: w}
	d.say(l.strong, phrase(roleTitle(&v.Role), oursf("as of version %d", v.Role.Version)))
	d.say(l.dim, phrase(ours(v.At.In(l.loc).Format("Mon 2 January 2006 15:04")+" by"), l.whoMade(v)))
	if v.Role.Description != "" {
		d.say("", outside(v.Role.Description))
	}
	if i := p.list.index(); i+1 < len(p.versions) {
		d.head("What it changed")
		d.diffs(roleDiffs(p.versions[i+1].Role, v.Role))
	}
	if p.exists && v.Role.Version == p.now.Version {
		d.head("It holds now")
		return d.rows
	}
	d.head("From now to it")
	if !p.exists {
		d.say(l.warn, ours("The role was deleted. Restored, it is made anew; nobody has it then."))
		return d.rows
	}
	d.diffs(roleDiffs(p.now, v.Role))
	return d.rows
}

func (d *details) diffs(all []roleDiff) {
	if len(all) == 0 {
		d.say(d.dim, ours("nothing"))
	}
	for _, diff := range all {
		p := d.diff(diff)
		d.say(p.ink, p.text)
	}
}

func (p *versionsPanel) mayRestore(m *Model) error {
	v, ok := p.version()
	if !ok {
		return notHere("Choose a version first.")
	}
	s := desk.Subject{Draft: &v.Role}
	if p.exists {
		if len(roleDiffs(p.now, v.Role)) == 0 {
			return notHere("The role is like that now.")
		}
		s.Role = &p.now
	}
	return m.rep.Can(desk.RoleManage, s, m.opt.Now())
}

// restore makes a version the newest one, after its effect was seen.
func (p *versionsPanel) restore(m *Model) tea.Cmd {
	v, _ := p.version()
	seen := 0
	if p.exists {
		seen = p.now.Version
	}
	cmd := desk.ChangeRoles{Changes: []desk.RoleChange{roleChangeOf(v.Role, seen)}}
	return m.confirmEffect(phrase(ours("Restore"), outside(v.Role.Name), oursf("as of version %d?", v.Role.Version)), cmd)
}
