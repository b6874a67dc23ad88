package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// read answers the commands that change nothing.
func (r *request) read(cmd desk.Command) (any, error) {
	switch c := cmd.(type) {
	case desk.ListConversations:
		return r.list(c)
	case desk.History:
		return r.history(c)
	case desk.ExportContacts:
		return r.exportContacts(c)
	case desk.ListStaff:
		return r.listStaff()
	case desk.ListSessions:
		return r.listSessions()
	case desk.ListVersions:
		return r.listVersions(c)
	case desk.ListUsage:
		return r.listUsage(c)
	case desk.Acknowledged:
		return r.s.acknowledged(c), nil
	case desk.ListLog:
		return r.listLog(c)
	case desk.TakeCheckpoint:
		return r.takeCheckpoint()
	case desk.ExportLog:
		return r.exportLog(c)
	}
	return nil, fmt.Errorf("command %s has no reader", cmd.Name())
}

// write does the commands that change something.
func (r *request) write(cmd desk.Command) (desk.Done, error) {
	switch c := cmd.(type) {
	case desk.Reply:
		return r.reply(c)
	case desk.Note:
		return r.note(c)
	case desk.Claim:
		return r.claim()
	case desk.TakeOver:
		return r.takeOver(c)
	case desk.Assign:
		return r.assign(c)
	case desk.Resolve:
		return r.resolve(c)
	case desk.Reopen:
		return r.reopen()
	case desk.MarkRead:
		return r.markRead(c)
	case desk.Label:
		return r.label(c)
	case desk.Retry:
		return r.retry()
	case desk.Settle:
		return r.settle(c)
	case desk.RevealContact:
		return r.reveal(c)
	}
	return r.writePeople(cmd)
}

// writePeople does the commands about people, roles and access.
func (r *request) writePeople(cmd desk.Command) (desk.Done, error) {
	switch c := cmd.(type) {
	case desk.Invite:
		return r.invite(c)
	case desk.Suspend:
		return r.suspend(c)
	case desk.Resume:
		return r.resume()
	case desk.Remove:
		return r.remove(c)
	case desk.CreateTeam:
		return r.createTeam(c)
	case desk.RenameTeam:
		return r.renameTeam(c)
	case desk.SetTeams:
		return r.setTeams(c)
	case desk.EndSessions:
		return r.endSessions(c)
	case desk.AssignRole:
		return r.assignRole()
	case desk.ChangeRoles:
		return r.changeRoles(c)
	case desk.GiveAccess:
		return r.giveAccess(c)
	case desk.EndAccess:
		return r.endAccess(c)
	case desk.AskAccess:
		return r.askAccess(c)
	case desk.WithdrawRequest:
		return r.withdraw(c)
	case desk.DecideRequest:
		return r.decide(c)
	}
	return desk.Done{}, fmt.Errorf("command %s has no writer", cmd.Name())
}

const defaultPage = 50

func (r *request) list(c desk.ListConversations) (desk.Page, error) {
	rows, more, err := r.tx.Conversations(r.actor, c.List, c.After, orPage(c.Limit))
	if err != nil {
		return desk.Page{}, err
	}
	for i := range rows {
		rows[i] = r.eyes().conversation(rows[i])
	}
	head, err := r.tx.Head()
	return desk.Page{List: c.List, Seq: head, Rows: rows, More: more}, err
}

func (r *request) history(c desk.History) (desk.Thread, error) {
	messages, more, err := r.tx.Thread(c.Conversation, c.Before, orPage(c.Limit))
	if err != nil {
		return desk.Thread{}, err
	}
	hideMark(messages)
	head, err := r.tx.Head()
	return desk.Thread{Conversation: r.eyes().conversation(*r.Conversation), Seq: head,
		Messages: r.eyes().messages(r.Conversation, messages), More: more}, err
}

// hideMark shows a message that is being tried as queued, which it is for
// everyone but the outbox: no event tells of the mark.
func hideMark(messages []desk.Message) {
	for i := range messages {
		if messages[i].Delivery == desk.Sending {
			messages[i].Delivery = desk.Queued
		}
	}
}

func orPage(limit int) int {
	if limit == 0 {
		return defaultPage
	}
	return limit
}

