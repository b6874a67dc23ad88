package desk

import (
	"net/mail"
	"slices"
	"time"
)

// ListStaff asks how everyone is doing; answered by [Staff].
type ListStaff struct{}

// Staff answers [ListStaff]: one row for each member who isn't removed, by name.
type Staff struct {
	Seq  int64         `json:"seq"`
	Rows []StaffStatus `json:"rows"`
}

// StaffStatus is what moves about a member, beside the [Member] itself.
type StaffStatus struct {
	Member   MemberID  `json:"member"`
	Online   int       `json:"online"`              // open screens
	SeenAt   time.Time `json:"seen_at,omitzero"`    // when a screen of theirs was last there
	Open     int       `json:"open"`                // open chats they have
	Unread   int       `json:"unread"`              // of those, with something unread
	SignedIn int       `json:"signed_in"`           // sign-ins that still hold, open or not
	Code     time.Time `json:"code_until,omitzero"` // of an invited one: until when the code holds
}

// ListSessions asks where a member is signed in; answered by [SessionList].
type ListSessions struct {
	Member MemberID `json:"member"`
}

// SessionList answers [ListSessions], the newest first.
type SessionList struct {
	Sessions []SignInInfo `json:"sessions"`
}

// SignInInfo is one sign-in, without its token.
type SignInInfo struct {
	ID      string    `json:"id"`
	Program string    `json:"program,omitempty"` // as the client named itself
	Host    string    `json:"host,omitempty"`    // as the client named its machine
	Addr    string    `json:"addr"`
	Key     string    `json:"key,omitempty"` // how it was proven: "password", "invitation", "console"
	Since   time.Time `json:"since"`
	SeenAt  time.Time `json:"seen_at,omitzero"`
	Ends    time.Time `json:"ends"`
	Open    int       `json:"open"`            // screens on it now
	Yours   bool      `json:"yours,omitempty"` // the one that asks
}

// EndSessions signs a member out of one session, or of all when Session is empty.
type EndSessions struct {
	Member  MemberID `json:"member"`
	Session string   `json:"session,omitempty"`
}

// Invite adds a person. They join with the code of the answer, which holds for 48
// hours and works once, and choose a password. For someone who was invited and
// hasn't joined it makes a new code.
type Invite struct {
	FullName string   `json:"name"`
	Email    string   `json:"email"`
	Role     RoleID   `json:"role"`
	Teams    []TeamID `json:"teams,omitempty"`
}

// InviteFor is how long an invitation's code holds.
const InviteFor = 48 * time.Hour

// Suspend ends a member's sign-ins and lets them do nothing until [Resume]. Their
// open chats go to HandTo, or back into the queue.
type Suspend struct {
	Member MemberID `json:"member"`
	HandTo MemberID `json:"hand_to,omitempty"`
}

// Resume lets a suspended member work again.
type Resume struct {
	Member MemberID `json:"member"`
}

// Remove suspends a member for good. Their name stays in what they wrote.
type Remove struct {
	Member MemberID `json:"member"`
	HandTo MemberID `json:"hand_to,omitempty"`
}

// CreateTeam makes a team, with whoever makes it in it when their role reaches
// only their own teams.
type CreateTeam struct {
	TeamName string `json:"name"`
}

// RenameTeam gives a team another name.
type RenameTeam struct {
	Team     TeamID `json:"team"`
	TeamName string `json:"name"`
}

// SetTeams puts a member into these teams and no others. It conflicts when the
// member isn't in the teams that the asker had seen them in; nil isn't checked, an
// empty list is no team.
type SetTeams struct {
	Member MemberID `json:"member"`
	Teams  []TeamID `json:"teams"`
	Seen   []TeamID `json:"seen,omitzero"`
}

// Limits of teams: those of a desk, and those that one member is in.
const (
	MaxTeams   = 200
	MaxTeamsOf = 50
)

func (ListStaff) Name() string    { return "member.list" }
func (Invite) Name() string       { return "member.invite" }
func (Suspend) Name() string      { return "member.suspend" }
func (Resume) Name() string       { return "member.resume" }
func (Remove) Name() string       { return "member.remove" }
func (CreateTeam) Name() string   { return "team.create" }
func (RenameTeam) Name() string   { return "team.rename" }
func (SetTeams) Name() string     { return "member.set_teams" }
func (ListSessions) Name() string { return "session.list" }
func (EndSessions) Name() string  { return "session.end" }

