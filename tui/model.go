package tui

import (
	"context"
	"encoding/json"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// Options are what a screen is made of. Replica and Do are required.
type Options struct {
	// Do sends a command and waits for its answer; a refusal is a [*desk.Error].
	// The screen calls it in commands only, never in Update.
	Do func(ctx context.Context, ref string, cmd desk.Command) (json.RawMessage, error)
	// Replica is what this agent may see: empty, or what was last known. The
	// screen owns it from here on.
	Replica *client.Replica
	// Drafts are the texts that an earlier run saved.
	Drafts map[desk.ConversationID]string
	// SaveDraft keeps a text; an empty one is deleted. Called in commands, one
	// at a time. Nil keeps drafts in memory only.
	SaveDraft func(id desk.ConversationID, text string) error
	// Server is the name of the desk's server, for the status line.
	Server string
	// Accounts are who else this screen can go on as.
	Accounts []Account
	// Hint is a line under the tabs; empty for none.
	Hint string
	// Reconnect asks the link to try at once; nil when it can't.
	Reconnect func()
	// Open opens a second link on the same sign-in that sees as someone else, and
	// calls deliver, from another goroutine, with what it says. Do of it only
	// reads; close ends it and doesn't wait. Nil when there is none to be had.
	Open func(as desk.ViewAs, deliver func([]client.Msg)) (do func(ctx context.Context, ref string, cmd desk.Command) (json.RawMessage, error), close func())
	// Context ends the commands under way; nil means background.
	Context context.Context
	// Since is when what Replica holds was last known to be true; zero when that
	// isn't known.
	Since time.Time
	// NoMouse begins without the mouse.
	NoMouse bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Location is the zone in which times are shown; nil means time.Local.
	Location *time.Location
	// NoColor draws without colours. Dark is the guess about the background
	// until the terminal says; the first paint doesn't wait for it.
	NoColor, Dark bool
}

// Account is someone whom this screen can go on as.
type Account struct {
	Name string
	Role string
	Key  string // what [Model.Continue] returns
}

// Deliver carries what client.Run delivers into Update.
type Deliver []client.Msg

// answer is what became of a command, with what to do about it.
type answer struct {
	raw   json.RawMessage
	err   error
	write bool
	then  func(json.RawMessage, error) tea.Cmd
}

// focus is the pane that takes the keys when nothing is being written.
type focus int

const (
	onList focus = iota
	onThread
)

// Model is the agent's screen, a [tea.Model]. It is used from one goroutine.
type Model struct {
	opt   Options
	rep   *client.Replica
	theme theme
	dark  bool
	cols  safe.Model
	width int
	high  int
	after func(time.Duration, tea.Msg) tea.Cmd // a timer; tests have their own

	focus    focus
	list     listPane
	thread   threadView
	composer composer
	dialogs  []dialog
	panels   []panel // the last one is shown; with none, the inbox is
	serials  int     // how many panels and effects there were, to tell their timers apart
	table    []Action
	contact  desk.Contact // of the open conversation, as it was last drawn

	drafts     map[desk.ConversationID]*draft
	unsaved    map[desk.ConversationID]bool
	saveDue    bool
	saving     bool
	saveFailed bool

	link    client.Link
	since   time.Time // when the link was last live
	toast   toast
	toasts  int // how many there were, so that an old timer leaves a new one alone
	fading  int // the toast whose timer runs
	ticking bool
	writes  int // commands under way that change something
	reading reading
	deaf    time.Time // keys that were meant for a composer that is gone are dropped until then
	away    bool      // the terminal has lost the focus
	mouse   bool
	next    string

	hideDetails bool

	eyes    *eyes                 // the inbox as someone else sees it, over everything; nil for none
	listen  func(*eyes) tea.Cmd   // waits for what their link says; tests have their own
	looking bool                  // this is the screen of such eyes: nothing can be done on it
	denied  refusal               // the last one that was shown, to ask for what it lacks
	warned  map[desk.GrantID]bool // of whose end this agent was told beforehand
}

// New returns a screen.
func New(o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Location == nil {
		o.Location = time.Local
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.Replica == nil {
		o.Replica = client.NewReplica()
	}
	m := &Model{
		opt: o, rep: o.Replica, dark: o.Dark, theme: newTheme(o.Dark, o.NoColor), after: timer,
		list: newListPane(), composer: newComposer(), table: Actions(), mouse: !o.NoMouse,
		drafts: map[desk.ConversationID]*draft{}, unsaved: map[desk.ConversationID]bool{},
		link: client.Link{State: client.Connecting}, since: o.Since,
	}
	m.listen, m.warned = hear, map[desk.GrantID]bool{}
	m.thread.forgetDrawn()
	for id, text := range o.Drafts {
		d := parseDraft(text)
		m.drafts[id] = &d
	}
	m.startList()
	return m
}

func timer(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

// Continue returns the Key of the account to go on as, once the program has
// ended; empty when the agent just quit.
func (m *Model) Continue() string { return m.next }

// Init asks for the background's colour and starts the clock.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, m.tick())
}

// Update routes: what the network delivers to the replica, keys to the topmost
// dialog, else to what is being written, else to the actions table.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	elsewhere, taken := m.through(msg)
	if taken {
		return m, tea.Batch(elsewhere, m.settle())
	}
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.high = msg.Width, msg.Height
		m.thread.forgetDrawn()
	case tea.BackgroundColorMsg:
		m.restyle(msg.IsDark())
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore {
			m.cols = safe.ModelFor(msg.Value)
		}
	case tea.FocusMsg:
		m.away = false
	case tea.BlurMsg:
		m.away = true
	case Deliver:
		cmd = m.deliver(msg)
	case answer:
		cmd = m.answered(msg)
	case draftSaved:
		cmd = m.draftSaved(msg)
	case alarm:
		cmd = m.alarm(msg)
	case tea.KeyPressMsg, tea.PasteMsg:
		cmd = m.input(msg)
	case tea.MouseWheelMsg:
		m.wheel(msg.Mouse())
	case tea.MouseClickMsg:
		cmd = m.click(msg.Mouse())
	default:
		return m, nil
	}
	return m, tea.Batch(elsewhere, cmd, m.settle())
}

