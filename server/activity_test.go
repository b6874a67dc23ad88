package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// wholeLog reads the log as a member, page by page, newest first.
func (h *house) wholeLog(who string, ask desk.ListLog) (all []desk.LogEntry) {
	h.t.Helper()
	for ask.Limit = 7; ; {
		page := h.must(who, ask).(desk.LogPage)
		all = append(all, page.Entries...)
		if !page.More {
			return all
		}
		ask.Before = page.Entries[len(page.Entries)-1].Seq
	}
}

// newestOf is the newest entry of a kind that a member reads.
func (h *house) newestOf(who string, kind desk.EventKind) desk.LogEntry {
	h.t.Helper()
	page := h.must(who, desk.ListLog{Kinds: []desk.EventKind{kind}, Limit: 1}).(desk.LogPage)
	if len(page.Entries) == 0 {
		h.t.Fatalf("%s reads no entry %s", who, kind)
	}
	return page.Entries[0]
}

// plays adds a role and gives it to a member, straight in the store.
func (h *house) plays(who string, r desk.Role) {
	h.t.Helper()
	m := h.members[who]
	m.Role = r.ID
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		if err := errors.Join(tx.PutRole(r), tx.PutMember(m)); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.RoleCreated, At: h.clock.now(), Role: &r, Member: &m}})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.members[who] = m
}

// canaries are what no log may tell: a customer's names, numbers and words, and
// the team's to them.
var canaries = []string{"Zebulon", "5550123987", "0123987", "quagga", "okapi", "tapir", "dugong"}

// aDay lets things happen that say something of everyone.
func (h *house) aDay() (zebulon desk.ConversationID) {
	h.t.Helper()
	in := desk.Incoming{Channel: shop, Messages: []desk.IncomingMessage{{External: "wamid.1",
		From: desk.Identity{WAID: "15550123987", Name: "Zebulon", Username: "quagga_user", UserID: "quagga.1"},
		At:   h.clock.now(), Type: desk.TypeText, Text: "Where is my okapi? ✔", Raw: json.RawMessage(`{}`)}}}
	if err := h.service.Receive(h.t.Context(), in); err != nil {
		h.t.Fatal(err)
	}
	zebulon = h.must("olga", desk.ListConversations{List: desk.ListQueue}).(desk.Page).Rows[0].ID
	h.must("asha", desk.Claim{Conversation: zebulon})
	sent := h.must("asha", desk.Reply{Conversation: zebulon, Text: "Your tapir is here", Seen: 1 << 40}).(desk.Done)
	h.settled()
	h.must("asha", desk.Reply{Conversation: zebulon, Text: "dugong", Quote: sent.Message, Seen: 1 << 40})
	h.must("asha", desk.Note{Conversation: zebulon, Text: "They say dugong"})
	h.must("asha", desk.Label{Conversation: zebulon, Add: []string{"vip"}})
	mark := h.members["mark"].ID
	if _, err := h.try("mark", desk.Reply{Conversation: zebulon, Text: "quagga", Seen: 1 << 40}); err == nil {
		h.t.Fatal("marketing replied")
	}
	h.must("mark", desk.Note{Conversation: zebulon, Text: "quagga"})
	h.must("mona", desk.GiveAccess{Member: mark, Key: desk.ConversationView, Scope: desk.ScopeAll, For: 60, Reason: "a campaign"})
	h.must("olga", desk.ExportContacts{})
	h.settled()
	return zebulon
}

