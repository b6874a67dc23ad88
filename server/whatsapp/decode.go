package whatsapp

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Words for [desk.Unhandled.Why].
const (
	whyJSON    = "json"    // not JSON, or not of this shape
	whyObject  = "object"  // not about a WhatsApp business account
	whyField   = "field"   // a webhook field that the desk doesn't act on
	whyChannel = "channel" // another business number
	whyTest    = "test"    // the dashboard's test button
	whyGroup   = "group"   // group chats have no place in the inbox
	whySender  = "sender"  // a message that says neither number nor user id
	whyID      = "id"      // a message or status without an id
	whyStatus  = "status"  // a status word that says nothing about delivery
	whyErrors  = "errors"  // what Meta reports about the number itself
	whyEmpty   = "empty"   // a change with nothing in it
)

const (
	maxName = 256
	maxWord = 64
	maxText = 64 << 10
	maxID   = 512
)

var errUnreadable = errors.New("whatsapp: the body isn't a WhatsApp delivery")

// Decode reads the body of a delivery for the number phoneNumberID, which is
// channel ch. Nothing is dropped: what isn't a message or a status of that
// number is in Other. The error tells that the body as a whole couldn't be read;
// the returned Incoming then carries it, and is to be stored all the same.
//
// Times are as Meta gave them; a missing or impossible one is zero.
func Decode(ch desk.ChannelID, phoneNumberID string, body []byte) (desk.Incoming, error) {
	d := decoder{channel: ch, phone: phoneNumberID}
	if !json.Valid(body) {
		d.keep(whyJSON, body)
		return d.in, errUnreadable
	}
	var top struct {
		Object scalar `json:"object"`
		Entry  list   `json:"entry"`
	}
	clean := bytes.ToValidUTF8(body, []byte("\uFFFD"))
	if !read(clean, &top) {
		d.keep(whyJSON, body)
		return d.in, errUnreadable
	}
	if top.Object != "whatsapp_business_account" {
		d.keep(whyObject, body)
		return d.in, errUnreadable
	}
	for _, raw := range top.Entry {
		d.entry(raw)
	}
	return d.in, nil
}

type decoder struct {
	channel desk.ChannelID
	phone   string
	in      desk.Incoming
}

func (d *decoder) keep(why string, raw []byte) {
	d.in.Other = append(d.in.Other, desk.Unhandled{Why: why, Raw: raw})
}

func (d *decoder) entry(raw json.RawMessage) {
	var e struct {
		ID      scalar `json:"id"`
		Changes list   `json:"changes"`
	}
	if !read(raw, &e) {
		d.keep(whyJSON, raw)
		return
	}
	for _, c := range e.Changes {
		d.change(string(e.ID), c)
	}
	if len(e.Changes) == 0 {
		d.keep(whyEmpty, raw)
	}
}

// value is what the fields we act on have in common.
type value struct {
	Metadata struct {
		PhoneNumberID scalar `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts list            `json:"contacts"`
	Messages list            `json:"messages"`
	Statuses list            `json:"statuses"`
	Echoes   list            `json:"message_echoes"`
	Errors   json.RawMessage `json:"errors"`
}

func (d *decoder) change(waba string, raw json.RawMessage) {
	var c struct {
		Field scalar          `json:"field"`
		Value json.RawMessage `json:"value"`
	}
	var v value
	if !read(raw, &c) {
		d.keep(whyJSON, raw)
		return
	}
	switch c.Field {
	case "messages", "smb_message_echoes", "message_echoes":
	default:
		d.keep(whyField, raw)
		return
	}
	if !read(c.Value, &v) {
		d.keep(whyJSON, raw)
		return
	}
	if string(v.Metadata.PhoneNumberID) != d.phone {
		d.keep(otherNumber(waba), raw)
		return
	}
	d.in.Channel = d.channel
	d.value(v, raw)
}

func otherNumber(waba string) string {
	if waba == "0" {
		return whyTest
	}
	return whyChannel
}

func (d *decoder) value(v value, raw json.RawMessage) {
	people := newDirectory(v.Contacts)
	for _, m := range v.Messages {
		d.message(m, people)
	}
	for _, m := range v.Echoes {
		d.echo(m, people)
	}
	for _, s := range v.Statuses {
		d.status(s, people)
	}
	if len(v.Errors) > 0 && string(v.Errors) != "null" {
		d.keep(whyErrors, v.Errors)
		return
	}
	if len(v.Messages)+len(v.Echoes)+len(v.Statuses) == 0 {
		d.keep(whyEmpty, raw)
	}
}

// profile is an element of contacts[].
type profile struct {
	Profile struct {
		Name     scalar `json:"name"`
		Username scalar `json:"username"`
	} `json:"profile"`
	WAID         scalar `json:"wa_id"`
	UserID       scalar `json:"user_id"`
	ParentUserID scalar `json:"parent_user_id"`
}

// directory finds the profile that goes with a message: contacts[] may be
// absent, shorter than messages[], and in another order.
type directory struct {
	byWAID, byUserID map[string]profile
}

func newDirectory(contacts list) directory {
	d := directory{map[string]profile{}, map[string]profile{}}
	for _, p := range each[profile](contacts) {
		if p.WAID != "" {
			d.byWAID[string(p.WAID)] = p
		}
		if p.UserID != "" {
			d.byUserID[string(p.UserID)] = p
		}
	}
	return d
}

// identity completes what a message says about its customer. The id in
// contacts[] is the better one where the two differ (Brazil's ninth digit): it
// is what the answer to a send carries, too; but only a profile that names this
// customer is believed.
func (d directory) identity(waid, userID, parent scalar) desk.Identity {
	id := desk.Identity{
		WAID:         number(waid),
		UserID:       clip(string(userID), maxID),
		ParentUserID: clip(string(parent), maxID),
	}
	p, ok := d.byUserID[string(userID)]
	if !ok {
		p, ok = d.byWAID[string(waid)]
	}
	if !ok {
		return id
	}
	if w := number(p.WAID); w != "" {
		id.WAID = w
	}
	if id.UserID == "" {
		id.UserID = clip(string(p.UserID), maxID)
	}
	if id.ParentUserID == "" {
		id.ParentUserID = clip(string(p.ParentUserID), maxID)
	}
	id.Name = clip(strings.TrimSpace(string(p.Profile.Name)), maxName)
	id.Username = clip(string(p.Profile.Username), maxName)
	return id
}

// number is a phone number as digits; empty for what has other things in it.
func number(s scalar) string {
	n := strings.TrimPrefix(string(s), "+")
	if !digits(n) || len(n) > 20 {
		return ""
	}
	return n
}
