package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

const (
	tokenPrefix   = "fd1_"
	tokenIdle     = 12 * time.Hour      // unused for so long, a sign-in ends
	tokenLife     = 30 * 24 * time.Hour // and in any case after this
	touchEvery    = time.Hour           // how often the use of a sign-in is noted
	signInsKept   = 10                  // per member; an eleventh ends the oldest
	passwordLeast = 10
	passwordMost  = 1024 // bytes
	nameBytes     = 64   // of a program's or a machine's name, as it names itself
)

// passwordCost follows OWASP's smallest recommendation for argon2id: 19 MiB, two
// passes.
func passwordCost() *argon2id.Params {
	return &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// handleSignIn checks a password and answers with a token, once.
func (s *Service) handleSignIn(w http.ResponseWriter, r *http.Request) {
	var in desk.SignIn
	if err := decode(w, r, &in); err != nil || in.Email == "" || in.Password == "" || len(in.Password) > passwordMost {
		fail(w, http.StatusBadRequest, desk.Errorf(desk.CodeInvalid, "Signing in takes an e-mail address and a password, as JSON."))
		return
	}
	out, err := s.signIn(r.Context(), in, origin{in.Program, in.Host, s.addr(r)})
	s.answerSignIn(w, r, out, err)
}

// answerSignIn answers whoever signs in or joins.
func (s *Service) answerSignIn(w http.ResponseWriter, r *http.Request, out desk.SignedInAs, err error) {
	if err == nil {
		reply(w, http.StatusOK, out)
		return
	}
	e := desk.AsError(busy(err))
	switch e.Code {
	case desk.CodeInvalid:
		fail(w, http.StatusBadRequest, e)
	case desk.CodeUnauthenticated:
		fail(w, http.StatusUnauthorized, e)
	case desk.CodeBusy:
		fail(w, http.StatusTooManyRequests, e)
	default:
		s.log.Error("a sign-in failed", "addr", s.addr(r), "error", err)
		fail(w, http.StatusInternalServerError, e)
	}
}

// origin is where a sign-in comes from: the program and the machine as they name
// themselves, and the address.
type origin struct{ program, host, addr string }

func (s *Service) signIn(ctx context.Context, in desk.SignIn, from origin) (desk.SignedInAs, error) {
	email := strings.ToLower(strings.TrimSpace(in.Email))
	account, network := guessKey(email, prefix(from.addr)), guessKey(prefix(from.addr))
	if err := s.signIns.mayTry(account, network, s.now()); err != nil {
		return desk.SignedInAs{}, err
	}
	member, hash, err := s.checkPassword(ctx, email, in.Password, account, network)
	token := ""
	if err == nil {
		token, err = s.issue(ctx, member.ID, hash, "password", from)
	}
	if e := desk.AsError(err); e != nil && e.Code == desk.CodeUnauthenticated {
		if err := s.logFailure(ctx, email, member.ID, "A wrong address or password, or a suspended account.", from); err != nil {
			return desk.SignedInAs{}, err
		}
	}
	return desk.SignedInAs{Token: token, Member: member}, err
}

// logFailure writes a try to get in that was refused into the log; without a
// record there is no answer. What the guard turns away isn't written one by one:
// it refuses before anything is checked, so a network writes no more lines than
// it has guesses, and a flood doesn't fill the log.
func (s *Service) logFailure(ctx context.Context, email string, id desk.MemberID, why string, from origin) error {
	s.log.Info("a sign-in was refused", "addr", from.addr)
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		email = "" // people type passwords into the wrong field
	}
	detail, err := json.Marshal(desk.LogDetail{Email: clip(email, 200), Reason: why, Program: clip(from.program, nameBytes)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkWait)
	defer cancel()
	return s.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.SignInFailed, At: s.now()}, Addr: from.addr, Target: string(id), Detail: detail})
		return err
	})
}

// clip is a text in UTF-8 without control characters, of at most so many bytes.
func clip(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	for len(text) > most {
		_, last := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-last]
	}
	return text
}

// checkPassword returns whose password it is, and the hash that it fitted. A
// wrong one is counted before its slot is free again, so many guesses at once
// gain nothing; with it comes whose it isn't, if there is such a member.
func (s *Service) checkPassword(ctx context.Context, email, password, account, network string) (member desk.Member, hash string, err error) {
	leave, err := s.signIns.enter(ctx)
	if err != nil {
		return desk.Member{}, "", err
	}
	defer leave()
	if err := s.signIns.mayTry(account, network, s.now()); err != nil {
		return desk.Member{}, "", err
	}
	member, hash, err = s.account(ctx, email)
	if err != nil {
		return desk.Member{}, "", err
	}
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return desk.Member{}, "", err
	}
	if !ok || member.ID == "" || member.Suspended {
		s.signIns.wrong(account, network, s.now())
		return member, "", refused()
	}
	s.signIns.right(account, network)
	return member, hash, nil
}

// account finds who signs in. For an unknown address it returns no member and a
// hash that no password has, so that both cases cost the same.
func (s *Service) account(ctx context.Context, email string) (m desk.Member, hash string, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		if m, err = tx.MemberByEmail(email); err != nil {
			return err
		}
		hash, err = tx.PasswordHash(m.ID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return desk.Member{}, nobodysHash, nil
	}
	return m, hash, err
}

// nobodysHash is the hash of a random password that was thrown away.
const nobodysHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$K6bV0Yh7k2nJmQz4w1s9x3c5v7b8n0m2a4s6d8f0g1E"

