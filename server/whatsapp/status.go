package whatsapp

import (
	"encoding/json"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func (d *decoder) status(raw json.RawMessage, people directory) {
	var s struct {
		ID            scalar `json:"id"`
		Status        scalar `json:"status"`
		Timestamp     scalar `json:"timestamp"`
		Recipient     scalar `json:"recipient_id"`
		RecipientUser scalar `json:"recipient_user_id"`
		RecipientPar  scalar `json:"recipient_parent_user_id"`
		RecipientType scalar `json:"recipient_type"`
		Callback      scalar `json:"biz_opaque_callback_data"`
		Errors        list   `json:"errors"`
	}
	if !read(raw, &s) {
		d.keep(whyJSON, raw)
		return
	}
	delivery, known := deliveries(string(s.Status))
	switch {
	case s.RecipientType == "group":
		d.keep(whyGroup, raw)
		return
	case s.ID == "" || len(s.ID) > maxID || len(s.Callback) > maxID:
		d.keep(whyID, raw)
		return
	case !known:
		d.keep(whyStatus, raw)
		return
	}
	out := desk.StatusReport{
		External: string(s.ID),
		Callback: desk.MessageID(s.Callback),
		Delivery: delivery,
		At:       s.Timestamp.time(),
		To:       people.identity(s.Recipient, s.RecipientUser, s.RecipientPar),
		Raw:      raw,
	}
	if delivery == desk.Failed {
		code, details := firstProblem(s.Errors)
		p := problem(code, details)
		out.Problem = &p
	}
	d.in.Statuses = append(d.in.Statuses, out)
}

func deliveries(word string) (desk.Delivery, bool) {
	switch word {
	case "sent":
		return desk.Sent, true
	case "delivered":
		return desk.Delivered, true
	case "read":
		return desk.Read, true
	case "played":
		return desk.Played, true
	case "failed":
		return desk.Failed, true
	}
	return "", false
}

// unsupportedLine says what the customer sent that WhatsApp doesn't pass on.
// They did write, so it counts like any message.
func (m *message) unsupportedLine() string {
	var n struct {
		Type scalar `json:"type"`
	}
	read(m.node("unsupported"), &n)
	code, _ := firstProblem(m.Errors)
	if code == 131060 {
		return "A message that isn't available here at present. Ask the customer to send it again."
	}
	kind := string(n.Type)
	what, ok := map[string]string{
		"button":            "A button",
		"edit":              "A changed message",
		"gif":               "A GIF",
		"group_invite":      "An invitation to a group",
		"hsm":               "A template message",
		"image":             "A photo of a kind",
		"interactive":       "An interactive message",
		"keep_in_chat":      "A note to keep a message",
		"link_preview":      "A link preview",
		"list":              "A list",
		"location":          "A live location",
		"media_placeholder": "A file",
		"order":             "An order",
		"pin":               "A pinned message",
		"poll_creation":     "A poll",
		"poll_update":       "A vote in a poll",
		"product":           "A product",
		"reaction":          "A reaction",
	}[kind]
	switch {
	case ok:
		return what + ", which WhatsApp doesn't pass on."
	case kind != "" && kind != "errors":
		return "A message (" + clip(kind, maxWord) + ") that WhatsApp doesn't pass on."
	}
	return "A message of a kind that WhatsApp doesn't pass on."
}

// bodilessLine stands for a message that came without its content.
func (m *message) bodilessLine(t desk.MessageType) string {
	line := "A message (" + string(t) + ") came without its content."
	if _, details := firstProblem(m.Errors); details != "" {
		line += " WhatsApp says: " + clip(strings.TrimSpace(details), 300)
	}
	return line
}
