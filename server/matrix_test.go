package server_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// truth says how far each built-in role reaches with each key: all, team, own, or
// not at all. It is written by hand, and knows nothing of the program.
const truth = `
                          owner  admin  manager  agent  sales  marketing  viewer  temporary
conversation.view         all    all    all      team   own    team       all     own
conversation.view_queue   all    all    all      team   team   -          all     -
conversation.claim        all    all    all      team   team   -          -       -
conversation.assign       all    all    all      team   own    -          -       -
conversation.takeover     all    all    all      team   -      -          -       -
conversation.set_status   all    all    all      own    own    -          -       -
conversation.label        all    all    all      team   own    team       -       -
conversation.mark_read    all    all    all      team   own    -          -       own
message.reply             all    all    all      team   own    -          -       own
message.reply_unowned     all    all    all      -      -      -          -       -
message.note              all    all    all      team   own    team       -       own
message.retry             all    all    all      own    own    -          -       -
contact.view_pii          all    all    all      team   own    -          -       -
contact.reveal            all    all    all      team   team   -          -       own
contact.export            all    all    team     -      -      -          -       -
contact.export_many       all    all    -        -      -      -          -       -
member.view               all    all    all      all    all    -          -       -
member.invite             all    all    team     -      -      -          -       -
member.suspend            all    all    team     -      -      -          -       -
team.manage               all    all    team     -      -      -          -       -
session.view              all    all    team     own    own    own        own     own
session.revoke            all    all    team     own    own    own        own     own
role.view                 all    all    all      -      -      -          -       -
role.assign               all    all    team     -      -      -          -       -
role.manage               all    all    -        -      -      -          -       -
role.view_as              all    all    team     -      -      -          -       -
grant.temporary           all    all    team     -      -      -          -       -
access.request            all    all    all      all    all    all        all     all
access.decide             all    all    team     -      -      -          -       -
log.view                  all    all    team     own    own    own        own     -
log.verify                all    all    -        -      -      -          -       -
log.export                all    all    -        -      -      -          -       -
`

// truths reads the table: by key, then by role.
func truths() (table map[string]map[string]string, roles []string) {
	table = map[string]map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(truth), "\n") {
		words := strings.Fields(line)
		if i == 0 {
			roles = words
			continue
		}
		table[words[0]] = map[string]string{}
		for j, scope := range words[1:] {
			table[words[0]][roles[j]] = strings.TrimSuffix(scope, "-")
		}
	}
	return table, roles
}

// TestTruth compares the table with the catalogue and the built-in roles.
func TestTruth(t *testing.T) {
	t.Parallel()
	table, roles := truths()
	for _, p := range desk.Permissions() {
		if table[string(p.Key)] == nil {
			t.Errorf("the table lacks %s", p.Key)
		}
	}
	built := desk.BuiltInRoles()
	if len(table) != len(desk.Permissions()) || len(roles) != len(built) {
		t.Errorf("the table has %d keys and %d roles; there are %d and %d", len(table), len(roles), len(desk.Permissions()), len(built))
	}
	for _, r := range built {
		for key, want := range table {
			if got := r.Scope(desk.Perm(key)); string(got) != want[string(r.ID)] {
				t.Errorf("%s has %s %q, the table says %q", r.ID, key, got, want[string(r.ID)])
			}
		}
	}
}

// Relations of the commands that aren't about a chat; those of chats are
// [relations].
var (
	personRelations = []string{"myself", "a teammate below me", "someone below me in another team", "a teammate as high as I am", "a teammate above me", "nobody"}
	givenRoles      = []string{"a role below mine", "a low role that may do more", "a role as high as mine", "the highest role", "no such role"}
	changedRoles    = []string{"a new low role", "a new role as high as mine", "a role below mine", "a role as high as mine", "a role above mine", "a role that is built in", "my own role", "no such role"}
	someRelations   = map[string][]string{
		"person": personRelations, "request": personRelations, "given": givenRoles, "changed": changedRoles,
		"switched": append(slices.Clone(givenRoles), "the role they have"),
		"invited":  append(slices.Clone(givenRoles), "a role below mine, into another team"),
		"role":     {"a custom role", "a role that is built in", "no such role"},
		"key":      {"a key of mine", "a key of admins"},
		"asked":    {"for a key of admins"},
		"own":      {"that waits", "that is decided", "of a teammate", "that doesn't exist"},
		"team":     {"my team", "another team", "no team"},
		"list":     {"mine", "queue", "team", "all", "resolved"},
		"":         {"the desk"},
	}
)

