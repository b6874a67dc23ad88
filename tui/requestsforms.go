package tui

import (
	"encoding/json"
	"errors"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// stillOpen closes a dialog about a request that was decided meanwhile, or that I
// may not decide on any more.
func stillOpen(id desk.RequestID) func(*Model) error {
	return func(m *Model) error {
		for _, r := range m.rep.Requests() {
			if r.ID != id {
				continue
			}
			if r.State != desk.RequestOpen {
				_, word, _ := m.look().requestState(r.State)
				return notHere("That request is " + word.String() + " by now.")
			}
			return m.mayDecide(r, desk.Subject{})
		}
		return notHere("That request is no longer yours to decide.")
	}
}

// unlessRunning leaves a form alone while the change that it asked for is under
// way: what that does must not close it.
func unlessRunning(check func(*Model) error) func(*Model) error {
	return func(m *Model) error {
		if d, ok := m.dialog().(*effectDialog); ok && d.stage >= effectRunning {
			return nil
		}
		return check(m)
	}
}

// answerField is what is told to who asked.
func answerField(label string) *field {
	f := &field{label: label, about: "they read it, and the log keeps it"}
	f.line.limit = desk.MaxReason
	return f
}

// allow asks how far, for how long and with what answer, and shows the effect.
func (p *requestsPanel) allow(m *Model) tea.Cmd {
	r, _ := p.chosen()
	l := m.look()
	cmd := desk.DecideRequest{Request: r.ID, Allow: true}
	length := &field{label: "How long", about: "as long as they ask for", note: func(l *look, s string) (safe.Text, error) { return l.shortened(&r, s) }}
	f := &form{
		title:  phrase(ours("Allow"), l.memberName(r.Member)),
		submit: "shows the effect",
		lead: []para{{text: safe.Join(ours(" "), l.memberName(r.Member), ours("asks for"), l.keyWords(r.Perm, r.Scope), ours("for "+l.length(r.For)+":"))},
			{text: outside(r.Reason), said: true}, {}},
		fields: []*field{length, answerField("Answer")},
		check:  unlessRunning(stillOpen(r.ID)),
	}
	if d, _ := desk.Describe(r.Perm); len(d.Scopes) > 1 {
		f.fields = append([]*field{reachField(&r, &cmd)}, f.fields...)
	}
	n := len(f.fields)
	f.send = func(m *Model) tea.Cmd {
		if text := f.text(n - 2); text != "" {
			end, err := desk.ParseEnd(text, m.clock())
			if err != nil {
				f.refused(outside(err.Error()))
				return nil
			}
			cmd.For = lasting(end, m.opt.Now())
		} else {
			cmd.For = 0
		}
		cmd.Answer = f.text(n - 1)
		title := phrase(ours("Allow"), m.look().memberName(r.Member)).Add(ours("?"))
		return m.confirmEffectThen(title, cmd, func(desk.Done) tea.Cmd { m.drop(f); return nil })
	}
	f.at = n - 2
	m.push(f)
	return nil
}

// shortened reads for how long a request is allowed: not longer than was asked.
func (l *look) shortened(r *desk.Request, s string) (safe.Text, error) {
	if s == "" {
		return ours(l.length(r.For) + ", as they ask"), nil
	}
	end, err := desk.ParseEnd(s, l.now.In(l.loc))
	if err != nil {
		return safe.Text{}, err
	}
	if lasting(end, l.now) > r.For {
		return safe.Text{}, errors.New("They ask for " + l.length(r.For) + ": give as long or shorter.")
	}
	return ours("ends " + l.ends(end)), nil
}

// reachField chooses a narrower scope than was asked for.
func reachField(r *desk.Request, cmd *desk.DecideRequest) *field {
	given := func() desk.Scope {
		if cmd.Scope != "" {
			return cmd.Scope
		}
		return r.Scope
	}
	return &field{label: "Reach",
		chosen: func(*look) safe.Text { return ours(scopeWords(given()) + "  (enter narrows it)") },
		pick: func(m *Model) tea.Cmd {
			d, _ := desk.Describe(r.Perm)
			m.push(&picker{title: phrase(ours("How far:"), outside(d.Title)), prompt: ours("how far it reaches"), items: func(filter string) []item {
				var items []item
				for _, s := range d.Scopes {
					if s.Rank() > r.Scope.Rank() {
						break
					}
					it := item{title: ours(scopeWords(s)), right: ours(string(s)), marked: s == given(), run: func() tea.Cmd {
						if cmd.Scope = s; s == r.Scope {
							cmd.Scope = ""
						}
						return nil
					}}
					if err := m.mayDecide(*r, desk.Subject{Key: r.Perm, Scope: s}); err != nil {
						it.off = m.look().reason(err, nil)
					}
					items = append(items, it)
				}
				return narrowed(items, filter)
			}})
			return nil
		}}
}

// refuse asks for an answer and refuses.
func (p *requestsPanel) refuse(m *Model) tea.Cmd {
	r, _ := p.chosen()
	l := m.look()
	answer := answerField("Answer")
	answer.note = needed("Say why not, or what to do instead: they read it.")
	f := &form{
		title:  phrase(ours("Refuse"), l.memberName(r.Member), l.titled(r.Perm)),
		submit: "refuses",
		lead:   []para{{text: outside(r.Reason), said: true}, {}},
		fields: []*field{answer},
		check:  stillOpen(r.ID),
	}
	f.send = func(m *Model) tea.Cmd {
		f.busy = true
		return m.ask(client.NewRef(), desk.DecideRequest{Request: r.ID, Answer: f.text(0)}, func(_ json.RawMessage, err error) tea.Cmd {
			if err != nil {
				f.refused(m.sentence(err, 0))
				return nil
			}
			m.drop(f)
			m.say(toastInfo, phrase(ours("Refused."), m.look().memberName(r.Member), ours("is told.")))
			return nil
		})
	}
	m.push(f)
	return nil
}

// aboutRequest says of a decision what its effect doesn't: for how long, and why.
func (l *look) aboutRequest(c desk.DecideRequest, w int) []string {
	for _, r := range l.rep.Requests() {
		if r.ID != c.Request {
			continue
		}
		scope, lasts := r.Scope, r.For
		if c.Scope != "" {
			scope = c.Scope
		}
		if c.For != 0 {
			lasts = c.For
		}
		rows := para{ink: l.strong, text: l.keyWords(r.Perm, scope).Add(ours(", for " + l.length(lasts) + "."))}.rows(l, w)
		return append(append(rows, para{text: outside(r.Reason), said: true}.rows(l, w)...), l.row(w, "").String())
	}
	return nil
}
