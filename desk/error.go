package desk

import (
	"errors"
	"fmt"
)

// Code is an error's word for programs; Message is its sentence for people.
type Code string

const (
	CodeInvalid         Code = "invalid"         // the request itself is wrong; sending it again won't help
	CodeUnauthenticated Code = "unauthenticated" // sign in again
	CodeDenied          Code = "denied"          // see Denied
	CodeNotFound        Code = "not_found"       // or not visible: the two read the same
	CodeConflict        Code = "conflict"        // someone wrote since; see Since
	CodeBusy            Code = "busy"            // too much at once; try again after RetryMS
	CodeInternal        Code = "internal"        // our fault; the server's log has it
)

// Error is what a command or a request answers when it isn't done.
type Error struct {
	Code    Code    `json:"code"`
	Message string  `json:"message"`
	Denied  *Denied `json:"denied,omitempty"`
	// Since, of a conflict, is what was written meanwhile, oldest first; Seq is
	// the position to give as seen when the reply is to go out all the same.
	Since   []Message `json:"since,omitempty"`
	Seq     int64     `json:"seq,omitempty"`
	RetryMS int       `json:"retry_ms,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Errorf returns an [Error] with a sentence.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// AsError returns err as an [Error]: a [Denied] becomes "denied", and anything
// that isn't ours becomes "internal" with a sentence that tells nothing. The
// caller logs the original.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if d, ok := errors.AsType[*Denied](err); ok {
		return &Error{Code: CodeDenied, Message: d.Reason, Denied: d}
	}
	return &Error{Code: CodeInternal, Message: "Something went wrong on the server. It was logged; try again."}
}

// ErrNotFound is the one answer for what doesn't exist and what the asker may
// not see.
func ErrNotFound() *Error {
	return Errorf(CodeNotFound, "There is no such thing, or you may not see it.")
}
