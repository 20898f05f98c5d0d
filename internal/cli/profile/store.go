package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/keywright/keywright"
)

// Set is all profiles, and the one that is in use when none is named.
type Set struct {
	Current  string
	Profiles map[string]Profile
	legacy   string // the key that stood in the file itself, before there were profiles
	ring     bool   // the file does not say keyring: false
}

// Names lists the profiles in order.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s.Profiles)) }

// Format implements fmt.Formatter: a set of old holds a secret.
func (s Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[profiles]") }

// file is the configuration as it is written. Server and Key are from before there
// were profiles: they are read, and never written again.
type file struct {
	Current  string             `json:"current,omitempty"`
	Keyring  *bool              `json:"keyring,omitempty"`
	Profiles map[string]Profile `json:"profiles"`
	Server   string             `json:"server,omitempty"`
	Key      string             `json:"key,omitempty"`
}

// Store is the configuration file, with the secrets beside it or in the keyring. It
// may be used by several processes at once.
type Store struct {
	path string
	ring Ring
}

// Open returns the store of a configuration file, which need not be there yet. ring
// is nil where secrets are to be kept in files.
func Open(path string, ring Ring) *Store { return &Store{path: path, ring: ring} }

// Path is where the configuration file is.
func (s *Store) Path() string { return s.path }

// Read returns the profiles; a file that is not there holds none.
func (s *Store) Read() (Set, error) {
	out := Set{Profiles: map[string]Profile{}, ring: true}
	raw, err := ReadPrivate(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return out, fmt.Errorf("%s is not what keywright writes: remove it, and run keywright login or keywright setup again", s.path)
	}
	out.Current, out.ring = f.Current, f.Keyring == nil || *f.Keyring
	for name, p := range f.Profiles {
		if ValidName(name) {
			out.Profiles[name] = p
		}
	}
	if _, there := out.Profiles[Default]; !there && f.Key != "" {
		out.Profiles[Default], out.legacy = Profile{Kind: Key, Server: f.Server, Kept: inFile}, f.Key
		if out.Current == "" {
			out.Current = Default
		}
	}
	return out, nil
}

// Secret returns what opens a profile's server. It returns a NotFound error if the
// secret has gone.
func (s *Store) Secret(set Set, name string) (Secret, error) {
	p, there := set.Profiles[name]
	if !there {
		return Secret{}, &keywright.Error{Kind: keywright.NotFound, Detail: "there is no profile " + name}
	}
	if name == Default && set.legacy != "" {
		return Secret{Key: Hide(set.legacy)}, nil
	}
	raw, err := s.readSecret(name, p)
	if err != nil {
		return Secret{}, err
	}
	var out stored
	if json.Unmarshal(raw, &out) != nil {
		return Secret{}, &keywright.Error{Kind: keywright.NotFound, Detail: "what was kept for the profile " + name + " cannot be read: log in again"}
	}
	return out.secret(), nil
}

func (s *Store) readSecret(name string, p Profile) ([]byte, error) {
	if p.InKeyring() {
		ring := s.ring
		if ring == nil {
			ring = OS() // the profile says so, whatever new ones are to do
		}
		text, err := ring.Get(s.account(name))
		if err != nil && !errors.Is(err, keywright.NotFound) {
			err = fmt.Errorf("the keyring that keeps the profile %s cannot be asked: %w", name, err)
		}
		return []byte(text), err
	}
	raw, err := ReadPrivate(s.secretPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &keywright.Error{Kind: keywright.NotFound, Detail: "what was kept for the profile " + name + " has gone: log in again"}
	}
	return raw, err
}

// Update changes the store. Only one process does so at a time: what change does,
// calls to a server included, is done before the next may begin.
func (s *Store) Update(change func(*Tx) error) error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	unlock, err := lockedfile.MutexAt(s.path + ".lock").Lock()
	if err != nil {
		return err
	}
	defer unlock()
	set, err := s.Read()
	if err != nil {
		return err
	}
	tx := &Tx{Set: set, store: s}
	if err := change(tx); err != nil || !tx.changed {
		return err
	}
	return tx.commit()
}

// folder is where secrets are kept that no keyring keeps.
func (s *Store) folder() string {
	return strings.TrimSuffix(s.path, filepath.Ext(s.path)) + "-credentials"
}

func (s *Store) secretPath(name string) string { return filepath.Join(s.folder(), name+".json") }

// account names a secret in the keyring: another configuration file has others.
func (s *Store) account(name string) string {
	path, err := filepath.Abs(s.path)
	if err != nil {
		path = s.path
	}
	return name + " in " + path
}
