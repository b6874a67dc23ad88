package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// TestHoldersCouldHelp refuses people, and lets everyone try what they are named
// for: those who are could give what was missing, and nobody else could.
func TestHoldersCouldHelp(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	sara := h.members["sara"].ID
	ids := plant(t, h.store, h.clock.now(), open1(h.members["mona"].ID, support), open1(sara, wares), open1("", ""))
	tests := []struct {
		who  string
		cmd  desk.Command
		want string
	}{
		{"asha", desk.Reply{Conversation: ids[0], Text: "x", Seen: 1 << 40}, "mona adam olga"},
		{"vera", desk.Note{Conversation: ids[1], Text: "x"}, "adam olga"}, // Vera is in no team
		{"mark", desk.Claim{Conversation: ids[2]}, "mona adam olga"},
		{"tom", desk.ListLog{}, "adam olga"},
		{"mona", desk.ListLog{Actor: sara}, "adam olga"},
		{"mona", desk.ExportLog{}, "adam olga"},
		{"mona", desk.Preview{Command: "role.assign", Args: []byte(asJSON(t, desk.AssignRole{Member: sara, Role: desk.RoleViewer}))}, "adam olga"},
		{"asha", desk.AssignRole{Member: h.members["mark"].ID, Role: desk.RoleViewer}, "mona adam olga"},
		{"adam", desk.AssignRole{Member: h.members["adam"].ID, Role: desk.RoleViewer}, ""}, // no access changes that
		{"asha", desk.Claim{Conversation: ids[0]}, ""},
	}
	for _, tt := range tests {
		_, err := h.try(tt.who, tt.cmd)
		d, ok := errors.AsType[*desk.Denied](err)
		if !ok {
			t.Errorf("%s does %s: %v", tt.who, tt.cmd.Name(), err)
			continue
		}
		var named []string
		for _, id := range d.Holders {
			for name, m := range h.members {
				if m.ID == id {
					named = append(named, name)
				}
			}
		}
		if got := strings.Join(named, " "); got != tt.want {
			t.Errorf("%s can't do %s, and is sent to %q, want %q", tt.who, tt.cmd.Name(), got, tt.want)
		}
		if !d.Askable() {
			continue
		}
		give := desk.GiveAccess{Member: h.members[tt.who].ID, Key: d.Perm, Scope: d.Needs, For: 60, Reason: "a test"}
		for name := range h.members {
			_, err := h.try(name, desk.Preview{Command: give.Name(), Args: []byte(asJSON(t, give))})
			if (err == nil) != slices.Contains(named, name) {
				t.Errorf("%s gives %s %s of %s: %v; named are %v", name, tt.who, d.Needs, d.Perm, err, named)
			}
		}
	}
}

// TestHoldersAreThere names nobody who is suspended, removed or hasn't joined.
func TestHoldersAreThere(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	gone := h.hire("Gone Owner", desk.RoleOwner, nil)
	h.must("olga", desk.Remove{Member: gone.ID})
	h.must("olga", desk.Suspend{Member: h.members["adam"].ID})
	h.must("olga", desk.Invite{FullName: "New Admin", Email: "new@example.com", Role: desk.RoleAdmin})
	_, err := h.try("tom", desk.ListLog{})
	d, _ := errors.AsType[*desk.Denied](err)
	if d == nil || !slices.Equal(d.Holders, []desk.MemberID{h.members["olga"].ID}) {
		t.Errorf("Tom is sent to %+v", d)
	}
}

