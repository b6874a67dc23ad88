// Package terminal is what both programs share on the command line: asking for
// a password, printing errors, and what the operating system is told.
package terminal

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/term"

	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// File returns stream as a terminal's file, and nil when it isn't one.
func File(stream any) *os.File {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// PrintError writes an error for people: it may hold texts from elsewhere, so
// nothing in it reaches the terminal but what can be read.
func PrintError(w io.Writer, program string, err error) {
	for i, line := range strings.Split(err.Error(), "\n") {
		if i == 0 {
			line = program + ": " + line
		}
		fmt.Fprintln(w, safe.Line(line))
	}
}

// Version is the program's, as the module was built: a tag, or the commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
