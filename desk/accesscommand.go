package desk

import "time"

// GiveAccess gives a member a role or one permission until a time. Until and For
// exclude each other; For counts from when the server does it.
type GiveAccess struct {
	Member MemberID  `json:"member"`
	Role   RoleID    `json:"role,omitempty"`
	Key    Perm      `json:"perm,omitempty"`
	Scope  Scope     `json:"scope,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	For    Duration  `json:"for,omitempty"`
	Reason string    `json:"reason"`
}

// EndAccess ends a grant before its time: one's own, one that one gave, or any of
// those to whom one may give access.
type EndAccess struct {
	Member MemberID `json:"member"`
	Grant  GrantID  `json:"grant"`
}

// AskAccess asks for a permission for a time. Whoever may decide is told.
type AskAccess struct {
	Key          Perm           `json:"perm"`
	Scope        Scope          `json:"scope"`
	For          Duration       `json:"for"`
	Reason       string         `json:"reason"`
	Conversation ConversationID `json:"conversation,omitempty"` // where it was refused
}

// WithdrawRequest takes one's own open request back.
type WithdrawRequest struct {
	Request RequestID `json:"request"`
}

// DecideRequest allows or refuses a request. Scope and For may narrow what was
// asked for; zero leaves it.
type DecideRequest struct {
	Request RequestID `json:"request"`
	Allow   bool      `json:"allow"`
	Scope   Scope     `json:"scope,omitempty"`
	For     Duration  `json:"for,omitempty"`
	Answer  string    `json:"answer,omitempty"`
}

// RevealContact shows one customer's number to whoever asks, for [RevealFor].
type RevealContact struct {
	Conversation ConversationID `json:"conversation"`
	Reason       string         `json:"reason"`
}

// ExportContacts takes contacts out of the desk, a page at a time; answered by
// [ContactPage]. Each page is asked for, counted and recorded on its own.
type ExportContacts struct {
	After ContactID `json:"after,omitempty"`
	Limit int       `json:"limit,omitempty"` // 1 to MaxPage; 0 means 50
}

// ContactPage answers [ExportContacts]. Numbers that the asker may not see are
// masked here as everywhere. A page may be short or empty, and yet there is more:
// the desk looks only so far at once.
type ContactPage struct {
	Contacts []Contact `json:"contacts"`
	More     bool      `json:"more"`
	Next     ContactID `json:"next,omitempty"` // with More: what to go on after
	// Today is how many have left within a day, with these.
	Today int `json:"today"`
}

func (GiveAccess) Name() string      { return "access.give" }
func (EndAccess) Name() string       { return "access.end" }
func (AskAccess) Name() string       { return "access.ask" }
func (WithdrawRequest) Name() string { return "access.withdraw" }
func (DecideRequest) Name() string   { return "access.decide" }
func (RevealContact) Name() string   { return "contact.reveal" }
func (ExportContacts) Name() string  { return "contact.export" }

func (GiveAccess) Perm() Perm      { return GrantTemporary }
func (EndAccess) Perm() Perm       { return GrantTemporary }
func (AskAccess) Perm() Perm       { return AccessRequest }
func (WithdrawRequest) Perm() Perm { return AccessRequest }
func (DecideRequest) Perm() Perm   { return AccessDecide }
func (RevealContact) Perm() Perm   { return ContactReveal }
func (ExportContacts) Perm() Perm  { return ContactExport }

func (c GiveAccess) Target() Target {
	return Target{Member: c.Member, Role: c.Role, Key: c.Key, Scope: c.Scope}
}
func (c EndAccess) Target() Target       { return Target{Member: c.Member, Grant: c.Grant} }
func (c AskAccess) Target() Target       { return Target{Conversation: c.Conversation} }
func (c WithdrawRequest) Target() Target { return Target{} } // one's own, looked up by the server
func (c RevealContact) Target() Target   { return Target{Conversation: c.Conversation} }
func (ExportContacts) Target() Target    { return Target{} }

// Target of a decision is the request; its member and its permission are what is
// asked about. A refusal gives nothing, so it needs no more than the right to
// decide.
func (c DecideRequest) Target() Target {
	return Target{Request: c.Request, Scope: c.Scope}
}

func (ExportContacts) reads()   {}
func (ExportContacts) records() {}

func (c GiveAccess) Validate() error {
	switch {
	case (c.Role == "") == (c.Key == ""):
		return Errorf(CodeInvalid, "Give a role or a permission: one of the two.")
	case c.Role != "" && c.Scope != "":
		return Errorf(CodeInvalid, "A role has its own scopes. Leave the scope out.")
	case c.Until.IsZero() == (c.For == 0):
		return Errorf(CodeInvalid, "Access for a time needs an end: a time, or how long.")
	}
	if c.Key != "" {
		if err := grantable(c.Key, c.Scope); err != nil {
			return err
		}
	}
	if c.For != 0 {
		if err := length(c.For); err != nil {
			return err
		}
	}
	return first(member(c.Member), reason(c.Reason))
}

func (c EndAccess) Validate() error {
	if c.Grant == "" {
		return Errorf(CodeInvalid, "Which access shall end?")
	}
	return member(c.Member)
}

func (c AskAccess) Validate() error {
	if c.Conversation < 0 {
		return Errorf(CodeInvalid, "A conversation's number isn't negative.")
	}
	return first(grantable(c.Key, c.Scope), length(c.For), reason(c.Reason))
}

func (c WithdrawRequest) Validate() error { return request(c.Request) }

func (c DecideRequest) Validate() error {
	if c.Scope != "" && c.Scope.Rank() == 0 {
		return Errorf(CodeInvalid, "There is no scope %q; it is own, team or all.", c.Scope)
	}
	if c.For != 0 {
		if err := length(c.For); err != nil {
			return err
		}
	}
	return first(request(c.Request), line("answer", c.Answer, MaxReason))
}

func (c RevealContact) Validate() error  { return first(conversation(c.Conversation), reason(c.Reason)) }
func (c ExportContacts) Validate() error { return page(c.Limit) }

func request(id RequestID) error {
	if id == "" {
		return Errorf(CodeInvalid, "The command needs a request.")
	}
	return nil
}

// length checks how long access shall last.
func length(d Duration) error {
	if d <= 0 || d > Duration(MaxGrant/time.Second) {
		return Errorf(CodeInvalid, "Access is given for 1 second to 366 days.")
	}
	return nil
}
