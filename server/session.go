package server

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	writeWait    = 10 * time.Second
	commandWait  = 30 * time.Second
	batchEntries = 512      // entries looked at under one lock
	batchBytes   = 64 << 10 // a frame is closed once it holds this much
	farBehind    = 5000     // a session further behind gets a snapshot instead
	moveOn       = 1000     // unseen entries after which the client is told its position all the same
	framesPerSec = 20.0     // a client's frames, sustained
	framesAtOnce = 60.0     // and in a burst
	closeRefused = 4000     // the hello can't be answered
	closeSignIn  = 4001     // the client must sign in again
)

// session is a signed-in socket: a cursor into the log, not a queue. It holds no
// undelivered event. Whatever waits when it may write goes out as one frame,
// filtered by the rights of that moment.
//
// A goroutine writes only while there is something to write; an idle session is
// one goroutine that reads.
type session struct {
	s       *Service
	ws      *websocket.Conn
	id      string // of the sign-in
	token   []byte // its hash
	member  desk.MemberID
	addr    string
	expires time.Time
	as      *desk.ViewAs // set when it looks through other eyes: then it only reads
	draft   *desk.Actor  // of a link that sees as a draft role

	// writing is held while a frame is decided on and written. Whoever changes
	// rights takes it once: afterwards nothing is written under the old ones.
	writing chan struct{}
	state   atomic.Int32 // idle, flushing, or flushing with more to come
	ping    atomic.Bool
	screen  *screen // what the client has acknowledged
	bye     atomic.Pointer[desk.Bye]
	anew    atomic.Bool // what it shows of others' requests isn't right any more

	// Of the flushing goroutine alone:
	rights eyes // those of the last snapshot; zero before the first
	reason desk.SnapshotReason
	at     int64 // entries up to here were looked at
	told   int64 // the last position the client was given

	// Of the reading goroutine alone:
	tokens   float64
	tokensAt time.Time

	// Of the ping loop alone:
	nextPing, nextTouch time.Time
}

const (
	idle int32 = iota
	flushing
	flushingMore
)

// wake makes sure that the session looks at the log after this call.
func (c *session) wake() {
	for {
		switch {
		case c.state.CompareAndSwap(idle, flushing):
			go c.flush()
			return
		case c.state.CompareAndSwap(flushing, flushingMore), c.state.Load() == flushingMore:
			return
		}
	}
}

// flush writes until nothing is left. What gathers while a frame is being
// written goes out with the next one: there is no timer.
func (c *session) flush() {
	for {
		more, err := c.round()
		if err != nil {
			c.fail(err)
			return // the state stays: nobody flushes a dead session
		}
		if more || !c.state.CompareAndSwap(flushing, idle) {
			c.state.Store(flushing)
			continue
		}
		return
	}
}

// round writes at most one frame of each kind and reports whether to go on.
func (c *session) round() (more bool, err error) {
	now := c.eyes()
	c.leaveIfUnfit(now)
	if b := c.bye.Load(); b != nil {
		return false, c.leave(b)
	}
	if c.anew.Swap(false) && c.reason == "" {
		c.reason = desk.SnapshotRights
	}
	if c.rights != now || c.reason != "" {
		return true, c.snapshot(now)
	}
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	if c.eyes() != now {
		return true, nil
	}
	if c.ping.Swap(false) {
		if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait)); err != nil {
			return false, err
		}
	}
	items, ok := c.s.ring.after(c.at, batchEntries)
	if !ok || c.s.ring.head()-c.at > farBehind {
		c.reason = desk.SnapshotReset
		return true, nil
	}
	if len(items) == 0 {
		return false, nil
	}
	if frame := c.frame(now, items); frame != nil {
		return true, c.write(frame)
	}
	return true, nil
}

// frame moves the position over items and builds the frame of those that the
// member may see; nil when there are none.
func (c *session) frame(now eyes, items []item) []byte {
	people := c.s.people.Load()
	var events []byte
	var gone []desk.Gone
	for i := range items {
		it := &items[i]
		c.at = it.seq
		switch {
		case it.quiet:
		case it.id == 0 || now.sees(it.after):
			raw := now.variant(it, people)
			if len(events) > 0 && len(raw) > 0 {
				events = append(events, ',')
			}
			events = append(events, raw...)
		case !it.began && now.sees(it.before):
			gone = append(gone, desk.Gone{Seq: it.seq, Conversation: it.id, Before: it.before})
		}
		if len(events) >= batchBytes {
			break
		}
	}
	if len(events) == 0 && len(gone) == 0 && c.at-c.told < moveOn {
		return nil
	}
	frame := make([]byte, 0, len(events)+128)
	frame = append(frame, `{"type":"events","from":`...)
	frame = strconv.AppendInt(frame, c.told, 10)
	frame = append(frame, `,"to":`...)
	frame = strconv.AppendInt(frame, c.at, 10)
	frame = append(frame, `,"events":[`...)
	frame = append(frame, events...)
	frame = append(frame, ']')
	if len(gone) > 0 {
		raw, _ := json.Marshal(gone) // numbers and words: can't fail
		frame = append(append(frame, `,"gone":`...), raw...)
	}
	c.told = c.at
	return append(frame, '}')
}

