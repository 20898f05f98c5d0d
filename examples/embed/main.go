package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/keeper"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "the address to listen on; port 0 picks a free one")
	data := flag.String("data", "", "the folder for keys and secrets; empty keeps them in memory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, *listen, *data); err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, out io.Writer, listen, data string) error {
	k, err := openKeys(ctx, data)
	if err != nil {
		return err
	}
	defer func() { _ = k.close() }()
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	if err := invite(ctx, out, k, "http://"+ln.Addr().String()); err != nil {
		return errors.Join(err, ln.Close())
	}
	server := &http.Server{Handler: k.middleware(notes()), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// The context is over: the last requests get a few seconds of another one.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return server.Shutdown(last)
}

// invite makes a first customer with a first key, and prints the one line that
// ever shows it. A customer who is there already has had that line.
func invite(ctx context.Context, out io.Writer, k *keys, base string) error {
	by := keywright.Actor{ID: "system", Name: "embed"}
	tenant, err := k.keeper.EnsureTenant(ctx, by, keeper.TenantDraft{Ref: "first", Name: "First Customer"})
	if err != nil {
		return err
	}
	held, err := k.held(ctx, tenant.ID)
	if err != nil {
		return err
	}
	if held > 0 {
		fmt.Fprintf(out, "listening on %s; the customer's key was printed when it was made\n", base)
		return nil
	}
	issued, err := k.keeper.Issue(ctx, by, keeper.IssueRequest{
		Tenant: string(tenant.ID), Scheme: schemeName,
		Draft: keywright.Draft{Name: "first key", Environment: "live", Permissions: []string{"notes:*"}},
	})
	if err != nil {
		return err
	}
	_, secret := issued.Credential.Reveal()
	fmt.Fprintf(out, "curl -H 'Authorization: Bearer %s' %s/v1/notes\n", secret, base)
	return nil
}
