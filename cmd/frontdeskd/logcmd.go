package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/terminal"
	"github.com/frontdesk-inbox/frontdesk/config"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
	"github.com/frontdesk-inbox/frontdesk/server/store"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// exitUnchecked is the status of a check that couldn't be made. A script must not
// take it for a log that is fine, nor for one that is broken.
const exitUnchecked = 2

// exitError is an error with a status of its own.
type exitError struct {
	error
	code int
}

func (e *exitError) Unwrap() error { return e.error }

// exitCode is the status that the program ends with.
func exitCode(err error) int {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return 1
}

func unchecked(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{err, exitUnchecked}
}

func (p *program) logCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "log", Short: "Check the activity log, take it out, sign it", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(p.logVerify(), p.logExport(), p.logCheckpoint(), p.logKey())
	return cmd
}

func (p *program) logVerify() *cobra.Command {
	var against, key string
	cmd := &cobra.Command{
		Use: "verify [FILE]", Short: "Check that the activity log is whole, and that nothing is missing",
		Long: "Check the activity log: an exported one, or the database's own, which is only read.\n\n" +
			"Integrity: every entry follows from its content and the entry before it.\n" +
			"Completeness: the log reaches a checkpoint that was kept elsewhere, and matches it. Without one it can't be shown:\n" +
			"whoever rules the server's host can cut the log, or write it anew, up to what has left the host.\n\n" +
			"The status is 0 when nothing is wrong, 1 when the log is broken, 2 when it could not be checked.",
		Example: `  frontdeskd log verify --against kept-checkpoints.txt
  frontdeskd log verify export.jsonl --against server.log --key frontdesk-log+…`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return unchecked(errors.New("give one exported log, or none to check the database's own"))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&against, "against", "", "a file with checkpoints that was kept elsewhere: notes, or the server's own log")
	cmd.Flags().StringVar(&key, "key", "", "the public key of the log's checkpoints, as it was kept elsewhere (the one in the log itself)")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return unchecked(err) })
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		kept, err := keptCheckpoints(against)
		if err != nil {
			return unchecked(err)
		}
		check := chain.Check{Key: key, Against: kept}
		var report chain.Report
		if len(args) == 1 {
			report, err = verifyFile(args[0], check)
		} else {
			report, err = p.verifyDatabase(cmd, check)
		}
		if err != nil {
			return unchecked(fmt.Errorf("the log could not be checked: %w", err))
		}
		return p.sayReport(&report)
	}
	return cmd
}

func keptCheckpoints(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the checkpoints can't be read: %w", err)
	}
	defer f.Close()
	notes, err := chain.FindCheckpoints(f)
	if err == nil && len(notes) == 0 {
		err = errors.New("there is no checkpoint in it; frontdeskd log checkpoint shows what one looks like")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return notes, nil
}

func verifyFile(path string, check chain.Check) (chain.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return chain.Report{}, err
	}
	defer f.Close()
	x, err := chain.NewReader(f)
	if err != nil {
		return chain.Report{}, err
	}
	h := x.Header()
	check.Epoch, check.Size, check.Own, check.Withheld = h.Epoch, h.Entries, x.Checkpoints(), h.Withheld
	if check.Key == "" {
		check.Key = h.Key
	}
	return chain.Verify(x.Records(), check)
}

func (p *program) verifyDatabase(cmd *cobra.Command, check chain.Check) (report chain.Report, err error) {
	err = p.onLog(cmd, func(ctx context.Context, s *store.Store) error {
		check.Epoch = s.Epoch()
		log := growing{read: s.Read}
		check.SizeAtEnd = func() int64 { return log.head }
		err := s.Read(ctx, func(tx *store.Tx) error {
			key, err := tx.LogKey()
			if err != nil {
				return err
			}
			if check.Key == "" {
				check.Key = key
			}
			own, err := tx.Checkpoints(0, math.MaxInt32)
			for _, c := range own {
				check.Own = append(check.Own, c.Note)
			}
			return err
		})
		if err == nil {
			report, err = chain.Verify(log.records(ctx), check)
		}
		return err
	})
	return report, err
}

