package server_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// matrix are the questions of [TestMatrix].
type matrix struct {
	table   map[string]map[string]string
	players []*player
}

// player asks everything as one role.
type player struct {
	h        *house // as the player sees it: the desk is everyone's
	who      string
	role     string
	me       desk.Member
	table    map[string]map[string]string
	asks     []*ask
	refusals []refusal // that the log has to have, in their order
	line     *line
	sent     int                      // on this line
	mates    map[string]desk.MemberID // people whom no refused command changes
}

// refusal is what matters of a refusal's entry.
type refusal struct {
	Actor        desk.MemberID
	Command      string
	Why          desk.Why
	Conversation desk.ConversationID
	Target       string
	Socket       bool
}

// ask is one question: which command a player does, and how what it is about
// stands to them.
type ask struct {
	*player
	row  row
	rel  string
	n    int
	want string

	chatFacts *desk.Facts // nil: it isn't about a chat, or there is none
	chat      desk.ConversationID

	target string // who or what it is about besides the chat
	cmd    desk.Command
	got    string
}

// newMatrix makes the desk of the matrix: everybody is in the team support.
func (h *house) newMatrix() *matrix {
	h.t.Helper()
	table, roles := truths()
	m := &matrix{table: table}
	for name := range h.members {
		h.setTeams(name, []desk.TeamID{support})
	}
	everything := map[desk.Perm]desk.Scope{}
	for _, p := range desk.Permissions() {
		everything[p.Key] = desk.ScopeAll
	}
	view := map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn}
	h.addRole(desk.Role{ID: "low", Name: "Low", Rank: 1, Grants: view, Version: 1})
	h.addRole(desk.Role{ID: "low-2", Name: "Low too", Rank: 1, Grants: view, Version: 1})
	h.addRole(desk.Role{ID: "wide", Name: "Wide", Rank: 1, Grants: everything, Version: 1})
	n := 0
	for i, role := range roles {
		own := *h
		own.tokens, own.refs = map[string]string{}, (i+1)*10_000
		p := &player{h: &own, role: role, table: table, mates: map[string]desk.MemberID{}}
		for name, member := range h.members {
			if string(member.Role) == role {
				p.who, p.me = name, member
			}
		}
		for _, r := range rows() {
			n = p.add(r, n)
		}
		m.players = append(m.players, p)
	}
	m.plant(h)
	return m
}

// add asks a command in every relation.
func (p *player) add(r row, n int) int {
	question := func(rel string, f *desk.Facts) {
		n++
		a := &ask{player: p, row: r, rel: rel, n: n, chat: 999_999, chatFacts: f}
		a.want = r.rule(a)
		p.asks = append(p.asks, a)
	}
	for _, rel := range someRelations[r.on] {
		question(rel, nil)
	}
	if r.on != "chat" {
		return n
	}
	for _, rel := range relations() {
		if rel.facts == nil {
			question(rel.name, nil)
			continue
		}
		f := rel.facts(p.me.ID, p.colleague())
		question(rel.name, &f)
	}
	return n
}

// plant puts the chats into the store that are asked about, one for each.
func (m *matrix) plant(h *house) {
	var facts []desk.Facts
	var asks []*ask
	for _, p := range m.players {
		for _, a := range p.asks {
			if a.chatFacts != nil {
				facts, asks = append(facts, *a.chatFacts), append(asks, a)
			}
		}
	}
	for i, id := range plant(h.t, h.store, h.clock.now(), facts...) {
		asks[i].chat = id
	}
}

