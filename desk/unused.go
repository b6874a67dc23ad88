package desk

import "maps"

// Need is the narrowest scope of p that would have done for what me did to s.
// What reads as far as one may (the log of everyone, an export) needs as much as
// one has.
func Need(me *Actor, p Perm, s Subject) Scope {
	d, _ := Describe(p)
	switch {
	case len(d.Scopes) == 0:
		return ScopeNone // no key of ours
	case s.Conversation != nil:
		return d.atLeast(needs(me.Member, s.Conversation))
	case p == TeamManage, p == MemberInvite:
		return d.atLeast(needsForTeams(me, s))
	case s.To != nil:
		return d.atLeast(needsFor(me.Member, s.To.Member))
	case p == ContactExport, p == LogView:
		return me.Scope(p)
	}
	return d.Scopes[0]
}

// needsForTeams is the narrowest scope that reaches the teams of s and its
// person; a person in no team is in everybody's reach.
func needsForTeams(me *Actor, s Subject) Scope {
	for _, t := range s.Teams {
		if !me.Member.In(t) {
			return ScopeAll
		}
	}
	if s.To != nil && len(s.To.Member.Teams) > 0 {
		return needsFor(me.Member, s.To.Member)
	}
	return ScopeTeam
}

// Uses are the permissions that me needed to use p on s, which [Can] allowed, and
// how far: p itself, the one that let them see the conversation, and those that
// they gave to someone else. Seeing numbers counts as a use when they are read.
func Uses(me *Actor, p Perm, s Subject) []Usage {
	if s.Grant != nil && s.To != nil && s.To.Member.ID == me.Member.ID {
		return nil // giving back what is one's own takes nothing
	}
	var list []Usage
	add := func(p Perm, far Scope) {
		if far != ScopeNone {
			list = append(list, Usage{Member: me.Member.ID, Perm: p, Scope: far})
		}
	}
	c := s.Conversation
	if c != nil {
		sight := sightOf(me, c)
		add(sight, Need(me, sight, s))
	}
	switch {
	case c == nil && p == ConversationView && me.Scope(ConversationView).Rank() == 0:
		add(ConversationViewQueue, Need(me, ConversationViewQueue, s)) // that alone opens the lists, too
	case c == nil || p != ConversationView:
		add(p, Need(me, p, s))
	}
	switch p {
	case ConversationView, ConversationViewQueue:
		if numbers := me.Scope(ContactViewPII); c == nil && numbers.Rank() > 0 || c != nil && covers(numbers, &me.Member, c.Facts()) {
			add(ContactViewPII, Need(me, ContactViewPII, s))
		}
	case ContactExport:
		add(ContactViewPII, me.Scope(ContactViewPII))
	case MessageReply:
		if c != nil && c.Assignee != "" && c.Assignee != me.Member.ID {
			add(MessageReplyUnowned, Need(me, MessageReplyUnowned, s))
		}
	case RoleViewAs:
		add(ConversationView, ScopeAll)
	case RoleAssign, MemberInvite, GrantTemporary, AccessDecide:
		given(p, s, add)
	}
	return list
}

// sightOf is the permission by which me sees a conversation: for one that nobody
// has, that of the queue where it reaches so far.
func sightOf(me *Actor, c *Conversation) Perm {
	if c.Assignee == "" && covers(me.Scope(ConversationViewQueue), &me.Member, c.Facts()) {
		return ConversationViewQueue
	}
	return ConversationView
}

// given are the permissions that are given away: nobody gives what they don't
// have. A new code for someone who was invited gives their role.
func given(p Perm, s Subject, add func(Perm, Scope)) {
	roles := []*Role{s.Role}
	if p == MemberInvite && s.To != nil {
		roles = append(roles, &s.To.Role)
	}
	for _, r := range roles {
		if r == nil {
			continue
		}
		for key, far := range r.Grants {
			add(key, far)
		}
	}
	if s.Key != "" {
		add(s.Key, s.Scope)
	}
}

// Smaller is the role that would do for what was used: keys that nobody used are
// gone, the others reach as far as somebody needed, and never further than r
// does. Everything but the grants is as in r.
func Smaller(r Role, used []Usage) Role {
	widest := map[Perm]Scope{}
	for _, u := range used {
		widest[u.Perm] = wider(widest[u.Perm], u.Scope)
	}
	had := maps.Clone(r.Grants)
	r.Grants = map[Perm]Scope{}
	for _, d := range Permissions() {
		have, need := had[d.Key], widest[d.Key]
		if have.Rank() == 0 || need.Rank() == 0 {
			continue
		}
		if need = d.atLeast(need); need.Rank() > have.Rank() {
			need = have
		}
		r.Grants[d.Key] = need
	}
	return r
}

// Unused is what a member's role allows beyond what they used, in the order of
// the catalogue. What they were lent isn't counted: it ends by itself.
func Unused(a *Actor, used []Usage) []KeyChange {
	var theirs []Usage
	for _, u := range used {
		if u.Member == a.Member.ID {
			theirs = append(theirs, u)
		}
	}
	smaller := Smaller(a.Role, theirs)
	return KeyChanges(&Actor{Role: a.Role}, &Actor{Role: smaller})
}
