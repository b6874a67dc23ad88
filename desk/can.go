package desk

import (
	"fmt"
	"time"
)

// Why is a refusal's word for programs.
type Why string

const (
	WhyNoKey       Why = "no_key"      // the role doesn't name the permission
	WhyScope       Why = "scope"       // it does, but not this far
	WhySuspended   Why = "suspended"   // the member may do nothing at present
	WhyHeld        Why = "held"        // someone has the conversation already
	WhyMine        Why = "mine"        // I have it already
	WhyUnheld      Why = "unheld"      // nobody has it
	WhyResolved    Why = "resolved"    // it is resolved
	WhyOpen        Why = "open"        // it is open
	WhyWindow      Why = "window"      // the customer-service window is closed
	WhyDelivery    Why = "delivery"    // the message is in a state that needs nothing
	WhyAssignee    Why = "assignee"    // that person couldn't answer it
	WhySelf        Why = "self"        // one's own role
	WhyAbove       Why = "above"       // the person stands as high or higher
	WhyBeyond      Why = "beyond"      // the role holds what I don't
	WhyLastOwner   Why = "last_owner"  // nobody could undo it
	WhySameRole    Why = "same_role"   // nothing would change
	WhyNotTeammate Why = "no_teammate" // they share no team with me
	WhyBuiltIn     Why = "built_in"    // comes with the program
	WhyOwnerEnds   Why = "owner_ends"  // an owner's role has no end
	WhyShown       Why = "shown"       // the number is visible already
	WhyCap         Why = "cap"         // more than one person may take out alone
	WhyReadOnly    Why = "read_only"   // one is looking through other eyes
	WhyInvited     Why = "invited"     // hasn't joined yet
	WhyHidden      Why = "hidden"      // in the log only: it was answered as not found
)

// Denied is a refusal: which permission, why, and how far one would have to
// hold it.
type Denied struct {
	Perm   Perm   `json:"perm"`
	Why    Why    `json:"why"`
	Reason string `json:"reason"` // a sentence that says what to do
	// ByRole is true when no state of this subject would change the answer, so
	// a screen doesn't offer the action at all.
	ByRole bool  `json:"by_role,omitempty"`
	Needs  Scope `json:"needs,omitempty"` // the narrowest scope that would do; empty when no scope would
	Has    Scope `json:"has,omitempty"`
	// Holders are who could give it for a time, the lowest rank first. [Can]
	// leaves it empty: whoever knows the people fills it in, by [Givers].
	Holders []MemberID `json:"holders,omitempty"`
}

// Askable reports whether more access would change the answer: then it makes
// sense to ask for it.
func (d *Denied) Askable() bool { return d.Needs != ScopeNone }

func (d *Denied) Error() string { return d.Reason }

// Subject is what a permission would be used on. A field that the permission
// doesn't look at stays nil. With no conversation at all, [Can] tells only
// whether the role names the permission.
type Subject struct {
	Conversation *Conversation
	Message      *Message // of message.retry
	Status       Status   // of conversation.set_status, the one to give; empty asks about the conversation alone
	// To is the person it is about: who would get a conversation, whose role,
	// teams, access or sessions. Nil asks whether it is possible for anyone.
	To     *Actor
	Role   *Role // the role to give; of role.manage, the one to change (nil: a new one)
	Owners int   // how many owners are active, where the last one matters
	// Draft is what a role would become; nil when it would be deleted, or the
	// question is about the role alone.
	Draft *Role
	Teams []TeamID // of team.manage and member.invite, the teams it touches
	Key   Perm     // of grant.temporary and access.decide, the permission to give …
	Scope Scope    // … and how far
	Grant *Grant   // of grant.temporary, the one of To to end; nothing is given then
	Rows  int      // of contact.export, how many contacts would have left within a day
}

