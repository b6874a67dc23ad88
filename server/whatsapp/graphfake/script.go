package graphfake

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// The scripts are plain text, one scene after another:
//
//	== language team label
//	> what the customer says || another way to say it
//	> [photo] caption
//	< what the agent answers
//	! a note between colleagues
//	# a label that an agent puts on
//	. 5h
//	+ resolve
//
//go:embed scripts/*.txt
var scripts embed.FS

// scene is one conversation as it might go.
type scene struct {
	language, team, label string
	turns                 []turn
}

type turn struct {
	mark byte     // as in the script
	text []string // one of these
	wait time.Duration
}

// library is everything that the customers can say.
type library struct {
	scenes map[string][]scene             // by language
	lines  map[string]map[string][]string // by language and kind
	names  map[string]map[string][]string // by language: first, last
	words  map[string][]string            // for {item} and so on
	open   string                         // language of the scene being read
}

// newLibrary reads the scripts. A mistake in them is a mistake in this package,
// which its tests find.
func newLibrary() *library {
	l := &library{scenes: map[string][]scene{}, lines: map[string]map[string][]string{},
		names: map[string]map[string][]string{}, words: map[string][]string{}}
	files, err := scripts.ReadDir("scripts")
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		text, err := scripts.ReadFile("scripts/" + file.Name())
		if err != nil {
			panic(err)
		}
		for n, line := range strings.Split(string(text), "\n") {
			if err := l.read(file.Name(), strings.TrimSpace(line)); err != nil {
				panic(fmt.Sprintf("graphfake: %s:%d: %v", file.Name(), n+1, err))
			}
		}
	}
	for _, scenes := range l.scenes {
		for i := range scenes {
			scenes[i].finish()
		}
	}
	return l
}

func (l *library) read(file, line string) error {
	head, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "":
		return nil
	case file == "words.txt":
		l.words[head] = append(l.words[head], rest)
		return nil
	case file == "names.txt", file == "lines.txt":
		kind, items, _ := strings.Cut(rest, " ")
		into, parts := l.lines, strings.Split(items, "||")
		if file == "names.txt" {
			into, parts = l.names, strings.Fields(items)
		}
		if into[head] == nil {
			into[head] = map[string][]string{}
		}
		into[head][kind] = trimmed(parts)
		return nil
	case head == "==":
		f := strings.Fields(rest)
		if len(f) != 3 {
			return fmt.Errorf("a scene needs language, team and label")
		}
		l.scenes[f[0]] = append(l.scenes[f[0]], scene{language: f[0], team: f[1], label: f[2]})
		l.open = f[0]
		return nil
	}
	scenes := l.scenes[l.open]
	if len(scenes) == 0 || len(head) != 1 || !strings.Contains("><!#.+", head) {
		return fmt.Errorf("can't read %q", line)
	}
	s := &scenes[len(scenes)-1]
	t := turn{mark: head[0], text: trimmed(strings.Split(strings.ReplaceAll(rest, `\n`, "\n"), "||"))}
	if t.mark == '.' {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return err
		}
		t.wait = d
	}
	s.turns = append(s.turns, t)
	return nil
}

// finish lets an alternative that has no [kind] of its own take the first one's,
// so that "[photo] || [photo] see" and "[photo] a || b" both read well.
func (s *scene) finish() {
	for _, t := range s.turns {
		if t.mark != '>' || !strings.HasPrefix(t.text[0], "[") {
			continue
		}
		kind, _, _ := strings.Cut(t.text[0], "]")
		for i, alt := range t.text {
			if !strings.HasPrefix(alt, "[") {
				t.text[i] = kind + "] " + alt
			}
		}
	}
}

func trimmed(parts []string) []string {
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return parts
}

// role is what stands for {name}, {order} and so on in one conversation.
type role map[string]string

func (l *library) role(rng *rand.Rand, name string) role {
	r := role{"name": name, "order": "MF-" + strconv.Itoa(20100+rng.IntN(880)), "digits": strconv.Itoa(2000 + rng.IntN(900))}
	for _, word := range []string{"item", "day", "street", "price"} {
		r[word] = pick(rng, l.words[word])
	}
	return r
}

func (r role) fill(text string) string {
	for k, v := range r {
		text = strings.ReplaceAll(text, "{"+k+"}", v)
	}
	return text
}

func (r role) say(rng *rand.Rand, t turn) string { return r.fill(pick(rng, t.text)) }

func pick[T any](rng *rand.Rand, from []T) T {
	if len(from) == 0 {
		var none T
		return none
	}
	return from[rng.IntN(len(from))]
}

// parse makes a message of a line: "[photo] caption", "[place 51.4,-2.5|Name|Address]".
func parse(line string) Message {
	rest, ok := strings.CutPrefix(line, "[")
	head, body, closed := strings.Cut(rest, "]")
	if !ok || !closed {
		return Text(line)
	}
	kind, arg, _ := strings.Cut(head, " ")
	body = strings.TrimSpace(body)
	args := append(strings.Split(arg, "|"), "", "")
	switch kind {
	case "photo":
		return Image(body)
	case "video":
		return Video(body)
	case "voice":
		return Voice()
	case "sticker":
		return Sticker()
	case "doc":
		return Document(arg, body)
	case "place":
		lat, lng, _ := strings.Cut(args[0], ",")
		return Location(decimal(lat), decimal(lng), args[1], args[2])
	case "card":
		return Contact(args[0], args[1])
	case "react":
		return Reaction(LastReply, arg)
	case "button":
		return ButtonReply("b:"+strings.ToLower(arg), arg)
	case "list":
		return ListReply("l:"+strings.ToLower(args[0]), args[0], args[1])
	case "unsupported":
		return Unsupported(arg)
	case "ad":
		return Text(body).FromAd(arg)
	case "fwd":
		return Text(body).Forwarded()
	case "order":
		return Order(body, items(arg)...)
	}
	return Text(line)
}

// items reads "MF-12 x2 18.50; MF-31 x1 42".
func items(arg string) (out []Item) {
	for part := range strings.SplitSeq(arg, ";") {
		f := strings.Fields(part)
		if len(f) == 3 {
			n, _ := strconv.Atoi(strings.TrimPrefix(f[1], "x"))
			out = append(out, Item{f[0], n, decimal(f[2])})
		}
	}
	return out
}

func decimal(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}
