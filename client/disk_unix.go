//go:build unix

package client

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const (
	noFollow = syscall.O_NOFOLLOW
	noBlock  = syscall.O_NONBLOCK // a pipe in a file's place doesn't hang us
)

// ours reports whether the file belongs to the account that runs the program.
func ours(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}

// closed reports whether group and others may do nothing with the file.
func closed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 == 0 }

// isLink reports whether opening failed because a symbolic link stood there.
func isLink(err error) bool { return errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) }

// syncDir makes a rename in the directory last.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
