package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
)

// errEdited is that a file isn't any more what was read from it.
var errEdited = errors.New("the file was changed in the meantime")

// replaceFile puts src in the place of a file that still says was, at once and
// with the mode that it has: whoever reads it sees the one or the other, and a
// write that breaks off leaves it as it was.
func replaceFile(name string, was, src []byte) (err error) {
	if name, err = filepath.EvalSymlinks(name); err != nil { // a link stays one
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(src)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Sync(), f.Close()); err != nil {
		return err
	}
	now, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, was) {
		return errEdited
	}
	return os.Rename(f.Name(), name)
}
