package seal_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/seal"
)

func made(t *testing.T) (string, *seal.Secrets) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys", "secrets")
	s, err := seal.Open(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	return dir, s
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestFolderIsMadeForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir, first := made(t)
	if got := strings.Join(names(t, dir), " "); got != "identity.key pepper.1 sealing.key" {
		t.Errorf("the folder holds %s", got)
	}
	for _, name := range append(names(t, dir), "", "..") {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q is open to others: %v", name, info.Mode())
		}
	}
	again, err := seal.Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := seal.Open(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*seal.Secrets{again, twice} {
		if s.Pepper.ID() != first.Pepper.ID() || !bytes.Equal(s.Identity.JWKS(), first.Identity.JWKS()) {
			t.Error("opened again, the folder holds other secrets")
		}
	}
	sealed, err := first.Sealer.Seal(keywright.KeyID{1}, "ten_a", "s")
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := again.Sealer.Open(keywright.KeyID{1}, "ten_a", sealed); err != nil || opened != "s" {
		t.Errorf("what was sealed before does not open: %q, %v", opened, err)
	}
}

func TestFolderSecretsAreApart(t *testing.T) {
	t.Parallel()
	dir, _ := made(t)
	seen := map[string]string{}
	for _, name := range names(t, dir) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[string(text)]; twice {
			t.Errorf("%s and %s are one secret", name, other)
		}
		seen[string(text)] = name
	}
}

func TestFolderRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		says  []string
	}{
		"group may read a file": {func(t *testing.T, dir string) { try(t, os.Chmod(filepath.Join(dir, "pepper.1"), 0o640)) }, []string{"pepper.1", "chmod 600"}},
		"world may read a file": {func(t *testing.T, dir string) { try(t, os.Chmod(filepath.Join(dir, "identity.key"), 0o604)) }, []string{"identity.key", "chmod 600"}},
		"world may write":       {func(t *testing.T, dir string) { try(t, os.Chmod(filepath.Join(dir, "sealing.key"), 0o602)) }, []string{"chmod 600"}},
		"group may enter":       {func(t *testing.T, dir string) { try(t, os.Chmod(dir, 0o710)) }, []string{"chmod 700"}},
		"a link to a file": {func(t *testing.T, dir string) {
			try(t, os.Rename(filepath.Join(dir, "pepper.1"), filepath.Join(dir, "elsewhere")))
			try(t, os.Symlink("elsewhere", filepath.Join(dir, "pepper.1")))
		}, []string{"pepper.1", "symbolic link"}},
		"a link to nothing": {func(t *testing.T, dir string) {
			try(t, os.Remove(filepath.Join(dir, "pepper.1")))
			try(t, os.Symlink("nowhere", filepath.Join(dir, "pepper.1")))
		}, []string{"symbolic link"}},
		"a folder": {func(t *testing.T, dir string) { replace(t, dir, "sealing.key", nil) }, []string{"not a plain file"}},
		"empty":    {func(t *testing.T, dir string) { replace(t, dir, "pepper.1", []byte{}) }, []string{"64 hexadecimal digits"}},
		"short":    {func(t *testing.T, dir string) { replace(t, dir, "pepper.1", []byte("abcd\n")) }, []string{"64 hexadecimal digits"}},
		"long":     {func(t *testing.T, dir string) { replace(t, dir, "pepper.1", bytes.Repeat([]byte("a"), 66)) }, []string{"64 hexadecimal digits"}},
		"not hex":  {func(t *testing.T, dir string) { replace(t, dir, "pepper.1", bytes.Repeat([]byte("g"), 64)) }, []string{"64 hexadecimal digits"}},
		"two lines": {func(t *testing.T, dir string) {
			replace(t, dir, "pepper.1", append(bytes.Repeat([]byte("a"), 64), "\n\n"...))
		}, []string{"64 hexadecimal digits"}},
		"zeros": {func(t *testing.T, dir string) { replace(t, dir, "pepper.1", bytes.Repeat([]byte("0"), 64)) }, []string{"zeros"}},
		"a pepper gone": {func(t *testing.T, dir string) { try(t, os.Remove(filepath.Join(dir, "pepper.1"))) },
			[]string{"pepper.1", "bring it back"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := made(t)
			c.spoil(t, dir)
			before := snapshot(t, dir)
			for _, create := range []bool{false, true} {
				_, err := seal.Open(dir, create)
				if err == nil {
					t.Fatalf("create=%v: opened all the same", create)
				}
				for _, say := range c.says {
					if !strings.Contains(err.Error(), say) {
						t.Errorf("create=%v: the error does not say %q: %v", create, say, err)
					}
				}
			}
			if snapshot(t, dir) != before {
				t.Error("a refused start changed the folder")
			}
		})
	}
}

