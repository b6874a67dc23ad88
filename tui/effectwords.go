package tui

import (
	"slices"
	"strconv"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// about says of a command what its effect doesn't: until when, and why.
func (l *look) about(cmd desk.Command, w int) []string {
	if c, ok := cmd.(desk.DecideRequest); ok {
		return l.aboutRequest(c, w)
	}
	c, ok := cmd.(desk.GiveAccess)
	if !ok || c.Until.IsZero() {
		return nil
	}
	what := l.grantWords(desk.Grant{Role: c.Role, Perm: c.Key, Scope: c.Scope})
	rows := para{ink: l.strong, text: what.Add(ours(", until " + l.ends(c.Until) + "."))}.rows(l, w)
	return append(append(rows, para{text: outside(c.Reason), said: true}.rows(l, w)...), l.row(w, "").String())
}

// effectRows tell an effect in words, person by person.
func (l *look) effectRows(e *desk.Effect, cmd desk.Command, w int) []string {
	if e.Affected == 0 && len(e.People) == 0 {
		return para{ink: l.dim, text: ours("Nothing that anyone may do changes.")}.rows(l, w)
	}
	rows := para{text: reach(e)}.rows(l, w)
	for i := range e.People {
		rows = append(rows, l.row(w, "").String())
		rows = append(rows, l.effectOn(&e.People[i], cmd, w)...)
	}
	if rest := e.Affected - len(e.People); rest > 0 {
		rows = append(rows, l.row(w, "").String())
		rows = append(rows, para{ink: l.dim, text: ours("… and " + people(rest) + " more.")}.rows(l, w)...)
	}
	if touchesDrafts(e) {
		rows = append(rows, l.row(w, "").String())
		rows = append(rows, para{ink: l.dim, text: ours("What they are writing stays on their screen as a draft.")}.rows(l, w)...)
	}
	return rows
}

// reach says whom a change concerns in all.
func reach(e *desk.Effect) safe.Text {
	who := people(e.Affected)
	switch {
	case e.Sessions == 0:
		return ours(who + ", no open screen.")
	case e.Sessions == 1:
		return ours(who + ", 1 open screen.")
	}
	return ours(who + ", " + strconv.Itoa(e.Sessions) + " open screens.")
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return strconv.Itoa(n) + " people"
}

// tally counts keys: "+3 keys −1".
func tally(keys []desk.KeyChange) safe.Text {
	more := 0
	for _, k := range keys {
		if k.To.Rank() > k.From.Rank() {
			more++
		}
	}
	switch less := len(keys) - more; {
	case less == 0:
		return ours("+" + plural(more, "key"))
	case more == 0:
		return ours("−" + plural(less, "key"))
	default:
		return oursf("+%s −%d", plural(more, "key"), less)
	}
}

// effectOn is what changes for one person: chats, then keys, the dangerous ones
// before the others.
func (l *look) effectOn(on *desk.EffectOn, cmd desk.Command, w int) []string {
	var right []span
	if on.Sessions > 0 {
		right = []span{{l.dim, ours(plural(on.Sessions, "screen"))}}
	}
	rows := []string{l.split(w, "", []span{{l.strong, l.whoName(on.Member)}}, right)}
	say := func(p para) { rows = append(rows, p.rows(l, w)...) }
	for _, sentence := range l.chatChanges(on, cmd) {
		say(sentence)
	}
	if len(on.Keys) > 0 {
		say(para{ink: l.strong, text: tally(on.Keys)})
	}
	keys := slices.Clone(on.Keys)
	slices.SortStableFunc(keys, func(a, b desk.KeyChange) int { return cautious(a.Perm) - cautious(b.Perm) })
	for _, k := range keys {
		say(l.keyChange(k))
	}
	if len(rows) == 1 {
		say(para{ink: l.dim, text: ours("The same keys and chats as before.")})
	}
	return rows
}

// keyChange is a key that is gained, lost, widened or narrowed.
func (l *look) keyChange(k desk.KeyChange) para {
	p, _ := desk.Describe(k.Perm)
	title := outside(p.Title)
	if len(p.Scopes) > 1 {
		title = title.Add(ours(" " + scopes(p, k.From, k.To)))
	}
	if p.Danger {
		title = ours("! ").Add(title)
	}
	if k.To.Rank() < k.From.Rank() {
		return para{ink: l.bad, text: ours("− ").Add(title)}
	}
	hue := l.good
	if p.Danger {
		hue = l.warn
	}
	return para{ink: hue, text: ours("+ ").Add(title)}
}

// chatChanges say what becomes of a person's chats and messages.
func (l *look) chatChanges(on *desk.EffectOn, cmd desk.Command) []para {
	var all []para
	chats := func(n int) string { return plural(n, "open chat") }
	switch {
	case on.Appear > 0 && on.Vanish > 0:
		all = append(all, para{text: oursf("%s appear, %d disappear.", chats(on.Appear), on.Vanish)})
	case on.Appear > 0:
		all = append(all, para{text: ours(verb(chats(on.Appear), on.Appear, "appear") + ".")})
	case on.Vanish > 0:
		all = append(all, para{ink: l.warn, text: ours(verb(chats(on.Vanish), on.Vanish, "disappear") + ".")})
	}
	if on.Returns > 0 {
		to := safe.Join(ours(" "), ours(verb(plural(on.Returns, "chat"), on.Returns, "go")), ours("back to the queue."))
		if hand := handsTo(cmd); hand != "" {
			to = safe.Join(ours(" "), ours(verb(plural(on.Returns, "chat"), on.Returns, "go")), ours("to"), l.whoName(hand)).Add(ours("."))
		}
		all = append(all, para{ink: l.warn, text: to})
	}
	if on.Queued > 0 {
		all = append(all, para{ink: l.warn, text: ours(plural(on.Queued, "queued message") + " won't be sent.")})
	}
	return all
}

// verb puts a verb behind a number of things.
func verb(things string, n int, does string) string {
	switch {
	case n != 1:
		return things + " " + does
	case does == "go":
		return things + " goes"
	}
	return things + " " + does + "s"
}

// handsTo is who gets the chats that a command takes from someone; empty: the
// queue.
func handsTo(cmd desk.Command) desk.MemberID {
	switch c := cmd.(type) {
	case desk.Suspend:
		return c.HandTo
	case desk.Remove:
		return c.HandTo
	}
	return ""
}

// touchesDrafts reports whether someone may be writing where they can't go on.
func touchesDrafts(e *desk.Effect) bool {
	return slices.ContainsFunc(e.People, func(on desk.EffectOn) bool {
		return on.Vanish > 0 || on.Returns > 0 || slices.ContainsFunc(on.Keys, func(k desk.KeyChange) bool {
			return (k.Perm == desk.MessageReply || k.Perm == desk.MessageNote) && k.To.Rank() < k.From.Rank()
		})
	})
}

// cautious orders dangerous permissions before the others.
func cautious(p desk.Perm) int {
	if d, ok := desk.Describe(p); ok && !d.Danger {
		return 1
	}
	return 0
}

// scopeWords says how far a permission reaches.
func scopeWords(s desk.Scope) string {
	switch s {
	case desk.ScopeNone:
		return "not"
	case desk.ScopeTeam:
		return "in their teams"
	case desk.ScopeOwn:
		return "in their own chats"
	}
	return "everywhere"
}

// scopeOf says how far this permission reaches: in chats, or over people.
func scopeOf(p desk.Permission, s desk.Scope) string {
	if p.Group != desk.GroupPeople && p.Group != desk.GroupAccess && p.Group != desk.GroupLog {
		return scopeWords(s)
	}
	switch s {
	case desk.ScopeOwn:
		return "their own"
	case desk.ScopeTeam:
		return "people of their teams"
	case desk.ScopeAll:
		return "everyone"
	}
	return scopeWords(s)
}

// scopes says how far a permission reached and will reach.
func scopes(p desk.Permission, was, is desk.Scope) string {
	switch {
	case was == desk.ScopeNone:
		return "(" + scopeOf(p, is) + ")"
	case is == desk.ScopeNone:
		return "(was " + scopeOf(p, was) + ")"
	}
	return "(" + scopeOf(p, was) + " → " + scopeOf(p, is) + ")"
}
