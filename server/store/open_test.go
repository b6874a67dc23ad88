package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReopen(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		s, err := Open(within(t), dsn, Options{})
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, appendOne)
		epoch := s.Epoch()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dsn)
		if epoch == "" || s.Epoch() != epoch {
			t.Errorf("epoch %q became %q", epoch, s.Epoch())
		}
		same(t, "head", gapFree(t, s), int64(1))
	})
}

func TestEpochsDiffer(t *testing.T) {
	if a, b := open(t, sqliteDSN(t)), open(t, sqliteDSN(t)); a.Epoch() == b.Epoch() {
		t.Error("two logs have the same epoch")
	}
}

// Several processes may open a new database at the same moment.
func TestOpenAtOnce(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		stores := make([]*Store, 4)
		var wg sync.WaitGroup
		for i := range stores {
			wg.Go(func() {
				s, err := Open(context.Background(), dsn, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				stores[i] = s
			})
		}
		wg.Wait()
		for _, s := range stores {
			if s == nil {
				continue
			}
			same(t, "epoch", s.Epoch(), stores[0].Epoch())
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestOpenNewerSchema(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		s, err := Open(within(t), dsn, Options{})
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, func(tx *Tx) error {
			applied := `1`
			if strings.HasPrefix(dsn, "postgres") {
				applied = `true`
			}
			_, err := tx.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, ` + applied + `)`)
			return err
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = Open(within(t), dsn, Options{})
		if err == nil {
			_ = s.Close()
			t.Fatal("a newer schema was opened")
		}
		if !strings.Contains(err.Error(), fmt.Sprintf("has schema 99 and this program knows %d; run a newer frontdeskd", schemaVersion())) {
			t.Error(err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	shared := filepath.Join(dir, "shared")
	must(t, os.Mkdir(shared, 0o700), os.Chmod(shared, 0o777))
	readable := filepath.Join(dir, "readable.db")
	must(t, os.WriteFile(readable, nil, 0o600), os.Chmod(readable, 0o644))
	for dsn, want := range map[string]string{
		"desk.db":                         `must be given as "sqlite:/path/file.db" or "postgres://…"`,
		"sqlite:":                         "needs a file",
		"sqlite::memory:":                 "needs a file",
		"sqlite:" + dir:                   "is a directory; give the path of a file",
		"sqlite:" + dir + "/no/desk.db":   "create it first",
		"sqlite:" + shared + "/desk.db":   "anyone may write to",
		"sqlite:" + readable:              "make it yours alone",
		"sqlite:" + readable + "/desk.db": "isn't a directory",
		"postgres://[":                    "read the database's URL",
	} {
		s, err := Open(within(t), dsn, Options{})
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", dsn, err, want)
		}
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// What an acknowledgement means hangs on these settings.
func TestSQLiteSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?#%20.db") // a name that isn't safe in a URL
	s := open(t, "sqlite:"+path)
	write(t, s, appendOne)
	settings := func(tx *Tx) map[string]string {
		got := map[string]string{}
		for _, p := range []string{"journal_mode", "synchronous", "foreign_keys", "busy_timeout", "wal_autocheckpoint", "query_only"} {
			var v string
			if err := tx.row("PRAGMA " + p).Scan(&v); err != nil {
				t.Errorf("%s: %v", p, err)
			}
			got[p] = v
		}
		return got
	}
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "0", "wal_autocheckpoint": "0", "query_only": "0"}
	write(t, s, func(tx *Tx) error { same(t, "writer", settings(tx), want); return nil })
	want["query_only"], want["busy_timeout"] = "1", "10000"
	read(t, s, func(tx *Tx) error {
		same(t, "reader", settings(tx), want)
		var v string
		err := tx.row("SELECT sqlite_version()").Scan(&v)
		var major, minor, patch int
		if _, err := fmt.Sscanf(v, "%d.%d.%d", &major, &minor, &patch); err != nil {
			t.Error(err)
		}
		// 3.51.3 mends a corruption of databases that several connections checkpoint.
		if slices.Compare([]int{major, minor, patch}, []int{3, 51, 3}) < 0 {
			t.Errorf("SQLite is %s, want 3.51.3 or newer", v)
		}
		return err
	})
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", suffix, info, err)
		}
	}
}

// modernc.org/libc is compiled against by the sqlite package's generated code:
// another version than the one it asks for has broken programs before.
func TestLibcVersion(t *testing.T) {
	list := func(args ...string) string {
		cmd := exec.Command("go", append([]string{"list", "-m"}, args...)...)
		out, err := cmd.Output()
		if err != nil {
			t.Skipf("go list: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
	mod, err := os.ReadFile(list("-f", "{{.GoMod}}", "modernc.org/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	ours := list("-f", "{{.Path}} {{.Version}}", "modernc.org/libc")
	if !slices.Contains(strings.FieldsFunc(string(mod), func(r rune) bool { return r == '\n' || r == '\t' }), ours) {
		t.Errorf("go.mod has %s, but modernc.org/sqlite asks for another version: change both together", ours)
	}
}

// A checkpoint empties the write-ahead log, and the writer makes one when the
// log has grown.
func TestCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.db")
	s := open(t, "sqlite:"+path)
	db := s.db.(*sqliteDB)
	grow := func() {
		for range 40 {
			write(t, s, func(tx *Tx) error {
				_, err := tx.exec(`INSERT INTO unhandled (at, why, raw) VALUES (0, '', $1)`, make([]byte, 512<<10))
				return err
			})
		}
	}
	grow()
	grow()
	if got := db.walSize(); got > walStep+walKeep+4<<20 {
		t.Errorf("the write-ahead log has %d bytes though nobody reads", got)
	}
	s.writer.close()
	c, err := db.connect(within(t), true)
	must(t, err, db.rest(within(t), c, idleLong))
	c.close()
	same(t, "size after a quiet moment", db.walSize(), int64(0))
}

// The two folders differ in types only.
func TestSchemasAgree(t *testing.T) {
	columns := map[string][]string{}
	eachStore(t, func(t *testing.T, s *Store) {
		query := `SELECT m.name, i.name FROM sqlite_master m JOIN pragma_table_info(m.name) i WHERE m.type = 'table'
			AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`
		if _, ok := s.db.(*postgresDB); ok {
			query = `SELECT table_name, column_name FROM information_schema.columns
				WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose%'`
		}
		read(t, s, func(tx *Tx) error {
			list, err := all(tx, func(r scanner) (string, error) {
				var table, column string
				err := r.Scan(&table, &column)
				return table + "." + column, err
			}, query)
			slices.Sort(list)
			columns[t.Name()] = list
			return err
		})
	})
	var first []string
	for name, list := range columns {
		if first == nil {
			first = list
		}
		if d := cmp.Diff(first, list); d != "" || len(list) < 50 {
			t.Errorf("%s: %d columns, %s", name, len(list), d)
		}
	}
}
