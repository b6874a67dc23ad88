package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/rolefile"
	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *program) rolesApply() *cobra.Command {
	var prune, yes bool
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Make the desk's custom roles those of a file", Args: cobra.ExactArgs(1),
		Long: "Make the desk's custom roles those of a file. The plan is shown first and asked about.\n\n" +
			"All of it is done or nothing. Roles that the file doesn't name are left alone unless --prune is given.",
	}
	pruneFlag(cmd, &prune)
	yesFlag(cmd, &yes)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f, err := p.roleFile(args[0])
		if err != nil {
			return err
		}
		return p.withDesk(cmd.Context(), func(ctx context.Context, l *link) error {
			plan, err := f.Plan(l.rep.Roles(), prune)
			if err != nil {
				return err
			}
			if done, err := p.carryOut(ctx, l, plan, yes); err != nil || !done {
				return err
			}
			return p.renumber(f, plan)
		})
	}
	return cmd
}

func yesFlag(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVar(yes, "yes", false, "don't ask")
}

// carryOut shows a plan, asks, does it, and waits until the screens show it. It
// reports whether anything was done.
func (p *program) carryOut(ctx context.Context, l *link, plan rolefile.Plan, yes bool) (done bool, _ error) {
	if err := p.show(ctx, l, plan); err != nil || len(plan.Steps) == 0 {
		return false, err
	}
	if err := p.say(""); err != nil {
		return false, err
	}
	if !yes {
		if err := p.confirm(ctx); err != nil {
			return false, err
		}
	}
	made, err := ask[desk.Done](ctx, l, plan.Changes())
	if err != nil {
		return false, err
	}
	if err := p.say("Done."); err != nil {
		return true, err
	}
	return true, p.sayAcknowledged(ctx, l, made.Seq)
}

func (p *program) confirm(ctx context.Context) error {
	prompt := terminal.NewPrompt(p.stdin, p.stderr)
	if !prompt.Asks() {
		return errors.New("nobody can be asked here, so nothing was done; add --yes to do it without asking")
	}
	answer, err := prompt.Line(ctx, "Do it? Type yes")
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(answer), "yes") {
		return errors.New("nothing was done")
	}
	return nil
}

const (
	ackEvery = 250 * time.Millisecond
	ackMost  = 15 * time.Second // the desk cuts a screen that is silent for ten
)

// sayAcknowledged waits until every screen that a change concerned shows it.
func (p *program) sayAcknowledged(ctx context.Context, l *link, seq int64) error {
	ctx, cancel := context.WithTimeout(ctx, ackMost)
	defer cancel()
	var acks desk.Acks
	for {
		now, err := ask[desk.Acks](ctx, l, desk.Acknowledged{Seq: seq})
		if err != nil && ctx.Err() == nil {
			return p.say("Which screens show it isn't known: %s", err)
		}
		if err == nil {
			acks = now
		}
		if ctx.Err() != nil || acks.Shown+acks.Ended >= acks.Sessions {
			break
		}
		tick := time.NewTimer(ackEvery)
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
		}
	}
	return p.say("%s", acknowledged(acks))
}

func acknowledged(a desk.Acks) string {
	if a.Sessions == 0 {
		return "No open session was concerned."
	}
	text := fmt.Sprintf("%d of %s acknowledged", a.Shown, count(a.Sessions, "session", "sessions"))
	if a.Ended > 0 {
		text += fmt.Sprintf(", %d ended", a.Ended)
	}
	if silent := a.Sessions - a.Shown - a.Ended; silent > 0 {
		text += fmt.Sprintf("; %d didn't answer: the desk cuts them", silent)
	}
	return text + "."
}

