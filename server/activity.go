package server

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/store"
)

// listLog reads a page of the log as far as the asker's scope reaches: among
// people it covers what those did, whoever it was done to.
func (r *request) listLog(c desk.ListLog) (desk.LogPage, error) {
	l := logReader{r: r, all: r.actor.Scope(desk.LogView) == desk.ScopeAll,
		people: r.actor.Scope(desk.MemberView).Rank() > 0, sight: map[desk.ConversationID]bool{}}
	f := store.LogFilter{Kinds: c.Kinds, Target: c.About, Conversation: c.Conversation, From: c.From, To: c.To,
		Before: c.Before, After: c.After, Limit: orPage(c.Limit)}
	var err error
	if f.Actors, err = l.actors(c); err != nil {
		return desk.LogPage{}, err
	}
	entries, more, err := r.tx.Log(f)
	if err != nil {
		return desk.LogPage{}, err
	}
	page := desk.LogPage{Entries: make([]desk.LogEntry, len(entries)), More: more}
	for i := range entries {
		page.Entries[i] = l.entry(&entries[i])
	}
	if l.err != nil {
		return desk.LogPage{}, l.err
	}
	page.Head, err = r.tx.Head()
	return page, err
}

// logReader shows entries to one person.
type logReader struct {
	r      *request
	all    bool // everything is theirs to read
	people bool // and colleagues' addresses
	sight  map[desk.ConversationID]bool
	err    error // the first of reading what is in sight
}

// actors are those whose acts are asked for, as far as the scope reaches; nil
// means everyone's, and what nobody did.
func (l *logReader) actors(c desk.ListLog) ([]desk.MemberID, error) {
	me := l.r.actor.Member
	switch {
	case c.Conversation != 0 && !l.sees(c.Conversation, ""):
		// Asked about a chat out of sight, only what one did there oneself: anything
		// else would tell that it exists.
		if l.err != nil || c.Actor != "" && c.Actor != me.ID {
			return []desk.MemberID{}, l.err
		}
		return []desk.MemberID{me.ID}, nil
	case c.Actor != "":
		return []desk.MemberID{c.Actor}, nil // the gate asked about them
	case l.all:
		return nil, nil
	}
	reach := []desk.MemberID{me.ID}
	if l.r.actor.Scope(desk.LogView) != desk.ScopeTeam {
		return reach, nil
	}
	members, err := l.r.tx.Members()
	for _, m := range members {
		if m.ID != me.ID && me.SharesTeam(m) {
			reach = append(reach, m.ID)
		}
	}
	return reach, err
}

// sees reports whether the number of a conversation may be shown: to whoever
// reads everything, sees it now, or did it.
func (l *logReader) sees(id desk.ConversationID, actor desk.MemberID) bool {
	if l.all || actor == l.r.actor.Member.ID {
		return true
	}
	if seen, known := l.sight[id]; known {
		return seen
	}
	c, err := l.r.tx.Conversation(id)
	if err != nil && !errors.Is(err, store.ErrNotFound) && l.err == nil {
		l.err = err
	}
	l.sight[id] = err == nil && desk.Sees(&l.r.actor, c.Facts())
	return l.sight[id]
}

// entry is an entry as it is read. Of what was written, only the length is told;
// of the customer nothing.
func (l *logReader) entry(e *store.LogEntry) desk.LogEntry {
	out := desk.LogEntry{Seq: e.Seq, At: e.At, Kind: e.Kind, Actor: e.Actor, Session: e.Session, Addr: e.Addr,
		Target: e.Target, Hash: hex.EncodeToString(e.Hash), Erased: e.Erased}
	seen := true
	if c := e.Conversation; c != nil {
		if seen = l.sees(c.ID, e.Actor); seen {
			out.Conversation = c.ID
		}
	}
	for _, m := range e.Messages {
		if seen {
			out.Texts = append(out.Texts, desk.LoggedText{Message: m.ID, Side: m.Side, Type: m.Type,
				Length: utf8.RuneCountInString(m.Text), Delivery: m.Delivery})
		}
	}
	out.Detail = l.detail(e, seen)
	return out
}

