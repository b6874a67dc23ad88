package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func TestRoleVersions(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		version := func(n int, by desk.MemberID) desk.RoleVersion {
			return desk.RoleVersion{At: at(n), By: by, Role: desk.Role{ID: "night", Name: fmt.Sprint("Night ", n), Base: desk.RoleAgent, Rank: 30, Version: n,
				Grants: map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeOwn}}}
		}
		gone := version(3, "ana")
		gone.Role.Removed = true
		write(t, s, func(tx *Tx) error {
			other := version(1, "ana")
			other.Role.ID = "dawn"
			return errors.Join(tx.PutVersion(version(1, "ana")), tx.PutVersion(version(2, "")), tx.PutVersion(gone), tx.PutVersion(other))
		})
		read(t, s, func(tx *Tx) error {
			list, err := tx.Versions("night")
			same(t, "versions", list, []desk.RoleVersion{gone, version(2, ""), version(1, "ana")})
			none, err2 := tx.Versions("none")
			same(t, "versions of no role", len(none), 0)
			return errors.Join(err, err2)
		})
		if err := s.Write(within(t), func(tx *Tx) error { return tx.PutVersion(version(2, "ben")) }); err == nil {
			t.Error("a version was written twice")
		}
	})
}

// TestDeletingARole works once nobody has it.
func TestDeletingARole(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		m := desk.Member{ID: "ana", Role: "night"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.PutRole(desk.Role{ID: "night", Name: "Night"}), tx.PutMember(m))
		})
		if err := s.Write(within(t), func(tx *Tx) error { return tx.DeleteRole("night") }); err == nil {
			t.Error("a role that somebody has was deleted")
		}
		m.Role = desk.RoleAgent
		write(t, s, func(tx *Tx) error { return errors.Join(tx.PutMember(m), tx.DeleteRole("night"), tx.DeleteRole("none")) })
		read(t, s, func(tx *Tx) error {
			_, none := tx.Role("night")
			missing(t, "the deleted role", none)
			return nil
		})
	})
}

func TestRequests(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		ask := func(id desk.RequestID, who desk.MemberID, minute int) desk.Request {
			return desk.Request{ID: id, Member: who, Perm: desk.MessageReply, Scope: desk.ScopeTeam, For: 3600, Reason: "It's «full»", At: at(minute),
				State: desk.RequestOpen, Conversation: 7}
		}
		first, second, bens, old := ask("r1", "ana", 1), ask("r2", "ana", 2), ask("r3", "ben", 3), ask("r0", "ana", 0)
		write(t, s, func(tx *Tx) error {
			err := errors.Join(tx.PutMember(desk.Member{ID: "ana", Role: desk.RoleAgent}), tx.PutMember(desk.Member{ID: "ben", Role: desk.RoleAgent}))
			for _, r := range []desk.Request{bens, second, first, old} {
				err = errors.Join(err, tx.PutRequest(r))
			}
			return err
		})
		first.State, first.By, first.DecidedAt, first.Until, first.Answer = desk.RequestGranted, "ben", at(30), at(90), "Yes"
		old.State, old.DecidedAt = desk.RequestWithdrawn, at(10)
		write(t, s, func(tx *Tx) error { return errors.Join(tx.PutRequest(first), tx.PutRequest(old)) })
		read(t, s, func(tx *Tx) error {
			got, err := tx.Request("r1")
			same(t, "a request", got, first)
			_, none := tx.Request("r9")
			missing(t, "no request", none)
			list, err2 := tx.Requests(at(20))
			same(t, "open and lately decided", list, []desk.Request{first, second, bens})
			list, err3 := tx.Requests(at(30))
			same(t, "open", list, []desk.Request{second, bens})
			list, err4 := tx.OpenRequests("ana")
			same(t, "ana's", list, []desk.Request{second})
			return errors.Join(err, err2, err3, err4)
		})
	})
}

