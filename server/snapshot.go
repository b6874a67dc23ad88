package server

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// snapshot reads the first screenful of every list, as this member may see it,
// at one position of the log. Its cost doesn't grow with the desk.
func (s *Service) snapshot(ctx context.Context, me *desk.Actor, reason desk.SnapshotReason) (*desk.Snapshot, error) {
	snap := &desk.Snapshot{
		Type: desk.FrameSnapshot, Reason: reason, Epoch: s.store.Epoch(), Me: *me,
		Windows:       map[desk.List]desk.Window{},
		Conversations: []desk.Conversation{},
	}
	fed, people := s.ring.head(), s.people.Load() // in this order: the people are as new as the position, or newer
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if snap.Seq, err = tx.Head(); err != nil {
			return err
		}
		if snap.Seq != fed {
			// The session won't be told of entries up to Seq any more, so the people
			// must be those of Seq, not those of the last entry that we have heard of.
			if people, err = loadDirectory(tx); err != nil {
				return err
			}
		}
		show(people, snap)
		if snap.Counts, err = tx.Counts(*me); err != nil {
			return err
		}
		return windows(tx, me, snap, s.now())
	})
	return snap, err
}

// show fills in who works here.
func show(people *directory, snap *desk.Snapshot) {
	snap.Members = slices.SortedFunc(maps.Values(people.members), func(a, b desk.Member) int { return strings.Compare(a.Name, b.Name) })
	snap.Teams = slices.SortedFunc(maps.Values(people.teams), func(a, b desk.Team) int { return strings.Compare(a.Name, b.Name) })
	snap.Roles = slices.SortedFunc(maps.Values(people.roles), func(a, b desk.Role) int { return b.Rank - a.Rank })
}

// windows fills in the rows, each once.
func windows(tx *store.Tx, me *desk.Actor, snap *desk.Snapshot, now time.Time) error {
	have := map[desk.ConversationID]bool{}
	for _, l := range desk.Lists() {
		if desk.Can(me, desk.ListConversations{List: l}.Perm(), desk.Subject{}, now) != nil {
			delete(snap.Counts, l)
			continue
		}
		rows, more, err := tx.Conversations(*me, l, desk.Cursor{}, desk.WindowRows)
		if err != nil {
			return err
		}
		w := desk.Window{Rows: make([]desk.ConversationID, len(rows)), More: more}
		for i := range rows {
			w.Rows[i] = rows[i].ID
			if !have[rows[i].ID] {
				have[rows[i].ID] = true
				snap.Conversations = append(snap.Conversations, rows[i])
			}
		}
		snap.Windows[l] = w
	}
	return nil
}
