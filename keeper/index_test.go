package keeper_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/feed"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/store/memory"
	"github.com/keywright/keywright/verify"
)

// node is a keeper with an index that follows its store, and what was issued.
type node struct {
	*house
	index  *verify.Index
	issued []keeper.Issued
	ten    keywright.Tenant
}

func newNode(t *testing.T, ctx context.Context) *node {
	h := houseOver(t, memory.New())
	n := &node{house: h, index: verify.New(verify.Options{})}
	follower := feed.New(h.store, n.index)
	try(t, follower.Start(ctx))
	h.options.Wait = follower.Wait
	h.Keeper = keeper.New(h.options)
	n.ten = h.full()
	return n
}

func (n *node) pick(t *rapid.T) keywright.KeyID {
	if len(n.issued) == 0 {
		t.Skip("there is no key")
	}
	return rapid.SampledFrom(n.issued).Draw(t, "key").Key.ID
}

func (n *node) keep(out keeper.Issued, err error) {
	if err == nil {
		n.issued = append(n.issued, out)
	}
}

// check compares what the index answers, at once after each write, with what the
// rules say of the record in the store.
func (n *node) check(t *rapid.T) {
	now := n.clock()
	ten := n.ten
	try(n.t, n.store.View(n.ctx, func(r keywright.Reader) (err error) { ten, err = r.Tenant(n.ctx, string(ten.ID)); return err }))
	need := keywright.Need{Scheme: "trusset-instance", Service: "tokenization"}
	counts := 0
	there := map[keywright.KeyID]keywright.Key{}
	for _, k := range n.keys(keywright.KeyQuery{}) {
		there[k.ID] = k
		if k.CountsAt(now) {
			counts++
		}
	}
	if counts > 10 {
		t.Fatalf("TRS-17: %d keys count", counts)
	}
	for _, out := range n.issued {
		got := n.index.Verify(now, n.secrets.Pepper.Digest(out.Credential), &need)
		want := keywright.Decide(now, nil, nil, need)
		if k, ok := there[out.Key.ID]; ok {
			want = keywright.Decide(now, &k, &ten, need)
		}
		if got.Reason != want.Reason || got.Key != want.Key || !got.Dies.Equal(want.Dies) {
			t.Fatalf("the index answers %s for %s, the rules %s", got.Reason, out.Key.ID, want.Reason)
		}
	}
}

func TestWhatWasAnsweredHasHappenedHere(t *testing.T) {
	t.Parallel()
	step := rapid.SampledFrom([]time.Duration{1, time.Hour, 24 * time.Hour, 168 * time.Hour})
	rapid.Check(t, func(rt *rapid.T) {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		n := newNode(t, ctx)
		rt.Repeat(map[string]func(*rapid.T){
			"issue": func(t *rapid.T) {
				d := keywright.Draft{}
				if rapid.Bool().Draw(t, "expires") {
					d.Expires = n.clock().Add(step.Draw(t, "life"))
				}
				n.keep(n.Issue(n.ctx, admin, keeper.IssueRequest{Tenant: n.ten.Ref, Scheme: "trusset-instance", Draft: d}))
			},
			"rotate": func(t *rapid.T) {
				o := step.Draw(t, "overlap")
				n.keep(n.Rotate(n.ctx, admin, n.pick(t), keeper.RotateRequest{Overlap: &o, Finish: rapid.Bool().Draw(t, "finish")}))
			},
			"amend": func(t *rapid.T) {
				to := n.clock().Add(step.Draw(t, "life"))
				_, _ = n.Amend(n.ctx, admin, n.pick(t), 0, keywright.Amendment{Expires: &to})
			},
			"pause":  func(t *rapid.T) { _, _ = n.Pause(n.ctx, admin, n.pick(t), n.clock().Add(step.Draw(t, "until"))) },
			"resume": func(t *rapid.T) { _, _ = n.Resume(n.ctx, admin, n.pick(t)) },
			"revoke": func(t *rapid.T) { _, _ = n.Revoke(n.ctx, admin, n.pick(t), "") },
			"delete": func(t *rapid.T) { _ = n.Delete(n.ctx, admin, n.pick(t)) },
			"tenant": func(t *rapid.T) {
				a := keeper.TenantAmendment{Archived: ptr(rapid.Bool().Draw(t, "archived")), Services: ptr(rapid.SampledFrom([][]string{nil, {"tokenization"}}).Draw(t, "services"))}
				_, err := n.AmendTenant(n.ctx, admin, n.ten.Ref, 0, a)
				try(n.t, err)
			},
			"time": func(t *rapid.T) { n.advance(step.Draw(t, "time")) },
			"":     n.check,
		})
	})
}
