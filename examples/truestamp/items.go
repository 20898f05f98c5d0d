package truestamp

import (
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright/examples/exampleapi"
)

const items exampleapi.RecordKind = "item"

// hashType is the one kind of hash that is stamped.
const hashType = "sha-256"

// draft is what POST and PUT take.
type draft struct {
	Hash     string `json:"hash"`
	HashType string `json:"hashType"`
}

// item is a stamped hash. PublicKey verifies Signature over the statement.
type item struct {
	ID        string `json:"id"`
	Hash      string `json:"hash"`
	HashType  string `json:"hashType"`
	Timestamp string `json:"timestamp"`
	Signature string `json:"signature"`
	PublicKey string `json:"publicKey"`
}

// verified is an item together with the outcome of checking its signature now.
type verified struct {
	item
	Verified bool `json:"verified"`
}

func (d *draft) read(c *exampleapi.Call) error {
	if err := c.Read(d); err != nil {
		return err
	}
	if !isSHA256(d.Hash) {
		return exampleapi.Wrong("hash", "must be a SHA-256 hash: 64 hexadecimal digits")
	}
	if d.HashType != hashType {
		return exampleapi.Wrong("hashType", `must be "`+hashType+`"`)
	}
	d.Hash = strings.ToLower(d.Hash)
	return nil
}

func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// stamp signs a hash together with the instant.
func stamp(tx exampleapi.Tx, id string, d draft, now time.Time) (item, error) {
	key, err := signingKey(tx)
	if err != nil {
		return item{}, err
	}
	it := item{ID: id, Hash: d.Hash, HashType: d.HashType, Timestamp: now.Format(time.RFC3339Nano)}
	it.sign(key)
	return it, nil
}

func create(c *exampleapi.Call) (exampleapi.Reply, error) {
	var d draft
	if err := d.read(c); err != nil {
		return exampleapi.Reply{}, err
	}
	var it item
	err := c.Records(func(tx exampleapi.Tx) (err error) {
		if it, err = stamp(tx, exampleapi.NewID(c.Now), d, c.Now); err != nil {
			return err
		}
		_, err = tx.Add(c.Scope(), items, it.ID, it)
		return err
	})
	return exampleapi.Reply{
		Status: http.StatusCreated, Body: verified{it, it.valid()}, Header: map[string]string{"Location": "/v1/items/" + it.ID},
	}, err
}

func show(c *exampleapi.Call) (exampleapi.Reply, error) {
	var it item
	err := c.Records(func(tx exampleapi.Tx) error {
		return exampleapi.Must(tx.Get(c.Scope(), items, c.PathValue("id"), &it))("item")
	})
	return exampleapi.Reply{Body: verified{it, it.valid()}}, err
}

// replace stamps another hash, now, under the same id.
func replace(c *exampleapi.Call) (exampleapi.Reply, error) {
	var d draft
	if err := d.read(c); err != nil {
		return exampleapi.Reply{}, err
	}
	var it item
	err := c.Records(func(tx exampleapi.Tx) (err error) {
		id := c.PathValue("id")
		if it, err = stamp(tx, id, d, c.Now); err != nil {
			return err
		}
		return exampleapi.Must(tx.Set(c.Scope(), items, id, it))("item")
	})
	return exampleapi.Reply{Body: verified{it, it.valid()}}, err
}
