package desk

import "time"

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
	Needs  Scope `json:"needs,omitempty"` // the narrowest scope that would do
	Has    Scope `json:"has,omitempty"`
}

func (d *Denied) Error() string { return d.Reason }

// Subject is what a permission would be used on. A field that the permission
// doesn't look at stays nil. With no conversation at all, [Can] tells only
// whether the role names the permission.
type Subject struct {
	Conversation *Conversation
	Message      *Message // of message.retry
	To           *Actor   // of conversation.assign, who would get it; of role.assign, whose role
	Role         *Role    // of role.assign, the role to give; nil asks about the person alone
	Owners       int      // of role.assign, how many owners are active
	Status       Status   // of conversation.set_status, the one to give; empty asks about the conversation alone
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
	held := me.Role.Scope(p)
	if held.Rank() == 0 {
		return noKey(p)
	}
	if p == RoleAssign {
		return canAssignRole(me, held, s)
	}
	c := s.Conversation
	if c == nil {
		return nil
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
	return covers(me.Role.Scope(ConversationView), &me.Member, f) ||
		(f.Assignee == "" && covers(me.Role.Scope(ConversationViewQueue), &me.Member, f))
}

func canView(me *Actor, c *Conversation) error {
	view, queue := me.Role.Scope(ConversationView), me.Role.Scope(ConversationViewQueue)
	switch {
	case view.Rank() == 0 && queue.Rank() == 0:
		return noKey(ConversationView)
	case c == nil, Sees(me, c.Facts()):
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
		held := me.Role.Scope(MessageReplyUnowned)
		if held.Rank() == 0 || !covers(held, &me.Member, c.Facts()) {
			return &Denied{Perm: MessageReplyUnowned, Why: WhyHeld, Has: held, Needs: needs(me.Member, c),
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

// CanReceive refuses to give a chat to someone who couldn't answer it, or to
// leave it with them.
func CanReceive(to *Actor) error {
	if to.Member.Suspended || to.Role.Scope(MessageReply).Rank() == 0 {
		return &Denied{Perm: ConversationAssign, Why: WhyAssignee,
			Reason: to.Member.Name + " can't reply to customers at present. Choose someone who can."}
	}
	return nil
}

// canAssignRole holds the guard rails of roles: not one's own, nobody as high or
// higher, nothing that one lacks, and never the last owner.
func canAssignRole(me *Actor, held Scope, s Subject) error {
	if s.To == nil {
		return nil
	}
	deny := func(why Why, reason string) error {
		return &Denied{Perm: RoleAssign, Why: why, Reason: reason, Has: held}
	}
	to, top := s.To, me.Role.ID == RoleOwner
	switch {
	case to.Member.ID == me.Member.ID:
		return deny(WhySelf, "Nobody changes their own role. Ask another admin.")
	case held != ScopeAll && !me.Member.SharesTeam(to.Member):
		return &Denied{Perm: RoleAssign, Why: WhyNotTeammate, Needs: ScopeAll, Has: held,
			Reason: "You may switch roles in your own teams only."}
	case !top && to.Role.Rank >= me.Role.Rank:
		return deny(WhyAbove, to.Member.Name+" stands as high as you or higher. An owner can do this.")
	case s.Role == nil:
		return nil
	case s.Role.ID == to.Role.ID:
		return deny(WhySameRole, to.Member.Name+" has that role already.")
	case !top && s.Role.Rank >= me.Role.Rank:
		return deny(WhyAbove, "The role "+s.Role.Name+" stands as high as yours or higher. An owner can give it.")
	case to.Role.ID == RoleOwner && s.Owners <= 1 && !to.Member.Suspended:
		return deny(WhyLastOwner, to.Member.Name+" is the last owner. Make someone else an owner first.")
	}
	if missing, ok := me.Role.Covers(*s.Role); !ok {
		d, _ := Describe(missing)
		return deny(WhyBeyond, "The role "+s.Role.Name+" may do more than yours: “"+d.Title+"”. Nobody gives what they don't have.")
	}
	return nil
}

func noKey(p Perm) error {
	d, _ := Describe(p)
	return &Denied{Perm: p, Why: WhyNoKey, ByRole: true, Reason: "Your role doesn't include “" + d.Title + "”."}
}

func tooNarrow(p Perm, held Scope, me Member, c *Conversation) error {
	reach := "in chats assigned to you"
	if held == ScopeTeam {
		reach = "in your teams' chats"
	}
	d, _ := Describe(p)
	return &Denied{Perm: p, Why: WhyScope, Has: held, Needs: needs(me, c),
		Reason: "Your role allows “" + d.Title + "” only " + reach + "."}
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
