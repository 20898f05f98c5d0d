package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/keywright/keywright/middleware"
)

// routes is the program's API; keys is Embedded, Remote or Gateway.
func routes(keys middleware.Middleware) http.Handler {
	r := gin.New()
	r.GET("/health", func(c *gin.Context) { c.Status(http.StatusNoContent) })

	v1 := r.Group("/v1", use(keys))
	v1.GET("/me", func(c *gin.Context) {
		who, _ := middleware.From(c.Request.Context())
		c.JSON(http.StatusOK, gin.H{"customer": who.Ref})
	})
	v1.GET("/files/:id", use(middleware.Require("files:read")), func(c *gin.Context) {
		who, _ := middleware.From(c.Request.Context())
		c.JSON(http.StatusOK, gin.H{"customer": who.Ref, "file": c.Param("id")})
	})
	return r
}

// use makes a handler of gin's from net/http middleware. What the middleware
// refuses goes no further.
func use(m middleware.Middleware) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		m(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r // without the credential, and with the identity
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}
