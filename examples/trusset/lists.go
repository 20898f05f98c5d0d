package trusset

import (
	"net/http"

	"github.com/keywright/keywright/examples/exampleapi"
)

// inBook runs fn over the caller's books, which are set up first if need be.
func inBook(c *exampleapi.Call, fn func(*book) error) error {
	return c.Records(func(tx exampleapi.Tx) error {
		b, err := openBook(c, tx)
		if err != nil {
			return err
		}
		if err := b.setUp(); err != nil {
			return err
		}
		return fn(b)
	})
}

// list answers one page of something, and how many there are in all.
func list[T any](c *exampleapi.Call, name string, read func(*book, page) ([]T, int, error)) (exampleapi.Reply, error) {
	p, err := pageOf(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	var items []T
	var total int
	err = inBook(c, func(b *book) (err error) {
		items, total, err = read(b, p)
		return err
	})
	return success(c, http.StatusOK, map[string]any{name: items, "total": total}), err
}

// records reads a page of records, and counts them.
func records[T any](b *book, k exampleapi.RecordKind, p page) ([]T, int, error) {
	total, err := b.tx.Count(b.c.Scope(), k)
	if err != nil {
		return nil, 0, err
	}
	items, err := exampleapi.List[T](b.tx, b.c.Scope(), k, p.limit, p.offset)
	return items, total, err
}

// cut returns the page of a list that is in memory already.
func cut[T any](all []T, p page) []T {
	low := min(p.offset, len(all))
	return all[low:min(low+p.limit, len(all))]
}

// maxSeeds is more than the entries that setUp makes.
const maxSeeds = 10

// setUp gives an instance two tokens, a market and a first customer, once.
func (b *book) setUp() error {
	if first, err := b.tx.Once(b.c.Scope(), "books"); err != nil || !first {
		return err
	}
	if err := b.post("founding capital", move(bank, treasury, cash, 1_000_000_00)); err != nil {
		return err
	}
	for _, t := range []token{
		{Symbol: "ALPB", Name: "Alpine Bond 2031", Price: 100_00, Issued: 10_000},
		{Symbol: "HRBR", Name: "Harbour Property Fund", Price: 25_50, Issued: 40_000},
	} {
		if _, err := b.tx.Add(b.c.Scope(), tokens, t.Symbol, t); err != nil {
			return err
		}
		if err := b.post("issue of "+t.Symbol, move(issuance, treasury, t.Symbol, t.Issued)); err != nil {
			return err
		}
	}
	return b.lend(market{ID: "eur-alpb", Asset: cash, Collateral: "ALPB", RateBps: 425, Supplied: 200_000_00})
}

// lend opens a market, and lets a first customer borrow in it against tokens.
func (b *book) lend(m market) error {
	if _, err := b.tx.Add(b.c.Scope(), markets, m.ID, m); err != nil {
		return err
	}
	pool := "market:" + m.ID
	if err := b.post("supply", move(treasury, pool, m.Asset, m.Supplied)); err != nil {
		return err
	}
	first, err := b.welcome(customerDraft{Name: "Example Holdings", Country: "IE", OpeningDeposit: 150_000_00})
	if err != nil {
		return err
	}
	if _, err := b.fill(orderDraft{CustomerID: first.ID, Token: m.Collateral, Side: "buy", Quantity: 600}); err != nil {
		return err
	}
	return b.post("loan", append(move(first.WalletID, pool, m.Collateral, 500), move(pool, first.WalletID, m.Asset, 30_000_00)...))
}
