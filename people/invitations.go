package people

import (
	"context"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

const maxInvitations = 100 // open at once, of a tenant

// invitationRow is an invitation as it is kept: under its token's digest.
type invitationRow struct {
	rec  Record
	body invitationBody
}

func (i *invitationRow) public() Invitation {
	return Invitation{
		ID: i.rec.ID, Email: i.body.Email, Tenant: i.rec.Tenant, Role: i.body.Role, By: i.body.By,
		Created: i.body.Created, Expires: i.rec.Expires,
	}
}

func noInvitation() error {
	return notFound("there is no such invitation, or not any more: ask for a new one")
}

// invitationOf finds what a link's token stands for. Errors: NotFound.
func invitationOf(ctx context.Context, r RecordReader, token keywright.Credential, now time.Time) (invitationRow, error) {
	name, ok := nameOf(token)
	if !ok {
		return invitationRow{}, noInvitation()
	}
	rec, err := r.Named(ctx, InvitationRecord, name)
	if missing(err) || (err == nil && rec.over(now)) {
		return invitationRow{}, noInvitation()
	}
	if err != nil {
		return invitationRow{}, err
	}
	row := invitationRow{rec: rec}
	return row, decode(&row.rec, &row.body)
}

// tenant finds a tenant by id or ref. Errors: NotFound, Conflict (archived).
func (s *Service) tenant(ctx context.Context, idOrRef string) (keywright.TenantID, error) {
	if idOrRef == string(keywright.OperatorTenant) {
		return keywright.OperatorTenant, nil // there even before anybody made it
	}
	none := &keywright.Error{Kind: keywright.NotFound, Field: "tenant", Detail: "there is no tenant of this id or ref: create it first"}
	if s.o.Keys == nil || idOrRef == "" {
		return "", none
	}
	var t keywright.Tenant
	err := s.o.Keys.View(ctx, func(r keywright.Reader) error {
		var err error
		t, err = r.Tenant(ctx, idOrRef)
		return err
	})
	switch {
	case missing(err):
		return "", none
	case err != nil:
		return "", err
	case t.Archived:
		return "", conflict("the tenant is archived: it takes no new members")
	}
	return t.ID, nil
}

// Invite makes an invitation; its token goes into the link, and is shown once. An
// open invitation of the same address is replaced. Errors: Invalid (email, role),
// NotFound (tenant), Conflict (a member already, too many open, tenant archived).
func (s *Service) Invite(ctx context.Context, by keywright.Actor, tenant, email string, role Role) (Invitation, keywright.Credential, error) {
	none := keywright.Credential{}
	email, err := NormalEmail(email)
	if err != nil {
		return Invitation{}, none, err
	}
	id, err := s.tenant(ctx, tenant)
	if err != nil {
		return Invitation{}, none, err
	}
	if err := checkRole(id, role); err != nil {
		return Invitation{}, none, err
	}
	now := s.now()
	token, name, err := s.newToken()
	if err != nil {
		return Invitation{}, none, err
	}
	row := invitationRow{
		rec:  Record{Kind: InvitationRecord, Name: name, Tenant: id, Expires: now.Add(s.o.InvitationLife)},
		body: invitationBody{Email: email, Role: role, By: by.Name, ByID: by.ID, Created: now},
	}
	if row.rec.ID, err = s.newID("inv_", now); err != nil {
		return Invitation{}, none, err
	}
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error { return s.invite(ctx, tx, by, row, now) })
	if err != nil {
		return Invitation{}, none, err
	}
	return row.public(), token, nil
}

func (s *Service) invite(ctx context.Context, tx RecordTx, by keywright.Actor, row invitationRow, now time.Time) error {
	p, err := personByEmail(ctx, tx, row.body.Email)
	if err == nil {
		_, err = memberIn(ctx, tx, row.rec.Tenant, p.id())
		if err == nil {
			return conflict("whoever has this address is a member already")
		}
	}
	if !missing(err) {
		return err
	}
	if err := s.clearFor(ctx, tx, &row, now); err != nil {
		return err
	}
	if row.body.Vouched, err = isOperator(ctx, tx, by); err != nil {
		return err
	}
	if err := put(ctx, tx, &row.rec, &row.body); err != nil {
		return err
	}
	return happening{now, keywright.MemberInvited, by, row.rec.Tenant, map[string]string{
		"invitation": row.rec.ID, "email": row.body.Email, "role": string(row.body.Role), "expires": row.rec.Expires.Format(time.RFC3339),
	}}.append(ctx, tx)
}

