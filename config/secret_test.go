package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

const canary = "canary-7c1f"

// However a secret is printed, alone or inside something, it isn't told.
func TestSecretIsNotPrinted(t *testing.T) {
	s := NewSecret(canary)
	holder := struct {
		Open   Secret
		hidden Secret
		List   []Secret
		Map    map[string]Secret
	}{s, s, []Secret{s}, map[string]Secret{"k": s}}
	var out bytes.Buffer
	for _, v := range []any{s, &s, holder, &holder, Server{Database: s, WhatsApp: WhatsApp{AppSecret: s}}, SignIn{Token: s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, errors.Join(fmt.Errorf("with %v", v)))
		for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(h).Info("m", "v", v)
		}
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(j)
	}
	if err := toml.NewEncoder(&out).Encode(map[string]Secret{"k": s}); err != nil {
		t.Fatal(err)
	}
	hex := fmt.Sprintf("%x", canary)
	if text := strings.ToLower(out.String()); strings.Contains(text, canary) || strings.Contains(text, hex) {
		t.Errorf("the secret was printed:\n%s", text)
	}
	if !strings.Contains(out.String(), redacted) {
		t.Error("nothing says that something was left out")
	}
	if s.Reveal() != canary || !s.Set() || (Secret{}).Set() || NewSecret("").Set() || (Secret{}).Reveal() != "" {
		t.Error("a secret doesn't hold its text")
	}
}
