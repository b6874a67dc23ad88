package whatsapp

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	testPhone   = "209988776655443"
	testChannel = desk.ChannelID("wa")
)

// TestDecodeSamples reads every sample payload of the protocol notes.
func TestDecodeSamples(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, err := Decode(testChannel, testPhone, body)
			if in.Empty() {
				t.Error("nothing is left of it")
			}
			checkRaw(t, in)
			golden(t, strings.TrimSuffix(file, ".json")+".golden", describe(in, err))
		})
	}
}

// checkRaw sees that each piece carries its own JSON.
func checkRaw(t *testing.T, in desk.Incoming) {
	t.Helper()
	for _, m := range in.Messages {
		if !json.Valid(m.Raw) || !bytes.Contains(m.Raw, []byte(strings.TrimRight(m.External, "="))) {
			t.Errorf("raw of %s is %s", m.External, m.Raw)
		}
	}
	for _, s := range in.Statuses {
		if !json.Valid(s.Raw) {
			t.Errorf("raw of %s is %s", s.External, s.Raw)
		}
	}
	for _, u := range in.Other {
		if len(u.Raw) == 0 || u.Why == "" {
			t.Errorf("unhandled %q is empty", u.Why)
		}
	}
}

// describe is Incoming in a form that is good to compare, without the raw parts.
func describe(in desk.Incoming, err error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "channel %q, error %v\n", in.Channel, err)
	for _, m := range in.Messages {
		m.Raw = nil
		fmt.Fprintf(&b, "message %s\n", indented(m))
	}
	for _, s := range in.Statuses {
		s.Raw = nil
		fmt.Fprintf(&b, "status %s\n", indented(s))
	}
	for _, u := range in.Other {
		fmt.Fprintf(&b, "unhandled %s\n", u.Why)
	}
	return b.String()
}

func indented(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

func TestDecodeOfWhatIsNoDelivery(t *testing.T) {
	for name, tc := range map[string]struct{ body, why string }{
		"empty":       {"", whyJSON},
		"html":        {"<html>", whyJSON},
		"truncated":   {`{"object":"whatsapp_business_account","entry":[`, whyJSON},
		"array":       {`[]`, whyJSON},
		"null":        {`null`, whyJSON},
		"page":        {`{"object":"page"}`, whyObject},
		"two objects": {`{}{}`, whyJSON},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Decode(testChannel, testPhone, []byte(tc.body))
			if err == nil || len(in.Other) != 1 || in.Other[0].Why != tc.why || string(in.Other[0].Raw) != tc.body || in.Channel != "" {
				t.Errorf("got %+v, %v", in, err)
			}
		})
	}
}

// TestDecodeBatch reads a thousand updates in one body, some of them odd: the
// odd ones spoil no other, and the order stays.
func TestDecodeBatch(t *testing.T) {
	var pieces []string
	for i := range 1000 {
		piece := fmt.Sprintf(`{"from":"447700900%03d","id":"wamid.%d","timestamp":"%d","type":"text","text":{"body":"%d"}}`, i, i, 1795420800-i, i)
		if i%100 == 7 {
			piece = `["odd"]`
		}
		pieces = append(pieces, piece)
	}
	body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":%s},"messages":[%s]}}]}]}`,
		testPhone, strings.Join(pieces, ","))
	in, err := Decode(testChannel, testPhone, []byte(body))
	if err != nil || len(in.Messages) != 990 || len(in.Other) != 10 {
		t.Fatalf("%d messages, %d others, %v", len(in.Messages), len(in.Other), err)
	}
	if in.Messages[7].External != "wamid.8" || in.Messages[989].External != "wamid.999" {
		t.Error("the order changed")
	}
}

// FuzzDecode promises that no body panics, that nothing vanishes, and that what
// comes out is bounded by what went in.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/decode/*.json")
	for _, file := range files {
		if body, err := os.ReadFile(file); err == nil {
			f.Add(body)
		}
	}
	f.Add([]byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"209988776655443"},"messages":[{"id":"a","from":"1","timestamp":-1e400,"type":"contacts","contacts":{}}]}}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := Decode(testChannel, testPhone, body)
		if err != nil && len(in.Other) != 1 {
			t.Fatalf("unreadable, and not kept: %v", err)
		}
		for _, m := range in.Messages {
			if m.External == "" || m.From.WAID == "" && m.From.UserID == "" {
				t.Fatalf("a message from nobody: %+v", m)
			}
			if len(m.Text) > maxText || strings.ContainsRune(m.Text, 0) {
				t.Fatalf("text of %d bytes: %.80q", len(m.Text), m.Text)
			}
			if y := m.At.Year(); y > 9999 {
				t.Fatalf("year %d", y)
			}
		}
		if _, err := json.Marshal(in); err != nil {
			t.Fatalf("can't be stored: %v", err)
		}
	})
}
