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

func hashPassword(password string) (string, error) {
	if n := len([]rune(password)); n < passwordLeast || len(password) > passwordMost {
		return "", desk.Errorf(desk.CodeInvalid, "A password has at least %d characters and at most %d bytes.", passwordLeast, passwordMost)
	}
	return argon2id.CreateHash(password, passwordCost())
}

// Members lists everyone, suspended ones too, by name.
func (s *Service) Members(ctx context.Context) (members []desk.Member, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		members, err = tx.Members()
		return err
	})
	slices.SortFunc(members, func(a, b desk.Member) int { return strings.Compare(a.Name, b.Name) })
	return members, err
}

// Suspend ends a member's sign-ins and lets them do nothing until Resume. The
// last owner can't be suspended.
func (s *Service) Suspend(ctx context.Context, id desk.MemberID) error {
	return s.alter(ctx, id, desk.MemberSuspended, func(tx *store.Tx, m *desk.Member) error {
		owners, err := tx.Owners()
		if err != nil {
			return err
		}
		if m.Role == desk.RoleOwner && !m.Suspended && owners <= 1 {
			return desk.Errorf(desk.CodeConflict, "%s is the last owner. Add another owner first.", m.Name)
		}
		m.Suspended = true
		return tx.DeleteSessionsOf(m.ID)
	})
}

// Resume lets a suspended member work again.
func (s *Service) Resume(ctx context.Context, id desk.MemberID) error {
	return s.alter(ctx, id, desk.MemberResumed, func(_ *store.Tx, m *desk.Member) error {
		m.Suspended = false
		return nil
	})
}

// SetPassword gives a member a new password and ends all their sign-ins.
func (s *Service) SetPassword(ctx context.Context, id desk.MemberID, password string) error {
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	return s.alter(ctx, id, desk.PasswordChanged, func(tx *store.Tx, m *desk.Member) error {
		if err := tx.SetPasswordHash(m.ID, hash); err != nil {
			return err
		}
		return tx.DeleteSessionsOf(m.ID)
	})
}

// SetTeams puts a member into these teams and no others.
func (s *Service) SetTeams(ctx context.Context, id desk.MemberID, teams []desk.TeamID) error {
	return s.alter(ctx, id, desk.MemberTeamed, func(_ *store.Tx, m *desk.Member) error {
		m.Teams = teams
		return nil
	})
}

// AddTeam makes a team.
func (s *Service) AddTeam(ctx context.Context, name string) (desk.Team, error) {
	t := desk.Team{ID: desk.TeamID(newID("t_")), Name: strings.TrimSpace(name)}
	if t.Name == "" || strings.ContainsFunc(t.Name, unicode.IsControl) {
		return t, desk.Errorf(desk.CodeInvalid, "A team needs a name without control characters.")
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.PutTeam(t); err != nil {
			return err
		}
		return s.consoleEntry(tx, desk.Event{Kind: desk.TeamAdded, Team: &t})
	})
	return t, busy(err)
}

// alter changes one member and logs it.
func (s *Service) alter(ctx context.Context, id desk.MemberID, kind desk.EventKind, f func(*store.Tx, *desk.Member) error) error {
	return busy(s.store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Member(id)
		if err != nil {
			return hidden(err)
		}
		if err := f(tx, &m); err != nil {
			return err
		}
		if err := tx.PutMember(m); err != nil {
			return err
		}
		return s.consoleEntry(tx, desk.Event{Kind: kind, Member: &m})
	}))
}

func (s *Service) consoleEntry(tx *store.Tx, e desk.Event) error {
	e.At = s.now()
	_, err := tx.Append(store.Entry{Event: e, Session: console})
	return err
}
