package api

import "time"

// Tenant is a tenant's record as it goes over the wire.
type Tenant struct {
	ID           string            `json:"id" example:"ten_01JZ8Q6V7N3F5T9X2B4C6D8E0G"`
	Ref          string            `json:"ref" doc:"Short and unique; part of the credential where a scheme's format says so." example:"acme0001"`
	Name         string            `json:"name" doc:"What people call it." example:"Acme Inc."`
	Plan         string            `json:"plan" doc:"Empty is no plan." example:"growth"`
	Services     []string          `json:"services" nullable:"false" doc:"What is switched on." example:"[\"files\"]"`
	Environments []string          `json:"environments" nullable:"false" doc:"What has been granted, beyond what a scheme leaves open." example:"[\"live\"]"`
	Metadata     map[string]string `json:"metadata" nullable:"false" doc:"The provider's own."`
	Archived     bool              `json:"archived" doc:"An archived tenant's keys are refused."`
	CreatedAt    time.Time         `json:"created_at" doc:"When it was made."`
	Version      uint64            `json:"version" doc:"Grows by one with each write; the ETag is \"v\" and this number."`
}

// CreateTenant asks for a tenant. null is the same as absent.
type CreateTenant struct {
	Ref          string            `json:"ref,omitempty" nullable:"true" maxLength:"64" doc:"Made up, 8 letters and digits, unless given." example:"acme0001"`
	Name         string            `json:"name,omitempty" nullable:"true" maxLength:"1024" doc:"What people call it." example:"Acme Inc."`
	Plan         string            `json:"plan,omitempty" nullable:"true" maxLength:"128" doc:"What it pays for, in the provider's words; absent is none." example:"growth"`
	Services     []string          `json:"services,omitempty" maxItems:"64" doc:"What is switched on."`
	Environments []string          `json:"environments,omitempty" maxItems:"64" doc:"What is granted, beyond what a scheme leaves open."`
	Metadata     map[string]string `json:"metadata,omitempty" nullable:"true" doc:"At most 32 short texts of the provider's own."`
}

// AmendTenant changes a tenant; what is absent stays as it is.
type AmendTenant struct {
	Name         *string            `json:"name,omitempty" maxLength:"1024" doc:"A new name."`
	Plan         *string            `json:"plan,omitempty" maxLength:"128" doc:"Empty is no plan."`
	Services     *[]string          `json:"services,omitempty" maxItems:"64" nullable:"false" doc:"Replaces all services."`
	Environments *[]string          `json:"environments,omitempty" maxItems:"64" nullable:"false" doc:"Replaces all granted environments."`
	Metadata     *map[string]string `json:"metadata,omitempty" doc:"Replaces all metadata."`
	Archived     *bool              `json:"archived,omitempty" doc:"true refuses all the tenant's keys; false lets them pass again."`
}

// TenantPage is one page of tenants.
type TenantPage struct {
	Items      []Tenant `json:"items" nullable:"false" doc:"The tenants of this page."`
	NextCursor string   `json:"next_cursor" doc:"Send it as cursor to get the next page; empty at the end."`
}