// onLog opens the database to read it, does f and closes it.
func (p *program) onLog(cmd *cobra.Command, f func(context.Context, *store.Store) error) (err error) {
	cfg, err := config.LoadServer(p.source(cmd, map[string]string{"database": "database"}))
	if err != nil {
		return err
	}
	s, err := store.Open(cmd.Context(), cfg.DSN(), store.Options{Logger: newLogger(p.stderr, slog.LevelWarn, "text"), ReadOnly: true})
	if err != nil {
		return fmt.Errorf("the database can't be opened: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(cmd.Context(), s)
}

// recordsAtOnce keeps each look at the database short: others write meanwhile.
const recordsAtOnce = 1000

// reading is a read transaction of the store.
type reading func(context.Context, func(*store.Tx) error) error

// growing is the database's log while others append to it. It is read to its end,
// not to where it was at first: a content that was erased meanwhile is accounted
// for by an entry that came meanwhile.
type growing struct {
	read reading
	head int64 // what the log says that it has, when its last records were read
}

func (g *growing) records(ctx context.Context) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		for after, more := int64(0), true; more; {
			var page []chain.Record
			err := g.read(ctx, func(tx *store.Tx) (err error) {
				if g.head, err = tx.Head(); err != nil {
					return err
				}
				page, err = tx.Records(after, recordsAtOnce)
				return err
			})
			if err != nil {
				yield(chain.Record{}, err)
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
				after = r.Seq
			}
			more = len(page) == recordsAtOnce
		}
	}
}

// sayReport tells integrity and completeness apart, and ends in an error when
// something is wrong.
func (p *program) sayReport(r *chain.Report) error {
	contents := fmt.Sprintf("of which %d had their content erased", r.Erased)
	if r.Withheld {
		contents = "whose contents are withheld"
	}
	err := p.say("Read %s, %s; %v of the log's own checkpoints match.", entries(r.Entries), contents, r.Own)
	switch {
	case r.Broken != nil:
		err = errors.Join(err, p.say("Integrity: BROKEN. Entry %v is the first that is bad: %s.", r.Broken.Seq, r.Broken.Why))
	case r.Withheld:
		err = errors.Join(err, p.say("Integrity: whole, but the contents are withheld. Every entry follows from the one before it: "+
			"that holds for numbers, order, times, people, kinds and what they were about, and for the hashes and lengths of the contents. "+
			"What the contents say isn't in this file, so whether the desk still has it, unchanged, is not shown."))
	default:
		err = errors.Join(err, p.say("Integrity: whole. Every entry follows from its content and the one before it."))
	}
	switch {
	case r.Missing != nil:
		err = errors.Join(err, p.say("Completeness: BROKEN. Entry %v is the first that can't be relied on: %s.", r.Missing.Seq, r.Missing.Why))
	case r.Shown != nil:
		err = errors.Join(err, p.say("Completeness: shown up to entry %v, by the checkpoint of %s. What came later is not shown.",
			r.Shown.Size, r.Shown.Time.Format("2006-01-02 15:04:05 UTC")))
	default:
		err = errors.Join(err, p.say("Completeness: not shown. Nothing was given that was kept elsewhere, so the end may be missing, or all written anew. "+
			"Keep a checkpoint on another machine (frontdeskd log checkpoint) and give it with --against."))
	}
	if err == nil && !r.OK() {
		err = errors.New("the log is broken; keep a copy of it and of the server's own log before anything else is done")
	}
	return err
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return strconv.FormatInt(n, 10) + " entries"
}

func (p *program) logExport() *cobra.Command {
	var o store.LinesOptions
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write the whole activity log into a new file", Args: cobra.ExactArgs(1),
		Long: "Write the whole activity log into a new file, with all that it tells of customers: a line of JSON for each entry.\n" +
			"The file is yours alone to read. frontdeskd log verify FILE checks it, on any machine.\n\n" +
			"With --withhold it holds no content, only each one's hash and length: it can be given to somebody who may check\n" +
			"who did what and when, and isn't to read what customers wrote.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onDesk(cmd, func(ctx context.Context, d desks) error {
				if err := d.service.TellExport(ctx, o.Withhold); err != nil {
					return err
				}
				if _, err := d.service.Checkpoint(ctx); err != nil {
					return err
				}
				n, err := writeLog(ctx, d.store.Read, args[0], o)
				if err != nil {
					return fmt.Errorf("the log can't be exported: %w", err)
				}
				return p.say("Wrote %s to %s.", entries(n), args[0])
			})
		},
	}
	cmd.Flags().BoolVar(&o.Withhold, "withhold", false, "leave the contents out: what customers and colleagues wrote, names and numbers")
	return cmd
}

// writeLog writes the log that read gives, as long as it is now, into a file that
// doesn't exist yet; half a file is removed.
func writeLog(ctx context.Context, read reading, path string, o store.LinesOptions) (last int64, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	for {
		if last, err = writeLines(ctx, read, f, o); err != nil {
			return last, err
		}
		again, err := erasedSince(ctx, read, last)
		if err != nil || !again || o.Withhold {
			return last, errors.Join(err, f.Sync())
		}
		// A customer was erased while it was written: contents are gone from the
		// file, and the entry that accounts for them came after its end.
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return last, err
		}
		if err := f.Truncate(0); err != nil {
			return last, err
		}
	}
}