func (ListStaff) Perm() Perm    { return MemberView }
func (Invite) Perm() Perm       { return MemberInvite }
func (Suspend) Perm() Perm      { return MemberSuspend }
func (Resume) Perm() Perm       { return MemberSuspend }
func (Remove) Perm() Perm       { return MemberSuspend }
func (CreateTeam) Perm() Perm   { return TeamManage }
func (RenameTeam) Perm() Perm   { return TeamManage }
func (SetTeams) Perm() Perm     { return TeamManage }
func (ListSessions) Perm() Perm { return SessionView }
func (EndSessions) Perm() Perm  { return SessionRevoke }

func (ListStaff) Target() Target      { return Target{} }
func (c Invite) Target() Target       { return Target{Role: c.Role, Teams: c.Teams} }
func (c Suspend) Target() Target      { return Target{Member: c.Member} }
func (c Resume) Target() Target       { return Target{Member: c.Member} }
func (c Remove) Target() Target       { return Target{Member: c.Member} }
func (CreateTeam) Target() Target     { return Target{} }
func (c RenameTeam) Target() Target   { return Target{Teams: []TeamID{c.Team}} }
func (c ListSessions) Target() Target { return Target{Member: c.Member} }
func (c EndSessions) Target() Target  { return Target{Member: c.Member} }

// Target of SetTeams is the member; which teams it touches is known once the
// member's present ones are.
func (c SetTeams) Target() Target { return Target{Member: c.Member} }

func (ListStaff) reads()    {}
func (ListSessions) reads() {}

func (ListStaff) Validate() error      { return nil }
func (c ListSessions) Validate() error { return member(c.Member) }
func (c EndSessions) Validate() error  { return member(c.Member) }
func (c Resume) Validate() error       { return member(c.Member) }
func (c CreateTeam) Validate() error   { return name("team", c.TeamName, MaxName) }
func (c Suspend) Validate() error      { return first(member(c.Member), handTo(c.Member, c.HandTo)) }
func (c Remove) Validate() error       { return first(member(c.Member), handTo(c.Member, c.HandTo)) }

func (c RenameTeam) Validate() error {
	if c.Team == "" {
		return Errorf(CodeInvalid, "Renaming needs a team.")
	}
	return name("team", c.TeamName, MaxName)
}

func (c SetTeams) Validate() error { return first(member(c.Member), teams(c.Teams)) }

func (c Invite) Validate() error {
	if err := name("person", c.FullName, MaxName); err != nil {
		return err
	}
	if err := line("e-mail address", c.Email, maxEmail); err != nil {
		return err
	}
	if a, err := mail.ParseAddress(c.Email); err != nil || a.Address != c.Email {
		return Errorf(CodeInvalid, "%q is no e-mail address. Write it like ana@example.com.", c.Email)
	}
	if c.Role == "" {
		return Errorf(CodeInvalid, "An invitation needs a role.")
	}
	return teams(c.Teams)
}

// maxEmail is the longest address that mail can be sent to (RFC 5321).
const maxEmail = 254

func member(id MemberID) error {
	if id == "" {
		return Errorf(CodeInvalid, "The command needs a member.")
	}
	return nil
}

func handTo(id, to MemberID) error {
	if to == id {
		return Errorf(CodeInvalid, "Their chats can't be handed to themselves. Choose someone else, or the queue.")
	}
	return nil
}

func teams(ids []TeamID) error {
	if err := FewTeams(ids); err != nil {
		return err
	}
	for i, t := range ids {
		if t == "" || slices.Contains(ids[:i], t) {
			return Errorf(CodeInvalid, "A team stands empty or twice in the list.")
		}
	}
	return nil
}

// FewTeams refuses more teams than a member can be in.
func FewTeams(ids []TeamID) error {
	if len(ids) > MaxTeamsOf {
		return Errorf(CodeInvalid, "A member is in at most %d teams, and these are %d. Leave some out.", MaxTeamsOf, len(ids))
	}
	return nil
}
