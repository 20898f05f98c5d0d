package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/seal"
)

// PepperCommand is `keywright pepper`.
func PepperCommand() *cobra.Command {
	parent := &cobra.Command{Use: "pepper", Short: "Look after the pepper of the stored digests"}
	var file string
	rotate := &cobra.Command{
		Use:   "rotate",
		Short: "Put a new pepper over the present one, without any key being presented",
		Long: `Rotate makes a new pepper in the secrets folder and wraps every stored digest
with it. Customers notice nothing: their keys stay as they are.

Stop every keywright that serves from the store first. A rotation that is cut
short is run again and goes on where it stopped; until it is done, serve refuses
to start. Keep the whole secrets folder: the older links stay part of the chain.`,
		Example: "  keywright pepper rotate --config keywright.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			src, err := config.Load(file, config.FromEnv(os.LookupEnv)...)
			if err != nil {
				return err
			}
			return rotatePepper(cmd.Context(), src, cmd.OutOrStdout())
		},
	}
	rotate.Flags().StringVarP(&file, "config", "c", DefaultFile, "the configuration `file`")
	parent.AddCommand(rotate)
	return parent
}

func rotatePepper(ctx context.Context, src *config.Source, out io.Writer) (err error) {
	cfg := &src.Config
	if cfg.Store.Kind == config.Memory {
		return fmt.Errorf("the memory store keeps nothing, so there is nothing to rotate")
	}
	store, err := openStore(ctx, cfg, os.LookupEnv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	secrets, err := seal.Open(cfg.SecretsDir, false)
	if err != nil {
		return fmt.Errorf("the secrets folder %s: %w", cfg.SecretsDir, err)
	}
	next, err := seal.StagePepper(cfg.SecretsDir)
	if err != nil {
		return err
	}
	k := keeper.New(keeper.Options{Store: store, Pepper: secrets.Pepper, Sealer: secrets.Sealer, Clock: time.Now, Sole: true})
	turned, err := k.Repepper(ctx, keywright.Actor{ID: "system", Name: "pepper rotation"}, next)
	if err != nil {
		return fmt.Errorf("%w\n%d keys were turned; run the command again to go on", err, turned)
	}
	if err := seal.PromotePepper(cfg.SecretsDir); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d keys are under the new pepper, %s. Back up %s, apart from the data.\n", turned, next.ID(), cfg.SecretsDir)
	return err
}
