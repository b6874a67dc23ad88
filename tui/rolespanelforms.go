package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// The fields of the form of a role. Of one that exists the word stays.
const (
	fieldName = iota
	fieldAbout
	fieldRank
	fieldWord
)

func (p *rolesPanel) mayCopy(m *Model) error {
	if _, ok := p.stands(); !ok {
		return notHere("Choose a role first.")
	}
	return m.rep.Can(desk.RoleManage, desk.Subject{}, m.opt.Now())
}

// copy makes a new role of the chosen one as it is shown.
func (p *rolesPanel) copy(m *Model) tea.Cmd {
	r, _ := p.stands()
	from := *p.shown(&r)
	return m.newRole(from, "Copy of "+from.Name, p.await)
}

// newRole asks what a copy of a role is to be called, and makes it after its
// effect was seen. Keys that this agent doesn't hold are left out of it, and said.
func (m *Model) newRole(from desk.Role, name string, made func(desk.RoleID)) tea.Cmd {
	draft, left := m.within(from)
	mine := m.rep.Me().Role.Rank
	f := &form{title: phrase(ours("A copy of"), roleTitle(&from)), submit: "shows the effect",
		check: func(m *Model) error { return m.rep.Can(desk.RoleManage, desk.Subject{}, m.opt.Now()) }}
	f.fields = m.roleFields(desk.Role{Name: cutRunes(name, desk.MaxName), Description: from.Description, Rank: max(1, min(from.Rank, mine-1, desk.MaxRank))})
	word := &field{label: "Word", about: "for programs and files; made from the name", note: func(_ *look, s string) (safe.Text, error) {
		if s == "" {
			return phrase(outside(string(m.wordFor(f.text(fieldName)))), ours("(made from the name)")), nil
		}
		return safe.Text{}, m.freeWord(desk.RoleID(s))
	}}
	f.fields = append(f.fields, word)
	f.lead = []para{{ink: "", text: ours(plural(len(draft.Grants), "permission") + " to begin with; change them in the matrix afterwards.")}}
	if len(left) > 0 {
		f.lead = append(f.lead, para{ink: m.theme.warn, text: ours("Left out or narrowed, since your role doesn't reach as far: " + listed(left) + ".")})
	}
	f.send = func(m *Model) tea.Cmd {
		role := draft
		role.ID, role.Base = desk.RoleID(f.text(fieldWord)), from.ID
		if role.ID == "" {
			role.ID = m.wordFor(f.text(fieldName))
		}
		role.Name, role.Description = f.text(fieldName), f.text(fieldAbout)
		role.Rank, _ = strconv.Atoi(f.text(fieldRank))
		if err := m.rep.Can(desk.RoleManage, desk.Subject{Draft: &role}, m.opt.Now()); err != nil {
			f.refused(m.look().reason(err, nil))
			return nil
		}
		cmd := desk.ChangeRoles{Changes: []desk.RoleChange{roleChangeOf(role, 0)}}
		return m.confirmEffectThen(phrase(ours("Make the role"), outside(role.Name)).Add(ours("?")), cmd, func(desk.Done) tea.Cmd {
			m.drop(f)
			made(role.ID)
			return nil
		})
	}
	m.push(f)
	return nil
}

// within is a role cut down to what this agent's own holds, and the titles of the
// permissions that lost by it.
func (m *Model) within(r desk.Role) (desk.Role, []string) {
	mine, cut := m.rep.Me().Role, cloneRole(r)
	var left []string
	for _, p := range desk.Permissions() {
		has := mine.Grants[p.Key]
		if cut.Grants[p.Key].Rank() <= has.Rank() {
			continue
		}
		left = append(left, p.Title)
		grant(&cut, p.Key, widest(p.Scopes, has))
	}
	for key := range cut.Grants {
		if _, known := desk.Describe(key); !known {
			delete(cut.Grants, key)
		}
	}
	return cut, left
}

// widest is the widest of a permission's scopes that isn't wider than most.
func widest(scopes []desk.Scope, most desk.Scope) desk.Scope {
	found := desk.ScopeNone
	for _, s := range scopes {
		if s.Rank() <= most.Rank() {
			found = s
		}
	}
	return found
}

// roleFields are the fields that every role has, filled with those of r.
func (m *Model) roleFields(r desk.Role) []*field {
	mine := m.rep.Me().Role.Rank
	probe := desk.RoleChange{Role: "probe", Name: "A", Rank: 1}
	name := &field{label: "Name", about: "what people call the role", note: noted(func(s string) error {
		for _, other := range m.rep.Roles() {
			if other.ID != r.ID && desk.NameKey(other.Name) == desk.NameKey(s) {
				return fmt.Errorf("Another role is called %s already. Choose another name.", other.Name)
			}
		}
		c := probe
		c.Name = s
		return desk.ChangeRoles{Changes: []desk.RoleChange{c}}.Validate()
	})}
	about := &field{label: "About", about: "what it is for, in a sentence", note: noted(func(s string) error {
		c := probe
		c.Description = s
		return desk.ChangeRoles{Changes: []desk.RoleChange{c}}.Validate()
	})}
	top := min(mine-1, desk.MaxRank)
	rank := &field{label: "Rank", note: func(_ *look, s string) (safe.Text, error) {
		if n, err := strconv.Atoi(s); err != nil || n < 1 || n > top {
			return safe.Text{}, fmt.Errorf("The rank is a number from 1 to %d: it stays below your own.", top)
		}
		return oursf("1 to %d; who stands higher can switch the roles of those below", top), nil
	}}
	name.line.set(r.Name)
	about.line.set(r.Description)
	rank.line.set(strconv.Itoa(r.Rank))
	return []*field{fieldName: name, fieldAbout: about, fieldRank: rank}
}

