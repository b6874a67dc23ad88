package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/frontdesk-inbox/frontdesk/config"
)

// wish is which desk, and who, a person asked for by flags and profile. An empty
// field means any.
type wish struct{ server, who string }

func (p *program) wish(c config.Client) (wish, error) {
	var w wish
	name := p.profile
	if name == "" && p.server == "" {
		name = c.Default
	}
	if name != "" {
		profile, ok := c.Profiles[name]
		if !ok {
			return w, fmt.Errorf("there is no profile %s; frontdesk profiles lists those there are", name)
		}
		w = wish{profile.Server, profile.Email}
	}
	if p.server != "" {
		server, err := config.ServerAddress(p.server)
		if err != nil {
			return w, err
		}
		w.server = server
	}
	if p.as != "" {
		w.who = p.as
	}
	return w, nil
}

// choose picks the sign-in that is meant. Where the wish leaves it open who is
// meant, it is whoever signed in last.
func (w wish) choose(all []config.SignIn) (config.SignIn, error) {
	fit := slices.DeleteFunc(slices.Clone(all), func(in config.SignIn) bool {
		return w.server != "" && in.Server != w.server || w.who != "" && !in.Matches(w.who)
	})
	if len(fit) == 0 {
		return config.SignIn{}, w.nobody(all)
	}
	if first := fit[0]; w.who != "" && slices.ContainsFunc(fit, func(in config.SignIn) bool { return in.Email != first.Email }) {
		return config.SignIn{}, fmt.Errorf("%s can be %s; give the whole address", w.who, strings.Join(names(fit), " or "))
	}
	if first := fit[0]; w.who != "" && slices.ContainsFunc(fit, func(in config.SignIn) bool { return in.Server != first.Server }) {
		return config.SignIn{}, fmt.Errorf("%s is signed in as %s; say which with --server", w.who, strings.Join(names(fit), " and "))
	}
	return fit[len(fit)-1], nil
}

func (w wish) nobody(all []config.SignIn) error {
	command, at, as := "frontdesk login", "", ""
	if w.server != "" {
		command += " --server " + w.server
		at = " at " + w.server
	}
	if w.who != "" {
		as = " as " + w.who
		if strings.Contains(w.who, "@") {
			command += " --email " + w.who
		}
	}
	others := ""
	if len(all) > 0 {
		others = "\nSigned in are:\n  " + strings.Join(names(all), "\n  ")
	}
	return fmt.Errorf("nobody is signed in%s%s; run: %s%s", at, as, command, others)
}

func names(all []config.SignIn) []string {
	var words []string
	for _, in := range all {
		words = append(words, in.Email+" at "+in.Server)
	}
	return words
}
