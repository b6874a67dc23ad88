package main

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"

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
			svc, address, err := serveDesk(e.WorkDir, e.Defer)
			if err != nil {
				return err
			}
			e.Values[serviceKey{}] = svc
			e.Setenv("SERVER", address)
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"suspend": suspend},
	})
}

type serviceKey struct{}

const password = "correct horse battery"

// serveDesk serves a desk with an owner and an agent on this machine.
func serveDesk(dir string, later func(func())) (*server.Service, string, error) {
	ctx := context.Background()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "desk.db"), store.Options{})
	if err != nil {
		return nil, "", err
	}
	later(func() { _ = st.Close() })
	svc, err := server.New(ctx, server.Options{Store: st})
	if err != nil {
		return nil, "", err
	}
	for _, m := range []server.NewMember{
		{Name: "Mia Ünal", Email: "mia@example.com", Password: password, Role: desk.RoleOwner},
		{Name: "Sam", Email: "sam@example.com", Password: password, Role: desk.RoleAgent},
	} {
		if _, err := svc.AddMember(ctx, m); err != nil {
			return nil, "", err
		}
	}
	web := httptest.NewServer(svc.Handler())
	later(web.Close)
	return svc, web.URL, nil
}

// suspend ends a member's sign-ins at the server: suspend EMAIL.
func suspend(ts *testscript.TestScript, _ bool, args []string) {
	svc := ts.Value(serviceKey{}).(*server.Service)
	members, err := svc.Members(context.Background())
	ts.Check(err)
	for _, m := range members {
		if m.Email == args[0] {
			ts.Check(svc.Suspend(context.Background(), m.ID))
		}
	}
}
