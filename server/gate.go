package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// Caller is who asks: a member, through a session, from an address.
type Caller struct {
	Member  desk.MemberID
	Session string
	Addr    string
	As      *desk.ViewAs // set when the asker looks through other eyes
}

// request is a command that has passed the gate: what it touches is loaded, in
// the transaction in which it acts.
type request struct {
	s     *Service
	tx    *store.Tx
	who   Caller
	actor desk.Actor
	by    *desk.Actor // who looks, when it is through other eyes
	desk.Subject
	request desk.Request // of access.decide
	ref     string
	now     time.Time
	hands   hands // chats that change hands by it
}

// Do is the only way to do anything: it loads the asker and the target, asks
// desk.Can whether the asker sees it (a refusal there reads "not found", so that
// existence doesn't leak) and whether they may do this to it, does it, and
// appends to the log, all in one transaction.
//
// The result is what the command says it is answered by; a desk.Done for those
// that write. A write needs a ref; one that was done already is answered as it
// was then. Errors are [*desk.Error] or [*desk.Denied]; anything else is our
// fault. A refusal stands in the log before it is answered.
func (s *Service) Do(ctx context.Context, who Caller, ref string, cmd desk.Command) (result any, err error) {
	if err := cmd.Validate(); err != nil {
		return nil, err
	}
	if who.As != nil && !looksOnly(cmd) {
		return nil, s.refused(ctx, who, cmd, &desk.Denied{Perm: cmd.Perm(), Why: desk.WhyReadOnly,
			Reason: "You are looking through other eyes: nothing can be done here. Leave the view first."})
	}
	var r *request
	switch c := cmd.(type) {
	case desk.Preview:
		r, result, err = s.preview(ctx, who, c)
	case desk.Recorder:
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			if r, err = s.admit(tx, who, ref, cmd); err != nil {
				return err
			}
			result, err = r.read(cmd)
			return err
		})
	case desk.Reader:
		err = s.store.Read(ctx, func(tx *store.Tx) error {
			if r, err = s.admit(tx, who, ref, cmd); err != nil {
				return err
			}
			result, err = r.read(cmd)
			return err
		})
	default:
		if ref == "" || len(ref) > desk.MaxRef {
			return nil, desk.Errorf(desk.CodeInvalid, "A command needs a ref of 1 to %d bytes.", desk.MaxRef)
		}
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			var done desk.Done
			r, done, err = s.once(tx, who, ref, cmd)
			result = done
			return err
		})
	}
	if err != nil {
		return nil, s.refused(ctx, who, cmd, busy(err))
	}
	s.used(ctx, cmd, r)
	s.afterwards(who, cmd)
	return result, nil
}

// looksOnly are the commands of a link that sees as someone else: lists and
// threads.
func looksOnly(cmd desk.Command) bool {
	switch cmd.(type) {
	case desk.ListConversations, desk.History:
		return true
	}
	return false
}

