package profile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// ReadPrivate reads a file that holds a secret, and refuses one that others may read.
func ReadPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// Windows keeps no such bits: there the user's folder is what is private.
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read %s, which holds a secret: chmod 600 %s", path, path)
	}
	return os.ReadFile(path)
}

// writePrivate writes a file that only its owner may read, whole or not at all.
func writePrivate(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".keywright-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
