package truestamp

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"

	"github.com/keywright/keywright/examples/exampleapi"
)

const keys exampleapi.RecordKind = "signing-key"

// seed is the service's own signing key, as it is kept.
type seed struct {
	Seed []byte `json:"seed"`
}

// signingKey returns the service's key, made the first time that it is needed.
// It belongs to no tenant: an empty scope is nobody's.
func signingKey(tx exampleapi.Tx) (ed25519.PrivateKey, error) {
	var kept seed
	found, err := tx.Get(exampleapi.Scope{}, keys, "ed25519", &kept)
	if err != nil {
		return nil, err
	}
	if found {
		if len(kept.Seed) != ed25519.SeedSize {
			return nil, errors.New("truestamp: the signing key is damaged")
		}
		return ed25519.NewKeyFromSeed(kept.Seed), nil
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	_, err = tx.Add(exampleapi.Scope{}, keys, "ed25519", seed{Seed: key.Seed()})
	return key, err
}

// statement is what is signed. The id is in it, so that a signature cannot be
// moved to another item.
func (it *item) statement() []byte {
	return []byte("truestamp-example-1\n" + it.ID + "\n" + it.HashType + "\n" + it.Hash + "\n" + it.Timestamp + "\n")
}

func (it *item) sign(key ed25519.PrivateKey) {
	public, _ := key.Public().(ed25519.PublicKey)
	it.PublicKey = base64.StdEncoding.EncodeToString(public)
	it.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, it.statement()))
}

// valid reports whether the signature is the public key's over the statement. One
// signature has one spelling: a lax decoder would take several.
func (it *item) valid() bool {
	public, err := base64.StdEncoding.Strict().DecodeString(it.PublicKey)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return false
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(it.Signature)
	return err == nil && ed25519.Verify(public, it.statement(), signature)
}
