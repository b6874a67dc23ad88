package graphfake

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Sign returns the value of X-Hub-Signature-256 for a body.
func Sign(secret string, body []byte) string {
	return "sha256=" + mac(sha256.New, secret, body)
}

func mac(h func() hash.Hash, secret string, body []byte) string {
	m := hmac.New(h, []byte(secret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

func signSHA1(secret string, body []byte) string { return "sha1=" + mac(sha1.New, secret, body) }

// Escape writes JSON as Meta does before signing: every character outside ASCII
// as \uXXXX in lowercase hex, those beyond the basic plane as two.
func Escape(json []byte, slash bool) []byte {
	var b strings.Builder
	b.Grow(len(json) + len(json)/4)
	for len(json) > 0 {
		r, n := utf8.DecodeRune(json)
		switch {
		case slash && r == '/':
			b.WriteString(`\/`)
		case r < utf8.RuneSelf:
			b.WriteByte(byte(r))
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		json = json[n:]
	}
	return []byte(b.String())
}
