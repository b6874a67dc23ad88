package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// What the operator does with the log. Two commands stand in for the world:
// "customer NUMBER TEXT" is one who writes, "behind SQL" somebody who changes the
// database behind the program's back.
func TestLogScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/log",
		Setup: func(e *testscript.Env) error {
			e.Setenv("FRONTDESK_DATABASE", "sqlite:"+e.WorkDir+"/data/desk.db")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"customer": customerWrites,
			"behind":   behindItsBack,
		},
	})
}

func customerWrites(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	s, err := store.Open(ctx, ts.Getenv("FRONTDESK_DATABASE"), store.Options{})
	ts.Check(err)
	defer func() { ts.Check(s.Close()) }()
	svc, err := server.New(ctx, server.Options{Store: s})
	ts.Check(err)
	ts.Check(svc.Receive(ctx, desk.Incoming{Channel: "shop", Messages: []desk.IncomingMessage{{
		External: fmt.Sprint("wamid.", time.Now().UnixNano()), From: desk.Identity{WAID: args[0], Name: "Kim-" + args[0]},
		At: time.Now(), Type: desk.TypeText, Text: args[1], Raw: json.RawMessage(`{}`),
	}}}))
}

func behindItsBack(ts *testscript.TestScript, _ bool, args []string) {
	db := openBehind(ts)
	defer func() { ts.Check(db.Close()) }()
	_, err := db.Exec(strings.Join(args, " "))
	ts.Check(err)
}

func openBehind(ts *testscript.TestScript) *sql.DB {
	db, err := sql.Open("sqlite", strings.TrimPrefix(ts.Getenv("FRONTDESK_DATABASE"), "sqlite:"))
	ts.Check(err)
	return db
}

// A server that runs goes on writing, the trace of the export among it: the file
// has what its header says.
func TestWriteLogWhileOthersAppend(t *testing.T) {
	ctx := t.Context()
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	appendSome := func(n int) {
		err := s.Write(ctx, func(tx *store.Tx) error {
			for range n {
				if _, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.NoteAdded, At: time.Now()}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	appendSome(2*recordsAtOnce + 10)
	reads := 0
	read := func(ctx context.Context, f func(*store.Tx) error) error {
		if reads++; reads > 20 {
			return errors.New("the export follows its own traces")
		}
		defer appendSome(recordsAtOnce)
		return s.Read(ctx, f)
	}
	for _, o := range []store.LinesOptions{{}, {Withhold: true}} {
		want := headOf(t, s)
		path := filepath.Join(t.TempDir(), "log.jsonl")
		last, err := writeLog(ctx, read, path, o)
		report, err2 := verifyFile(path, chain.Check{})
		if err != nil || err2 != nil || last != want || !report.OK() || report.Entries != want || report.Withheld != o.Withhold {
			t.Errorf("withheld %v: %d entries of %d, %v; %+v, %v", o.Withhold, last, want, err, report, err2)
		}
	}
}

// busyDesk is a desk with a long log and, at its end, a customer, who is erased
// when the log has been looked at twice. Something is appended after each look.
func busyDesk(t *testing.T) (s *store.Store, read reading) {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	appendSome := func(n int) {
		err := s.Write(ctx, func(tx *store.Tx) error {
			for range n {
				if _, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.NoteAdded, At: time.Now()}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	svc, err := server.New(ctx, server.Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	appendSome(2*recordsAtOnce + 10)
	err = svc.Receive(ctx, desk.Incoming{Channel: "shop", Messages: []desk.IncomingMessage{{
		External: "wamid.1", From: desk.Identity{WAID: "447700900001", Name: "Kim"}, At: time.Now(), Type: desk.TypeText, Text: "Hello", Raw: json.RawMessage(`{}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	chat := newestChat(t, s)
	looks := 0
	return s, func(ctx context.Context, f func(*store.Tx) error) error {
		if looks++; looks == 2 {
			if n, err := svc.EraseContact(ctx, chat); err != nil || n == 0 {
				t.Errorf("%d entries were erased, %v", n, err)
			}
		}
		defer appendSome(10)
		return s.Read(ctx, f)
	}
}

func newestChat(t *testing.T, s *store.Store) (id desk.ConversationID) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *store.Tx) error {
		list, _, err := tx.Log(store.LogFilter{Kinds: []desk.EventKind{desk.MessageReceived}, Limit: 1})
		if err == nil {
			id = list[0].Conversation.ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A healthy log is whole also while others append to it and erase a customer in
// it; one that ends before its head isn't.
func TestVerifyWhileOthersAppend(t *testing.T) {
	s, read := busyDesk(t)
	check := chain.Check{Epoch: s.Epoch()}
	if err := s.Read(t.Context(), func(tx *store.Tx) (err error) { check.Key, err = tx.LogKey(); return err }); err != nil {
		t.Fatal(err)
	}
	log := growing{read: read}
	check.SizeAtEnd = func() int64 { return log.head }
	before := headOf(t, s)
	r, err := chain.Verify(log.records(t.Context()), check)
	if err != nil || !r.OK() || r.Entries <= before || r.Erased == 0 {
		t.Errorf("the log of a desk at work: %v, %v, %+v", r.Broken, err, r)
	}
	check.SizeAtEnd = func() int64 { return log.head + 1 }
	if r, err = chain.Verify(log.records(t.Context()), check); err != nil || r.OK() {
		t.Errorf("a log that lacks its last entry: %+v, %v", r, err)
	}
}

// An erasure while the log is written out leaves a file that verifies.
func TestWriteLogWhileSomeoneIsErased(t *testing.T) {
	_, read := busyDesk(t)
	path := filepath.Join(t.TempDir(), "log.jsonl")
	last, err := writeLog(t.Context(), read, path, store.LinesOptions{})
	r, err2 := verifyFile(path, chain.Check{})
	if err != nil || err2 != nil || !r.OK() || r.Entries != last || r.Erased == 0 {
		t.Errorf("%v, %v; %+v, %v", err, err2, r, r.Broken)
	}
}

func headOf(t *testing.T, s *store.Store) (head int64) {
	t.Helper()
	if err := s.Read(t.Context(), func(tx *store.Tx) (err error) { head, err = tx.Head(); return err }); err != nil {
		t.Fatal(err)
	}
	return head
}
