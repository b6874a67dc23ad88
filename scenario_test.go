package frontdesk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server/whatsapp/graphfake"
	"github.com/frontdesk-inbox/frontdesk/tui/glass"
)

// TestScenarios plays testdata/script: customers on a fake WhatsApp, a real
// server, and agents at real screens that are read through a terminal emulator.
// The commands of a script:
//
//	desk                          a desk with one member of each built-in role
//	customer NAME NUMBER          makes a customer known
//	writes NAME TEXT…             the customer writes; the webhook is answered before the next line
//	crowd N                       N customers more write, a word each
//	clock [+]DURATION             moves the desk's and WhatsApp's clock on
//	knob NAME VALUE               sets a knob of the fake (duplicate, shuffle, statusfirst, fault, silent)
//	shut, open                    the way to WhatsApp: messages on it wait, and go on
//	held N                        waits until N messages have had to wait
//	stops, starts                 the server stops, and starts again with the same database
//	screen NAME [COLSxROWS]       the member opens a screen (80x24)
//	press NAME KEY…               presses keys: "enter", "esc", "ctrl+k", "r", …
//	types NAME TEXT…              types a text
//	[!] sees NAME TEXT            waits until the screen shows the text (or no longer does)
//	copies NAME WORD REGEXP       copies what matches on the screen; a later line writes it as "@WORD"
//	resize NAME COLSxROWS
//	cut NAME, mend NAME           breaks and mends the member's link
//	closes NAME                   the member presses q, and the program ends
//	gets NAME TEXT                the customer gets the text
//	got NAME N                    the customer was sent exactly N messages
//	role BOSS WHO ROLE            BOSS switches WHO's role, over BOSS's own link
//	joins NAME CODE               takes up an invitation; from here on the script knows them by NAME
//	does NAME COMMAND JSON        the member does a command; [!] it is refused
//	asks NAME [as WHO] COMMAND JSON
//	                              the same over a socket of its own, refused or not
//
// The answer of does and asks is on stdout, as it stands on the wire, and a
// refusal of does on stderr, where stdout, stderr and cmp find it. Of what an
// answer tells, a later line can write "@request", "@grant", "@team", "@member",
// "@code", "@seq", and "@after" (where the next page begins).
func TestScenarios(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		scenarios(t, func(dir string) (string, error) { return "sqlite:" + filepath.Join(dir, "desk.db"), nil })
	})
	t.Run("postgres", func(t *testing.T) {
		base := os.Getenv("FRONTDESK_TEST_POSTGRES")
		if base == "" {
			t.Skip("FRONTDESK_TEST_POSTGRES isn't set: the scenarios weren't played on Postgres")
		}
		scenarios(t, func(string) (string, error) { return ownSchema(t, base) })
	})
}

// scenarios plays the scripts, each on a database of its own.
func scenarios(t *testing.T, database func(dir string) (dsn string, err error)) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"desk": scriptDesk, "customer": scriptCustomer, "writes": scriptWrites, "crowd": scriptCrowd, "clock": scriptClock, "knob": scriptKnob,
			"screen": scriptScreen, "press": scriptPress, "types": scriptTypes, "sees": scriptSees, "copies": scriptCopies, "resize": scriptResize,
			"cut": scriptCut, "mend": scriptMend, "closes": scriptCloses, "gets": scriptGets, "got": scriptGot,
			"does": scriptDoes, "asks": scriptAsks, "role": scriptRole, "joins": scriptJoins,
			"shut": scriptShut, "open": scriptOpen, "held": scriptHeld, "stops": scriptStops, "starts": scriptStarts,
		},
		Setup: func(e *testscript.Env) error {
			e.Values[houseKey{}] = new(*house)
			e.Values[databaseKey{}] = database
			return nil
		},
	})
}

type (
	houseKey    struct{}
	databaseKey struct{}
)

