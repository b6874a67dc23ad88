package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
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
