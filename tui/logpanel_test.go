package tui

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// theLog is one entry of each kind, newest first.
func theLog() []desk.LogEntry {
	facts := func(who desk.MemberID) json.RawMessage {
		return raw(desk.Facts{Status: desk.StatusOpen, Assignee: who, Team: "billing"})
	}
	grant := desk.Grant{ID: "g1", Perm: desk.ConversationViewQueue, Scope: desk.ScopeAll, Since: noon, Until: noon.Add(4 * time.Hour), By: "zoe", Reason: "Rush hour"}
	night := desk.Role{ID: "night", Name: "Night shift", Rank: 30, Grants: map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeTeam, desk.ConversationView: desk.ScopeTeam}}
	later := night
	later.Grants = map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeAll, desk.ConversationClaim: desk.ScopeTeam, desk.ConversationView: desk.ScopeTeam}
	request := desk.Request{ID: "q1", Member: "tom", Perm: desk.ContactExport, Scope: desk.ScopeTeam, For: 4 * 3600, Reason: "The courier", State: desk.RequestGranted}
	type role struct {
		Role desk.RoleID `json:"role"`
	}
	own := &desk.Denied{Perm: desk.RoleAssign, Why: desk.WhySelf, Has: desk.ScopeTeam, Reason: "Nobody changes their own role. Ask another admin."}
	far := &desk.Denied{Perm: desk.MessageReplyUnowned, Why: desk.WhyHeld, Needs: desk.ScopeTeam, Reason: "Someone else is answering this chat."}
	all := []desk.LogEntry{
		{Kind: desk.RoleAssigned, Actor: "zoe", Session: "s_7", Addr: "192.0.2.7", Target: "asha", Detail: &desk.LogDetail{Command: "role.assign", Before: raw(role{desk.RoleAgent}), After: raw(role{desk.RoleViewer})}},
		{Kind: desk.CommandRefused, Actor: "tom", Session: "s_8", Addr: "198.51.100.3", Target: "tom", Detail: &desk.LogDetail{Command: "role.assign", Denied: own}},
		{Kind: desk.CommandRefused, Actor: "tom", Conversation: 3, Detail: &desk.LogDetail{Command: "message.reply", Denied: far}},
		{Kind: desk.CommandRefused, Actor: "tom", Target: "ana", Detail: &desk.LogDetail{Command: "view_as", Denied: own, As: &desk.ViewAs{Member: "ana"}}},
		{Kind: desk.RoleChanged, Actor: "zoe", Target: "night", Detail: &desk.LogDetail{Before: raw(night), After: raw(later)}},
		{Kind: desk.RoleCreated, Actor: "zoe", Target: "night", Detail: &desk.LogDetail{After: raw(night)}},
		{Kind: desk.RoleRemoved, Actor: "zoe", Target: "night", Detail: &desk.LogDetail{Before: raw(night)}},
		{Kind: desk.AccessGranted, Actor: "zoe", Target: "tom", Detail: &desk.LogDetail{After: raw(grant), Reason: "Rush hour"}},
		{Kind: desk.AccessEnded, Actor: "zoe", Target: "tom", Detail: &desk.LogDetail{Before: raw(grant)}},
		{Kind: desk.AccessExpired, Target: "tom", Detail: &desk.LogDetail{Before: raw(grant)}},
		{Kind: desk.AccessRequested, Actor: "tom", Target: "q1", Detail: &desk.LogDetail{After: raw(request), Reason: "The courier"}},
		{Kind: desk.AccessDecided, Actor: "zoe", Target: "q1", Detail: &desk.LogDetail{After: raw(request)}},
		{Kind: desk.AccessWithdrawn, Actor: "tom", Target: "q1", Detail: &desk.LogDetail{After: raw(request)}},
		{Kind: desk.ContactRevealed, Actor: "ana", Conversation: 3, Detail: &desk.LogDetail{Reason: "She asks to be called"}},
		{Kind: desk.ContactExported, Actor: "zoe", Detail: &desk.LogDetail{Rows: 120}},
		{Kind: desk.ContactErased, Conversation: 5, Erased: true},
		{Kind: desk.SignedIn, Actor: "ana", Session: "s_9", Addr: "192.0.2.9", Detail: &desk.LogDetail{Program: "frontdesk/0.3"}},
		{Kind: desk.SignInFailed, Addr: "203.0.113.9", Detail: &desk.LogDetail{Email: "root@example.com", Reason: "no such person"}},
		{Kind: desk.SignedOut, Actor: "ana"},
		{Kind: desk.SessionsEnded, Actor: "zoe", Target: "ana", Detail: &desk.LogDetail{Before: raw([]desk.SignInInfo{{ID: "s_9", Host: "kiosk", Addr: "192.0.2.9"}})}},
		{Kind: desk.PasswordChanged, Actor: "ana", Target: "ana"},
		{Kind: desk.ViewAsStarted, Actor: "zoe", Target: "ana", Detail: &desk.LogDetail{As: &desk.ViewAs{Member: "ana"}}},
		{Kind: desk.ViewAsEnded, Actor: "zoe", Detail: &desk.LogDetail{As: &desk.ViewAs{Role: &night, Teams: []desk.TeamID{"billing"}}}},
		{Kind: desk.LogExported, Actor: "zoe", Detail: &desk.LogDetail{Rows: 5000}},
		{Kind: desk.CheckpointTaken, Actor: "zoe"},
		{Kind: desk.MemberInvited, Actor: "zoe", Target: "tom", Detail: &desk.LogDetail{After: json.RawMessage(`{"role":"agent","teams":["billing"],"until":"2026-11-30T12:00:00Z"}`)}},
		{Kind: desk.MemberJoined, Actor: "tom", Target: "tom"},
		{Kind: desk.MemberAdded, Target: "tom"},
		{Kind: desk.MemberSuspended, Actor: "zoe", Target: "vic", Detail: &desk.LogDetail{Before: json.RawMessage(`{"suspended":false}`), After: json.RawMessage(`{"suspended":true,"hand_to":"ana"}`)}},
		{Kind: desk.MemberResumed, Actor: "zoe", Target: "vic"},
		{Kind: desk.MemberRemoved, Actor: "zoe", Target: "vic"},
		{Kind: desk.MemberTeamed, Actor: "zoe", Target: "vic", Detail: &desk.LogDetail{Before: json.RawMessage(`{"teams":["billing"]}`), After: json.RawMessage(`{"teams":["billing","shipping"]}`)}},
		{Kind: desk.TeamAdded, Actor: "zoe", Target: "billing"},
		{Kind: desk.TeamRenamed, Actor: "zoe", Target: "billing", Detail: &desk.LogDetail{Before: raw(desk.Team{ID: "billing", Name: "Money"}), After: raw(desk.Team{ID: "billing", Name: "Billing"})}},
		{Kind: desk.MessageReceived, Conversation: 1, Texts: []desk.LoggedText{{Message: "m1", Side: desk.SideCustomer, Type: desk.TypeText, Length: 21}}},
		{Kind: desk.MessageQueued, Actor: "ana", Conversation: 3, Texts: []desk.LoggedText{{Message: "m2", Side: desk.SideTeam, Type: desk.TypeText, Length: 1, Delivery: desk.Queued}}},
		{Kind: desk.MessageUpdated, Conversation: 3, Texts: []desk.LoggedText{{Message: "m2", Side: desk.SideTeam, Type: desk.TypeText, Length: 9, Delivery: desk.Delivered}}},
		{Kind: desk.MessageUpdated, Conversation: 3},
		{Kind: desk.NoteAdded, Actor: "ana", Conversation: 3},
		{Kind: desk.ConversationClaimed, Actor: "ana", Conversation: 2, Detail: &desk.LogDetail{Before: facts(""), After: facts("ana")}},
		{Kind: desk.ConversationAssigned, Actor: "zoe", Conversation: 2, Detail: &desk.LogDetail{Before: facts("ana"), After: facts("tom")}},
		{Kind: desk.ConversationAssigned, Actor: "zoe", Conversation: 2, Detail: &desk.LogDetail{Before: facts("ana"), After: facts("")}},
		{Kind: desk.ConversationAssigned, Actor: "zoe", Conversation: 2, Detail: &desk.LogDetail{Before: raw(desk.Facts{}), After: facts("")}},
		{Kind: desk.ConversationTakenOver, Actor: "zoe", Conversation: 2, Detail: &desk.LogDetail{Before: facts("ana"), After: facts("zoe")}},
		{Kind: desk.ConversationResolved, Actor: "zoe", Conversation: 2},
		{Kind: desk.ConversationReopened, Actor: "zoe", Conversation: 2},
		{Kind: desk.ConversationRead, Actor: "zoe", Conversation: 2},
		{Kind: desk.ConversationLabelled, Actor: "zoe", Conversation: 2, Detail: &desk.LogDetail{Before: json.RawMessage(`{"labels":["vip"]}`), After: json.RawMessage(`{"labels":["vip","refund"]}`)}},
		{Kind: desk.ConversationHandedOver, Actor: "zoe", Conversation: 2, Detail: &desk.LogDetail{Before: facts("ana"), After: facts("tom")}},
		{Kind: desk.ConversationHandedOver, Conversation: 2, Detail: &desk.LogDetail{Before: facts("ana"), After: facts("")}},
		{Kind: "parcel.weighed", Actor: "tom", Conversation: 2, Target: "scale", Detail: &desk.LogDetail{After: json.RawMessage(`{"grams":1200,"heavy":true,"by":"tom"}`)}},
	}
	for i := range all {
		all[i].Seq, all[i].At = int64(5000-i), noon.Add(-time.Duration(i)*7*time.Minute)
		all[i].Hash = fmt.Sprintf("%064x", 5000-i)
	}
	return all
}

