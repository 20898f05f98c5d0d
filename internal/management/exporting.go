package management

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
)

// FormatIn is what every export takes; huma reads exported types only.
type FormatIn struct {
	Format string `query:"format" enum:"csv,json" default:"csv" doc:"CSV with a header line, or one JSON object a line."`
}

const (
	exportPage  = 500 // records read at a time
	exportPause = time.Minute
)

// export answers a file of all pages that next reads, until it says that there is
// no more. What fails before the first byte is a problem; what fails later breaks
// the answer off, so that nobody takes the part for the whole.
func export[T any](ctx context.Context, d *desk, c *call, format string, now time.Time, as sheet[T], next func() (page []T, more bool, err error)) (*huma.StreamResponse, error) {
	page, more, err := next()
	if err != nil {
		return nil, err
	}
	lines := format == "json"
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		kind, ending := csvType+"; charset=utf-8; header=present", "csv"
		if lines {
			kind, ending = linesType, "ndjson"
		}
		hc.SetHeader("Content-Type", kind)
		hc.SetHeader("Content-Disposition", `attachment; filename="`+as.name+"-"+now.UTC().Format("2006-01-02")+"."+ending+`"`)
		hc.SetStatus(http.StatusOK)
		if hc.Method() == http.MethodHead {
			return
		}
		rc := http.NewResponseController(c.rec)
		for first := true; ; first = false {
			_ = rc.SetWriteDeadline(time.Now().Add(exportPause)) // best effort: not every writer can
			if err := as.page(hc.BodyWriter(), lines, first, page); err != nil {
				panic(http.ErrAbortHandler) // who asked has gone away
			}
			_ = rc.Flush()
			if !more {
				return
			}
			if page, more, err = next(); err != nil {
				_ = d.fault(ctx, err) // logged
				panic(http.ErrAbortHandler)
			}
		}
	}}, nil
}

type exportKeysIn struct {
	AnyKeysIn
	FormatIn
}

func (s *server) exportKeys(ctx context.Context, c *call, in *exportKeysIn) (*huma.StreamResponse, error) {
	q, err := s.keyQuery(ctx, &in.AnyKeysIn)
	if err != nil {
		return nil, err
	}
	return export(ctx, &s.desk, c, in.Format, q.Now, keySheet(), func() ([]api.KeyBody, bool, error) {
		page, next, err := s.keys(ctx, q, exportPage)
		q.From = next
		return page, next != (keywright.Place{}), err
	})
}

type exportTenantsIn struct {
	TenantFilterIn
	FormatIn
}

func (s *server) exportTenants(ctx context.Context, c *call, in *exportTenantsIn) (*huma.StreamResponse, error) {
	q := in.query()
	return export(ctx, &s.desk, c, in.Format, s.Clock(), tenantSheet(), func() ([]api.Tenant, bool, error) {
		page, next, err := s.tenants(ctx, q, exportPage)
		q.From = next
		return page, next != (keywright.Place{}), err
	})
}

type exportEventsIn struct {
	EventFilterIn
	FormatIn
}

func (s *server) exportEvents(ctx context.Context, c *call, in *exportEventsIn) (*huma.StreamResponse, error) {
	q, err := s.eventQuery(ctx, &in.EventFilterIn)
	if err != nil {
		return nil, err
	}
	q.Limit = exportPage
	return export(ctx, &s.desk, c, in.Format, s.Clock(), eventSheet(), func() (page []api.Event, more bool, err error) {
		err = s.Store.View(ctx, func(r keywright.Reader) error {
			events, err := r.Events(ctx, q)
			page = make([]api.Event, 0, len(events))
			for i := range events {
				page = append(page, wire.Event(&events[i]))
			}
			return err
		})
		if len(page) > 0 {
			last, _ := strconv.ParseInt(page[len(page)-1].ID, 10, 64) // which wire.Event wrote
			q.Before = keywright.Cursor(last)
		}
		return page, len(page) == exportPage, err
	})
}

type exportOwnKeysIn struct {
	Chosen
	KeyFilterIn
	FormatIn
}

func (s *selfServer) exportKeys(ctx context.Context, c *call, in *exportOwnKeysIn) (*huma.StreamResponse, error) {
	now := s.Clock()
	q := in.query(now)
	return export(ctx, &s.desk, c, in.Format, now, keySheet(), func() ([]api.KeyBody, bool, error) {
		page, next, err := s.Self.KeyPage(ctx, c.caller, q, exportPage)
		q.From = next
		return page, next != (keywright.Place{}), err
	})
}
