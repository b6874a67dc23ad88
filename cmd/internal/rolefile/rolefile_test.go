package rolefile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

const whole = `# ours
prune_to = "agent"
tests = [
  "Agent cannot contact.export", # a comment, with ] in it
  "Night shift can message.reply team",
]

[role.night-shift]
version = 3 # as exported
name = "Night \"shift\""
base = "agent"
rank = 35

[role.night-shift.grants]
conversation.view = "team"
"message.reply" = "team"
contact.export_many = true
log.verify = false

[role]
day = { name = 'Day', rank = 30, grants = { message.reply = "own" } }

[role.old]
remove = true
move_to = "day"
`

func TestParse(t *testing.T) {
	f, err := Parse("roles.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := []Role{
		{desk.RoleChange{Role: "night-shift", Seen: 3, Name: `Night "shift"`, Base: "agent", Rank: 35, Grants: map[desk.Perm]desk.Scope{
			desk.ConversationView: desk.ScopeTeam, desk.MessageReply: desk.ScopeTeam, desk.ContactExportMany: desk.ScopeAll}}},
		{desk.RoleChange{Role: "day", Name: "Day", Rank: 30, Grants: map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeOwn}}},
		{desk.RoleChange{Role: "old", Remove: true, MoveTo: "day"}},
	}
	if diff := cmp.Diff(want, f.Roles); diff != "" {
		t.Error(diff)
	}
	if f.PruneTo != "agent" || len(f.Tests) != 2 || f.Tests[1].Line != 5 {
		t.Errorf("%+v", f)
	}
}