// row is a command, what it is about, and what has to be answered: a reason of a
// refusal, the word of an error, or "done".
type row struct {
	variant string
	on      string // "chat", or a key of someRelations
	key     string
	rule    func(*ask) string
	make    func(*ask) desk.Command
}

// yes is the rule of a key that is held or not.
func yes(a *ask) string {
	if a.scope(a.row.key) == "" {
		return "no_key"
	}
	return "done"
}

// onChats is the rule of commands about a chat: in sight, held, reaching so far;
// then the state of the chat decides.
func onChats(state func(*ask) string) func(*ask) string {
	return func(a *ask) string {
		switch scope := a.scope(a.row.key); {
		case !a.sees():
			return "not_found"
		case a.row.key == "access.request", a.row.key == "conversation.view": // sight is enough
			return "done"
		case scope == "":
			return "no_key"
		case !a.within(scope):
			return "scope"
		}
		return state(a)
	}
}

func whatever(*ask) string { return "done" }

// people is the rule of commands about a person: held, reaching so far, and how
// high they may stand.
func people(self, equal, above string) func(*ask) string {
	return func(a *ask) string {
		scope := a.scope(a.row.key)
		switch {
		case a.rel == "nobody":
			return "not_found"
		case scope == "":
			return "no_key"
		case a.rel == "myself" && a.row.key == "team.manage" && a.role == "owner":
			return "done"
		case a.rel == "myself":
			return self
		case scope == "own":
			return "scope"
		case scope == "team" && strings.Contains(a.rel, "another team"):
			return "no_teammate"
		case a.role != "owner" && strings.Contains(a.rel, "as high"):
			return equal
		case a.role != "owner" && strings.Contains(a.rel, "above"):
			return above
		}
		return "done"
	}
}

// below is what most commands about people ask: they stand lower than I do.
var below = people("self", "above", "above")

// giving is the rule of giving a role: none as high as one's own, and none that
// may do more; owners give any.
func giving(a *ask) string {
	switch scope := a.scope(a.row.key); {
	case strings.HasPrefix(a.rel, "no such"):
		return "not_found"
	case scope == "":
		return "no_key"
	case a.rel == "the role they have":
		return "same_role"
	case scope == "team" && strings.Contains(a.rel, "another team"):
		return "no_teammate"
	case a.role != "owner" && strings.Contains(a.rel, "high"):
		return "above"
	case a.role == "manager" && strings.Contains(a.rel, "do more"):
		return "beyond"
	}
	return "done"
}

func lending(a *ask) string {
	highest := a.rel == "the highest role" || a.role == "owner" && a.rel == "a role as high as mine"
	if highest && a.scope(a.row.key) != "" {
		return "owner_ends"
	}
	return giving(a)
}

// ending is the rule of ending access: one's own takes nothing, and here one has
// none.
func ending(a *ask) string {
	if a.rel == "myself" {
		return "conflict"
	}
	return people("", "done", "above")(a)
}

// beyond is the rule of giving a key: a manager doesn't hold those of admins.
func beyond(a *ask) string {
	if a.role == "manager" && strings.Contains(a.rel, "admins") {
		return "beyond"
	}
	return yes(a)
}

func changing(a *ask) string {
	switch {
	case strings.Contains(a.rel, "built in"), a.rel == "my own role": // which is built in
		return "invalid"
	case a.scope(a.row.key) == "":
		return "no_key"
	case a.rel == "no such role":
		return "conflict"
	case a.role == "admin" && (strings.Contains(a.rel, "high") || strings.Contains(a.rel, "above")):
		return "above"
	}
	return "done"
}

// deciding is the rule of requests: one that I may not decide on isn't there for
// me, unless it is my own.
func deciding(a *ask) string {
	got := people("self", "done", "above")(a)
	if a.rel == "myself" || got == "done" {
		return got
	}
	return "not_found"
}

func asked(a *ask) string {
	if a.scope(a.row.key) == "" {
		return "not_found"
	}
	return beyond(a)
}

