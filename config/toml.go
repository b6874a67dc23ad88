package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// entry is one value of a TOML file: a text, a bool, or a list of texts as one
// text with commas.
type entry struct {
	key  string // with its tables: "whatsapp.base_url"
	line int    // 0 when it isn't known
	text string
	ok   bool // the value is of a kind that settings have
}

// readTOML returns the entries of a file in the order of the file.
func readTOML(path string) ([]entry, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no file %s: %w", path, err)
		}
		return nil, fmt.Errorf("the file %s can't be read: %w", path, err)
	}
	var tree map[string]any
	meta, err := toml.Decode(string(src), &tree)
	if err != nil {
		// The library's own words may quote the line, and a secret with it.
		if p, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, fmt.Errorf("line %d of %s isn't TOML: write name = \"text\", each name once", p.Position.Line, path)
		}
		return nil, fmt.Errorf("the file %s isn't TOML", path)
	}
	lines := keyLines(string(src))
	var entries []entry
	for _, key := range meta.Keys() {
		name := strings.Join(key, ".")
		value := lookUp(tree, key)
		if _, table := value.(map[string]any); table {
			continue
		}
		e := entry{key: name, line: lines[name]}
		e.text, e.ok = asText(value)
		entries = append(entries, e)
	}
	return entries, nil
}

func lookUp(tree map[string]any, key toml.Key) any {
	var value any = tree
	for _, part := range key {
		table, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = table[part]
	}
	return value
}

func asText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return fmt.Sprint(v), true
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			s, ok := part.(string)
			if !ok || strings.Contains(s, ",") {
				return "", false
			}
			parts[i] = s
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}

// keyLines finds the lines on which keys are written the usual way: a name
// under the header of its table. The TOML library tells keys without places.
func keyLines(src string) map[string]int {
	lines, table := map[string]int{}, ""
	for i, line := range strings.Split(src, "\n") {
		line = strings.TrimSpace(line)
		if header, ok := strings.CutPrefix(line, "["); ok {
			if name, _, closed := strings.Cut(header, "]"); closed && !strings.HasPrefix(name, "[") {
				table = bare(name) + "."
			}
			continue
		}
		if name, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			if key := table + bare(name); lines[key] == 0 {
				lines[key] = i + 1
			}
		}
	}
	return lines
}

func bare(key string) string {
	parts := strings.Split(key, ".")
	for i, p := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(p), `"'`)
	}
	return strings.Join(parts, ".")
}

// unknown is the sentence about a key that isn't a setting.
func unknown(e entry, known []string) string {
	where := ""
	if e.line > 0 {
		where = fmt.Sprintf(" (line %d)", e.line)
	}
	return fmt.Sprintf("there is no such setting%s; the nearest one is %s.", where, nearest(e.key, known))
}

// nearest returns the known word with the fewest changes from s.
func nearest(s string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int { return distance(s, a) - distance(s, b) })
}

// distance is Levenshtein's: how many letters to add, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
