package rolefile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Sentence is one test: "Night shift can message.reply team".
type Sentence struct {
	Text string
	Line int // in the file

	who   string // a role's or a person's name, e-mail address or id
	can   bool
	perm  desk.Perm
	scope desk.Scope          // at least this far; empty: at all
	chat  desk.ConversationID // on this conversation; 0: on any
}

const forms = `Write "Agent cannot contact.export", "Night shift can message.reply team", "Asha can see #12" or "Asha can message.reply #12".`

// ParseSentence reads a sentence. The verb is can, cannot or can't; before it
// stands a role or a person, after it a permission, which may have a scope or a
// conversation, or "see" and a conversation.
func ParseSentence(text string) (Sentence, error) {
	fields := strings.Fields(text)
	var why error
	for i, word := range fields {
		if verb := strings.ToLower(strings.ReplaceAll(word, "’", "'")); i == 0 || verb != "can" && verb != "cannot" && verb != "can't" {
			continue
		}
		s := Sentence{Text: text, who: strings.Join(fields[:i], " "), can: strings.EqualFold(word, "can")}
		err := s.what(fields[i+1:])
		if err == nil {
			return s, nil
		}
		why = err // of the last one: a name may hold the verb
	}
	if why == nil {
		return Sentence{}, fmt.Errorf("The test %q says neither can nor cannot. %s", text, forms)
	}
	return Sentence{}, fmt.Errorf("The test %q can't be understood: %w", text, why)
}

// what reads the part after the verb.
func (s *Sentence) what(rest []string) error {
	switch {
	case len(rest) == 0:
		return fmt.Errorf("it says nothing after the verb. %s", forms)
	case len(rest) > 2:
		return fmt.Errorf("%q is too much. %s", strings.Join(rest[2:], " "), forms)
	case strings.EqualFold(rest[0], "see"):
		s.perm = desk.ConversationView
		if len(rest) == 1 {
			return fmt.Errorf(`see needs a conversation: "Asha can see #12".`)
		}
	default:
		s.perm = desk.Perm(rest[0])
	}
	d, known := desk.Describe(s.perm)
	if !known {
		return fmt.Errorf("there is no permission %q.%s", rest[0], nearest(rest[0], permissions()))
	}
	if len(rest) == 1 {
		return nil
	}
	if number, ok := strings.CutPrefix(rest[1], "#"); ok {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("%q is no conversation: write # and its number.", rest[1])
		}
		s.chat = desk.ConversationID(n)
		return nil
	}
	if s.scope = desk.Scope(rest[1]); strings.EqualFold(rest[0], "see") || !slices.Contains(d.Scopes, s.scope) {
		return fmt.Errorf("%q is no scope of %s; it takes %s, or a conversation such as #12.", rest[1], rest[0], strings.Join(words(d.Scopes), ", "))
	}
	return nil
}

// World is what sentences are checked against.
type World struct {
	Roles   []desk.Role
	Members []desk.Member
	Now     time.Time
	// Conversation fetches one; its error says why it can't.
	Conversation func(desk.ConversationID) (*desk.Conversation, error)
}

// Check reports how the world differs from the sentence; nil when it doesn't.
func (s Sentence) Check(w World) error {
	a, err := w.find(s.who)
	if err != nil {
		return err
	}
	if s.chat != 0 {
		return s.checkChat(w, a)
	}
	held := a.Scope(s.perm)
	if a.Member.Suspended {
		held = desk.ScopeNone
	}
	if enough := held.Rank() > 0 && held.Rank() >= s.scope.Rank(); enough == s.can {
		return nil
	}
	if held == desk.ScopeNone {
		return fmt.Errorf("%s doesn't hold %s", s.who, s.perm)
	}
	return fmt.Errorf("%s holds %s as far as %s", s.who, s.perm, held)
}

func (s Sentence) checkChat(w World, a desk.Actor) error {
	c, err := w.Conversation(s.chat)
	if err != nil {
		return fmt.Errorf("%s can't be looked at, so it isn't known: %w", s.chat, err)
	}
	why := desk.Can(&a, s.perm, desk.Subject{Conversation: c}, w.Now)
	switch {
	case (why == nil) == s.can:
		return nil
	case why == nil:
		return fmt.Errorf("nothing keeps %s from it", s.who)
	}
	return fmt.Errorf("%s would be told: %w", s.who, why)
}

// somebody stands for whoever has a role: nothing is assigned to them.
const somebody desk.MemberID = "(whoever has the role)"

// find is the role or person that a sentence means: by the whole name first,
// else by how the name begins.
func (w World) find(who string) (desk.Actor, error) {
	for _, fits := range []func(name string) bool{
		func(name string) bool { return name == who },
		func(name string) bool { return strings.EqualFold(name, who) },
		func(name string) bool { return len(name) > len(who) && strings.EqualFold(name[:len(who)], who) },
	} {
		actors, names := w.all(fits)
		switch len(actors) {
		case 0:
			continue
		case 1:
			return actors[0], nil
		}
		return desk.Actor{}, fmt.Errorf("%q can be %s; write a role's id or a person's e-mail address", who, strings.Join(names, " or "))
	}
	return desk.Actor{}, fmt.Errorf("there is no role and nobody called %q.%s", who, nearest(who, w.names()))
}

// all are the roles and people of whom any name fits.
func (w World) all(fits func(string) bool) (actors []desk.Actor, names []string) {
	for _, r := range w.Roles {
		if fits(string(r.ID)) || fits(r.Name) {
			actors = append(actors, desk.Actor{Member: desk.Member{ID: somebody, Name: r.Name, Role: r.ID}, Role: r})
			names = append(names, "the role "+string(r.ID))
		}
	}
	for _, m := range w.Members {
		local, _, _ := strings.Cut(m.Email, "@")
		if m.Removed || !fits(m.Name) && !fits(m.Email) && !fits(local) && !fits(string(m.ID)) {
			continue
		}
		actors = append(actors, desk.NewActor(m, w.role).At(w.Now))
		names = append(names, strings.TrimSpace(m.Name+" "+m.Email))
	}
	return actors, names
}

func (w World) role(id desk.RoleID) (desk.Role, bool) {
	i := slices.IndexFunc(w.Roles, func(r desk.Role) bool { return r.ID == id })
	if i < 0 {
		return desk.Role{}, false
	}
	return w.Roles[i], true
}

func (w World) names() (names []string) {
	for _, r := range w.Roles {
		names = append(names, string(r.ID), r.Name)
	}
	for _, m := range w.Members {
		if !m.Removed {
			names = append(names, m.Name)
		}
	}
	return names
}
