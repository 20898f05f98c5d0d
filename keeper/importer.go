package keeper

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/scheme"
)

// ImportRow is one existing key. Either the credential itself is given (Key, and
// Secret for a pair) or SHA256, in hex, base64 or base64url: of the whole
// credential or, for a pair, of the public half, one zero byte and the secret, in
// which case Key is the public half.
//
// An imported key may predate its scheme's rules: it may lack a name or an expiry
// that a new key must have, and it may have expired already. What it does have is
// held to the rules, the environment must be given where the scheme has any and the
// key does not say it itself, and a key that counts needs room under the cap.
type ImportRow struct {
	Line        int
	Tenant      string
	Scheme      string
	Key         string
	Secret      string
	SHA256      string
	Hint        string // only beside SHA256: what may be shown; at most 8 characters
	Name        string
	Environment string
	Permissions []string
	Metadata    map[string]string
	Created     time.Time // zero is now
	Expires     time.Time
}

// ImportResult is what became of a row: an id, or the error.
type ImportResult struct {
	Line int
	ID   keywright.KeyID
	Err  error
	// Skipped: this very key is there already; what makes an import resumable.
	Skipped bool
}

const (
	importBatch = 500
	maxHint     = 8
)

// Import takes existing keys in batches, each batch one transaction; it calls
// done for every row in order, once the row's batch is committed. A row that is
// refused does not stop the others. A key that is there already for the same
// tenant and scheme is skipped, so that an import that was cut short is simply
// run again; the same key twice in one run, or there for somebody else, is a
// Conflict. An error without a line, from rows or from the store, ends the import
// and is returned. No error ever repeats what stands in a row.
func (k *Keeper) Import(ctx context.Context, by keywright.Actor, rows iter.Seq2[ImportRow, error], done func(ImportResult)) error {
	im := &importing{k: k, by: by, done: done}
	if _, err := io.ReadFull(k.random, im.run[:]); err != nil {
		return &keywright.Error{Kind: keywright.Internal, Detail: "no randomness", Cause: err}
	}
	for row, err := range rows {
		if err != nil && row.Line == 0 {
			if failed := im.flush(ctx); failed != nil {
				return failed
			}
			return err
		}
		im.batch = append(im.batch, entry{row, err})
		if len(im.batch) == importBatch {
			if err := im.flush(ctx); err != nil {
				return err
			}
		}
	}
	return im.flush(ctx)
}

type entry struct {
	row ImportRow
	err error
}

type importing struct {
	k     *Keeper
	by    keywright.Actor
	done  func(ImportResult)
	batch []entry
	// run marks the ids of this run, which carry the line too: so a key that comes
	// twice in a file is told from one that was there before, whatever the file's
	// length, without remembering every row.
	run [4]byte
}

