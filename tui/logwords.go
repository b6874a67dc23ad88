package tui

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/tui/safe"
)

// logKinds are the kinds of entries in groups, as the filter offers them.
func logKinds() []logGroup {
	return []logGroup{
		{"Messages and notes", []desk.EventKind{desk.MessageReceived, desk.MessageQueued, desk.MessageUpdated, desk.NoteAdded}},
		{"Chats", []desk.EventKind{desk.ConversationClaimed, desk.ConversationAssigned, desk.ConversationTakenOver, desk.ConversationResolved,
			desk.ConversationReopened, desk.ConversationRead, desk.ConversationLabelled, desk.ConversationHandedOver}},
		{"People and teams", []desk.EventKind{desk.MemberAdded, desk.MemberInvited, desk.MemberJoined, desk.MemberSuspended, desk.MemberResumed,
			desk.MemberRemoved, desk.MemberTeamed, desk.TeamAdded, desk.TeamRenamed}},
		{"Roles", []desk.EventKind{desk.RoleAssigned, desk.RoleChanged, desk.RoleCreated, desk.RoleRemoved}},
		{"Access for a time", []desk.EventKind{desk.AccessGranted, desk.AccessEnded, desk.AccessExpired, desk.AccessRequested, desk.AccessDecided, desk.AccessWithdrawn}},
		{"Customers' data", []desk.EventKind{desk.ContactRevealed, desk.ContactExported, desk.ContactErased}},
		{"Signing in", []desk.EventKind{desk.SignedIn, desk.SignInFailed, desk.SignedOut, desk.SessionsEnded, desk.PasswordChanged}},
		{"Refusals", []desk.EventKind{desk.CommandRefused, desk.SignInFailed}},
		{"Seeing as someone else", []desk.EventKind{desk.ViewAsStarted, desk.ViewAsEnded}},
		{"The log itself", []desk.EventKind{desk.LogExported, desk.CheckpointTaken}},
	}
}

type logGroup struct {
	title string
	kinds []desk.EventKind
}

// kindWords is a kind that has no words of its own: "message received".
func kindWords(k desk.EventKind) safe.Text {
	return outside(strings.NewReplacer(".", " ", "_", " ").Replace(string(k)))
}

// wasAndIs reads what an entry says of before and after, as far as it has that
// form; what can't be read stays empty.
func wasAndIs[T any](e *desk.LogEntry) (was, is T) {
	if d := e.Detail; d != nil {
		_ = json.Unmarshal(d.Before, &was)
		_ = json.Unmarshal(d.After, &is)
	}
	return was, is
}

// logged tells an entry as a sentence. A kind that this program doesn't know is
// told by its word.
func (l *look) logged(e *desk.LogEntry) safe.Text {
	who := ours("Frontdesk")
	if e.Actor != "" {
		who = l.named(string(e.Actor))
	}
	group, _, _ := strings.Cut(string(e.Kind), ".")
	var text safe.Text
	switch group {
	case "message", "note", "conversation":
		text = l.loggedChat(e, who)
	case "member", "team":
		text = l.loggedPeople(e, who)
	case "role":
		text = l.loggedRole(e, who)
	case "access", "contact":
		text = l.loggedAccess(e, who)
	default:
		text = l.loggedRest(e, who)
	}
	if !text.Empty() {
		return text
	}
	text = who.Add(ours(": ")).Add(kindWords(e.Kind))
	if e.Target != "" {
		text = phrase(text, ours("of"), l.named(e.Target))
	}
	if e.Conversation != 0 {
		text = phrase(text, ours("in "+e.Conversation.String()))
	}
	return text
}

// named is what an id in the log is called: of a person, a role, a team or a
// request; else the id.
func (l *look) named(id string) safe.Text {
	if m, ok := l.rep.Member(desk.MemberID(id)); ok {
		return outside(m.Name).Or(outside(m.Email)).Or(outside(id))
	}
	if _, ok := l.rep.Role(desk.RoleID(id)); ok {
		return phrase(ours("the role"), l.roleName(desk.RoleID(id)))
	}
	if _, ok := l.rep.Team(desk.TeamID(id)); ok {
		return phrase(ours("the team"), l.teamName(desk.TeamID(id)))
	}
	for _, r := range l.rep.Requests() {
		if string(r.ID) == id {
			return phrase(ours("the request of"), l.named(string(r.Member)))
		}
	}
	return outside(id).Or(ours("someone"))
}

