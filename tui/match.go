package tui

import (
	"slices"
	"strings"
	"unicode"
)

// match says how well a text fits a filter, the worst first.
type match int

const (
	apart     match = iota // it doesn't
	scattered              // its letters occur in order, with others between them
	within                 // it stands in the text
	atWord                 // its words begin words of the text, in order
	atStart                // the text begins with it
	whole                  // it is the text
)

// matches compares without regard to case. Scattered letters never fit a filter
// with a digit or a sign in it: such a filter is a number, and another number is
// another customer.
func matches(filter, text string) match {
	filter, text = strings.ToLower(strings.TrimSpace(filter)), strings.ToLower(text)
	switch {
	case filter == text:
		return whole
	case strings.HasPrefix(text, filter):
		return atStart
	case beginsWords(filter, text):
		return atWord
	case strings.Contains(text, filter):
		return within
	case lettersOnly(filter) && inOrder(filter, text):
		return scattered
	}
	return apart
}

// beginsWords reports whether each word of the filter begins a word of the text,
// in the text's order. Words that hold more than letters and digits are compared
// as they stand in the text, so that "#2" isn't taken for "2".
func beginsWords(filter, text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '#'
	})
	for _, want := range strings.Fields(filter) {
		i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, want) })
		if i < 0 {
			return false
		}
		words = words[i+1:]
	}
	return true
}

func lettersOnly(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != ' ' })
}

func inOrder(filter, text string) bool {
	want := []rune(filter)
	i := 0
	for _, r := range text {
		if i < len(want) && r == want[i] {
			i++
		}
	}
	return i == len(want)
}

// bare is a number without the signs that people put between its digits, and that
// stand for those that are hidden; empty
// when s is anything else than a number.
func bare(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune(" +-()./•", r) }) {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// fits is the best match of what an item is found by.
func (it *item) fits(filter string) match {
	best := matches(filter, it.title.String())
	for _, also := range it.also {
		m := matches(filter, also)
		if digits := bare(filter); digits != "" {
			m = max(m, matches(digits, bare(also)))
		}
		best = max(best, m)
	}
	if best == scattered && it.named {
		return apart
	}
	return best
}

// narrowed keeps what matches, the best first, and in each class the present
// order. Scattered letters count only when nothing matches better.
func narrowed(items []item, filter string) []item {
	if strings.TrimSpace(filter) == "" {
		return items
	}
	var classes [whole + 1][]item
	for i := range items {
		m := items[i].fits(filter)
		classes[m] = append(classes[m], items[i])
	}
	if better := slices.Concat(classes[whole], classes[atStart], classes[atWord], classes[within]); len(better) > 0 {
		return better
	}
	return classes[scattered]
}
