package server

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	maxGrants = 50 // grants that a person has at once, reveals among them
	maxAsked  = 5  // requests of a person that wait
)

// giveAccess gives a role or a key until a time.
func (r *request) giveAccess(c desk.GiveAccess) (desk.Done, error) {
	until := c.Until.UTC().Truncate(time.Millisecond)
	if c.For != 0 {
		until = r.now.Add(c.For.Std())
	}
	switch {
	case !until.After(r.now):
		return desk.Done{}, desk.Errorf(desk.CodeInvalid, "That time is over already. Choose one that is still to come.")
	case until.Sub(r.now) > desk.MaxGrant:
		return desk.Done{}, desk.Errorf(desk.CodeInvalid, "Access is given for 366 days at most. Choose an earlier end.")
	}
	g := desk.Grant{Role: c.Role, Perm: c.Key, Scope: c.Scope, Until: until, Reason: c.Reason}
	return r.grant(desk.AccessGranted, r.To.Member.ID, g)
}

// grant adds a grant to a member, by the asker and from now on, and records it.
func (r *request) grant(kind desk.EventKind, to desk.MemberID, g desk.Grant) (desk.Done, error) {
	m, err := r.stored(to)
	if err != nil {
		return desk.Done{}, err
	}
	g.ID, g.Since, g.By = desk.GrantID(newID("g_")), r.now, r.who.Member
	detail := desk.LogDetail{After: asJSON(g), Reason: g.Reason}
	m, replaced, err := r.with(m, g)
	if err != nil {
		return desk.Done{}, err
	}
	if len(replaced) > 0 {
		detail.Before = asJSON(replaced)
	}
	if err := r.tx.PutMember(m); err != nil {
		return desk.Done{}, err
	}
	seq, err := r.record(desk.Event{Kind: kind, Member: &m}, detail)
	return desk.Done{Seq: seq, Grant: g.ID, Ends: g.Until}, err
}

// with is the member with one grant more. It takes the place of those that it
// outlasts and reaches as far as; one that is held as long and as far already is
// refused.
func (r *request) with(m desk.Member, g desk.Grant) (_ desk.Member, replaced []desk.Grant, err error) {
	held := 0
	var kept []desk.Grant
	for _, old := range m.Grants {
		live := r.now.Before(old.Until)
		same := live && old.Role == g.Role && old.Perm == g.Perm && old.Contact == g.Contact
		switch {
		case same && old.Scope.Rank() >= g.Scope.Rank() && !old.Until.Before(g.Until):
			return m, nil, desk.Errorf(desk.CodeConflict, "%s has that until %s already. Choose a later end.", m.Name, clockTime(old.Until))
		case same && old.Scope.Rank() <= g.Scope.Rank() && !old.Until.After(g.Until):
			replaced = append(replaced, old)
			continue
		case live:
			held++
		}
		kept = append(kept, old)
	}
	if held >= maxGrants {
		return m, nil, desk.Errorf(desk.CodeInvalid, "%s has access for a time %d times over. End some of it first.", m.Name, held)
	}
	m.Grants = append(kept, g)
	return m, replaced, nil
}

// clockTime is a moment in a sentence.
func clockTime(t time.Time) string { return t.UTC().Format("2 January 15:04 UTC") }

// without is the member without a grant.
func without(m desk.Member, id desk.GrantID) desk.Member {
	m.Grants = slices.DeleteFunc(slices.Clone(m.Grants), func(g desk.Grant) bool { return g.ID == id })
	return m
}

// liveGrant finds a grant that a member has and that hasn't ended.
func (r *request) liveGrant(m desk.Member, id desk.GrantID) (desk.Grant, bool) {
	i := slices.IndexFunc(m.Grants, func(g desk.Grant) bool { return g.ID == id && r.now.Before(g.Until) })
	if i < 0 {
		return desk.Grant{}, false
	}
	return m.Grants[i], true
}

// endAccess ends a grant before its time.
func (r *request) endAccess(c desk.EndAccess) (desk.Done, error) {
	m, err := r.stored(c.Member)
	if err != nil {
		return desk.Done{}, err
	}
	g, ok := r.liveGrant(m, c.Grant)
	if !ok {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "%s doesn't have that access any more.", m.Name)
	}
	m = without(m, g.ID)
	if err := r.tx.PutMember(m); err != nil {
		return desk.Done{}, err
	}
	seq, err := r.record(desk.Event{Kind: desk.AccessEnded, Member: &m}, desk.LogDetail{Before: asJSON(g)})
	if err != nil {
		return desk.Done{}, err
	}
	return desk.Done{Seq: seq, Grant: g.ID}, r.handOverAs(m.ID, m.Name+"'s access for a time was ended.")
}

