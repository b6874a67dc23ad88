package main

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
)

// newLogger writes lines that are safe to look at: values come from customers
// and from the network, so whatever isn't printable ASCII is escaped.
func newLogger(w io.Writer, level slog.Level, format string) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: escape}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func escape(_ []string, a slog.Attr) slog.Attr {
	a.Key = ascii(a.Key)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(ascii(a.Value.String()))
	case slog.KindAny:
		if _, level := a.Value.Any().(slog.Level); !level {
			a.Value = slog.StringValue(ascii(fmt.Sprint(a.Value.Any())))
		}
	}
	return a
}

// ascii escapes what isn't printable ASCII the way Go writes strings.
func ascii(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	quoted := strconv.QuoteToASCII(s)
	return quoted[1 : len(quoted)-1]
}
