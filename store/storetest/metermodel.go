package storetest

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/keywright/keywright/meter"
)

// useModel adds the same to a store and to the reference, and reads both.
func useModel(t *testing.T, open, reference OpenMeter) {
	subject, model := open(t)[0], reference(t)[0]
	next := uint64(0)
	texts := []string{"192.0.2.1", "2001:db8::1", "2001:db8::2", "198.51.100.9", "fe80::1"}
	rapid.Check(t, func(r *rapid.T) {
		next++
		b := UseBatch(next, nil)
		seen := map[meter.Count]bool{}
		for range rapid.IntRange(0, 30).Draw(r, "counts") {
			c := meter.Count{
				Scope: meter.Scope(rapid.SampledFrom([]string{"", "key:a", "tenant:b"}).Draw(r, "scope")), API: rapid.SampledFrom([]string{"a", "b"}).Draw(r, "api"),
				Hour: aDay + rapid.Int64Range(0, 50).Draw(r, "hour"), Reason: rapid.SampledFrom([]string{"granted", "expired"}).Draw(r, "reason"),
			}
			if !seen[c] {
				seen[c] = true
				c.Times = rapid.Int64Range(0, 1000).Draw(r, "times")
				b.Counts = append(b.Counts, c)
			}
		}
		if rapid.Bool().Draw(r, "used") {
			k := presented(rapid.IntRange(1, 3).Draw(r, "key"), rapid.IntRange(0, 50).Draw(r, "at"), rapid.SampledFrom(texts).Draw(r, "from"))
			for _, text := range rapid.SliceOfDistinct(rapid.SampledFrom(texts), rapid.ID[string]).Draw(r, "addresses") {
				k.Addresses = append(k.Addresses, from(text, 1, rapid.IntRange(0, 50).Draw(r, "seconds")))
			}
			b.Keys = append(b.Keys, k)
		}
		q := meter.Query{Scope: meter.Scope(rapid.SampledFrom([]string{"", "key:a", "tenant:b"}).Draw(r, "whose")), API: rapid.SampledFrom([]string{"", "a"}).Draw(r, "of"),
			From: aDay + rapid.Int64Range(0, 30).Draw(r, "begin"), Until: aDay + 48, Step: rapid.SampledFrom([]int64{1, 24}).Draw(r, "step")}
		addUse(t, subject, b)
		addUse(t, model, b)
		if got, want := used(t, subject, q), used(t, model, q); !reflect.DeepEqual(got, want) {
			r.Fatalf("%+v: %v, want %v", q, got, want)
		}
		for n := 1; n <= 3; n++ {
			if got, want := fmt.Sprint(lastUse(t, subject, KeyID(n)), addresses(t, subject, KeyID(n))), fmt.Sprint(lastUse(t, model, KeyID(n)), addresses(t, model, KeyID(n))); got != want {
				r.Fatalf("key %d: %s, want %s", n, got, want)
			}
		}
	})
}
