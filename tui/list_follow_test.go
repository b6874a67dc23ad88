package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// long is a manager's screen with n open chats in the queue, #1 at the top.
func long(t testing.TB, n int) *rig {
	r := newRig(t)
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleManager, 100, queued(1, n))})
	r.keys("2")
	return r
}

func queued(from, n int) []desk.Conversation {
	var cs []desk.Conversation
	for i := from; i < from+n; i++ {
		at := minutes(10 * i)
		cs = append(cs, desk.Conversation{ID: desk.ConversationID(i), Seq: 50, Contact: desk.Contact{Name: fmt.Sprintf("Customer %d.", i)}, Status: desk.StatusOpen,
			LastAt: at, WindowUntil: at.Add(24 * time.Hour), Last: desk.Last{Side: desk.SideCustomer, Type: desk.TypeText, Text: "Hello"}})
	}
	return cs
}

// arrives has a chat come that wasn't there.
func (r *rig) arrives(id int) {
	r.now = r.now.Add(time.Second)
	r.event(desk.MessageReceived, "", desk.ConversationID(id), func(c *desk.Conversation) {
		*c = queued(id, 1)[0]
		c.LastAt = r.now
	})
}

// listLines are the lines of the list pane, without what is beside it.
func (r *rig) listLines() []string {
	p := r.m.plan()
	var lines []string
	for _, s := range strings.Split(r.screen(), "\n")[p.list.y : p.list.y+p.list.h] {
		s, _, _ = strings.Cut(s, "│")
		lines = append(lines, strings.TrimRight(s, " "))
	}
	return lines
}

// line is the first line of the list that holds a text.
func (r *rig) line(text string) (string, int) {
	r.t.Helper()
	for i, s := range r.listLines() {
		if strings.Contains(s, text) {
			return s, i
		}
	}
	r.t.Fatalf("the list doesn't show %q:\n%s", text, r.screen())
	return "", -1
}

func TestNewChatsComeIntoSightAtTheTop(t *testing.T) {
	r := long(t, 40)
	r.arrives(101)
	r.arrives(102)
	if s, i := r.line("Customer 102."); i != 0 {
		t.Errorf("the newest chat is in line %d: %q", i, s)
	}
	if s, i := r.line("Customer 1."); i != 4 || !strings.HasPrefix(s, "▌") {
		t.Errorf("the cursor's chat is in line %d: %q", i, s)
	}
	r.hides("newer")
	for i := range 9 {
		r.arrives(200 + i)
	}
	if s, _ := r.line("Customer 1."); !strings.HasPrefix(s, "▌") {
		t.Errorf("the cursor left its chat: %q", s)
	}
	r.shows("↑ 2 newer · g")
	r.keys("g")
	r.line("Customer 208.")
	r.hides("newer")
}

