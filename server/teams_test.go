package server_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

func (h *house) teamsOf(id desk.MemberID) []desk.TeamID {
	h.t.Helper()
	var m desk.Member
	err := h.store.Read(h.t.Context(), func(tx *store.Tx) (err error) {
		m, err = tx.Member(id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return m.Teams
}

func TestTeams(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	made := h.must("olga", desk.CreateTeam{TeamName: "Night"}).(desk.Done)
	if made.Team == "" || len(h.teamsOf(h.members["olga"].ID)) != 0 {
		t.Errorf("who manages all teams joined %+v", made)
	}
	for _, name := range []string{"Night", "NIGHT", "support"} {
		_, err := h.try("olga", desk.CreateTeam{TeamName: name})
		coded(t, "another "+name, err, desk.CodeConflict)
	}
	if _, err := h.service.AddTeam(t.Context(), "night"); desk.AsError(err) == nil || desk.AsError(err).Code != desk.CodeConflict {
		t.Errorf("another from the console: %v", err)
	}
	own := h.must("mona", desk.CreateTeam{TeamName: "Mona's"}).(desk.Done)
	if teams := h.teamsOf(h.members["mona"].ID); !slices.Equal(teams, []desk.TeamID{support, own.Team}) {
		t.Errorf("who manages their own teams is in %v", teams)
	}
	h.must("mona", desk.RenameTeam{Team: own.Team, TeamName: "Monas"})
	h.must("mona", desk.RenameTeam{Team: own.Team, TeamName: "MONAS"}) // its own name, in other letters
	_, err := h.try("mona", desk.RenameTeam{Team: own.Team, TeamName: "MONAS"})
	coded(t, "the same name", err, desk.CodeConflict)
	_, err = h.try("mona", desk.RenameTeam{Team: own.Team, TeamName: "night"})
	coded(t, "another team's name", err, desk.CodeConflict)
	_, err = h.try("mona", desk.RenameTeam{Team: made.Team, TeamName: "Mine"})
	refused(t, "another team", err, desk.WhyNotTeammate)
	_, err = h.try("olga", desk.RenameTeam{Team: "t_none", TeamName: "None"})
	coded(t, "a team that isn't there", err, desk.CodeNotFound)
	if e := h.log(0, desk.TeamRenamed)[0]; e.Target != string(own.Team) || string(detail(t, e).Before) != `{"id":"`+string(own.Team)+`","name":"Mona's"}` {
		t.Errorf("the log has %+v %s", e, e.Detail)
	}
}

// TestTeamsArentAWayAround tells how teams could be used to see, or to rule, more.
func TestTeamsArentAWayAround(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	h.members["nils"] = h.hire("Nils New", desk.RoleAgent, nil)
	id := func(who string) desk.MemberID { return h.members[who].ID }
	for _, a := range []struct {
		what, who, target string
		teams             []desk.TeamID
		why               desk.Why
	}{
		{"one's own teams", "adam", "adam", []desk.TeamID{support}, desk.WhySelf},
		{"one's own teams, as a manager", "mona", "mona", []desk.TeamID{support, wares}, desk.WhySelf},
		{"someone above", "adam", "olga", []desk.TeamID{support}, desk.WhyAbove},
		{"a teammate into another team", "mona", "asha", []desk.TeamID{support, wares}, desk.WhyNotTeammate},
		{"another team's person into one's own", "mona", "sara", []desk.TeamID{wares, support}, desk.WhyNotTeammate},
		{"another team's person out of theirs", "mona", "sara", nil, desk.WhyNotTeammate},
		{"somebody of no team into another's", "mona", "nils", []desk.TeamID{wares}, desk.WhyNotTeammate},
		{"without the permission", "asha", "nils", []desk.TeamID{support}, desk.WhyNoKey},
	} {
		before := h.teamsOf(id(a.target))
		_, err := h.try(a.who, desk.SetTeams{Member: id(a.target), Teams: a.teams})
		refused(t, a.what, err, a.why)
		if after := h.teamsOf(id(a.target)); !slices.Equal(before, after) {
			t.Errorf("%s: %v", a.what, after)
		}
	}
	_, err := h.try("olga", desk.SetTeams{Member: id("asha"), Teams: []desk.TeamID{"t_none"}})
	coded(t, "a team that isn't there", err, desk.CodeNotFound)
	_, err = h.try("olga", desk.SetTeams{Member: id("asha"), Teams: []desk.TeamID{support}})
	coded(t, "nothing new", err, desk.CodeConflict)
	h.must("mona", desk.SetTeams{Member: id("nils"), Teams: []desk.TeamID{support}})
	h.must("olga", desk.SetTeams{Member: id("sara"), Teams: []desk.TeamID{wares, support}})
	h.must("mona", desk.SetTeams{Member: id("sara"), Teams: []desk.TeamID{wares}}) // out of one's own
}

// TestTeamsGoLive moves somebody: their screen shows the other team's chats, and
// what they have stays theirs.
func TestTeamsGoLive(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha := h.members["asha"].ID
	ids := plant(t, h.store, h.clock.now(), open1(asha, support), open1("", support), open1("", wares))
	l := h.dial("asha", desk.Hello{})
	l.first()
	h.must("olga", desk.SetTeams{Member: asha, Teams: []desk.TeamID{wares}})
	snap := l.first()
	var shown []desk.ConversationID
	for _, c := range snap.Conversations {
		shown = append(shown, c.ID)
	}
	slices.Sort(shown)
	if want := []desk.ConversationID{ids[0], ids[2]}; snap.Reason != desk.SnapshotRights || !slices.Equal(shown, want) {
		t.Errorf("a snapshot for %s with %v, want %v", snap.Reason, shown, want)
	}
	if c, _ := h.thread(ids[0]); c.Assignee != asha || c.Team != support {
		t.Errorf("their own chat: %+v", c.Facts())
	}
	e := h.log(0, desk.MemberTeamed)[0]
	if d := detail(t, e); string(d.Before) != `["t_support"]` || string(d.After) != `["t_wares"]` {
		t.Errorf("the log has %s", e.Detail)
	}
}

// TestSoManyTeams fills a desk, and a member, with teams: their screen opens.
func TestSoManyTeams(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha, mona := h.members["asha"].ID, h.members["mona"].ID
	teams := []desk.TeamID{support, wares}
	for i := len(teams); i < desk.MaxTeams; i++ {
		teams = append(teams, h.must("olga", desk.CreateTeam{TeamName: fmt.Sprintf("Team %d", i)}).(desk.Done).Team)
	}
	_, err := h.try("olga", desk.CreateTeam{TeamName: "One more"})
	sentence(t, "one more", err, desk.CodeInvalid, "at most 200 teams")
	if _, err := h.service.AddTeam(t.Context(), "One more"); err == nil {
		t.Error("one more from the console")
	}
	h.must("olga", desk.SetTeams{Member: asha, Teams: teams[:desk.MaxTeamsOf]})
	h.must("olga", desk.ListConversations{List: desk.ListTeam})
	if snap := h.dial("asha", desk.Hello{}).first(); len(snap.Me.Member.Teams) != desk.MaxTeamsOf {
		t.Errorf("in %d teams", len(snap.Me.Member.Teams))
	}
	over := teams[:desk.MaxTeamsOf+1]
	for what, cmd := range map[string]desk.Command{
		"more for a member": desk.SetTeams{Member: asha, Teams: over},
		"more at once":      desk.Invite{FullName: "New", Email: "new@example.com", Role: desk.RoleAgent, Teams: over},
	} {
		_, err := h.try("olga", cmd)
		sentence(t, what, err, desk.CodeInvalid, "at most 50 teams")
	}
	if err := h.service.SetTeams(t.Context(), asha, over); err == nil {
		t.Error("more from the console")
	}
	if _, err := h.service.AddMember(t.Context(), server.NewMember{Name: "New", Email: "new@example.com", Password: "long enough a word", Role: desk.RoleAgent, Teams: over}); err == nil {
		t.Error("a new one from the console")
	}
	h.must("olga", desk.SetTeams{Member: mona, Teams: teams[2 : desk.MaxTeamsOf+2]})
}

// TestOneTeamTooManyOfOnesOwn makes a team by someone who joins those they make.
func TestOneTeamTooManyOfOnesOwn(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	for i := 1; i < desk.MaxTeamsOf; i++ {
		h.must("mona", desk.CreateTeam{TeamName: fmt.Sprintf("Team %d", i)})
	}
	head := h.head()
	_, err := h.try("mona", desk.CreateTeam{TeamName: "One more"})
	sentence(t, "one more", err, desk.CodeInvalid, "at most 50 teams")
	if added := h.log(head, desk.TeamAdded); len(added) > 0 {
		t.Error("the team was made all the same")
	}
}

// TestTeamsSeen moves somebody twice from what two screens showed: the second
// one would undo the first without a word.
func TestTeamsSeen(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	asha, none := h.members["asha"].ID, []desk.TeamID{}
	move := func(seen, to []desk.TeamID) desk.SetTeams { return desk.SetTeams{Member: asha, Teams: to, Seen: seen} }
	first, second := move([]desk.TeamID{support}, []desk.TeamID{support, wares}), move([]desk.TeamID{support}, none)
	h.must("olga", first)
	_, err := h.try("adam", second)
	sentence(t, "what isn't so any more", err, desk.CodeConflict, "Someone changed the teams of Asha")
	_, err = h.try("adam", preview(t, second))
	sentence(t, "its preview", err, desk.CodeConflict, "Someone changed the teams of Asha")
	_, err = h.try("adam", move(none, []desk.TeamID{wares}))
	sentence(t, "seen in no team", err, desk.CodeConflict, "Someone changed the teams of Asha")
	if teams := h.teamsOf(asha); !slices.Equal(teams, first.Teams) {
		t.Errorf("now in %v", teams)
	}
	h.must("adam", move([]desk.TeamID{wares, support}, none)) // whatever the order
	h.must("adam", move(none, []desk.TeamID{wares}))
	h.must("adam", move(nil, []desk.TeamID{support})) // not said
}
