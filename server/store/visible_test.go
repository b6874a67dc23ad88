package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// desktop is a generated desk: a few members and teams and their conversations,
// close together in time so that many are equally new.
type desktop struct {
	actors        []desk.Actor
	conversations []desk.Conversation
}

func drawScope(t *rapid.T, name string) desk.Scope {
	return rapid.SampledFrom([]desk.Scope{desk.ScopeNone, desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll, "newer"}).Draw(t, name)
}

func drawDesk(t *rapid.T) desktop {
	var d desktop
	members := []desk.MemberID{"", "ana", "ben", "cho"}
	teams := []desk.TeamID{"", "red", "blue", "green"}
	for _, id := range members[1:] {
		name := string(id)
		d.actors = append(d.actors, desk.Actor{
			Member: desk.Member{ID: id, Suspended: rapid.IntRange(0, 9).Draw(t, name+" suspended") == 0,
				Teams: rapid.SliceOfN(rapid.SampledFrom(teams), 0, 3).Draw(t, name+" teams")},
			Role: desk.Role{ID: "r", Grants: map[desk.Perm]desk.Scope{
				desk.ConversationView: drawScope(t, name+" view"), desk.ConversationViewQueue: drawScope(t, name+" queue")}},
		})
	}
	n := rapid.IntRange(0, 40).Draw(t, "conversations")
	for i := range n {
		c := desk.Conversation{ID: desk.ConversationID(i + 1), Channel: "c", Contact: desk.Contact{ID: desk.ContactID(fmt.Sprint("k", i))}}
		drawState(t, &c)
		d.conversations = append(d.conversations, c)
	}
	return d
}

func drawState(t *rapid.T, c *desk.Conversation) {
	c.Status = rapid.SampledFrom([]desk.Status{desk.StatusOpen, desk.StatusOpen, desk.StatusResolved}).Draw(t, "status")
	c.Assignee = rapid.SampledFrom([]desk.MemberID{"", "", "ana", "ben", "cho", "dan"}).Draw(t, "assignee")
	c.Team = rapid.SampledFrom([]desk.TeamID{"", "red", "blue", "green", "grey"}).Draw(t, "team")
	c.Unread = rapid.IntRange(0, 2).Draw(t, "unread")
	c.LastAt = at(rapid.IntRange(0, 12).Draw(t, "minute"))
}

// fill stores the desk, moving some conversations on the way so that rows and
// counters are changed too, not only added.
func (d *desktop) fill(t *rapid.T, s *Store) {
	moves := rapid.IntRange(0, 20).Draw(t, "moves")
	type move struct {
		c      desk.Conversation
		before *desk.Facts
	}
	var all []move
	for _, c := range d.conversations {
		all = append(all, move{c, nil})
	}
	for range moves {
		if len(d.conversations) == 0 {
			break
		}
		c := &d.conversations[rapid.IntRange(0, len(d.conversations)-1).Draw(t, "moved")]
		before := c.Facts()
		drawState(t, c)
		all = append(all, move{*c, &before})
	}
	err := s.Write(context.Background(), func(tx *Tx) error {
		for _, table := range []string{"conversation", "contact", "counter"} {
			if _, err := tx.exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		for _, m := range all {
			if m.before == nil {
				if err := tx.PutContact(m.c.Contact); err != nil {
					return err
				}
			}
			if err := tx.PutConversation(m.c, m.before); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// want is the list by the rules themselves.
func (d *desktop) want(me desk.Actor, l desk.List) []desk.Conversation {
	var list []desk.Conversation
	for _, c := range d.conversations {
		s := desk.Subject{Conversation: &c}
		if l.Holds(me.Member, &c) && desk.Can(&me, desk.ConversationView, s, time.Time{}) == nil {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b desk.Conversation) int {
		if a.Cursor().Before(b.Cursor()) {
			return -1
		}
		return 1
	})
	return list
}

// pages reads a list to its end.
func pages(t *rapid.T, tx *Tx, me desk.Actor, l desk.List, size int) []desk.Conversation {
	var list []desk.Conversation
	var after desk.Cursor
	for {
		rows, more, err := tx.Conversations(me, l, after, size)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, rows...)
		if more && len(rows) != size {
			t.Fatalf("%d of %d rows, and more are said to follow", len(rows), size)
		}
		if !more {
			return list
		}
		after = rows[len(rows)-1].Cursor()
	}
}

// SQL and Can agree: pages put together are what the rules pick out one by one,
// and the badges count it.
func TestVisibleAsCan(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawDesk(t)
			d.fill(t, s)
			size := rapid.IntRange(1, 7).Draw(t, "page")
			err := s.Read(context.Background(), func(tx *Tx) error {
				for _, me := range d.actors {
					counts, err := tx.Counts(me)
					if err != nil {
						return err
					}
					for _, l := range desk.Lists() {
						want := d.want(me, l)
						if diff := cmp.Diff(want, pages(t, tx, me, l, size)); diff != "" {
							t.Fatalf("%s of %+v (-want +got):\n%s", l, me, diff)
						}
						unread := 0
						for _, c := range want {
							unread += min(c.Unread, 1)
						}
						if diff := cmp.Diff(desk.Count{Total: len(want), Unread: unread}, counts[l]); diff != "" {
							t.Fatalf("count of %s of %+v (-want +got):\n%s", l, me, diff)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	})
}

// people are the three shapes of sight that the plans and the benchmarks look at.
func people() map[string]desk.Actor {
	roles := map[desk.RoleID]desk.Role{}
	for _, r := range desk.BuiltInRoles() {
		roles[r.ID] = r
	}
	return map[string]desk.Actor{
		"owner": {Member: desk.Member{ID: "owner"}, Role: roles[desk.RoleOwner]},
		"agent": {Member: desk.Member{ID: "agent", Teams: []desk.TeamID{"t0", "t1"}}, Role: roles[desk.RoleAgent]},
		"sales": {Member: desk.Member{ID: "sales", Teams: []desk.TeamID{"t0"}}, Role: roles[desk.RoleSales]},
		"temp":  {Member: desk.Member{ID: "temp"}, Role: roles[desk.RoleTemporary]},
	}
}

// A window is made of index ranges: nothing scans the conversations, and what is
// sorted is a few keys, never the rows of a list.
func TestWindowPlans(t *testing.T) {
	s := open(t, sqliteDSN(t))
	plan := func(tx *Tx, query string, args []any) string {
		list, err := all(tx, func(r scanner) (string, error) {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			return detail, err
		}, "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(list, "\n")
	}
	read(t, s, func(tx *Tx) error {
		for name, me := range people() {
			for _, l := range desk.Lists() {
				branches := visible(me, l)
				for _, b := range branches {
					query, args := branchQuery(b, []any{1, 1, 50})
					p := plan(tx, query, args)
					if !strings.HasPrefix(p, "SEARCH conversation USING COVERING INDEX") || strings.Contains(p, "TEMP B-TREE") {
						t.Errorf("%s, %s, a branch:\n%s", name, l, p)
					}
				}
				if len(branches) == 0 {
					continue
				}
				query, args := windowQuery(branches, desk.Cursor{}, 50)
				p := plan(tx, query, args)
				if strings.Contains(p, "SCAN c") || strings.Contains(p, "SCAN p") || strings.Contains(p, "AUTOMATIC") ||
					strings.Count(p, "SEARCH conversation USING COVERING INDEX") != len(branches) ||
					!strings.Contains(p, "SEARCH c USING INTEGER PRIMARY KEY") {
					t.Errorf("%s, %s:\n%s", name, l, p)
				}
			}
		}
		return nil
	})
}
