package server

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// snapshot reads the first screenful of every list, as it is seen by these eyes,
// at one position of the log. Its cost doesn't grow with the desk.
func (s *Service) snapshot(ctx context.Context, now eyes, reason desk.SnapshotReason) (*desk.Snapshot, error) {
	me := *now.me
	me.Member = now.member(me.Member)
	snap := &desk.Snapshot{
		Type: desk.FrameSnapshot, Reason: reason, Epoch: s.store.Epoch(), Me: me,
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
		show(people, now, snap)
		if snap.Requests, err = requests(tx, people, now, s.now()); err != nil {
			return err
		}
		if snap.Counts, err = tx.Counts(*now.me); err != nil {
			return err
		}
		return windows(tx, now, snap, s.now())
	})
	return snap, err
}

// show fills in who works here, in the same order each time.
func show(people *directory, now eyes, snap *desk.Snapshot) {
	snap.Members = slices.SortedFunc(maps.Values(people.members), func(a, b desk.Member) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for i := range snap.Members {
		snap.Members[i] = now.member(snap.Members[i])
	}
	snap.Teams = slices.SortedFunc(maps.Values(people.teams), func(a, b desk.Team) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	snap.Roles = slices.SortedFunc(maps.Values(people.roles), func(a, b desk.Role) int {
		return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
}

// requestsShown is for how long a request is shown after it was decided.
const requestsShown = 24 * time.Hour

// requests are those in sight: open ones, and those that were decided lately.
func requests(tx *store.Tx, people *directory, seen eyes, now time.Time) ([]desk.Request, error) {
	list, err := tx.Requests(now.Add(-requestsShown))
	list = slices.DeleteFunc(list, func(r desk.Request) bool { return !seen.request(people.actors[r.Member]) })
	for i := range list {
		if !seen.own(list[i].Member) {
			list[i] = list[i].ForOthers()
		}
	}
	return list, err
}

// windows fills in the rows, each once.
func windows(tx *store.Tx, seen eyes, snap *desk.Snapshot, now time.Time) error {
	me := seen.me
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
				snap.Conversations = append(snap.Conversations, seen.conversation(rows[i]))
			}
		}
		snap.Windows[l] = w
	}
	return nil
}
