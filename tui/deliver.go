package tui

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// deliver takes in what the link brought, in order.
func (m *Model) deliver(msgs Deliver) tea.Cmd {
	var cmds []tea.Cmd
	for _, msg := range msgs {
		switch msg := msg.(type) {
		case client.Link:
			cmds = append(cmds, m.linked(msg))
		case desk.Bye:
			m.say(toastInfo, outside(msg.Message))
		case desk.Snapshot, desk.Events:
			cmds = append(cmds, m.apply(msg))
		}
	}
	return tea.Batch(cmds...)
}

// linked notes how the link stands, and what was missed while it was away is
// asked for again.
func (m *Model) linked(l client.Link) tea.Cmd {
	was := m.link.State
	m.link = l
	if was == client.Live && l.State != client.Live {
		m.since = m.opt.Now()
	}
	if l.State == client.Live && was != client.Live {
		m.unstick()
	}
	switch {
	case l.Ended() && !m.looking:
		m.endSignIn()
	case l.State == client.Refused:
		m.say(toastBad, outside(l.Error).Or(ours("The server no longer takes this sign-in. Sign in again.")))
	}
	if l.State == client.Offline {
		return m.tick()
	}
	return nil
}

// endSignIn empties the screen when the sign-in is over: what it showed is no longer
// this agent's to see. What they wrote stays a draft.
func (m *Model) endSignIn() {
	kept := safe.Text{}
	for _, d := range m.drafts {
		if d.saved() != "" {
			kept = ours("What you wrote is kept as a draft.")
		}
	}
	if m.composer.focused {
		m.muffle()
	}
	m.leaveEyes()
	m.leaveComposer()
	m.composer.set("")
	m.dialogs, m.panels, m.denied = nil, nil, refusal{}
	m.thread.opened(0)
	m.thread.forgetDrawn()
	m.contact, m.focus = desk.Contact{}, onList
	m.rep.Empty()
	m.say(toastGrave, safe.Join(ours(" "), some(m.ended(), kept)...))
}

// ended says why nothing of the desk is shown any more; empty while the sign-in
// stands.
func (m *Model) ended() safe.Text {
	if !m.link.Ended() || m.rep.Known() {
		return safe.Text{}
	}
	return outside(m.link.Error).Or(ours("The server no longer takes this sign-in. Sign in again."))
}

// unstick lets what failed be asked for again.
func (m *Model) unstick() {
	m.thread.stuck, m.thread.tries = false, 0
	for _, at := range m.list.place {
		at.stuck, at.tries = false, 0
	}
}

// apply takes in a snapshot or events and says what matters about them.
func (m *Model) apply(msg client.Msg) tea.Cmd {
	before, known, asked := m.rep.Me(), m.rep.Known(), m.rep.Requests()
	if e, ok := msg.(desk.Events); ok {
		m.announce(&e)
	}
	change := m.rep.Apply(msg)
	if change.People || change.Rights {
		m.thread.forgetDrawn()
	}
	if change.Reason != "" {
		m.afterSnapshot()
	}
	if !known && m.rep.Known() {
		m.startList()
	}
	if change.Rights && known {
		m.rightsChanged(before)
	}
	if change.Asked && known && !m.looking {
		m.tellRequests(asked)
	}
	for _, id := range change.Gone {
		m.gone(id)
	}
	m.checkEyes()
	checks := tea.Batch(m.checkPanels(), m.checkDialogs(), m.checkComposer())
	if change.People || change.Rights {
		return tea.Batch(checks, m.previewAgain())
	}
	return checks
}

// afterSnapshot forgets what was asked of the state before it. The answers may
// still come; the replica refuses those that no longer join on.
func (m *Model) afterSnapshot() {
	m.unstick()
	m.thread.asked = false
	for _, at := range m.list.place {
		at.asked = false
	}
}

// firstList moves to the first list that this agent may see, when the present
// one isn't.
func (m *Model) firstList() {
	lists := m.lists()
	if len(lists) > 0 && !slices.Contains(lists, m.list.list) {
		m.list.list = lists[0]
	}
}

// rightsChanged tells what became of the agent's role. A reply or a note that
// is being written is closed first when it may no longer be.
func (m *Model) rightsChanged(before desk.Actor) {
	m.firstList()
	now := m.rep.Me()
	effects := compare(&before, &now).sentence()
	var what string
	switch given, ended := m.lent(before.Member.Grants, now.Member.Grants); {
	case before.Role.ID != now.Role.ID:
		what = "Your role is now " + now.Role.Name
	case !slices.Equal(before.Member.Teams, now.Member.Teams):
		what = "Your teams changed"
	case given != "":
		what = given
	case ended != "":
		what = ended
	case effects != "":
		what = "Your role " + now.Role.Name + " changed"
	default:
		if again := m.hiddenAgain(before.Member.Grants); again != "" {
			m.sayAlso(toastGrave, outside(again+"."))
		}
		return
	}
	switch closed := m.closeWriting(); {
	case closed != "":
		what += ", so this " + closed + " is closed. Your text is kept."
		if effects != "" {
			what += " " + strings.ToUpper(effects[:1]) + effects[1:] + "."
		}
	case effects != "":
		what += ": " + effects + "."
	default:
		what += "."
	}
	m.sayAlso(toastGrave, outside(what))
}

