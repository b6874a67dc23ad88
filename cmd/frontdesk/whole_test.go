package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// A role that is changed as text reaches the open screen of whoever has it, and
// the command ends when that screen shows it.
func TestApplyReachesOpenScreens(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	dir := t.TempDir()
	var later []func()
	address, _, err := serveDesk(dir, func(f func()) { later = append(later, f) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for i := range later {
			later[len(later)-1-i]()
		}
	})
	frontdesk := func(stdin string, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		getenv := func(name string) string { return map[string]string{"HOME": dir}[name] }
		if err := run(ctx, append([]string{"frontdesk"}, args...), getenv, strings.NewReader(stdin), &out, &out); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		return out.String()
	}
	write := func(view string) string {
		t.Helper()
		name := filepath.Join(dir, "roles.toml")
		text := "[role.night]\nname = \"Night\"\nrank = 30\ngrants.conversation.view = \"" + view + "\"\ngrants.member.view = true\n"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	frontdesk(password, "login", "--server", address, "--email", "mia@example.com")
	frontdesk("", "roles", "apply", "--yes", write("all"))

	sam, err := client.SignIn(ctx, address, "sam@example.com", password, "test")
	if err != nil {
		t.Fatal(err)
	}
	mia, err := client.SignIn(ctx, address, "mia@example.com", password, "test")
	if err != nil {
		t.Fatal(err)
	}
	admin := open(t, ctx, address, mia.Token)
	if _, err := admin.Do(ctx, "", desk.AssignRole{Member: sam.Member.ID, Role: "night"}); err != nil {
		t.Fatal(err)
	}
	open(t, ctx, address, sam.Token)

	out := frontdesk("", "roles", "apply", "--yes", write("own"))
	for _, want := range []string{"Effect: 1 person, 1 open screen.", "Sam: has conversation.view all → own; 60 open chats leave sight", "1 of 1 session acknowledged."} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

// open is a screen that is there once it returns.
func open(t *testing.T, ctx context.Context, address, token string) *client.Client {
	t.Helper()
	c := client.New(client.Options{Server: address, Token: token, Program: "test"})
	ctx, stop := context.WithCancel(ctx)
	shown, ended := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Run(ctx, func(msgs []client.Msg) {
			for _, m := range msgs {
				if _, ok := m.(desk.Snapshot); ok {
					shown <- struct{}{}
				}
			}
		})
	}()
	t.Cleanup(func() { stop(); <-ended })
	select {
	case <-shown:
	case <-ctx.Done():
		t.Fatal("no snapshot came")
	}
	return c
}
