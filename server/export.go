package server

import "github.com/frontdesk-inbox/frontdesk/desk"

func (r *request) exportContacts(desk.ExportContacts) (desk.ContactPage, error) {
	return desk.ContactPage{}, errUnbuilt
}
