package graphfake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// next returns 32 bytes that follow from the seed and the count of ids so far.
// The caller holds f.mu.
func (f *Fake) next() [32]byte {
	f.serial++
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], f.o.Seed)
	binary.BigEndian.PutUint64(b[8:], f.serial)
	return sha256.Sum256(b[:])
}

// wamid is built like Meta's: base64 of a small record around the customer's
// number. Inbound ids carry 20 hex digits, outbound ones 18.
func (f *Fake) wamid(number string, inbound bool) string {
	sum := f.next()
	word, direction := strings.ToUpper(hex.EncodeToString(sum[:9])), byte(0x11)
	if inbound {
		word, direction = strings.ToUpper(hex.EncodeToString(sum[:10])), 0x12
	}
	number = number[:min(len(number), 255)]
	rec := append([]byte{0x1c, 0x18, byte(len(number))}, number...)
	rec = append(rec, 0x15, 0x02, 0x00, direction, 0x18, byte(len(word)))
	rec = append(rec, word...)
	return "wamid." + base64.StdEncoding.EncodeToString(append(rec, 0))
}

// mediaID is sixteen digits.
func (f *Fake) mediaID() string {
	sum := f.next()
	return fmt.Sprintf("1%015d", binary.BigEndian.Uint64(sum[:8])%1_000_000_000_000_000)
}

func (f *Fake) trace() string {
	sum := f.next()
	return "A" + base64.RawURLEncoding.EncodeToString(sum[:13])
}
