package server

import (
	"errors"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

var errUnbuilt = errors.New("not built yet")

func (r *request) giveAccess(desk.GiveAccess) (desk.Done, error)    { return desk.Done{}, errUnbuilt }
func (r *request) endAccess(desk.EndAccess) (desk.Done, error)      { return desk.Done{}, errUnbuilt }
func (r *request) askAccess(desk.AskAccess) (desk.Done, error)      { return desk.Done{}, errUnbuilt }
func (r *request) withdraw(desk.WithdrawRequest) (desk.Done, error) { return desk.Done{}, errUnbuilt }
func (r *request) decide(desk.DecideRequest) (desk.Done, error)     { return desk.Done{}, errUnbuilt }
func (r *request) reveal(desk.RevealContact) (desk.Done, error)     { return desk.Done{}, errUnbuilt }
