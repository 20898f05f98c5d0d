package profile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/keywright/keywright"
)

// Ring is a keyring of secrets by account.
type Ring interface {
	Set(account, secret string) error
	Get(account string) (string, error)
	Delete(account string) error
}

// ErrTooBig is returned by a Ring's Set for a secret that does not fit.
var ErrTooBig = keyring.ErrSetDataTooBig

// service names what is ours in the operating system's keyring.
const service = "keywright"

// patience is how long a keyring may take: it may ask its owner to unlock it.
const patience = time.Minute

// osRing is the operating system's keyring.
type osRing struct{}

// OS returns the operating system's keyring.
func OS() Ring { return osRing{} }

// HasOS reports whether there is likely to be one. Without a session bus there is no
// Secret Service, and looking for one would start a bus.
func HasOS() bool {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" || os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus"))
	return err == nil
}

func (osRing) Set(account, secret string) error {
	_, err := patiently(func() (string, error) { return "", keyring.Set(service, account, secret) })
	return err
}

func (osRing) Get(account string) (string, error) {
	secret, err := patiently(func() (string, error) { return keyring.Get(service, account) })
	if errors.Is(err, keyring.ErrNotFound) {
		return "", &keywright.Error{Kind: keywright.NotFound, Detail: "what was kept in the keyring has gone: log in again"}
	}
	return secret, err
}

func (osRing) Delete(account string) error {
	_, err := patiently(func() (string, error) { return "", keyring.Delete(service, account) })
	return err
}

// patiently gives up on a keyring that does not answer.
func patiently(ask func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := ask()
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-time.After(patience):
		return "", errors.New("the keyring does not answer; keywright login --keyring=false keeps credentials in a file instead")
	}
}
