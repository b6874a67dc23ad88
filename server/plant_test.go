package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// failedOf is the id of the message that failed in a planted conversation.
func failedOf(id desk.ConversationID) desk.MessageID {
	return desk.MessageID(fmt.Sprintf("m_failed_%d", id))
}

// heardOf is the id of the customer's message in a planted conversation.
func heardOf(id desk.ConversationID) desk.MessageID {
	return desk.MessageID(fmt.Sprintf("m_heard_%d", id))
}

// plant puts conversations with these facts straight into the store, all in one
// transaction: each has an unread message of its customer, and a reply that
// failed.
func plant(t testing.TB, s *store.Store, now time.Time, facts ...desk.Facts) []desk.ConversationID {
	t.Helper()
	var ids []desk.ConversationID
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		ids = nil
		for _, f := range facts {
			id, err := plantOne(tx, now, f)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func plantOne(tx *store.Tx, now time.Time, f desk.Facts) (desk.ConversationID, error) {
	id, err := tx.NewConversationID()
	if err != nil {
		return 0, err
	}
	seq, at := tx.Next(), now.Add(-time.Hour).Add(time.Duration(id)*time.Millisecond)
	who := desk.Contact{ID: desk.ContactID(fmt.Sprintf("c_%d", id)), Name: fmt.Sprintf("Customer %d", id), Phone: fmt.Sprintf("+4477%08d", id)}
	if err := tx.PutContact(who); err != nil {
		return 0, err
	}
	if err := tx.AddIdentity(shop, who.ID, desk.Identity{WAID: who.Phone[1:]}); err != nil {
		return 0, err
	}
	heard := desk.Message{ID: heardOf(id), Conversation: id, Seq: seq, Order: seq, At: at, Side: desk.SideCustomer, Type: desk.TypeText, Text: "secret of " + id.String()}
	failed := desk.Message{ID: failedOf(id), Conversation: id, Seq: seq, Order: seq, At: at.Add(time.Second), Side: desk.SideTeam,
		Type: desk.TypeText, Text: "secret reply in " + id.String(), Delivery: desk.Failed, Problem: &desk.Problem{Text: "No."}}
	c := desk.Conversation{ID: id, Seq: seq, Channel: shop, Contact: who, Status: f.Status, Assignee: f.Assignee, Team: f.Team, Unread: 1,
		LastAt: failed.At, Last: desk.Last{Message: failed.ID, Side: failed.Side, Type: failed.Type, Text: failed.Text, Delivery: failed.Delivery},
		WaitingSince: at, WindowUntil: now.Add(20 * time.Hour)}
	if err := tx.PutConversation(c, nil); err != nil {
		return 0, err
	}
	for _, m := range []desk.Message{heard, failed} {
		if err := tx.PutMessage(m, nil); err != nil {
			return 0, err
		}
		if _, err := tx.AddExternal(shop, "wamid.planted."+string(m.ID), m.ID); err != nil {
			return 0, err
		}
	}
	_, err = tx.Append(store.Entry{Event: desk.Event{Kind: desk.MessageReceived, At: now, Conversation: &c, Before: &desk.Facts{},
		Messages: []desk.Message{heard, failed}}})
	return id, err
}