// rename changes what a role is called, in its draft.
func (p *rolesPanel) rename(m *Model) tea.Cmd {
	r, _ := p.stands()
	f := &form{title: phrase(ours("Rename"), roleTitle(p.shown(&r))), submit: "keeps it, to be saved",
		check: func(m *Model) error { return m.look().mayChange(&r, p.drafts.all[r.ID]) }}
	f.fields = m.roleFields(*p.shown(&r))
	f.send = func(m *Model) tea.Cmd {
		rank, _ := strconv.Atoi(f.text(fieldRank))
		present, ok := m.rep.Role(r.ID)
		if !ok {
			present = r
		}
		p.drafts.describe(present, f.text(fieldName), f.text(fieldAbout), rank)
		m.drop(f)
		if p.drafts.unsaved() > 0 {
			m.say(toastInfo, ours("Not saved yet: s shows the effect and saves."))
		}
		return nil
	}
	m.push(f)
	return nil
}

func (p *rolesPanel) mayDelete(m *Model) error {
	if err := p.mayEdit(m); err != nil {
		return err
	}
	if p.stale(p.held) {
		return notHere("Someone changed this role meanwhile. s shows what they did.")
	}
	return nil
}

// delete asks which role the people of the chosen one get, when it has any, and
// shows the effect.
func (p *rolesPanel) delete(m *Model) tea.Cmd {
	r, _ := p.stands()
	name := outside(r.Name)
	confirm := func(to desk.RoleID) tea.Cmd {
		cmd := desk.ChangeRoles{Changes: []desk.RoleChange{{Role: r.ID, Seen: r.Version, Remove: true, MoveTo: to}}}
		return m.confirmEffectThen(phrase(ours("Delete the role"), name).Add(ours("?")), cmd, func(desk.Done) tea.Cmd {
			p.drafts.drop(r.ID)
			return m.checkPanels()
		})
	}
	holders, _ := m.look().holders(r.ID)
	if len(holders) == 0 {
		return confirm(p.heir(m, r))
	}
	pick := &picker{title: phrase(ours("Which role do the people of"), name, ours("get?")), prompt: ours("name of a role"),
		check: func(m *Model) error { return m.look().mayChange(&r, nil) },
		items: func(filter string) []item {
			var items []item
			for _, to := range m.rep.Roles() {
				if to.ID == r.ID {
					continue
				}
				it := item{title: outside(to.Name), detail: outside(to.Description), run: func() tea.Cmd { return confirm(to.ID) }}
				if err := m.mayMove(holders, to); err != nil {
					it.off = m.look().reason(err, nil)
				}
				items = append(items, it)
			}
			return narrowed(items, filter)
		}}
	// It begins on the role that is nearest, not on the highest that may be given.
	heir := m.look().roleName(p.heir(m, r))
	pick.at = max(0, slices.IndexFunc(pick.list(), func(it item) bool { return it.off.Empty() && it.title == heir }))
	m.push(pick)
	return nil
}

// heir is the role that is nearest for a role's people: the one that it was
// copied from, else the lowest.
func (p *rolesPanel) heir(m *Model, r desk.Role) desk.RoleID {
	if base, ok := m.rep.Role(r.Base); ok && base.ID != r.ID {
		return base.ID
	}
	heir := desk.RoleTemporary
	for _, other := range m.rep.Roles() {
		if other.ID != r.ID {
			heir = other.ID
		}
	}
	return heir
}

// mayMove asks whether I may give people a role.
func (m *Model) mayMove(people []desk.Member, to desk.Role) error {
	for _, who := range people {
		a, ok := m.rep.Actor(who.ID)
		if !ok {
			continue
		}
		if err := m.rep.Can(desk.RoleAssign, desk.Subject{To: &a, Role: &to, Owners: m.rep.Owners()}, m.opt.Now()); err != nil {
			return err
		}
	}
	return nil
}

// maxWord is how long a role's word can be.
const maxWord = 32

// wordFor makes a role's word from its name: "Night shift" is night-shift. One
// that is taken gets a number.
func (m *Model) wordFor(name string) desk.RoleID {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case !unicode.Is(unicode.M, r) && b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	word := strings.Trim(b.String(), "-")
	if word == "" || word[0] < 'a' {
		word = strings.Trim("role-"+word, "-")
	}
	word = strings.Trim(word[:min(len(word), maxWord)], "-")
	for n := 2; ; n++ {
		if m.freeWord(desk.RoleID(word)) == nil {
			return desk.RoleID(word)
		}
		end := "-" + strconv.Itoa(n)
		stem := strings.TrimSuffix(word, "-"+strconv.Itoa(n-1))
		word = strings.Trim(stem[:min(len(stem), maxWord-len(end))], "-") + end
	}
}

// freeWord is what is wrong with a word for a new role.
func (m *Model) freeWord(id desk.RoleID) error {
	if r, taken := m.rep.Role(id); taken {
		return fmt.Errorf("%s has that word already. Choose another one.", r.Name)
	}
	return desk.ChangeRoles{Changes: []desk.RoleChange{{Role: id, Name: "A", Rank: 1}}}.Validate()
}

func cutRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
