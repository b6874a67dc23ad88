package desk_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// needNothing are the commands that may come without arguments.
var needNothing = map[string]bool{"member.list": true, "contact.export": true, "log.list": true, "log.checkpoint": true, "log.export": true}

// A command without arguments is refused with a sentence, or needs none.
func TestZeroCommands(t *testing.T) {
	for _, c := range desk.Commands() {
		if _, known := desk.Describe(c.Perm()); !known {
			t.Errorf("%s needs %q, which isn't in the catalogue", c.Name(), c.Perm())
		}
		err := c.Validate()
		if needNothing[c.Name()] {
			if err != nil {
				t.Errorf("%s: %v", c.Name(), err)
			}
			continue
		}
		e, ok := errors.AsType[*desk.Error](err)
		if !ok || e.Code != desk.CodeInvalid || !strings.ContainsAny(e.Message[len(e.Message)-1:], ".?") {
			t.Errorf("%s without arguments: %#v", c.Name(), err)
		}
		if _, err := desk.DecodeCommand(c.Name(), nil); err == nil {
			t.Errorf("%s without arguments can be sent", c.Name())
		}
	}
}

// What reads leaves no ref and no entry; what records is a read. The words are
// the server's, so each command is on the side where it belongs.
func TestReadersAndRecorders(t *testing.T) {
	reads := map[string]bool{"conversation.list": true, "conversation.history": true, "contact.export": true, "member.list": true, "session.list": true,
		"role.versions": true, "role.usage": true, "preview": true, "acknowledged": true, "log.list": true, "log.checkpoint": true, "log.export": true}
	records := map[string]bool{"contact.export": true, "log.checkpoint": true, "log.export": true}
	for _, c := range desk.Commands() {
		_, reader := c.(desk.Reader)
		_, recorder := c.(desk.Recorder)
		if reader != reads[c.Name()] || recorder != records[c.Name()] {
			t.Errorf("%s reads: %v, records: %v", c.Name(), reader, recorder)
		}
	}
}

type validCase struct {
	name string
	cmd  desk.Command
	ok   bool
}

func checkValid(t *testing.T, cases []validCase) {
	t.Helper()
	for _, c := range cases {
		err := c.cmd.Validate()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if e, ok := errors.AsType[*desk.Error](err); err != nil && (!ok || e.Code != desk.CodeInvalid || strings.Contains(e.Message, "\x1b")) {
			t.Errorf("%s: %#v isn't an invalid-error that can be printed", c.name, err)
		}
	}
}

func TestValidatePeople(t *testing.T) {
	invite := func(change func(*desk.Invite)) desk.Invite {
		c := desk.Invite{FullName: "Ana Ruiz", Email: "ana@example.com", Role: desk.RoleAgent}
		change(&c)
		return c
	}
	checkValid(t, []validCase{
		{"a good invitation", invite(func(*desk.Invite) {}), true},
		{"nobody's name", invite(func(c *desk.Invite) { c.FullName = "" }), false},
		{"a name with a space at its end", invite(func(c *desk.Invite) { c.FullName = "Ana " }), false},
		{"the longest name", invite(func(c *desk.Invite) { c.FullName = strings.Repeat("ä", desk.MaxName) }), true},
		{"a name too long", invite(func(c *desk.Invite) { c.FullName = strings.Repeat("ä", desk.MaxName+1) }), false},
		{"a name that moves the cursor", invite(func(c *desk.Invite) { c.FullName = "Ana\x1b[2J" }), false},
		{"a name of two lines", invite(func(c *desk.Invite) { c.FullName = "Ana\nOwner" }), false},
		{"a name of two lines, in Unicode's way", invite(func(c *desk.Invite) { c.FullName = "Ana\u2028Owner" }), false},
		{"no address", invite(func(c *desk.Invite) { c.Email = "" }), false},
		{"no at sign", invite(func(c *desk.Invite) { c.Email = "ana" }), false},
		{"an address with a name", invite(func(c *desk.Invite) { c.Email = "Ana <ana@example.com>" }), false},
		{"two addresses", invite(func(c *desk.Invite) { c.Email = "a@example.com, b@example.com" }), false},
		{"an address with a space before it", invite(func(c *desk.Invite) { c.Email = " ana@example.com" }), false},
		{"an address with a control character", invite(func(c *desk.Invite) { c.Email = "a\u009b2J@example.com" }), false},
		{"an endless address", invite(func(c *desk.Invite) { c.Email = strings.Repeat("a", 250) + "@example.com" }), false},
		{"no role", invite(func(c *desk.Invite) { c.Role = "" }), false},
		{"a team twice", invite(func(c *desk.Invite) { c.Teams = []desk.TeamID{"blue", "blue"} }), false},
		{"an empty team", invite(func(c *desk.Invite) { c.Teams = []desk.TeamID{""} }), false},
		{"handing over to the queue", desk.Suspend{Member: "eve"}, true},
		{"handing over to themselves", desk.Suspend{Member: "eve", HandTo: "eve"}, false},
		{"removed, to themselves", desk.Remove{Member: "eve", HandTo: "eve"}, false},
		{"a team without a name", desk.CreateTeam{}, false},
		{"a name for no team", desk.RenameTeam{TeamName: "Day"}, false},
		{"into no team at all", desk.SetTeams{Member: "eve"}, true},
		{"into one twice", desk.SetTeams{Member: "eve", Teams: []desk.TeamID{"red", "red"}}, false},
		{"all sessions of one person", desk.EndSessions{Member: "eve"}, true},
		{"a session of nobody", desk.EndSessions{Session: "s1"}, false},
	})
}

