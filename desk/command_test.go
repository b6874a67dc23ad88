package desk_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/google/go-cmp/cmp"
)

// filled is one valid command of each kind with every field set, as far as fields
// go together.
func filled() []desk.Command {
	member, team := desk.MemberID("eve"), desk.TeamID("blue")
	return []desk.Command{
		desk.ListConversations{List: desk.ListMine, After: desk.Cursor{LastAt: noon, ID: 3}, Limit: 20},
		desk.History{Conversation: 7, Before: desk.Place{At: noon, Order: 4}, Limit: desk.MaxPage},
		desk.Reply{Conversation: 7, Text: "On its way.", Quote: "m1", Seen: 99},
		desk.Note{Conversation: 7, Text: "Ask the warehouse."},
		desk.Claim{Conversation: 7},
		desk.TakeOver{Conversation: 7, From: "eve"},
		desk.Assign{Conversation: 7, Member: &member, Team: &team},
		desk.Resolve{Conversation: 7, Seen: 99},
		desk.Reopen{Conversation: 7},
		desk.MarkRead{Conversation: 7, Upto: 99},
		desk.Label{Conversation: 7, Add: []string{"refund"}, Remove: []string{"new"}},
		desk.Retry{Conversation: 7, Message: "m1"},
		desk.Settle{Conversation: 7, Message: "m1", Arrived: true},
		desk.RevealContact{Conversation: 7, Reason: "Calls back."},
		desk.ExportContacts{After: "c1", Limit: 20},
		desk.ListStaff{},
		desk.Invite{FullName: "Ana Ruiz", Email: "ana@example.com", Role: desk.RoleAgent, Teams: []desk.TeamID{"blue"}},
		desk.Suspend{Member: "eve", HandTo: "ana"},
		desk.Resume{Member: "eve"},
		desk.Remove{Member: "eve", HandTo: "ana"},
		desk.CreateTeam{TeamName: "Night shift"},
		desk.RenameTeam{Team: "blue", TeamName: "Day shift"},
		desk.SetTeams{Member: "eve", Teams: []desk.TeamID{"blue", "red"}, Seen: []desk.TeamID{}}, // in no team, which isn't the same as not seen
		desk.ListSessions{Member: "eve"},
		desk.EndSessions{Member: "eve", Session: "s1"},
		desk.AssignRole{Member: "eve", Role: desk.RoleSales},
		desk.ChangeRoles{Changes: []desk.RoleChange{newRole("night"), {Role: "day", Seen: 2, Remove: true, MoveTo: "night"}}},
		desk.ListVersions{Role: "night"},
		desk.ListUsage{Days: 30},
		desk.Preview{Command: "role.assign", Args: json.RawMessage(`{"member":"eve","role":"sales"}`)},
		desk.Acknowledged{Seq: 99},
		desk.GiveAccess{Member: "eve", Key: desk.MessageReply, Scope: desk.ScopeTeam, Until: noon, Reason: "Night shift."},
		desk.EndAccess{Member: "eve", Grant: "g1"},
		desk.AskAccess{Key: desk.MessageReply, Scope: desk.ScopeTeam, For: 3600, Reason: "Night shift.", Conversation: 7},
		desk.WithdrawRequest{Request: "r1"},
		desk.DecideRequest{Request: "r1", Allow: true, Scope: desk.ScopeOwn, For: 60, Answer: "For the call."},
		desk.ListLog{Actor: "eve", Kinds: []desk.EventKind{desk.NoteAdded}, About: "night", Conversation: 7,
			From: noon, To: noon.Add(time.Hour), Before: 99, After: 3, Limit: 20},
		desk.TakeCheckpoint{},
		desk.ExportLog{After: 3, Limit: 20},
	}
}

// newRole is a valid change that makes a role.
func newRole(id desk.RoleID) desk.RoleChange {
	return desk.RoleChange{Role: id, Name: "Night shift", Description: "Answers at night.", Base: desk.RoleAgent, Rank: 30,
		Grants: map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeTeam}}
}

