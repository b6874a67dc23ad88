package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// atRequests is the place of the panel of requests for access.
const atRequests Where = "requests"

// GroupRequests heads the keys of the panel of requests.
const GroupRequests Group = "Requests for access"

// requestsPanel shows the requests that I may decide on and my own: those that
// wait first.
type requestsPanel struct {
	pair
	rows []requestRow
}

// requestRow is a request, or a heading.
type requestRow struct {
	head string
	desk.Request
}

// requests opens the panel.
func (m *Model) requests() tea.Cmd {
	p := &requestsPanel{}
	p.list = table{
		count: func() int { return len(p.rows) },
		key:   func(i int) string { return p.rows[i].head + string(p.rows[i].ID) },
		skip:  func(i int) bool { return p.rows[i].head != "" },
		words: func(i int) []string { return m.wordsOfRequest(&p.rows[i]) },
		row:   p.row,
		none: func(*look) safe.Text {
			return ours("No one asks for anything, and you have asked for nothing. ! asks.")
		},
	}
	return m.show(p)
}

func (m *Model) wordsOfRequest(r *requestRow) []string {
	if r.head != "" {
		return nil
	}
	d, _ := desk.Describe(r.Perm)
	who, _ := m.rep.Member(r.Member)
	return []string{who.Name, d.Title, string(r.Perm), r.Reason, r.Answer}
}

func (p *requestsPanel) where() Where { return atRequests }

func (p *requestsPanel) title(l *look) safe.Text {
	n := 0
	for i := range p.rows {
		if r := &p.rows[i]; r.head == "" && r.State == desk.RequestOpen && r.Member != l.me.Member.ID {
			n++
		}
	}
	if n == 0 {
		return ours("Requests for access · nothing to decide")
	}
	return oursf("Requests for access · %d to decide", n)
}

func (p *requestsPanel) changed(m *Model) (tea.Cmd, error) {
	if err := m.mayRequests(); err != nil {
		return nil, err
	}
	me := m.rep.Me().Member.ID
	p.rows = nil
	add := func(head string, of func(*desk.Request) bool) {
		begun := false
		for _, r := range m.rep.Requests() {
			if !of(&r) {
				continue
			}
			if !begun {
				p.rows, begun = append(p.rows, requestRow{head: head}), true
			}
			p.rows = append(p.rows, requestRow{Request: r})
		}
	}
	add("To decide", func(r *desk.Request) bool { return r.State == desk.RequestOpen && r.Member != me })
	add("Yours", func(r *desk.Request) bool { return r.State == desk.RequestOpen && r.Member == me })
	add("Decided", func(r *desk.Request) bool { return r.State != desk.RequestOpen })
	p.list.refresh()
	return nil, nil
}

// mayRequests says why there is no panel of requests: for whoever may neither
// ask nor decide.
func (m *Model) mayRequests() error {
	now := m.opt.Now()
	if m.rep.Can(desk.AccessDecide, desk.Subject{}, now) == nil {
		return nil
	}
	return m.rep.Can(desk.AccessRequest, desk.Subject{}, now)
}

// chosen is the request under the cursor; ok is false when none is.
func (p *requestsPanel) chosen() (_ desk.Request, ok bool) {
	i := p.list.index()
	if i < 0 || p.rows[i].head != "" {
		return desk.Request{}, false
	}
	return p.rows[i].Request, true
}

func requestsActions() []Action {
	do := func(id, title, key, hint string, perm desk.Perm, check func(*requestsPanel, *Model) error, run func(*requestsPanel, *Model) tea.Cmd) Action {
		return Action{ID: id, Title: title, Keys: []string{key}, Group: GroupRequests, Where: atRequests, Perm: perm, Hint: hint, Check: unless(check), Run: on(run)}
	}
	return []Action{
		do("request-allow", "Allow…", "a", "allow", desk.AccessDecide, (*requestsPanel).mayAllow, (*requestsPanel).allow),
		do("request-refuse", "Refuse…", "x", "refuse", desk.AccessDecide, (*requestsPanel).mayRefuse, (*requestsPanel).refuse),
		do("request-withdraw", "Take back your request", "w", "take back", desk.AccessRequest, (*requestsPanel).mayWithdraw, (*requestsPanel).withdraw),
		do("request-chat", "Open the chat where it was refused", "o", "", desk.ConversationView, (*requestsPanel).mayOpen, (*requestsPanel).openChat),
	}
}

// mayRefuse asks whether I may decide on what is chosen at all; allowing takes
// that I may give it.
func (p *requestsPanel) mayRefuse(m *Model) error {
	r, ok := p.chosen()
	switch {
	case !ok:
		return notHere("Choose a request first.")
	case r.Member == m.rep.Me().Member.ID:
		return notHere("Nobody decides on their own request.")
	case r.State != desk.RequestOpen:
		return notHere("It is decided already.")
	}
	return m.mayDecide(r, desk.Subject{})
}

