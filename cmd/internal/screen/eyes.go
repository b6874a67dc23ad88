package screen

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/frontdesk-inbox/frontdesk/client"
	"github.com/frontdesk-inbox/frontdesk/desk"
)

// do sends a command over a link and waits for its answer.
type do = func(ctx context.Context, ref string, cmd desk.Command) (json.RawMessage, error)

// eyes opens links that see the desk as someone else. They end with the screen
// that they were opened from; nothing that they show is kept.
type eyes struct {
	ctx  context.Context
	link client.Options
	open sync.WaitGroup
}

// as opens one. It returns at once, and so does closing: a screen calls both in
// its loop, while deliver may be waiting for that very loop.
func (e *eyes) as(as desk.ViewAs, deliver func([]client.Msg)) (do, func()) {
	o := e.link
	o.As, o.Epoch, o.Seq = &as, "", 0
	link := client.New(o)
	ctx, cut := context.WithCancel(e.ctx)
	e.open.Go(func() {
		_ = link.Run(ctx, deliver) // why it ended was delivered
	})
	return link.Do, cut
}

// wait returns once all links are closed, which ctx has to end for.
func (e *eyes) wait() { e.open.Wait() }
