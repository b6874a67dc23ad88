// Package screen opens the agent's screen on a terminal. Both programs use it,
// so that the demo shows exactly what an agent gets.
package screen

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// Account is someone the screen can be opened for.
type Account struct {
	Key    string // tells accounts apart
	Name   string
	Role   string // as it is shown; may be empty
	Server string
	Token  string
	Dir    string // where drafts and the last screen are kept; empty: nowhere
}

// Options say where the screen opens and for whom.
type Options struct {
	In, Out  *os.File // a terminal, both
	Accounts []Account
	Start    string // the Key of the account to begin with
	Program  string // "frontdesk/0.1", as the server lists it
	Hint     string // a line at the top; empty for none
	NoMouse  bool
	NoColor  bool
}

// Run shows the screen, and the next account's when the agent goes on as
// somebody else. It returns when the agent quits or ctx ends, with drafts and
// the last screen kept. An error of [desk.CodeUnauthenticated] says that the
// server doesn't take the account's token any more.
func Run(ctx context.Context, o Options) error {
	if os.Getenv("TERM") == "dumb" {
		return errors.New("this terminal can't place text on a screen (TERM=dumb); open the inbox in another one")
	}
	for key := o.Start; ; {
		i := slices.IndexFunc(o.Accounts, func(a Account) bool { return a.Key == key })
		if i < 0 {
			return fmt.Errorf("there is no account %q to go on as", key)
		}
		next, err := show(ctx, o, o.Accounts[i])
		if err != nil || next == "" || ctx.Err() != nil {
			return err
		}
		key = next
	}
}

// kept is what the disk has of an account.
type kept struct {
	disk    *client.Disk // nil when nothing is kept
	drafts  map[desk.ConversationID]string
	replica *client.Replica
	notice  string // what couldn't be read
}

func open(dir string) (kept, error) {
	if dir == "" {
		return kept{replica: client.NewReplica()}, nil
	}
	disk, err := client.OpenDisk(dir)
	if err != nil {
		return kept{}, err
	}
	k := kept{disk: disk}
	var unread, damaged error
	k.drafts, unread = disk.Drafts()
	k.replica, damaged = disk.LoadReplica()
	if err := errors.Join(unread, damaged); err != nil {
		k.notice = err.Error()
	}
	return k, nil
}

// close keeps the last screen, or drops it when it is no longer this person's
// to see.
func (k kept) close(refused bool) error {
	switch {
	case k.disk == nil:
		return nil
	case refused:
		return k.disk.DropReplica()
	}
	return k.disk.SaveReplica(k.replica)
}

// frames per second at most: a key press is seen within one.
const frames = 120

// show runs the screen of one account and returns the key of the next one.
func show(ctx context.Context, o Options, a Account) (next string, err error) {
	k, err := open(a.Dir)
	if err != nil {
		return "", err
	}
	epoch, seq := k.replica.Position()
	wire := client.Options{Server: a.Server, Token: a.Token, Program: o.Program, Host: client.Hostname(), Epoch: epoch, Seq: seq}
	link := client.New(wire)
	linked, cut := context.WithCancel(ctx)
	defer cut()
	others := &eyes{ctx: linked, link: wire}
	opt := k.options(linked, o, a, link)
	opt.Open = others.as
	model := tui.New(opt)
	program := tea.NewProgram(model,
		tea.WithInput(safe.NewTerminal(o.In)), tea.WithOutput(o.Out), tea.WithFPS(frames), tea.WithoutSignalHandler())

	ended := make(chan error, 1)
	go func() {
		// Send returns at once when the program is gone, so the link never waits
		// for a screen that isn't there.
		ended <- link.Run(linked, func(msgs []client.Msg) { program.Send(tui.Deliver(msgs)) })
	}()
	stopped := make(chan struct{})
	go leave(ctx, program, stopped)
	_, err = program.Run()
	close(stopped)
	cut()
	linkErr := <-ended
	others.wait()
	refusal, _ := errors.AsType[*desk.Error](linkErr)
	refused := refusal != nil && refusal.Code == desk.CodeUnauthenticated
	err = errors.Join(explain(ctx, err), k.close(refused))
	if refused {
		err = errors.Join(err, refusal)
	}
	return model.Continue(), err
}

func (k kept) options(ctx context.Context, o Options, a Account, link *client.Client) tui.Options {
	opt := tui.Options{
		Do: link.Do, Reconnect: link.Retry, Context: ctx,
		Replica: k.replica, Drafts: k.drafts, Server: a.Server, Hint: o.Hint,
		NoColor: o.NoColor, NoMouse: o.NoMouse, Dark: true,
	}
	if k.disk != nil {
		opt.SaveDraft = k.disk.SaveDraft
	}
	if k.notice != "" {
		opt.Hint = k.notice
	}
	for _, other := range o.Accounts {
		if other.Key != a.Key {
			opt.Accounts = append(opt.Accounts, tui.Account{Name: other.Name, Role: other.Role, Key: other.Key})
		}
	}
	return opt
}

// draftWait is longer than the screen waits after a key before it writes the
// draft.
const draftWait = 400 * time.Millisecond

// leave ends the program when ctx ends: the terminal is closed or the machine
// stops. What was typed last is written first.
func leave(ctx context.Context, program *tea.Program, stopped <-chan struct{}) {
	select {
	case <-stopped:
		return
	case <-ctx.Done():
	}
	select {
	case <-stopped:
	case <-time.After(draftWait):
		program.Quit()
	}
}

// explain turns the end of the program into a sentence.
func explain(ctx context.Context, err error) error {
	switch {
	case err == nil, ctx.Err() != nil:
		return nil
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("the screen ended by a fault of the program; what you wrote is kept as a draft: %w", err)
	}
	return fmt.Errorf("the screen can't go on: %w", err)
}
