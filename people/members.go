package people

import (
	"context"
	"time"

	"github.com/keywright/keywright"
)

// memberRow is a membership as it is kept: under its tenant and its person.
type memberRow struct {
	rec  Record
	body memberBody
}

func memberKey(tenant keywright.TenantID, who PersonID) string {
	return string(tenant) + " " + string(who)
}

func (m *memberRow) public(p *personRow) Member {
	return Member{Person: PersonID(m.rec.Owner), Email: p.email(), Name: p.body.Name, Tenant: m.rec.Tenant, Role: m.body.Role, Since: m.body.Since}
}

func (m *memberRow) save(ctx context.Context, tx RecordTx) error {
	return put(ctx, tx, &m.rec, &m.body)
}

// memberIn returns a NotFound error for who is not a member.
func memberIn(ctx context.Context, r RecordReader, tenant keywright.TenantID, who PersonID) (memberRow, error) {
	rec, err := lookUp(ctx, r, MemberRecord, memberKey(tenant, who))
	if missing(err) {
		return memberRow{}, notFound("there is no such member")
	}
	if err != nil {
		return memberRow{}, err
	}
	row := memberRow{rec: rec}
	return row, decode(&row.rec, &row.body)
}

// membersOf lists what a person is a member of.
func membersOf(ctx context.Context, r RecordReader, p *personRow) ([]Member, error) {
	var out []Member
	err := each(ctx, r, RecordQuery{Kind: MemberRecord, Owner: string(p.id())}, func(rec *Record) (bool, error) {
		row := memberRow{rec: *rec}
		if err := decode(&row.rec, &row.body); err != nil {
			return false, err
		}
		out = append(out, row.public(p))
		return true, nil
	})
	return out, err
}

// join makes a person a member, unless they are one already: then they stay what
// they are.
func join(ctx context.Context, tx RecordTx, by keywright.Actor, tenant keywright.TenantID, p *personRow, role Role, why string, now time.Time) error {
	if _, err := memberIn(ctx, tx, tenant, p.id()); !missing(err) {
		return err
	}
	row := memberRow{
		rec:  Record{Kind: MemberRecord, ID: memberKey(tenant, p.id()), Owner: string(p.id()), Tenant: tenant},
		body: memberBody{Role: role, Since: now},
	}
	if err := row.save(ctx, tx); err != nil {
		return err
	}
	return happening{now, keywright.MemberAdded, by, tenant, map[string]string{
		"person": string(p.id()), "email": p.email(), "role": string(role), "by": why,
	}}.append(ctx, tx)
}

// Members lists a tenant's members.
func (s *Service) Members(ctx context.Context, tenant keywright.TenantID) ([]Member, error) {
	var out []Member
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		out = nil
		return eachMember(ctx, r, tenant, func(m *memberRow, p *personRow) (bool, error) {
			out = append(out, m.public(p))
			return true, nil
		})
	})
	return out, err
}

func eachMember(ctx context.Context, r RecordReader, tenant keywright.TenantID, fn func(*memberRow, *personRow) (bool, error)) error {
	if tenant == "" {
		return nil
	}
	return each(ctx, r, RecordQuery{Kind: MemberRecord, Tenant: tenant}, func(rec *Record) (bool, error) {
		row := memberRow{rec: *rec}
		if err := decode(&row.rec, &row.body); err != nil {
			return false, err
		}
		p, err := personByID(ctx, r, PersonID(rec.Owner))
		if missing(err) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		return fn(&row, &p)
	})
}

// hasOtherAdmin returns a Conflict error if nobody but one person could act as
// admin of a tenant.
func hasOtherAdmin(ctx context.Context, r RecordReader, tenant keywright.TenantID, but PersonID) error {
	other := false
	err := eachMember(ctx, r, tenant, func(m *memberRow, p *personRow) (bool, error) {
		other = m.body.Role == Admin && p.id() != but && !p.body.Disabled
		return !other, nil
	})
	if err == nil && !other {
		err = conflict("this is the last admin: make another member admin first")
	}
	return err
}

// AmendMember changes a role. Errors: NotFound, Invalid (role), Conflict (the last admin).
func (s *Service) AmendMember(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, who PersonID, role Role) (Member, error) {
	if err := checkRole(tenant, role); err != nil {
		return Member{}, err
	}
	var out Member
	now := s.now()
	err := s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, row, err := memberAndPerson(ctx, tx, tenant, who)
		if err != nil {
			return err
		}
		out, err = s.amend(ctx, tx, by, &p, &row, role, now)
		return err
	})
	return out, err
}