// logging is a rig at the log, whose desk answers by f.
func logging(t testing.TB, f func(desk.ListLog) (desk.LogPage, error)) *rig {
	r := newRig(t)
	r.do = func(cmd desk.Command) (any, error) {
		switch c := cmd.(type) {
		case desk.ListLog:
			return f(c)
		case desk.TakeCheckpoint:
			return desk.Checkpoint{Seq: 5000, Note: "frontdesk/e\n5000\nq83vAAAA\n\n— frontdesk/e Az3grlgtzPICa5OS8npVmf1M\n", Key: "frontdesk/e+c74f20a3+AbcD"}, nil
		}
		return nil, nil
	}
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleOwner, 100, conversations())})
	r.keys("4", "A")
	return r
}

func fixed(c desk.ListLog) (desk.LogPage, error) {
	page := desk.LogPage{Head: 5000}
	for _, e := range theLog() {
		if (c.Before == 0 || e.Seq < c.Before) && e.Seq > c.After {
			page.Entries = append(page.Entries, e)
		}
	}
	return page, nil
}

// endless is a log with n entries, of which it answers any page.
func endless(n *int64) func(desk.ListLog) (desk.LogPage, error) {
	return func(c desk.ListLog) (desk.LogPage, error) {
		page := desk.LogPage{Head: *n}
		from := *n
		if c.Before > 0 {
			from = min(from, c.Before-1)
		}
		for seq := from; seq > c.After && len(page.Entries) < c.Limit; seq-- {
			page.Entries = append(page.Entries, desk.LogEntry{Seq: seq, At: noon, Kind: desk.ConversationClaimed, Actor: "ana", Conversation: desk.ConversationID(seq)})
		}
		if k := len(page.Entries); k > 0 {
			page.More = page.Entries[k-1].Seq > c.After+1
		}
		return page, nil
	}
}

