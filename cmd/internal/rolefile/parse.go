package rolefile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// MaxSize is how many bytes a file has at most.
const MaxSize = 1 << 20

// File is a file of roles.
type File struct {
	Name    string
	Roles   []Role // in the order of the file
	PruneTo desk.RoleID
	Tests   []Sentence

	src    string
	places map[string]place
}

// Role is what the file says of a role. Its Seen is the version that the file
// names, 0 when it names none.
type Role struct{ desk.RoleChange }

// Parse reads a file. Its error is one line for each [Problem], the first in the
// file first; then nothing of the file is returned.
func Parse(name string, src []byte) (*File, error) {
	p := &problems{file: name}
	if len(src) > MaxSize {
		p.add(place{}, "The file has %d bytes; at most %d are read.", len(src), MaxSize)
		return nil, p.err()
	}
	var tree map[string]any
	if _, err := toml.Decode(string(src), &tree); err != nil {
		at, text := place{}, err.Error()
		if e, ok := errors.AsType[toml.ParseError](err); ok {
			at, text = place{line: e.Position.Line, col: e.Position.Col}, e.Message
		}
		p.add(at, "This isn't TOML: %s.", strings.TrimSuffix(text, "."))
		return nil, p.err()
	}
	r := &reader{problems: p, file: &File{Name: name, src: string(src), places: places(string(src))}}
	r.top(tree)
	if err := p.err(); err != nil {
		return nil, err
	}
	return r.file, nil
}

// at is where a key stands.
func (f *File) at(key ...string) place { return f.places[path(key...)] }

// reader turns the tree of a document into a file.
type reader struct {
	*problems
	file *File
}

func (r *reader) top(tree map[string]any) {
	for _, key := range sorted(tree) {
		at := r.file.at(key)
		switch key {
		case "role":
			r.roles(tree[key])
		case "prune_to":
			r.file.PruneTo = desk.RoleID(r.text(at, key, tree[key]))
		case "tests":
			r.tests(tree[key])
		default:
			r.add(at, "There is no key %q here.%s A file has prune_to, tests, and a table [role.NAME] for each role.",
				key, nearest(key, []string{"role", "prune_to", "tests"}))
		}
	}
}

func (r *reader) roles(value any) {
	tables, ok := value.(map[string]any)
	if !ok {
		r.add(r.file.at("role"), "A role is a table: [role.night-shift], and its name below.")
		return
	}
	for _, id := range sorted(tables) {
		table, ok := tables[id].(map[string]any)
		if !ok {
			r.add(r.file.at("role", id), "The role %q is to be a table: [role.%s], and its name below.", id, id)
			continue
		}
		r.role(desk.RoleID(id), table)
	}
	slices.SortStableFunc(r.file.Roles, func(a, b Role) int {
		x, y := r.file.at("role", string(a.Role)), r.file.at("role", string(b.Role))
		if x.line != y.line {
			return x.line - y.line
		}
		return x.col - y.col
	})
}

// roleKeys are what can be said of a role.
func roleKeys() []string {
	return []string{"version", "name", "description", "base", "rank", "grants", "remove", "move_to"}
}

func (r *reader) role(id desk.RoleID, table map[string]any) {
	role := Role{desk.RoleChange{Role: id}}
	for _, key := range sorted(table) {
		at, value := r.file.at("role", string(id), key), table[key]
		switch key {
		case "version":
			role.Seen = r.number(at, key, value)
		case "name":
			role.Name = r.text(at, key, value)
		case "description":
			role.Description = r.text(at, key, value)
		case "base":
			role.Base = desk.RoleID(r.text(at, key, value))
		case "rank":
			role.Rank = r.number(at, key, value)
		case "grants":
			role.Grants = r.grants(id, value)
		case "remove":
			role.Remove = r.yes(at, key, value)
		case "move_to":
			role.MoveTo = desk.RoleID(r.text(at, key, value))
		default:
			r.add(at, "A role has no key %q.%s", key, nearest(key, roleKeys()))
		}
	}
	r.checkRole(role, table)
	r.file.Roles = append(r.file.Roles, role)
}

