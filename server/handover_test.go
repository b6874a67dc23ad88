package server_test

import (
	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// holds counts the open chats that a member has.
func (h *house) holds(id desk.MemberID) (n int) {
	h.t.Helper()
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) error {
		tallies, err := tx.Tallies()
		n = 0
		for _, k := range tallies {
			if k.Assignee == id && k.Status == desk.StatusOpen {
				n += k.Total
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}
