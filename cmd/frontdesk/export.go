package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/sheet"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

func (p *program) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Take contacts or the activity log out of the desk", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use: "contacts FILE", Short: "Write contacts to a new CSV file", Args: cobra.ExactArgs(1),
		Long: fmt.Sprintf("Write the contacts that you may take out to a new CSV file that only you can read.\n\n"+
			"Each page is recorded in the activity log. More than %d a day need a second person's word.", desk.ExportCap),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDesk(cmd.Context(), func(ctx context.Context, l *link) error { return p.exportContacts(ctx, l, args[0]) })
		},
	}, &cobra.Command{
		Use: "log FILE", Short: "Write the activity log to a new file", Args: cobra.ExactArgs(1),
		Long: "Write the activity log to a new file that only you can read: who did what and when, and of what was written only\n" +
			"the hashes and lengths. Check it with: frontdeskd log verify FILE",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDesk(cmd.Context(), func(ctx context.Context, l *link) error { return p.exportLog(ctx, l, args[0]) })
		},
	})
	return cmd
}

func (p *program) logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "log", Short: "The desk's activity log", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use: "checkpoint [FILE]", Short: "Get a signed statement of what the log is now", Args: cobra.MaximumNArgs(1),
		Long: "Get a signed statement of what the log is now, and keep it away from the server:\n" +
			"frontdeskd log verify --against FILE tells later whether the log was rewritten since.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withDesk(cmd.Context(), func(ctx context.Context, l *link) error { return p.checkpoint(ctx, l, args) })
		},
	})
	return cmd
}

// taken is a file that is being filled from the desk. What is in it when
// something goes wrong stays.
type taken struct {
	file *os.File
	rows int
}

// takeOut fills a new file. A file without a row is removed again.
func takeOut(name string, fill func(*taken) error) (rows int, err error) {
	f, err := createNew(name, 0o600)
	if err != nil {
		return 0, err
	}
	t := &taken{file: f}
	err = fill(t)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil && t.rows == 0 {
		err = errors.Join(err, os.Remove(name))
	}
	return t.rows, err
}

func (p *program) exportContacts(ctx context.Context, l *link, name string) error {
	masked := 0
	rows, err := takeOut(name, func(t *taken) (err error) {
		masked, err = t.contacts(ctx, l)
		return err
	})
	if err != nil && rows > 0 {
		return fmt.Errorf("%s has %s, and not all: %w", name, count(rows, "contact", "contacts"), err)
	}
	if err != nil {
		return err
	}
	if masked > 0 {
		return p.say("%s has %s. The numbers of %s are masked: your role doesn't show them.", name, count(rows, "contact", "contacts"), masked)
	}
	return p.say("%s has %s.", name, count(rows, "contact", "contacts"))
}

// contacts writes pages until there are no more. It returns how many contacts
// came without their numbers.
func (t *taken) contacts(ctx context.Context, l *link) (masked int, err error) {
	w := sheet.NewWriter(t.file)
	if err := w.Row("id", "name", "phone", "username", "user_id"); err != nil {
		return 0, err
	}
	c := desk.ExportContacts{Limit: 50}
	for {
		page, err := ask[desk.ContactPage](ctx, l, c)
		if err != nil {
			return masked, err
		}
		for _, x := range page.Contacts {
			if err := w.Row(string(x.ID), x.Name, x.Phone, x.Username, x.UserID); err != nil {
				return masked, err
			}
			if x.Hidden {
				masked++
			}
		}
		if err := w.Flush(); err != nil {
			return masked, err
		}
		t.rows += len(page.Contacts)
		if !page.More {
			return masked, nil
		}
		next := page.Next
		if n := len(page.Contacts); next == "" && n > 0 {
			next = page.Contacts[n-1].ID // an older desk, whose pages are full
		}
		if next <= c.After {
			return masked, errors.New("the desk says that there is more and doesn't go on; try again")
		}
		c.After, c.Limit = next, 50
		if left := desk.ExportCap - page.Today; left > 0 {
			c.Limit = min(c.Limit, left) // the last page up to the cap isn't refused for what goes above it
		}
	}
}

func (p *program) exportLog(ctx context.Context, l *link, name string) error {
	lines, err := takeOut(name, func(t *taken) error { return t.log(ctx, l) })
	if err != nil && lines > 0 {
		return fmt.Errorf("%s has %s of the log, and not all: %w", name, count(lines, "line", "lines"), err)
	}
	if err != nil {
		return err
	}
	return p.say("%s has %s. Check it with: frontdeskd log verify %s", name, count(lines, "line", "lines"), name)
}

// log writes pages up to the number of entries that the first one begins with.
// Each page that is asked for adds an entry to the log, so its end is never
// reached.
func (t *taken) log(ctx context.Context, l *link) error {
	c, end := desk.ExportLog{Limit: desk.MaxPage}, int64(0)
	for {
		page, err := ask[desk.LogLines](ctx, l, c)
		if err != nil {
			return err
		}
		if c.After == 0 {
			if end, err = entriesOf(page.Lines); err != nil {
				return err
			}
		}
		for _, line := range page.Lines {
			if _, err := io.WriteString(t.file, line+"\n"); err != nil {
				return err
			}
			t.rows++
		}
		switch {
		case page.Next >= end:
			return nil
		case page.Next <= c.After:
			return fmt.Errorf("the log has %d entries, and the desk doesn't go on after %d; try again", end, c.After)
		}
		c.After, c.Limit = page.Next, int(min(desk.MaxPage, end-page.Next))
	}
}

// entriesOf reads how many entries an exported log has, from its first lines.
func entriesOf(lines []string) (int64, error) {
	x, err := chain.NewReader(strings.NewReader(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		return 0, fmt.Errorf("what the desk gives can't be checked later; use a program of its version: %w", err)
	}
	return x.Header().Entries, nil
}

func (p *program) checkpoint(ctx context.Context, l *link, args []string) error {
	c, err := ask[desk.Checkpoint](ctx, l, desk.TakeCheckpoint{})
	if err != nil {
		return err
	}
	if len(args) == 0 {
		_, err := fmt.Fprint(p.stdout, safe.Body(c.Note))
		return err
	}
	if err := writeNew(args[0], 0o644, []byte(c.Note)); err != nil {
		return err
	}
	return p.say("%s says what the log was at entry %s. The key that signed it: %s", args[0], c.Seq, c.Key)
}
