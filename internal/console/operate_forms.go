package console

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
)

// pairs writes metadata as a form has it: a name and a value on each line.
func pairs(m map[string]string) string {
	lines := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		lines = append(lines, name+": "+m[name])
	}
	return strings.Join(lines, "\n")
}

// metadata reads it back. nil is a form that does not ask for it.
func (v *visit) metadata() (*map[string]string, error) {
	if !v.r.PostForm.Has("metadata") {
		return nil, nil //nolint:nilnil // none is a value here
	}
	out := map[string]string{}
	for line := range strings.Lines(v.r.PostFormValue("metadata")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if _, twice := out[name]; !ok || name == "" || twice {
			return nil, &keywright.Error{Kind: keywright.Invalid, Field: "metadata", Detail: "write a name, a colon and a value on each line, each name once"}
		}
		out[name] = strings.TrimSpace(value)
	}
	return &out, nil
}

// version is the one that a form was made of, so that nobody overwrites what another
// has changed meanwhile; 0 where it does not say.
func (v *visit) version() uint64 {
	n, err := strconv.ParseUint(v.r.PostFormValue("version"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// headerLines reads the headers of a pasted request, one on a line.
func headerLines(text string) (map[string]any, error) {
	out := map[string]any{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "HTTP/") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			// Nothing of the line is said: it may be a key.
			return nil, &keywright.Error{Kind: keywright.Invalid, Field: "headers", Detail: "write a name, a colon and a value on each line, such as Authorization: Bearer …"}
		}
		switch had := out[name].(type) {
		case nil:
			out[name] = value
		case string:
			out[name] = []string{had, value}
		case []string:
			out[name] = append(had, value)
		}
	}
	return out, nil
}

// headerField is where a request is pasted. What was typed never comes back.
func headerField(p *page) field {
	f := input(p, "headers", "Headers", "hint=One on a line, such as Authorization: Bearer …. They are used and forgotten: the form comes back without them.")
	f.Value = ""
	return f
}
