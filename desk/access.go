package desk

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
)

type (
	GrantID   string
	RequestID string
)

// Grant is access for a time: a role, or one permission as far as Scope. A
// permission can be narrowed to one contact: that is a reveal.
type Grant struct {
	ID     GrantID   `json:"id"`
	Role   RoleID    `json:"role,omitempty"`
	Perm   Perm      `json:"perm,omitempty"`
	Scope  Scope     `json:"scope,omitempty"`
	Until  time.Time `json:"until"`
	Since  time.Time `json:"since"`
	By     MemberID  `json:"by"` // who gave it
	Reason string    `json:"reason,omitempty"`
	// Contact narrows [ContactViewPII] to one customer; Conversation is where it was asked for.
	Contact      ContactID      `json:"contact,omitempty"`
	Conversation ConversationID `json:"conversation,omitempty"`
}

func (g Grant) equal(o Grant) bool {
	return g.ID == o.ID && g.Role == o.Role && g.Perm == o.Perm && g.Scope == o.Scope && g.Until.Equal(o.Until) && g.Contact == o.Contact
}

// RevealFor is how long a revealed number stays open.
const RevealFor = 10 * time.Minute

// MaxGrant is the longest time for which access is given.
const MaxGrant = 366 * 24 * time.Hour

// RequestState says what became of a request.
type RequestState string

const (
	RequestOpen      RequestState = "open"
	RequestGranted   RequestState = "granted"
	RequestRefused   RequestState = "refused"
	RequestWithdrawn RequestState = "withdrawn"
)

// Request is a member's wish for a permission for a time. Its member sees it,
// and so does whoever may decide on it.
type Request struct {
	ID     RequestID    `json:"id"`
	Member MemberID     `json:"member"`
	Perm   Perm         `json:"perm"`
	Scope  Scope        `json:"scope"`
	For    Duration     `json:"for"` // how long, counted from the decision
	Reason string       `json:"reason"`
	At     time.Time    `json:"at"`
	State  RequestState `json:"state"`
	// Conversation is where they were refused; empty when nowhere in particular.
	// Only its member is told, and the log.
	Conversation ConversationID `json:"conversation,omitempty"`
	By           MemberID       `json:"by,omitempty"` // who decided
	DecidedAt    time.Time      `json:"decided_at,omitzero"`
	Until        time.Time      `json:"until,omitzero"` // of a granted one
	Answer       string         `json:"answer,omitempty"`
}

// ForOthers is the request as whoever may decide on it sees it: the chat in which
// its member was refused needn't be in sight.
func (r Request) ForOthers() Request {
	r.Conversation = 0
	return r
}

// Duration is a length of time on the wire: whole seconds.
type Duration int64

// Std is the duration as Go has it.
func (d Duration) Std() time.Duration { return time.Duration(d) * time.Second }

// SeesRequest reports whether me may see a request of that member: one's own,
// and those one may decide on.
func SeesRequest(me, from *Actor) bool {
	return me.Member.ID == from.Member.ID ||
		Can(me, AccessDecide, Subject{To: from}, time.Time{}) == nil
}

// Givers are those of the people who could give p as far as s to a member, for
// a time, the lowest rank first: whom to ask.
func Givers(to *Actor, p Perm, s Scope, people []*Actor) []MemberID {
	var able []*Actor
	for _, a := range people {
		if a.Member.Invited {
			continue // not there yet
		}
		subject := Subject{To: to, Key: p, Scope: s}
		if Can(a, AccessDecide, subject, time.Time{}) == nil || Can(a, GrantTemporary, subject, time.Time{}) == nil {
			able = append(able, a)
		}
	}
	slices.SortFunc(able, func(a, b *Actor) int {
		return cmp.Or(cmp.Compare(a.Role.Rank, b.Role.Rank), cmp.Compare(a.Member.Name, b.Member.Name), cmp.Compare(a.Member.ID, b.Member.ID))
	})
	ids := make([]MemberID, len(able))
	for i, a := range able {
		ids[i] = a.Member.ID
	}
	return ids
}

// ViewAs says through whose eyes to see: a member's, or a draft role's in these
// teams.
type ViewAs struct {
	Member MemberID `json:"member,omitempty"`
	Role   *Role    `json:"role,omitempty"`
	Teams  []TeamID `json:"teams,omitempty"`
}