// try asks by the socket, then by Do. What was done once is answered the same by
// its ref; what was refused is refused the same.
func (a *ask) try() {
	a.h.t.Helper()
	a.cmd = a.row.make(a)
	what := fmt.Sprintf("%s: %s, %s", a.role, a.name(), a.rel)
	ref := fmt.Sprintf("matrix-%d", a.n)
	answer := a.socket().do(ref, a.cmd)
	if a.got = verdictOf(answer.Error); a.got != a.want {
		a.h.t.Errorf("%s: %s, want %s (%s)", what, a.got, a.want, asJSON(a.h.t, answer.Error))
	}
	if told := asJSON(a.h.t, answer.Error); a.got == "not_found" && told != asJSON(a.h.t, desk.ErrNotFound()) {
		a.h.t.Errorf("%s: what isn't there for them is answered %s", what, told)
	}
	if _, reads := a.cmd.(desk.Reader); reads {
		ref = ""
	}
	result, err := a.h.service.Do(a.h.t.Context(), a.h.as(a.who), ref, a.cmd)
	byDo, bySocket := asJSON(a.h.t, unheld(err)), asJSON(a.h.t, unheld(answer.Error))
	if byDo != bySocket {
		a.h.t.Errorf("%s: by Do %s, by the socket %s", what, byDo, bySocket)
	}
	if done, writes := result.(desk.Done); writes && err == nil {
		var first desk.Done
		if json.Unmarshal(answer.Result, &first) == nil {
			first.Code = "" // told once
		}
		if first != done {
			a.h.t.Errorf("%s: by its ref it is answered %+v, and was %+v", what, done, first)
		}
		if _, asks := a.cmd.(desk.AskAccess); asks {
			a.h.must(a.who, desk.WithdrawRequest{Request: done.Request}) // only a few wait at once
		}
	}
	a.expectRefusals()
}

func (a *ask) name() string { return strings.TrimSuffix(a.cmd.Name()+" "+a.row.variant, " ") }

// expectRefusals notes what the log has to have of the answers.
func (a *ask) expectRefusals() {
	why := desk.Why(a.got)
	switch a.got {
	case "done", "invalid", "conflict":
		return
	case "not_found":
		why = desk.WhyHidden // whether it is there or not
	}
	r := refusal{Actor: a.me.ID, Command: a.cmd.Name(), Why: why, Target: a.target, Socket: true}
	if a.row.on == "chat" {
		r.Conversation = a.chat
	}
	byDo := r
	byDo.Socket = false
	a.refusals = append(a.refusals, r, byDo)
}

func verdictOf(e *desk.Error) string {
	switch {
	case e == nil:
		return "done"
	case e.Denied != nil:
		return string(e.Denied.Why)
	}
	return string(e.Code)
}

// socket is the player's link. One takes only so many commands at once.
func (p *player) socket() *line {
	if p.line == nil || p.sent == 50 {
		if p.line != nil {
			_ = p.line.ws.Close()
		}
		p.line, p.sent = p.h.dial(p.who, desk.Hello{Token: p.h.tokens[p.who]}), 0
	}
	p.sent++
	return p.line
}

// refusals reads from the log what was refused since a number, by member.
func (h *house) refusals(after int64) map[desk.MemberID][]refusal {
	h.t.Helper()
	list := map[desk.MemberID][]refusal{}
	for _, e := range h.log(after, desk.CommandRefused) {
		d := detail(h.t, e)
		r := refusal{Actor: e.Actor, Command: d.Command, Target: e.Target, Socket: e.Session != "test"}
		if d.Denied != nil {
			r.Why = d.Denied.Why
		}
		if e.Conversation != nil {
			r.Conversation = e.Conversation.ID
		}
		list[e.Actor] = append(list[e.Actor], r)
	}
	return list
}