// Can decides whether me may use p on s at this moment. It returns nil, or a
// [*Denied]. It is the only place where a permission is compared with anything:
// the server refuses with it and the screen hides and greys with it, so a rule
// uses only facts that both have. An allowed answer allocates nothing.
func Can(me *Actor, p Perm, s Subject, now time.Time) error {
	if me.Member.Suspended {
		return &Denied{Perm: p, Why: WhySuspended, ByRole: true, Reason: "Your account is suspended. Ask an admin."}
	}
	if p == ConversationView {
		return canView(me, s.Conversation)
	}
	if p == GrantTemporary && s.Grant != nil && endsByItself(me, s) {
		return nil
	}
	held := me.Scope(p)
	if held.Rank() == 0 {
		return noKey(p, me, s)
	}
	if rule := rulesOfPeople(p); rule != nil {
		return rule(me, held, s)
	}
	c := s.Conversation
	if c == nil {
		return canTakeOut(me, p, s)
	}
	if !covers(held, &me.Member, c.Facts()) {
		return tooNarrow(p, held, me.Member, c)
	}
	return canNow(me, p, c, s, now)
}

// covers says what a scope reaches. server/store says the same in SQL, and a
// property test holds the two together.
func covers(s Scope, me *Member, f Facts) bool {
	switch s {
	case ScopeAll:
		return true
	case ScopeTeam:
		return f.Assignee == me.ID || me.In(f.Team) || (f.Assignee == "" && f.Team == "")
	case ScopeOwn:
		return f.Assignee == me.ID
	}
	return false
}

// Sees is [Can] for [ConversationView] without the reason: what the stream asks
// for every event and every reader. It covers what the view scope covers, and in
// the queue what the queue scope covers.
func Sees(me *Actor, f Facts) bool {
	if me.Member.Suspended {
		return false
	}
	return covers(me.Scope(ConversationView), &me.Member, f) ||
		(f.Assignee == "" && covers(me.Scope(ConversationViewQueue), &me.Member, f))
}

func canView(me *Actor, c *Conversation) error {
	view := me.Scope(ConversationView)
	if c != nil && covers(view, &me.Member, c.Facts()) {
		return nil
	}
	queue := me.Scope(ConversationViewQueue)
	switch {
	case view.Rank() == 0 && queue.Rank() == 0:
		return noKey(ConversationView, me, Subject{Conversation: c})
	case c == nil, c.Assignee == "" && covers(queue, &me.Member, c.Facts()):
		return nil
	}
	return tooNarrow(ConversationView, view, me.Member, c)
}

// canNow are the rules of state: they hold for whoever has the permission.
func canNow(me *Actor, p Perm, c *Conversation, s Subject, now time.Time) error {
	deny := func(why Why, reason string) error { return &Denied{Perm: p, Why: why, Reason: reason} }
	switch p {
	case ConversationClaim:
		switch {
		case c.Assignee == me.Member.ID:
			return deny(WhyMine, "This chat is yours already.")
		case c.Assignee != "":
			return deny(WhyHeld, "Someone has this chat already. Take it over instead, or ask them.")
		case c.Status == StatusResolved:
			return deny(WhyResolved, "This chat is resolved. Reopen it first.")
		}
	case ConversationTakeover:
		switch {
		case c.Assignee == me.Member.ID:
			return deny(WhyMine, "This chat is yours already.")
		case c.Assignee == "":
			return deny(WhyUnheld, "Nobody has this chat. Claim it instead.")
		}
	case ConversationAssign:
		if s.To != nil {
			return CanReceive(s.To)
		}
	case ConversationSetStatus:
		switch {
		case s.Status == StatusResolved && c.Status == StatusResolved:
			return deny(WhyResolved, "This chat is resolved already.")
		case s.Status == StatusOpen && c.Status == StatusOpen:
			return deny(WhyOpen, "This chat is open already.")
		}
	case ConversationMarkRead:
		// What a colleague hasn't read stays theirs to see.
		if c.Assignee != "" && c.Assignee != me.Member.ID {
			return deny(WhyHeld, "Someone else has this chat: it stays unread until they read it.")
		}
	case MessageReply:
		return canReply(me, c, now)
	case ContactReveal:
		if SeesNumbers(me, c) {
			return deny(WhyShown, "You see this number already.")
		}
	case MessageRetry:
		if m := s.Message; m != nil && m.Delivery != Failed && m.Delivery != Unknown {
			return deny(WhyDelivery, "Only a message that failed or is unconfirmed can be settled.")
		}
	}
	return nil
}

