package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// usedBy is what the desk has noted of a member today.
func (h *house) usedBy(who string) map[desk.Perm]desk.Scope {
	h.t.Helper()
	got := map[desk.Perm]desk.Scope{}
	for _, u := range h.must("olga", desk.ListUsage{Days: 1}).(desk.Usages).Used {
		if u.Member == h.members[who].ID {
			got[u.Perm] = u.Scope
		}
	}
	return got
}

// noted waits until what a member used is this.
func (h *house) noted(what, who string, want map[desk.Perm]desk.Scope) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	for {
		got := h.usedBy(who)
		if maps.Equal(got, want) {
			return
		}
		if ctx.Err() != nil {
			h.t.Fatalf("%s: noted of %s (-want +got):\n%s", what, who, cmp.Diff(want, got))
		}
		runtime.Gosched()
	}
}

func TestUseIsNoted(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha := h.members["asha"].ID
	ids := plant(t, h.store, h.clock.now(), open1(asha, ""), open1("", support))
	want := map[desk.Perm]desk.Scope{}
	step := func(what string, more map[desk.Perm]desk.Scope) {
		t.Helper()
		maps.Copy(want, more)
		h.noted(what, "asha", want)
	}
	h.must("asha", desk.ListConversations{List: desk.ListMine})
	step("a list", map[desk.Perm]desk.Scope{desk.ConversationView: "own", desk.ContactViewPII: "own"})
	h.must("asha", desk.ListConversations{List: desk.ListTeam})
	step("the team's list", map[desk.Perm]desk.Scope{desk.ConversationView: "team", desk.ContactViewPII: "team"})
	h.must("asha", desk.Reply{Conversation: ids[0], Text: "Hello", Seen: 1 << 40})
	step("a reply", map[desk.Perm]desk.Scope{desk.MessageReply: "own"})
	h.must("asha", desk.Claim{Conversation: ids[1]})
	step("a claim", map[desk.Perm]desk.Scope{desk.ConversationClaim: "team", desk.ConversationViewQueue: "team"})
	if _, err := h.try("asha", desk.ListUsage{Days: 1}); err == nil {
		t.Error("an agent reads what everyone uses")
	}
	h.must("asha", desk.ListStaff{})
	step("a refusal, and the people", map[desk.Perm]desk.Scope{desk.MemberView: "all"})
}

// TestUseCountsWhatWasGiven lets a manager give a role: without the keys in it
// they couldn't have.
func TestUseCountsWhatWasGiven(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha := h.members["asha"].ID
	h.must("mona", desk.AssignRole{Member: asha, Role: desk.RoleTemporary})
	want := maps.Clone(roleOf(t, desk.RoleTemporary).Grants)
	want[desk.RoleAssign] = desk.ScopeTeam
	h.noted("a role", "mona", want)
	h.must("mona", desk.SetTeams{Member: asha, Teams: nil})
	want[desk.TeamManage] = desk.ScopeTeam
	h.noted("teams", "mona", want)
	h.must("mona", desk.Preview{Command: "member.suspend", Args: []byte(asJSON(t, desk.Suspend{Member: h.members["mark"].ID}))})
	h.must("mona", desk.ListSessions{Member: h.members["mark"].ID})
	want[desk.SessionView] = desk.ScopeTeam
	h.noted("a preview, which takes nothing, and a read", "mona", want)
}