// askAccess makes a request, which those who may decide on it are told of.
func (r *request) askAccess(c desk.AskAccess) (desk.Done, error) {
	if r.holds(c.Key, c.Scope) {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "You have that already: there is nothing to ask for.")
	}
	waiting, err := r.tx.OpenRequests(r.actor.Member.ID)
	if err != nil {
		return desk.Done{}, err
	}
	for _, old := range waiting {
		if old.Perm == c.Key && old.Scope == c.Scope {
			return desk.Done{}, desk.Errorf(desk.CodeConflict, "You have asked for that already. It waits for someone to decide.")
		}
	}
	if len(waiting) >= maxAsked {
		return desk.Done{}, desk.Errorf(desk.CodeInvalid, "%d of your requests wait already. Take one back first.", len(waiting))
	}
	req := desk.Request{
		ID: desk.RequestID(newID("r_")), Member: r.actor.Member.ID, Perm: c.Key, Scope: c.Scope, For: c.For,
		Reason: c.Reason, At: r.now, State: desk.RequestOpen, Conversation: c.Conversation,
	}
	seq, err := r.tell(desk.AccessRequested, req)
	return desk.Done{Seq: seq, Request: req.ID}, err
}

// holds reports whether the asker has a key that far, so that asking for it
// changes nothing. Leave to export many is never in a role alone.
func (r *request) holds(p desk.Perm, s desk.Scope) bool {
	if p == desk.ContactExportMany {
		return r.ask(desk.ContactExport, desk.Subject{Rows: desk.ExportCap + 1}) == nil
	}
	return r.actor.Scope(p).Rank() >= s.Rank()
}

// tell stores a request and records what became of it.
func (r *request) tell(kind desk.EventKind, req desk.Request) (int64, error) {
	if err := r.tx.PutRequest(req); err != nil {
		return 0, err
	}
	return r.record(desk.Event{Kind: kind, Request: &req}, desk.LogDetail{After: asJSON(req), Reason: cmp.Or(req.Answer, req.Reason)})
}

// withdraw takes one's own request back. What isn't one's own, or is decided,
// isn't there.
func (r *request) withdraw(c desk.WithdrawRequest) (desk.Done, error) {
	req, err := r.tx.Request(c.Request)
	if err != nil {
		return desk.Done{}, hidden(err)
	}
	if req.Member != r.actor.Member.ID || req.State != desk.RequestOpen {
		return desk.Done{}, desk.ErrNotFound()
	}
	req.State, req.DecidedAt = desk.RequestWithdrawn, r.now
	seq, err := r.tell(desk.AccessWithdrawn, req)
	return desk.Done{Seq: seq, Request: req.ID}, err
}

// decide allows a request, perhaps less far and less long than was asked for, or
// refuses it.
//
// What is allowed makes two entries: the request is for those who see it, the
// grant for everyone. The answer's number is the grant's, which is the one that
// changes rights.
func (r *request) decide(c desk.DecideRequest) (desk.Done, error) {
	req := r.request
	if err := r.undecided(req); err != nil {
		return desk.Done{}, err
	}
	req.By, req.DecidedAt, req.Answer = r.who.Member, r.now, c.Answer
	if !c.Allow {
		req.State = desk.RequestRefused
		seq, err := r.tell(desk.AccessDecided, req)
		return desk.Done{Seq: seq, Request: req.ID}, err
	}
	scope, length, err := narrowed(req, c)
	if err != nil {
		return desk.Done{}, err
	}
	req.State, req.Until = desk.RequestGranted, r.now.Add(length.Std())
	if _, err := r.tell(desk.AccessDecided, req); err != nil {
		return desk.Done{}, err
	}
	done, err := r.grant(desk.AccessGranted, req.Member,
		desk.Grant{Perm: req.Perm, Scope: scope, Until: req.Until, Reason: req.Reason, Conversation: req.Conversation})
	done.Request = req.ID
	return done, err
}

// undecided refuses what was decided or taken back in the meantime.
func (r *request) undecided(req desk.Request) error {
	switch req.State {
	case desk.RequestOpen:
		return nil
	case desk.RequestWithdrawn:
		return desk.Errorf(desk.CodeConflict, "%s has taken this request back.", r.To.Member.Name)
	}
	by, err := r.tx.Member(req.By)
	if err != nil {
		return err
	}
	return desk.Errorf(desk.CodeConflict, "%s has decided on this request already.", by.Name)
}

// narrowed is what a decision gives: never more than was asked for.
func narrowed(req desk.Request, c desk.DecideRequest) (desk.Scope, desk.Duration, error) {
	scope, length := cmp.Or(c.Scope, req.Scope), cmp.Or(c.For, req.For)
	d, _ := desk.Describe(req.Perm)
	switch {
	case scope.Rank() > req.Scope.Rank() || length > req.For:
		return "", 0, desk.Errorf(desk.CodeInvalid, "That is more than was asked for: %s, for %s. Give as much or less.", req.Scope, req.For.Std())
	case !slices.Contains(d.Scopes, scope):
		words := make([]string, len(d.Scopes))
		for i, s := range d.Scopes {
			words[i] = string(s)
		}
		return "", 0, desk.Errorf(desk.CodeInvalid, "%s can't have the scope %q; it takes %s.", req.Perm, scope, strings.Join(words, ", "))
	}
	return scope, length, nil
}

// reveal shows a customer's number to the asker for a while. The grant has no
// scope: it reaches one contact and nothing else.
func (r *request) reveal(c desk.RevealContact) (desk.Done, error) {
	return r.grant(desk.ContactRevealed, r.actor.Member.ID, desk.Grant{
		Perm: desk.ContactViewPII, Until: r.now.Add(desk.RevealFor), Reason: c.Reason,
		Contact: r.Conversation.Contact.ID, Conversation: c.Conversation,
	})
}
