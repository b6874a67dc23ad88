package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// GroupRoles heads the keys of the matrix, of a role's versions and of what was
// used.
const GroupRoles Group = "Roles"

// rolesActions are the keys of the matrix and of the panels that it opens.
func rolesActions() []Action {
	look := func(id, title, hint string, run func(*rolesPanel, *Model) tea.Cmd, keys ...string) Action {
		return Action{ID: id, Title: title, Keys: keys, Group: GroupRoles, Where: atRoles, Hint: hint, Run: on(run)}
	}
	edit := func(id, title, hint string, check func(*rolesPanel, *Model) error, run func(*rolesPanel, *Model) tea.Cmd, keys ...string) Action {
		return Action{ID: id, Title: title, Keys: keys, Group: GroupRoles, Where: atRoles, Perm: desk.RoleManage, Hint: hint, Check: unless(check), Run: on(run)}
	}
	return slices.Concat([]Action{
		look("role-left", "The role to the left", "", (*rolesPanel).left, "left", "h"),
		look("role-right", "The role to the right", "", (*rolesPanel).right, "right", "l"),
		edit("role-cycle", "Change how far it reaches", "change", (*rolesPanel).mayCycle, (*rolesPanel).cycle, "space", "enter"),
		edit("role-undo", "Undo the newest change", "undo", (*rolesPanel).mayUndo, (*rolesPanel).undo, "u"),
		edit("role-save", "Save the changes…", "save", (*rolesPanel).maySave, (*rolesPanel).save, "s"),
		edit("role-copy", "Copy the role…", "copy", (*rolesPanel).mayCopy, (*rolesPanel).copy, "c"),
		edit("role-name", "Rename, describe, rank…", "", (*rolesPanel).mayEdit, (*rolesPanel).rename, "n"),
		edit("role-delete", "Delete the role…", "", (*rolesPanel).mayDelete, (*rolesPanel).delete, "d"),
		look("role-detail", "Details, and back", "details", (*rolesPanel).turn, "tab", "i"),
		look("role-find", "Go to a role…", "", (*rolesPanel).findRole, "f"),
		{ID: "role-versions", Title: "Versions of the role", Keys: []string{"v"}, Group: GroupRoles, Where: atRoles, Hint: "versions",
			Check: unless((*rolesPanel).mayVersions), Run: on((*rolesPanel).versions)},
		{ID: "role-see", Title: "See the inbox as this role would", Keys: []string{"a"}, Group: GroupRoles, Where: atRoles, Perm: desk.RoleViewAs, Hint: "see as",
			Check: unless((*rolesPanel).maySeeAs), Run: on((*rolesPanel).seeAs)},
		look("role-usage", "What people use", "usage", (*rolesPanel).usage, "U"),
		look("role-back", "Back", "", (*rolesPanel).back, "esc", "q"),
	}, versionsActions(), usageActions())
}
