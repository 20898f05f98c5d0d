package keeper_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/scheme"
	"github.com/keywright/keywright/schemes"
)

func TestTFI17_RevealedAgainAndTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.issue(h.full(), "trustifi")
	got, err := h.Reveal(h.ctx, admin, first.Key.ID)
	try(t, err)
	if text(got) != text(first.Credential) {
		t.Error("what is revealed is not what was issued")
	}
	if acts := h.acts(keywright.EventQuery{Key: first.Key.ID}); acts != "key.issued key.revealed" {
		t.Errorf("the events are %s", acts)
	}
	out, err := h.Rotate(h.ctx, admin, first.Key.ID, keeper.RotateRequest{})
	try(t, err)
	_, err = h.Reveal(h.ctx, admin, first.Key.ID)
	refused(t, err, keywright.Conflict, "")
	if h.key(first.Key.ID).Sealed != nil {
		t.Error("the sealed secret outlives its key")
	}
	_, err = h.Revoke(h.ctx, admin, out.Key.ID, keywright.Abuse)
	try(t, err)
	if h.key(out.Key.ID).Sealed != nil {
		t.Error("the sealed secret outlives a revocation")
	}
	once := h.issue(h.full(), "trusset-instance")
	_, err = h.Reveal(h.ctx, admin, once.Key.ID)
	t.Run("TSW-20 TRS-33 nothing else is", func(t *testing.T) { refused(t, err, keywright.Conflict, "") })
	_, secret := first.Credential.Reveal()
	h.holdsNo(secret)
}

// A provider of its own may give a recoverable pair an overlap; at its end nothing
// runs, the sealed secret is still there, and it is not shown.
func TestRevealEndsWithTheOverlap(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	src, _ := schemes.Source("trustifi")
	s, err := scheme.Parse("own.yaml", []byte(strings.NewReplacer("overlap: 0", "overlap: 1h", "keeps_key: true", "keeps_key: false").Replace(string(src))))
	try(t, err)
	h.options.Schemes = map[string]*scheme.Scheme{s.Name(): s}
	h.Keeper = keeper.New(h.options)
	k := h.issue(h.full(), "trustifi")
	_, err = h.Rotate(h.ctx, admin, k.Key.ID, keeper.RotateRequest{})
	try(t, err)
	h.advance(time.Hour - 1)
	if c, err := h.Reveal(h.ctx, admin, k.Key.ID); err != nil || text(c) != text(k.Credential) {
		t.Errorf("within the overlap: %v", err)
	}
	h.advance(1)
	_, err = h.Reveal(h.ctx, admin, k.Key.ID)
	refused(t, err, keywright.Conflict, "")
}

func TestRevealWithoutItsAuditIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k := h.issue(h.full(), "trustifi")
	h.options.Store = deaf{h.store}
	got, err := keeper.New(h.options).Reveal(h.ctx, admin, k.Key.ID)
	if err == nil || !got.IsZero() {
		t.Errorf("revealed although nothing could be written: %v", err)
	}
}

// deaf is a store whose log cannot be appended to.
type deaf struct{ keywright.Store }

type deafTx struct{ keywright.Tx }

var errDeaf = &keywright.Error{Kind: keywright.Unavailable, Detail: "the log cannot be written"}

func (deafTx) Append(context.Context, keywright.Event) error { return errDeaf }

func (d deaf) Update(ctx context.Context, fn func(keywright.Tx) error) (keywright.Cursor, error) {
	return d.Store.Update(ctx, func(tx keywright.Tx) error { return fn(deafTx{tx}) })
}

func TestAuditSinkDownRefusesEveryWrite(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	k := h.issue(ten, "trusset-instance")
	paused := h.issue(ten, "trusset-instance")
	_, err := h.Pause(h.ctx, admin, paused.Key.ID, time.Time{})
	try(t, err)
	h.options.Store = deaf{h.store}
	d := keeper.New(h.options)
	before := len(h.keys(keywright.KeyQuery{}))
	for name, write := range map[string]func() error{
		"issue": func() error {
			_, err := d.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "trusset-instance"})
			return err
		},
		"rotate": func() error { _, err := d.Rotate(h.ctx, admin, k.Key.ID, keeper.RotateRequest{}); return err },
		"amend": func() error {
			_, err := d.Amend(h.ctx, admin, k.Key.ID, 0, keywright.Amendment{Name: ptr("x")})
			return err
		},
		"pause":      func() error { _, err := d.Pause(h.ctx, admin, k.Key.ID, time.Time{}); return err },
		"resume":     func() error { _, err := d.Resume(h.ctx, admin, paused.Key.ID); return err },
		"revoke":     func() error { _, err := d.Revoke(h.ctx, admin, k.Key.ID, ""); return err },
		"delete":     func() error { return d.Delete(h.ctx, admin, k.Key.ID) },
		"new tenant": func() error { _, err := d.CreateTenant(h.ctx, admin, keeper.TenantDraft{Ref: "another1"}); return err },
		"amend tenant": func() error {
			_, err := d.AmendTenant(h.ctx, admin, ten.Ref, 0, keeper.TenantAmendment{Plan: ptr("x")})
			return err
		},
		"import": func() error {
			return d.Import(h.ctx, admin, rowsOf(keeper.ImportRow{Line: 1, Tenant: ten.Ref, Scheme: "trust-swiftly", Key: "1|" + strings.Repeat("a", 40)}), func(keeper.ImportResult) { t.Error("a row was reported as done") })
		},
		"repepper": func() error { _, err := d.Repepper(h.ctx, admin, h.secrets.Pepper.Extend([32]byte{1})); return err },
	} {
		if err := write(); !errors.Is(err, keywright.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	now := h.key(k.Key.ID)
	if len(h.keys(keywright.KeyQuery{})) != before || now.Version != 1 || h.state(paused.Key.ID) != keywright.StatePaused {
		t.Error("something was written that the log does not tell of")
	}
}
