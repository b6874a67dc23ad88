package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp/graphfake"
)

// person is someone who works in the demo's shop. Their chats come from the
// teams that the made-up history names.
type person struct {
	name  string
	role  desk.RoleID
	teams []string
}

// staff are the people of the shop, one for each built-in role.
func staff() []person {
	return []person{
		{"Nora Marlow", desk.RoleOwner, nil},
		{"Theo Finch", desk.RoleAdmin, nil},
		{"Maya Lindqvist", desk.RoleManager, []string{"orders", "shop", "wholesale"}},
		{"Asha Rao", desk.RoleAgent, []string{"orders", "shop"}},
		{"Ben Okoro", desk.RoleSales, []string{"wholesale"}},
		{"Chloe Martin", desk.RoleMarketing, []string{"shop"}},
		{"Viktor Hansen", desk.RoleViewer, nil},
		{"Tom Tran", desk.RoleTemporary, nil},
	}
}

// shopDomain ends the staff's addresses. Nobody can own it.
const shopDomain = "@marlowandfinch.example"

// shopTeams are the teams by the word that the history has for them.
func shopTeams() []struct{ word, name string } {
	return []struct{ word, name string }{{"orders", "Orders"}, {"shop", "Shop"}, {"wholesale", "Wholesale"}}
}

// answering says who answers a team's chats, by first name.
func answering(team string) []string {
	switch team {
	case "orders":
		return []string{"asha", "asha", "maya", "tom"}
	case "wholesale":
		return []string{"ben", "ben", "maya"}
	}
	return []string{"asha", "maya", "asha"}
}

func shopFirstNames() []string {
	var names []string
	for _, p := range staff() {
		names = append(names, firstName(p.name))
	}
	return names
}

// shopClock shows the time of the step that is being replayed, and the real time
// once it is let go.
type shopClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *shopClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now()
	}
	return c.at
}

