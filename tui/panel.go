package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// panel is a pane that takes the place of the lists and the thread until it is
// closed. The tabs and the status line stay, and dialogs open above it. Its keys
// are the actions of the table whose place is its own.
//
// A panel may do more, and is then asked by these methods:
//
//	press(m *Model, k tea.KeyPressMsg) (cmd tea.Cmd, taken bool)  // before the table, for what it reads itself
//	settle(m *Model) tea.Cmd                                      // after every message: to ask for what is missing
//	rang(m *Model) tea.Cmd                                        // its timer, set by Model.wake
type panel interface {
	// where is its place in the actions table: its name.
	where() Where
	// title is its name and what is to be said of all of it.
	title(l *look) safe.Text
	// view draws it: h rows, each w columns.
	view(l *look, w, h int) []string
	// body is the list that the keys move in. Embedding a [pair] gives it.
	body() *pair
	// changed is asked when the panel opens and whenever the desk has changed; an
	// error says why it can't be open.
	changed(m *Model) (tea.Cmd, error)
}

// panelHead is how many rows the frame takes above a panel.
const panelHead = 1

// panel is the one that is shown, or nil.
func (m *Model) panel() panel {
	if n := len(m.panels); n > 0 {
		return m.panels[n-1]
	}
	return nil
}

// body is the list of the panel that is shown, or nil.
func (m *Model) body() *pair {
	if p := m.panel(); p != nil {
		return p.body()
	}
	return nil
}

// show opens a panel. One of the same place that is open already makes way, with
// those that were opened from it.
func (m *Model) show(p panel) tea.Cmd {
	m.serials++
	p.body().serial = m.serials
	cmd, err := p.changed(m)
	if err != nil {
		m.say(toastBad, m.look().reason(err, nil))
		return nil
	}
	for i, open := range m.panels {
		if open.where() == p.where() {
			m.panels = m.panels[:i]
			break
		}
	}
	m.leaveComposer()
	m.panels = append(m.panels, p)
	return cmd
}

// leavePanel goes back: from the detail to the list, from a filter to all rows,
// from the panel to where it was opened.
func (m *Model) leavePanel() tea.Cmd {
	b := m.body()
	switch {
	case b == nil:
	case b.deep:
		b.deep = false
	case b.list.filter.text != "":
		b.list.narrow("")
	default:
		m.panels = m.panels[:len(m.panels)-1]
	}
	return nil
}

// checkPanels tells the panels that the desk has changed, and closes those that
// may not be open any more.
func (m *Model) checkPanels() tea.Cmd {
	var cmds []tea.Cmd
	kept := m.panels[:0:0]
	for _, p := range m.panels {
		cmd, err := p.changed(m)
		if err != nil {
			m.sayWith(m.look().reason(err, nil), ours("What you had open was closed."))
			m.muffle()
			continue
		}
		kept = append(kept, p)
		cmds = append(cmds, cmd)
	}
	m.panels = kept
	return tea.Batch(cmds...)
}

// settlePanel lets the panel that is shown ask for what is missing.
func (m *Model) settlePanel() tea.Cmd {
	if p, ok := m.panel().(interface{ settle(*Model) tea.Cmd }); ok {
		return p.settle(m)
	}
	return nil
}

// wake has the panel's rang called after a while, if it is still open then.
func (m *Model) wake(p panel, d time.Duration) tea.Cmd {
	return m.after(d, alarm{kind: alarmPanel, n: p.body().serial})
}

func (m *Model) panelRang(n int) tea.Cmd {
	for _, p := range m.panels {
		if r, ok := p.(interface{ rang(*Model) tea.Cmd }); ok && p.body().serial == n {
			return r.rang(m)
		}
	}
	return nil
}

// isOpen reports whether the panel is still open: an answer that it waited for
// may come later.
func (m *Model) isOpen(p panel) bool {
	for _, open := range m.panels {
		if open == p {
			return true
		}
	}
	return false
}