func TestRowsStayWhenScrolledDown(t *testing.T) {
	r := long(t, 40)
	for range 20 {
		r.keys("j")
	}
	for range 4 {
		r.keys("k") // not on the last line: there the cursor alone would hold the view
	}
	r.shows("↑ 11 newer · g")
	before := r.listLines()[1:]
	for i := range 8 {
		r.arrives(101 + i)
	}
	r.shows("↑ 19 newer · g")
	if got := r.listLines()[1:]; strings.Join(got, "\n") != strings.Join(before, "\n") {
		t.Errorf("the rows moved:\n%s\nwere\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}
	_, was := r.line("Customer 16.")
	r.event(desk.MessageReceived, "", 12, func(c *desk.Conversation) { c.LastAt = r.now.Add(time.Second) }) // the first on the screen
	if _, i := r.line("Customer 16."); i != was {
		t.Errorf("the first row went to the top, and another one from line %d to %d", was, i)
	}
	r.event(desk.ConversationClaimed, "ana", 17, func(c *desk.Conversation) { c.Assignee = "ana" })
	if s, _ := r.line("Customer 18."); !strings.HasPrefix(s, "▌") {
		t.Errorf("the cursor's chat went, and the next isn't under it: %q", s)
	}
	if _, i := r.line("Customer 16."); i != was {
		t.Errorf("a row below went, and one above moved from line %d to %d", was, i)
	}
}

func TestViewFollowsTheChatThatMovesUp(t *testing.T) {
	r := long(t, 40)
	for range 20 {
		r.keys("j")
	}
	r.event(desk.MessageQueued, "asha", 21, func(c *desk.Conversation) { c.LastAt = noon.Add(time.Minute) })
	if s, i := r.line("Customer 21."); i != 0 || !strings.HasPrefix(s, "▌") {
		t.Errorf("the chat that was answered is in line %d: %q", i, s)
	}
}

func TestClickBelowTheLineThatTellsWhatIsAbove(t *testing.T) {
	r := long(t, 40)
	for range 20 {
		r.keys("j")
	}
	r.hold = true // no thread is asked for
	_, i := r.line("Customer 16.")
	y := r.m.plan().list.y
	r.send(tea.MouseClickMsg{X: 5, Y: y + i, Button: tea.MouseLeft})
	if r.m.thread.open != 16 {
		t.Errorf("a click on #16 opened %v", r.m.thread.open)
	}
	r.send(tea.MouseClickMsg{X: 5, Y: y, Button: tea.MouseLeft})
	r.line("Customer 1.")
}

func TestDraftStandsInTheList(t *testing.T) {
	r := live(t, desk.RoleManager, func(o *Options) {
		o.Drafts = map[desk.ConversationID]string{2: "kept from yesterday", 3: noteMark + "ask Tom", 6: " \n"}
	})
	r.size(120, 40)
	r.keys("4")
	r.line("Draft: kept from yesterday")
	r.line("Draft of a note: ask Tom")
	r.line("note, Ana")
	write(r, "half a")
	r.line("Where is my parcel?") // its draft is in the composer
	r.keys("esc")
	r.line("Draft: half a")
	r.keys("r", "enter")
	for _, s := range r.listLines() {
		if strings.Contains(s, "half a") {
			t.Errorf("what was sent is still a draft: %q", s)
		}
	}
}

func TestRowsSayWhatMatters(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.event(desk.MessageReceived, "", 3, func(c *desk.Conversation) { c.WindowUntil = r.now.Add(3 * time.Hour) })
	r.size(120, 40)
	r.keys("4")
	for text, want := range map[string]string{
		"Where is my parcel?": "you", "ありがとう": "👍", "I'll check": "2h left  AL", "note, Ana": "you", "It left": "closed  TB",
	} {
		s, _ := r.line(text)
		if !strings.HasSuffix(s, want) || strings.Count(s, "left") > strings.Count(text+want, "left") {
			t.Errorf("%q doesn't end with %q, or says more", s, want)
		}
	}
	r.keys("1")
	if s, _ := r.line("Where is my parcel?"); strings.Contains(s, "you") || strings.Contains(s, "left") {
		t.Errorf("in Mine: %q", s)
	}
	r.keys("5")
	if s, _ := r.line("Glad that"); strings.Contains(s, "resolved") || !strings.HasSuffix(s, "✓✓  you") {
		t.Errorf("in Resolved: %q", s)
	}
}

func TestFailedStandsOut(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.keys("4")
	r.line("! failed: It left")
	r.event(desk.MessageUpdated, "", 4, func(c *desk.Conversation) { c.Last.Delivery = desk.Unknown })
	r.line("? unconfirmed: ")
	r.size(50, 10)
	r.line("? unconfirmed")
	r.size(80, 24)
	*r.m.draftOf(4) = draft{reply: "Once more"}
	if s, _ := r.line("Draft: Once"); !strings.Contains(s, " ? ") {
		t.Errorf("the draft hides that the last message is unconfirmed: %q", s)
	}
}

func TestFirstLabelAndTheNumberOfTheOthers(t *testing.T) {
	for _, name := range []string{"Al", "Maria", "Maria Lopez", "Maria Lopez Fernandez del Monte", "山田 太郎 山田 太郎 山田", "Peter \u202egnihsihp the Great"} {
		for _, labels := range [][]string{{"vip"}, {"vip", "refund"}, {"wholesale customer", "b", "c"}, {"vip", "ab", "x", "y", "z", "p", "q", "r", "s", "t", "u"}} {
			for w := 32; w < 70; w++ {
				l := live(t, desk.RoleManager).m.look()
				c := conversations()[0]
				c.Contact.Name, c.Labels, c.Unread = name, labels, 120
				row := listRow{look: l, c: &c, list: desk.ListAll, width: w}
				s := ansi.Strip(row.upper())
				if !strings.Contains(s, labels[0][:2]) {
					t.Errorf("%d columns: no label: %q", w, s)
				}
				shown := 0
				for _, label := range labels[1:] {
					if strings.Contains(s, "  "+label+" ") {
						shown++
					}
				}
				if rest := len(labels) - 1 - shown; rest > 0 && !strings.Contains(s, fmt.Sprintf(" +%d ", rest)) {
					t.Errorf("%d columns: no +%d: %q", w, rest, s)
				}
			}
		}
	}
}

// TestBottomOfALongList presses G once in a list of which only the first page
// is here.
func TestBottomOfALongList(t *testing.T) {
	all := queued(1, 230)
	r := newRig(t)
	s := snapshot("asha", desk.RoleManager, 100, all[:50])
	w := s.Windows[desk.ListQueue]
	w.More = true
	s.Windows[desk.ListQueue] = w
	r.do = func(cmd desk.Command) (any, error) {
		c, ok := cmd.(desk.ListConversations)
		if !ok {
			return nil, nil
		}
		from := int(c.After.ID)
		to := min(from+c.Limit, len(all))
		return desk.Page{List: c.List, Seq: 100, Rows: all[from:to], More: to < len(all)}, nil
	}
	r.send(Deliver{client.Link{State: client.Live}, s})
	r.keys("2")
	r.hold = true
	r.keys("G")
	r.shows("loading older…")
	r.release()
	if got, _ := r.line("Customer 230."); !strings.HasPrefix(got, "▌") {
		t.Errorf("G stands on %q", got)
	}
	r.hides("loading older")
	r.keys("g")
	r.line("Customer 1.")
}

func TestBeginsWhereThereIsSomething(t *testing.T) {
	cs := conversations()
	notMine := func(keep ...int) (some []desk.Conversation) {
		for _, i := range keep {
			some = append(some, cs[i])
		}
		return some
	}
	for _, tt := range []struct {
		role desk.RoleID
		cs   []desk.Conversation
		want desk.List
	}{
		{desk.RoleManager, cs, desk.ListMine},
		{desk.RoleManager, notMine(1, 2), desk.ListQueue},
		{desk.RoleOwner, notMine(2, 3), desk.ListTeam},
		{desk.RoleOwner, notMine(3), desk.ListAll},
		{desk.RoleOwner, notMine(4), desk.ListMine},
		{desk.RoleOwner, nil, desk.ListMine},
	} {
		r := newRig(t)
		r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", tt.role, 100, tt.cs)})
		if r.m.list.list != tt.want {
			t.Errorf("%s with %d chats begins on %s, want %s", tt.role, len(tt.cs), r.m.list.list, tt.want)
		}
	}
	r := newRig(t)
	r.keys("5")
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleManager, 100, cs)})
	if r.m.list.list != desk.ListResolved {
		t.Errorf("the list that the agent chose was left for %s", r.m.list.list)
	}
}

