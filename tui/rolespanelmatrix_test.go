package tui

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// manyRoles is the matrix with n custom roles, the cursor amid them.
func manyRoles(t testing.TB, n int) *rig {
	r := newRig(t)
	r.size(120, 40)
	s := snapshot("asha", desk.RoleOwner, 100, nil)
	for i := range n {
		role := nightShift()
		role.ID, role.Name, role.Rank = desk.RoleID(fmt.Sprintf("night-%d", i)), fmt.Sprintf("Night %d", i), 1+i%70
		s.Roles = append(s.Roles, role)
	}
	r.send(Deliver{client.Link{State: client.Live}, s})
	r.keys("R")
	matrixOf(r).toColumn(n / 2)
	r.keys("j", "j", "j")
	return r
}

// BenchmarkRoles draws the matrix after its cursor has moved across.
func BenchmarkRoles(b *testing.B) {
	for _, n := range []int{10, 200} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := manyRoles(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.m.Update(keyPress([]string{"right", "j", "left", "k"}[i%4]))
				r.m.View()
			}
		})
	}
}

// TestMatrixCostDoesNotGrow holds the allocations of a key and its frame to the
// same number with twenty times the roles.
func TestMatrixCostDoesNotGrow(t *testing.T) {
	cost := func(n int) float64 {
		r := manyRoles(t, n)
		i := 0
		return testing.AllocsPerRun(40, func() {
			r.m.Update(keyPress([]string{"right", "j", "left", "k"}[i%4]))
			r.m.View()
			i++
		})
	}
	few, many := cost(10), cost(200)
	if many > few*1.1 {
		t.Errorf("a key costs %.0f allocations with 10 roles and %.0f with 200", few, many)
	}
}

// TestChosenRoleIsInSight walks along the columns at every width.
func TestChosenRoleIsInSight(t *testing.T) {
	for w := minWidth; w < 190; w += 23 {
		r := manyRoles(t, 20)
		r.size(w, 24)
		onPerm(r, desk.ContactExport)
		for i := range len(matrixOf(r).roles) {
			matrixOf(r).toColumn(i)
			checkShape(t, r, w, 24)
			r.shows("▾", "▸")
		}
		for range len(matrixOf(r).roles) {
			r.keys("left")
			r.shows("▸")
		}
		if t.Failed() {
			t.Fatalf("%d columns wide", w)
		}
	}
	r := manyRoles(t, 20)
	r.size(40, 24)
	r.shows("Night") // one role at a time
	if c := matrixOf(r).columns(38); c.n != 1 {
		t.Errorf("%d roles at 40 columns", c.n)
	}
	if c := matrixOf(r).columns(44); c.n < 3 {
		t.Errorf("%d roles at 80 columns", c.n)
	}
}

// TestScopeCycle goes through what each permission takes and comes back.
func TestScopeCycle(t *testing.T) {
	for _, p := range desk.Permissions() {
		var got []desk.Scope
		s := desk.ScopeNone
		for range len(p.Scopes) {
			s = nextScope(p.Scopes, s)
			got = append(got, s)
		}
		if d := cmp.Diff(p.Scopes, got); d != "" || nextScope(p.Scopes, s) != desk.ScopeNone {
			t.Errorf("%s cycles otherwise:\n%s", p.Key, d)
		}
	}
}

// TestMerge draws three roles and puts mine on top of theirs: what only one side
// changed is as that side has it, what both changed as I do, the rest as it was.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		role := func(label string) desk.Role {
			r := desk.Role{ID: "r", Name: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(rt, label), Rank: rapid.IntRange(1, 3).Draw(rt, label), Grants: map[desk.Perm]desk.Scope{}}
			for _, p := range desk.Permissions()[:6] {
				grant(&r, p.Key, rapid.SampledFrom(append([]desk.Scope{desk.ScopeNone}, p.Scopes...)).Draw(rt, label))
			}
			return r
		}
		base, mine, theirs := role("base"), role("mine"), role("theirs")
		merged, both := mergeRoles(base, mine, theirs), clashes(base, mine, theirs)
		clash := func(what string) bool {
			return slices.ContainsFunc(both, func(d roleDiff) bool { return string(d.perm)+string(d.field) == what })
		}
		check := func(what, b, m, th, got string) {
			want := th
			if m != b {
				want = m
			}
			if got != want {
				rt.Errorf("%s: base %q, mine %q, theirs %q: merged to %q", what, b, m, th, got)
			}
			if clash(what) != (m != b && th != b && m != th) {
				rt.Errorf("%s: base %q, mine %q, theirs %q: clash is %v", what, b, m, th, clash(what))
			}
		}
		for _, p := range desk.Permissions() {
			check(string(p.Key), string(base.Grants[p.Key]), string(mine.Grants[p.Key]), string(theirs.Grants[p.Key]), string(merged.Grants[p.Key]))
		}
		check(string(roleName), base.Name, mine.Name, theirs.Name, merged.Name)
		check(string(roleRank), fmt.Sprint(base.Rank), fmt.Sprint(mine.Rank), fmt.Sprint(theirs.Rank), fmt.Sprint(merged.Rank))
	})
}

