package client

import (
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

func owner() desk.Actor {
	return desk.Actor{Member: desk.Member{ID: "me", Name: "Mia", Role: desk.RoleOwner, Teams: []desk.TeamID{"t1"}}, Role: desk.BuiltInRoles()[0]}
}

func at(n int64) time.Time { return time.Unix(1_700_000_000+n, 0).UTC() }

func TestReplicaOrdersAndCounts(t *testing.T) {
	r := NewReplica()
	if r.Known() {
		t.Fatal("an empty replica knows something")
	}
	one := desk.Conversation{ID: 1, Seq: 1, Status: desk.StatusOpen, LastAt: at(1)}
	two := desk.Conversation{ID: 2, Seq: 2, Status: desk.StatusOpen, LastAt: at(2), Assignee: "me"}
	r.Apply(desk.Snapshot{Epoch: "e", Seq: 2, Me: owner(), Conversations: []desk.Conversation{one, two},
		Counts:  map[desk.List]desk.Count{desk.ListAll: {Total: 2}, desk.ListQueue: {Total: 1}, desk.ListMine: {Total: 1}},
		Windows: map[desk.List]desk.Window{desk.ListAll: {Rows: []desk.ConversationID{2, 1}}, desk.ListQueue: {Rows: []desk.ConversationID{1}}, desk.ListMine: {Rows: []desk.ConversationID{2}}}})
	before := one.Facts()
	one.Seq, one.LastAt, one.Assignee, one.Unread = 3, at(3), "me", 1
	change := r.Apply(desk.Events{From: 2, To: 3, Events: []desk.Event{{Seq: 3, Conversation: &one, Before: &before}}})
	if !change.Lists || r.Len(desk.ListAll) != 2 || r.Row(desk.ListAll, 0).ID != 1 || r.Index(desk.ListMine, 1) != 0 || r.Len(desk.ListQueue) != 0 {
		t.Fatalf("change %+v, all %d, top %v", change, r.Len(desk.ListAll), r.Row(desk.ListAll, 0))
	}
	if got := r.Count(desk.ListMine); got != (desk.Count{Total: 2, Unread: 1}) {
		t.Fatalf("mine %+v", got)
	}
	if got := r.Count(desk.ListQueue); got != (desk.Count{}) {
		t.Fatalf("queue %+v", got)
	}
}
