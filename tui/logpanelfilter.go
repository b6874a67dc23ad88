package tui

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// logFilter is what of the log is shown. The zero one shows everything.
type logFilter struct {
	actor    desk.MemberID
	kinds    []desk.EventKind
	what     safe.Text // what the kinds are called
	about    string
	chat     desk.ConversationID
	from, to time.Time
	typed    [2]string // as the times were typed
}

func (f *logFilter) apply(c desk.ListLog) desk.ListLog {
	c.Actor, c.Kinds, c.About, c.Conversation, c.From, c.To = f.actor, f.kinds, f.about, f.chat, f.from, f.to
	return c
}

func (f *logFilter) empty() bool {
	return f.actor == "" && len(f.kinds) == 0 && f.about == "" && f.chat == 0 && f.from.IsZero() && f.to.IsZero()
}

// chips name what the filter lets through.
func (f *logFilter) chips(l *look) []safe.Text {
	var all []safe.Text
	if f.actor != "" {
		all = append(all, phrase(ours("by"), l.named(string(f.actor))))
	}
	if len(f.kinds) > 0 {
		all = append(all, f.what)
	}
	if f.about != "" {
		all = append(all, phrase(ours("about"), l.named(f.about)))
	}
	if f.chat != 0 {
		all = append(all, ours("chat "+f.chat.String()))
	}
	if !f.from.IsZero() {
		all = append(all, ours("from "+l.moment(f.from)))
	}
	if !f.to.IsZero() {
		all = append(all, ours("until "+l.moment(f.to)))
	}
	return all
}

// narrow sets the filter and begins anew.
func (p *logPanel) narrow(change func(*logFilter)) tea.Cmd {
	change(&p.filter)
	p.begin()
	return nil
}

func (p *logPanel) clear(*Model) tea.Cmd { return p.narrow(func(f *logFilter) { *f = logFilter{} }) }

func (p *logPanel) filtered(*Model) error {
	if p.filter.empty() {
		return notHere("Everything is shown already.")
	}
	return nil
}

// filterPerson lets pick whose acts are shown.
func (p *logPanel) filterPerson(m *Model) tea.Cmd {
	m.push(&picker{title: ours("Whose acts?"), prompt: ours("name of a person"), items: func(filter string) []item {
		items := []item{{title: ours("Everyone"), marked: p.filter.actor == "", run: func() tea.Cmd { return p.narrow(func(f *logFilter) { f.actor = "" }) }}}
		for _, who := range m.rep.Members() {
			it := item{title: m.look().memberName(who.ID), right: m.look().roleName(who.Role), marked: who.ID == p.filter.actor, named: true,
				run: func() tea.Cmd { return p.narrow(func(f *logFilter) { f.actor = who.ID }) }}
			if err := m.mayDo(desk.ListLog{Actor: who.ID}); err != nil {
				it.off = m.look().reason(err, nil)
			}
			items = append(items, it)
		}
		return narrowed(items, filter)
	}})
	return nil
}

// filterKinds lets pick what kind of acts are shown: a group, or one kind.
func (p *logPanel) filterKinds(m *Model) tea.Cmd {
	m.push(&picker{title: ours("What happened?"), prompt: ours("a kind of entry, or a group of them"), items: func(filter string) []item {
		set := func(kinds []desk.EventKind, what safe.Text) func() tea.Cmd {
			return func() tea.Cmd { return p.narrow(func(f *logFilter) { f.kinds, f.what = kinds, what }) }
		}
		items := []item{{title: ours("Everything"), marked: len(p.filter.kinds) == 0, run: set(nil, safe.Text{})}}
		var single []item
		for _, g := range logKinds() {
			items = append(items, item{title: ours(g.title), right: ours("group"), marked: slices.Equal(g.kinds, p.filter.kinds), run: set(g.kinds, ours(g.title))})
			for _, k := range g.kinds {
				one := []desk.EventKind{k}
				single = append(single, item{title: kindWords(k), right: ours(g.title), also: []string{string(k)}, marked: slices.Equal(one, p.filter.kinds), run: set(one, kindWords(k))})
			}
		}
		return narrowed(append(items, single...), filter)
	}})
	return nil
}

// filterTarget lets pick a person, a role or a team that entries are about.
func (p *logPanel) filterTarget(m *Model) tea.Cmd {
	m.push(&picker{title: ours("About whom or what?"), prompt: ours("a person, a role or a team"), items: func(filter string) []item {
		set := func(id string) func() tea.Cmd {
			return func() tea.Cmd { return p.narrow(func(f *logFilter) { f.about = id }) }
		}
		items := []item{{title: ours("Anything"), marked: p.filter.about == "", run: set("")}}
		l := m.look()
		add := func(id string, title safe.Text, what string) {
			items = append(items, item{title: title, right: ours(what), marked: id == p.filter.about, named: true, run: set(id)})
		}
		for _, x := range m.rep.Members() {
			add(string(x.ID), l.memberName(x.ID), "person")
		}
		for _, x := range m.rep.Roles() {
			add(string(x.ID), l.roleName(x.ID), "role")
		}
		for _, x := range m.rep.Teams() {
			add(string(x.ID), l.teamName(x.ID), "team")
		}
		return narrowed(items, filter)
	}})
	return nil
}

