package desk_test

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the generated documents")

func TestPermissionsDocument(t *testing.T) {
	const file = "../docs/permissions.md"
	got := desk.PermissionsMarkdown()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/permissions.md is stale; run make docs (-file +code):\n%s", diff)
	}
}

func TestCatalogue(t *testing.T) {
	seen := map[desk.Perm]bool{}
	for _, p := range desk.Permissions() {
		if seen[p.Key] {
			t.Errorf("%s is there twice", p.Key)
		}
		seen[p.Key] = true
		if group, verb, ok := strings.Cut(string(p.Key), "."); !ok || group == "" || verb == "" {
			t.Errorf("%s isn't of the form group.verb", p.Key)
		}
		if p.Title == "" || strings.HasSuffix(p.Title, ".") || !strings.HasSuffix(p.Meaning, ".") {
			t.Errorf("%s needs a title without a full stop and a meaning that is a sentence", p.Key)
		}
		if len(p.Scopes) == 0 || !slices.IsSortedFunc(p.Scopes, func(a, b desk.Scope) int { return a.Rank() - b.Rank() }) {
			t.Errorf("%s has no scopes, or not the narrowest first", p.Key)
		}
		if d, ok := desk.Describe(p.Key); !ok || d.Title != p.Title {
			t.Errorf("Describe(%s) = %+v, %v", p.Key, d, ok)
		}
	}
	if d, ok := desk.Describe("no.such"); ok || d.Key != "no.such" || d.Title == "" {
		t.Errorf("an unknown key is described as %+v, %v", d, ok)
	}
}

// Every key of the catalogue gates something, and every gate is in the
// catalogue. Four keys gate no command by themselves: message.reply_unowned is
// asked for in a chat that someone else has, contact.export_many above the cap,
// contact.view_pii by the masks, and role.view_as by a link that sees as someone.
func TestEveryKeyGatesACommand(t *testing.T) {
	gates := map[desk.Perm]bool{desk.ListConversations{List: desk.ListQueue}.Perm(): true}
	gates[desk.ContactViewPII] = desk.SeesNumbers(one(desk.ContactViewPII, desk.ScopeOwn), chat("me", "")) && !desk.SeesNumbers(actor(nil), chat("me", ""))
	seer := actor(map[desk.Perm]desk.Scope{desk.ConversationView: desk.ScopeAll, desk.RoleViewAs: desk.ScopeAll})
	blind := one(desk.ConversationView, desk.ScopeAll)
	gates[desk.RoleViewAs] = desk.Can(seer, desk.RoleViewAs, desk.Subject{}, noon) == nil && desk.Can(blind, desk.RoleViewAs, desk.Subject{}, noon) != nil
	for _, c := range desk.Commands() {
		if _, known := desk.Describe(c.Perm()); !known {
			t.Errorf("%s needs %s, which isn't in the catalogue", c.Name(), c.Perm())
		}
		gates[c.Perm()] = true
	}
	held := actor(map[desk.Perm]desk.Scope{desk.MessageReply: desk.ScopeAll, desk.ContactExport: desk.ScopeAll})
	for _, err := range []error{
		desk.Can(held, desk.Reply{}.Perm(), on(chat("eve", "")), noon),
		desk.Can(held, desk.ExportContacts{}.Perm(), desk.Subject{Rows: desk.ExportCap + 1}, noon),
	} {
		if d, ok := errors.AsType[*desk.Denied](err); ok {
			gates[d.Perm] = true
		}
	}
	for _, p := range desk.Permissions() {
		if !gates[p.Key] {
			t.Errorf("no command needs %s", p.Key)
		}
	}
}
