package record

import (
	"net/netip"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/meter"
)

const (
	// ForgetUses is how many rows of each kind are forgotten at once.
	ForgetUses = 5000
	// batchLife is how long a batch's id is remembered: it is sent again within seconds.
	batchLife = 24 * time.Hour
)

// OldBatches is before when the ids of batches are forgotten.
func OldBatches(newest int64) int64 { return newest - int64(batchLife) }

// Batch checks what the store could not give back as it was.
func Batch(b *meter.Batch) error {
	if err := instant("at", &b.At); err != nil {
		return err
	}
	for i := range b.Counts {
		c := &b.Counts[i]
		if err := text("counts", string(c.Scope), c.API, c.Reason); err != nil {
			return err
		}
		if c.Times < 0 {
			return invalid("counts", "nothing is used less often than never")
		}
	}
	for i := range b.Keys {
		if err := keyUse(&b.Keys[i]); err != nil {
			return err
		}
	}
	return nil
}

func keyUse(k *meter.KeyUse) error {
	at := k.At
	if err := instant("keys.at", &at); err != nil {
		return err
	}
	if k.Key.IsZero() || len(k.Addresses) > meter.MaxAddresses {
		return invalid("keys", "a use is of a key, and from twenty addresses at most")
	}
	for _, a := range k.Addresses {
		at := a.At
		if err := instant("keys.addresses.at", &at); err != nil {
			return err
		}
		if !a.From.IsValid() || a.Times < 0 {
			return invalid("keys.addresses", "each is an address, and not negative")
		}
	}
	return nil
}

// AddressText spells an address; one that is not known is "".
func AddressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// ReadAddress reads what AddressText wrote.
func ReadAddress(s string) (netip.Addr, error) {
	if s == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, &keywright.Error{Kind: keywright.Internal, Detail: "an address in the store is damaged", Cause: err}
	}
	return a, nil
}
