package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with the settings.
type Problem struct {
	Key      string // the setting, as it is written in the file
	Sentence string // what is wrong, and what to do
}

// Problems is everything wrong with the settings.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Key + ": " + p.Sentence
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return fmt.Sprintf("The settings have %d problems:\n  %s", len(lines), strings.Join(lines, "\n  "))
}

func (ps *Problems) add(key, format string, args ...any) {
	*ps = append(*ps, Problem{key, fmt.Sprintf(format, args...)})
}

// err is nil when there is no problem.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// unread reports whether the settings' file couldn't be read: what is missing
// then may well stand in it.
func unread(ps Problems) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Key == fileKey })
}

// fileKey stands for the settings' file itself.
const fileKey = "config"

// follows reports whether p is about the same setting as an earlier problem, or
// about one that an unreadable secret's file was to give.
func (p Problem) follows(earlier Problem) bool {
	return p.Key == strings.TrimSuffix(earlier.Key, fileSuffix)
}
