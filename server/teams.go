package server

import (
	"slices"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// createTeam makes a team. Whoever manages only their own teams begins in it, or
// could do nothing more with it.
func (r *request) createTeam(c desk.CreateTeam) (desk.Done, error) {
	t := desk.Team{ID: desk.TeamID(newID("t_")), Name: c.TeamName}
	seq, err := r.addTeam(t)
	if err != nil || r.actor.Scope(desk.TeamManage) == desk.ScopeAll {
		return desk.Done{Seq: seq, Team: t.ID}, err
	}
	m, err := r.tx.Member(r.actor.Member.ID)
	if err == nil {
		_, err = r.putTeams(m, append(slices.Clone(m.Teams), t.ID))
	}
	return desk.Done{Seq: seq, Team: t.ID}, err
}

// addTeam stores a new team and tells of it.
func (r *request) addTeam(t desk.Team) (int64, error) {
	teams, err := r.tx.Teams()
	if err != nil {
		return 0, err
	}
	if len(teams) >= desk.MaxTeams {
		return 0, desk.Errorf(desk.CodeInvalid, "A desk has at most %d teams. Rename one that nobody needs any more.", desk.MaxTeams)
	}
	if err := freeName(teams, t); err != nil {
		return 0, err
	}
	if err := r.tx.PutTeam(t); err != nil {
		return 0, err
	}
	return r.record(desk.Event{Kind: desk.TeamAdded, Team: &t}, desk.LogDetail{After: asJSON(t)})
}

// freeName refuses a name that another team has, or one that reads the same:
// people couldn't tell the two apart.
func freeName(teams []desk.Team, t desk.Team) error {
	for _, have := range teams {
		if have.ID != t.ID && desk.NameKey(have.Name) == desk.NameKey(t.Name) {
			return desk.Errorf(desk.CodeConflict, "There is a team %s already. Choose another name.", have.Name)
		}
	}
	return nil
}

func (r *request) renameTeam(c desk.RenameTeam) (desk.Done, error) {
	teams, err := r.tx.Teams()
	if err != nil {
		return desk.Done{}, err
	}
	i := slices.IndexFunc(teams, func(t desk.Team) bool { return t.ID == c.Team })
	if i < 0 {
		return desk.Done{}, desk.ErrNotFound()
	}
	was, t := teams[i], desk.Team{ID: c.Team, Name: c.TeamName}
	if was == t {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "The team is called %s already.", t.Name)
	}
	if err := freeName(teams, t); err != nil {
		return desk.Done{}, err
	}
	if err := r.tx.PutTeam(t); err != nil {
		return desk.Done{}, err
	}
	seq, err := r.record(desk.Event{Kind: desk.TeamRenamed, Team: &t}, desk.LogDetail{Before: asJSON(was), After: asJSON(t)})
	return desk.Done{Seq: seq, Team: t.ID}, err
}

// setTeams puts To into these teams and no others. The gate has asked about the
// member alone; here it is asked again with the teams that they would join or
// leave.
func (r *request) setTeams(c desk.SetTeams) (desk.Done, error) {
	if err := r.teamsThere(c.Teams...); err != nil {
		return desk.Done{}, err
	}
	m, err := r.tx.Member(r.To.Member.ID)
	if err != nil {
		return desk.Done{}, err
	}
	r.Teams = touched(m.Teams, c.Teams)
	if len(r.Teams) == 0 {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "%s is in these teams already.", m.Name)
	}
	if c.Seen != nil && len(touched(m.Teams, c.Seen)) > 0 {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "Someone changed the teams of %s in the meantime. Look at them again, and then change them.", m.Name)
	}
	if err := r.ask(desk.TeamManage, desk.Subject{To: r.To, Teams: r.Teams}); err != nil {
		return desk.Done{}, err
	}
	seq, err := r.putTeams(m, c.Teams)
	return desk.Done{Seq: seq}, err
}

// touched are the teams in one of the lists and not in both.
func touched(a, b []desk.TeamID) (diff []desk.TeamID) {
	for _, t := range a {
		if !slices.Contains(b, t) {
			diff = append(diff, t)
		}
	}
	for _, t := range b {
		if !slices.Contains(a, t) {
			diff = append(diff, t)
		}
	}
	return diff
}

// putTeams puts a member into teams, whoever asks for it.
func (r *request) putTeams(m desk.Member, teams []desk.TeamID) (int64, error) {
	was := m.Teams
	if len(teams) > len(was) { // fewer than too many is better
		if err := desk.FewTeams(teams); err != nil {
			return 0, err
		}
	}
	m.Teams = teams
	if err := r.tx.PutMember(m); err != nil {
		return 0, err
	}
	seq, err := r.record(desk.Event{Kind: desk.MemberTeamed, Member: &m}, desk.LogDetail{Before: asJSON(was), After: asJSON(teams)})
	if err != nil {
		return 0, err
	}
	a, err := r.tx.Actor(m.ID)
	if err != nil {
		return 0, err
	}
	a = a.At(r.now)
	_, err = r.handOver(&a, "", m.Name+" works in other teams now.")
	return seq, err
}
