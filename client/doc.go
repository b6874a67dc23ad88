// Package client is an agent's side of the wire: a link to the server that
// outlives its sockets ([Client]), what the agent may see of the desk
// ([Replica]), and what is kept on disk between two runs ([Disk]).
//
// The three know nothing of each other. A program runs the Client, hands what
// it delivers to the Replica on the goroutine that owns it, and draws from
// there:
//
//	go c.Run(ctx, func(msgs []client.Msg) { program.Send(msgs) })
//	…
//	for _, m := range msgs { change := replica.Apply(m) }
//
// Nothing here prints, and nothing here decides about rights but by [desk.Can].
package client
