package chain

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Format is the first word of an exported log.
const Format = "frontdesk log 1"

// maxLine bounds a line of an exported log.
const maxLine = 64 << 20

// Header is the first line of an exported log.
type Header struct {
	Format  string `json:"format"`
	Epoch   string `json:"epoch"`
	Key     string `json:"key"`     // the public key of the checkpoints
	Entries int64  `json:"entries"` // how many follow
	// Withheld says that the records come without their contents. They keep the
	// contents' hashes and lengths, and with them the chain.
	Withheld bool `json:"withheld,omitempty"`
}

// LineError says which line of an exported log can't be read as what it must be.
type LineError struct {
	Line int // from 1
	Why  string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d %s", e.Line, e.Why) }

// line is a record or a checkpoint as it is exported. Event and Detail are texts:
// what is hashed is their bytes, which JSON in JSON would not keep.
type line struct {
	Seq           int64  `json:"seq"`
	At            int64  `json:"at"`
	Kind          string `json:"kind"`
	Actor         string `json:"actor,omitempty"`
	Conversation  int64  `json:"conversation,omitempty"`
	Target        string `json:"target,omitempty"`
	Session       string `json:"session,omitempty"`
	Addr          string `json:"addr,omitempty"`
	Salt          string `json:"salt,omitempty"` // hex, as all hashes
	Event         string `json:"event,omitempty"`
	Detail        string `json:"detail,omitempty"`
	ContentHash   string `json:"content_hash"`
	ContentLength int64  `json:"content_length"`
	Prev          string `json:"prev"`
	Hash          string `json:"hash"`
}

type checkpointLine struct {
	Checkpoint string `json:"checkpoint"`
}

// Writer writes an exported log: JSON, a line each. First the header, then the
// checkpoints, so that they outlast a file's end that is cut off, then the
// records in order.
type Writer struct {
	enc      *json.Encoder
	withheld bool
}

// NewWriter begins an export. It writes many small pieces: buffer w.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	h.Format = Format
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &Writer{enc, h.Withheld}, enc.Encode(h)
}

// Checkpoint writes a checkpoint's note. All come before the first record.
func (w *Writer) Checkpoint(signed string) error { return w.enc.Encode(checkpointLine{signed}) }

// Record writes a record; without its content, if the header says so.
func (w *Writer) Record(r Record) error {
	if w.withheld {
		r.Content = Content{}
	}
	return w.enc.Encode(line{r.Seq, r.At, r.Kind, r.Actor, r.Conversation, r.Target, r.Session, r.Addr,
		hex.EncodeToString(r.Content.Salt), r.Content.Event, r.Content.Detail,
		hex.EncodeToString(r.ContentHash[:]), r.ContentLength, hex.EncodeToString(r.Prev[:]), hex.EncodeToString(r.Hash[:])})
}

// Reader reads what a [Writer] wrote, and takes nothing else: a line must be
// byte for byte what would be written again. So no two readers can see two
// different logs in one file.
type Reader struct {
	in     *bufio.Reader
	header Header
	notes  []string
	number int // of the line read last

	// The line after the checkpoints, which NewReader had to read.
	first []byte
	err   error
}

// NewReader reads what comes before the records. Its error means that the file
// is no exported log, or can't be read.
func NewReader(r io.Reader) (*Reader, error) {
	x := &Reader{in: bufio.NewReaderSize(r, 1<<16)}
	b, err := x.next()
	if _, cut := errors.AsType[*LineError](err); err != nil && !errors.Is(err, io.EOF) && !cut {
		return nil, fmt.Errorf("read an exported log: %w", err)
	}
	if err != nil || !exactly(b, &x.header) || x.header.Format != Format {
		return nil, fmt.Errorf("this is no exported log: its first line isn't a header of the format %q", Format)
	}
	for {
		if x.first, x.err = x.next(); x.err != nil || !bytes.HasPrefix(x.first, []byte(`{"checkpoint":`)) {
			return x, nil
		}
		var c checkpointLine
		if !exactly(x.first, &c) {
			x.err = &LineError{x.number, "isn't a checkpoint as it was exported"}
			return x, nil
		}
		x.notes = append(x.notes, c.Checkpoint)
	}
}

// Header is the first line.
func (x *Reader) Header() Header { return x.header }

// Checkpoints are the log's own: signed notes, not verified.
func (x *Reader) Checkpoints() []string { return x.notes }

// Records reads the records. It can be ranged over once, and ends with the first
// error; one that is a [*LineError] is the file's.
func (x *Reader) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for b, err := x.first, x.err; !errors.Is(err, io.EOF); b, err = x.next() {
			var r Record
			if err == nil {
				r, err = x.parse(b)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

func (x *Reader) parse(b []byte) (r Record, err error) {
	var l line
	if !exactly(b, &l) {
		return r, &LineError{x.number, "isn't a record as it was exported"}
	}
	r = Record{Seq: l.Seq, At: l.At, Kind: l.Kind, Actor: l.Actor, Conversation: l.Conversation, Target: l.Target, Session: l.Session, Addr: l.Addr,
		Content: Content{Event: l.Event, Detail: l.Detail}, ContentLength: l.ContentLength}
	if l.Salt != "" {
		r.Content.Salt = make([]byte, SaltSize)
	}
	if !unhex(r.Content.Salt, l.Salt) || !unhex(r.ContentHash[:], l.ContentHash) || !unhex(r.Prev[:], l.Prev) || !unhex(r.Hash[:], l.Hash) {
		return r, &LineError{x.number, "has a hash or salt that can't be read"}
	}
	return r, nil
}

// unhex fills to from s, which must be its one spelling.
func unhex(to []byte, s string) bool {
	if len(s) != hex.EncodedLen(len(to)) {
		return false
	}
	_, err := hex.Decode(to, []byte(s))
	return err == nil && hex.EncodeToString(to) == s
}

// exactly reads v from a line and reports whether the line is what v is written
// as: no other spelling, order or field.
func exactly(b []byte, v any) bool {
	if json.Unmarshal(b, v) != nil {
		return false
	}
	var again bytes.Buffer
	enc := json.NewEncoder(&again)
	enc.SetEscapeHTML(false)
	return enc.Encode(v) == nil && bytes.Equal(bytes.TrimSuffix(again.Bytes(), []byte("\n")), b)
}

// next returns the next line without its end; [io.EOF] after the last.
func (x *Reader) next() ([]byte, error) {
	x.number++
	var b []byte
	for {
		part, err := x.in.ReadSlice('\n')
		b = append(b, part...)
		switch {
		case err == nil:
			return b[:len(b)-1], nil
		case len(b) > maxLine:
			return nil, &LineError{x.number, fmt.Sprintf("is longer than %d MiB", maxLine>>20)}
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(b) > 0:
			return nil, &LineError{x.number, "is cut off"}
		default:
			return nil, err
		}
	}
}
