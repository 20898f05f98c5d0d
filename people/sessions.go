package people

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

const (
	maxSessions = 50 // of a person; the oldest gives way
	seenEvery   = time.Minute
	proofFor    = 5 * time.Minute
	maxAgent    = 200
)

// sessionRow is a session as it is kept: under its token's digest.
type sessionRow struct {
	rec  Record
	body sessionBody
}

func (s *sessionRow) public() Session {
	return Session{
		ID: s.rec.ID, Person: PersonID(s.rec.Owner), Method: s.body.Method, Started: s.body.Started, LastSeen: s.body.LastSeen,
		Expires: s.rec.Expires, Proved: s.body.Proved, Address: s.body.Address, Agent: s.body.Agent,
	}
}

func (s *sessionRow) save(ctx context.Context, tx RecordTx) error {
	return put(ctx, tx, &s.rec, &s.body)
}

// ends is when a session that was seen at an instant is over: idle for too long, or
// too old in any case.
func (s *Service) ends(row *sessionRow, seen time.Time) time.Time {
	idle, life := seen.Add(s.o.SessionIdle), row.body.Started.Add(s.o.SessionLife)
	if idle.Before(life) {
		return idle
	}
	return life
}

// sessionOf finds the session that a token opens. Errors: ErrSignIn for a token
// that opens none, or none any more.
func (s *Service) sessionOf(ctx context.Context, r RecordReader, token keywright.Credential, site string, now time.Time) (sessionRow, error) {
	var row sessionRow
	name, ok := nameOf(token)
	if !ok {
		return row, noSession()
	}
	rec, err := r.Named(ctx, SessionRecord, name)
	switch {
	case missing(err):
		return row, noSession()
	case err != nil:
		return row, err
	case rec.over(now):
		return row, noSession()
	}
	row.rec = rec
	if err := decode(&row.rec, &row.body); err != nil {
		return row, err
	}
	if row.body.Site != site {
		return row, noSession()
	}
	// The record's own end was set under the options of that day: those of today
	// count where they are shorter.
	if !now.Before(s.ends(&row, row.body.LastSeen)) {
		return row, noSession()
	}
	return row, nil
}

func noSession() error {
	return &keywright.Error{Kind: ErrSignIn, Detail: "not signed in, or not any more: sign in"}
}

// signed puts together what a session stands for. Errors: ErrSignIn where its
// person is gone or disabled.
func signed(ctx context.Context, r RecordReader, row *sessionRow) (Signed, error) {
	p, err := personByID(ctx, r, PersonID(row.rec.Owner))
	if missing(err) || (err == nil && p.body.Disabled) {
		return Signed{}, noSession()
	}
	if err != nil {
		return Signed{}, err
	}
	members, err := membersOf(ctx, r, &p)
	return Signed{Session: row.public(), Person: p.public(), Members: members}, err
}

// Session returns the session that a cookie's token opens, and notes that it was
// seen. Errors: ErrSignIn.
func (s *Service) Session(ctx context.Context, token keywright.Credential, from From) (Signed, error) {
	now := s.now()
	var out Signed
	var row sessionRow
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		var err error
		if row, err = s.sessionOf(ctx, r, token, from.Site, now); err != nil {
			return err
		}
		out, err = signed(ctx, r, &row)
		return err
	})
	if err != nil {
		return Signed{}, err
	}
	if now.Sub(row.body.LastSeen) < seenEvery {
		return out, nil
	}
	err = s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		row, err := s.sessionOf(ctx, tx, token, from.Site, now)
		if err != nil {
			return err
		}
		if now.Sub(row.body.LastSeen) >= seenEvery { // nobody did so in the meantime
			row.body.LastSeen, row.body.Address, row.body.Agent = now, from.address(), tidy(from.Agent, maxAgent)
			row.rec.Expires = s.ends(&row, now)
			if err := row.save(ctx, tx); err != nil {
				return err
			}
		}
		out.Session = row.public()
		return nil
	})
	if err != nil {
		return Signed{}, err
	}
	return out, nil
}

// start begins a session of a person inside a transaction.
func (s *Service) start(ctx context.Context, tx RecordTx, p *personRow, method string, from From, now time.Time) (Signed, error) {
	if p.body.Disabled {
		return Signed{}, refused()
	}
	if err := s.makeRoom(ctx, tx, p, now); err != nil {
		return Signed{}, err
	}
	id, err := s.newID("ses_", now)
	if err != nil {
		return Signed{}, err
	}
	token, name, err := s.newToken()
	if err != nil {
		return Signed{}, err
	}
	row := sessionRow{
		rec: Record{Kind: SessionRecord, ID: id, Name: name, Owner: string(p.id())},
		body: sessionBody{
			Method: method, Started: now, LastSeen: now, Proved: now, Address: from.address(), Agent: tidy(from.Agent, maxAgent), Site: from.Site,
		},
	}
	row.rec.Expires = s.ends(&row, now)
	if err := row.save(ctx, tx); err != nil {
		return Signed{}, err
	}
	err = happening{now, keywright.PersonSignedIn, from.actor(p), "", map[string]string{
		"person": string(p.id()), "email": p.email(), "method": method, "session": id,
	}}.append(ctx, tx)
	if err != nil {
		return Signed{}, err
	}
	out, err := signed(ctx, tx, &row)
	out.Token = token
	return out, err
}

