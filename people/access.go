package people

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// AccessState is where a request for access stands.
type AccessState string

// The states of a request.
const (
	AccessOpen     AccessState = "open"
	AccessGranted  AccessState = "granted"
	AccessDeclined AccessState = "declined"
)

// AccessRequest is a tenant's request for an environment that it has to be granted.
type AccessRequest struct {
	ID          string // "acc_" and a ULID
	Tenant      keywright.TenantID
	Environment string
	Reason      string // what it is for, as it was given
	State       AccessState
	By          string // the name of whoever asked
	Created     time.Time
	Decided     time.Time // zero while it is open
	DecidedBy   string
	Answer      string // why it was declined
}

const (
	maxAccessReason = 1000
	accessKept      = 90 * 24 * time.Hour // after the decision
	// MaxAccessRequests bounds a list of them.
	MaxAccessRequests = 1000
	// accessClaim is how long who grants has for it, before another may decide.
	accessClaim = time.Minute
)

type accessBody struct {
	versioned
	Environment string      `json:"environment"`
	Reason      string      `json:"reason,omitempty"`
	State       AccessState `json:"state"`
	By          string      `json:"by"`
	ByID        string      `json:"by_id"`
	Created     time.Time   `json:"created"`
	Decided     time.Time   `json:"decided,omitzero"`
	DecidedBy   string      `json:"decided_by,omitempty"`
	Answer      string      `json:"answer,omitempty"`
	// Claimed is when somebody began to grant it: the environment is the tenant's a
	// moment before the request says so, and nobody may decline it meanwhile.
	Claimed time.Time `json:"claimed,omitzero"`
}

// accessRow is a request as it is kept: while it is open, under its tenant and its
// environment, so that a store keeps a second one out.
type accessRow struct {
	rec  Record
	body accessBody
}

func (a *accessRow) public() AccessRequest {
	b := &a.body
	return AccessRequest{
		ID: a.rec.ID, Tenant: a.rec.Tenant, Environment: b.Environment, Reason: b.Reason, State: b.State, By: b.By,
		Created: b.Created, Decided: b.Decided, DecidedBy: b.DecidedBy, Answer: b.Answer,
	}
}

func openAccess(tenant keywright.TenantID, environment string) string {
	return string(tenant) + " " + environment
}

// RequestAccess asks for an environment. Whether it is one that can be asked for is
// the caller's to know. Errors: Invalid (environment, reason), Conflict (one is open).
func (s *Service) RequestAccess(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, environment, reason string) (AccessRequest, error) {
	switch {
	case tenant == "" || environment == "":
		return AccessRequest{}, invalid("environment", "required: the one that is asked for")
	case len([]rune(reason)) > maxAccessReason:
		return AccessRequest{}, invalid("reason", "at most 1000 characters")
	}
	for field, text := range map[string]string{"environment": environment, "reason": oneLine(reason)} {
		if err := keywright.CheckText(field, text); err != nil {
			return AccessRequest{}, err
		}
	}
	now := s.now()
	id, err := s.newID("acc_", now)
	if err != nil {
		return AccessRequest{}, err
	}
	row := accessRow{
		rec:  Record{Kind: AccessRecord, ID: id, Name: openAccess(tenant, environment), Owner: string(AccessOpen), Tenant: tenant},
		body: accessBody{Environment: environment, Reason: reason, State: AccessOpen, By: by.Name, ByID: by.ID, Created: now},
	}
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		switch _, err := tx.Named(ctx, AccessRecord, row.rec.Name); {
		case err == nil:
			return conflict("access to " + environment + " was asked for already, and nobody has decided yet")
		case !missing(err):
			return err
		}
		fresh := row // fn may run more than once
		if err := put(ctx, tx, &fresh.rec, &fresh.body); err != nil {
			return err
		}
		return fresh.happened(ctx, tx, now, keywright.AccessRequested, by, reason)
	})
	return row.public(), err
}

// oneLine lets a reason have lines of its own, as CheckText does not.
func oneLine(text string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(text)
}

func (a *accessRow) happened(ctx context.Context, tx RecordTx, now time.Time, act keywright.Act, by keywright.Actor, reason string) error {
	return tx.Append(ctx, keywright.Event{
		At: now, Act: act, Actor: by, Tenant: a.rec.Tenant, Reason: oneLine(reason),
		Detail: map[string]string{"request": a.rec.ID, "environment": a.body.Environment},
	})
}