// TestLogScopes reads the log as everyone: one's own acts, those of one's teams,
// or all, and what was done by nobody only with all.
func TestLogScopes(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.aDay()
	if _, err := h.try("tom", desk.Claim{Conversation: 1}); err == nil {
		t.Fatal("Tom claims")
	}
	if _, err := h.try("sara", desk.Note{Conversation: 1, Text: "x"}); err == nil {
		t.Fatal("Sara notes")
	}
	everyone := []string{"", "asha", "mark", "mona", "olga", "sara", "tom"}
	want := map[string][]string{"olga": everyone, "adam": everyone, "mona": {"asha", "mark", "mona"},
		"asha": {"asha"}, "sara": {"sara"}, "mark": {"mark"}, "vera": nil}
	names := map[desk.MemberID]string{"": ""}
	for name, m := range h.members {
		names[m.ID] = name
	}
	total := h.head()
	for who, actors := range want {
		found := map[string]bool{}
		entries := h.wholeLog(who, desk.ListLog{})
		for _, e := range entries {
			found[names[e.Actor]] = true
		}
		if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, actors) {
			t.Errorf("%s reads what %q did, want %q", who, got, actors)
		}
		if n := int64(len(entries)); actors != nil && actors[0] == "" && n < total {
			t.Errorf("%s reads %d entries of %d", who, n, total)
		}
	}
	for _, e := range h.wholeLog("mark", desk.ListLog{About: string(h.members["mark"].ID)}) {
		t.Errorf("mark reads what was done to them: %+v", e)
	}
	if n := len(h.wholeLog("mona", desk.ListLog{About: string(h.members["mark"].ID)})); n != 1 {
		t.Errorf("mona reads %d entries about mark, want the grant", n)
	}
	_, err := h.try("asha", desk.ListLog{Actor: h.members["mark"].ID})
	refused(t, "an agent filters by a teammate", err, desk.WhyScope)
	_, err = h.try("mona", desk.ListLog{Actor: h.members["sara"].ID})
	refused(t, "a manager filters by another team's", err, desk.WhyNotTeammate)
}

// TestLogTellsNothingOfCustomers looks for what was written, and who wrote it, in
// everything that the log answers to anyone.
func TestLogTellsNothingOfCustomers(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := h.aDay()
	// A detail as a careless command would write it.
	c, _ := h.thread(id)
	err := h.store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Append(store.Entry{Event: desk.Event{Kind: desk.ConversationAssigned, At: h.clock.now(), Actor: h.members["asha"].ID, Conversation: &c},
			Detail: []byte(asJSON(t, desk.LogDetail{Before: []byte(asJSON(t, c)), After: []byte(asJSON(t, []any{map[string]any{"chat": c, "by": "asha"}}))}))})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"olga", "mona", "asha", "mark"} {
		entries := h.wholeLog(who, desk.ListLog{})
		text := asJSON(t, entries)
		for _, canary := range canaries {
			if strings.Contains(text, canary) {
				t.Errorf("what %s reads of the log tells %q", who, canary)
			}
		}
		if !strings.Contains(text, `"length"`) {
			t.Errorf("what %s reads tells nothing at all: %s", who, text)
		}
	}
	got := h.newestOf("olga", desk.MessageReceived)
	want := []desk.LoggedText{{Side: desk.SideCustomer, Type: desk.TypeText, Length: len([]rune("Where is my okapi? ✔"))}}
	if len(got.Texts) == 1 {
		want[0].Message = got.Texts[0].Message
	}
	if diff := cmp.Diff(want, got.Texts); diff != "" {
		t.Errorf("a message is told as (-want +got):\n%s", diff)
	}
}

