package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// Caller is who asks: a member, through a session, from an address.
type Caller struct {
	Member  desk.MemberID
	Session string
	Addr    string
}

// request is a command that has passed the gate: what it touches is loaded, in
// the transaction in which it acts.
type request struct {
	tx    *store.Tx
	who   Caller
	actor desk.Actor
	desk.Subject
	ref string
	now time.Time
}

// Do is the only way to do anything: it loads the asker and the target, asks
// desk.Can whether the asker sees it (a refusal there reads "not found", so that
// existence doesn't leak) and whether they may do this to it, does it, and
// appends to the log, all in one transaction.
//
// The result is a desk.Page, desk.Thread or desk.Done. A write needs a ref; one
// that was done already is answered as it was then. Errors are [*desk.Error] or
// [*desk.Denied]; anything else is our fault.
func (s *Service) Do(ctx context.Context, who Caller, ref string, cmd desk.Command) (result any, err error) {
	if err := cmd.Validate(); err != nil {
		return nil, err
	}
	if _, ok := cmd.(desk.Reader); ok {
		err = s.store.Read(ctx, func(tx *store.Tx) error {
			r, err := s.admit(tx, who, ref, cmd)
			if err != nil {
				return err
			}
			result, err = r.read(cmd)
			return err
		})
		return result, busy(err)
	}
	if ref == "" || len(ref) > desk.MaxRef {
		return nil, desk.Errorf(desk.CodeInvalid, "A command needs a ref of 1 to %d bytes.", desk.MaxRef)
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		done, err := s.once(tx, who, ref, cmd)
		result = done
		return err
	})
	if err != nil {
		return nil, busy(err)
	}
	s.afterwards(who, cmd)
	return result, nil
}

// once does a write, or finds the answer that it had the first time.
func (s *Service) once(tx *store.Tx, who Caller, ref string, cmd desk.Command) (done desk.Done, err error) {
	print, err := fingerprint(cmd)
	if err != nil {
		return done, err
	}
	known, answer, err := tx.Answer(who.Member, ref)
	switch {
	case err == nil && known != print:
		return done, desk.Errorf(desk.CodeInvalid, "The ref was used for another command already. Make a new one for each.")
	case err == nil:
		return done, json.Unmarshal(answer, &done)
	case !errors.Is(err, store.ErrNotFound):
		return done, err
	}
	r, err := s.admit(tx, who, ref, cmd)
	if err != nil {
		return done, err
	}
	if done, err = r.write(cmd); err != nil {
		return done, err
	}
	answer, err = json.Marshal(done)
	if err != nil {
		return done, err
	}
	return done, tx.PutAnswer(who.Member, ref, print, answer, r.now)
}

// fingerprint tells commands apart, so that a ref which a client uses twice by
// mistake doesn't swallow the second one.
func fingerprint(cmd desk.Command) (string, error) {
	args, err := json.Marshal(cmd)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(args)
	return cmd.Name() + " " + hex.EncodeToString(sum[:8]), nil
}

// admit loads the asker and the target and asks desk.Can.
func (s *Service) admit(tx *store.Tx, who Caller, ref string, cmd desk.Command) (*request, error) {
	r := &request{tx: tx, who: who, ref: ref, now: s.now()}
	var err error
	if r.actor, err = tx.Actor(who.Member); err != nil {
		return nil, hidden(err)
	}
	if err := r.load(cmd.Target()); err != nil {
		return nil, err
	}
	return r, desk.Can(&r.actor, cmd.Perm(), r.Subject, r.now)
}

// load fetches what the command touches. What the asker may not see isn't there.
func (r *request) load(t desk.Target) error {
	r.Status = t.Status
	if t.Conversation != 0 {
		c, err := r.tx.Conversation(t.Conversation)
		if err != nil {
			return hidden(err)
		}
		if desk.Can(&r.actor, desk.ConversationView, desk.Subject{Conversation: &c}, r.now) != nil {
			return desk.ErrNotFound()
		}
		r.Conversation = &c
	}
	if t.Message != "" {
		m, err := r.tx.Message(t.Message)
		if err != nil {
			return hidden(err)
		}
		if m.Conversation != t.Conversation {
			return desk.ErrNotFound()
		}
		r.Message = &m
	}
	if t.Member != "" {
		a, err := r.tx.Actor(t.Member)
		if err != nil {
			return hidden(err)
		}
		r.To = &a
	}
	if t.Team != "" {
		if err := r.team(t.Team); err != nil {
			return err
		}
	}
	if t.Role != "" {
		role, err := r.tx.Role(t.Role)
		if err != nil {
			return hidden(err)
		}
		r.Role = &role
		if r.Owners, err = r.tx.Owners(); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) team(id desk.TeamID) error {
	teams, err := r.tx.Teams()
	if err != nil {
		return err
	}
	for _, t := range teams {
		if t.ID == id {
			return nil
		}
	}
	return desk.ErrNotFound()
}

// hidden turns a missing row into the answer that tells nothing.
func hidden(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return desk.ErrNotFound()
	}
	return err
}

// busy turns the store's back-pressure into an answer.
func busy(err error) error {
	if errors.Is(err, store.ErrBusy) || errors.Is(err, context.DeadlineExceeded) {
		return &desk.Error{Code: desk.CodeBusy, RetryMS: 1000,
			Message: "The server has more to do than it can keep up with. Try again in a moment."}
	}
	return err
}
