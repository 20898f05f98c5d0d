package profile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/cli/profile"
)

// TestMain puts a keyring in memory in the place of the system's.
func TestMain(m *testing.M) {
	keyring.MockInit()
	os.Exit(m.Run())
}

func cred(s string) keywright.Credential { return keywright.NewCredential("", s) }

func reveal(c keywright.Credential) string { _, s := c.Reveal(); return s }

func path(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "keywright", "cli.json")
}

func put(t *testing.T, s *profile.Store, name string, p profile.Profile, secret profile.Secret) profile.Profile {
	t.Helper()
	if err := s.Update(func(tx *profile.Tx) error { return tx.Put(name, &p, secret) }); err != nil {
		t.Fatal(err)
	}
	return p
}

func secret(t *testing.T, s *profile.Store, name string) profile.Secret {
	t.Helper()
	set, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Secret(set, name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWithoutAKeyringSecretsAreInFilesOfTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	at := path(t)
	s := profile.Open(at, nil)
	until := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	p := put(t, s, "work", profile.Profile{Kind: profile.Login, Server: "https://docs.example.com"}, profile.Secret{Access: cred("acc"), Refresh: cred("ref"), Expires: until})
	if p.InKeyring() {
		t.Error("it says that there is a keyring")
	}
	got := secret(t, profile.Open(at, nil), "work")
	if reveal(got.Access) != "acc" || reveal(got.Refresh) != "ref" || !got.Expires.Equal(until) {
		t.Errorf("%+v", got)
	}
	kept := filepath.Join(filepath.Dir(at), "cli-credentials", "work.json")
	for file, want := range map[string]fs.FileMode{at: 0o600, kept: 0o600, filepath.Dir(kept): fs.ModeDir | 0o700, filepath.Dir(at): fs.ModeDir | 0o700} {
		info, err := os.Stat(file)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}
	if raw, _ := os.ReadFile(at); strings.Contains(string(raw), "acc") || strings.Contains(string(raw), "ref") {
		t.Errorf("the configuration holds the secret: %s", raw)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", got, got, got, got); strings.Contains(text, "acc") {
		t.Errorf("it prints itself: %s", text)
	}
	if raw, _ := json.Marshal(got); strings.Contains(string(raw), "acc") {
		t.Errorf("it marshals itself: %s", raw)
	}
	if err := os.Chmod(kept, 0o640); err != nil {
		t.Fatal(err)
	}
	set, _ := s.Read()
	if _, err := s.Secret(set, "work"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a secret that others may read was taken: %v", err)
	}
}

func TestSecretsGoIntoTheKeyring(t *testing.T) {
	t.Parallel()
	at := path(t)
	s := profile.Open(at, profile.OS())
	p := put(t, s, "work", profile.Profile{Kind: profile.Key, Server: "https://keys.example.com"}, profile.Secret{Key: cred("k3y")})
	if !p.InKeyring() {
		t.Fatal("it is not in the keyring")
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(at), "cli-credentials")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("there is a folder of secrets")
	}
	if got := secret(t, profile.Open(at, nil), "work"); reveal(got.Key) != "k3y" {
		t.Error("it is not found where the profile says")
	}
	// Another configuration has secrets of its own under the same name.
	other := profile.Open(path(t), profile.OS())
	put(t, other, "work", profile.Profile{Kind: profile.Key}, profile.Secret{Key: cred("other")})
	if got := secret(t, s, "work"); reveal(got.Key) != "k3y" {
		t.Error("another configuration's secret came")
	}
	// With the file as its owner wishes it, nothing is left in the keyring.
	put(t, profile.Open(at, nil), "work", profile.Profile{Kind: profile.Key}, profile.Secret{Key: cred("k4y")})
	if all, _ := keyring.Get("keywright", "work in "+at); all != "" {
		t.Error("the old secret is still in the keyring")
	}
	if err := s.Update(func(tx *profile.Tx) error { return tx.Remove("work") }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(at), "cli-credentials")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something is left of it")
	}
}

