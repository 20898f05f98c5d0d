package people_test

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

func FuzzNormalEmail(f *testing.F) {
	for _, s := range []string{"ada@example.com", " Ada@EXAMPLE.com\n", "", "@", "a@b", "a@b@c", `"a b"@c.d`, "a@[192.0.2.1]", "Ada <a@b.c>", "a@b.c,d@e.f", "a\x00@b.c", "ä@b.c", "a@bücher.example", "a@-b.c", "a@b-.c", "a@b..c", "a..b@c.d", strings.Repeat("a", 65) + "@b.c", "a@" + strings.Repeat("b.", 200) + "c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, err := people.NormalEmail(s)
		if err != nil {
			return
		}
		again, err := people.NormalEmail(out)
		if err != nil || again != out {
			t.Fatalf("%q became %q, which became %q, %v", s, out, again, err)
		}
		parsed, err := mail.ParseAddress(out)
		if err != nil || parsed.Address != out || len(out) > 254 || strings.Count(out, "@") != 1 || strings.ToLower(out) != out {
			t.Fatalf("%q became %q", s, out)
		}
		for i := range len(out) {
			if out[i] <= ' ' || out[i] > '~' || strings.IndexByte(`"<>,;()[]\`, out[i]) >= 0 {
				t.Fatalf("%q became %q", s, out)
			}
		}
	})
}

func FuzzPHC(f *testing.F) {
	salt, hash := strings.Repeat("A", 22), strings.Repeat("B", 42)+"A"
	for _, s := range []string{
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash, "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=16$m=1,t=1,p=1$a$b",
		"$argon2id$v=19$m=4294967296,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=019456,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash + "\n", "", "$$$$$",
		"$argon2id$v=19$m=1048577,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=8,t=0,p=1$" + salt + "$" + hash, "$2a$10$abcdefghijklmnopqrstuv",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if out, ok := people.PHC(s); ok && out != s {
			t.Fatalf("%q is read as %q", s, out)
		}
	})
}

func TestPHC(t *testing.T) {
	t.Parallel()
	salt, hash := strings.Repeat("A", 22), strings.Repeat("A", 43)
	if _, ok := people.PHC("$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash); !ok {
		t.Fatal("a good one is refused")
	}
	for _, bad := range []string{
		"$argon2id$v=19$m=1048577,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=19456,t=17,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=19456,t=2,p=17$" + salt + "$" + hash,
		"$argon2d$v=19$m=19456,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=+9456,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$", "$argon2id$v=19$m=19456,t=2,p=1$$" + hash,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "\n$" + hash, "$argon2id$v=19$m=19456,t=2,p=1,x=1$" + salt + "$" + hash,
	} {
		if _, ok := people.PHC(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzPasskeyAnswers: no answer of a stranger opens anything, or breaks anything.
func FuzzPasskeyAnswers(f *testing.F) {
	a := newAuthenticator(f)
	a.handle = []byte("per_x")
	var options asked
	options.PublicKey.Challenge, options.PublicKey.User.ID = b64(make([]byte, 32)), b64([]byte("per_x"))
	f.Add(a.get(f, options))
	f.Add(a.create(f, options))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		h := open(t)
		p := h.person("ada@example.com", people.Admin, "")
		c, err := h.BeginPasskeySignIn(t.Context(), site)
		h.must(err)
		_, err = h.SignInWithPasskey(t.Context(), site, c.Token, answer, keywright.Credential{}, here)
		h.refuses(err, people.ErrSignIn)
		c, err = h.BeginPasskey(t.Context(), site, p.ID)
		h.must(err)
		_, err = h.AddPasskey(t.Context(), as(p), site, c.Token, answer, "x")
		h.refuses(err, keywright.Invalid)
	})
}
