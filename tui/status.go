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
	n    int // which one, where there are several
}

type alarmKind int

const (
	alarmTick alarmKind = iota
	alarmSave
	alarmToast
	alarmRead
	alarmPanel  // of the panel with the serial n
	alarmEffect // of the effect dialog with the serial n
)

func (m *Model) alarm(a alarm) tea.Cmd {
	switch a.kind {
	case alarmTick:
		m.ticking = false
		m.warnOfEnds()
		return tea.Batch(m.tick(), m.checkComposer())
	case alarmSave:
		return m.save()
	case alarmRead:
		return m.readNow()
	case alarmPanel:
		return m.panelRang(a.n)
	case alarmEffect:
		return m.effectRang(a.n)
	case alarmToast:
		if a.n == m.toasts {
			m.toast = toast{}
		}
	}
	return nil
}

// tick has the screen drawn again when what it says of time has changed: each
// second while a try to connect or the end of access is counted down, else a few times a minute.
func (m *Model) tick() tea.Cmd {
	if m.ticking {
		return nil
	}
	m.ticking = true
	d := 15 * time.Second
	if m.link.State == client.Offline || m.counting(time.Minute+d) {
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

// sayWith says a reason and what follows from it; only what follows, behind it,
// when something grave that explains it was said in this moment.
func (m *Model) sayWith(why, then safe.Text) {
	if m.justSaid() {
		m.toast.text = safe.Join(ours(" "), m.toast.text, then)
		return
	}
	m.say(toastBad, safe.Join(ours(" "), why, then))
}

// sayAlso says something behind what is grave and was said in this moment.
func (m *Model) sayAlso(kind toastKind, text safe.Text) {
	if m.justSaid() {
		text = safe.Join(ours(" "), m.toast.text, text)
	}
	m.say(kind, text)
}

// justSaid reports whether something grave was said in this moment: what belongs
// together comes within one, though not in one message of the link.
func (m *Model) justSaid() bool {
	return m.toast.kind == toastGrave && m.opt.Now().Sub(m.toast.born) < time.Second
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
	text, left := " reconnecting", ""
	if d := m.link.Retry.Sub(l.now); d > 0 {
		left = " in " + strconv.Itoa(int((d+time.Second-1)/time.Second)) + " s"
	}
	if m.width < 90 && left != "" {
		text = " retry"
	}
	return []span{{l.warn, l.sign.away}, {l.warn, ours(text + left)}}
}

// stale says since when what is shown is no longer sure; empty while it is.
func (m *Model) stale(l *look, w int) safe.Text {
	if m.link.State == client.Live || !m.rep.Known() {
		return safe.Text{}
	}
	at := "stale since " + m.since.In(l.loc).Format("15:04")
	switch {
	case m.since.IsZero():
		at = "from your last visit"
	case daysBetween(m.since.In(l.loc), l.now.In(l.loc)) != 0:
		at = "stale since " + m.since.In(l.loc).Format("2 Jan 15:04")
	}
	if w < 60 {
		return ours(at)
	}
	return ours("What you see is " + at + ".")
}

// maxStatus is how many rows a long toast takes at most.
const maxStatus = 3

// statusRows is how many rows the status line takes: one, unless a toast is
// longer than that.
func (m *Model) statusRows(w int) int {
	if m.toast.text.Empty() || m.cols.Width(m.toast.text) <= w-2 {
		return 1
	}
	return min(maxStatus, len(m.cols.Wrap(m.toast.text, w-2)))
}

// status is what just happened, else the keys of this moment; and at the right
// who I am.
func (m *Model) status(l *look, w int) []string {
	me := m.rep.Me()
	var right []span
	if me.Member.ID != "" {
		if t := m.waitingWords(w); !t.Empty() {
			right = append(right, span{l.warn, t}, span{l.dim, ours(" · ")})
		}
		right = append(right, span{"", l.short(outside(me.Member.Name), 16)}, span{l.dim, ours(" · ")}, span{l.dim, l.short(outside(me.Role.Name), 14)})
		if t := l.lentFor(me.Member); !t.Empty() {
			right = append(right, span{l.warn, t})
		}
		right = append(right, span{"", ours(" ")})
	}
	if !m.toast.text.Empty() {
		k := l.accent
		if m.toast.kind == toastBad {
			k = l.bad
		} else if m.toast.kind == toastGrave {
			k = l.warn
		}
		if n := m.statusRows(w); n > 1 {
			return l.fill(l.sentence(k, m.toast.text, w, n), w, n)
		}
		if l.cols.Width(m.toast.text)+l.width(right)+3 > w {
			right = nil
		}
		return []string{l.split(w, "", []span{{"", ours(" ")}, {k, m.toast.text}}, right)}
	}
	left := []span{{"", ours(" ")}}
	if t := m.stale(l, w); !t.Empty() {
		left = append(left, span{l.warn, t}, span{"", ours("  ")})
	}
	return []string{l.split(w, "", append(left, m.hints(l, w-l.width(left)-l.width(right)-1)...), right)}
}

// hints are the keys that help at this moment, as many as fit. The ways to all
// other keys come before the rest: who knows "?" finds everything.
func (m *Model) hints(l *look, w int) []span {
	cols := func(h hint) int { return l.cols.Width(h.key) + l.cols.Width(h.what) + 3 }
	all := m.hinted()
	shown := make([]bool, len(all))
	for _, first := range []bool{true, false} {
		for i, h := range all {
			if h.always == first && cols(h) <= w {
				shown[i] = true
				w -= cols(h)
			}
		}
	}
	var spans []span
	for i, h := range all {
		if shown[i] {
			spans = append(spans, span{l.accent, h.key}, span{l.dim, ours(" ").Add(h.what)}, span{"", ours("  ")})
		}
	}
	return spans
}

type hint struct {
	key, what safe.Text
	always    bool // shown before the others get room
}

// hinted chooses the keys to tell of: in the composer its own, else those of the
// actions that can be done now.
func (m *Model) hinted() []hint {
	if m.composer.focused {
		return []hint{{ours("enter"), ours("send"), true}, {ours("alt+enter"), ours("new line"), false}, {ours("esc"), ours("leave"), true}, {ours("ctrl+k"), ours("commands"), false}}
	}
	if p := m.panel(); p != nil && p.body().list.typing {
		return []hint{{ours("enter"), ours("keep the filter"), true}, {ours("esc"), ours("show all"), true}}
	}
	var hints []hint
	for _, a := range m.here() {
		if a.Hint == "" || (a.ID == "open" && m.focus == onThread) {
			continue
		}
		if hidden, why := m.available(a); !hidden && why == nil {
			hints = append(hints, hint{ours(m.keys(a)[0]), ours(a.Hint), a.ID == "palette" || a.ID == "help" || a.ID == "panel-back"})
		}
	}
	return hints
}
