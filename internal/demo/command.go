package demo

import (
	"context"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Command is `keywright demo`.
func Command() *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run everything in one process, with six example APIs and keys to call them",
		Long: `Demo runs the gateway and the management API with six example APIs behind them,
makes customers with keys, and prints for each API a curl line that works. There
is nothing to configure. It listens on the loopback only.

Without --data everything is kept in a temporary folder, which is removed at the
end. With --data, a later start revokes the keys of the one before and makes new
ones.`,
		Example: "  keywright demo\n  keywright demo --listen 127.0.0.1:0 --listen-tls 127.0.0.1:0 --credentials demo.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = cmd.OutOrStdout()
			o.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "where plain HTTP is answered; port 0 picks a free one")
	f.StringVar(&o.ListenTLS, "listen-tls", "127.0.0.1:8443", "where TLS is answered; port 0 picks a free one")
	f.StringVar(&o.Metrics, "metrics", "127.0.0.1:0", "where /metrics, /healthz and /readyz are answered; empty for nowhere")
	f.StringVar(&o.Data, "data", "", "the `folder` to keep everything in (a temporary one)")
	f.StringVar(&o.Credentials, "credentials", "", "a `file` to write the keys to, as JSON, once everything answers")
	f.StringVar(&o.IdentityProvider, "identity-provider", "", "the `issuer` of an OpenID Connect provider to sign in with (a small one of the demo's own); it needs the public clients keywright-web and keywright-cli, and access tokens for urn:keywright:demo")
	return cmd
}

// run ends without an error when it is told to stop.
func run(ctx context.Context, o Options) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	d, err := Start(ctx, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped while it started: what there was has been closed
		}
		return err
	}
	ended := func() error { return d.Close(context.WithoutCancel(ctx)) }
	if err := d.Announce(); err != nil {
		_ = ended()
		return err
	}
	select {
	case <-ctx.Done():
		return ended()
	case err := <-d.Failed():
		_ = ended()
		return err
	}
}