func houseOf(ts *testscript.TestScript) *house {
	h := *(ts.Value(houseKey{}).(**house))
	if h == nil {
		ts.Fatalf("the script has no desk yet: begin with the line desk")
	}
	return h
}

func scriptDesk(ts *testscript.TestScript, _ bool, _ []string) {
	dir := ts.MkAbs("desk")
	ts.Check(os.MkdirAll(dir, 0o700))
	dsn, err := ts.Value(databaseKey{}).(func(string) (string, error))(dir)
	ts.Check(err)
	h, err := openHouse(dir, dsn)
	ts.Check(err)
	*(ts.Value(houseKey{}).(**house)) = h
	ts.Defer(h.close)
}

func scriptCustomer(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "customer NAME NUMBER")
	houseOf(ts).customer(args[0], args[1])
}

func scriptWrites(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "writes NAME TEXT")
	h := houseOf(ts)
	ctx, cancel := patience()
	defer cancel()
	_, err := h.fake.Say(ctx, h.customers[args[0]], graphfake.Text(strings.Join(args[1:], " ")).Sent(h.clock.now()))
	ts.Check(err)
}

func scriptCrowd(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "crowd N")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	h := houseOf(ts)
	updates := make([]graphfake.Update, n)
	for i := range n {
		c := graphfake.Customer{Name: "Customer " + strconv.Itoa(i), WAID: strconv.Itoa(447700800000 + i)}
		updates[i], _ = h.fake.Update(c, graphfake.Text("Hello").Sent(h.clock.now()))
	}
	ctx, cancel := patience()
	defer cancel()
	ts.Check(h.fake.Deliver(ctx, updates...))
}

func scriptClock(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "clock +DURATION")
	d, err := time.ParseDuration(strings.TrimPrefix(args[0], "+"))
	ts.Check(err)
	houseOf(ts).clock.add(d)
}

func scriptKnob(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "knob NAME [VALUE]")
	value := ""
	if len(args) > 1 {
		value = args[1]
	}
	houseOf(ts).fake.Tune(func(k *graphfake.Knobs) {
		switch args[0] {
		case "duplicate":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			k.Duplicate = n
		case "shuffle":
			k.Shuffle = true
		case "concurrent":
			k.Concurrent = true
		case "statusfirst":
			k.StatusFirst = true
		case "silent":
			k.NoStatuses = true
		case "fault":
			k.Faults = []graphfake.Fault{{Kind: graphfake.FaultKind(value), Times: 1, Code: 131026}}
		default:
			ts.Fatalf("there is no knob %q", args[0])
		}
	})
}

func scriptScreen(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "screen NAME [COLSxROWS]")
	size := "80x24"
	if len(args) > 1 {
		size = args[1]
	}
	cols, rows := parseSize(ts, size)
	ts.Check(houseOf(ts).open(args[0], cols, rows))
}

func scriptResize(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "resize NAME COLSxROWS")
	cols, rows := parseSize(ts, args[1])
	screenOf(ts, args[0]).resize(cols, rows)
}

func parseSize(ts *testscript.TestScript, s string) (cols, rows int) {
	if n, err := fmt.Sscanf(s, "%dx%d", &cols, &rows); n != 2 || err != nil {
		ts.Fatalf("%q is no size like 80x24", s)
	}
	return cols, rows
}

func screenOf(ts *testscript.TestScript, name string) *screen {
	s := houseOf(ts).screens[name]
	if s == nil {
		ts.Fatalf("%s has no screen open", name)
	}
	return s
}

func scriptPress(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "press NAME KEY…")
	for _, key := range args[1:] {
		raw, ok := keys()[key]
		if !ok {
			raw = key
		}
		ts.Check(screenOf(ts, args[0]).key(raw))
	}
}

func scriptTypes(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "types NAME TEXT")
	ts.Check(screenOf(ts, args[0]).key(strings.Join(args[1:], " ")))
}