func TestCommandsRoundTrip(t *testing.T) {
	sent, names := filled(), map[string]bool{}
	if len(sent) != len(desk.Commands()) {
		t.Fatalf("the test fills %d commands, there are %d", len(sent), len(desk.Commands()))
	}
	for i, c := range sent {
		if reflect.TypeOf(c) != reflect.TypeOf(desk.Commands()[i]) {
			t.Fatalf("command %d is %T here and %T there", i, c, desk.Commands()[i])
		}
		if names[c.Name()] {
			t.Errorf("two commands are called %s", c.Name())
		}
		names[c.Name()] = true
		args, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := desk.DecodeCommand(c.Name(), args)
		if err != nil {
			t.Errorf("%s %s: %v", c.Name(), args, err)
			continue
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Errorf("%s (-sent +read):\n%s", c.Name(), diff)
		}
	}
}

func TestDecodeCommandRefuses(t *testing.T) {
	for _, c := range []struct{ name, command, args, says string }{
		{"an unknown command", "desk.burn", `{}`, `no command "desk.burn"`},
		{"an unknown field", "conversation.claim", `{"conversation":7,"role":"owner"}`, `unknown field "role"`},
		{"an unknown field inside", "role.change", `{"changes":[{"role":"night","built_in":true}]}`, `unknown field "built_in"`},
		{"an unknown field of a cursor", "conversation.list", `{"list":"all","after":{"offset":7}}`, `unknown field "offset"`},
		{"a field of the wrong type", "conversation.claim", `{"conversation":"7"}`, "can't be read"},
		{"no arguments", "conversation.claim", ``, "needs a conversation"},
		{"something that isn't an object", "conversation.claim", `[7]`, "can't be read"},
		{"half a cursor", "conversation.list", `{"list":"all","after":{"id":7}}`, "both last_at and id"},
		{"what doesn't validate", "conversation.claim", `{}`, "needs a conversation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := desk.DecodeCommand(c.command, json.RawMessage(c.args))
			e, ok := errors.AsType[*desk.Error](err)
			if !ok || e.Code != desk.CodeInvalid || !strings.Contains(e.Message, c.says) {
				t.Errorf("got %v, want an invalid command that says %q", err, c.says)
			}
		})
	}
}

// Every command says no to an unknown field, not only the one above.
func TestUnknownFieldsAreRefused(t *testing.T) {
	for _, c := range filled() {
		args, _ := json.Marshal(c)
		args = []byte(strings.Replace(string(args), "{", `{"is_admin":true,`, 1))
		args = []byte(strings.Replace(string(args), ",}", "}", 1))
		if _, err := desk.DecodeCommand(c.Name(), args); err == nil || !strings.Contains(err.Error(), "is_admin") {
			t.Errorf("%s with a field it doesn't have: %v", c.Name(), err)
		}
	}
}

func TestValidate(t *testing.T) {
	long := strings.Repeat("a", desk.MaxText)
	emoji := strings.Repeat("😀", desk.MaxText/2) // two code units each
	for _, c := range []struct {
		name string
		cmd  desk.Command
		ok   bool
	}{
		{"an unknown list", desk.ListConversations{List: "spam"}, false},
		{"the largest page", desk.ListConversations{List: desk.ListAll, Limit: desk.MaxPage}, true},
		{"a page too large", desk.ListConversations{List: desk.ListAll, Limit: desk.MaxPage + 1}, false},
		{"a negative page", desk.History{Conversation: 7, Limit: -1}, false},
		{"history of nothing", desk.History{}, false},
		{"an empty reply", desk.Reply{Conversation: 7, Text: " \n\t"}, false},
		{"the longest reply", desk.Reply{Conversation: 7, Text: long}, true},
		{"one character too long", desk.Reply{Conversation: 7, Text: long + "a"}, false},
		{"the longest reply of emoji", desk.Reply{Conversation: 7, Text: emoji}, true},
		{"one emoji too long", desk.Reply{Conversation: 7, Text: emoji + "😀"}, false},
		{"an empty note", desk.Note{Conversation: 7}, false},
		{"a conversation below one", desk.Claim{Conversation: -7}, false},
		{"taking over from nobody", desk.TakeOver{Conversation: 7}, false},
		{"assigning to nothing", desk.Assign{Conversation: 7}, false},
		{"assigning back to the queue", desk.Assign{Conversation: 7, Member: new(desk.MemberID)}, true},
		{"no label", desk.Label{Conversation: 7}, false},
		{"an empty label", desk.Label{Conversation: 7, Add: []string{""}}, false},
		{"a label with a space at its end", desk.Label{Conversation: 7, Add: []string{"vip "}}, false},
		{"a label with a control character", desk.Label{Conversation: 7, Add: []string{"v\x1bip"}}, false},
		{"the longest label", desk.Label{Conversation: 7, Add: []string{strings.Repeat("ä", desk.MaxLabel)}}, true},
		{"a label too long", desk.Label{Conversation: 7, Add: []string{strings.Repeat("ä", desk.MaxLabel+1)}}, false},
		{"taking off an old odd label", desk.Label{Conversation: 7, Remove: []string{" odd "}}, true},
		{"retrying no message", desk.Retry{Conversation: 7}, false},
		{"settling no message", desk.Settle{Conversation: 7}, false},
		{"a role for nobody", desk.AssignRole{Role: desk.RoleAgent}, false},
		{"no role for somebody", desk.AssignRole{Member: "eve"}, false},
	} {
		err := c.cmd.Validate()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if e, ok := errors.AsType[*desk.Error](err); err != nil && (!ok || e.Code != desk.CodeInvalid) {
			t.Errorf("%s: %#v isn't an invalid-error", c.name, err)
		}
	}
}

