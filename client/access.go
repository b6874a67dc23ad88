package client

import (
	"cmp"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// maxDecided is how many requests are held that were decided: the newest.
const maxDecided = 200

// Requests are the requests for access that this agent sees: those that are
// open, the oldest first, then those that were decided, the newest first.
func (r *Replica) Requests() []desk.Request { return r.people.requestList }

// applyRequest takes in what an event says of requests. Whose requests I see
// depends on their teams and roles too, so any event about people counts.
func (r *Replica) applyRequest(e *desk.Event) bool {
	if e.Request != nil {
		r.people.requests[e.Request.ID] = *e.Request
	} else if e.Member == nil && e.Role == nil || len(r.people.requests) == 0 {
		return false
	}
	r.sortRequests()
	return true
}

// sortRequests forgets what isn't to be seen any more and sorts the rest.
func (r *Replica) sortRequests() {
	p := &r.people
	p.requestList = nil
	for id, q := range p.requests {
		if !r.seesRequest(&q) {
			delete(p.requests, id)
			continue
		}
		p.requestList = append(p.requestList, q)
	}
	slices.SortFunc(p.requestList, func(a, b desk.Request) int {
		switch {
		case open(&a) != open(&b):
			if open(&a) {
				return -1
			}
			return 1
		case open(&a):
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(b.DecidedAt.Compare(a.DecidedAt), cmp.Compare(a.ID, b.ID))
	})
	decided := slices.IndexFunc(p.requestList, func(q desk.Request) bool { return !open(&q) })
	if decided < 0 || len(p.requestList)-decided <= maxDecided {
		return
	}
	for _, q := range p.requestList[decided+maxDecided:] {
		delete(p.requests, q.ID)
	}
	p.requestList = slices.Clip(p.requestList[:decided+maxDecided])
}

func open(q *desk.Request) bool { return q.State == desk.RequestOpen }

func (r *Replica) seesRequest(q *desk.Request) bool {
	from, ok := r.Actor(q.Member)
	return q.Member == r.me.Member.ID || ok && desk.SeesRequest(&r.me, &from)
}

// Givers are those who could give me p as far as s, as far as the people are
// known here, the lowest rank first: whom to ask. See [desk.Givers].
func (r *Replica) Givers(p desk.Perm, s desk.Scope) []desk.MemberID {
	var able []*desk.Actor
	for _, m := range r.people.memberList {
		if a, ok := r.Actor(m.ID); ok {
			able = append(able, &a)
		}
	}
	return desk.Givers(&r.me, p, s, able)
}

// Explain is the refusal with those who could change it. [Replica.Can] leaves
// them out, since a screen asks it many times for each frame.
func (r *Replica) Explain(d *desk.Denied) *desk.Denied {
	if d == nil || !d.Askable() || len(d.Holders) > 0 {
		return d
	}
	whole := *d
	whole.Holders = r.Givers(d.Perm, d.Needs)
	return &whole
}
