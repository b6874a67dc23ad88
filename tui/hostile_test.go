package tui

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// hostileStrings is the corpus that tui/safe is tested with.
func hostileStrings(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("safe/testdata/hostile-strings.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Strings []struct{ ID, String, B64 string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, s := range file.Strings {
		if s.B64 != "" {
			raw, err := base64.StdEncoding.DecodeString(s.B64)
			if err != nil {
				t.Fatal(err)
			}
			s.String = string(raw)
		}
		all[s.ID] = s.String
	}
	if len(all) < 400 {
		t.Fatalf("the corpus has %d strings", len(all))
	}
	return all
}

// poisoned is a desk in which everything that people wrote is s.
func poisoned(s string) (desk.Snapshot, func(desk.Command) (any, error)) {
	cs := conversations()
	for i := range cs {
		cs[i].Contact = desk.Contact{Name: s, Phone: s, Username: s}
		cs[i].Labels = []string{s, s}
		cs[i].Last.Text = s
	}
	snap := snapshot("asha", desk.RoleManager, 100, cs)
	for i := range snap.Members {
		snap.Members[i].Name, snap.Members[i].Email = s, s
		snap.Members[i].Grants = []desk.Grant{{ID: "g", Role: "agent", Until: noon.Add(time.Hour), By: "zoe", Reason: s}, {ID: "k", Perm: desk.Perm(s), Scope: desk.Scope(s), Until: noon.Add(time.Hour)}}
	}
	for i := range snap.Teams {
		snap.Teams[i].Name = s
	}
	for i := range snap.Roles {
		snap.Roles[i].Name, snap.Roles[i].Description = s, s
	}
	snap.Me.Member.Name, snap.Me.Role.Name = s, s
	snap.Requests = []desk.Request{
		{ID: "q1", Member: "ana", Perm: desk.ContactViewPII, Scope: desk.ScopeTeam, For: 3600, Reason: s, At: noon, State: desk.RequestOpen, Conversation: 1},
		{ID: "q2", Member: "ana", Perm: desk.Perm(s), Scope: desk.Scope(s), For: -1, Reason: s, Answer: s, State: desk.RequestState(s), By: desk.MemberID(s), DecidedAt: noon, Until: noon},
	}
	return snap, func(cmd desk.Command) (any, error) {
		switch c := cmd.(type) {
		case desk.History:
			page := theThread(c.Conversation)
			page.Conversation = cs[0]
			for i := range page.Messages {
				m := &page.Messages[i]
				m.Text = s
				if m.Media != nil {
					m.Media.Filename = s
				}
				if m.Quote != nil {
					m.Quote.Text = s
				}
				if m.Problem != nil {
					m.Problem.Text = s
				}
			}
			return page, nil
		case desk.Reply:
			return nil, &desk.Error{Code: desk.CodeConflict, Message: s, Seq: 107, Since: []desk.Message{{Side: desk.SideCustomer, Text: s, At: noon}}}
		case desk.Resolve:
			return nil, &desk.Error{Code: desk.CodeDenied, Message: s}
		}
		if v, err := poisonedStaff(s, cmd); v != nil || err != nil {
			return v, err
		}
		return nil, nil
	}
}

// poisonedStaff answers what the panels ask, everything in it being s.
func poisonedStaff(s string, cmd desk.Command) (any, error) {
	switch cmd.(type) {
	case desk.ListStaff:
		return staffAnswer(desk.ListStaff{}), nil
	case desk.ListSessions:
		return desk.SessionList{Sessions: []desk.SignInInfo{{ID: s, Program: s, Host: s, Addr: s, Key: s, Since: noon, Open: 1}, {ID: s}}}, nil
	case desk.Preview:
		on := desk.EffectOn{Member: "ana", Keys: []desk.KeyChange{{Perm: desk.Perm(s), To: desk.Scope(s)}, {Perm: desk.MessageReply, To: desk.ScopeAll}}, Returns: 1}
		return desk.Effect{People: []desk.EffectOn{on, {Member: desk.MemberID(s), Vanish: 1}}, Affected: 9, Sessions: 2}, nil
	case desk.Invite:
		return desk.Done{Seq: 1, Code: s, Ends: noon.Add(time.Hour)}, nil
	case desk.EndSessions:
		return nil, &desk.Error{Code: desk.CodeConflict, Message: s}
	case desk.ListLog:
		return poisonedLog(s), nil
	case desk.TakeCheckpoint:
		return desk.Checkpoint{Seq: 1, Note: s, Key: s}, nil
	}
	return nil, nil
}

// poisonedLog has an entry of each kind, and one of a kind that nobody knows.
func poisonedLog(s string) desk.LogPage {
	text, _ := json.Marshal(s)
	value := json.RawMessage(`{"name":` + string(text) + `,"perm":` + string(text) + `,"list":[` + string(text) + `,1],` + string(text) + `:{` + string(text) + `:true},"role":` + string(text) + `}`)
	role := desk.Role{ID: "x", Name: s}
	detail := desk.LogDetail{Command: s, Before: value, After: json.RawMessage(`{"name":"x"}`), Reason: s, Program: s, Email: s, Rows: 1,
		As: &desk.ViewAs{Role: &role, Teams: []desk.TeamID{desk.TeamID(s)}}, Denied: &desk.Denied{Perm: desk.Perm(s), Why: desk.Why(s), Reason: s, Needs: desk.Scope(s), Has: desk.Scope(s)}}
	page := desk.LogPage{Head: 1000}
	add := func(kind desk.EventKind) {
		page.Entries = append(page.Entries, desk.LogEntry{Seq: 1000 - int64(len(page.Entries)), At: noon, Kind: kind, Actor: desk.MemberID(s), Session: s, Addr: s, Conversation: 1, Target: s,
			Detail: &detail, Hash: s, Erased: true, Texts: []desk.LoggedText{{Side: desk.Side(s), Type: desk.MessageType(s), Delivery: desk.Delivery(s)}}})
	}
	add(desk.RoleAssigned)
	add(desk.CommandRefused)
	for _, g := range logKinds() {
		if len(s) > 1000 {
			break // they are told with the same few functions, and this takes its time
		}
		for _, k := range g.kinds {
			add(k)
		}
	}
	add(desk.EventKind(s))
	return page
}

