package store

import (
	"encoding/json"
	"errors"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/chain"
)

// checked verifies the whole log of a store.
func checked(t testing.TB, s *Store, against ...string) (report chain.Report) {
	t.Helper()
	check := chain.Check{Epoch: s.Epoch(), Against: against}
	read(t, s, func(tx *Tx) error {
		var err, err2 error
		check.Key, err = tx.LogKey()
		check.Size, _ = tx.Head()
		own, err3 := tx.Checkpoints(0, 1000)
		for _, c := range own {
			check.Own = append(check.Own, c.Note)
		}
		report, err2 = chain.Verify(records(tx), check)
		return errors.Join(err, err2, err3)
	})
	return report
}

func records(tx *Tx) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		for after := int64(0); ; {
			list, err := tx.Records(after, 1000)
			if err != nil {
				yield(chain.Record{}, err)
			}
			if len(list) == 0 {
				return
			}
			for _, r := range list {
				if !yield(r, nil) {
					return
				}
			}
			after = list[len(list)-1].Seq
		}
	}
}

func whole(t testing.TB, s *Store, entries int64) {
	t.Helper()
	if r := checked(t, s); !r.OK() || r.Entries != entries {
		t.Errorf("%d entries, want %d; broken: %v, missing: %v", r.Entries, entries, r.Broken, r.Missing)
	}
}

// aboutChat is an entry about a conversation.
func aboutChat(i int, kind desk.EventKind, actor desk.MemberID) Entry {
	return Entry{Event: desk.Event{At: at(i), Kind: kind, Actor: actor, Conversation: &desk.Conversation{ID: desk.ConversationID(i%5 + 1)}},
		Session: "s", Addr: "192.0.2.1", Detail: json.RawMessage(`{"reason":"because"}`)}
}

func appendSome(t testing.TB, s *Store, n int) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		for i := range n {
			if _, err := tx.Append(aboutChat(i, desk.MessageReceived, "")); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestKindErased(t *testing.T) {
	if chain.KindErased != string(desk.ContactErased) {
		t.Errorf("the chain calls an erasure %q, the desk %q", chain.KindErased, desk.ContactErased)
	}
}

func TestAppendChains(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		whole(t, s, 0)
		appendSome(t, s, 1500)
		// Of writes that fail nothing stays, in the chain neither; others wait beside.
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				err := s.Write(within(t), func(tx *Tx) error {
					_, err := tx.Append(aboutChat(i, desk.NoteAdded, "u"))
					if i%4 == 0 {
						return errors.New("no")
					}
					return err
				})
				if (err != nil) != (i%4 == 0) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		// Text that the database can't hold is hashed as it is kept.
		write(t, s, func(tx *Tx) error {
			_, err := tx.Append(Entry{Event: desk.Event{At: at(0), Kind: "odd\x00kind", Actor: "\xff", Member: &desk.Member{ID: "u\x00"}},
				Addr: "\xfe", Detail: json.RawMessage("\"\xff\"")})
			return err
		})
		whole(t, s, 1531)
	})
}

func TestTargets(t *testing.T) {
	s := open(t, sqliteDSN(t))
	write(t, s, func(tx *Tx) error {
		for _, e := range []Entry{
			{Event: desk.Event{Kind: desk.MemberAdded, Member: &desk.Member{ID: "u_1"}}},
			{Event: desk.Event{Kind: desk.RoleChanged, Role: &desk.Role{ID: "night"}}},
			{Event: desk.Event{Kind: desk.TeamAdded, Team: &desk.Team{ID: "t_1"}}},
			{Event: desk.Event{Kind: desk.AccessRequested, Request: &desk.Request{ID: "r_1"}}},
			{Event: desk.Event{Kind: desk.RoleAssigned, Member: &desk.Member{ID: "u_1"}}, Target: "mine"},
			{Event: desk.Event{Kind: desk.SignedIn}},
		} {
			if _, err := tx.Append(e); err != nil {
				return err
			}
		}
		return nil
	})
	read(t, s, func(tx *Tx) error {
		list, err := tx.Entries(0, 10)
		var got []string
		for _, e := range list {
			got = append(got, e.Target)
		}
		same(t, "targets", got, []string{"u_1", "night", "t_1", "r_1", "mine", ""})
		return err
	})
}

// Somebody changes the database behind the program's back.
func TestTamperedDatabase(t *testing.T) {
	for name, tc := range map[string]struct {
		query string
		bad   int64
	}{
		"event":     {`UPDATE entry SET event = replace(event, '"id":2', '"id":3') WHERE seq = 7`, 7},
		"actor":     {`UPDATE entry SET actor = 'u_2' WHERE seq = 7`, 7},
		"target":    {`UPDATE entry SET target = 'u_2' WHERE seq = 7`, 7},
		"blanked":   {`UPDATE entry SET event = '', detail = '', salt = '' WHERE seq = 7`, 7},
		"deleted":   {`DELETE FROM entry WHERE seq = 7`, 7},
		"the end":   {`DELETE FROM entry WHERE seq > 90`, 91},
		"unhashed":  {`UPDATE entry SET hash = '' WHERE seq = 7`, 7},
		"the first": {`DELETE FROM entry WHERE seq = 1`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, s *Store) {
				appendSome(t, s, 100)
				write(t, s, func(tx *Tx) error { _, err := tx.exec(tc.query); return err })
				if r := checked(t, s); r.Broken == nil || r.Broken.Seq != tc.bad {
					t.Errorf("broken: %v, want %d", r.Broken, tc.bad)
				}
			})
		})
	}
}

