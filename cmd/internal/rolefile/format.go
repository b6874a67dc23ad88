package rolefile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Format writes the custom roles of a desk as a file that [Parse] reads. What
// isn't printable in their names is escaped.
func Format(roles []desk.Role) []byte {
	var b strings.Builder
	b.WriteString("# The custom roles of this desk. What changes would do: frontdesk roles plan FILE\n")
	custom := slices.DeleteFunc(slices.Clone(roles), func(r desk.Role) bool { return r.BuiltIn || r.Removed })
	slices.SortFunc(custom, func(a, b desk.Role) int { return strings.Compare(string(a.ID), string(b.ID)) })
	if len(custom) == 0 {
		b.WriteString("# There are none yet. A role is a table: [role.night-shift], with name, rank and grants.\n")
	}
	b.WriteString("\n# Sentences that frontdesk roles test FILE checks.\ntests = [\n]\n")
	for _, r := range custom {
		fmt.Fprintf(&b, "\n[role.%s]\n", r.ID)
		if r.Version > 0 {
			fmt.Fprintf(&b, "version = %d # on the desk; when it went on, applying this file conflicts\n", r.Version)
		}
		fmt.Fprintf(&b, "name = %s\n", quote(r.Name))
		if r.Description != "" {
			fmt.Fprintf(&b, "description = %s\n", quote(r.Description))
		}
		if r.Base != "" {
			fmt.Fprintf(&b, "base = %s\n", quote(string(r.Base)))
		}
		fmt.Fprintf(&b, "rank = %d\n", r.Rank)
		writeGrants(&b, r)
	}
	return []byte(b.String())
}

func writeGrants(b *strings.Builder, r desk.Role) {
	fmt.Fprintf(b, "\n[role.%s.grants]\n", r.ID)
	for _, d := range desk.Permissions() {
		s, held := r.Grants[d.Key]
		switch {
		case !held:
		case yesNo(d):
			fmt.Fprintf(b, "%s = true\n", d.Key)
		default:
			fmt.Fprintf(b, "%s = %s\n", d.Key, quote(string(s)))
		}
	}
}

// quote writes a TOML string on one line.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Text is the file as it was read.
func (f *File) Text() []byte { return []byte(f.src) }

// Applied is the file's text once a plan made of it was applied: the versions
// that it names are those of the desk again. It reports whether any changed.
func (f *File) Applied(p Plan) (src []byte, changed bool) {
	text := f.src
	type edit struct {
		at      place
		version int
	}
	var edits []edit
	for _, s := range p.Steps {
		if at := f.at("role", string(s.Change.Role), "version"); at.to > at.from && !s.Change.Remove {
			edits = append(edits, edit{at, s.Change.Seen + 1})
		}
	}
	slices.SortFunc(edits, func(a, b edit) int { return b.at.from - a.at.from }) // from the end, so that places hold
	for _, e := range edits {
		text = text[:e.at.from] + fmt.Sprint(e.version) + text[e.at.to:]
	}
	return []byte(text), len(edits) > 0
}
