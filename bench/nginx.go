package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// nginxConfig is front/forwardauth's documented configuration, less what has
// nothing to do with its cost, and beside it the same without a question.
const nginxConfig = `daemon off; master_process off; error_log stderr crit; pid %[1]s/nginx.pid;
events { worker_connections 512; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
  upstream keywright { server %[2]s; keepalive 32; keepalive_requests 1000000; }
  upstream api       { server %[3]s; keepalive 32; keepalive_requests 1000000; }
  proxy_http_version 1.1; proxy_buffer_size 16k; proxy_buffers 8 16k;
  server {
    listen %[4]s;
    location / { proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_pass http://api; }
  }
  server {
    listen %[5]s;
    location / {
      auth_request /_ask;
      auth_request_set $kw_identity  $upstream_http_keywright_identity;
      auth_request_set $kw_limit     $upstream_http_x_ratelimit_limit;
      auth_request_set $kw_remaining $upstream_http_x_ratelimit_remaining;
      auth_request_set $kw_reset     $upstream_http_x_ratelimit_reset;
      proxy_set_header Keywright-Identity $kw_identity;
      proxy_set_header Authorization ""; proxy_set_header X-API-Key "";
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
      add_header X-RateLimit-Limit $kw_limit always;
      add_header X-RateLimit-Remaining $kw_remaining always;
      add_header X-RateLimit-Reset $kw_reset always;
      proxy_pass http://api;
    }
    location = /_ask {
      internal;
      proxy_pass http://keywright/?nginx=1;
      proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-Method $request_method; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Uri $request_uri;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`

// nginx is one, with a plain and an asking listener, in a single process.
type nginx struct {
	command       *exec.Cmd
	plain, asking string
	dir           string
}

var errNoNginx = errors.New("there is no nginx here, or no /proc that tells its CPU time")

func startNginx(ctx context.Context, verifier, upstream string) (*nginx, error) {
	binary, err := exec.LookPath("nginx")
	if err != nil {
		return nil, errNoNginx
	}
	if _, err := os.Stat("/proc/self/schedstat"); err != nil {
		return nil, errNoNginx
	}
	n := &nginx{}
	if n.plain, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	if n.asking, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	if n.dir, err = os.MkdirTemp("", "keywright-bench-"); err != nil {
		return nil, err
	}
	config := filepath.Join(n.dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, n.dir, verifier, upstream, n.plain, n.asking)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	n.command = exec.CommandContext(ctx, binary, "-p", n.dir, "-e", "stderr", "-c", config) //nolint:gosec // the system's own
	n.command.Stderr = os.Stderr
	if err := n.command.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", n.asking)
		if err == nil {
			return n, conn.Close()
		}
		if time.Now().After(deadline) {
			n.stop()
			return nil, fmt.Errorf("nginx does not answer: %w", err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// used is the CPU time of nginx, which has one process and one thread.
func (n *nginx) used() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", n.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), " ")
	ns, err := strconv.ParseInt(first, 10, 64)
	return time.Duration(ns), err
}

func (n *nginx) stop() {
	_ = n.command.Process.Signal(syscall.SIGTERM)
	_ = n.command.Wait()
	_ = os.RemoveAll(n.dir)
}

// againstNginx compares the proxy with nginx that asks, and both with nginx alone.
func againstNginx(ctx context.Context, s settings, r *report, known []string, back, ours *child) error {
	verifier, err := spawn(ctx, forwardServer, len(known))
	if err != nil {
		return err
	}
	defer verifier.stop()
	n, err := startNginx(ctx, verifier.address, back.address)
	if errors.Is(err, errNoNginx) {
		r.skips(proxyByNginx, "%v", err)
		r.skips(forwardAuth, "%v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer n.stop()
	const host = "verified.localhost"
	alone := &contender{name: "nginx, proxy alone", servers: []clocked{n}, load: load{n.plain, "200", get(host, "")}}
	asking := &contender{name: "nginx, auth_request to forward-auth, and proxy", servers: []clocked{n, verifier}, load: load{n.asking, "200", among(host, known)}}
	gateway := &contender{name: "Keywright's proxy, verified", servers: []clocked{ours}, load: load{ours.address, "200", among(host, known)}}
	if err := compete(ctx, s, []*contender{alone, asking, gateway}); err != nil {
		return err
	}
	for _, c := range []*contender{alone, asking, gateway} {
		r.row(c.name, fmt.Sprintf("%.1f µs", median(c.cost)), fmt.Sprintf("%.2f× nginx alone", c.by(alone)))
	}
	r.meets(proxyByNginx, gateway.by(asking) <= 0.85, "%.2f×", gateway.by(asking))
	r.meets(forwardAuth, asking.by(alone) <= 3.5, "%.2f×", asking.by(alone))
	return nil
}