// String is the matrix as people read it.
func (m *matrix) String() string {
	var b strings.Builder
	line := func(first string, word func(*player) string) {
		text := fmt.Sprintf("%-38s", first)
		for _, p := range m.players {
			text += fmt.Sprintf(" %-11s", word(p))
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	last := ""
	for i, a := range m.players[0].asks { // everyone was asked the same
		if a.name() != last {
			last = a.name()
			b.WriteString("\n")
			line(last, func(p *player) string { return p.role })
		}
		line("  "+a.rel, func(p *player) string { return p.asks[i].got })
	}
	return strings.TrimPrefix(b.String(), "\n")
}

// What the rules ask.

func (a *ask) scope(key string) string { return a.table[key][a.role] }
func (a *ask) mine() bool              { return a.chatFacts.Assignee == a.me.ID }
func (a *ask) held() bool              { return a.chatFacts.Assignee != "" && !a.mine() }
func (a *ask) resolved() bool          { return a.chatFacts.Status == desk.StatusResolved }

// within says whether a scope reaches the chat.
func (a *ask) within(scope string) bool {
	f := a.chatFacts
	switch scope {
	case "all":
		return true
	case "team":
		return a.mine() || f.Team == support || f.Assignee == "" && f.Team == ""
	case "own":
		return a.mine()
	}
	return false
}

func (a *ask) sees() bool {
	return a.chatFacts != nil &&
		(a.within(a.scope("conversation.view")) || a.chatFacts.Assignee == "" && a.within(a.scope("conversation.view_queue")))
}

// What the commands are about.

func (p *player) colleague() desk.MemberID {
	if p.who == "mona" {
		return p.h.members["asha"].ID
	}
	return p.h.members["mona"].ID
}

func (a *ask) facts() desk.Facts {
	if a.chatFacts == nil {
		return desk.Facts{}
	}
	return *a.chatFacts
}

// onChat is an example of the command, on the chat.
func (a *ask) onChat(kind desk.Command) desk.Command {
	cmd := example(kind, a.chat, a.facts(), a.receiver())
	about(a, cmp.Or(string(cmd.Target().Member), string(cmd.Target().Message))) // who gets it, or which is sent again
	return cmd
}

// receiver is who would get the chat, and doesn't have it.
func (a *ask) receiver() desk.MemberID {
	to := a.h.members["asha"].ID
	if a.facts().Assignee == to {
		to = a.h.members["olga"].ID
	}
	return to
}

func (a *ask) fresh(word string) string { return fmt.Sprintf("%s %d", word, a.n) }

// about notes what the command is about.
func about[T ~string](a *ask, id T) T {
	a.target = string(id)
	return id
}

// to is the person of the relation: someone new when something will be done.
func (a *ask) to() desk.MemberID { return about(a, a.person(a.rel, false)) }

func (a *ask) suspended() desk.MemberID { return about(a, a.person(a.rel, true)) }

// mate is a teammate below the asker.
func (a *ask) mate() desk.MemberID { return about(a, a.person(personRelations[1], false)) }

func (a *ask) person(rel string, suspended bool) desk.MemberID {
	role, team := desk.RoleID("low"), support
	switch {
	case rel == "nobody":
		return "u_nobody"
	case rel == "myself":
		return a.me.ID
	case strings.Contains(rel, "another team"):
		team = wares
	case strings.Contains(rel, "as high"):
		role = a.me.Role
	case strings.Contains(rel, "above"):
		role = desk.RoleOwner
	}
	key := fmt.Sprint(rel, suspended)
	if id := a.mates[key]; id != "" && a.want != "done" {
		return id
	}
	now := a.h.clock.now()
	m := a.h.add(desk.Member{Name: a.fresh("Person"), Role: role, Teams: []desk.TeamID{team}, Suspended: suspended,
		Grants: []desk.Grant{{ID: "g_matrix", Perm: desk.MessageNote, Scope: desk.ScopeOwn, Since: now, Until: now.Add(time.Hour), By: "u_console"}}})
	if a.want != "done" {
		a.mates[key] = m.ID
	}
	return m.ID
}

// otherTeams are teams that the person isn't in.
func (a *ask) otherTeams() []desk.TeamID {
	switch {
	case a.rel == "myself":
		return []desk.TeamID{support, wares}
	case strings.Contains(a.rel, "another team"):
		return []desk.TeamID{support}
	}
	return nil
}

// endSessions ends a sign-in that the person has.
func (a *ask) endSessions() desk.Command {
	id := a.to()
	if a.want != "done" {
		return desk.EndSessions{Member: id}
	}
	before := a.signIns(id)
	if _, err := a.h.service.Issue(a.h.t.Context(), id, "matrix"); err != nil {
		a.h.t.Fatal(err)
	}
	after := slices.DeleteFunc(a.signIns(id), func(s string) bool { return slices.Contains(before, s) })
	return desk.EndSessions{Member: id, Session: after[0]}
}

func (a *ask) signIns(id desk.MemberID) (ids []string) {
	err := a.h.store.Read(a.h.t.Context(), func(tx *store.Tx) error {
		list, err := tx.SessionsOf(id)
		for _, s := range list {
			ids = append(ids, s.ID)
		}
		return err
	})
	if err != nil {
		a.h.t.Fatal(err)
	}
	return ids
}

func (a *ask) given() desk.RoleID {
	switch {
	case strings.Contains(a.rel, "do more"):
		return "wide"
	case strings.Contains(a.rel, "as high"):
		return a.me.Role
	case strings.Contains(a.rel, "highest"):
		return desk.RoleOwner
	case strings.Contains(a.rel, "no such"):
		return "no-such-role"
	case strings.Contains(a.rel, "they have"):
		return "low"
	}
	return "low-2"
}

func (a *ask) invite() desk.Command {
	team := support
	if strings.Contains(a.rel, "another team") {
		team = wares
	}
	return desk.Invite{FullName: a.fresh("Guest"), Email: fmt.Sprintf("guest%d@example.com", a.n), Role: about(a, a.given()), Teams: []desk.TeamID{team}}
}

func (a *ask) giveKey() desk.Command {
	c := desk.GiveAccess{Member: a.mate(), Key: desk.ConversationView, Scope: desk.ScopeOwn, For: 60, Reason: "a test"}
	if strings.Contains(a.rel, "admins") {
		c.Key, c.Scope = desk.RoleManage, desk.ScopeAll
	}
	return c
}

// change is a change of a role, which is planted when it has to be there.
func (a *ask) change() desk.RoleChange {
	mine := roleOf(a.h.t, a.me.Role).Rank
	ch := desk.RoleChange{Role: desk.RoleID(fmt.Sprintf("role-%d", a.n)), Seen: 1, Name: a.fresh("Role"), Rank: 1,
		Grants: map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeOwn}}
	rank := map[string]int{"a role below mine": 1, "a role as high as mine": mine, "a role above mine": mine + 1}[a.rel]
	switch a.rel {
	case "a new low role":
		ch.Seen = 0
	case "a new role as high as mine":
		ch.Seen, ch.Rank = 0, min(mine, desk.MaxRank)
	case "a role that is built in":
		ch.Role = desk.RoleViewer
	case "my own role":
		ch.Role = a.me.Role
	}
	if rank > 0 {
		a.h.addRole(desk.Role{ID: ch.Role, Name: a.fresh("Planted"), Rank: rank, Version: 1})
	}
	about(a, ch.Role)
	return ch
}

func (a *ask) named() desk.RoleID {
	return about(a, map[string]desk.RoleID{"a custom role": "low", "a role that is built in": desk.RoleAgent, "no such role": "no-such-role"}[a.rel])
}

// requested plants a request of the person of the relation.
func (a *ask) requested() desk.RequestID {
	rel, perm, scope := a.rel, desk.ConversationView, desk.ScopeOwn
	if a.row.on == "asked" {
		rel, perm, scope = personRelations[1], desk.RoleManage, desk.ScopeAll
	}
	if rel == "nobody" {
		return about(a, desk.RequestID("r_nobody"))
	}
	return about(a, a.plantRequest(a.person(rel, false), perm, scope, desk.RequestOpen))
}

func (a *ask) ownRequest() desk.RequestID {
	from, state := a.me.ID, desk.RequestOpen
	switch a.rel {
	case "that doesn't exist":
		return about(a, desk.RequestID("r_nobody"))
	case "of a teammate":
		from = a.person(personRelations[1], false)
	case "that is decided":
		state = desk.RequestRefused
	}
	return about(a, a.plantRequest(from, desk.ConversationView, desk.ScopeAll, state))
}

func (a *ask) plantRequest(from desk.MemberID, p desk.Perm, s desk.Scope, state desk.RequestState) desk.RequestID {
	id := desk.RequestID(fmt.Sprintf("r_matrix_%d", a.n))
	err := a.h.store.Write(a.h.t.Context(), func(tx *store.Tx) error {
		return tx.PutRequest(desk.Request{ID: id, Member: from, Perm: p, Scope: s, For: 60, Reason: "a test", At: a.h.clock.now(), State: state})
	})
	if err != nil {
		a.h.t.Fatal(err)
	}
	return id
}

func (a *ask) team() desk.TeamID {
	return about(a, cmp.Or(map[string]desk.TeamID{"my team": support, "another team": wares}[a.rel], "t_nobody"))
}
