package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/cmd/internal/rolefile"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// answers is a desk that answers commands from a list, and notes what it was
// asked.
type answers struct {
	t     *testing.T
	give  []any // a value, or an error
	asked []desk.Command
}

func (a *answers) do(_ context.Context, _ string, cmd desk.Command) (json.RawMessage, error) {
	a.t.Helper()
	a.asked = append(a.asked, cmd)
	if len(a.give) == 0 {
		a.t.Fatalf("the desk was asked for more: %+v", cmd)
	}
	next := a.give[0]
	a.give = a.give[1:]
	if err, ok := next.(error); ok {
		return nil, err
	}
	return json.Marshal(next)
}

// newDesk is a program at such a desk, where Mia is the owner and reads along.
func newDesk(t *testing.T, give ...any) (*program, *link, *answers, *bytes.Buffer) {
	t.Helper()
	out, a := &bytes.Buffer{}, &answers{t: t, give: give}
	rep := client.NewReplica()
	rep.Apply(desk.Snapshot{Epoch: "e", Seq: 1, Roles: desk.BuiltInRoles(),
		Me:      desk.Actor{Member: desk.Member{ID: "s", Name: "Sam", Role: desk.RoleManager}},
		Members: []desk.Member{{ID: "m", Name: "Mia\x1b[31m", Role: desk.RoleOwner}, {ID: "s", Name: "Sam", Role: desk.RoleManager}}})
	return &program{stdin: strings.NewReader(""), stdout: out, stderr: out}, &link{a.do, rep, "https://desk.example"}, a, out
}

func contacts(from, n int) (all []desk.Contact) {
	for i := range n {
		all = append(all, desk.Contact{ID: desk.ContactID(fmt.Sprintf("c%03d", from+i)), Phone: "+491701", Hidden: i == 0})
	}
	return all
}

func TestExportStopsAtTheCap(t *testing.T) {
	refused := desk.AsError(&desk.Denied{Perm: desk.ContactExportMany, Why: desk.WhyCap, Needs: desk.ScopeAll, Reason: "Only 200 a day."})
	p, l, a, _ := newDesk(t,
		desk.ContactPage{Contacts: contacts(0, 50), More: true, Today: 170},
		desk.ContactPage{Contacts: contacts(50, 30), More: true, Today: 200}, refused)
	name := filepath.Join(t.TempDir(), "out.csv")
	err := l.explain(p.exportContacts(t.Context(), l, name))
	for _, want := range []string{"has 80 contacts, and not all: Only 200 a day.", "It takes contact.export_many. Ask for it in the inbox (!), or ask Mia"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	file, _ := os.ReadFile(name)
	if n := strings.Count(string(file), "\r\n"); n != 81 {
		t.Errorf("%d lines were kept", n)
	}
	want := []desk.Command{desk.ExportContacts{Limit: 50}, desk.ExportContacts{After: "c049", Limit: 30}, desk.ExportContacts{After: "c079", Limit: 50}}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Error(diff)
	}
}

func TestExportTellsWhatIsMasked(t *testing.T) {
	p, l, _, out := newDesk(t, desk.ContactPage{Contacts: contacts(0, 3)})
	if err := p.exportContacts(t.Context(), l, filepath.Join(t.TempDir(), "out.csv")); err != nil || !strings.Contains(out.String(), "has 3 contacts. The numbers of 1 are masked") {
		t.Error(err, out)
	}
}

// A desk with many contacts that one may not take out gives short pages.
func TestExportGoesOnAfterAnEmptyPage(t *testing.T) {
	p, l, a, out := newDesk(t, desk.ContactPage{More: true, Next: "c100"}, desk.ContactPage{Contacts: contacts(150, 2), More: true, Next: "c200", Today: 2},
		desk.ContactPage{Today: 2})
	if err := p.exportContacts(t.Context(), l, filepath.Join(t.TempDir(), "out.csv")); err != nil || !strings.Contains(out.String(), "has 2 contacts") {
		t.Error(err, out)
	}
	want := []desk.Command{desk.ExportContacts{Limit: 50}, desk.ExportContacts{After: "c100", Limit: 50}, desk.ExportContacts{After: "c200", Limit: 50}}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Error(diff)
	}
}

func logHeader(entries int) string {
	return fmt.Sprintf(`{"format":"frontdesk log 1","epoch":"e","key":"k","entries":%d,"withheld":true}`, entries)
}

// Each page of the log is logged itself: an export ends where the log was when it
// began, or it would follow its own traces for ever.
func TestExportLeavesItsOwnTracesOut(t *testing.T) {
	p, l, a, out := newDesk(t, desk.LogLines{Lines: []string{logHeader(430), "1"}, Next: 200, More: true},
		desk.LogLines{Lines: []string{"2"}, Next: 400, More: true}, desk.LogLines{Lines: []string{"3"}, Next: 430, More: true})
	name := filepath.Join(t.TempDir(), "log")
	if err := p.exportLog(t.Context(), l, name); err != nil || !strings.Contains(out.String(), "has 4 lines") {
		t.Error(err, out)
	}
	want := []desk.Command{desk.ExportLog{Limit: 200}, desk.ExportLog{After: 200, Limit: 200}, desk.ExportLog{After: 400, Limit: 30}}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Error(diff)
	}

	// What isn't a log isn't kept.
	p, l, _, _ = newDesk(t, desk.LogLines{Lines: []string{"a"}, Next: 5})
	if err := p.exportLog(t.Context(), l, name+"2"); err == nil || !strings.Contains(err.Error(), "this is no exported log") {
		t.Error(err)
	}
	if _, err := os.Stat(name + "2"); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file without a line stays")
	}
}

