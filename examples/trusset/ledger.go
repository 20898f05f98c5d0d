package trusset

import (
	"fmt"
	"strings"

	"github.com/keywright/keywright/examples/exampleapi"
)

const entries exampleapi.RecordKind = "entry"

// cash is the asset that tokens are paid with, counted in cents. Tokens are
// counted in whole pieces.
const cash = "EUR"

// The accounts that are not a customer's wallet. Those outside the instance may
// go below zero: what they lack is what the instance has.
const (
	treasury = "treasury"
	bank     = "outside:bank"
	issuance = "outside:issuance"
)

// line is one side of an entry: an amount that an account gains or, below zero, gives.
type line struct {
	Account string `json:"account"`
	Asset   string `json:"asset"`
	Amount  int64  `json:"amount"`
}

// entry is one happening in the books. Its lines add up to zero in each asset.
type entry struct {
	ID    string `json:"id"`
	At    string `json:"at"`
	What  string `json:"what"`
	Lines []line `json:"lines"`
}

// move is an entry's pair of lines that carry an amount from one account to another.
func move(from, to, asset string, amount int64) []line {
	return []line{{from, asset, -amount}, {to, asset, amount}}
}

// balances are what each account has of each asset.
type balances map[string]map[string]int64

func (b balances) apply(lines []line) {
	for _, l := range lines {
		if b[l.Account] == nil {
			b[l.Account] = map[string]int64{}
		}
		b[l.Account][l.Asset] += l.Amount
	}
}

// book is a tenant's ledger, read in one transaction.
type book struct {
	c    *exampleapi.Call
	tx   exampleapi.Tx
	have balances
}

// openBook reads the ledger. Balances are never stored: they are what the
// entries add up to.
func openBook(c *exampleapi.Call, tx exampleapi.Tx) (*book, error) {
	all, err := exampleapi.List[entry](tx, c.Scope(), entries, maxCustomers+maxOrders+maxSeeds, 0)
	if err != nil {
		return nil, err
	}
	b := &book{c: c, tx: tx, have: balances{}}
	for _, e := range all {
		b.have.apply(e.Lines)
	}
	return b, nil
}

// short says which account would be left with less than nothing.
type short struct{ account, asset string }

// Error implements error.
func (s short) Error() string { return "trusset: " + s.account + " has not enough " + s.asset }

// post adds an entry. It refuses one that does not add up, and one that leaves
// an account inside the instance with less than nothing: that error is a short.
func (b *book) post(what string, lines []line) error {
	sums := map[string]int64{}
	for _, l := range lines {
		sums[l.Asset] += l.Amount
	}
	for asset, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("trusset: the entry %q is off by %d %s", what, sum, asset)
		}
	}
	for _, l := range lines {
		if l.Amount < 0 && !strings.HasPrefix(l.Account, "outside:") && b.have[l.Account][l.Asset]+l.Amount < 0 {
			return short{l.Account, l.Asset}
		}
	}
	e := entry{ID: exampleapi.NewID(b.c.Now), At: b.c.Stamp(), What: what, Lines: lines}
	if _, err := b.tx.Add(b.c.Scope(), entries, e.ID, e); err != nil {
		return err
	}
	b.have.apply(lines)
	return nil
}
