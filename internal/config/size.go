package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as 4096, 32KiB or 10MiB.
type Size int64

// ParseSize reads a size.
func ParseSize(s string) (Size, error) {
	digits, unit := strings.TrimSpace(s), int64(1)
	for suffix, n := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			digits, unit = strings.TrimSpace(rest), n
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<40)/unit {
		return 0, fmt.Errorf("a size is a whole number of bytes, or one with KiB, MiB or GiB, such as 32KiB; not %q", s)
	}
	return Size(n * unit), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (z *Size) UnmarshalText(text []byte) error {
	n, err := ParseSize(string(text))
	if err != nil {
		return err
	}
	*z = n
	return nil
}

// String writes it the short way.
func (z Size) String() string {
	for _, u := range []struct {
		name string
		n    Size
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if z >= u.n && z%u.n == 0 {
			return strconv.FormatInt(int64(z/u.n), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(z), 10)
}
