package desk

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"time"
)

// AssignRole gives another member a role.
type AssignRole struct {
	Member MemberID `json:"member"`
	Role   RoleID   `json:"role"`
}

// ChangeRoles creates, changes and deletes custom roles, all or nothing. It
// conflicts when a role isn't at the version that the asker had seen.
type ChangeRoles struct {
	Changes []RoleChange `json:"changes"`
}

// RoleChange says what one role shall be. Seen is the version that the asker saw:
// 0 makes a new role, which must not exist.
type RoleChange struct {
	Role        RoleID         `json:"role"` // a new one: lower-case letters, digits and dashes
	Seen        int            `json:"seen"`
	Name        string         `json:"name,omitempty"`
	Description string         `json:"description,omitempty"`
	Base        RoleID         `json:"base,omitempty"`
	Rank        int            `json:"rank,omitempty"`
	Grants      map[Perm]Scope `json:"grants,omitempty"`
	// Remove deletes the role; its people get the role MoveTo.
	Remove bool   `json:"remove,omitempty"`
	MoveTo RoleID `json:"move_to,omitempty"`
}

// Becomes is the role after the change.
func (c RoleChange) Becomes() Role {
	return Role{ID: c.Role, Name: c.Name, Description: c.Description, Base: c.Base, Rank: c.Rank, Grants: maps.Clone(c.Grants), Version: c.Seen + 1}
}

// ListVersions asks for what a custom role was before, newest first; answered by
// [Versions]. A version is restored by [ChangeRoles] with its values.
type ListVersions struct {
	Role RoleID `json:"role"`
}

// Versions answers [ListVersions].
type Versions struct {
	Versions []RoleVersion `json:"versions"`
}

// RoleVersion is a role as it was made by someone at some time.
type RoleVersion struct {
	Role Role      `json:"role"`
	At   time.Time `json:"at"`
	By   MemberID  `json:"by,omitempty"`
}

// ListUsage asks which permissions people used within the last days; answered by
// [Usages].
type ListUsage struct {
	Days int `json:"days"` // 1 to 366
}

// Usages answers [ListUsage]. Since is when counting began: a desk that is
// younger than the days asked for can't know more.
type Usages struct {
	Since time.Time `json:"since"`
	Used  []Usage   `json:"used"`
}

// Usage is that a member used a permission: how far they needed it at most, and
// when last.
type Usage struct {
	Member MemberID  `json:"member"`
	Perm   Perm      `json:"perm"`
	Scope  Scope     `json:"scope"`
	LastAt time.Time `json:"last_at"`
}

// Preview asks what a command would do to people's rights, and does nothing;
// answered by [Effect]. It needs what the command needs, and is refused as it
// would be.
type Preview struct {
	Command string          `json:"command"`
	Args    json.RawMessage `json:"args"`
}

// Previewed are the commands that [Preview] takes: those that change rights.
func Previewed() []Command {
	return []Command{AssignRole{}, ChangeRoles{}, SetTeams{}, GiveAccess{}, EndAccess{}, DecideRequest{}, Suspend{}, Resume{}, Remove{}}
}

// Effect is what a command would do to people's rights.
type Effect struct {
	// People are those whose rights would change, the most affected first, at
	// most [EffectPeople]; Affected is how many they are in all.
	People   []EffectOn `json:"people"`
	Affected int        `json:"affected"`
	Sessions int        `json:"sessions"` // how many open screens it reaches
}

// EffectPeople is how many people an [Effect] names.
const EffectPeople = 50

// EffectOn is what would change for one member.
type EffectOn struct {
	Member MemberID    `json:"member"`
	Keys   []KeyChange `json:"keys,omitempty"` // in the order of the catalogue
	// Appear and Vanish are how many open chats would come into sight and leave it.
	Appear int `json:"appear,omitempty"`
	Vanish int `json:"vanish,omitempty"`
	// Returns are the open chats they have and couldn't answer any more: they go
	// back to the queue, or to whom the command names.
	Returns  int `json:"returns,omitempty"`
	Queued   int `json:"queued,omitempty"` // their messages on the way that would not be sent
	Sessions int `json:"sessions,omitempty"`
}

// KeyChange is a permission gained, lost, widened or narrowed.
type KeyChange struct {
	Perm Perm  `json:"perm"`
	From Scope `json:"from,omitempty"`
	To   Scope `json:"to,omitempty"`
}

// KeyChanges are the differences between two actors, in the order of the
// catalogue.
func KeyChanges(before, after *Actor) []KeyChange {
	var changes []KeyChange
	for _, p := range Permissions() {
		from, to := before.Scope(p.Key), after.Scope(p.Key)
		if before.Member.Suspended {
			from = ScopeNone
		}
		if after.Member.Suspended {
			to = ScopeNone
		}
		if from != to {
			changes = append(changes, KeyChange{p.Key, from, to})
		}
	}
	return changes
}

// Acknowledged asks how many of the screens that the change at Seq concerned show
// it by now; answered by [Acks].
type Acknowledged struct {
	Seq int64 `json:"seq"`
}

// Acks answers [Acknowledged]: of Sessions open screens, Shown have said that
// they show the change, and Ended are closed. The rest is waited for, and cut
// when it doesn't come.
type Acks struct {
	Seq      int64 `json:"seq"`
	Sessions int   `json:"sessions"`
	Shown    int   `json:"shown"`
	Ended    int   `json:"ended"`
}

