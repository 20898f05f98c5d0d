package signin

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
)

// Opener returns what opens a browser on this machine, or nil if there is none to
// open. command, unless empty, is the program to use; it gets the address as its only
// argument.
func Opener(command string) func(ctx context.Context, address string) error {
	var args []string
	switch {
	case command != "":
		args = []string{command}
	case runtime.GOOS == "darwin":
		args = []string{"open"}
	case runtime.GOOS == "windows":
		args = []string{"rundll32", "url.dll,FileProtocolHandler"}
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" && os.Getenv("WSL_DISTRO_NAME") == "":
		return nil
	default:
		args = []string{"xdg-open"}
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil
	}
	return func(ctx context.Context, address string) error {
		// It outlives us: a browser goes on when the login is over. The address holds
		// nothing that opens anything: the code's proof stays in this process.
		c := exec.CommandContext(context.WithoutCancel(ctx), path, append(args[1:], address)...)
		if err := c.Start(); err != nil {
			return errors.New("the browser could not be started")
		}
		go func() { _ = c.Wait() }()
		return nil
	}
}
