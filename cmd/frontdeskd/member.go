package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/config"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// desks is the desk as the operator of this machine has it: the database, and
// the service over it. A server may run on the same database meanwhile.
type desks struct {
	store   *store.Store
	service *server.Service
}

// onDesk opens the database, does f and closes it.
func (p *program) onDesk(cmd *cobra.Command, f func(context.Context, desks) error) (err error) {
	cfg, err := config.LoadServer(p.source(cmd, map[string]string{"database": "database"}))
	if err != nil {
		return err
	}
	log := newLogger(p.stderr, slog.LevelWarn, "text")
	ctx := cmd.Context()
	st, err := openStore(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	svc, err := server.New(ctx, server.Options{Store: st, Logger: log})
	if err != nil {
		return err
	}
	return f(ctx, desks{st, svc})
}

func (p *program) memberCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "member", Short: "Add people, suspend them, set their passwords", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(p.memberAdd(), p.memberList(), p.memberPassword(), p.memberTeams(),
		p.memberChange("suspend", "End a person's sign-ins and let them do nothing until they are resumed", "is suspended",
			func(ctx context.Context, s *server.Service, id desk.MemberID) error { return s.Suspend(ctx, id) }),
		p.memberChange("resume", "Let a suspended person work again", "may work again",
			func(ctx context.Context, s *server.Service, id desk.MemberID) error { return s.Resume(ctx, id) }))
	return cmd
}

func (p *program) memberAdd() *cobra.Command {
	var name, role string
	var teams []string
	cmd := &cobra.Command{
		Use: "add EMAIL", Short: "Add a person", Args: oneEmail,
		Long: "Add a person. The password is asked for, or read as one line when it is piped in.\n" +
			"The first person must be an owner; everybody else can be given another role on the screen.",
		Example: `  frontdeskd member add mia@example.com --name "Mia Ünal" --role owner
  frontdeskd member add sam@example.com --name Sam --role agent --team Support`,
	}
	cmd.Flags().StringVar(&name, "name", "", "the name that colleagues see")
	cmd.Flags().StringVar(&role, "role", "", "one of "+strings.Join(roleWords(), ", "))
	cmd.Flags().StringSliceVar(&teams, "team", nil, "the name of a team; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if name == "" || role == "" {
			return fmt.Errorf("a new member needs --name and --role; the roles are %s", strings.Join(roleWords(), ", "))
		}
		return p.onDesk(cmd, func(ctx context.Context, d desks) error {
			ids, err := d.teams(ctx, teams)
			if err != nil {
				return err
			}
			password, err := terminal.NewPrompt(p.stdin, p.stderr).NewPassword(ctx, "Password for "+safe.Line(args[0]).String())
			if err != nil {
				return err
			}
			m, err := d.service.AddMember(ctx, server.NewMember{
				Name: name, Email: args[0], Password: password, Role: desk.RoleID(role), Teams: ids})
			if err != nil {
				return err
			}
			return p.say("Added %s (%s) as %s.", m.Name, m.Email, string(m.Role))
		})
	}
	return cmd
}

func roleWords() []string {
	var words []string
	for _, r := range desk.BuiltInRoles() {
		words = append(words, string(r.ID))
	}
	return words
}

// oneEmail takes one argument. An accidental password after it would stand in
// the shell's history, so the sentence says where it belongs.
func oneEmail(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("give one e-mail address; a password is asked for, or piped in, and never an argument")
	}
	return nil
}

func (p *program) memberPassword() *cobra.Command {
	return &cobra.Command{
		Use: "passwd EMAIL", Short: "Give a person a new password and end their sign-ins", Args: oneEmail,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onDesk(cmd, func(ctx context.Context, d desks) error {
				m, err := d.member(ctx, args[0])
				if err != nil {
					return err
				}
				password, err := terminal.NewPrompt(p.stdin, p.stderr).NewPassword(ctx, "New password for "+safe.Line(m.Email).String())
				if err != nil {
					return err
				}
				if err := d.service.SetPassword(ctx, m.ID, password); err != nil {
					return err
				}
				return p.say("%s (%s) has a new password and is signed out everywhere.", m.Name, m.Email)
			})
		},
	}
}

func (p *program) memberChange(use, short, done string, change func(context.Context, *server.Service, desk.MemberID) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " EMAIL", Short: short, Args: oneEmail,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onDesk(cmd, func(ctx context.Context, d desks) error {
				m, err := d.member(ctx, args[0])
				if err != nil {
					return err
				}
				if err := change(ctx, d.service, m.ID); err != nil {
					return err
				}
				return p.say("%s (%s) "+done+".", m.Name, m.Email)
			})
		},
	}
}

func (p *program) memberList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List everybody", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onDesk(cmd, func(ctx context.Context, d desks) error {
				members, err := d.service.Members(ctx)
				if err != nil {
					return err
				}
				if len(members) == 0 {
					return p.say("Nobody yet. Add an owner: frontdeskd member add EMAIL --name NAME --role owner")
				}
				names, err := d.teamNames(ctx)
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "NAME\tE-MAIL\tROLE\tTEAMS\tSTATE")
				for _, m := range members {
					fmt.Fprintln(table, row(m, names))
				}
				return table.Flush()
			})
		},
	}
}

func row(m desk.Member, names map[desk.TeamID]string) string {
	state := "active"
	if m.Suspended {
		state = "suspended"
	}
	var teams []string
	for _, t := range m.Teams {
		teams = append(teams, names[t])
	}
	cells := []string{m.Name, m.Email, string(m.Role), strings.Join(teams, ", "), state}
	for i, c := range cells {
		cells[i] = safe.Line(c).String()
	}
	return strings.Join(cells, "\t")
}

// member finds a person by their e-mail address.
func (d desks) member(ctx context.Context, email string) (desk.Member, error) {
	members, err := d.service.Members(ctx)
	if err != nil {
		return desk.Member{}, err
	}
	for _, m := range members {
		if strings.EqualFold(m.Email, strings.TrimSpace(email)) {
			return m, nil
		}
	}
	return desk.Member{}, fmt.Errorf("there is no member with the address %s; frontdeskd member list shows everybody", email)
}

// say prints a sentence; the values in it come from people.
func (p *program) say(format string, values ...any) error {
	for i, v := range values {
		values[i] = safe.Line(fmt.Sprint(v)).String()
	}
	_, err := fmt.Fprintf(p.stdout, format+"\n", values...)
	return err
}
