package tui

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// eyes is the inbox as someone else sees it: a whole screen of its own over a link
// that only reads, below a banner. It keeps nothing: no drafts, no marks.
type eyes struct {
	n      int // tells its messages from those of one that was left
	screen *Model
	name   safe.Text // until the link says who it is
	ctx    context.Context
	said   chan []client.Msg
	left   chan struct{}
	cut    func()
}

// seen is a message for the screen of the eyes n.
type seen struct {
	n   int
	msg tea.Msg
}

// bannerRows is what the banner takes of the screen.
const bannerRows = 1

// seeAs shows the inbox through the eyes of a member or of a draft role, until
// that is left by esc or the link is refused.
func (m *Model) seeAs(as desk.ViewAs) tea.Cmd {
	if err := m.maySeeAs(as); err != nil {
		return m.refuse(err, nil)
	}
	m.leaveEyes()
	m.leaveComposer()
	m.serials++
	e := &eyes{n: m.serials, name: m.look().eyesName(as), ctx: m.opt.Context, said: make(chan []client.Msg), left: make(chan struct{})}
	do, cut := m.opt.Open(as, e.deliver)
	e.cut = cut
	e.screen = New(Options{
		Do: do, Context: m.opt.Context, Now: m.opt.Now, Location: m.opt.Location, Server: m.opt.Server,
		NoColor: m.opt.NoColor, Dark: m.dark, NoMouse: !m.mouse,
	})
	s := e.screen
	s.looking, s.after, s.cols, s.away = true, m.after, m.cols, m.away
	s.width, s.high = m.width, m.high-bannerRows
	m.eyes = e
	return tea.Batch(m.listen(e), e.wrap(s.tick()))
}

// maySeeAs asks whether that may be looked through, as far as it is known here.
func (m *Model) maySeeAs(as desk.ViewAs) error {
	if m.looking || m.opt.Open == nil {
		return notOffered("No second view can be opened from here.")
	}
	if err := as.Validate(); err != nil {
		return err
	}
	s := desk.Subject{Draft: as.Role}
	if as.Member != "" {
		to, ok := m.rep.Actor(as.Member)
		switch {
		case !ok || to.Member.Removed:
			return notHere("That person is no longer known here.")
		case to.Member.Suspended:
			return notHere(to.Member.Name + " is suspended and sees nothing at present.")
		}
		s.To = &to
	}
	return m.rep.Can(desk.RoleViewAs, s, m.opt.Now())
}

// eyesName says whose eyes they are.
func (l *look) eyesName(as desk.ViewAs) safe.Text {
	if as.Role == nil {
		return l.memberName(as.Member)
	}
	name := phrase(ours("a draft of"), outside(as.Role.Name).Or(ours("a role")))
	if len(as.Teams) > 0 {
		name = phrase(name, ours("in"), l.teamNames(as.Teams))
	}
	return name
}

// deliver passes on what the link says; it waits for the screen, or for its end.
func (e *eyes) deliver(msgs []client.Msg) {
	select {
	case e.said <- msgs:
	case <-e.left:
	case <-e.ctx.Done():
	}
}

// hear waits for what the link says next.
func hear(e *eyes) tea.Cmd {
	return func() tea.Msg {
		select {
		case msgs := <-e.said:
			return seen{e.n, Deliver(msgs)}
		case <-e.left:
		case <-e.ctx.Done():
		}
		return nil
	}
}

// wrap has what a command brings come back to these eyes.
func (e *eyes) wrap(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		switch msg := cmd().(type) {
		case nil:
			return nil
		case tea.BatchMsg:
			all := make(tea.BatchMsg, len(msg))
			for i, c := range msg {
				all[i] = e.wrap(c)
			}
			return all
		default:
			return seen{e.n, msg}
		}
	}
}

func (e *eyes) update(msg tea.Msg) tea.Cmd {
	_, cmd := e.screen.Update(msg)
	return e.wrap(cmd)
}

// through gives the eyes what is theirs. What is taken doesn't concern this
// agent's own screen.
func (m *Model) through(msg tea.Msg) (cmd tea.Cmd, taken bool) {
	e := m.eyes
	if s, ok := msg.(seen); ok {
		if e == nil || s.n != e.n {
			return nil, true
		}
		return m.saw(s.msg), true
	}
	if e == nil {
		return nil, false
	}
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		msg.Height -= bannerRows
		return e.update(msg), false
	case tea.BackgroundColorMsg, tea.ModeReportMsg, tea.FocusMsg, tea.BlurMsg:
		return e.update(msg), false
	case tea.KeyPressMsg:
		if e.leaves(msg.String()) {
			m.leaveEyes()
			return nil, true
		}
		return e.update(msg), true
	case tea.PasteMsg:
		return e.update(msg), true
	case tea.MouseWheelMsg:
		msg.Y -= bannerRows
		return e.update(msg), true
	case tea.MouseClickMsg:
		if msg.Y -= bannerRows; msg.Y < 0 {
			return nil, true
		}
		return e.update(msg), true
	}
	return nil, false
}

// leaves reports whether a key goes out rather than back: at the top, esc does.
func (e *eyes) leaves(key string) bool {
	s := e.screen
	if s.dialog() != nil || s.panel() != nil {
		return false
	}
	i := s.action(key)
	return i >= 0 && (s.table[i].ID == "quit" || s.table[i].ID == "back" && s.focus == onList)
}

