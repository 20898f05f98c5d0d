package handbook

import (
	"bytes"
	"html/template"
)

const bundle = "assets/scalar-1.46.4.js.gz"

// reference makes /try: Scalar's interactive reference, from this host alone.
func (h *Handbook) reference(b *book, doc *document, layout *template.Template) error {
	if doc == nil {
		return nil
	}
	raw, err := plain(doc.root)
	if err != nil {
		return err
	}
	h.add("/openapi.json", "application/json", h.policy(), raw)
	h.add("/openapi.yaml", "application/yaml", h.policy(), h.o.OpenAPI)
	var out bytes.Buffer
	if err := layout.ExecuteTemplate(&out, "try.html", viewed{book: b}); err != nil {
		return err
	}
	// Scalar writes its styles into the page, so this page alone allows it.
	policy := "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self' " + origin(h.o.Base)
	h.add("/try", "text/html; charset=utf-8", policy, out.Bytes())
	packed, err := shipped.ReadFile(bundle)
	if err != nil {
		return err
	}
	h.files["/assets/scalar.js"] = &file{kind: "text/javascript; charset=utf-8", policy: "default-src 'none'", tag: `"scalar-1.46.4"`, packed: packed}
	js, err := shipped.ReadFile("assets/try.js")
	if err != nil {
		return err
	}
	h.add("/assets/try.js", "text/javascript; charset=utf-8", "default-src 'none'", js)
	return nil
}
