package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

const codePrefix = "fdi_"

// invite adds a member who can't sign in before they have chosen a password, and
// answers with the code that lets them. The gate has asked about the role and the
// teams.
func (r *request) invite(c desk.Invite) (desk.Done, error) {
	email := strings.ToLower(strings.TrimSpace(c.Email))
	m, err := r.tx.MemberByEmail(email)
	switch {
	case err == nil:
		return r.inviteAgain(m, c)
	case !errors.Is(err, store.ErrNotFound):
		return desk.Done{}, err
	}
	m = desk.Member{ID: desk.MemberID(newID("u_")), Name: c.FullName, Email: email, Role: c.Role, Teams: c.Teams, Invited: true}
	if err := r.tx.PutMember(m); err != nil {
		return desk.Done{}, err
	}
	return r.newCode(m)
}

// inviteAgain gives a new code for someone who hasn't joined; the old one ends. It
// changes nothing else: their role and teams may be others' doing.
func (r *request) inviteAgain(m desk.Member, c desk.Invite) (desk.Done, error) {
	if !m.Invited {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "There is a member with the address %s already.", m.Email)
	}
	to, err := r.person(m.ID)
	if err != nil {
		return desk.Done{}, err
	}
	s := r.Subject
	s.To = to
	if err := r.ask(desk.MemberInvite, s); err != nil {
		return desk.Done{}, err
	}
	switch {
	case m.Suspended:
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "%s is suspended. Resume them first.", m.Name)
	case m.Role != c.Role || len(touched(m.Teams, c.Teams)) > 0:
		return desk.Done{}, desk.Errorf(desk.CodeConflict,
			"%s is invited already, as %s. Invite them with the same role and teams for a new code, and change those on their own.", m.Name, to.Role.Name)
	}
	return r.newCode(m)
}

// newCode makes a member's invitation. Of its code only a hash is kept.
func (r *request) newCode(m desk.Member) (desk.Done, error) {
	code, hash, err := newSecret(codePrefix)
	if err != nil {
		return desk.Done{}, err
	}
	until := r.now.Add(desk.InviteFor)
	if err := r.tx.PutInvitation(store.Invitation{Member: m.ID, CodeHash: hash, Until: until, By: r.actor.Member.ID}); err != nil {
		return desk.Done{}, err
	}
	after := struct {
		Role  desk.RoleID   `json:"role"`
		Teams []desk.TeamID `json:"teams,omitempty"`
		Until time.Time     `json:"until"`
	}{m.Role, m.Teams, until}
	seq, err := r.record(desk.Event{Kind: desk.MemberInvited, Member: &m}, desk.LogDetail{After: asJSON(after)})
	return desk.Done{Seq: seq, Member: m.ID, Code: code, Ends: until}, err
}

// newSecret makes 256 random bits as people hand them on, and the hash that is
// kept of them.
func newSecret(prefix string) (secret string, hash []byte, err error) {
	bits := make([]byte, 32)
	if _, err := rand.Read(bits); err != nil {
		return "", nil, err
	}
	secret = prefix + base64.RawURLEncoding.EncodeToString(bits)
	return secret, secretHash(secret), nil
}

func secretHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// handleJoin lets an invited member choose a password and signs them in.
func (s *Service) handleJoin(w http.ResponseWriter, r *http.Request) {
	var in desk.Join
	if err := decode(w, r, &in); err != nil || in.Code == "" || in.Password == "" {
		fail(w, http.StatusBadRequest, desk.Errorf(desk.CodeInvalid, "Joining takes the invitation's code and a password, as JSON."))
		return
	}
	out, err := s.join(r.Context(), in, origin{in.Program, in.Host, s.addr(r)})
	s.answerSignIn(w, r, out, err)
}