// canReply adds to the scope of message.reply whose chat it is, and whether the
// provider would take a free-form message now.
func canReply(me *Actor, c *Conversation, now time.Time) error {
	if c.Assignee != "" && c.Assignee != me.Member.ID {
		held := me.Scope(MessageReplyUnowned)
		if held.Rank() == 0 || !covers(held, &me.Member, c.Facts()) {
			d, _ := Describe(MessageReplyUnowned)
			return &Denied{Perm: MessageReplyUnowned, Why: WhyHeld, Has: held, Needs: d.atLeast(needs(me.Member, c)),
				Reason: "Someone else is answering this chat. Take it over to reply, or leave them a note."}
		}
	}
	if c.Status == StatusResolved {
		return &Denied{Perm: MessageReply, Why: WhyResolved, Reason: "This chat is resolved. Reopen it to reply."}
	}
	if !c.WindowOpen(now) {
		return &Denied{Perm: MessageReply, Why: WhyWindow,
			Reason: "The 24-hour window is closed: WhatsApp takes free text again when the customer writes."}
	}
	return nil
}

// MaySend refuses what an author wrote earlier and what waits to be sent, by the
// conversation as it is now: they must see it, and their role must answer it. That
// a colleague has taken it over meanwhile doesn't matter to a role that covers the
// colleague's chats too, and whether it is resolved matters to none.
func MaySend(author *Actor, c *Conversation) error {
	s := Subject{Conversation: c}
	if err := Can(author, ConversationView, s, time.Time{}); err != nil {
		return err
	}
	held := author.Scope(MessageReply)
	switch {
	case held.Rank() == 0:
		return noKey(MessageReply, author, s)
	case !covers(held, &author.Member, c.Facts()):
		return tooNarrow(MessageReply, held, author.Member, c)
	}
	return nil
}

// CanReceive refuses to give a chat to someone who couldn't answer it, or to
// leave it with them.
func CanReceive(to *Actor) error {
	if to.Member.Suspended || to.Member.Invited || to.Scope(MessageReply).Rank() == 0 {
		return &Denied{Perm: ConversationAssign, Why: WhyAssignee,
			Reason: to.Member.Name + " can't reply to customers at present. Choose someone who can."}
	}
	return nil
}

func noKey(p Perm, me *Actor, s Subject) error {
	d, ok := Describe(p)
	refusal := &Denied{Perm: p, Why: WhyNoKey, ByRole: true, Reason: "Your role doesn't include “" + d.Title + "”."}
	if ok {
		refusal.Needs = wider(d.Scopes[0], Need(me, p, s))
	}
	return refusal
}

func tooNarrow(p Perm, held Scope, me Member, c *Conversation) error {
	reach := "in chats assigned to you"
	switch held {
	case ScopeTeam:
		reach = "in your teams' chats"
	case ScopeNone:
		reach = "while nobody has the chat" // the queue is all they see
	}
	d, _ := Describe(p)
	return &Denied{Perm: p, Why: WhyScope, Has: held, Needs: d.atLeast(needs(me, c)),
		Reason: "Your role allows “" + d.Title + "” only " + reach + "."}
}

// canTakeOut is the rule of two people: above the daily limit, what a role says
// isn't enough. It takes a grant, which only someone else can give.
func canTakeOut(me *Actor, p Perm, s Subject) error {
	if p != ContactExport || s.Rows <= ExportCap {
		return nil
	}
	for i := range me.Member.Grants {
		if me.Member.Grants[i].Perm == ContactExportMany {
			return nil
		}
	}
	return &Denied{Perm: ContactExportMany, Why: WhyCap, Needs: ScopeAll,
		Reason: fmt.Sprintf("More than %d contacts a day leave the desk only when a second person allows it. Ask for “Export many contacts”.", ExportCap)}
}

// ExportCap is how many contacts one person may take out within a day alone.
const ExportCap = 200

// atLeast is the narrowest scope of the permission that reaches as far as s.
func (d Permission) atLeast(s Scope) Scope {
	for _, have := range d.Scopes {
		if have.Rank() >= s.Rank() {
			return have
		}
	}
	return ScopeAll
}

// needs is the narrowest scope that covers c.
func needs(me Member, c *Conversation) Scope {
	for _, s := range []Scope{ScopeOwn, ScopeTeam} {
		if covers(s, &me, c.Facts()) {
			return s
		}
	}
	return ScopeAll
}

// needsFor is the narrowest scope that reaches a person.
func needsFor(me, to Member) Scope {
	switch {
	case me.ID == to.ID:
		return ScopeOwn
	case me.SharesTeam(to):
		return ScopeTeam
	}
	return ScopeAll
}
