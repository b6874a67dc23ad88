package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/rolefile"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

func (p *program) rolesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "roles", Short: "The desk's custom roles as a text file", Args: cobra.NoArgs,
		Long: "The desk's custom roles as a text file, for desks that are kept in git.\n\n" +
			"Changing roles needs the same permissions as in the inbox, happens at once or not at all,\n" +
			"and takes effect on every open screen.",
		Example: "  frontdesk roles export roles.toml\n  frontdesk roles plan roles.toml\n  frontdesk roles apply roles.toml\n" +
			"  frontdesk roles test roles.toml\n  frontdesk roles rollback night-shift 3",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.rolesExport(), p.rolesPlan(), p.rolesApply(), p.rolesTest(), p.rolesRollback())
	return cmd
}

func (p *program) rolesExport() *cobra.Command {
	return &cobra.Command{
		Use: "export [FILE]", Short: "Write the custom roles to a new file, or print them", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDesk(cmd.Context(), func(_ context.Context, l *link) error {
				text := rolefile.Format(l.rep.Roles())
				if len(args) == 0 || args[0] == "-" {
					_, err := p.stdout.Write(text)
					return err
				}
				if err := writeNew(args[0], 0o644, text); err != nil {
					return err
				}
				return p.say("The roles are in %s.", args[0])
			})
		},
	}
}

func (p *program) rolesPlan() *cobra.Command {
	var prune bool
	cmd := &cobra.Command{
		Use: "plan FILE", Short: "Show what a file would change, and for whom", Args: cobra.ExactArgs(1),
		Long: "Show what a file would change, and for whom. Nothing is done.\n\n" +
			"The exit code is 0 when nothing would change, 2 when something would, and 1 when something is wrong.",
	}
	pruneFlag(cmd, &prune)
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
			if err := p.show(ctx, l, plan); err != nil || len(plan.Steps) == 0 {
				return err
			}
			if err := p.say("\nNothing was done. To do it: frontdesk roles apply %s", args[0]); err != nil {
				return err
			}
			return exit(2)
		})
	}
	return cmd
}

func pruneFlag(cmd *cobra.Command, prune *bool) {
	cmd.Flags().BoolVar(prune, "prune", false, "remove the custom roles that the file doesn't name; their people get the file's prune_to")
}

// roleFile reads a file of roles; "-" is what is piped in.
func (p *program) roleFile(name string) (*rolefile.File, error) {
	in := p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("the roles can't be read: %w", err)
		}
		defer f.Close()
		in = f
	}
	src, err := io.ReadAll(io.LimitReader(in, rolefile.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("the roles can't be read: %w", err)
	}
	return rolefile.Parse(name, src)
}

// show prints a plan and its effect on people.
func (p *program) show(ctx context.Context, l *link, plan rolefile.Plan) error {
	r := &report{link: l}
	r.plan(plan)
	if len(plan.Steps) > 0 {
		preview, err := previewOf(plan.Changes())
		if err != nil {
			return err
		}
		effect, err := ask[desk.Effect](ctx, l, preview)
		if err != nil {
			return err
		}
		r.effect(effect)
	}
	_, err := io.WriteString(p.stdout, r.String())
	return err
}

func (p *program) rolesTest() *cobra.Command {
	return &cobra.Command{
		Use: "test FILE", Short: "Check the sentences of a file against its roles and the desk's people", Args: cobra.ExactArgs(1),
		Long: "Check the sentences of a file against its roles and the desk's people: tests = [\"Agent cannot contact.export\"].\n\n" +
			"The desk isn't changed. The exit code is 1 when a sentence doesn't hold.",
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := p.roleFile(args[0])
			if err != nil {
				return err
			}
			if len(f.Tests) == 0 {
				return fmt.Errorf("%s has no sentences to test; write tests = [\"Agent cannot contact.export\"] at its top", f.Name)
			}
			return p.withDesk(cmd.Context(), func(ctx context.Context, l *link) error {
				plan, err := f.Plan(l.rep.Roles(), false)
				if err != nil {
					return err
				}
				return p.check(f, l.world(ctx, plan))
			})
		},
	}
}

// world is the desk as it would be, for sentences.
func (l *link) world(ctx context.Context, plan rolefile.Plan) rolefile.World {
	return rolefile.World{Roles: plan.Roles(), Members: plan.Members(l.rep.Members()), Now: time.Now(),
		Conversation: func(id desk.ConversationID) (*desk.Conversation, error) {
			t, err := ask[desk.Thread](ctx, l, desk.History{Conversation: id, Limit: 1})
			return &t.Conversation, err
		}}
}

func (p *program) check(f *rolefile.File, w rolefile.World) error {
	held := 0
	for _, s := range f.Tests {
		err := s.Check(w)
		if err == nil {
			held++
			err = p.say("ok    %s", s.Text)
		} else {
			err = p.say("FAIL  %s (%s:%s): %s", s.Text, f.Name, s.Line, err)
		}
		if err != nil {
			return err
		}
	}
	if err := p.say("%s of %s sentences hold.", held, len(f.Tests)); err != nil {
		return err
	}
	if held < len(f.Tests) {
		return exit(1)
	}
	return nil
}

// find is the role that is meant, by its id or its name.
func (l *link) find(word string) (desk.Role, bool) {
	roles := l.rep.Roles()
	i := slices.IndexFunc(roles, func(r desk.Role) bool { return string(r.ID) == word })
	if i < 0 {
		i = slices.IndexFunc(roles, func(r desk.Role) bool { return strings.EqualFold(r.Name, word) })
	}
	if i < 0 {
		return desk.Role{}, false
	}
	return roles[i], true
}

// writeNew writes a file that isn't there yet.
func writeNew(name string, mode os.FileMode, data []byte) error {
	f, err := createNew(name, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s can't be written: %w", name, err)
	}
	return nil
}

// createNew makes a file. It never writes over one, nor through a link.
func createNew(name string, mode os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s exists already; choose another name, or move it away", name)
	}
	if err != nil {
		return nil, fmt.Errorf("the file can't be made: %w", err)
	}
	return f, nil
}