// panelInput gives a key press or a paste to the panel: to the filter while it
// is typed, to the panel itself, then to the actions table.
func (m *Model) panelInput(p panel, msg tea.Msg) tea.Cmd {
	if b := p.body(); b.list.typing {
		b.list.input(msg)
		return nil
	}
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	if reader, ok := p.(interface {
		press(*Model, tea.KeyPressMsg) (tea.Cmd, bool)
	}); ok {
		if cmd, taken := reader.press(m, k); taken {
			return cmd
		}
	}
	return m.press(k.String())
}

// sharedPanelActions are the keys that every panel has.
func sharedPanelActions() []Action {
	return []Action{
		{ID: "panel-detail", Title: "Go to the details", Keys: []string{"enter", "l", "right"}, Group: GroupPanel, Where: AnyPanel, Hint: "details",
			Check: func(m *Model) error { return m.body().enterable() },
			Run:   func(m *Model) tea.Cmd { m.body().deep = true; return nil }},
		{ID: "panel-find", Title: "Find in the list", Keys: []string{"/"}, Group: GroupPanel, Where: AnyPanel, Hint: "find",
			Check: func(m *Model) error { return m.body().findable() },
			Run:   func(m *Model) tea.Cmd { m.body().deep, m.body().list.typing = false, true; return nil }},
		{ID: "panel-back", Title: "Back", Keys: []string{"esc", "q", "h", "left"}, Group: GroupPanel, Where: AnyPanel, Hint: "back", Run: (*Model).leavePanel},
	}
}

// on makes the function of an action from a method of its panel.
func on[P panel](f func(P, *Model) tea.Cmd) func(*Model) tea.Cmd {
	return func(m *Model) tea.Cmd {
		if p, ok := m.panel().(P); ok {
			return f(p, m)
		}
		return nil
	}
}

// unless makes the check of an action from a method of its panel.
func unless[P panel](f func(P, *Model) error) func(*Model) error {
	return func(m *Model) error {
		if p, ok := m.panel().(P); ok {
			return f(p, m)
		}
		return notHere("That panel isn't open.")
	}
}

// notHere is why an action makes no sense on what is chosen.
func notHere(reason string) error { return &desk.Denied{Reason: reason} }

// notOffered hides an action.
func notOffered(reason string) error { return &desk.Denied{Reason: reason, ByRole: true} }

// panelView draws a panel below its title.
func (m *Model) panelView(l *look, p panel, at plan) []string {
	w, h := at.body.w, at.body.h
	var right []span
	if w >= 60 {
		right = []span{{l.dim, ours("esc goes back ")}}
	}
	rows := []string{l.split(w, "", []span{{"", ours(" ")}, {l.strong, p.title(l)}}, right)}
	return l.fill(append(rows, p.view(l, w, h-panelHead)...), w, h)
}

// panelCursor is where the text cursor stands while a filter is typed.
func (m *Model) panelCursor(l *look, p plan) (x, y int, ok bool) {
	b := m.body()
	if b == nil || !b.list.typing {
		return 0, 0, false
	}
	return p.body.x + min(2+b.list.filter.before(l), p.body.w-1), p.body.y + panelHead + b.above, true
}

// pair is a list and the detail of its chosen row: side by side on a wide
// screen, one at a time on a narrow one.
type pair struct {
	list   table
	detail scroll
	deep   bool // the detail has the keys, and on a narrow screen the place
	above  int  // rows that the panel draws above the list
	serial int  // tells the panel's timers from those of others
	listW  int  // as last drawn
	plain  bool // there is no detail
}

// farthest is further than any list goes.
const farthest = 1 << 40

func (b *pair) body() *pair { return b }

func (b *pair) enterable() error {
	switch {
	case b.plain || b.deep:
		return notOffered("There is nothing further.")
	case b.list.len() == 0:
		return notHere("Nothing is listed.")
	}
	return nil
}

func (b *pair) findable() error {
	if b.list.words == nil {
		return notOffered("This list has no filter.")
	}
	return nil
}

