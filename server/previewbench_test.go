package server_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
	"github.com/frontdesk-inbox/frontdesk/server"
)

// BenchmarkNotesBesidePreviews is how long a note takes among 64 who write notes,
// while someone previews a suspension twenty times a second: of nobody, of who has
// few chats, and of who has many.
func BenchmarkNotesBesidePreviews(b *testing.B) {
	for _, chats := range []int{0, 10, 10_000} {
		b.Run(fmt.Sprintf("chats=%d", chats), func(b *testing.B) {
			h := open(b, server.Options{})
			asha, sara := h.members["asha"].ID, h.members["sara"].ID
			ids := plant(b, h.store, h.clock.now(), slices.Repeat([]desk.Facts{open1(asha, support)}, 64)...)
			plant(b, h.store, h.clock.now(), slices.Repeat([]desk.Facts{open1(sara, wares)}, chats)...)
			ctx, stop := context.WithCancel(b.Context())
			var beside, writers sync.WaitGroup
			if chats > 0 {
				beside.Go(func() { h.previewing(b, ctx, desk.Suspend{Member: sara}) })
			}
			var n atomic.Int64
			b.ResetTimer()
			for w := range ids {
				writers.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						note := desk.Note{Conversation: ids[w], Text: "Called back"}
						if _, err := h.service.Do(b.Context(), h.as("asha"), fmt.Sprint("n", i), note); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			writers.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "notes/s")
			stop()
			beside.Wait()
		})
	}
}

// previewing previews a command twenty times a second until ctx ends.
func (h *house) previewing(b *testing.B, ctx context.Context, cmd desk.Command) {
	ask := preview(b, cmd)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := h.service.Do(ctx, h.as("adam"), "", ask); err != nil && ctx.Err() == nil {
			b.Error(err)
			return
		}
	}
}
