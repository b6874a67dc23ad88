package whatsapp

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scalar is a string, a number or a boolean, as text: Meta's ids come as either
// of the first two, and an id must not pass through a float. Anything else,
// null too, is empty. NUL is no character that a database takes, so it becomes
// U+FFFD.
type scalar string

func (s *scalar) UnmarshalJSON(data []byte) error {
	*s = ""
	if len(data) == 0 {
		return nil
	}
	switch data[0] {
	case '"':
		var v string
		if json.Unmarshal(data, &v) == nil {
			*s = scalar(strings.ReplaceAll(v, "\x00", "\uFFFD"))
		}
	case '{', '[', 'n':
	default:
		*s = scalar(data)
	}
	return nil
}

func (s scalar) bool() bool { return s == "true" || s == "1" }

// int returns 0 for what isn't a whole number.
func (s scalar) int() int64 {
	n, _ := strconv.ParseInt(string(s), 10, 64)
	return n
}

// time reads unix seconds. What is missing, malformed or no year that can be
// written down is the zero time.
func (s scalar) time() time.Time {
	whole, _, _ := strings.Cut(string(s), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	const year10000 = 253402300800
	if err != nil || n <= 0 || n >= year10000 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// list is an array whose elements are kept raw, so that one odd element spoils
// no other. What isn't an array is empty.
type list []json.RawMessage

func (l *list) UnmarshalJSON(data []byte) error {
	*l = nil
	if len(data) > 0 && data[0] == '[' {
		_ = json.Unmarshal(data, (*[]json.RawMessage)(l))
	}
	return nil
}

// read fills v with what fits. Fields of another shape than expected stay empty:
// encoding/json goes on after a mismatch of types, and the syntax was checked
// for the whole body. It reports whether data is an object at all.
func read(data json.RawMessage, v any) bool {
	_ = json.Unmarshal(data, v)
	return isObject(data)
}

func isObject(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{'
}

// each reads every element of a list that is an object.
func each[T any](l list) []T {
	var out []T
	for _, raw := range l {
		var v T
		if read(raw, &v) {
			out = append(out, v)
		}
	}
	return out
}

// clip keeps at most n bytes of s, whole characters only.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