func (b *pair) move(n int) {
	if b.deep {
		b.detail.move(n)
		return
	}
	b.choose(b.list.at + n)
}

// choose puts the cursor on a row; the detail begins at its top.
func (b *pair) choose(at int) {
	was := b.list.at
	b.list.choose(at)
	if b.list.at != was {
		b.detail.top = 0
	}
}

func (b *pair) pageRows() int {
	if b.deep {
		return b.detail.page
	}
	return max(1, b.list.page-1)
}

// wheel scrolls what is under column x of the panel.
func (b *pair) wheel(x, n int) {
	if x > b.listW || b.listW == 0 {
		b.detail.move(3 * n)
		return
	}
	b.choose(b.list.at + n)
}

// click chooses the row at a place of the panel.
func (b *pair) click(x, y int) {
	if x > b.listW || b.listW == 0 {
		b.deep = !b.plain
		return
	}
	if i := b.list.under(y - b.above); i >= 0 {
		b.deep = false
		b.choose(i)
	}
}

// view draws the list and what detail returns for the rest: lines of text, as
// many as there are.
func (b *pair) view(l *look, w, h int, detail func(l *look, w int) []string) []string {
	if b.plain {
		b.listW = w
		return b.list.view(l, w, h, true)
	}
	if w < twoPanes {
		if b.deep {
			b.listW = 0
			return b.detail.view(l, indented(l, detail, w), w, h)
		}
		b.listW = w
		return b.list.view(l, w, h, true)
	}
	side := min(max(w*42/100, 30), 64)
	b.listW = w - side - 1
	list := b.list.view(l, b.listW, h, !b.deep)
	right := b.detail.view(l, indented(l, detail, side), side, h)
	rows := make([]string, h)
	for i := range rows {
		rows[i] = list[i] + l.sign.wall + right[i]
	}
	return rows
}

func indented(l *look, detail func(l *look, w int) []string, w int) []string {
	rows := detail(l, w-2)
	for i := range rows {
		rows[i] = " " + rows[i] + " "
	}
	return rows
}

// scroll is a text that may be longer than its place.
type scroll struct{ top, page int }

func (s *scroll) move(n int) { s.top = max(0, min(s.top+n, farthest)) }

func (s *scroll) view(l *look, rows []string, w, h int) []string {
	s.page = max(1, h-2)
	if len(rows) <= h {
		s.top = 0
		return l.fill(rows, w, h)
	}
	room := max(1, h-1)
	s.top = max(0, min(s.top, len(rows)-room))
	more := l.row(w, "").gap(1)
	if s.top+room < len(rows) {
		more.put(l.accent, ours("▼ more"))
	} else {
		more.put(l.dim, ours("▲ the end"))
	}
	return append(append([]string{}, rows[s.top:s.top+room]...), more.String())
}

// mayDo asks what the server will ask of a command, as far as it is known here.
func (m *Model) mayDo(cmd desk.Command) error {
	t := cmd.Target()
	s := desk.Subject{Owners: m.rep.Owners(), Teams: t.Teams, Key: t.Key, Scope: t.Scope}
	if t.Member != "" {
		to, ok := m.rep.Actor(t.Member)
		if !ok {
			return notHere("That person is no longer known here.")
		}
		s.To = &to
	}
	if t.Role != "" {
		role, ok := m.rep.Role(t.Role)
		if !ok {
			return notHere("That role is no longer known here.")
		}
		s.Role = &role
	}
	if c, ok := cmd.(desk.SetTeams); ok && s.To != nil {
		s.Teams = moved(s.To.Member.Teams, c.Teams)
	}
	if c, ok := cmd.(desk.EndAccess); ok && s.To != nil {
		if i := slices.IndexFunc(s.To.Member.Grants, func(g desk.Grant) bool { return g.ID == c.Grant }); i >= 0 {
			s.Grant = &s.To.Member.Grants[i]
		}
	}
	return m.rep.Can(cmd.Perm(), s, m.opt.Now())
}
