package desk

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseEnd reads an end of access as people type it, in now's time zone: a length
// ("4h", "for 1d 12h", "2 weeks") or a point ("18:00", "until fri 18:00",
// "tomorrow 9am", "24 dec", "2026-12-24 12:00"). A time alone is the next such
// time, a day alone the end of that day. Days and weeks keep the time of day over
// a change of the clocks; hours are hours.
//
// The end is after now and at most [MaxGrant] away; anything else is an [*Error]
// with [CodeInvalid].
func ParseEnd(s string, now time.Time) (time.Time, error) {
	words := strings.Fields(strings.ToLower(strings.ReplaceAll(s, ",", " ")))
	lead := ""
	if len(words) > 0 && slices.Contains([]string{"for", "until", "till"}, words[0]) {
		lead, words = words[0], words[1:]
	}
	if lead == "for" || lead == "" {
		if days, rest, ok := readLength(strings.Join(words, " ")); ok {
			return lengthEnd(days, rest, now)
		}
	}
	if lead == "for" {
		return time.Time{}, unreadable(s)
	}
	p, ok := readPoint(words)
	if !ok {
		return time.Time{}, unreadable(s)
	}
	return p.end(now)
}

// echoed is how much of what was typed an error repeats, in bytes.
const echoed = 60

func unreadable(s string) error {
	s = strings.ToValidUTF8(s, "")
	if s == "" || len(s) > echoed {
		return Errorf(CodeInvalid, "That isn't a time. Write a length like “4h” or an end like “fri 18:00”.")
	}
	return Errorf(CodeInvalid, "%q isn't a time. Write a length like “4h” or an end like “fri 18:00”.", s)
}

func tooFar() error {
	return Errorf(CodeInvalid, "Access is given for 366 days at most. Write a shorter one, like “2w” or “24 dec”.")
}

func tooEarly() error {
	return Errorf(CodeInvalid, "That time isn't to come. Write a later one, like “tomorrow 9:00” or “4h”.")
}

// bounded refuses an end that no grant can have.
func bounded(end, now time.Time) (time.Time, error) {
	switch {
	case !end.After(now):
		return time.Time{}, tooEarly()
	case end.After(now.Add(MaxGrant)):
		return time.Time{}, tooFar()
	}
	return end, nil
}

var (
	lengthForm = regexp.MustCompile(`^\d+ ?[a-z]+( ?\d+ ?[a-z]+)*$`)
	lengthPart = regexp.MustCompile(`(\d+) ?([a-z]+)`)
)

// readLength reads "1d12h" and "1 d 12 h": whole days, and the rest. A number beyond all bounds
// reads as more than [MaxGrant].
func readLength(s string) (days int, rest time.Duration, ok bool) {
	if !lengthForm.MatchString(s) {
		return 0, 0, false
	}
	for _, part := range lengthPart.FindAllStringSubmatch(s, -1) {
		unit := lengthUnit(part[2])
		if unit == 0 {
			return 0, 0, false
		}
		n, err := strconv.Atoi(part[1])
		if err != nil || n > int(MaxGrant/unit) {
			n = int(MaxGrant/unit) + 1
		}
		if unit >= 24*time.Hour {
			days = min(days+n*int(unit/(24*time.Hour)), 1000)
		} else {
			rest = min(rest+time.Duration(n)*unit, 2*MaxGrant)
		}
	}
	return days, rest, true
}

func lengthUnit(word string) time.Duration {
	switch word {
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour
	case "d", "day", "days":
		return 24 * time.Hour
	case "w", "week", "weeks":
		return 7 * 24 * time.Hour
	}
	return 0
}

func lengthEnd(days int, rest time.Duration, now time.Time) (time.Time, error) {
	if time.Duration(days)*24*time.Hour+rest > MaxGrant {
		return time.Time{}, tooFar()
	}
	end := now
	if days > 0 {
		end = onClock(daysOn(now, days), clockOf(now), now)
	}
	end = end.Add(rest)
	if limit := now.Add(MaxGrant); end.After(limit) { // the clocks go back in between
		end = limit
	}
	return bounded(end, now)
}

