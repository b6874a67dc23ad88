package graphfake

import (
	"fmt"
	"net/http"
	"strconv"
)

// said is what Meta says about a code.
type said struct {
	http    int
	title   string
	details string
}

func words(code int) said {
	s, ok := map[int]said{
		0:      {401, "AuthException", ""},
		2:      {503, "API Service", "Temporary due to downtime or due to being overloaded."},
		4:      {429, "Application request limit reached", ""},
		100:    {400, "Invalid parameter", ""},
		190:    {401, "Error validating access token: The session has been invalidated.", ""},
		80007:  {400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."},
		130429: {429, "Rate limit hit", "Message failed to send because there were too many messages sent from this phone number in a short period of time"},
		131000: {500, "Something went wrong", "Message failed to send due to an unknown error."},
		131008: {400, "Required parameter is missing", ""},
		131009: {400, "Parameter value is not valid", ""},
		131026: {400, "Message undeliverable", "Message Undeliverable."},
		131047: {400, "Re-engagement message", "Message failed to send because more than 24 hours have passed since the customer last replied to this number."},
		131056: {400, "(Business Account, Consumer Account) pair rate limit hit", "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."},
	}[code]
	if !ok {
		s = said{400, "Error " + strconv.Itoa(code), ""}
	}
	return s
}

// asyncError is an error object as it stands in statuses[].errors.
func asyncError(code int) object {
	s := words(code)
	details := s.details
	if details == "" {
		details = s.title
	}
	return object{"code": code, "title": s.title, "message": s.title, "error_data": object{"details": details},
		"href": "/documentation/business-messaging/whatsapp/support/error-codes"}
}

// refuse answers a Graph call with an error.
func (f *Fake) refuse(w http.ResponseWriter, code, subcode, status int, details string) {
	s := words(code)
	if status == 0 {
		status = s.http
	}
	if details == "" {
		details = s.details
	}
	f.mu.Lock()
	e := object{"message": fmt.Sprintf("(#%d) %s", code, s.title), "type": "OAuthException", "code": code, "fbtrace_id": f.trace()}
	f.mu.Unlock()
	if subcode != 0 {
		e["error_subcode"] = subcode
	}
	if details != "" {
		e["error_data"] = object{"messaging_product": "whatsapp", "details": details}
	}
	writeJSON(w, status, object{"error": e})
}

func (f *Fake) unknownObject(w http.ResponseWriter, id string) {
	f.mu.Lock()
	trace := f.trace()
	f.mu.Unlock()
	writeJSON(w, http.StatusBadRequest, object{"error": object{
		"message": fmt.Sprintf("Unsupported request. Object with ID '%.64s' does not exist, cannot be loaded due to missing permissions, or does not support this operation.", id),
		"type":    "GraphMethodException", "code": 100, "error_subcode": 33, "fbtrace_id": trace}})
}