// badCode is the answer to every code that doesn't let anyone in: unknown, used,
// ended, or given by someone who couldn't give it any more.
func badCode() *desk.Error {
	return desk.Errorf(desk.CodeUnauthenticated, "This invitation doesn't hold: it was used, has ended, or was never given. Ask for a new one.")
}

// join uses an invitation up. A wrong code is counted like a wrong password, and
// before its slot is free again.
func (s *Service) join(ctx context.Context, in desk.Join, from origin) (desk.SignedInAs, error) {
	if err := goodPassword(in.Password); err != nil {
		return desk.SignedInAs{}, err
	}
	network := prefix(from.addr)
	codes, all := guessKey("invitation", network), guessKey(network)
	if err := s.signIns.mayTry(codes, all, s.now()); err != nil {
		return desk.SignedInAs{}, err
	}
	leave, err := s.signIns.enter(ctx)
	if err != nil {
		return desk.SignedInAs{}, err
	}
	defer leave()
	if err := s.signIns.mayTry(codes, all, s.now()); err != nil {
		return desk.SignedInAs{}, err
	}
	out, err := s.accept(ctx, secretHash(in.Code), in.Password, from)
	switch e := desk.AsError(err); {
	case err == nil:
		s.signIns.right(codes, all)
	case e.Code == desk.CodeUnauthenticated:
		s.signIns.wrong(codes, all, s.now())
		if err := s.logFailure(ctx, "", "", "An invitation's code that doesn't hold.", from); err != nil {
			return desk.SignedInAs{}, err
		}
	}
	return out, err
}

// accept sets the password of whom the code was given to, and signs them in.
func (s *Service) accept(ctx context.Context, code []byte, password string, from origin) (out desk.SignedInAs, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		_, err := s.invitee(tx, code)
		return err
	})
	if err != nil {
		return out, err // a wrong code isn't worth a hash
	}
	hash, err := hashPassword(password)
	if err != nil {
		return out, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		m, err := s.invitee(tx, code)
		if err != nil {
			return err
		}
		used, err := tx.DeleteInvitation(m.ID)
		if err != nil {
			return err
		}
		if !used {
			return badCode()
		}
		m.Invited = false
		if err := tx.PutMember(m); err != nil {
			return err
		}
		if err := tx.SetPasswordHash(m.ID, hash); err != nil {
			return err
		}
		token, sign, err := s.newSignIn(m.ID, "invitation", from)
		if err != nil {
			return err
		}
		joined := desk.Event{Kind: desk.MemberJoined, At: sign.CreatedAt, Actor: m.ID, Member: &m}
		if _, err := tx.Append(store.Entry{Event: joined, Session: sign.ID, Addr: sign.Addr}); err != nil {
			return err
		}
		out = desk.SignedInAs{Token: token, Member: m}
		return s.begin(tx, sign)
	})
	if err != nil {
		return desk.SignedInAs{}, err
	}
	return out, nil
}

// invitee is who may join with a code now. Whoever gave it must still be able to
// give all that the invited person has by now: nothing is handed on by someone who
// has lost it meanwhile, and nobody keeps a code to an account that became more.
func (s *Service) invitee(tx *store.Tx, code []byte) (desk.Member, error) {
	i, err := tx.Invitation(code)
	if errors.Is(err, store.ErrNotFound) {
		return desk.Member{}, badCode()
	}
	if err != nil {
		return desk.Member{}, err
	}
	to, err := tx.Actor(i.Member)
	if err != nil {
		return desk.Member{}, err
	}
	by, err := tx.Actor(i.By)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return desk.Member{}, err
	}
	now := s.now()
	by = by.At(now)
	present := to.At(now)
	subject := desk.Subject{To: &present, Role: &to.Role, Teams: slices.Clone(to.Member.Teams)}
	if err != nil || !now.Before(i.Until) || !to.Member.Invited || to.Member.Suspended || desk.Can(&by, desk.MemberInvite, subject, now) != nil {
		return desk.Member{}, badCode()
	}
	return to.Member, nil
}