// saw takes in what came for the eyes: from their link, or from a command of
// theirs. A link that is refused is the end.
func (m *Model) saw(msg tea.Msg) tea.Cmd {
	e := m.eyes
	if _, ok := msg.(tea.QuitMsg); ok {
		m.leaveEyes()
		return nil
	}
	cmd := e.update(msg)
	said, ok := msg.(Deliver)
	if !ok {
		return cmd
	}
	for _, one := range said {
		if l, ok := one.(client.Link); ok && l.State == client.Refused {
			m.endEyes(outside(l.Error).Or(ours("The server closed the view.")))
			return nil
		}
	}
	return tea.Batch(cmd, m.listen(e))
}

// checkEyes closes the view when the right to it is gone.
func (m *Model) checkEyes() {
	if m.eyes == nil {
		return
	}
	if err := m.rep.Can(desk.RoleViewAs, desk.Subject{}, m.opt.Now()); err != nil {
		m.endEyes(m.look().reason(err, nil))
	}
}

// endEyes closes the view and says why.
func (m *Model) endEyes(why safe.Text) {
	name := m.eyes.whose(m.look())
	m.leaveEyes()
	m.muffle()
	m.sayAlso(toastGrave, safe.Join(ours(" "), ours("You no longer see as"), name.Add(ours(".")), why))
}

// leaveEyes goes back to this agent's own screen.
func (m *Model) leaveEyes() {
	if m.eyes == nil {
		return
	}
	close(m.eyes.left)
	m.eyes.cut()
	m.eyes = nil
}

// whose says through whose eyes one sees, and by which role.
func (e *eyes) whose(l *look) safe.Text {
	me := e.screen.rep.Me()
	if !e.screen.rep.Known() {
		return e.name
	}
	if as := e.screen.rep.As(); as != nil && as.Role != nil {
		return e.name
	}
	return safe.Join(ours(" · "), outside(me.Member.Name).Or(e.name), l.cols.Cut(outside(me.Role.Name), 20))
}

// view draws the banner and what is seen below it.
func (e *eyes) view(l *look, w int) tea.View {
	v := e.screen.View()
	who, right := e.whose(l), "read-only · esc to leave "
	if w < 60 {
		right = "read-only · esc "
		who = e.name // whoever is seen, their role has no room
	}
	banner := l.split(w, l.badge, []span{{"", ours(" Seeing as ")}, {"", who}}, []span{{"", ours(right)}})
	v.Content = banner + "\n" + v.Content
	if v.Cursor != nil {
		v.Cursor.Y += bannerRows
	}
	v.WindowTitle = l.cols.Cut(phrase(ours("Seeing as"), e.whose(l)), 80).String()
	return v
}

// readOnly is why nothing can be done through other eyes.
func readOnly() error {
	return &desk.Denied{Why: desk.WhyReadOnly, Reason: "You are looking through other eyes."}
}

// lookable reports whether an action only shows what the link of other eyes can
// show.
func lookable(a *Action) bool {
	return a.Perm == "" || a.Perm == desk.ConversationView || a.Perm == desk.ConversationViewQueue
}

// viewAs asks through whose eyes to look; in the panel of people it is the person
// under the cursor.
func (m *Model) viewAs() tea.Cmd {
	if p, ok := m.panel().(*teamPanel); ok {
		if who, ok := p.person(); ok {
			return m.seeAs(desk.ViewAs{Member: who.ID})
		}
	}
	pick := &picker{
		title: ours("See the inbox as"), prompt: ours("name of a person"),
		items: m.eyesToPick,
		check: func(m *Model) error { return m.rep.Can(desk.RoleViewAs, desk.Subject{}, m.opt.Now()) },
	}
	pick.at = max(0, slices.IndexFunc(pick.list(), func(it item) bool { return it.off.Empty() }))
	m.push(pick)
	return nil
}

func (m *Model) eyesToPick(filter string) []item {
	var items []item
	for _, who := range m.rep.Members() {
		if who.ID == m.rep.Me().Member.ID {
			continue
		}
		as := desk.ViewAs{Member: who.ID}
		it := item{title: m.look().memberName(who.ID), right: m.look().roleName(who.Role), named: true, run: func() tea.Cmd { return m.seeAs(as) }}
		if err := m.maySeeAs(as); err != nil {
			it.off = m.look().reason(err, nil)
		}
		items = append(items, it)
	}
	return narrowed(items, filter)
}

// mayViewAs hides the action where no second view can be had, and says why the
// person under the cursor can't be looked through.
func (m *Model) mayViewAs() error {
	if m.opt.Open == nil && !m.looking {
		return notOffered("No second view can be opened from here.")
	}
	if p, ok := m.panel().(*teamPanel); ok {
		if who, ok := p.person(); ok {
			if who.ID == m.rep.Me().Member.ID {
				return notHere("These are your own eyes.")
			}
			return notHiding(m.maySeeAs(desk.ViewAs{Member: who.ID}))
		}
	}
	return m.rep.Can(desk.RoleViewAs, desk.Subject{}, m.opt.Now())
}

// notHiding keeps a refusal by role from hiding the action: it is about the
// person, not about what I may do at all.
func notHiding(err error) error {
	if d, ok := errors.AsType[*desk.Denied](err); ok && d.ByRole {
		return notHere(d.Reason)
	}
	return err
}
