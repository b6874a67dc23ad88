package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// link is a desk that a command works with: what it looked like at first, and a
// way to ask it.
type link struct {
	do     func(ctx context.Context, ref string, cmd desk.Command) (json.RawMessage, error)
	rep    *client.Replica
	server string
}

// answerWait is how long a command waits for the desk.
const answerWait = time.Minute

// withDesk links to the desk of the chosen sign-in while f runs. A desk that
// can't be reached at once is an error: whoever waits can try again.
func (p *program) withDesk(ctx context.Context, f func(context.Context, *link) error) error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	all, err := c.SignIns().All()
	if err != nil {
		return err
	}
	w, err := p.wish(c)
	if err != nil {
		return err
	}
	in, err := w.choose(all)
	if err != nil {
		return err
	}
	wire := client.New(client.Options{Server: in.Server, Token: in.Token.Reveal(), Program: programName(), Host: client.Hostname()})
	ctx, cancel := context.WithCancel(ctx)
	l := &link{do: wire.Do, rep: client.NewReplica(), server: in.Server}
	open := &opening{rep: l.rep, opened: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		open.done(signAgain(wire.Run(ctx, open.deliver)))
	}()
	defer func() { cancel(); <-ended }()
	if err := <-open.opened; err != nil {
		return err
	}
	return l.explain(f(ctx, l))
}

// signAgain adds to the end of a sign-in what to do.
func signAgain(err error) error {
	if e, ok := errors.AsType[*desk.Error](err); ok && e.Code == desk.CodeUnauthenticated {
		return fmt.Errorf("%w; sign in again: frontdesk login", err)
	}
	return err
}

// opening waits for the first snapshot. From then on the replica is the
// command's, and stays as it is.
type opening struct {
	rep    *client.Replica
	opened chan error // has room for one: told once
	told   bool
}

func (o *opening) deliver(msgs []client.Msg) {
	for _, m := range msgs {
		switch m := m.(type) {
		case desk.Snapshot:
			if !o.told {
				o.rep.Apply(m)
				o.done(nil)
			}
		case client.Link:
			if m.State == client.Offline {
				o.done(errors.New(m.Error))
			}
		}
	}
}

func (o *opening) done(err error) {
	if !o.told {
		o.told = true
		o.opened <- err
	}
}

// explain adds to a refusal whom to ask.
func (l *link) explain(err error) error {
	e, ok := errors.AsType[*desk.Error](err)
	if !ok || e.Denied == nil {
		return err
	}
	var names []string
	for _, id := range l.rep.Explain(e.Denied).Holders {
		names = append(names, l.name(id))
	}
	if len(names) == 0 {
		return err
	}
	return fmt.Errorf("%w\nIt takes %s. Ask for it in the inbox (!), or ask %s.", err, e.Denied.Perm, either(names))
}

// either names one of several.
func either(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// name is what a member is called; everything takes names from outside through
// safe.Line when it prints them.
func (l *link) name(id desk.MemberID) string {
	if m, ok := l.rep.Member(id); ok {
		return m.Name
	}
	return string(id)
}

// ask sends a command and reads its answer.
func ask[T any](ctx context.Context, l *link, cmd desk.Command) (out T, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	raw, err := l.do(ctx, "", cmd)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("the desk's answer can't be read: %w", err)
	}
	return out, nil
}