func TestFolderOfAnotherKind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := seal.Open(filepath.Join(dir, "none"), false); err == nil || !strings.Contains(err.Error(), "not there") {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a missing folder was made")
	}
	try(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	if _, err := seal.Open(filepath.Join(dir, "file"), true); err == nil {
		t.Error("a file was taken for a folder")
	}
	real, _ := made(t)
	try(t, os.Symlink(real, filepath.Join(dir, "link")))
	if _, err := seal.Open(filepath.Join(dir, "link"), true); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a link to a folder: %v", err)
	}
}

func TestFolderWithManyStarters(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "secrets")
	const starters = 16
	ids := make([]string, starters)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range starters {
		wg.Go(func() {
			<-start
			s, err := seal.Open(dir, true)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = s.Pepper.ID() + string(s.Identity.JWKS())
		})
	}
	close(start)
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatal("two that started at once hold different secrets")
		}
	}
	if got := strings.Join(names(t, dir), " "); got != "identity.key pepper.1 sealing.key" {
		t.Errorf("they left %s", got)
	}
}

func TestPepperRotationInTheFolder(t *testing.T) {
	t.Parallel()
	dir, old := made(t)
	staged, err := seal.StagePepper(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.StagePepper(dir)
	if err != nil {
		t.Fatal(err)
	}
	if staged.Base() != old.Pepper.ID() || again.ID() != staged.ID() {
		t.Error("a rotation that was cut short does not go on with the pepper that it had")
	}
	if s, err := seal.Open(dir, true); err != nil || s.Pepper.ID() != old.Pepper.ID() {
		t.Errorf("a staged pepper is in force: %v", err)
	}
	try(t, seal.PromotePepper(dir))
	if s, err := seal.Open(dir, false); err != nil || s.Pepper.ID() != staged.ID() {
		t.Errorf("a promoted pepper is not in force: %v", err)
	}
	if got := strings.Join(names(t, dir), " "); got != "identity.key pepper.1 pepper.2 sealing.key" {
		t.Errorf("the folder holds %s", got)
	}
	if err := seal.PromotePepper(dir); err == nil {
		t.Error("promoted although nothing is staged")
	}
	if third, err := seal.StagePepper(dir); err != nil || third.Base() != staged.ID() {
		t.Errorf("a second rotation: %v", err)
	}
	try(t, os.Remove(filepath.Join(dir, "pepper.1")))
	if _, err := seal.Open(dir, true); err == nil {
		t.Error("a chain without its first pepper was opened")
	}
}

func TestEphemeral(t *testing.T) {
	t.Parallel()
	a, err := seal.Ephemeral(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := seal.Ephemeral(nil)
	if err != nil || a.Pepper.ID() == b.Pepper.ID() {
		t.Errorf("two of them are alike: %v", err)
	}
	if _, err := seal.Ephemeral(bytes.NewReader(make([]byte, 95))); err == nil {
		t.Error("made from too little randomness")
	}
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// replace puts another file, or with nil a folder, in a secret's place.
func replace(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	try(t, os.Remove(path))
	if text == nil {
		try(t, os.Mkdir(path, 0o700))
		return
	}
	try(t, os.WriteFile(path, text, 0o600))
}

func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names(t, dir) {
		info, err := os.Lstat(filepath.Join(dir, name))
		try(t, err)
		text, _ := os.ReadFile(filepath.Join(dir, name))
		all.WriteString(name + info.Mode().String() + string(text) + "\n")
	}
	return all.String()
}
