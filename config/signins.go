package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// SignIn is a member's session at a desk, as the client keeps it.
type SignIn struct {
	Server string // as [ServerAddress] returns it
	Email  string
	Name   string // of the member, when they signed in
	Token  Secret
}

// SignIns is the file of sign-ins in the client's state directory. The
// directory is 0700 and the file 0600: who reads the file is signed in.
type SignIns struct{ dir string }

// SignIns returns the client's sign-ins.
func (c Client) SignIns() SignIns { return SignIns{c.State} }

// storedSignIn is a sign-in as the file has it: here the token is in clear.
type storedSignIn struct {
	Server string `toml:"server"`
	Email  string `toml:"email"`
	Name   string `toml:"name"`
	Token  string `toml:"token"`
}

type signInFile struct {
	SignIn []storedSignIn `toml:"signin"`
}

func (s SignIns) path() string { return filepath.Join(s.dir, "sessions.toml") }

// All returns the sign-ins, the newest last. It refuses a file that others may
// read.
func (s SignIns) All() ([]SignIn, error) {
	f, err := os.OpenFile(s.path(), os.O_RDONLY|noFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the sign-ins can't be read: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("the sign-ins can't be read: %w", err)
	}
	if err := checkPrivate(s.path(), info); err != nil {
		return nil, fmt.Errorf("the sign-ins aren't used: %w", err)
	}
	src, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("the sign-ins can't be read: %w", err)
	}
	var stored signInFile
	if _, err := toml.Decode(string(src), &stored); err != nil {
		return nil, fmt.Errorf("the file %s is damaged; delete it and sign in again", s.path())
	}
	var all []SignIn
	for _, e := range stored.SignIn {
		all = append(all, SignIn{e.Server, e.Email, e.Name, NewSecret(e.Token)})
	}
	return all, nil
}

// Put keeps a sign-in in place of an older one of the same person at the same
// desk.
func (s SignIns) Put(in SignIn) error {
	return s.change(func(all []SignIn) []SignIn {
		return append(slices.DeleteFunc(all, in.same), in)
	})
}

// Remove forgets a sign-in.
func (s SignIns) Remove(server, email string) error {
	return s.change(func(all []SignIn) []SignIn {
		return slices.DeleteFunc(all, SignIn{Server: server, Email: email}.same)
	})
}

func (in SignIn) same(o SignIn) bool {
	return in.Server == o.Server && strings.EqualFold(in.Email, o.Email)
}

// Matches reports whether who means this sign-in: the e-mail address, or the
// part before its @.
func (in SignIn) Matches(who string) bool {
	local, _, _ := strings.Cut(in.Email, "@")
	return strings.EqualFold(who, in.Email) || strings.EqualFold(who, local)
}

// stale is when the new file of a program that died may be thrown away.
const stale = 10 * time.Second

// change reads, changes and replaces the file. The new file is made under a
// name that can exist once, so two programs don't lose each other's change.
func (s SignIns) change(f func([]SignIn) []SignIn) (err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("the directory of sign-ins can't be made: %w", err)
	}
	if err := os.Chmod(s.dir, 0o700); err != nil {
		return fmt.Errorf("the directory of sign-ins can't be closed to others: %w", err)
	}
	fresh := s.path() + ".new"
	if info, err := os.Lstat(fresh); err == nil && time.Since(info.ModTime()) > stale {
		_ = os.Remove(fresh)
	}
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY|noFollow, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("another frontdesk is saving its sign-in; try again in a moment")
	}
	if err != nil {
		return fmt.Errorf("the sign-in can't be saved: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(fresh)
		}
	}()
	all, err := s.All()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	var stored signInFile
	for _, in := range f(all) {
		stored.SignIn = append(stored.SignIn, storedSignIn{in.Server, in.Email, in.Name, in.Token.Reveal()})
	}
	var text bytes.Buffer
	err = toml.NewEncoder(&text).Encode(stored)
	if err == nil {
		_, err = file.Write(text.Bytes())
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(fresh, s.path())
	}
	if err != nil {
		return fmt.Errorf("the sign-in can't be saved: %w", err)
	}
	return nil
}