func scriptSees(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, args, 2, "sees NAME TEXT")
	s := screenOf(ts, args[0])
	for _, want := range args[1:] {
		ok, not := glass.Shows(want), ""
		if neg {
			ok, not = glass.Lacks(want), "not "
		}
		ctx, cancel := patience()
		shown, reached := s.glass.Until(ctx, ok)
		cancel()
		if !reached {
			ts.Fatalf("%s should %ssee %q, but sees:\n%s", args[0], not, want, shown)
		}
	}
}

func scriptCopies(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 3, "copies NAME WORD REGEXP")
	pattern, err := regexp.Compile(args[2])
	ts.Check(err)
	ctx, cancel := patience()
	defer cancel()
	shown, reached := screenOf(ts, args[0]).glass.Until(ctx, pattern.MatchString)
	if !reached {
		ts.Fatalf("%s should see something like %q, but sees:\n%s", args[0], args[2], shown)
	}
	houseOf(ts).names[args[1]] = strconv.Quote(pattern.FindString(shown))
}

func scriptCut(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "cut NAME")
	screenOf(ts, args[0]).wire.cut()
}

func scriptMend(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "mend NAME")
	s := screenOf(ts, args[0])
	s.wire.mend()
	s.link.Retry()
}

func scriptCloses(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "closes NAME")
	s := screenOf(ts, args[0])
	ts.Check(s.key("q"))
	ended := make(chan struct{})
	go func() { s.program.Wait(); close(ended) }()
	ctx, cancel := patience()
	defer cancel()
	select {
	case <-ended:
	case <-ctx.Done():
		ts.Fatalf("q doesn't end the program of %s:\n%s", args[0], s.glass.Text())
	}
	s.close()
	delete(houseOf(ts).screens, args[0])
}

func scriptGets(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "gets NAME TEXT")
	h := houseOf(ts)
	text := strings.Join(args[1:], " ")
	ctx, cancel := patience()
	defer cancel()
	for n := 1; ; n++ {
		taken, err := h.fake.WaitForTaken(ctx, n)
		if err != nil {
			ts.Fatalf("%s should get %q: %v", args[0], text, err)
		}
		if slices.ContainsFunc(taken, func(a graphfake.Accepted) bool { return a.To == h.customers[args[0]].WAID && a.Text == text }) {
			return
		}
		n = len(taken)
	}
}

func scriptGot(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "got NAME N")
	h := houseOf(ts)
	ctx, cancel := patience()
	defer cancel()
	ts.Check(h.service.Idle(ctx))
	n := 0
	for _, a := range h.fake.Taken() {
		if a.To == h.customers[args[0]].WAID {
			n++
		}
	}
	if strconv.Itoa(n) != args[1] {
		ts.Fatalf("%s got %d messages, not %s", args[0], n, args[1])
	}
}

func scriptRole(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, args, 3, "role BOSS WHO ROLE")
	h := houseOf(ts)
	_, err := h.do(args[0], desk.AssignRole{Member: h.members[args[1]].ID, Role: desk.RoleID(args[2])})
	refusal(ts, neg, err)
}

func scriptDoes(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, args, 2, "does NAME COMMAND [JSON]")
	h := houseOf(ts)
	var answer any
	cmd, err := desk.DecodeCommand(args[1], h.args(ts, args[2:]))
	if cmd == nil {
		ts.Check(err) // a slip of the script isn't a refusal
	}
	if err == nil {
		answer, err = h.do(args[0], cmd)
	}
	if err == nil {
		h.told(answer)
		writeJSON(ts, ts.Stdout(), answer)
	} else {
		writeJSON(ts, ts.Stderr(), desk.AsError(err))
	}
	refusal(ts, neg, err)
}

func scriptAsks(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "asks NAME [as WHO] COMMAND [JSON]")
	h := houseOf(ts)
	var as *desk.ViewAs
	who := args[0]
	if args[1] == "as" {
		need(ts, args, 4, "asks NAME as WHO COMMAND [JSON]")
		as = &desk.ViewAs{Member: desk.MemberID("u_" + args[2])}
		args = args[2:]
	}
	answer, err := h.ask(who, as, args[1], h.args(ts, args[2:]))
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n", answer)
}

