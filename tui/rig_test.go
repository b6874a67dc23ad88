package tui

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

var update = flag.Bool("update", false, "write the golden files anew")

// noon is the hour at which every test begins.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// rig drives a screen synchronously: it runs the commands that Update returns
// at once, unless they are held, and rings timers only when asked.
type rig struct {
	t      testing.TB
	m      *Model
	now    time.Time
	do     func(desk.Command) (any, error) // answers; nil says done
	asked  []desk.Command
	refs   []string
	saved  map[desk.ConversationID]string
	alarms []alarm
	hold   bool
	held   []tea.Cmd
	quit   bool
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	r := &rig{t: t, now: noon, saved: map[desk.ConversationID]string{}}
	o := Options{
		Do: r.answer, Replica: client.NewReplica(), Now: func() time.Time { return r.now }, Location: time.UTC, Dark: true,
		SaveDraft: func(id desk.ConversationID, text string) error { r.saved[id] = text; return nil },
	}
	for _, f := range change {
		f(&o)
	}
	r.m = New(o)
	r.m.listen = func(*eyes) tea.Cmd { return nil }
	r.m.after = func(_ time.Duration, msg tea.Msg) tea.Cmd {
		r.alarms = append(r.alarms, msg.(alarm))
		return nil
	}
	r.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	return r
}

func (r *rig) answer(_ context.Context, ref string, cmd desk.Command) (json.RawMessage, error) {
	r.asked, r.refs = append(r.asked, cmd), append(r.refs, ref)
	var v any
	var err error
	if r.do != nil {
		v, err = r.do(cmd)
	}
	if err != nil {
		return nil, err
	}
	if v == nil {
		switch c := cmd.(type) {
		case desk.History:
			page := theThread(c.Conversation)
			_, page.Seq = r.m.rep.Position()
			v = page
		case desk.ListConversations:
			v = desk.Page{List: c.List, Seq: 100}
		default:
			v = desk.Done{Seq: 100}
		}
	}
	raw, err := json.Marshal(v)
	if err != nil {
		r.t.Fatal(err)
	}
	return raw, nil
}

func (r *rig) send(msg tea.Msg) {
	_, cmd := r.m.Update(msg)
	r.run(cmd)
}

func (r *rig) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	if r.hold {
		r.held = append(r.held, cmd)
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			r.run(c)
		}
	case tea.QuitMsg:
		r.quit = true
	default:
		r.send(msg)
	}
}

// release runs what was held.
func (r *rig) release() {
	held := r.held
	r.hold, r.held = false, nil
	for _, c := range held {
		r.run(c)
	}
}

// ring lets the timers of a kind go off.
func (r *rig) ring(kind alarmKind) {
	all := r.alarms
	r.alarms = nil
	for _, a := range all {
		if a.kind == kind {
			r.send(a)
		} else {
			r.alarms = append(r.alarms, a)
		}
	}
}

func (r *rig) size(w, h int) { r.send(tea.WindowSizeMsg{Width: w, Height: h}) }

// keys presses keys by their names: "j", "enter", "ctrl+k".
func (r *rig) keys(names ...string) {
	for _, n := range names {
		r.send(keyPress(n))
	}
}

// kind types a text letter by letter.
func (r *rig) kind(text string) {
	for _, c := range text {
		r.send(tea.KeyPressMsg{Code: c, Text: string(c)})
	}
}

func keyPress(name string) tea.KeyPressMsg {
	special := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft,
		"right": tea.KeyRight, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
		"backspace": tea.KeyBackspace, "f1": tea.KeyF1, "space": ' ',
	}
	k := tea.KeyPressMsg{}
	base := name
	for prefix, mod := range map[string]tea.KeyMod{"ctrl+": tea.ModCtrl, "alt+": tea.ModAlt, "shift+": tea.ModShift} {
		if rest, ok := strings.CutPrefix(base, prefix); ok && rest != "" {
			k.Mod, base = k.Mod|mod, rest
		}
	}
	if code, ok := special[base]; ok {
		k.Code = code
		return k
	}
	k.Code = []rune(base)[0]
	if k.Mod == 0 {
		k.Text = base
	}
	return k
}

// screen is what is shown, without styles.
func (r *rig) screen() string { return ansi.Strip(r.m.View().Content) }

func (r *rig) shows(want ...string) {
	r.t.Helper()
	s := strings.Join(strings.Fields(r.screen()), " ")
	for _, w := range want {
		if !strings.Contains(s, w) {
			r.t.Errorf("the screen doesn't show %q:\n%s", w, r.screen())
		}
	}
}

func (r *rig) hides(not ...string) {
	r.t.Helper()
	s := strings.Join(strings.Fields(r.screen()), " ")
	for _, w := range not {
		if strings.Contains(s, w) {
			r.t.Errorf("the screen shows %q:\n%s", w, r.screen())
		}
	}
}

