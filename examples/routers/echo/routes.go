package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/keywright/keywright/middleware"
)

// routes is the program's API; keys is Embedded, Remote or Gateway.
func routes(keys middleware.Middleware) http.Handler {
	e := echo.New()
	e.GET("/health", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })

	v1 := e.Group("/v1", echo.WrapMiddleware(keys))
	v1.GET("/me", func(c echo.Context) error {
		who, _ := middleware.From(c.Request().Context())
		return c.JSON(http.StatusOK, map[string]string{"customer": who.Ref})
	})
	v1.GET("/files/:id", func(c echo.Context) error {
		who, _ := middleware.From(c.Request().Context())
		return c.JSON(http.StatusOK, map[string]string{"customer": who.Ref, "file": c.Param("id")})
	}, echo.WrapMiddleware(middleware.Require("files:read")))
	return e
}
