package tui

import (
	"encoding/json"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// effectStage is how far a change of rights has come.
type effectStage int

const (
	effectAsked   effectStage = iota // the preview is on its way
	effectRefused                    // it can't be done as it stands
	effectShown                      // to be confirmed
	effectRunning                    // confirmed, on its way
	effectArrives                    // done; screens are waited for
	effectDone
)

// effectDialog shows what a change of rights would do before it is done, and
// then on how many screens it has arrived.
type effectDialog struct {
	title  safe.Text
	cmd    desk.Command
	done   func(desk.Done) tea.Cmd // after it was done; may be nil
	n      int                     // tells its timers and answers from those of others
	stage  effectStage
	effect desk.Effect
	acks   desk.Acks
	known  bool      // acks were told
	begun  time.Time // when screens began to be waited for
	said   safe.Text // why it isn't done
	scroll int
}

// How often it is asked on how many screens a change has arrived, and for how
// long.
const (
	ackEvery = 250 * time.Millisecond
	ackFor   = 15 * time.Second
)

// confirmEffect shows what a command of [desk.Previewed] would do to people's
// rights, does it when that is confirmed, and counts the screens that show it.
func (m *Model) confirmEffect(title safe.Text, cmd desk.Command) tea.Cmd {
	return m.confirmEffectThen(title, cmd, nil)
}

// confirmEffectThen also calls done once the command was done.
func (m *Model) confirmEffectThen(title safe.Text, cmd desk.Command, done func(desk.Done) tea.Cmd) tea.Cmd {
	if err := cmd.Validate(); err != nil {
		m.say(toastBad, m.look().reason(err, nil))
		return nil
	}
	m.serials++
	d := &effectDialog{title: title, cmd: cmd, done: done, n: m.serials}
	m.push(d)
	return d.preview(m)
}

// allowed closes it when the permission is gone before it was used.
func (d *effectDialog) allowed(m *Model) (func() tea.Cmd, error) {
	if d.stage >= effectRunning {
		return nil, nil
	}
	err := m.mayDo(d.cmd)
	return nil, err
}

// preview asks what the command would do.
func (d *effectDialog) preview(m *Model) tea.Cmd {
	args, err := json.Marshal(d.cmd)
	if err != nil {
		d.stage, d.said = effectRefused, outside(err.Error())
		return nil
	}
	d.stage, d.said = effectAsked, safe.Text{}
	return m.ask(client.NewRef(), desk.Preview{Command: d.cmd.Name(), Args: args}, func(raw json.RawMessage, err error) tea.Cmd {
		d.effect = desk.Effect{}
		if err == nil {
			err = json.Unmarshal(raw, &d.effect)
		}
		if err != nil {
			d.stage, d.said = effectRefused, m.sentence(err, 0)
			return nil
		}
		d.stage = effectShown
		return nil
	})
}

// previewAgain asks anew what would be confirmed: the people or their roles have
// changed since it was shown.
func (m *Model) previewAgain() tea.Cmd {
	var cmds []tea.Cmd
	for _, open := range m.dialogs {
		if d, ok := open.(*effectDialog); ok && d.stage == effectShown {
			cmds = append(cmds, d.preview(m))
		}
	}
	return tea.Batch(cmds...)
}

// run does it. The answer is told by a toast when the dialog was closed
// meanwhile.
func (d *effectDialog) run(m *Model) tea.Cmd {
	d.stage = effectRunning
	return m.ask(client.NewRef(), d.cmd, func(raw json.RawMessage, err error) tea.Cmd {
		var done desk.Done
		if err == nil {
			err = json.Unmarshal(raw, &done)
		}
		open := m.isShown(d)
		if err != nil {
			d.stage, d.said = effectRefused, m.sentence(err, 0)
			if !open {
				m.say(toastBad, safe.Join(ours(": "), d.title, d.said))
			}
			return nil
		}
		if !open {
			m.say(toastInfo, safe.Join(ours(": "), d.title, ours("done.")))
		}
		d.stage, d.begun, d.acks.Seq = effectArrives, m.opt.Now(), done.Seq
		var then tea.Cmd
		if d.done != nil {
			then = d.done(done)
		}
		return tea.Batch(then, d.poll(m))
	})
}

// poll asks how many screens show it, until all do or long enough has passed.
func (d *effectDialog) poll(m *Model) tea.Cmd {
	if !m.isShown(d) {
		return nil
	}
	ask := desk.Acknowledged{Seq: d.acks.Seq}
	if m.mayDo(ask) != nil || ask.Validate() != nil {
		d.stage = effectDone
		return nil
	}
	return m.ask(client.NewRef(), ask, func(raw json.RawMessage, err error) tea.Cmd {
		var acks desk.Acks
		if err == nil {
			err = json.Unmarshal(raw, &acks)
		}
		if err == nil {
			d.acks, d.known = acks, true
			d.acks.Seq = ask.Seq
		}
		if d.known && d.acks.Shown+d.acks.Ended >= d.acks.Sessions || m.opt.Now().Sub(d.begun) >= ackFor {
			d.stage = effectDone
			return nil
		}
		return m.after(ackEvery, alarm{kind: alarmEffect, n: d.n})
	})
}

// effectRang is the timer of the effect n.
func (m *Model) effectRang(n int) tea.Cmd {
	for _, open := range m.dialogs {
		if d, ok := open.(*effectDialog); ok && d.n == n && d.stage == effectArrives {
			return d.poll(m)
		}
	}
	return nil
}

// final reports whether it can't be undone.
func (d *effectDialog) final() bool {
	_, removes := d.cmd.(desk.Remove)
	return removes
}

// careful reports whether enter alone mustn't confirm it.
func (d *effectDialog) careful() bool { return d.final() || d.dangerous() }

// dangerous reports whether someone would gain what lets them change what others
// may do, or take data out.
func (d *effectDialog) dangerous() bool {
	for i := range d.effect.People {
		for _, k := range d.effect.People[i].Keys {
			if p, ok := desk.Describe(k.Perm); (!ok || p.Danger) && k.To.Rank() > k.From.Rank() {
				return true
			}
		}
	}
	return false
}

func (d *effectDialog) update(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch s := k.String(); s {
	case "esc", "ctrl+c", "n", "q":
		m.drop(d)
	case "down", "j":
		d.scroll++
	case "up", "k":
		d.scroll--
	case "pgdown", "ctrl+d", "space":
		d.scroll += 8
	case "pgup", "ctrl+u":
		d.scroll -= 8
	case "y", "enter":
		switch {
		case d.stage == effectDone && s == "enter":
			m.drop(d)
		case d.stage == effectRefused && s == "enter":
			return d.preview(m)
		case d.stage == effectShown && (s == "y" || !d.careful()):
			return d.run(m)
		}
	}
	return nil
}

func (d *effectDialog) view(l *look, w, h int) box {
	w = min(w, 68)
	last := d.last(l, w, h)
	rows := append(l.about(d.cmd, w), l.effectRows(&d.effect, d.cmd, w)...)
	switch {
	case d.stage == effectAsked:
		rows = para{ink: l.dim, text: ours("Asking what this would do…")}.rows(l, w)
	case d.stage == effectRefused && d.effect.People == nil:
		rows = l.about(d.cmd, w)
	}
	if room := max(1, h-len(last)); len(rows) > room {
		d.scroll = max(0, min(d.scroll, len(rows)-room+1))
		seen := rows[d.scroll:min(len(rows), d.scroll+room-1)]
		more := ours("▼ more: j")
		if d.scroll+len(seen) >= len(rows) {
			more = ours("▲ k")
		}
		rows = append(append([]string{}, seen...), l.row(w, "").put(l.accent, more).String())
	} else {
		d.scroll = 0
	}
	return box{title: d.title, rows: append(rows, last...), width: w, foot: d.foot()}
}

func (d *effectDialog) foot() safe.Text {
	switch d.stage {
	case effectRefused:
		return ours("enter looks again · esc closes")
	case effectShown:
		if d.careful() {
			return ours("y confirms · esc leaves it")
		}
		return ours("enter confirms · esc leaves it")
	case effectDone:
		return ours("enter closes")
	}
	return ours("esc closes")
}

// last are the rows below the effect: what is asked, or how far it has come.
func (d *effectDialog) last(l *look, w, h int) []string {
	var text safe.Text
	k := l.strong
	switch d.stage {
	case effectAsked:
		return nil
	case effectRefused:
		text, k = d.said, l.bad
	case effectShown:
		text = ours("It takes effect at once, on every open screen.")
		switch {
		case d.final():
			text, k = ours("This can't be undone: they would have to be invited anew. Their name stays in what they wrote. Answer with y."), l.warn
		case d.dangerous():
			text, k = ours("What is marked ! lets them change what other people may do, or take data out: answer with y."), l.warn
		}
		if h < 12 { // the foot says how to answer, and ! what is dangerous
			return nil
		}
	case effectRunning:
		text, k = ours("Doing it…"), l.dim
	default:
		text, k = d.arrived(), l.good
	}
	var rows []string
	if h >= 12 {
		rows = append(rows, l.row(w, "").String())
	}
	return append(rows, para{ink: k, text: text}.rows(l, w)...)
}

// arrived says on how many screens it is shown.
func (d *effectDialog) arrived() safe.Text {
	a := d.acks
	switch {
	case !d.known && d.stage == effectDone:
		return ours("Done.")
	case !d.known:
		return ours("Done. Waiting for the screens that it concerns…")
	case a.Sessions == 0:
		return ours("Done. Nobody whom it concerns has a screen open: it holds from when they open one.")
	case a.Shown+a.Ended < a.Sessions && d.stage == effectDone:
		return oursf("Done. %d of %s acknowledged; the rest is cut off until it has the new rights.", a.Shown+a.Ended, plural(a.Sessions, "session"))
	case a.Shown+a.Ended < a.Sessions:
		return oursf("Done. %d of %s acknowledged…", a.Shown+a.Ended, plural(a.Sessions, "session"))
	}
	return oursf("Done. %d of %s acknowledged.", a.Shown+a.Ended, plural(a.Sessions, "session"))
}