// brittle is a keyring that holds little, or that is not there.
type brittle struct {
	most int
	all  map[string]string
}

func (b *brittle) Set(account, secret string) error {
	if b.all == nil {
		return errors.New("no such service")
	}
	if len(secret) > b.most {
		return profile.ErrTooBig
	}
	b.all[account] = secret
	return nil
}

func (b *brittle) Get(account string) (string, error) { return b.all[account], nil }

func (b *brittle) Delete(account string) error { delete(b.all, account); return nil }

func TestAKeyringThatWillNotIsNoReasonToFail(t *testing.T) {
	t.Parallel()
	login := profile.Secret{Access: cred(strings.Repeat("a", 3000)), Refresh: cred("ref")}
	small := profile.Open(path(t), &brittle{most: 100, all: map[string]string{}})
	if p := put(t, small, "a", profile.Profile{Kind: profile.Login}, login); !p.InKeyring() || reveal(secret(t, small, "a").Refresh) != "ref" || reveal(secret(t, small, "a").Access) != "" {
		t.Error("a login that does not fit was not kept without its access token")
	}
	tiny := profile.Open(path(t), &brittle{most: 1, all: map[string]string{}})
	if p := put(t, tiny, "a", profile.Profile{Kind: profile.Login}, login); p.InKeyring() || reveal(secret(t, tiny, "a").Access) == "" {
		t.Error("a login that does not fit at all was not kept in a file")
	}
	none := profile.Open(path(t), &brittle{})
	if p := put(t, none, "a", profile.Profile{Kind: profile.Login}, login); p.InKeyring() || reveal(secret(t, none, "a").Refresh) != "ref" {
		t.Error("without a keyring it was not kept in a file")
	}
}

func TestAConfigurationOfOldIsTheDefaultProfile(t *testing.T) {
	t.Parallel()
	at := path(t)
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		t.Fatal(err)
	}
	old := []byte(`{"server":"https://keys.example.com","key":"kw_live_old"}`)
	if err := os.WriteFile(at, old, 0o600); err != nil {
		t.Fatal(err)
	}
	s := profile.Open(at, nil)
	set, err := s.Read()
	if err != nil || set.Current != profile.Default || set.Profiles[profile.Default].Server != "https://keys.example.com" {
		t.Fatalf("%v %v", set, err)
	}
	if got, err := s.Secret(set, profile.Default); err != nil || reveal(got.Key) != "kw_live_old" {
		t.Fatal("its key is not found", err)
	}
	if strings.Contains(fmt.Sprintf("%+v", set), "kw_live_old") {
		t.Error("it prints itself")
	}
	if raw, _ := os.ReadFile(at); string(raw) != string(old) {
		t.Error("reading it changed it")
	}
	put(t, s, "work", profile.Profile{Kind: profile.Login}, profile.Secret{Access: cred("a")})
	if raw, _ := os.ReadFile(at); strings.Contains(string(raw), "kw_live_old") {
		t.Error("the key is still in the configuration")
	}
	if got := secret(t, s, profile.Default); reveal(got.Key) != "kw_live_old" {
		t.Error("the key has gone")
	}
	if set, _ := s.Read(); set.Current != profile.Default || len(set.Names()) != 2 {
		t.Errorf("%v", set.Names())
	}
}

