package tui

import (
	"encoding/json"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// atLog is the place of the activity log.
const atLog Where = "log"

// Of the log, a window is held: pages of entries around what is in sight. Those
// out of it are remembered by their place alone, and asked for again.
const (
	logPage   = 100
	logWindow = 2000 // entries at most
	logNear   = 40   // rows from its edge at which the next page is asked for
	logEvery  = time.Second
	logPause  = 5 * time.Second // after what couldn't be read
)

// logPanel shows the activity log, newest first, with a live tail.
type logPanel struct {
	pair
	filter logFilter
	chunks []logChunk // newest first; loaded are those from lo to below hi
	lo, hi int
	rows   []*desk.LogEntry // of the loaded pages
	newest int64            // up to which number the top is known
	more   bool             // there are older ones than the last page

	n       int // counts beginnings: an answer to an earlier one is dropped
	asked   bool
	loaded  bool // there was an answer
	failed  bool
	pause   time.Time // until then nothing is asked
	started bool      // the clock runs
	top     bool      // the first row was in sight when it was last drawn
	me      desk.Actor
}

// logChunk is a page of the log: where it begins, how long it is, and what is in it while it
// is in the window.
type logChunk struct {
	before  int64 // all its entries have lower numbers
	n       int
	entries []desk.LogEntry
}

// activity opens the panel.
func (m *Model) activity() tea.Cmd {
	p := &logPanel{me: m.rep.Me(), top: true}
	p.list = table{
		count: func() int { return len(p.rows) },
		key:   func(i int) string { return strconv.FormatInt(p.rows[i].Seq, 10) },
		row:   p.row,
		none:  p.none,
	}
	return m.show(p)
}

func (p *logPanel) where() Where { return atLog }

// changed closes the panel with the right to it, and begins anew when one's rights
// are others: what was read by the old ones goes.
func (p *logPanel) changed(m *Model) (tea.Cmd, error) {
	if err := m.rep.Can(desk.LogView, desk.Subject{}, m.opt.Now()); err != nil {
		return nil, err
	}
	if me := m.rep.Me(); !me.Equal(p.me) {
		p.me = me
		p.begin()
	}
	if p.started {
		return nil, nil
	}
	p.started = true
	return m.wake(p, logEvery), nil
}

// begin forgets everything; the newest page is then asked for.
func (p *logPanel) begin() {
	p.n++
	p.chunks, p.rows, p.lo, p.hi = nil, nil, 0, 0
	p.newest, p.more, p.asked, p.loaded, p.failed, p.top = 0, false, false, false, false, true
	p.pause, p.deep, p.detail = time.Time{}, false, scroll{}
	p.list.held = ""
	p.list.at, p.list.top = 0, 0
}

// press leaves the window for the newest entries when one asks for the top.
func (p *logPanel) press(_ *Model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	if s := k.String(); (s == "g" || s == "home") && !p.deep && p.lo > 0 {
		p.begin()
		return nil, true
	}
	return nil, false
}

// settle asks for what nears the sight: the first page, older ones, or newer ones
// that were let go.
func (p *logPanel) settle(m *Model) tea.Cmd {
	if p.asked || m.eyes != nil || m.link.State != client.Live || m.opt.Now().Before(p.pause) {
		return nil
	}
	switch at := p.list.at; {
	case !p.loaded:
		return p.ask(m, desk.ListLog{Limit: logPage}, p.first)
	case at >= len(p.rows)-logNear && p.hi < len(p.chunks):
		return p.again(m, p.hi)
	case at >= len(p.rows)-logNear && p.more && len(p.rows) > 0:
		return p.ask(m, desk.ListLog{Before: p.rows[len(p.rows)-1].Seq, Limit: logPage}, p.older)
	case at < logNear && p.lo > 0:
		return p.again(m, p.lo-1)
	}
	return nil
}

// rang looks for newer entries, while the newest ones are in sight.
func (p *logPanel) rang(m *Model) tea.Cmd {
	wake := m.wake(p, logEvery)
	ended := !p.filter.to.IsZero() && p.filter.to.Before(m.opt.Now())
	if p.asked || !p.loaded || ended || !p.live(m) {
		return wake
	}
	return tea.Batch(wake, p.ask(m, desk.ListLog{After: p.newest, Limit: logPage}, p.newer))
}

// live reports whether the newest entries are being looked at.
func (p *logPanel) live(m *Model) bool {
	return m.panel() == panel(p) && m.eyes == nil && m.link.State == client.Live && p.lo == 0 && p.list.top == 0 && !m.opt.Now().Before(p.pause)
}

// ask asks for a page by the filter, and gives it to then.
func (p *logPanel) ask(m *Model, cmd desk.ListLog, then func(desk.LogPage)) tea.Cmd {
	p.asked = true
	n := p.n
	return m.ask(client.NewRef(), p.filter.apply(cmd), func(raw json.RawMessage, err error) tea.Cmd {
		if n != p.n || !m.isOpen(p) {
			return nil
		}
		p.asked = false
		var page desk.LogPage
		if err == nil {
			err = json.Unmarshal(raw, &page)
		}
		if err != nil {
			if !p.failed {
				m.say(toastBad, m.sentence(err, 0))
			}
			p.failed, p.pause = true, m.opt.Now().Add(logPause)
			return nil
		}
		p.failed = false
		then(page)
		return nil
	})
}

func (p *logPanel) first(page desk.LogPage) {
	p.loaded, p.newest, p.more = true, page.Head, page.More
	if len(page.Entries) > 0 {
		p.chunks = []logChunk{pageOf(page.Entries)}
	}
	p.lo, p.hi = 0, len(p.chunks)
	p.refresh()
}

func pageOf(entries []desk.LogEntry) logChunk {
	return logChunk{before: entries[0].Seq + 1, n: len(entries), entries: entries}
}

func (p *logPanel) older(page desk.LogPage) {
	p.more = page.More && len(page.Entries) > 0
	if len(page.Entries) > 0 {
		p.chunks = append(p.chunks, pageOf(page.Entries))
		p.hi = len(p.chunks)
	}
	p.trim(true)
	p.refresh()
}

// newer puts what has come since on top. When more came than a page holds, it
// begins anew: between the two would be a gap.
func (p *logPanel) newer(page desk.LogPage) {
	if page.More {
		p.begin()
		return
	}
	p.newest = max(p.newest, page.Head)
	if len(page.Entries) == 0 || p.lo > 0 {
		return
	}
	follows := p.list.at == 0
	if len(p.chunks) > 0 && p.chunks[0].n+len(page.Entries) <= logPage {
		p.chunks[0] = pageOf(append(page.Entries, p.chunks[0].entries...))
	} else {
		p.chunks = append([]logChunk{pageOf(page.Entries)}, p.chunks...)
		p.hi++
	}
	p.trim(false)
	p.refresh()
	if follows && !p.deep {
		p.list.choose(0)
	}
}

// again loads a page at the edge of the window that was let go.
func (p *logPanel) again(m *Model, i int) tea.Cmd {
	of := p.chunks[i]
	return p.ask(m, desk.ListLog{Before: of.before, Limit: of.n}, func(page desk.LogPage) {
		if i >= len(p.chunks) || p.chunks[i].before != of.before {
			return
		}
		p.chunks[i].entries = page.Entries
		down := i >= p.hi
		p.lo, p.hi = min(p.lo, i), max(p.hi, i+1)
		p.trim(down)
		p.refresh()
	})
}

// trim lets go of the pages that the window has no room for: at its top when one
// goes down, else at its end.
func (p *logPanel) trim(down bool) {
	held := 0
	for _, c := range p.chunks[p.lo:p.hi] {
		held += len(c.entries)
	}
	for held > logWindow && p.hi-p.lo > 1 {
		i := p.lo
		if down {
			p.lo++
		} else {
			p.hi--
			i = p.hi
		}
		held -= len(p.chunks[i].entries)
		p.chunks[i].entries = nil
	}
}

// refresh lists what is loaded; the cursor stays on its entry.
func (p *logPanel) refresh() {
	p.rows = p.rows[:0:0]
	for i := p.lo; i < p.hi; i++ {
		for j := range p.chunks[i].entries {
			p.rows = append(p.rows, &p.chunks[i].entries[j])
		}
	}
	was := p.list.at - p.list.top
	p.list.refresh()
	p.list.top = max(0, p.list.at-was) // the entry stays where it is on the screen
}

// entry is the one under the cursor, or nil.
func (p *logPanel) entry() *desk.LogEntry {
	if i := p.list.index(); i >= 0 {
		return p.rows[i]
	}
	return nil
}

func (p *logPanel) none(*look) safe.Text {
	switch {
	case !p.loaded:
		return ours("Loading…")
	case p.filter.empty():
		return ours("The log has nothing that you may see.")
	}
	return ours("No entry fits the filter. x shows all.")
}
