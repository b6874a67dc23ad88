package store

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func ids(list []Due) []desk.MessageID {
	var got []desk.MessageID
	for _, d := range list {
		got = append(got, d.Message.ID)
	}
	return got
}

func TestOutbox(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		put := func(tx *Tx, id desk.MessageID, c desk.ConversationID, order int64, d desk.Delivery) error {
			return tx.PutMessage(desk.Message{ID: id, Conversation: c, At: at(int(order)), Order: order, Side: desk.SideTeam,
				Type: desk.TypeText, Text: string(id), Delivery: d, Quote: &desk.Quote{Message: "in"}}, nil)
		}
		due := func(minute int, want ...desk.MessageID) {
			t.Helper()
			read(t, s, func(tx *Tx) error {
				list, err := tx.Due(at(minute), 10)
				same(t, "due", ids(list), want)
				return err
			})
		}
		next := func(want time.Time) {
			t.Helper()
			read(t, s, func(tx *Tx) error {
				got, err := tx.NextTry()
				same(t, "next try", got, want)
				return err
			})
		}
		next(time.Time{})
		write(t, s, func(tx *Tx) error {
			_, err := putConversation(tx, "a")
			_, err2 := putConversation(tx, "b")
			_, err3 := tx.AddExternal("wa", "wamid.in", "in")
			return errors.Join(err, err2, err3, tx.AddIdentity("wa", "a", desk.Identity{WAID: "441"}),
				tx.PutMessage(desk.Message{ID: "in", Conversation: 1, At: at(0), Order: 1, Side: desk.SideCustomer, Text: "hi"}, nil),
				put(tx, "a0", 1, 2, desk.Accepted), put(tx, "a1", 1, 3, desk.Queued), put(tx, "a2", 1, 4, desk.Queued),
				put(tx, "b1", 2, 5, desk.Sending), put(tx, "b2", 2, 6, desk.Queued), put(tx, "note", 3, 7, ""))
		})
		// Of a the oldest that is queued; of b nothing while b1 is under way.
		due(0, "a1")
		next(time.UnixMilli(1).UTC())
		read(t, s, func(tx *Tx) error {
			list, err := tx.Due(at(0), 1)
			want := []Due{{To: desk.Identity{WAID: "441"}, Channel: "wa", Quote: "wamid.in", Message: desk.Message{ID: "a1", Conversation: 1, At: at(3), Order: 3,
				Side: desk.SideTeam, Type: desk.TypeText, Text: "a1", Delivery: desk.Queued, Quote: &desk.Quote{Message: "in", Side: desk.SideCustomer, Text: "hi"}}}}
			same(t, "due", list, want)
			left, err2 := tx.Interrupted()
			same(t, "interrupted", len(left) == 1 && left[0].ID == "b1", true)
			return errors.Join(err, err2)
		})
		// A later try holds up what was written after it.
		write(t, s, func(tx *Tx) error { return errors.Join(tx.SetTry("a1", 3, at(10)), put(tx, "b1", 2, 5, desk.Sent)) })
		due(9, "b2")
		due(10, "b2", "a1")
		write(t, s, func(tx *Tx) error { return put(tx, "b2", 2, 6, desk.Sent) })
		next(at(10))
		read(t, s, func(tx *Tx) error {
			list, err := tx.Due(at(10), 10)
			if len(list) != 1 || list[0].Attempts != 3 {
				t.Errorf("due: %+v", list)
			}
			return err
		})
		write(t, s, func(tx *Tx) error { return put(tx, "a1", 1, 3, desk.Failed) })
		due(9, "a2")
		// Sent again, the older one goes first.
		write(t, s, func(tx *Tx) error {
			return errors.Join(put(tx, "a1", 1, 3, desk.Queued), tx.SetTry("a1", 0, time.Time{}))
		})
		due(9, "a1")
	})
}

