package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

//go:embed assets/*
var assetFiles embed.FS

const assetsPath = root + "/assets/"

// asset is one file that pages load, under a name that changes with its content.
type asset struct {
	kind string
	body []byte
}

type assets struct {
	named map[string]string // by the name in templates
	files map[string]asset  // by the name in addresses
}

// newAssets takes in the files of the program, and makes the site's own: its
// colours and its icon.
func newAssets(o *Options) assets {
	a := assets{named: map[string]string{}, files: map[string]asset{}}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // they are in the program
	}
	for _, e := range entries {
		body, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		a.add(e.Name(), body)
	}
	tint := newTint(o.Accent)
	a.add("brand.css", []byte(tint.css()))
	mark := []byte(icon(o.Name, tint))
	if len(o.Logo) > 0 {
		mark = o.Logo
	}
	a.add("icon.svg", mark)
	return a
}

func (a *assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:8]) + ext
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	a.named[name] = assetsPath + hashed
	a.files[hashed] = asset{kind: kinds[ext], body: body}
}

// path returns the address of a file. A name that is not there fails the template.
func (a *assets) path(name string) (string, error) {
	if p, ok := a.named[name]; ok {
		return p, nil
	}
	return "", fmt.Errorf("there is no asset %q", name)
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("name")]
	if !ok {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	if f.kind == "image/svg+xml" { // opened by itself, a picture may style itself, and do nothing else
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// icon is the first letter of the provider's name on its colour.
func icon(name string, t tint) string {
	first, _ := utf8.DecodeRuneInString(strings.ToUpper(name))
	if first == utf8.RuneError {
		first = 'K'
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="%s"/>`+
		`<text x="16" y="22.5" font-family="system-ui, sans-serif" font-size="18" font-weight="700" text-anchor="middle" fill="%s">%s</text></svg>`,
		t.accent, t.onAccent, html.EscapeString(string(first)))
}
