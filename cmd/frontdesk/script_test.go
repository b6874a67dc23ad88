package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"frontdesk": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			address, code, err := serveDesk(e.WorkDir, e.Defer)
			if err != nil {
				return err
			}
			e.Setenv("SERVER", address)
			e.Setenv("CODE", code)
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			return nil
		},
	})
}

const password = "correct horse battery"

// serveDesk serves a desk on this machine, with an owner, an agent, customers,
// and somebody who was invited with the code.
func serveDesk(dir string, later func(func())) (address, code string, _ error) {
	ctx := context.Background()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "desk.db"), store.Options{})
	if err != nil {
		return "", "", err
	}
	later(func() { _ = st.Close() })
	svc, err := server.New(ctx, server.Options{Store: st})
	if err != nil {
		return "", "", err
	}
	for _, m := range []server.NewMember{
		{Name: "Mia Ünal", Email: "mia@example.com", Password: password, Role: desk.RoleOwner},
		{Name: "Sam", Email: "sam@example.com", Password: password, Role: desk.RoleAgent},
	} {
		if _, err := svc.AddMember(ctx, m); err != nil {
			return "", "", err
		}
	}
	if err := svc.Receive(ctx, customers()); err != nil {
		return "", "", err
	}
	code, err = invite(ctx, svc)
	web := httptest.NewServer(svc.Handler())
	later(web.Close)
	return web.URL, code, err
}

// customers are more than one page of contacts, and one with a name that is a
// formula.
func customers() desk.Incoming {
	in := desk.Incoming{Channel: "test"}
	for i := range 60 {
		from := desk.Identity{WAID: fmt.Sprint("4917012345", 10+i), Name: fmt.Sprint("Customer ", i)}
		if i == 7 {
			from.Name = "=HYPERLINK(\"https://evil.example\")"
		}
		in.Messages = append(in.Messages, desk.IncomingMessage{External: fmt.Sprint("wamid.", i), From: from, At: time.Now(), Type: desk.TypeText, Text: "Hello"})
	}
	return in
}

// invite asks Zoe in, in the name of the owner.
func invite(ctx context.Context, svc *server.Service) (code string, _ error) {
	members, err := svc.Members(ctx)
	if err != nil {
		return "", err
	}
	owner := slices.IndexFunc(members, func(m desk.Member) bool { return m.Role == desk.RoleOwner })
	answer, err := svc.Do(ctx, server.Caller{Member: members[owner].ID}, "ref",
		desk.Invite{FullName: "Zoe", Email: "zoe@example.com", Role: desk.RoleAgent})
	if err != nil {
		return "", err
	}
	return answer.(desk.Done).Code, nil
}