// TestEveryRefusalIsLogged refuses in every way that there is, and reads who it
// was, what they tried and what it was about.
func TestEveryRefusalIsLogged(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	mona, mark := h.members["mona"].ID, h.members["mark"].ID
	id := plant(t, h.store, h.clock.now(), open1(mona, ""))[0]
	h.must("olga", desk.ChangeRoles{Changes: []desk.RoleChange{night()}})
	request := h.must("mona", desk.AskAccess{Key: desk.RoleManage, Scope: desk.ScopeAll, For: 60, Reason: "a test"}).(desk.Done).Request
	eyed := h.as("olga")
	eyed.As = &desk.ViewAs{Member: mona}
	tests := []struct {
		what string
		who  server.Caller
		cmd  desk.Command
		want refusal
	}{
		{"a write", h.as("vera"), desk.Note{Conversation: id, Text: "x"}, refusal{Why: desk.WhyNoKey, Conversation: id}},
		{"a read of what is hidden", h.as("asha"), desk.History{Conversation: id}, refusal{Why: desk.WhyHidden, Conversation: id}},
		{"a write to what is hidden, and to whom", h.as("asha"), desk.Assign{Conversation: id, Member: &mark}, refusal{Why: desk.WhyHidden, Conversation: id, Target: string(mark)}},
		{"a read that is recorded", h.as("mona"), desk.ExportLog{}, refusal{Why: desk.WhyNoKey}},
		{"a person", h.as("mona"), desk.Suspend{Member: mona}, refusal{Why: desk.WhySelf, Target: string(mona)}},
		{"a preview", h.as("mona"), desk.Preview{Command: "member.suspend", Args: []byte(asJSON(t, desk.Suspend{Member: mona}))}, refusal{Why: desk.WhySelf, Target: string(mona)}},
		{"a request", h.as("asha"), desk.DecideRequest{Request: request}, refusal{Why: desk.WhyHidden, Target: string(request)}},
		{"a role", h.as("mona"), desk.ChangeRoles{Changes: []desk.RoleChange{{Role: "night", Seen: 1, Remove: true, MoveTo: desk.RoleAgent}}}, refusal{Why: desk.WhyNoKey, Target: "night"}},
		{"versions of a word that is too long", h.as("asha"), desk.ListVersions{Role: desk.RoleID(strings.Repeat("x", 5000))}, refusal{Why: desk.WhyNoKey}},
		{"a write through other eyes", eyed, desk.Note{Conversation: id, Text: "x"}, refusal{Why: desk.WhyReadOnly, Conversation: id}},
		{"a team", h.as("asha"), desk.RenameTeam{Team: support, TeamName: "Ours"}, refusal{Why: desk.WhyNoKey, Target: string(support)}},
		{"what isn't there", h.as("olga"), desk.History{Conversation: 999_999}, refusal{Why: desk.WhyHidden, Conversation: 999_999}},
		{"a message that isn't there", h.as("mona"), desk.Retry{Conversation: id, Message: "m_none"}, refusal{Why: desk.WhyHidden, Conversation: id, Target: "m_none"}},
		{"a member who isn't there", h.as("olga"), desk.Suspend{Member: "u_none"}, refusal{Why: desk.WhyHidden, Target: "u_none"}},
		{"a wrong argument", h.as("olga"), desk.ListUsage{}, refusal{}},
	}
	for i, tt := range tests {
		before := h.head()
		ref := fmt.Sprintf("refused-%d", i)
		if _, reads := tt.cmd.(desk.Reader); reads {
			ref = ""
		}
		if _, err := h.service.Do(t.Context(), tt.who, ref, tt.cmd); err == nil {
			t.Errorf("%s was done", tt.what)
		}
		var want []refusal
		if tt.want.Why != "" {
			tt.want.Actor, tt.want.Command = tt.who.Member, tt.cmd.Name()
			want = []refusal{tt.want}
		}
		if diff := cmp.Diff(want, h.refusals(before)[tt.who.Member]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
		for _, e := range h.log(before) {
			if e.Addr != "127.0.0.1" || e.Session != "test" {
				t.Errorf("%s: the entry is from %q, of the session %q", tt.what, e.Addr, e.Session)
			}
		}
	}
}

// TestRefusalsAreToldToNobody watches what others are sent while someone is
// refused: the log has it, and nobody is told.
func TestRefusalsAreToldToNobody(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["mona"].ID, support))[0]
	olga, asha := h.dial("olga", desk.Hello{}), h.dial("asha", desk.Hello{})
	olga.first()
	asha.first()
	if a := asha.do("one", desk.Reply{Conversation: id, Text: "x", Seen: 1 << 40}); a.Error == nil {
		t.Fatal("it wasn't refused")
	}
	h.must("mona", desk.Note{Conversation: id, Text: "the end"})
	for _, l := range []*line{olga, asha} {
		ev := l.events()
		if len(ev.Events) != 1 || ev.Events[0].Kind != desk.NoteAdded {
			t.Errorf("they were told %+v", ev)
		}
	}
}

// TestNoRecordNoAnswer keeps the log from being written: a refusal isn't answered
// as one, so nobody tries doors unseen.
func TestNoRecordNoAnswer(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["mona"].ID, support))[0]
	h.sql("CREATE TRIGGER shut BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'shut'); END")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := h.service.Do(ctx, h.as("vera"), "one", desk.Note{Conversation: id, Text: "x"})
	if _, denied := errors.AsType[*desk.Denied](err); denied || err == nil {
		t.Errorf("without a record it is answered: %v", err)
	}
	if e := desk.AsError(err); e.Denied != nil || e.Code == desk.CodeDenied {
		t.Errorf("the answer tells of the refusal: %+v", e)
	}
	h.sql("DROP TRIGGER shut")
	_, err = h.try("vera", desk.Note{Conversation: id, Text: "x"})
	refused(t, "with a record", err, desk.WhyNoKey)
}

// BenchmarkRefusal is what a refusal costs with its record, in a desk of many
// people.
func BenchmarkRefusal(b *testing.B) {
	for _, people := range []int{10, 1000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			h := open(b, server.Options{})
			for i := range people {
				h.hire(fmt.Sprint("Agent ", i), desk.RoleAgent, []desk.TeamID{support})
			}
			id := plant(b, h.store, h.clock.now(), open1(h.members["mona"].ID, support))[0]
			for b.Loop() {
				if _, err := h.try("vera", desk.Note{Conversation: id, Text: "x"}); err == nil {
					b.Fatal("it was done")
				}
			}
		})
	}
}
