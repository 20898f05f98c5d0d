package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright/front/forwardauth"
	"github.com/keywright/keywright/front/proxy"
	"github.com/keywright/keywright/gate"
)

// The kinds of server. Each runs in a process of its own, so that its CPU time
// is its own.
const (
	bareServer    = "bare"    // net/http and a constant 204
	verifyServer  = "verify"  // the gate, and 204 or the refusal
	forwardServer = "forward" // front/forwardauth
	backServer    = "back"    // an upstream with a small body
	proxyServer   = "proxy"   // front/proxy before the upstream whose address is the argument
	plainProxy    = "plain"   // httputil.ReverseProxy before it
)

// serve is the child: it prints its address, then its CPU time in microseconds
// for every line it reads, and ends with its input.
func serve(ctx context.Context, kind string, keys int, args []string) error {
	h, err := handler(kind, keys, args)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(ln) }()
	runtime.GC()
	fmt.Println(ln.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		used, err := cpu()
		if err != nil {
			return err
		}
		fmt.Println(used.Microseconds())
	}
	return s.Close()
}

func handler(kind string, keys int, args []string) (http.Handler, error) {
	switch kind {
	case bareServer:
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), nil
	case backServer:
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"items":[],"next_cursor":""}`)
		}), nil
	case plainProxy:
		to, err := url.Parse("http://" + args[0])
		if err != nil {
			return nil, err
		}
		return httputil.NewSingleHostReverseProxy(to), nil
	}
	w, err := newWorld(keys)
	if err != nil {
		return nil, err
	}
	switch kind {
	case verifyServer:
		return w.verifying(), nil
	case forwardServer:
		return forwardauth.New(forwardauth.Options{
			Gate: w.inForce, Identities: gate.NewIdentities(w.secrets.Identity, time.Now),
			Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		}), nil
	case proxyServer:
		return w.proxying("http://" + args[0])
	}
	return nil, fmt.Errorf("there is no server of the kind %q", kind)
}

func (w *world) inForce() *gate.Gate { return w.gate }

// verifying is what the Go program does that asks the gate itself.
func (w *world) verifying() http.Handler {
	hops := gate.Hops{}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		view := hops.View(r)
		v := w.gate.Pass(&view, verifiedAPI)
		header := rw.Header()
		v.Headers(header.Set)
		if v.Answer == nil {
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		for _, h := range v.Answer.Header {
			header.Set(h.Name, h.Value)
		}
		rw.WriteHeader(v.Answer.Status)
		_, _ = rw.Write(v.Answer.Body)
	})
}

func (w *world) proxying(upstream string) (http.Handler, error) {
	return proxy.New(proxy.Options{
		Gate: w.inForce, Targets: map[string]proxy.Target{verifiedAPI: {Upstream: upstream}, openAPI: {Upstream: upstream}},
		Identities: gate.NewIdentities(w.secrets.Identity, time.Now), Clock: time.Now, View: gate.Hops{}.View,
		Log: slog.New(slog.DiscardHandler),
	})
}

// child is a server in a process of its own.
type child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	address string
}

func spawn(ctx context.Context, kind string, keys int, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{command: exec.CommandContext(ctx, self, append([]string{"-serve", kind, "-keys", strconv.Itoa(keys)}, args...)...)} //nolint:gosec // ourselves
	c.command.Stderr = os.Stderr
	if c.in, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("the %s server did not start: %w", kind, err)
	}
	c.address = strings.TrimSpace(line)
	return c, nil
}

// used asks the child for its CPU time.
func (c *child) used() (time.Duration, error) {
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		return 0, err
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	us, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return time.Duration(us) * time.Microsecond, err
}

func (c *child) stop() {
	_ = c.in.Close()
	_ = c.command.Wait()
}
