package graphfake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp/graphfake"
)

// TestHistory loads a whole history through the real webhook and looks at what
// people would see first.
func TestHistory(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	steps := graphfake.History(7, 300, now)
	r := newRig(t, graphfake.Options{Now: func() time.Time { return now }})
	var updates []graphfake.Update
	kinds, people, last, owners := map[graphfake.StepKind]int{}, map[string]string{}, map[string]graphfake.Step{}, map[string]int{}
	for i, s := range steps {
		if i > 0 && s.At.Before(steps[i-1].At) || s.At.After(now) || s.At.Before(now.Add(-6*24*time.Hour)) {
			t.Fatalf("step %d at %v stands after %v", i, s.At, steps[max(0, i-1)].At)
		}
		kinds[s.Kind]++
		if name, ok := people[s.Customer.WAID]; ok && name != s.Customer.Name {
			t.Fatalf("%s is %q and %q", s.Customer.WAID, name, s.Customer.Name)
		}
		people[s.Customer.WAID] = s.Customer.Name
		last[s.Customer.WAID] = s
		if m, ok := owners[s.Customer.WAID]; ok && m != s.Member {
			t.Fatal("an agent changed on the way")
		}
		owners[s.Customer.WAID] = s.Member
		if s.Kind == graphfake.StepMessage {
			u, _ := r.Update(s.Customer, s.Message)
			updates = append(updates, u)
		} else if s.Text == "" && s.Kind != graphfake.StepClaim && s.Kind != graphfake.StepResolve {
			t.Errorf("an empty %s", s.Kind)
		}
		if strings.ContainsAny(s.Text, "{}") {
			t.Errorf("a gap was left: %q", s.Text)
		}
	}
	if err := r.Deliver(t.Context(), updates...); err != nil {
		t.Fatal(err)
	}
	ms, _ := r.desk.all()
	types := map[desk.MessageType]int{}
	for _, m := range ms {
		types[m.Type]++
	}
	outcome := map[string]int{}
	for _, s := range last {
		switch {
		case s.Kind == graphfake.StepResolve:
			outcome["resolved"]++
		case s.Kind == graphfake.StepMessage && now.Sub(s.At) > 24*time.Hour:
			outcome["closed"]++
		case s.Kind == graphfake.StepMessage:
			outcome["waiting"]++
		default:
			outcome["answered"]++
		}
	}
	if len(people) != 300 || len(ms) != len(updates) {
		t.Errorf("%d people, %d of %d messages read", len(people), len(ms), len(updates))
	}
	for _, what := range []string{"resolved", "closed", "waiting", "answered"} {
		if outcome[what] < 5 {
			t.Errorf("only %d are %s", outcome[what], what)
		}
	}
	for _, typ := range []desk.MessageType{"text", "image", "audio", "document", "sticker", "location", "contacts", "interactive", "reaction", "order", "video", "unsupported"} {
		if types[typ] == 0 {
			t.Errorf("no %s among %v", typ, types)
		}
	}
	t.Log(len(steps), kinds, outcome, types)
	if os.Getenv("SHOW") != "" {
		for _, s := range steps {
			fmt.Println(s.At.Format("Jan 02 15:04"), s.Customer.Name, s.Customer.WAID, s.Kind, s.Text)
		}
	}
}

func TestHistoryFollowsFromTheSeed(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	text := func(seed uint64) string {
		b, err := json.Marshal(graphfake.History(seed, 40, now))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first, again, other := text(1), text(1), text(2)
	if first != again || first == other {
		t.Error("the same seed gives another history, or another seed the same")
	}
}

// TestTalk plays customers on a clock that runs as fast as it can, with agents
// who answer everybody: conversations begin, go on, and come to an end.
func TestTalk(t *testing.T) {
	clock := graphfake.NewManual(start)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	said := make(chan desk.IncomingMessage, 1)
	r := newRig(t, graphfake.Options{Now: clock.Now, Pace: time.Second, Seed: 3, After: func(d time.Duration) <-chan time.Time {
		clock.Advance(d)
		return clock.After(0)
	}})
	answered, most := 0, 0
	perPerson := map[string]int{}
	go func() {
		seen := 0
		for ctx.Err() == nil {
			a, err := r.WaitForAttempts(ctx, seen+1)
			if err != nil {
				return
			}
			for _, at := range a[seen:] {
				in, _ := whatsapp.Decode("wa", r.conf.PhoneNumberID, at.Body)
				for _, m := range in.Messages {
					said <- m
				}
			}
			seen = len(a)
		}
	}()
	done := make(chan struct{})
	talking, stop := context.WithCancel(ctx)
	go func() { r.Talk(talking); close(done) }()
	for answered < 150 {
		select {
		case m := <-said:
			who := m.From.WAID + m.From.UserID
			perPerson[who]++
			most = max(most, perPerson[who])
			if _, err := r.send.Send(ctx, desk.Outgoing{Message: "m", Channel: "wa", To: m.From, Text: "Of course."}); err != nil {
				t.Fatal(err)
			}
			answered++
		case <-ctx.Done():
			t.Fatalf("%d answers, then silence", answered)
		}
	}
	stop()
	<-done
	if len(perPerson) < 20 || most < 3 {
		t.Errorf("%d people, the most talkative said %d things", len(perPerson), most)
	}
}

// TestImpatience: nobody answers, so people ask whether anybody is there, and
// after a while hardly anyone new comes.
func TestImpatience(t *testing.T) {
	clock := graphfake.NewManual(start)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ticks := 0
	r := newRig(t, graphfake.Options{Now: clock.Now, Seed: 5, After: func(d time.Duration) <-chan time.Time {
		clock.Advance(d)
		if ticks++; ticks == 700 {
			stop()
		}
		return clock.After(0)
	}})
	r.Talk(ctx)
	ms, _ := r.desk.all()
	nudges, people := 0, map[string]bool{}
	for _, m := range ms {
		people[m.From.WAID+m.From.UserID] = true
		if strings.Contains("hello?? Anyone there? Still waiting... ?", m.Text) && m.Text != "" {
			nudges++
		}
	}
	if nudges == 0 || len(people) < 20 || len(people) > 120 {
		t.Errorf("%d nudges of %d people in %d messages", nudges, len(people), len(ms))
	}
}

func TestNumbersAreForFiction(t *testing.T) {
	ranges := []string{"447700900", "3363998", "49176040690", "1"}
	for _, s := range graphfake.History(9, 1500, start) {
		n := s.Customer.WAID
		if !slices.ContainsFunc(ranges, func(p string) bool { return strings.HasPrefix(n, p) }) {
			t.Fatalf("%s may be somebody's", n)
		}
		if strings.HasPrefix(n, "1") && (len(n) != 11 || n[4:9] != "55501") {
			t.Fatalf("%s may be somebody's", n)
		}
	}
}
