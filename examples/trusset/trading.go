package trusset

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/keywright/keywright/examples/exampleapi"
)

const (
	tokens  exampleapi.RecordKind = "token"
	orders  exampleapi.RecordKind = "order"
	markets exampleapi.RecordKind = "market"
)

const (
	maxOrders = 1000
	// maxQuantity times the dearest price stays far below what an int64 holds.
	maxQuantity = 1_000_000
)

// token is an asset that the instance issued. Prices are in cents.
type token struct {
	Symbol      string `json:"symbol"`
	Name        string `json:"name"`
	Price       int64  `json:"price"`
	Issued      int64  `json:"issued"`
	Circulating int64  `json:"circulating"` // what is not in the treasury; from the books
}

func listTokens(c *exampleapi.Call) (exampleapi.Reply, error) {
	return list(c, "tokens", func(b *book, p page) ([]token, int, error) {
		all, total, err := records[token](b, tokens, p)
		for i := range all {
			all[i].Issued = -b.have[issuance][all[i].Symbol]
			all[i].Circulating = all[i].Issued - b.have[treasury][all[i].Symbol]
		}
		return all, total, err
	})
}

// order is a trade of a customer with the treasury, filled at once.
type order struct {
	ID         string `json:"id"`
	CustomerID string `json:"customerId"`
	Token      string `json:"token"`
	Side       string `json:"side"`
	Quantity   int64  `json:"quantity"`
	Price      int64  `json:"price"`
	Total      int64  `json:"total"`
	Status     string `json:"status"`
	FilledAt   string `json:"filledAt"`
}

// orderDraft is what POST takes.
type orderDraft struct {
	CustomerID string `json:"customerId"`
	Token      string `json:"token"`
	Side       string `json:"side"`
	Quantity   int64  `json:"quantity"`
}

func (d *orderDraft) check() error {
	switch {
	case d.CustomerID == "":
		return exampleapi.Wrong("customerId", "is required")
	case d.Token == "":
		return exampleapi.Wrong("token", "is required")
	case d.Side != "buy" && d.Side != "sell":
		return exampleapi.Wrong("side", `must be "buy" or "sell"`)
	case d.Quantity < 1 || d.Quantity > maxQuantity:
		return exampleapi.Wrong("quantity", "must be from 1 to "+strconv.Itoa(maxQuantity))
	}
	return nil
}

func placeOrder(c *exampleapi.Call) (exampleapi.Reply, error) {
	var d orderDraft
	if err := c.Read(&d); err != nil {
		return exampleapi.Reply{}, err
	}
	if err := d.check(); err != nil {
		return exampleapi.Reply{}, err
	}
	var filled order
	err := inBook(c, func(b *book) (err error) {
		filled, err = b.fill(d)
		return err
	})
	return success(c, http.StatusCreated, filled), err
}

// fill trades: one entry carries the tokens one way and the money the other.
func (b *book) fill(d orderDraft) (order, error) {
	var who customer
	if err := exampleapi.Known(b.tx.Get(b.c.Scope(), customers, d.CustomerID, &who))("customerId", "is none of this instance's customers"); err != nil {
		return order{}, err
	}
	var what token
	if err := exampleapi.Known(b.tx.Get(b.c.Scope(), tokens, d.Token, &what))("token", "is none of this instance's tokens"); err != nil {
		return order{}, err
	}
	o := order{
		ID: "ord_" + exampleapi.NewID(b.c.Now), CustomerID: who.ID, Token: what.Symbol, Side: d.Side, Quantity: d.Quantity,
		Price: what.Price, Total: what.Price * d.Quantity, Status: "filled", FilledAt: b.c.Stamp(),
	}
	seller, buyer := treasury, who.WalletID
	if d.Side == "sell" {
		seller, buyer = buyer, seller
	}
	err := b.post("order", append(move(seller, buyer, o.Token, o.Quantity), move(buyer, seller, cash, o.Total)...))
	var lacks short
	if errors.As(err, &lacks) {
		whose := "the customer's wallet"
		if lacks.account == treasury {
			whose = "the treasury"
		}
		return order{}, exampleapi.Wrong("quantity", whose+" does not hold enough "+lacks.asset)
	}
	if err != nil {
		return order{}, err
	}
	_, err = b.tx.Add(b.c.Scope(), orders, o.ID, o)
	return o, err
}

func listOrders(c *exampleapi.Call) (exampleapi.Reply, error) {
	return list(c, "orders", func(b *book, p page) ([]order, int, error) { return records[order](b, orders, p) })
}

// market is where cash is lent against a token. Amounts are in cents.
type market struct {
	ID         string `json:"id"`
	Asset      string `json:"asset"`
	Collateral string `json:"collateral"`
	RateBps    int    `json:"rateBps"`
	Supplied   int64  `json:"supplied"`
	Available  int64  `json:"available"` // from the books
	Borrowed   int64  `json:"borrowed"`  // from the books
	Pledged    int64  `json:"pledged"`   // pieces of the collateral; from the books
}

func listMarkets(c *exampleapi.Call) (exampleapi.Reply, error) {
	return list(c, "markets", func(b *book, p page) ([]market, int, error) {
		all, total, err := records[market](b, markets, p)
		for i := range all {
			pool := b.have["market:"+all[i].ID]
			all[i].Available, all[i].Pledged = pool[all[i].Asset], pool[all[i].Collateral]
			all[i].Borrowed = all[i].Supplied - all[i].Available
		}
		return all, total, err
	})
}
