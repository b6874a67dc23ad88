package store

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// missing checks that a row isn't there, and says so.
func missing(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", what, err)
	}
}

func TestLog(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		e := Entry{Session: "s1", Addr: "192.0.2.1", Detail: json.RawMessage(`{"why":"because"}`), Event: desk.Event{
			At: at(1), Kind: desk.ConversationClaimed, Actor: "ana",
			Conversation: &desk.Conversation{ID: 7, Status: desk.StatusOpen, LastAt: at(1), Labels: []string{"vip"}},
			Before:       &desk.Facts{Status: desk.StatusOpen, Unread: 2},
			Messages:     []desk.Message{{ID: "m", At: at(1), Text: "hello\x1b[31m"}},
		}}
		write(t, s, func(tx *Tx) error {
			_, err := tx.Append(e)
			return errors.Join(err, appendOne(tx))
		})
		read(t, s, func(tx *Tx) error {
			list, err := tx.Entries(0, 1)
			e.Seq = 1
			same(t, "entry", list, []Entry{e})
			rest, err2 := tx.Entries(1, 10)
			same(t, "after it", len(rest), 1)
			none, err3 := tx.Entries(2, 10)
			same(t, "after the head", len(none), 0)
			return errors.Join(err, err2, err3)
		})
	})
}

func TestMembers(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		ana := desk.Member{ID: "1", Name: "Ana", Email: "Ana@Example.org", Role: desk.RoleOwner, Teams: []desk.TeamID{"red", "blue"}}
		ben := desk.Member{ID: "2", Name: "Ben", Role: desk.RoleOwner, Suspended: true}
		cho := desk.Member{ID: "3", Name: "Cho", Role: desk.RoleAgent}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.PutMember(ben), tx.PutMember(desk.Member{ID: "1", Name: "An", Role: desk.RoleViewer}), tx.PutMember(ana), tx.PutMember(cho),
				tx.PutTeam(desk.Team{ID: "red", Name: "Old"}), tx.PutTeam(desk.Team{ID: "blue", Name: "Blue"}), tx.PutTeam(desk.Team{ID: "red", Name: "Red"}))
		})
		read(t, s, func(tx *Tx) error {
			list, err := tx.Members()
			same(t, "members", list, []desk.Member{ana, ben, cho})
			one, err2 := tx.Member("1")
			same(t, "member", one, ana)
			byMail, err3 := tx.MemberByEmail(" ana@example.ORG ")
			same(t, "by email", byMail, ana)
			_, none := tx.MemberByEmail("")
			missing(t, "no email", none)
			_, none = tx.Member("4")
			missing(t, "no member", none)
			_, none = tx.Actor("4")
			missing(t, "no actor", none)
			_, none = tx.Role("4")
			missing(t, "no role", none)
			teams, err4 := tx.Teams()
			same(t, "teams", teams, []desk.Team{{ID: "blue", Name: "Blue"}, {ID: "red", Name: "Red"}})
			owners, err5 := tx.Owners()
			same(t, "owners", owners, 1)
			a, err6 := tx.Actor("1")
			same(t, "actor", a, desk.Actor{Member: ana, Role: desk.BuiltInRoles()[0]})
			return errors.Join(err, err2, err3, err4, err5, err6)
		})
		cho.Email = "ANA@example.org"
		if err := s.Write(within(t), func(tx *Tx) error { return tx.PutMember(cho) }); !errors.Is(err, ErrTaken) {
			t.Errorf("an address that is taken: %v", err)
		}
	})
}

func TestSessions(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		sign := func(id string, minute int) Session {
			return Session{ID: id, Member: "ana", TokenHash: []byte{0, 0xff, byte(minute)}, Program: "test", Addr: "::1",
				CreatedAt: at(minute), SeenAt: at(minute), ExpiresAt: at(minute + 60)}
		}
		write(t, s, func(tx *Tx) error {
			_, none := tx.PasswordHash("ana")
			missing(t, "no password", none)
			return errors.Join(tx.PutMember(desk.Member{ID: "ana", Role: desk.RoleAgent}), tx.SetPasswordHash("ana", "one"), tx.SetPasswordHash("ana", "two"),
				tx.PutSession(sign("b", 2)), tx.PutSession(sign("a", 1)), tx.PutSession(sign("c", 3)), tx.TouchSession("b", at(9)))
		})
		count := func(tx *Tx, want int) error {
			n, err := tx.CountSessions("ana")
			same(t, "sign-ins", n, want)
			return err
		}
		write(t, s, func(tx *Tx) error {
			hash, err := tx.PasswordHash("ana")
			same(t, "password", hash, "two")
			got, err2 := tx.SessionByToken([]byte{0, 0xff, 2})
			want := sign("b", 2)
			want.SeenAt = at(9)
			same(t, "sign-in", got, want)
			_, none := tx.SessionByToken([]byte("x"))
			missing(t, "no sign-in", none)
			return errors.Join(err, err2, count(tx, 3), tx.DeleteOldestSession("ana"), count(tx, 2))
		})
		write(t, s, func(tx *Tx) error {
			_, none := tx.SessionByToken([]byte{0, 0xff, 1})
			missing(t, "the oldest", none)
			return errors.Join(tx.DeleteSession("c"), count(tx, 1), tx.DeleteSessionsOf("ana"), count(tx, 0))
		})
	})
}