// TestUndoIsTheWayBack edits at random, merges amid it perhaps, and undoes
// everything: nothing is left of it.
func TestUndoIsTheWayBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ds, base := newRoleDrafts(), nightShift()
		perms := desk.Permissions()
		for range rapid.IntRange(0, 12).Draw(rt, "edits") {
			p := rapid.SampledFrom(perms).Draw(rt, "perm")
			ds.set(base, p.Key, rapid.SampledFrom(append([]desk.Scope{desk.ScopeNone}, p.Scopes...)).Draw(rt, "scope"))
			if rapid.Bool().Draw(rt, "rename") {
				ds.describe(base, rapid.StringN(1, 9, 9).Draw(rt, "name"), "", 7)
			}
		}
		if ds.all["night"] != nil && rapid.Bool().Draw(rt, "merge") {
			theirs := nightShift()
			theirs.Version, theirs.Name = 4, "Theirs"
			ds.ontop("night", theirs, true)
		}
		for range 1000 {
			if _, ok := ds.undo(); !ok {
				break
			}
		}
		if d := ds.all["night"]; d != nil {
			rt.Errorf("left: %+v", d.mine())
		}
		if ds.unsaved() != 0 || len(ds.steps) != 0 {
			rt.Errorf("%d unsaved, %d steps", ds.unsaved(), len(ds.steps))
		}
	})
}

// TestHostileRoles puts strings of the corpus into everything that people write
// about roles, and walks through what shows them.
func TestHostileRoles(t *testing.T) {
	scenes := [][]string{{}, {"tab"}, {"space"}, {"c"}, {"d"}, {"n"}, {"f"}, {"v", "j"}, {"U", "j"}, {"space", "s"}, {"space", "esc"}}
	all := hostileStrings(t)
	for n, id := range slices.Sorted(maps.Keys(all)) {
		if n%24 != 0 {
			continue
		}
		s := all[id]
		poison := func(role desk.Role) desk.Role {
			role.Name, role.Description = s, s
			return role
		}
		r := newRig(t)
		r.do = func(cmd desk.Command) (any, error) {
			v := rolesAnswer(cmd)
			if list, ok := v.(desk.Versions); ok {
				for i := range list.Versions {
					list.Versions[i].Role = poison(list.Versions[i].Role)
					list.Versions[i].By = desk.MemberID(s)
				}
				return list, nil
			}
			if _, ok := cmd.(desk.ChangeRoles); ok {
				return nil, &desk.Error{Code: desk.CodeConflict, Message: s}
			}
			return v, nil
		}
		snap, _ := poisoned(s)
		snap.Me.Role = roleOf(desk.RoleOwner)
		base := poison(nightShift())
		base.ID = desk.RoleID(s)
		snap.Roles = append(snap.Roles, poison(nightShift()), base)
		r.send(Deliver{client.Link{State: client.Live}, snap})
		for _, keys := range scenes {
			r.size(120, 40)
			r.keys("R")
			matrixOf(r).toRole("night")
			onPerm(r, desk.MessageRetry).keys(keys...)
			checkSafe(t, r, fmt.Sprintf("%s/%v", id, keys), false, false)
			leaveRoles(r)
		}
		r.keys("R")
		matrixOf(r).toRole("night")
		onPerm(r, desk.MessageRetry).keys("space")
		theirs := poison(nightShift())
		theirs.Version, theirs.Description = 4, s+"!"
		r.roleEvent(desk.RoleChanged, "zoe", theirs)
		checkSafe(t, r, id+"/told", false, false)
		r.keys("s")
		checkSafe(t, r, id+"/conflict", false, false)
		if t.Failed() {
			return
		}
	}
}

// leaveRoles closes everything and forgets what was edited.
func leaveRoles(r *rig) {
	for r.m.dialog() != nil {
		r.m.pop()
	}
	matrixOf(r).dropAll()
	r.m.panels, r.m.toast = nil, toast{}
	r.now = r.now.Add(breath)
}
