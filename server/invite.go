package server

import (
	"net/http"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func (s *Service) handleJoin(w http.ResponseWriter, r *http.Request) {
	fail(w, http.StatusNotFound, desk.ErrNotFound())
}
