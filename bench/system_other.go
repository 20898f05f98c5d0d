//go:build !unix

package main

import (
	"errors"
	"time"
)

func cpu() (time.Duration, error) {
	return 0, errors.New("this system does not tell a process's CPU time in a way that the bench reads")
}
