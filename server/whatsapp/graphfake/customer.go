package graphfake

import (
	"maps"
	"strings"
	"time"
)

// Customer is someone who writes to the business.
type Customer struct {
	Name     string
	WAID     string // digits
	UserID   string // business-scoped; empty in older versions
	Username string
	Language string // "en", "pt": which lines [Fake.Talk] plays
	// HidesPhone leaves the number out of what is delivered; UserID must be set.
	HidesPhone bool
	NoReceipts bool // never sends "read"
	Refuses    int  // every message to them fails later with this code; 0: none does
	Temper     Temper
}

// Temper is how a customer behaves when they are let talk. Zero is average.
type Temper struct {
	Patience time.Duration // how long until they ask whether anybody is there; default a minute and a half
	Slowness float64       // times the usual time to read and answer; default 1
	Quiet    bool          // seldom answers what needs no answer
}

// Add makes customers known. One with the same number or user id is replaced,
// and what they wrote last stays known.
func (f *Fake) Add(cs ...Customer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range cs {
		f.known(c)
	}
}

// known returns the person behind a customer. The caller holds f.mu.
func (f *Fake) known(c Customer) *person {
	p := f.customers[key(c)]
	if p == nil {
		p = &person{tokens: pairBurst}
		f.byName = append(f.byName, p)
	}
	p.Customer = c
	if c.WAID != "" {
		f.customers[c.WAID] = p
	}
	if c.UserID != "" {
		f.customers[c.UserID] = p
	}
	return p
}

func key(c Customer) string {
	if c.WAID != "" {
		return c.WAID
	}
	return c.UserID
}

// Customers returns who is known, in the order in which they were added.
func (f *Fake) Customers() []Customer {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Customer, 0, len(f.byName))
	for _, p := range f.byName {
		out = append(out, p.Customer)
	}
	return out
}

type object = map[string]any

// Message is something that a customer does, in WhatsApp's words. The functions
// [Text], [Image] and so on make them; any other kind can be made by hand.
type Message struct {
	ID      string    // given when it is delivered, if empty
	At      time.Time // zero: the moment of delivery
	Type    string
	Node    any // what stands under the key Type; nil: nothing does
	Context map[string]any
	Extra   map[string]any // further keys of the message
	media   *sample
}

// Sent returns m with a time of its own.
func (m Message) Sent(at time.Time) Message { m.At = at; return m }

// LastReply stands for the id of the last message that the customer got, where
// an id is asked for.
const LastReply = "last-reply"

// Quoting returns m as an answer to the message with this id.
func (m Message) Quoting(id string) Message {
	m.Context = object{"id": id}
	return m
}

// Forwarded returns m as something passed on.
func (m Message) Forwarded() Message { m.Context = object{"forwarded": true}; return m }

// With returns m with one more key.
func (m Message) With(key string, value any) Message {
	extra := maps.Clone(m.Extra)
	if extra == nil {
		extra = object{}
	}
	extra[key] = value
	m.Extra = extra
	return m
}

// FromAd returns m as the first message after a tap on an ad.
func (m Message) FromAd(headline string) Message {
	return m.With("referral", object{"source_url": "https://fb.me/3cr4Wqqkv", "source_id": "120226305854810726",
		"source_type": "ad", "headline": headline, "body": "Chat with us", "media_type": "image",
		"image_url": "https://example.com/ad.jpg", "ctwa_clid": "Aff-n8ZTODiE79d22KtAwQKj9e"})
}

// Text is a plain message.
func Text(body string) Message { return Message{Type: "text", Node: object{"body": body}} }

// Image is a photo; the caption may be empty.
func Image(caption string) Message {
	return mediaMessage("image", "image/jpeg", object{"caption": caption})
}

// Video is a short film; the caption may be empty.
func Video(caption string) Message {
	return mediaMessage("video", "video/mp4", object{"caption": caption})
}

// Voice is a voice note.
func Voice() Message {
	return mediaMessage("audio", "audio/ogg; codecs=opus", object{"voice": true})
}

