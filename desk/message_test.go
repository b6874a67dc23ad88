package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestDeliveryNext is the whole matrix: per state, what each report turns it
// into. A dot is no change.
func TestDeliveryNext(t *testing.T) {
	const table = `
from\to    queued sending accepted sent delivered read played failed unknown
queued     .      sending accepted sent delivered read played failed .
sending    .      .       accepted sent delivered read played failed .
accepted   .      .       .        sent delivered read played failed .
sent       .      .       .        .    delivered read played failed .
delivered  .      .       .        .    .         read played .      .
read       .      .       .        .    .         .    played .      .
played     .      .       .        .    .         .    .      .      .
failed     .      .       .        .    delivered read played .      .
unknown    queued sending accepted sent delivered read played failed .
`
	lines := strings.Split(strings.TrimSpace(table), "\n")
	columns := strings.Fields(lines[0])[1:]
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		from := desk.Delivery(cells[0])
		for i, cell := range cells[1:] {
			to, want := desk.Delivery(columns[i]), desk.Delivery(cell)
			if cell == "." {
				want = from
			}
			got, changed := from.Next(to)
			if got != want || changed != (want != from) {
				t.Errorf("%s after a report of %q = %s, %v; want %s", from, to, got, changed, want)
			}
		}
		if got, changed := from.Next("warning"); got != from || changed {
			t.Errorf("%s after an unknown report = %s, %v; want no change", from, got, changed)
		}
	}
}

// However the reports are ordered, a message that arrived doesn't end as less.
func TestDeliveryNeverTurnsBack(t *testing.T) {
	reports := []desk.Delivery{desk.Sent, desk.Delivered, desk.Read, desk.Failed}
	var permute func(done, rest []desk.Delivery)
	permute = func(done, rest []desk.Delivery) {
		if len(rest) == 0 {
			d := desk.Accepted
			for _, r := range done {
				d, _ = d.Next(r)
			}
			if d != desk.Read {
				t.Errorf("accepted, then %v, ends as %s; want read", done, d)
			}
		}
		for i := range rest {
			permute(append(slices.Clone(done), rest[i]), slices.Delete(slices.Clone(rest), i, i+1))
		}
	}
	permute(nil, reports)
}

func TestMessageOrder(t *testing.T) {
	early, late := &desk.Message{At: noon, Order: 9}, &desk.Message{At: noon.Add(time.Second), Order: 1}
	tie := &desk.Message{At: noon, Order: 10}
	for _, c := range []struct {
		name string
		a, b *desk.Message
		want bool
	}{
		{"by time", early, late, true}, {"not against time", late, early, false},
		{"by arrival in the same second", early, tie, true}, {"not against arrival", tie, early, false},
		{"not before itself", early, early, false},
	} {
		if got := c.a.Before(c.b); got != c.want {
			t.Errorf("%s: Before = %v, want %v", c.name, got, c.want)
		}
	}
}