// rows are all commands. One that isn't here fails the test.
func rows() []row {
	chat := func(c desk.Command, key string, state func(*ask) string) row {
		return row{"", "chat", key, onChats(state), func(a *ask) desk.Command { return a.onChat(c) }}
	}
	person := func(key string, rule func(*ask) string, make func(*ask) desk.Command) row {
		return row{"", "person", key, rule, make}
	}
	list := []row{
		chat(desk.History{}, "conversation.view", whatever),
		chat(desk.Reply{}, "message.reply", func(a *ask) string {
			switch {
			case a.held() && !a.within(a.scope("message.reply_unowned")):
				return "held"
			case a.resolved():
				return "resolved"
			}
			return "done"
		}),
		chat(desk.Note{}, "message.note", whatever),
		chat(desk.Claim{}, "conversation.claim", func(a *ask) string {
			switch {
			case a.mine():
				return "mine"
			case a.held():
				return "held"
			}
			return "done"
		}),
		chat(desk.TakeOver{}, "conversation.takeover", func(a *ask) string {
			switch {
			case a.mine():
				return "mine"
			case !a.held():
				return "unheld"
			}
			return "done"
		}),
		chat(desk.Assign{}, "conversation.assign", whatever),
		chat(desk.Resolve{}, "conversation.set_status", func(a *ask) string {
			if a.resolved() {
				return "resolved"
			}
			return "done"
		}),
		chat(desk.Reopen{}, "conversation.set_status", func(a *ask) string {
			if !a.resolved() {
				return "open"
			}
			return "done"
		}),
		chat(desk.MarkRead{}, "conversation.mark_read", func(a *ask) string {
			if a.held() {
				return "held"
			}
			return "done"
		}),
		chat(desk.Label{}, "conversation.label", whatever),
		chat(desk.Retry{}, "message.retry", whatever),
		chat(desk.Settle{}, "message.retry", whatever),
		chat(desk.RevealContact{}, "contact.reveal", func(a *ask) string {
			if a.within(a.scope("contact.view_pii")) {
				return "shown"
			}
			return "done"
		}),
		chat(desk.AskAccess{}, "access.request", whatever),

		person("member.suspend", below, func(a *ask) desk.Command { return desk.Suspend{Member: a.to()} }),
		person("member.suspend", below, func(a *ask) desk.Command { return desk.Resume{Member: a.suspended()} }),
		person("member.suspend", below, func(a *ask) desk.Command { return desk.Remove{Member: a.to()} }),
		person("team.manage", below, func(a *ask) desk.Command { return desk.SetTeams{Member: a.to(), Teams: a.otherTeams()} }),
		person("session.view", people("done", "done", "done"), func(a *ask) desk.Command { return desk.ListSessions{Member: a.to()} }),
		person("session.revoke", people("done", "above", "above"), func(a *ask) desk.Command { return a.endSessions() }),
		person("role.assign", below, func(a *ask) desk.Command { return desk.AssignRole{Member: a.to(), Role: "low-2"} }),
		person("role.assign", below, func(a *ask) desk.Command {
			return desk.Preview{Command: "role.assign", Args: []byte(asJSON(a.h.t, desk.AssignRole{Member: a.to(), Role: "low-2"}))}
		}),
		person("grant.temporary", people("self", "done", "above"), func(a *ask) desk.Command {
			return desk.GiveAccess{Member: a.to(), Key: desk.ConversationView, Scope: desk.ScopeOwn, For: 60, Reason: "a test"}
		}),
		person("grant.temporary", ending, func(a *ask) desk.Command { return desk.EndAccess{Member: a.to(), Grant: "g_matrix"} }),
		person("log.view", people("done", "done", "done"), func(a *ask) desk.Command { return desk.ListLog{Actor: a.to()} }),

		{"to someone", "switched", "role.assign", giving, func(a *ask) desk.Command { return desk.AssignRole{Member: a.mate(), Role: a.given()} }},
		{"", "invited", "member.invite", giving, func(a *ask) desk.Command { return a.invite() }},
		{"a role", "given", "grant.temporary", lending, func(a *ask) desk.Command {
			return desk.GiveAccess{Member: a.mate(), Role: a.given(), For: 60, Reason: "a test"}
		}},
		{"a key", "key", "grant.temporary", beyond, func(a *ask) desk.Command { return a.giveKey() }},
		{"", "changed", "role.manage", changing, func(a *ask) desk.Command { return desk.ChangeRoles{Changes: []desk.RoleChange{a.change()}} }},
		{"", "role", "role.view", func(a *ask) string {
			if a.rel == "no such role" && a.scope("role.view") != "" {
				return "not_found"
			}
			return yes(a)
		}, func(a *ask) desk.Command { return desk.ListVersions{Role: a.named()} }},

		{"allowing", "request", "access.decide", deciding, func(a *ask) desk.Command { return desk.DecideRequest{Request: a.requested(), Allow: true} }},
		{"refusing", "request", "access.decide", deciding, func(a *ask) desk.Command { return desk.DecideRequest{Request: a.requested()} }},
		{"allowing", "asked", "access.decide", asked, func(a *ask) desk.Command { return desk.DecideRequest{Request: a.requested(), Allow: true} }},
		{"refusing", "asked", "access.decide", func(a *ask) string {
			if a.scope("access.decide") == "" {
				return "not_found"
			}
			return "done" // a refusal gives nothing
		}, func(a *ask) desk.Command { return desk.DecideRequest{Request: a.requested()} }},
		{"", "own", "access.request", func(a *ask) string {
			if a.rel == "that waits" {
				return "done"
			}
			return "not_found"
		}, func(a *ask) desk.Command { return desk.WithdrawRequest{Request: a.ownRequest()} }},

		{"", "team", "team.manage", func(a *ask) string {
			switch {
			case a.rel == "no team":
				return "not_found"
			case a.scope("team.manage") == "team" && a.rel == "another team":
				return "no_teammate"
			}
			return yes(a)
		}, func(a *ask) desk.Command { return desk.RenameTeam{Team: a.team(), TeamName: a.fresh("Team")} }},
		{"", "list", "conversation.view", func(a *ask) string {
			if a.rel == "queue" && a.scope("conversation.view_queue") == "" {
				return "no_key"
			}
			return "done"
		}, func(a *ask) desk.Command { return desk.ListConversations{List: desk.List(a.rel), Limit: 1} }},
	}
	desks := func(key string, c desk.Command) row {
		return row{"", "", key, yes, func(*ask) desk.Command { return c }}
	}
	return append(list,
		desks("contact.export", desk.ExportContacts{Limit: 1}), desks("member.view", desk.ListStaff{}), desks("role.view", desk.ListUsage{Days: 1}),
		desks("member.view", desk.Acknowledged{Seq: 1}), desks("log.view", desk.ListLog{Limit: 1}), desks("log.verify", desk.TakeCheckpoint{}),
		desks("log.export", desk.ExportLog{After: 1, Limit: 1}),
		row{"", "", "team.manage", yes, func(a *ask) desk.Command { return desk.CreateTeam{TeamName: a.fresh("Team")} }})
}

