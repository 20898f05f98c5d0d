package profile

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/keywright/keywright"
)

// Tx is a change of the store under way.
type Tx struct {
	Set
	store   *Store
	changed bool
	gone    []func() // secrets to remove once nothing names them
}

// Secret returns what opens a profile's server, as it is now.
func (t *Tx) Secret(name string) (Secret, error) { return t.store.Secret(t.Set, name) }

// Put keeps a profile with its secret, in the keyring unless that cannot be. It says
// in p where the secret went.
func (t *Tx) Put(name string, p *Profile, secret Secret) error {
	if !ValidName(name) {
		return &keywright.Error{Kind: keywright.Invalid, Field: "profile", Detail: "letters, digits, dots, dashes and underscores, at most 64"}
	}
	if err := t.moveLegacy(); err != nil {
		return err
	}
	old, replaced := t.Profiles[name]
	if err := t.keep(name, p, secret); err != nil {
		return err
	}
	if replaced && old.Kept != p.Kept {
		t.forget(name, old)
	}
	t.Profiles[name], t.changed = *p, true
	if t.Current == "" {
		t.Current = name
	}
	return nil
}

// keep writes the secret, and says where.
func (t *Tx) keep(name string, p *Profile, secret Secret) error {
	if t.store.ring != nil && t.ring && t.keepInRing(name, secret) {
		p.Kept = inKeyring
		return nil
	}
	raw, err := json.Marshal(secret.stored())
	if err != nil {
		return err
	}
	p.Kept = inFile
	if err := os.MkdirAll(t.store.folder(), 0o700); err != nil {
		return err
	}
	return writePrivate(t.store.secretPath(name), raw)
}

// keepInRing tries the keyring. Some hold no more than a few thousand bytes: a login
// that does not fit is kept without its access token, which the next run renews.
func (t *Tx) keepInRing(name string, secret Secret) bool {
	try := func(s Secret) error {
		raw, err := json.Marshal(s.stored())
		if err != nil {
			return err
		}
		return t.store.ring.Set(t.store.account(name), string(raw))
	}
	err := try(secret)
	if errors.Is(err, ErrTooBig) && reveal(secret.Refresh) != "" {
		err = try(Secret{Refresh: secret.Refresh})
	}
	return err == nil
}

// moveLegacy gives the key of old a place among the others.
func (t *Tx) moveLegacy() error {
	if t.legacy == "" {
		return nil
	}
	p := t.Profiles[Default]
	if err := t.keep(Default, &p, Secret{Key: Hide(t.legacy)}); err != nil {
		return err
	}
	t.Profiles[Default], t.legacy, t.changed = p, "", true
	return nil
}

// Use makes a profile the one in use.
func (t *Tx) Use(name string) error {
	if _, there := t.Profiles[name]; !there {
		return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no profile " + name}
	}
	if err := t.moveLegacy(); err != nil {
		return err
	}
	t.Current, t.changed = name, true
	return nil
}

// Remove forgets a profile and its secret.
func (t *Tx) Remove(name string) error {
	p, there := t.Profiles[name]
	if !there {
		return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no profile " + name}
	}
	if name == Default {
		t.legacy = ""
	}
	if err := t.moveLegacy(); err != nil {
		return err
	}
	delete(t.Profiles, name)
	t.forget(name, p)
	if t.Current == name {
		t.Current = ""
	}
	if rest := t.Names(); t.Current == "" && len(rest) == 1 {
		t.Current = rest[0]
	}
	t.changed = true
	return nil
}

// forget removes a secret once the file that names it has been written.
func (t *Tx) forget(name string, p Profile) {
	t.gone = append(t.gone, func() {
		if p.InKeyring() {
			ring := t.store.ring
			if ring == nil {
				ring = OS()
			}
			_ = ring.Delete(t.store.account(name)) // nothing names it any more
			return
		}
		if err := os.Remove(t.store.secretPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
		_ = os.Remove(t.store.folder()) // if it is empty
	})
}

func (t *Tx) commit() error {
	f := file{Current: t.Current, Profiles: t.Profiles}
	if !t.ring {
		f.Keyring = new(bool)
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := writePrivate(t.store.path, append(raw, '\n')); err != nil {
		return err
	}
	for _, remove := range t.gone {
		remove()
	}
	return nil
}
