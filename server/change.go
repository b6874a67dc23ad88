package server

import (
	"encoding/json"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// appendChange writes a conversation, at most one message, and the entry that
// tells of them, under one number. before are the conversation's facts as they
// stand in the store; nil means that it is new.
func appendChange(tx *store.Tx, e store.Entry, before desk.Facts, c *desk.Conversation, m *desk.Message, raw json.RawMessage) (int64, error) {
	return appendTo(tx, e, &before, c, m, raw)
}

// appendNew is appendChange for a conversation that begins.
func appendNew(tx *store.Tx, e store.Entry, c *desk.Conversation, m *desk.Message, raw json.RawMessage) (int64, error) {
	return appendTo(tx, e, nil, c, m, raw)
}

func appendTo(tx *store.Tx, e store.Entry, before *desk.Facts, c *desk.Conversation, m *desk.Message, raw json.RawMessage) (int64, error) {
	seq := tx.Next()
	c.Seq = seq
	var err error
	if e.Detail, err = difference(tx, &e, c); err != nil {
		return 0, err
	}
	if err := tx.PutConversation(*c, before); err != nil {
		return 0, err
	}
	if m != nil {
		m.Seq = seq
		if m.Order == 0 {
			m.Order = seq
		}
		if err := tx.PutMessage(*m, raw); err != nil {
			return 0, err
		}
		e.Messages = []desk.Message{*m}
	}
	e.Conversation = c
	switch {
	case before == nil:
		e.Before = &desk.Facts{} // it was in no list, and nobody saw it
	case *before != c.Facts():
		e.Before = before
	}
	return tx.Append(e)
}

// difference is what was done to a conversation that neither its facts nor its
// messages show: its labels, read before they are overwritten.
func difference(tx *store.Tx, e *store.Entry, c *desk.Conversation) (json.RawMessage, error) {
	if e.Kind != desk.ConversationLabelled {
		return e.Detail, nil
	}
	was, err := tx.Conversation(c.ID)
	if err != nil {
		return nil, err
	}
	type labels struct {
		Labels []string `json:"labels,omitempty"`
	}
	return asJSON(desk.LogDetail{Before: asJSON(labels{was.Labels}), After: asJSON(labels{c.Labels})}), nil
}

// showLast makes m the line that lists show.
func showLast(c *desk.Conversation, m *desk.Message) {
	if m.At.Before(c.LastAt) {
		return // it came late; the newest line stays
	}
	c.LastAt = m.At
	c.Last = desk.Last{Message: m.ID, Side: m.Side, Type: m.Type, Author: m.Author, Text: desk.Excerpt(m.Text), Delivery: m.Delivery}
}

func quoteOf(m *desk.Message) *desk.Quote {
	return &desk.Quote{Message: m.ID, Side: m.Side, Author: m.Author, Text: desk.Excerpt(m.Text)}
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