// TestMatrix asks every command as every built-in role in every relation, through
// a real socket and then by [server.Service.Do], and compares the answers with the
// table and its rules. What may not be seen answers like what doesn't exist, and
// each refusal stands in the log once for each time that it was asked.
func TestMatrix(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	m := h.newMatrix()
	start := h.head()
	var wg sync.WaitGroup
	for _, p := range m.players {
		wg.Go(func() {
			for _, a := range p.asks {
				a.try()
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	asked, answers := map[string]bool{}, 0
	refusals := h.refusals(start)
	for _, p := range m.players {
		for _, a := range p.asks {
			asked[a.cmd.Name()] = true
			answers += 2
		}
		if diff := cmp.Diff(p.refusals, refusals[p.me.ID]); diff != "" {
			t.Errorf("what the log has of %s's refusals (-want +got):\n%s", p.who, diff)
		}
	}
	for _, c := range desk.Commands() {
		if !asked[c.Name()] {
			t.Errorf("%s isn't tested against the roles: give it a row", c.Name())
		}
	}
	const file = "testdata/matrix.txt"
	if *update {
		if err := os.WriteFile(file, []byte(m.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), m.String()); diff != "" {
		t.Errorf("the matrix differs from %s; look at it, then run with -update (-want +got):\n%s", file, diff)
	}
	t.Logf("%d answers", answers)
}