// Every mistake is a sentence with its place, and nothing of the file is used.
func TestProblems(t *testing.T) {
	const role = "[role.x]\nname = \"X\"\nrank = 1\n"
	for name, tt := range map[string]struct{ src, want string }{
		"syntax":        {"[role.x]\nname = \"X\nrank = 1", "r:2:10: This isn't TOML: "},
		"twice":         {"[role.x]\nrank = 1\nrank = 2", "r:3:10: This isn't TOML: "},
		"top key":       {"role.x.name='X'\nrole.x.rank=1\nprune_too = 'agent'", `r:3:1: There is no key "prune_too" here. Did you mean "prune_to"?`},
		"role key":      {role + "ranck = 3", `r:4:1: A role has no key "ranck". Did you mean "rank"?`},
		"permission":    {role + "[role.x.grants]\n  message.repply = 'own'", `r:5:3: There is no permission "message.repply". Did you mean "message.reply"?`},
		"inline":        {role + "grants = { \"message.repply\" = 'own' }", `r:4:12: There is no permission`},
		"scope":         {role + "grants.message.reply = 'alll'", `r:4:1: message.reply can't have the scope "alll"; it takes "own", "team", "all" or false.`},
		"scope of none": {role + "grants.role.view = 'team'", `r:4:1: role.view can't have the scope "team"; it takes true or false.`},
		"yes":           {role + "grants.message.reply = true", `r:4:1: message.reply takes "own", "team", "all" or false.`},
		"two spellings": {role + "[role.x.grants]\nmessage.reply = 'own'\n\"message.reply\" = 'all'", "message.reply is said twice. Say it once."},
		"no grants":     {role + "grants = 7", "r:4:1: The grants are a table"},
		"text":          {"[role.x]\nname = 7\nrank = 1", "r:2:1: name is a text in quotes"},
		"number":        {"[role.x]\nname = 'X'\nrank = '1'", "r:3:1: rank is a whole number"},
		"too large":     {"[role.x]\nname = 'X'\nrank = 99999999999", "r:3:1: rank is a whole number"},
		"rank":          {"[role.x]\nname = 'X'\nrank = 100", `r:3:1: The rank of "x" is 100; it goes from 1 to 99.`},
		"control":       {"[role.x]\nrank = 1\nname = \"a\\u0007b\"", "r:3:1: The name of the role has a control character"},
		"description":   {role + "description = \"a\\nb\"", "r:4:1: The description has a control character"},
		"no name":       {"[role.x]\nrank = 1", `r:1:2: The role "x" needs a name.`},
		"no rank":       {"\n[role.x]\nname = 'X'", `r:2:2: The role "x" needs a rank.`},
		"id":            {"[role.\"Night Shift\"]\nname = 'X'\nrank = 1", `r:1:2: "Night Shift" can't name a role`},
		"built in":      {"[role.owner]\nname = 'X'\nrank = 1", `r:1:2: The role "owner" comes with the program`},
		"version":       {role + "version = 0", "r:4:1: A version is 1 or higher"},
		"move":          {role + "move_to = 'agent'", "r:4:1: move_to says where"},
		"removed":       {"[role.x]\nremove = true", `r:1:2: The role "x" is removed: say which role`},
		"says nothing":  {"[role.x]\nremove = true\nmove_to = 'agent'\nrank = 3", `r:4:1: The role "x" is removed, so its rank says nothing`},
		"remove":        {"[role.x]\nremove = 'yes'", "r:2:1: remove is true or false"},
		"itself":        {role + "base = 'x'", `r:4:1: The role "x" can't be a copy of itself`},
		"not a table":   {"role = 3", "r:1:1: A role is a table"},
		"nor this":      {"[role]\nx = 3", `r:2:1: The role "x" is to be a table`},
		"tests":         {"tests = 'Agent can x'", "r:1:1: The tests are a list"},
		"test":          {"tests = [\n  'Agent can message.reply',\n  'Agent may fly']", `r:3:3: The test "Agent may fly" says neither can nor cannot`},
		"not a test":    {"tests = [3]", "r:1:10: A test is a sentence in quotes"},
		"size":          {strings.Repeat("#", MaxSize+1), "r:1:1: The file has 1048577 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("r", []byte(tt.src))
			if err == nil || f != nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), ":0") {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestProblemsAreInTheirOrder(t *testing.T) {
	_, err := Parse("r", []byte("[role.b]\nname = 7\n[role.a]\nrank = 0\nzzz = 1\n"))
	var lines []int
	for line := range strings.SplitSeq(err.Error(), "\n") {
		var n, col int
		fmt.Sscanf(line, "r:%d:%d", &n, &col)
		lines = append(lines, n)
	}
	if !slices.IsSorted(lines) || len(lines) != 5 {
		t.Error(err)
	}
	if p, ok := errors.AsType[*Problem](err); !ok || p.Line != 1 {
		t.Errorf("%+v", p)
	}
}

func drawRoles(t *rapid.T) (roles []desk.Role) {
	for i := range rapid.IntRange(0, 4).Draw(t, "roles") {
		r := desk.Role{ID: desk.RoleID(fmt.Sprint("r-", i)), Rank: rapid.IntRange(1, desk.MaxRank).Draw(t, "rank"), Base: "agent",
			Version: rapid.IntRange(1, 9).Draw(t, "version"), Grants: map[desk.Perm]desk.Scope{}}
		r.Name = rapid.StringMatching(`[A-Z"\\'#=\x{1f600}é]{1,20}`).Draw(t, "name")
		r.Description = rapid.StringMatching(`([a-z"\\\x{ad}\x{202e}\x{1f600}]{1,20})?`).Draw(t, "description")
		for _, d := range desk.Permissions() {
			if rapid.Bool().Draw(t, "held") {
				r.Grants[d.Key] = rapid.SampledFrom(d.Scopes).Draw(t, "scope")
			}
		}
		roles = append(roles, r)
	}
	return roles
}

// What is exported changes nothing when it is applied, and nothing in it can
// move a cursor.
func TestFormatIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := append(desk.BuiltInRoles(), drawRoles(t)...)
		src := Format(roles)
		f, err := Parse("r", src)
		if err != nil {
			t.Fatalf("%v\n%s", err, src)
		}
		plan, err := f.Plan(roles, false)
		if err != nil || len(plan.Steps) != 0 || len(plan.Left) != 0 || len(f.Roles) != len(roles)-len(desk.BuiltInRoles()) {
			t.Fatalf("%v %+v\n%s", err, plan, src)
		}
		if strings.ContainsAny(string(src), "\u202e\u00ad") {
			t.Fatalf("%q", src)
		}
	})
}

func FuzzPlaces(f *testing.F) {
	f.Add(whole)
	f.Add("a = [[1, {b = '''x'''', c = \"\"\"y\\\"\"\"\"}], ]\n[[q.\"w\".e]]\nx.y = 1979-05-27T07:32:00Z # z")
	f.Fuzz(func(t *testing.T, src string) {
		for key, p := range places(src) {
			if p.line < 1 || p.col < 1 || p.from > p.to || p.to > len(src) {
				t.Errorf("%q: %+v", key, p)
			}
		}
	})
}

