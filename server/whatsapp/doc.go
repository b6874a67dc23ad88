// Package whatsapp is the channel to WhatsApp's Cloud API: it takes what Meta
// posts to the webhook, makes [desk.Incoming] of it, and sends messages.
//
// Receiving is tolerant: every enumeration is open, every object optional, a
// number may come as a string. What can't be read is kept as it came
// ([desk.Unhandled]), never answered with an error, since Meta would repeat it
// for a week. Sending is careful: what may have been taken is never reported as
// something to try again ([desk.SendUnknown]).
package whatsapp
