package handbook_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/keywright/keywright/handbook"
)

func TestPicturesOfPages(t *testing.T) {
	t.Parallel()
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	with := func(name string, body []byte) (*handbook.Handbook, error) {
		return handbook.New(handbook.Options{API: "x", Schemes: []handbook.Part{{Scheme: shipped(t, "keywright")}}, Pages: fstest.MapFS{
			"own.md": {Data: []byte("---\ntitle: Own\ndescription: one\n---\n# Own\n\n![A small one](images/small.png)\n")}, name: {Data: body},
		}})
	}
	h, err := with("images/small.png", small.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if page := get(t, h, "/own"); !strings.Contains(page, `<img src="/images/small.png" width="30" height="20" loading="lazy" alt="A small one"`) {
		t.Errorf("the page shows no picture: %s", page)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/images/small.png", nil))
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || !bytes.Equal(w.Body.Bytes(), small.Bytes()) {
		t.Errorf("the picture answers %d as %s", w.Code, w.Header().Get("Content-Type"))
	}
	for name, body := range map[string][]byte{"images/no.png": []byte("<svg/>"), "images/Two words.png": small.Bytes(), "images/big.png": append(small.Bytes(), make([]byte, 2<<20)...)} {
		if _, err := with(name, body); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
