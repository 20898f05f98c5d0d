package main

import (
	"testing"

	"github.com/keywright/keywright/examples/routers/routerstest"
)

func TestRoutes(t *testing.T) { routerstest.Run(t, routes) }
