// Package desk is the vocabulary of Frontdesk: the nouns that are stored, sent
// and drawn, the permission catalogue with the one function that decides
// ([Can]), the commands that change things, the events that tell of it, and the
// frames that carry both.
//
// A type here is what stands in the database's log, on the wire and behind the
// screen: there is no second set of structs. Words on the wire are words
// ("resolved"), never numbers that a compiler gave out. For the same reason no
// type here has a field for a secret; passwords, tokens and channel credentials
// live in the store alone.
//
// The package imports the standard library only and does no I/O.
package desk
