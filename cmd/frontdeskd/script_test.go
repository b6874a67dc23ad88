package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"frontdeskd": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("FRONTDESK_DATABASE", "sqlite:"+e.WorkDir+"/data/desk.db")
			e.Setenv("EVIL", "Mia\x1b]0;owned\x07\x1b[2J")
			return nil
		},
	})
}