// args are a command's, with what earlier answers told put in.
func (h *house) args(ts *testscript.TestScript, words []string) json.RawMessage {
	text := strings.Join(words, " ")
	if text == "" {
		text = "{}"
	}
	return json.RawMessage(toldWord().ReplaceAllStringFunc(text, func(quoted string) string {
		value, ok := h.names[strings.Trim(quoted, `"@`)]
		if !ok {
			ts.Fatalf("no answer has told %s yet", quoted)
		}
		return value
	}))
}

func toldWord() *regexp.Regexp { return regexp.MustCompile(`"@[a-z]+"`) }

// told keeps what an answer tells, for later lines.
func (h *house) told(answer any) {
	switch a := answer.(type) {
	case desk.Done:
		for name, value := range map[string]any{"request": a.Request, "grant": a.Grant, "team": a.Team, "member": a.Member, "code": a.Code, "seq": a.Seq} {
			if !reflect.ValueOf(value).IsZero() {
				text, _ := json.Marshal(value) // a word or a number
				h.names[name] = string(text)
			}
		}
	case desk.ContactPage:
		if n := len(a.Contacts); n > 0 {
			h.names["after"] = strconv.Quote(string(a.Contacts[n-1].ID))
		}
	case desk.LogLines:
		h.names["after"] = strconv.FormatInt(a.Next, 10)
	}
}

func writeJSON(ts *testscript.TestScript, to io.Writer, v any) {
	text, err := json.Marshal(v)
	ts.Check(err)
	fmt.Fprintf(to, "%s\n", text)
}

func scriptJoins(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, args, 2, "joins NAME CODE")
	h := houseOf(ts)
	code := args[1]
	if told, ok := h.names[strings.TrimPrefix(code, "@")]; ok {
		code = strings.Trim(told, `"`)
	}
	err := h.join(args[0], code)
	if err != nil {
		writeJSON(ts, ts.Stderr(), desk.AsError(err))
	}
	refusal(ts, neg, err)
}

func scriptShut(ts *testscript.TestScript, _ bool, _ []string) { houseOf(ts).valve.turn(false) }
func scriptOpen(ts *testscript.TestScript, _ bool, _ []string) { houseOf(ts).valve.turn(true) }

func scriptHeld(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "held N")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, cancel := patience()
	defer cancel()
	for range n {
		select {
		case <-houseOf(ts).valve.held:
		case <-ctx.Done():
			ts.Fatalf("%d messages should wait, and don't", n)
		}
	}
}

func scriptStops(ts *testscript.TestScript, _ bool, _ []string) { houseOf(ts).halt() }

func scriptStarts(ts *testscript.TestScript, _ bool, _ []string) {
	h := houseOf(ts)
	ts.Check(h.start())
	for _, s := range h.screens {
		s.link.Retry()
	}
}

func refusal(ts *testscript.TestScript, neg bool, err error) {
	switch {
	case neg && err == nil:
		ts.Fatalf("it was done, and should have been refused")
	case !neg:
		ts.Check(err)
	}
}

func need(ts *testscript.TestScript, args []string, n int, usage string) {
	if len(args) < n {
		ts.Fatalf("usage: %s", usage)
	}
}

// patience bounds how long a script waits for anything.
func patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}

// keys are the keys that aren't their own character.
func keys() map[string]string {
	return map[string]string{
		"enter": "\r", "esc": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
		"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
		"alt+enter": "\x1b\r", "ctrl+c": "\x03", "ctrl+d": "\x04", "ctrl+j": "\n", "ctrl+k": "\x0b", "ctrl+r": "\x12", "ctrl+s": "\x13", "ctrl+u": "\x15",
	}
}