// point is an end as it was typed: a day, a time of day, or both.
type point struct {
	clock    *clock
	weekday  *time.Weekday
	tomorrow bool
	today    bool
	year     int // 0: the next such day
	month    time.Month
	day      int // 0: no date was given
}

// clock is a time of day.
type clock struct{ hour, minute, second, nano int }

// endOfDay is what a day without a time means: it still reads as that day.
func endOfDay() clock { return clock{23, 59, 59, 0} }

func clockOf(t time.Time) clock { return clock{t.Hour(), t.Minute(), t.Second(), t.Nanosecond()} }

// end is the first time after now that the point can mean.
func (p point) end(now time.Time) (time.Time, error) {
	c := endOfDay()
	if p.clock != nil {
		c = *p.clock
	}
	switch {
	case p.day != 0:
		return p.dated(c, now)
	case p.today:
		return bounded(onClock(now, c, now), now)
	case p.tomorrow:
		return bounded(onClock(daysOn(now, 1), c, now), now)
	}
	for days := range 9 {
		day := daysOn(now, days)
		if p.weekday != nil && day.Weekday() != *p.weekday {
			continue
		}
		if end := onClock(day, c, now); end.After(now) {
			return bounded(end, now)
		}
	}
	return time.Time{}, tooEarly()
}

// daysOn is noon, so many days on: at noon no clock is put forward, so it is that
// day for certain.
func daysOn(now time.Time, days int) time.Time {
	return time.Date(now.Year(), now.Month(), now.Day()+days, 12, 0, 0, 0, now.Location())
}

// dated is the end on a date: of its year, or of the next year that makes it one
// to come.
func (p point) dated(c clock, now time.Time) (time.Time, error) {
	years := []int{p.year}
	if p.year == 0 {
		years = []int{now.Year(), now.Year() + 1}
	}
	exists := false
	for _, y := range years {
		day := time.Date(y, p.month, p.day, 12, 0, 0, 0, now.Location())
		if day.Day() != p.day || day.Month() != p.month {
			continue
		}
		exists = true
		if end := onClock(day, c, now); end.After(now) {
			return bounded(end, now)
		}
	}
	if !exists {
		return time.Time{}, Errorf(CodeInvalid, "There is no %d %s then. Write a date like “24 dec” or “2026-12-24”.", p.day, p.month)
	}
	return time.Time{}, tooEarly()
}

// onClock is when the clocks show c on the day of t. When they are put forward
// over that time, it is when they would have shown it; when they show it twice,
// the first that is after now.
func onClock(t time.Time, c clock, now time.Time) time.Time {
	y, m, d := t.Date()
	shown := time.Date(y, m, d, c.hour, c.minute, c.second, c.nano, time.UTC)
	near := time.Date(y, m, d, c.hour, c.minute, c.second, c.nano, t.Location())
	// by is the time at which clocks that stand as they did at a moment show c.
	by := func(moment time.Time) (_ time.Time, right bool) {
		_, offset := moment.Zone()
		end := shown.Add(-time.Duration(offset) * time.Second).In(t.Location())
		return end, clockOf(end) == c && end.Day() == d
	}
	before, first := by(near.Add(-24 * time.Hour))
	after, second := by(near.Add(24 * time.Hour))
	if second && (!first || !before.After(now)) {
		return after
	}
	return before
}

var (
	isoDate   = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})(?:t(\d{2}:\d{2}))?$`)
	dayNumber = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th|\.)?$`)
	clockForm = regexp.MustCompile(`^(\d{1,2})(?::(\d{2}))?(am|pm)?$`)
)

// readPoint reads the words of a day and a time, in either order. Words that don't
// all belong to one day and one time are refused.
func readPoint(words []string) (p point, ok bool) {
	for len(words) > 0 {
		switch words[0] {
		case "on", "at":
			words = words[1:]
			continue
		}
		if c, n := readClock(words); n > 0 && p.clock == nil {
			p.clock, words = &c, words[n:]
		} else if n := p.readDay(words); n > 0 {
			words = words[n:]
		} else {
			return p, false
		}
	}
	return p, p.clock != nil || p.hasDay()
}

