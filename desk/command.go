package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf16"
)

// Command is something that a member asks the server to do. It can't exist
// without naming the permission that it needs and the things that it touches:
// the server's one gate loads those, asks [Can], and only then acts.
type Command interface {
	// Name is the word on the wire.
	Name() string
	// Perm is the permission that the command needs on its target.
	Perm() Perm
	// Target names what it touches.
	Target() Target
	// Validate checks what can be checked without the store. Its error is an
	// [*Error] with [CodeInvalid].
	Validate() error
}

// Target names the things a command touches. Zero fields aren't touched.
type Target struct {
	Conversation ConversationID
	Message      MessageID // must belong to Conversation
	Member       MemberID
	Past         bool // Member may be someone who was removed
	Team         TeamID
	Role         RoleID
	Status       Status    // the one to give
	Request      RequestID // its member is the one it is about
	Teams        []TeamID
	Key          Perm    // the permission to give …
	Scope        Scope   // … and how far
	Grant        GrantID // of Member, to end
}

// Reads and writes. A command that implements Reader changes nothing, has no
// ref, and leaves no entry in the log.
type Reader interface{ reads() }

// Recorder is a read that matters: it leaves an entry in the log, in the same
// transaction. Like other reads it has no ref; asked again, it is recorded again.
type Recorder interface {
	Reader
	records()
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func conversation(id ConversationID) error {
	if id <= 0 {
		return Errorf(CodeInvalid, "The command needs a conversation.")
	}
	return nil
}

func message(id MessageID) error {
	if id == "" {
		return Errorf(CodeInvalid, "The command needs a message.")
	}
	return nil
}

func page(limit int) error {
	if limit < 0 || limit > MaxPage {
		return Errorf(CodeInvalid, "A page has 1 to %d rows.", MaxPage)
	}
	return nil
}

func text(s string) error {
	if strings.TrimSpace(s) == "" {
		return Errorf(CodeInvalid, "There is nothing to send: the text is empty.")
	}
	if n := len(utf16.Encode([]rune(s))); n > MaxText {
		return Errorf(CodeInvalid, "The text has %d characters; WhatsApp takes at most %d. Shorten it or send it in parts.", n, MaxText)
	}
	return nil
}

// Commands returns one zero value of every command. The server dispatches from
// it and the tests walk over it, so a command that isn't here can't be sent.
func Commands() []Command {
	return []Command{
		ListConversations{}, History{}, Reply{}, Note{}, Claim{}, TakeOver{}, Assign{}, Resolve{}, Reopen{},
		MarkRead{}, Label{}, Retry{}, Settle{},
		RevealContact{}, ExportContacts{},
		ListStaff{}, Invite{}, Suspend{}, Resume{}, Remove{}, CreateTeam{}, RenameTeam{}, SetTeams{},
		ListSessions{}, EndSessions{},
		AssignRole{}, ChangeRoles{}, ListVersions{}, ListUsage{}, Preview{}, Acknowledged{},
		GiveAccess{}, EndAccess{}, AskAccess{}, WithdrawRequest{}, DecideRequest{},
		ListLog{}, TakeCheckpoint{}, ExportLog{},
	}
}

// DecodeCommand reads a command by its name. An unknown name or field is an
// error that says which.
func DecodeCommand(name string, args json.RawMessage) (Command, error) {
	all := Commands()
	i := slices.IndexFunc(all, func(c Command) bool { return c.Name() == name })
	if i < 0 {
		return nil, Errorf(CodeInvalid, "There is no command %q.", name)
	}
	v := reflect.New(reflect.TypeOf(all[i]))
	if len(args) == 0 {
		args = json.RawMessage("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(args))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v.Interface()); err != nil {
		return nil, Errorf(CodeInvalid, "The arguments of %s can't be read: %s.", name, unread(err))
	}
	cmd := v.Elem().Interface().(Command)
	return cmd, cmd.Validate()
}

// unread says what is wrong with arguments, in the words of the protocol.
func unread(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%q can't be a %s", e.Field, e.Value)
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}
