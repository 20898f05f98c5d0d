package keywrighttest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keywrighttest"
	"github.com/keywright/keywright/middleware"
)

func Example() {
	// In a test it is keywrighttest.New(t), and nothing needs closing.
	s, err := keywrighttest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	handler := s.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := middleware.From(r.Context())
		fmt.Fprintf(w, "hello, %s", who.Name)
	}))
	key := s.Key("keywright", "acme")

	request := httptest.NewRequest("GET", "/v1/things", nil)
	key.Sign(request)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	fmt.Println(answer.Code, answer.Body)

	s.Revoke(key)
	answer = httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	fmt.Println(answer.Code)
	// Output:
	// 200 hello, acme
	// 401
}

func ExampleServer_Travel() {
	s, err := keywrighttest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	key := s.Key("keywright", "acme", func(d *keywright.Draft) { d.Expires = s.Now().Add(time.Hour) })
	s.Travel(time.Hour - 1)
	fmt.Println(s.Verify(key).Reason)
	s.Travel(1)
	fmt.Println(s.Verify(key).Reason)
	// Output:
	// granted
	// expired
}
