package store

import (
	"errors"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestSignInsAreNamedAndPasswordsGo names the machine of one sign-in among two,
// and takes one of two passwords away.
func TestSignInsAreNamedAndPasswordsGo(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *Store) {
		err := s.Write(t.Context(), func(tx *Tx) error {
			for _, id := range []desk.MemberID{"u_1", "u_2"} {
				if err := tx.PutMember(desk.Member{ID: id, Name: string(id), Email: string(id) + "@example.com", Role: desk.RoleAgent}); err != nil {
					return err
				}
				if err := tx.SetPasswordHash(id, "hash of "+string(id)); err != nil {
					return err
				}
				if err := tx.PutSession(Session{ID: "s_" + string(id), Member: id, TokenHash: []byte(id), Host: "laptop"}); err != nil {
					return err
				}
			}
			if err := tx.NameSession("s_u_1", "desktop"); err != nil {
				return err
			}
			return tx.DeletePasswordHash("u_1")
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Read(t.Context(), func(tx *Tx) error {
			for id, host := range map[desk.MemberID]string{"u_1": "desktop", "u_2": "laptop"} {
				list, err := tx.SessionsOf(id)
				if err != nil || len(list) != 1 || list[0].Host != host {
					t.Errorf("%s: %+v, %v", id, list, err)
				}
			}
			if _, err := tx.PasswordHash("u_1"); !errors.Is(err, ErrNotFound) {
				t.Errorf("the password is still there: %v", err)
			}
			if hash, err := tx.PasswordHash("u_2"); hash != "hash of u_2" {
				t.Errorf("the other's: %q, %v", hash, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
