package sheet

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestHostileCells(t *testing.T) {
	var cells []struct{ ID, String string }
	data, err := os.ReadFile("testdata/csv.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cells); err != nil || len(cells) < 15 {
		t.Fatal(len(cells), err)
	}
	for _, c := range cells {
		got := Guard(c.String)
		if c.ID == "csv-nl-eq" {
			if got != "ok =1+1" {
				t.Errorf("%s: %q", c.ID, got)
			}
			continue
		}
		if !strings.HasPrefix(got, "'") || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%s: %q opens as %q", c.ID, c.String, got)
		}
	}
}

func TestHonestCells(t *testing.T) {
	for _, cell := range []string{"", "Ann", "Ünal & Co", "3 + 4", "O'Neill", "a=b", "…", "•••• 4567", "李", "🙂 Ann"} {
		if got := Guard(cell); got != cell {
			t.Errorf("%q became %q", cell, got)
		}
	}
	if got := Guard("+491701234567"); got != "'+491701234567" {
		t.Error(got)
	}
	if got := Guard("a\x00b\xff"); got != "a\uFFFDb\uFFFD" {
		t.Errorf("%q", got)
	}
}

// Whatever stands in the cells, the file has the same rows and cells again.
func TestRowsAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"=1+1", "a,b", "\"", "\r\n", " \t=x", "\u200b＝y"})), 3, 3), 1, 5).Draw(t, "rows")
		var out bytes.Buffer
		w := NewWriter(&out)
		for _, row := range rows {
			if err := w.Row(row...); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil || !utf8.Valid(out.Bytes()) {
			t.Fatal(err)
		}
		got, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var want [][]string
		for _, row := range rows {
			var cells []string
			for _, cell := range row {
				cells = append(cells, Guard(cell))
			}
			want = append(want, cells)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
