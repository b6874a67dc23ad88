package graphfake

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"strings"
	"time"
)

const mediaURLLife = 5 * time.Minute

// sample asks for bytes of a kind.
type sample struct{ kind, mime string }

// file is what a customer sent.
type file struct {
	mime  string
	bytes []byte
	sum   [32]byte
	// until is how long the address handed out last may be used.
	until time.Time
}

// attach makes the bytes of a media message known and returns its node's
// further keys. The caller holds f.mu.
func (f *Fake) attach(s sample) object {
	id := f.mediaID()
	fl := file{mime: s.mime, bytes: content(s.kind, id)}
	fl.sum = sha256.Sum256(fl.bytes)
	fl.until = f.o.Now().Add(mediaURLLife)
	f.media[id] = fl
	keys := object{"id": id, "sha256": base64.StdEncoding.EncodeToString(fl.sum[:])}
	if f.mediaURL != "" {
		keys["url"] = f.address(id, fl.until)
	}
	return keys
}

func (f *Fake) address(id string, until time.Time) string {
	return fmt.Sprintf("%s/whatsapp_business/attachments/?mid=%s&ext=%d", f.mediaURL, id, until.Unix())
}

// content is a small picture for images, and bytes that begin like the real
// thing for the rest.
func content(kind, id string) []byte {
	sum := sha256.Sum256([]byte(id))
	switch kind {
	case "image":
		return photo(sum)
	case "document":
		return []byte("%PDF-1.4\n% " + id + "\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	case "audio":
		return append([]byte("OggS\x00\x02"), bytes.Repeat(sum[:], 64)...)
	case "video":
		return append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), bytes.Repeat(sum[:], 256)...)
	}
	return append([]byte("RIFF\x00\x08\x00\x00WEBPVP8 "), bytes.Repeat(sum[:], 32)...)
}

func photo(sum [32]byte) []byte {
	const w, h = 96, 72
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{sum[0] + byte(x), sum[1] + byte(2*y), sum[2] + byte(x+y), 255})
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, m, nil) // a buffer takes everything
	return b.Bytes()
}

// describe answers GET /{MEDIA_ID}.
func (f *Fake) describe(w http.ResponseWriter, r *http.Request, id string) {
	f.mu.Lock()
	fl, ok := f.media[id]
	if r.Method == http.MethodDelete {
		delete(f.media, id)
	} else if ok {
		fl.until = f.o.Now().Add(mediaURLLife)
		f.media[id] = fl
	}
	address := f.address(id, fl.until)
	f.mu.Unlock()
	phone := r.URL.Query().Get("phone_number_id")
	switch {
	case !ok || phone != "" && phone != f.o.PhoneNumberID:
		f.unknownObject(w, id)
	case r.Method == http.MethodDelete:
		writeJSON(w, http.StatusOK, object{"success": true})
	default:
		writeJSON(w, http.StatusOK, object{"messaging_product": "whatsapp", "url": address, "mime_type": fl.mime,
			"sha256": hex.EncodeToString(fl.sum[:]), "file_size": len(fl.bytes), "id": id})
	}
}

// MediaHandler serves the bytes; it stands for the other host that media comes
// from, and wants the token, too.
func (f *Fake) MediaHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.record(r, nil)
		if r.Header.Get("Authorization") != "Bearer "+f.o.AccessToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		f.mu.Lock()
		fl, ok := f.media[r.URL.Query().Get("mid")]
		f.mu.Unlock()
		if !ok || f.o.Now().After(fl.until) || !strings.HasPrefix(r.URL.Path, "/whatsapp_business/attachments") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", fl.mime)
		_, _ = w.Write(fl.bytes)
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
