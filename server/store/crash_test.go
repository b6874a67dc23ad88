package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// crashEnv makes the test binary the process that is killed.
const crashEnv = "FRONTDESK_STORE_CRASH"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashEnv); dsn != "" {
		fmt.Fprintln(os.Stderr, writeForever(dsn))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForever writes with several callers at once, and says on standard output
// what was acknowledged.
func writeForever(dsn string) error {
	s, err := Open(context.Background(), dsn, Options{})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for g := range cap(errs) {
		wg.Go(func() {
			for i := 0; ; i++ {
				word := fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i)
				var seq int64
				err := s.Write(context.Background(), func(tx *Tx) (err error) {
					if _, err := tx.AddExternal("wa", word, desk.MessageID(word)); err != nil {
						return err
					}
					seq, err = tx.Append(Entry{Event: desk.Event{At: at(0), Kind: desk.NoteAdded}, Addr: word})
					return err
				})
				if err != nil {
					errs <- err
					return
				}
				// One write call a line, so that a line is there whole or not at all.
				fmt.Fprintf(os.Stdout, "%d %s\n", seq, word)
			}
		})
	}
	wg.Wait()
	return <-errs
}

// killed runs the child, kills it after so many acknowledgements, and returns
// what was acknowledged up to the kill.
func killed(t *testing.T, dsn string, after int) map[int64]string {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(within(t), exe)
	cmd.Env = append(os.Environ(), crashEnv+"="+dsn)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	acked := map[int64]string{}
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		var seq int64
		var word string
		if _, err := fmt.Sscan(line, &seq, &word); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		acked[seq] = word
		if len(acked) == after {
			must(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil || len(acked) < after {
		t.Fatalf("the child ended by itself after %d acknowledgements: %v", len(acked), err)
	}
	return acked
}

// What was acknowledged is there after kill -9, and the log has no gap. (That a
// power cut loses nothing either rests on synchronous=FULL, see
// TestSQLiteSettings: killing a process can't show it.)
func TestKill(t *testing.T) {
	eachDSN(t, func(t *testing.T, dsn string) {
		acked := map[int64]string{}
		for range 3 {
			for seq, word := range killed(t, dsn, 20+rand.IntN(300)) {
				if old, ok := acked[seq]; ok {
					t.Errorf("%d was given to %s and to %s", seq, old, word)
				}
				acked[seq] = word
			}
			s, err := Open(within(t), dsn, Options{})
			must(t, err)
			gapFree(t, s)
			log := logOf(t, s)
			for seq, word := range acked {
				if int(seq) > len(log) || log[seq-1].Addr != word {
					t.Fatalf("%s was acknowledged as %d and is lost", word, seq)
				}
			}
			read(t, s, func(tx *Tx) error {
				var n int
				err := tx.row("SELECT count(*) FROM external").Scan(&n)
				same(t, "rows beside the log", n, len(log))
				return err
			})
			must(t, s.Close())
		}
	})
}

// A file that another process works on is the same desk here.
func TestOtherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.db")
	s := open(t, "sqlite:"+path)
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				stopped <- n
				return
			default:
			}
			if err := s.Write(context.Background(), appendOne); err != nil {
				t.Error(err)
			}
			n++
		}
	}()
	acked := killed(t, "sqlite:"+path, 100)
	close(stop)
	mine := <-stopped
	head := gapFree(t, s)
	log := logOf(t, s)
	for seq, word := range acked {
		if log[seq-1].Addr != word {
			t.Errorf("%s was acknowledged as %d and is lost", word, seq)
		}
	}
	theirs := 0
	for _, e := range log {
		if strings.Contains(e.Addr, "-") {
			theirs++
		}
	}
	same(t, "entries", int(head), mine+theirs)
}
