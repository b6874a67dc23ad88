package store

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestManyTeams reads the lists of people in many teams. 600 is more than anyone
// may be in, and more than SQLite joins in one query: a desk may be older than
// the limit.
func TestManyTeams(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		const most = 600
		var d desktop
		write(t, s, func(tx *Tx) error {
			for i := range most {
				c := desk.Conversation{ID: desk.ConversationID(i + 1), Channel: "c", Contact: desk.Contact{ID: desk.ContactID(fmt.Sprint("k", i))},
					Status: desk.StatusOpen, Team: desk.TeamID(fmt.Sprint("t", i)), LastAt: at(i * 7 % 50)}
				if i%5 == 0 {
					c.Assignee = "me"
				}
				d.conversations = append(d.conversations, c)
				if err := tx.PutContact(c.Contact); err != nil {
					return err
				}
				if err := tx.PutConversation(c, nil); err != nil {
					return err
				}
			}
			return nil
		})
		for _, n := range []int{desk.MaxTeamsOf, desk.MaxTeams, most} {
			me := desk.Actor{Member: desk.Member{ID: "me"}, Role: desk.Role{ID: "r", Grants: map[desk.Perm]desk.Scope{
				desk.ConversationView: desk.ScopeTeam, desk.ConversationViewQueue: desk.ScopeTeam}}}
			for i := range n {
				me.Member.Teams = append(me.Member.Teams, desk.TeamID(fmt.Sprint("t", i)))
			}
			for _, l := range desk.Lists() {
				want := d.want(me, l)
				read(t, s, func(tx *Tx) error {
					rows, more, err := tx.Conversations(me, l, desk.Cursor{}, 70)
					if err != nil {
						return fmt.Errorf("%d teams, %s: %w", n, l, err)
					}
					if more != (len(want) > 70) || !cmp.Equal(want[:min(70, len(want))], rows) {
						t.Errorf("%d teams, %s: %d rows (more: %v), want %d", n, l, len(rows), more, len(want))
					}
					if more {
						rows, _, err = tx.Conversations(me, l, rows[69].Cursor(), 70)
						if !cmp.Equal(want[70:min(140, len(want))], rows) {
							t.Errorf("%d teams, %s: the second page differs", n, l)
						}
					}
					return err
				})
			}
		}
	})
}
