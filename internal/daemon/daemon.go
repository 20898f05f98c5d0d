package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/gate"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
	"github.com/keywright/keywright/scheme"
)

// The doors, by name.
const (
	httpDoor        = "http"
	httpsDoor       = "https"
	managementDoor  = "management"
	metricsDoor     = "metrics"
	forwardAuthDoor = "forward-auth"
)

// ownConnections is how many connections the operators' doors hold at once.
const ownConnections = 1024

// Options of a daemon.
type Options struct {
	Source *config.Source
	// Reload reads the configuration again; nil: a reload is refused.
	Reload func() (*config.Source, error)
	Lookup func(string) (string, bool) // the environment; nil is os.LookupEnv
	Clock  func() time.Time            // of key life, windows and assertions; nil is time.Now
	Log    *slog.Logger
	// Local returns upstreams that run in this process, by API, given the keys
	// that identity assertions are verified with; nil: there are none.
	Local func(jwks []byte) (map[string]http.RoundTripper, error)
	// Console wraps the management host's handler; nil leaves it as it is.
	Console func(management http.Handler, pass Pass) http.Handler
	// Extra returns more surfaces for the gate, which Console's Pass knows by name.
	Extra  func(schemes map[string]*scheme.Scheme) []gate.API
	Direct []Direct
	// Handbooks say what upstreams in this process say of themselves, by API.
	Handbooks map[string]Handbook
	// CA issues the certificates in place of tls.internal_ca; nil: as configured.
	CA *CA
	// Setup leaves a one-use set-up token when there is no operator key yet.
	Setup bool
}

// Pass asks the gate about a request to a surface by its name.
type Pass func(r *http.Request, api string) gate.Verdict

// Direct is a door that belongs to one API alone.
type Direct struct {
	API  string
	Addr string
	TLS  bool
	// Elsewhere lets the system choose a port where Addr's is taken.
	Elsewhere bool
}

// Daemon runs one node.
type Daemon struct {
	o           Options
	log         *slog.Logger
	core        *core
	metrics     *metrics
	certs       *certificates
	reloading   sync.Mutex
	generations generations
	streams     context.Context // ends when streams must
	endStreams  context.CancelFunc
	listeners   []*listener
	slots       chan struct{}
	ownSlots    chan struct{}
	draining    atomic.Bool
	failed      chan error
	stopping    sync.Once
}

// Start composes everything and answers on every door before it returns. The
// context bounds the start only; Close ends what was started.
func Start(ctx context.Context, o Options) (*Daemon, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Lookup == nil {
		o.Lookup = os.LookupEnv
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	plan, err := Compile(o.Source)
	if err != nil {
		return nil, err
	}
	if o.Extra != nil {
		plan.APIs = append(plan.APIs, o.Extra(plan.Schemes)...)
	}
	d := &Daemon{
		o: o, log: o.Log, metrics: newMetrics(), failed: make(chan error, 1),
		slots: make(chan struct{}, o.Source.Config.Limits.Connections), ownSlots: make(chan struct{}, ownConnections),
	}
	d.streams, d.endStreams = context.WithCancel(context.Background())
	if err := d.start(ctx, plan); err != nil {
		return nil, errors.Join(err, d.Close(ctx))
	}
	return d, nil
}

func (d *Daemon) start(ctx context.Context, plan *Plan) error {
	var err error
	if d.core, err = openCore(ctx, &d.o, plan, func(outcome string) { d.metrics.signIns.WithLabelValues(outcome).Inc() }); err != nil {
		return err
	}
	d.core.silence = d.core.startBeating(d.log)
	d.metrics.watch(d.core.gauges())
	if d.o.Setup {
		if err := d.core.offerSetup(ctx, &d.o.Source.Config, d.log); err != nil {
			return err
		}
	}
	if d.certs, err = newCertificates(&d.o, plan); err != nil {
		return err
	}
	// The doors are bound first, and answer last: sites say where they are.
	if err := d.openDoors(ctx); err != nil {
		return err
	}
	if err := d.install(plan); err != nil {
		return err
	}
	for _, l := range d.listeners {
		go func() {
			if err := l.serve(); err != nil {
				select {
				case d.failed <- err:
				default:
				}
			}
		}()
		d.log.Info("listening", "door", l.name, "address", l.net.Addr().String(), "tls", l.tls)
	}
	return nil
}

// door is one listener to be opened.
type door struct {
	name, addr string
	h          http.Handler
	api        string // in whose style is answered what is no request; "" is plain
	tls        bool
	own        bool // the operators', with connections of its own
	elsewhere  bool
}

// openDoors binds every listener of the configuration.
func (d *Daemon) openDoors(ctx context.Context) error {
	c := &d.o.Source.Config
	public := d.public()
	doors := []door{
		{name: httpDoor, addr: c.Listen.HTTP, h: d.certs.challenges(public)},
		{name: httpsDoor, addr: c.Listen.HTTPS, h: public, tls: true},
		{name: managementDoor, addr: c.Listen.Management, h: d.console(), tls: c.TLS.Management, own: true},
		{name: metricsDoor, addr: c.Listen.Metrics, h: d.operations(), own: true},
		{name: forwardAuthDoor, addr: c.ForwardAuth.Listen, h: d.forwardAuth()},
	}
	for _, one := range d.o.Direct {
		doors = append(doors, door{name: one.API, api: one.API, addr: one.Addr, h: d.direct(one.API), tls: one.TLS, elsewhere: one.Elsewhere})
	}
	for _, one := range doors {
		if one.addr == "" {
			continue
		}
		if err := d.open(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// Keeper is the keeper of this node, for what is seeded in process.
func (d *Daemon) Keeper() *keeper.Keeper { return d.core.keeper }

// People are the people of this node, for whom is enrolled in process.
func (d *Daemon) People() *people.Service { return d.core.people }

// Store is the store of this node, for what is read in process.
func (d *Daemon) Store() keywright.Store { return d.core.store }

// Address is where a door is open: "http", "https", "management", "metrics",
// "forward-auth", or the API of a direct one; "" if it is shut.
func (d *Daemon) Address(door string) string {
	for _, l := range d.listeners {
		if l.name == door {
			return l.net.Addr().String()
		}
	}
	return ""
}

// Failed yields the error of a listener that ended by itself.
func (d *Daemon) Failed() <-chan error { return d.failed }

// Close stops accepting, lets what runs end within the drain timeout, cuts what
// still streams, and closes the store last. It is safe to call twice.
func (d *Daemon) Close(ctx context.Context) error {
	var err error
	d.stopping.Do(func() { err = d.close(ctx) })
	return err
}

func (d *Daemon) close(ctx context.Context) error {
	d.draining.Store(true)
	// Streams would hold the drain to its end, and their clients reconnect.
	d.endStreams()
	drain, cancel := context.WithTimeout(ctx, d.o.Source.Config.Limits.DrainTimeout)
	defer cancel()
	var group sync.WaitGroup
	for _, l := range d.listeners {
		group.Go(func() {
			if l.server.Shutdown(drain) != nil {
				_ = l.server.Close() // the time is up: what still runs is cut
			}
			_ = l.net.Close() // of a server that never served
		})
	}
	group.Wait()
	d.generations.close()
	if d.core == nil {
		return nil
	}
	if err := d.core.close(); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

// plan is the configuration in force.
func (d *Daemon) plan() *Plan { return d.generations.current.Load().plan }

// hostOf returns a request's host, lower case and without its port.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return lower(host)
}
