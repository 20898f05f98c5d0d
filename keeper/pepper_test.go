package keeper_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/seal"
	"github.com/keywright/keywright/store/memory"
)

func (h *house) under(p *seal.Pepper) *keeper.Keeper {
	o := h.options
	o.Pepper = p
	return keeper.New(o)
}

func TestStartWithTheWrongPepperIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	wrong := seal.NewPepper(seal.Link{9})
	if err := h.under(wrong).CheckPepper(h.ctx); err != nil {
		t.Errorf("an empty store fits every pepper: %v", err)
	}
	h.issue(h.full(), "truestamp")
	if err := h.CheckPepper(h.ctx); err != nil {
		t.Errorf("the right pepper: %v", err)
	}
	err := h.under(wrong).CheckPepper(h.ctx)
	refused(t, err, keywright.Conflict, "pepper")
	for _, say := range []string{wrong.ID(), h.secrets.Pepper.ID(), "Bring back"} {
		if err != nil && !strings.Contains(err.Error(), say) {
			t.Errorf("the error does not say %q: %v", say, err)
		}
	}
	next := h.secrets.Pepper.Extend(seal.Link{1})
	refused(t, h.under(next).CheckPepper(h.ctx), keywright.Conflict, "pepper")
}

// Two nodes that start on one empty store with different secrets folders both fit
// it; the second to make a key is refused.
func TestTwoPeppersNeverShareAStore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	other := h.under(seal.NewPepper(seal.Link{9}))
	if err := errors.Join(h.CheckPepper(h.ctx), other.CheckPepper(h.ctx)); err != nil {
		t.Fatal(err)
	}
	k := h.issue(ten, "trusset-instance").Key
	_, err := other.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "truestamp"})
	refused(t, err, keywright.Conflict, "pepper")
	_, err = other.Rotate(h.ctx, admin, k.ID, keeper.RotateRequest{})
	refused(t, err, keywright.Conflict, "pepper")
	err = other.Import(h.ctx, admin, rowsOf(keeper.ImportRow{Line: 1, Tenant: ten.Ref, Scheme: "trust-swiftly", Key: old(1)}), func(keeper.ImportResult) { t.Error("a row was taken") })
	if !errors.Is(err, keywright.Conflict) || len(h.keys(keywright.KeyQuery{})) != 1 {
		t.Errorf("imported under another pepper: %v", err)
	}
}

func TestPepperRotationNeedsNoKey(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, h *house) {
		ten := h.full()
		issued := map[keywright.KeyID]keywright.Credential{}
		for range 20 {
			out := h.issue(ten, "truestamp")
			issued[out.Key.ID] = out.Credential
			h.advance(time.Millisecond)
		}
		next := h.secrets.Pepper.Extend(seal.Link{1, 2, 3})
		if n, err := h.Repepper(h.ctx, admin, next); err != nil || n != 20 {
			t.Fatalf("turned %d keys, %v", n, err)
		}
		for id, c := range issued {
			if k := h.key(id); k.Digest != next.Digest(c) || k.Pepper != next.ID() || k.Version != 2 {
				t.Fatal("a key does not answer to its own credential any more")
			}
			if got := h.acts(keywright.EventQuery{Key: id}); got != "key.issued key.repeppered" {
				t.Errorf("the trail is %s", got)
			}
		}
		_, err := h.Issue(h.ctx, admin, keeper.IssueRequest{Tenant: ten.Ref, Scheme: "truestamp"})
		refused(t, err, keywright.Conflict, "pepper")
		if err := h.under(next).CheckPepper(h.ctx); err != nil {
			t.Errorf("with the new pepper: %v", err)
		}
		refused(t, h.CheckPepper(h.ctx), keywright.Conflict, "pepper")
		if n, err := h.Repepper(h.ctx, admin, next); err != nil || n != 0 {
			t.Errorf("run again, it turned %d keys, %v", n, err)
		}
		_, err = h.Repepper(h.ctx, admin, seal.NewPepper(seal.Link{8}))
		refused(t, err, keywright.Invalid, "pepper")
		_, err = h.Repepper(h.ctx, admin, h.secrets.Pepper.Extend(seal.Link{7}))
		refused(t, err, keywright.Conflict, "")
	})
}

// short is a store that fails after so many updates.
type short struct {
	keywright.Store
	left *int
}

func (s short) Update(ctx context.Context, fn func(keywright.Tx) error) (keywright.Cursor, error) {
	if *s.left--; *s.left < 0 {
		return 0, errDeaf
	}
	return s.Store.Update(ctx, fn)
}

func TestPepperRotationThatWasCutShort(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ten := h.full()
	for range 1100 {
		h.issue(ten, "truestamp")
	}
	next := h.secrets.Pepper.Extend(seal.Link{1})
	left := 1
	o := h.options
	o.Store = short{h.store, &left}
	n, err := keeper.New(o).Repepper(h.ctx, admin, next)
	if n != 500 || !errors.Is(err, keywright.Unavailable) {
		t.Fatalf("turned %d keys, %v", n, err)
	}
	for _, p := range []*seal.Pepper{h.secrets.Pepper, next} {
		err := h.under(p).CheckPepper(h.ctx)
		refused(t, err, keywright.Conflict, "pepper")
		if err != nil && !strings.Contains(err.Error(), "cut short") {
			t.Errorf("the error does not say what happened: %v", err)
		}
	}
	if n, err := h.Repepper(h.ctx, admin, next); n != 600 || err != nil {
		t.Errorf("run again, it turned %d keys, %v", n, err)
	}
	if err := h.under(next).CheckPepper(h.ctx); err != nil {
		t.Error(err)
	}
}

// Wherever the last key's id lies, it is the one that is looked at.
func TestCheckPepperLooksAtTheNewestKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		store := memory.New()
		ids := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) keywright.KeyID {
			var id keywright.KeyID
			at := rapid.SampledFrom([]int{0, 5, 7, 8, 15}).Draw(t, "from")
			copy(id[at:], rapid.SliceOfN(rapid.Byte(), 16-at, 16-at).Draw(t, "bytes"))
			return id
		}).Filter(func(id keywright.KeyID) bool { return !id.IsZero() }), 2, 20, func(id keywright.KeyID) keywright.KeyID { return id }).Draw(rt, "ids")
		newest := ids[0]
		for _, id := range ids {
			if string(id[:]) > string(newest[:]) {
				newest = id
			}
		}
		secrets, err := seal.Ephemeral(nil)
		if err != nil {
			rt.Fatal(err)
		}
		k := keeper.New(keeper.Options{Store: store, Pepper: secrets.Pepper})
		put := func(odd string) {
			_, err := store.Update(t.Context(), func(tx keywright.Tx) error {
				for i, id := range ids {
					pepper := secrets.Pepper.ID()
					if id == newest && odd != "" {
						pepper = odd
					}
					if err := tx.PutKey(t.Context(), keywright.Key{ID: id, Tenant: "ten_a", Pepper: pepper, Digest: keywright.Digest{1, byte(i)}, Version: 1}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				rt.Fatal(err)
			}
		}
		put("")
		if err := k.CheckPepper(t.Context()); err != nil {
			rt.Fatalf("all fit: %v", err)
		}
		put("pep_other")
		if err := k.CheckPepper(t.Context()); !errors.Is(err, keywright.Conflict) {
			rt.Fatalf("the newest does not fit: %v", err)
		}
	})
}
