package whatsapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// maxLines bounds what one message can fill the screen with; the rest is in the
// raw message.
const maxLines = 100

// locationLine is "London Eye, Riverside Building, London (51.5033, -0.1196)".
func locationLine(raw json.RawMessage) string {
	var n struct {
		Latitude  scalar `json:"latitude"`
		Longitude scalar `json:"longitude"`
		Name      scalar `json:"name"`
		Address   scalar `json:"address"`
	}
	read(raw, &n)
	text := joined(", ", string(n.Name), string(n.Address))
	if n.Latitude == "" || n.Longitude == "" {
		return text
	}
	point := clip(string(n.Latitude), 32) + ", " + clip(string(n.Longitude), 32)
	if text == "" {
		return point
	}
	return text + " (" + point + ")"
}

// contactLines has a line for each card: name, numbers, addresses, firm.
func contactLines(raw json.RawMessage) string {
	var cards list
	_ = cards.UnmarshalJSON(raw)
	type phone struct {
		Phone scalar `json:"phone"`
		WAID  scalar `json:"wa_id"`
	}
	type email struct {
		Email scalar `json:"email"`
	}
	type card struct {
		Name struct {
			Formatted scalar `json:"formatted_name"`
			First     scalar `json:"first_name"`
			Last      scalar `json:"last_name"`
		} `json:"name"`
		Phones list `json:"phones"`
		Emails list `json:"emails"`
		Org    struct {
			Company scalar `json:"company"`
		} `json:"org"`
	}
	var lines []string
	for _, c := range each[card](cards) {
		name := string(c.Name.Formatted)
		if name == "" {
			name = joined(" ", string(c.Name.First), string(c.Name.Last))
		}
		parts := []string{name}
		for _, p := range each[phone](c.Phones) {
			parts = append(parts, first(string(p.Phone), plus(string(p.WAID))))
		}
		for _, e := range each[email](c.Emails) {
			parts = append(parts, string(e.Email))
		}
		parts = append(parts, string(c.Org.Company))
		lines = append(lines, joined(", ", parts...))
	}
	return joinLines(lines)
}

// interactiveLine is what the customer tapped, or the form they filled in.
func interactiveLine(raw json.RawMessage) string {
	type tapped struct {
		Title scalar `json:"title"`
		ID    scalar `json:"id"`
	}
	var n struct {
		Type   scalar `json:"type"`
		Button tapped `json:"button_reply"`
		List   tapped `json:"list_reply"`
		Form   struct {
			Body     scalar          `json:"body"`
			Response scalar          `json:"response_json"`
			Object   json.RawMessage `json:"response_object"`
		} `json:"nfm_reply"`
		Call struct {
			Response scalar `json:"response"`
		} `json:"call_permission_reply"`
	}
	if !read(raw, &n) {
		return ""
	}
	switch n.Type {
	case "button_reply":
		return first(string(n.Button.Title), string(n.Button.ID))
	case "list_reply":
		return first(string(n.List.Title), string(n.List.ID))
	case "nfm_reply":
		return first(formLines(string(n.Form.Response)), string(n.Form.Body), "Sent a form.")
	case "call_permission_reply":
		return "Answered whether we may call: " + first(string(n.Call.Response), "no word given") + "."
	}
	return fmt.Sprintf("An answer of a kind that this desk doesn't know yet (%s).", first(clip(string(n.Type), maxWord), "interactive"))
}

// formLines has a line "key: value" for each field, in the form's own order.
// flow_token is the form's own business and is left out.
func formLines(response string) string {
	d := json.NewDecoder(strings.NewReader(response))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return response
	}
	var lines []string
	for d.More() && len(lines) < maxLines {
		key, err := d.Token()
		if err != nil {
			return response
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return response
		}
		if key == "flow_token" {
			continue
		}
		lines = append(lines, fmt.Sprintf("%v: %s", key, plain(value)))
	}
	return joinLines(lines)
}

// plain is a JSON value as a person writes it: strings without quotes, lists
// with commas, the rest as it is.
func plain(raw json.RawMessage) string {
	var items list
	if _ = items.UnmarshalJSON(raw); items != nil {
		words := make([]string, 0, len(items))
		for _, it := range items {
			words = append(words, plain(it))
		}
		return strings.Join(words, ", ")
	}
	var s scalar
	if _ = s.UnmarshalJSON(raw); s != "" {
		return string(s)
	}
	if isObject(raw) {
		var b bytes.Buffer
		_ = json.Compact(&b, raw)
		return b.String()
	}
	return ""
}

func buttonLine(raw json.RawMessage) string {
	var n struct {
		Text    scalar `json:"text"`
		Payload scalar `json:"payload"`
	}
	read(raw, &n)
	return first(string(n.Text), string(n.Payload))
}

// orderLines has a line for each item: "2 × SKU-12 at 9.5 GBP". The price is the
// text that came: a price is no float.
func orderLines(raw json.RawMessage) string {
	var n struct {
		Text  scalar `json:"text"`
		Items list   `json:"product_items"`
	}
	read(raw, &n)
	type item struct {
		SKU      scalar `json:"product_retailer_id"`
		Quantity scalar `json:"quantity"`
		Price    scalar `json:"item_price"`
		Currency scalar `json:"currency"`
	}
	var lines []string
	for _, it := range each[item](n.Items) {
		line := first(clip(string(it.Quantity), 32), "?") + " × " + first(string(it.SKU), "unnamed item")
		if it.Price != "" {
			line += " at " + joined(" ", clip(string(it.Price), 32), clip(string(it.Currency), 8))
		}
		lines = append(lines, line)
	}
	if n.Text != "" {
		lines = append(lines, string(n.Text))
	}
	return joinLines(lines)
}

// system is a notice: the customer has another number or another user id now.
func (m *message) system(out *desk.IncomingMessage) {
	var n struct {
		Body         scalar `json:"body"`
		Type         scalar `json:"type"`
		WAID         scalar `json:"wa_id"`
		NewWAID      scalar `json:"new_wa_id"`
		UserID       scalar `json:"user_id"`
		ParentUserID scalar `json:"parent_user_id"`
		Previous     scalar `json:"previous_user_id"`
	}
	read(m.node("system"), &n)
	out.Silent = true
	out.Text = first(string(n.Body), "WhatsApp sent a notice without words.")
	if n.Type == "customer_identity_changed" {
		return
	}
	if n.Previous != "" {
		out.From.UserID = clip(string(n.Previous), maxID)
	}
	moved := desk.Identity{
		WAID:         first(number(n.WAID), number(n.NewWAID)),
		UserID:       clip(string(n.UserID), maxID),
		ParentUserID: clip(string(n.ParentUserID), maxID),
	}
	sameNumber := moved.WAID == "" || moved.WAID == out.From.WAID
	sameUser := moved.UserID == "" || moved.UserID == out.From.UserID
	if sameNumber && sameUser {
		return
	}
	out.Moved = &moved
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func joined(sep string, words ...string) string {
	var kept []string
	for _, w := range words {
		if w = strings.TrimSpace(w); w != "" {
			kept = append(kept, clip(w, 1024))
		}
	}
	return strings.Join(kept, sep)
}

func joinLines(lines []string) string {
	if n := len(lines); n > maxLines {
		lines = append(lines[:maxLines:maxLines], fmt.Sprintf("… and %d more", n-maxLines))
	}
	return strings.Join(lines, "\n")
}

func plus(number string) string {
	if digits(number) {
		return "+" + number
	}
	return number
}
