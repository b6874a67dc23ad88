//go:build !unix

package config

import "io/fs"

// checkPrivate has nothing to look at: files here have no mode, and a user's
// profile is closed to others by the system.
func checkPrivate(string, fs.FileInfo) error { return nil }

const noFollow = 0
