package server

import (
	"context"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/alexedwards/argon2id"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// What the operator with a shell on the server's host may do. No role is asked:
// whoever can read the database needs none. The log names the console.
const console = "console"

// NewMember is a member to be added.
type NewMember struct {
	Name     string
	Email    string
	Password string
	Role     desk.RoleID
	Teams    []desk.TeamID
}

// AddMember adds a member. The first one must be an owner. Its errors are
// [*desk.Error] with a sentence.
func (s *Service) AddMember(ctx context.Context, n NewMember) (desk.Member, error) {
	n.Name, n.Email = strings.TrimSpace(n.Name), strings.ToLower(strings.TrimSpace(n.Email))
	if n.Name == "" || len(n.Name) > 200 || strings.ContainsFunc(n.Name, unicode.IsControl) {
		return desk.Member{}, desk.Errorf(desk.CodeInvalid, "A member needs a name of 1 to 200 characters without control characters.")
	}
	if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email {
		return desk.Member{}, desk.Errorf(desk.CodeInvalid, "%q is no e-mail address.", n.Email)
	}
	hash, err := hashPassword(n.Password)
	if err != nil {
		return desk.Member{}, err
	}
	m := desk.Member{ID: desk.MemberID(newID("u_")), Name: n.Name, Email: n.Email, Role: n.Role, Teams: n.Teams}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if err := admissible(tx, m); err != nil {
			return err
		}
		if err := tx.PutMember(m); err != nil {
			return err
		}
		if err := tx.SetPasswordHash(m.ID, hash); err != nil {
			return err
		}
		return s.consoleEntry(tx, desk.Event{Kind: desk.MemberAdded, Member: &m})
	})
	return m, busy(err)
}

// admissible checks a new member against who is there.
func admissible(tx *store.Tx, m desk.Member) error {
	if err := desk.FewTeams(m.Teams); err != nil {
		return err
	}
	if _, err := tx.MemberByEmail(m.Email); err == nil {
		return desk.Errorf(desk.CodeConflict, "There is a member with the address %s already.", m.Email)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	roles, err := tx.Roles()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(roles, func(r desk.Role) bool { return r.ID == m.Role }) {
		var names []string
		for _, r := range roles {
			names = append(names, string(r.ID))
		}
		return desk.Errorf(desk.CodeInvalid, "There is no role %q. The roles are: %s.", m.Role, strings.Join(names, ", "))
	}
	owners, err := tx.Owners()
	if err != nil {
		return err
	}
	if owners == 0 && m.Role != desk.RoleOwner {
		return desk.Errorf(desk.CodeInvalid, "A desk needs an owner. Make the first member one: --role owner.")
	}
	return nil
}

// goodPassword checks the rules for a new password.
func goodPassword(password string) error {
	if n := len([]rune(password)); n < passwordLeast || len(password) > passwordMost {
		return desk.Errorf(desk.CodeInvalid, "A password has at least %d characters and at most %d bytes.", passwordLeast, passwordMost)
	}
	return nil
}

func hashPassword(password string) (string, error) {
	if err := goodPassword(password); err != nil {
		return "", err
	}
	return argon2id.CreateHash(password, passwordCost())
}

// Members lists everyone who isn't removed, suspended ones too, by name.
func (s *Service) Members(ctx context.Context) (members []desk.Member, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		members, err = tx.Members()
		return err
	})
	members = slices.DeleteFunc(members, func(m desk.Member) bool { return m.Removed })
	slices.SortFunc(members, func(a, b desk.Member) int { return strings.Compare(a.Name, b.Name) })
	return members, err
}

// Suspend ends a member's sign-ins and lets them do nothing until Resume; their
// open chats go back into the queue. The last owner can't be suspended.
func (s *Service) Suspend(ctx context.Context, id desk.MemberID) error {
	return s.onMember(ctx, id, func(r *request) error {
		if r.To.Role.ID == desk.RoleOwner && !r.To.Member.Suspended && r.Owners <= 1 {
			return desk.Errorf(desk.CodeConflict, "%s is the last owner. Add another owner first.", r.To.Member.Name)
		}
		_, err := r.shutOut(desk.MemberSuspended, "")
		return err
	})
}

// Resume lets a suspended member work again.
func (s *Service) Resume(ctx context.Context, id desk.MemberID) error {
	return s.onMember(ctx, id, func(r *request) error {
		_, err := r.letIn()
		return err
	})
}

// SetPassword gives a member a new password and ends all their sign-ins. Someone
// who was invited has joined by that.
func (s *Service) SetPassword(ctx context.Context, id desk.MemberID, password string) error {
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	return s.onMember(ctx, id, func(r *request) error {
		m, err := r.tx.Member(id)
		if err != nil {
			return err
		}
		if m.Invited {
			m.Invited = false
			if _, err := r.tx.DeleteInvitation(id); err != nil {
				return err
			}
			if err := r.tx.PutMember(m); err != nil {
				return err
			}
			if err := s.consoleEntry(r.tx, desk.Event{Kind: desk.MemberJoined, Member: &m}); err != nil {
				return err
			}
		}
		if err := r.tx.SetPasswordHash(id, hash); err != nil {
			return err
		}
		if err := r.tx.DeleteSessionsOf(id); err != nil {
			return err
		}
		return s.consoleEntry(r.tx, desk.Event{Kind: desk.PasswordChanged, Member: &m})
	})
}

// SetTeams puts a member into these teams and no others.
func (s *Service) SetTeams(ctx context.Context, id desk.MemberID, teams []desk.TeamID) error {
	return s.onMember(ctx, id, func(r *request) error {
		m, err := r.tx.Member(id)
		if err == nil {
			_, err = r.putTeams(m, teams)
		}
		return err
	})
}

// AddTeam makes a team.
func (s *Service) AddTeam(ctx context.Context, name string) (desk.Team, error) {
	c := desk.CreateTeam{TeamName: strings.TrimSpace(name)}
	if err := c.Validate(); err != nil {
		return desk.Team{}, err
	}
	t := desk.Team{ID: desk.TeamID(newID("t_")), Name: c.TeamName}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := s.fromConsole(tx).addTeam(t)
		return err
	})
	return t, busy(err)
}

// onMember does something to one member. It is what the commands do; only, nobody
// is asked whether they may.
func (s *Service) onMember(ctx context.Context, id desk.MemberID, f func(*request) error) error {
	return busy(s.store.Write(ctx, func(tx *store.Tx) (err error) {
		r := s.fromConsole(tx)
		if r.To, err = r.person(id); err != nil {
			return err
		}
		if r.Owners, err = tx.Owners(); err != nil {
			return err
		}
		return f(r)
	}))
}

// fromConsole is a request of the operator: of no member.
func (s *Service) fromConsole(tx *store.Tx) *request {
	return &request{s: s, tx: tx, who: Caller{Session: console}, now: s.now()}
}

func (s *Service) consoleEntry(tx *store.Tx, e desk.Event) error {
	_, err := tx.Append(s.fromConsole(tx).entry(e))
	return err
}