// input gives a key press or a paste to whoever is to have it.
func (m *Model) input(msg tea.Msg) tea.Cmd {
	if m.muffled(msg) {
		return nil
	}
	if d := m.dialog(); d != nil {
		return d.update(m, msg)
	}
	if p := m.panel(); p != nil {
		return m.panelInput(p, msg)
	}
	if m.composer.focused {
		if cmd, taken := m.compose(msg); taken {
			return cmd
		}
	}
	if k, ok := msg.(tea.KeyPressMsg); ok {
		return m.press(k.String())
	}
	return nil
}

// breath is the pause that shows that an agent has seen that the composer is
// gone.
const breath = 700 * time.Millisecond

// muffle drops what is typed on until there is a pause. Someone may be in the
// middle of a word when the composer closes or a dialog opens by itself, and the
// rest of the word must not resolve a chat or answer the dialog.
func (m *Model) muffle() { m.deaf = m.opt.Now().Add(breath) }

func (m *Model) muffled(msg tea.Msg) bool {
	if !m.opt.Now().Before(m.deaf) {
		return false
	}
	if m.dialog() == nil && m.thread.open != 0 && m.mayWrite(m.composer.note) == nil {
		return false // it may be opened again
	}
	if k, ok := msg.(tea.KeyPressMsg); ok && k.Text == "" && k.Code != tea.KeyEnter && k.Code != tea.KeySpace {
		return false
	}
	m.muffle()
	return true
}

func (m *Model) restyle(dark bool) {
	if dark == m.dark {
		return
	}
	m.dark, m.theme = dark, newTheme(dark, m.opt.NoColor)
	m.thread.forgetDrawn()
}

// look returns what the panes draw from.
func (m *Model) look() *look {
	return &look{theme: m.theme, cols: m.cols, rep: m.rep, me: m.rep.Me(), now: m.opt.Now(), loc: m.opt.Location, ended: m.ended()}
}

// settle brings the panes up to what there is now, and asks for what is missing.
func (m *Model) settle() tea.Cmd {
	l, p := m.look(), m.plan()
	m.list.settle(l, p.list.w, p.list.h)
	m.composer.area.SetWidth(max(1, p.composer.w-inset))
	if c := m.rep.Conversation(m.thread.open); c != nil && c.Contact != m.contact {
		m.contact = c.Contact
		m.thread.forgetDrawn()
	}
	m.thread.markUnread(l)
	return tea.Batch(m.loadList(p), m.loadThread(p), m.read(), m.fade(), m.settlePanel())
}

// current is the conversation that an action would act on: the open one, or in
// the list the one under the cursor. It may be nil.
func (m *Model) current() *desk.Conversation {
	if m.focus == onThread && m.thread.open != 0 {
		return m.rep.Conversation(m.thread.open)
	}
	return m.list.selected(m.look())
}

// nameOf is what a conversation is called in a sentence.
func (m *Model) nameOf(id desk.ConversationID) safe.Text {
	if c := m.rep.Conversation(id); c != nil {
		return contactName(c.Contact)
	}
	return ours("chat " + id.String())
}
