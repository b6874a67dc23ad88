package store

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// eachStore runs a test on SQLite, and on Postgres when FRONTDESK_TEST_POSTGRES
// has a URL: each time on an empty database.
func eachStore(t *testing.T, f func(t *testing.T, s *Store)) {
	t.Helper()
	eachDSN(t, func(t *testing.T, dsn string) { f(t, open(t, dsn)) })
}

func eachDSN(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, sqliteDSN(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, postgresDSN(t)) })
}

func sqliteDSN(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "desk.db")
}

// postgresDSN makes a schema of the test's own, which is dropped with the test.
func postgresDSN(t testing.TB) string {
	t.Helper()
	base := os.Getenv("FRONTDESK_TEST_POSTGRES")
	if base == "" {
		t.Skip("FRONTDESK_TEST_POSTGRES isn't set: not tested on Postgres")
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("FRONTDESK_TEST_POSTGRES: %v", err)
	}
	schema := strings.ToLower(fmt.Sprintf("t%d_%d", os.Getpid(), time.Now().UnixNano()))
	admin(t, base, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { admin(t, base, "DROP SCHEMA "+schema+" CASCADE") })
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func admin(t testing.TB, dsn, query string) {
	t.Helper()
	c, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dsn string) *Store {
	t.Helper()
	s, err := Open(within(t), dsn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// within is a context that ends a test that hangs.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func write(t testing.TB, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.Write(within(t), f); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, s *Store, f func(*Tx) error) {
	t.Helper()
	if err := s.Read(within(t), f); err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// at is a moment of the tests' own day, in whole milliseconds.
func at(minute int) time.Time {
	return time.Date(2026, 3, 1, 9, 0, 0, 7e6, time.UTC).Add(time.Duration(minute) * time.Minute)
}

func TestOpenSeedsRoles(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		read(t, s, func(tx *Tx) error {
			roles, err := tx.Roles()
			if err != nil {
				return err
			}
			got := map[desk.RoleID]desk.Role{}
			for i, r := range roles {
				got[r.ID] = r
				if i > 0 && roles[i-1].Rank < r.Rank {
					t.Errorf("role %s stands below %s", roles[i-1].ID, r.ID)
				}
			}
			want := map[desk.RoleID]desk.Role{}
			for _, r := range desk.BuiltInRoles() {
				want[r.ID] = r
			}
			same(t, "roles", got, want)
			return nil
		})
		// A built-in role that an older program stored gets its present meaning; a
		// role of the desk's own stays.
		custom := desk.Role{ID: "night", Name: "Night", Rank: 30, Grants: map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll}}
		write(t, s, func(tx *Tx) error {
			agent, err := tx.Role(desk.RoleAgent)
			if err != nil {
				return err
			}
			delete(agent.Grants, desk.MessageReply)
			if err := tx.PutRole(custom); err != nil {
				return err
			}
			return tx.PutRole(agent)
		})
		again := open(t, dsn)
		read(t, again, func(tx *Tx) error {
			agent, err := tx.Role(desk.RoleAgent)
			if err != nil {
				return err
			}
			same(t, "agent's reply", agent.Scope(desk.MessageReply), desk.ScopeTeam)
			kept, err := tx.Role("night")
			same(t, "custom role", kept, custom)
			return err
		})
	})
}
