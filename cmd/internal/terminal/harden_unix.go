//go:build unix

package terminal

import "syscall"

// Harden closes to other users whatever this process creates, and leaves no
// memory behind when it crashes: it holds tokens and customers' messages.
func Harden() {
	syscall.Umask(0o077)
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // a stricter limit may forbid to set one
}
