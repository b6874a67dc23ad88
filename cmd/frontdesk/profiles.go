package main

import (
	"maps"
	"slices"

	"github.com/frontdesk-inbox/frontdesk/config"
)

// rows pairs profiles with sign-ins: name, desk, e-mail, and whether someone is
// signed in. Sign-ins of no profile come last.
func rows(c config.Client, all []config.SignIn) [][4]string {
	var out [][4]string
	shown := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		p := c.Profiles[name]
		label := name
		if name == c.Default {
			label += " (default)"
		}
		fit := slices.DeleteFunc(slices.Clone(all), func(in config.SignIn) bool {
			return in.Server != p.Server || p.Email != "" && !in.Matches(p.Email)
		})
		if len(fit) == 0 {
			out = append(out, [4]string{label, p.Server, p.Email, "no"})
		}
		for _, in := range fit {
			shown[key(in)] = true
			out = append(out, [4]string{label, in.Server, in.Email, "yes"})
		}
	}
	for _, in := range all {
		if !shown[key(in)] {
			out = append(out, [4]string{"", in.Server, in.Email, "yes"})
		}
	}
	return out
}
