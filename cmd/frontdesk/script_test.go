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
			address, err := serveDesk(e.WorkDir, e.Defer)
			if err != nil {
				return err
			}
			e.Setenv("SERVER", address)
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			return nil
		},
	})
}

const password = "correct horse battery"

// serveDesk serves a desk with an owner and an agent on this machine.
func serveDesk(dir string, later func(func())) (string, error) {
	ctx := context.Background()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "desk.db"), store.Options{})
	if err != nil {
		return "", err
	}
	later(func() { _ = st.Close() })
	svc, err := server.New(ctx, server.Options{Store: st})
	if err != nil {
		return "", err
	}
	for _, m := range []server.NewMember{
		{Name: "Mia Ünal", Email: "mia@example.com", Password: password, Role: desk.RoleOwner},
		{Name: "Sam", Email: "sam@example.com", Password: password, Role: desk.RoleAgent},
	} {
		if _, err := svc.AddMember(ctx, m); err != nil {
			return "", err
		}
	}
	web := httptest.NewServer(svc.Handler())
	later(web.Close)
	return web.URL, nil
}