// TestLogTellsBeforeAndAfter does each kind of thing and reads what the log says
// that it changed.
func TestLogTellsBeforeAndAfter(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha, mark := h.members["asha"].ID, h.members["mark"].ID
	id := plant(t, h.store, h.clock.now(), open1(asha, support))[0]
	mona := h.members["mona"].ID
	tests := []struct {
		kind          desk.EventKind
		cmd           desk.Command
		before, after string
	}{
		{desk.ConversationAssigned, desk.Assign{Conversation: id, Member: &mona}, `{"assignee":"ASHA","status":"open","team":"t_support","unread":1}`,
			`{"assignee":"MONA","status":"open","team":"t_support","unread":1}`},
		{desk.ConversationLabelled, desk.Label{Conversation: id, Add: []string{"vip"}}, `{}`, `{"labels":["vip"]}`},
		{desk.ConversationRead, desk.MarkRead{Conversation: id, Upto: 1 << 40}, `{"assignee":"MONA","status":"open","team":"t_support","unread":1}`,
			`{"assignee":"MONA","status":"open","team":"t_support"}`},
		{desk.ConversationResolved, desk.Resolve{Conversation: id, Seen: 1 << 40}, `{"assignee":"MONA","status":"open","team":"t_support"}`,
			`{"assignee":"MONA","status":"resolved","team":"t_support"}`},
		{desk.RoleAssigned, desk.AssignRole{Member: mark, Role: desk.RoleViewer}, `{"role":"marketing"}`, `{"role":"viewer"}`},
		{desk.MemberTeamed, desk.SetTeams{Member: mark, Teams: []desk.TeamID{wares}}, `["t_support"]`, `["t_wares"]`},
		{desk.TeamRenamed, desk.RenameTeam{Team: wares, TeamName: "Goods"}, `{"id":"t_wares","name":"Wares"}`, `{"id":"t_wares","name":"Goods"}`},
	}
	names := strings.NewReplacer(string(asha), "ASHA", string(mona), "MONA")
	for _, tt := range tests {
		who := "olga"
		if tt.kind == desk.ConversationRead {
			who = "mona"
		}
		h.must(who, tt.cmd)
		e := h.newestOf("olga", tt.kind)
		if e.Detail == nil {
			t.Errorf("%s has no detail", tt.kind)
			continue
		}
		before, after := names.Replace(string(e.Detail.Before)), names.Replace(string(e.Detail.After))
		if before != tt.before || after != tt.after {
			t.Errorf("%s: before %s, after %s; want %s, %s", tt.kind, before, after, tt.before, tt.after)
		}
		if e.Actor != h.members[who].ID || e.Session != "test" || e.Addr != "127.0.0.1" || len(e.Hash) != 64 {
			t.Errorf("%s: by %s, session %q, from %q, hash %q", tt.kind, e.Actor, e.Session, e.Addr, e.Hash)
		}
	}
	if e := h.newestOf("olga", desk.MessageReceived); e.Conversation != id || string(e.Detail.After) == "" || e.Detail.Before != nil {
		t.Errorf("a chat that began is told as %+v, %+v", e, e.Detail)
	}
}

// TestLogHidesChatsOutOfSight gives a team's log to someone who sees only their
// own chats: of a teammate's they learn that something was done, and not where.
func TestLogHidesChatsOutOfSight(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.plays("mark", desk.Role{ID: "lead", Name: "Lead", Rank: 41, Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: desk.ScopeOwn, desk.MessageNote: desk.ScopeAll, desk.LogView: desk.ScopeTeam, desk.AccessRequest: desk.ScopeAll}})
	asha, mark := h.members["asha"].ID, h.members["mark"].ID
	ids := plant(t, h.store, h.clock.now(), open1(asha, support), open1(mark, support))
	hidden, seen := ids[0], ids[1]
	h.must("asha", desk.Note{Conversation: hidden, Text: "Look"})
	h.must("asha", desk.Note{Conversation: seen, Text: "Look"})
	h.must("asha", desk.AskAccess{Key: desk.ContactExport, Scope: desk.ScopeOwn, For: 60, Reason: "for #" + fmt.Sprint(int64(hidden)), Conversation: hidden})
	_, err := h.try("mark", desk.Note{Conversation: hidden, Text: "x"})
	coded(t, "a note where one sees nothing", err, desk.CodeNotFound)
	h.must("asha", desk.Assign{Conversation: hidden, Member: ptr(h.members["mona"].ID)})

	shown := map[desk.EventKind][]desk.ConversationID{}
	for _, e := range h.wholeLog("mark", desk.ListLog{}) {
		shown[e.Kind] = append(shown[e.Kind], e.Conversation)
		if e.Conversation != 0 {
			continue
		}
		if len(e.Texts) > 0 {
			t.Errorf("%s: texts of a chat out of sight: %+v", e.Kind, e.Texts)
		}
		if d := e.Detail; d != nil && strings.Contains(string(d.Before)+string(d.After), "conversation") || e.Kind == desk.ConversationAssigned && d != nil {
			t.Errorf("%s tells of a chat out of sight: %s → %s", e.Kind, d.Before, d.After)
		}
	}
	want := map[desk.EventKind][]desk.ConversationID{desk.NoteAdded: {seen, 0}, desk.ConversationAssigned: {0},
		desk.AccessRequested: {0}, desk.CommandRefused: {hidden}} // they know what they tried themselves
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, id := range []desk.ConversationID{hidden, 999_999} {
		for _, e := range h.wholeLog("mark", desk.ListLog{Conversation: id}) {
			if e.Actor != mark {
				t.Errorf("asked about %v, the log tells that it exists: %+v", id, e)
			}
		}
		if got := h.wholeLog("mark", desk.ListLog{Conversation: id, Actor: asha}); len(got) > 0 {
			t.Errorf("asked about %v and a teammate, the log tells %+v", id, got)
		}
	}
	if got := h.wholeLog("mark", desk.ListLog{Conversation: seen}); len(got) != 1 {
		t.Errorf("of a chat in sight they read %+v", got)
	}
}

