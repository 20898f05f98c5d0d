package journey

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// spellings are the ways in which a secret could lie on a disk or in a log.
func spellings(secret string) map[string][]byte {
	raw := []byte(secret)
	std := base64.StdEncoding.EncodeToString(raw)
	return map[string][]byte{
		"plain":      raw,
		"hex":        []byte(hex.EncodeToString(raw)),
		"HEX":        []byte(strings.ToUpper(hex.EncodeToString(raw))),
		"base64":     []byte(strings.TrimRight(std, "=")),
		"base64url":  []byte(base64.RawURLEncoding.EncodeToString(raw)),
		"URL-coded":  []byte(url.QueryEscape(secret)),
		"path-coded": []byte(url.PathEscape(secret)),
	}
}

// scan looks for secrets below a folder and in texts, and says where they are.
func scan(dir string, texts map[string]string, secrets []string) ([]string, error) {
	var found []string
	look := func(where string, content []byte) {
		for _, s := range secrets {
			for how, spelling := range spellings(s) {
				if bytes.Contains(content, spelling) {
					found = append(found, fmt.Sprintf("%s holds a secret, %s", where, how))
				}
			}
		}
	}
	for name, text := range texts {
		look(name, []byte(text))
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		look(path, content)
		return nil
	})
	return found, err
}

// issuedSecrets are the secret parts of everything that the demo handed out.
func (d *demo) issuedSecrets() []string {
	var all []string
	add := func(keys ...string) {
		for _, k := range keys {
			if len(k) >= 24 {
				all = append(all, k[len(k)-24:])
			}
		}
	}
	for _, p := range d.People {
		add(p.Password)
		_, token, _ := strings.Cut(p.Invitation, "token=")
		add(token)
	}
	d.mu.Lock()
	add(d.handedOut...)
	d.mu.Unlock()
	add(d.Management.Key, d.Acme.Key, d.Trusset.Mica.Key, d.Trusset.Mica.ManagementToken)
	for _, u := range d.Trustifi.Users {
		add(u.Secret)
	}
	for _, u := range d.Truestamp.Users {
		add(u.Key)
	}
	for _, i := range d.Trusset.Instances {
		add(i.Key)
	}
	for _, o := range d.DomainTrust.Organizations {
		add(o.TestingKey, o.ProductionKey, o.SecondTesting)
	}
	for _, a := range d.TrustSwiftly.Accounts {
		add(a.Key)
	}
	return all
}

// withoutCurls drops the lines that are meant to carry a secret: those to be pasted.
func (d *demo) withoutCurls() string {
	var b strings.Builder
	for line := range strings.Lines(d.output.String()) {
		meant := strings.HasPrefix(strings.TrimLeft(line, " $"), "curl ") || strings.Contains(line, "/account/invitation?token=")
		if !meant {
			b.WriteString(line)
		}
	}
	return b.String()
}

// scanAfterwards runs when every other test has run, on the demo that they used.
func scanAfterwards(d *demo) int {
	found, err := scan(d.data, map[string]string{"the log": d.withoutCurls()}, d.issuedSecrets())
	if err != nil {
		fmt.Fprintln(os.Stderr, "the scan failed:", err.Error())
		return 1
	}
	for _, f := range found {
		fmt.Fprintln(os.Stderr, f)
	}
	return min(len(found), 1)
}

func TestTheScanFindsWhatIsPlanted(t *testing.T) {
	dir := t.TempDir()
	secret := "s3cr3t/of+somebody=0123456789"
	for how, spelling := range spellings(secret) {
		if err := os.WriteFile(filepath.Join(dir, "database"), append([]byte("noise before "), spelling...), 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := scan(dir, nil, []string{secret})
		if err != nil || len(found) == 0 {
			t.Errorf("%s was not found: %v", how, err)
		}
	}
}

func TestMetricsHoldNoSecret(t *testing.T) {
	d := own(t)
	d.get(t, d.Trusset.Base+"/customers/api/manage", apiKey(d.Trusset.Instances[0].Key)...)
	at := between(d.output.String(), "http://", "/metrics")
	if at == "" {
		t.Fatal("the demo does not say where its metrics are")
	}
	res, err := d.client.Get("http://" + at + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || !bytes.Contains(b, []byte("keywright_")) {
		t.Fatalf("no metrics of ours: %v", err)
	}
	texts := map[string]string{"/metrics": string(b)}
	found, err := scan(t.TempDir(), texts, d.issuedSecrets())
	if err != nil || len(found) > 0 {
		t.Error(found, err)
	}
}

// between returns what stands before the first end, back to the last begin.
func between(s, begin, end string) string {
	stop := strings.Index(s, end)
	if stop < 0 {
		return ""
	}
	start := strings.LastIndex(s[:stop], begin)
	if start < 0 {
		return ""
	}
	return s[start+len(begin) : stop]
}
