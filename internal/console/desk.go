package console

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
)

// desk is a client of the management API in the name of whoever is there. It never
// leaves the process.
func (v *visit) desk() (*client.Client, error) {
	return client.New("http://"+v.r.Host, keywright.Credential{}, client.Options{
		HTTP: &http.Client{Transport: within{v.Desk, v.r}}, Retries: -1, PlainHTTP: true, UserAgent: v.r.UserAgent(),
	})
}

// within hands requests to a handler of this process, as if the browser whose request
// is being answered had sent them.
type within struct {
	handler http.Handler
	from    *http.Request
}

// carried are the headers that say who asks, and by which way.
func carried() []string {
	return []string{"Cookie", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "User-Agent"}
}

// RoundTrip implements http.RoundTripper.
func (t within) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(t.from.Context())
	in.Host, in.RemoteAddr, in.TLS, in.RequestURI = t.from.Host, t.from.RemoteAddr, t.from.TLS, r.URL.RequestURI()
	for _, name := range carried() {
		if lines := t.from.Header.Values(name); len(lines) > 0 {
			in.Header[http.CanonicalHeaderKey(name)] = lines
		}
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &kept{header: http.Header{}}
	t.handler.ServeHTTP(out, in)
	if out.err != nil {
		return nil, out.err
	}
	return &http.Response{
		StatusCode: max(out.status, http.StatusOK), Status: http.StatusText(out.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: io.NopCloser(&out.body), ContentLength: int64(out.body.Len()), Request: r,
	}, nil
}

// maxKept bounds an answer that a page is made of.
const maxKept = 16 << 20

// kept is an answer that was not sent anywhere.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
	err    error
}

// Header implements http.ResponseWriter.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader implements http.ResponseWriter.
func (k *kept) WriteHeader(status int) {
	if k.status == 0 && status >= http.StatusOK {
		k.status = status
	}
}

// Write implements http.ResponseWriter.
func (k *kept) Write(p []byte) (int, error) {
	if k.body.Len()+len(p) > maxKept {
		k.err = errors.New("the answer is too long for a page")
		return 0, k.err
	}
	return k.body.Write(p)
}