func (p *requestsPanel) mayAllow(m *Model) error {
	if err := p.mayRefuse(m); err != nil {
		return err
	}
	r, _ := p.chosen()
	d, _ := desk.Describe(r.Perm)
	// It may be narrowed: what isn't mine to give as far as they ask may be less far.
	var first error
	for _, s := range d.Scopes {
		if s.Rank() > r.Scope.Rank() {
			break
		}
		err := m.mayDecide(r, desk.Subject{Key: r.Perm, Scope: s})
		if err == nil {
			return nil
		}
		first = err
	}
	return first
}

// mayDecide asks about a decision on a request that gives what s says.
func (m *Model) mayDecide(r desk.Request, s desk.Subject) error {
	to, ok := m.rep.Actor(r.Member)
	if !ok {
		return notHere("That person is no longer known here.")
	}
	s.To = &to
	return m.rep.Can(desk.AccessDecide, s, m.opt.Now())
}

func (p *requestsPanel) mayWithdraw(m *Model) error {
	r, ok := p.chosen()
	switch {
	case !ok:
		return notHere("Choose a request first.")
	case r.Member != m.rep.Me().Member.ID:
		return notHere("That is someone else's request.")
	case r.State != desk.RequestOpen:
		return notHere("It is decided already.")
	}
	return nil
}

func (p *requestsPanel) withdraw(m *Model) tea.Cmd {
	r, _ := p.chosen()
	return m.act(0, desk.WithdrawRequest{Request: r.ID}, ours("Your request is taken back."))
}

func (p *requestsPanel) mayOpen(m *Model) error {
	r, ok := p.chosen()
	switch {
	case !ok:
		return notHere("Choose a request first.")
	case r.Conversation == 0:
		return notHere("It wasn't asked from a chat.")
	case m.rep.Conversation(r.Conversation) == nil:
		return notHere("That chat isn't loaded here, or not in your view.")
	}
	return nil
}

func (p *requestsPanel) openChat(m *Model) tea.Cmd {
	r, _ := p.chosen()
	m.open(r.Conversation)
	return nil
}

// waiting counts the requests that I may decide on.
func (m *Model) waiting() int {
	n, me := 0, m.rep.Me().Member.ID
	for _, r := range m.rep.Requests() {
		if r.State == desk.RequestOpen && r.Member != me {
			n++
		}
	}
	return n
}

// waitingWords say in the status line that requests wait; empty when none does.
func (m *Model) waitingWords(w int) safe.Text {
	n := m.waiting()
	switch {
	case n == 0 || m.looking:
		return safe.Text{}
	case w < 60:
		return oursf("Q %d", n)
	}
	return ours(plural(n, "request") + " (Q)")
}

// tellRequests says what became of my requests, and which ones came that I may
// decide on. was are those that were known before.
func (m *Model) tellRequests(was []desk.Request) {
	l, me := m.look(), m.rep.Me().Member.ID
	var fresh []desk.Request
	for _, r := range m.rep.Requests() {
		i := slices.IndexFunc(was, func(o desk.Request) bool { return o.ID == r.ID })
		switch {
		case r.Member == me && i >= 0 && was[i].State == desk.RequestOpen && (r.State == desk.RequestGranted || r.State == desk.RequestRefused):
			m.sayAlso(toastGrave, l.decided(&r))
		case r.Member != me && r.State == desk.RequestOpen && i < 0:
			fresh = append(fresh, r)
		}
	}
	switch {
	case len(fresh) == 1:
		r := &fresh[0]
		m.sayAlso(toastGrave, safe.Join(ours(" "), l.memberName(r.Member), ours("asks for"), l.titled(r.Perm), ours("for "+l.length(r.For)+":"), outside(r.Reason), ours("· Q decides.")))
	case len(fresh) > 1:
		m.sayAlso(toastGrave, ours(plural(len(fresh), "request")+" for access came in. Q decides."))
	}
}

// decided tells who asked what became of it.
func (l *look) decided(r *desk.Request) safe.Text {
	by, what := l.memberName(r.By), l.titled(r.Perm)
	if r.By == "" {
		by = ours("Frontdesk")
	}
	if r.State == desk.RequestGranted {
		text := phrase(by, ours("allowed"), what, ours("until "+l.ends(r.Until)))
		if r.Answer != "" {
			return safe.Join(ours(": "), text, outside(r.Answer))
		}
		return text.Add(ours("."))
	}
	text := phrase(by, ours("refused"), what)
	if r.Answer != "" {
		return safe.Join(ours(": "), text, outside(r.Answer))
	}
	return text.Add(ours("."))
}

// length is how long access is asked for.
func (l *look) length(d desk.Duration) string { return desk.Left(l.now.Add(d.Std()), l.now) }
