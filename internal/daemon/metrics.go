package daemon

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts what happened. No label of it is chosen by a client, and none
// is a key, a tenant, an address or a path.
type metrics struct {
	registry     *prometheus.Registry
	requests     *prometheus.CounterVec
	durations    *prometheus.HistogramVec
	verification prometheus.Histogram
	reloads      *prometheus.CounterVec
	signIns      *prometheus.CounterVec
	connections  atomic.Int64
}

// gauges are read when somebody asks for the metrics.
type gauges struct {
	keys, tenants func() float64
	age           func() float64 // seconds since the view was complete
	fresh         func() bool
	cursor        func() float64
	limited       func() float64 // keys and addresses
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keywright_requests_total", Help: "Answers, by API, reason (granted, or why not) and status.",
		}, []string{"api", "reason", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "keywright_request_duration_seconds", Help: "From the request's headers to the end of its answer, upstream included.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 12),
		}, []string{"api"}),
		verification: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "keywright_verification_duration_seconds", Help: "One look-up and decision in the index; one in 64 is measured.",
			Buckets: prometheus.ExponentialBuckets(100e-9, 2, 14),
		}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keywright_reloads_total", Help: "Reloads of the configuration, by outcome.",
		}, []string{"outcome"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keywright_sign_ins_total", Help: "Attempts to sign in, by outcome.",
		}, []string{"outcome"}),
	}
	m.registry.MustRegister(m.requests, m.durations, m.verification, m.reloads, m.signIns, buildInfo())
	m.gauge("keywright_connections", "Connections held now.", func() float64 { return float64(m.connections.Load()) })
	return m
}

func (m *metrics) gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// watch adds what is read on demand.
func (m *metrics) watch(g gauges) {
	m.gauge("keywright_index_keys", "Keys held in memory.", g.keys)
	m.gauge("keywright_index_tenants", "Tenants held in memory.", g.tenants)
	m.gauge("keywright_freshness_age_seconds", "Age of this node's view of the keys; 0 where it is fresh by construction.", g.age)
	m.gauge("keywright_fresh", "1 while the view is young enough to answer from.", func() float64 {
		if g.fresh() {
			return 1
		}
		return 0
	})
	m.gauge("keywright_feed_cursor", "The newest change that this node has applied.", g.cursor)
	m.gauge("keywright_limiter_subjects", "Keys and addresses whose windows are remembered.", g.limited)
}

func buildInfo() prometheus.Collector {
	version, revision := "devel", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "keywright_build_info", Help: "Always 1; the labels say which build this is.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go": runtime.Version()},
	}, func() float64 { return 1 })
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// observe counts one answer.
func (m *metrics) observe(api, reason string, status int) {
	m.requests.WithLabelValues(api, reason, strconv.Itoa(status)).Inc()
}

// timed measures one verification in 64: reading the clock twice would cost as
// much as a good part of the verification itself.
type timed struct {
	next interface {
		Verify(now time.Time, d keywright.Digest, n *keywright.Need) keywright.Decision
	}
	into  prometheus.Histogram
	count atomic.Uint64
}

// Verify implements gate.Verifier.
func (t *timed) Verify(now time.Time, d keywright.Digest, n *keywright.Need) keywright.Decision {
	if t.count.Add(1)%64 != 0 {
		return t.next.Verify(now, d, n)
	}
	began := time.Now()
	decision := t.next.Verify(now, d, n)
	t.into.Observe(time.Since(began).Seconds())
	return decision
}
