package chain

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const (
	// Origin begins the first line of every checkpoint; the log's epoch follows.
	Origin = "frontdesk log "
	// keyName stands in the key and in the signature's line.
	keyName = "frontdesk-log"
	// linePrefix marks a checkpoint that was written as one word into other text.
	linePrefix = "frontdesk-checkpoint:"
)

// Checkpoint says what the chain of a log came to when it had Size records.
type Checkpoint struct {
	Epoch string // of the log
	Size  int64  // the number of the newest record
	Hash  Hash   // of that record
	Time  time.Time
	Note  string // as it was signed
}

// NewKey makes a key that signs checkpoints, and the one that verifies them.
func NewKey() (private, public string, err error) {
	private, public, err = note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return "", "", fmt.Errorf("make a key for checkpoints: %w", err)
	}
	return private, public, nil
}

// Sign writes the checkpoint's Note: four lines (origin and epoch, size, the hash
// in base64, unix seconds), an empty one, and the signature.
func (c *Checkpoint) Sign(private string) error {
	signer, err := note.NewSigner(private)
	if err != nil {
		return fmt.Errorf("read the key that signs checkpoints: %w", err)
	}
	text := fmt.Sprintf("%s%s\n%d\n%s\n%d\n", Origin, c.Epoch, c.Size, base64.StdEncoding.EncodeToString(c.Hash[:]), c.Time.Unix())
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return fmt.Errorf("sign a checkpoint: %w", err)
	}
	c.Note = string(signed)
	return nil
}

// Line is the checkpoint as one word, which no log's quoting changes.
// [FindCheckpoints] finds it in any text.
func (c *Checkpoint) Line() string {
	return linePrefix + base64.RawURLEncoding.EncodeToString([]byte(c.Note))
}

var (
	errBadKey   = errors.New("the public key can't be read; it begins with " + keyName + "+")
	errOtherKey = errors.New("it isn't signed by this log's key")
)

// Open reads a signed note and checks its signature.
func Open(signed, public string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", errBadKey, err)
	}
	n, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", errOtherKey, err)
	}
	c, err := parse(n.Text)
	c.Note = signed
	return c, err
}

func parse(text string) (c Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" || !strings.HasPrefix(lines[0], Origin) {
		return c, errors.New("it is no checkpoint of a log")
	}
	c.Epoch = strings.TrimPrefix(lines[0], Origin)
	c.Size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || c.Size < 1 {
		return c, fmt.Errorf("its size %q is no number above 0", lines[1])
	}
	sum, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(sum) != len(c.Hash) {
		return c, fmt.Errorf("its hash %q can't be read", lines[2])
	}
	copy(c.Hash[:], sum)
	seconds, err := strconv.ParseInt(lines[3], 10, 64)
	if err != nil {
		return c, fmt.Errorf("its time %q is no number", lines[3])
	}
	c.Time = time.Unix(seconds, 0).UTC()
	return c, nil
}

var (
	inLine = regexp.MustCompile(linePrefix + `([A-Za-z0-9_-]+)`)
	inText = regexp.MustCompile(`(?m)^` + Origin + `.*\n(?:.+\n)*\n(?:— .*\n)+`)
)

// maxKept bounds a file in which checkpoints are looked for.
const maxKept = 256 << 20

// FindCheckpoints returns the notes that stand in a text: as they are, or as the
// one word that the server writes into its own log. Nothing is verified.
func FindCheckpoints(r io.Reader) ([]string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKept+1))
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	if len(text) > maxKept {
		return nil, fmt.Errorf("the file of checkpoints is larger than %d MiB; give only the lines that hold one", maxKept>>20)
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	var notes []string
	for _, m := range inText.FindAll(text, -1) {
		notes = append(notes, string(m))
	}
	for _, m := range inLine.FindAllSubmatch(text, -1) {
		signed, err := base64.RawURLEncoding.DecodeString(string(m[1]))
		if err != nil {
			return nil, fmt.Errorf("a checkpoint is cut off or damaged: %.40s…", m[0])
		}
		notes = append(notes, string(signed))
	}
	return notes, nil
}
