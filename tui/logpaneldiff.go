package tui

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// difference is one value of an entry that changed, began or went.
type difference struct {
	what    safe.Text
	was, is safe.Text // empty: there was none
}

// maxDifferences is how many of them an entry shows.
const maxDifferences = 200

// differences compares what was before an entry with what was after it, value by
// value. What is the same in both isn't told.
func (l *look) differences(d *desk.LogDetail) []difference {
	if d == nil {
		return nil
	}
	was, is := l.values(d.Before), l.values(d.After)
	paths := make([]string, 0, len(was)+len(is))
	for p := range was {
		paths = append(paths, p)
	}
	for p := range is {
		if _, both := was[p]; !both {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	var all []difference
	for _, p := range paths {
		if was[p].String() == is[p].String() {
			continue
		}
		all = append(all, difference{pathWords(p), was[p], is[p]})
	}
	return all[:min(len(all), maxDifferences)]
}

// between the parts of a path stands what no key of ours has.
const pathSep = "\x00"

// values are the leaves of a JSON text by their paths.
func (l *look) values(raw json.RawMessage) map[string]safe.Text {
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return map[string]safe.Text{"": outside(string(raw))}
	}
	into := map[string]safe.Text{}
	l.leaves(into, "", "", v)
	return into
}

func (l *look) leaves(into map[string]safe.Text, path, key string, v any) {
	if len(into) > 2*maxDifferences {
		return
	}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for k, x := range v {
			l.leaves(into, join2(path, k), k, x)
		}
	case []any:
		if words := l.flat(key, v); !words.Empty() {
			into[path] = words
			return
		}
		for i, x := range v {
			l.leaves(into, join2(path, strconv.Itoa(i+1)), key, x)
		}
	default:
		if t := l.value(key, v); !t.Empty() {
			into[path] = t
		}
	}
}

func join2(path, key string) string {
	if path == "" {
		return key
	}
	return path + pathSep + key
}

// flat is a list of plain values on one line; empty when it holds anything else.
func (l *look) flat(key string, list []any) safe.Text {
	words := make([]safe.Text, 0, len(list))
	for _, x := range list {
		switch x.(type) {
		case string, json.Number, bool:
			words = append(words, l.value(key, x))
		default:
			return safe.Text{}
		}
	}
	return safe.Join(ours(", "), words...)
}

// value is one plain value in words: ids by their names, times by the clock.
func (l *look) value(key string, v any) safe.Text {
	switch v := v.(type) {
	case bool:
		if v {
			return ours("yes")
		}
		return ours("no")
	case json.Number:
		if n, err := v.Int64(); err == nil && key == "for" {
			return ours(l.length(desk.Duration(n)))
		} else if err == nil && key == "conversation" {
			return ours(desk.ConversationID(n).String())
		}
		return outside(v.String())
	case string:
		return l.worded(key, v)
	}
	return safe.Text{}
}

func (l *look) worded(key, s string) safe.Text {
	switch key {
	case "role", "base", "move_to":
		return l.roleName(desk.RoleID(s))
	case "member", "assignee", "by", "hand_to", "author", "actor", "":
		return l.named(s)
	case "team", "teams":
		return l.teamOrID(s)
	case "perm":
		d, _ := desk.Describe(desk.Perm(s))
		return outside(d.Title)
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return ours(l.second(at))
	}
	if sc := desk.Scope(s); sc.Rank() > 0 {
		return ours(scopeWords(sc))
	}
	return outside(s)
}

func (l *look) teamOrID(id string) safe.Text {
	if _, ok := l.rep.Team(desk.TeamID(id)); ok {
		return l.teamName(desk.TeamID(id))
	}
	return outside(id)
}

// pathWords is where a value stands: of a permission its title.
func pathWords(path string) safe.Text {
	var parts []safe.Text
	for _, key := range strings.Split(path, pathSep) {
		if d, ok := desk.Describe(desk.Perm(key)); ok {
			parts = append(parts, outside(d.Title))
			continue
		}
		if key == "grants" && strings.Contains(path, pathSep) {
			continue // what follows says it
		}
		parts = append(parts, outside(strings.ReplaceAll(key, "_", " ")))
	}
	return safe.Join(ours(" · "), parts...)
}

// second is a time to the second, as the log tells it.
func (l *look) second(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	at := t.In(l.loc)
	if at.Year() == l.now.In(l.loc).Year() {
		return at.Format("2 Jan 15:04:05")
	}
	return at.Format("2 Jan 2006 15:04:05")
}
