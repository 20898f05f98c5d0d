package management

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
)

// sheet is how records of one kind stand in a file.
type sheet[T any] struct {
	name    string
	columns []string
	cells   func(*T) []string // one for each column
}

func keySheet() sheet[api.KeyBody] {
	return sheet[api.KeyBody]{"keys", []string{
		"id", "tenant", "scheme", "state", "name", "environment", "hint", "public_key", "permissions", "addresses", "metadata", "created_at", "expires_at",
		"last_used_at", "paused_at", "paused_until", "retires_at", "revoked_at", "revocation_reason", "predecessor", "successor", "version",
	}, func(k *api.KeyBody) []string {
		return []string{
			k.ID, k.Tenant, k.Scheme, k.State, k.Name, k.Environment, k.Hint, k.PublicKey, strings.Join(k.Permissions, " "), strings.Join(k.Addresses, " "),
			object(k.Metadata), moment(&k.CreatedAt), moment(k.ExpiresAt), moment(k.LastUsedAt), moment(k.PausedAt), moment(k.PausedUntil), moment(k.RetiresAt), moment(k.RevokedAt),
			k.RevocationReason, k.Predecessor, k.Successor, number(k.Version),
		}
	}}
}

func tenantSheet() sheet[api.Tenant] {
	return sheet[api.Tenant]{"tenants", []string{"id", "ref", "name", "plan", "services", "environments", "metadata", "archived", "created_at", "version"}, func(t *api.Tenant) []string {
		return []string{
			t.ID, t.Ref, t.Name, t.Plan, strings.Join(t.Services, " "), strings.Join(t.Environments, " "), object(t.Metadata),
			map[bool]string{true: "true", false: "false"}[t.Archived], moment(&t.CreatedAt), number(t.Version),
		}
	}}
}

func eventSheet() sheet[api.Event] {
	return sheet[api.Event]{"events", []string{"id", "at", "act", "key", "tenant", "actor", "actor_name", "address", "request_id", "reason", "detail"}, func(e *api.Event) []string {
		return []string{
			e.ID, moment(&e.At), e.Act, e.Key, e.Tenant, e.Actor.ID, e.Actor.Name, e.Actor.Address, e.Actor.RequestID, e.Reason, object(e.Detail),
		}
	}}
}

func moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func number(n uint64) string { return string(must(json.Marshal(n))) }

func object(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	return string(must(json.Marshal(m)))
}

// must is for what cannot fail: numbers and texts are always JSON.
func must(raw []byte, _ error) []byte { return raw }

// page writes records; the first page of CSV begins with the columns.
func (s sheet[T]) page(w io.Writer, lines, first bool, records []T) error {
	if lines {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		for i := range records {
			if err := out.Encode(&records[i]); err != nil {
				return err
			}
		}
		return nil
	}
	out := csv.NewWriter(w)
	if first {
		_ = out.Write(s.columns) // the writer keeps its first error
	}
	for i := range records {
		cells := s.cells(&records[i])
		for c := range cells {
			cells[c] = wire.Inert(cells[c])
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}
