package sqlite

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock takes the file for this process alone, until the file is closed.
func lock(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
}

// syncDir has no counterpart here: NTFS keeps its names in a journal.
func syncDir(string) error { return nil }
