package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// Bounds of what is kept.
const (
	maxDraft  = 64 << 10 // bytes of one draft
	maxDrafts = 1000
	maxScreen = 4 << 20 // bytes of the last screen
	staleTemp = time.Hour
)

// Disk keeps drafts and the last screen of one member at one server, in a
// directory of their own that nobody else may read. Several programs may use it
// at once: each draft is a file, and a file is replaced whole or not at all.
//
// Its methods may be called from any goroutine. They wait for the disk, so a
// screen calls them outside its loop.
type Disk struct {
	dir, drafts string
}

// OpenDisk makes the directory if need be. It refuses one that belongs to
// someone else or that others may read.
func OpenDisk(dir string) (*Disk, error) {
	d := &Disk{dir: dir, drafts: filepath.Join(dir, "drafts")}
	for _, path := range []string{d.dir, d.drafts} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, fmt.Errorf("The directory %s can't be made: %w. Check who may write there.", path, plain(err))
		}
		info, err := os.Lstat(path)
		if err != nil {
			return nil, fmt.Errorf("The directory %s can't be read: %w.", path, plain(err))
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("%s isn't a directory. Move it away, or choose another place for the program's state.", path)
		}
		if err := private(path, info); err != nil {
			return nil, err
		}
		sweep(path)
	}
	return d, nil
}

// sweep removes what writes that were cut short left behind.
func sweep(dir string) {
	found, _ := filepath.Glob(filepath.Join(dir, ".new-*"))
	for _, path := range found {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > staleTemp {
			os.Remove(path)
		}
	}
}

// private refuses what isn't ours alone.
func private(path string, info fs.FileInfo) error {
	if !ours(info) {
		return fmt.Errorf("%s belongs to someone else, so it isn't read. Move it away, or choose another place for the program's state.", path)
	}
	if !closed(info) {
		return fmt.Errorf("%s can be read or changed by others, so it isn't used. If that is a mistake: chmod go-rwx '%s'.", path, path)
	}
	return nil
}

// read returns a file of ours, and fs.ErrNotExist when there is none.
func read(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow|noBlock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if isLink(err) {
		return nil, fmt.Errorf("%s is a symbolic link, so it isn't read. Remove it.", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w.", path, plain(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w.", path, plain(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s isn't a file, so it isn't read. Remove it.", path)
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, errCorrupt
	}
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w.", path, plain(err))
	}
	return data, nil
}

var errCorrupt = errors.New("the file can't be understood")

// aside moves a file out of the way that can't be understood, and says so.
func aside(path string) error {
	to := path + ".bad"
	if err := os.Rename(path, to); err != nil {
		return fmt.Errorf("%s can't be understood, and not be put aside either: %w. Remove it.", path, plain(err))
	}
	return fmt.Errorf("%s can't be understood. It was put aside as %s; going on without it.", path, to)
}

// write replaces a file, whole or not at all, also across a power cut.
func write(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	temp := filepath.Join(dir, ".new-"+NewRef())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, 0o600)
	if err != nil {
		return unwritten(path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return unwritten(path, err)
	}
	if err := syncDir(dir); err != nil {
		return unwritten(path, err)
	}
	return nil
}

func unwritten(path string, err error) error {
	return fmt.Errorf("%s can't be written: %w. Check the disk's space and who may write there.", path, plain(err))
}

// plain drops the operation and path that our own sentence has already.
func plain(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}

// Drafts returns all drafts. With an error it still returns those that could be
// read; the error then says, a sentence a line, what became of the others.
func (d *Disk) Drafts() (map[desk.ConversationID]string, error) {
	drafts := map[desk.ConversationID]string{}
	files, err := os.ReadDir(d.drafts)
	if err != nil {
		return drafts, fmt.Errorf("The drafts in %s can't be read: %w.", d.drafts, plain(err))
	}
	var errs []error
	for _, file := range files {
		id, ok := draftID(file.Name())
		if !ok || len(drafts) == maxDrafts {
			continue
		}
		path := filepath.Join(d.drafts, file.Name())
		data, err := read(path, maxDraft)
		switch {
		case errors.Is(err, fs.ErrNotExist): // sent by another program just now
		case errors.Is(err, errCorrupt):
			errs = append(errs, aside(path))
		case err != nil:
			errs = append(errs, err)
		case len(data) > 0:
			drafts[id] = strings.ToValidUTF8(string(data), "\uFFFD")
		}
	}
	return drafts, errors.Join(errs...)
}

func draftID(name string) (desk.ConversationID, bool) {
	n, err := strconv.ParseInt(name, 10, 64)
	return desk.ConversationID(n), err == nil && n > 0 && strconv.FormatInt(n, 10) == name
}

// SaveDraft keeps what was typed for a conversation; an empty text removes it.
func (d *Disk) SaveDraft(id desk.ConversationID, text string) error {
	path := filepath.Join(d.drafts, strconv.FormatInt(int64(id), 10))
	if text == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("The draft %s can't be removed: %w.", path, plain(err))
		}
		return nil
	}
	if len(text) > maxDraft {
		return fmt.Errorf("The draft for %s is too long to be kept: %d bytes, at most %d. Shorten it.", id, len(text), maxDraft)
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if files, err := os.ReadDir(d.drafts); err == nil && len(files) >= maxDrafts {
			return fmt.Errorf("There are %d drafts already, so the one for %s isn't kept. Send or empty some.", len(files), id)
		}
	}
	return write(path, []byte(text))
}

func (d *Disk) screen() string { return filepath.Join(d.dir, "screen.json") }

// SaveReplica keeps the last screen of a replica; see [Replica.Screen] for what
// that is. It reads the replica, so it is to be called by the goroutine that
// owns it: another one uses [Disk.SaveScreen].
func (d *Disk) SaveReplica(r *Replica) error { return d.SaveScreen(r.Screen()) }

// SaveScreen keeps a screen. One that knows nothing isn't kept, nor one that was
// seen through other eyes.
func (d *Disk) SaveScreen(s Screen) error {
	if s.Snapshot.Epoch == "" || s.Snapshot.As != nil {
		return nil
	}
	data, err := json.Marshal(s)
	if err == nil && len(data) > maxScreen {
		s.Threads = nil
		data, err = json.Marshal(s)
	}
	if err != nil || len(data) > maxScreen {
		return fmt.Errorf("The last screen can't be kept: it has %d bytes, at most %d. The next start loads it from the server.", len(data), maxScreen)
	}
	return write(d.screen(), data)
}

// LoadReplica returns a replica with the last screen, or one that knows nothing
// when none was kept. With an error, which is a sentence for the agent, the
// replica is still good to use.
func (d *Disk) LoadReplica() (*Replica, error) {
	data, err := read(d.screen(), maxScreen)
	if errors.Is(err, fs.ErrNotExist) {
		return NewReplica(), nil
	}
	var s Screen
	if err == nil && json.Unmarshal(data, &s) != nil {
		err = errCorrupt
	}
	if errors.Is(err, errCorrupt) {
		return NewReplica(), aside(d.screen())
	}
	if err != nil {
		return NewReplica(), err
	}
	return s.replica(), nil
}

// DropReplica removes the last screen: to be called when the server doesn't
// take the sign-in any more.
func (d *Disk) DropReplica() error {
	if err := os.Remove(d.screen()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("The last screen %s can't be removed: %w. Remove it yourself.", d.screen(), plain(err))
	}
	return nil
}