// reply queues a message for the customer. The messages table is the outbox:
// once this commits, the message is on its way.
func (r *request) reply(c desk.Reply) (desk.Done, error) {
	since, err := r.tx.MessagesSince(c.Conversation, c.Seen, r.actor.Member.ID)
	if err != nil {
		return desk.Done{}, err
	}
	if len(since) > 0 {
		return desk.Done{}, r.conflict(since)
	}
	m := r.message(desk.SideTeam, desk.TypeText, c.Text)
	m.Delivery = desk.Queued
	if c.Quote != "" {
		q, err := r.tx.Message(c.Quote)
		if err != nil {
			return desk.Done{}, hidden(err)
		}
		if q.Conversation != c.Conversation {
			return desk.Done{}, desk.ErrNotFound()
		}
		m.Quote = quoteOf(&q)
	}
	return r.change(desk.MessageQueued, &m, func(conv *desk.Conversation) {
		showLast(conv, &m)
		conv.Unread, conv.WaitingSince = 0, time.Time{}
		if conv.Assignee == "" && desk.Can(&r.actor, desk.ConversationClaim, r.Subject, r.now) == nil {
			give(conv, r.actor.Member) // who answers first has it
		}
	})
}

// give hands a conversation to a member. One that is in no team yet joins the
// member's first, so that their teammates go on seeing it.
func give(c *desk.Conversation, to desk.Member) {
	c.Assignee = to.ID
	if c.Team == "" && len(to.Teams) > 0 {
		c.Team = to.Teams[0]
	}
}

// conflict is the answer when someone wrote what the author hadn't seen.
func (r *request) conflict(since []desk.Message) *desk.Error {
	hideMark(since)
	since = r.eyes().messages(r.Conversation, since)
	var seq int64
	for i := range since {
		seq = max(seq, since[i].Order)
	}
	return &desk.Error{Code: desk.CodeConflict, Since: since, Seq: seq,
		Message: "Someone wrote in this chat after what your screen showed. Read it, then send again if it still fits."}
}

func (r *request) note(c desk.Note) (desk.Done, error) {
	m := r.message(desk.SideNote, desk.TypeText, c.Text)
	return r.change(desk.NoteAdded, &m, func(*desk.Conversation) {})
}

func (r *request) claim() (desk.Done, error) {
	return r.change(desk.ConversationClaimed, r.line(desk.ConversationClaimed), func(conv *desk.Conversation) {
		give(conv, r.actor.Member)
	})
}

func (r *request) takeOver(c desk.TakeOver) (desk.Done, error) {
	if r.Conversation.Assignee != c.From {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "Someone else took this chat in the meantime. Look again before you take it over.")
	}
	m := r.line(desk.ConversationTakenOver)
	m.To = c.From // from whom
	return r.change(desk.ConversationTakenOver, m, func(conv *desk.Conversation) {
		give(conv, r.actor.Member)
	})
}

func (r *request) assign(c desk.Assign) (desk.Done, error) {
	m := r.line(desk.ConversationAssigned)
	to := r.Conversation.Facts()
	if c.Member != nil {
		m.To, to.Assignee = *c.Member, *c.Member
	}
	if c.Team != nil {
		m.ToTeam, to.Team = *c.Team, *c.Team
	}
	if to == r.Conversation.Facts() {
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "It is assigned like that already.")
	}
	return r.change(desk.ConversationAssigned, m, func(conv *desk.Conversation) {
		conv.Assignee, conv.Team = to.Assignee, to.Team
		if c.Team == nil && r.To != nil {
			give(conv, r.To.Member)
		}
	})
}

// resolve closes a conversation, unless somebody wrote what the asker hadn't
// seen: a question must not vanish from every list unread.
func (r *request) resolve(c desk.Resolve) (desk.Done, error) {
	since, err := r.tx.MessagesSince(c.Conversation, c.Seen, r.actor.Member.ID)
	if err != nil {
		return desk.Done{}, err
	}
	if len(since) > 0 {
		return desk.Done{}, r.conflict(since)
	}
	return r.change(desk.ConversationResolved, r.line(desk.ConversationResolved), func(conv *desk.Conversation) {
		conv.Status, conv.Unread, conv.WaitingSince = desk.StatusResolved, 0, time.Time{}
	})
}

func (r *request) reopen() (desk.Done, error) {
	return r.change(desk.ConversationReopened, r.line(desk.ConversationReopened), func(conv *desk.Conversation) {
		conv.Status = desk.StatusOpen
	})
}

// markRead counts what came after the place that was read, so a message that
// arrives while the agent reads stays unread.
func (r *request) markRead(c desk.MarkRead) (desk.Done, error) {
	unread, err := r.tx.UnreadSince(c.Conversation, c.Upto)
	if err != nil {
		return desk.Done{}, err
	}
	if unread >= r.Conversation.Unread {
		return desk.Done{Seq: r.Conversation.Seq}, nil // read already: nothing happened, nothing to log
	}
	return r.change(desk.ConversationRead, nil, func(conv *desk.Conversation) { conv.Unread = unread })
}

