package server

import (
	"github.com/frontdesk-inbox/frontdesk/desk"
)

func (r *request) assignRole() (desk.Done, error) {
	member := r.To.Member
	member.Role = r.Role.ID
	if err := r.tx.PutMember(member); err != nil {
		return desk.Done{}, err
	}
	seq, err := r.tx.Append(r.entry(desk.Event{Kind: desk.RoleAssigned, Member: &member}))
	return desk.Done{Seq: seq}, err
}

func (r *request) changeRoles(desk.ChangeRoles) (desk.Done, error) { return desk.Done{}, errUnbuilt }

func (r *request) listVersions(desk.ListVersions) (desk.Versions, error) {
	return desk.Versions{}, errUnbuilt
}
