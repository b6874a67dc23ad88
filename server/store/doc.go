// Package store keeps the desk: people and roles, conversations and messages,
// sign-ins and secrets, and the log that tells of every change. It is one
// package over SQLite and Postgres, with hand-written SQL that both take.
//
// Everything that changes the desk goes through [Store.Write], which commits
// many callers' work together. A position in the log is an [Store.Epoch] and a
// number; numbers are given in commit order without gaps, on both databases and
// with any number of processes writing.
//
// Times are kept in whole milliseconds, UTC: give no finer ones, or what was
// told in an event differs from what is read back. Text that a database can't
// hold (a NUL, bytes that aren't UTF-8) is kept with U+FFFD in their place.
package store
