package graphfake

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxWaiting is how many may wait for an answer before hardly anyone new comes:
// a screen that nobody sits at doesn't drown.
const maxWaiting = 8

// Talk lets the customers live until ctx ends: some begin a conversation, some
// answer what an agent wrote, some lose their patience, some come back. About
// one thing happens in [Options.Pace].
func (f *Fake) Talk(ctx context.Context) {
	t := f.newTalk()
	f.mu.Lock()
	f.heard = t.hear
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.heard = nil
		f.mu.Unlock()
	}()
	for f.wait(ctx, t.pause()) {
		who, m, ok := t.next(f.o.Now())
		if !ok {
			continue
		}
		if _, err := f.Say(ctx, who, m); err != nil && ctx.Err() == nil {
			f.o.Logger.Warn("the program didn't take a customer's message", "error", err)
		}
	}
}

// talk is everything that goes on between customers and agents.
type talk struct {
	f *Fake

	mu    sync.Mutex
	rng   *rand.Rand
	crowd *crowd
	chats map[string]*chat // by the customer's key
	order []string         // keys, oldest first
	due   []line           // what customers are about to say
}

// chat is one customer's conversation as they see it.
type chat struct {
	who     Customer
	parts   role
	script  [][]turn  // what is still to be said, in the portions between replies
	waiting time.Time // since when they wait for an answer; zero: they don't
	nudges  int
}

type line struct {
	at      time.Time
	key     string
	m       Message
	expects bool // an answer
}

func (f *Fake) newTalk() *talk {
	lib := newLibrary()
	rng := rand.New(rand.NewPCG(f.o.Seed, 0x74616c6b))
	taken := func(number string) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.customers[number] != nil || number == f.o.DisplayNumber
	}
	return &talk{f: f, rng: rng, crowd: newCrowd(lib, rng, taken), chats: map[string]*chat{}}
}

func (t *talk) pause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Duration((0.5 + t.rng.Float64()) * float64(t.f.o.Pace))
}

// next is what happens now, if anything does.
func (t *talk) next(now time.Time) (Customer, Message, bool) {
	known := t.f.Customers() // before t.mu: the fake tells us things under no lock of its own
	t.mu.Lock()
	defer t.mu.Unlock()
	if l, ok := t.ripe(now); ok {
		c := t.chats[l.key]
		if l.expects && c.waiting.IsZero() {
			c.waiting = now
		}
		return c.who, l.m, true
	}
	if c := t.impatient(now); c != nil && t.rng.IntN(3) == 0 {
		c.nudges++
		return c.who, Text(t.line(c, "nudge")), true
	}
	if t.waiting() >= maxWaiting && t.rng.IntN(60) != 0 {
		return Customer{}, Message{}, false
	}
	return t.begin(now, known)
}

// ripe takes the line that is due longest.
func (t *talk) ripe(now time.Time) (line, bool) {
	best := -1
	for i, l := range t.due {
		if !l.at.After(now) && (best < 0 || l.at.Before(t.due[best].at)) {
			best = i
		}
	}
	if best < 0 {
		return line{}, false
	}
	l := t.due[best]
	t.due = slices.Delete(t.due, best, best+1)
	return l, true
}

func (t *talk) impatient(now time.Time) *chat {
	for _, key := range t.order {
		c := t.chats[key]
		patience := c.who.Temper.Patience
		if patience == 0 {
			patience = 90 * time.Second
		}
		if !c.waiting.IsZero() && c.nudges < 2 && now.Sub(c.waiting) > patience*time.Duration(1+2*c.nudges) && !t.speaking(key) {
			return c
		}
	}
	return nil
}

func (t *talk) speaking(key string) bool {
	return slices.ContainsFunc(t.due, func(l line) bool { return l.key == key })
}

func (t *talk) waiting() (n int) {
	for _, c := range t.chats {
		if !c.waiting.IsZero() {
			n++
		}
	}
	return n
}