// TestLogHidesAddresses takes member.view from someone who reads everyone's log.
func TestLogHidesAddresses(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.plays("vera", desk.Role{ID: "auditor", Name: "Auditor", Rank: 41, Grants: map[desk.Perm]desk.Scope{desk.LogView: desk.ScopeAll}})
	if got := h.signIn("203.0.113.9", "nobody@example.com", "guess"); got.status == 200 {
		t.Fatal("nobody signs in")
	}
	h.must("olga", desk.Invite{FullName: "New", Email: "new@example.com", Role: desk.RoleAgent})
	if text := asJSON(t, h.wholeLog("vera", desk.ListLog{})); strings.Contains(text, "@example.com") {
		t.Error("the log tells addresses to someone who doesn't see them")
	}
	if text := asJSON(t, h.wholeLog("olga", desk.ListLog{})); !strings.Contains(text, "nobody@example.com") {
		t.Error("the log doesn't tell who couldn't sign in")
	}
}

// TestLogHidesReasons does the same with what people wrote of why: one's own words
// stay.
func TestLogHidesReasons(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.plays("vera", desk.Role{ID: "auditor", Name: "Auditor", Rank: 41,
		Grants: map[desk.Perm]desk.Scope{desk.LogView: desk.ScopeAll, desk.AccessRequest: desk.ScopeAll}})
	h.must("vera", desk.AskAccess{Key: desk.LogExport, Scope: desk.ScopeAll, For: 60, Reason: "an audit"})
	h.must("asha", desk.AskAccess{Key: desk.LogView, Scope: desk.ScopeAll, For: 60, Reason: "a quarrel"})
	h.must("olga", desk.GiveAccess{Member: h.members["mark"].ID, Key: desk.LogView, Scope: desk.ScopeAll, For: 60, Reason: "an illness"})
	text := asJSON(t, h.wholeLog("vera", desk.ListLog{}))
	if strings.Contains(text, "a quarrel") || strings.Contains(text, "an illness") || !strings.Contains(text, "an audit") {
		t.Errorf("without sight of the people, the log tells %s", text)
	}
	if text := asJSON(t, h.wholeLog("olga", desk.ListLog{})); !strings.Contains(text, "a quarrel") || !strings.Contains(text, "an illness") {
		t.Error("the log keeps no reasons")
	}
}

// TestLogPages reads on from both ends while more is written.
func TestLogPages(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1(h.members["asha"].ID, support))[0]
	start := h.clock.now()
	for i := range 5 {
		h.clock.add(time.Minute)
		h.must("asha", desk.Note{Conversation: id, Text: fmt.Sprint(i)})
	}
	page := h.must("olga", desk.ListLog{Limit: 2}).(desk.LogPage)
	if page.Head != h.head() || len(page.Entries) != 2 || page.Entries[0].Seq != page.Head || !page.More {
		t.Fatalf("the newest page is %+v", page)
	}
	h.must("asha", desk.Note{Conversation: id, Text: "one more"})
	live := h.must("olga", desk.ListLog{After: page.Head}).(desk.LogPage)
	if len(live.Entries) != 1 || live.Entries[0].Seq != page.Head+1 || live.More {
		t.Errorf("what is new since %d: %+v", page.Head, live)
	}
	between := h.must("olga", desk.ListLog{From: start.Add(time.Minute), To: start.Add(3 * time.Minute), Kinds: []desk.EventKind{desk.NoteAdded}}).(desk.LogPage)
	if len(between.Entries) != 2 {
		t.Errorf("between two times: %+v", between.Entries)
	}
}

