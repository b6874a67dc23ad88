package whatsapp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// message is what every kind of message has. The node of its own kind is read
// by the function for that kind.
type message struct {
	From         scalar `json:"from"`
	FromUserID   scalar `json:"from_user_id"`
	FromParentID scalar `json:"from_parent_user_id"`
	To           scalar `json:"to"`
	ToUserID     scalar `json:"to_user_id"`
	ToParentID   scalar `json:"to_parent_user_id"`
	GroupID      scalar `json:"group_id"`
	ID           scalar `json:"id"`
	Timestamp    scalar `json:"timestamp"`
	Type         scalar `json:"type"`
	Context      struct {
		ID                  scalar `json:"id"`
		Forwarded           scalar `json:"forwarded"`
		FrequentlyForwarded scalar `json:"frequently_forwarded"`
		Product             struct {
			ID scalar `json:"product_retailer_id"`
		} `json:"referred_product"`
	} `json:"context"`
	Referral struct {
		Type     scalar `json:"source_type"`
		URL      scalar `json:"source_url"`
		Headline scalar `json:"headline"`
	} `json:"referral"`
	Errors list `json:"errors"`

	nodes map[string]json.RawMessage
}

// node is the part of the message that is named like its type; nil when it has
// none.
func (m *message) node(name string) json.RawMessage {
	if raw := m.nodes[name]; string(raw) != "null" {
		return raw
	}
	return nil
}

func (d *decoder) message(raw json.RawMessage, people directory) {
	var m message
	if !read(raw, &m) || !read(raw, &m.nodes) {
		d.keep(whyJSON, raw)
		return
	}
	switch {
	case m.GroupID != "":
		d.keep(whyGroup, raw)
		return
	case m.ID == "" || len(m.ID) > maxID:
		d.keep(whyID, raw)
		return
	}
	from := people.identity(m.From, m.FromUserID, m.FromParentID)
	out := m.incoming(raw, from)
	if out.From.WAID == "" && out.From.UserID == "" {
		d.keep(whySender, raw)
		return
	}
	d.in.Messages = append(d.in.Messages, out)
}

// echo is what the business itself sent from its phone: the customer is in "to".
func (d *decoder) echo(raw json.RawMessage, people directory) {
	var m message
	if !read(raw, &m) || !read(raw, &m.nodes) {
		d.keep(whyJSON, raw)
		return
	}
	to := people.identity(m.To, m.ToUserID, m.ToParentID)
	switch {
	case m.GroupID != "":
		d.keep(whyGroup, raw)
	case m.ID == "" || len(m.ID) > maxID:
		d.keep(whyID, raw)
	case to.WAID == "" && to.UserID == "":
		d.keep(whySender, raw)
	default:
		out := m.incoming(raw, to)
		out.From, out.Moved, out.Echo = to, nil, true
		d.in.Messages = append(d.in.Messages, out)
	}
}

func (m *message) incoming(raw json.RawMessage, from desk.Identity) desk.IncomingMessage {
	out := desk.IncomingMessage{
		External: string(m.ID),
		From:     from,
		At:       m.Timestamp.time(),
		Type:     desk.MessageType(clip(string(m.Type), maxWord)),
		Quote:    clip(string(m.Context.ID), maxID),
		Raw:      raw,
	}
	m.content(&out)
	out.Text = clip(m.remark(out.Text), maxText)
	return out
}

// content fills Text, Media and what else follows from the type.
func (m *message) content(out *desk.IncomingMessage) {
	switch out.Type {
	case desk.TypeText:
		m.text(out)
	case desk.TypeImage, desk.TypeVideo, desk.TypeAudio, desk.TypeDocument, desk.TypeSticker:
		m.media(out)
	case desk.TypeLocation:
		out.Text = locationLine(m.node("location"))
	case desk.TypeContacts:
		out.Text = contactLines(m.node("contacts"))
	case desk.TypeReaction:
		m.reaction(out)
	case desk.TypeInteractive:
		out.Text = interactiveLine(m.node("interactive"))
	case desk.TypeButton:
		out.Text = buttonLine(m.node("button"))
	case desk.TypeOrder:
		out.Text = orderLines(m.node("order"))
	case desk.TypeSystem:
		m.system(out)
	case "edit":
		m.edit(out)
	case "revoke":
		m.revoke(out)
	case "request_welcome":
		out.Silent = true
		out.Text = "Opened the chat for the first time."
	case desk.TypeUnsupported, "unknown", "":
		out.Type = desk.TypeUnsupported
		out.Text = m.unsupportedLine()
	default:
		out.Text = "A message of a kind that this desk doesn't know yet (" + string(out.Type) + ")."
	}
	if out.Text == "" && out.Media == nil && out.Type != desk.TypeReaction {
		out.Text = m.bodilessLine(out.Type)
	}
}

