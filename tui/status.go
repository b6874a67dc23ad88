package tui

import (
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// alarm is a timer that rang.
type alarm struct {
	kind alarmKind
	n    int // of a toast: which one
}

type alarmKind int

const (
	alarmTick alarmKind = iota
	alarmSave
	alarmToast
	alarmRead
)

func (m *Model) alarm(a alarm) tea.Cmd {
	switch a.kind {
	case alarmTick:
		m.ticking = false
		return tea.Batch(m.tick(), m.checkComposer())
	case alarmSave:
		return m.save()
	case alarmRead:
		return m.readNow()
	case alarmToast:
		if a.n == m.toasts {
			m.toast = toast{}
		}
	}
	return nil
}

// tick has the screen drawn again when what it says of time has changed: each
// second while a try to connect is counted down, else a few times a minute.
func (m *Model) tick() tea.Cmd {
	if m.ticking {
		return nil
	}
	m.ticking = true
	d := 15 * time.Second
	if m.link.State == client.Offline {
		d = time.Second
	}
	return m.after(d, alarm{kind: alarmTick})
}

// toastKind says how loud a toast is and how long it stays.
type toastKind int

const (
	toastInfo  toastKind = iota
	toastBad             // something wasn't done
	toastGrave           // something changed that the agent didn't do; it stays until a key is pressed and a while longer
)

// toast is a sentence in the status line that goes by itself.
type toast struct {
	kind toastKind
	text safe.Text
	born time.Time
}

// toastTime is how long a toast stays.
const toastTime = 8 * time.Second

func (m *Model) say(kind toastKind, text safe.Text) {
	m.toasts++
	m.toast = toast{kind, text, m.opt.Now()}
}

// sayMore adds to a toast that was born in this moment, or says it alone.
func (m *Model) sayMore(kind toastKind, text safe.Text) {
	if m.toast.kind == toastGrave && m.toast.born.Equal(m.opt.Now()) {
		m.toast.text = safe.Join(ours(" "), m.toast.text, text)
		return
	}
	m.say(kind, text)
}

// sayOf says something about a conversation, with its name unless it is open.
func (m *Model) sayOf(id desk.ConversationID, kind toastKind, what string, why safe.Text) {
	text := ours(what).Add(why)
	if id != 0 && id != m.thread.open {
		text = safe.Join(ours(": "), m.nameOf(id), text)
	}
	m.say(kind, text)
}

// fade has a toast go after a while.
func (m *Model) fade() tea.Cmd {
	if m.toast.text.Empty() || m.fading == m.toasts {
		return nil
	}
	m.fading = m.toasts
	return m.after(toastTime, alarm{kind: alarmToast, n: m.toasts})
}

// linkSpans say how the link stands, at the right of the first row.
func (m *Model) linkSpans(l *look) []span {
	switch m.link.State {
	case client.Live:
		return []span{{l.good, l.sign.live}, {l.dim, ours(" live")}}
	case client.Refused:
		return []span{{l.bad, l.sign.refused}, {l.bad, ours(" sign in again")}}
	case client.Connecting:
		return []span{{l.warn, l.sign.away}, {l.warn, ours(" connecting…")}}
	}
	text := " reconnecting"
	if left := m.link.Retry.Sub(l.now); left > 0 {
		text += " in " + strconv.Itoa(int((left+time.Second-1)/time.Second)) + " s"
	}
	return []span{{l.warn, l.sign.away}, {l.warn, ours(text)}}
}

// stale says since when what is shown is no longer sure; empty while it is.
func (m *Model) stale(l *look) safe.Text {
	if m.link.State == client.Live || !m.rep.Known() || m.since.IsZero() {
		return safe.Text{}
	}
	return ours("stale since " + m.since.In(l.loc).Format("15:04"))
}

// status is the last row: what just happened, else the keys of this moment; and
// at the right who I am.
func (m *Model) status(l *look, w int) string {
	me := m.rep.Me()
	var right []span
	if me.Member.ID != "" {
		right = []span{{"", l.short(safe.Line(me.Member.Name), 16)}, {l.dim, ours(" · ")}, {l.dim, l.short(safe.Line(me.Role.Name), 14)}, {"", ours(" ")}}
	}
	if !m.toast.text.Empty() {
		k := l.accent
		if m.toast.kind == toastBad {
			k = l.bad
		} else if m.toast.kind == toastGrave {
			k = l.warn
		}
		if l.cols.Width(m.toast.text)+l.width(right)+3 > w {
			right = nil
		}
		return l.split(w, "", []span{{"", ours(" ")}, {k, m.toast.text}}, right)
	}
	return l.split(w, "", m.hints(l, w-l.width(right)-2), right)
}

// hints are the keys that help at this moment, as many as fit.
func (m *Model) hints(l *look, w int) []span {
	spans := []span{{"", ours(" ")}}
	used := 1
	for _, h := range m.hinted() {
		cols := l.cols.Width(h.key) + l.cols.Width(h.what) + 3
		if used+cols > w {
			break
		}
		used += cols
		spans = append(spans, span{l.accent, h.key}, span{l.dim, ours(" ").Add(h.what)}, span{"", ours("  ")})
	}
	return spans
}

type hint struct{ key, what safe.Text }

// hinted chooses the keys to tell of: in the composer its own, else those of the
// actions that can be done now.
func (m *Model) hinted() []hint {
	if m.composer.focused {
		return []hint{{ours("enter"), ours("send")}, {ours("alt+enter"), ours("new line")}, {ours("esc"), ours("leave")}, {ours("ctrl+k"), ours("commands")}}
	}
	var hints []hint
	for i := range m.table {
		a := &m.table[i]
		if a.Hint == "" {
			continue
		}
		if hidden, why := m.available(a); !hidden && why == nil {
			hints = append(hints, hint{ours(a.Keys[0]), ours(a.Hint)})
		}
	}
	return hints
}