// renumber writes the desk's new versions into the file, where it names them, so
// that the next change to it doesn't conflict with this one.
func (p *program) renumber(f *rolefile.File, plan rolefile.Plan) error {
	src, changed := f.Applied(plan)
	if !changed || f.Name == "-" {
		return nil
	}
	switch err := replaceFile(f.Name, f.Text(), src); {
	case errors.Is(err, errEdited):
		var now []string
		for _, s := range plan.Steps {
			if !s.Change.Remove {
				now = append(now, fmt.Sprintf("%s %d", s.Change.Role, s.Change.Seen+1))
			}
		}
		return p.say("%s was changed in the meantime and is left as it is. Write the new versions into it: %s.", f.Name, strings.Join(now, ", "))
	case err != nil:
		return fmt.Errorf("it was done, but the file's versions are old now and it can't be written; export the roles again: %w", err)
	}
	return p.say("The versions in %s are those of the desk again.", f.Name)
}

func (p *program) rolesRollback() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "rollback ROLE [VERSION]", Short: "List the versions of a role, or go back to one", Args: cobra.RangeArgs(1, 2),
		Long: "List the versions of a role, or go back to one: the role gets a new version that says what the old one did.\n" +
			"What that changes is shown first and asked about.",
	}
	yesFlag(cmd, &yes)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		number := 0
		if len(args) == 2 {
			n, err := strconv.Atoi(args[1])
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no version; frontdesk roles rollback %s lists them", args[1], args[0])
			}
			number = n
		}
		return p.withDesk(cmd.Context(), func(ctx context.Context, l *link) error {
			role, there := l.find(args[0])
			if role.BuiltIn {
				return fmt.Errorf("the role %s comes with the program and has one version", role.Name)
			}
			if !there {
				role.ID = desk.RoleID(args[0]) // it may have been removed
			}
			past, err := ask[desk.Versions](ctx, l, desk.ListVersions{Role: role.ID})
			if e, ok := errors.AsType[*desk.Error](err); ok && e.Code == desk.CodeNotFound {
				return fmt.Errorf("there is and was no role %s of the desk's own", args[0])
			}
			if err != nil {
				return err
			}
			if number == 0 {
				return p.listVersions(l, past.Versions, role.Version)
			}
			plan, err := goBack(role, there, past.Versions, number)
			if err != nil {
				return err
			}
			_, err = p.carryOut(ctx, l, plan, yes)
			return err
		})
	}
	return cmd
}

// goBack is the plan that makes a role what it was at a version.
func goBack(now desk.Role, there bool, versions []desk.RoleVersion, number int) (rolefile.Plan, error) {
	i := slices.IndexFunc(versions, func(v desk.RoleVersion) bool { return v.Role.Version == number })
	if i < 0 {
		return rolefile.Plan{}, fmt.Errorf("the role %s has no version %d; frontdesk roles rollback %s lists them", now.ID, number, now.ID)
	}
	if number == now.Version && there {
		return rolefile.Plan{}, fmt.Errorf("version %d of %s is the present one", number, now.ID)
	}
	old := versions[i].Role
	step := rolefile.Step{Change: desk.RoleChange{Role: now.ID, Name: old.Name, Description: old.Description, Base: old.Base, Rank: old.Rank, Grants: old.Grants}}
	if there {
		step.Before, step.Change.Seen = &now, now.Version
	}
	return rolefile.Plan{Steps: []rolefile.Step{step}}, nil
}

// listVersions prints versions, the newest first, with what each changed.
func (p *program) listVersions(l *link, versions []desk.RoleVersion, now int) error {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tMADE\tBY\tWHAT IT CHANGED")
	for i, v := range versions {
		var before *desk.Role
		if i+1 < len(versions) {
			before = &versions[i+1].Role
		}
		var what []string
		for _, d := range differences(before, v.Role) {
			what = append(what, d.what+" "+d.change)
		}
		number := fmt.Sprint(v.Role.Version)
		if v.Role.Version == now {
			number += " (now)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", number, v.At.Local().Format("2006-01-02 15:04"),
			safe.Line(l.name(v.By)), safe.Line(strings.Join(what, ", ")))
	}
	return table.Flush()
}

// previewOf asks for the effect of a command.
func previewOf(cmd desk.Command) (desk.Preview, error) {
	args, err := json.Marshal(cmd)
	return desk.Preview{Command: cmd.Name(), Args: args}, err
}
