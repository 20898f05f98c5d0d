package introspect

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func FuzzForm(f *testing.F) {
	for _, seed := range []string{"", "token=a", "token=a&token=b", "token=%zz", "token=a&scheme=s&address=192.0.2.1", "token=a;b", "&&token=+", "token=a&address=::1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		q, fault := parse(body)
		if fault != nil {
			if fault.status != http.StatusBadRequest || fault.code != invalidRequest || q != (question{}) {
				t.Errorf("%q: %+v, %+v", body, fault, q)
			}
			return
		}
		if q.token == "" || strings.Count("&"+body, "&token=") > 1 {
			t.Errorf("%q is about %q", body, q.token)
		}
		again := url.Values{"token": {q.token}, "scheme": {q.scheme}, "scope": {q.scope}}
		if q.address.IsValid() {
			again.Set("address", q.address.String())
		}
		if q2, fault := parse(again.Encode()); fault != nil || q2 != q {
			t.Errorf("%q: %+v comes back as %+v", body, q, q2)
		}
		_ = isJWT(q.token)
	})
}

func FuzzBasic(f *testing.F) {
	f.Add("Basic " + base64.StdEncoding.EncodeToString([]byte("id:key")))
	f.Add("basic eA==")
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, header string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header["Authorization"] = []string{header}
		_, out, basic := fromBasic(r)
		if got := out.Header.Get("Authorization"); basic != strings.HasPrefix(got, "Bearer ") && !strings.HasPrefix(header, "Bearer ") {
			t.Errorf("%q became %q", header, got)
		}
		if r.Header.Get("Authorization") != header {
			t.Error("the request itself was changed")
		}
	})
}
