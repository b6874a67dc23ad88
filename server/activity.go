package server

import "github.com/frontdesk-inbox/frontdesk/desk"

func (r *request) listLog(desk.ListLog) (desk.LogPage, error) { return desk.LogPage{}, errUnbuilt }
func (r *request) takeCheckpoint() (desk.Checkpoint, error)   { return desk.Checkpoint{}, errUnbuilt }
func (r *request) exportLog(desk.ExportLog) (desk.LogLines, error) {
	return desk.LogLines{}, errUnbuilt
}