// Document is a file.
func Document(filename, caption string) Message {
	return mediaMessage("document", "application/pdf", object{"filename": filename, "caption": caption})
}

// Sticker is a sticker.
func Sticker() Message { return mediaMessage("sticker", "image/webp", object{"animated": false}) }

func mediaMessage(kind, mime string, node object) Message {
	if node["caption"] == "" {
		delete(node, "caption")
	}
	node["mime_type"] = mime
	return Message{Type: kind, Node: node, media: &sample{kind, mime}}
}

// Location is a place; name and address may be empty.
func Location(latitude, longitude float64, name, address string) Message {
	n := object{"latitude": latitude, "longitude": longitude}
	if name != "" {
		n["name"] = name
	}
	if address != "" {
		n["address"] = address
	}
	return Message{Type: "location", Node: n}
}

// Contact is a contact card; phone is as people write it.
func Contact(name, phone string) Message {
	first, last, _ := strings.Cut(name, " ")
	return Message{Type: "contacts", Node: []any{object{
		"name":   object{"formatted_name": name, "first_name": first, "last_name": last},
		"phones": []any{object{"phone": phone, "wa_id": onlyDigits(phone), "type": "CELL"}},
	}}}
}

// Reaction is an emoji on a message; an empty one takes it back.
func Reaction(to, emoji string) Message {
	n := object{"message_id": to}
	if emoji != "" {
		n["emoji"] = emoji
	}
	return Message{Type: "reaction", Node: n}
}

// ButtonReply is a tap on a button of an interactive message.
func ButtonReply(id, title string) Message {
	return Message{Type: "interactive", Node: object{"type": "button_reply", "button_reply": object{"id": id, "title": title}}}
}

// ListReply is a choice from a list.
func ListReply(id, title, description string) Message {
	return Message{Type: "interactive", Node: object{"type": "list_reply", "list_reply": object{"id": id, "title": title, "description": description}}}
}

// Form is a filled-in flow; response is JSON.
func Form(response string) Message {
	return Message{Type: "interactive", Node: object{"type": "nfm_reply", "nfm_reply": object{"name": "flow", "body": "Sent", "response_json": response}}}
}

// QuickReply is a tap on a button of a template.
func QuickReply(payload, text string) Message {
	return Message{Type: "button", Node: object{"payload": payload, "text": text}}
}

// Item is a line of an order.
type Item struct {
	SKU      string
	Quantity int
	Price    float64
}

// Order is a cart in pounds; note may be empty.
func Order(note string, items ...Item) Message {
	lines := make([]any, 0, len(items))
	for _, it := range items {
		lines = append(lines, object{"product_retailer_id": it.SKU, "quantity": it.Quantity, "item_price": it.Price, "currency": "GBP"})
	}
	n := object{"catalog_id": "700112233445566", "product_items": lines}
	if note != "" {
		n["text"] = note
	}
	return Message{Type: "order", Node: n}
}

// Unsupported is something that WhatsApp doesn't pass on: "poll_creation".
func Unsupported(kind string) Message {
	return Message{Type: "unsupported", Node: object{"type": kind}}.With("errors", []any{object{
		"code": 131051, "title": "Message type unknown", "message": "Message type unknown",
		"error_data": object{"details": "Message type is currently not supported."}}})
}

// NumberChange is the notice that the customer has another number now.
func NumberChange(name, from, to string) Message {
	return Message{Type: "system", Node: object{"body": "User " + name + " changed from " + from + " to " + to,
		"wa_id": to, "type": "user_changed_number"}}
}

// Edit changes an earlier text; Revoke takes a message back.
func Edit(original, body string) Message {
	return Message{Type: "edit", Node: object{"original_message_id": original,
		"message": object{"type": "text", "text": object{"body": body}}}}
}

// Revoke takes an earlier message back.
func Revoke(original string) Message {
	return Message{Type: "revoke", Node: object{"original_message_id": original}}
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
