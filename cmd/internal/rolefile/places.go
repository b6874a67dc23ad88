package rolefile

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// place is where a key stands, and where its value does.
type place struct {
	line, col int // from 1; col counts characters
	from, to  int // bytes of the value; both 0 for a table's header
}

// places finds the keys of a TOML document by their path, and the elements of
// arrays by their number. The TOML library tells keys without places. The
// document is one that the library takes; of any other the result is partial.
func places(src string) map[string]place {
	s := scanner{src: src, found: map[string]place{}}
	var table []string
	for s.blank(); s.at < len(s.src); s.blank() {
		before := s.at
		if s.take("[") {
			s.take("[")
			s.blank()
			start := s.at
			table = s.key()
			s.note(table, start)
			s.line()
			continue
		}
		s.pair(table)
		if s.at == before {
			s.at++ // nothing that TOML has: go on behind it
		}
	}
	return s.found
}

// path is a key's name in what places returns.
func path(parts ...string) string { return strings.Join(parts, "\x00") }

type scanner struct {
	src   string
	at    int
	found map[string]place
	depth int
}

// note keeps the place of a key, and of the tables that it implies, unless they
// were there before.
func (s *scanner) note(key []string, start int) {
	line := 1 + strings.Count(s.src[:start], "\n")
	col := 1 + utf8.RuneCountInString(s.src[strings.LastIndexByte(s.src[:start], '\n')+1:start])
	for i := range key {
		name := path(key[:i+1]...)
		if _, known := s.found[name]; !known {
			s.found[name] = place{line: line, col: col}
		}
	}
}

// pair reads one name = value.
func (s *scanner) pair(table []string) {
	start := s.at
	name := s.key()
	if len(name) == 0 {
		return
	}
	key := append(table[:len(table):len(table)], name...)
	s.note(key, start)
	s.blank()
	if s.take("=") {
		s.blank()
		s.value(key)
	}
}

// key reads a name with dots in it.
func (s *scanner) key() (parts []string) {
	for {
		s.space()
		switch {
		case strings.HasPrefix(s.src[s.at:], `"`), strings.HasPrefix(s.src[s.at:], `'`):
			parts = append(parts, s.text())
		default:
			start := s.at
			for s.at < len(s.src) && bare(s.src[s.at]) {
				s.at++
			}
			if s.at == start {
				return parts
			}
			parts = append(parts, s.src[start:s.at])
		}
		s.space()
		if !s.take(".") {
			return parts
		}
	}
}

func bare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= utf8.RuneSelf
}

// maxDepth is how deep values stand in one another at most; what is deeper has
// no place.
const maxDepth = 50

func (s *scanner) value(key []string) {
	start := s.at
	if s.depth++; s.depth <= maxDepth {
		switch {
		case s.take("["):
			s.elements(key)
		case s.take("{"):
			s.pairs(key)
		case strings.HasPrefix(s.src[s.at:], `"`), strings.HasPrefix(s.src[s.at:], `'`):
			s.text()
		default:
			s.scalar()
		}
	} else {
		s.line()
	}
	s.depth--
	p := s.found[path(key...)]
	p.from, p.to = start, s.at
	s.found[path(key...)] = p
}

func (s *scanner) elements(key []string) {
	for i := 0; ; i++ {
		s.blank()
		if s.at == len(s.src) || s.take("]") {
			return
		}
		before := s.at
		element := append(key[:len(key):len(key)], strconv.Itoa(i))
		s.note(element, s.at)
		s.value(element)
		s.blank()
		if !s.take(",") && s.at == before {
			return
		}
	}
}

func (s *scanner) pairs(key []string) {
	for {
		s.blank()
		if s.at == len(s.src) || s.take("}") {
			return
		}
		before := s.at
		s.pair(key)
		s.blank()
		if !s.take(",") && s.at == before {
			return
		}
	}
}

// text reads a string of any of the four kinds, as it is meant.
func (s *scanner) text() string {
	for _, quote := range []string{`"""`, `'''`, `"`, `'`} {
		if !s.take(quote) {
			continue
		}
		start := s.at
		for s.at < len(s.src) {
			if quote[0] == '"' && s.src[s.at] == '\\' {
				s.at = min(s.at+2, len(s.src))
				continue
			}
			if strings.HasPrefix(s.src[s.at:], quote) {
				break
			}
			s.at++
		}
		inner := s.src[start:s.at]
		s.take(quote)
		for len(quote) == 3 && s.take(quote[:1]) { // up to two quotes may stand before the last three
		}
		if word, err := strconv.Unquote(`"` + inner + `"`); err == nil && quote == `"` {
			return word
		}
		return inner
	}
	return ""
}

func (s *scanner) scalar() {
	start := s.at
	for s.at < len(s.src) && !strings.ContainsRune(",]}#\n", rune(s.src[s.at])) {
		s.at++
	}
	for s.at > start && (s.src[s.at-1] == ' ' || s.src[s.at-1] == '\t' || s.src[s.at-1] == '\r') {
		s.at--
	}
}

func (s *scanner) take(word string) bool {
	if !strings.HasPrefix(s.src[s.at:], word) {
		return false
	}
	s.at += len(word)
	return true
}

func (s *scanner) space() {
	for s.at < len(s.src) && (s.src[s.at] == ' ' || s.src[s.at] == '\t') {
		s.at++
	}
}

// blank skips spaces, line ends and comments.
func (s *scanner) blank() {
	for s.at < len(s.src) {
		switch s.src[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		case '#':
			s.line()
		default:
			return
		}
	}
}

// line skips to the end of the line.
func (s *scanner) line() {
	if i := strings.IndexByte(s.src[s.at:], '\n'); i >= 0 {
		s.at += i
		return
	}
	s.at = len(s.src)
}