func reachedLog() map[string]func(*testing.T, *rig) {
	shows := func(want string, keys ...string) func(*testing.T, *rig) {
		return func(t *testing.T, _ *rig) {
			r := logging(t, fixed)
			r.keys(keys...)
			r.shows(want)
		}
	}
	return map[string]func(*testing.T, *rig){
		"activity":       shows("Activity log · live"),
		"log-person":     shows("Whose acts?", "p"),
		"log-kind":       shows("What happened?", "f"),
		"log-about":      shows("About whom or what?", "b"),
		"log-chat":       shows("Entries of one chat", "c"),
		"log-time":       shows("Entries of a time", "t"),
		"log-checkpoint": shows("Checkpoint at entry 5000", "v"),
		"log-all": func(t *testing.T, _ *rig) {
			r := logging(t, fixed)
			r.keys("p", "down", "enter")
			r.shows("by Ana Lima", "x shows all")
			r.keys("x")
			r.hides("by Ana Lima")
		},
		"log-open": func(t *testing.T, _ *rig) {
			r := logging(t, fixed)
			at(r, "4998").keys("o")
			if r.m.thread.open != 3 {
				t.Errorf("opened %v, want #3", r.m.thread.open)
			}
		},
	}
}

func TestLogGolden(t *testing.T) {
	entry := func(seq string) func(*rig) { return func(r *rig) { at(r, seq).keys("enter") } }
	scenes := []struct {
		name string
		play func(*rig)
	}{
		{"log", func(*rig) {}},
		{"log-role", entry("4996")},
		{"log-refused", entry("4998")},
		{"log-switched", entry("5000")},
		{"log-grant", entry("4993")},
		{"log-unknown", entry("4950")},
		{"log-filtered", func(r *rig) {
			r.keys("p", "down", "enter", "f")
			r.kind("roles")
			r.keys("enter", "c")
			r.kind("#3")
			r.keys("enter", "t")
			r.kind("yesterday")
			r.keys("ctrl+s")
		}},
		{"log-kinds", func(r *rig) { r.keys("f") }},
		{"log-time", func(r *rig) {
			r.keys("t")
			r.kind("last 2h")
			r.keys("tab")
			r.kind("soon")
		}},
		{"log-checkpoint", func(r *rig) { r.keys("v") }},
	}
	for _, s := range scenes {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				r := logging(t, fixed)
				r.size(size[0], size[1])
				s.play(r)
				checkShape(t, r, size[0], size[1])
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), r.screen()+"\n")
			})
		}
	}
}

