package demo

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/keywright/keywright/meter"
)

// Two weeks of use are made up once, whatever is started again over the same data.
func TestTheDemoHasUseToLookAt(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "demo")
	var before int64
	for run := range 2 {
		d, err := Start(t.Context(), Options{Listen: "127.0.0.1:0", ListenTLS: "127.0.0.1:0", Metrics: "127.0.0.1:0", Data: data, Out: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		uses := d.daemon.Store().(meter.Store)
		now := meter.HourOf(d.clock.Now())
		found, err := uses.Use(t.Context(), meter.Query{API: "trusset", From: now - historyDays*24, Until: now - 24, Step: 24})
		if err != nil || len(found) < 2 {
			t.Fatalf("%v, %v", found, err)
		}
		var times int64
		for _, one := range found {
			times += one.Times
		}
		if run == 1 && times != before {
			t.Errorf("the second run made %d of %d", times, before)
		}
		before = times
		if err := d.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
