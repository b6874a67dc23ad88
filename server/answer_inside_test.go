package server

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestOutdated holds what becomes of an answer when the rights change before it is
// written: a read that the log tells of is neither handed out nor done again.
func TestOutdated(t *testing.T) {
	t.Parallel()
	result := json.RawMessage(`{"x":1}`)
	conflict := &desk.Error{Code: desk.CodeConflict, Message: "Someone wrote.", Since: []desk.Message{{ID: "m"}}}
	told := &desk.Error{Code: desk.CodeConflict, Message: "Someone wrote."}
	for what, tt := range map[string]struct {
		cmd   desk.Command
		a     desk.Answer
		want  desk.Answer
		code  desk.Code
		again bool
	}{
		"a read":                {cmd: desk.History{}, a: desk.Answer{Result: result}, again: true},
		"a read that failed":    {cmd: desk.History{}, a: desk.Answer{Error: told}, again: true},
		"an export":             {cmd: desk.ExportContacts{}, a: desk.Answer{Result: result}, code: desk.CodeBusy},
		"the log's export":      {cmd: desk.ExportLog{}, a: desk.Answer{Result: result}, code: desk.CodeBusy},
		"an export that failed": {cmd: desk.ExportContacts{}, a: desk.Answer{Error: told}, want: desk.Answer{Error: told}},
		"a write":               {cmd: desk.Note{}, a: desk.Answer{Result: result}, want: desk.Answer{Result: result}},
		"a write that failed":   {cmd: desk.Reply{}, a: desk.Answer{Error: conflict}, want: desk.Answer{Error: told}},
	} {
		tt.a.Ref, tt.want.Ref = "r", "r"
		got, again := outdated(tt.cmd.Name(), tt.a)
		switch {
		case again != tt.again:
			t.Errorf("%s is done again: %t", what, again)
		case tt.code != "":
			if got.Error == nil || got.Error.Code != tt.code || got.Result != nil || got.Ref != "r" {
				t.Errorf("%s is answered %+v", what, got)
			}
		case !again:
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
	}
}
