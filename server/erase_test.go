package server_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// verify checks the whole log of a desk.
func (h *house) verify() (report chain.Report) {
	h.t.Helper()
	var key string
	var records []chain.Record
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		if key, err = tx.LogKey(); err == nil {
			records, err = tx.Records(0, 1<<20)
		}
		return err
	})
	if err == nil {
		report, err = chain.Verify(func(yield func(chain.Record, error) bool) {
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
			}
		}, chain.Check{Key: key, Epoch: h.store.Epoch(), Size: h.head()})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return report
}

const (
	secretText = "my-secret-allergy"
	secretNote = "note-about-the-allergy"
	secretSaid = "we-know-the-allergy"
	secretName = "Customer 447700900123"
	secretWAID = "447700900123"
)

// telling makes a desk in which a customer told something, and another one too.
func telling(t *testing.T, o server.Options) *house {
	h := open(t, o)
	h.says(secretWAID, secretText, 1)
	h.says("999", "hello", 1)
	h.must("olga", desk.Claim{Conversation: 1})
	h.must("olga", desk.Note{Conversation: 1, Text: secretNote})
	h.must("olga", desk.Reply{Conversation: 1, Text: secretSaid, Seen: h.head()})
	h.settled()
	return h
}

// An operator erases a customer: nothing of theirs is left, other customers are
// untouched, and the log still verifies.
func TestEraseContact(t *testing.T) {
	h := telling(t, server.Options{})
	n, err := h.service.EraseContact(t.Context(), 1)
	if err != nil || n < 5 {
		t.Fatalf("%d entries, %v", n, err)
	}
	c, messages := h.thread(1)
	if c.Contact.Name+c.Contact.Phone+c.Contact.Username+c.Contact.UserID+c.Last.Text != "" || c.Status != desk.StatusResolved || c.Unread != 0 ||
		c.WindowOpen(h.clock.now()) {
		t.Errorf("the conversation is %+v", c)
	}
	if len(messages) < 3 {
		t.Errorf("%d messages", len(messages))
	}
	for _, m := range messages {
		if m.Text != "" || m.Quote != nil && m.Quote.Text != "" || m.Media != nil {
			t.Errorf("message %+v", m)
		}
	}
	if other, list := h.thread(2); other.Contact.Name != "Customer 999" || list[0].Text != "hello" {
		t.Errorf("another customer: %+v", other)
	}
	if r := h.verify(); !r.OK() || r.Erased != int64(n) {
		t.Errorf("%+v, %v", r, r.Broken)
	}
	// Who writes again is a new customer.
	h.says(secretWAID, "hello again", 2)
	if again, _ := h.thread(3); again.Contact.ID == c.Contact.ID {
		t.Error("the customer is the one that was erased")
	}
	var missing *desk.Error
	if _, err := h.service.EraseContact(t.Context(), 77); !errors.As(err, &missing) || missing.Code != desk.CodeNotFound {
		t.Errorf("a chat that isn't there: %v", err)
	}
}

// What is erased is gone from the file, not only from what is shown.
func TestEraseReachesTheFile(t *testing.T) {
	var file string
	t.Cleanup(func() { // after the desk was closed, which empties the write-ahead log
		for _, secret := range []string{secretText, secretNote, secretSaid, secretName} {
			if fileHolds(t, file, secret) {
				t.Errorf("the file still holds %q", secret)
			}
		}
	})
	h := telling(t, server.Options{})
	file = h.file
	if !fileHolds(t, file, secretText) {
		t.Fatal("the test looks in the wrong place")
	}
	if _, err := h.service.EraseContact(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
}

func fileHolds(t *testing.T, file, text string) bool {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(file + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// A screen that shows the chat is told; one that comes back later, at a position
// from before, isn't given what was erased.
func TestEraseReachesSessions(t *testing.T) {
	h := telling(t, server.Options{})
	live := h.dial("olga", desk.Hello{})
	var snap desk.Snapshot
	live.until(desk.FrameSnapshot).into(t, &snap)
	h.says("999", "more", 2)
	before := h.head()
	if _, err := h.service.EraseContact(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for told := false; !told; {
		var e desk.Events
		live.until(desk.FrameEvents).into(t, &e)
		for _, ev := range e.Events {
			if ev.Kind == desk.ContactErased {
				told = true
				if ev.Conversation.ID != 1 || ev.Conversation.Contact.Name != "" || ev.Conversation.Last.Text != "" {
					t.Errorf("told %+v", ev.Conversation)
				}
			}
		}
	}
	back := h.dial("olga", desk.Hello{Epoch: h.store.Epoch(), Seq: before - 4})
	if f := back.until(desk.FrameSnapshot); strings.Contains(string(f.raw), "allergy") || strings.Contains(string(f.raw), secretWAID) {
		t.Errorf("who came back was given %s", f.raw)
	}
}

// The operator's command is another process than the server.
func TestErasedByAnotherProcess(t *testing.T) {
	h := telling(t, server.Options{Poll: time.Millisecond})
	live := h.dial("olga", desk.Hello{})
	live.until(desk.FrameSnapshot)
	before := h.head()
	other, err := store.Open(t.Context(), "sqlite:"+h.file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	console, err := server.New(t.Context(), server.Options{Store: other, Now: h.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := console.EraseContact(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for told := false; !told; {
		told = strings.Contains(string(live.until(desk.FrameEvents).raw), string(desk.ContactErased))
	}
	back := h.dial("olga", desk.Hello{Epoch: h.store.Epoch(), Seq: before - 4})
	if f := back.until(desk.FrameSnapshot); strings.Contains(string(f.raw), "allergy") {
		t.Errorf("who came back was given %s", f.raw)
	}
	// A server that starts now reads blank entries, and tells nobody of them.
	fresh, err := store.Open(t.Context(), "sqlite:"+h.file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if _, err := server.New(t.Context(), server.Options{Store: fresh}); err != nil {
		t.Errorf("start after an erasure: %v", err)
	}
}

// The answer of a message on its way would bring the number back.
func TestEraseWaitsForASend(t *testing.T) {
	h := open(t, server.Options{})
	h.says(secretWAID, "hi", 1)
	h.must("olga", desk.Claim{Conversation: 1})
	began, goOn := make(chan struct{}), make(chan struct{})
	h.channel.answers(func(desk.Outgoing) (desk.Receipt, error) {
		close(began)
		<-goOn
		return desk.Receipt{External: "wamid.x", WAID: secretWAID}, nil
	})
	h.must("olga", desk.Reply{Conversation: 1, Text: "hello", Seen: h.head()})
	<-began
	_, err := h.service.EraseContact(t.Context(), 1)
	var refused *desk.Error
	if !errors.As(err, &refused) || refused.Code != desk.CodeBusy {
		t.Errorf("while a message is being sent: %v", err)
	}
	close(goOn)
	h.settled()
	if _, err := h.service.EraseContact(t.Context(), 1); err != nil {
		t.Error(err)
	}
}
