package daemon

import (
	"context"

	"github.com/keywright/keywright"
)

func (d *Daemon) tenantNow(id keywright.TenantID) *keywright.Tenant {
	var t keywright.Tenant
	if err := d.core.store.View(context.Background(), func(r keywright.Reader) (err error) {
		t, err = r.Tenant(context.Background(), string(id))
		return err
	}); err != nil {
		return nil
	}
	return &t
}