func TestContacts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		k := desk.Contact{ID: "k", Name: "Kim\x00 \xff", Phone: "+441", Username: "kim", UserID: "U1"}
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.PutContact(desk.Contact{ID: "k"}), tx.PutContact(k), tx.PutContact(desk.Contact{ID: "o"}),
				tx.AddIdentity("wa", "k", desk.Identity{WAID: "441", UserID: "U1", ParentUserID: "P1"}),
				tx.AddIdentity("wa", "o", desk.Identity{WAID: "442", UserID: "U1"}),
				tx.AddIdentity("wa", "k", desk.Identity{WAID: "443"}))
		})
		k.Name = "Kim\uFFFD \uFFFD"
		by := func(tx *Tx, want desk.ContactID, id desk.Identity) {
			t.Helper()
			c, err := tx.ContactByIdentity("wa", id)
			if err != nil || c.ID != want {
				t.Errorf("%+v is %q, %v; want %q", id, c.ID, err, want)
			}
		}
		write(t, s, func(tx *Tx) error {
			by(tx, "k", desk.Identity{WAID: "442", UserID: "U1"}) // the surer id decides
			by(tx, "o", desk.Identity{WAID: "442", UserID: "new"})
			by(tx, "k", desk.Identity{ParentUserID: "P1"})
			c, err := tx.ContactByIdentity("wa", desk.Identity{WAID: "441"})
			same(t, "contact", c, k)
			_, none := tx.ContactByIdentity("other", desk.Identity{WAID: "441"})
			missing(t, "another channel", none)
			_, none = tx.ContactByIdentity("wa", desk.Identity{})
			missing(t, "no identity", none)
			_, none = tx.IdentityOf("wa", "x")
			missing(t, "identity of nobody", none)
			id, err2 := tx.IdentityOf("wa", "k")
			same(t, "identity", id, desk.Identity{WAID: "443", UserID: "U1", ParentUserID: "P1"})
			return errors.Join(err, err2, tx.MoveIdentity("wa", "k", desk.Identity{WAID: "441"}), tx.MoveIdentity("wa", "k", desk.Identity{WAID: "442"}))
		})
		read(t, s, func(tx *Tx) error {
			by(tx, "k", desk.Identity{WAID: "442"})
			id, err := tx.IdentityOf("wa", "k")
			same(t, "identity", id, desk.Identity{WAID: "442", UserID: "U1", ParentUserID: "P1"})
			return err
		})
	})
}

func putConversation(tx *Tx, contact desk.ContactID) (desk.ConversationID, error) {
	id, err := tx.NewConversationID()
	if err != nil {
		return 0, err
	}
	c := desk.Conversation{ID: id, Channel: "wa", Contact: desk.Contact{ID: contact}, Status: desk.StatusOpen, LastAt: at(0)}
	return id, errors.Join(tx.PutContact(c.Contact), tx.PutConversation(c, nil))
}

