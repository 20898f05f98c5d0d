package daemon

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/keywright/keywright/internal/config"
)

// Reload reads the configuration again and puts it in force for the requests
// that come; those that run end as they began. A configuration that is invalid,
// or that changes what only a start can change, is refused, and the old one stays.
func (d *Daemon) Reload() error {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	err := d.reload()
	if err != nil {
		d.metrics.reloads.WithLabelValues("refused").Inc()
		return fmt.Errorf("the reload is refused, and the configuration stays as it was: %w", err)
	}
	d.metrics.reloads.WithLabelValues("done").Inc()
	return nil
}

func (d *Daemon) reload() error {
	if d.o.Reload == nil {
		return errors.New("there is no file to read again")
	}
	src, err := d.o.Reload()
	if err != nil {
		return err
	}
	if fields := fixed(&d.plan().Source.Config, &src.Config); len(fields) > 0 {
		return fmt.Errorf("%s can only change at a start: restart, or put it back", strings.Join(fields, ", "))
	}
	plan, err := Compile(src)
	if err != nil {
		return err
	}
	// The keeper holds the schemes of the start: how keys live must not change
	// under the keys that live by it without anybody noticing.
	if !maps.Equal(plan.texts, d.plan().texts) {
		return errors.New("scheme_files: schemes are read at a start, and one was added, removed or changed: restart, or put it back")
	}
	if err := d.certs.load(plan); err != nil {
		return err
	}
	return d.install(plan)
}

// fixed lists what differs between two configurations and is bound at the start.
func fixed(was, is *config.Config) []string {
	var fields []string
	for _, f := range []struct {
		name    string
		was, is any
	}{
		{"listen", was.Listen, is.Listen}, {"forward_auth.listen", was.ForwardAuth.Listen, is.ForwardAuth.Listen},
		{"store", was.Store, is.Store}, {"data_dir", was.DataDir, is.DataDir}, {"secrets_dir", was.SecretsDir, is.SecretsDir},
		{"tls.acme", was.TLS.ACME, is.TLS.ACME}, {"tls.management", was.TLS.Management, is.TLS.Management},
		{"limits.connections", was.Limits.Connections, is.Limits.Connections}, {"limits.header_bytes", was.Limits.HeaderBytes, is.Limits.HeaderBytes},
		{"limits.header_timeout", was.Limits.HeaderTimeout, is.Limits.HeaderTimeout}, {"limits.body_timeout", was.Limits.BodyTimeout, is.Limits.BodyTimeout},
		{"limits.idle_timeout", was.Limits.IdleTimeout, is.Limits.IdleTimeout}, {"limits.rate_limit_subjects", was.Limits.Subjects, is.Limits.Subjects},
		{"people", was.People, is.People}, {"log", was.Log, is.Log},
	} {
		if !reflect.DeepEqual(f.was, f.is) {
			fields = append(fields, f.name)
		}
	}
	return fields
}
