package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Prompt asks questions on a terminal, or takes the answers as lines from what
// was piped in. A question ends unanswered when its context does.
type Prompt struct {
	in    *bufio.Reader
	tty   *os.File // nil when nobody can be asked
	print io.Writer
}

// NewPrompt asks on in when that is a terminal, and writes the questions to out.
func NewPrompt(in io.Reader, out io.Writer) *Prompt {
	return &Prompt{bufio.NewReader(in), File(in), out}
}

// Asks reports whether a person answers.
func (p *Prompt) Asks() bool { return p.tty != nil }

// Line asks for a line of text.
func (p *Prompt) Line(ctx context.Context, question string) (string, error) {
	if p.Asks() {
		fmt.Fprint(p.print, question+": ")
	}
	return p.await(ctx, p.line)
}

// Password asks for a password without showing it. From a pipe it takes a line.
func (p *Prompt) Password(ctx context.Context, question string) (string, error) {
	if !p.Asks() {
		text, err := p.await(ctx, p.line)
		if err != nil {
			return "", fmt.Errorf("no password was read; type it on a terminal or pipe it in as one line: %w", err)
		}
		return text, nil
	}
	fd := int(p.tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("the terminal can't hide the password: %w", err)
	}
	fmt.Fprint(p.print, question+": ")
	text, err := p.await(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
	fmt.Fprintln(p.print)
	if err != nil {
		// Whoever was reading is still at it: the terminal is to show keys again.
		return "", errors.Join(fmt.Errorf("no password was read: %w", err), term.Restore(fd, before))
	}
	return text, nil
}

// NewPassword asks for a password twice, so that a slip of the hand doesn't
// lock somebody out.
func (p *Prompt) NewPassword(ctx context.Context, question string) (string, error) {
	first, err := p.Password(ctx, question)
	if err != nil || !p.Asks() {
		return first, err
	}
	second, err := p.Password(ctx, "The same again")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// maxLine is longer than any answer: what is piped in may have no end.
const maxLine = 4 << 10

func (p *Prompt) line() (string, error) {
	var b strings.Builder
	for b.Len() < maxLine {
		c, err := p.in.ReadByte()
		if errors.Is(err, io.EOF) && b.Len() > 0 || err == nil && c == '\n' {
			return strings.TrimSuffix(b.String(), "\r"), nil
		}
		if err != nil {
			return "", err
		}
		b.WriteByte(c)
	}
	return "", fmt.Errorf("the line is longer than %d bytes", maxLine)
}

// await reads in a goroutine of its own, because a read of a terminal can't be
// cut off. It is left behind when ctx ends; the program ends then too.
func (p *Prompt) await(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := read()
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		return a.text, a.err
	case <-ctx.Done():
		return "", errors.New("interrupted")
	}
}
