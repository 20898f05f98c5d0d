package trusset

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/keywright/keywright/examples/exampleapi"
)

const customers exampleapi.RecordKind = "customer"

const (
	maxCustomers = 500
	maxDeposit   = 1_000_000_000_00 // cents
)

// customer is one of an instance's. Each has one wallet.
type customer struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email,omitempty"`
	Country   string `json:"country,omitempty"`
	WalletID  string `json:"walletId"`
	Status    string `json:"status"`
	CreatedAt string `json:"createdAt"`
}

// customerDraft is what POST takes.
type customerDraft struct {
	Name           string `json:"name"`
	Email          string `json:"email"`
	Country        string `json:"country"`
	OpeningDeposit int64  `json:"openingDeposit"` // cents
}

func (d *customerDraft) check() (err error) {
	if err := exampleapi.Text("name", d.Name, 1, 200); err != nil {
		return err
	}
	if d.Email != "" {
		if d.Email, err = exampleapi.Email("email", d.Email); err != nil {
			return err
		}
	}
	if d.Country != "" && (len(d.Country) != 2 || strings.Trim(d.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return exampleapi.Wrong("country", "must be two capital letters, as ISO 3166 has them")
	}
	if d.OpeningDeposit < 0 || d.OpeningDeposit > maxDeposit {
		return exampleapi.Wrong("openingDeposit", "must be from 0 to "+strconv.Itoa(maxDeposit)+" cents")
	}
	return nil
}

func createCustomer(c *exampleapi.Call) (exampleapi.Reply, error) {
	var d customerDraft
	if err := c.Read(&d); err != nil {
		return exampleapi.Reply{}, err
	}
	if err := d.check(); err != nil {
		return exampleapi.Reply{}, err
	}
	var made customer
	err := inBook(c, func(b *book) (err error) {
		made, err = b.welcome(d)
		return err
	})
	return success(c, http.StatusCreated, made), err
}

// welcome adds a customer, and what they bring with them.
func (b *book) welcome(d customerDraft) (customer, error) {
	id := exampleapi.NewID(b.c.Now)
	one := customer{
		ID: "cus_" + id, Name: d.Name, Email: d.Email, Country: d.Country, WalletID: "wal_" + id,
		Status: "active", CreatedAt: b.c.Stamp(),
	}
	if _, err := b.tx.Add(b.c.Scope(), customers, one.ID, one); err != nil || d.OpeningDeposit == 0 {
		return one, err
	}
	return one, b.post("opening deposit", move(bank, one.WalletID, cash, d.OpeningDeposit))
}

func listCustomers(c *exampleapi.Call) (exampleapi.Reply, error) {
	return list(c, "customers", func(b *book, p page) ([]customer, int, error) {
		return records[customer](b, customers, p)
	})
}

// wallet is an account of the instance's books, and what it holds.
type wallet struct {
	ID         string           `json:"id"`
	CustomerID string           `json:"customerId,omitempty"`
	Label      string           `json:"label"`
	Balances   map[string]int64 `json:"balances"`
}

func listWallets(c *exampleapi.Call) (exampleapi.Reply, error) {
	return list(c, "wallets", func(b *book, p page) ([]wallet, int, error) {
		all, err := exampleapi.List[customer](b.tx, b.c.Scope(), customers, maxCustomers, 0)
		if err != nil {
			return nil, 0, err
		}
		wallets := []wallet{{ID: treasury, Label: "Treasury", Balances: b.holdings(treasury)}}
		for _, one := range all {
			wallets = append(wallets, wallet{ID: one.WalletID, CustomerID: one.ID, Label: one.Name, Balances: b.holdings(one.WalletID)})
		}
		return cut(wallets, p), len(wallets), nil
	})
}

// holdings are an account's balances, never nil.
func (b *book) holdings(account string) map[string]int64 {
	if have := b.have[account]; have != nil {
		return have
	}
	return map[string]int64{}
}
