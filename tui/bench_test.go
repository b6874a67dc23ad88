package tui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// crowded is a screen with n conversations and n messages in the open one.
func crowded(t testing.TB, n int) *rig {
	cs := make([]desk.Conversation, n)
	for i := range cs {
		cs[i] = conversations()[i%4]
		cs[i].ID, cs[i].LastAt = desk.ConversationID(i+1), noon.Add(-time.Duration(i)*time.Second)
		cs[i].Contact.Name = fmt.Sprintf("Customer %d", i)
	}
	r := newRig(t)
	r.size(120, 40)
	r.send(Deliver{client.Link{State: client.Live}, snapshot("asha", desk.RoleManager, 100, cs)})
	r.do = func(cmd desk.Command) (any, error) {
		if c, ok := cmd.(desk.History); ok {
			page := theThread(1)
			page.Conversation = *r.m.rep.Conversation(c.Conversation)
			some := page.Messages
			for i := range n {
				m := some[i%len(some)]
				m.ID, m.Order = desk.MessageID(fmt.Sprint("old", i)), int64(-i)
				m.At = noon.Add(-time.Duration(i+5000) * time.Minute)
				page.Messages = append(page.Messages, m)
			}
			return page, nil
		}
		return nil, nil
	}
	r.keys("4", "enter", "esc")
	return r
}

// BenchmarkView draws the screen after the cursor has moved: what a key costs,
// which must not grow with the desk.
func BenchmarkView(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := crowded(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.m.Update(keyPress([]string{"j", "k"}[i%2]))
				r.m.View()
			}
		})
	}
}

// TestCostDoesNotGrow holds the allocations of a key and its frame to the same
// number on a desk a thousand times as large.
func TestCostDoesNotGrow(t *testing.T) {
	cost := func(n int) float64 {
		r := crowded(t, n)
		i := 0
		return testing.AllocsPerRun(50, func() {
			r.m.Update(keyPress([]string{"j", "k"}[i%2]))
			r.m.View()
			i++
		})
	}
	few, many := cost(100), cost(20_000)
	if many > few*1.2 {
		t.Errorf("a key costs %.0f allocations with 100 rows and %.0f with 20,000", few, many)
	}
}

// TestBytesPerKey runs the real renderer and counts what a key sends to the
// terminal. The peers need 200 to 6,000 bytes.
func TestBytesPerKey(t *testing.T) {
	r := crowded(t, 500)
	out := &counter{}
	p := tea.NewProgram(r.m, tea.WithInput(nil), tea.WithOutput(out), tea.WithWindowSize(120, 40), tea.WithoutSignals(),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}), tea.WithFPS(120))
	r.m.after = func(time.Duration, tea.Msg) tea.Cmd { return nil }
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	out.settle(t)
	before := out.len()
	const keys = 20
	for range keys {
		p.Send(keyPress("j"))
		out.settle(t)
	}
	p.Quit()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	per := (out.len() - before) / keys
	t.Logf("%d bytes a key", per)
	if per > 2500 {
		t.Errorf("a key sends %d bytes to the terminal", per)
	}
}
