package daemon

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/internal/config"
)

// DefaultFile is the configuration that is read when none is named.
const DefaultFile = "keywright.yaml"

// ServeCommand is `keywright serve`.
func ServeCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run Keywright from one configuration file",
		Long: `Serve runs the gateway, forward-auth and the management API from one file.

SIGTERM or SIGINT stops it: it takes no new requests, lets those that run end
within limits.drain_timeout, and closes the store last. SIGHUP has it read the
file again: a valid one is in force from the next request on, an invalid one is
refused and the old one stays.

Each flag below but --config has a variable of the same name, such as
KEYWRIGHT_LISTEN_HTTP for --listen-http. A flag wins over the variable, and the
variable over the file.`,
		Example: "  keywright init\n  keywright serve --config keywright.yaml\n  keywright serve --listen-http 127.0.0.1:8080 --log-format text",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&file, "config", "c", DefaultFile, "the configuration `file`")
	settings := config.Settings()
	for _, s := range settings {
		cmd.Flags().String(s.Flag, "", s.Help)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		overrides := config.FromEnv(os.LookupEnv)
		for _, s := range settings {
			if f := cmd.Flags().Lookup(s.Flag); f.Changed {
				overrides = append(overrides, s.To(f.Value.String(), "--"+s.Flag))
			}
		}
		return serve(cmd, func() (*config.Source, error) { return config.Load(file, overrides...) })
	}
	return cmd
}

func serve(cmd *cobra.Command, load func() (*config.Source, error)) error {
	src, err := load()
	if err != nil {
		return err
	}
	log := NewLog(cmd.ErrOrStderr(), src.Config.Log)
	// Signals are caught before anything is opened: a SIGHUP that comes early
	// must not kill a process that is reading its keys.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	d, err := Start(cmd.Context(), Options{Source: src, Reload: load, Log: log, Setup: true})
	if err != nil {
		return err
	}
	log.Info("ready")
	failure := d.follow(signals)
	log.Info("stopping", "drain_timeout", src.Config.Limits.DrainTimeout)
	if err := d.Close(context.WithoutCancel(cmd.Context())); err != nil {
		return err
	}
	log.Info("stopped")
	return failure
}

// follow heeds signals until one says stop, or a listener ends by itself.
func (d *Daemon) follow(signals <-chan os.Signal) error {
	for {
		select {
		case err := <-d.failed:
			return err
		case s := <-signals:
			if s != syscall.SIGHUP {
				d.log.Info("signal", "name", s.String())
				return nil
			}
			if err := d.Reload(); err != nil {
				d.log.Error("reload", "error", err.Error())
				continue
			}
			d.log.Info("reloaded", "file", d.plan().Source.Config.File)
		}
	}
}

// ConfigCommand is `keywright config`.
func ConfigCommand() *cobra.Command {
	parent := &cobra.Command{Use: "config", Short: "Work with configuration files"}
	check := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration, and say what it means",
		Long: `Check reads a configuration as serve does, its schemes, routes and documents
included, and opens nothing. It prints what the file means, or everything that is
wrong with it, each with its line and what would be right.`,
		Example: "  keywright config check keywright.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := DefaultFile
			if len(args) == 1 {
				file = args[0]
			}
			src, err := config.Load(file, config.FromEnv(os.LookupEnv)...)
			if err != nil {
				return err
			}
			plan, err := Compile(src)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), plan.Summary())
			return err
		},
	}
	parent.AddCommand(check, &cobra.Command{
		Use: "example", Short: "Print a configuration that names and explains every setting", Args: cobra.NoArgs,
		Example: "  keywright config example > keywright.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.Example())
			return err
		},
	})
	return parent
}