// TestUseOfOneDay repeats what was done, does less, and starts the server anew:
// of one day the widest use stays, and the next day begins again.
func TestUseOfOneDay(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha := h.members["asha"].ID
	ids := plant(t, h.store, h.clock.now(), open1(asha, ""), open1(h.members["sara"].ID, support))
	note := func(s *server.Service, n int, id desk.ConversationID) {
		t.Helper()
		if _, err := s.Do(t.Context(), h.as("asha"), fmt.Sprintf("note-%d", n), desk.Note{Conversation: id, Text: "Look"}); err != nil {
			t.Fatal(err)
		}
	}
	wide := map[desk.Perm]desk.Scope{desk.MessageNote: "team", desk.ConversationView: "team"}
	note(h.service, 1, ids[1])
	h.noted("a teammate's chat", "asha", wide)
	again := h.other()
	note(again, 2, ids[0])
	if _, err := again.Do(t.Context(), h.as("asha"), "", desk.ListStaff{}); err != nil {
		t.Fatal(err)
	}
	wide[desk.MemberView] = "all"
	h.noted("less, by another start of the server", "asha", wide)

	first := h.clock.now()
	h.clock.add(24 * time.Hour)
	note(h.service, 3, ids[0])
	usages, u := h.notedAgain("asha", desk.MessageNote)
	if u.Scope != "team" || !usages.Since.Equal(first) {
		t.Errorf("of two days it is told %+v, since %v; want the wider scope, since %v", u, usages.Since, first)
	}
	note(h.service, 3, ids[0]) // a repeated ref is answered, and no other use
}

// notedAgain waits until a member's use of a key is told with the time of now.
func (h *house) notedAgain(who string, p desk.Perm) (desk.Usages, desk.Usage) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	for {
		usages := h.must("olga", desk.ListUsage{Days: 30}).(desk.Usages)
		for _, u := range usages.Used {
			if u.Member == h.members[who].ID && u.Perm == p && u.LastAt.Equal(h.clock.now()) {
				return usages, u
			}
		}
		if ctx.Err() != nil {
			h.t.Fatalf("%s's use of %s isn't noted: %+v", who, p, usages)
		}
		runtime.Gosched()
	}
}

// sql runs a statement on the database behind the store's back.
func (h *house) sql(statement string) {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(h.t.Context(), statement); err != nil {
		h.t.Fatal(err)
	}
}

func TestNoUsesYet(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	got := h.must("olga", desk.ListUsage{Days: 90}).(desk.Usages)
	if !got.Since.Equal(h.clock.now()) || len(got.Used) != 0 {
		t.Errorf("a desk that noted nothing tells %+v", got)
	}
}

// buffer is a log that several write and one reads.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestUseThatCantBeNotedIsSaid breaks the table: the command is done all the
// same, the log says what is lost, and later it is noted after all.
func TestUseThatCantBeNotedIsSaid(t *testing.T) {
	t.Parallel()
	var logged buffer
	h := open(t, server.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	asha := h.members["asha"].ID
	ids := plant(t, h.store, h.clock.now(), open1(asha, ""))
	h.sql("ALTER TABLE key_use RENAME TO mislaid")
	h.must("asha", desk.Note{Conversation: ids[0], Text: "Look"})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !strings.Contains(logged.String(), "could not be noted") {
		if ctx.Err() != nil {
			t.Fatalf("nothing was said; the log has %q", logged.String())
		}
		runtime.Gosched()
	}
	h.sql("ALTER TABLE mislaid RENAME TO key_use")
	h.must("asha", desk.Note{Conversation: ids[0], Text: "Look again"})
	h.noted("the next use", "asha", map[desk.Perm]desk.Scope{desk.MessageNote: "own", desk.ConversationView: "own"})
}

// BenchmarkUsed is what a command costs with noting and, for comparison, how much
// of that the noting is.
func BenchmarkUsed(b *testing.B) {
	h := open(b, server.Options{})
	ids := plant(b, h.store, h.clock.now(), open1(h.members["asha"].ID, ""))
	cmd := desk.History{Conversation: ids[0], Limit: 1}
	me := h.actor("asha")
	c := &desk.Conversation{ID: ids[0], Assignee: me.Member.ID}
	b.Run("command", func(b *testing.B) {
		for b.Loop() {
			h.must("asha", cmd)
		}
	})
	b.Run("uses", func(b *testing.B) {
		for b.Loop() {
			desk.Uses(me, desk.ConversationView, desk.Subject{Conversation: c})
		}
	})
}
