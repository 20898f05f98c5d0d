package handbook

import (
	"net/url"
	"strings"
)

// request is one call as every language spells it.
type request struct {
	Method, URL string
	Headers     []sent
	Body        string // one line per line of the example
	CA          string
}

// sent is a header line of a sample; Variable stands after Value, if there is one.
type sent struct{ Name, Value, Variable string }

// request makes the example call of an operation.
func (o *operation) request(base, ca string) request {
	r := request{Method: o.Method, CA: ca}
	path, query := o.Path, url.Values{}
	for _, p := range o.Parameters {
		switch {
		case !p.HasExample:
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(p.Example))
		case p.In == "query":
			query.Set(p.Name, p.Example)
		case p.In == "header" && p.Required:
			r.Headers = append(r.Headers, sent{Name: p.Name, Value: p.Example})
		}
	}
	r.URL = strings.TrimSuffix(base, "/") + path
	if len(query) > 0 {
		r.URL += "?" + query.Encode()
	}
	if !o.Open {
		for _, h := range o.door.Headers {
			word := h.Word
			if word != "" {
				word += " "
			}
			r.Headers = append(r.Headers, sent{h.Name, word, h.Held.Variable})
		}
	}
	r.Headers = append(r.Headers, sent{Name: "Accept", Value: "application/json"}, sent{Name: "User-Agent", Value: "example/1.0"})
	if len(o.Bodies) > 0 {
		r.Headers = append(r.Headers, sent{Name: "Content-Type", Value: o.Media})
		r.Body = o.Bodies[0].Text
	}
	return r
}

// Sample is one printed program, for whoever runs them all.
type Sample struct {
	Language  string // curl, http, httpie, javascript, node, php, python, go
	Operation string // the operationId
	Text      string
	Runs      bool // false for raw HTTP and for streams without an end
}

// language writes a request as a program.
type language struct {
	Name, Title, Fence, File string
	write                    func(request) string
}

func languages() []language {
	return []language{
		{"curl", "cURL", "bash", "", curl},
		{"http", "HTTP", "http", "", rawHTTP},
		{"httpie", "HTTPie", "bash", "", httpie},
		{"javascript", "JavaScript", "js", "sample.mjs", javascript},
		{"node", "Node.js", "js", "sample.mjs", node},
		{"php", "PHP", "php", "sample.php", php},
		{"python", "Python", "python", "sample.py", python},
		{"go", "Go", "go", "main.go", golang},
	}
}

// samples writes an operation in every language that was asked for.
func (o *operation) samples(base, ca string, all []language) []Sample {
	r := o.request(base, ca)
	var out []Sample
	for _, l := range all {
		out = append(out, Sample{l.Name, o.ID, l.write(r), l.Name != "http" && !o.Streams})
	}
	return out
}

func (r *request) variables() []string {
	var out []string
	for _, h := range r.Headers {
		if h.Variable != "" {
			out = append(out, h.Variable)
		}
	}
	return out
}