// TestLogSentences tells every kind of entry.
func TestLogSentences(t *testing.T) {
	r := live(t, desk.RoleOwner)
	l, got := r.m.look(), ""
	told := map[desk.EventKind]bool{}
	for _, e := range theLog() {
		told[e.Kind] = true
		got += fmt.Sprintf("%-26s %s\n", e.Kind, l.logged(&e))
	}
	golden(t, "log-sentences", got)
	for _, g := range logKinds() {
		for _, k := range g.kinds {
			if !told[k] {
				t.Errorf("no entry of the kind %s is told", k)
			}
		}
	}
}

// TestLogScrollsFar goes down a million entries and up again, in bounded memory,
// by the same pages.
func TestLogScrollsFar(t *testing.T) {
	n := int64(1_000_000)
	r := logging(t, endless(&n))
	p := r.m.panel().(*logPanel)
	bound := func() {
		t.Helper()
		held := 0
		for _, c := range p.chunks {
			held += len(c.entries)
		}
		if held > logWindow+logPage || held != len(p.rows) {
			t.Fatalf("%d entries are held, %d listed", held, len(p.rows))
		}
		for i := 1; i < len(p.rows); i++ {
			if p.rows[i].Seq != p.rows[i-1].Seq-1 {
				t.Fatalf("after %d comes %d", p.rows[i-1].Seq, p.rows[i].Seq)
			}
		}
	}
	for range 80 {
		was := p.entry().Seq
		r.keys("G")
		r.screen()
		bound()
		if p.entry().Seq >= was {
			t.Fatalf("G went from %d to %d", was, p.entry().Seq)
		}
	}
	low := p.entry().Seq
	if p.lo == 0 || low > n-7000 {
		t.Fatalf("at %d, the window begins at page %d", low, p.lo)
	}
	r.shows("newer entries above: g")
	last := low
	for p.entry().Seq < n {
		r.keys("pgup")
		r.screen()
		bound()
		if now := p.entry().Seq; now <= last {
			t.Fatalf("page up went from %d to %d", last, now)
		} else if now-last > 40 {
			t.Fatalf("page up jumped from %d to %d", last, now)
		}
		last = p.entry().Seq
	}
	for range 30 {
		r.keys("G")
	}
	r.keys("g")
	if p.entry().Seq != n {
		t.Errorf("g went to %d", p.entry().Seq)
	}
}

