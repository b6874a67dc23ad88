package main

import (
	"fmt"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/rolefile"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// report is the text of a plan and its effect. All values in it go through
// safe.Line: names come from the desk and from files.
type report struct {
	strings.Builder
	link *link
}

func (r *report) line(format string, values ...any) {
	for i, v := range values {
		if s, ok := v.(string); ok {
			values[i] = safe.Line(s).String()
		}
	}
	fmt.Fprintf(r, format+"\n", values...)
}

func (r *report) plan(plan rolefile.Plan) {
	if len(plan.Steps) == 0 {
		r.line("Nothing to change: the desk at %s has these roles.", r.link.server)
	} else {
		r.line("Changes to the roles at %s:", r.link.server)
	}
	for _, s := range plan.Steps {
		r.step(s)
	}
	if len(plan.Left) > 0 {
		r.line("\nLeft alone: %s. The desk has them and the file doesn't; --prune would remove them.", strings.Join(texts(plan.Left), ", "))
	}
}

func (r *report) step(s rolefile.Step) {
	c := s.Change
	switch {
	case c.Remove:
		r.line("\n- %s “%s” is removed; its people get the role %s", string(c.Role), s.Before.Name, string(c.MoveTo))
		return
	case s.Before == nil:
		from := ""
		if c.Base != "" {
			from = fmt.Sprintf(", a copy of %s", c.Base)
		}
		r.line("\n+ %s “%s” is new%s, rank %d", string(c.Role), c.Name, from, c.Rank)
	default:
		r.line("\n~ %s “%s” goes from version %d to %d", string(c.Role), s.Before.Name, c.Seen, c.Seen+1)
	}
	for _, d := range differences(s.Before, c.Becomes()) {
		r.line("    %-28s %s%s", d.what, d.change, d.note)
	}
}

// difference is one thing that a role says otherwise than before.
type difference struct{ what, change, note string }

// differences are those between a role, nil when there was none, and what it
// becomes. Of a new one only the permissions are told.
func differences(before *desk.Role, after desk.Role) (all []difference) {
	was := desk.Role{}
	if before != nil {
		was = *before
		for _, d := range []difference{
			{what: "name", change: changed(quoted(was.Name), quoted(after.Name))},
			{what: "description", change: changed(quoted(was.Description), quoted(after.Description))},
			{what: "base", change: changed(orNone(string(was.Base)), orNone(string(after.Base)))},
			{what: "rank", change: changed(fmt.Sprint(was.Rank), fmt.Sprint(after.Rank))},
		} {
			if d.change != "" {
				all = append(all, d)
			}
		}
	}
	for _, p := range desk.Permissions() {
		from, to := was.Grants[p.Key], after.Grants[p.Key]
		if from == to {
			continue
		}
		d := difference{what: string(p.Key), change: changed(orNone(string(from)), orNone(string(to)))}
		if before == nil {
			d.change = string(to)
		}
		if p.Danger && to.Rank() > from.Rank() {
			d.note = "  (reaches further than most: " + p.Title + ")"
		}
		all = append(all, d)
	}
	return all
}

// changed is "a → b", or empty when they are the same.
func changed(a, b string) string {
	if a == b {
		return ""
	}
	return a + " → " + b
}

func quoted(s string) string { return "“" + s + "”" }

func orNone(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// effect says what changes for people.
func (r *report) effect(e desk.Effect) {
	if e.Affected == 0 {
		r.line("\nEffect: nobody's rights change.")
		return
	}
	r.line("\nEffect: %s, %s.", count(e.Affected, "person", "people"), count(e.Sessions, "open screen", "open screens"))
	for _, on := range e.People {
		r.line("  %s: %s", r.link.name(on.Member), strings.Join(effects(on), "; "))
	}
	if more := e.Affected - len(e.People); more > 0 {
		r.line("  and %d more", more)
	}
}

func effects(on desk.EffectOn) (parts []string) {
	var gained, lost, moved []string
	for _, k := range on.Keys {
		switch {
		case k.From == desk.ScopeNone:
			gained = append(gained, fmt.Sprintf("%s (%s)", k.Perm, k.To))
		case k.To == desk.ScopeNone:
			lost = append(lost, string(k.Perm))
		default:
			moved = append(moved, fmt.Sprintf("%s %s → %s", k.Perm, k.From, k.To))
		}
	}
	for _, list := range []struct {
		verb string
		keys []string
	}{{"gains", gained}, {"loses", lost}, {"has", moved}} {
		if len(list.keys) > 0 {
			parts = append(parts, list.verb+" "+strings.Join(list.keys, ", "))
		}
	}
	for _, n := range []struct {
		n         int
		one, many string
	}{
		{on.Appear, "open chat comes into sight", "open chats come into sight"},
		{on.Vanish, "open chat leaves sight", "open chats leave sight"},
		{on.Returns, "chat goes back to the queue", "chats go back to the queue"},
		{on.Queued, "message on its way isn't sent", "messages on their way aren't sent"},
	} {
		if n.n > 0 {
			parts = append(parts, count(n.n, n.one, n.many))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing that counts")
	}
	return parts
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func texts[T ~string](of []T) []string {
	out := make([]string, len(of))
	for i, s := range of {
		out[i] = string(s)
	}
	return out
}