// begin starts a conversation: mostly of someone new, sometimes of someone who
// wrote before.
func (t *talk) begin(now time.Time, known []Customer) (Customer, Message, bool) {
	if len(known) > 10 && t.rng.IntN(10) < 3 {
		who := pick(t.rng, known)
		if c := t.chats[key(who)]; who.Language != "" && (c == nil || c.waiting.IsZero() && len(c.script) == 0) && !t.speaking(key(who)) {
			c = t.join(who, who.Name)
			c.waiting = now
			return who, Text(t.line(c, "again")), true
		}
	}
	s := t.crowd.deal(t.crowd.language())
	who, call := t.crowd.join(s)
	c := t.join(who, call)
	c.script = portions(s.turns)
	c.waiting = now
	t.portion(key(who), c, now)
	first := slices.IndexFunc(t.due, func(l line) bool { return l.key == key(who) })
	if first < 0 {
		return Customer{}, Message{}, false
	}
	l := t.due[first]
	t.due = slices.Delete(t.due, first, first+1)
	return who, l.m, true
}

func (t *talk) join(who Customer, call string) *chat {
	first, _, _ := strings.Cut(call, " ")
	c := &chat{who: who, parts: t.crowd.lib.role(t.rng, first)}
	if t.chats[key(who)] == nil {
		t.order = append(t.order, key(who))
	}
	t.chats[key(who)] = c
	return c
}

// portions are the customer's lines of a scene, cut where the agent speaks.
func portions(turns []turn) (out [][]turn) {
	var part []turn
	for _, tn := range turns {
		switch {
		case tn.mark == '>':
			part = append(part, tn)
		case tn.mark == '<' && part != nil:
			out, part = append(out, part), nil
		}
	}
	if part != nil {
		out = append(out, part)
	}
	return out
}

// portion lets a customer say the next lines of their script, one after another.
// With the last of them they are content, unless it is a question.
func (t *talk) portion(key string, c *chat, at time.Time) {
	for _, tn := range c.script[0] {
		words := c.parts.say(t.rng, tn)
		t.due = append(t.due, line{at, key, parse(words), len(c.script) > 1 || question(words)})
		at = at.Add(time.Duration(2+t.rng.IntN(8)) * time.Second)
	}
	c.script = c.script[1:]
}

// hear is called for each message that an agent got through: the customer reads
// it after a while, and may have something to say to it.
func (t *talk) hear(a Accepted) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chats[key(a.Customer)]
	if c == nil {
		c = t.join(a.Customer, a.Customer.Name)
	}
	c.waiting, c.nudges = time.Time{}, 0
	if t.speaking(key(a.Customer)) {
		return // they are typing already
	}
	slow := c.who.Temper.Slowness
	if slow == 0 {
		slow = 1
	}
	at := a.At.Add(time.Duration((4 + 14*t.rng.Float64()) * slow * float64(time.Second)))
	if len(c.script) > 0 {
		t.portion(key(a.Customer), c, at)
		return
	}
	if m, ok := t.reply(c, a.Text); ok {
		body, _ := m.Node.(object)["body"].(string)
		t.due = append(t.due, line{at, key(a.Customer), m, question(body)})
	}
}

func question(words string) bool { return strings.ContainsAny(words, "?？؟") }

// reply is what a customer without a script makes of an agent's words.
func (t *talk) reply(c *chat, words string) (Message, bool) {
	n := t.rng.IntN(100)
	if c.who.Temper.Quiet {
		n += 25
	}
	switch asked := question(words); {
	case asked && n < 85:
		return Text(t.line(c, "yes")), true
	case asked:
		return Message{}, false
	case n < 40:
		return Text(t.line(c, "thanks")), true
	case n < 60:
		return Reaction(LastReply, pick(t.rng, []string{"👍", "❤️", "🙏", "😊", "🎉"})), true
	case n < 75:
		return Text(t.line(c, "more")).Quoting(LastReply), true
	case n < 80:
		return pick(t.rng, []Message{Sticker(), Voice(), Image("")}), true
	}
	return Message{}, false
}

func (t *talk) line(c *chat, kind string) string {
	lines := t.crowd.lib.lines[c.who.Language]
	if lines == nil {
		lines = t.crowd.lib.lines["en"]
	}
	return c.parts.fill(pick(t.rng, lines[kind]))
}