// TestLogIsLive asks for newer entries while the newest are in sight, and never
// otherwise.
func TestLogIsLive(t *testing.T) {
	n := int64(1000)
	r := logging(t, endless(&n))
	p := r.m.panel().(*logPanel)
	polls := func() int {
		t.Helper()
		_, before := last[desk.ListLog](r)
		r.ring(alarmPanel)
		_, after := last[desk.ListLog](r)
		return after - before
	}
	if got := polls(); got != 1 {
		t.Errorf("asked %d times at the top, want once", got)
	}
	n += 3
	polls()
	r.shows("Ana Lima claimed #1003")
	if e := p.entry(); e.Seq != 1003 {
		t.Errorf("the cursor is on %d; it stays at the top", e.Seq)
	}
	r.keys("j", "j")
	n++
	polls()
	if e := p.entry(); e.Seq != 1001 || p.list.at-p.list.top != 2 {
		t.Errorf("the cursor went from 1001 to %d, in row %d of the screen", e.Seq, p.list.at-p.list.top)
	}
	r.keys("G")
	r.screen()
	if got := polls(); got != 0 {
		t.Errorf("asked %d times far below the top", got)
	}
	n += 500 // more than a page: it begins anew
	r.keys("g")
	r.screen()
	polls()
	r.screen()
	if e := p.rows[0]; e.Seq != 1504 {
		t.Errorf("the newest is %d, want 1504", e.Seq)
	}
	for i := 1; i < len(p.rows); i++ {
		if p.rows[i].Seq != p.rows[i-1].Seq-1 {
			t.Fatalf("after %d comes %d", p.rows[i-1].Seq, p.rows[i].Seq)
		}
	}
	r.keys("P")
	r.ring(alarmPanel)
	c, _ := last[desk.ListLog](r)
	was := len(r.asked)
	for range 3 {
		r.ring(alarmPanel)
	}
	for _, cmd := range r.asked[was:] {
		if _, ok := cmd.(desk.ListLog); ok {
			t.Errorf("%+v was asked behind another panel, after %+v", cmd, c)
		}
	}
}

// TestLogFilters asks for what the filter says.
func TestLogFilters(t *testing.T) {
	r := logging(t, fixed)
	r.keys("p", "down", "enter", "f")
	r.kind("role assigned")
	r.keys("enter", "b")
	r.kind("tom")
	r.keys("enter", "c")
	r.keys("ctrl+u")
	r.kind("#x")
	r.keys("enter")
	r.shows("That isn't the number of a chat.")
	r.keys("ctrl+u")
	r.kind("#3")
	r.keys("enter", "t")
	r.kind("2026-11-20 14:00")
	r.keys("tab")
	r.kind("yesterday")
	r.keys("enter")
	r.wantAsked(desk.ListLog{Actor: "ana", Kinds: []desk.EventKind{desk.RoleAssigned}, About: "tom", Conversation: 3,
		From: time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Limit: logPage})
	r.keys("t", "ctrl+u")
	r.kind("now")
	r.keys("ctrl+s")
	r.shows("The end of the time is before its beginning.")
	r.keys("esc", "x")
	r.wantAsked(desk.ListLog{Limit: logPage})
	r.keys("x")
	r.shows("Everything is shown already.")
}

// TestLogLateAnswer drops what was asked by another filter.
func TestLogLateAnswer(t *testing.T) {
	r := logging(t, func(c desk.ListLog) (desk.LogPage, error) {
		by := desk.MemberID("tom")
		if c.Actor != "" {
			by = c.Actor
		}
		return desk.LogPage{Head: 9, Entries: []desk.LogEntry{{Seq: 9, Kind: desk.SignedOut, Actor: by, At: noon}}}, nil
	})
	r.hold = true
	r.keys("p", "down", "enter", "x")
	slices.Reverse(r.held)
	r.release()
	r.shows("Tom Becker signed out")
	r.hides("Ana Lima signed out")
}