// snapshot reads the desk as the member may see it, and writes that if the
// rights are still the same by then.
func (c *session) snapshot(now eyes) error {
	reason := c.reason
	if reason == "" {
		reason = desk.SnapshotRights
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	snap, err := c.s.snapshot(ctx, now, reason)
	if err != nil {
		return err
	}
	snap.As = c.as
	frame, err := json.Marshal(snap)
	if err != nil {
		return err
	}
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	people := c.s.people.Load() // before the rights: they are as new, or newer
	if c.eyes() != now {
		return nil // the next round reads it again
	}
	c.screen.wrote(snap.Seq, people.at)
	c.rights, c.reason, c.at, c.told = now, "", snap.Seq, snap.Seq
	return c.write(frame)
}

// write sends one frame. The caller holds writing.
func (c *session) write(frame []byte) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	err := c.ws.WriteMessage(websocket.TextMessage, frame)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return &slowWrite{err}
	}
	return err
}

// leave tells the client why, and when to come back, and closes.
func (c *session) leave(b *desk.Bye) error {
	frame, err := json.Marshal(b)
	if err != nil {
		return err
	}
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	if err := c.write(frame); err != nil {
		return err
	}
	code := websocket.CloseServiceRestart
	switch {
	case b.Code == desk.CodeUnauthenticated:
		code = closeSignIn
	case b.RetryMS < 0:
		code = closeRefused
	}
	msg := websocket.FormatCloseMessage(code, string(b.Code))
	if err := c.ws.WriteControl(websocket.CloseMessage, msg, time.Now().Add(writeWait)); err != nil {
		return err
	}
	return errLeft
}

var errLeft = errors.New("the session was told to leave")

// end makes the session leave for good with its next round.
func (c *session) end(code desk.Code, message string) {
	c.bye.CompareAndSwap(nil, &desk.Bye{Type: desk.FrameBye, Code: code, Message: message, RetryMS: -1})
}

// fail closes the socket; the reading goroutine notices and tidies up. A client
// that doesn't read can't be told why.
func (c *session) fail(err error) {
	slow, _ := errors.AsType[*slowWrite](err)
	switch {
	case slow != nil:
		c.s.log.Info("a session didn't read and was cut", "member", c.member, "addr", c.addr)
	case !errors.Is(err, errLeft) && !isClosed(err):
		c.s.log.Warn("a session failed", "member", c.member, "addr", c.addr, "error", err)
	}
	c.cut()
}

// slowWrite is a write that the client didn't take in time.
type slowWrite struct{ error }

// cut closes the connection under whatever is being written.
func (c *session) cut() { _ = c.ws.NetConn().Close() }

func isClosed(err error) bool {
	var closed *websocket.CloseError
	return errors.Is(err, net.ErrClosed) || errors.As(err, &closed) || errors.Is(err, websocket.ErrCloseSent)
}

// read takes the client's frames until the socket closes.
func (c *session) read() {
	defer func() {
		c.cut()
		c.s.endView(c)
		c.s.sessions.remove(c)
		c.screen.end()
	}()
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		var f struct {
			desk.Do
			Seq int64 `json:"seq"` // of an ack
		}
		if !utf8.Valid(data) || json.Unmarshal(data, &f) != nil {
			c.refuse(websocket.CloseInvalidFramePayloadData, "a frame must be one JSON object in UTF-8")
			return
		}
		if len(data) > desk.FrameLimit(f.Command) {
			c.refuse(websocket.CloseMessageTooBig, "a frame of this command must be shorter")
			return
		}
		c.charge(len(data))
		if f.Type == desk.FrameAck {
			if c.screen.acked(f.Seq) && c.as == nil {
				c.s.changes.acknowledges(c.id)
			}
			continue
		}
		if f.Type != desk.FrameDo {
			continue // a newer client may say more than we know
		}
		if err := c.answer(f.Do); err != nil {
			return
		}
	}
}

