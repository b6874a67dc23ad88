package server_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// judge knows every member's rights at every moment.
type judge struct {
	reigns map[desk.MemberID][]reign
	bad    []string
	told   map[string]int // how many things were told, by whether they were whole
}

// crown notes the members' rights after a change that began at from and was
// answered at till. byTime is set when it was only the clock that moved on.
func (j *judge) crown(members []desk.Member, now time.Time, from, till time.Time, byTime bool) {
	for _, m := range members {
		m.Grants = slices.DeleteFunc(slices.Clone(m.Grants), func(g desk.Grant) bool { return !now.Before(g.Until) })
		list := j.reigns[m.ID]
		if n := len(list); n > 0 {
			if cmp.Equal(list[n-1].member, m) {
				continue
			}
			for i := range list {
				end := till
				if byTime && i == n-1 {
					end = till.Add(lag)
				}
				if list[i].until.IsZero() || list[i].until.After(end) {
					list[i].until = end
				}
			}
			list = slices.DeleteFunc(list, func(r reign) bool { return r.until.Before(from.Add(-20 * time.Second)) })
		}
		j.reigns[m.ID] = append(list, reign{from: from, member: m})
	}
}

func (j *judge) at(id desk.MemberID, at time.Time) (list []reign) {
	for _, r := range j.reigns[id] {
		if !at.Before(r.from) && (r.until.IsZero() || !at.After(r.until)) {
			list = append(list, r)
		}
	}
	return list
}

// hears judges a frame that was written to a member, or to whoever looks through
// their eyes.
func (j *judge) hears(who, by desk.MemberID, w written) {
	list, err := things(w.text)
	if err != nil {
		j.bad = append(j.bad, fmt.Sprintf("%s: %v", who, err))
		return
	}
	for _, s := range list {
		viewers := []desk.MemberID{who}
		if by != "" {
			viewers = append(viewers, by)
		}
		whole := true
		for _, v := range viewers {
			why, sure := j.allows(v, s, w.at)
			if why != "" {
				j.bad = append(j.bad, fmt.Sprintf("%s (by %q) is shown %s of %s: %s", who, by, s.what, s.chat, why))
			}
			whole = whole && sure
		}
		if by != "" && s.asked == who && s.asked != "" {
			j.bad = append(j.bad, fmt.Sprintf("%s looks through %s and is shown their own request", by, who))
		}
		if s.chat == 0 || s.bare {
			continue
		}
		private := len(numbersIn(s.raw)) > 0
		if whole && !private {
			j.bad = append(j.bad, fmt.Sprintf("%s (by %q) is shown %s of %s without its number", who, by, s.what, s.chat))
		}
		j.told[fmt.Sprint("by ", by != "", " whole ", private)]++
	}
}

// allows says why something mustn't be shown at a moment; whole reports whether
// the number certainly had to be.
func (j *judge) allows(viewer desk.MemberID, s shown, at time.Time) (why string, whole bool) {
	why, whole = "they had no rights", s.chat != 0
	reigns := j.at(viewer, at)
	for _, r := range reigns {
		whole = whole && r.numbers(s.facts, s.contact)
		if why != "" {
			why = j.refuses(r, s, at)
		}
	}
	return why, whole && len(reigns) > 0
}

func (j *judge) refuses(r reign, s shown, at time.Time) string {
	if s.chat != 0 && !r.sees(s.facts) {
		return fmt.Sprintf("not in sight, %+v", s.facts)
	}
	for _, id := range numbersIn(s.raw) {
		if s.chat == 0 || s.bare || id != s.chat || !r.numbers(s.facts, s.contact) {
			return fmt.Sprintf("the number of %s", id)
		}
	}
	if address.Match(s.raw) && !r.powers().people && s.person != r.member.ID {
		return "a colleague's address"
	}
	if mine := s.person == r.member.ID || s.asked == r.member.ID; s.chat == 0 && !mine && place.Match(s.raw) {
		return "where a colleague asked, or whose number they saw"
	}
	if s.asked != "" && s.asked != r.member.ID &&
		!slices.ContainsFunc(j.at(s.asked, at), func(from reign) bool { return r.decidesOn(from) }) {
		return "a request of " + string(s.asked)
	}
	return ""
}

// addRole puts a role into the desk, as if somebody had made it.
func (h *house) addRole(r desk.Role) {
	h.t.Helper()
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutRole(r); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.RoleCreated, At: h.clock.now(), Role: &r}})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func auditorRole() desk.Role {
	return desk.Role{ID: auditor, Name: "Auditor", Rank: 70, Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: desk.ScopeAll, desk.ConversationViewQueue: desk.ScopeAll, desk.RoleViewAs: desk.ScopeAll}}
}

// everyone are the members as the store has them.
func (h *house) everyone() (list []desk.Member) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.Members()
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// TestJudge lets the judge see what it has to object to.
func TestJudge(t *testing.T) {
	t.Parallel()
	start := time.Now()
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	j := &judge{reigns: map[desk.MemberID][]reign{}, told: map[string]int{}}
	agent := desk.Member{ID: "a", Role: desk.RoleAgent, Teams: []desk.TeamID{support}}
	viewer := agent
	viewer.Role = desk.RoleViewer
	j.crown([]desk.Member{agent}, start, at(0), at(1), false)
	j.crown([]desk.Member{viewer}, start, at(10), at(11), false)
	whole := []byte(`{"type":"events","events":[{"seq":1,"conversation":{"id":7,"status":"open","team":"t_support","contact":{"id":"c","phone":"+447700000007"}}}]}`)
	masked := []byte(`{"type":"events","events":[{"seq":1,"conversation":{"id":7,"status":"open","team":"t_support","contact":{"id":"c","phone":"•••• 0007"}}}]}`)
	other := []byte(`{"type":"events","events":[{"seq":1,"conversation":{"id":7,"status":"open","team":"t_wares","assignee":"b","contact":{"id":"c"}}}]}`)
	staff := []byte(`{"type":"snapshot","members":[{"id":"b","email":"b@example.com"}]}`)
	revealed := []byte(`{"type":"events","events":[{"seq":1,"member":{"id":"a","grants":[{"contact":"c"}]}},{"seq":2,"member":{"id":"b","grants":[{"contact":"c"}]}}]}`)
	asked := []byte(`{"type":"events","events":[{"seq":1,"request":{"id":"r","member":"a"}},{"seq":2,"request":{"id":"r","member":"b"}}]}`)
	for _, k := range []struct {
		name string
		text []byte
		at   int
		bad  int
	}{
		{"an agent sees the number", whole, 5, 0}, {"an agent's number is missing", masked, 5, 1},
		{"a viewer sees the number", whole, 12, 1}, {"a viewer's is masked", masked, 12, 0},
		{"while it changes", whole, 10, 0}, {"while it changes, masked", masked, 10, 0},
		{"an agent looks at other teams", other, 5, 1}, {"a viewer looks at other teams", other, 12, 0},
		{"an agent sees addresses", staff, 5, 0}, {"a viewer sees addresses", staff, 12, 1},
		{"whose number a colleague saw", revealed, 5, 1},
		{"before anything", other, -1, 2}, {"somebody else's request", asked, 5, 1},
	} {
		j.bad = nil
		if j.hears("a", "", written{at(k.at).Add(time.Second), k.text}); len(j.bad) != k.bad {
			t.Errorf("%s: %q", k.name, j.bad)
		}
	}
}