func (AssignRole) Name() string   { return "role.assign" }
func (ChangeRoles) Name() string  { return "role.change" }
func (ListVersions) Name() string { return "role.versions" }
func (ListUsage) Name() string    { return "role.usage" }
func (Preview) Name() string      { return "preview" }
func (Acknowledged) Name() string { return "acknowledged" }

func (AssignRole) Perm() Perm   { return RoleAssign }
func (ChangeRoles) Perm() Perm  { return RoleManage }
func (ListVersions) Perm() Perm { return RoleView }
func (ListUsage) Perm() Perm    { return RoleView }
func (Acknowledged) Perm() Perm { return MemberView }

// Perm of a preview is that of the command; of one that can't be read, the first
// that a preview can have.
func (c Preview) Perm() Perm {
	if cmd, err := c.Decode(); err == nil {
		return cmd.Perm()
	}
	return RoleAssign
}

func (c AssignRole) Target() Target { return Target{Member: c.Member, Role: c.Role} }
func (ChangeRoles) Target() Target  { return Target{} } // several: the server asks for each
func (c ListVersions) Target() Target {
	return Target{}
}
func (ListUsage) Target() Target    { return Target{} }
func (Acknowledged) Target() Target { return Target{} }

// Target of a preview is that of the command.
func (c Preview) Target() Target {
	if cmd, err := c.Decode(); err == nil {
		return cmd.Target()
	}
	return Target{}
}

func (ListVersions) reads() {}
func (ListUsage) reads()    {}
func (Preview) reads()      {}
func (Acknowledged) reads() {}

func (c AssignRole) Validate() error {
	if c.Member == "" || c.Role == "" {
		return Errorf(CodeInvalid, "Giving a role needs a member and a role.")
	}
	return nil
}

// MaxChanges is how many roles one [ChangeRoles] touches at most.
const MaxChanges = 250

func (c ChangeRoles) Validate() error {
	if len(c.Changes) == 0 || len(c.Changes) > MaxChanges {
		return Errorf(CodeInvalid, "Changing roles needs 1 to %d changes.", MaxChanges)
	}
	gone := map[RoleID]bool{}
	seen := map[RoleID]bool{}
	for _, ch := range c.Changes {
		if seen[ch.Role] {
			return Errorf(CodeInvalid, "The role %q is changed twice. Say once what it shall be.", ch.Role)
		}
		seen[ch.Role] = true
		gone[ch.Role] = ch.Remove
		if err := ch.validate(); err != nil {
			return err
		}
	}
	for _, ch := range c.Changes {
		if ch.Remove && gone[ch.MoveTo] {
			return Errorf(CodeInvalid, "The people of %q can't move to %q: that role is deleted too.", ch.Role, ch.MoveTo)
		}
	}
	return nil
}

var roleWord = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// MaxRank is the highest rank that a custom role can have.
const MaxRank = 99

func (ch RoleChange) validate() error {
	if !roleWord.MatchString(string(ch.Role)) {
		return Errorf(CodeInvalid, "%q can't name a role: 1 to 32 lower-case letters, digits and dashes, a letter first.", ch.Role)
	}
	if slices.ContainsFunc(BuiltInRoles(), func(r Role) bool { return r.ID == ch.Role }) {
		return Errorf(CodeInvalid, "The role %q comes with the program and stays as it is. Copy it and change the copy.", ch.Role)
	}
	if ch.Seen < 0 {
		return Errorf(CodeInvalid, "A version isn't negative.")
	}
	if ch.Remove {
		switch {
		case ch.Seen == 0:
			return Errorf(CodeInvalid, "Deleting %q needs the version that was seen.", ch.Role)
		case ch.MoveTo == "":
			return Errorf(CodeInvalid, "Deleting %q needs a role for its people.", ch.Role)
		}
		return nil
	}
	if ch.Base != "" && !roleWord.MatchString(string(ch.Base)) {
		return Errorf(CodeInvalid, "%q, of which %q is a copy, can't name a role.", ch.Base, ch.Role)
	}
	if ch.Rank < 1 || ch.Rank > MaxRank {
		return Errorf(CodeInvalid, "The rank of %q is %d; it goes from 1 to %d.", ch.Role, ch.Rank, MaxRank)
	}
	if err := first(name("role", ch.Name, MaxName), line("description", ch.Description, MaxDescription)); err != nil {
		return err
	}
	return grants(ch.Grants)
}

func (c ListVersions) Validate() error {
	if c.Role == "" {
		return Errorf(CodeInvalid, "The versions of which role?")
	}
	return nil
}

func (c ListUsage) Validate() error {
	if c.Days < 1 || c.Days > 366 {
		return Errorf(CodeInvalid, "Usage is told for 1 to 366 days.")
	}
	return nil
}

// Decode reads the command that is previewed.
func (c Preview) Decode() (Command, error) {
	if !slices.ContainsFunc(Previewed(), func(k Command) bool { return k.Name() == c.Command }) {
		return nil, Errorf(CodeInvalid, "There is no effect to show of %q.", c.Command)
	}
	return DecodeCommand(c.Command, c.Args)
}

func (c Preview) Validate() error {
	_, err := c.Decode()
	return err
}

func (c Acknowledged) Validate() error {
	if c.Seq <= 0 {
		return Errorf(CodeInvalid, "Which change? Give the seq that it was answered with.")
	}
	return nil
}
