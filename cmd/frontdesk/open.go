package main

import (
	"context"
	"errors"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/screen"
	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/config"
)

// programName is how the server lists this program among a member's sign-ins.
func programName() string { return "frontdesk/" + terminal.Version() }

// openScreen opens the inbox of the chosen sign-in; the others can be gone on as
// from there.
func (p *program) openScreen(ctx context.Context, noMouse bool) error {
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
	chosen, err := w.choose(all)
	if err != nil {
		return err
	}
	in, out := terminal.File(p.stdin), terminal.File(p.stdout)
	if in == nil || out == nil {
		return errors.New("the inbox needs a terminal; run frontdesk in one, without a pipe before or after it")
	}
	o := screen.Options{In: in, Out: out, Start: key(chosen), Program: programName(), NoMouse: noMouse, NoColor: p.getenv("NO_COLOR") != ""}
	for _, s := range all {
		o.Accounts = append(o.Accounts, screen.Account{
			Key: key(s), Name: s.Name, Server: s.Server, Token: s.Token.Reveal(), Dir: c.DeskDir(s.Server, s.Email)})
	}
	return signAgain(screen.Run(ctx, o))
}

// key tells sign-ins apart.
func key(in config.SignIn) string { return in.Server + " " + in.Email }
