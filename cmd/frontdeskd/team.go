package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

func (p *program) teamCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "team", Short: "Make teams and list them", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(
		&cobra.Command{
			Use: "add NAME", Short: "Make a team", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return p.addTeam(cmd, args[0]) },
		},
		&cobra.Command{
			Use: "list", Short: "List the teams", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return p.onDesk(cmd, func(ctx context.Context, d desks) error {
					teams, err := d.allTeams(ctx)
					for _, t := range teams {
						err = errors.Join(err, p.say("%s", t.Name))
					}
					return err
				})
			},
		})
	return cmd
}

func (p *program) addTeam(cmd *cobra.Command, name string) error {
	return p.onDesk(cmd, func(ctx context.Context, d desks) error {
		teams, err := d.allTeams(ctx)
		if err != nil {
			return err
		}
		if t := find(teams, name); t != nil {
			return fmt.Errorf("there is a team %s already", t.Name)
		}
		t, err := d.service.AddTeam(ctx, name)
		if err != nil {
			return err
		}
		return p.say("Made the team %s.", t.Name)
	})
}

func (p *program) memberTeams() *cobra.Command {
	return &cobra.Command{
		Use: "teams EMAIL [TEAM…]", Short: "Put a person into these teams and no others", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onDesk(cmd, func(ctx context.Context, d desks) error {
				m, err := d.member(ctx, args[0])
				if err != nil {
					return err
				}
				ids, err := d.teams(ctx, args[1:])
				if err != nil {
					return err
				}
				if err := d.service.SetTeams(ctx, m.ID, ids); err != nil {
					return err
				}
				if len(ids) == 0 {
					return p.say("%s (%s) is in no team.", m.Name, m.Email)
				}
				return p.say("%s (%s) is in %s.", m.Name, m.Email, strings.Join(args[1:], ", "))
			})
		},
	}
}

func (d desks) allTeams(ctx context.Context) (teams []desk.Team, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		teams, err = tx.Teams()
		return err
	})
	return teams, err
}

func find(teams []desk.Team, name string) *desk.Team {
	for i := range teams {
		if strings.EqualFold(teams[i].Name, strings.TrimSpace(name)) {
			return &teams[i]
		}
	}
	return nil
}

// teams finds teams by their names. A name that isn't there is more often a slip
// than a wish for a new team.
func (d desks) teams(ctx context.Context, names []string) ([]desk.TeamID, error) {
	all, err := d.allTeams(ctx)
	if err != nil {
		return nil, err
	}
	var ids []desk.TeamID
	for _, name := range names {
		t := find(all, name)
		if t == nil {
			return nil, fmt.Errorf("there is no team %s; make it with: frontdeskd team add %q", name, name)
		}
		ids = append(ids, t.ID)
	}
	return ids, nil
}

func (d desks) teamNames(ctx context.Context) (map[desk.TeamID]string, error) {
	all, err := d.allTeams(ctx)
	names := map[desk.TeamID]string{}
	for _, t := range all {
		names[t.ID] = t.Name
	}
	return names, err
}
