package forwardauth

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/scheme"
)

// The headers that carry a refusal through nginx.
const (
	statusHeader  = "Keywright-Status"
	refusalHeader = "Keywright-Refusal"
)

// maxRefusal bounds a refusal that is handed back.
const maxRefusal = 16 << 10

// refusal is an answer, whole.
type refusal struct {
	Status int             `json:"s"`
	Header []scheme.Header `json:"h"`
	Body   string          `json:"b"`
}

// reply adds what the gate adds to an answer.
func reply(a *scheme.Answer, v *gate.Verdict) *refusal {
	out := &refusal{Status: a.Status, Header: append([]scheme.Header(nil), a.Header...), Body: string(a.Body)}
	if v != nil {
		v.Headers(func(name, value string) { out.Header = append(out.Header, scheme.Header{Name: name, Value: value}) })
	}
	return out
}

// refuse writes a refusal as the proxy can carry it.
func refuse(w http.ResponseWriter, a *refusal, asked interface{ Get(string) string }) {
	if asked.Get("nginx") == "" {
		write(w, a)
		return
	}
	packed, err := json.Marshal(a)
	if err != nil {
		write(w, lost())
		return
	}
	w.Header().Set(statusHeader, strconv.Itoa(a.Status))
	w.Header().Set(refusalHeader, base64.RawURLEncoding.EncodeToString(packed))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusForbidden)
}

// render unpacks what refuse packed. It can make nothing but a refusal of it: a
// client that got its own through would only refuse itself.
func render(lines []string) *refusal {
	if len(lines) != 1 || len(lines[0]) > maxRefusal {
		return lost()
	}
	packed, err := base64.RawURLEncoding.DecodeString(lines[0])
	if err != nil {
		return lost()
	}
	var a refusal
	if err := json.Unmarshal(packed, &a); err != nil || a.Status < 400 || a.Status > 599 {
		return lost()
	}
	return &a
}

// lost is the answer when the proxy did not hand the refusal back.
func lost() *refusal {
	return reply(gate.Plain(http.StatusForbidden, "refused", "The request was refused."), nil)
}

func write(w http.ResponseWriter, a *refusal) {
	h := w.Header()
	for _, line := range a.Header {
		h[line.Name] = append(h[line.Name], line.Value) // as the scheme spells it
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write([]byte(a.Body))
}
