// Package chain makes a log provable and checks the proof. It knows nothing of
// the desk and needs no database: whoever checks an exported log needs this
// package and nothing of the program that wrote it.
//
// Every entry is a [Record]. Its hash covers what is always kept of it, the hash
// of its content, and the hash of the record before it, so that a change of one
// record shows in all that follow. The content itself can be erased; its hash
// stays, and the chain holds. For the same reason a log can be exported with its
// contents withheld: it shows who did what, when and in which order, and nothing
// of what was written.
//
// A [Checkpoint] is a signed statement of how long the log was at a time and
// what its chain came to. A chain alone shows that nothing inside was changed by
// somebody who couldn't compute it anew. That nothing is missing from its end,
// and that it wasn't written anew as a whole, shows only against a checkpoint that
// was kept where the log's own host can't change it.
package chain