// Whatever a file holds, reading it ends, and every problem has a place in it.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("[role.x]\nname = 7\nrank = 1e9\ngrants = [1]\n[[role.y]]\n[tests]\na.b = {}")
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse("r", []byte(src))
		if (file == nil) != (err != nil) {
			t.Fatal(file, err)
		}
		if p, ok := errors.AsType[*Problem](err); ok && (p.Line > 1+strings.Count(src, "\n") || p.Line < 1 || p.Col < 1) {
			t.Error(p)
		}
		if err == nil {
			_, _ = file.Plan(have(), true)
		}
	})
}

func TestPlaces(t *testing.T) {
	src := "a = [[1, {b = '''x''', c = \"y\\\"\"}], ]\n[[q.\"w\".e]]\n x.y = 1979-05-27 # z\n'ü'.z = 3"
	got := places(src)
	for key, want := range map[string]string{
		path("a"): "1:1", path("a", "0", "1"): "1:10", path("a", "0", "1", "b"): "1:11", path("a", "0", "1", "c"): "1:24",
		path("q"): "2:3", path("q", "w", "e", "x", "y"): "3:2", path("q", "w", "e", "ü", "z"): "4:1",
	} {
		if p := got[key]; fmt.Sprintf("%d:%d", p.line, p.col) != want {
			t.Errorf("%q: %+v, want %s", key, p, want)
		}
	}
	if p := got[path("q", "w", "e", "x", "y")]; src[p.from:p.to] != "1979-05-27" {
		t.Errorf("%q", src[p.from:p.to])
	}
}

func have() []desk.Role {
	return append(desk.BuiltInRoles(),
		desk.Role{ID: "night-shift", Name: "Night", Base: "agent", Rank: 35, Version: 3},
		desk.Role{ID: "old", Name: "Old", Rank: 5, Version: 7},
		desk.Role{ID: "extra", Name: "Extra", Rank: 6, Version: 1})
}

func TestPlan(t *testing.T) {
	f, err := Parse("r", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := f.Plan(have(), false)
	if err != nil {
		t.Fatal(err)
	}
	type change struct {
		Role   desk.RoleID
		Seen   int
		Remove bool
	}
	brief := func(p Plan) (out []change) {
		for _, c := range p.Changes().Changes {
			out = append(out, change{c.Role, c.Seen, c.Remove})
		}
		return out
	}
	if diff := cmp.Diff([]change{{"night-shift", 3, false}, {"day", 0, false}, {"old", 7, true}}, brief(plan)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]desk.RoleID{"extra"}, plan.Left); diff != "" || plan.Steps[0].Before == nil || plan.Steps[1].Before != nil {
		t.Error(diff)
	}
	if err := plan.Changes().Validate(); err != nil {
		t.Error(err)
	}
	pruned, err := f.Plan(have(), true)
	if diff := cmp.Diff([]change{{"night-shift", 3, false}, {"day", 0, false}, {"old", 7, true}, {"extra", 1, true}}, brief(pruned)); err != nil || diff != "" {
		t.Error(err, diff)
	}
	members := plan.Members([]desk.Member{{ID: "a", Role: "old"}, {ID: "b", Role: "agent"}})
	if members[0].Role != "day" || members[1].Role != "agent" {
		t.Error(members)
	}
	again, err := f.Plan(plan.Roles(), false)
	if err != nil || len(again.Steps) != 0 { // version 3 stands in the file, but there is nothing to lose
		t.Errorf("%v %+v", err, again.Steps)
	}
	src, changed := f.Applied(plan)
	if want := strings.Replace(whole, "version = 3 #", "version = 4 #", 1); !changed || string(src) != want {
		t.Errorf("%v %s", changed, src)
	}
}

