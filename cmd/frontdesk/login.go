package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/config"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *program) loginCommand() *cobra.Command {
	var email, code string
	cmd := &cobra.Command{
		Use: "login", Short: "Sign in to a desk", Args: cobra.NoArgs,
		Long: "Sign in to a desk. What isn't given by flags or by the profile is asked for; the password always is.\n" +
			"Piped in, the answers are lines: what is still missing, and the password last.\n\n" +
			"With an invitation's code you choose the password, and type it twice.",
	}
	cmd.Flags().StringVar(&email, "email", "", "your address at the desk")
	cmd.Flags().StringVar(&code, "invite", "", "the code of your invitation")
	cmd.MarkFlagsMutuallyExclusive("email", "invite")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed("invite") {
			return p.join(cmd.Context(), code)
		}
		return p.login(cmd.Context(), email)
	}
	return cmd
}

func (p *program) login(ctx context.Context, email string) error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	w, err := p.wish(c)
	if err != nil {
		return err
	}
	if email == "" {
		email = w.who
	}
	ask := terminal.NewPrompt(p.stdin, p.stderr)
	if err := w.askServer(ctx, ask); err != nil {
		return err
	}
	if email == "" {
		if email, err = ask.Line(ctx, "E-mail"); err != nil {
			return fmt.Errorf("no e-mail address was given; add --email: %w", err)
		}
	}
	password, err := ask.Password(ctx, "Password")
	if err != nil {
		return err
	}
	as, err := client.SignIn(ctx, w.server, email, password, programName())
	if err != nil {
		return err
	}
	return p.keep(ctx, c, w.server, email, as)
}

// join takes up an invitation.
func (p *program) join(ctx context.Context, code string) error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	w, err := p.wish(c)
	if err != nil {
		return err
	}
	ask := terminal.NewPrompt(p.stdin, p.stderr)
	if err := w.askServer(ctx, ask); err != nil {
		return err
	}
	password, err := ask.NewPassword(ctx, "A password of your own")
	if err != nil {
		return err
	}
	as, err := client.Join(ctx, w.server, code, password, programName())
	if err != nil {
		return err
	}
	return p.keep(ctx, c, w.server, string(as.Member.ID), as)
}

// askServer asks for the address of the desk unless it is known.
func (w *wish) askServer(ctx context.Context, ask *terminal.Prompt) error {
	if w.server != "" {
		return nil
	}
	line, err := ask.Line(ctx, "Address of the desk")
	if err != nil {
		return fmt.Errorf("no address of a desk was given; add --server: %w", err)
	}
	w.server, err = config.ServerAddress(line)
	return err
}

// keep keeps a sign-in. The server may not tell the e-mail address; then it is
// known by another word.
func (p *program) keep(ctx context.Context, c config.Client, server, word string, as desk.SignedInAs) error {
	in := config.SignIn{Server: server, Email: as.Member.Email, Name: as.Member.Name, Token: config.NewSecret(as.Token)}
	if in.Email == "" {
		in.Email = word
	}
	if err := c.SignIns().Put(in); err != nil {
		// A token that isn't kept is of no use, and nobody could end it later.
		return errors.Join(err, client.SignOut(ctx, server, as.Token))
	}
	return p.say("Signed in as %s at %s. Open the inbox with: frontdesk", in.Name, in.Server)
}

func (p *program) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "End a sign-in; drafts stay on this machine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.logout(cmd.Context()) },
	}
}

// logout ends a sign-in at the desk and here. The token goes even if the desk
// can't be reached: nobody should find it later.
func (p *program) logout(ctx context.Context) error {
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
	told := client.SignOut(ctx, in.Server, in.Token.Reveal())
	if err := errors.Join(c.SignIns().Remove(in.Server, in.Email), forgetScreen(c.DeskDir(in.Server, in.Email))); err != nil {
		return err
	}
	if told != nil {
		return fmt.Errorf("the sign-in is gone from this machine, but the desk couldn't be told, so it ends there by itself when it isn't used: %w", told)
	}
	return p.say("Signed out %s at %s.", in.Email, in.Server)
}

func forgetScreen(dir string) error {
	disk, err := client.OpenDisk(dir)
	if err != nil {
		return err
	}
	return disk.DropReplica()
}

func (p *program) profilesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "profiles", Short: "List the profiles and who is signed in", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return p.profiles() },
	}
}

func (p *program) profiles() error {
	c, err := p.settings()
	if err != nil {
		return err
	}
	all, err := c.SignIns().All()
	if err != nil {
		return err
	}
	if len(all)+len(c.Profiles) == 0 {
		return p.say("No profile, and nobody is signed in. Begin with: frontdesk login")
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROFILE\tDESK\tE-MAIL\tSIGNED IN")
	for _, r := range rows(c, all) {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", safe.Line(r[0]), safe.Line(r[1]), safe.Line(r[2]), r[3])
	}
	return table.Flush()
}

// say prints a sentence; the values in it come from elsewhere.
func (p *program) say(format string, values ...any) error {
	for i, v := range values {
		values[i] = safe.Line(fmt.Sprint(v)).String()
	}
	_, err := fmt.Fprintf(p.stdout, format+"\n", values...)
	return err
}
