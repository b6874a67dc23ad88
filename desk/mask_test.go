package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMaskDigits(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"no number", "Ana Ruiz", "Ana Ruiz"},
		{"E.164", "+442079460958", "•••• 0958"},
		{"digits alone", "442079460958", "•••• 0958"},
		{"spaces and brackets", "+44 (0) 20 7946 0958", "•••• 0958"},
		{"dots", "020.7946.0958", "•••• 0958"},
		{"dashes of every kind", "020-7946–0958—1‑2−3", "•••• 8123"},
		{"slashes", "020/7946/0958", "•••• 0958"},
		{"odd spaces", "020\u00a07946\u202f0958\u30001\t2", "•••• 5812"},
		{"what doesn't show", "020\u200b7946\u2066\u00ad0958\u200e", "•••• 0958\u200e"},
		{"Arabic digits", "+٤٤٢٠٧٩٤٦٠٩٥٨", "•••• ٠٩٥٨"},
		{"Devanagari digits", "०२०७९४६०९५८", "•••• ०९५८"},
		{"full-width digits", "＋４４２０７９４６０９５８", "•••• ０９５８"},
		{"mathematical digits", "𝟎𝟐𝟎𝟕𝟗𝟒𝟔𝟎𝟗𝟓𝟖", "•••• 𝟎𝟗𝟓𝟖"},
		{"digits in circles", "①②③④⑤⑥⑦⑧", "•••• ⑤⑥⑦⑧"},
		{"keycaps", "1\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e34\ufe0f\u20e35\ufe0f\u20e36\ufe0f\u20e37\ufe0f\u20e3", "•••• 4567\ufe0f\u20e3"},
		{"mixed scripts", "02०७٩٤60958", "•••• 0958"},
		{"in a sentence", "Call 020 7946 0958, or write.", "Call •••• 0958, or write."},
		{"two of them", "+442079460958, +493012345678", "•••• 0958, •••• 5678"},
		{"two without a comma", "+442079460958 +493012345678", "•••• 0958 •••• 5678"},
		{"one a line", "0207946095\n0301234567", "•••• 6095\n•••• 4567"},
		{"after a short number", "Flat 12, +442079460958", "Flat 12, •••• 0958"},
		{"a contact card", "Contact: Ana (+44 20 7946 0958)", "Contact: Ana (•••• 0958)"},
		{"a year, a price, an order", "2026, 12.99, #471100", "2026, 12.99, #471100"},
		{"seven digits", "1234567", "•••• 4567"},
		{"six digits", "123456", "123456"},
		{"letters between keep numbers apart", "123456x123456", "123456x123456"},
		{"a plus at the end", "020 7946 0958+", "•••• 0958+"},
		{"bytes that aren't text", "\xff442079460958", "\ufffd•••• 0958"},
	} {
		if got := desk.MaskDigits(c.text); got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.name, c.text, got, c.want)
		}
	}
}

// ascii reads digits of any script as 0 to 9 and drops all else.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		if i := slices.IndexFunc(scripts, func(zero rune) bool { return r >= zero && r <= zero+9 }); i >= 0 {
			b.WriteRune('0' + r - scripts[i])
		}
	}
	return b.String()
}

// scripts are the zeros of some.
var scripts = []rune{'0', '٠', '۰', '०', '০', '๐', '０', '𝟎', '𞥐'}

