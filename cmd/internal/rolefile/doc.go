// Package rolefile is a desk's custom roles as text, for people who keep their
// desk in git: a TOML file is read, compared with the roles that a desk has, and
// tested by sentences.
//
//	prune_to = "agent"      # who the people of roles become that the file doesn't name
//
//	tests = [
//	  "Night shift can message.reply team",
//	  "Agent cannot contact.export",
//	  "temp cannot see #4711",
//	]
//
//	[role.night-shift]
//	version = 3             # at which the desk was; a desk that went on conflicts
//	name = "Night shift"
//	description = "Answers while the others sleep."
//	base = "agent"
//	rank = 35
//
//	[role.night-shift.grants]
//	conversation.view = "team"
//	contact.export_many = true
//
//	[role.interns]
//	remove = true
//	move_to = "viewer"
package rolefile
