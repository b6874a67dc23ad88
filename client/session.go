package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const (
	helloWait = 10 * time.Second // from the upgrade to the server's first frame
	writeWait = 10 * time.Second
	closeWait = time.Second
	maxFrame  = 8 << 20 // bytes that one frame of the server may have

	usualPing = 25 * time.Second // when the server doesn't say
	leastPing = time.Second
	mostPing  = 5 * time.Minute
)

// session is one socket from its upgrade to its end.
type session struct {
	client  *Client
	conn    *websocket.Conn
	tell    func(word)
	silence time.Duration // after this long without a word the link is dead
	greetBy time.Time     // until the welcome: when it must have come, whatever else comes

	closing  sync.Once
	failed   sync.Mutex
	writeErr error

	acks  sync.Mutex
	shown int64 // the snapshot that was shown last
	due   bool  // the server wasn't told yet
}

func (s *session) say(m Msg) { s.tell(word{msg: m}) }

// close says good-bye if the socket still takes it, and closes it.
func (s *session) close() {
	s.closing.Do(func() {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		s.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(closeWait))
		s.conn.Close()
	})
}

// greet sends who we are and where we stood, and waits for the welcome.
func (s *session) greet() error {
	c := s.client
	s.conn.SetReadLimit(maxFrame)
	s.conn.SetWriteDeadline(time.Now().Add(writeWait))
	hello := desk.Hello{Type: desk.FrameHello, Version: desk.Version, Token: c.o.Token,
		Program: c.o.Program, Host: c.o.Host, As: c.o.As}
	if c.o.As == nil {
		hello.Epoch, hello.Seq = c.epoch, c.seq
	}
	if err := s.conn.WriteJSON(hello); err != nil {
		return err
	}
	s.greetBy = time.Now().Add(helloWait)
	s.conn.SetPingHandler(s.pong)
	for {
		kind, data, err := s.frame()
		if err != nil {
			return err
		}
		switch kind {
		case desk.FrameHello:
			return s.welcome(data)
		case desk.FrameBye:
			return s.bye(data)
		}
	}
}

// alive moves the deadline: every frame and every ping of the server does.
func (s *session) alive() {
	by := s.greetBy
	if by.IsZero() {
		by = time.Now().Add(s.silence)
	}
	s.conn.SetReadDeadline(by)
}

func (s *session) pong(data string) error {
	s.alive()
	err := s.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeWait))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

func (s *session) welcome(data []byte) error {
	c := s.client
	var w desk.Welcome
	if err := json.Unmarshal(data, &w); err != nil {
		return s.garbled(err)
	}
	if w.Version != desk.Version {
		return &refusal{desk.Errorf(desk.CodeInvalid,
			"The server speaks version %d and this program version %d. Update the older of the two.", w.Version, desk.Version)}
	}
	if !w.Resumed || w.Epoch != c.epoch {
		c.epoch, c.seq = "", 0 // only a snapshot gives a position now
	}
	ping := usualPing
	if w.PingMS > 0 {
		ping = min(max(time.Duration(w.PingMS)*time.Millisecond, leastPing), mostPing)
	}
	s.silence, s.greetBy = 3*ping, time.Time{}
	s.say(Link{State: Live})
	s.say(w)
	return nil
}

