package server

import "github.com/frontdesk-inbox/frontdesk/desk"

func (s *Service) acknowledged(c desk.Acknowledged) desk.Acks { return desk.Acks{Seq: c.Seq} }