func (im *importing) flush(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	results := make([]ImportResult, len(im.batch))
	err := im.k.mint(ctx, func(tx keywright.Tx, now time.Time) error {
		if err := im.k.fitting(ctx, tx); err != nil {
			return err
		}
		for i, e := range im.batch {
			results[i] = ImportResult{Line: e.row.Line, Err: e.err}
			if e.err != nil {
				continue
			}
			err := im.take(ctx, tx, now, &e.row, &results[i])
			if err != nil && !ofRow(err) {
				return err
			}
			results[i].Err = atLine(e.row.Line, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("import: nothing from line %d on is stored; run it again, what is stored is skipped: %w", im.batch[0].row.Line, err)
	}
	for _, r := range results {
		im.done(r)
	}
	im.batch = im.batch[:0]
	return nil
}

// ofRow tells a fault of the row from a failure that concerns the whole batch.
func ofRow(err error) bool {
	switch keywright.KindOf(err) {
	case keywright.Invalid, keywright.NotFound, keywright.Conflict, keywright.Forbidden:
		return true
	default:
		return false
	}
}

// atLine says the line in an error of a row.
func atLine(line int, err error) error {
	if err == nil {
		return nil
	}
	var e *keywright.Error
	if !errors.As(err, &e) {
		return err
	}
	said := *e
	said.Detail = "line " + strconv.Itoa(line) + ": " + e.Detail
	return &said
}

// take stores one row.
func (im *importing) take(ctx context.Context, tx keywright.Tx, now time.Time, row *ImportRow, out *ImportResult) error {
	s, err := im.k.schemeOf(row.Scheme)
	if err != nil {
		return err
	}
	t, err := tenantOf(ctx, tx, row.Tenant)
	if err != nil {
		return err
	}
	var found identified
	if found, err = im.k.recognize(s, row); err != nil {
		return err
	}
	if there, err := im.known(ctx, tx, found.digest, &t, row, out); there || err != nil {
		return err
	}
	if found.environment != "" {
		row.Environment = found.environment
	}
	key, err := importedKey(ctx, tx, now, s.Policy(), &t, row)
	if err != nil {
		return err
	}
	if key.ID, err = im.id(now, row.Line); err != nil {
		return err
	}
	key.Digest, key.Pepper, key.Public, key.Hint = found.digest, im.k.pepper.ID(), found.public, found.hint
	if s.Recoverable() && found.secret != "" && im.k.sealer != nil {
		if key.Sealed, err = im.k.sealer.Seal(key.ID, key.Tenant, found.secret); err != nil {
			return err
		}
	}
	detail := birth(&key)
	detail["line"] = strconv.Itoa(row.Line)
	out.ID = key.ID
	return insert(ctx, tx, key, event(now, keywright.KeyImported, im.by, &key, detail))
}

// known looks a digest up in the store.
func (im *importing) known(ctx context.Context, r keywright.Reader, d keywright.Digest, t *keywright.Tenant, row *ImportRow, out *ImportResult) (bool, error) {
	there, err := r.Keys(ctx, keywright.KeyQuery{Digest: &d, Limit: 1})
	if err != nil || len(there) == 0 {
		return false, err
	}
	key := &there[0]
	switch {
	case [4]byte(key.ID[6:10]) == im.run:
		return true, conflict(fmt.Sprintf("the same key stands in line %d", binary.BigEndian.Uint32(key.ID[10:14])))
	case key.Tenant != t.ID || key.Scheme != row.Scheme:
		return true, conflict("this key is stored already, for another tenant or scheme")
	}
	out.ID, out.Skipped = key.ID, true
	return true, nil
}

func (im *importing) id(now time.Time, line int) (keywright.KeyID, error) {
	var e [10]byte
	copy(e[:4], im.run[:])
	binary.BigEndian.PutUint32(e[4:8], uint32(line))
	if _, err := io.ReadFull(im.k.random, e[8:]); err != nil {
		return keywright.KeyID{}, &keywright.Error{Kind: keywright.Internal, Detail: "no randomness", Cause: err}
	}
	return keywright.NewKeyID(now, e), nil
}

// importedKey applies the rules, less those that a key may predate.
func importedKey(ctx context.Context, r keywright.Reader, now time.Time, p keywright.Policy, t *keywright.Tenant, row *ImportRow) (keywright.Key, error) {
	if p.Name.Presence == keywright.Required && row.Name == "" {
		p.Name.Presence = keywright.Optional
	}
	if p.Expiry.Presence == keywright.Absent && !row.Expires.IsZero() {
		return keywright.Key{}, invalid("expires_at", "keys of the scheme "+p.Scheme+" do not expire: leave it out")
	}
	if row.Created.After(now) {
		return keywright.Key{}, invalid("created_at", "must not be in the future")
	}
	p.Expiry.Presence = keywright.Optional
	if !row.Expires.IsZero() && !row.Expires.After(now) {
		p.MaxActive = 0 // it has expired and does not count
	}
	count, err := active(ctx, r, p, t.ID, now, keywright.KeyID{})
	if err != nil {
		return keywright.Key{}, err
	}
	key, err := p.Issue(now, t, count, keywright.Draft{Name: row.Name, Environment: row.Environment, Permissions: slices.Clone(row.Permissions), Metadata: maps.Clone(row.Metadata)})
	if err != nil {
		return keywright.Key{}, err
	}
	if !row.Created.IsZero() {
		key.Created = row.Created.UTC()
	}
	key.Expires = row.Expires.UTC()
	return key, nil
}

// identified is what the record keeps of a row's credential.
type identified struct {
	digest               keywright.Digest
	public, secret, hint string
	environment          string // that the credential itself says, if it does
}

// recognize reads a row's credential, or the digest that stands for it.
func (k *Keeper) recognize(s *scheme.Scheme, row *ImportRow) (identified, error) {
	if row.SHA256 != "" {
		return k.recognizeDigest(s, row)
	}
	public, secret := "", row.Key
	if s.Pair() {
		public, secret = row.Key, row.Secret
	}
	switch {
	case row.Hint != "":
		return identified{}, invalid("hint", "it is made from the key: give it only beside sha256")
	case row.Key == "":
		return identified{}, invalid("key", "give the key, or sha256")
	case s.Pair() && row.Secret == "":
		return identified{}, invalid("secret", "a key of the scheme "+s.Name()+" is a pair: give its secret, or sha256")
	case !s.Pair() && row.Secret != "":
		return identified{}, invalid("secret", "a key of the scheme "+s.Name()+" is one value: leave it out")
	}
	c, fault := s.Read(public, secret)
	switch fault {
	case keywright.Granted:
	case keywright.Foreign:
		return identified{}, invalid("key", "it is no key of the scheme "+s.Name()+": it does not begin as one")
	default:
		return identified{}, invalid("key", "it is not well formed for the scheme "+s.Name()+": look for a wrong length, wrong characters or a checksum that does not fit")
	}
	env := s.EnvironmentOf(c)
	if env != "" && row.Environment != "" && row.Environment != env {
		return identified{}, invalid("environment", "the key itself says that it is of "+env)
	}
	public, secret = c.Reveal()
	return identified{digest: k.pepper.Digest(c), public: public, secret: secret, hint: s.Hint(c), environment: env}, nil
}

func (k *Keeper) recognizeDigest(s *scheme.Scheme, row *ImportRow) (identified, error) {
	switch {
	case row.Secret != "" || (!s.Pair() && row.Key != ""):
		return identified{}, invalid("sha256", "give the key or its digest, not both")
	case s.Pair() && row.Key == "":
		return identified{}, invalid("key", "give the public half beside sha256")
	case utf8.RuneCountInString(row.Hint) > maxHint:
		return identified{}, invalid("hint", fmt.Sprintf("at most %d characters: it is shown, and must not give the key away", maxHint))
	}
	for field, text := range map[string]string{"hint": row.Hint, "key": row.Key} {
		if err := keywright.CheckText(field, text); err != nil {
			return identified{}, err
		}
	}
	if len(row.Key) > maxPublic {
		return identified{}, invalid("key", fmt.Sprintf("a public half has at most %d bytes", maxPublic))
	}
	inner, ok := parseSHA256(row.SHA256)
	if !ok {
		return identified{}, invalid("sha256", "must be 32 bytes in hex, base64 or base64url")
	}
	return identified{digest: k.pepper.DigestInner(inner), public: row.Key, hint: row.Hint}, nil
}

const maxPublic = 256

// parseSHA256 reads a digest; the encodings are told apart by their lengths.
func parseSHA256(text string) (out [sha256.Size]byte, ok bool) {
	var raw []byte
	var err error
	switch text = strings.TrimSpace(text); len(text) {
	case hex.EncodedLen(len(out)):
		raw, err = hex.DecodeString(text)
	case base64.StdEncoding.EncodedLen(len(out)), base64.RawStdEncoding.EncodedLen(len(out)):
		// Strict: of the spellings that decoders let pass for one digest, one is right.
		text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSuffix(text, "="))
		raw, err = base64.RawStdEncoding.Strict().DecodeString(text)
	default:
		return out, false
	}
	if err != nil || len(raw) != len(out) {
		return out, false
	}
	return [sha256.Size]byte(raw), true
}