func TestPlanRefuses(t *testing.T) {
	const x = "[role.x]\nname='X'\nrank=1\n"
	for name, tt := range map[string]struct {
		src, want string
		prune     bool
	}{
		"conflict":       {src: "[role.night-shift]\nversion = 2\nname='N'\nrank=1", want: `r:2:1: The desk has version 3 of "night-shift", and the file was made from version 2`},
		"remove changed": {src: "[role.old]\nversion = 2\nremove=true\nmove_to='agent'", want: `r:2:1: The desk has version 7 of "old"`},
		"gone":           {src: x + "version = 2", want: `r:4:1: The desk has no role "x" any more`},
		"base":           {src: x + "base = 'agnet'", want: `r:4:1: base names the role "agnet", which nobody has. Did you mean "agent"?`},
		"cycle":          {src: x + "base = 'y'\n[role.y]\nname='Y'\nrank=1\nbase='x'", want: "a cycle"},
		"move to nobody": {src: "[role.old]\nremove=true\nmove_to='nobody'", want: `r:3:1: move_to names the role "nobody", which nobody has.`},
		"move to gone":   {src: "[role.old]\nremove=true\nmove_to='extra'\n[role.extra]\nremove=true\nmove_to='old'", want: `r:3:1: move_to names the role "extra", which is removed too.`},
		"prune to":       {src: x, want: "r:1:1: Pruning removes roles", prune: true},
		"prune to gone":  {src: "prune_to = 'old'", want: `r:1:1: prune_to names the role "old", which is removed too.`, prune: true},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("r", []byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			plan, err := f.Plan(have(), tt.prune)
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(plan.Steps) != 0 {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestSentences(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	w := World{Now: now, Roles: append(desk.BuiltInRoles(), desk.Role{ID: "night", Name: "Can do shift", Rank: 5, Grants: map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeTeam}}),
		Members: []desk.Member{
			{ID: "1", Name: "Asha", Email: "asha@x.org", Role: "agent", Teams: []desk.TeamID{"t"}},
			{ID: "2", Name: "Sam", Email: "sam@x.org", Role: "viewer", Grants: []desk.Grant{
				{Perm: desk.ContactExport, Scope: desk.ScopeTeam, Until: now.Add(time.Hour)}, {Perm: desk.MessageNote, Scope: desk.ScopeAll, Until: now}}},
			{ID: "3", Name: "Sam", Email: "sam2@x.org", Role: "agent", Suspended: true},
			{ID: "4", Name: "Gone", Role: "agent", Suspended: true, Removed: true},
		},
		Conversation: func(id desk.ConversationID) (*desk.Conversation, error) {
			switch id {
			case 12:
				return &desk.Conversation{ID: 12, Status: desk.StatusOpen, Team: "t", Assignee: "9"}, nil
			case 13:
				return &desk.Conversation{ID: 13, Status: desk.StatusOpen}, nil
			}
			return nil, desk.ErrNotFound()
		}}
	for text, want := range map[string]string{
		"Agent cannot contact.export":            "",
		"agent can contact.export":               "agent doesn't hold contact.export",
		"owner can't contact.export":             "owner holds contact.export as far as all",
		"Can do shift can message.reply team":    "",
		"Can do shift cannot message.reply team": "holds message.reply as far as team",
		"Can do shift cannot message.reply all":  "",
		"night can message.reply all":            "as far as team",
		"temp cannot see #12":                    "",
		"temp cannot see #13":                    "",
		"temp can see #12":                       "temp would be told: ",
		"Asha can see #12":                       "",
		"Asha cannot see #12":                    "nothing keeps Asha from it",
		"asha@x.org can see #13":                 "",
		"viewer cannot message.reply #12":        "",
		"Asha can see #99":                       "#99 can't be looked at",
		"sam@x.org can contact.export team":      "",
		"sam@x.org cannot message.note":          "",
		"sam2@x.org cannot message.reply":        "",
		"Sam can see #12":                        `"Sam" can be Sam sam@x.org or Sam sam2@x.org`,
		"Gone can see #12":                       "nobody called",
		"Agnet cannot contact.export":            `Did you mean "Agent"?`,
		"ma cannot contact.export":               "can be the role manager or the role marketing",
	} {
		s, err := ParseSentence(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		err = s.Check(w)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"Agent can fly":                      `there is no permission "fly"`,
		"Agent can see":                      "see needs a conversation",
		"Agent can see all":                  `"all" is no scope of see`,
		"Agent can message.reply everywhere": `"everywhere" is no scope of message.reply; it takes own, team, all`,
		"Agent can see #-1":                  `"#-1" is no conversation`,
		"Agent can see #1 and #2":            `"and #2" is too much`,
		"Agent can":                          "it says nothing after the verb",
		"can message.reply":                  "neither can nor cannot",
		"":                                   "neither can nor cannot",
	} {
		if _, err := ParseSentence(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
