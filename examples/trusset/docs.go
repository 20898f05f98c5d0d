package trusset

import (
	"embed"
	"io/fs"
)

//go:embed docs
var docs embed.FS

// Docs returns the pages that this API's provider would write for its customers.
func Docs() fs.FS {
	pages, err := fs.Sub(docs, "docs")
	if err != nil {
		panic(err) // the folder is embedded, and its name is valid
	}
	return pages
}