func TestValidateRoles(t *testing.T) {
	change := func(f func(*desk.RoleChange)) desk.ChangeRoles {
		c := newRole("night")
		f(&c)
		return desk.ChangeRoles{Changes: []desk.RoleChange{c}}
	}
	remove := func(id, to desk.RoleID) desk.RoleChange {
		return desk.RoleChange{Role: id, Seen: 1, Remove: true, MoveTo: to}
	}
	many := make([]desk.RoleChange, desk.MaxChanges+1)
	grant := func(p desk.Perm, s desk.Scope) desk.ChangeRoles {
		return change(func(c *desk.RoleChange) { c.Grants = map[desk.Perm]desk.Scope{p: s} })
	}
	cases := []validCase{
		{"a new role", change(func(*desk.RoleChange) {}), true},
		{"one that may nothing", change(func(c *desk.RoleChange) { c.Grants = nil }), true},
		{"no changes", desk.ChangeRoles{}, false},
		{"too many", desk.ChangeRoles{Changes: many}, false},
		{"one twice", desk.ChangeRoles{Changes: []desk.RoleChange{newRole("night"), newRole("night")}}, false},
		{"an unknown key", grant("conversation.burn", all), false},
		{"an unknown scope", grant(desk.MessageReply, "galaxy"), false},
		{"a key with no scope", grant(desk.MessageReply, ""), false},
		{"a scope that a yes-or-no key doesn't have", grant(desk.RoleView, team), false},
		{"a scope that the key doesn't have", grant(desk.ConversationClaim, own), false},
		{"a copy of nothing known", change(func(c *desk.RoleChange) { c.Base = "A Role" }), false},
		{"a copy of something that moves the cursor", change(func(c *desk.RoleChange) { c.Base = "a\x1b[2J" }), false},
		{"a rank of nothing", change(func(c *desk.RoleChange) { c.Rank = 0 }), false},
		{"the highest rank", change(func(c *desk.RoleChange) { c.Rank = desk.MaxRank }), true},
		{"an owner's rank", change(func(c *desk.RoleChange) { c.Rank = desk.MaxRank + 1 }), false},
		{"a negative version", change(func(c *desk.RoleChange) { c.Seen = -1 }), false},
		{"no name", change(func(c *desk.RoleChange) { c.Name = "" }), false},
		{"a name that moves the cursor", change(func(c *desk.RoleChange) { c.Name = "Night\x1b[2J" }), false},
		{"a description too long", change(func(c *desk.RoleChange) { c.Description = strings.Repeat("a", desk.MaxDescription+1) }), false},
		{"a description of two lines", change(func(c *desk.RoleChange) { c.Description = "a\nb" }), false},
		{"deleting with a role to move to", desk.ChangeRoles{Changes: []desk.RoleChange{remove("night", "day")}}, true},
		{"deleting without one", desk.ChangeRoles{Changes: []desk.RoleChange{remove("night", "")}}, false},
		{"deleting what was never seen", desk.ChangeRoles{Changes: []desk.RoleChange{{Role: "night", Remove: true, MoveTo: "day"}}}, false},
		{"moving people to the role that is deleted", desk.ChangeRoles{Changes: []desk.RoleChange{remove("night", "night")}}, false},
		{"moving them round in a circle", desk.ChangeRoles{Changes: []desk.RoleChange{remove("night", "day"), remove("day", "night")}}, false},
		{"versions of nothing", desk.ListVersions{}, false},
		{"usage of a year", desk.ListUsage{Days: 366}, true},
		{"usage of more", desk.ListUsage{Days: 367}, false},
		{"a change before the first", desk.Acknowledged{Seq: -1}, false},
	}
	for _, id := range []desk.RoleID{"", "Night", "1night", "-night", "night shift", "nacht-ü", "a\x1b", desk.RoleID(strings.Repeat("a", 33)),
		desk.RoleOwner, desk.RoleAdmin, desk.RoleTemporary} {
		cases = append(cases, validCase{"a role called " + string(id), change(func(c *desk.RoleChange) { c.Role = id }), false},
			validCase{"deleting " + string(id), desk.ChangeRoles{Changes: []desk.RoleChange{remove(id, "day")}}, false})
	}
	checkValid(t, cases)
	got := newRole("night").Becomes()
	if got.Version != 1 || got.BuiltIn || got.Removed || got.Grants[desk.MessageReply] != team {
		t.Errorf("a new role becomes %+v", got)
	}
	c := newRole("night")
	c.Becomes().Grants[desk.MessageReply] = all
	if c.Grants[desk.MessageReply] != team {
		t.Error("the role that a change becomes shares its grants")
	}
}

