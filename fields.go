package keywright

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Bounds on what a caller may attach to a key.
const (
	defaultNameMax     = 200
	maxPermissions     = 64
	maxPermissionChars = 128
	maxAddresses       = 64
	maxMetadata        = 32
	maxMetadataKey     = 64
	maxMetadataValue   = 512
)

// check looks at every field that a caller can set.
func (p Policy) check(k *Key, asked []string) error {
	if err := p.checkName(k.Name); err != nil {
		return err
	}
	if err := p.checkEnvironment(k.Environment); err != nil {
		return err
	}
	if len(asked) > 0 && !p.Scoped {
		return invalid("permissions", "keys of the scheme "+p.Scheme+" have full access and take no permissions: leave it out")
	}
	if err := checkPermissions(asked); err != nil {
		return err
	}
	if len(k.Addresses) > maxAddresses {
		return invalid("addresses", fmt.Sprintf("at most %d", maxAddresses))
	}
	return CheckMetadata(k.Metadata)
}

func (p Policy) checkName(name string) error {
	limit := p.Name.Max
	if limit == 0 {
		limit = defaultNameMax
	}
	switch {
	case p.Name.Presence == Absent && name != "":
		return invalid("name", "keys of the scheme "+p.Scheme+" have no name: leave it out")
	case p.Name.Presence == Required && name == "":
		return invalid("name", "required: say what the key is for")
	case utf8.RuneCountInString(name) > limit:
		return invalid("name", fmt.Sprintf("at most %d characters", limit))
	}
	return CheckText("name", name)
}

func (p Policy) checkEnvironment(env string) error {
	if len(p.Environments) == 0 {
		if env != "" {
			return invalid("environment", "keys of the scheme "+p.Scheme+" have no environment: leave it out")
		}
		return nil
	}
	names := make([]string, len(p.Environments))
	for i, e := range p.Environments {
		names[i] = e.Name
	}
	if !slices.Contains(names, env) {
		return invalid("environment", fmt.Sprintf("must be one of %v", names))
	}
	return nil
}

func checkPermissions(asked []string) error {
	if len(asked) > maxPermissions {
		return invalid("permissions", fmt.Sprintf("at most %d", maxPermissions))
	}
	for _, one := range asked {
		if one == "" || len(one) > maxPermissionChars {
			return invalid("permissions", fmt.Sprintf("each has 1 to %d characters", maxPermissionChars))
		}
		if err := CheckText("permissions", one); err != nil {
			return err
		}
	}
	return nil
}

// CheckMetadata bounds what a provider may attach to a key or a tenant.
func CheckMetadata(m map[string]string) error {
	if len(m) > maxMetadata {
		return invalid("metadata", fmt.Sprintf("at most %d entries", maxMetadata))
	}
	for name, value := range m {
		if name == "" || len(name) > maxMetadataKey || len(value) > maxMetadataValue {
			return invalid("metadata", fmt.Sprintf("a name has 1 to %d bytes and a value at most %d", maxMetadataKey, maxMetadataValue))
		}
		if err := CheckText("metadata", name+value); err != nil {
			return err
		}
	}
	return nil
}

// CheckText refuses text that is not UTF-8 or that holds control characters.
func CheckText(field, s string) error {
	if !utf8.ValidString(s) {
		return invalid(field, "must be valid UTF-8")
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return invalid(field, "must not hold control characters")
		}
	}
	return nil
}
