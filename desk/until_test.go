package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

const minutes = "2006-01-02 15:04"

// checkEnds reads what is typed at a time and compares the wall clock of the end,
// with its zone's letters.
func checkEnds(t *testing.T, now time.Time, cases [][2]string) {
	t.Helper()
	for _, c := range cases {
		got, err := desk.ParseEnd(c[0], now)
		if err != nil {
			t.Errorf("%q: %v", c[0], err)
			continue
		}
		if shown := got.Format("Mon 2006-01-02 15:04:05 MST"); shown != c[1] {
			t.Errorf("%q is %s, want %s", c[0], shown, c[1])
		}
		if got.Location() != now.Location() {
			t.Errorf("%q is in %s", c[0], got.Location())
		}
	}
}

func TestParseEnd(t *testing.T) {
	// A Wednesday in winter.
	now := time.Date(2026, 11, 25, 14, 20, 30, 0, zone(t, "Europe/Berlin"))
	checkEnds(t, now, [][2]string{
		{"4h", "Wed 2026-11-25 18:20:30 CET"},
		{"90m", "Wed 2026-11-25 15:50:30 CET"},
		{"for 4h", "Wed 2026-11-25 18:20:30 CET"},
		{" FOR  4 Hours ", "Wed 2026-11-25 18:20:30 CET"},
		{"1h30m", "Wed 2026-11-25 15:50:30 CET"},
		{"1 h 30 min", "Wed 2026-11-25 15:50:30 CET"},
		{"2d", "Fri 2026-11-27 14:20:30 CET"},
		{"for 2 days", "Fri 2026-11-27 14:20:30 CET"},
		{"1w", "Wed 2026-12-02 14:20:30 CET"},
		{"1w 1d 2h", "Thu 2026-12-03 16:20:30 CET"},
		{"366d", "Fri 2027-11-26 14:20:30 CET"},
		{"18:00", "Wed 2026-11-25 18:00:00 CET"},
		{"until 18:00", "Wed 2026-11-25 18:00:00 CET"},
		{"till 6pm", "Wed 2026-11-25 18:00:00 CET"},
		{"6 pm", "Wed 2026-11-25 18:00:00 CET"},
		{"6:30PM", "Wed 2026-11-25 18:30:00 CET"},
		{"9:00", "Thu 2026-11-26 09:00:00 CET"},
		{"9am", "Thu 2026-11-26 09:00:00 CET"},
		{"14:20", "Thu 2026-11-26 14:20:00 CET"},
		{"14:21", "Wed 2026-11-25 14:21:00 CET"},
		{"12am", "Thu 2026-11-26 00:00:00 CET"},
		{"12pm", "Thu 2026-11-26 12:00:00 CET"},
		{"noon", "Thu 2026-11-26 12:00:00 CET"},
		{"00:00", "Thu 2026-11-26 00:00:00 CET"},
		{"today", "Wed 2026-11-25 23:59:59 CET"},
		{"today 15:00", "Wed 2026-11-25 15:00:00 CET"},
		{"tomorrow", "Thu 2026-11-26 23:59:59 CET"},
		{"tomorrow 9:00", "Thu 2026-11-26 09:00:00 CET"},
		{"until tomorrow at 9am", "Thu 2026-11-26 09:00:00 CET"},
		{"fri", "Fri 2026-11-27 23:59:59 CET"},
		{"fri 18:00", "Fri 2026-11-27 18:00:00 CET"},
		{"until fri 18:00", "Fri 2026-11-27 18:00:00 CET"},
		{"18:00 on Friday", "Fri 2026-11-27 18:00:00 CET"},
		{"thurs 6 pm", "Thu 2026-11-26 18:00:00 CET"},
		{"wed", "Wed 2026-11-25 23:59:59 CET"},
		{"wed 15:00", "Wed 2026-11-25 15:00:00 CET"},
		{"wed 9:00", "Wed 2026-12-02 09:00:00 CET"},
		{"24 dec", "Thu 2026-12-24 23:59:59 CET"},
		{"24 dec 12:00", "Thu 2026-12-24 12:00:00 CET"},
		{"Dec 24th, 12:00", "Thu 2026-12-24 12:00:00 CET"},
		{"24. December 2026 1pm", "Thu 2026-12-24 13:00:00 CET"},
		{"25 nov", "Wed 2026-11-25 23:59:59 CET"},
		{"25 nov 9:00", "Thu 2027-11-25 09:00:00 CET"},
		{"1 june", "Tue 2027-06-01 23:59:59 CEST"},
		{"2026-12-24", "Thu 2026-12-24 23:59:59 CET"},
		{"2026-12-24 12:00", "Thu 2026-12-24 12:00:00 CET"},
		{"2026-12-24T12:00", "Thu 2026-12-24 12:00:00 CET"},
		{"until 2027-11-26 14:20", "Fri 2027-11-26 14:20:00 CET"},
	})
}

