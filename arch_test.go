// Package frontdesk_test holds the tree to its plan: who may import whom, how
// long a file may be, how a package may be called.
package frontdesk_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/frontdesk-inbox/frontdesk"

// rule says what a package may import besides the standard library.
type rule struct {
	ours    []string // packages of this module
	modules []string // other modules, by the start of their path
	because string
}

// rules names every package outside cmd. A package that isn't here has no place
// in the plan yet: give it one, and say why in docs/architecture.md.
var rules = map[string]rule{
	"desk": {because: "it is the vocabulary: everyone imports it, so it imports nobody"},
	"config": {modules: []string{"github.com/BurntSushi/toml"},
		because: "settings are plain values, and reading them pulls nothing in"},
	"client": {ours: []string{"desk"}, modules: []string{"github.com/gorilla/websocket", "github.com/oklog/ulid"},
		because: "it runs without a screen and without the server's code"},
	"server/chain": {modules: []string{"golang.org/x/mod"},
		because: "whoever checks a log must need nothing of the program that wrote it"},
	"server/store": {ours: []string{"desk", "server/chain"},
		modules: []string{"modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose", "github.com/oklog/ulid"},
		because: "it keeps things and decides nothing"},
	"server/whatsapp": {ours: []string{"desk"},
		because: "a channel turns a provider's words into ours and back, and knows no store and no rights"},
	"server/whatsapp/graphfake": {because: "the stand-in for the provider shares no code with what it is to test"},
	"server": {ours: []string{"desk", "server/store"},
		modules: []string{"github.com/gorilla/websocket", "github.com/oklog/ulid", "github.com/alexedwards/argon2id", "golang.org/x/crypto", "golang.org/x/sync"},
		because: "the one door knows the vocabulary and the store; channels and settings are handed to it"},
	"tui/safe": {modules: []string{"golang.org/x/text", "github.com/charmbracelet/x/ansi"},
		because: "what cleans text from outside must be easy to check, so it rests on little"},
	"tui": {ours: []string{"desk", "client", "tui/safe"},
		modules: []string{"charm.land/", "github.com/charmbracelet/", "github.com/clipperhouse", "golang.org/x/text"},
		because: "the screen asks through the client and shows only what is safe to print"},
	"tui/glass": {modules: []string{"github.com/charmbracelet/x/vt"},
		because: "a terminal for tests knows no program that draws on it"},
	"tui/ssh": {ours: []string{"desk", "client", "tui", "tui/safe"}, modules: []string{"charm.land/", "github.com/charmbracelet/", "golang.org/x/crypto"},
		because: "a session over SSH is an ordinary client with a screen attached"},
}

// never says what a package may not even pull in through others.
var never = map[string]struct{ prefixes, because string }{
	"client": {"charm.land/ github.com/charmbracelet/ " + module + "/tui " + module + "/server", "a client without a screen stays small"},
	"server": {"charm.land/ github.com/charmbracelet/ " + module + "/tui " + module + "/client", "the server draws nothing"},
	"desk":   {module + "/", "the vocabulary imports nobody"},
}

type listed struct {
	ImportPath, Name string
	Imports, Deps    []string
}

// packages lists this module's packages without their tests. Those that don't
// compile are listed too: what they import can be judged all the same.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-buildvcs=false", "-json=ImportPath,Name,Imports,Deps", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 3 {
		t.Fatalf("go list found %d packages; the test looks in the wrong place", len(all))
	}
	return all
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if name == "" || strings.HasPrefix(name, "cmd/") {
			continue
		}
		r, known := rules[name]
		if !known {
			t.Errorf("the package %s has no rule in arch_test.go: say what it may import, and why it is needed", name)
			continue
		}
		for _, imported := range p.Imports {
			if !r.allows(imported) {
				t.Errorf("%s imports %s, but may not: %s", name, imported, r.because)
			}
		}
		if n, ok := never[name]; ok {
			for _, dep := range p.Deps {
				if hasPrefix(dep, strings.Fields(n.prefixes)) {
					t.Errorf("%s pulls in %s, but may not: %s (go mod why -m, or go list -deps)", name, dep, n.because)
				}
			}
		}
	}
}

func (r rule) allows(imported string) bool {
	if inner, ours := strings.CutPrefix(imported, module+"/"); ours {
		return slices.Contains(r.ours, inner)
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	return hasPrefix(imported, r.modules)
}

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func TestRuleAllows(t *testing.T) {
	r := rules["client"]
	for imported, want := range map[string]bool{
		"net/http": true, module + "/desk": true, "github.com/gorilla/websocket": true,
		module + "/server": false, module + "/tui": false, module + "/desk/inner": false, "charm.land/bubbletea/v2": false,
	} {
		if r.allows(imported) != want {
			t.Errorf("client importing %s is allowed: %v, want %v", imported, !want, want)
		}
	}
}

// A name that says nothing draws everything to it.
func TestPackageNames(t *testing.T) {
	for _, p := range packages(t) {
		for _, bad := range []string{"util", "utils", "common", "types", "helper", "helpers", "manager", "misc", "base"} {
			if p.Name == bad || path.Base(p.ImportPath) == bad {
				t.Errorf("the package %s is called %s: name what it is about", p.ImportPath, bad)
			}
		}
	}
}

const maxLines = 500

func TestFileLength(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		files++
		if n := bytes.Count(src, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines; above %d a file holds more than one thing: split it by what it is about", file, n, maxLines)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("read %d files: %v", files, err)
	}
}
