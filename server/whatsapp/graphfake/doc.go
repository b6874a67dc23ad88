// Package graphfake is a loopback stand-in for WhatsApp's Cloud API: the Graph
// side that a program calls, and the webhook side that calls the program, with
// Meta's bytes and Meta's ways of failing. Tests script it; the demo lets its
// customers talk.
//
// It never leaves the machine: it listens on 127.0.0.1 only and delivers to
// loopback addresses only. Its ids are made from a seed, its clock is the
// caller's. It imports the standard library alone, so it can be tried against
// any program.
package graphfake
