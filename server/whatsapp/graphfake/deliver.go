package graphfake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// MaxUpdates is how many updates Meta puts into one POST at most.
const MaxUpdates = 1000

// Update is one thing to tell the program: a message or a status.
type Update struct {
	key     string // "messages", "statuses", "message_echoes"
	piece   object
	contact object
	opens   *person // whose window it opens
	at      time.Time
}

// Field returns the webhook field that the update belongs to.
func (u Update) field() string {
	if u.key == "message_echoes" {
		return "smb_message_echoes"
	}
	return "messages"
}

// Update makes an update of what a customer does, and returns it with the
// message's id.
func (f *Fake) Update(c Customer, m Message) (Update, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.known(c)
	piece := f.piece(c.WAID, m)
	if !c.HidesPhone {
		piece["from"] = c.WAID
	}
	if c.UserID != "" {
		piece["from_user_id"] = c.UserID
	}
	u := Update{key: "messages", piece: piece, at: m.At}
	if u.at.IsZero() {
		u.at = f.o.Now()
	}
	if m.Type != "system" {
		u.contact, u.opens = contact(c), p
	}
	return u, piece["id"].(string)
}

// Echo makes an update of what the business sent from its own phone.
func (f *Fake) Echo(to Customer, m Message) (Update, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known(to)
	piece := f.piece(to.WAID, m)
	piece["from"], piece["to"] = f.o.DisplayNumber, to.WAID
	if to.UserID != "" {
		piece["to_user_id"] = to.UserID
	}
	return Update{key: "message_echoes", piece: piece}, piece["id"].(string)
}

// piece is the message as it stands in messages[]. The caller holds f.mu.
func (f *Fake) piece(number string, m Message) object {
	at := m.At
	if at.IsZero() {
		at = f.o.Now()
	}
	id := m.ID
	if id == "" {
		id = f.wamid(number, true)
	}
	out := object{"id": id, "timestamp": strconv.FormatInt(at.Unix(), 10), "type": m.Type}
	if m.Node != nil {
		out[m.Type] = m.Node
	}
	if m.media != nil {
		node := maps.Clone(m.Node.(object))
		maps.Copy(node, f.attach(*m.media))
		out[m.Type] = node
	}
	if m.Type == "reaction" && m.Node.(object)["message_id"] == LastReply {
		node := maps.Clone(m.Node.(object))
		node["message_id"] = f.lastReply(number)
		out["reaction"] = node
	}
	if m.Context != nil {
		c := maps.Clone(m.Context)
		if c["id"] == LastReply {
			c["id"] = f.lastReply(number)
		}
		if c["id"] != nil && c["from"] == nil {
			c["from"] = f.o.DisplayNumber
		}
		out["context"] = c
	}
	maps.Copy(out, m.Extra)
	return out
}

// lastReply is the id that [LastReply] stands for. The caller holds f.mu.
func (f *Fake) lastReply(customer string) string {
	if p := f.customers[customer]; p != nil && p.lastReply != "" {
		return p.lastReply
	}
	return f.wamid(customer, false) // to something from before our time
}

func contact(c Customer) object {
	profile := object{"name": c.Name}
	if c.Username != "" {
		profile["username"] = c.Username
	}
	out := object{"profile": profile}
	if !c.HidesPhone {
		out["wa_id"] = c.WAID
	}
	if c.UserID != "" {
		out["user_id"] = c.UserID
	}
	return out
}

// Say delivers a message of a customer and returns its id when the program has
// answered 200.
func (f *Fake) Say(ctx context.Context, c Customer, m Message) (string, error) {
	u, id := f.Update(c, m)
	return id, f.Deliver(ctx, u)
}

// Deliver posts updates in as few bodies as Meta would need, in order, and
// returns when the program has answered 200 to each. Any times will do: days of
// history load quickly this way.
func (f *Fake) Deliver(ctx context.Context, updates ...Update) error {
	for len(updates) > 0 {
		n := min(len(updates), MaxUpdates)
		if err := f.deliver(ctx, updates[:n]); err != nil {
			return err
		}
		updates = updates[n:]
	}
	return nil
}

func (f *Fake) deliver(ctx context.Context, updates []Update) error {
	f.mu.Lock()
	if f.knobs.Shuffle {
		updates = append([]Update(nil), updates...)
		f.rng.Shuffle(len(updates), func(i, j int) { updates[i], updates[j] = updates[j], updates[i] })
	}
	for _, u := range updates {
		if u.opens != nil && u.at.After(u.opens.lastWrote) {
			u.opens.lastWrote = u.at
		}
	}
	body := f.envelope(updates)
	f.mu.Unlock()
	return f.Post(ctx, body)
}