// looksUp are the commands whose targets the server finds by itself: several, one
// that doesn't exist yet, or the asker's own.
var looksUp = map[string]bool{"role.change": true, "team.create": true, "access.withdraw": true}

func TestTargets(t *testing.T) {
	for _, c := range filled() {
		target := c.Target()
		_, reads := c.(desk.Reader)
		if !reads && reflect.DeepEqual(target, desk.Target{}) && !looksUp[c.Name()] {
			t.Errorf("%s changes something and names nothing", c.Name())
		}
		if _, filter := c.(desk.ListLog); filter {
			continue // its scope is the log's, whatever it filters by
		}
		if v := reflect.ValueOf(c).FieldByName("Conversation"); v.IsValid() && target.Conversation != 7 {
			t.Errorf("%s doesn't name its conversation", c.Name())
		}
		if v := reflect.ValueOf(c).FieldByName("Message"); v.IsValid() && target.Message != "m1" {
			t.Errorf("%s doesn't name its message", c.Name())
		}
		if v := reflect.ValueOf(c).FieldByName("Member"); v.IsValid() && target.Member != "eve" {
			t.Errorf("%s doesn't name its member", c.Name())
		}
	}
}

func TestAsError(t *testing.T) {
	denied := &desk.Denied{Perm: desk.MessageNote, Reason: "No."}
	for _, c := range []struct {
		name string
		err  error
		code desk.Code
	}{
		{"ours", desk.Errorf(desk.CodeBusy, "Later."), desk.CodeBusy},
		{"ours, wrapped", errors.Join(errors.New("x"), desk.ErrNotFound()), desk.CodeNotFound},
		{"a refusal", denied, desk.CodeDenied},
		{"anything else", errors.New("dial tcp 10.0.0.7: secret"), desk.CodeInternal},
	} {
		if got := desk.AsError(c.err); got.Code != c.code || strings.Contains(got.Message, "secret") {
			t.Errorf("%s: %+v, want code %s", c.name, got, c.code)
		}
	}
	if desk.AsError(nil) != nil {
		t.Error("no error became one")
	}
	if got := desk.AsError(denied); got.Denied != denied || got.Message != "No." {
		t.Errorf("a refusal lost its reason: %+v", got)
	}
}

func TestEventWas(t *testing.T) {
	now := chat("me", "blue")
	before := desk.Facts{Status: desk.StatusResolved, Assignee: "eve", Team: "red", Unread: 2}
	if was := (&desk.Event{Conversation: now, Before: &before}).Was(); was.ID != now.ID || was.Facts() != before {
		t.Errorf("Was = %+v, want the facts before", was)
	}
	if was := (&desk.Event{Conversation: now}).Was(); was != now {
		t.Error("without a changed fact, Was isn't the present conversation")
	}
	if was := (&desk.Event{At: time.Now()}).Was(); was != nil {
		t.Error("an event about nothing had a conversation")
	}
}