func TestConversations(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		var c desk.Conversation
		write(t, s, func(tx *Tx) error {
			first, err := putConversation(tx, "a")
			second, err2 := tx.NewConversationID()
			third, err3 := tx.NewConversationID()
			same(t, "numbers", []desk.ConversationID{first, second, third}, []desk.ConversationID{1, 2, 3})
			c = desk.Conversation{ID: second, Seq: 5, Channel: "wa", Contact: desk.Contact{ID: "k", Name: "Kim", Phone: "+44", Username: "kim", UserID: "U"},
				Status: desk.StatusOpen, Assignee: "ana", Team: "red", Labels: []string{"vip", "late"}, LastAt: at(3),
				Last:   desk.Last{Message: "m", Side: desk.SideTeam, Type: desk.TypeText, Author: "ana", Text: "hé", Delivery: desk.Sent},
				Unread: 2, WaitingSince: at(1), WindowUntil: at(99)}
			return errors.Join(err, err2, err3, tx.PutContact(c.Contact), tx.PutConversation(c, nil))
		})
		write(t, s, func(tx *Tx) error {
			got, err := tx.Conversation(c.ID)
			same(t, "conversation", got, c)
			of, err2 := tx.ConversationOf("wa", "k")
			same(t, "of the contact", of, c)
			_, none := tx.ConversationOf("other", "k")
			missing(t, "another channel", none)
			_, none = tx.Conversation(99)
			missing(t, "no conversation", none)
			before := c.Facts()
			c.Status, c.Assignee, c.Unread, c.Labels, c.WaitingSince, c.Contact.Name = desk.StatusResolved, "", 0, nil, time.Time{}, "Kimberly"
			return errors.Join(err, err2, tx.PutConversation(c, &before), tx.PutContact(c.Contact))
		})
		read(t, s, func(tx *Tx) error {
			got, err := tx.Conversation(c.ID)
			same(t, "changed", got, c)
			return err
		})
		for _, wrong := range []desk.Facts{{Status: desk.StatusOpen}, {Status: c.Status, Assignee: "x"}, {Status: c.Status, Team: "x"}, {Status: c.Status, Unread: 1, Team: c.Team}} {
			if s.Write(within(t), func(tx *Tx) error { return tx.PutConversation(c, &wrong) }) == nil {
				t.Errorf("%+v isn't stored, and was taken for the facts before", wrong)
			}
		}
	})
}

func TestMessages(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		m1 := desk.Message{ID: "m1", Conversation: 1, Seq: 1, At: at(1), Order: 1, Side: desk.SideCustomer, Type: desk.TypeImage,
			Text: strings.Repeat("é", desk.PreviewLimit+1), Media: &desk.Media{ID: "f", MIME: "image/png", Size: 9}}
		m2 := desk.Message{ID: "m2", Conversation: 1, Seq: 3, At: at(2), Order: 2, Side: desk.SideTeam, Type: desk.TypeText, Author: "ana", Text: "hello",
			Quote: &desk.Quote{Message: "m1"}, Ref: "r", Delivery: desk.Failed, SentAt: at(3), DeliveredAt: at(4), ReadAt: at(5), Problem: &desk.Problem{Code: 131, Text: "No."}}
		m3 := desk.Message{ID: "m3", Conversation: 1, Seq: 3, At: at(0), Order: 3, Side: desk.SideEvent, Type: "conversation.assigned", Author: "ana", To: "ben", ToTeam: "red"}
		m4 := desk.Message{ID: "m4", Conversation: 1, Seq: 4, At: at(6), Order: 4, Side: desk.SideCustomer, Type: desk.TypeSystem, Text: "moved"}
		m5 := desk.Message{ID: "m5", Conversation: 1, Seq: 5, At: at(6), Order: 5, Side: desk.SideCustomer, Type: desk.TypeReaction, Text: "+"}
		m6 := desk.Message{ID: "m6", Conversation: 1, Seq: 6, At: at(7), Order: 6, Side: desk.SideTeam, Type: desk.TypeText, Text: "from the phone"}
		write(t, s, func(tx *Tx) error {
			queued := m2
			queued.Delivery, queued.Problem, queued.Text = desk.Queued, nil, "x"
			for _, m := range []desk.Message{m1, queued, m3, m4, m5, m6} {
				if err := tx.PutMessage(m, json.RawMessage(`{"id":"`+string(m.ID)+`"}`)); err != nil {
					return err
				}
			}
			return errors.Join(tx.PutMessage(m2, nil), tx.SetSilent("m5"), tx.PutMessage(m5, nil))
		})
		m2.Quote = &desk.Quote{Message: "m1", Side: desk.SideCustomer, Text: strings.Repeat("é", desk.PreviewLimit)}
		var got []desk.Message
		thread := func(tx *Tx, before desk.Place, limit int, wantMore bool) []desk.Message {
			list, more, err := tx.Thread(1, before, limit)
			if err != nil || more != wantMore {
				t.Errorf("thread: more %v, %v", more, err)
			}
			return list
		}
		read(t, s, func(tx *Tx) error {
			same(t, "thread", thread(tx, desk.Place{}, 10, false), []desk.Message{m6, m5, m4, m2, m1, m3})
			got = thread(tx, desk.Place{}, 2, true)
			got = append(got, thread(tx, got[1].Place(), 2, true)...)
			got = append(got, thread(tx, got[3].Place(), 2, false)...)
			same(t, "thread by pages", got, []desk.Message{m6, m5, m4, m2, m1, m3})
			one, err := tx.Message("m2")
			same(t, "message", one, m2)
			raw, err2 := tx.Raw("m2")
			same(t, "raw", string(raw), `{"id":"m2"}`)
			_, none := tx.Message("m9")
			missing(t, "no message", none)
			since, err3 := tx.MessagesSince(1, 1, "ben")
			same(t, "since, to ben", since, []desk.Message{m2, m6})
			since, err4 := tx.MessagesSince(1, 1, "ana")
			same(t, "since, to ana", since, []desk.Message{m6})
			since, err7 := tx.MessagesSince(1, 1, "")
			same(t, "since, to nobody", since, []desk.Message{m2, m6})
			unread, err5 := tx.UnreadSince(1, 0)
			same(t, "unread", unread, 1)
			unread, err6 := tx.UnreadSince(1, 1)
			same(t, "unread after the first", unread, 0)
			return errors.Join(err, err2, err3, err4, err5, err6, err7)
		})
	})
}

