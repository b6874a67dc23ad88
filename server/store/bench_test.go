package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// populate stores n conversations, half of the open ones unassigned or the
// agent's, spread over four teams and none.
func populate(b *testing.B, s *Store, n int) {
	b.Helper()
	err := s.Write(context.Background(), func(tx *Tx) error {
		if _, err := tx.exec(`INSERT INTO contact (id, name, phone, username, user_id) VALUES ('k', 'Kim', '+44', '', '')`); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO conversation (id, seq, channel, contact, status, assignee, team, labels, last_at, last_message, last_side,
				last_type, last_author, last_text, last_delivery, unread, waiting_since, window_until)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			SELECT i, i, 'wa' || i, 'k', CASE i % 3 WHEN 0 THEN 'resolved' ELSE 'open' END,
				CASE i % 4 WHEN 0 THEN 'agent' WHEN 1 THEN '' WHEN 2 THEN 'sales' ELSE 'other' END,
				CASE i % 5 WHEN 4 THEN '' ELSE 't' || i % 5 END, '', CAST($2 AS BIGINT) + (CAST(i AS BIGINT) * 7919) % 1000003, '', 'customer', 'text', '',
				'Hello, when will my order come? I have been waiting.', '', i % 2, 0, 0 FROM n`, n, at(0).UnixMilli())
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// The first window costs the same however many conversations there are.
func BenchmarkWindow(b *testing.B) {
	for name, dsn := range map[string]func(testing.TB) string{"sqlite": sqliteDSN, "postgres": postgresDSN} {
		b.Run(name, func(b *testing.B) {
			for _, n := range []int{100, 10_000, 100_000} {
				s := open(b, dsn(b))
				populate(b, s, n)
				for _, who := range []string{"owner", "agent", "sales"} {
					b.Run(fmt.Sprintf("%s/%d", who, n), func(b *testing.B) { window(b, s, people()[who]) })
				}
			}
		})
	}
}

func window(b *testing.B, s *Store, me desk.Actor) {
	for b.Loop() {
		err := s.Read(context.Background(), func(tx *Tx) error {
			rows, _, err := tx.Conversations(me, desk.ListAll, desk.Cursor{}, 20)
			if err == nil && len(rows) != 20 {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// inbound is what a customer's message writes.
type inbound struct {
	c      desk.Conversation
	before desk.Facts
	m      desk.Message
	e      Entry
	raw    json.RawMessage
}

func newInbound(n int64) inbound {
	c := desk.Conversation{ID: desk.ConversationID(n%1000 + 1), Channel: "wa", Contact: desk.Contact{ID: "k"}, Status: desk.StatusOpen, LastAt: at(int(n))}
	m := desk.Message{ID: desk.MessageID(fmt.Sprintf("01JQ%022d", n)), Conversation: c.ID, At: c.LastAt, Side: desk.SideCustomer, Type: desk.TypeText,
		Text: "Hello, when will my order come? I have been waiting."}
	c.Last = desk.Last{Message: m.ID, Side: m.Side, Type: m.Type, Text: m.Text}
	return inbound{c: c, before: c.Facts(), m: m, raw: json.RawMessage(`{"from":"441234567890","id":"wamid.x","type":"text"}`),
		e: Entry{Event: desk.Event{At: c.LastAt, Kind: desk.MessageReceived, Conversation: &c, Messages: []desk.Message{m}}}}
}

func (in *inbound) write(tx *Tx) error {
	in.m.Order, in.m.Seq, in.c.Seq = tx.Next(), tx.Next(), tx.Next()
	_, err := tx.AddExternal("wa", string(in.m.ID), in.m.ID)
	if err == nil {
		err = tx.PutMessage(in.m, in.raw)
	}
	if err == nil {
		err = tx.PutConversation(in.c, &in.before)
	}
	if err == nil {
		_, err = tx.Append(in.e)
	}
	return err
}

func thousand(b *testing.B, s *Store) {
	b.Helper()
	err := s.Write(context.Background(), func(tx *Tx) error {
		err := tx.PutContact(desk.Contact{ID: "k"})
		for i := range int64(1000) {
			in := newInbound(i)
			in.c.Channel = desk.ChannelID(fmt.Sprint("wa", i))
			err = errors.Join(err, tx.PutConversation(in.c, nil))
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkWrite is to be read beside BenchmarkFloor of the same run: what the
// store costs over the bare database.
func BenchmarkWrite(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			s := open(b, sqliteDSN(b))
			thousand(b, s)
			var n atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range callers {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						in := newInbound(i)
						in.c.Channel = desk.ChannelID(fmt.Sprint("wa", i%1000))
						if err := s.Write(context.Background(), in.write); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// BenchmarkFloor writes the same rows into the same tables with prepared
// statements and nothing else, so many to a commit.
func BenchmarkFloor(b *testing.B) {
	for _, batch := range []int{1, 64} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			dsn := sqliteDSN(b)
			s, err := Open(context.Background(), dsn, Options{})
			if err != nil {
				b.Fatal(err)
			}
			thousand(b, s)
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			floor(b, dsn[len("sqlite:"):], batch)
		})
	}
}

func floor(b *testing.B, path string, batch int) {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=foreign_keys(1)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	prepare := func(query string) *sql.Stmt {
		s, err := c.PrepareContext(ctx, query)
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	external := prepare(`INSERT INTO external (channel, external, message, ord) VALUES ('wa', ?, ?, 1)`)
	message := prepare(`INSERT INTO message VALUES (?, ?, ?, ?, ?, 'customer', 'text', '', ?, '', '', '', '', '', '', 0, 0, 0, '', 0, 0, 0, ?)`)
	conversation := prepare(`UPDATE conversation SET seq = ?, last_at = ?, last_message = ?, last_text = ? WHERE id = ?`)
	entry := prepare(`INSERT INTO entry (seq, at, kind, actor, conversation, session, addr, event, detail)
		VALUES (?, ?, 'message.received', '', ?, '', '', ?, '')`)
	head := prepare(`UPDATE log_head SET seq = ?`)
	exec := func(s *sql.Stmt, args ...any) {
		if _, err := s.ExecContext(ctx, args...); err != nil {
			b.Fatal(err)
		}
	}
	begin, commit := prepare("BEGIN IMMEDIATE"), prepare("COMMIT")
	b.ResetTimer()
	for i := int64(1); i <= int64(b.N); i++ {
		if (i-1)%int64(batch) == 0 {
			exec(begin)
		}
		in := newInbound(i)
		event, err := json.Marshal(in.e.Event)
		if err != nil {
			b.Fatal(err)
		}
		ms, id, c := in.m.At.UnixMilli(), string(in.m.ID), int64(in.c.ID)
		exec(external, id, id)
		exec(message, id, c, i, ms, i, in.m.Text, string(in.raw))
		exec(conversation, i, ms, id, in.m.Text, c)
		exec(entry, i, ms, c, string(event))
		if i%int64(batch) == 0 || i == int64(b.N) {
			exec(head, i)
			exec(commit)
		}
	}
}