// A desk that goes in circles doesn't fill the disk.
func TestExportEnds(t *testing.T) {
	p, l, _, _ := newDesk(t, desk.LogLines{Lines: []string{logHeader(9)}, Next: 5, More: true}, desk.LogLines{Lines: []string{"b"}, Next: 5, More: true})
	name := filepath.Join(t.TempDir(), "log")
	if err := p.exportLog(t.Context(), l, name); err == nil || !strings.Contains(err.Error(), "has 2 lines of the log, and not all: the log has 9 entries, and the desk doesn't go on after 5") {
		t.Error(err)
	}
	p, l, _, _ = newDesk(t, desk.ContactPage{More: true})
	if err := p.exportContacts(t.Context(), l, name+"2"); err == nil {
		t.Error("went on for ever")
	}
	p, l, _, _ = newDesk(t, desk.ContactPage{More: true, Next: "c5"}, desk.ContactPage{More: true, Next: "c5"})
	if err := p.exportContacts(t.Context(), l, name+"2"); err == nil {
		t.Error("went in a circle")
	}
	if _, err := os.Stat(name + "2"); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file without a contact stays")
	}
}

func TestAcknowledgementIsWaitedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		give []any
		want string
	}{
		"all":      {[]any{desk.Acks{Sessions: 3}, desk.Acks{Sessions: 3, Shown: 2}, desk.Acks{Sessions: 3, Shown: 3}}, "3 of 3 sessions acknowledged.\n"},
		"one went": {[]any{desk.Acks{Sessions: 2, Shown: 1, Ended: 1}}, "1 of 2 sessions acknowledged, 1 ended.\n"},
		"nobody":   {[]any{desk.Acks{}}, "No open session was concerned.\n"},
		"refused":  {[]any{desk.Errorf(desk.CodeDenied, "Not you.")}, "Which screens show it isn't known: Not you.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, l, a, out := newDesk(t, tt.give...)
				if err := p.sayAcknowledged(t.Context(), l, 7); err != nil || out.String() != tt.want || len(a.give) > 0 {
					t.Errorf("%v %q, want %q", err, out, tt.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		silent := make([]any, 100)
		for i := range silent {
			silent[i] = desk.Acks{Sessions: 2, Shown: 1}
		}
		p, l, _, out := newDesk(t, silent...)
		began := time.Now()
		if err := p.sayAcknowledged(t.Context(), l, 7); err != nil || time.Since(began) != ackMost || !strings.Contains(out.String(), "1 of 2 sessions acknowledged; 1 didn't answer") {
			t.Error(err, time.Since(began), out)
		}
	})
}

func TestNothingIsDoneWithoutAYes(t *testing.T) {
	step := rolefile.Step{Change: desk.RoleChange{Role: "night", Name: "Night\x9b31m", Rank: 3, Grants: map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeOwn}}}
	plan := rolefile.Plan{Steps: []rolefile.Step{step}}
	effect := desk.Effect{Affected: 2, Sessions: 1, People: []desk.EffectOn{{Member: "m", Vanish: 14, Returns: 1, Keys: []desk.KeyChange{
		{Perm: desk.MessageReply, From: desk.ScopeAll, To: desk.ScopeOwn}, {Perm: desk.MessageNote, To: desk.ScopeTeam}, {Perm: desk.LogView, From: desk.ScopeOwn}}}}}
	p, l, a, out := newDesk(t, effect)
	p.stdin = strings.NewReader("yes\n") // a pipe isn't a person
	if done, err := p.carryOut(t.Context(), l, plan, false); done || err == nil || len(a.asked) != 1 {
		t.Error(done, err, a.asked)
	}
	for _, want := range []string{"+ night “Night", "2 people, 1 open screen.", "has message.reply all → own", "gains message.note (team)", "loses log.view",
		"14 open chats leave sight", "1 chat goes back to the queue", "and 1 more"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.ContainsAny(out.String(), "\x1b\u009b") {
		t.Errorf("%q", out)
	}
	preview, ok := a.asked[0].(desk.Preview)
	if !ok || preview.Command != "role.change" || preview.Validate() != nil {
		t.Errorf("%+v", a.asked)
	}

	p, l, a, _ = newDesk(t, effect, desk.Done{Seq: 9}, desk.Acks{})
	if done, err := p.carryOut(t.Context(), l, plan, true); !done || err != nil || len(a.asked) != 3 {
		t.Error(done, err, a.asked)
	}
	if got, _ := a.asked[2].(desk.Acknowledged); got.Seq != 9 {
		t.Errorf("%+v", a.asked)
	}
}

// A role that was removed comes back as a new one.
func TestGoBack(t *testing.T) {
	old := desk.RoleVersion{Role: desk.Role{ID: "night", Name: "Night", Rank: 3, Version: 2, Grants: map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeOwn}}}
	plan, err := goBack(desk.Role{ID: "night"}, false, []desk.RoleVersion{old}, 2)
	if err != nil || plan.Steps[0].Before != nil || plan.Steps[0].Change.Seen != 0 || plan.Changes().Validate() != nil {
		t.Errorf("%v %+v", err, plan)
	}
	now := desk.Role{ID: "night", Name: "N", Rank: 4, Version: 5}
	plan, err = goBack(now, true, []desk.RoleVersion{{Role: now}, old}, 2)
	if err != nil || plan.Steps[0].Change.Seen != 5 || plan.Steps[0].Change.Rank != 3 {
		t.Errorf("%v %+v", err, plan)
	}
	if _, err := goBack(now, true, []desk.RoleVersion{{Role: now}, old}, 5); err == nil {
		t.Error("back to where it is")
	}
}