// Days are days of the wall clock and hours are hours, whatever the clocks do.
func TestParseEndOverAChangeOfTheClocks(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	// On 2026-03-29 at 02:00 clocks go forward to 03:00.
	checkEnds(t, time.Date(2026, 3, 28, 18, 0, 0, 0, berlin), [][2]string{
		{"1d", "Sun 2026-03-29 18:00:00 CEST"},
		{"24h", "Sun 2026-03-29 19:00:00 CEST"},
		{"tomorrow 18:00", "Sun 2026-03-29 18:00:00 CEST"},
		{"1d 1h", "Sun 2026-03-29 19:00:00 CEST"},
		{"2:30", "Sun 2026-03-29 03:30:00 CEST"}, // a time that no clock shows
		{"sun 1:30", "Sun 2026-03-29 01:30:00 CET"},
		{"1w", "Sat 2026-04-04 18:00:00 CEST"},
	})
	checkEnds(t, time.Date(2026, 3, 29, 1, 59, 0, 0, berlin), [][2]string{
		{"2:30", "Sun 2026-03-29 03:30:00 CEST"},
		{"3:00", "Sun 2026-03-29 03:00:00 CEST"},
	})
	checkEnds(t, time.Date(2026, 3, 28, 2, 30, 0, 0, berlin), [][2]string{{"1d", "Sun 2026-03-29 03:30:00 CEST"}})
	// On 2026-10-25 at 03:00 clocks go back to 02:00: 02:30 comes twice.
	checkEnds(t, time.Date(2026, 10, 24, 18, 0, 0, 0, berlin), [][2]string{
		{"1d", "Sun 2026-10-25 18:00:00 CET"},
		{"24h", "Sun 2026-10-25 17:00:00 CET"},
		{"2:30", "Sun 2026-10-25 02:30:00 CEST"},
		{"3:30", "Sun 2026-10-25 03:30:00 CET"},
	})
	second := time.Date(2026, 10, 25, 0, 45, 0, 0, time.UTC).In(berlin) // 02:45 for the first time
	checkEnds(t, second, [][2]string{{"2:30", "Sun 2026-10-25 02:30:00 CET"}})
	// A year and a day with one hour more than 366 days have is cut to what is given.
	checkEnds(t, time.Date(2027, 10, 30, 12, 0, 0, 0, berlin), [][2]string{
		{"366d", "Mon 2028-10-30 11:00:00 CET"},
		{"365d", "Sun 2028-10-29 12:00:00 CET"},
	})
	// In Cairo the clocks skip midnight on 2026-04-24.
	checkEnds(t, time.Date(2026, 4, 22, 0, 30, 0, 0, zone(t, "Africa/Cairo")), [][2]string{
		{"2d", "Fri 2026-04-24 01:30:00 EEST"},
		{"fri 0:30", "Fri 2026-04-24 01:30:00 EEST"},
		{"fri", "Fri 2026-04-24 23:59:59 EEST"},
	})
}