func memberAndPerson(ctx context.Context, r RecordReader, tenant keywright.TenantID, who PersonID) (personRow, memberRow, error) {
	row, err := memberIn(ctx, r, tenant, who)
	if err != nil {
		return personRow{}, row, err
	}
	p, err := personByID(ctx, r, who)
	return p, row, err
}

func (s *Service) amend(ctx context.Context, tx RecordTx, by keywright.Actor, p *personRow, row *memberRow, role Role, now time.Time) (Member, error) {
	was := row.body.Role
	if was == role {
		return row.public(p), nil
	}
	if was == Admin {
		if err := hasOtherAdmin(ctx, tx, row.rec.Tenant, p.id()); err != nil {
			return Member{}, err
		}
		if err := s.withdrawAllOf(ctx, tx, by, row.rec.Tenant, p.id(), now); err != nil {
			return Member{}, err
		}
	}
	row.body.Role = role
	if err := row.save(ctx, tx); err != nil {
		return Member{}, err
	}
	err := happening{now, keywright.MemberAmended, by, row.rec.Tenant, map[string]string{
		"person": string(p.id()), "email": p.email(), "role": string(role), "was": string(was),
	}}.append(ctx, tx)
	return row.public(p), err
}

// RemoveMember ends a membership, the open invitations that this person made for
// the tenant, and the sessions of a person who has no other membership. Errors:
// NotFound, Conflict (the last admin).
func (s *Service) RemoveMember(ctx context.Context, by keywright.Actor, tenant keywright.TenantID, who PersonID) error {
	now := s.now()
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, row, err := memberAndPerson(ctx, tx, tenant, who)
		if err != nil {
			return err
		}
		if row.body.Role == Admin {
			if err := hasOtherAdmin(ctx, tx, tenant, who); err != nil {
				return err
			}
		}
		if err := tx.DeleteRecord(ctx, MemberRecord, row.rec.ID); err != nil {
			return err
		}
		err = happening{now, keywright.MemberRemoved, by, tenant, map[string]string{
			"person": string(who), "email": p.email(), "role": string(row.body.Role),
		}}.append(ctx, tx)
		if err != nil {
			return err
		}
		if err := s.withdrawAllOf(ctx, tx, by, tenant, who, now); err != nil {
			return err
		}
		left, err := membersOf(ctx, tx, &p)
		if err != nil || len(left) > 0 {
			return err
		}
		return s.endAll(ctx, tx, by, who, "", "the last membership ended")
	})
}

// Rename changes what a person is called. Errors: NotFound, Invalid (name).
func (s *Service) Rename(ctx context.Context, by keywright.Actor, who PersonID, name string) (Person, error) {
	name, err := checkName(name)
	if err != nil {
		return Person{}, err
	}
	now := s.now()
	var out Person
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, err := personByID(ctx, tx, who)
		if missing(err) {
			return noPerson()
		}
		if err != nil {
			return err
		}
		changed := p.body.Name != name
		p.body.Name = name
		out = p.public()
		if !changed {
			return nil
		}
		if err := p.save(ctx, tx); err != nil {
			return err
		}
		return happening{now, keywright.PersonAmended, by, "", map[string]string{"person": string(who), "email": p.email(), "changed": "name"}}.append(ctx, tx)
	})
	return out, err
}

// Disable shuts a person out, and ends their sessions, or lets them in again.
// Errors: NotFound.
func (s *Service) Disable(ctx context.Context, by keywright.Actor, who PersonID, disabled bool) error {
	now := s.now()
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		p, err := personByID(ctx, tx, who)
		if missing(err) {
			return noPerson()
		}
		if err != nil || p.body.Disabled == disabled {
			return err
		}
		p.body.Disabled = disabled
		if err := p.save(ctx, tx); err != nil {
			return err
		}
		changed := "enabled"
		if disabled {
			changed = "disabled"
			if err := s.endAll(ctx, tx, by, who, "", "the person was disabled"); err != nil {
				return err
			}
		}
		return happening{now, keywright.PersonAmended, by, "", map[string]string{"person": string(who), "email": p.email(), "changed": changed}}.append(ctx, tx)
	})
}
