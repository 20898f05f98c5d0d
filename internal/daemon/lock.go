package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock makes this process the only one on a data folder. An embedded store is
// fresh by construction only while nobody else writes to it, so a second
// process is refused rather than left to serve a stale view.
func lock(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	path := filepath.Join(dir, "keywright.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data folder cannot be locked: %w", err)
	}
	// The kernel gives the lock back when the process ends, however it ends.
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another process runs on %s already: stop it first, or give this one a data folder of its own; several processes share one PostgreSQL instead", dir)
		}
		return nil, fmt.Errorf("the data folder cannot be locked: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