func TestParseEndRefuses(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 20, 30, 0, zone(t, "Europe/Berlin"))
	const garbage, past, far = "isn't a time", "isn't to come", "366 days at most"
	for _, c := range []struct{ typed, says string }{
		{"", garbage}, {"   ", garbage}, {"for", garbage}, {"until", garbage}, {"soon", garbage}, {"4", garbage}, {"h", garbage},
		{"-4h", garbage}, {"4x", garbage}, {"1.5h", garbage}, {"2 4h", garbage}, {"4h 18:00", garbage}, {"for fri", garbage}, {"until 4h", garbage},
		{"fri sat", garbage}, {"18:00 19:00", garbage}, {"fri 18", garbage}, {"25:00", garbage}, {"24:00", garbage}, {"12:60", garbage},
		{"13pm", garbage}, {"0am", garbage}, {"18:0", garbage}, {"fr", garbage}, {"friyay", garbage}, {"24/12", garbage}, {"12.24", garbage},
		{"32 dec", garbage}, {"0 dec", garbage}, {"2026-13-01", garbage}, {"2026-12-00", garbage}, {"2026-1-2", garbage}, {"2026-12-24T25:00", garbage},
		{"24 dec 0000", garbage}, {"24 dec 20266", garbage}, {"٤h", garbage}, {"4h\x1b[2J", garbage}, {"\xff4h", garbage}, {strings.Repeat("9", 1000), garbage},
		{"0h", past}, {"0 days", past}, {"today 9:00", past}, {"2026-11-25 14:20", past}, {"2025-12-24", past}, {"24 dec 2025", past}, {"0001-01-01", past},
		{"367d", far}, {"53w", far}, {"8785h", far}, {"366d 1m", far}, {"2028-01-01", far}, {"9999-12-31", far},
		{strings.Repeat("9", 25) + "w", far}, {"2027-11-26 14:21", far},
		{"31 feb", "no 31 February"}, {"31 nov 2026", "no 31 November"}, {"2026-02-29", "no 29 February"}, {"29 feb", "no 29 February"},
	} {
		got, err := desk.ParseEnd(c.typed, now)
		e, ok := errors.AsType[*desk.Error](err)
		if !ok || e.Code != desk.CodeInvalid || !strings.Contains(e.Message, c.says) {
			t.Errorf("%q is %v, %v; want a refusal that says %q", c.typed, got, err, c.says)
			continue
		}
		if strings.Count(e.Message, "“") < 2 || strings.Contains(e.Message, "\x1b") || len(e.Message) > 250 {
			t.Errorf("%q: the sentence needs two examples and nothing odd: %q", c.typed, e.Message)
		}
	}
}

// What an error shows as an example can be typed.
func TestParseEndReadsItsOwnExamples(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 20, 30, 0, time.UTC)
	for _, typed := range []string{"nonsense", "0h", "367d", "31 feb", strings.Repeat("x", 99)} {
		_, err := desk.ParseEnd(typed, now)
		parts := strings.Split(err.Error(), "“")[1:]
		for _, part := range parts {
			example, _, _ := strings.Cut(part, "”")
			if _, err := desk.ParseEnd(example, now); err != nil && example != "2026-12-24" {
				t.Errorf("%q shows the example %q: %v", typed, example, err)
			}
		}
	}
}

func genNow(t *rapid.T) time.Time {
	name := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo",
		"Asia/Kolkata", "Pacific/Apia", "America/Santiago", "Africa/Casablanca"}).Draw(t, "zone")
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	// From 2011, when Samoa left out a day, to 2040.
	return time.Unix(rapid.Int64Range(1293840000, 2208988800).Draw(t, "now"), rapid.Int64Range(0, 999999999).Draw(t, "nano")).In(loc)
}

