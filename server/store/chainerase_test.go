package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// What is erased must not lie about in the file.
func TestSecureDelete(t *testing.T) {
	s := open(t, sqliteDSN(t))
	write(t, s, func(tx *Tx) error {
		var on int
		err := tx.row("PRAGMA secure_delete").Scan(&on)
		same(t, "secure_delete", on, 1)
		return err
	})
}

func TestEraseContact(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		chat := func(id desk.ConversationID, contact desk.ContactID, ch desk.ChannelID) desk.Conversation {
			return desk.Conversation{ID: id, Channel: ch, Contact: desk.Contact{ID: contact, Name: "Kim"}, Status: desk.StatusOpen, Last: desk.Last{Text: "secret"}}
		}
		chats := []desk.Conversation{chat(1, "k", "wa"), chat(2, "k", "wb"), chat(3, "l", "wa")}
		write(t, s, func(tx *Tx) error {
			err := errors.Join(tx.PutContact(desk.Contact{ID: "k", Name: "Kim", Phone: "+44", Username: "kim", UserID: "U"}), tx.PutContact(desk.Contact{ID: "l", Name: "Lee"}),
				tx.AddIdentity("wa", "k", desk.Identity{WAID: "44"}), tx.AddIdentity("wa", "l", desk.Identity{WAID: "45"}))
			for i, c := range chats {
				m := desk.Message{ID: desk.MessageID(fmt.Sprint("m", i)), Conversation: c.ID, Side: desk.SideCustomer, Type: desk.TypeText, Text: "secret",
					Media: &desk.Media{Filename: "secret.pdf"}, At: at(i), Order: int64(i + 1)}
				queued := desk.Message{ID: desk.MessageID(fmt.Sprint("q", i)), Conversation: c.ID, Side: desk.SideTeam, Delivery: desk.Queued, Text: "secret", At: at(i)}
				_, err2 := tx.Append(Entry{Event: desk.Event{At: at(i), Kind: desk.MessageReceived, Conversation: &chats[i], Messages: []desk.Message{m}}})
				err = errors.Join(err, tx.PutConversation(c, nil), tx.PutMessage(m, json.RawMessage(`"secret"`)), tx.PutMessage(queued, nil), err2)
			}
			return err
		})
		write(t, s, func(tx *Tx) error {
			got, n, err := tx.EraseContact("k")
			same(t, "entries", n, 2)
			for _, c := range got {
				if c.Contact != (desk.Contact{ID: "k"}) || c.Last.Text != "" {
					t.Errorf("returned %+v", c)
				}
				_, err2 := tx.Append(Entry{Event: desk.Event{Kind: desk.ContactErased, Conversation: &c}})
				err = errors.Join(err, err2)
			}
			return err
		})
		if r := checked(t, s); !r.OK() || r.Erased != 2 || r.Entries != 5 {
			t.Errorf("%+v, broken %v", r, r.Broken)
		}
		read(t, s, func(tx *Tx) error {
			list, err := tx.Entries(0, 10)
			for i, e := range list {
				same(t, fmt.Sprintf("entry %d erased", e.Seq), e.Erased, i < 2)
			}
			same(t, "an erased entry", list[0], Entry{Event: desk.Event{Seq: 1, At: at(0), Kind: desk.MessageReceived}, Erased: true})
			logged, _, err0 := tx.Log(LogFilter{Before: 3})
			for i, id := range []desk.ConversationID{2, 1} { // whose they were stays
				want := Entry{Event: desk.Event{Seq: int64(id), At: at(int(id) - 1), Kind: desk.MessageReceived, Conversation: &desk.Conversation{ID: id}}, Erased: true}
				same(t, "an erased entry of the log", logged[i].Entry, want)
			}
			m, err2 := tx.Message("m0")
			raw, err3 := tx.Raw("m0")
			q, err4 := tx.Message("q0")
			if m.Text != "" || m.Media != nil || raw != nil || q.Text != "" || q.Delivery != desk.Failed || q.Problem == nil {
				t.Errorf("%+v, %s, %+v", m, raw, q)
			}
			if _, err := tx.ContactByIdentity("wa", desk.Identity{WAID: "44"}); !errors.Is(err, ErrNotFound) {
				t.Errorf("the identity is still there: %v", err)
			}
			c, err5 := tx.Conversation(1)
			same(t, "contact", c.Contact, desk.Contact{ID: "k"})
			same(t, "last", c.Last.Text, "")
			other, err6 := tx.Message("m2")
			kept, err7 := tx.ContactByIdentity("wa", desk.Identity{WAID: "45"})
			if other.Text != "secret" || kept.Name != "Lee" {
				t.Errorf("another customer: %+v, %+v", other, kept)
			}
			return errors.Join(err0, err, err2, err3, err4, err5, err6, err7)
		})
		sending := desk.Message{ID: "s", Conversation: 3, Side: desk.SideTeam, Delivery: desk.Sending, At: at(0)}
		err := s.Write(within(t), func(tx *Tx) error {
			if err := tx.PutMessage(sending, nil); err != nil {
				return err
			}
			_, _, err := tx.EraseContact("l")
			return err
		})
		if !errors.Is(err, ErrSending) {
			t.Errorf("while a message is being sent: %v", err)
		}
	})
}