func (c *session) refuse(code int, why string) {
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(writeWait)) // it goes either way
}

// answer does a command and writes what became of it, unless the member's rights
// changed in between: what was read under the old ones is outdated.
func (c *session) answer(f desk.Do) error {
	for {
		rights := c.eyes()
		a := c.do(f)
		done, err := c.writeAnswer(rights, f.Command, a)
		if done || err != nil {
			return err
		}
	}
}

func (c *session) writeAnswer(rights eyes, command string, a desk.Answer) (done bool, err error) {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	if c.eyes() != rights {
		var again bool
		if a, again = outdated(command, a); again {
			return false, nil
		}
	}
	frame, err := json.Marshal(a)
	if err != nil {
		return true, err
	}
	return true, c.write(frame)
}

// outdated is an answer that was found under rights that are gone: without what
// others wrote. A read is done again; one that the log tells of is left to the
// asker, or it would tell of it twice.
func outdated(command string, a desk.Answer) (_ desk.Answer, again bool) {
	if a.Error != nil {
		told := *a.Error
		told.Since = nil
		a.Error = &told
	}
	switch reads, records := readsOf(command); {
	case records && a.Error == nil:
		a.Result = nil
		a.Error = desk.Errorf(desk.CodeBusy, "Your rights changed meanwhile, so nothing was handed out. Try again.")
		a.Error.RetryMS = 1000
		return a, false
	default:
		return a, reads && !records
	}
}

// readsOf tells whether a command only reads, and whether the log tells of it all
// the same.
func readsOf(command string) (reads, records bool) {
	for _, k := range desk.Commands() {
		if k.Name() == command {
			_, reads = k.(desk.Reader)
			_, records = k.(desk.Recorder)
			return reads, records
		}
	}
	return false, false
}

func (c *session) do(f desk.Do) desk.Answer {
	a := desk.Answer{Type: desk.FrameAnswer, Ref: f.Ref}
	if wait := c.throttle(); wait > 0 {
		a.Error = &desk.Error{Code: desk.CodeBusy, RetryMS: int(wait.Milliseconds()) + 1,
			Message: "Too many commands at once. Wait a moment."}
		return a
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	result, err := c.perform(ctx, f)
	if err == nil {
		a.Result, err = json.Marshal(result)
	}
	if err != nil {
		a.Error = desk.AsError(err)
		if a.Error.Code == desk.CodeInternal {
			c.s.log.Error("a command failed", "command", f.Command, "member", c.member, "error", err)
		}
	}
	return a
}

func (c *session) perform(ctx context.Context, f desk.Do) (any, error) {
	cmd, err := desk.DecodeCommand(f.Command, f.Args)
	if err != nil {
		return nil, err
	}
	return c.s.Do(ctx, Caller{Member: c.member, Session: c.id, Addr: c.addr, As: c.as}, f.Ref, cmd)
}

// charge takes tokens for a large frame, one for each [desk.MaxFrame] bytes; what
// is missing is waited for.
func (c *session) charge(bytes int) { c.tokens -= float64(bytes / desk.MaxFrame) }

// throttle takes one token from the session's bucket and returns how long to
// wait when there is none.
func (c *session) throttle() time.Duration {
	now := time.Now()
	c.tokens = min(framesAtOnce, c.tokens+now.Sub(c.tokensAt).Seconds()*framesPerSec)
	c.tokensAt = now
	if c.tokens < 1 {
		return time.Duration((1 - c.tokens) / framesPerSec * float64(time.Second))
	}
	c.tokens--
	return 0
}

// pings keeps idle sessions alive, ends those whose sign-in ran out, and notes
// now and then that a sign-in is still used.
func (s *Service) pings(ctx context.Context) {
	tick := time.NewTicker(min(time.Second, s.o.Ping/4))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		s.sessions.each(func(c *session) {
			if s.now().After(c.expires) {
				c.end(desk.CodeUnauthenticated, "Your sign-in ran out. Sign in again.")
				c.wake()
			}
			if now.After(c.nextPing) {
				c.nextPing = now.Add(time.Duration(float64(s.o.Ping) * (0.8 + 0.4*rand.Float64())))
				c.ping.Store(true)
				c.wake()
			}
			_ = c.eyes() // notices grants that have ended
			if c.as == nil && now.After(c.nextTouch) {
				c.nextTouch = now.Add(touchEvery)
				go s.touch(ctx, c.id)
			}
		})
	}
}
