package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// maxCallback is Meta's limit for what is echoed in the statuses.
const maxCallback = 512

// Sender hands messages to the Cloud API. It may be used by many goroutines.
type Sender struct {
	c     Config
	api   *api
	pairs pairs
}

// NewSender returns a sender for the number of c, which must be valid
// ([Config.Validate]).
func NewSender(c Config) *Sender {
	return &Sender{c: c, api: newAPI(c)}
}

type textBody struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url"`
}

type quoteRef struct {
	MessageID string `json:"message_id"`
}

type textMessage struct {
	Product       string    `json:"messaging_product"`
	RecipientType string    `json:"recipient_type"`
	To            string    `json:"to,omitempty"`
	Recipient     string    `json:"recipient,omitempty"`
	Context       *quoteRef `json:"context,omitempty"`
	Type          string    `json:"type"`
	Text          textBody  `json:"text"`
	Callback      string    `json:"biz_opaque_callback_data,omitempty"`
}

// Send hands over one text. The error is always a [*desk.SendError]: its class
// says whether the message was certainly refused, or whether nobody can know.
func (s *Sender) Send(ctx context.Context, o desk.Outgoing) (desk.Receipt, error) {
	m, err := s.compose(o)
	if err != nil {
		return desk.Receipt{}, err
	}
	answer, err := s.api.post(ctx, s.c.PhoneNumberID+"/messages", m)
	pair := first(o.To.WAID, o.To.UserID)
	if err != nil {
		return desk.Receipt{}, s.pairs.hint(pair, err)
	}
	var a struct {
		Contacts list `json:"contacts"`
		Messages list `json:"messages"`
	}
	read(answer, &a)
	type accepted struct {
		ID scalar `json:"id"`
	}
	messages := each[accepted](a.Messages)
	if len(messages) == 0 || messages[0].ID == "" {
		return desk.Receipt{}, unknown(fmt.Errorf("graph: accepted, but the answer names no message"))
	}
	s.pairs.clear(pair)
	r := desk.Receipt{External: string(messages[0].ID)}
	if people := each[profile](a.Contacts); len(people) > 0 {
		r.WAID = number(people[0].WAID)
	}
	return r, nil
}

func (s *Sender) compose(o desk.Outgoing) (textMessage, error) {
	m := textMessage{
		Product: "whatsapp", RecipientType: "individual", Type: "text",
		Text:     textBody{o.Text, strings.Contains(o.Text, "https://") || strings.Contains(o.Text, "http://")},
		Callback: string(o.Message),
	}
	switch {
	case o.Channel != s.c.Channel:
		return m, refused(fmt.Sprintf("The message belongs to another channel (%s) than this one (%s).", o.Channel, s.c.Channel))
	case len(o.Message) > maxCallback:
		return m, refused("The message's own id is too long for WhatsApp.")
	case digits(o.To.WAID):
		m.To = "+" + o.To.WAID // without the + Meta may put the business's own country code before it
	case o.To.UserID != "":
		m.Recipient = o.To.UserID
	default:
		return m, refused("Neither a phone number nor a WhatsApp user id of the customer is known.")
	}
	if o.Quote != "" {
		m.Context = &quoteRef{o.Quote}
	}
	return m, nil
}

// MarkRead tells the customer that this message, and all before it, were read.
// external is Meta's id of a message of the customer.
func (s *Sender) MarkRead(ctx context.Context, ch desk.ChannelID, external string) error {
	if ch != s.c.Channel {
		return refused(fmt.Sprintf("The message belongs to another channel (%s) than this one (%s).", ch, s.c.Channel))
	}
	answer, err := s.api.post(ctx, s.c.PhoneNumberID+"/messages", map[string]string{
		"messaging_product": "whatsapp", "status": "read", "message_id": external,
	})
	if err != nil {
		return err
	}
	var a struct {
		Success scalar `json:"success"`
	}
	if read(answer, &a); !a.Success.bool() {
		return unknown(fmt.Errorf("graph: marking as read wasn't confirmed"))
	}
	return nil
}

func refused(text string) *desk.SendError {
	return &desk.SendError{Class: desk.SendFail, Problem: desk.Problem{Text: text}}
}

func unknown(err error) *desk.SendError {
	return &desk.SendError{
		Class:   desk.SendUnknown,
		Problem: desk.Problem{Text: "The connection to WhatsApp broke off, so nobody knows whether it was sent. Ask the customer, or send it again."},
		Err:     err,
	}
}

func retry(text string, after time.Duration, err error) *desk.SendError {
	return &desk.SendError{Class: desk.SendRetry, Problem: desk.Problem{Text: text}, RetryAfter: after, Err: err}
}

func pause(text string, err error) *desk.SendError {
	return &desk.SendError{Class: desk.SendPause, Problem: desk.Problem{Text: text + askAdmin}, Err: err}
}

// pairs counts how often in a row Meta said that one customer gets too much, for
// Meta asks to wait 4^n seconds then.
type pairs struct {
	mu   sync.Mutex
	hits map[string]int
}

const maxPairs = 10_000

func (p *pairs) hint(pair string, err error) error {
	e, ok := errors.AsType[*desk.SendError](err)
	if !ok || e.Problem.Code != 131056 {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hits == nil || len(p.hits) >= maxPairs {
		p.hits = map[string]int{}
	}
	n := min(p.hits[pair], 4) // 256 s at most
	p.hits[pair]++
	e.RetryAfter = max(e.RetryAfter, time.Second<<(2*n))
	return e
}

func (p *pairs) clear(pair string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.hits, pair)
}

// encode writes JSON without turning < and > into escapes: Meta counts what it
// reads.
func encode(v any) ([]byte, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}
