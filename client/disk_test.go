//go:build unix

package client

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func openDisk(t *testing.T) *Disk {
	t.Helper()
	d, err := OpenDisk(filepath.Join(t.TempDir(), "state", "account"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDrafts(t *testing.T) {
	d := openDisk(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.SaveDraft(7, "hello\n\x1b[31mthere"))
	must(d.SaveDraft(8, "later"))
	must(d.SaveDraft(7, "hello again"))
	must(d.SaveDraft(8, ""))
	must(d.SaveDraft(9, "")) // there was none
	got, err := d.Drafts()
	if diff := cmp.Diff(map[desk.ConversationID]string{7: "hello again"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if err := d.SaveDraft(7, strings.Repeat("x", maxDraft+1)); err == nil {
		t.Error("a draft without bound was kept")
	}
	if got, _ := d.Drafts(); got[7] != "hello again" {
		t.Errorf("a refused draft took the old one with it: %q", got[7])
	}
}

// Two programs of one account, each with its own Disk.
func TestDraftsOfTwoPrograms(t *testing.T) {
	one := openDisk(t)
	two, err := OpenDisk(one.dir)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		for k, d := range []*Disk{one, two} {
			wg.Go(func() {
				if err := d.SaveDraft(desk.ConversationID(1+2*i+k), fmt.Sprint(k)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if got, err := one.Drafts(); len(got) != 100 || err != nil {
		t.Error(len(got), err)
	}
}

func TestDiskIsPrivate(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	d := openDisk(t)
	if err := d.SaveDraft(7, "secret"); err != nil {
		t.Fatal(err)
	}
	if err := d.SaveScreen(Screen{Snapshot: desk.Snapshot{Epoch: "e"}}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{"": 0o700, "drafts": 0o700, "drafts/7": 0o600, "screen.json": 0o600} {
		info, err := os.Stat(filepath.Join(d.dir, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v", path, info.Mode(), err)
		}
	}
	left, _ := filepath.Glob(filepath.Join(d.dir, "*", ".new-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDiskRefusesWhatOthersCanReach(t *testing.T) {
	d := openDisk(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	draft := func(n string) string { return filepath.Join(d.drafts, n) }
	os.Symlink(secret, draft("1"))
	os.WriteFile(draft("2"), []byte("open to the group"), 0o640)
	os.Chmod(draft("2"), 0o640)
	syscall.Mkfifo(draft("3"), 0o600)
	os.WriteFile(draft("4"), []byte("good"), 0o600)
	os.WriteFile(draft("5"), make([]byte, maxDraft+1), 0o600)
	os.WriteFile(draft("x"), []byte("not ours"), 0o600)
	os.WriteFile(draft("07"), []byte("not ours"), 0o600)
	got, err := d.Drafts()
	if diff := cmp.Diff(map[desk.ConversationID]string{4: "good"}, got); diff != "" {
		t.Error(diff)
	}
	if err == nil {
		t.Fatal("nothing was said")
	}
	for _, says := range []string{"1 is a symbolic link", "2 can be read or changed by others", "3 isn't a file", "5 can't be understood. It was put aside"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q isn't said in:\n%v", says, err)
		}
	}
	// Writing replaces the link, not what it points to.
	if err := d.SaveDraft(1, "mine"); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(secret); string(data) != "somebody's" {
		t.Errorf("the link was followed: %q", data)
	}
	os.Symlink(secret, d.screen())
	if r, err := d.LoadReplica(); err == nil || !strings.Contains(err.Error(), "symbolic link") || r.Known() {
		t.Error("screen:", err)
	}
}

func TestOpenDiskRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(n string) string { return filepath.Join(dir, n) }
	os.Mkdir(path("open"), 0o755)
	os.Chmod(path("open"), 0o755)
	os.Mkdir(path("real"), 0o700)
	os.Symlink(path("real"), path("link"))
	os.WriteFile(path("file"), nil, 0o600)
	for name, says := range map[string]string{"open": "chmod go-rwx", "link": "isn't a directory", "file": "can't be made"} {
		if _, err := OpenDisk(path(name)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	os.Mkdir(path("theirs"), 0o700)
	os.Chown(path("theirs"), 12345, 12345)
	if _, err := OpenDisk(path("theirs")); err == nil || !strings.Contains(err.Error(), "belongs to someone else") {
		t.Errorf("another's directory: %v", err)
	}
}

func TestOpenDiskSweeps(t *testing.T) {
	d := openDisk(t)
	old, young := filepath.Join(d.drafts, ".new-old"), filepath.Join(d.drafts, ".new-young")
	os.WriteFile(old, nil, 0o600)
	os.WriteFile(young, nil, 0o600)
	long := time.Now().Add(-2 * staleTemp)
	os.Chtimes(old, long, long)
	if _, err := OpenDisk(d.dir); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(d.drafts, ".new-*")); len(left) != 1 || left[0] != young {
		t.Errorf("left: %v", left)
	}
}

func TestScreen(t *testing.T) {
	d := openDisk(t)
	if r, err := d.LoadReplica(); err != nil || r.Known() {
		t.Fatal("of a new directory:", err)
	}
	if err := d.SaveReplica(NewReplica()); err != nil {
		t.Fatal(err)
	}
	o := newOracle()
	for i := range 60 {
		c := desk.Conversation{ID: desk.ConversationID(i + 1), Status: desk.StatusOpen, Unread: i % 2, Team: "t1"}
		for range 70 {
			o.change(c, o.message(0))
		}
	}
	r := NewReplica()
	r.Apply(o.snapshot(desk.SnapshotFirst))
	page := o.page(desk.ListQueue, r.Bottom(desk.ListQueue), 30)
	r.AddPage(page, r.Bottom(desk.ListQueue))
	for id := range desk.ConversationID(5) {
		answer, _ := o.history(id+1, desk.Place{}, 60)
		r.AddThread(answer, desk.Place{})
	}
	r.Pend(desk.Message{Ref: "r", Conversation: 5})
	if err := d.SaveReplica(r); err != nil {
		t.Fatal(err)
	}
	got, err := d.LoadReplica()
	if err != nil {
		t.Fatal(err)
	}
	epoch, seq := got.Position()
	if epoch != "e" || seq != o.seq || got.Len(desk.ListQueue) != desk.WindowRows || !got.More(desk.ListQueue) ||
		got.Count(desk.ListTeam) != r.Count(desk.ListTeam) || !got.Me().Equal(r.Me()) {
		t.Errorf("%q %d, %d rows, %+v", epoch, seq, got.Len(desk.ListQueue), got.Count(desk.ListTeam))
	}
	for id := range desk.ConversationID(6) {
		have, more, loaded := got.Messages(id)
		if want := id >= 3; loaded != want || (loaded && (len(have) != screenMessages || !more)) {
			t.Errorf("#%d: %d messages, more %v, loaded %v", id, len(have), more, loaded)
		}
	}
	if err := d.DropReplica(); err != nil {
		t.Fatal(err)
	}
	if got, err := d.LoadReplica(); err != nil || got.Known() {
		t.Error("dropped:", err)
	}
}

func TestScreenThatCannotBeRead(t *testing.T) {
	d := openDisk(t)
	os.WriteFile(d.screen(), []byte(`{"version":1,"snap`), 0o600)
	r, err := d.LoadReplica()
	if err == nil || !strings.Contains(err.Error(), "put aside as "+d.screen()+".bad") || r == nil || r.Known() {
		t.Error(err)
	}
	if r, err = d.LoadReplica(); err != nil || r.Known() {
		t.Error("the second time:", err)
	}
	os.WriteFile(d.screen(), []byte(`{"version":99,"snapshot":{"epoch":"e"}}`), 0o600)
	if r, err = d.LoadReplica(); err != nil || r.Known() {
		t.Error("of another version:", err)
	}
}

// A reveal holds for ten minutes; a file for as long as nobody opens the
// program again.
func TestNoRevealedNumberIsKept(t *testing.T) {
	const number, card = "491709876543", "Ann, +49 170 1234567"
	for name, grant := range map[string]desk.Grant{
		"a reveal":               {Perm: desk.ContactViewPII, Contact: "c1"},
		"a permission that ends": {Perm: desk.ContactViewPII, Scope: desk.ScopeAll},
		"a role that ends":       {Role: desk.RoleManager},
	} {
		t.Run(name, func(t *testing.T) {
			d, o := openDisk(t), newOracle()
			me := o.members["me"]
			grant.Until = at(1e6)
			me.Role, me.Grants = desk.RoleMarketing, []desk.Grant{grant}
			o.members["me"] = me
			o.change(desk.Conversation{ID: 1, Status: desk.StatusOpen, Contact: desk.Contact{ID: "c1", Phone: number}, Team: "t1",
				Last: desk.Last{Side: desk.SideCustomer, Type: desk.TypeContacts, Text: card}},
				desk.Message{ID: "m", At: at(1), Side: desk.SideCustomer, Type: desk.TypeContacts, Text: card})
			r := NewReplica()
			r.Apply(o.snapshot(desk.SnapshotFirst))
			thread, _ := o.history(1, desk.Place{}, 10)
			if !r.AddThread(thread, desk.Place{}) || r.Conversation(1).Contact.Phone != number {
				t.Fatal("the number doesn't show at all")
			}
			if err := d.SaveReplica(r); err != nil {
				t.Fatal(err)
			}
			file, err := os.ReadFile(d.screen())
			if err != nil || strings.Contains(string(file), number) || strings.Contains(string(file), "123456") {
				t.Errorf("%v %s", err, file)
			}
			if r.Conversation(1).Contact.Phone != number {
				t.Error("keeping it hid it from the screen")
			}
			got, err := d.LoadReplica()
			if epoch, seq := got.Position(); err != nil || epoch != "" || seq != o.seq || got.Conversation(1) == nil {
				t.Errorf("%v: going on from %q %d the number would stay hidden", err, epoch, seq)
			}
			got.Apply(o.snapshot(desk.SnapshotFirst))
			if epoch, _ := got.Position(); epoch != "e" || got.Conversation(1).Contact.Phone != number {
				t.Error(epoch, got.Conversation(1))
			}
		})
	}
}

func TestNoOtherEyesAreKept(t *testing.T) {
	d, o := openDisk(t), newOracle()
	s := o.snapshot(desk.SnapshotFirst)
	s.As = &desk.ViewAs{Member: "me"}
	r := NewReplica()
	r.Apply(s)
	if r.As() == nil {
		t.Error("nobody's eyes")
	}
	if err := d.SaveReplica(r); err != nil {
		t.Fatal(err)
	}
	if got, err := d.LoadReplica(); err != nil || got.Known() {
		t.Error("it was kept", err)
	}
}
