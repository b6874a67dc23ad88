// Package tui is the agent's screen: one Bubble Tea model over a
// [client.Replica].
//
// Update routes, methods act, View reads. What a key does stands in one table,
// [Actions], which is also the help, the palette and the reference of keys. A
// pane holds only how this agent is looking (cursor, scroll, cache); what there
// is to see is in the replica. The screen asks the network one thing,
// [Options].Do, inside a command, and is told everything else as [Deliver].
//
// Every text from outside becomes a [safe.Text] where it enters a view, and
// nothing here draws anything else: names, messages and labels can't move a
// border, write in a column of ours or reach the terminal as a control.
//
// Nothing in the package changes at package level, because many agents can
// share one process over SSH.
package tui
