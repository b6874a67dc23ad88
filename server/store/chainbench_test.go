package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// aged stores a log of n entries, one a second, in which some things happened
// long ago only.
func aged(b *testing.B, s *Store, n int) {
	b.Helper()
	err := s.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO entry (seq, at, kind, actor, conversation, session, addr, event, detail, target, hash)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			SELECT i, CAST($2 AS BIGINT) + CAST(i AS BIGINT) * 1000,
				CASE WHEN i <= 60 THEN 'role.changed' WHEN i % 3 = 0 THEN 'message.queued' ELSE 'message.received' END,
				CASE WHEN i <= 60 THEN 'gone' WHEN i % 3 = 0 THEN 'u_' || (i % 40) ELSE '' END,
				CASE WHEN i <= 60 THEN 0 ELSE i % 1000 + 1 END, 's', '192.0.2.1',
				'{"seq":1,"kind":"message.received","conversation":{"id":1,"contact":{"id":"k","name":"Kim"},"status":"open"}}', '',
				CASE WHEN i <= 60 THEN 'agent' ELSE '' END, $3 FROM n`, n, at(0).UnixMilli(), make([]byte, 32))
		if err == nil {
			_, err = tx.exec(`UPDATE log_head SET seq = $1, hashed = $1`, n)
		}
		return err
	})
	if db, ok := s.db.(*postgresDB); ok && err == nil {
		_, err = db.db.Exec("ANALYZE entry") // as it does by itself in a while
	}
	if err != nil {
		b.Fatal(err)
	}
}

// A page of the log costs the same however long it is, whatever it is filtered
// by: read the lines of 10k and 1M side by side.
func BenchmarkLog(b *testing.B) {
	filters := []struct {
		name string
		f    func(n int) LogFilter
	}{
		{"newest", func(int) LogFilter { return LogFilter{} }},
		{"middle", func(n int) LogFilter { return LogFilter{Before: int64(n / 2)} }},
		{"actor", func(int) LogFilter { return LogFilter{Actors: []desk.MemberID{"u_9"}} }},
		{"gone", func(int) LogFilter { return LogFilter{Actors: []desk.MemberID{"gone"}} }},
		{"team", func(int) LogFilter {
			f := LogFilter{}
			for i := range 40 {
				f.Actors = append(f.Actors, desk.MemberID(fmt.Sprint("u_", i)))
			}
			return f
		}},
		{"kind", func(int) LogFilter { return LogFilter{Kinds: []desk.EventKind{desk.RoleChanged}} }},
		{"actor-kind", func(int) LogFilter {
			return LogFilter{Actors: []desk.MemberID{"u_9"}, Kinds: []desk.EventKind{desk.RoleChanged, desk.MessageQueued}}
		}},
		{"never", func(int) LogFilter {
			return LogFilter{Actors: []desk.MemberID{"u_9"}, Kinds: []desk.EventKind{desk.RoleChanged}}
		}},
		{"target", func(int) LogFilter { return LogFilter{Target: "agent"} }},
		{"conversation", func(int) LogFilter { return LogFilter{Conversation: 7} }},
		{"day", func(n int) LogFilter {
			return LogFilter{From: at(0).Add(time.Duration(n/4) * time.Second), To: at(0).Add(time.Duration(n/2) * time.Second)}
		}},
		{"day-kind", func(n int) LogFilter {
			return LogFilter{To: at(0).Add(time.Duration(n/2) * time.Second), Kinds: []desk.EventKind{desk.MessageQueued}}
		}},
	}
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": sqliteDSN, "postgres": postgresDSN} {
		b.Run(name, func(b *testing.B) {
			for _, n := range []int{10_000, 1_000_000} {
				s := open(b, dsn(b))
				aged(b, s, n)
				for _, f := range filters {
					b.Run(fmt.Sprintf("%s/%d", f.name, n), func(b *testing.B) { pageOf(b, s, f.f(n)) })
				}
			}
		})
	}
}

func pageOf(b *testing.B, s *Store, f LogFilter) {
	for b.Loop() {
		err := s.Read(context.Background(), func(tx *Tx) error {
			_, _, err := tx.Log(f)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
