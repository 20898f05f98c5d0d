package management

import (
	"context"
	"errors"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// mayGive refuses to let a caller make, in the operators' own tenant, a key
// that may do more than the caller's: nobody rises by issuing to themselves.
func mayGive(c *call, tenant keywright.TenantID, permissions []string) error {
	if tenant != keywright.OperatorTenant || keywright.Permits(c.verdict.Decision.Permissions, permissions) {
		return nil
	}
	return &keywright.Error{Kind: keywright.Forbidden, Field: "permissions",
		Detail: "an operator's key can be given no permission that the key it is made with does not have"}
}

func (s *server) key(ctx context.Context, id keywright.KeyID) (keywright.Key, error) {
	var k keywright.Key
	err := s.Store.View(ctx, func(r keywright.Reader) (err error) {
		k, err = r.Key(ctx, id)
		return err
	})
	return k, keyless(err)
}

// keyless says "no such key" in one way, whatever the store says.
func keyless(err error) error {
	if errors.Is(err, keywright.NotFound) {
		return &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such key"}
	}
	return err
}

func (s *server) tenant(ctx context.Context, idOrRef string) (keywright.Tenant, error) {
	var t keywright.Tenant
	err := s.Store.View(ctx, func(r keywright.Reader) (err error) {
		t, err = r.Tenant(ctx, idOrRef)
		return err
	})
	return t, err
}

// namedTenant finds a tenant that a field of the request names.
func (s *server) namedTenant(ctx context.Context, idOrRef string) (keywright.Tenant, error) {
	t, err := s.tenant(ctx, idOrRef)
	if errors.Is(err, keywright.NotFound) {
		return t, invalidField("tenant", "there is no tenant with this id or ref: create it first")
	}
	return t, err
}

// mayTouch returns the key that an operation names, after making sure that the
// caller may give what it holds: who gets its successor's credential, or more
// life for it, gets its permissions.
func (s *server) mayTouch(ctx context.Context, c *call, id keywright.KeyID) (keywright.Key, error) {
	k, err := s.key(ctx, id)
	if err != nil {
		return k, err
	}
	return k, mayGive(c, k.Tenant, k.Permissions)
}

// EnsureOperators makes the operators' tenant if it is not there.
func EnsureOperators(ctx context.Context, k *keeper.Keeper, store keywright.Store) error {
	err := store.View(ctx, func(r keywright.Reader) error {
		_, err := r.Tenant(ctx, string(keywright.OperatorTenant))
		return err
	})
	if !errors.Is(err, keywright.NotFound) {
		return err
	}
	_, err = k.CreateTenant(ctx, system(), keeper.TenantDraft{ID: keywright.OperatorTenant, Ref: "operators", Name: "Operators"})
	if errors.Is(err, keywright.Conflict) {
		return nil // another made it meanwhile
	}
	return err
}

// IssueOperatorKey issues a key that may do everything on the management API.
func IssueOperatorKey(ctx context.Context, k *keeper.Keeper, by keywright.Actor, name string) (keeper.Issued, error) {
	return k.Issue(ctx, by, keeper.IssueRequest{
		Tenant: string(keywright.OperatorTenant), Scheme: SchemeName,
		Draft: keywright.Draft{Name: name, Environment: "live", Permissions: []string{"*"}},
	})
}

func system() keywright.Actor { return keywright.Actor{ID: "system", Name: "set-up"} }

// mayGiveRole refuses to let a caller make a member of a customer's tenant who may do
// more to its keys than the caller: whoever invites sees the link.
func mayGiveRole(c *call, tenant keywright.TenantID, role people.Role) error {
	if tenant == keywright.OperatorTenant || !role.May(people.WriteKeys) || keywright.Permits(c.verdict.Decision.Permissions, []string{api.KeysWrite}) {
		return nil
	}
	return &keywright.Error{Kind: keywright.Forbidden, Field: "role",
		Detail: "who makes a member that makes keys needs the permission keys:write too"}
}