// lent says what grants began or ended between two states of this agent; a
// revealed number tells of itself.
func (m *Model) lent(before, now []desk.Grant) (given, ended string) {
	l := m.look()
	fresh := func(all []desk.Grant, g desk.Grant) bool {
		return g.Contact == "" && !slices.ContainsFunc(all, func(o desk.Grant) bool { return o.ID == g.ID })
	}
	for _, g := range now {
		if fresh(before, g) {
			given = "You were given " + l.lentWords(g) + " until " + l.ends(g.Until)
		}
	}
	for _, g := range before {
		if fresh(now, g) {
			ended = "The time for " + l.lentWords(g) + " is over"
		}
	}
	return given, ended
}

// lentWords names what was lent in the middle of a sentence.
func (l *look) lentWords(g desk.Grant) string {
	if g.Role != "" {
		return "the role " + l.roleName(g.Role).String()
	}
	d, _ := desk.Describe(g.Perm)
	return "“" + d.Title + "”"
}

// closeWriting closes the composer when nothing may be written any more, and
// returns what was being written; empty when it stays.
func (m *Model) closeWriting() string {
	if !m.composer.focused || m.mayWrite(m.composer.note) == nil {
		return ""
	}
	m.leaveComposer()
	m.muffle()
	if m.composer.note {
		return "note"
	}
	return "reply"
}

// effects are what a change of a role does, as verb phrases: what one may no
// longer do and may do now, what reaches less far and further. Seeing
// conversations stands apart.
type effects struct {
	lost, gained, narrower, wider []string
	seen                          desk.Scope // how far one sees, if that is another scope now
	more                          bool       // than before
}

// compare returns the effects of going from one state of an actor to another:
// replying first, for that is what people are here for. Seeing the queue follows seeing
// conversations, when both reach less far or further.
func compare(a, b *desk.Actor) effects {
	var e effects
	all := desk.Permissions()
	slices.SortStableFunc(all, func(p, q desk.Permission) int { return first(p.Key) - first(q.Key) })
	for _, p := range all {
		phrase := strings.ToLower(p.Title[:1]) + p.Title[1:]
		was, is := a.Scope(p.Key), b.Scope(p.Key)
		more := is.Rank() > was.Rank()
		switch {
		case is.Rank() == was.Rank():
		case was.Rank() == 0:
			e.gained = append(e.gained, phrase)
		case is.Rank() == 0:
			e.lost = append(e.lost, phrase)
		case p.Key == desk.ConversationView:
			e.seen, e.more = is, more
		case p.Key == desk.ConversationViewQueue && e.seen != "" && e.more == more:
		case more:
			e.wider = append(e.wider, phrase)
		default:
			e.narrower = append(e.narrower, phrase)
		}
	}
	return e
}

func first(p desk.Perm) int {
	if p == desk.MessageReply {
		return 0
	}
	return 1
}

// sentence tells the effects, the losses first, without a full stop.
func (e effects) sentence() string {
	var parts []string
	add := func(before string, what []string, after string) {
		if len(what) > 0 {
			parts = append(parts, before+listed(what)+after)
		}
	}
	add("you can no longer ", e.lost, "")
	add("you can now ", e.gained, "")
	if e.seen != "" {
		parts = append(parts, sight(e.seen, e.more))
	}
	add("less far than before, you can ", e.narrower, "")
	add("further than before, you can ", e.wider, "")
	return strings.Join(parts, "; ")
}

// sight says how far one sees now; more than before or less.
func sight(s desk.Scope, more bool) string {
	switch {
	case s == desk.ScopeAll:
		return "you see every chat"
	case s == desk.ScopeTeam && more:
		return "you see your teams' chats too"
	case s == desk.ScopeTeam:
		return "you see your teams' chats only"
	}
	return "you see your own chats only"
}

// listed names at most three and counts the rest.
func listed(what []string) string {
	if n := len(what) - 3; n > 0 {
		return strings.Join(what[:3], ", ") + " and " + strconv.Itoa(n) + " more"
	}
	if n := len(what) - 1; n > 0 {
		return strings.Join(what[:n], ", ") + " and " + what[n]
	}
	return strings.Join(what, ", ")
}

