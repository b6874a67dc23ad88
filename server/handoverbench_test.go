package server_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// BenchmarkSuspend of a member with so many chats: until it is answered, until the
// last chat is in the queue, and the longest that a colleague's note took
// meanwhile.
func BenchmarkSuspend(b *testing.B) {
	for _, chats := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("chats=%d", chats), func(b *testing.B) {
			h := open(b, server.Options{})
			asha, sara := h.members["asha"].ID, h.members["sara"].ID
			id := plant(b, h.store, h.clock.now(), open1(asha, support))[0]
			var answered, through, longest time.Duration
			for b.Loop() {
				plant(b, h.store, h.clock.now(), slices.Repeat([]desk.Facts{open1(sara, wares)}, chats)...)
				ended := make(chan struct{})
				var notes sync.WaitGroup
				notes.Go(func() { longest = max(longest, h.notesUntil(b, id, ended)) })
				began := time.Now()
				h.must("adam", desk.Suspend{Member: sara})
				answered += time.Since(began)
				for h.holds(sara) > 0 {
				}
				through += time.Since(began)
				close(ended)
				notes.Wait()
				h.must("adam", desk.Resume{Member: sara})
			}
			b.ReportMetric(float64(answered.Milliseconds())/float64(b.N), "ms-answered")
			b.ReportMetric(float64(through.Milliseconds())/float64(b.N), "ms-through")
			b.ReportMetric(float64(longest.Milliseconds()), "ms-longest-note")
		})
	}
}

// notesUntil writes notes one after the other, and returns the longest time that
// one took.
func (h *house) notesUntil(b *testing.B, id desk.ConversationID, ended chan struct{}) (longest time.Duration) {
	for i := 0; ; i++ {
		select {
		case <-ended:
			return longest
		default:
		}
		began := time.Now()
		_, err := h.service.Do(b.Context(), h.as("asha"), fmt.Sprint("n", began.UnixNano()), desk.Note{Conversation: id, Text: "Called back"})
		if err != nil {
			b.Error(err)
			return longest
		}
		longest = max(longest, time.Since(began))
	}
}