// frame reads the next one. The link is read no faster than it is delivered, so
// the deadline is armed before each read, not after the last.
func (s *session) frame() (desk.FrameType, []byte, error) {
	s.alive()
	kind, data, err := s.conn.ReadMessage()
	if err != nil || kind != websocket.TextMessage {
		return "", nil, err
	}
	var head struct {
		Type desk.FrameType `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return "", nil, s.garbled(err)
	}
	return head.Type, data, nil
}

// read takes in frames until the link ends. Types that this program doesn't
// know are passed over: a newer server may say more.
func (s *session) read() error {
	for {
		kind, data, err := s.frame()
		if err == nil {
			switch kind {
			case desk.FrameSnapshot:
				err = s.snapshot(data)
			case desk.FrameEvents:
				err = s.events(data)
			case desk.FrameAnswer:
				err = s.answer(data)
			case desk.FrameBye:
				err = s.bye(data)
			}
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) snapshot(data []byte) error {
	var f desk.Snapshot
	if err := json.Unmarshal(data, &f); err != nil {
		return s.garbled(err)
	}
	s.client.epoch, s.client.seq = f.Epoch, f.Seq
	w := word{msg: f}
	if s.client.o.As == nil {
		w.shown = func() { s.acknowledge(f.Seq) }
	}
	s.tell(w)
	return nil
}

// acknowledge has the server told that a snapshot is shown and what was before
// it forgotten: an admin who took rights away waits for it.
func (s *session) acknowledge(seq int64) {
	s.acks.Lock()
	s.shown, s.due = max(s.shown, seq), true
	s.acks.Unlock()
	s.client.calls.signal()
}

// ack is the frame that is due, or nil. Of several snapshots the last one counts.
func (s *session) ack() []byte {
	s.acks.Lock()
	defer s.acks.Unlock()
	if !s.due {
		return nil
	}
	s.due = false
	frame, err := json.Marshal(desk.Ack{Type: desk.FrameAck, Seq: s.shown})
	if err != nil {
		return nil // a number and a word always go
	}
	return frame
}

// events passes on what joins on to the position. Anything else means that
// something was missed: only a snapshot heals that.
func (s *session) events(data []byte) error {
	c := s.client
	var f desk.Events
	if err := json.Unmarshal(data, &f); err != nil {
		return s.garbled(err)
	}
	if c.epoch == "" || f.From != c.seq || f.To < f.From {
		text := fmt.Sprintf("The server went on from %d where %d was expected. Loading everything again.", f.From, c.seq)
		c.epoch, c.seq = "", 0
		return &comeBack{text: text}
	}
	c.seq = f.To
	s.say(f)
	return nil
}

func (s *session) answer(data []byte) error {
	var f desk.Answer
	if err := json.Unmarshal(data, &f); err != nil {
		return s.garbled(err)
	}
	s.client.calls.answer(f)
	return nil
}

func (s *session) bye(data []byte) error {
	var f desk.Bye
	if err := json.Unmarshal(data, &f); err != nil {
		return s.garbled(err)
	}
	s.say(f)
	if f.Message == "" {
		f.Message = "The server closed the connection."
	}
	if f.RetryMS < 0 {
		return &refusal{&desk.Error{Code: f.Code, Message: f.Message}}
	}
	return &comeBack{text: f.Message, wait: time.Duration(f.RetryMS) * time.Millisecond}
}

// garbled is for a frame that can't be read. The position goes, or the same
// frame would come again.
func (s *session) garbled(err error) error {
	s.client.epoch, s.client.seq = "", 0
	return &comeBack{text: fmt.Sprintf("The server sent something that can't be read (%v). Loading everything again.", err)}
}

// write sends acknowledgements, and the calls that this session hasn't sent yet,
// those first that were under way when the last link broke.
func (s *session) write(done <-chan struct{}) {
	for {
		for {
			frame := s.ack()
			if frame == nil {
				frame = s.client.calls.next(s)
			}
			if frame == nil {
				break
			}
			s.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := s.conn.WriteMessage(websocket.TextMessage, frame); err != nil {
				s.failed.Lock()
				s.writeErr = err
				s.failed.Unlock()
				s.conn.Close() // ends the reader
				return
			}
		}
		select {
		case <-s.client.calls.wake:
		case <-done:
			return
		}
	}
}

// sentence makes the end of a link readable, unless it is already.
func (s *session) sentence(err error) error {
	if readable(err) {
		return err
	}
	s.failed.Lock()
	defer s.failed.Unlock()
	if s.writeErr != nil {
		err = s.writeErr
	}
	return s.client.place.broken(err)
}
