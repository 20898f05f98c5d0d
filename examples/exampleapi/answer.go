package exampleapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

const jsonType = "application/json"

// refuse writes a fault in the system's own style.
func (s *Service) refuse(w http.ResponseWriter, f Fault) {
	status, body := s.api.Dress(f)
	media := s.api.FaultType
	if media == "" {
		media = jsonType
	}
	if status == http.StatusUnauthorized && s.api.Challenge != "" {
		w.Header().Set("WWW-Authenticate", s.api.Challenge)
	}
	raw, err := s.render(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte("{}")
	}
	write(w, status, media, raw)
}

// answer writes a reply as JSON, or nothing at all when it has no body.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, reply Reply, tagged bool) {
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	for name, value := range reply.Header {
		w.Header().Set(name, value)
	}
	if reply.Body == nil {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(reply.Status)
		return
	}
	raw, err := s.render(reply.Body)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if tagged {
		tag := entityTag(raw)
		w.Header().Set("ETag", tag)
		if reply.Status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
			matches(r.Header.Values("If-None-Match"), tag) {
			w.Header().Set("Cache-Control", "private, no-cache")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	write(w, reply.Status, jsonType, raw)
}

func (s *Service) render(body any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if s.api.Pretty {
		enc.SetIndent("", "  ")
	}
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// write is the end of every answer with a body. What is a tenant's own must not
// stay in a shared cache.
func write(w http.ResponseWriter, status int, media string, raw []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(raw)))
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("ETag") != "" {
		h.Set("Cache-Control", "private, no-cache")
	} else {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

func entityTag(raw []byte) string {
	sum := sha256.Sum256(raw)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// matches compares weakly, as RFC 9110 asks of If-None-Match.
func matches(lines []string, tag string) bool {
	for part := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}
