package desk

import (
	"fmt"
	"slices"
	"strings"
)

// PermissionsMarkdown is docs/permissions.md: the catalogue, the built-in roles,
// the commands and the guard rails, written from the same tables that decide. A
// test holds the file to it.
func PermissionsMarkdown() string {
	var b strings.Builder
	b.WriteString(permissionsIntro)
	writeCatalogue(&b)
	b.WriteString(scopesSection)
	writeMatrix(&b)
	writeAccess(&b)
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
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", p.Key, p.Title, p.Meaning, scopeWords(p), danger)
	}
}

// yesOrNo reports whether a permission is held or not, with nothing in between.
func (d Permission) yesOrNo() bool { return len(d.Scopes) == 1 }

// scopeWord is a scope as the tables show it; "yes" for the one of a permission
// that has no other.
func scopeWord(d Permission, s Scope) string {
	if d.yesOrNo() && s != ScopeNone {
		return "yes"
	}
	return string(s)
}

func scopeWords(d Permission) string {
	words := make([]string, len(d.Scopes))
	for i, s := range d.Scopes {
		words[i] = scopeWord(d, s)
	}
	return strings.Join(words, ", ")
}

const scopesSection = `
A dangerous permission changes what other people may do, or takes data out of the desk. One whose scope is
"yes" is held or not; on the wire its scope is ` + "`all`" + `.

## How a scope reads

| scope | conversations | people |
|---|---|---|
| own | those assigned to me | myself |
| team | own, those of my teams, and those that nobody has yet: unassigned and in no team | myself, and those who share a team with me |
| all | every one | everyone |

Scopes are ordered, and each holds the ones before it: none < own < team < all. A conversation can be seen
when ` + "`conversation.view`" + ` covers it, or when nobody has it and ` + "`conversation.view_queue`" + ` covers it. To act on a
conversation one has to see it first; one that can't be seen is answered as if it didn't exist.

## The built-in roles

They come with the program and stay as they are: to change one, copy it and change the copy. An empty cell means that
the role doesn't have the permission. The rank says who stands above whom; a custom role's goes from 1 to 99.
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
			fmt.Fprintf(b, " %s |", scopeWord(p, r.Scope(p.Key)))
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

func writeAccess(b *strings.Builder) {
	fmt.Fprintf(b, accessSection, int(MaxGrant.Hours()/24), int(RevealFor.Minutes()), ExportCap)
}

const accessSection = `
## Access for a time

A person can hold a role, or a single permission, besides their own role until a time: given with a reason
(` + "`access.give`" + `), or asked for (` + "`access.ask`" + `) and allowed (` + "`access.decide`" + `). It adds to what the role holds and takes nothing
away, and it lasts %d days at most. The rank stays that of the role. At its end it is gone at once, the log says that it
expired, and chats that the person can't answer any more go back into the queue. Everyone may give their own back before.

**One number.** ` + "`contact.reveal`" + ` shows the number of one customer for %d minutes to whoever asks, with a reason; no other
number shows by it.

**Two people.** More than %d contacts a day leave the desk only when a second person allows it: what a role says isn't
enough, nor what a lent role says. It takes ` + "`contact.export_many`" + ` as a single permission for a time, which somebody else
has given; a role that holds it may only give it.

**Masks.** Without ` + "`contact.view_pii`" + ` for a conversation, the server sends its customer's number as the last four digits, no
user name and no user id; numbers in names, contact cards, notices, quotes, the names of
files and the reasons of failures are masked likewise. What people wrote stays as
it is. Without ` + "`member.view`" + `, a colleague's address and the reasons of their access aren't sent.
Whose number they revealed, and in which chat they asked for access, is sent to nobody else; the log has it.

**Seeing as someone else.** ` + "`role.view_as`" + ` opens the inbox as a person or a draft of a role would see it. It only reads, needs a
view of all conversations, and masks what either of the two may not see.

## Every refusal

A refusal names the permission, why, the scope that is held and the narrowest one that would do, and, where more access
would change the answer, who could give it. A screen hides what the role leaves out altogether, and greys with the
reason what isn't possible now or here.
`

func writeCommands(b *strings.Builder) {
	b.WriteString(`
## Which command needs what

A command that writes stands in the log, and so does a read that is recorded. The effect of those with a preview on people's
rights can be asked for beforehand, by ` + "`preview`" + `; it needs what the command needs.

| command | permission | kind | preview |
|---|---|---|---|
`)
	for _, c := range Commands() {
		kind, preview := "writes", ""
		if _, ok := c.(Reader); ok {
			kind = "reads"
		}
		if _, ok := c.(Recorder); ok {
			kind = "reads, recorded"
		}
		if slices.ContainsFunc(Previewed(), func(p Command) bool { return p.Name() == c.Name() }) {
			preview = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", c.Name(), needed(c), kind, preview)
	}
}

// needed is the permission of a command, and what else it can take.
func needed(c Command) string {
	perm := fmt.Sprintf("`%s`", c.Perm())
	switch c.(type) {
	case Preview:
		return "that of the command"
	case ListConversations:
		perm += fmt.Sprintf("; for the queue `%s`", ListConversations{List: ListQueue}.Perm())
	case Reply:
		perm += fmt.Sprintf(", and in a colleague's chat `%s` too", MessageReplyUnowned)
	case ExportContacts:
		perm += fmt.Sprintf(", and above the daily limit `%s` too", ContactExportMany)
	}
	return perm
}

const guardRails = `
Two permissions belong to no command: ` + "`contact.view_pii`" + ` decides what is masked, and ` + "`role.view_as`" + ` opens a link that sees as
someone else.

## Guard rails

They hold for everyone, whatever the role says. "Above" goes by the rank. Where someone as high or higher is out of
reach, owners are the exception: they reach each other.

Roles

- A suspended person may do nothing.
- Nobody changes their own role: neither which one they have nor what it may do.
- Nobody changes the role of someone who stands as high as themselves or higher, and nobody gives a role that stands
  as high as their own or higher.
- Nobody gives a role that may do more than their own, or further. What they were lent doesn't count.
- The last active owner stays an owner, and can't be suspended or removed, so the desk can't be locked out.
- Built-in roles can't be changed or deleted, not even by owners.
- A custom role is changed or deleted by people above it only, and its rank stays below theirs. It can't be given a permission
  that they don't hold themselves, or further than they hold it; what it held before, it may keep.
- A role is deleted only together with a role for its people.

Access for a time

- Nobody gives access to themselves, and nobody decides on their own request.
- Nobody gives access to someone above them. Equals may help each other.
- Nobody gives a permission that their own role doesn't hold, or further than it holds it. What they were lent can't be passed on.
- The owner's role is given for good or not at all.

People

- A scope of team reaches people who share a team with me, and teams that I am in; inviting, it takes one of my own teams.
- Nobody invites someone with a role that they couldn't give. A new code for someone invited before takes what their
  role takes, since the code opens their account.
- Nobody suspends, removes or signs out someone as high as themselves or higher; nobody suspends or removes themselves.
- Nobody but an owner changes their own teams, since that changes what they see.
- Nobody but an owner changes the teams of someone as high or higher, and who manages only their own teams doesn't take in people
  who work in others.
- Nobody sees through the eyes of someone above them, or without a view of all conversations.

Conversations

- A chat is given only to someone who can reply to customers.
- A chat that a colleague has stays unread until they read it.
- A reply goes out only while the customer-service window is open and the chat isn't resolved.
- Only a message that failed or is unconfirmed can be settled or sent again.
`