// AccessRequests lists requests, the newest first and at most MaxAccessRequests:
// of a tenant, or of all for ""; of a state, or of any for "".
func (s *Service) AccessRequests(ctx context.Context, tenant keywright.TenantID, state AccessState) ([]AccessRequest, error) {
	var out []AccessRequest
	now := s.now()
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		out = nil
		return each(ctx, r, RecordQuery{Kind: AccessRecord, Tenant: tenant, Owner: string(state)}, func(rec *Record) (bool, error) {
			row := accessRow{rec: *rec}
			if err := decode(&row.rec, &row.body); err != nil {
				return false, err
			}
			if rec.over(now) {
				return true, nil
			}
			if out = append(out, row.public()); len(out) > 2*MaxAccessRequests {
				out = slices.Clone(out[len(out)-MaxAccessRequests:])
			}
			return true, nil
		})
	})
	slices.Reverse(out)
	return out[:min(len(out), MaxAccessRequests)], err
}

// ClaimAccess is the first half of granting a request: nobody else decides it for
// the next minute. The caller then gives the tenant the environment, and says so by
// DecideAccess. Errors: NotFound, Conflict (decided, or being granted).
func (s *Service) ClaimAccess(ctx context.Context, id string) (AccessRequest, error) {
	var out AccessRequest
	now := s.now()
	err := s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		row, err := undecided(ctx, tx, id, now)
		if err != nil {
			return err
		}
		if row.claimed(now) {
			return conflict("somebody is granting this request: look again in a minute")
		}
		row.body.Claimed = now
		out = row.public()
		return put(ctx, tx, &row.rec, &row.body)
	})
	return out, err
}

func (a *accessRow) claimed(now time.Time) bool {
	return !a.body.Claimed.IsZero() && now.Before(a.body.Claimed.Add(accessClaim))
}

// ReleaseAccess gives a claimed request back, where it could not be granted.
func (s *Service) ReleaseAccess(ctx context.Context, id string) error {
	now := s.now()
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		row, err := undecided(ctx, tx, id, now)
		if err != nil {
			return err
		}
		row.body.Claimed = time.Time{}
		return put(ctx, tx, &row.rec, &row.body)
	})
}

// DecideAccess ends a request: AccessGranted, after ClaimAccess, or AccessDeclined
// with an answer. Errors: NotFound, Invalid (reason), Conflict (decided, or being
// granted by another).
func (s *Service) DecideAccess(ctx context.Context, by keywright.Actor, id string, state AccessState, answer string) (AccessRequest, error) {
	switch {
	case state == AccessDeclined && answer == "":
		return AccessRequest{}, invalid("reason", "required: the tenant's people read it")
	case len([]rune(answer)) > maxAccessReason:
		return AccessRequest{}, invalid("reason", "at most 1000 characters")
	}
	if err := keywright.CheckText("reason", oneLine(answer)); err != nil {
		return AccessRequest{}, err
	}
	var out AccessRequest
	now := s.now()
	err := s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		row, err := undecided(ctx, tx, id, now)
		if err != nil {
			return err
		}
		act := keywright.AccessGranted
		if state == AccessDeclined {
			if act = keywright.AccessDeclined; row.claimed(now) {
				return conflict("somebody is granting this request: look again in a minute")
			}
		}
		row.rec.Name, row.rec.Owner, row.rec.Expires = "", string(state), now.Add(accessKept)
		row.body.State, row.body.Decided, row.body.DecidedBy, row.body.Answer, row.body.Claimed = state, now, by.Name, answer, time.Time{}
		out = row.public()
		if err := put(ctx, tx, &row.rec, &row.body); err != nil {
			return err
		}
		return row.happened(ctx, tx, now, act, by, answer)
	})
	return out, err
}

// undecided finds a request that is open. Errors: NotFound, Conflict.
func undecided(ctx context.Context, r RecordReader, id string, now time.Time) (accessRow, error) {
	rec, err := lookUp(ctx, r, AccessRecord, id)
	if missing(err) || (err == nil && rec.over(now)) {
		return accessRow{}, notFound("there is no such request for access")
	}
	if err != nil {
		return accessRow{}, err
	}
	row := accessRow{rec: rec}
	if err := decode(&row.rec, &row.body); err != nil {
		return row, err
	}
	if row.body.State != AccessOpen {
		return row, conflict("the request was " + string(row.body.State) + " already")
	}
	return row, nil
}