// once does a write, or finds the answer that it had the first time; then there
// is no request.
func (s *Service) once(tx *store.Tx, who Caller, ref string, cmd desk.Command) (r *request, done desk.Done, err error) {
	print, err := fingerprint(cmd)
	if err != nil {
		return nil, done, err
	}
	known, answer, err := tx.Answer(who.Member, ref)
	switch {
	case err == nil && known != print:
		return nil, done, desk.Errorf(desk.CodeInvalid, "The ref was used for another command already. Make a new one for each.")
	case err == nil:
		return nil, done, json.Unmarshal(answer, &done)
	case !errors.Is(err, store.ErrNotFound):
		return nil, done, err
	}
	if r, err = s.admit(tx, who, ref, cmd); err != nil {
		return r, done, err
	}
	if done, err = r.write(cmd); err != nil {
		return r, done, err
	}
	kept := done
	kept.Code = "" // a secret is told once
	if answer, err = json.Marshal(kept); err != nil {
		return r, done, err
	}
	return r, done, tx.PutAnswer(who.Member, ref, print, answer, r.now)
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

// admit loads the asker and the target and asks desk.Can. The request is there
// with a refusal too, as far as it was loaded.
func (s *Service) admit(tx *store.Tx, who Caller, ref string, cmd desk.Command) (*request, error) {
	r := &request{s: s, tx: tx, who: who, ref: ref, now: s.now()}
	if err := r.whoAsks(); err != nil {
		return r, err
	}
	if err := r.load(cmd.Target()); err != nil {
		return r, err
	}
	return r, r.permit(cmd)
}

// permit asks for the command's permission. One command needs less than it says: a
// refusal of a request gives nothing.
func (r *request) permit(cmd desk.Command) error {
	s := r.Subject
	if d, ok := cmd.(desk.DecideRequest); ok && !d.Allow {
		s.Key, s.Scope = "", desk.ScopeNone
	}
	return r.ask(cmd.Perm(), s)
}

// whoAsks loads the actor: the member as they are now, or whose eyes they look
// through.
func (r *request) whoAsks() error {
	a, err := r.tx.Actor(r.who.Member)
	if err != nil {
		return hidden(err)
	}
	r.actor = a.At(r.now)
	if r.who.As == nil {
		return nil
	}
	by := r.actor
	seen, err := through(r.tx, &by, *r.who.As, r.now)
	if err != nil {
		return err
	}
	r.actor, r.by = seen, &by
	return nil
}

// eyes are through whom the asker looks.
func (r *request) eyes() eyes { return eyes{&r.actor, r.by} }

// ask is desk.Can for the asker, now.
func (r *request) ask(p desk.Perm, s desk.Subject) error { return desk.Can(&r.actor, p, s, r.now) }

// load fetches what the command touches. What the asker may not see isn't there.
func (r *request) load(t desk.Target) (err error) {
	r.Status, r.Key, r.Scope, r.Teams = t.Status, t.Key, t.Scope, t.Teams
	if t.Conversation != 0 {
		c, err := r.tx.Conversation(t.Conversation)
		if err != nil {
			return hidden(err)
		}
		r.Conversation = &c
		if r.ask(desk.ConversationView, desk.Subject{Conversation: &c}) != nil {
			return desk.ErrNotFound()
		}
	} else if t.Member != "" || t.Role != "" {
		if r.Owners, err = r.tx.Owners(); err != nil {
			return err
		}
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
	if t.Request != "" {
		if err := r.loadRequest(t); err != nil {
			return err
		}
	}
	if t.Member != "" {
		load := r.person
		if t.Past {
			load = r.anyone
		}
		if r.To, err = load(t.Member); err != nil {
			return err
		}
		if t.Grant != "" {
			g, _ := r.liveGrant(r.To.Member, t.Grant)
			r.Grant = &g // of nobody when it isn't there any more: the command says so
		}
	}
	if err := r.teamsThere(append(slices.Clip(t.Teams), t.Team)...); err != nil {
		return err
	}
	if t.Role != "" {
		role, err := r.tx.Role(t.Role)
		if err != nil {
			return hidden(err)
		}
		r.Role = &role
	}
	return nil
}

// person loads a member who isn't removed, with what they may do now.
func (r *request) person(id desk.MemberID) (*desk.Actor, error) {
	a, err := r.anyone(id)
	if err == nil && a.Member.Removed {
		return nil, desk.ErrNotFound()
	}
	return a, err
}

// anyone is person for those, too, who were removed.
func (r *request) anyone(id desk.MemberID) (*desk.Actor, error) {
	a, err := r.tx.Actor(id)
	if err != nil {
		return nil, hidden(err)
	}
	a = a.At(r.now)
	return &a, nil
}

// loadRequest fetches a request that the asker sees, and who made it.
func (r *request) loadRequest(t desk.Target) (err error) {
	if r.request, err = r.tx.Request(t.Request); err != nil {
		return hidden(err)
	}
	if r.To, err = r.person(r.request.Member); err != nil {
		return err
	}
	if !desk.SeesRequest(&r.actor, r.To) {
		return desk.ErrNotFound()
	}
	r.Key = r.request.Perm
	if r.Scope == desk.ScopeNone {
		r.Scope = r.request.Scope
	}
	return nil
}

// teamsThere refuses teams that don't exist; no team is always there.
func (r *request) teamsThere(ids ...desk.TeamID) error {
	if !slices.ContainsFunc(ids, func(id desk.TeamID) bool { return id != "" }) {
		return nil
	}
	teams, err := r.tx.Teams()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id != "" && !slices.ContainsFunc(teams, func(t desk.Team) bool { return t.ID == id }) {
			return desk.ErrNotFound()
		}
	}
	return nil
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