// issue makes a sign-in and returns its token. checked is the hash of the
// password that was given; when it isn't the member's any more, or they were
// suspended meanwhile, there is no sign-in.
func (s *Service) issue(ctx context.Context, id desk.MemberID, checked, proof string, from origin) (string, error) {
	token, sign, err := s.newSignIn(id, proof, from)
	if err != nil {
		return "", err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if err := stillHolds(tx, id, checked); err != nil {
			return err
		}
		return s.begin(tx, sign)
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// newSignIn makes a sign-in that isn't stored yet, and its token.
func (s *Service) newSignIn(id desk.MemberID, proof string, from origin) (token string, sign store.Session, err error) {
	token, hash, err := newSecret(tokenPrefix)
	now := s.now()
	return token, store.Session{ID: newID("s_"), Member: id, TokenHash: hash, Program: clip(from.program, nameBytes), Host: clip(from.host, nameBytes),
		Addr: from.addr, Proof: proof, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(tokenLife)}, err
}

// begin stores a sign-in and tells of it. One too many ends the member's oldest.
func (s *Service) begin(tx *store.Tx, sign store.Session) error {
	n, err := tx.CountSessions(sign.Member)
	if err != nil {
		return err
	}
	if n >= signInsKept {
		if err := tx.DeleteOldestSession(sign.Member); err != nil {
			return err
		}
	}
	if err := tx.PutSession(sign); err != nil {
		return err
	}
	detail, err := json.Marshal(desk.LogDetail{Program: sign.Program, After: asJSON(infoOf(&sign))})
	if err != nil {
		return err
	}
	_, err = tx.Append(store.Entry{Event: desk.Event{Kind: desk.SignedIn, At: sign.CreatedAt, Actor: sign.Member},
		Session: sign.ID, Addr: sign.Addr, Detail: detail})
	return err
}

// stillHolds refuses a sign-in whose password or member changed while it was
// being checked.
func stillHolds(tx *store.Tx, id desk.MemberID, checked string) error {
	m, err := tx.Member(id)
	if err != nil {
		return hidden(err)
	}
	if m.Suspended {
		return refused()
	}
	if checked == "" {
		return nil
	}
	hash, err := tx.PasswordHash(id)
	if err != nil {
		return hidden(err)
	}
	if hash != checked {
		return refused()
	}
	return nil
}

func refused() *desk.Error {
	return desk.Errorf(desk.CodeUnauthenticated, "The e-mail address or the password is wrong, or the account is suspended.")
}

// Issue makes a sign-in without a password, for a demo and for tests.
func (s *Service) Issue(ctx context.Context, id desk.MemberID, program string) (string, error) {
	return s.issue(ctx, id, "", console, origin{program: program, addr: console})
}

// recognise returns the sign-in of a token. Its error is a [*desk.Error].
func (s *Service) recognise(token string) (sign store.Session, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		sign, err = tx.SessionByToken(secretHash(token))
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return sign, err
	}
	if err != nil || !holds(&sign, s.now()) {
		return sign, desk.Errorf(desk.CodeUnauthenticated, "Your sign-in isn't valid any more. Sign in again.")
	}
	if a := s.actor(sign.Member); a == nil || a.Member.Suspended {
		return sign, desk.Errorf(desk.CodeUnauthenticated, "Your account is suspended. Ask an admin.")
	}
	go s.touch(context.Background(), sign.ID)
	return sign, nil
}

// recheck makes a session leave whose sign-in doesn't exist any more.
func (s *Service) recheck(c *session) {
	ctx, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		_, err := tx.SessionByToken(c.token)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		c.end(desk.CodeUnauthenticated, "This sign-in was ended. Sign in again.")
		c.wake()
	case err != nil && !errors.Is(err, store.ErrClosed):
		s.log.Warn("a sign-in can't be looked up again", "member", c.member, "error", err)
	}
}

// named notes what machine a sign-in is used on, as its client says with each
// hello: the name may not have been known when it began, or be another by now.
func (s *Service) named(sign store.Session, host string) {
	host = clip(host, nameBytes)
	if host == "" || host == sign.Host {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.NameSession(sign.ID, host) })
	if err != nil && !errors.Is(err, store.ErrClosed) {
		s.log.Info("the machine of a sign-in wasn't noted", "error", err)
	}
}

// touch notes that a sign-in is still used.
func (s *Service) touch(ctx context.Context, id string) {
	err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.TouchSession(id, s.now()) })
	if err != nil && ctx.Err() == nil {
		s.log.Info("the use of a sign-in wasn't noted", "error", err)
	}
}

// handleSignOut ends the sign-in of the bearer's token.
func (s *Service) handleSignOut(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sign, err := s.recognise(token)
	if e := desk.AsError(err); e != nil && e.Code != desk.CodeUnauthenticated {
		s.log.Error("a sign-out failed", "error", err)
		fail(w, http.StatusInternalServerError, desk.AsError(busy(err)))
		return
	}
	if !ok || err != nil {
		fail(w, http.StatusUnauthorized, desk.Errorf(desk.CodeUnauthenticated, "There is no such sign-in, so nothing had to be ended."))
		return
	}
	err = s.store.Write(r.Context(), func(tx *store.Tx) error {
		if err := tx.DeleteSession(sign.ID); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.SignedOut, At: s.now(), Actor: sign.Member}, Session: sign.ID, Addr: s.addr(r)})
		return err
	})
	if err != nil {
		s.log.Error("a sign-out failed", "error", err)
		fail(w, http.StatusInternalServerError, desk.AsError(busy(err)))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
