package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
)

const pageStyle = `:root{color-scheme:light dark}body{margin:4rem auto;max-width:32rem;padding:0 1.5rem;font:1.125rem/1.5 system-ui,sans-serif}h1{font-size:1.5rem}`

// page answers the browser. Nothing of the request is on it.
func (b *browser) page(w http.ResponseWriter, status int, title, text string) {
	sum := sha256.Sum256([]byte(pageStyle))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>%[1]s</title><style>%[3]s</style></head>
<body><main><h1>%[1]s</h1><p>%[2]s</p></main></body>
</html>
`, html.EscapeString(title), html.EscapeString(text), pageStyle)
}
