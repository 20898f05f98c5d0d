package management

import (
	"context"
	"strconv"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
)

// EventFilterIn is what selects events in a list and in an export; huma reads
// exported types only.
type EventFilterIn struct {
	Key    string    `query:"key" maxLength:"64" doc:"Only what was done to this key: its id."`
	Tenant string    `query:"tenant" maxLength:"128" doc:"Only what was done to this tenant or its keys: its id or ref."`
	Act    string    `query:"act" enum:"key.issued,key.imported,key.rotated,key.finished,key.amended,key.paused,key.resumed,key.revoked,key.deleted,key.repeppered,key.revealed,tenant.created,tenant.amended,person.created,person.amended,person.signed_in,person.signed_out,member.invited,member.added,member.amended,member.removed,invitation.withdrawn" doc:"Only this act."`
	Actor  string    `query:"actor" maxLength:"128" doc:"Only what was done with this key or by this person: its id, or system."`
	Since  time.Time `query:"since" doc:"At this instant or after."`
	Until  time.Time `query:"until" doc:"Before this instant."`
}

type listEventsIn struct {
	EventFilterIn
	Paging
}

func (s *server) listEvents(ctx context.Context, _ *call, in *listEventsIn) (*listing[api.EventPage], error) {
	q, err := s.eventQuery(ctx, &in.EventFilterIn)
	if err != nil {
		return nil, err
	}
	q.Limit = in.size() + 1
	if q.Before, err = eventPlace(in.Cursor); err != nil {
		return nil, err
	}
	var events []keywright.Event
	err = s.Store.View(ctx, func(r keywright.Reader) (err error) {
		events, err = r.Events(ctx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	page := api.EventPage{Items: []api.Event{}}
	if len(events) > in.size() {
		events = events[:in.size()]
		page.NextCursor = place("event", strconv.FormatInt(int64(events[len(events)-1].Cursor), 10))
	}
	for i := range events {
		page.Items = append(page.Items, wire.Event(&events[i]))
	}
	return &listing[api.EventPage]{Body: page}, nil
}

func (s *server) eventQuery(ctx context.Context, in *EventFilterIn) (keywright.EventQuery, error) {
	q := keywright.EventQuery{Act: keywright.Act(in.Act), Actor: in.Actor, Since: in.Since.UTC(), Until: in.Until.UTC()}
	var err error
	if in.Key != "" {
		if q.Key, err = keywright.ParseKeyID(in.Key); err != nil {
			return q, invalidField("key", "a key's id, as the answer that created it gave it")
		}
	}
	if in.Tenant != "" {
		t, err := s.namedTenant(ctx, in.Tenant)
		if err != nil {
			return q, err
		}
		q.Tenant = t.ID
	}
	return q, nil
}
