package server

import (
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// through is the actor through whose eyes me looks, if me may.
func (s *Service) through(tx *store.Tx, me desk.Actor, as desk.ViewAs, now time.Time) (desk.Actor, error) {
	return desk.Actor{}, errUnbuilt
}
