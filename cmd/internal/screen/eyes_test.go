//go:build unix

package screen

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// A second link on the owner's sign-in shows what an agent sees, can only read,
// and ends with the screen.
func TestEyes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	st, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	svc, err := server.New(ctx, server.Options{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	in := desk.Incoming{Channel: "test", Messages: []desk.IncomingMessage{{External: "wamid.1", Type: desk.TypeText,
		Text: "Hello", At: time.Now(), From: desk.Identity{WAID: "447700900123", Name: "Ada"}}}}
	if err := svc.Receive(ctx, in); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(svc.Handler())
	t.Cleanup(web.Close)
	add := func(name string, role desk.RoleID) desk.Member {
		m, err := svc.AddMember(ctx, server.NewMember{Name: name, Email: name + "@example.com", Password: "correct horse battery", Role: role})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	owner, agent := add("mia", desk.RoleOwner), add("sam", desk.RoleAgent)
	token, err := svc.Issue(ctx, owner.ID, "test")
	if err != nil {
		t.Fatal(err)
	}

	lasting, leave := context.WithCancel(ctx)
	others := &eyes{ctx: lasting, link: client.Options{Server: web.URL, Token: token, Epoch: "e", Seq: 7}}
	got := make(chan client.Msg, 100)
	do, closeIt := others.as(desk.ViewAs{Member: agent.ID}, func(msgs []client.Msg) {
		for _, m := range msgs {
			got <- m
		}
	})
	var rep = client.NewReplica()
	for !rep.Known() {
		select {
		case m := <-got:
			rep.Apply(m)
		case <-ctx.Done():
			t.Fatal("no snapshot came")
		}
	}
	if rep.Me().Member.ID != agent.ID || rep.As() == nil || rep.As().Member != agent.ID || rep.Len(desk.ListQueue) != 1 {
		t.Errorf("%+v through %+v sees %d chats", rep.Me().Member, rep.As(), rep.Len(desk.ListQueue))
	}
	if _, err := do(ctx, "", desk.History{Conversation: 1, Limit: 1}); err != nil {
		t.Errorf("reading: %v", err)
	}
	if _, err := do(ctx, "", desk.Claim{Conversation: 1}); err == nil {
		t.Error("a look through other eyes took a chat")
	}
	closeIt()
	closeIt() // again is nothing
	others.as(desk.ViewAs{Member: agent.ID}, func([]client.Msg) {})
	leave()
	others.wait() // one that nobody closed ends too
}
