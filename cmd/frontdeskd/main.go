// Command frontdeskd is the server of Frontdesk: it takes what customers write
// from WhatsApp, keeps it, and serves the team's screens.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/config"
)

func main() {
	terminal.Harden()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args, os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		os.Exit(exitCode(err))
	}
}

// run is the program. It has printed the error that it returns.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args[1:])
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return fang.Execute(ctx, root, fang.WithVersion(terminal.Version()),
		fang.WithErrorHandler(func(w io.Writer, _ fang.Styles, err error) { terminal.PrintError(w, "frontdeskd", err) }))
}

// program is what the subcommands share.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	file           string // --config
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "frontdeskd",
		Short: "The server of Frontdesk, a team's shared WhatsApp inbox",
		Long: "The server of Frontdesk, a team's shared WhatsApp inbox.\n\n" +
			"Settings come from a TOML file (--config, FRONTDESK_CONFIG or " + config.ServerFile + "),\n" +
			"then from the environment (FRONTDESK_LISTEN, FRONTDESK_WHATSAPP_ACCESS_TOKEN_FILE, …),\n" +
			"then from flags; a later one wins.",
		Args: cobra.NoArgs, RunE: help,
	}
	root.PersistentFlags().StringVar(&p.file, "config", "", "the TOML file of settings")
	root.PersistentFlags().String("database", "", "the database: sqlite: and a path, or a postgres:// address without a password")
	root.AddCommand(p.serveCommand(), p.memberCommand(), p.teamCommand(), p.logCommand(), p.eraseCommand(), withoutSettings(p.demoCommand()), withoutSettings(p.versionCommand()))
	return root
}

// withoutSettings hides the flags of settings from the help of a command that has
// none, and refuses them there.
func withoutSettings(cmd *cobra.Command) *cobra.Command {
	names := []string{"config", "database"}
	for _, name := range names {
		cmd.Flags().String(name, "", "")
		cmd.Flags().Lookup(name).Hidden = true
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("%s reads no settings; leave --%s out", cmd.CommandPath(), name)
			}
		}
		return nil
	}
	return cmd
}

// help is what a command does that only groups others. That it does something
// makes cobra refuse a word after it that is none of them.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// source is where the settings of a subcommand come from. Flags are named like
// the settings, with a dash where those have an underscore.
func (p *program) source(cmd *cobra.Command, flags map[string]string) config.Source {
	src := config.Source{File: p.file, Getenv: p.getenv, Flags: map[string]string{}}
	for flag, key := range flags {
		if f := cmd.Flag(flag); f != nil && f.Changed {
			src.Flags[key] = f.Value.String()
		}
	}
	return src
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which version this is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(p.stdout, "frontdeskd "+terminal.Version()+"\n")
			return err
		},
	}
}