func (m *message) text(out *desk.IncomingMessage) {
	var n struct {
		Body scalar `json:"body"`
	}
	read(m.node("text"), &n)
	out.Text = string(n.Body)
}

// media leaves Text empty when there is no caption: the screen shows a word for
// the type.
func (m *message) media(out *desk.IncomingMessage) {
	var n struct {
		ID       scalar `json:"id"`
		Caption  scalar `json:"caption"`
		MIME     scalar `json:"mime_type"`
		Filename scalar `json:"filename"`
		SHA256   scalar `json:"sha256"`
		Size     scalar `json:"file_size"`
		Voice    scalar `json:"voice"`
	}
	if !read(m.node(string(out.Type)), &n) {
		return
	}
	out.Text = string(n.Caption)
	if code, _ := firstProblem(m.Errors); code == 131052 && n.ID == "" {
		out.Text = strings.TrimSpace(out.Text + "\n[" + mediaWord(out.Type) + " that WhatsApp couldn't load; files over 100 MB are not passed on]")
	}
	out.Media = &desk.Media{
		ID:       clip(string(n.ID), maxID),
		MIME:     clip(string(n.MIME), maxName),
		Filename: clip(string(n.Filename), maxName),
		SHA256:   digest(string(n.SHA256)),
		Size:     max(0, n.Size.int()),
		Voice:    n.Voice.bool(),
	}
}

func mediaWord(t desk.MessageType) string {
	switch t {
	case desk.TypeImage:
		return "A photo"
	case desk.TypeVideo:
		return "A video"
	case desk.TypeAudio:
		return "A recording"
	case desk.TypeSticker:
		return "A sticker"
	}
	return "A document"
}

// digest is the hex form of a SHA-256 that is base64 in webhooks and has been
// seen as hex; empty for anything else.
func digest(s string) string {
	if b, err := hex.DecodeString(s); err == nil && len(b) == 32 {
		return strings.ToLower(s)
	}
	if b, err := base64.StdEncoding.DecodeString(s); err == nil && len(b) == 32 {
		return hex.EncodeToString(b)
	}
	return ""
}

// reaction quotes its target. No text means that an earlier one was taken back.
func (m *message) reaction(out *desk.IncomingMessage) {
	var n struct {
		MessageID scalar `json:"message_id"`
		Emoji     scalar `json:"emoji"`
	}
	read(m.node("reaction"), &n)
	out.Quote, out.Text = clip(string(n.MessageID), maxID), string(n.Emoji)
}

// edit and revoke come from numbers that are on the phone app as well. What was
// stored stays: the edit is a message of its own beside it.
func (m *message) edit(out *desk.IncomingMessage) {
	var n struct {
		Original scalar          `json:"original_message_id"`
		Message  json.RawMessage `json:"message"`
	}
	read(m.node("edit"), &n)
	inner := message{}
	body := desk.IncomingMessage{}
	if read(n.Message, &inner) && read(n.Message, &inner.nodes) && inner.Type != "edit" {
		body.Type = desk.MessageType(clip(string(inner.Type), maxWord))
		inner.content(&body)
	}
	out.Quote = clip(string(n.Original), maxID)
	out.Media = body.Media
	out.Text = "Edited: " + body.Text
	if body.Text == "" {
		out.Text = "Edited a message."
	}
}

func (m *message) revoke(out *desk.IncomingMessage) {
	var n struct {
		Original scalar `json:"original_message_id"`
	}
	read(m.node("revoke"), &n)
	out.Quote = clip(string(n.Original), maxID)
	out.Text = "Deleted a message on their side."
	out.Silent = true // nobody spoke
}

// remark adds what WhatsApp shows around a message: where the customer came
// from, and that the words aren't their own.
func (m *message) remark(text string) string {
	var lines []string
	if m.Referral.Type != "" || m.Referral.URL != "" {
		lines = append(lines, "["+referralLine(string(m.Referral.Type), string(m.Referral.Headline), string(m.Referral.URL))+"]")
	}
	if id := m.Context.Product.ID; id != "" {
		lines = append(lines, "[About product "+clip(string(id), maxWord)+"]")
	}
	if m.Context.Forwarded.bool() || m.Context.FrequentlyForwarded.bool() {
		lines = append(lines, "[Forwarded]")
	}
	if len(lines) == 0 {
		return text
	}
	return strings.TrimLeft(clip(text, maxText-4096)+"\n"+strings.Join(lines, "\n"), "\n")
}

func referralLine(kind, headline, link string) string {
	switch {
	case kind == "post" && headline != "":
		return "Came from the post “" + clip(headline, maxName) + "”"
	case headline != "":
		return "Came from the ad “" + clip(headline, maxName) + "”"
	}
	return strings.TrimSpace("Came from an ad or post " + clip(link, maxID))
}