// last is the last command of a type that was asked; the zero value when none.
func last[C desk.Command](r *rig) (c C, n int) {
	for _, cmd := range r.asked {
		if x, ok := cmd.(C); ok {
			c, n = x, n+1
		}
	}
	return c, n
}

// wantAsked checks the newest writing command.
func (r *rig) wantAsked(want desk.Command) {
	r.t.Helper()
	for i := len(r.asked) - 1; i >= 0; i-- {
		if reflect.TypeOf(r.asked[i]) == reflect.TypeOf(want) {
			if d := cmp.Diff(want, r.asked[i]); d != "" {
				r.t.Errorf("%s asked otherwise (-want +got):\n%s", want.Name(), d)
			}
			return
		}
	}
	r.t.Errorf("%s was not asked; asked were %v", want.Name(), r.asked)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update and look at what it writes", err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// The desk of the tests.

func roleOf(id desk.RoleID) desk.Role {
	for _, r := range desk.BuiltInRoles() {
		if r.ID == id {
			return r
		}
	}
	panic(id)
}

func members() []desk.Member {
	return []desk.Member{
		{ID: "asha", Name: "Asha Rao", Email: "asha@example.com", Role: desk.RoleManager, Teams: []desk.TeamID{"billing"}},
		{ID: "ana", Name: "Ana Lima", Email: "ana@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{"billing"}},
		{ID: "tom", Name: "Tom Becker", Email: "tom@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{"shipping"}},
		{ID: "zoe", Name: "Zoë Ito", Email: "zoe@example.com", Role: desk.RoleOwner},
		{ID: "vic", Name: "Victor Stone", Email: "vic@example.com", Role: desk.RoleViewer, Teams: []desk.TeamID{"billing"}},
	}
}

func minutes(n int) time.Time { return noon.Add(-time.Duration(n) * time.Minute) }

// conversations: #1 mine, waiting; #2 in the queue; #3 Ana's; #4 Tom's, window
// closed; #5 resolved; #6 mine, nothing to do.
func conversations() []desk.Conversation {
	last := func(side desk.Side, author desk.MemberID, text string, d desk.Delivery) desk.Last {
		return desk.Last{Side: side, Type: desk.TypeText, Author: author, Text: text, Delivery: d}
	}
	cs := []desk.Conversation{
		{ID: 1, Contact: desk.Contact{Name: "Maria Lopez", Phone: "+447700900001", Username: "maria"}, Status: desk.StatusOpen, Assignee: "asha", Team: "billing",
			Labels: []string{"vip", "refund"}, LastAt: minutes(12), WaitingSince: minutes(12), Unread: 2, Last: last(desk.SideCustomer, "", "Where is my parcel?", "")},
		{ID: 2, Contact: desk.Contact{Name: "山田 太郎", Phone: "+81312345678"}, Status: desk.StatusOpen,
			LastAt: minutes(30), WaitingSince: minutes(45), Unread: 1, Last: last(desk.SideCustomer, "", "ありがとう 👍🏽", "")},
		{ID: 3, Contact: desk.Contact{Name: "Fatima الزهراء", Phone: "+212600000000"}, Status: desk.StatusOpen, Assignee: "ana", Team: "billing",
			LastAt: minutes(65), Last: last(desk.SideTeam, "ana", "I'll check that for you.", desk.Read)},
		{ID: 4, Contact: desk.Contact{Phone: "+33612345678"}, Status: desk.StatusOpen, Assignee: "tom", Team: "shipping",
			LastAt: minutes(60 * 30), Last: last(desk.SideTeam, "tom", "It left the depot.", desk.Failed)},
		{ID: 5, Contact: desk.Contact{Name: "Bob", Phone: "+15550100"}, Status: desk.StatusResolved, Assignee: "asha",
			LastAt: minutes(60 * 24 * 3), Last: last(desk.SideTeam, "asha", "Glad that it works.", desk.Delivered)},
		{ID: 6, Contact: desk.Contact{Name: "Peter \u202egnihsihp", Phone: "+15550101"}, Status: desk.StatusOpen, Assignee: "asha",
			LastAt: minutes(200), Last: desk.Last{Side: desk.SideNote, Type: desk.TypeText, Author: "ana", Text: "He calls back."}},
	}
	for i := range cs {
		cs[i].Seq = 50
		cs[i].WindowUntil = cs[i].LastAt.Add(24 * time.Hour)
	}
	return cs
}

func theThread(id desk.ConversationID) desk.Thread {
	var conv desk.Conversation
	for _, c := range conversations() {
		if c.ID == id {
			conv = c
		}
	}
	say := func(ago int, side desk.Side, author desk.MemberID, text string) desk.Message {
		return desk.Message{Side: side, Author: author, Type: desk.TypeText, Text: text, At: conv.LastAt.Add(-time.Duration(ago) * time.Minute)}
	}
	with := func(m desk.Message, f func(*desk.Message)) desk.Message { f(&m); return m }
	ms := []desk.Message{ // oldest first
		with(say(60*26, desk.SideEvent, "ana", ""), func(m *desk.Message) { m.Type = desk.MessageType(desk.ConversationClaimed) }),
		with(say(60*25, desk.SideTeam, "ana", "Good morning! How can I help?"), func(m *desk.Message) { m.Delivery = desk.Delivered }),
		with(say(40, desk.SideCustomer, "", "Look at this"), func(m *desk.Message) { m.Type = desk.TypeImage; m.Media = &desk.Media{Size: 182_000} }),
		with(say(39, desk.SideCustomer, "", ""), func(m *desk.Message) {
			m.Type = desk.TypeDocument
			m.Media = &desk.Media{Filename: "invoice\u202efdp.exe", Size: 1_820_000}
		}),
		with(say(38, desk.SideTeam, "asha", "Of course, I'll look into it right away and get back to you today."), func(m *desk.Message) {
			m.Delivery = desk.Read
			m.Quote = &desk.Quote{Side: desk.SideCustomer, Text: "Look at this"}
		}),
		with(say(37, desk.SideEvent, "asha", ""), func(m *desk.Message) { m.Type = desk.MessageType(desk.ConversationTakenOver); m.To = "ana" }),
		say(30, desk.SideNote, "ana", "He is a friend of the boss.\nBe nice."),
		with(say(20, desk.SideTeam, "asha", "This one failed"), func(m *desk.Message) {
			m.Delivery, m.Problem = desk.Failed, &desk.Problem{Code: 131026, Text: "The number can't receive messages."}
		}),
		with(say(19, desk.SideTeam, "ana", "This one went astray"), func(m *desk.Message) { m.Delivery = desk.Unknown }),
		say(1, desk.SideCustomer, "", "Hello? 👋🏽"),
		say(0, desk.SideCustomer, "", "Where is my parcel? It was meant to arrive yesterday."),
	}
	t := desk.Thread{Conversation: conv, Seq: 100}
	for i := len(ms) - 1; i >= 0; i-- {
		ms[i].ID, ms[i].Conversation, ms[i].Seq, ms[i].Order = desk.MessageID(fmt.Sprintf("m%d.%d", id, i)), id, 50, int64(i+1)
		t.Messages = append(t.Messages, ms[i])
	}
	return t
}

// snapshot is the desk as a member with a role sees it.
func snapshot(me desk.MemberID, role desk.RoleID, seq int64, cs []desk.Conversation) desk.Snapshot {
	s := desk.Snapshot{Reason: desk.SnapshotFirst, Epoch: "e", Seq: seq, Members: members(), Roles: desk.BuiltInRoles(),
		Teams: []desk.Team{{ID: "billing", Name: "Billing"}, {ID: "shipping", Name: "Shipping"}}, Counts: map[desk.List]desk.Count{}, Windows: map[desk.List]desk.Window{}}
	for i := range s.Members {
		if s.Members[i].ID == me {
			s.Members[i].Role = role
			s.Me = desk.Actor{Member: s.Members[i], Role: roleOf(role)}
		}
	}
	cs = slices.SortedFunc(slices.Values(cs), func(a, b desk.Conversation) int { return b.LastAt.Compare(a.LastAt) })
	for i := range cs {
		if desk.Can(&s.Me, desk.ConversationView, desk.Subject{Conversation: &cs[i]}, noon) != nil {
			continue
		}
		s.Conversations = append(s.Conversations, cs[i])
		for _, l := range desk.Lists() {
			if !l.Holds(s.Me.Member, &cs[i]) {
				continue
			}
			n, w := s.Counts[l], s.Windows[l]
			n.Total++
			if cs[i].Unread > 0 {
				n.Unread++
			}
			w.Rows = append(w.Rows, cs[i].ID)
			s.Counts[l], s.Windows[l] = n, w
		}
	}
	return s
}

// live is a rig with the desk as a role sees it.
func live(t testing.TB, role desk.RoleID, change ...func(*Options)) *rig {
	r := newRig(t, change...)
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", role, 100, conversations())})
	return r
}

// event delivers one event about a conversation, changed by f.
func (r *rig) event(kind desk.EventKind, actor desk.MemberID, id desk.ConversationID, f func(*desk.Conversation), messages ...desk.Message) {
	_, seq := r.m.rep.Position()
	seq++
	var c desk.Conversation
	if row := r.m.rep.Conversation(id); row != nil {
		c = *row
	} else {
		for _, row := range conversations() {
			if row.ID == id {
				c = row
			}
		}
	}
	before := c.Facts()
	f(&c)
	c.Seq = seq
	for i := range messages {
		messages[i].Seq, messages[i].Order, messages[i].Conversation = seq, seq, id
	}
	r.send(Deliver{desk.Events{From: seq - 1, To: seq, Events: []desk.Event{{Seq: seq, At: r.now, Kind: kind, Actor: actor, Conversation: &c, Before: &before, Messages: messages}}}})
}
