package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const memberColumns = `m.id, m.name, m.email, m.role, m.teams, m.suspended, m.removed, m.invited, m.grants`

// Members returns everyone, by id: ids are given in order, so by age.
func (t *Tx) Members() ([]desk.Member, error) {
	list, err := all(t, scanMember, `SELECT `+memberColumns+` FROM member m ORDER BY m.id`)
	return list, wrap("read the members", err)
}

// Member returns one member.
func (t *Tx) Member(id desk.MemberID) (desk.Member, error) {
	m, err := scanMember(t.row(`SELECT `+memberColumns+` FROM member m WHERE m.id = $1`, string(id)))
	return m, wrap("read a member", err)
}

// MemberByEmail finds a member by the address, in any case of its letters.
func (t *Tx) MemberByEmail(email string) (desk.Member, error) {
	key := emailKey(email)
	if key == "" {
		return desk.Member{}, wrap("read a member", ErrNotFound)
	}
	m, err := scanMember(t.row(`SELECT `+memberColumns+` FROM member m WHERE m.email_key = $1 AND m.email_key <> ''`, key))
	return m, wrap("read a member", err)
}

func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// PutMember stores a member, new or changed. An address that another member has
// is [ErrTaken].
func (t *Tx) PutMember(m desk.Member) error {
	if other, err := t.MemberByEmail(m.Email); err == nil && other.ID != m.ID {
		return fmt.Errorf("store: another member has the address %s: %w", m.Email, ErrTaken)
	}
	teams, err := toJSON(m.Teams, len(m.Teams) == 0)
	if err != nil {
		return wrap("store a member", err)
	}
	grants, err := toJSON(m.Grants, len(m.Grants) == 0)
	if err == nil {
		_, err = t.exec(`INSERT INTO member (id, name, email, email_key, role, teams, suspended, removed, invited, grants)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, email_key = excluded.email_key,
				role = excluded.role, teams = excluded.teams, suspended = excluded.suspended, removed = excluded.removed,
				invited = excluded.invited, grants = excluded.grants`,
			string(m.ID), m.Name, m.Email, emailKey(m.Email), string(m.Role), teams, flag(m.Suspended), flag(m.Removed), flag(m.Invited), grants)
	}
	return wrap("store a member", err)
}

func scanMember(s scanner) (m desk.Member, err error) {
	var teams, grants string
	if err = s.Scan(&m.ID, &m.Name, &m.Email, &m.Role, &teams, &m.Suspended, &m.Removed, &m.Invited, &grants); err != nil {
		return desk.Member{}, err
	}
	if err = fromJSON(teams, &m.Teams); err != nil {
		return m, err
	}
	return m, fromJSON(grants, &m.Grants)
}

// Teams returns every team, by name.
func (t *Tx) Teams() ([]desk.Team, error) {
	list, err := all(t, scanTeam, `SELECT id, name FROM team`)
	slices.SortFunc(list, func(a, b desk.Team) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return list, wrap("read the teams", err)
}

// PutTeam stores a team, new or renamed.
func (t *Tx) PutTeam(team desk.Team) error {
	_, err := t.exec(`INSERT INTO team (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
		string(team.ID), team.Name)
	return wrap("store a team", err)
}

func scanTeam(s scanner) (team desk.Team, err error) {
	err = s.Scan(&team.ID, &team.Name)
	return team, err
}

const roleColumns = `r.id, r.name, r.description, r.built_in, r.rank, r.grants, r.base, r.version`

// Roles returns every role, highest rank first, then by name.
func (t *Tx) Roles() ([]desk.Role, error) {
	list, err := all(t, scanRole, `SELECT `+roleColumns+` FROM role r`)
	slices.SortFunc(list, func(a, b desk.Role) int {
		return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return list, wrap("read the roles", err)
}

// Role returns one role.
func (t *Tx) Role(id desk.RoleID) (desk.Role, error) {
	r, err := scanRole(t.row(`SELECT `+roleColumns+` FROM role r WHERE r.id = $1`, string(id)))
	return r, wrap("read a role", err)
}

// PutRole stores a role, new or changed.
func (t *Tx) PutRole(r desk.Role) error {
	grants, err := toJSON(r.Grants, len(r.Grants) == 0)
	if err == nil {
		_, err = t.exec(`INSERT INTO role (id, name, description, built_in, rank, grants, base, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description, built_in = excluded.built_in,
				rank = excluded.rank, grants = excluded.grants, base = excluded.base, version = excluded.version`,
			string(r.ID), r.Name, r.Description, flag(r.BuiltIn), r.Rank, grants, string(r.Base), r.Version)
	}
	return wrap("store a role", err)
}

func scanRole(s scanner) (r desk.Role, err error) {
	var grants string
	if err = s.Scan(&r.ID, &r.Name, &r.Description, &r.BuiltIn, &r.Rank, &grants, &r.Base, &r.Version); err != nil {
		return desk.Role{}, err
	}
	return r, fromJSON(grants, &r.Grants)
}

// DeleteRole forgets a role that nobody has any more.
func (t *Tx) DeleteRole(id desk.RoleID) error {
	_, err := t.exec(`DELETE FROM role WHERE id = $1`, string(id))
	return wrap("delete a role", err)
}

// Actor returns a member with their role and what they were lent: what
// [desk.Can] decides on.
func (t *Tx) Actor(id desk.MemberID) (desk.Actor, error) {
	m, err := t.Member(id)
	if err != nil {
		return desk.Actor{}, err
	}
	var broke error
	a := desk.NewActor(m, func(id desk.RoleID) (desk.Role, bool) {
		if id == "" {
			return desk.Role{}, false
		}
		r, err := t.Role(id)
		if err != nil && broke == nil && (!errors.Is(err, ErrNotFound) || id == m.Role) {
			broke = err
		}
		return r, err == nil
	})
	return a, broke
}

// Owners counts the owners who aren't suspended.
func (t *Tx) Owners() (n int, err error) {
	err = t.row(`SELECT count(*) FROM member WHERE role = $1 AND suspended = 0 AND invited = 0`, string(desk.RoleOwner)).Scan(&n)
	return n, wrap("count the owners", err)
}
