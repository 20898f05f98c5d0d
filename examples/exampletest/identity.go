package exampletest

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/keywright/keywright/seal"
)

// Identify reads an identity that Client put, unsigned, where the assertion stands.
func Identify(r *http.Request) (seal.Identity, error) {
	line := r.Header.Get(seal.IdentityHeader)
	if line == "" {
		return seal.Identity{}, errors.New("exampletest: no identity")
	}
	var id seal.Identity
	err := json.Unmarshal([]byte(line), &id)
	return id, err
}

// Someone makes an identity for a tenant.
func Someone(tenant, environment string) seal.Identity {
	return seal.Identity{
		Subject: "ten_" + tenant, Ref: tenant, TenantName: tenant + "@example.com", Key: "key_" + tenant, Environment: environment,
	}
}
