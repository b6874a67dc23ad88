package whatsapp

import (
	"encoding/json"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// policy is what to do about one of Meta's error codes, and what to tell the
// agent. Codes that aren't in the table are decided by the HTTP status.
type policy struct {
	class    desk.SendClass
	maxTries int // 0: the usual number
	text     string
	details  bool // Meta's own words say more than ours
}

const (
	askAdmin = " Messages wait until an admin has mended it."
	tokenBad = "WhatsApp no longer accepts the access token: it needs a new one." + askAdmin
	noRight  = "The access token may not send from this number." + askAdmin
	malforms = "WhatsApp couldn't read the message."
	tooBusy  = "WhatsApp takes no more messages just now; it is tried again."
	isDown   = "WhatsApp is having trouble; it is tried again."
	template = "WhatsApp refused the template."
	register = "The business number isn't registered with WhatsApp any more." + askAdmin
)

// policies returns the table for one of Meta's codes.
func policies(code int64) (policy, bool) {
	const retry, fail, pause, window = desk.SendRetry, desk.SendFail, desk.SendPause, desk.SendWindow
	if code >= 200 && code <= 299 {
		return policy{pause, 0, noRight, false}, true
	}
	p, ok := map[int64]policy{
		0:      {pause, 0, tokenBad, false},
		190:    {pause, 0, tokenBad, false},
		3:      {pause, 0, noRight, false},
		10:     {pause, 0, noRight, false},
		131005: {pause, 0, noRight, false},
		33:     {pause, 0, "The business number doesn't exist any more." + askAdmin, false},
		368:    {pause, 0, "WhatsApp has blocked the business for a while for breaking its policies." + askAdmin, false},
		131031: {pause, 0, "WhatsApp has locked the business account." + askAdmin, false},
		131037: {pause, 0, "WhatsApp hasn't approved the business's display name." + askAdmin, false},
		131042: {pause, 0, "WhatsApp asks for a working payment method." + askAdmin, false},
		131045: {pause, 0, register, false},
		133000: {pause, 0, register, false},
		133005: {pause, 0, register, false},
		133006: {pause, 0, register, false},
		133008: {pause, 0, register, false},
		133009: {pause, 0, register, false},
		133010: {pause, 0, register, false},
		133015: {pause, 0, register, false},
		133016: {pause, 0, register, false},

		1:      {retry, 2, "WhatsApp couldn't take the message and doesn't say why.", true},
		2:      {retry, 0, isDown, false},
		4:      {retry, 0, tooBusy, false},
		80007:  {retry, 0, tooBusy, false},
		130429: {retry, 0, tooBusy, false},
		131000: {retry, 3, "Something went wrong at WhatsApp.", true},
		131016: {retry, 0, isDown, false},
		131048: {retry, 0, "WhatsApp slows this number down because customers blocked or reported its messages.", false},
		131056: {retry, 0, "Too many messages to this customer in a short time; it is tried again.", false},
		131057: {retry, 0, "The business number is being upgraded; it is tried again in a minute.", false},
		132069: {retry, 0, tooBusy, false},
		133004: {retry, 0, isDown, false},

		131047: {window, 0, "The customer last wrote more than 24 hours ago, so WhatsApp takes no free text. They have to write first.", false},

		100:    {fail, 0, malforms, true},
		130403: {fail, 0, "This customer is blocked on the business's number. Unblock them to write to them.", false},
		130472: {fail, 0, "WhatsApp doesn't deliver marketing messages to this customer, as part of an experiment.", false},
		130497: {fail, 0, "WhatsApp doesn't let this business write to customers in that country.", false},
		131008: {fail, 0, malforms, true},
		131009: {fail, 0, malforms, true},
		131021: {fail, 0, "The customer's number is the business's own.", false},
		131026: {fail, 0, "It can't be delivered: the number may not be on WhatsApp, or uses a very old version of it.", false},
		131030: {fail, 0, "This is a test number, and the customer isn't on its list of recipients. Add them in Meta's dashboard.", false},
		131049: {fail, 0, "WhatsApp held it back so that the customer doesn't get too much marketing. Don't send it again today.", false},
		131050: {fail, 0, "The customer has asked WhatsApp for no more marketing from this business.", false},
		131051: {fail, 0, "WhatsApp doesn't take this kind of message.", true},
		131052: {fail, 0, "The customer's file couldn't be fetched from WhatsApp.", true},
		131053: {fail, 0, "WhatsApp didn't take the file.", true},
		131055: {fail, 0, "WhatsApp doesn't allow this for the business's number.", true},
		131060: {fail, 0, "The message isn't available at present.", true},
		131062: {fail, 0, "This message needs the customer's phone number, which they hide.", false},
		131063: {fail, 0, template, true},
		131064: {fail, 0, template, true},
		132000: {fail, 0, template, true},
		132001: {fail, 0, template, true},
		132005: {fail, 0, template, true},
		132007: {fail, 0, template, true},
		132008: {fail, 0, template, true},
		132012: {fail, 0, template, true},
		132015: {fail, 0, template, true},
		132016: {fail, 0, template, true},
		132018: {fail, 0, template, true},
		132068: {fail, 0, template, true},
		134011: {fail, 0, "The business hasn't accepted WhatsApp's terms for payments.", false},
		135000: {fail, 0, "WhatsApp couldn't deliver it and doesn't say why.", true},
		137000: {fail, 0, "The customer's WhatsApp account may belong to someone else now. Check before you write anything private.", false},
	}[code]
	return p, ok
}

// problem is the sentence for an error of Meta's.
func problem(code int64, details string) desk.Problem {
	p, ok := policies(code)
	if !ok {
		p = policy{text: "WhatsApp refused the message.", details: true}
	}
	text := p.text
	details = clip(strings.TrimSpace(details), 300)
	if p.details && details != "" {
		text += " It says: " + details
	}
	return desk.Problem{Code: int(code), Text: text}
}

// reported is Meta's error object, as it stands in statuses, messages and, with
// more keys, in answers.
type reported struct {
	Code    scalar          `json:"code"`
	Subcode scalar          `json:"error_subcode"`
	Title   scalar          `json:"title"`
	Message scalar          `json:"message"`
	Data    json.RawMessage `json:"error_data"` // an object, or a string
	UserMsg scalar          `json:"error_user_msg"`
	Trace   scalar          `json:"fbtrace_id"`
}

// details are Meta's own words about the case, the most particular first.
func (e reported) details() string {
	var data struct {
		Details scalar `json:"details"`
	}
	read(e.Data, &data)
	var word scalar
	_ = word.UnmarshalJSON(e.Data)
	return first(string(data.Details), string(word), string(e.UserMsg), string(e.Message), string(e.Title))
}

func firstProblem(l list) (code int64, details string) {
	if found := each[reported](l); len(found) > 0 {
		return found[0].Code.int(), found[0].details()
	}
	return 0, ""
}