func TestReadPast(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC) // a Monday
	for _, tt := range []struct {
		s    string
		end  bool
		want string
	}{
		{"", false, "0001-01-01 00:00:00"}, {"now", false, "2026-11-23 12:30:00"}, {"today", false, "2026-11-23 00:00:00"}, {"Today", true, "2026-11-24 00:00:00"},
		{"yesterday", false, "2026-11-22 00:00:00"}, {"yesterday 14:00", true, "2026-11-22 14:00:00"}, {"8:05", false, "2026-11-23 08:05:00"},
		{"2026-11-20", true, "2026-11-21 00:00:00"}, {"2026-11-20 14:00", false, "2026-11-20 14:00:00"}, {"fri", false, "2026-11-20 00:00:00"}, {"mon", false, "2026-11-23 00:00:00"},
		{"last 2h", false, "2026-11-23 10:30:00"}, {"last hour", false, "2026-11-23 11:30:00"}, {"3 days ago", false, "2026-11-20 12:30:00"}, {"last 90 min", false, "2026-11-23 11:00:00"}, {"2w ago", false, "2026-11-09 12:30:00"},
	} {
		got, err := readPast(tt.s, now, tt.end)
		if err != nil || got.Format(time.DateTime) != tt.want {
			t.Errorf("%q: %v, %v; want %s", tt.s, got, err, tt.want)
		}
	}
	for _, s := range []string{"soon", "today today", "14:00 15:00", "last", "ago", "last 2", "2026-13-40", "25:00", "last 999999h", "today 14:00 15:00"} {
		if got, err := readPast(s, now, false); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}

// TestLogComesBack pauses after what couldn't be read, and goes on by itself; with
// other rights it begins anew, and without the right it closes.
func TestLogComesBack(t *testing.T) {
	broken := true
	r := logging(t, func(c desk.ListLog) (desk.LogPage, error) {
		if broken {
			return desk.LogPage{}, errors.New("the link broke")
		}
		return fixed(c)
	})
	r.shows("the link broke", "Loading…")
	_, n := last[desk.ListLog](r)
	r.keys("j", "k")
	if _, after := last[desk.ListLog](r); after != n {
		t.Errorf("it was asked %d times more at once", after-n)
	}
	broken = false
	r.now = r.now.Add(logPause)
	r.ring(alarmPanel)
	r.shows("Zoë Ito switched Asha Rao")
	_, n = last[desk.ListLog](r)
	r.send(Deliver{snapshot("asha", desk.RoleManager, 101, conversations())})
	if _, after := last[desk.ListLog](r); after != n+1 {
		t.Errorf("asked %d times after the rights changed, want once", after-n)
	}
	s := snapshot("asha", desk.RoleViewer, 102, conversations())
	delete(s.Me.Role.Grants, desk.LogView)
	r.send(Deliver{s})
	if r.m.panel() != nil {
		t.Error("the log is open without the right to it")
	}
}

// TestCheckpointIsCopied gives the note to the terminal's clipboard.
func TestCheckpointIsCopied(t *testing.T) {
	r := logging(t, fixed)
	r.keys("v")
	r.shows("Keep this note outside of the desk.", "q83vAAAA")
	_, cmd := r.m.Update(keyPress("c"))
	if cmd == nil {
		t.Fatal("nothing is copied")
	}
	r.shows("Copied, if your terminal lets programs copy.")
	r.keys("esc")
	if r.m.dialog() != nil {
		t.Error("the note is still open")
	}
}

// BenchmarkLog draws the log after a key, with ten entries and with a million.
func BenchmarkLog(b *testing.B) {
	for _, n := range []int64{10, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := logging(b, endless(&n))
			r.size(120, 40)
			for range 30 {
				r.keys("G")
			}
			for i := 0; b.Loop(); i++ {
				r.m.Update(keyPress([]string{"k", "j"}[i%2]))
				r.m.View()
			}
		})
	}
}