func genTyped() *rapid.Generator[string] {
	number := rapid.StringMatching(`[0-9]{1,3}`)
	length := rapid.StringMatching(`(for )?[0-9]{1,4} ?(m|h|d|w|min|hours|days)( [0-9]{1,2} ?(m|h|d))?`)
	clock := rapid.StringMatching(`[0-2]?[0-9]:[0-5][0-9]|1?[0-9] ?(am|pm)|noon`)
	day := rapid.StringMatching(`today|tomorrow|mon|tue|wed|thu|friday|sat|sun|[0-3]?[0-9] (jan|feb|mar|oct|dec)( 20[1-4][0-9])?|20[1-4][0-9]-[01][0-9]-[0-3][0-9]`)
	both := rapid.Custom(func(t *rapid.T) string { return "until " + day.Draw(t, "day") + " " + clock.Draw(t, "clock") })
	return rapid.OneOf(length, length, clock, day, both, both, number, rapid.String())
}

// Whatever is typed and whenever: an end is to come and within what is given, and
// a refusal is a sentence.
func TestParseEndIsToCome(t *testing.T) {
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		now, typed := genNow(t), genTyped().Draw(t, "typed")
		end, err := desk.ParseEnd(typed, now)
		if err != nil {
			e, ok := errors.AsType[*desk.Error](err)
			if !ok || e.Code != desk.CodeInvalid || !strings.HasSuffix(e.Message, ".") {
				t.Fatalf("%q at %v: %v", typed, now, err)
			}
			return
		}
		read++
		if !end.After(now) || end.Sub(now) > desk.MaxGrant {
			t.Fatalf("%q at %v is %v", typed, now, end)
		}
		// What is shown of an end can be typed again.
		if !end.Truncate(time.Minute).After(now) {
			return
		}
		again, err := desk.ParseEnd(end.Format(minutes), now)
		if err != nil || again.Format(minutes) != end.Format(minutes) {
			t.Fatalf("%q at %v is %v, and read again %v, %v", typed, now, end, again, err)
		}
	})
	if read == 0 {
		t.Error("nothing was read at all")
	}
}

func FuzzParseEnd(f *testing.F) {
	for _, s := range []string{"4h", "until fri 18:00", "for 1d 12h", "24 dec 12:00", "2026-12-24", "6 pm", "31 feb"} {
		f.Add(s, int64(1795617630))
	}
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, typed string, unix int64) {
		now := time.Unix(unix%4e9, 0).In(berlin)
		end, err := desk.ParseEnd(typed, now)
		if err == nil && (!end.After(now) || end.Sub(now) > desk.MaxGrant) {
			t.Fatalf("%q at %v is %v", typed, now, end)
		}
	})
}

func TestLeft(t *testing.T) {
	const h, day = time.Hour, 24 * time.Hour
	for _, c := range []struct {
		left time.Duration
		want string
	}{
		{3*h + 59*time.Minute, "3 h 59 min"}, {3*h + 59*time.Minute + 59*time.Second, "3 h 59 min"}, {4 * h, "4 h"},
		{2*day + 4*h, "2 d 4 h"}, {2*day + 59*time.Minute, "2 d"}, {day, "1 d"}, {day - time.Second, "23 h 59 min"},
		{desk.MaxGrant, "366 d"}, {50 * time.Second, "50 s"}, {time.Minute, "1 min"}, {9*time.Minute + 58*time.Second, "9 min 58 s"},
		{time.Nanosecond, "1 s"}, {49*time.Second + time.Millisecond, "50 s"}, {59*time.Second + 1, "1 min"},
		{0, "0 s"}, {-time.Nanosecond, "0 s"}, {-h, "0 s"}, {1<<63 - 1, "106751 d 23 h"}, {-1 << 63, "0 s"},
	} {
		if got := desk.Left(noon.Add(c.left), noon); got != c.want {
			t.Errorf("%v is %q, want %q", c.left, got, c.want)
		}
	}
	if got := desk.Left(time.Time{}, noon); got != "0 s" {
		t.Errorf("the zero time is %q away", got)
	}
}