// makeRoom forgets a person's sessions that are over, and ends the oldest of too many.
func (s *Service) makeRoom(ctx context.Context, tx RecordTx, p *personRow, now time.Time) error {
	var live []string
	var over []string
	err := each(ctx, tx, RecordQuery{Kind: SessionRecord, Owner: string(p.id())}, func(r *Record) (bool, error) {
		if r.over(now) {
			over = append(over, r.ID)
		} else {
			live = append(live, r.ID)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if n := len(live) - maxSessions + 1; n > 0 {
		over = append(over, live[:n]...) // by id, and so by when they began
	}
	for _, id := range over {
		if err := tx.DeleteRecord(ctx, SessionRecord, id); err != nil {
			return err
		}
	}
	return nil
}

// renew gives a session that was proved anew a new token; the old one opens
// nothing from then on, so that whoever had seen it gains nothing by the proof.
func (s *Service) renew(ctx context.Context, tx RecordTx, row *sessionRow, p *personRow, method string, from From, now time.Time) (Signed, error) {
	token, name, err := s.newToken()
	if err != nil {
		return Signed{}, err
	}
	row.rec.Name = name
	row.body.Proved, row.body.LastSeen = now, now
	row.body.Address, row.body.Agent = from.address(), tidy(from.Agent, maxAgent)
	row.rec.Expires = s.ends(row, now)
	if err := row.save(ctx, tx); err != nil {
		return Signed{}, err
	}
	err = happening{now, keywright.PersonSignedIn, from.actor(p), "", map[string]string{
		"person": string(p.id()), "email": p.email(), "method": method, "session": row.rec.ID, "proof": "renewed",
	}}.append(ctx, tx)
	if err != nil {
		return Signed{}, err
	}
	out, err := signed(ctx, tx, row)
	out.Token = token
	return out, err
}

// FreshProof returns a ProofNeeded error if a session was last proved longer ago
// than five minutes.
func (s *Service) FreshProof(session Session) error {
	if age := s.now().Sub(session.Proved); session.ID != "" && !session.Proved.IsZero() && age < proofFor {
		return nil
	}
	return &keywright.Error{Kind: ProofNeeded, Detail: "prove again who you are: this asks for a proof of the last five minutes"}
}

// SignOut ends the session of a token; one that is not there is no error.
func (s *Service) SignOut(ctx context.Context, token keywright.Credential, from From) error {
	name, ok := nameOf(token)
	if !ok {
		return nil
	}
	find := func(r RecordReader) (Record, error) { return r.Named(ctx, SessionRecord, name) }
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error { _, err := find(r); return err })
	if err != nil {
		return unlessMissing(err) // a stranger's word costs no write
	}
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		rec, err := find(tx)
		if err != nil {
			return unlessMissing(err)
		}
		by := keywright.Actor{ID: rec.Owner, Address: from.address(), RequestID: from.RequestID}
		if p, err := personByID(ctx, tx, PersonID(rec.Owner)); err == nil {
			by = from.actor(&p)
		} else if !missing(err) {
			return err
		}
		return s.end(ctx, tx, by, []Record{rec}, "signed out")
	})
}

func unlessMissing(err error) error {
	if missing(err) {
		return nil
	}
	return err
}

// end ends sessions, with one event for each.
func (s *Service) end(ctx context.Context, tx RecordTx, by keywright.Actor, sessions []Record, why string) error {
	for i := range sessions {
		if err := tx.DeleteRecord(ctx, SessionRecord, sessions[i].ID); err != nil {
			return err
		}
		err := happening{s.now(), keywright.PersonSignedOut, by, "", map[string]string{
			"person": sessions[i].Owner, "session": sessions[i].ID, "why": why,
		}}.append(ctx, tx)
		if err != nil {
			return err
		}
	}
	return nil
}

// endAll ends all sessions of a person but one.
func (s *Service) endAll(ctx context.Context, tx RecordTx, by keywright.Actor, who PersonID, but, why string) error {
	var ending []Record
	err := each(ctx, tx, RecordQuery{Kind: SessionRecord, Owner: string(who)}, func(r *Record) (bool, error) {
		if r.ID != but {
			ending = append(ending, *r)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	return s.end(ctx, tx, by, ending, why)
}

// Sessions lists a person's sessions that are in force, the newest first.
func (s *Service) Sessions(ctx context.Context, who PersonID) ([]Session, error) {
	now := s.now()
	var out []Session
	err := s.o.Store.ViewRecords(ctx, func(r RecordReader) error {
		out = nil
		if who == "" {
			return nil
		}
		return each(ctx, r, RecordQuery{Kind: SessionRecord, Owner: string(who)}, func(rec *Record) (bool, error) {
			row := sessionRow{rec: *rec}
			if err := decode(&row.rec, &row.body); err != nil {
				return false, err
			}
			if !rec.over(now) && now.Before(s.ends(&row, row.body.LastSeen)) {
				out = append(out, row.public())
			}
			return true, nil
		})
	})
	slices.SortFunc(out, func(a, b Session) int { return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.ID, a.ID)) })
	return out, err
}

// EndSession ends one session of a person. Errors: NotFound.
func (s *Service) EndSession(ctx context.Context, by keywright.Actor, who PersonID, id string) error {
	now := s.now()
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		rec, err := lookUp(ctx, tx, SessionRecord, id)
		if missing(err) || (err == nil && (rec.Owner != string(who) || rec.over(now))) {
			return notFound("there is no session of this id")
		}
		if err != nil {
			return err
		}
		return s.end(ctx, tx, by, []Record{rec}, "ended")
	})
}

// EndOtherSessions ends all sessions of a person but one; "" spares none.
func (s *Service) EndOtherSessions(ctx context.Context, by keywright.Actor, who PersonID, but string) error {
	if who == "" {
		return nil
	}
	return s.o.Store.UpdateRecords(ctx, func(tx RecordTx) error {
		return s.endAll(ctx, tx, by, who, but, "ended with the others")
	})
}
