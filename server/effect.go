package server

import (
	"context"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func (s *Service) preview(ctx context.Context, who Caller, c desk.Preview) (*request, desk.Effect, error) {
	return nil, desk.Effect{}, errUnbuilt
}
