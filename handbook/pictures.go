package handbook

import (
	"bytes"
	"image"
	_ "image/png" // the one kind that pages show
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// picture is one of a provider's pages: a PNG file in the folder images.
type picture struct {
	Path string
	Body []byte
	tag  [2]string // what Markdown makes of it, and what stands in the page
}

const (
	maxPicture  = 1 << 20
	maxPictures = 100
	maxSide     = 8192 // pixels
)

// pictures reads them all. Their size goes into the page, so that nothing moves when
// they come.
func (b *book) pictures() ([]picture, error) {
	if b.Pages == nil {
		return nil, nil
	}
	names, err := fs.Glob(b.Pages, "images/*.png")
	if err != nil {
		return nil, err
	}
	if len(names) > maxPictures {
		return nil, invalid("Pages", "there are more than %d pictures", maxPictures)
	}
	slices.Sort(names)
	all := make([]picture, 0, len(names))
	for _, name := range names {
		body, err := fs.ReadFile(b.Pages, name)
		if err != nil {
			return nil, invalid("Pages", "%s: %v", name, err)
		}
		stem := strings.TrimSuffix(path.Base(name), ".png")
		if len(body) > maxPicture || stem != slug(stem) {
			return nil, invalid("Pages", "%s: a picture has at most %d bytes, and a name of small letters, digits and dashes", name, maxPicture)
		}
		is, _, err := image.DecodeConfig(bytes.NewReader(body))
		if err != nil || is.Width > maxSide || is.Height > maxSide {
			return nil, invalid("Pages", "%s: is no PNG picture of at most %d pixels a side", name, maxSide)
		}
		at := "/" + name
		size := ` width="` + strconv.Itoa(is.Width) + `" height="` + strconv.Itoa(is.Height) + `" loading="lazy"`
		all = append(all, picture{Path: at, Body: body, tag: [2]string{`<img src="` + name + `"`, `<img src="` + at + `"` + size}})
	}
	return all, nil
}

// sized puts the pictures' sizes into a page.
func sized(all []picture, page string) string {
	var pairs []string
	for i := range all {
		pairs = append(pairs, all[i].tag[0], all[i].tag[1])
	}
	return strings.NewReplacer(pairs...).Replace(page)
}