func (l *look) loggedChat(e *desk.LogEntry, who safe.Text) safe.Text {
	chat := ours(e.Conversation.String())
	if e.Conversation == 0 {
		chat = ours("a chat")
	}
	was, is := wasAndIs[desk.Facts](e)
	switch e.Kind {
	case desk.MessageReceived:
		return phrase(ours("A customer wrote in"), chat)
	case desk.MessageQueued:
		return phrase(who, ours("wrote to the customer in"), chat)
	case desk.MessageUpdated:
		return l.loggedDelivery(e, chat)
	case desk.NoteAdded:
		return phrase(who, ours("left a note in"), chat)
	case desk.ConversationClaimed:
		return phrase(who, ours("claimed"), chat)
	case desk.ConversationAssigned:
		switch {
		case is.Assignee != "" && is.Assignee != was.Assignee:
			return phrase(who, ours("gave"), chat, ours("to"), l.named(string(is.Assignee)))
		case is.Team != "" && is.Team != was.Team:
			return phrase(who, ours("gave"), chat, ours("to"), l.named(string(is.Team)))
		case was.Assignee != "":
			return phrase(who, ours("put"), chat, ours("back into the queue"))
		}
		return phrase(who, ours("assigned"), chat)
	case desk.ConversationTakenOver:
		if was.Assignee != "" {
			return phrase(who, ours("took"), chat, ours("over from"), l.named(string(was.Assignee)))
		}
		return phrase(who, ours("took"), chat, ours("over"))
	case desk.ConversationResolved:
		return phrase(who, ours("resolved"), chat)
	case desk.ConversationReopened:
		return phrase(who, ours("reopened"), chat)
	case desk.ConversationRead:
		return phrase(who, ours("read"), chat)
	case desk.ConversationLabelled:
		return phrase(who, ours("changed the labels of"), chat)
	case desk.ConversationHandedOver:
		to := ours("back to the queue")
		if is.Assignee != "" {
			to = phrase(ours("to"), l.named(string(is.Assignee)))
		}
		if was.Assignee == "" {
			return phrase(chat, ours("went"), to)
		}
		return phrase(chat, ours("went from"), l.named(string(was.Assignee)), to)
	}
	return safe.Text{}
}

func (l *look) loggedDelivery(e *desk.LogEntry, chat safe.Text) safe.Text {
	if len(e.Texts) == 1 && e.Texts[0].Delivery != "" {
		return phrase(ours("A message in"), chat, ours("is"), outside(string(e.Texts[0].Delivery)))
	}
	return phrase(ours("What became of messages in"), chat)
}

func (l *look) loggedPeople(e *desk.LogEntry, who safe.Text) safe.Text {
	of := l.named(e.Target)
	said := func(what string) safe.Text { return phrase(who, ours(what), of) }
	switch e.Kind {
	case desk.MemberAdded:
		return said("added")
	case desk.MemberInvited:
		return said("invited")
	case desk.MemberJoined:
		return of.Add(ours(" joined"))
	case desk.MemberSuspended:
		return said("suspended")
	case desk.MemberResumed:
		return phrase(who, ours("let"), of, ours("back in"))
	case desk.MemberRemoved:
		return said("removed")
	case desk.MemberTeamed:
		return said("changed the teams of")
	case desk.PasswordChanged:
		if e.Target == string(e.Actor) || e.Target == "" {
			return who.Add(ours(" changed their password"))
		}
		return said("changed the password of")
	case desk.TeamAdded:
		return said("created")
	case desk.TeamRenamed:
		was, is := wasAndIs[desk.Team](e)
		if was.Name != "" && is.Name != "" {
			return phrase(who, ours("renamed the team"), outside(was.Name), ours("to"), outside(is.Name))
		}
		return said("renamed")
	}
	return safe.Text{}
}

func (l *look) loggedRole(e *desk.LogEntry, who safe.Text) safe.Text {
	was, is := wasAndIs[desk.Role](e)
	name := outside(is.Name).Or(outside(was.Name))
	if name.Empty() {
		name = l.roleName(desk.RoleID(e.Target))
	}
	switch e.Kind {
	case desk.RoleAssigned:
		type had struct {
			Role desk.RoleID `json:"role"`
		}
		was, is := wasAndIs[had](e)
		text := phrase(who, ours("switched"), l.named(e.Target))
		if was.Role != "" {
			text = phrase(text, ours("from"), l.roleName(was.Role))
		}
		if is.Role != "" {
			text = phrase(text, ours("to"), l.roleName(is.Role))
		}
		return text
	case desk.RoleCreated:
		return phrase(who, ours("created the role"), name)
	case desk.RoleChanged:
		return phrase(who, ours("changed the role"), name)
	case desk.RoleRemoved:
		return phrase(who, ours("deleted the role"), name)
	}
	return safe.Text{}
}

