package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
)

// CreateKey makes a key. The answer is the only one that holds its credential.
// A lost answer is asked for again under one Idempotency-Key, so that there is
// never a second key; then Replayed is set and the credential is gone.
func (c *Client) CreateKey(ctx context.Context, k api.CreateKey) (api.Key, error) {
	return c.CreateKeyOnce(ctx, newIdempotencyKey(), k)
}

// CreateKeyOnce is CreateKey under an Idempotency-Key of the caller's.
func (c *Client) CreateKeyOnce(ctx context.Context, idempotencyKey string, k api.CreateKey) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPost, path: "/keys", header: once(idempotencyKey), body: k}, &out)
	return out, err
}

func once(idempotencyKey string) http.Header {
	return http.Header{"Idempotency-Key": {idempotencyKey}}
}

// repeatable marks a request that is harmless to repeat.
func harmless() http.Header { return http.Header{"Keywright-Repeatable": {"1"}} }

// Key returns a key's record.
func (c *Client) Key(ctx context.Context, id string) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodGet, path: "/keys/" + url.PathEscape(id)}, &out)
	return out, err
}

// KeyFilter selects keys; what is empty selects all.
type KeyFilter struct {
	Tenant        string // id or ref
	Scheme        string
	States        []string
	Environment   string
	Search        string    // what the name, the id or the hint's visible characters begin with
	ExpiresBefore time.Time // only keys that expire before this
	Sort          string    // created, name or expires; "" is created
	Order         string    // asc or desc; "" is asc
	Page          int       // keys on a page; 0 is the server's choice
}

func (f *KeyFilter) query() url.Values {
	query := url.Values{}
	put(query, "tenant", f.Tenant)
	put(query, "scheme", f.Scheme)
	put(query, "state", strings.Join(f.States, ","))
	put(query, "environment", f.Environment)
	put(query, "search", f.Search)
	putTime(query, "expires_before", f.ExpiresBefore)
	put(query, "sort", f.Sort)
	put(query, "order", f.Order)
	return query
}

// Keys yields the keys that a filter selects, page by page, in the filter's order.
// It ends after the first error.
func (c *Client) Keys(ctx context.Context, f KeyFilter) iter.Seq2[api.KeyBody, error] {
	query := f.query()
	putInt(query, "limit", f.Page)
	return pages(ctx, c, "/keys", query, func(p *api.KeyPage) ([]api.KeyBody, string) { return p.Items, p.NextCursor })
}

// KeysPage returns one page of keys: the one that cursor stands before, the first
// for "". A page may hold fewer than asked for; only an empty NextCursor is the end.
func (c *Client) KeysPage(ctx context.Context, f KeyFilter, cursor string) (api.KeyPage, error) {
	var out api.KeyPage
	err := c.send(ctx, request{method: http.MethodGet, path: "/keys", query: onePage(f.query(), f.Page, cursor)}, &out)
	return out, err
}

// AmendKey changes a key. ifVersion is the version that the caller saw, or 0.
func (c *Client) AmendKey(ctx context.Context, id string, ifVersion uint64, a api.AmendKey) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPatch, path: "/keys/" + url.PathEscape(id), header: ifMatch(ifVersion), body: a}, &out)
	return out, err
}

// AmendExpiry moves a key's expiry; the zero time is never.
func (c *Client) AmendExpiry(ctx context.Context, id string, ifVersion uint64, to time.Time) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPatch, path: "/keys/" + url.PathEscape(id), header: ifMatch(ifVersion), body: expiry(to)}, &out)
	return out, err
}

// expiry spells a new expiry, which null ends.
func expiry(to time.Time) map[string]any {
	if to.IsZero() {
		return map[string]any{"expires_at": nil}
	}
	return map[string]any{"expires_at": to.UTC()}
}

func ifMatch(version uint64) http.Header {
	if version == 0 {
		return nil
	}
	return http.Header{"If-Match": {`"v` + strconv.FormatUint(version, 10) + `"`}}
}

// DeleteKey removes a key.
func (c *Client) DeleteKey(ctx context.Context, id string) error {
	err := c.send(ctx, request{method: http.MethodDelete, path: "/keys/" + url.PathEscape(id)}, nil)
	return err
}

// RotateKey replaces a key, under an Idempotency-Key as CreateKey does.
func (c *Client) RotateKey(ctx context.Context, id string, r api.RotateKey) (api.Key, error) {
	return c.RotateKeyOnce(ctx, newIdempotencyKey(), id, r)
}

// RotateKeyOnce is RotateKey under an Idempotency-Key of the caller's.
func (c *Client) RotateKeyOnce(ctx context.Context, idempotencyKey, id string, r api.RotateKey) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPost, path: "/keys/" + url.PathEscape(id) + "/rotate", header: once(idempotencyKey), body: r}, &out)
	return out, err
}

// OverlapKey moves the end of a retiring key's overlap; the zero time ends it now.
func (c *Client) OverlapKey(ctx context.Context, id string, until time.Time) (api.Key, error) {
	return c.act(ctx, id, "overlap", nil, overlapEnd(until))
}

func overlapEnd(until time.Time) api.OverlapKey {
	if until.IsZero() {
		return api.OverlapKey{}
	}
	until = until.UTC()
	return api.OverlapKey{EndsAt: &until}
}

// PauseKey suspends a key until an instant, or until resumed if that is zero.
func (c *Client) PauseKey(ctx context.Context, id string, until time.Time) (api.Key, error) {
	return c.act(ctx, id, "pause", nil, pause(until))
}

func pause(until time.Time) api.PauseKey {
	if until.IsZero() {
		return api.PauseKey{}
	}
	until = until.UTC()
	return api.PauseKey{Until: &until}
}

// ResumeKey ends a pause.
func (c *Client) ResumeKey(ctx context.Context, id string) (api.Key, error) {
	return c.act(ctx, id, "resume", nil, nil)
}

// RevokeKey ends a key for good; repeating it is harmless. reason may be empty.
func (c *Client) RevokeKey(ctx context.Context, id, reason string) (api.Key, error) {
	return c.act(ctx, id, "revoke", harmless(), api.RevokeKey{Reason: reason})
}

func (c *Client) act(ctx context.Context, id, act string, header http.Header, body any) (api.Key, error) {
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPost, path: "/keys/" + url.PathEscape(id) + "/" + act, header: header, body: body}, &out)
	return out, err
}

// Verify asks whether a request would be granted. A refusal is an answer, not
// an error.
func (c *Client) Verify(ctx context.Context, v api.Verify) (api.Verdict, error) {
	var out api.Verdict
	header := harmless()
	if v.Count {
		header = nil
	}
	err := c.send(ctx, request{method: http.MethodPost, path: "/keys/verify", header: header, body: v}, &out)
	return out, err
}

// Explain is Verify with each check in order.
func (c *Client) Explain(ctx context.Context, v api.Verify) (api.Explanation, error) {
	var out api.Explanation
	err := c.send(ctx, request{method: http.MethodPost, path: "/keys/explain", header: harmless(), body: v}, &out)
	return out, err
}