func TestValidateAccess(t *testing.T) {
	give := func(f func(*desk.GiveAccess)) desk.GiveAccess {
		c := desk.GiveAccess{Member: "eve", Key: desk.MessageReply, Scope: team, For: 3600, Reason: "Night shift."}
		f(&c)
		return c
	}
	ask := func(f func(*desk.AskAccess)) desk.AskAccess {
		c := desk.AskAccess{Key: desk.MessageReply, Scope: team, For: 3600, Reason: "Night shift."}
		f(&c)
		return c
	}
	most := desk.Duration(desk.MaxGrant / time.Second)
	checkValid(t, []validCase{
		{"a key for an hour", give(func(*desk.GiveAccess) {}), true},
		{"a role until a time", give(func(c *desk.GiveAccess) { c.Key, c.Scope, c.Role, c.For, c.Until = "", "", "sales", 0, noon }), true},
		{"a role and a key", give(func(c *desk.GiveAccess) { c.Role = "sales" }), false},
		{"a role with a scope", give(func(c *desk.GiveAccess) { c.Key, c.Role = "", "sales" }), false},
		{"nothing", give(func(c *desk.GiveAccess) { c.Key, c.Scope = "", "" }), false},
		{"to nobody", give(func(c *desk.GiveAccess) { c.Member = "" }), false},
		{"for ever", give(func(c *desk.GiveAccess) { c.For = 0 }), false},
		{"for a time and until one", give(func(c *desk.GiveAccess) { c.Until = noon }), false},
		{"for less than nothing", give(func(c *desk.GiveAccess) { c.For = -1 }), false},
		{"for the longest time", give(func(c *desk.GiveAccess) { c.For = most }), true},
		{"for longer", give(func(c *desk.GiveAccess) { c.For = most + 1 }), false},
		{"for a time that overflows", give(func(c *desk.GiveAccess) { c.For = 1<<63 - 1 }), false},
		{"an unknown key", give(func(c *desk.GiveAccess) { c.Key = "conversation.burn" }), false},
		{"an unknown scope", give(func(c *desk.GiveAccess) { c.Scope = "galaxy" }), false},
		{"a key with no scope", give(func(c *desk.GiveAccess) { c.Scope = "" }), false},
		{"without a reason", give(func(c *desk.GiveAccess) { c.Reason = " \t" }), false},
		{"with a reason that moves the cursor", give(func(c *desk.GiveAccess) { c.Reason = "\x1b[2J" }), false},
		{"with a reason too long", give(func(c *desk.GiveAccess) { c.Reason = strings.Repeat("a", desk.MaxReason+1) }), false},
		{"ending nothing", desk.EndAccess{Member: "eve"}, false},
		{"ending nobody's", desk.EndAccess{Grant: "g1"}, false},
		{"asking", ask(func(*desk.AskAccess) {}), true},
		{"asking for no time", ask(func(c *desk.AskAccess) { c.For = 0 }), false},
		{"asking without a reason", ask(func(c *desk.AskAccess) { c.Reason = "" }), false},
		{"asking about a chat below one", ask(func(c *desk.AskAccess) { c.Conversation = -1 }), false},
		{"asking for a scope that the key doesn't have", ask(func(c *desk.AskAccess) { c.Key = desk.RoleView }), false},
		{"allowing as asked", desk.DecideRequest{Request: "r1", Allow: true}, true},
		{"allowing less", desk.DecideRequest{Request: "r1", Allow: true, Scope: own, For: 60}, true},
		{"allowing an unknown scope", desk.DecideRequest{Request: "r1", Allow: true, Scope: "galaxy"}, false},
		{"allowing for less than nothing", desk.DecideRequest{Request: "r1", Allow: true, For: -60}, false},
		{"refusing with an answer of two lines", desk.DecideRequest{Request: "r1", Answer: "No.\nNever."}, false},
		{"revealing without a reason", desk.RevealContact{Conversation: 7}, false},
		{"revealing nobody", desk.RevealContact{Reason: "Calls back."}, false},
		{"the largest page of contacts", desk.ExportContacts{Limit: desk.MaxPage}, true},
		{"a page too large", desk.ExportContacts{Limit: desk.MaxPage + 1}, false},
		{"the log of one moment", desk.ListLog{From: noon, To: noon}, true},
		{"the log backwards", desk.ListLog{From: noon, To: noon.Add(-1)}, false},
		{"the log before its beginning", desk.ListLog{Before: -1}, false},
		{"the log of too many kinds", desk.ListLog{Kinds: make([]desk.EventKind, 101)}, false},
		{"the log out, after less than nothing", desk.ExportLog{After: -1}, false},
	})
}

