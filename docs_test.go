package frontdesk_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/tui"
)

var update = flag.Bool("update", false, "rewrite the generated documents")

// docs/keys.md is written from the table of actions.
func TestKeysDocument(t *testing.T) {
	const file = "docs/keys.md"
	got := tui.KeysMarkdown()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is stale; run make docs (-file +code):\n%s", file, diff)
	}
}