func (r *request) label(c desk.Label) (desk.Done, error) {
	labels := slices.Clone(r.Conversation.Labels)
	for _, l := range c.Add {
		if !slices.ContainsFunc(labels, func(have string) bool { return strings.EqualFold(have, l) }) {
			labels = append(labels, l)
		}
	}
	labels = slices.DeleteFunc(labels, func(l string) bool { return slices.Contains(c.Remove, l) })
	if len(labels) > desk.MaxLabels {
		return desk.Done{}, desk.Errorf(desk.CodeInvalid, "A chat has at most %d labels. Take one off first.", desk.MaxLabels)
	}
	if slices.Equal(labels, r.Conversation.Labels) {
		return desk.Done{Seq: r.Conversation.Seq}, nil
	}
	return r.change(desk.ConversationLabelled, nil, func(conv *desk.Conversation) { conv.Labels = labels })
}

// retry puts a message back into the outbox. It keeps its ID, so a late status
// of the first try still finds it. Whether the window is open is asked when it
// is sent, as for every message.
func (r *request) retry() (desk.Done, error) {
	m := *r.Message
	m.Delivery, m.Problem = desk.Queued, nil
	if answers, err := r.stillAnswers(m.Author); err != nil {
		return desk.Done{}, err
	} else if !answers {
		m.Author = r.actor.Member.ID // who sends it again answers for it
	}
	if err := r.tx.SetTry(m.ID, 0, r.now); err != nil {
		return desk.Done{}, err
	}
	return r.redelivered(&m)
}

// stillAnswers reports whether whoever wrote a message may answer the conversation
// now: what the outbox asks before it sends.
func (r *request) stillAnswers(author desk.MemberID) (bool, error) {
	if author == "" {
		return false, nil
	}
	a, err := r.tx.Actor(author)
	if err != nil {
		return false, err
	}
	a = a.At(r.now)
	return desk.MaySend(&a, r.Conversation) == nil, nil
}

func (r *request) settle(c desk.Settle) (desk.Done, error) {
	m := *r.Message
	switch {
	case c.Arrived:
		m.Delivery, m.Problem = desk.Sent, nil
	case m.Delivery == desk.Failed:
		return desk.Done{}, desk.Errorf(desk.CodeConflict, "It is marked as failed already.")
	default:
		m.Delivery = desk.Failed
		m.Problem = &desk.Problem{Text: "Nobody could confirm that it arrived, and it was given up."}
	}
	return r.redelivered(&m)
}

func (r *request) redelivered(m *desk.Message) (desk.Done, error) {
	recounted := *r.Conversation
	if err := recountWait(r.tx, &recounted, m); err != nil {
		return desk.Done{}, err
	}
	return r.change(desk.MessageUpdated, m, func(conv *desk.Conversation) {
		conv.WaitingSince = recounted.WaitingSince
		if conv.Last.Message == m.ID {
			conv.Last.Delivery = m.Delivery
		}
	})
}

// message starts a message by the asker, at the end of the thread.
func (r *request) message(side desk.Side, typ desk.MessageType, text string) desk.Message {
	return desk.Message{
		ID: desk.MessageID(newID("m_")), Conversation: r.Conversation.ID, At: latest(r.now, r.Conversation.LastAt),
		Side: side, Type: typ, Author: r.actor.Member.ID, Text: text, Ref: r.ref,
	}
}

// line is the thread's own note that something happened to the conversation.
func (r *request) line(kind desk.EventKind) *desk.Message {
	m := r.message(desk.SideEvent, desk.MessageType(kind), "")
	m.Ref = ""
	return &m
}

// entry fills in who did it.
func (r *request) entry(e desk.Event) store.Entry {
	e.At, e.Actor = r.now, r.who.Member
	return store.Entry{Event: e, Session: r.who.Session, Addr: r.who.Addr}
}

// record appends an entry with what only the log keeps: what it was before, what
// it became, and why.
func (r *request) record(e desk.Event, d desk.LogDetail) (int64, error) {
	entry := r.entry(e)
	detail, err := json.Marshal(d)
	if err != nil {
		return 0, err
	}
	entry.Detail = detail
	return r.tx.Append(entry)
}

// asJSON is a value as the log's details show it.
func asJSON(v any) json.RawMessage {
	raw, _ := json.Marshal(v) // our own plain types: can't fail
	return raw
}

// change records what f makes of the conversation, with the message that tells
// of it in the thread.
func (r *request) change(kind desk.EventKind, m *desk.Message, f func(*desk.Conversation)) (desk.Done, error) {
	after := *r.Conversation
	f(&after)
	seq, err := appendChange(r.tx, r.entry(desk.Event{Kind: kind}), r.Conversation.Facts(), &after, m, nil)
	if err != nil {
		return desk.Done{}, err
	}
	done := desk.Done{Seq: seq}
	if m != nil && m.Side != desk.SideEvent {
		done.Message = m.ID
	}
	return done, nil
}
