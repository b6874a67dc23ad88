package server

import (
	"context"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// used notes that a permission was used, once a day for each member and key.
func (s *Service) used(ctx context.Context, cmd desk.Command, r *request) {}

func (r *request) listUsage(desk.ListUsage) (desk.Usages, error) { return desk.Usages{}, errUnbuilt }
