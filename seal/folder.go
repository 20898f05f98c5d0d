package seal

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Secrets is the secrets folder, opened.
type Secrets struct {
	Pepper   *Pepper
	Sealer   *Sealer
	Identity *Signer
}

// The files of the folder. A pepper's file has the number of its link: the chain
// is pepper.1, pepper.2, … A next link that is not in force yet ends in .next.
const (
	sealingFile  = "sealing.key"
	identityFile = "identity.key"
	pepperStem   = "pepper."
	nextSuffix   = ".next"

	secretLength = 2*len(Link{}) + 1 // hex and a newline
	maxLinks     = 64
)

func pepperFile(n int) string { return pepperStem + strconv.Itoa(n) }

// Open reads the secrets folder (0700, files 0600). create makes what is
// missing, durably, and never over something that is there: of two that start at
// once, one makes a secret and both read it. Without create a missing file is an
// error. A folder or file that others may read, or that is a symbolic link, is
// refused.
func Open(dir string, create bool) (*Secrets, error) {
	f, err := openFolder(dir, create)
	if err != nil {
		return nil, err
	}
	pepper, err := f.pepper()
	if err != nil {
		return nil, err
	}
	sealing, err := f.secret(sealingFile)
	if err != nil {
		return nil, err
	}
	identity, err := f.secret(identityFile)
	if err != nil {
		return nil, err
	}
	// Whoever made the files, what is used from here on must outlive a power cut.
	if create {
		if err := syncDir(dir); err != nil {
			return nil, fmt.Errorf("secrets folder: %w", err)
		}
	}
	return assemble(pepper, sealing, identity)
}

// Ephemeral makes secrets that live in memory only, for tests and the memory
// store. r is nil for crypto/rand.
func Ephemeral(r io.Reader) (*Secrets, error) {
	if r == nil {
		r = rand.Reader
	}
	var made [3]Link
	for i := range made {
		if _, err := io.ReadFull(r, made[i][:]); err != nil {
			return nil, fmt.Errorf("seal: no randomness: %w", err)
		}
	}
	return assemble(NewPepper(made[0]), made[1], made[2])
}

func assemble(pepper *Pepper, sealing, identity Link) (*Secrets, error) {
	sealer, err := NewSealer(sealing)
	if err != nil {
		return nil, err
	}
	signer, err := NewSigner(identity)
	if err != nil {
		return nil, err
	}
	return &Secrets{Pepper: pepper, Sealer: sealer, Identity: signer}, nil
}

// StagePepper makes the next link of the chain beside the folder's pepper, not
// yet in force, and returns the chain that it will be. If one is staged already,
// that one is returned: so a rotation that was cut short goes on.
func StagePepper(dir string) (*Pepper, error) {
	f, err := openFolder(dir, false)
	if err != nil {
		return nil, err
	}
	now, err := f.pepper()
	if err != nil {
		return nil, err
	}
	f.create = true
	link, err := f.secret(pepperFile(len(now.links())+1) + nextSuffix)
	if err != nil {
		return nil, err
	}
	return now.Extend(link), syncDir(dir)
}

