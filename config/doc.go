// Package config reads both programs' settings: defaults, then a TOML file,
// then the environment, then flags. What it returns are plain values; only cmd
// imports it.
//
// A mistake is reported as one sentence that names the setting, says what is
// wrong and what to do, and all mistakes are reported at once. A secret never
// stands in such a sentence, nor in anything that is printed of a [Secret].
package config