// A preview is the command that it previews: its permission, its target and its
// refusals.
func TestPreview(t *testing.T) {
	bodies := map[string]desk.Command{}
	for _, c := range filled() {
		bodies[c.Name()] = c
	}
	previewed := map[string]bool{}
	for _, zero := range desk.Previewed() {
		previewed[zero.Name()] = true
		c := bodies[zero.Name()]
		args, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		p := desk.Preview{Command: c.Name(), Args: args}
		if err := p.Validate(); err != nil || p.Perm() != c.Perm() {
			t.Errorf("a preview of %s: %v, needs %s", c.Name(), err, p.Perm())
		}
		if got, want := p.Target(), c.Target(); got.Member != want.Member || got.Role != want.Role || got.Request != want.Request {
			t.Errorf("a preview of %s names %+v, want %+v", c.Name(), got, want)
		}
		if (desk.Preview{Command: c.Name(), Args: json.RawMessage(`{"is_admin":true}`)}).Validate() == nil {
			t.Errorf("a preview of %s takes a field that it doesn't have", c.Name())
		}
	}
	for _, c := range desk.Commands() {
		if !previewed[c.Name()] && (desk.Preview{Command: c.Name(), Args: json.RawMessage(`{}`)}).Validate() == nil {
			t.Errorf("%s has an effect to show", c.Name())
		}
	}
}

// What doesn't show can't stand in a name: two names would differ and look alike.
func TestNamesShowAll(t *testing.T) {
	for _, hidden := range []string{"\u200b", "\u200d", "\u202e", "\ufeff", "\u00ad", "\u034f", "\u115f", "\u3164", "\ufe0f", "\U000e0041"} {
		name := "Sup" + hidden + "port"
		for _, c := range []desk.Command{
			desk.CreateTeam{TeamName: name}, desk.RenameTeam{Team: "t", TeamName: name},
			desk.Invite{FullName: name, Email: "ana@example.com", Role: desk.RoleAgent},
			desk.ChangeRoles{Changes: []desk.RoleChange{{Role: "odd", Name: name, Rank: 1}}},
		} {
			if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "doesn't show") {
				t.Errorf("%s %+q: %v", c.Name(), name, err)
			}
		}
		if desk.NameKey(name) != desk.NameKey("support") {
			t.Errorf("%+q is another name than Support", name)
		}
	}
	for _, name := range []string{"Ana-Lucía O’Brien", "नेहा", "李小龙", "Ærø & Søn", "Verkauf (Süd) 2"} {
		if err := (desk.CreateTeam{TeamName: name}).Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNameKey(t *testing.T) {
	for _, same := range [][2]string{
		{"Support", "sUPPORT"}, {"Night  shift", "night shift"}, {"Night\u00a0shift", "Night\u3000shift"}, {" Support ", "Support"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"}, {"\u212aelvin", "kelvin"},
	} {
		if desk.NameKey(same[0]) != desk.NameKey(same[1]) {
			t.Errorf("%+q and %+q are two names", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"Support", "Supports"}, {"Night shift", "Nightshift"}, {"Support 1", "Support 2"}} {
		if desk.NameKey(other[0]) == desk.NameKey(other[1]) {
			t.Errorf("%q and %q are one name", other[0], other[1])
		}
	}
}
