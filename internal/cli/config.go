package cli

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/cli/profile"
)

const userAgent = "keywright-cli/1"

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

// store opens the configuration of this command line.
func (a *app) store() (*profile.Store, error) {
	path, err := a.configPath()
	if err != nil {
		return nil, err
	}
	var ring profile.Ring
	if a.keyring && os.Getenv("KEYWRIGHT_KEYRING") != "false" && profile.HasOS() {
		ring = profile.OS()
	}
	return profile.Open(path, ring), nil
}

// chosen is the profile that a command acts by; without one, name is empty.
type chosen struct {
	profile.Profile
	name  string
	set   profile.Set
	store *profile.Store
}

// choose finds the profile that is named, or else in use.
func (a *app) choose() (chosen, error) {
	var c chosen
	var err error
	if c.store, err = a.store(); err != nil {
		if a.profile != "" {
			return c, err
		}
		return c, nil // without a folder there is no file: flags and environment may do
	}
	if c.set, err = c.store.Read(); err != nil {
		return c, err
	}
	c.name = a.profileNamed()
	named := c.name != ""
	if !named {
		c.name = c.set.Current
	}
	p, there := c.set.Profiles[c.name]
	if !there && named {
		return c, &coded{code: ExitNotFound, text: "there is no profile " + clean(c.name) + ": see keywright profiles list"}
	}
	if !there {
		c.name = ""
	}
	c.Profile = p
	return c, nil
}

// profileNamed is the profile that flag or environment name, or nothing.
func (a *app) profileNamed() string {
	if a.profile != "" {
		return a.profile
	}
	return os.Getenv("KEYWRIGHT_PROFILE")
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
	raw, err := profile.ReadPrivate(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimRight(line, "\r"), nil
}

const maxSecret = 16 << 10

// givenKey returns the operator key that flag or environment give. A --profile goes
// before the environment: it was said later.
func (a *app) givenKey(cmd *cobra.Command) (string, bool, error) {
	if a.keyFile != "" {
		k, err := secretFile(cmd, a.keyFile)
		return k, true, err
	}
	if a.profile != "" {
		return "", false, nil
	}
	if k := os.Getenv("KEYWRIGHT_KEY"); k != "" {
		return k, true, nil
	}
	if p := os.Getenv("KEYWRIGHT_KEY_FILE"); p != "" {
		k, err := secretFile(cmd, p)
		return k, true, err
	}
	return "", false, nil
}

// operatorKey looks in the environment, the named file and the profile, in this order.
func (a *app) operatorKey(cmd *cobra.Command, c chosen) (keywright.Credential, error) {
	k, given, err := a.givenKey(cmd)
	switch {
	case err != nil:
		return keywright.Credential{}, err
	case given:
		return keywright.NewCredential("", k), nil
	case c.name == "":
		return keywright.Credential{}, usage("no operator key: set KEYWRIGHT_KEY, or give --key-file FILE, or run keywright setup once")
	case c.Kind == profile.Login, c.Site:
		return keywright.Credential{}, usage("this needs an operator key, and the profile " + c.name + " is a customer's, at " + c.Server + ": name another with --profile")
	}
	secret, err := c.store.Secret(c.set, c.name)
	return secret.Key, err
}

// given is the server that flag or environment name. A --profile goes before the environment.
func (a *app) given() string {
	if a.server != "" || a.profile != "" {
		return a.server
	}
	return os.Getenv("KEYWRIGHT_SERVER")
}

func (a *app) address(c chosen) (string, error) {
	if one := a.given(); one != "" {
		return one, nil
	}
	if c.Server != "" && c.Kind == profile.Key && !c.Site {
		return c.Server, nil
	}
	return "", usage("no server: give --server URL, or set KEYWRIGHT_SERVER")
}

// client makes the operator's client that flags, environment and profile describe.
func (a *app) client(cmd *cobra.Command) (*client.Client, error) {
	c, err := a.choose()
	if err != nil {
		return nil, err
	}
	key, err := a.operatorKey(cmd, c)
	if err != nil {
		return nil, err
	}
	server, err := a.address(c)
	if err != nil {
		return nil, err
	}
	return a.clientAt(server, key)
}

func (a *app) clientAt(server string, key keywright.Credential) (*client.Client, error) {
	h, err := a.http()
	if err != nil {
		return nil, err
	}
	return client.New(server, key, client.Options{HTTP: h, PlainHTTP: a.insecure, UserAgent: userAgent})
}

// http reaches *.localhost at this machine, trusts --ca besides the system's
// authorities, and follows no redirection: it carries secrets.
func (a *app) http() (*http.Client, error) {
	t := client.Transport()
	ca := a.ca
	if ca == "" {
		ca = os.Getenv("KEYWRIGHT_CA")
	}
	if ca != "" {
		pool, err := trusted(ca)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// brief is http for short exchanges.
func (a *app) brief() (*http.Client, error) {
	h, err := a.http()
	if err == nil {
		h.Timeout = 30 * time.Second
	}
	return h, err
}

func trusted(path string) (*x509.CertPool, error) {
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
	return pool, nil
}
