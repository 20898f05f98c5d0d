package keeper_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

func TestTenantRefs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	madeUp := regexp.MustCompile(`^[a-z0-9]{8}$`)
	seen := map[string]bool{}
	for range 50 {
		ten := h.tenant(keeper.TenantDraft{})
		if !madeUp.MatchString(ten.Ref) || seen[ten.Ref] || !strings.HasPrefix(string(ten.ID), "ten_") || ten.Version != 1 {
			t.Fatalf("the tenant is %+v", ten)
		}
		seen[ten.Ref] = true
	}
	for _, good := range []string{"a", "A-b.c_d", strings.Repeat("a", 64), "0"} {
		h.tenant(keeper.TenantDraft{Ref: good})
		_, err := h.CreateTenant(h.ctx, admin, keeper.TenantDraft{Ref: good})
		refused(t, err, keywright.Conflict, "ref")
	}
	for _, bad := range []string{strings.Repeat("a", 65), "a b", "a/b", "ä", "a\x00", "a%2f", "ten_01J", "{ref}", "a@b"} {
		_, err := h.CreateTenant(h.ctx, admin, keeper.TenantDraft{Ref: bad})
		refused(t, err, keywright.Invalid, "ref")
	}
}

func TestTenantFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprint("s", i)
	}
	for _, c := range []struct {
		d     keeper.TenantDraft
		field string
	}{
		{keeper.TenantDraft{Name: strings.Repeat("ä", 201)}, "name"}, {keeper.TenantDraft{Name: "a\nb"}, "name"}, {keeper.TenantDraft{Name: "\xff"}, "name"},
		{keeper.TenantDraft{Plan: strings.Repeat("p", 65)}, "plan"}, {keeper.TenantDraft{Plan: "a\x7f"}, "plan"},
		{keeper.TenantDraft{Services: many}, "services"}, {keeper.TenantDraft{Services: []string{""}}, "services"}, {keeper.TenantDraft{Services: []string{strings.Repeat("s", 65)}}, "services"},
		{keeper.TenantDraft{Environments: many}, "environments"}, {keeper.TenantDraft{Environments: []string{"a\tb"}}, "environments"},
		{keeper.TenantDraft{Metadata: map[string]string{"": "x"}}, "metadata"}, {keeper.TenantDraft{Metadata: map[string]string{"a": strings.Repeat("x", 513)}}, "metadata"},
		{keeper.TenantDraft{ID: "operators"}, "id"}, {keeper.TenantDraft{ID: "ten_a/b"}, "id"},
	} {
		_, err := h.CreateTenant(h.ctx, admin, c.d)
		refused(t, err, keywright.Invalid, c.field)
	}
	ten := h.tenant(keeper.TenantDraft{Name: strings.Repeat("ä", 200), Services: []string{"b", "a", "b", "a"}, Environments: []string{"x", "x"}, Metadata: map[string]string{"a": "b"}})
	if !slices.Equal(ten.Services, []string{"b", "a"}) || !slices.Equal(ten.Environments, []string{"x"}) {
		t.Errorf("what is said twice is kept twice: %+v", ten)
	}
	if got := h.acts(keywright.EventQuery{Tenant: ten.ID}); got != "tenant.created" {
		t.Errorf("the events are %s", got)
	}
}

func TestAmendTenant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.tenant(keeper.TenantDraft{Name: "a", Plan: "free"})
	got, err := h.AmendTenant(h.ctx, admin, ten.Ref, 1, keeper.TenantAmendment{Plan: ptr("growth"), Services: ptr([]string{"x", "x"}), Archived: ptr(true)})
	try(t, err)
	if got.Name != "a" || got.Plan != "growth" || len(got.Services) != 1 || !got.Archived || got.Version != 2 || got.Ref != ten.Ref || !got.Created.Equal(ten.Created) {
		t.Errorf("it is %+v", got)
	}
	_, err = h.AmendTenant(h.ctx, admin, string(ten.ID), 1, keeper.TenantAmendment{Archived: ptr(false)})
	refused(t, err, keywright.Precondition, "If-Match")
	_, err = h.AmendTenant(h.ctx, admin, ten.Ref, 0, keeper.TenantAmendment{Name: ptr("a\x00")})
	refused(t, err, keywright.Invalid, "name")
	_, err = h.AmendTenant(h.ctx, admin, "nobody", 0, keeper.TenantAmendment{})
	refused(t, err, keywright.NotFound, "tenant")
	back, err := h.AmendTenant(h.ctx, admin, ten.Ref, 2, keeper.TenantAmendment{Archived: ptr(false), Services: ptr([]string{}), Plan: ptr("")})
	if err != nil || back.Archived || len(back.Services) != 0 || back.Plan != "" {
		t.Errorf("brought back, it is %+v, %v", back, err)
	}
	nothing, err := h.AmendTenant(h.ctx, admin, ten.Ref, 0, keeper.TenantAmendment{})
	if err != nil || nothing.Version != 3 {
		t.Errorf("amended by nothing, it is %+v, %v", nothing, err)
	}
	e := h.events(keywright.EventQuery{Tenant: ten.ID})
	if len(e) != 3 || e[1].Detail["changed"] != "plan services archived" || e[1].Detail["archived"] != "true" || e[1].Actor != admin {
		t.Errorf("the trail is %+v", e)
	}
}

func TestOperatorsTenant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := keeper.TenantDraft{ID: keywright.OperatorTenant, Ref: "operators", Name: "Operators"}
	for range 2 {
		ten, err := h.EnsureTenant(h.ctx, admin, d)
		if err != nil || ten.ID != keywright.OperatorTenant || ten.Version != 1 {
			t.Fatalf("%+v, %v", ten, err)
		}
	}
	_, err := h.CreateTenant(h.ctx, admin, keeper.TenantDraft{ID: keywright.OperatorTenant, Ref: "another"})
	refused(t, err, keywright.Conflict, "id")
	_, err = h.AmendTenant(h.ctx, admin, "operators", 0, keeper.TenantAmendment{Archived: ptr(true)})
	refused(t, err, keywright.Conflict, "")
	byRef, err := h.EnsureTenant(h.ctx, admin, keeper.TenantDraft{Ref: "operators", Name: "ignored"})
	if err != nil || byRef.ID != keywright.OperatorTenant || byRef.Name != "Operators" {
		t.Errorf("found by its ref, it is %+v, %v", byRef, err)
	}
}

func TestOneRefManyAtOnce(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		won := race(t, 8, func(int) error {
			_, err := h.CreateTenant(h.ctx, admin, keeper.TenantDraft{Ref: "same"})
			if err != nil && !errors.Is(err, keywright.Conflict) {
				t.Error(err)
			}
			return err
		})
		if won != 1 {
			t.Errorf("%d tenants have one ref", won)
		}
	})
}
