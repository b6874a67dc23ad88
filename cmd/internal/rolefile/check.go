package rolefile

import (
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// checkRole says what is wrong with a role, each thing where it stands. The
// rules are those of [desk.ChangeRoles]; they are asked with one thing of the
// role at a time, so that it is known which one they mean.
func (r *reader) checkRole(role Role, table map[string]any) {
	id := string(role.Role)
	head := r.file.at("role", id)
	one := func(key string, change func(*desk.RoleChange)) {
		probe := desk.RoleChange{Role: role.Role, Name: "x", Rank: 1}
		at := head
		if key != "" {
			if _, said := table[key]; !said {
				return
			}
			at = r.file.at("role", id, key)
		}
		if slices.ContainsFunc(r.found, func(p *Problem) bool { return p.Line == at.line && p.Col == at.col }) {
			return // it was said already
		}
		change(&probe)
		r.check(at, desk.ChangeRoles{Changes: []desk.RoleChange{probe}}.Validate())
	}
	before := len(r.found)
	if one("", func(*desk.RoleChange) {}); len(r.found) > before {
		return // with that name everything else would be refused too
	}
	one("version", func(c *desk.RoleChange) { c.Seen = role.Seen })
	one("name", func(c *desk.RoleChange) { c.Name = role.Name })
	one("description", func(c *desk.RoleChange) { c.Description = role.Description })
	one("rank", func(c *desk.RoleChange) { c.Rank = role.Rank })
	if _, said := table["version"]; said && role.Seen == 0 {
		r.add(r.file.at("role", id, "version"), "A version is 1 or higher. Leave it out for a new role.")
	}
	if role.Remove {
		r.checkRemoval(id, table)
		return
	}
	for _, key := range []string{"name", "rank"} {
		if _, said := table[key]; !said {
			r.add(head, "The role %q needs a %s.", id, key)
		}
	}
	if _, said := table["move_to"]; said {
		r.add(r.file.at("role", id, "move_to"), "move_to says where the people of a role go that is removed; this one stays.")
	}
	if role.Base == role.Role {
		r.add(r.file.at("role", id, "base"), "The role %q can't be a copy of itself.", id)
	}
}

func (r *reader) checkRemoval(id string, table map[string]any) {
	if _, said := table["move_to"]; !said {
		r.add(r.file.at("role", id), `The role %q is removed: say which role its people get, with move_to = "agent".`, id)
	}
	for _, key := range []string{"name", "description", "base", "rank", "grants"} {
		if _, said := table[key]; said {
			r.add(r.file.at("role", id, key), "The role %q is removed, so its %s says nothing. Leave it out.", id, key)
		}
	}
}