// Messages of one entry can share a place; a page isn't cut between them, or the
// next one would begin after both.
func TestThreadTies(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		want := []desk.MessageID{"e", "d", "c", "b", "a"}
		write(t, s, func(tx *Tx) error {
			for i, id := range []desk.MessageID{"a", "b", "c", "d", "e"} {
				if err := tx.PutMessage(desk.Message{ID: id, Conversation: 1, At: at(0), Order: int64(max(1, min(i, 3)))}, nil); err != nil {
					return err
				}
			}
			return nil
		})
		read(t, s, func(tx *Tx) error {
			for limit := 1; limit <= 6; limit++ {
				var got []desk.MessageID
				var before desk.Place
				for more := true; more; {
					var list []desk.Message
					var err error
					if list, more, err = tx.Thread(1, before, limit); err != nil {
						return err
					}
					for _, m := range list {
						got = append(got, m.ID)
					}
					before = list[len(list)-1].Place()
				}
				same(t, "thread", got, want)
			}
			return nil
		})
	})
}

func TestExternals(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		added := make([]bool, 16)
		release := hold(t, s)
		done := make(chan error, len(added))
		for i := range added {
			go func() {
				done <- s.Write(within(t), func(tx *Tx) (err error) {
					added[i], err = tx.AddExternal("wa", "wamid.1", "m1")
					return err
				})
			}()
		}
		queued(t, s, len(added))
		release()
		for range added {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		same(t, "added", len(slices.DeleteFunc(added, func(b bool) bool { return !b })), 1)
	})
}

func TestProvidersIDs(t *testing.T) {
	eachStore(t, func(t *testing.T, s *Store) {
		in := func(id desk.MessageID, order int64) desk.Message {
			return desk.Message{ID: id, Conversation: 1, At: at(int(order)), Order: order, Side: desk.SideCustomer, Type: desk.TypeText}
		}
		write(t, s, func(tx *Tx) error {
			_, err := tx.AddExternal("wa", "x1", "m1")
			_, err2 := tx.AddExternal("wa", "a2", "m1")
			_, err3 := tx.AddExternal("wa", "x3", "m3")
			_, err4 := tx.AddExternal("other", "x1", "m3")
			return errors.Join(err, err2, err3, err4, tx.PutMessage(in("m1", 1), nil), tx.PutMessage(in("m2", 2), nil), tx.PutMessage(in("m3", 3), nil))
		})
		read(t, s, func(tx *Tx) error {
			newest, err := tx.External("m1")
			same(t, "newest", newest, "a2")
			_, none := tx.External("m2")
			missing(t, "no id", none)
			m, err2 := tx.MessageByExternal("wa", "x1")
			same(t, "by id", m, in("m1", 1))
			m, err3 := tx.MessageByExternal("other", "x1")
			same(t, "by id of another channel", m, in("m3", 3))
			_, none = tx.MessageByExternal("wa", "x9")
			missing(t, "unknown id", none)
			last, err4 := tx.LastInboundExternal(1, 2)
			same(t, "last inbound", last, "a2")
			last, err5 := tx.LastInboundExternal(1, 9)
			same(t, "last inbound of all", last == "x3" || last == "x1", true)
			_, none = tx.LastInboundExternal(1, 0)
			missing(t, "none yet", none)
			return errors.Join(err, err2, err3, err4, err5)
		})
	})
}
