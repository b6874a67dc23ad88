package tui

import (
	"strings"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// A long text that is only partly shown says how much is above it.
func TestComposerSaysWhatIsAbove(t *testing.T) {
	c := newComposer()
	c.set(strings.TrimSuffix(strings.Repeat("line\n", 20), "\n"))
	rows, above, _, y := c.rows(safe.Wcwidth, 40, 8)
	if len(rows) != 8 || above != 12 || y != 7 {
		t.Errorf("%d rows, %d above, cursor in row %d; want 8, 12, 7", len(rows), above, y)
	}
}