// isOperator reports whether an actor is no tenant's person: the system, a key of
// the management API (which only operators have), or a person among the operators.
func isOperator(ctx context.Context, r RecordReader, by keywright.Actor) (bool, error) {
	if !strings.HasPrefix(by.ID, "per_") {
		return true, nil
	}
	_, err := memberIn(ctx, r, keywright.OperatorTenant, PersonID(by.ID))
	return err == nil, unlessMissing(err)
}

// clearFor deletes a tenant's invitations that expired or that a new one replaces.
// Errors: Conflict where too many stay.
func (s *Service) clearFor(ctx context.Context, tx RecordTx, row *invitationRow, now time.Time) error {
	open := 0
	var gone []string
	err := each(ctx, tx, RecordQuery{Kind: InvitationRecord, Tenant: row.rec.Tenant}, func(rec *Record) (bool, error) {
		other := invitationRow{rec: *rec}
		if err := decode(&other.rec, &other.body); err != nil {
			return false, err
		}
		if rec.over(now) || other.body.Email == row.body.Email {
			gone = append(gone, rec.ID)
		} else {
			open++
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if open >= maxInvitations {
		return conflict("100 invitations are open: withdraw some first")
	}
	for _, id := range gone {
		if err := tx.DeleteRecord(ctx, InvitationRecord, id); err != nil {
			return err
		}
	}
	return nil
}

// Invitations lists a tenant's invitations that are open.
func (s *Service) Invitations(ctx context.Context, tenant keywright.TenantID) ([]Invitation, error) {
	now := s.now()
	var out []Invitation
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		out = nil
		return eachInvitation(ctx, r, tenant, now, func(i *invitationRow) { out = append(out, i.public()) })
	})
	return out, err
}

func eachInvitation(ctx context.Context, r RecordReader, tenant keywright.TenantID, now time.Time, fn func(*invitationRow)) error {
	if tenant == "" {
		return nil
	}
	return each(ctx, r, RecordQuery{Kind: InvitationRecord, Tenant: tenant}, func(rec *Record) (bool, error) {
		row := invitationRow{rec: *rec}
		if err := decode(&row.rec, &row.body); err != nil {
			return false, err
		}
		if !rec.over(now) {
			fn(&row)
		}
		return true, nil
	})
}

// Withdraw ends an invitation. Errors: NotFound.
func (s *Service) Withdraw(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, id string) error {
	now := s.now()
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		rec, err := lookUp(ctx, tx, InvitationRecord, id)
		if missing(err) || (err == nil && (rec.Tenant != tenant || rec.over(now))) {
			return notFound("there is no open invitation of this id")
		}
		if err != nil {
			return err
		}
		row := invitationRow{rec: rec}
		if err := decode(&row.rec, &row.body); err != nil {
			return err
		}
		return withdraw(ctx, tx, by, &row, now)
	})
}

func withdraw(ctx context.Context, tx RecordTx, by keywright.Actor, row *invitationRow, now time.Time) error {
	if err := tx.DeleteRecord(ctx, InvitationRecord, row.rec.ID); err != nil {
		return err
	}
	return happening{now, keywright.InvitationWithdrawn, by, row.rec.Tenant, map[string]string{
		"invitation": row.rec.ID, "email": row.body.Email,
	}}.append(ctx, tx)
}

// withdrawAllOf withdraws what somebody invited who may not invite any more: else
// an invitation in their own hands would be a way back.
func (s *Service) withdrawAllOf(ctx context.Context, tx RecordTx, by keywright.Actor, tenant keywright.TenantID, who PersonID, now time.Time) error {
	var theirs []invitationRow
	err := eachInvitation(ctx, tx, tenant, now, func(i *invitationRow) {
		if i.body.ByID == string(who) {
			theirs = append(theirs, *i)
		}
	})
	for i := range theirs {
		if err == nil {
			err = withdraw(ctx, tx, by, &theirs[i], now)
		}
	}
	return err
}

// Invitation returns what a link's token stands for. Errors: NotFound for one
// that is unknown, used, withdrawn or expired, alike.
func (s *Service) Invitation(ctx context.Context, token keywright.Credential) (Invitation, error) {
	row, err := s.invitation(ctx, token)
	if err != nil {
		return Invitation{}, err
	}
	return row.public(), nil
}

func (s *Service) invitation(ctx context.Context, token keywright.Credential) (invitationRow, error) {
	var row invitationRow
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		var err error
		row, err = invitationOf(ctx, r, token, s.now())
		return err
	})
	return row, err
}