// However a number is written, what stays are its last four digits: no seven of
// its digits stand in a row, and nothing around it changes.
func TestMaskHidesEveryNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[1-9][0-9]{6,14}`).Draw(t, "number")
		script := rapid.SampledFrom(scripts).Draw(t, "script")
		sep := rapid.SampledFrom([]string{"", "", " ", "-", ".", "\u00a0", " - ", ") (", "/", "\u200b", "\t", "·", "\u2011", "_"})
		var written strings.Builder
		written.WriteString(rapid.SampledFrom([]string{"", "+", "(", "+("}).Draw(t, "begins"))
		for i, r := range number {
			if i > 0 {
				written.WriteString(sep.Draw(t, "between"))
			}
			written.WriteRune(script + r - '0')
		}
		around := rapid.StringMatching(`[a-z]{0,5}:`)
		before, after := around.Draw(t, "before"), rapid.StringMatching(`(, [a-z]{0,5})?`).Draw(t, "after")
		got := desk.MaskDigits(before + written.String() + after)

		if left, want := ascii(got), number[len(number)-4:]; left != want {
			t.Fatalf("of %q stays %q, want %q", written.String(), got, want)
		}
		if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) {
			t.Fatalf("%q changed around the number", got)
		}
		if again := desk.MaskDigits(got); again != got {
			t.Fatalf("%q masked again is %q", got, again)
		}
	})
}

// Whatever the text: nowhere do seven digits stand together.
func TestMaskLeavesNoNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("0123456789٣７ +-().,\n•x\u200b"), unicode.Nd, unicode.No), rapid.Rune())).Draw(t, "text")
		run := 0
		for _, r := range desk.MaskDigits(text) {
			switch {
			case unicode.In(r, unicode.Nd, unicode.No):
				run++
			case r != ' ' && r != '-' && r != '\u200b':
				run = 0
			}
			if run >= 7 {
				t.Fatalf("%q is %q", text, desk.MaskDigits(text))
			}
		}
	})
}

func customer() desk.Contact {
	return desk.Contact{ID: "c1", Name: "Ana", Phone: "+442079460958", Username: "ana.r", UserID: "GB.123"}
}

func TestContactMasked(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want desk.Contact
	}{
		{"a customer", customer(), desk.Contact{ID: "c1", Name: "Ana", Phone: "•••• 0958", Hidden: true}},
		{"called by a number", desk.Contact{Name: "+44 20 7946 0958", Phone: "+442079460958"}, desk.Contact{Name: "•••• 0958", Phone: "•••• 0958", Hidden: true}},
		{"called by a number in another script", desk.Contact{Name: "٠٢٠٧٩٤٦٠٩٥٨"}, desk.Contact{Name: "•••• ٠٩٥٨", Hidden: true}},
		{"with a short number", desk.Contact{Phone: "+12345"}, desk.Contact{Phone: "•••• 2345", Hidden: true}},
		{"with a very short one", desk.Contact{Phone: "1234"}, desk.Contact{Phone: "••••", Hidden: true}},
		{"without a number", desk.Contact{Username: "ana.r"}, desk.Contact{Hidden: true}},
		{"masked already", customer().Masked(), customer().Masked()},
	} {
		if diff := cmp.Diff(c.want, c.in.Masked()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestMessageMasked(t *testing.T) {
	const text = "Ben: +442079460958"
	const hidden = "Ben: •••• 0958"
	for _, c := range []struct {
		side desk.Side
		kind desk.MessageType
		want string
	}{
		{desk.SideCustomer, desk.TypeText, text}, // what people write stays
		{desk.SideTeam, desk.TypeText, text},
		{desk.SideNote, desk.TypeText, text},
		{desk.SideCustomer, desk.TypeContacts, hidden},
		{desk.SideTeam, desk.TypeContacts, hidden}, // sent from the business's phone
		{desk.SideCustomer, desk.TypeSystem, hidden},
		{desk.SideEvent, desk.MessageType(desk.ConversationHandedOver), text},
	} {
		m := desk.Message{Side: c.side, Type: c.kind, Text: text, Quote: &desk.Quote{Text: text}}
		got := m.Masked()
		if got.Text != c.want || got.Quote.Text != hidden {
			t.Errorf("%s %s: %q, quoting %q; want %q", c.side, c.kind, got.Text, got.Quote.Text, c.want)
		}
		if m.Text != text || m.Quote.Text != text {
			t.Error("masking changed the message itself")
		}
		last := desk.Conversation{Last: desk.Last{Side: c.side, Type: c.kind, Text: text}}.Masked().Last.Text
		if last != c.want {
			t.Errorf("%s %s in a list: %q, want %q", c.side, c.kind, last, c.want)
		}
	}
}

func TestSeesNumbers(t *testing.T) {
	reveal := func(contact desk.ContactID) *desk.Actor {
		a := actor(nil)
		a.Member.Grants = []desk.Grant{{Perm: desk.ContactViewPII, Contact: contact, Until: noon.Add(desk.RevealFor)}}
		return a
	}
	lent := one(desk.ContactViewPII, own)
	lent.Member.Grants = []desk.Grant{{Perm: desk.ContactViewPII, Scope: all}}
	other := reveal("c1")
	other.Member.Grants[0].Perm = desk.ContactReveal
	nameless := chat("eve", "red")
	for _, c := range []struct {
		name string
		me   *desk.Actor
		chat *desk.Conversation
		want bool
	}{
		{"nobody's right", actor(nil), chat("me", "blue"), false},
		{"own, mine", one(desk.ContactViewPII, own), chat("me", "red"), true},
		{"own, a colleague's", one(desk.ContactViewPII, own), chat("eve", "blue"), false},
		{"team, a colleague's", one(desk.ContactViewPII, team), chat("eve", "blue"), true},
		{"team, a stranger's", one(desk.ContactViewPII, team), chat("eve", "red"), false},
		{"a grant of all", lent, chat("eve", "red"), true},
		{"this one was revealed", reveal("c1"), chat("eve", "red"), true},
		{"another one was", reveal("c2"), chat("me", "blue"), false},
		{"a grant on a contact that isn't a view", other, chat("me", "blue"), false},
		{"the reveal has ended", func() *desk.Actor { a := reveal("c1").At(noon.Add(desk.RevealFor)); return &a }(), chat("me", "blue"), false},
		{"a chat without a contact", reveal(""), nameless, false},
	} {
		if c.chat != nameless {
			c.chat.Contact = customer()
		}
		if got := desk.SeesNumbers(c.me, c.chat); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if got := c.chat.Shown(c.me); got.Contact.Hidden == c.want {
			t.Errorf("%s: shown as %+v", c.name, got.Contact)
		}
	}
}

// What the provider says of a number, and a file that is called by one.
func TestProblemsAndFilesMasked(t *testing.T) {
	m := desk.Message{Text: "Call 020 7946 0958", Problem: &desk.Problem{Code: 131026, Text: "447700900958 isn't on WhatsApp."},
		Media: &desk.Media{ID: "447700900958", Filename: "+44 7700 900958.vcf"}}
	want := desk.Message{Text: "Call 020 7946 0958", Problem: &desk.Problem{Code: 131026, Text: "•••• 0958 isn't on WhatsApp."},
		Media: &desk.Media{ID: "447700900958", Filename: "•••• 0958.vcf"}}
	if diff := cmp.Diff(want, m.Masked()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m.Problem.Text != "447700900958 isn't on WhatsApp." || m.Media.Filename != "+44 7700 900958.vcf" {
		t.Error("masking changed the message itself")
	}
}

func TestEventMasked(t *testing.T) {
	c := chat("me", "")
	c.Contact = customer()
	e := desk.Event{Seq: 3, Kind: desk.MessageReceived, Conversation: c,
		Messages: []desk.Message{{ID: "m1", Side: desk.SideCustomer, Type: desk.TypeContacts, Text: "Ben: 020 7946 0958"}},
		Member:   &desk.Member{ID: "eve", Email: "eve@example.com", Grants: []desk.Grant{{ID: "g1", Perm: desk.ContactViewPII, Contact: "c1", Until: noon.Add(time.Hour)}}}}
	hidden := *c
	hidden.Contact = customer().Masked()
	want := desk.Event{Seq: 3, Kind: desk.MessageReceived, Conversation: &hidden,
		Messages: []desk.Message{{ID: "m1", Side: desk.SideCustomer, Type: desk.TypeContacts, Text: "Ben: •••• 0958"}},
		Member:   &desk.Member{ID: "eve", Grants: []desk.Grant{}}}
	if diff := cmp.Diff(want, e.Masked()); diff != "" {
		t.Errorf("masked (-want +got):\n%s", diff)
	}
	if e.Conversation.Contact != customer() || e.Messages[0].Text != "Ben: 020 7946 0958" || e.Member.Email == "" || len(e.Member.Grants) != 1 {
		t.Error("masking changed the event itself")
	}
	if diff := cmp.Diff(desk.Event{Seq: 3}, desk.Event{Seq: 3}.Masked()); diff != "" {
		t.Errorf("an event about nothing (-want +got):\n%s", diff)
	}
}

func TestEventForOthers(t *testing.T) {
	grants := []desk.Grant{{ID: "g1", Perm: desk.MessageReply, Scope: team, Conversation: 7}, {ID: "g2", Perm: desk.ContactViewPII, Contact: "c1", Conversation: 7}}
	e := desk.Event{Seq: 3, Member: &desk.Member{ID: "eve", Email: "eve@example.com", Grants: grants}, Request: &desk.Request{ID: "r1", Member: "eve", Conversation: 7}}
	want := desk.Event{Seq: 3, Member: &desk.Member{ID: "eve", Email: "eve@example.com", Grants: []desk.Grant{{ID: "g1", Perm: desk.MessageReply, Scope: team}}},
		Request: &desk.Request{ID: "r1", Member: "eve"}}
	if diff := cmp.Diff(want, e.ForOthers()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(e.Member.Grants) != 2 || e.Request.Conversation != 7 || grants[0].Conversation != 7 {
		t.Error("it changed the event itself")
	}
}

// Which kinds stand in the log only, each named: a new kind that isn't told to
// sessions has to be added here on purpose.
func TestLogOnly(t *testing.T) {
	only := []desk.EventKind{desk.SignedIn, desk.SignInFailed, desk.SignedOut, desk.SessionsEnded, desk.PasswordChanged, desk.CommandRefused,
		desk.ContactExported, desk.LogExported, desk.CheckpointTaken, desk.ViewAsStarted, desk.ViewAsEnded}
	told := []desk.EventKind{desk.MessageReceived, desk.MessageQueued, desk.MessageUpdated, desk.NoteAdded,
		desk.ConversationClaimed, desk.ConversationAssigned, desk.ConversationTakenOver, desk.ConversationResolved, desk.ConversationReopened,
		desk.ConversationRead, desk.ConversationLabelled, desk.ConversationHandedOver,
		desk.MemberAdded, desk.MemberSuspended, desk.MemberResumed, desk.MemberTeamed, desk.MemberInvited, desk.MemberJoined, desk.MemberRemoved,
		desk.RoleAssigned, desk.RoleChanged, desk.RoleCreated, desk.RoleRemoved, desk.TeamAdded, desk.TeamRenamed,
		desk.AccessGranted, desk.AccessEnded, desk.AccessExpired, desk.AccessRequested, desk.AccessDecided, desk.AccessWithdrawn,
		desk.ContactRevealed, desk.ContactErased}
	for _, k := range only {
		if !k.LogOnly() {
			t.Errorf("%s is told to sessions", k)
		}
	}
	for _, k := range told {
		if k.LogOnly() {
			t.Errorf("%s isn't told to sessions", k)
		}
	}
}