// The log is cut, its head and the newest checkpoints with it: only a checkpoint
// that was kept elsewhere tells.
func TestTruncatedDatabase(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		s, err := Open(within(t), dsn, Options{})
		must(t, err)
		appendSome(t, s, 100)
		var kept Checkpoint
		write(t, s, func(tx *Tx) (err error) { kept, err = tx.TakeCheckpoint(at(0)); return err })
		write(t, s, func(tx *Tx) error {
			_, err1 := tx.exec(`DELETE FROM entry WHERE seq > 90`)
			_, err2 := tx.exec(`DELETE FROM checkpoint`)
			_, err3 := tx.exec(`UPDATE log_head SET seq = 90, hashed = 90, hash = (SELECT hash FROM entry WHERE seq = 90)`)
			return errors.Join(err1, err2, err3)
		})
		must(t, s.Close())
		s = open(t, dsn)
		appendSome(t, s, 20) // and life goes on
		whole(t, s, 110)
		if r := checked(t, s, kept.Note); r.Broken != nil || r.Missing == nil || !strings.Contains(r.Missing.Why, "departs from the checkpoint of 100") {
			t.Errorf("broken %v, missing %v", r.Broken, r.Missing)
		}
	})
}

func TestCheckpoints(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		take := func() (c Checkpoint, err error) {
			err = s.Write(within(t), func(tx *Tx) error { c, err = tx.TakeCheckpoint(at(3)); return err })
			return c, err
		}
		if _, err := take(); !errors.Is(err, ErrEmptyLog) {
			t.Errorf("of an empty log: %v", err)
		}
		appendSome(t, s, 10)
		first, err := take()
		must(t, err)
		again, err := take()
		must(t, err)
		same(t, "with nothing new", again, first)
		appendSome(t, s, 1)
		second, err := take()
		must(t, err)
		read(t, s, func(tx *Tx) error {
			all, err := tx.Checkpoints(0, 10)
			some, err2 := tx.Checkpoints(10, 10)
			last, err3 := tx.LastCheckpoint()
			same(t, "all", all, []Checkpoint{first, second})
			same(t, "after the first", some, []Checkpoint{second})
			same(t, "last", last, second)
			key, err4 := tx.LogKey()
			c, err5 := chain.Open(second.Note, key)
			same(t, "size", c.Size, int64(11))
			same(t, "time", c.Time, at(3).Truncate(time.Second))
			return errors.Join(err, err2, err3, err4, err5)
		})
		whole(t, s, 11)
		if r := checked(t, s, first.Note); r.Shown == nil || r.Shown.Size != 10 {
			t.Errorf("shown up to %+v", r.Shown)
		}
	})
}

// age makes a database what an older program left: entries without a chain.
func age(t *testing.T, s *Store, from int) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		_, err1 := tx.exec(`UPDATE entry SET target = '', salt = $1, content_hash = $1, content_length = 0, hash = $1 WHERE seq >= $2`, []byte{}, from)
		_, err2 := tx.exec(`UPDATE log_head SET hashed = $1, hash = coalesce((SELECT hash FROM entry WHERE seq = $1), $2)`, from-1, []byte{})
		return errors.Join(err1, err2)
	})
}

func TestOlderDatabase(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		s, err := Open(within(t), dsn, Options{})
		must(t, err)
		appendSome(t, s, 2*chainStep+100)
		write(t, s, func(tx *Tx) error {
			_, err := tx.Append(Entry{Event: desk.Event{Kind: desk.MemberAdded, Member: &desk.Member{ID: "u_1"}}})
			return err
		})
		age(t, s, 1)
		write(t, s, func(tx *Tx) error { _, err := tx.exec(`DELETE FROM secret`); return err })
		must(t, s.Close())
		s = open(t, dsn)
		whole(t, s, 2*chainStep+101)
		read(t, s, func(tx *Tx) error {
			list, err := tx.Entries(2*chainStep+100, 1)
			same(t, "target", list[0].Target, "u_1")
			return err
		})
		appendSome(t, s, 1)
		// An older program that still runs appends on.
		appendSome(t, s, 7)
		age(t, s, 2*chainStep+104)
		appendSome(t, s, 1)
		whole(t, s, 2*chainStep+110)
	})
}

func TestReadOnly(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		if _, err := Open(within(t), dsn, Options{ReadOnly: true}); err == nil {
			t.Error("a database that isn't there was opened")
		}
		s, err := Open(within(t), dsn, Options{})
		must(t, err)
		appendSome(t, s, 3)
		r, err := Open(within(t), dsn, Options{ReadOnly: true})
		must(t, err)
		same(t, "epoch", r.Epoch(), s.Epoch())
		whole(t, r, 3)
		if err := r.Write(within(t), appendOne); !errors.Is(err, ErrClosed) {
			t.Errorf("write: %v", err)
		}
		must(t, r.Close())
		write(t, s, func(tx *Tx) error {
			_, err := tx.exec(`DELETE FROM goose_db_version WHERE version_id > 1`)
			return err
		})
		must(t, s.Close())
		if _, err := Open(within(t), dsn, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "the older schema 1; start frontdeskd serve once") {
			t.Errorf("an older schema: %v", err)
		}
	})
	if _, err := Open(within(t), "sqlite:"+filepath.Join(t.TempDir(), "no.db"), Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "there is no database at") {
		t.Errorf("no file: %v", err)
	}
}