// TestGrantsStayWithTheirMember, with the roles that they lend.
func TestGrantsStayWithTheirMember(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		ana := desk.Member{ID: "ana", Name: "Ana", Role: desk.RoleViewer, Grants: []desk.Grant{
			{ID: "g1", Role: desk.RoleAgent, Since: at(0), Until: at(60), By: "ben", Reason: "Fair"},
			{ID: "g2", Role: "gone", Since: at(0), Until: at(60), By: "ben"},
			{ID: "g3", Perm: desk.ContactViewPII, Since: at(0), Until: at(10), By: "ana", Contact: "c1", Conversation: 3},
		}}
		write(t, s, func(tx *Tx) error { return tx.PutMember(ana) })
		read(t, s, func(tx *Tx) error {
			got, err := tx.Actor("ana")
			same(t, "the member", got.Member, ana)
			if len(got.Lent) != 1 || got.Lent[0].ID != desk.RoleAgent {
				t.Errorf("lent are %+v", got.Lent)
			}
			return err
		})
		ana.Grants = nil
		write(t, s, func(tx *Tx) error { return tx.PutMember(ana) })
		read(t, s, func(tx *Tx) error {
			got, err := tx.Member("ana")
			same(t, "without them", got, ana)
			return err
		})
	})
}

func TestInvitations(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		first := Invitation{Member: "ana", CodeHash: []byte{0, 0xff}, Until: at(10), By: "ben"}
		second := Invitation{Member: "ana", CodeHash: []byte{1}, Until: at(20), By: "ben"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.PutMember(desk.Member{ID: "ana", Role: desk.RoleAgent}), tx.PutInvitation(first), tx.PutInvitation(second))
		})
		write(t, s, func(tx *Tx) error {
			_, none := tx.Invitation(first.CodeHash)
			missing(t, "the earlier code", none)
			got, err := tx.Invitation(second.CodeHash)
			same(t, "the code", got, second)
			list, err2 := tx.Invitations()
			same(t, "all", list, []Invitation{second})
			used, err3 := tx.DeleteInvitation("ana")
			again, err4 := tx.DeleteInvitation("ana")
			if !used || again {
				t.Errorf("used up %v, then %v", used, again)
			}
			return errors.Join(err, err2, err3, err4)
		})
	})
}

// TestUses keeps one row a day, and tells the widest scope and the newest time.
func TestUses(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		use := func(p desk.Perm, scope desk.Scope, when time.Time) desk.Usage {
			return desk.Usage{Member: "ana", Perm: p, Scope: scope, LastAt: when}
		}
		write(t, s, func(tx *Tx) error {
			first, err := tx.FirstUse()
			same(t, "before any use", first, time.Time{})
			return errors.Join(err, tx.NoteUse(use(desk.MessageReply, desk.ScopeAll, at(0))), tx.NoteUse(use(desk.MessageReply, desk.ScopeOwn, at(0).Add(48*time.Hour))),
				tx.NoteUse(use(desk.MessageNote, desk.ScopeTeam, at(5))))
		})
		read(t, s, func(tx *Tx) error {
			all, err := tx.Uses(at(0))
			same(t, "since the first day", all, []desk.Usage{use(desk.MessageNote, desk.ScopeTeam, at(5)), use(desk.MessageReply, desk.ScopeAll, at(0).Add(48*time.Hour))})
			late, err2 := tx.Uses(at(0).Add(24 * time.Hour))
			same(t, "since the next day", late, []desk.Usage{use(desk.MessageReply, desk.ScopeOwn, at(0).Add(48*time.Hour))})
			first, err3 := tx.FirstUse()
			same(t, "the first use", first, at(0))
			return errors.Join(err, err2, err3)
		})
	})
}

