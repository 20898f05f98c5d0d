package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// TenantDraft asks for a tenant. Ref is made up (8 letters and digits) if empty.
type TenantDraft struct {
	ID           keywright.TenantID // only for the operators' tenant and seeds; else ""
	Ref          string             // 1 to 64 of A-Z a-z 0-9 . _ - ; a scheme may be stricter when a key is made
	Name         string
	Plan         string
	Services     []string
	Environments []string
	Metadata     map[string]string
}

// TenantAmendment changes a tenant; nil leaves a part as it is.
type TenantAmendment struct {
	Name         *string
	Plan         *string
	Services     *[]string
	Environments *[]string
	Metadata     *map[string]string
	Archived     *bool
}

const (
	maxRef        = 64
	maxTenantName = 200
	maxWord       = 64 // of a plan, a service, an environment
	maxWords      = 64
	madeRef       = 8
	refAlphabet   = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// CreateTenant makes a tenant. Errors: Invalid (field), Conflict (ref or id taken).
func (k *Keeper) CreateTenant(ctx context.Context, by keywright.Actor, d TenantDraft) (keywright.Tenant, error) {
	return k.tenant(ctx, by, d, false)
}

// EnsureTenant returns the tenant of the draft's id, or else of its ref, as it
// stands, and makes it if there is none: for seeds, which run at every start.
func (k *Keeper) EnsureTenant(ctx context.Context, by keywright.Actor, d TenantDraft) (keywright.Tenant, error) {
	return k.tenant(ctx, by, d, true)
}

func (k *Keeper) tenant(ctx context.Context, by keywright.Actor, d TenantDraft, ensure bool) (keywright.Tenant, error) {
	if err := d.check(); err != nil {
		return keywright.Tenant{}, err
	}
	var out keywright.Tenant
	err := k.write(ctx, func(tx keywright.Tx, now time.Time) error {
		there, err := d.find(ctx, tx)
		switch {
		case err != nil:
			return err
		case there != nil && ensure:
			out = *there
			return nil
		case there != nil && there.Ref == d.Ref:
			return &keywright.Error{Kind: keywright.Conflict, Field: "ref", Detail: "another tenant has this ref: choose another, or leave it out to have one made up"}
		case there != nil:
			return &keywright.Error{Kind: keywright.Conflict, Field: "id", Detail: "another tenant has this id"}
		}
		if out, err = k.newTenant(ctx, tx, now, d); err != nil {
			return err
		}
		if err := tx.PutTenant(ctx, out); err != nil {
			return err
		}
		return tx.Append(ctx, keywright.Event{At: now, Act: keywright.TenantCreated, Actor: by, Tenant: out.ID, Detail: map[string]string{"ref": out.Ref}})
	})
	if err != nil {
		return keywright.Tenant{}, err
	}
	return out, nil
}

// find returns the tenant that has the draft's id or ref, or nil.
func (d *TenantDraft) find(ctx context.Context, r keywright.Reader) (*keywright.Tenant, error) {
	for _, name := range []string{string(d.ID), d.Ref} {
		if name == "" {
			continue
		}
		t, err := r.Tenant(ctx, name)
		if err == nil {
			return &t, nil
		}
		if !errors.Is(err, keywright.NotFound) {
			return nil, err
		}
	}
	return nil, nil
}

func (k *Keeper) newTenant(ctx context.Context, r keywright.Reader, now time.Time, d TenantDraft) (keywright.Tenant, error) {
	t := keywright.Tenant{
		ID: d.ID, Ref: d.Ref, Name: d.Name, Plan: d.Plan, Services: tidy(d.Services), Environments: tidy(d.Environments),
		Metadata: maps.Clone(d.Metadata), Created: now, Version: 1,
	}
	if t.ID == "" {
		e, err := k.entropy()
		if err != nil {
			return t, err
		}
		t.ID = keywright.NewTenantID(now, e)
	}
	if t.Ref != "" {
		return t, nil
	}
	var err error
	t.Ref, err = k.freeRef(ctx, r)
	return t, err
}

// freeRef makes up a ref that no tenant has.
func (k *Keeper) freeRef(ctx context.Context, r keywright.Reader) (string, error) {
	const attempts = 8
	for range attempts {
		ref, err := k.makeRef()
		if err != nil {
			return "", err
		}
		_, err = r.Tenant(ctx, ref)
		if errors.Is(err, keywright.NotFound) {
			return ref, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", &keywright.Error{Kind: keywright.Internal, Detail: "no free ref could be drawn", Cause: errRepeated}
}

func (k *Keeper) makeRef() (string, error) {
	const fair = 256 - 256%len(refAlphabet) // a byte from here on would favour the first letters
	var ref strings.Builder
	var one [1]byte
	for ref.Len() < madeRef {
		if _, err := io.ReadFull(k.random, one[:]); err != nil {
			return "", &keywright.Error{Kind: keywright.Internal, Detail: "no randomness", Cause: err}
		}
		if int(one[0]) < fair {
			ref.WriteByte(refAlphabet[int(one[0])%len(refAlphabet)])
		}
	}
	return ref.String(), nil
}

// AmendTenant changes a tenant; it takes effect on all its keys at once. Errors:
// NotFound, Precondition if the version differs, Invalid (field), Conflict
// (archiving the operators' own tenant, which would lock everybody out).
func (k *Keeper) AmendTenant(ctx context.Context, by keywright.Actor, idOrRef string, m Match, a TenantAmendment) (keywright.Tenant, error) {
	var out keywright.Tenant
	err := k.write(ctx, func(tx keywright.Tx, now time.Time) error {
		t, err := tenantOf(ctx, tx, idOrRef)
		if err != nil {
			return err
		}
		if err := matches(t.Version, m); err != nil {
			return err
		}
		if out = t; a == (TenantAmendment{}) {
			return nil
		}
		detail := a.apply(&out)
		if err := checkTenant(&out); err != nil {
			return err
		}
		if out.Archived && out.ID == keywright.OperatorTenant {
			return conflict("the operators' tenant cannot be archived: nobody could bring it back")
		}
		out.Version++
		if err := tx.PutTenant(ctx, out); err != nil {
			return err
		}
		return tx.Append(ctx, keywright.Event{At: now, Act: keywright.TenantAmended, Actor: by, Tenant: out.ID, Detail: detail})
	})
	if err != nil {
		return keywright.Tenant{}, err
	}
	return out, nil
}

// apply changes t and returns what the event tells: what was touched and, of
// what decides over access, how it stands now.
func (a TenantAmendment) apply(t *keywright.Tenant) map[string]string {
	detail := map[string]string{}
	var touched []string
	touch := func(name string) { touched = append(touched, name) }
	if a.Name != nil {
		t.Name = *a.Name
		touch("name")
	}
	if a.Plan != nil {
		t.Plan, detail["plan"] = *a.Plan, *a.Plan
		touch("plan")
	}
	if a.Services != nil {
		t.Services = tidy(*a.Services)
		detail["services"] = strings.Join(t.Services, " ")
		touch("services")
	}
	if a.Environments != nil {
		t.Environments = tidy(*a.Environments)
		detail["environments"] = strings.Join(t.Environments, " ")
		touch("environments")
	}
	if a.Metadata != nil {
		t.Metadata = maps.Clone(*a.Metadata)
		touch("metadata")
	}
	if a.Archived != nil {
		t.Archived, detail["archived"] = *a.Archived, fmt.Sprint(*a.Archived)
		touch("archived")
	}
	detail["changed"] = strings.Join(touched, " ")
	return detail
}

// tidy drops what is said twice and keeps the order.
func tidy(words []string) []string {
	var kept []string
	for _, w := range words {
		if !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
		if len(kept) > maxWords {
			break // checkTenant refuses it: do not compare on and on
		}
	}
	return kept
}

// check looks at what only a new tenant brings, and at the rest.
func (d *TenantDraft) check() error {
	if rest, ok := strings.CutPrefix(string(d.ID), "ten_"); d.ID != "" && (!ok || !wordOf(rest, "_")) {
		return invalid("id", `a tenant's id is "ten_" and letters and digits: leave it out to have one made`)
	}
	if d.Ref != "" && !wordOf(d.Ref, ".-_") {
		return invalid("ref", "1 to 64 letters, digits, dots, dashes and underscores")
	}
	if strings.HasPrefix(d.Ref, "ten_") {
		return invalid("ref", `must not begin with "ten_", as the ids of tenants do`)
	}
	return checkTenant(&keywright.Tenant{Name: d.Name, Plan: d.Plan, Services: tidy(d.Services), Environments: tidy(d.Environments), Metadata: d.Metadata})
}

func wordOf(s, also string) bool {
	for _, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && strings.IndexByte(also, c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= maxRef
}

func checkTenant(t *keywright.Tenant) error {
	if utf8.RuneCountInString(t.Name) > maxTenantName {
		return invalid("name", fmt.Sprintf("at most %d characters", maxTenantName))
	}
	if err := keywright.CheckText("name", t.Name); err != nil {
		return err
	}
	if t.Plan != "" {
		if err := checkWords("plan", []string{t.Plan}); err != nil {
			return err
		}
	}
	if err := checkWords("services", t.Services); err != nil {
		return err
	}
	if err := checkWords("environments", t.Environments); err != nil {
		return err
	}
	return keywright.CheckMetadata(t.Metadata)
}

func checkWords(field string, words []string) error {
	if len(words) > maxWords {
		return invalid(field, fmt.Sprintf("at most %d", maxWords))
	}
	for _, w := range words {
		if w == "" || len(w) > maxWord {
			return invalid(field, fmt.Sprintf("each has 1 to %d bytes", maxWord))
		}
		if err := keywright.CheckText(field, w); err != nil {
			return err
		}
	}
	return nil
}
