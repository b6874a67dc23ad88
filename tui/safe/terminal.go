package safe

import "os"

// Terminal is a [Guard] in front of a terminal's file. It is what
// tea.WithInput takes in a local session: Bubble Tea sees the file behind it,
// puts that in raw mode, and can end a Read when the program quits.
//
// A command that the program starts with tea.ExecProcess needs [Terminal.File]
// as its standard input, or it would read through the guard.
type Terminal struct {
	guard *Guard
	file  *os.File
}

// NewTerminal returns a guard in front of f, which is usually [os.Stdin].
// Closing it closes f.
func NewTerminal(f *os.File) *Terminal {
	return &Terminal{guard: NewGuard(f), file: f}
}

// Read reads from the file once, and only when it has returned all that it
// has: the caller has waited until the file is ready, and more may never come.
// It returns 0 bytes without an error if nothing of what was read may pass.
// It leaves nothing behind for the next Read if p has 1 KiB or more.
func (t *Terminal) Read(p []byte) (int, error) {
	if len(p) > 0 && len(t.guard.out) == 0 && t.guard.err == nil {
		t.guard.fill(max(1, len(p)-maxHeld))
	}
	return t.guard.drain(p)
}

// Cuts returns how many pastes were cut so far; see [Guard.Cuts].
func (t *Terminal) Cuts() int { return t.guard.Cuts() }

// File returns the file behind the guard.
func (t *Terminal) File() *os.File { return t.file }

// Write writes to the file.
func (t *Terminal) Write(p []byte) (int, error) { return t.file.Write(p) }

// Close closes the file.
func (t *Terminal) Close() error { return t.file.Close() }

// Fd returns the descriptor of the file.
func (t *Terminal) Fd() uintptr { return t.file.Fd() }

// Name returns the name of the file.
func (t *Terminal) Name() string { return t.file.Name() }
