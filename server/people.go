package server

import (
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// listStaff tells how everyone is doing. Its cost grows with the people, not with
// the conversations.
func (r *request) listStaff() (desk.Staff, error) {
	members, err := r.tx.Members()
	if err != nil {
		return desk.Staff{}, err
	}
	rows := map[desk.MemberID]*desk.StaffStatus{}
	for _, m := range members {
		if !m.Removed {
			rows[m.ID] = &desk.StaffStatus{Member: m.ID}
		}
	}
	if err := r.countChats(rows); err != nil {
		return desk.Staff{}, err
	}
	if err := r.countSignIns(rows); err != nil {
		return desk.Staff{}, err
	}
	staff := desk.Staff{Rows: make([]desk.StaffStatus, 0, len(rows))}
	slices.SortStableFunc(members, func(a, b desk.Member) int { return strings.Compare(a.Name, b.Name) })
	for _, m := range members {
		if row := rows[m.ID]; row != nil {
			staff.Rows = append(staff.Rows, *row)
		}
	}
	staff.Seq, err = r.tx.Head()
	return staff, err
}

func (r *request) countChats(rows map[desk.MemberID]*desk.StaffStatus) error {
	tallies, err := r.tx.Tallies()
	if err != nil {
		return err
	}
	for _, k := range tallies {
		if row := rows[k.Assignee]; row != nil && k.Status == desk.StatusOpen {
			row.Open += k.Total
			row.Unread += k.Count.Unread
		}
	}
	return nil
}

// countSignIns fills in the sign-ins, the open screens, and until when the codes
// of the invited hold.
func (r *request) countSignIns(rows map[desk.MemberID]*desk.StaffStatus) error {
	signs, err := r.tx.Sessions()
	if err != nil {
		return err
	}
	for i := range signs {
		row := rows[signs[i].Member]
		if row == nil {
			continue
		}
		row.SeenAt = latest(row.SeenAt, signs[i].SeenAt)
		if holds(&signs[i], r.now) {
			row.SignedIn++
		}
	}
	r.s.sessions.each(func(c *session) {
		if row := rows[c.member]; row != nil && c.as == nil {
			row.Online++
			row.SeenAt = r.now
		}
	})
	invitations, err := r.tx.Invitations()
	if err != nil {
		return err
	}
	for _, i := range invitations {
		if row := rows[i.Member]; row != nil && r.now.Before(i.Until) {
			row.Code = i.Until
		}
	}
	return nil
}

// suspend shuts a member out until someone resumes them.
func (r *request) suspend(c desk.Suspend) (desk.Done, error) {
	if r.To.Member.Suspended {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "%s is suspended already.", r.To.Member.Name)
	}
	if err := r.mayHandTo(c.HandTo); err != nil {
		return desk.Done{}, err
	}
	seq, err := r.shutOut(desk.MemberSuspended, c.HandTo)
	return desk.Done{Seq: seq}, err
}

// remove shuts a member out for good. Their address is free for someone new.
func (r *request) remove(c desk.Remove) (desk.Done, error) {
	if err := r.mayHandTo(c.HandTo); err != nil {
		return desk.Done{}, err
	}
	seq, err := r.shutOut(desk.MemberRemoved, c.HandTo)
	if err != nil {
		return desk.Done{}, err
	}
	return desk.Done{Seq: seq}, r.forget(r.To.Member.ID)
}

// forget ends every way in that a removed member had, and their wishes.
func (r *request) forget(id desk.MemberID) error {
	if _, err := r.tx.DeleteInvitation(id); err != nil {
		return err
	}
	if err := r.tx.DeletePasswordHash(id); err != nil {
		return err
	}
	requests, err := r.tx.Requests(r.now)
	if err != nil {
		return err
	}
	for _, q := range requests {
		if q.Member != id || q.State != desk.RequestOpen {
			continue
		}
		q.State, q.DecidedAt = desk.RequestWithdrawn, r.now
		if err := r.tx.PutRequest(q); err != nil {
			return err
		}
		if _, err := r.tx.Append(r.entry(desk.Event{Kind: desk.AccessWithdrawn, Request: &q})); err != nil {
			return err
		}
	}
	return nil
}

