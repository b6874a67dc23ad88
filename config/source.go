package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source is where settings come from. A later one in this order wins: the
// defaults, the file, the environment, the flags.
type Source struct {
	// File is the TOML file. When it is empty the program's usual place is
	// looked at, and no file there is no mistake.
	File string
	// Getenv reads the environment; [os.Getenv].
	Getenv func(string) string
	// Flags are the settings given on the command line, by their keys.
	Flags map[string]string
}

func (s Source) env(name string) string {
	if s.Getenv == nil {
		return ""
	}
	return s.Getenv(name)
}

// variable is the environment's name of a setting: "whatsapp.base_url" is
// FRONTDESK_WHATSAPP_BASE_URL.
func variable(key string) string {
	return "FRONTDESK_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// values are settings by key, as the last source that has them says.
type values map[string]value

type value struct {
	text   string
	origin origin
}

type origin int

const (
	fromFile origin = iota + 1
	fromEnv
	fromFlag
	fromSecretFile // a file that holds nothing but the one secret
)

// collect reads all sources for the settings that exist. A secret can also be
// given as the name of a file that holds it, under its key with "_file".
func (s Source) collect(path string, settings []setting, ps *Problems) values {
	got, known := values{}, knownKeys(settings)
	if path != "" {
		s.collectFile(path, known, got, ps)
	}
	for _, key := range known {
		if text := s.env(variable(key)); text != "" {
			got.put(key, text, fromEnv, ps)
		}
	}
	for key, text := range s.Flags {
		got.put(key, text, fromFlag, ps)
	}
	for _, st := range settings {
		if st.secret {
			s.readSecret(st.key, got, ps)
		}
	}
	return got
}

func knownKeys(settings []setting) []string {
	var keys []string
	for _, st := range settings {
		keys = append(keys, st.key)
		if st.secret {
			keys = append(keys, st.key+fileSuffix)
		}
	}
	return keys
}

const fileSuffix = "_file"

func (s Source) collectFile(path string, known []string, got values, ps *Problems) {
	entries, err := readTOML(path)
	if err != nil {
		ps.add(fileKey, "%v.", err)
		return
	}
	for _, e := range entries {
		switch {
		case !slices.Contains(known, e.key):
			ps.add(e.key, "%s", unknown(e, known))
		case !e.ok:
			ps.add(e.key, "the value on line %d must be a text in double quotes, true or false, or a list of texts.", e.line)
		default:
			got.put(e.key, e.text, fromFile, ps)
		}
	}
}

// put lets a later source win. A secret and the file that holds it are two ways
// to say one thing: the later source's way holds, and one source says one.
func (v values) put(key, text string, from origin, ps *Problems) {
	twin, isFile := strings.CutSuffix(key, fileSuffix)
	if !isFile {
		twin = key + fileSuffix
	}
	if other, ok := v[twin]; ok {
		if other.origin == from {
			ps.add(key, "both it and %s are given; keep one of them.", twin)
			return
		}
		delete(v, twin)
	}
	v[key] = value{text, from}
}

// readSecret replaces the name of a secret's file with what stands in it.
func (s Source) readSecret(key string, got values, ps *Problems) {
	named, ok := got[key+fileSuffix]
	if !ok {
		return
	}
	path := named.text
	info, err := os.Stat(path)
	if err == nil && !s.credential(path) {
		err = checkPrivate(path, info)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		ps.add(key+fileSuffix, "there is no file %s.", path)
	case err != nil:
		ps.add(key+fileSuffix, "%v.", err)
	case strings.TrimSpace(string(text)) == "":
		ps.add(key+fileSuffix, "the file %s is empty.", path)
	default:
		got[key] = value{strings.TrimSpace(string(text)), fromSecretFile}
	}
}

// credential reports whether systemd put the file there for this service alone:
// such a file has an access list that its mode doesn't tell truly.
func (s Source) credential(path string) bool {
	dir := s.env("CREDENTIALS_DIRECTORY")
	return dir != "" && filepath.Dir(filepath.Clean(path)) == filepath.Clean(dir)
}

// SecretVariables names the environment's variables that hold secrets, so that
// a program can unset them once it has read its settings.
func SecretVariables() []string {
	var names []string
	for _, st := range serverSettings() {
		if st.secret {
			names = append(names, variable(st.key))
		}
	}
	return names
}