// envelope wraps updates up. Neighbours of one field share a change, and name
// each contact once. The caller holds f.mu.
func (f *Fake) envelope(updates []Update) []byte {
	var changes []any
	for len(updates) > 0 {
		n := 1
		for n < len(updates) && updates[n].field() == updates[0].field() {
			n++
		}
		changes = append(changes, object{"field": updates[0].field(), "value": f.value(updates[:n])})
		updates = updates[n:]
	}
	return f.encode(object{
		"object": "whatsapp_business_account",
		"entry":  []any{object{"id": f.o.WABAID, "changes": changes}},
	})
}

func (f *Fake) value(updates []Update) object {
	v := object{
		"messaging_product": "whatsapp",
		"metadata":          object{"display_phone_number": f.o.DisplayNumber, "phone_number_id": f.o.PhoneNumberID},
	}
	named := map[any]bool{}
	var contacts []any
	lists := map[string][]any{}
	for _, u := range updates {
		lists[u.key] = append(lists[u.key], u.piece)
		if u.contact == nil {
			continue
		}
		who := u.contact["wa_id"]
		if who == nil {
			who = u.contact["user_id"]
		}
		if !named[who] {
			named[who] = true
			contacts = append(contacts, u.contact)
		}
	}
	if contacts != nil {
		v["contacts"] = contacts
	}
	for k, l := range lists {
		v[k] = l
	}
	return v
}

// encode writes a body as the knobs say. The caller holds f.mu.
func (f *Fake) encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("graphfake: a message that isn't JSON: %v", err)) // the caller's Node
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if f.knobs.RawUTF8 {
		return body
	}
	return Escape(body, f.knobs.EscapeSlash)
}

// Post delivers a body of one's own, signed, with all that the knobs add:
// copies, losses, repeats. It returns nil when the program answered 200 in the
// end, or when the body was lost on purpose.
func (f *Fake) Post(ctx context.Context, body []byte) error {
	f.mu.Lock()
	k, hook := f.knobs, f.o.Webhook
	f.posts++
	lost := k.DropEvery > 0 && f.posts%k.DropEvery == 0
	f.mu.Unlock()
	if lost {
		return nil
	}
	if err := onLoopback(hook); err != nil {
		return err
	}
	results := make(chan error, k.Duplicate+1)
	for range k.Duplicate + 1 {
		try := func(ctx context.Context) { results <- f.insist(ctx, hook, body, k) }
		if k.Concurrent {
			go try(ctx)
		} else {
			try(ctx)
		}
	}
	var first error
	for range k.Duplicate + 1 {
		if err := <-results; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// insist repeats a delivery while the knob says so: at once, then ever more
// seldom, for seven days.
func (f *Fake) insist(ctx context.Context, hook string, body []byte, k Knobs) error {
	const week = 7 * 24 * time.Hour
	pause, waited := time.Second, time.Duration(0)
	for {
		err := f.try(ctx, hook, body, k)
		if err == nil || !k.Retry || waited > week || ctx.Err() != nil {
			return err
		}
		if !f.wait(ctx, pause) {
			return err
		}
		waited += pause
		pause = min(2*pause, 6*time.Hour)
	}
}

func (f *Fake) try(ctx context.Context, hook string, body []byte, k Knobs) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(f.ctx, cancel)()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("graphfake: %w", err)
	}
	secret := f.o.AppSecret
	if k.WrongSecret {
		secret += "-wrong"
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "facebookexternalua")
	req.Header.Set("X-Hub-Signature-256", Sign(secret, body))
	if k.SHA1 {
		req.Header.Set("X-Hub-Signature", signSHA1(secret, body))
	}
	status := 0
	res, err := f.client.Do(req)
	if err == nil {
		status = res.StatusCode
		_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
		res.Body.Close()
		if status != http.StatusOK {
			err = fmt.Errorf("graphfake: the webhook answered %d", status)
		}
	} else {
		err = fmt.Errorf("graphfake: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts = newest(append(f.attempts, Attempt{f.o.Now(), req.Header, body, status, err}))
	f.signal()
	return err
}

// Verify asks the webhook the question that Meta asks when it is set up.
func (f *Fake) Verify(ctx context.Context, challenge string) error {
	f.mu.Lock()
	hook := f.o.Webhook
	f.mu.Unlock()
	if err := onLoopback(hook); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, hook, nil)
	if err != nil {
		return fmt.Errorf("graphfake: %w", err)
	}
	q := req.URL.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", challenge)
	q.Set("hub.verify_token", f.o.VerifyToken)
	req.URL.RawQuery = q.Encode()
	res, err := f.client.Do(req)
	if err != nil {
		return fmt.Errorf("graphfake: %w", err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	if err != nil || res.StatusCode != http.StatusOK || string(got) != challenge {
		return fmt.Errorf("graphfake: the webhook answered %d %q to the challenge %q", res.StatusCode, got, challenge)
	}
	return nil
}
