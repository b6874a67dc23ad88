package desk

import (
	"encoding/json"
	"time"
)

// ListLog asks for entries of the activity log, newest first; answered by
// [LogPage]. How far it reaches is the scope of [LogView]: what oneself did, what
// people of one's teams did, or everything. What nobody did (customers, the
// server itself) shows with the scope all.
type ListLog struct {
	Actor        MemberID       `json:"actor,omitempty"`
	Kinds        []EventKind    `json:"kinds,omitempty"`
	About        string         `json:"about,omitempty"` // a member's, role's, team's, request's id
	Conversation ConversationID `json:"conversation,omitempty"`
	From         time.Time      `json:"from,omitzero"`
	To           time.Time      `json:"to,omitzero"`
	Before       int64          `json:"before,omitempty"` // older than this number; 0: from the newest
	After        int64          `json:"after,omitempty"`  // newer than this number: what a live view asks for
	Limit        int            `json:"limit,omitempty"`  // 1 to MaxPage; 0 means 50
}

// LogPage answers [ListLog].
type LogPage struct {
	Head    int64      `json:"head"`
	Entries []LogEntry `json:"entries"`
	More    bool       `json:"more"` // older ones exist
}

// LogEntry is an entry as people read it: who did what to whom, from where. It
// holds no customer's text, only how long it was.
type LogEntry struct {
	Seq          int64          `json:"seq"`
	At           time.Time      `json:"at"`
	Kind         EventKind      `json:"kind"`
	Actor        MemberID       `json:"actor,omitempty"`
	Session      string         `json:"session,omitempty"`
	Addr         string         `json:"addr,omitempty"`
	Conversation ConversationID `json:"conversation,omitempty"`
	Target       string         `json:"target,omitempty"`
	Detail       *LogDetail     `json:"detail,omitempty"`
	Texts        []LoggedText   `json:"texts,omitempty"`
	Hash         string         `json:"hash,omitempty"` // hex; of this entry and, through it, of all before
	Erased       bool           `json:"erased,omitempty"`
}

// LogDetail is what the log keeps of an act beside the event.
type LogDetail struct {
	Command string          `json:"command,omitempty"`
	Before  json.RawMessage `json:"before,omitempty"` // what it was
	After   json.RawMessage `json:"after,omitempty"`  // what it became
	Reason  string          `json:"reason,omitempty"` // as a person gave it
	Denied  *Denied         `json:"denied,omitempty"` // of a refusal
	Rows    int             `json:"rows,omitempty"`   // of an export
	Program string          `json:"program,omitempty"`
	As      *ViewAs         `json:"as,omitempty"`
	Email   string          `json:"email,omitempty"` // of a sign-in that failed
}

// LoggedText stands for a message in a [LogEntry].
type LoggedText struct {
	Message  MessageID   `json:"message"`
	Side     Side        `json:"side"`
	Type     MessageType `json:"type"`
	Length   int         `json:"length"` // characters
	Delivery Delivery    `json:"delivery,omitempty"`
}

// TakeCheckpoint asks for a signed statement of what the log is now; answered by
// [Checkpoint]. Whoever keeps it can tell later whether the log was rewritten.
type TakeCheckpoint struct{}

// Checkpoint answers [TakeCheckpoint]: a signed note and the key to check it by.
type Checkpoint struct {
	Seq  int64  `json:"seq"`
	Note string `json:"note"`
	Key  string `json:"key"`
}

// ExportLog takes the log out, a page at a time, oldest first, in the form that
// "frontdeskd log verify" reads; answered by [LogLines]. The first page's lines
// begin with a header that tells how many entries the log has, and the newest of
// its checkpoints. Others go on writing, and each page adds an entry itself: with
// what the first answer had as Until, no later page goes past that number, and all
// lines until More is false are one export that is whole.
type ExportLog struct {
	After int64 `json:"after,omitempty"`
	Until int64 `json:"until,omitempty"` // the last number to take out; 0: the newest at this moment
	Limit int   `json:"limit,omitempty"`
}

// LogLines answers [ExportLog].
type LogLines struct {
	Lines []string `json:"lines"`
	Next  int64    `json:"next"`  // to give as After
	Until int64    `json:"until"` // to give with the pages that follow: where the export ends
	More  bool     `json:"more"`  // up to Until
}

func (ListLog) Name() string        { return "log.list" }
func (TakeCheckpoint) Name() string { return "log.checkpoint" }
func (ExportLog) Name() string      { return "log.export" }

func (ListLog) Perm() Perm        { return LogView }
func (TakeCheckpoint) Perm() Perm { return LogVerify }
func (ExportLog) Perm() Perm      { return LogExport }

func (c ListLog) Target() Target      { return Target{Member: c.Actor, Past: true} }
func (TakeCheckpoint) Target() Target { return Target{} }
func (ExportLog) Target() Target      { return Target{} }

func (ListLog) reads()          {}
func (TakeCheckpoint) reads()   {}
func (TakeCheckpoint) records() {}
func (ExportLog) reads()        {}
func (ExportLog) records()      {}

func (c ListLog) Validate() error {
	switch {
	case c.Before < 0 || c.After < 0 || c.Conversation < 0:
		return Errorf(CodeInvalid, "Numbers of entries and chats aren't negative.")
	case !c.From.IsZero() && !c.To.IsZero() && c.To.Before(c.From):
		return Errorf(CodeInvalid, "The end of the time is before its beginning.")
	case len(c.Kinds) > 100:
		return Errorf(CodeInvalid, "A filter takes at most 100 kinds.")
	}
	return page(c.Limit)
}

func (TakeCheckpoint) Validate() error { return nil }

func (c ExportLog) Validate() error {
	if c.After < 0 || c.Until < 0 {
		return Errorf(CodeInvalid, "Numbers of entries aren't negative.")
	}
	return page(c.Limit)
}
