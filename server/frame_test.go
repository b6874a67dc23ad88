package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// fullRole is as long on the wire as a role can be: each letter of its texts is
// written as six.
func fullRole(i int) desk.RoleChange {
	id := desk.RoleID(fmt.Sprintf("r%d%s", i, strings.Repeat("x", 28)))
	c := desk.RoleChange{Role: id, Name: fmt.Sprintf("%03d%s", i, strings.Repeat("<", desk.MaxName-3)), Description: strings.Repeat("<", desk.MaxDescription),
		Rank: desk.MaxRank, Grants: map[desk.Perm]desk.Scope{}}
	for _, p := range desk.Permissions() {
		c.Grants[p.Key] = p.Scopes[len(p.Scopes)-1]
	}
	return c
}

// TestManyRolesInOneFrame changes as many roles at once as a command may, through
// a socket, and sees the effect first.
func TestManyRolesInOneFrame(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	l := h.dial("olga", desk.Hello{})
	l.first()
	var all desk.ChangeRoles
	for i := range desk.MaxChanges {
		all.Changes = append(all.Changes, fullRole(i))
	}
	raw, err := json.Marshal(all)
	if err != nil || len(raw) < 500<<10 {
		t.Fatalf("%d bytes: %v", len(raw), err)
	}
	if a := l.do("preview", preview(t, all)); a.Error != nil {
		t.Fatalf("the preview: %v", a.Error)
	}
	if a := l.do("change", all); a.Error != nil {
		t.Fatalf("the change: %v", a.Error)
	}
	if r, ok := h.role(all.Changes[desk.MaxChanges-1].Role); !ok || len(r.Grants) != len(desk.Permissions()) {
		t.Errorf("the last one: %+v", r)
	}
}

// TestOnlyRolesTakeLargeFrames cuts a link that sends so much for anything else.
func TestOnlyRolesTakeLargeFrames(t *testing.T) {
	t.Parallel()
	h := open(t, server.Options{})
	for name, cmd := range map[string]desk.Command{
		"the log":             desk.ListLog{About: strings.Repeat("x", desk.MaxFrame)},
		"more than all roles": desk.Preview{Command: "role.change", Args: json.RawMessage(`"` + strings.Repeat("x", desk.MaxRolesFrame) + `"`)},
	} {
		l := h.dial("olga", desk.Hello{})
		l.first()
		l.ask("1", cmd)
		if code := l.closed(); code != websocket.CloseMessageTooBig {
			t.Errorf("%s: closed with %d", name, code)
		}
	}
}