// writeLines writes the log as long as it is at first: so many entries its header
// tells, and others append meanwhile.
func writeLines(ctx context.Context, read reading, f io.Writer, o store.LinesOptions) (last int64, err error) {
	out := bufio.NewWriterSize(f, 1<<16)
	for more := true; more; {
		var lines []string
		err := read(ctx, func(tx *store.Tx) (err error) {
			if o.Until == 0 {
				if o.Until, err = tx.Head(); err != nil {
					return err
				}
			}
			lines, last, more, err = tx.LogLines(last, recordsAtOnce, o)
			return err
		})
		if err != nil {
			return last, err
		}
		for _, l := range lines {
			if _, err := out.WriteString(l + "\n"); err != nil {
				return last, err
			}
		}
	}
	return last, out.Flush()
}

// erasedSince reports whether a customer was erased after an entry.
func erasedSince(ctx context.Context, read reading, seq int64) (erased bool, err error) {
	err = read(ctx, func(tx *store.Tx) error {
		list, _, err := tx.Log(store.LogFilter{Kinds: []desk.EventKind{desk.ContactErased}, After: seq, Limit: 1})
		erased = len(list) > 0
		return err
	})
	return erased, err
}

func (p *program) logCheckpoint() *cobra.Command {
	return &cobra.Command{
		Use: "checkpoint", Short: "Sign the activity log as it is now, and print that", Args: cobra.NoArgs,
		Long: "Sign the activity log as it is now, and print the signed note; the newest one when nothing happened since.\n" +
			"Keep it on another machine, with the key (frontdeskd log key):\n" +
			"frontdeskd log verify --against it shows later that nothing is missing.\n\n" +
			"The server also writes checkpoints into its own log, every 1,000 entries or ten minutes.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onDesk(cmd, func(ctx context.Context, d desks) error {
				note, err := d.service.Checkpoint(ctx)
				if err == nil {
					_, err = io.WriteString(p.stdout, note)
				}
				return err
			})
		},
	}
}

func (p *program) logKey() *cobra.Command {
	return &cobra.Command{
		Use: "key", Short: "Print the public key of the log's checkpoints", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onLog(cmd, func(ctx context.Context, s *store.Store) error {
				return s.Read(ctx, func(tx *store.Tx) error {
					key, err := tx.LogKey()
					if err != nil {
						return err
					}
					return p.say("%s", key)
				})
			})
		},
	}
}

func (p *program) eraseCommand() *cobra.Command {
	yes := false
	cmd := &cobra.Command{
		Use: "erase CHAT", Short: "Erase a customer: name, numbers, messages, and what the log tells of them",
		Long: "Erase the customer of a chat: the name and numbers, what was written in all their chats,\n" +
			"and what the activity log tells of these.\n\n" +
			"The log's proofs stay, so it can still be verified. It can't be undone, and doesn't reach backups or WhatsApp.",
		Example: "  frontdeskd erase 4711",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "don't ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		number, err := strconv.ParseInt(strings.TrimPrefix(args[0], "#"), 10, 64)
		if err != nil || number < 1 {
			return fmt.Errorf("%q is no number of a chat; give it as the screen shows it, such as 4711", args[0])
		}
		id := desk.ConversationID(number)
		return p.onDesk(cmd, func(ctx context.Context, d desks) error {
			if !yes {
				if err := p.confirmErase(ctx, d, id); err != nil {
					return err
				}
			}
			n, err := d.service.EraseContact(ctx, id)
			if err != nil {
				return err
			}
			return p.say("The customer of chat %s is erased; %s of the log have no content any more.", id, entries(int64(n)))
		})
	}
	return cmd
}

// confirmErase has the number typed again: it can't be undone.
func (p *program) confirmErase(ctx context.Context, d desks, id desk.ConversationID) error {
	var c desk.Conversation
	err := d.store.Read(ctx, func(tx *store.Tx) (err error) {
		c, err = tx.Conversation(id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no chat %s", id)
	}
	if err != nil {
		return err
	}
	prompt := terminal.NewPrompt(p.stdin, p.stderr)
	if !prompt.Asks() {
		return errors.New("erasing can't be undone, and nobody can be asked here; give --yes to go on without a question")
	}
	answer, err := prompt.Line(ctx, fmt.Sprintf("Erase %s, chat %s, for good? Type the chat's number to go on", safe.Line(c.Contact.Name), id))
	if err != nil {
		return err
	}
	if strings.TrimPrefix(strings.TrimSpace(answer), "#") != strconv.FormatInt(int64(id), 10) {
		return errors.New("nothing was erased")
	}
	return nil
}
