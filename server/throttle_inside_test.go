package server

import (
	"testing"
	"time"

	"github.com/frontdesk-inbox/frontdesk/desk"
)

// TestLargeFramesCountMore counts frames that come all at once: fewer large ones
// are done than small ones.
func TestLargeFramesCountMore(t *testing.T) {
	for _, k := range []struct{ bytes, least, most int }{
		{100, 60, 70}, {desk.MaxFrame - 1, 60, 70}, {desk.MaxFrame, 30, 36}, {desk.MaxRolesFrame, 3, 5},
	} {
		c := &session{tokens: framesAtOnce, tokensAt: time.Now()}
		done := 0
		for ; done < 100; done++ {
			if c.charge(k.bytes); c.throttle() > 0 {
				break
			}
		}
		if done < k.least || done > k.most {
			t.Errorf("%d frames of %d bytes at once, want %d to %d", done, k.bytes, k.least, k.most)
		}
	}
}