func (c *shopClock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// fill lets five days pass in the shop: customers' messages come by signed
// webhooks, and the staff's answers go through the service and out to the fake,
// each at its own time. A desk that was kept is left as it is; its customers come
// back.
func (d *demo) fill(ctx context.Context, chats int, progress io.Writer) error {
	var err error
	if d.isNew {
		err = d.replay(ctx, chats, progress)
	} else {
		err = d.recallCustomers()
	}
	if err != nil {
		return fmt.Errorf("the shop can't be set up: %w", err)
	}
	d.clock.set(time.Time{})
	d.fake.Tune(func(k *graphfake.Knobs) {
		k.IgnoreWindow = !d.isNew // it doesn't remember who wrote before a restart; the desk does
		k.SentAfter, k.DeliverAfter, k.ReadAfter = 300*time.Millisecond, 900*time.Millisecond, 4*time.Second
	})
	return d.keepCustomers()
}

// customersFile is where the fake's customers are kept beside the desk: a new
// fake knows nobody, and refuses messages to strangers.
func (d *demo) customersFile() string { return filepath.Join(d.dir, "customers.json") }

func (d *demo) keepCustomers() error {
	data, err := json.Marshal(d.fake.Customers())
	if err != nil {
		return err
	}
	return os.WriteFile(d.customersFile(), data, 0o600)
}

func (d *demo) recallCustomers() error {
	data, err := os.ReadFile(d.customersFile())
	if err != nil {
		return fmt.Errorf("--data: this folder has a desk, but no customers of a demo: %w", err)
	}
	var customers []graphfake.Customer
	if err := json.Unmarshal(data, &customers); err != nil {
		return fmt.Errorf("--data: customers.json can't be read: %w", err)
	}
	d.fake.Add(customers...)
	return nil
}

func (d *demo) replay(ctx context.Context, chats int, progress io.Writer) error {
	steps := graphfake.History(7, chats, time.Now())
	if len(steps) == 0 {
		return nil
	}
	d.clock.set(steps[0].At)
	d.fake.Tune(func(k *graphfake.Knobs) { k.Batch = mostStatuses })
	defer d.fake.Tune(func(k *graphfake.Knobs) { k.Batch = 0 })
	r := &replay{d: d, people: map[string]desk.Member{}, teams: map[string]desk.TeamID{}, chats: map[string]desk.ConversationID{}}
	if err := r.hire(ctx); err != nil {
		return err
	}
	for i := range steps {
		if i%50 == 0 {
			fmt.Fprintf(progress, "\rOpening the shop… %d %%", i*100/len(steps))
		}
		if err := r.step(ctx, &steps[i]); err != nil {
			return err
		}
	}
	fmt.Fprint(progress, "\r\x1b[K")
	return errors.Join(r.hand(ctx), r.settle(ctx), r.govern(ctx))
}

// replay is the history on its way through the desk.
type replay struct {
	d       *demo
	people  map[string]desk.Member
	teams   map[string]desk.TeamID
	chats   map[string]desk.ConversationID // by the customer's id
	pending []graphfake.Update             // customers' messages that nobody has acted on yet
	settled time.Time                      // when the outbox was last at rest
	refs    int
}

const (
	mostPending  = 200           // one webhook brings a thousand at the most
	mostStatuses = 100           // the same of statuses
	mostBehind   = 2 * time.Hour // how far the clock may run ahead of what is being sent
)

// hire adds teams and people. Nobody signs in with a password: the demo makes
// the sign-ins itself.
func (r *replay) hire(ctx context.Context) error {
	for _, t := range shopTeams() {
		team, err := r.d.service.AddTeam(ctx, t.name)
		if err != nil {
			return err
		}
		r.teams[t.word] = team.ID
	}
	for _, p := range staff() {
		var teams []desk.TeamID
		for _, t := range p.teams {
			teams = append(teams, r.teams[t])
		}
		first := firstName(p.name)
		m, err := r.d.service.AddMember(ctx, server.NewMember{Name: p.name, Email: first + shopDomain,
			Password: rand.Text(), Role: p.role, Teams: teams})
		if err != nil {
			return err
		}
		r.people[first] = m
		r.d.members = append(r.d.members, m)
	}
	return nil
}

func (r *replay) step(ctx context.Context, s *graphfake.Step) error {
	if s.Kind == graphfake.StepMessage {
		r.d.fake.Add(s.Customer)
		u, _ := r.d.fake.Update(s.Customer, s.Message)
		r.pending = append(r.pending, u)
		if len(r.pending) < mostPending {
			return nil
		}
		return r.hand(ctx)
	}
	if err := r.hand(ctx); err != nil {
		return err
	}
	if s.At.Sub(r.settled) > mostBehind {
		if err := r.settle(ctx); err != nil {
			return err
		}
		r.settled = s.At
	}
	r.d.clock.set(s.At)
	return r.act(ctx, s)
}

// settle lets everything that was written reach the customers, and what they
// did with it come back.
func (r *replay) settle(ctx context.Context) error {
	if err := r.d.service.Idle(ctx); err != nil {
		return err
	}
	return r.d.fake.Flush(ctx)
}

// hand delivers what customers wrote.
func (r *replay) hand(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	err := r.d.fake.Deliver(ctx, r.pending...)
	r.pending = nil
	return err
}

// act does what the staff did. Who may not do it themselves asks the manager;
// what the customer made impossible meanwhile is left out, as it would be.
func (r *replay) act(ctx context.Context, s *graphfake.Step) error {
	c, err := r.chat(ctx, s.Customer)
	if err != nil {
		return err
	}
	team := answering(s.Team)
	agent := r.people[team[s.Member%len(team)]]
	manager := r.people["maya"]
	var cmd desk.Command
	switch s.Kind {
	case graphfake.StepReply:
		cmd = desk.Reply{Conversation: c, Text: s.Text, Seen: 1 << 53}
	case graphfake.StepNote:
		cmd = desk.Note{Conversation: c, Text: s.Text}
	case graphfake.StepLabel:
		cmd = desk.Label{Conversation: c, Add: []string{s.Text}}
	case graphfake.StepResolve:
		cmd = desk.Resolve{Conversation: c, Seen: 1 << 53}
	case graphfake.StepTeam:
		id := r.teams[s.Text]
		agent, cmd = manager, desk.Assign{Conversation: c, Team: &id}
	case graphfake.StepClaim:
		cmd = desk.Claim{Conversation: c}
	default:
		return fmt.Errorf("the history has an unknown step %q", s.Kind)
	}
	err = r.do(ctx, agent, cmd)
	if err != nil && s.Kind == graphfake.StepClaim {
		cmd = desk.Assign{Conversation: c, Member: &agent.ID}
	}
	if err != nil {
		err = r.do(ctx, manager, cmd)
	}
	if e := desk.AsError(err); e != nil && e.Code != desk.CodeInternal {
		return nil
	}
	return err
}

func (r *replay) do(ctx context.Context, m desk.Member, cmd desk.Command) error {
	r.refs++
	_, err := r.d.service.Do(ctx, server.Caller{Member: m.ID, Session: "demo"}, fmt.Sprintf("demo-%d", r.refs), cmd)
	return err
}

// chat finds the customer's conversation.
func (r *replay) chat(ctx context.Context, c graphfake.Customer) (id desk.ConversationID, err error) {
	key := c.WAID + " " + c.UserID
	if id, ok := r.chats[key]; ok {
		return id, nil
	}
	err = r.d.store.Read(ctx, func(tx *store.Tx) error {
		contact, err := tx.ContactByIdentity("shop", desk.Identity{WAID: c.WAID, UserID: c.UserID})
		if err != nil {
			return err
		}
		conv, err := tx.ConversationOf("shop", contact.ID)
		id = conv.ID
		return err
	})
	r.chats[key] = id
	return id, err
}
