package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// exported asks for every page, and returns the contacts in the order in which
// they came.
func (h *house) exported(who string, limit int) (all []desk.Contact) {
	h.t.Helper()
	c := desk.ExportContacts{Limit: limit}
	for {
		page := h.must(who, c).(desk.ContactPage)
		all = append(all, page.Contacts...)
		if len(page.Contacts) > limit || page.More && len(page.Contacts) < limit {
			h.t.Fatalf("a page of %d has %d contacts; more: %t", limit, len(page.Contacts), page.More)
		}
		if !page.More {
			return all
		}
		if c.After = page.Next; c.After != page.Contacts[len(page.Contacts)-1].ID {
			h.t.Fatalf("a full page goes on after %s", c.After)
		}
	}
}

// exporter is a role that exports as far as the scopes say.
func (h *house) exporter(name string, view, export, numbers desk.Scope, teams ...desk.TeamID) {
	h.t.Helper()
	role := desk.Role{ID: desk.RoleID("r_" + name), Name: name, Rank: 30, Grants: map[desk.Perm]desk.Scope{
		desk.ConversationView: view, desk.ContactExport: export, desk.AccessRequest: desk.ScopeAll}}
	if numbers != desk.ScopeNone {
		role.Grants[desk.ContactViewPII] = numbers
	}
	h.addRole(role)
	h.members[name] = h.hire(name, role.ID, teams)
}

