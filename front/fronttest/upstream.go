package fronttest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/seal"
)

// upstream is what granted requests must reach. It answers 200 and "ok" to what
// is as it should be, and 200 and the fault to what is not.
type upstream struct {
	jwks  []byte
	clock func() time.Time

	mu     sync.Mutex
	secret []string // of the request under way, which must not arrive
}

func (u *upstream) expect(c keywright.Credential) {
	public, secret := c.Reveal()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.secret = nil
	for _, half := range []string{public, secret} {
		if half != "" {
			u.secret = append(u.secret, half)
		}
	}
}

// ServeHTTP implements http.Handler.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// What an upstream says of limits gives way to what the front says, and the
	// identity is not for the client, however carelessly it is echoed.
	w.Header().Set("X-RateLimit-Remaining", "upstream")
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, u.judge(r))
}

func (u *upstream) judge(r *http.Request) string {
	u.mu.Lock()
	secrets := u.secret
	u.mu.Unlock()
	all := fmt.Sprint(r.Header, r.URL, r.Host)
	for _, s := range secrets {
		if strings.Contains(all, s) {
			return "the credential reached the upstream"
		}
	}
	lines := r.Header[seal.IdentityHeader]
	if len(lines) != 1 {
		return fmt.Sprintf("%d lines of %s", len(lines), seal.IdentityHeader)
	}
	parts := strings.Split(lines[0], ".")
	if len(parts) != 3 {
		return "what stands in the identity's place is not ours"
	}
	var claims struct {
		Audience string `json:"aud"`
	}
	if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(raw, &claims) != nil {
		return "the identity's claims cannot be read"
	}
	verifier, err := seal.NewVerifier(u.jwks, claims.Audience, u.clock)
	if err != nil {
		return err.Error()
	}
	if _, err := verifier.Verify(lines[0]); err != nil {
		return err.Error()
	}
	return "ok"
}