// TestHostileText puts each string of the corpus everywhere at once and walks
// through every view: rows keep their width and number, the walls stay where
// they are, and nothing but our own colours reaches the terminal.
func TestHostileText(t *testing.T) {
	scenes := map[string][]string{
		"thread": nil, "palette": {"ctrl+k", "1"}, "assign": {"a"}, "labels": {"L"}, "people": {"P"}, "person": {"P", "enter"}, "find": {"P", "/", "x"}, "teams": {"P", "tab"}, "matrix": {"R"}, "usage": {"R", "U"},
		"give": {"P", "a"}, "lend": {"P", "a", "m", "a", "r", "k", " ", "a", "s", "enter", "enter"}, "grants": {"P", "e"}, "sessions": {"P", "o"}, "roles": {"P", "r"}, "effect": {"P", "t", "space", "enter"}, "hand over": {"P", "s"},
		"invite": {"P", "i", "A", "tab", "a", "@", "b", ".", "c", "tab", "enter", "down", "down", "down", "enter", "tab", "enter", "space", "enter", "ctrl+s"}, "rename": {"P", "tab", "c"}, "members": {"P", "tab", "m"},
		"requests": {"Q"}, "request": {"Q", "enter"}, "strange request": {"Q", "G", "enter"}, "allow request": {"Q", "a", "ctrl+s"}, "refuse request": {"Q", "x"}, "ask": {"!"}, "ask what": {"!", "up", "up", "up", "enter"},
		"log": {"A"}, "entry": {"A", "enter"}, "refused entry": {"A", "j", "enter"}, "strange entry": {"A", "G", "enter"}, "log filter": {"A", "p", "down", "enter", "b", "down", "enter"}, "checkpoint": {"A", "v"}, "reveal": {"N"}, "see as": {"V"},
		"settle": {"x"}, "raw": {"v"}, "conflict": {"r", "z", "enter"}, "refused": {"e"}, "help": {"?"},
	}
	all := hostileStrings(t)
	for n, id := range slices.Sorted(maps.Keys(all)) {
		s := all[id]
		snap, do := poisoned(s)
		for _, grapheme := range []bool{false, true} {
			r := newRig(t, func(o *Options) {
				o.Hint, o.Server, o.Accounts = s, s, []Account{{Name: s, Role: s}}
				o.Drafts = map[desk.ConversationID]string{1: s}
			})
			r.do = do
			if grapheme {
				r.send(tea.ModeReportMsg{Mode: ansi.ModeUnicodeCore, Value: ansi.ModeReset})
			}
			r.size(120, 40)
			r.send(Deliver{client.Link{State: client.Live}, snap})
			r.keys("4", "enter")
			for _, name := range slices.Sorted(maps.Keys(scenes)) {
				keys := scenes[name]
				if name != "thread" && (n%12 != 0 || (grapheme && name != "person")) {
					continue // the first scene shows every string; the others draw with the same few functions
				}
				if len(keys) > 0 && strings.Contains("PQA!", keys[0]) && n%36 != 0 {
					continue
				}
				r.keys(keys...)
				checkSafe(t, r, id+"/"+name, grapheme, r.m.dialog() == nil && r.m.panel() == nil)
				for r.m.dialog() != nil {
					r.m.pop()
				}
				r.m.panels = nil
				r.m.leaveComposer()
				r.now = r.now.Add(breath)
				r.m.toast = toast{}
			}
		}
		if t.Failed() {
			return
		}
	}
}

func checkSafe(t *testing.T, r *rig, what string, grapheme, walls bool) {
	t.Helper()
	v := r.m.View()
	method, width := ansi.WcWidth, ansi.StringWidthWc
	if grapheme {
		method, width = ansi.GraphemeWidth, ansi.StringWidth
	}
	rows := strings.Split(v.Content, "\n")
	if len(rows) != 40 {
		t.Errorf("%s: %d rows", what, len(rows))
	}
	for i, row := range rows {
		if w := width(row); w != 120 {
			t.Errorf("%s: row %d is %d columns wide: %q", what, i, w, row)
		}
	}
	if bad := foreign(v.Content); bad != "" {
		t.Errorf("%s: %s", what, bad)
	}
	if title := v.WindowTitle; foreign(title) != "" || width(title) > 80 {
		t.Errorf("%s: title %q", what, title)
	}
	if !walls {
		return
	}
	cells := uv.NewScreenBuffer(120, 40)
	cells.Method = method
	uv.NewStyledString(v.Content).Draw(cells, cells.Bounds())
	p := r.m.plan()
	for y := p.body.y; y < p.body.y+p.body.h; y++ {
		for _, x := range []int{p.list.w, p.details.x - 1} {
			if c := cells.CellAt(x, y); c == nil || c.Content != "│" {
				t.Errorf("%s: no wall at %d,%d: %q", what, x, y, rows[y])
				return
			}
		}
	}
}

// foreign returns what in s isn't text or one of our colours.
func foreign(s string) string {
	s = regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(s, "")
	if !utf8.ValidString(s) {
		return "it isn't UTF-8"
	}
	for _, r := range s {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return "it has " + strings.ToUpper(string([]rune{r})) + " as a control"
		}
	}
	return ""
}