// detail is what the log keeps of an act. Where nothing says what was before and
// after, the event does. Reasons are people's words about people: without sight of
// those, one reads one's own and no others.
func (l *logReader) detail(e *store.LogEntry, seen bool) *desk.LogDetail {
	var d desk.LogDetail
	if len(e.Detail) > 0 && json.Unmarshal(e.Detail, &d) != nil {
		d = desk.LogDetail{} // a newer program wrote it
	}
	switch {
	case e.Conversation != nil && !seen:
		d.Before, d.After = nil, nil
	case d.Before == nil && d.After == nil:
		d.Before, d.After = told(&e.Event)
	}
	if d.Reason == "" && e.Request != nil {
		d.Reason = e.Request.Reason
	}
	d.Before, d.After = l.clean(d.Before), l.clean(d.After)
	if !l.people {
		d.Email = ""
		if e.Actor != l.r.actor.Member.ID {
			d.Reason = ""
		}
	}
	if reflect.ValueOf(d).IsZero() {
		return nil
	}
	return &d
}

// told is what the event itself tells of before and after, in facts.
func told(e *desk.Event) (before, after json.RawMessage) {
	switch {
	case e.Conversation != nil && e.Before == nil:
		return nil, nil // no fact changed
	case e.Conversation != nil && e.Before.Status == "":
		return nil, asJSON(e.Conversation.Facts()) // it began
	case e.Conversation != nil:
		return asJSON(e.Before), asJSON(e.Conversation.Facts())
	case e.Request != nil:
		return nil, asJSON(e.Request)
	case e.Role != nil && e.Role.Removed:
		return nil, nil
	case e.Role != nil:
		return nil, asJSON(e.Role)
	case e.Team != nil:
		return nil, asJSON(e.Team)
	case e.Member != nil:
		return nil, asJSON(e.Member)
	}
	return nil, nil
}

// clean leaves out of before and after, whoever wrote them, what the log doesn't
// tell: what customers are and wrote, chats out of sight, and to those who don't
// see the people their addresses and reasons.
func (l *logReader) clean(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || v == nil {
		return nil
	}
	return asJSON(l.without(v))
}

func (l *logReader) without(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, x := range v {
			if l.keeps(key, x) {
				v[key] = l.without(x)
			} else {
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = l.without(v[i])
		}
	}
	return v
}

func (l *logReader) keeps(key string, v any) bool {
	switch key {
	case "phone", "username", "user_id", "last", "text", "quote", "messages":
		return false
	case "contact":
		_, id := v.(string) // whose number was revealed; the id itself tells nothing
		return id
	case "email", "reason":
		return l.people
	case "conversation":
		id, _ := v.(json.Number)
		n, err := id.Int64()
		return err == nil && l.sees(desk.ConversationID(n), "")
	}
	return true
}

// takeCheckpoint signs the log, the entry that tells of it included.
func (r *request) takeCheckpoint() (desk.Checkpoint, error) {
	if _, err := r.record(desk.Event{Kind: desk.CheckpointTaken}, desk.LogDetail{Command: desk.TakeCheckpoint{}.Name()}); err != nil {
		return desk.Checkpoint{}, err
	}
	c, err := r.tx.TakeCheckpoint(r.now)
	if err != nil {
		return desk.Checkpoint{}, err
	}
	key, err := r.tx.LogKey()
	return desk.Checkpoint{Seq: c.Seq, Note: c.Note, Key: key}, err
}

// exportCheckpoints is how many of the log's own checkpoints, the newest, the first
// page of an export has: all of them would outgrow a frame after a year.
const exportCheckpoints = 64

// exportOf is what the log tells of an export: from where on, and whether the
// contents were left out.
type exportOf struct {
	After    int64 `json:"after"`
	Withheld bool  `json:"withheld"`
}

// exportLog takes a page of the log out, and writes that into it. The contents
// are withheld: in them stands what customers wrote and are, also those that the
// asker doesn't see, and the chain can be checked without.
func (r *request) exportLog(c desk.ExportLog) (desk.LogLines, error) {
	head, err := r.tx.Head()
	if err != nil {
		return desk.LogLines{}, err
	}
	until := head
	if c.Until > 0 {
		until = min(c.Until, head)
	}
	got := desk.LogLines{Until: until}
	o := store.LinesOptions{Withhold: true, Until: until, Checkpoints: exportCheckpoints}
	if got.Lines, got.Next, got.More, err = r.tx.LogLines(c.After, orPage(c.Limit), o); err != nil {
		return desk.LogLines{}, err
	}
	_, err = r.record(desk.Event{Kind: desk.LogExported}, desk.LogDetail{Command: c.Name(), Rows: int(got.Next - c.After),
		Before: asJSON(exportOf{c.After, true})})
	return got, err
}
