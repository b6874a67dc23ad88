package chain

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// SaltSize is how many random bytes are hashed with a content. They go with it
// when it is erased, so that a short text can't be found again by trying.
const SaltSize = 16

// KindErased is the kind of the record that tells of an erasure. One must follow
// every record of the same conversation whose content is gone.
const KindErased = "contact.erased"

// What is hashed begins with a word of its own for each use and version, so that
// the bytes of one can't stand for the other.
const (
	recordWord  = "frontdesk log record 1\n"
	contentWord = "frontdesk log content 1\n"
)

// Content is what a record tells in full: the event and the detail, as JSON. It
// is erased as a whole.
type Content struct {
	Salt   []byte
	Event  string
	Detail string
}

// NewSalt returns the salt for a new content.
func NewSalt() []byte {
	salt := make([]byte, SaltSize)
	_, _ = rand.Read(salt) // it never fails
	return salt
}

// Erased reports whether nothing is left of the content: what was stored had a
// salt.
func (c *Content) Erased() bool { return len(c.Salt) == 0 && c.Event == "" && c.Detail == "" }

// Len is the number of bytes that [Record.ContentLength] tells.
func (c *Content) Len() int64 { return int64(len(c.Event) + len(c.Detail)) }

// Sum is the content's hash.
func (c *Content) Sum() Hash {
	b := make([]byte, 0, len(contentWord)+3*8+len(c.Salt)+len(c.Event)+len(c.Detail))
	b = append(b, contentWord...)
	b = appendText(b, c.Salt)
	b = appendText(b, c.Event)
	return sha256.Sum256(appendText(b, c.Detail))
}

// Record is one entry of the log as the chain sees it. Everything but Content is
// kept for good.
type Record struct {
	Seq          int64 // from 1, without gaps
	At           int64 // unix milliseconds
	Kind         string
	Actor        string
	Conversation int64
	Target       string
	Session      string
	Addr         string

	Content       Content
	ContentHash   Hash
	ContentLength int64 // bytes of event and detail

	Prev Hash // of the record before; zero for the first
	Hash Hash
}

// Seal fills in the hashes of a record that follows prev.
func (r *Record) Seal(prev Hash) {
	r.ContentHash, r.ContentLength, r.Prev = r.Content.Sum(), r.Content.Len(), prev
	r.Hash = r.Sum()
}

// Sum computes the record's hash from its other fields.
func (r *Record) Sum() Hash {
	b := make([]byte, 0, 512)
	b = append(b, recordWord...)
	b = appendNumber(b, r.Seq)
	b = appendNumber(b, r.At)
	b = appendText(b, r.Kind)
	b = appendText(b, r.Actor)
	b = appendNumber(b, r.Conversation)
	b = appendText(b, r.Target)
	b = appendText(b, r.Session)
	b = appendText(b, r.Addr)
	b = append(b, r.ContentHash[:]...)
	b = appendNumber(b, r.ContentLength)
	return sha256.Sum256(append(b, r.Prev[:]...))
}

func appendNumber(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

// appendText writes the length first: without it, two different pairs of texts
// could come to the same bytes.
func appendText[T string | []byte](b []byte, s T) []byte {
	return append(appendNumber(b, int64(len(s))), s...)
}
