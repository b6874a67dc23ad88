package server

import "github.com/frontdesk-inbox/frontdesk/desk"

func (r *request) listStaff() (desk.Staff, error)                  { return desk.Staff{}, errUnbuilt }
func (r *request) listSessions() (desk.SessionList, error)         { return desk.SessionList{}, errUnbuilt }
func (r *request) endSessions(desk.EndSessions) (desk.Done, error) { return desk.Done{}, errUnbuilt }
func (r *request) invite(desk.Invite) (desk.Done, error)           { return desk.Done{}, errUnbuilt }
func (r *request) suspend(desk.Suspend) (desk.Done, error)         { return desk.Done{}, errUnbuilt }
func (r *request) resume() (desk.Done, error)                      { return desk.Done{}, errUnbuilt }
func (r *request) remove(desk.Remove) (desk.Done, error)           { return desk.Done{}, errUnbuilt }
func (r *request) createTeam(desk.CreateTeam) (desk.Done, error)   { return desk.Done{}, errUnbuilt }
func (r *request) renameTeam(desk.RenameTeam) (desk.Done, error)   { return desk.Done{}, errUnbuilt }
func (r *request) setTeams(desk.SetTeams) (desk.Done, error)       { return desk.Done{}, errUnbuilt }
