package graphfake

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// crowd makes up customers, one after another, no two with the same number. All
// numbers are from ranges that are kept free for fiction.
type crowd struct {
	lib    *library
	rng    *rand.Rand
	taken  func(number string) bool
	used   map[string]bool
	decks  map[string][]scene // scenes of a language that are still to be dealt
	counts map[string]int
}

func newCrowd(lib *library, rng *rand.Rand, taken func(string) bool) *crowd {
	return &crowd{lib, rng, taken, map[string]bool{}, map[string][]scene{}, map[string]int{}}
}

// languages is how many of a hundred customers write in which.
func languages() []struct {
	code  string
	share int
} {
	return []struct {
		code  string
		share int
	}{{"en", 60}, {"es", 5}, {"pt", 4}, {"de", 5}, {"fr", 5}, {"ar", 3}, {"he", 2}, {"hi", 3}, {"ja", 3},
		{"ko", 2}, {"th", 2}, {"ru", 2}, {"tr", 2}, {"it", 1}, {"pl", 1}}
}

func (w *crowd) language() string {
	n := w.rng.IntN(100)
	for _, l := range languages() {
		if n -= l.share; n < 0 {
			return l.code
		}
	}
	return "en"
}

// deal returns a scene, each of a language once before any comes again.
func (w *crowd) deal(language string) scene {
	deck := w.decks[language]
	if len(deck) == 0 {
		deck = append(deck, w.lib.scenes[language]...)
		w.rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	}
	w.decks[language] = deck[1:]
	return deck[0]
}

// join returns a new customer for a scene, and what an agent calls them.
func (w *crowd) join(s scene) (Customer, string) {
	first, last := pick(w.rng, w.lib.names[s.language]["first"]), pick(w.rng, w.lib.names[s.language]["last"])
	c := Customer{Language: s.language, WAID: w.number(s.language), NoReceipts: w.rng.IntN(4) == 0}
	call := first
	switch {
	case s.language == "ja":
		c.Name, call = last+" "+first, last
	case s.language == "ko":
		c.Name, call = last+first, last+first
	case s.team == "wholesale" && s.language == "en":
		c.Name = first + " · " + strings.ReplaceAll(pick(w.rng, w.lib.names["trade"]["name"]), "_", " ")
	default:
		c.Name = w.styled(first, last)
	}
	if w.rng.IntN(10) < 6 {
		c.UserID = fmt.Sprintf("GB.%08d%012d", w.rng.IntN(1e8), w.rng.IntN(1e12))
		if w.rng.IntN(12) == 0 {
			c.Username, c.HidesPhone = fmt.Sprintf("%s.%d", strings.ToLower(ascii(first)), 10+w.rng.IntN(90)), true
		}
	}
	c.Temper = Temper{Patience: time.Duration(60+w.rng.IntN(180)) * time.Second, Slowness: 0.5 + 1.5*w.rng.Float64(), Quiet: w.rng.IntN(4) == 0}
	return c, call
}

// styled is a name as people really enter theirs.
func (w *crowd) styled(first, last string) string {
	switch w.rng.IntN(24) {
	case 0:
		return first
	case 1:
		return strings.ToLower(first)
	case 2:
		return first + " " + pick(w.rng, []string{"🌻", "✨", "🐝", "☕️", "🦊"})
	case 3:
		return string([]rune(first)[:1]) + ". " + last
	}
	return first + " " + last
}

func ascii(s string) string {
	s = strings.Map(func(r rune) rune {
		if r > 'z' || r < 'A' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "user"
	}
	return s
}

// number is the next free one: French and German ones have ranges of their own,
// everyone else has a British or, when those are used up, an American one.
func (w *crowd) number(language string) string {
	for {
		i := w.counts[language]
		w.counts[language]++
		n := ""
		switch {
		case language == "fr" && i < 10_000:
			n = fmt.Sprintf("3363998%04d", i*3889%10_000)
		case language == "de" && i < 100:
			n = fmt.Sprintf("49176040690%02d", i*37%100)
		default:
			language = "en"
			i = w.counts["shared"]
			w.counts["shared"]++
			n = fmt.Sprintf("447700900%03d", i*389%1000)
			if i >= 1000 {
				n = fmt.Sprintf("1%d55501%02d", 202+i/100%780, i%100)
			}
		}
		if !w.used[n] && !w.taken(n) {
			w.used[n] = true
			return n
		}
	}
}