func (l *look) loggedAccess(e *desk.LogEntry, who safe.Text) safe.Text {
	of := l.named(e.Target)
	was, is := wasAndIs[desk.Grant](e)
	_, asked := wasAndIs[desk.Request](e)
	chat := safe.Text{}
	if e.Conversation != 0 {
		chat = ours("in " + e.Conversation.String())
	}
	switch e.Kind {
	case desk.AccessGranted:
		return phrase(who, ours("gave"), of, l.grantNamed(is), ours("until "+l.moment(is.Until)))
	case desk.AccessEnded:
		return phrase(who, ours("ended early what"), of, ours("had:"), l.grantNamed(was))
	case desk.AccessExpired:
		return phrase(ours("The time of"), of, ours("for"), l.grantNamed(was), ours("ended"))
	case desk.AccessRequested:
		return phrase(who, ours("asked for"), l.titled(asked.Perm), ours("for "+l.length(asked.For)))
	case desk.AccessDecided:
		did := "refused"
		if asked.State == desk.RequestGranted {
			did = "allowed"
		}
		return phrase(who, ours(did), l.named(string(asked.Member)), l.titled(asked.Perm))
	case desk.AccessWithdrawn:
		return phrase(who, ours("took back the request for"), l.titled(asked.Perm))
	case desk.ContactRevealed:
		return safe.Join(ours(" "), some(who, ours("revealed a customer's number"), chat)...)
	case desk.ContactExported:
		return phrase(who, ours("exported "+plural(rowsOf(e), "contact")))
	case desk.ContactErased:
		return safe.Join(ours(" "), some(who, ours("erased what is known of a customer"), chat)...)
	}
	return safe.Text{}
}

// grantNamed names what was given, in the middle of a sentence.
func (l *look) grantNamed(g desk.Grant) safe.Text {
	if g.Contact != "" {
		return ours("one customer's number")
	}
	if g.Role == "" && g.Perm == "" {
		return ours("access")
	}
	return outside(l.lentWords(g))
}

func rowsOf(e *desk.LogEntry) int {
	if e.Detail == nil {
		return 0
	}
	return e.Detail.Rows
}

func (l *look) loggedRest(e *desk.LogEntry, who safe.Text) safe.Text {
	d := e.Detail
	if d == nil {
		d = &desk.LogDetail{}
	}
	switch e.Kind {
	case desk.SignedIn:
		return safe.Join(ours(" "), some(who, ours("signed in"), with("from", outside(e.Addr)))...)
	case desk.SignInFailed:
		as := l.named(e.Target)
		if e.Target == "" {
			as = outside(d.Email).Or(ours("someone"))
		}
		return safe.Join(ours(" "), some(ours("A sign-in as"), as, ours("failed"), with("from", outside(e.Addr)))...)
	case desk.SignedOut:
		return who.Add(ours(" signed out"))
	case desk.SessionsEnded:
		ended, _ := wasAndIs[[]json.RawMessage](e)
		return phrase(who, ours("ended "+plural(len(ended), "sign-in")+" of"), l.named(e.Target))
	case desk.CommandRefused:
		return phrase(who, ours("tried to"), l.triedTo(e, d)).Add(ours(": refused"))
	case desk.LogExported:
		return phrase(who, ours("exported "+strconv.Itoa(d.Rows)+" entries of the log"))
	case desk.CheckpointTaken:
		return who.Add(ours(" took a checkpoint of the log"))
	case desk.ViewAsStarted:
		return phrase(who, ours("began to see as"), l.eyesLogged(e, d))
	case desk.ViewAsEnded:
		return phrase(who, ours("stopped seeing as"), l.eyesLogged(e, d))
	}
	return safe.Text{}
}

// with puts a word in front of a text that may be empty.
func with(word string, t safe.Text) safe.Text {
	if t.Empty() {
		return safe.Text{}
	}
	return phrase(ours(word), t)
}

func (l *look) eyesLogged(e *desk.LogEntry, d *desk.LogDetail) safe.Text {
	if d.As != nil {
		return l.eyesName(*d.As)
	}
	return l.named(e.Target)
}

// triedTo says what was refused: "switch their own role".
func (l *look) triedTo(e *desk.LogEntry, d *desk.LogDetail) safe.Text {
	own := e.Target == string(e.Actor) && e.Target != ""
	switch d.Command {
	case "view_as":
		return phrase(ours("see as"), l.eyesLogged(e, d))
	case desk.AssignRole{}.Name():
		if own {
			return ours("switch their own role")
		}
		return phrase(ours("switch the role of"), l.named(e.Target))
	}
	what := outside(strings.NewReplacer(".", " ", "_", " ").Replace(d.Command)).Or(ours("do something"))
	if d.Denied != nil {
		if p, ok := desk.Describe(d.Denied.Perm); ok {
			what = outside(strings.ToLower(p.Title[:1]) + p.Title[1:])
		}
	}
	switch {
	case e.Conversation != 0:
		return phrase(what, ours("in "+e.Conversation.String()))
	case own:
		return what.Add(ours(", for themselves"))
	case e.Target != "":
		return what.Add(ours(": ")).Add(l.named(e.Target))
	}
	return what
}
