package handbook

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// single quotes a word for a POSIX shell.
func single(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// js quotes a string for JavaScript, Python and Go alike: JSON without escapes of HTML.
func js(s string) string {
	raw, err := plain(s)
	if err != nil {
		return `""`
	}
	return strings.NewReplacer("\u2028", `\u2028`, "\u2029", `\u2029`).Replace(string(raw))
}

func shellHeader(h sent, colon string) string {
	if h.Variable == "" {
		return single(h.Name + colon + h.Value)
	}
	return `"` + h.Name + colon + h.Value + "$" + h.Variable + `"`
}

func curl(r request) string {
	lines := []string{"curl " + single(r.URL)}
	if r.Method != "GET" {
		lines = append(lines, "--request "+r.Method)
	}
	if r.CA != "" {
		lines = append(lines, "--cacert "+single(r.CA))
	}
	for _, h := range r.Headers {
		lines = append(lines, "--header "+shellHeader(h, ": "))
	}
	if r.Body != "" {
		lines = append(lines, "--data-raw "+single(r.Body))
	}
	return strings.Join(lines, " \\\n  ")
}

func httpie(r request) string {
	start := "http --ignore-stdin "
	if r.CA != "" { // options stand before what is sent, or HTTPie takes them apart
		start += "--verify " + single(r.CA) + " "
	}
	lines := []string{start + r.Method + " " + single(r.URL)}
	for _, h := range r.Headers {
		lines = append(lines, shellHeader(h, ":"))
	}
	if r.Body != "" {
		lines = append(lines, "--raw "+single(r.Body))
	}
	return strings.Join(lines, " \\\n  ")
}

func rawHTTP(r request) string {
	at, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(r.Method + " " + at.RequestURI() + " HTTP/1.1\nHost: " + at.Host + "\n")
	for _, h := range r.Headers {
		v := h.Value
		if h.Variable != "" {
			v += "YOUR_" + h.Variable
		}
		b.WriteString(h.Name + ": " + v + "\n")
	}
	if r.Body != "" {
		b.WriteString("Content-Length: " + strconv.Itoa(len(r.Body)) + "\n\n" + r.Body)
	}
	return b.String()
}

func jsHeaders(r request, indent string) string {
	var b strings.Builder
	b.WriteString("{\n")
	for _, h := range r.Headers {
		b.WriteString(indent + "  " + js(h.Name) + ": ")
		switch {
		case h.Variable == "":
			b.WriteString(js(h.Value))
		case h.Value == "":
			b.WriteString("process.env." + h.Variable)
		default:
			b.WriteString("`" + h.Value + "${process.env." + h.Variable + "}`")
		}
		b.WriteString(",\n")
	}
	return b.String() + indent + "}"
}

// jsBody spells JSON as the object that it is, and any other body as a string.
func jsBody(r request, indent string) string {
	if json.Valid([]byte(r.Body)) {
		return "JSON.stringify(" + strings.ReplaceAll(r.Body, "\n", "\n"+indent) + ")"
	}
	return js(r.Body)
}

func javascript(r request) string {
	var b strings.Builder
	b.WriteString("// For a server, Deno, Bun or a worker; never for a page in a browser.\n")
	if r.CA != "" {
		b.WriteString("// Start with NODE_EXTRA_CA_CERTS=" + single(r.CA) + "\n")
	}
	b.WriteString("const response = await fetch(" + js(r.URL) + ", {\n  method: " + js(r.Method) + ",\n  headers: " + jsHeaders(r, "  ") + ",\n")
	if r.Body != "" {
		b.WriteString("  body: " + jsBody(r, "  ") + ",\n")
	}
	b.WriteString("});\nconsole.log(response.status);\nconsole.log(await response.text());\n")
	return b.String()
}

func node(r request) string {
	module := "https"
	if strings.HasPrefix(r.URL, "http:") {
		module = "http"
	}
	var b strings.Builder
	b.WriteString("import { request } from 'node:" + module + "';\n")
	if r.CA != "" {
		b.WriteString("import { readFileSync } from 'node:fs';\n")
	}
	b.WriteString("\nconst call = request(" + js(r.URL) + ", {\n  method: " + js(r.Method) + ",\n  headers: " + jsHeaders(r, "  ") + ",\n")
	if r.CA != "" {
		b.WriteString("  ca: readFileSync(" + js(r.CA) + "),\n")
	}
	b.WriteString("}, async (response) => {\n  let text = '';\n  for await (const part of response.setEncoding('utf8')) text += part;\n  console.log(response.statusCode);\n  console.log(text);\n});\ncall.on('error', (error) => { console.error(error); process.exitCode = 1; });\n")
	if r.Body != "" {
		b.WriteString("call.end(" + jsBody(r, "") + ");\n")
	} else {
		b.WriteString("call.end();\n")
	}
	return b.String()
}

func phpQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func php(r request) string {
	var b strings.Builder
	b.WriteString("<?php\n$context = stream_context_create([\n    'http' => [\n        'method' => " + phpQuote(r.Method) + ",\n        'header' => [\n")
	for _, h := range r.Headers {
		b.WriteString("            " + phpQuote(h.Name+": "+h.Value))
		if h.Variable != "" {
			b.WriteString(" . getenv(" + phpQuote(h.Variable) + ")")
		}
		b.WriteString(",\n")
	}
	b.WriteString("        ],\n")
	if r.Body != "" {
		b.WriteString("        'content' => " + phpQuote(r.Body) + ",\n")
	}
	b.WriteString("        'ignore_errors' => true,\n    ],\n")
	if r.CA != "" {
		b.WriteString("    'ssl' => ['cafile' => " + phpQuote(r.CA) + "],\n")
	}
	b.WriteString("]);\n$body = file_get_contents(" + phpQuote(r.URL) + ", false, $context);\nif ($body === false) {\n    exit(1);\n}\necho $http_response_header[0], \"\\n\", $body, \"\\n\";\n")
	return b.String()
}

func python(r request) string {
	var b strings.Builder
	b.WriteString("import os\nimport ssl\nimport urllib.error\nimport urllib.request\n\nrequest = urllib.request.Request(\n    " + js(r.URL) + ",\n    method=" + js(r.Method) + ",\n    headers={\n")
	for _, h := range r.Headers {
		b.WriteString("        " + js(h.Name) + ": ")
		switch {
		case h.Variable == "":
			b.WriteString(js(h.Value))
		case h.Value == "":
			b.WriteString("os.environ[" + js(h.Variable) + "]")
		default:
			b.WriteString(js(h.Value) + " + os.environ[" + js(h.Variable) + "]")
		}
		b.WriteString(",\n")
	}
	b.WriteString("    },\n")
	if r.Body != "" {
		b.WriteString("    data=" + js(r.Body) + ".encode(),\n")
	}
	b.WriteString(")\n")
	if r.CA != "" {
		b.WriteString("context = ssl.create_default_context(cafile=" + js(r.CA) + ")\n")
	} else {
		b.WriteString("context = ssl.create_default_context()\n")
	}
	b.WriteString("try:\n    with urllib.request.urlopen(request, context=context) as response:\n        print(response.status)\n        print(response.read().decode())\nexcept urllib.error.HTTPError as refused:\n    print(refused.status)\n    print(refused.read().decode())\n")
	return b.String()
}

func golang(r request) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	if r.CA != "" {
		b.WriteString("\t\"crypto/tls\"\n\t\"crypto/x509\"\n")
	}
	b.WriteString("\t\"fmt\"\n\t\"io\"\n\t\"log\"\n\t\"net/http\"\n")
	if len(r.variables()) > 0 || r.CA != "" {
		b.WriteString("\t\"os\"\n")
	}
	body := "nil"
	if r.Body != "" {
		b.WriteString("\t\"strings\"\n")
		body = "strings.NewReader(" + goQuote(r.Body) + ")"
	}
	b.WriteString(")\n\nfunc main() {\n\treq, err := http.NewRequest(" + js(r.Method) + ", " + js(r.URL) + ", " + body + ")\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n")
	for _, h := range r.Headers {
		v := js(h.Value)
		if h.Variable != "" {
			v = strings.TrimPrefix(js(h.Value)+`+os.Getenv(`+js(h.Variable)+")", `""+`)
		}
		b.WriteString("\treq.Header.Set(" + js(h.Name) + ", " + v + ")\n")
	}
	client := "http.DefaultClient"
	if r.CA != "" {
		client = "client"
		b.WriteString("\tca, err := os.ReadFile(" + js(r.CA) + ")\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\troots := x509.NewCertPool()\n\troots.AppendCertsFromPEM(ca)\n\tclient := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}\n")
	}
	b.WriteString("\tres, err := " + client + ".Do(req)\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tdefer res.Body.Close()\n\ttext, err := io.ReadAll(res.Body)\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tfmt.Println(res.StatusCode)\n\tfmt.Println(string(text))\n}\n")
	return b.String()
}

// goQuote prefers a raw string, which shows JSON as it is.
func goQuote(s string) string {
	if strings.Contains(s, "`") {
		return strconv.Quote(s)
	}
	return "`" + s + "`"
}
