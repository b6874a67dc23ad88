package store

import (
	"errors"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// The kinds of identity, by how sure they are: a business-scoped id never
// changes hands, a phone number may, a parent's id can stand for several.
const (
	kindUser   = "user_id"
	kindWA     = "wa_id"
	kindParent = "parent_user_id"
)

type identity struct{ kind, value string }

// identities lists what an identity names, surest first.
func identities(id desk.Identity) []identity {
	var list []identity
	for _, i := range []identity{{kindUser, id.UserID}, {kindWA, id.WAID}, {kindParent, id.ParentUserID}} {
		if i.value != "" {
			list = append(list, i)
		}
	}
	return list
}

// ContactByIdentity finds a contact by the surest of the ids that is known.
func (t *Tx) ContactByIdentity(ch desk.ChannelID, id desk.Identity) (desk.Contact, error) {
	for _, i := range identities(id) {
		c, err := scanContact(t.row(`SELECT c.id, c.name, c.phone, c.username, c.user_id FROM identity i JOIN contact c ON c.id = i.contact
			WHERE i.channel = $1 AND i.kind = $2 AND i.value = $3`, string(ch), i.kind, i.value))
		if !errors.Is(err, ErrNotFound) {
			return c, wrap("read a contact", err)
		}
	}
	return desk.Contact{}, wrap("read a contact", ErrNotFound)
}

func scanContact(s scanner) (c desk.Contact, err error) {
	err = s.Scan(&c.ID, &c.Name, &c.Phone, &c.Username, &c.UserID)
	return c, err
}

// PutContact stores a contact, new or changed. Its conversations show it from
// then on.
func (t *Tx) PutContact(c desk.Contact) error {
	_, err := t.exec(`INSERT INTO contact (id, name, phone, username, user_id) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, phone = excluded.phone, username = excluded.username, user_id = excluded.user_id`,
		string(c.ID), c.Name, c.Phone, c.Username, c.UserID)
	return wrap("store a contact", err)
}

// AddIdentity gives a contact the ids that are named. One that belongs to a
// contact already stays there.
func (t *Tx) AddIdentity(ch desk.ChannelID, c desk.ContactID, id desk.Identity) error {
	return t.putIdentity(`ON CONFLICT (channel, kind, value) DO NOTHING`, ch, c, id)
}

// MoveIdentity gives a contact the ids that are named, taking them from whoever
// has them, and makes them its newest.
func (t *Tx) MoveIdentity(ch desk.ChannelID, c desk.ContactID, id desk.Identity) error {
	return t.putIdentity(`ON CONFLICT (channel, kind, value) DO UPDATE SET contact = excluded.contact, ord = excluded.ord`, ch, c, id)
}

func (t *Tx) putIdentity(conflict string, ch desk.ChannelID, c desk.ContactID, id desk.Identity) error {
	for _, i := range identities(id) {
		_, err := t.exec(`INSERT INTO identity (channel, kind, value, contact, ord) VALUES ($1, $2, $3, $4,
			(SELECT coalesce(max(o.ord), 0) + 1 FROM identity o WHERE o.contact = $4 AND o.channel = $1)) `+conflict,
			string(ch), i.kind, i.value, string(c))
		if err != nil {
			return wrap("store an identity", err)
		}
	}
	return nil
}

// IdentityOf returns the newest id of each kind that a contact has on a channel;
// [ErrNotFound] when it has none.
func (t *Tx) IdentityOf(ch desk.ChannelID, c desk.ContactID) (desk.Identity, error) {
	list, err := all(t, scanIdentity, `SELECT kind, value FROM identity WHERE contact = $1 AND channel = $2 ORDER BY ord`, string(c), string(ch))
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	var id desk.Identity
	for _, i := range list {
		switch i.kind {
		case kindUser:
			id.UserID = i.value
		case kindWA:
			id.WAID = i.value
		case kindParent:
			id.ParentUserID = i.value
		}
	}
	return id, wrap("read a contact's identity", err)
}

func scanIdentity(s scanner) (i identity, err error) {
	err = s.Scan(&i.kind, &i.value)
	return i, err
}