func TestProfilesAreChosenAndRemoved(t *testing.T) {
	t.Parallel()
	s := profile.Open(path(t), nil)
	put(t, s, "a", profile.Profile{Kind: profile.Login}, profile.Secret{Access: cred("1")})
	put(t, s, "b", profile.Profile{Kind: profile.Login}, profile.Secret{Access: cred("2")})
	put(t, s, "c", profile.Profile{Kind: profile.Login}, profile.Secret{Access: cred("3")})
	current := func(want string) {
		t.Helper()
		if set, err := s.Read(); err != nil || set.Current != want {
			t.Errorf("%q is in use, want %q (%v)", set.Current, want, err)
		}
	}
	current("a")
	for _, change := range []struct {
		do   func(*profile.Tx) error
		kind keywright.Kind
		then string
	}{
		{func(tx *profile.Tx) error { return tx.Use("b") }, "", "b"},
		{func(tx *profile.Tx) error { return tx.Use("nobody") }, keywright.NotFound, "b"},
		{func(tx *profile.Tx) error { return tx.Remove("nobody") }, keywright.NotFound, "b"},
		{func(tx *profile.Tx) error { return tx.Put("../b", &profile.Profile{}, profile.Secret{}) }, keywright.Invalid, "b"},
		{func(tx *profile.Tx) error { return tx.Remove("b") }, "", ""},
		{func(tx *profile.Tx) error { return tx.Remove("a") }, "", "c"},
	} {
		if err := s.Update(change.do); (change.kind == "" && err != nil) || (change.kind != "" && !errors.Is(err, change.kind)) {
			t.Errorf("%v, want %q", err, change.kind)
		}
		current(change.then)
	}
	for name, ok := range map[string]bool{"a": true, "work.example-2_x": true, "": false, ".hidden": false, "a/b": false, "..": false, "a b": false, strings.Repeat("a", 65): false, "ä": false} {
		if profile.ValidName(name) != ok {
			t.Errorf("%q: %t", name, !ok)
		}
	}
}

// TestManyAtOnceLoseNothing is about several runs of the command line.
func TestManyAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	at := path(t)
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			s := profile.Open(at, nil)
			name := fmt.Sprintf("p%d", i)
			if err := s.Update(func(tx *profile.Tx) error {
				return tx.Put(name, &profile.Profile{Kind: profile.Login}, profile.Secret{Access: cred(name)})
			}); err != nil {
				t.Error(err)
			}
			if set, err := s.Read(); err != nil || len(set.Profiles) == 0 {
				t.Errorf("a half-written file was read: %v", err)
			}
		})
	}
	all.Wait()
	s := profile.Open(at, nil)
	set, err := s.Read()
	if err != nil || len(set.Profiles) != 24 {
		t.Fatalf("%d are left (%v)", len(set.Profiles), err)
	}
	for _, name := range set.Names() {
		if got := secret(t, s, name); reveal(got.Access) != name {
			t.Errorf("%s has another's secret", name)
		}
	}
}

func TestAFileThatIsNotOursIsNamed(t *testing.T) {
	t.Parallel()
	at := path(t)
	_ = os.MkdirAll(filepath.Dir(at), 0o700)
	_ = os.WriteFile(at, []byte("not JSON, with a s3cret"), 0o600)
	if _, err := profile.Open(at, nil).Read(); err == nil || !strings.Contains(err.Error(), at) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
	_ = os.WriteFile(at, []byte(`{"profiles":{"../x":{"kind":"key"},"ok":{"kind":"key","kept":"file"}}}`), 0o600)
	set, err := profile.Open(at, nil).Read()
	if err != nil || len(set.Profiles) != 1 {
		t.Errorf("%v %v", set.Names(), err)
	}
	if _, err := profile.Open(at, nil).Secret(set, "ok"); !errors.Is(err, keywright.NotFound) {
		t.Errorf("a secret that has gone: %v", err)
	}
	_ = os.WriteFile(at, []byte(`{"keyring":false}`), 0o600)
	p := put(t, profile.Open(at, profile.OS()), "a", profile.Profile{Kind: profile.Key}, profile.Secret{Key: cred("k")})
	if p.InKeyring() {
		t.Error("keyring: false in the file is passed over")
	}
	if raw, _ := os.ReadFile(at); !strings.Contains(string(raw), `"keyring": false`) {
		t.Error("keyring: false was lost")
	}
}