func TestEmptyMineFitsTheRole(t *testing.T) {
	for role, want := range map[desk.RoleID]string{
		desk.RoleManager: "Take one from the queue.", desk.RoleTemporary: "One that a colleague gives you comes here.", desk.RoleViewer: "your role doesn't answer customers",
	} {
		r := newRig(t)
		r.size(40, 24)
		r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", role, 100, nil)})
		r.shows(want)
	}
}

// TestMarksOfCursorAndOpenChat holds the two marks to their rows.
func TestMarksOfCursorAndOpenChat(t *testing.T) {
	marks := func(r *rig) string {
		var got []string
		for i, s := range r.listLines() {
			if first := []rune(s + " ")[0]; first != ' ' && i%2 == 0 {
				got = append(got, string(first)+strings.Fields(string([]rune(s)[1:]))[0])
			}
		}
		return strings.Join(got, " ")
	}
	check := func(r *rig, want string) {
		t.Helper()
		if got := marks(r); got != want {
			t.Errorf("marks %q, want %q:\n%s", got, want, r.screen())
		}
	}
	r := live(t, desk.RoleManager)
	r.keys("4", "enter")
	check(r, "▏Maria")
	r.keys("esc", "j")
	check(r, "▏Maria ▌山田")
	r.shows("The keys act on 山田 太郎, in the list.")
	r.keys("k")
	check(r, "▌Maria")
	r.hides("The keys act on")
	r.m.open(3) // as the palette does
	check(r, "▏Fatima")
	r.keys("1")
	r.m.open(1)
	r.event(desk.ConversationResolved, "asha", 1, func(c *desk.Conversation) { c.Status = desk.StatusResolved })
	check(r, "")
	r.m.open(3) // isn't in this list
	check(r, "")
	r.keys("esc")
	check(r, "▌Peter")
}

func TestDetailsNameTheChat(t *testing.T) {
	r := live(t, desk.RoleManager)
	r.size(120, 40)
	r.keys("4", "enter")
	r.shows("Chat #1")
	r.hides("Number #1")
}
