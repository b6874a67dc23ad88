package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/cmd/internal/rolefile"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestReplaceFile writes through a link into a file that keeps its mode.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "roles.toml"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("one"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("roles.toml", link); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(file) // somebody who reads it meanwhile
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	is := func(want string, files int) {
		t.Helper()
		got, err := os.ReadFile(file)
		if info, _ := os.Stat(file); err != nil || string(got) != want || info.Mode().Perm() != 0o640 {
			t.Errorf("the file says %q (%v, %v), want %q", got, info.Mode(), err, want)
		}
		if all, _ := os.ReadDir(dir); len(all) != files {
			t.Errorf("beside it: %v", all)
		}
	}
	if err := replaceFile(link, []byte("one"), []byte("two")); err != nil {
		t.Fatal(err)
	}
	is("two", 2)
	if to, err := os.Readlink(link); to != "roles.toml" {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	before := make([]byte, 3)
	if n, err := open.Read(before); string(before[:n]) != "one" {
		t.Errorf("who had it open reads %q: %v", before[:n], err)
	}
	if err := replaceFile(file, []byte("one"), []byte("three")); !errors.Is(err, errEdited) {
		t.Errorf("edited meanwhile: %v", err)
	}
	is("two", 2)
}

// TestRenumberLeavesAnEditedFile changes the file while the desk does what it
// said before.
func TestRenumberLeavesAnEditedFile(t *testing.T) {
	const text = "[role.night]\nversion = 3\nname = \"Night\"\nrank = 30\n"
	name := filepath.Join(t.TempDir(), "roles.toml")
	f, err := rolefile.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan := rolefile.Plan{Steps: []rolefile.Step{{Change: desk.RoleChange{Role: "night", Seen: 3}}}}
	for was, want := range map[string][2]string{
		text:                {strings.Replace(text, "3", "4", 1), "are those of the desk again."},
		text + "# edited\n": {text + "# edited\n", "changed in the meantime and is left as it is. Write the new versions into it: night 4."},
	} {
		if err := os.WriteFile(name, []byte(was), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := (&program{stdout: &out}).renumber(f, plan); err != nil {
			t.Fatal(err)
		}
		if now, _ := os.ReadFile(name); string(now) != want[0] || !strings.Contains(out.String(), want[1]) {
			t.Errorf("%s%s", out.String(), now)
		}
	}
}

func TestEither(t *testing.T) {
	for want, names := range map[string][]string{"Ana": {"Ana"}, "Ana or Ben": {"Ana", "Ben"}, "Ana, Ben or Cho": {"Ana", "Ben", "Cho"}} {
		if got := either(names); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
