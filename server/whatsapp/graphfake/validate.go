package graphfake

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// outgoing is the body of POST …/messages, as far as the fake looks.
type outgoing struct {
	Product       string `json:"messaging_product"`
	RecipientType string `json:"recipient_type"`
	To            string `json:"to"`
	Recipient     string `json:"recipient"`
	Type          string `json:"type"`
	Text          struct {
		Body string `json:"body"`
	} `json:"text"`
	Context struct {
		MessageID string `json:"message_id"`
	} `json:"context"`
	Callback string `json:"biz_opaque_callback_data"`
	// Of a read receipt:
	Status    string `json:"status"`
	MessageID string `json:"message_id"`

	nodes map[string]json.RawMessage
}

func (m *outgoing) UnmarshalJSON(data []byte) error {
	type plain outgoing
	if err := json.Unmarshal(data, (*plain)(m)); err != nil {
		return err
	}
	return json.Unmarshal(data, &m.nodes)
}

func (m *outgoing) kind() string {
	if m.Type == "" {
		return "text"
	}
	return m.Type
}

// recipient is who the message is to: the number wins over the user id.
func (m *outgoing) recipient() string {
	if m.To != "" {
		return onlyDigits(m.To)
	}
	return m.Recipient
}

// limit is Meta's word for a length.
func limit(what, s string, n int) string {
	if got := len(utf16.Encode([]rune(s))); got > n {
		return fmt.Sprintf("Param %s must be at most %d characters long.", what, n)
	}
	return ""
}

// invalid returns the code and details that Meta would refuse the body with; 0
// when it wouldn't.
func (m *outgoing) invalid() (code int, details string) {
	if m.Product != "whatsapp" {
		return 100, "The parameter messaging_product is required."
	}
	if m.Status != "" {
		if m.Status != "read" || !strings.HasPrefix(m.MessageID, "wamid.") {
			return 100, "Invalid parameter: status or message_id."
		}
		return 0, ""
	}
	switch {
	case m.To == "" && m.Recipient == "":
		return 100, "The parameter to is required."
	case m.To != "" && (len(onlyDigits(m.To)) < 5 || strings.Trim(m.To, "+0123456789 -()") != ""):
		return 131009, "Parameter to isn't a phone number."
	case m.RecipientType != "" && m.RecipientType != "individual":
		return 131009, "Parameter recipient_type must be individual."
	}
	if d := limit("biz_opaque_callback_data", m.Callback, 512); d != "" {
		return 100, d
	}
	kinds := " text image video audio document sticker location contacts reaction interactive template "
	if !strings.Contains(kinds, " "+m.kind()+" ") {
		return 100, fmt.Sprintf("Param type must be one of {%s}.", strings.ReplaceAll(strings.TrimSpace(kinds), " ", ", "))
	}
	node, ok := m.nodes[m.kind()]
	if !ok || len(node) == 0 || node[0] != '{' && node[0] != '[' {
		return 100, "The parameter " + m.kind() + " is required."
	}
	if m.kind() != "text" {
		return 0, ""
	}
	if strings.TrimSpace(m.Text.Body) == "" {
		return 131008, "The parameter text['body'] is required."
	}
	if d := limit("text['body']", m.Text.Body, 4096); d != "" {
		return 100, d
	}
	return 0, ""
}