// filterChat asks for the number of a chat.
func (p *logPanel) filterChat(m *Model) tea.Cmd {
	f := &form{title: ours("Entries of one chat"), submit: "shows them", fields: []*field{{label: "Chat", about: "#12 · empty shows all", note: chatNote}}}
	if e := p.entry(); e != nil && e.Conversation != 0 {
		f.fields[0].line.set(e.Conversation.String())
	}
	f.send = func(m *Model) tea.Cmd {
		id, err := readChat(f.text(0))
		if err != nil {
			f.refused(outside(err.Error()))
			return nil
		}
		m.drop(f)
		return p.narrow(func(f *logFilter) { f.chat = id })
	}
	m.push(f)
	return nil
}

func chatNote(l *look, s string) (safe.Text, error) {
	id, err := readChat(s)
	if err != nil || id == 0 {
		return safe.Text{}, err
	}
	if c := l.rep.Conversation(id); c != nil {
		return contactName(c.Contact), nil
	}
	return safe.Text{}, nil
}

func readChat(s string) (desk.ConversationID, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "#"), 10, 64)
	if err != nil || n <= 0 {
		return 0, errors.New("That isn't the number of a chat. Write it like #12.")
	}
	return desk.ConversationID(n), nil
}

// filterTime asks from when to when.
func (p *logPanel) filterTime(m *Model) tea.Cmd {
	timeField := func(label string, end bool, typed string) *field {
		fd := &field{label: label, about: "today · yesterday 14:00 · 2026-11-20 · last 2h", note: func(l *look, s string) (safe.Text, error) {
			at, err := readPast(s, l.now.In(l.loc), end)
			if err != nil || at.IsZero() {
				return safe.Text{}, err
			}
			return ours(l.second(at)), nil
		}}
		fd.line.set(typed)
		return fd
	}
	f := &form{title: ours("Entries of a time"), submit: "shows them",
		fields: []*field{timeField("From", false, p.filter.typed[0]), timeField("Until", true, p.filter.typed[1])}}
	f.send = func(m *Model) tea.Cmd {
		from, err := readPast(f.text(0), m.clock(), false)
		to, err2 := readPast(f.text(1), m.clock(), true)
		if err := errors.Join(err, err2); err != nil {
			f.refused(outside(err.Error()))
			return nil
		}
		if !to.IsZero() && !from.IsZero() && !from.Before(to) {
			f.refused(ours("The end of the time is before its beginning. Change one of them."))
			return nil
		}
		typed := [2]string{f.text(0), f.text(1)}
		m.drop(f)
		return p.narrow(func(f *logFilter) { f.from, f.to, f.typed = from, to, typed })
	}
	m.push(f)
	return nil
}

// readPast reads a time that has passed as people type it: "today", "yesterday
// 14:00", "14:00", "mon", "2026-11-20 14:00", "last 2h". A day alone is its
// beginning, or with end its end. Empty is no time.
func readPast(s string, now time.Time, end bool) (time.Time, error) {
	words := strings.Fields(strings.ToLower(s))
	switch {
	case len(words) == 0:
		return time.Time{}, nil
	case words[0] == "now" && len(words) == 1:
		return now, nil
	case words[0] == "last" || words[len(words)-1] == "ago":
		return readAgo(words, now)
	}
	day, rest, dated := pastDay(words, now)
	if len(rest) == 0 && dated {
		if end {
			day = day.AddDate(0, 0, 1)
		}
		return day, nil
	}
	if len(rest) == 1 {
		for _, form := range []string{"15:04", "15:04:05"} {
			if t, err := time.Parse(form, rest[0]); err == nil {
				y, mo, d := day.Date()
				return time.Date(y, mo, d, t.Hour(), t.Minute(), t.Second(), 0, now.Location()), nil
			}
		}
	}
	return time.Time{}, notPast()
}

func notPast() error {
	return errors.New("That isn't a time. Write one like “today”, “yesterday 14:00”, “2026-11-20” or “last 2h”.")
}

// pastDay takes the day from the front of the words; without one it is today.
func pastDay(words []string, now time.Time) (day time.Time, rest []string, ok bool) {
	y, m, d := now.Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	switch words[0] {
	case "today":
		return today, words[1:], true
	case "yesterday":
		return today.AddDate(0, 0, -1), words[1:], true
	}
	if t, err := time.ParseInLocation("2006-01-02", words[0], now.Location()); err == nil {
		return t, words[1:], true
	}
	for back := range 7 {
		day := today.AddDate(0, 0, -back)
		if name := strings.ToLower(day.Weekday().String()); len(words[0]) >= 3 && strings.HasPrefix(name, words[0]) {
			return day, words[1:], true
		}
	}
	return today, words, false
}

// readAgo reads "last 2h" and "3 days ago".
func readAgo(words []string, now time.Time) (time.Time, error) {
	text := strings.Join(words, "")
	text = strings.TrimSuffix(strings.TrimPrefix(text, "last"), "ago")
	parts := regexp.MustCompile(`^(\d{1,5})([a-z]+)$`).FindStringSubmatch(text)
	if parts == nil {
		if text == "hour" || text == "day" || text == "week" {
			parts = []string{"", "1", text}
		} else {
			return time.Time{}, notPast()
		}
	}
	n, _ := strconv.Atoi(parts[1])
	switch strings.TrimSuffix(parts[2], "s") {
	case "m", "min", "minute":
		return now.Add(-time.Duration(n) * time.Minute), nil
	case "h", "hour":
		return now.Add(-time.Duration(n) * time.Hour), nil
	case "d", "day":
		return now.AddDate(0, 0, -n), nil
	case "w", "week":
		return now.AddDate(0, 0, -7*n), nil
	}
	return time.Time{}, notPast()
}
