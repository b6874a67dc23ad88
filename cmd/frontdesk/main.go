// Command frontdesk is the agent's program: it signs in to a desk and opens the
// team's inbox on the terminal.
package main

import (
	"context"
	"errors"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args, os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	if code, ok := errors.AsType[exit](err); ok {
		os.Exit(int(code))
	}
	if err != nil {
		os.Exit(1)
	}
}

// exit ends the program with a code of its own, when all was said already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run is the program. It has printed the error that it returns.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.root()
	root.SetArgs(args[1:])
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return fang.Execute(ctx, root, fang.WithVersion(terminal.Version()),
		fang.WithErrorHandler(func(w io.Writer, _ fang.Styles, err error) {
			if _, said := errors.AsType[exit](err); !said {
				terminal.PrintError(w, "frontdesk", err)
			}
		}))
}

// program is what the subcommands share.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer

	file, server, profile, as string // flags
}

func (p *program) root() *cobra.Command {
	var noMouse bool
	root := &cobra.Command{
		Use:   "frontdesk",
		Short: "Your team's shared WhatsApp inbox, on the terminal",
		Long: "Your team's shared WhatsApp inbox, on the terminal.\n\n" +
			"Sign in once with frontdesk login; after that, frontdesk opens the inbox.",
		Example: "  frontdesk login --server desk.example.com\n  frontdesk\n  frontdesk --as mia",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.openScreen(cmd.Context(), noMouse)
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&p.file, "config", "", "the TOML file of settings")
	flags.StringVar(&p.server, "server", "", "the address of the desk")
	flags.StringVar(&p.profile, "profile", "", "the name of a profile in the settings")
	flags.StringVar(&p.as, "as", "", "the e-mail address to be, or what stands before its @")
	root.Flags().BoolVar(&noMouse, "no-mouse", false, "leave the mouse to the terminal")
	root.AddCommand(p.loginCommand(), p.logoutCommand(), p.profilesCommand(),
		p.rolesCommand(), p.exportCommand(), p.logCommand())
	return root
}

func (p *program) settings() (config.Client, error) {
	return config.LoadClient(config.Source{File: p.file, Getenv: p.getenv})
}
