package management

import (
	"context"
	"net/http"

	"github.com/keywright/keywright/api"
)

// accessRoutes binds the operations on the tenant's requests for access.
func (s *selfServer) accessRoutes() {
	register(&s.desk, api.OpListOwnAccessRequests, s.listAccessRequests)
	register(&s.desk, api.OpRequestAccess, s.requestAccess)
}

func (s *selfServer) listAccessRequests(ctx context.Context, c *call, _ *chosenIn) (*listing[api.AccessRequestPage], error) {
	all, err := s.Self.AccessRequests(ctx, c.caller)
	if err != nil {
		return nil, err
	}
	return &listing[api.AccessRequestPage]{Body: api.AccessRequestPage{Items: all}}, nil
}

type requestAccessIn struct {
	Chosen
	Body api.RequestAccess
}

func (s *selfServer) requestAccess(ctx context.Context, c *call, in *requestAccessIn) (*created[api.AccessRequest], error) {
	out, err := s.Self.RequestAccess(ctx, c.caller, in.Body)
	if err != nil {
		return nil, err
	}
	return &created[api.AccessRequest]{Status: http.StatusCreated, Body: out}, nil
}
