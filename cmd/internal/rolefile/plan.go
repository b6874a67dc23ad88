package rolefile

import (
	"maps"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Plan is what makes a desk's roles those of a file.
type Plan struct {
	Steps []Step
	Left  []desk.RoleID // custom roles of the desk that the file doesn't name and that stay
	roles []desk.Role
}

// Step is one change. Before is the role as the desk has it, nil for a new one.
type Step struct {
	Before *desk.Role
	Change desk.RoleChange
}

// Plan compares the file with the roles that a desk has. With prune, custom
// roles that the file doesn't name are removed. The error tells of each
// [Problem]: roles that nobody has, cycles, and roles that the desk has at
// another version than the file was made from.
func (f *File) Plan(roles []desk.Role, prune bool) (Plan, error) {
	c := &comparer{problems: &problems{file: f.Name}, file: f, have: map[desk.RoleID]desk.Role{}}
	for _, r := range roles {
		c.have[r.ID] = r
	}
	named := map[desk.RoleID]bool{}
	for _, r := range f.Roles {
		named[r.Role] = true
		c.compare(r)
	}
	for _, r := range roles {
		if r.BuiltIn || named[r.ID] {
			continue
		}
		if !prune {
			c.plan.Left = append(c.plan.Left, r.ID)
			continue
		}
		c.removals = append(c.removals, Step{&r, desk.RoleChange{Role: r.ID, Seen: r.Version, Remove: true, MoveTo: f.PruneTo}})
		c.pruned = true
	}
	c.plan.Steps = append(c.plan.Steps, c.removals...) // last: what their people become is there by then
	c.plan.roles = c.after(roles)
	c.checkTargets()
	if err := c.err(); err != nil {
		return Plan{}, err
	}
	return c.plan, nil
}

type comparer struct {
	*problems
	file     *File
	have     map[desk.RoleID]desk.Role
	plan     Plan
	removals []Step
	pruned   bool
}

func (c *comparer) compare(r Role) {
	change := r.RoleChange
	was, there := c.have[r.Role]
	if same := there && !r.Remove && equal(was, change.Becomes()); same || !there && r.Remove {
		return
	}
	at := c.file.at("role", string(r.Role), "version")
	switch {
	case r.Seen > 0 && !there:
		c.add(at, "The desk has no role %q any more; the file was made from its version %d. Leave the version out to make it anew.", r.Role, r.Seen)
	case r.Seen > 0 && r.Seen != was.Version:
		c.add(at, "The desk has version %d of %q, and the file was made from version %d: someone changed it since. Export the roles again and see what is different.",
			was.Version, r.Role, r.Seen)
	}
	step := Step{Change: change}
	if there {
		step.Before, step.Change.Seen = &was, was.Version
	}
	if r.Remove {
		c.removals = append(c.removals, step)
		return
	}
	if r.Grants == nil {
		step.Change.Grants = map[desk.Perm]desk.Scope{}
	}
	c.plan.Steps = append(c.plan.Steps, step)
}

// equal reports whether two roles say the same, whatever their version.
func equal(a, b desk.Role) bool {
	return a.Name == b.Name && a.Description == b.Description && a.Base == b.Base && a.Rank == b.Rank && maps.Equal(a.Grants, b.Grants)
}

// after are the desk's roles once the plan is applied.
func (c *comparer) after(roles []desk.Role) []desk.Role {
	then := slices.Clone(roles)
	for _, s := range c.plan.Steps {
		then = slices.DeleteFunc(then, func(r desk.Role) bool { return r.ID == s.Change.Role })
		if !s.Change.Remove {
			then = append(then, s.Change.Becomes())
		}
	}
	return then
}

// checkTargets looks at the roles that other roles name.
func (c *comparer) checkTargets() {
	stays := map[desk.RoleID]desk.Role{}
	var known []string
	for _, r := range c.plan.roles {
		stays[r.ID] = r
		known = append(known, string(r.ID))
	}
	target := func(at place, key string, id desk.RoleID) {
		_, was := c.have[id]
		switch _, ok := stays[id]; {
		case ok:
		case was:
			c.add(at, "%s names the role %q, which is removed too.", key, id)
		default:
			c.add(at, "%s names the role %q, which nobody has.%s", key, id, nearest(string(id), known))
		}
	}
	for _, r := range c.file.Roles {
		id := string(r.Role)
		if r.Remove {
			target(c.file.at("role", id, "move_to"), "move_to", r.MoveTo)
		} else if r.Base != "" {
			c.checkBase(c.file.at("role", id, "base"), r, stays, known)
		}
	}
	switch at := c.file.at("prune_to"); {
	case c.pruned && c.file.PruneTo == "":
		c.add(at, `Pruning removes roles of the desk: say at the top of the file which role their people get, with prune_to = "agent".`)
	case c.file.PruneTo != "":
		target(at, "prune_to", c.file.PruneTo)
	}
}

// checkBase follows what a role was copied from: it must be known, or have been,
// and never be the role itself.
func (c *comparer) checkBase(at place, r Role, stays map[desk.RoleID]desk.Role, known []string) {
	_, now := stays[r.Base]
	if _, was := c.have[r.Base]; !now && !was {
		c.add(at, "base names the role %q, which nobody has.%s", r.Base, nearest(string(r.Base), known))
		return
	}
	seen := map[desk.RoleID]bool{}
	for id := r.Base; id != "" && !seen[id]; id = stays[id].Base {
		if seen[id] = true; id == r.Role {
			c.add(at, "The role %q is a copy of %q, and that one of it: a cycle. Leave one base out.", r.Role, r.Base)
			return
		}
	}
}

// Changes are the plan as one command.
func (p Plan) Changes() desk.ChangeRoles {
	var c desk.ChangeRoles
	for _, s := range p.Steps {
		c.Changes = append(c.Changes, s.Change)
	}
	return c
}

// Roles are the desk's roles once the plan is applied.
func (p Plan) Roles() []desk.Role { return p.roles }

// Members are the desk's people once the plan is applied: those whose role is
// removed have the role that they move to.
func (p Plan) Members(members []desk.Member) []desk.Member {
	moves := map[desk.RoleID]desk.RoleID{}
	for _, s := range p.Steps {
		if s.Change.Remove {
			moves[s.Change.Role] = s.Change.MoveTo
		}
	}
	then := slices.Clone(members)
	for i := range then {
		if to, moved := moves[then[i].Role]; moved {
			then[i].Role = to
		}
	}
	return then
}
