package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func TestLinkResumes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		if p.hello.Token != "fd1_secret" || p.hello.Version != desk.Version || p.hello.Program != "test/1" || p.hello.Epoch != "" {
			t.Errorf("hello %+v", p.hello)
		}
		if strings.Contains(fmt.Sprint(p.req.URL, p.req.Header), "fd1_secret") {
			t.Error("the token stands in the request, where proxies log it")
		}
		p.welcome(false, 5)
		p.send(map[string]any{"type": "typing", "who": "bo"})
		p.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"events","from":5,"to":8,"events":[],"later":{"x":1}}`))
		synctest.Wait()
		p.ws.Close()
		p = <-g.sockets
		if p.hello.Epoch != "e" || p.hello.Seq != 8 {
			t.Errorf("came back at %q %d", p.hello.Epoch, p.hello.Seq)
		}
		p.welcome(true, 9)
		p.events(8, 9)
		var got []string
		pass(gather)
		for _, m := range g.said() {
			got = append(got, strings.TrimPrefix(fmt.Sprintf("%T", m), "desk."))
			if l, ok := m.(Link); ok {
				got[len(got)-1] = string(l.State)
			}
		}
		want := []string{"connecting", "live", "Welcome", "Snapshot", "Events", "offline", "connecting", "live", "Welcome", "Events"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLinkGoesOnFromDisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, func(_ *rig, o *Options) { o.Epoch, o.Seq = "old", 77 })
		p := <-g.sockets
		if p.hello.Epoch != "old" || p.hello.Seq != 77 {
			t.Errorf("hello %+v", p.hello)
		}
		p.welcome(true, 80) // of another epoch: the position is worth nothing
		p.events(77, 78)
		p = <-g.sockets
		if p.hello.Epoch != "" {
			t.Errorf("came back at %q %d", p.hello.Epoch, p.hello.Seq)
		}
	})
}

func TestLinkAsksForASnapshotAfterAGap(t *testing.T) {
	for name, frame := range map[string]string{
		"gap":     `{"type":"events","from":6,"to":8,"events":[]}`,
		"repeat":  `{"type":"events","from":4,"to":8,"events":[]}`,
		"garbled": `{"type":"events","from":"five"}`,
		"no json": `{"type":`,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				g := newRig(t, nil)
				p := <-g.sockets
				p.welcome(false, 5)
				p.ws.WriteMessage(websocket.TextMessage, []byte(frame))
				p = <-g.sockets
				if p.hello.Epoch != "" || p.hello.Seq != 0 {
					t.Errorf("came back at %q %d", p.hello.Epoch, p.hello.Seq)
				}
				for _, m := range g.said() {
					if e, ok := m.(desk.Events); ok {
						t.Errorf("delivered %+v", e)
					}
				}
			})
		})
	}
}

func TestDoGivesTheSameRefAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		got := make(chan string, 1)
		go func() {
			raw, err := g.c.Do(t.Context(), "ref-1", desk.Note{Conversation: 4, Text: "hi"})
			got <- fmt.Sprint(string(raw), err)
		}()
		p := <-g.sockets
		p.welcome(false, 5)
		first := <-p.does
		p.ws.Close() // the answer is lost
		p = <-g.sockets
		p.welcome(true, 5)
		second := <-p.does
		if diff := cmp.Diff(first, second); diff != "" || second.Ref != "ref-1" || second.Command != "message.note" {
			t.Error(second, diff)
		}
		p.answerTo(second, desk.Done{Seq: 6}, nil)
		if s := <-got; s != `{"seq":6}<nil>` {
			t.Error(s)
		}
		synctest.Wait()
		if n := len(p.does); n != 0 {
			t.Errorf("%d more frames after the answer", n)
		}
	})
}

func TestDoTellsWhatIsKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets // not let in yet: nothing is sent
		short := func() context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			t.Cleanup(cancel)
			return ctx
		}
		_, err := g.c.Do(short(), "a", desk.Claim{Conversation: 1})
		if !errors.Is(err, ErrNotSent) || errors.Is(err, ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("before the link: %v", err)
		}
		p.welcome(false, 5)
		if _, err = g.c.Do(short(), "b", desk.Claim{Conversation: 1}); !errors.Is(err, ErrUnknown) || errors.Is(err, ErrNotSent) {
			t.Errorf("a write without an answer: %v", err)
		}
		if _, err = g.c.Do(short(), "", desk.History{Conversation: 1}); !errors.Is(err, ErrNotSent) {
			t.Errorf("a read without an answer: %v", err)
		}
		if d := <-p.does; d.Ref != "b" {
			t.Errorf("first on the wire: %+v; what was given up must not follow", d)
		}
		if _, err = g.c.Do(short(), "c", desk.Claim{}); desk.AsError(err).Code != desk.CodeInvalid {
			t.Errorf("an invalid command: %v", err)
		}
		go func() {
			<-p.does
			p.answerTo(<-p.does, nil, desk.Errorf(desk.CodeDenied, "No."))
		}()
		if _, err = g.c.Do(short(), "d", desk.Claim{Conversation: 1}); desk.AsError(err).Code != desk.CodeDenied {
			t.Errorf("a refusal: %v", err)
		}
	})
}

func TestDoIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.welcome(false, 5)
		done := make(chan error, 2*maxCalls)
		for range 2 * maxCalls {
			go func() {
				_, err := g.c.Do(t.Context(), NewRef(), desk.Claim{Conversation: 1})
				done <- err
			}()
		}
		synctest.Wait()
		if n := len(p.does); n != maxCalls {
			t.Errorf("%d commands on the wire, want %d", n, maxCalls)
		}
		for range 2 * maxCalls {
			p.answerTo(<-p.does, desk.Done{}, nil)
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSameRefTwiceSharesTheAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.welcome(false, 5)
		got := make(chan string, 2)
		for range 2 {
			go func() {
				raw, _ := g.c.Do(t.Context(), "r", desk.Claim{Conversation: 1})
				got <- string(raw)
			}()
		}
		synctest.Wait()
		p.answerTo(<-p.does, desk.Done{Seq: 9}, nil)
		if a, b := <-got, <-got; a != `{"seq":9}` || b != a || len(p.does) != 0 {
			t.Error(a, b, len(p.does))
		}
	})
}

func TestByeForGood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.welcome(false, 5)
		waits := make(chan error, 1)
		go func() {
			_, err := g.c.Do(t.Context(), "r", desk.Claim{Conversation: 1})
			waits <- err
		}()
		<-p.does
		p.send(desk.Bye{Type: desk.FrameBye, Code: desk.CodeUnauthenticated, Message: "Sign in again.", RetryMS: -1})
		err := <-g.done
		if e, ok := errors.AsType[*desk.Error](err); !ok || e.Code != desk.CodeUnauthenticated || e.Message != "Sign in again." {
			t.Errorf("Run: %v", err)
		}
		if l := g.last(); l.State != Refused || l.Error != "Sign in again." {
			t.Errorf("link %+v", l)
		}
		if err := <-waits; !errors.Is(err, ErrUnknown) {
			t.Errorf("a command under way: %v", err)
		}
		if _, err := g.c.Do(t.Context(), "s", desk.Claim{Conversation: 1}); !errors.Is(err, ErrNotSent) || desk.AsError(err).Code != desk.CodeUnauthenticated {
			t.Errorf("a command afterwards: %v", err)
		}
		pass(time.Hour)
		if n := len(g.times()); n != 1 {
			t.Errorf("%d tries", n)
		}
	})
}

func TestByeForAWhile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.welcome(false, 5)
		p.send(desk.Bye{Type: desk.FrameBye, Code: desk.CodeBusy, Message: "Restarting.", RetryMS: 7000})
		began := time.Now()
		if l := g.last(); l.State != Offline || l.Error != "Restarting." || !l.Retry.Equal(began.Add(7*time.Second)) {
			t.Errorf("link %+v, now %v", l, began)
		}
		<-g.sockets
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("came back after %v", d)
		}
	})
}

func TestBackOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		up := false
		g := newRig(t, func(g *rig, _ *Options) {
			g.refuse = func() error {
				if up {
					return nil
				}
				return errors.New("no route")
			}
		})
		began := time.Now()
		pass(125 * time.Second)
		var waits []time.Duration
		for _, at := range g.times() {
			waits = append(waits, at.Sub(began))
			began = at
		}
		s := time.Second
		if diff := cmp.Diff([]time.Duration{0, s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s, 30 * s}, waits); diff != "" {
			t.Errorf("waits: %s", diff)
		}
		if l := g.last(); l.State != Offline || !strings.Contains(l.Error, "can't be reached: no route.") {
			t.Errorf("link %+v", l)
		}
		up = true
		g.c.Retry()
		p := <-g.sockets
		p.welcome(false, 5)
		for range 7 { // pings keep it alive for more than a minute
			pass(10 * time.Second)
			p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
		p.ws.Close()
		began = time.Now()
		<-g.sockets
		if d := time.Since(began); d != s {
			t.Errorf("after a stable minute the first wait is %v", d)
		}
	})
}

func TestRetryEndsTheWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		g.c.Retry() // while nothing waits: no effect on the next wait
		p.welcome(false, 5)
		p.send(desk.Bye{Type: desk.FrameBye, RetryMS: 60_000})
		pass(time.Second)
		if n := len(g.times()); n != 1 {
			t.Errorf("%d dials", n)
		}
		g.c.Retry()
		<-g.sockets
	})
}

func TestSilenceIsTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.welcome(false, 5) // pings every 10 s are promised
		began := time.Now()
		<-g.sockets
		if d := time.Since(began).Truncate(time.Second); d < 30*time.Second || d > 33*time.Second {
			t.Errorf("gave up after %v", d)
		}
		if l := g.links(); !strings.Contains(l[2].Error, "silent") {
			t.Errorf("links %v", l)
		}
	})
}

func TestNoWelcome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p, began := <-g.sockets, time.Now()
		for range 12 { // pings are no welcome
			p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Millisecond))
			pass(time.Second)
		}
		<-g.sockets
		if d := time.Since(began); d > 14*time.Second {
			t.Errorf("waited %v", d)
		}
	})
}

func TestStatusInsteadOfALink(t *testing.T) {
	tests := []struct {
		code  int
		retry string
		says  string
		after time.Duration // of the next try; 0: there is none
	}{
		{503, "20", "busy or restarting", 21 * time.Second},
		{503, "", "busy or restarting", time.Second},
		{429, "99999999999999999999", "busy or restarting", time.Second},
		{404, "", "no Frontdesk server", time.Second},
		{403, "", "forbids", time.Second},
		{302, "", "elsewhere", time.Second},
		{500, "", "answered 500", time.Second},
		{401, "", "Sign in again", 0},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.code, test.retry), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				g := newRig(t, func(g *rig, _ *Options) {
					g.answer = func(w http.ResponseWriter) bool {
						w.Header().Set("Retry-After", test.retry)
						w.Header().Set("Location", "http://127.0.0.1:2/v1/socket")
						w.WriteHeader(test.code)
						return true
					}
				})
				pass(test.after + time.Second/2)
				dials := g.times()
				if want := min(int(test.after), 1) + 1; len(dials) != want {
					t.Fatalf("%d dials, want %d", len(dials), want)
				}
				if test.after > 0 && dials[1].Sub(dials[0]) != test.after {
					t.Errorf("came back after %v, want %v", dials[1].Sub(dials[0]), test.after)
				}
				if l := g.links()[1]; !strings.Contains(l.Error, test.says) || (l.State == Refused) != (test.after == 0) {
					t.Errorf("link %+v", l)
				}
			})
		})
	}
}

func TestDeliveryGathers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.welcome(false, 0)
		pass(time.Second)
		began := time.Now()
		p.events(0, 1)
		synctest.Wait()
		if time.Since(began) != 0 || len(g.said()) != 5 {
			t.Errorf("an idle link delivered %d after %v", len(g.said()), time.Since(began))
		}
		before := g.deliveries()
		for i := range int64(100) {
			p.events(i+1, i+2)
			pass(time.Millisecond)
		}
		pass(gather)
		if n := g.deliveries() - before; n > 8 || len(g.said()) != 105 {
			t.Errorf("100 frames in 100 ms came in %d deliveries, %d in all", n, len(g.said()))
		}
	})
}

// A screen that stands still holds the link up, and loses nothing.
func TestSlowDelivery(t *testing.T) {
	bubble(t, func(t *testing.T) {
		block := make(chan struct{})
		g := newRig(t, func(g *rig, _ *Options) { g.block = block })
		p := <-g.sockets
		sent := make(chan int64, 10*inbox)
		go func() {
			p.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
			p.ws.WriteJSON(desk.Welcome{Type: desk.FrameHello, Version: desk.Version, Epoch: "e"})
			p.ws.WriteJSON(desk.Snapshot{Type: desk.FrameSnapshot, Epoch: "e"})
			for i := range int64(10 * inbox) {
				if p.ws.WriteJSON(desk.Events{Type: desk.FrameEvents, From: i, To: i + 1}) != nil {
					p.ws.Close()
					return
				}
				sent <- i
			}
		}()
		synctest.Wait()
		if n := len(sent); n > inbox+2 {
			t.Errorf("%d frames were read ahead", n)
		}
		pass(6 * time.Second) // the server gives us up
		close(block)
		p = <-g.sockets
		if p.hello.Epoch != "e" || p.hello.Seq < inbox-10 || p.hello.Seq > inbox+10 {
			t.Errorf("came back at %q %d", p.hello.Epoch, p.hello.Seq)
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		(<-g.sockets).welcome(false, 5)
		synctest.Wait()
		g.stop()
		if err := <-g.done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestAnswersOfAnotherVersion(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := newRig(t, nil)
		p := <-g.sockets
		p.send(desk.Welcome{Type: desk.FrameHello, Version: 9})
		if err := <-g.done; !strings.Contains(err.Error(), "version 9") {
			t.Error(err)
		}
	})
}

func TestWireIsWhatDeskSays(t *testing.T) {
	frame, err := encode("r", desk.Reply{Conversation: 7, Text: "hi", Seen: 3})
	if err != nil {
		t.Fatal(err)
	}
	var d desk.Do
	if err := json.Unmarshal(frame, &d); err != nil {
		t.Fatal(err)
	}
	cmd, err := desk.DecodeCommand(d.Command, d.Args)
	if diff := cmp.Diff(desk.Command(desk.Reply{Conversation: 7, Text: "hi", Seen: 3}), cmd); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := encode(strings.Repeat("r", 65), desk.Claim{Conversation: 1}); err == nil {
		t.Error("a ref that is too long was taken")
	}
}