// shut is what the log keeps of someone being shut out, or let in again.
type shut struct {
	Suspended bool          `json:"suspended"`
	Removed   bool          `json:"removed,omitempty"`
	Grants    []desk.Grant  `json:"grants,omitempty"`
	SignedIn  int           `json:"signed_in,omitempty"`
	HandTo    desk.MemberID `json:"hand_to,omitempty"`
}

// shutOut suspends or removes the member To, whoever asks for it: their sign-ins
// and what they were lent end, and their open chats go to handTo, or back into
// the queue when that is empty.
func (r *request) shutOut(kind desk.EventKind, handTo desk.MemberID) (int64, error) {
	m, err := r.tx.Member(r.To.Member.ID)
	if err != nil {
		return 0, err
	}
	signs, err := r.tx.CountSessions(m.ID)
	if err != nil {
		return 0, err
	}
	before := shut{Suspended: m.Suspended, Grants: m.Grants, SignedIn: signs}
	why := m.Name + " was suspended."
	m.Suspended, m.Grants = true, nil
	if kind == desk.MemberRemoved {
		m.Removed, m.Email = true, ""
		why = m.Name + " was removed."
	}
	if err := r.tx.PutMember(m); err != nil {
		return 0, err
	}
	if err := r.tx.DeleteSessionsOf(m.ID); err != nil {
		return 0, err
	}
	seq, err := r.record(desk.Event{Kind: kind, Member: &m},
		desk.LogDetail{Before: asJSON(before), After: asJSON(shut{Suspended: true, Removed: m.Removed, HandTo: handTo})})
	if err != nil {
		return 0, err
	}
	_, err = r.handOver(&desk.Actor{Member: m, Role: r.To.Role}, handTo, why)
	return seq, err
}

// mayHandTo asks whether the asker may give each open chat of the member to a
// colleague: nobody comes by chats, or gives them away, by suspending whoever has
// them. The counters say it of all of them: what decides is what they count by.
func (r *request) mayHandTo(id desk.MemberID) error {
	if id == "" {
		return nil
	}
	to, err := r.person(id)
	if err != nil {
		return err
	}
	if to.Member.Invited {
		return desk.Errorf(desk.CodeConflict, "%s hasn't joined yet. Choose someone else, or the queue.", to.Member.Name)
	}
	if err := desk.CanReceive(to); err != nil {
		return err
	}
	tallies, err := r.tx.Tallies()
	if err != nil {
		return err
	}
	for _, k := range tallies {
		if k.Assignee != r.To.Member.ID || k.Status != desk.StatusOpen || k.Total == 0 {
			continue
		}
		s := desk.Subject{Conversation: k.Facts.With(0), To: to}
		if err := r.ask(desk.ConversationView, s); err != nil {
			return err
		}
		if err := r.ask(desk.ConversationAssign, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) resume() (desk.Done, error) {
	if !r.To.Member.Suspended {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "%s isn't suspended.", r.To.Member.Name)
	}
	seq, err := r.letIn()
	return desk.Done{Seq: seq}, err
}

// letIn ends the suspension of To.
func (r *request) letIn() (int64, error) {
	m, err := r.tx.Member(r.To.Member.ID)
	if err != nil {
		return 0, err
	}
	m.Suspended = false
	if err := r.tx.PutMember(m); err != nil {
		return 0, err
	}
	return r.record(desk.Event{Kind: desk.MemberResumed, Member: &m}, desk.LogDetail{Before: asJSON(shut{Suspended: true}), After: asJSON(shut{})})
}

// holds reports whether a sign-in is still good.
func holds(sign *store.Session, now time.Time) bool {
	return !now.After(sign.ExpiresAt) && now.Sub(sign.SeenAt) <= tokenIdle
}