// TestTheWidestUseOfADay stays, in whichever order the uses are noted.
func TestTheWidestUseOfADay(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		scopes := []desk.Scope{desk.ScopeNone, desk.ScopeOwn, desk.ScopeTeam, desk.ScopeAll}
		for i, first := range scopes {
			for j, second := range scopes {
				use := desk.Usage{Member: desk.MemberID(fmt.Sprintf("u-%d-%d", i, j)), Perm: desk.MessageReply, Scope: first, LastAt: at(5)}
				later := use
				later.Scope, later.LastAt = second, at(7)
				write(t, s, func(tx *Tx) error { return errors.Join(tx.NoteUse(use), tx.NoteUse(later)) })
				read(t, s, func(tx *Tx) error {
					got, err := tx.Uses(at(0))
					later.Scope = scopes[max(i, j)]
					same(t, fmt.Sprintf("%q, then %q", first, second), got[len(got)-1], later)
					return err
				})
				write(t, s, func(tx *Tx) error { return tx.NoteUse(use) }) // it comes late
				read(t, s, func(tx *Tx) error {
					got, err := tx.Uses(at(0))
					same(t, "after an older use", got[len(got)-1], later)
					return err
				})
			}
		}
	})
}

// TestWhatAMemberHolds: their open chats, newest first, and what they wrote that
// isn't sent yet.
func TestWhatAMemberHolds(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		var ids []desk.ConversationID
		write(t, s, func(tx *Tx) error {
			ids = nil
			for i, f := range []desk.Facts{
				{Status: desk.StatusOpen, Assignee: "ana"}, {Status: desk.StatusOpen, Assignee: "ana", Team: "red"}, {Status: desk.StatusResolved, Assignee: "ana"},
				{Status: desk.StatusOpen, Assignee: "ben"}, {Status: desk.StatusOpen}, {Status: desk.StatusOpen, Assignee: "ana"},
			} {
				id, err := putConversation(tx, desk.ContactID(fmt.Sprint("c", i)))
				if err != nil {
					return err
				}
				c, err := tx.Conversation(id)
				if err != nil {
					return err
				}
				before := c.Facts()
				c.Status, c.Assignee, c.Team, c.LastAt = f.Status, f.Assignee, f.Team, at(i)
				if err := tx.PutConversation(c, &before); err != nil {
					return err
				}
				ids = append(ids, id)
			}
			var err error
			for i, m := range []desk.Message{
				{Side: desk.SideTeam, Delivery: desk.Queued, Author: "ana"}, {Side: desk.SideTeam, Delivery: desk.Sending, Author: "ana"},
				{Side: desk.SideTeam, Delivery: desk.Sent, Author: "ana"}, {Side: desk.SideTeam, Delivery: desk.Queued, Author: "ben"}, {Side: desk.SideNote, Author: "ana"},
			} {
				m.ID, m.Conversation, m.At, m.Type = desk.MessageID(fmt.Sprint("m", i)), ids[i], at(i), desk.TypeText
				err = errors.Join(err, tx.PutMessage(m, nil))
			}
			return err
		})
		read(t, s, func(tx *Tx) error {
			held := func(limit int) (got []desk.ConversationID) {
				list, err := tx.HeldBy("ana", limit)
				if err != nil {
					t.Error(err)
				}
				for i := range list {
					got = append(got, list[i].ID)
				}
				return got
			}
			same(t, "ana's open chats", held(10), []desk.ConversationID{ids[5], ids[1], ids[0]})
			same(t, "two of them", held(2), []desk.ConversationID{ids[5], ids[1]})
			queued, err := tx.QueuedBy("ana")
			same(t, "on their way", queued, 2)
			none, err2 := tx.QueuedBy("cho")
			same(t, "on their way of nobody", none, 0)
			return errors.Join(err, err2)
		})
	})
}

// TestAppendedIsWhatThisWriteAppended, not what others of the same batch did.
func TestAppendedIsWhatThisWriteAppended(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		entry := Entry{Event: desk.Event{Kind: desk.NoteAdded, At: at(0)}}
		inside, results := make(chan struct{}), make(chan error)
		go func() { // holds the writer until the others wait
			results <- s.Write(within(t), func(*Tx) error { <-inside; return nil })
		}()
		const others = 8
		for range others {
			go func() {
				results <- s.Write(within(t), func(tx *Tx) error {
					if n := len(tx.Appended()); n != 0 {
						t.Errorf("%d entries before the first", n)
					}
					_, err := tx.Append(entry)
					if n := len(tx.Appended()); n != 1 {
						t.Errorf("%d entries after the first", n)
					}
					return err
				})
			}()
		}
		close(inside)
		for range others + 1 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
	})
}