// TestExportReachesWhatTheScopeCovers exports with every scope of sight, of the
// export and of numbers, and compares with what the scopes say in words.
func TestExportReachesWhatTheScopeCovers(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	scopes := []desk.Scope{desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll}
	var facts []desk.Facts
	var names []string
	for i, view := range scopes {
		for j, export := range scopes {
			for k, numbers := range append(scopes, desk.ScopeNone) {
				name := fmt.Sprintf("x%d%d%d", i, j, k)
				h.exporter(name, view, export, numbers, support)
				names = append(names, name)
				facts = append(facts, open1(h.members[name].ID, wares))
			}
		}
	}
	other := h.members["asha"].ID
	facts = append(facts, open1("", ""), open1("", support), open1("", wares), open1(other, support), open1(other, ""), open1(other, wares),
		desk.Facts{Status: desk.StatusResolved, Assignee: other, Team: support})
	ids := plant(t, h.store, h.clock.now(), facts...)
	// The customer of the last chat writes on a second channel too, to the first team.
	twice := desk.Conversation{Channel: "second", Contact: desk.Contact{ID: "c_1"}, Status: desk.StatusOpen, Team: support, LastAt: h.clock.now()}
	facts = append(facts, twice.Facts())
	err := h.store.Write(t.Context(), func(tx *store.Tx) (err error) {
		if twice.ID, err = tx.NewConversationID(); err != nil {
			return err
		}
		ids = append(ids, twice.ID)
		return tx.PutConversation(twice, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	contactOf := func(id desk.ConversationID) desk.ContactID {
		if id == twice.ID {
			return "c_1"
		}
		return desk.ContactID(fmt.Sprintf("c_%d", id))
	}
	for n, name := range names {
		r := reign{member: h.members[name]}
		view, export, numbers := scopes[n/12], scopes[n/4%3], append(scopes, desk.ScopeNone)[n%4]
		want := map[desk.ContactID]bool{} // whole?
		for i, id := range ids {
			if r.reaches(view, facts[i]) && r.reaches(export, facts[i]) {
				want[contactOf(id)] = want[contactOf(id)] || r.reaches(numbers, facts[i])
			}
		}
		for _, limit := range []int{1, 3, desk.MaxPage} {
			got := map[desk.ContactID]bool{}
			list := h.exported(name, limit)
			for _, c := range list {
				got[c.ID] = !c.Hidden
				if c.Hidden == strings.HasPrefix(c.Phone, "+") {
					t.Errorf("%s gets the number %s of %s", name, c.Phone, c.ID)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || len(list) != len(got) {
				t.Errorf("%s (sees %s, exports %s, numbers %q), by %d (-want +got):\n%s", name, view, export, numbers, limit, diff)
			}
			if !slices.IsSortedFunc(list, func(a, b desk.Contact) int { return strings.Compare(string(a.ID), string(b.ID)) }) {
				t.Errorf("%s gets %v", name, list)
			}
		}
		h.clock.add(25 * time.Hour) // the next day
	}
}

// TestExportAsksForEachPage takes the right away between two pages.
func TestExportAsksForEachPage(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	plant(t, h.store, h.clock.now(), open1("", support), open1("", support), open1("", support))
	page := h.must("mona", desk.ExportContacts{Limit: 2}).(desk.ContactPage)
	if len(page.Contacts) != 2 || !page.More || page.Today != 2 {
		t.Fatalf("first page: %+v", page)
	}
	h.must("olga", desk.AssignRole{Member: h.members["mona"].ID, Role: desk.RoleAgent})
	before := len(h.entriesOf(desk.ContactExported))
	_, err := h.try("mona", desk.ExportContacts{Limit: 2, After: page.Contacts[1].ID})
	refused(t, "after the role was gone", err, desk.WhyNoKey)
	if n := len(h.entriesOf(desk.ContactExported)); n != before {
		t.Error("a page that was refused stands in the log as exported")
	}
}

// TestExportIsLogged holds what stands in the log of an export, also of an empty
// one.
func TestExportIsLogged(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	plant(t, h.store, h.clock.now(), open1("", ""), open1("", ""))
	h.must("olga", desk.ExportContacts{})
	h.must("olga", desk.ExportContacts{After: "c_zzz"})
	list := h.entriesOf(desk.ContactExported)
	for i, rows := range []int{2, 0} {
		var d desk.LogDetail
		if i >= len(list) || json.Unmarshal(list[i].Detail, &d) != nil || d.Rows != rows || list[i].Actor != h.members["olga"].ID || list[i].Session == "" {
			t.Fatalf("the log tells %+v", list)
		}
	}
}

// TestExportCap takes out as many as one person may alone, is refused, and is let
// on by a second person until that ends.
func TestExportCap(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	facts := make([]desk.Facts, 2*desk.ExportCap)
	for i := range facts {
		facts[i] = open1("", "")
	}
	plant(t, h.store, h.clock.now(), facts...)
	var after desk.ContactID
	next := func(who string, limit int) (int, error) {
		got, err := h.try(who, desk.ExportContacts{After: after, Limit: limit})
		if err != nil {
			return 0, err
		}
		page := got.(desk.ContactPage)
		after = page.Contacts[len(page.Contacts)-1].ID
		return page.Today, nil
	}
	for n := 50; n <= desk.ExportCap; n += 50 {
		if today, err := next("adam", 50); err != nil || today != n {
			t.Fatalf("at %d: %d, %v", n, today, err)
		}
	}
	_, err := next("adam", 1)
	refused(t, "one more", err, desk.WhyCap)
	if d := desk.AsError(err).Denied; d.Perm != desk.ContactExportMany || !slices.Contains(d.Holders, h.members["olga"].ID) || slices.Contains(d.Holders, h.members["adam"].ID) {
		t.Errorf("who could help: %+v", d)
	}
	_, err = h.try("adam", desk.GiveAccess{Member: h.members["adam"].ID, Key: desk.ContactExportMany, Scope: desk.ScopeAll, For: 600, Reason: "Alone"})
	refused(t, "giving it to oneself", err, desk.WhySelf)
	if today, err := next("olga", 10); err != nil || today != 10 {
		t.Errorf("somebody else: %d, %v", today, err)
	}
	h.must("olga", desk.GiveAccess{Member: h.members["adam"].ID, Key: desk.ContactExportMany, Scope: desk.ScopeAll, For: 600, Reason: "Both of us"})
	if today, err := next("adam", 50); err != nil || today != desk.ExportCap+50 {
		t.Errorf("with a second person: %d, %v", today, err)
	}
	h.clock.add(601 * time.Second)
	_, err = next("adam", 1)
	refused(t, "after that ended", err, desk.WhyCap)
	h.clock.add(24 * time.Hour)
	if today, err := next("adam", 50); err != nil || today != 50 {
		t.Errorf("the next day: %d, %v", today, err)
	}
}

// TestExportCapAtOnce asks for the last contacts of the day many times at once.
func TestExportCapAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	facts := make([]desk.Facts, 60)
	for i := range facts {
		facts[i] = open1("", "")
	}
	plant(t, h.store, h.clock.now(), facts...)
	const askers = 20
	got := make(chan int, askers)
	who := h.as("adam")
	for i := range askers {
		go func() {
			page, err := h.service.Do(t.Context(), who, fmt.Sprint("x", i), desk.ExportContacts{Limit: 50})
			if err != nil {
				got <- 0
				return
			}
			got <- len(page.(desk.ContactPage).Contacts)
		}()
	}
	sum := 0
	for range askers {
		sum += <-got
	}
	if sum != desk.ExportCap {
		t.Errorf("%d contacts left, and %d may", sum, desk.ExportCap)
	}
}

// TestExportLooksOnlySoFar: whoever may take out few of many contacts gets them in
// pages that are short, and each has an end.
func TestExportLooksOnlySoFar(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.exporter("xenia", desk.ScopeOwn, desk.ScopeOwn, desk.ScopeNone)
	xenia := h.members["xenia"].ID
	facts := slices.Repeat([]desk.Facts{open1("", support)}, 4100)
	facts[0].Assignee, facts[998].Assignee = xenia, xenia // the first by its id, and the last
	plant(t, h.store, h.clock.now(), facts...)
	var got []desk.ContactID
	var sizes []int
	for c := (desk.ExportContacts{}); ; {
		page := h.must("xenia", c).(desk.ContactPage)
		sizes = append(sizes, len(page.Contacts))
		for _, x := range page.Contacts {
			got = append(got, x.ID)
		}
		if page.More != (page.Next > c.After) || page.Today != len(got) {
			t.Fatalf("a page is %+v", page)
		}
		if c.After = page.Next; !page.More {
			break
		}
	}
	if diff := cmp.Diff([]desk.ContactID{"c_1", "c_999"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{1, 0, 1}, sizes); diff != "" {
		t.Errorf("pages: %s", diff)
	}
}

// TestExportAsksForTheCapFirst: who has taken out as many as one may alone is
// refused before anything is looked for, and so also where there is nothing.
func TestExportAsksForTheCapFirst(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	plant(t, h.store, h.clock.now(), slices.Repeat([]desk.Facts{open1("", support)}, desk.ExportCap)...)
	if got := h.exported("mona", 100); len(got) != desk.ExportCap {
		t.Fatalf("%d contacts", len(got))
	}
	_, err := h.try("mona", desk.ExportContacts{After: "c_zzz"})
	refused(t, "after the last that one may take out alone", err, desk.WhyCap)
}
