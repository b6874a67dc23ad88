package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestPagesAreCutByBytes reads a thread of huge messages, one of them larger than
// a page: no page grows large, and everything comes once.
func TestPagesAreCutByBytes(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		var want []desk.MessageID
		write(t, s, func(tx *Tx) error {
			for i := range 30 {
				size := maxPageBytes / 3
				if i == 20 {
					size = 2 * maxPageBytes
				}
				m := desk.Message{ID: desk.MessageID(fmt.Sprint("m", i)), Conversation: 1, At: at(i), Order: int64(i + 1), Text: strings.Repeat("x", size)}
				want = append(want, m.ID)
				if err := tx.PutMessage(m, nil); err != nil {
					return err
				}
			}
			return nil
		})
		slices.Reverse(want)
		var got []desk.MessageID
		read(t, s, func(tx *Tx) error {
			var before desk.Place
			for more := true; more; {
				var list []desk.Message
				var err error
				if list, more, err = tx.Thread(1, before, 50); err != nil {
					return err
				}
				size := 0
				for _, m := range list {
					got, size = append(got, m.ID), size+len(m.Text)
				}
				if size > maxPageBytes && len(list) > 1 {
					t.Errorf("a page of %d messages has %d bytes", len(list), size)
				}
				if before = list[len(list)-1].Place(); !more && len(got) < len(want) {
					t.Error("a page that was cut says that nothing follows")
				}
			}
			return nil
		})
		same(t, "the thread by pages", got, want)
	})
}

// TestSinceIsTheNewest asks for more than is told: the newest, oldest first.
func TestSinceIsTheNewest(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		var want []desk.MessageID
		write(t, s, func(tx *Tx) error {
			for i := range 120 {
				m := desk.Message{ID: desk.MessageID(fmt.Sprintf("m%03d", i)), Conversation: 1, At: at(i), Order: int64(i + 1), Side: desk.SideCustomer, Type: desk.TypeText}
				if want = append(want, m.ID); tx.PutMessage(m, nil) != nil {
					t.Fatal(m.ID)
				}
			}
			return nil
		})
		want = want[len(want)-50:]
		read(t, s, func(tx *Tx) error {
			list, err := tx.MessagesSince(1, 5, "ana")
			var got []desk.MessageID
			for _, m := range list {
				got = append(got, m.ID)
			}
			same(t, "since", got, want)
			return err
		})
	})
}

// TestAnUpgradedRoleStandsInTheLog opens a desk on which an older program left a
// built-in role of another meaning: the log tells of it once.
func TestAnUpgradedRoleStandsInTheLog(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		first := open(t, dsn)
		same(t, "a new log", len(logOf(t, first)), 0)
		write(t, first, func(tx *Tx) error {
			agent, err := tx.Role(desk.RoleAgent)
			if err != nil {
				return err
			}
			delete(agent.Grants, desk.MessageReply)
			return tx.PutRole(agent)
		})
		for range 2 { // the second time nothing is left to change
			list := logOf(t, open(t, dsn))
			if len(list) != 1 || list[0].Kind != desk.RoleChanged || list[0].Role == nil || list[0].At.IsZero() {
				t.Fatalf("the log: %+v", list)
			}
			i := slices.IndexFunc(desk.BuiltInRoles(), func(r desk.Role) bool { return r.ID == desk.RoleAgent })
			same(t, "the role", *list[0].Role, desk.BuiltInRoles()[i])
		}
	})
}
