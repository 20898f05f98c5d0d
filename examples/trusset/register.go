package trusset

import (
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/keywright/keywright/examples/exampleapi"
)

//go:embed register.json
var registerFile []byte

// issuer is an entry of the register.
type issuer struct {
	ID                 string `json:"id"`
	LegalName          string `json:"legalName"`
	LEI                string `json:"lei"`
	HomeMemberState    string `json:"homeMemberState"`
	CompetentAuthority string `json:"competentAuthority"`
	TokenType          string `json:"tokenType"`
	TokenName          string `json:"tokenName"`
	Status             string `json:"status"`
	AuthorisedOn       string `json:"authorisedOn"`
}

// listIssuers reads the register, which is the same for every registrant.
func listIssuers(c *exampleapi.Call) (exampleapi.Reply, error) {
	p, err := pageOf(c)
	if err != nil {
		return exampleapi.Reply{}, err
	}
	var register struct {
		Notice  string   `json:"notice"`
		Issuers []issuer `json:"issuers"`
	}
	if err := json.Unmarshal(registerFile, &register); err != nil {
		return exampleapi.Reply{}, err
	}
	return success(c, http.StatusOK, struct {
		Notice  string   `json:"notice"`
		Issuers []issuer `json:"issuers"`
		Total   int      `json:"total"`
		Limit   int      `json:"limit"`
		Offset  int      `json:"offset"`
	}{register.Notice, cut(register.Issuers, p), len(register.Issuers), p.limit, p.offset}), nil
}
