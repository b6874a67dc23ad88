package desk

import (
	"fmt"
	"strings"
)

// PermissionsMarkdown is docs/permissions.md: the catalogue, the built-in roles
// and the guard rails, written from the same tables that decide. A test holds
// the file to it.
func PermissionsMarkdown() string {
	var b strings.Builder
	b.WriteString(permissionsIntro)
	writeCatalogue(&b)
	b.WriteString(scopesSection)
	writeMatrix(&b)
	writeCommands(&b)
	b.WriteString(guardRails)
	return b.String()
}

const permissionsIntro = `# Permissions

<!-- Generated from the package desk by "go test ./desk -run TestPermissionsDocument -update". Don't edit. -->

A role maps permissions to a scope. What it doesn't name, it doesn't have, and nothing takes away what it
names. One function, ` + "`desk.Can`" + `, decides: the server refuses with it, and the screen hides or greys with it.

## What can be allowed
`

func writeCatalogue(b *strings.Builder) {
	var group Group
	for _, p := range Permissions() {
		if p.Group != group {
			group = p.Group
			fmt.Fprintf(b, "\n### %s\n\n", group)
			b.WriteString("| permission | title | what it lets a person do | scopes | dangerous |\n|---|---|---|---|---|\n")
		}
		danger := ""
		if p.Danger {
			danger = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", p.Key, p.Title, p.Meaning, scopeWords(p.Scopes), danger)
	}
}

func scopeWords(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

const scopesSection = `
A dangerous permission changes what other people may do, or takes data out of the desk.

## How a scope reads

| scope | conversations | people |
|---|---|---|
| own | those assigned to me | |
| team | own, those of my teams, and those that nobody has yet: unassigned and in no team | those who share a team with me |
| all | every one | everyone |

Scopes are ordered, and each holds the ones before it: none < own < team < all. A conversation can be seen
when ` + "`conversation.view`" + ` covers it, or when nobody has it and ` + "`conversation.view_queue`" + ` covers it. To act on a
conversation one has to see it first; one that can't be seen is answered as if it didn't exist.

## The built-in roles

An empty cell means that the role doesn't have the permission. The rank says who stands above whom.
`

func writeMatrix(b *strings.Builder) {
	roles := BuiltInRoles()
	b.WriteString("\n| permission |")
	for _, r := range roles {
		fmt.Fprintf(b, " %s |", r.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(roles)) + "\n")
	for _, p := range Permissions() {
		fmt.Fprintf(b, "| `%s` |", p.Key)
		for _, r := range roles {
			fmt.Fprintf(b, " %s |", r.Scope(p.Key))
		}
		b.WriteString("\n")
	}
	b.WriteString("| *rank* |")
	for _, r := range roles {
		fmt.Fprintf(b, " %d |", r.Rank)
	}
	b.WriteString("\n\n")
	for _, r := range roles {
		fmt.Fprintf(b, "- **%s** (`%s`): %s\n", r.Name, r.ID, r.Description)
	}
}

func writeCommands(b *strings.Builder) {
	b.WriteString("\n## Which command needs what\n\n| command | permission |\n|---|---|\n")
	for _, c := range Commands() {
		perm := fmt.Sprintf("`%s`", c.Perm())
		switch c.(type) {
		case ListConversations:
			perm += fmt.Sprintf("; for the queue `%s`", ListConversations{List: ListQueue}.Perm())
		case Reply:
			perm += fmt.Sprintf(", and in a colleague's chat `%s` too", MessageReplyUnowned)
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", c.Name(), perm)
	}
}

const guardRails = `
## Guard rails

They hold for everyone, whatever the role says.

- A suspended person may do nothing.
- Nobody changes their own role.
- Nobody changes the role of someone who stands as high as themselves or higher, and nobody gives a role that stands
  as high as their own or higher. Owners are the exception: they change each other's.
- Nobody gives a role that may do more than their own, or further.
- Who may switch roles in their teams only, does so for people they share a team with.
- The last active owner stays an owner, so the desk can't be locked out.
- A chat is given only to someone who can reply to customers.
- A reply goes out only while the customer-service window is open and the chat isn't resolved.
- Only a message that failed or is unconfirmed can be settled or sent again.
`