// grants reads a table of permissions: conversation.view = "team", with or
// without quotes around the key.
func (r *reader) grants(id desk.RoleID, value any) map[desk.Perm]desk.Scope {
	table, ok := value.(map[string]any)
	if !ok {
		r.add(r.file.at("role", string(id), "grants"), `The grants are a table: message.reply = "team".`)
		return nil
	}
	grants := map[desk.Perm]desk.Scope{}
	r.flatten(id, grants, nil, table)
	return grants
}

func (r *reader) flatten(id desk.RoleID, grants map[desk.Perm]desk.Scope, prefix []string, table map[string]any) {
	for _, key := range sorted(table) {
		parts := append(prefix[:len(prefix):len(prefix)], key)
		at := r.file.at(append([]string{"role", string(id), "grants"}, parts...)...)
		if inner, ok := table[key].(map[string]any); ok {
			r.flatten(id, grants, parts, inner)
			continue
		}
		p := desk.Perm(strings.Join(parts, "."))
		if _, twice := grants[p]; twice {
			r.add(at, "%s is said twice. Say it once.", p)
			continue
		}
		if s := r.scope(at, p, table[key]); s != desk.ScopeNone {
			grants[p] = s
		}
	}
}

// scope reads how far a permission goes. Yes is for those that have no scopes;
// no is the same as leaving it out.
func (r *reader) scope(at place, p desk.Perm, value any) desk.Scope {
	d, known := desk.Describe(p)
	if !known {
		r.add(at, "There is no permission %q.%s", p, nearest(string(p), permissions()))
		return desk.ScopeNone
	}
	takes := `"` + strings.Join(words(d.Scopes), `", "`) + `" or false`
	if yesNo(d) {
		takes = "true or false"
	}
	switch v := value.(type) {
	case bool:
		if !v {
			return desk.ScopeNone
		}
		if yesNo(d) {
			return desk.ScopeAll
		}
	case string:
		if s := desk.Scope(v); slices.Contains(d.Scopes, s) {
			return s
		}
		r.add(at, "%s can't have the scope %q; it takes %s.", p, v, takes)
		return desk.ScopeNone
	}
	r.add(at, "%s takes %s.", p, takes)
	return desk.ScopeNone
}

// yesNo reports whether a permission is held or not, without scopes.
func yesNo(d desk.Permission) bool { return len(d.Scopes) == 1 && d.Scopes[0] == desk.ScopeAll }

func permissions() (keys []string) {
	for _, d := range desk.Permissions() {
		keys = append(keys, string(d.Key))
	}
	return keys
}

func (r *reader) tests(value any) {
	list, ok := value.([]any)
	if !ok {
		r.add(r.file.at("tests"), `The tests are a list of sentences: tests = ["Agent cannot contact.export"].`)
		return
	}
	for i, v := range list {
		at := r.file.at("tests", fmt.Sprint(i))
		text, ok := v.(string)
		if !ok {
			r.add(at, `A test is a sentence in quotes: "Agent cannot contact.export".`)
			continue
		}
		s, err := ParseSentence(text)
		if err != nil {
			r.check(at, err)
			continue
		}
		s.Line = at.line
		r.file.Tests = append(r.file.Tests, s)
	}
}

func (r *reader) text(at place, key string, value any) string {
	s, ok := value.(string)
	if !ok {
		r.add(at, `%s is a text in quotes: %s = "…".`, key, key)
	}
	return s
}

func (r *reader) number(at place, key string, value any) int {
	n, ok := value.(int64)
	if !ok || n != int64(int32(n)) {
		r.add(at, "%s is a whole number: %s = 3.", key, key)
		return 0
	}
	return int(n)
}

func (r *reader) yes(at place, key string, value any) bool {
	b, ok := value.(bool)
	if !ok {
		r.add(at, "%s is true or false, without quotes.", key)
	}
	return b
}

func sorted(table map[string]any) []string { return slices.Sorted(maps.Keys(table)) }

func words[T ~string](of []T) []string {
	out := make([]string, len(of))
	for i, w := range of {
		out[i] = string(w)
	}
	return out
}
