package cli

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"crypto/tls"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
)

// settings are what "keywright setup" keeps: one server and its operator key.
type settings struct {
	Server string `json:"server"`
	Key    string `json:"key"`
}

// Format implements fmt.Formatter: settings hold a secret.
func (settings) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

func (a *app) configPath() (string, error) {
	if a.config != "" {
		return a.config, nil
	}
	if p := os.Getenv("KEYWRIGHT_CLI_CONFIG"); p != "" {
		return p, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", usage("there is no configuration folder: name a file with --config-file")
	}
	return filepath.Join(dir, "keywright", "cli.json"), nil
}

// load reads the settings; a file that is not there is none.
func (a *app) load() (settings, error) {
	var s settings
	path, err := a.configPath()
	if err != nil {
		return s, nil //nolint:nilerr // without a folder there is no file: flags and environment may do
	}
	raw, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("%s is not what keywright setup writes: remove it, or run keywright setup again", path)
	}
	return s, nil
}

// readPrivate reads a file that holds a secret, and refuses one that others may read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read %s, which holds a secret: chmod 600 %s", path, path)
	}
	return os.ReadFile(path)
}

// save writes the settings so that only their owner may read them, whole or not at all.
func (a *app) save(s settings) (string, error) {
	path, err := a.configPath()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".cli-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(append(raw, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return path, nil
}

// secretFile reads a secret from the first line of a file, or of standard input for "-".
func secretFile(cmd *cobra.Command, path string) (string, error) {
	if path == "-" {
		line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), maxSecret)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	raw, err := readPrivate(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimRight(line, "\r"), nil
}

const maxSecret = 16 << 10

// operatorKey looks in the environment, the named file and the settings, in this order.
func (a *app) operatorKey(cmd *cobra.Command, s settings) (string, error) {
	if a.keyFile != "" {
		return secretFile(cmd, a.keyFile)
	}
	if k := os.Getenv("KEYWRIGHT_KEY"); k != "" {
		return k, nil
	}
	if p := os.Getenv("KEYWRIGHT_KEY_FILE"); p != "" {
		return secretFile(cmd, p)
	}
	if s.Key == "" {
		return "", usage("no operator key: set KEYWRIGHT_KEY, or give --key-file FILE, or run keywright setup once")
	}
	return s.Key, nil
}

func (a *app) address(s settings) (string, error) {
	for _, one := range []string{a.server, os.Getenv("KEYWRIGHT_SERVER"), s.Server} {
		if one != "" {
			return one, nil
		}
	}
	return "", usage("no server: give --server URL, or set KEYWRIGHT_SERVER")
}

// client makes the client that flags, environment and settings describe.
func (a *app) client(cmd *cobra.Command) (*client.Client, error) {
	s, err := a.load()
	if err != nil {
		return nil, err
	}
	key, err := a.operatorKey(cmd, s)
	if err != nil {
		return nil, err
	}
	return a.clientWith(s, key)
}

func (a *app) clientWith(s settings, key string) (*client.Client, error) {
	server, err := a.address(s)
	if err != nil {
		return nil, err
	}
	o := client.Options{PlainHTTP: a.insecure, UserAgent: "keywright-cli/1"}
	ca := a.ca
	if ca == "" {
		ca = os.Getenv("KEYWRIGHT_CA")
	}
	if ca != "" {
		if o.HTTP, err = trusting(ca); err != nil {
			return nil, err
		}
	}
	return client.New(server, keywright.NewCredential("", key), o)
}

func trusting(path string) (*http.Client, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, usage(path + " holds no certificate in PEM")
	}
	t := client.Transport()
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}