func (p *point) hasDay() bool { return p.day != 0 || p.weekday != nil || p.today || p.tomorrow }

// readClock reads "18:00", "6pm", "6 pm" or "noon" and returns how many words it
// took; 0 when they are no time.
func readClock(words []string) (clock, int) {
	w, n := words[0], 1
	if w == "noon" {
		return clock{hour: 12}, 1
	}
	if len(words) > 1 && (words[1] == "am" || words[1] == "pm") {
		w, n = w+words[1], 2
	}
	m := clockForm.FindStringSubmatch(w)
	if m == nil || (m[2] == "" && m[3] == "") { // "18" alone could be a day
		return clock{}, 0
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	if m[3] != "" {
		if hour < 1 || hour > 12 {
			return clock{}, 0
		}
		hour %= 12
		if m[3] == "pm" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 {
		return clock{}, 0
	}
	return clock{hour: hour, minute: minute}, n
}

// readDay reads a day into p and returns how many words it took; 0 when they are
// no day, or p has one.
func (p *point) readDay(words []string) int {
	if p.hasDay() {
		return 0
	}
	if m := isoDate.FindStringSubmatch(words[0]); m != nil {
		return p.readISO(m)
	}
	switch words[0] {
	case "today":
		p.today = true
		return 1
	case "tomorrow":
		p.tomorrow = true
		return 1
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if abbreviates(words[0], d.String()) {
			p.weekday = &d
			return 1
		}
	}
	return p.readDate(words)
}

func (p *point) readISO(m []string) int {
	year, _ := strconv.Atoi(m[1])
	month, _ := strconv.Atoi(m[2])
	day, _ := strconv.Atoi(m[3])
	if year == 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0
	}
	if m[4] != "" {
		c, n := readClock(m[4:])
		if n == 0 || p.clock != nil {
			return 0
		}
		p.clock = &c
	}
	p.year, p.month, p.day = year, time.Month(month), day
	return 1
}

// readDate reads "24 dec", "dec 24" and "24 dec 2026".
func (p *point) readDate(words []string) int {
	if len(words) < 2 {
		return 0
	}
	number, name := words[0], words[1]
	if !dayNumber.MatchString(number) {
		number, name = name, number
	}
	m, month := dayNumber.FindStringSubmatch(number), monthNamed(name)
	if m == nil || month == 0 {
		return 0
	}
	day, _ := strconv.Atoi(m[1])
	if day < 1 || day > 31 {
		return 0
	}
	p.month, p.day = month, day
	if len(words) > 2 && len(words[2]) == 4 {
		if year, err := strconv.ParseUint(words[2], 10, 16); err == nil && year > 0 {
			p.year = int(year)
			return 3
		}
	}
	return 2
}

func monthNamed(word string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if abbreviates(word, m.String()) {
			return m
		}
	}
	return 0
}

// abbreviates reports whether word is the start of an English name, of three
// letters at least: "fri", "thurs", "sept".
func abbreviates(word, name string) bool {
	return len(word) >= 3 && strings.HasPrefix(strings.ToLower(name), word)
}

// Left says how long it is until then in the two largest units: "2 d 4 h",
// "3 h 59 min", "50 s". A second that has begun counts; what is over is "0 s".
func Left(until, now time.Time) string {
	left := until.Sub(now)
	seconds := int64(left / time.Second)
	if left%time.Second > 0 {
		seconds++
	}
	day, hour, minute := seconds/(24*60*60), seconds/(60*60)%24, seconds/60%60
	switch {
	case seconds <= 0:
		return "0 s"
	case day > 0:
		return units(day, "d", hour, "h")
	case hour > 0:
		return units(hour, "h", minute, "min")
	case minute > 0:
		return units(minute, "min", seconds%60, "s")
	}
	return fmt.Sprintf("%d s", seconds)
}

func units(large int64, of string, small int64, ofSmall string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", large, of)
	}
	return fmt.Sprintf("%d %s %d %s", large, of, small, ofSmall)
}
