package oidc

import (
	"context"
	"fmt"

	"github.com/keywright/keywright"
)

// Check reads a provider's discovery document and its keys, as a token that is not
// known yet has it done, and returns how many keys there are. Asked again within ten
// seconds, it says what the last attempt came to. Errors: NotFound, Unavailable with
// what is wrong; the issuer is the configuration's, whatever the caller says.
func (p *Providers) Check(ctx context.Context, name string) (keys int, err error) {
	one := p.named(name)
	if one == nil {
		return 0, &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such identity provider"}
	}
	r := one.ring
	r.wait(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.tried.IsZero():
		return 0, unavailable(fmt.Errorf("it has not answered within %s", 2*callTimeout))
	case r.failure != nil:
		return 0, unavailable(r.failure)
	}
	return len(r.held.keys), nil
}

const maxDetail = 300

func unavailable(err error) error {
	detail := []rune(err.Error())
	if len(detail) > maxDetail {
		detail = append(detail[:maxDetail], '…')
	}
	return &keywright.Error{Kind: keywright.Unavailable, Detail: string(detail)}
}