// Validate checks that one of the two is given, and that what the log will keep of
// it are words and names.
func (v ViewAs) Validate() error {
	if (v.Member == "") == (v.Role == nil) {
		return Errorf(CodeInvalid, "See as a member or as a role: one of the two.")
	}
	if v.Role == nil && len(v.Teams) > 0 {
		return Errorf(CodeInvalid, "Teams go with a role. A member has their own: leave the teams out.")
	}
	r := v.Role
	if r == nil {
		return id("member", string(v.Member))
	}
	for _, word := range []RoleID{r.ID, r.Base} {
		if word != "" && !roleWord.MatchString(string(word)) {
			return Errorf(CodeInvalid, "That can't name a role: 1 to 32 lower-case letters, digits and dashes, a letter first.")
		}
	}
	for _, t := range v.Teams {
		if err := id("team", string(t)); err != nil {
			return err
		}
	}
	return first(line("name of the role", r.Name, MaxName), line("description", r.Description, MaxDescription), grants(r.Grants), teams(v.Teams))
}

// maxID is how long an identifier is at most, in bytes; the server's own are
// shorter.
const maxID = 64

// id checks an identifier that is kept as it was given.
func id(of, s string) error {
	if len(s) > maxID {
		return Errorf(CodeInvalid, "There is no %s with an id of %d bytes; %d are the most.", of, len(s), maxID)
	}
	return line("id of the "+of, s, maxID)
}

// Limits of what people write about roles and access, in characters.
const (
	MaxName        = 40
	MaxDescription = 200
	MaxReason      = 300
	MaxRoles       = 250 // custom roles of a desk
)

func reason(s string) error {
	if strings.TrimSpace(s) == "" {
		return Errorf(CodeInvalid, "It needs a reason: the log keeps it, and whoever decides reads it.")
	}
	return line("reason", s, MaxReason)
}

// line checks a text that stands on one line.
func line(what, s string, limit int) error {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }) {
		return Errorf(CodeInvalid, "The %s has a control character or a line break. Leave it out.", what)
	}
	if n := len([]rune(s)); n > limit {
		return Errorf(CodeInvalid, "The %s has %d characters; at most %d fit.", what, n, limit)
	}
	return nil
}

// name checks the name of a role, a team or a person.
func name(what, s string, limit int) error {
	switch {
	case s == "" || s != strings.TrimSpace(s):
		return Errorf(CodeInvalid, "The name of a %s can't be empty or have spaces at its ends.", what)
	case strings.ContainsFunc(s, unseen):
		return Errorf(CodeInvalid, "The name of the %s has a character that doesn't show. Type the name anew.", what)
	}
	return line("name of the "+what, s, limit)
}

// unseen reports whether a character doesn't show by itself, so that two names
// could differ in it and look alike.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// NameKey is what is compared where a name may stand only once: without regard to
// case, to the kind and number of spaces, and to what doesn't show. Letters of
// several alphabets that look alike stay different, and so does a letter with an
// accent from the two that make one.
func NameKey(s string) string {
	fold := func(r rune) rune {
		if unseen(r) {
			return -1
		}
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}
	return strings.Join(strings.Fields(strings.Map(fold, s)), " ")
}

// grants checks that a role names only what the catalogue has.
func grants(g map[Perm]Scope) error {
	keys := make([]Perm, 0, len(g))
	for p := range g {
		keys = append(keys, p)
	}
	slices.Sort(keys)
	for _, p := range keys {
		if err := grantable(p, g[p]); err != nil {
			return err
		}
	}
	return nil
}

// grantable checks one permission with its scope.
func grantable(p Perm, s Scope) error {
	d, ok := Describe(p)
	if !ok {
		return Errorf(CodeInvalid, "There is no permission %q.", p)
	}
	if !slices.Contains(d.Scopes, s) {
		words := make([]string, len(d.Scopes))
		for i, x := range d.Scopes {
			words[i] = string(x)
		}
		return Errorf(CodeInvalid, "%s can't have the scope %q; it takes %s.", p, s, strings.Join(words, ", "))
	}
	return nil
}