// PromotePepper puts the staged link in force. Call it once every digest in the
// store is wrapped.
func PromotePepper(dir string) error {
	f, err := openFolder(dir, false)
	if err != nil {
		return err
	}
	now, err := f.pepper()
	if err != nil {
		return err
	}
	name := pepperFile(len(now.links()) + 1)
	if _, err := f.secret(name + nextSuffix); err != nil {
		return err
	}
	// A link and not a rename: it fails if the name is taken, and replaces nothing.
	if err := os.Link(filepath.Join(dir, name+nextSuffix), filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("secrets folder: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("secrets folder: %w", err)
	}
	return os.Remove(filepath.Join(dir, name+nextSuffix))
}

type folder struct {
	dir    string
	create bool
}

func openFolder(dir string, create bool) (*folder, error) {
	if create {
		if err := makeDir(dir); err != nil {
			return nil, fmt.Errorf("secrets folder: %w", err)
		}
	}
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("secrets folder %s: it is not there: bring it back from where it is kept, or start with a folder that may be made", dir)
	case err != nil:
		return nil, fmt.Errorf("secrets folder: %w", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("secrets folder %s: it is a symbolic link: name the folder itself", dir)
	case !info.IsDir():
		return nil, fmt.Errorf("secrets folder %s: it is not a folder", dir)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("secrets folder %s: others than its owner may open it (%#o): run chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	return &folder{dir: dir, create: create}, nil
}

// pepper reads the links in order, and makes the first if there is none.
func (f *folder) pepper() (*Pepper, error) {
	if err := f.lost(); err != nil {
		return nil, err
	}
	first, err := f.secret(pepperFile(1))
	if err != nil {
		return nil, err
	}
	p := NewPepper(first)
	for n := 2; ; n++ {
		link, err := f.read(pepperFile(n))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return p, nil
		case err != nil:
			return nil, err
		case n > maxLinks:
			return nil, fmt.Errorf("secrets folder %s: a chain has at most %d peppers", f.dir, maxLinks)
		}
		p = p.Extend(link)
	}
}

// lost refuses to make a pepper where one has been: it is made first, so if the
// others are there without it, it has gone astray, and a new one fits no key.
func (f *folder) lost() error {
	for _, name := range []string{sealingFile, identityFile, pepperFile(2)} {
		if _, err := os.Lstat(filepath.Join(f.dir, name)); err != nil {
			continue
		}
		if _, err := os.Lstat(filepath.Join(f.dir, pepperFile(1))); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("secrets folder %s: %s is there but %s is not: bring it back from where it is kept; a new one would fit none of the keys: %w", f.dir, name, pepperFile(1), fs.ErrNotExist)
		}
	}
	return nil
}

// secret reads a file, or makes it where that is allowed.
func (f *folder) secret(name string) (Link, error) {
	s, err := f.read(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if !f.create {
		return Link{}, fmt.Errorf("secrets folder %s: %s is not there: bring it back from where it is kept; without it no key can be verified: %w", f.dir, name, fs.ErrNotExist)
	}
	if err := f.make(name); err != nil {
		return Link{}, fmt.Errorf("secrets folder %s: making %s: %w", f.dir, name, err)
	}
	return f.read(name) // ours, or that of whoever was faster
}

// read returns an error that is fs.ErrNotExist only if the file is not there.
func (f *folder) read(name string) (Link, error) {
	path := filepath.Join(f.dir, name)
	named, err := os.Lstat(path)
	if err != nil {
		return Link{}, fmt.Errorf("secrets folder: %w", err)
	}
	if !named.Mode().IsRegular() {
		return Link{}, fmt.Errorf("secret %s: it is not a plain file (a symbolic link is refused too): put the file itself there", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return Link{}, fmt.Errorf("secrets folder: %w", err)
	}
	defer func() { _ = file.Close() }()
	// What was opened is looked at again: it may have been swapped meanwhile.
	info, err := file.Stat()
	switch {
	case err != nil:
		return Link{}, fmt.Errorf("secrets folder: %w", err)
	case !os.SameFile(named, info):
		return Link{}, fmt.Errorf("secret %s: it changed while it was read: start again", path)
	case info.Mode().Perm()&0o077 != 0:
		return Link{}, fmt.Errorf("secret %s: others than its owner may read it (%#o): run chmod 600 %s, and rotate it if somebody may have", path, info.Mode().Perm(), path)
	}
	return parseSecret(path, file)
}

func parseSecret(path string, r io.Reader) (Link, error) {
	text, err := io.ReadAll(bufio.NewReader(io.LimitReader(r, int64(secretLength)+1)))
	if err != nil {
		return Link{}, fmt.Errorf("secret %s: %w", path, err)
	}
	var s Link
	digits := bytes.TrimSuffix(text, []byte("\n"))
	if n, err := hex.Decode(s[:], digits[:min(len(digits), 2*len(s))]); err != nil || n != len(s) || len(digits) != 2*len(s) {
		return Link{}, fmt.Errorf("secret %s: it is not %d hexadecimal digits: bring the file back from where it is kept", path, 2*len(s))
	}
	if s == (Link{}) {
		return Link{}, fmt.Errorf("secret %s: it is all zeros: bring the file back from where it is kept", path)
	}
	return s, nil
}

// make writes a new secret under a name of its own, and then gives it the name
// that counts, which fails harmlessly if somebody else just did.
func (f *folder) make(name string) error {
	var s Link
	if _, err := rand.Read(s[:]); err != nil {
		return err
	}
	temp, err := os.CreateTemp(f.dir, "."+name+".*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.WriteString(hex.EncodeToString(s[:]) + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Link(temp.Name(), filepath.Join(f.dir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(f.dir)
}

// makeDir makes the folder with its parents, each for its owner alone.
func makeDir(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(filepath.Clean(dir)))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
