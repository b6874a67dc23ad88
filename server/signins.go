package server

import (
	"encoding/json"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// listSessions tells where To is signed in. The gate has asked whether the asker
// may know.
func (r *request) listSessions() (desk.SessionList, error) {
	signs, err := r.tx.SessionsOf(r.To.Member.ID)
	if err != nil {
		return desk.SessionList{}, err
	}
	signs = slices.DeleteFunc(signs, func(s store.Session) bool { return !holds(&s, r.now) })
	open := map[string]int{}
	r.s.sessions.each(func(c *session) {
		if c.member == r.To.Member.ID {
			open[c.id]++
		}
	})
	list := desk.SessionList{Sessions: make([]desk.SignInInfo, len(signs))}
	for i := range signs {
		info := infoOf(&signs[i])
		info.Open, info.Yours = open[info.ID], info.ID == r.who.Session
		list.Sessions[i] = info
	}
	return list, nil
}

// infoOf is a sign-in as people see it: without its token's hash.
func infoOf(s *store.Session) desk.SignInInfo {
	return desk.SignInInfo{ID: s.ID, Program: s.Program, Host: s.Host, Addr: s.Addr, Key: s.Proof, Since: s.CreatedAt, SeenAt: s.SeenAt, Ends: s.ExpiresAt}
}

// endSessions signs To out of one session or of all. A session of somebody else
// isn't there.
func (r *request) endSessions(c desk.EndSessions) (desk.Done, error) {
	signs, err := r.tx.SessionsOf(r.To.Member.ID)
	if err != nil {
		return desk.Done{}, err
	}
	if c.Session != "" {
		signs = slices.DeleteFunc(signs, func(s store.Session) bool { return s.ID != c.Session })
		if len(signs) == 0 {
			return desk.Done{}, desk.ErrNotFound()
		}
	}
	if len(signs) == 0 {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "%s isn't signed in anywhere.", r.To.Member.Name)
	}
	ended := make([]desk.SignInInfo, len(signs))
	for i := range signs {
		ended[i] = infoOf(&signs[i])
		if err := r.tx.DeleteSession(signs[i].ID); err != nil {
			return desk.Done{}, err
		}
	}
	detail, err := json.Marshal(desk.LogDetail{Before: asJSON(ended)})
	if err != nil {
		return desk.Done{}, err
	}
	entry := r.entry(desk.Event{Kind: desk.SessionsEnded})
	entry.Target, entry.Detail = string(r.To.Member.ID), detail
	seq, err := r.tx.Append(entry)
	return desk.Done{Seq: seq}, err
}

// closeEnded closes the live sockets of the sign-ins that an entry ended. The
// entry may be of another process.
func (s *Service) closeEnded(e *store.Entry) {
	var detail desk.LogDetail
	var ended []desk.SignInInfo
	if err := json.Unmarshal(e.Detail, &detail); err != nil {
		s.log.Error("an entry of ended sessions can't be read", "seq", e.Seq, "error", err)
		return
	}
	if err := json.Unmarshal(detail.Before, &ended); err != nil {
		s.log.Error("an entry of ended sessions can't be read", "seq", e.Seq, "error", err)
		return
	}
	message := "You ended this session. Sign in again."
	if string(e.Actor) != e.Target {
		message = "Your session was ended by " + s.people.Load().members[e.Actor].Name + ". Sign in again."
	}
	s.sessions.end(func(c *session) bool {
		return slices.ContainsFunc(ended, func(i desk.SignInInfo) bool { return i.ID == c.id })
	}, message)
}