// gone closes a conversation that left this agent's sight.
func (m *Model) gone(id desk.ConversationID) {
	if id == m.thread.open {
		m.closeGone(id)
	}
}

func (m *Model) closeGone(id desk.ConversationID) {
	kept := ""
	if d := m.drafts[id]; d != nil && d.saved() != "" {
		kept = " Your draft is kept."
	}
	m.say(toastGrave, ours("Chat "+id.String()+" is no longer in your view: it was given to someone else, or your role changed."+kept))
	if m.composer.focused {
		m.leaveComposer()
		m.muffle()
	}
	m.composer.set("")
	m.thread.opened(0)
	m.focus = onList
}

// checkComposer closes the composer when nothing may be written any more. What
// was written stays a draft.
func (m *Model) checkComposer() tea.Cmd {
	if !m.composer.focused {
		return nil
	}
	if err := m.mayWrite(m.composer.note); err != nil {
		m.closeWriting()
		m.sayWith(m.look().reason(err, m.rep.Conversation(m.thread.open)), ours("Your text is kept."))
	}
	return nil
}

// mayWrite asks whether a reply or a note may be written in the open thread.
func (m *Model) mayWrite(note bool) error {
	p := desk.MessageReply
	if note {
		p = desk.MessageNote
	}
	c := m.rep.Conversation(m.thread.open)
	if c == nil && m.thread.open != 0 && !m.looking {
		return nil // its row is still being asked for
	}
	if err := m.rep.Can(p, desk.Subject{Conversation: c}, m.opt.Now()); err != nil {
		return err
	}
	if m.looking {
		return readOnly()
	}
	return nil
}

// announce says what colleagues did to this agent's chats.
func (m *Model) announce(e *desk.Events) {
	me := m.rep.Me().Member.ID
	for i := range e.Events {
		ev := &e.Events[i]
		c := ev.Conversation
		if c == nil || ev.Actor == me || ev.Actor == "" {
			continue
		}
		l := m.look()
		name := safe.Join(ours(" "), contactName(c.Contact), ours(c.ID.String()))
		switch {
		case ev.Before != nil && ev.Before.Assignee == me && c.Assignee != me && c.Assignee == ev.Actor:
			m.say(toastGrave, safe.Join(ours(" "), l.memberName(ev.Actor), ours("took over"), name).Add(ours(".")))
		case ev.Before != nil && ev.Before.Assignee == me && c.Assignee != me:
			m.say(toastGrave, safe.Join(ours(" "), l.memberName(ev.Actor), ours("passed on"), name).Add(ours(".")))
		case ev.Before != nil && ev.Before.Assignee != me && c.Assignee == me:
			m.say(toastGrave, safe.Join(ours(" "), l.memberName(ev.Actor), ours("gave you"), name).Add(ours(".")))
		}
	}
}

// reading is the marking of a conversation as read, a moment after it is seen.
type reading struct {
	id  desk.ConversationID
	seq int64 // of the row that was marked or is about to be
	due bool
}

// readDelay is how long a conversation is looked at before it counts as read.
const readDelay = 800 * time.Millisecond

// read marks the open conversation as read soon, if the agent looks at it and
// may do so.
func (m *Model) read() tea.Cmd {
	c := m.readable()
	if c == nil || (m.reading.id == c.ID && (m.reading.due || m.reading.seq == c.Seq)) {
		return nil
	}
	m.reading = reading{id: c.ID, seq: c.Seq, due: true}
	return m.after(readDelay, alarm{kind: alarmRead})
}

func (m *Model) readable() *desk.Conversation {
	c := m.rep.Conversation(m.thread.open)
	if c == nil || c.Unread == 0 || m.away || m.looking || m.eyes != nil || m.panel() != nil || m.focus != onThread || m.link.State != client.Live || m.dialog() != nil {
		return nil
	}
	if _, _, loaded := m.rep.Messages(c.ID); !loaded {
		return nil
	}
	if m.rep.Can(desk.MarkRead{}.Perm(), desk.Subject{Conversation: c}, m.opt.Now()) != nil {
		return nil
	}
	return c
}

func (m *Model) readNow() tea.Cmd {
	m.reading.due = false
	c := m.readable()
	if c == nil || c.ID != m.reading.id {
		m.reading = reading{}
		return nil
	}
	m.reading.seq = c.Seq
	_, upto := m.rep.Position()
	return m.ask(client.NewRef(), desk.MarkRead{Conversation: c.ID, Upto: upto}, func(json.RawMessage, error) tea.Cmd {
		return nil // nobody asked for it: a refusal is not worth a sentence
	})
}
