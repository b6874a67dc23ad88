package rolefile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File      string
	Line, Col int // from 1
	Text      string
}

func (p *Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Text)
}

// problems are those of one file.
type problems struct {
	file  string
	found []*Problem
}

func (p *problems) add(at place, format string, args ...any) {
	p.found = append(p.found, &Problem{p.file, max(at.line, 1), max(at.col, 1), fmt.Sprintf(format, args...)})
}

// check adds an error, if there is one, as it reads.
func (p *problems) check(at place, err error) {
	if err != nil {
		p.add(at, "%v", err)
	}
}

// err are all problems in the order of the file, a line each; nil when there is
// none.
func (p *problems) err() error {
	slices.SortStableFunc(p.found, func(a, b *Problem) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) })
	errs := make([]error, len(p.found))
	for i, one := range p.found {
		errs[i] = one
	}
	return errors.Join(errs...)
}

// nearest is " Did you mean x?" for the known word that takes the fewest changes
// to s; empty when none is near.
func nearest(s string, known []string) string {
	best, least := "", utf8.RuneCountInString(s)/2+1
	for _, word := range known {
		if n := distance([]rune(s), []rune(word)); n < least {
			best, least = word, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// distance is Levenshtein's: how many letters to add, drop or change.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
