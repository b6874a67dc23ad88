package graphfake

import (
	"math/rand/v2"
	"slices"
	"time"
)

// StepKind says who does what in a step of a history.
type StepKind string

const (
	StepMessage StepKind = "message" // the customer: Message, to be given to [Fake.Update]
	StepReply   StepKind = "reply"   // an agent: Text
	StepNote    StepKind = "note"    // an agent: Text
	StepTeam    StepKind = "team"    // someone hands it to the team Text
	StepClaim   StepKind = "claim"   // an agent takes it
	StepLabel   StepKind = "label"   // an agent puts the label Text on
	StepResolve StepKind = "resolve"
)

// Step is one thing that happened.
type Step struct {
	At       time.Time
	Kind     StepKind
	Customer Customer
	Message  Message
	Text     string
	// Member numbers the agents, the same within a conversation. Take it modulo
	// the number of agents there are.
	Member int
	Team   string // "orders", "shop", "wholesale": whose conversation it is
}

// historySpan is how far back a history goes.
const historySpan = 5 * 24 * time.Hour

// History makes up n conversations over the five days before now: steps in the
// order of time, the same for the same arguments up to the shift of now. Some
// customers still wait for an answer, for minutes or for days; some
// conversations are done; some replies will fail ([Customer.Refuses]).
//
// To replay it, give the messages to [Fake.Update] and [Fake.Deliver] and do the
// rest as the agents would. The Now of the fake and of the program must follow
// the steps while that goes on, or replies to old messages are refused.
func History(seed uint64, n int, now time.Time) []Step {
	rng := rand.New(rand.NewPCG(seed, 0x68697374))
	w := newCrowd(newLibrary(), rng, func(string) bool { return false })
	var steps []Step
	for i := range n {
		h := &chapter{w: w, now: now, member: rng.IntN(1000)}
		s := w.deal(w.language())
		h.team = s.team
		h.customer, h.call = w.join(s)
		if i%25 == 8 {
			h.customer.Refuses = 131026
		}
		h.play(s, now.Add(-h.age(i, n)))
		steps = append(steps, h.steps...)
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	return steps
}

// chapter is one conversation being made up.
type chapter struct {
	w        *crowd
	now, at  time.Time
	customer Customer
	call     string // what an agent calls the customer
	team     string
	member   int
	steps    []Step
	claimed  bool
}

// age is how long before now the i-th of n conversations began: more of them
// lately, and few at night.
func (h *chapter) age(i, n int) time.Duration {
	share := (float64(i) + h.w.rng.Float64()) / float64(n)
	age := time.Duration(share * share * float64(historySpan))
	at := h.now.Add(-age)
	if hour := at.Hour(); hour < 7 && age > 12*time.Hour {
		age -= time.Duration(8+h.w.rng.IntN(3)) * time.Hour
	}
	return max(age, time.Minute+time.Duration(h.w.rng.IntN(120))*time.Second)
}

// play goes through a scene until it is over, until now, or until the point
// where this one was left.
func (h *chapter) play(s scene, at time.Time) {
	h.at = at
	left := h.leftAt(s, h.now.Sub(at))
	parts := h.w.lib.role(h.w.rng, h.call)
	var before byte
	for i, t := range s.turns {
		if i >= left {
			break
		}
		h.pass(before, t)
		if h.at.After(h.now) {
			return
		}
		h.turn(t, parts)
		before = t.mark
		if i == 0 {
			h.sort(s)
		}
	}
	if old := h.now.Sub(h.at) > 30*time.Hour; old && before == '>' && left >= len(s.turns) && h.w.rng.IntN(10) < 8 {
		h.at = h.at.Add(time.Duration(2+h.w.rng.IntN(40)) * time.Minute)
		h.claim()
		h.add(Step{Kind: StepResolve})
	}
}

// leftAt is the turn at which nobody went on: nearly never in an old
// conversation, mostly before a reply in a young one.
func (h *chapter) leftAt(s scene, age time.Duration) int {
	r := h.w.rng.Float64()
	var cut float64
	switch {
	case age > 48*time.Hour:
		cut = 0.06
	case age > 20*time.Hour:
		cut = 0.2
	case age > 3*time.Hour:
		cut = 0.45
	default:
		cut = 0.7
	}
	if r > cut {
		return len(s.turns)
	}
	// Before the first or the second reply: the customer waits. Else after it.
	var replies []int
	for i, t := range s.turns {
		if t.mark == '<' {
			replies = append(replies, i)
		}
	}
	if len(replies) == 0 {
		return len(s.turns)
	}
	at := pick(h.w.rng, replies[:min(2, len(replies))])
	if h.w.rng.IntN(3) == 0 {
		at++
	}
	return at
}

// pass lets time go by before a turn.
func (h *chapter) pass(before byte, t turn) {
	minutes := func(from, to float64) {
		h.at = h.at.Add(time.Duration((from + h.w.rng.Float64()*(to-from)) * float64(time.Minute)))
	}
	switch {
	case before == 0:
	case t.mark == '.':
		h.at = h.at.Add(t.wait)
	case before == '>' && t.mark == '>':
		minutes(0.1, 1.5)
	case t.mark == '<' && h.w.rng.IntN(8) == 0:
		minutes(30, 150)
	case t.mark == '<':
		minutes(1, 20)
	case t.mark == '>' && h.w.rng.IntN(8) == 0:
		minutes(40, 300)
	case t.mark == '>':
		minutes(0.5, 14)
	default:
		minutes(0.2, 3)
	}
}

func (h *chapter) turn(t turn, parts role) {
	text := parts.say(h.w.rng, t)
	switch t.mark {
	case '>':
		m := parse(text).Sent(h.at)
		if m.Type == "text" && h.claimed && h.w.rng.IntN(12) == 0 {
			m = m.Quoting(LastReply)
		}
		h.add(Step{Kind: StepMessage, Message: m, Text: text})
	case '<':
		h.claim()
		h.add(Step{Kind: StepReply, Text: text})
	case '!':
		h.claim()
		h.add(Step{Kind: StepNote, Text: text})
	case '#':
		h.claim()
		h.add(Step{Kind: StepLabel, Text: text})
	case '+':
		h.add(Step{Kind: StepResolve})
	}
}

// sort is what happens right after the first message: it goes to a team, and
// gets a label.
func (h *chapter) sort(s scene) {
	if h.w.rng.IntN(10) < 7 {
		h.add(Step{Kind: StepTeam, Text: s.team})
	}
	if s.label != "shop" && h.w.rng.IntN(10) < 8 {
		h.add(Step{Kind: StepLabel, Text: s.label})
	}
}

// claim comes before the first thing that an agent does, once.
func (h *chapter) claim() {
	if !h.claimed {
		h.claimed = true
		h.add(Step{Kind: StepClaim})
	}
}

// add stamps a step. Steps of one conversation never share a moment, so sorting
// by time keeps their order.
func (h *chapter) add(s Step) {
	if n := len(h.steps); n > 0 && !h.at.After(h.steps[n-1].At) {
		h.at = h.steps[n-1].At.Add(time.Millisecond)
	}
	s.At, s.Customer, s.Member, s.Team = h.at, h.customer, h.member, h.team
	h.steps = append(h.steps, s)
}