// TestCheckpointCoversItself takes one and opens it with the key that came with
// it.
func TestCheckpointCoversItself(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	got := h.must("olga", desk.TakeCheckpoint{}).(desk.Checkpoint)
	c, err := chain.Open(got.Note, got.Key)
	if err != nil {
		t.Fatal(err)
	}
	e := h.newestOf("olga", desk.CheckpointTaken)
	if c.Size != got.Seq || e.Seq != got.Seq || fmt.Sprintf("%x", c.Hash) != e.Hash || e.Actor != h.members["olga"].ID {
		t.Errorf("the checkpoint says %d %x, its entry is %d %s", c.Size, c.Hash, e.Seq, e.Hash)
	}
	if report := h.verify(); !report.OK() {
		t.Errorf("the log doesn't verify: %+v", report)
	}
	_, err = h.try("mona", desk.TakeCheckpoint{})
	refused(t, "a manager takes a checkpoint", err, desk.WhyNoKey)
}

// TestExportedLogVerifies takes the log out in small pages and checks it, up to
// where it was when the export began. It takes log.export and nothing else, and
// holds nothing of what anyone wrote.
func TestExportedLogVerifies(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.aDay()
	h.must("olga", desk.TakeCheckpoint{})
	h.plays("vera", desk.Role{ID: "taker", Name: "Taker", Rank: 41, Grants: map[desk.Perm]desk.Scope{desk.LogExport: desk.ScopeAll}})
	end := h.head()
	file, pages := h.takesLog("vera", end)
	x, err := chain.NewReader(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	head := x.Header()
	report, err := chain.Verify(x.Records(), chain.Check{Key: head.Key, Epoch: head.Epoch, Size: head.Entries, Own: x.Checkpoints(), Withheld: head.Withheld})
	if err != nil || !report.OK() || report.Last != end || report.Own == 0 || !report.Withheld {
		t.Errorf("the export verifies as %+v, %v", report, err)
	}
	for _, word := range slices.Concat(canaries, []string{"campaign", `"event"`, `"detail"`, `"salt"`}) {
		if strings.Contains(file, word) {
			t.Errorf("the export holds %s", word)
		}
	}
	rows := 0
	exports := h.wholeLog("olga", desk.ListLog{Kinds: []desk.EventKind{desk.LogExported}})
	for _, e := range exports {
		rows += e.Detail.Rows
	}
	if len(exports) != pages || int64(rows) != end {
		t.Errorf("%d pages left %d entries, of %d rows", pages, len(exports), rows)
	}
}

// takesLog exports the log up to an entry; 0: to where the first page says.
func (h *house) takesLog(who string, end int64) (file string, pages int) {
	h.t.Helper()
	var lines []string
	for ask, more := (desk.ExportLog{Limit: 10}), true; more; {
		got := h.must(who, ask).(desk.LogLines)
		if end == 0 {
			end = got.Until
		}
		if got.Next <= ask.After || got.Until != end {
			h.t.Fatalf("the export of %d entries goes on after %d, and ends at %d", end, got.Next, got.Until)
		}
		lines = append(lines, got.Lines...)
		ask.After, ask.Until, more = got.Next, got.Until, got.More
		pages++
	}
	return strings.Join(lines, "\n") + "\n", pages
}

// TestExportBesideAWriter concatenates pages until there are no more, while others
// write: it is one export that is whole. Its first page has the newest checkpoints
// and not a year of them.
func TestExportBesideAWriter(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	id := plant(t, h.store, h.clock.now(), open1("", support))[0]
	for range 100 {
		h.must("asha", desk.Note{Conversation: id, Text: "x"})
		h.must("olga", desk.TakeCheckpoint{})
	}
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			_, err := h.service.Do(t.Context(), h.as("asha"), fmt.Sprint("beside-", i), desk.Note{Conversation: id, Text: "y"})
			if err != nil {
				t.Error(err)
				return
			}
		}
	})
	file, _ := h.takesLog("olga", 0)
	close(done)
	writer.Wait()
	x, err := chain.NewReader(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	head := x.Header()
	report, err := chain.Verify(x.Records(), chain.Check{Key: head.Key, Epoch: head.Epoch, Size: head.Entries, Own: x.Checkpoints(), Withheld: head.Withheld})
	if err != nil || !report.OK() || report.Last < 200 || report.Own != 64 {
		t.Errorf("the export verifies as %+v, %v, %v", report, report.Broken, err)
	}
	if len(h.log(report.Last, desk.NoteAdded)) == 0 {
		t.Error("nobody wrote beside it")
	}
	_, err = h.try("olga", desk.ExportLog{Until: -1})
	if desk.AsError(err).Code != desk.CodeInvalid {
		t.Errorf("until -1: %v", err)
	}
}
