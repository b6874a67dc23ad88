//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkPrivate refuses a file of secrets that others may read, or that isn't
// this user's own (or root's, who could read it anyway).
func checkPrivate(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by other users (mode %04o); run chmod 600 on it", path, info.Mode().Perm())
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user; copy it to a file of your own", path)
	}
	return nil
}

// noFollow makes opening a symbolic link an error.
const noFollow = syscall.O_NOFOLLOW
