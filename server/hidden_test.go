package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// tried is what an asker learns from a command that finds nothing: the answer, how
// far the log moved, and their own entries about it, with the name of what they
// asked for left out.
type tried struct {
	Answer  string
	Moved   int64
	Entries string
}

func (h *house) tries(who string, cmd desk.Command, named *strings.Replacer) (got tried) {
	h.t.Helper()
	before := h.pageSeq(who)
	ref := ""
	if _, reads := cmd.(desk.Reader); !reads {
		h.refs++
		ref = fmt.Sprintf("ref-%d", h.refs)
	}
	_, err := h.service.Do(h.t.Context(), h.as(who), ref, cmd)
	got.Answer, got.Moved = asJSON(h.t, desk.AsError(err)), h.pageSeq(who)-before
	got.Entries = named.Replace(h.ownEntries(who, before))
	return got
}

// pageSeq is the head of the log as a list tells it to everyone.
func (h *house) pageSeq(who string) int64 {
	h.t.Helper()
	return h.must(who, desk.ListConversations{List: desk.ListMine, Limit: 1}).(desk.Page).Seq
}

// ownEntries are the asker's entries since a number, without what every entry has
// of its own.
func (h *house) ownEntries(who string, after int64) string {
	h.t.Helper()
	page := h.must(who, desk.ListLog{Actor: h.members[who].ID, After: after}).(desk.LogPage)
	for i := range page.Entries {
		page.Entries[i].Seq, page.Entries[i].Hash = 0, ""
	}
	return asJSON(h.t, page.Entries)
}

// TestHiddenLikeMissing asks for what is hidden and for what doesn't exist: the
// answer, the head of the log and the asker's own entries are the same but for the
// name that they gave.
func TestHiddenLikeMissing(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	sara := h.members["sara"].ID
	ids := plant(t, h.store, h.clock.now(), open1(sara, wares), open1("", support))
	hidden, shown := ids[0], ids[1]
	written := h.must("sara", desk.Note{Conversation: hidden, Text: "x"}).(desk.Done).Message
	request := h.must("sara", desk.AskAccess{Key: desk.RoleManage, Scope: desk.ScopeAll, For: 60, Reason: "a test"}).(desk.Done).Request
	chat := func(f func(desk.ConversationID) desk.Command) [2]desk.Command {
		return [2]desk.Command{f(hidden), f(999_999)}
	}
	message := func(f func(desk.MessageID) desk.Command) [2]desk.Command {
		return [2]desk.Command{f(written), f("m_none")}
	}
	asked := func(f func(desk.RequestID) desk.Command) [2]desk.Command {
		return [2]desk.Command{f(request), f("r_none")}
	}
	tests := map[string][2]desk.Command{
		"a thread": chat(func(id desk.ConversationID) desk.Command { return desk.History{Conversation: id} }),
		"a note":   chat(func(id desk.ConversationID) desk.Command { return desk.Note{Conversation: id, Text: "x"} }),
		"a reveal": chat(func(id desk.ConversationID) desk.Command {
			return desk.RevealContact{Conversation: id, Reason: "a test"}
		}),
		"an assign": chat(func(id desk.ConversationID) desk.Command { return desk.Assign{Conversation: id, Member: &sara} }),
		"a quote": message(func(id desk.MessageID) desk.Command {
			return desk.Reply{Conversation: shown, Text: "x", Quote: id, Seen: 1 << 40}
		}),
		"a retry":    message(func(id desk.MessageID) desk.Command { return desk.Retry{Conversation: shown, Message: id} }),
		"a withdraw": asked(func(id desk.RequestID) desk.Command { return desk.WithdrawRequest{Request: id} }),
		"a decision": asked(func(id desk.RequestID) desk.Command { return desk.DecideRequest{Request: id} }),
	}
	names := [2]*strings.Replacer{}
	for i, list := range [2][]string{{fmt.Sprint(int64(hidden)), string(written), string(request)}, {"999999", "m_none", "r_none"}} {
		names[i] = strings.NewReplacer(`"conversation":`+list[0], `"conversation":N`, list[1], "NAME", list[2], "NAME")
	}
	for what, pair := range tests {
		var got [2]tried
		for i, cmd := range pair {
			got[i] = h.tries("asha", cmd, names[i])
		}
		if diff := cmp.Diff(got[0], got[1]); diff != "" {
			t.Errorf("%s tells what is hidden (-hidden +missing):\n%s", what, diff)
		}
		if got[0].Answer != asJSON(t, desk.ErrNotFound()) || got[0].Moved != 1 || !strings.Contains(got[0].Entries, `"hidden"`) {
			t.Errorf("%s: %+v", what, got[0])
		}
	}
}

// TestHiddenLikeMissingAfterErasing erases the customer of a hidden chat: whoever
// asked for it reads the same of that as before.
func TestHiddenLikeMissingAfterErasing(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["sara"].ID, wares))[0]
	start := h.head()
	if _, err := h.try("asha", desk.History{Conversation: id}); err == nil {
		t.Fatal("it isn't hidden")
	}
	before := h.ownEntries("asha", start)
	if _, err := h.service.EraseContact(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, h.ownEntries("asha", start)); diff != "" {
		t.Errorf("the erasure tells that the chat was there (-before +after):\n%s", diff)
	}
	if r := h.verify(); !r.OK() {
		t.Errorf("the log doesn't verify: %+v", r)
	}
}