func TestParked(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		reports := []desk.StatusReport{
			{External: "x1", Delivery: desk.Sent, At: at(1), Raw: json.RawMessage(`{"a":1}`), To: desk.Identity{WAID: "44"}},
			{External: "x1", Delivery: desk.Read, At: at(2), Problem: &desk.Problem{Code: 1, Text: "t"}},
			{External: "x2", Callback: "m1", Delivery: desk.Delivered, At: at(3)},
			{External: "x3", Delivery: desk.Sent, At: at(4), Raw: json.RawMessage(`not JSON`)},
			{Callback: "m5", Delivery: desk.Sent, At: at(5)},
		}
		take := func(external string, callback desk.MessageID, want ...desk.StatusReport) {
			t.Helper()
			write(t, s, func(tx *Tx) error {
				got, err := tx.Unpark("wa", external, callback)
				same(t, "taken for "+external+string(callback), got, want)
				return err
			})
		}
		write(t, s, func(tx *Tx) error {
			for _, r := range reports {
				if err := tx.Park("wa", r); err != nil {
					return err
				}
			}
			return tx.Park("other", reports[0])
		})
		take("", "")
		take("x9", "m9")
		take("x1", "m1", reports[0], reports[1], reports[2])
		take("x1", "m1")
		take("", "m5", reports[4])
		write(t, s, func(tx *Tx) error { return tx.PruneBefore(at(2)) })
		reports[3].Raw = json.RawMessage(`"not JSON"`)
		take("x3", "", reports[3])
		write(t, s, func(tx *Tx) error {
			got, err := tx.Unpark("other", "x1", "")
			same(t, "pruned", len(got), 0)
			return err
		})
	})
}

func TestAnswersAndPruning(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.PutAnswer("ana", "r1", "claim", json.RawMessage(`{"seq":1}`), at(1)), tx.PutAnswer("ben", "r1", "note", nil, at(5)),
				tx.PutMember(desk.Member{ID: "ana", Role: desk.RoleAgent}),
				tx.PutSession(Session{ID: "old", Member: "ana", TokenHash: []byte("1"), ExpiresAt: at(1)}),
				tx.PutSession(Session{ID: "new", Member: "ana", TokenHash: []byte("2"), ExpiresAt: at(9)}))
		})
		if s.Write(within(t), func(tx *Tx) error { return tx.PutAnswer("ana", "r1", "claim", nil, at(1)) }) == nil {
			t.Error("a ref was answered twice")
		}
		read(t, s, func(tx *Tx) error {
			command, result, err := tx.Answer("ana", "r1")
			same(t, "answer", command+string(result), `claim{"seq":1}`)
			_, _, none := tx.Answer("ana", "r2")
			missing(t, "no answer", none)
			return err
		})
		write(t, s, func(tx *Tx) error { return tx.PruneBefore(at(5)) })
		read(t, s, func(tx *Tx) error {
			_, _, none := tx.Answer("ana", "r1")
			missing(t, "an old answer", none)
			_, _, err := tx.Answer("ben", "r1")
			n, err2 := tx.CountSessions("ana")
			same(t, "sign-ins", n, 1)
			return errors.Join(err, err2)
		})
	})
}

func TestUnhandled(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		const extra = 3
		write(t, s, func(tx *Tx) error {
			if err := tx.PutUnhandled(at(0), desk.Unhandled{Why: "json"}); err != nil {
				return err
			}
			// Most rows at once: one by one takes seconds.
			_, err := tx.exec(`INSERT INTO unhandled (ord, at, why, raw) WITH RECURSIVE n(i) AS
				(SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i, 0, '', $2 FROM n`, maxUnhandled, []byte{})
			return err
		})
		write(t, s, func(tx *Tx) error {
			for range extra {
				if err := tx.PutUnhandled(at(1), desk.Unhandled{Why: "field", Raw: make([]byte, maxUnhandledSize+1)}); err != nil {
					return err
				}
			}
			return nil
		})
		read(t, s, func(tx *Tx) error {
			var n, oldest, size int
			err := tx.row(`SELECT count(*), min(ord), max(length(raw)) FROM unhandled`).Scan(&n, &oldest, &size)
			if d := cmp.Diff([]int{maxUnhandled, extra + 1, maxUnhandledSize}, []int{n, oldest, size}); d != "" {
				t.Error(d)
			}
			return err
		})
	})
}
