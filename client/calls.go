package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

var (
	// ErrUnknown is what [Client.Do] returns (ask with errors.Is) when it stopped
	// waiting for a command that may have been done. Giving the same command
	// with the same ref again is safe, and tells.
	ErrUnknown = errors.New("it isn't known whether the command was done")
	// ErrNotSent is what [Client.Do] returns when it stopped waiting and the
	// command never left, or only asked for something: nothing was done.
	ErrNotSent = errors.New("the command wasn't done")
)

// maxCalls is how many commands may be under way at once; more wait their turn.
const maxCalls = 32

// NewRef returns a ref for a command: a word that never comes again.
func NewRef() string { return rand.Text() }

// Do asks the server for a command and waits for its answer, if need be over
// several links: the ref makes sure that it is done once. The answer is a
// [desk.Page], [desk.Thread] or [desk.Done]. A refusal is an [*desk.Error]. When
// ctx ends first, the error is [ErrUnknown] or [ErrNotSent] and holds ctx's own.
//
// An empty ref is replaced by a new one, which is enough for a command that
// won't be given again. Two calls with the same ref at once share one answer.
func (c *Client) Do(ctx context.Context, ref string, cmd desk.Command) (json.RawMessage, error) {
	if ref == "" {
		ref = NewRef()
	}
	frame, err := encode(ref, cmd)
	if err != nil {
		return nil, err
	}
	_, reads := cmd.(desk.Reader)
	return c.calls.do(ctx, &call{ref: ref, frame: frame, reads: reads, done: make(chan struct{})})
}

func encode(ref string, cmd desk.Command) ([]byte, error) {
	if err := cmd.Validate(); err != nil {
		return nil, err
	}
	if len(ref) > desk.MaxRef {
		return nil, desk.Errorf(desk.CodeInvalid, "The command's ref has %d bytes; at most %d are allowed.", len(ref), desk.MaxRef)
	}
	args, err := json.Marshal(cmd)
	if err != nil {
		return nil, desk.Errorf(desk.CodeInvalid, "The command can't be written: %v.", err)
	}
	frame, err := json.Marshal(desk.Do{Type: desk.FrameDo, Ref: ref, Command: cmd.Name(), Args: args})
	if err != nil {
		return nil, desk.Errorf(desk.CodeInvalid, "The command can't be written: %v.", err)
	}
	if limit := desk.FrameLimit(cmd.Name()); len(frame) > limit {
		return nil, desk.Errorf(desk.CodeInvalid, "The command has %d bytes; the server takes at most %d. Shorten it.", len(frame), limit)
	}
	return frame, nil
}

// calls are the commands under way, in the order in which they were given.
type calls struct {
	slots chan struct{}
	wake  chan struct{} // something is to be sent

	mu    sync.Mutex
	open  []*call
	ended error // set when the client has stopped for good
	over  chan struct{}
}

type call struct {
	ref     string
	frame   []byte
	reads   bool
	waiting int      // how many Do wait for it
	sentBy  *session // the last link that it was written to; nil: it never left
	done    chan struct{}
	result  json.RawMessage
	err     error
}

func (q *calls) init() {
	q.slots, q.wake, q.over = make(chan struct{}, maxCalls), make(chan struct{}, 1), make(chan struct{})
}

func (q *calls) do(ctx context.Context, c *call) (json.RawMessage, error) {
	select {
	case q.slots <- struct{}{}:
		defer func() { <-q.slots }()
	case <-q.over:
		return nil, stopped(c, q.ended)
	case <-ctx.Done():
		return nil, stopped(c, ctx.Err())
	}
	c, err := q.begin(c)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if err := q.leave(c, ctx.Err()); err != nil {
			return nil, err
		}
	}
	return c.result, c.err
}

// begin queues the call, or joins one with the same ref.
func (q *calls) begin(c *call) (*call, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended != nil {
		return nil, stopped(c, q.ended)
	}
	if i := q.find(c.ref); i >= 0 {
		c = q.open[i]
	} else {
		q.open = append(q.open, c)
	}
	c.waiting++
	q.signal()
	return c, nil
}

// leave stops waiting for a call. It returns nil when the answer came after all.
func (q *calls) leave(c *call, why error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.open, c)
	if i < 0 {
		return nil
	}
	if c.waiting--; c.waiting == 0 {
		q.open = slices.Delete(q.open, i, i+1)
	}
	return stopped(c, why)
}

// next returns the frame of the first call that the session hasn't sent.
func (q *calls) next(s *session) []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.open {
		if c.sentBy != s {
			c.sentBy = s
			return c.frame
		}
	}
	return nil
}

func (q *calls) answer(a desk.Answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.find(a.Ref)
	if i < 0 {
		return // nobody waits any more
	}
	c := q.open[i]
	q.open = slices.Delete(q.open, i, i+1)
	c.result = a.Result
	if a.Error != nil {
		c.err = a.Error
	}
	close(c.done)
}

// end answers every call that will get no answer any more.
func (q *calls) end(why error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = why
	for _, c := range q.open {
		c.err = stopped(c, why)
		close(c.done)
	}
	q.open = nil
	close(q.over)
}

func (q *calls) find(ref string) int {
	return slices.IndexFunc(q.open, func(c *call) bool { return c.ref == ref })
}

func (q *calls) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// stopped says what is known of a call that got no answer.
func stopped(c *call, why error) error {
	switch {
	case c.sentBy == nil:
		return &outcome{ErrNotSent, why, "The server can't be reached at present; nothing was sent. Try again."}
	case c.reads:
		return &outcome{ErrNotSent, why, "The server didn't answer. Try again."}
	}
	return &outcome{ErrUnknown, why, "The server hasn't answered yet: it isn't known whether this was done. Look before you try again."}
}

// outcome is what is known of a command without an answer, and why there is none.
type outcome struct {
	is, why error
	text    string
}

func (e *outcome) Error() string   { return e.text }
func (e *outcome) Unwrap() []error { return []error{e.is, e.why} }
